import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { faults } from '../../scripts/release/inspect.mjs';
import { hostTarget, type Target } from '../../scripts/release/targets.mjs';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const host = hostTarget() as Target; // undefined only where the test does not run

test.runIf(host)('the prebuilt addon of this machine has no fault', () => {
  expect(faults(checkout, host)).toEqual([]);
});
