import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildInfo, getThreads } from '../../lib';
import { native } from '../../lib/addon/binding';
import { builtInfo } from './built';

const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8'));

test('buildInfo says which build this is and what it runs on', () => {
  const info = buildInfo();
  expect(info).toEqual({
    version,
    commit: null, // the test runs the sources, not the bundle
    blas: expect.stringMatching(/^(OpenBLAS |Accelerate$|CBLAS$)/),
    blasCore: native.blasCore === '' ? null : expect.stringMatching(/^\w+$/),
    simd: expect.stringMatching(/^(AVX|SSE|NEON|SVE|SCALAR|EMU)/),
    simdTargets: expect.arrayContaining([info.simd]),
    buildType: expect.stringMatching(/^\w+$/),
    prebuilt: info.file.includes('prebuilds'),
    file: expect.stringMatching(/\.node$/),
    threads: getThreads(),
  });
  if (info.blasCore !== null) expect(info.blas).toContain(info.blasCore);
  expect(Object.isFrozen(info)).toBe(true);
});

test('buildInfo of the bundle names the commit', () => {
  expect(builtInfo()).toMatchObject({ version, commit: expect.stringMatching(/^[0-9a-f]{40}(-dirty)?$/) });
});
