// buildInfo of the bundle with the prebuilt addon.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtInfo, root } from './built';

test('PREBUILDS_ONLY chooses the prebuilt addon', () => {
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
    // OpenBLAS has several names for the kernels that run on every processor.
    expect(oldest?.blasCore).toMatch(/^\w+$/);
    expect(oldest?.blasCore).not.toBe('Haswell');
  },
);
