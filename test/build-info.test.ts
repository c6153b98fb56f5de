import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildInfo, getThreads } from '../lib';

test('buildInfo says which build this is and what it runs on', () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8'));
  const info = buildInfo();
  expect(info).toEqual({
    version,
    blas: expect.stringMatching(/^(OpenBLAS |Accelerate$|CBLAS$)/),
    simd: expect.stringMatching(/^(AVX|SSE|NEON|SCALAR|EMU)/),
    threads: getThreads(),
  });
  expect(Object.isFrozen(info)).toBe(true);
});
