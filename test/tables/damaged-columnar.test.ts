import { test } from 'vitest';
import { readDamaged } from './damaged-columnar';

test.each(['parquet', 'arrow'] as const)(
  'a damaged %s file gives a table or an error that says so',
  async (format) => {
    await readDamaged(format, 300, 1);
  },
);
