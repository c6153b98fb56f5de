// A scan of very many columns, which takes some seconds.

import { test } from 'vitest';
import { checkWide } from '../support/scan-parts';

test('the parts of a scan are the table if it has 100,000 columns', async () => {
  await checkWide(100_000);
});
