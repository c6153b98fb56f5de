import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BuildInfo, buildInfo, getThreads } from '../../lib';
import { native } from '../../lib/addon/binding';

const root = join(__dirname, '../..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** What the built library says of itself. */
function builtInfo(env: Record<string, string> = {}): BuildInfo {
  const script = 'console.log(JSON.stringify(require(process.argv[1]).buildInfo()))';
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script, root], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test('buildInfo says which build this is and what it runs on', () => {
  const info = buildInfo();
  expect(info).toEqual({
    version,
    commit: null, // the sources run, not the bundle
    blas: expect.stringMatching(/^(OpenBLAS |Accelerate$|CBLAS$)/),
    blasCore: native.blasCore === '' ? null : expect.stringMatching(/^\w+$/),
    simd: expect.stringMatching(/^(AVX|SSE|NEON|SVE|SCALAR|EMU)/),
    simdTargets: expect.arrayContaining([info.simd]),
    buildType: expect.stringMatching(/^\w+$/),
    prebuilt: info.file.includes('prebuilds'),
    file: expect.stringMatching(/\.node$/),
    threads: getThreads(),
  });
  expect(info.simdTargets[0]).toBe(info.simd);
  if (info.blasCore !== null) expect(info.blas).toContain(info.blasCore);
  expect(Object.isFrozen(info)).toBe(true);
});

describe('of the bundle', () => {
  test('there is a commit', () => {
    expect(builtInfo()).toMatchObject({ version, commit: expect.stringMatching(/^[0-9a-f]{40}(-dirty)?$/) });
  });

  test('the addon is the one that is told by PREBUILDS_ONLY', () => {
    const folder = `prebuilds/${process.platform}-${process.arch}`;
    const { prebuilt, file, buildType } = builtInfo({ PREBUILDS_ONLY: '1' });
    expect({ prebuilt, buildType }).toEqual({ prebuilt: true, buildType: 'Release' });
    expect(file.startsWith(join(root, folder))).toBe(true);
    const local = join(root, 'build/Release/blasnet.node');
    const other = existsSync(local) ? { prebuilt: false, file: local } : { prebuilt, file };
    expect(builtInfo({ PREBUILDS_ONLY: '' })).toMatchObject(other);
  });

  test.runIf(process.arch === 'x64' && process.platform !== 'darwin')(
    'OPENBLAS_CORETYPE changes blasCore',
    () => {
      const [haswell, oldest] = ['Haswell', 'Prescott'].map((core) =>
        builtInfo({ PREBUILDS_ONLY: '1', OPENBLAS_CORETYPE: core }),
      );
      expect(haswell).toMatchObject({ blasCore: 'Haswell', blas: expect.stringContaining(' Haswell ') });
      // Of the kernels that are not for a certain processor, OpenBLAS has other names.
      expect(oldest?.blasCore).toMatch(/^\w+$/);
      expect(oldest?.blasCore).not.toBe('Haswell');
    },
  );
});
