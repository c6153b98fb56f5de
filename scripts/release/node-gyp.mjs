// prebuildify runs this as node-gyp, but it builds with cmake-js. prebuildify names the target in the environment and
// expects the addon in build/Release of the working folder; prebuild.mjs sets the other variables, and expects the test
// addon in build/.

import { spawnSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const testAddon = 'blasnet_test.node';
const root = fileURLToPath(new URL('../..', import.meta.url));
const { PREBUILD_ARCH = process.arch, BLASNET_DEFINITIONS = '{}' } = process.env;

const cmakeJs = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
const definitions = Object.entries(JSON.parse(BLASNET_DEFINITIONS)).map(
  ([name, value]) => `--CD${name}=${value}`,
);
const { status, error } = spawnSync(
  process.execPath,
  [
    cmakeJs,
    'rebuild',
    '--directory',
    root,
    '--out',
    join(process.cwd(), 'build'),
    '--arch',
    PREBUILD_ARCH,
    ...definitions,
  ],
  { stdio: 'inherit', cwd: root },
);
if (error) throw error;
// prebuildify takes the first addon that it finds in build/Release.
if (status === 0) renameSync(join('build', 'Release', testAddon), join('build', testAddon));
process.exitCode = status ?? 1;
