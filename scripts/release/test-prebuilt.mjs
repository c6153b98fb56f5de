// Runs the quick and the slow tests of the library on the prebuilt addon. The machine needs no compiler and no browser:
// the tests of the builds, the benchmarks, the documentation and the demonstration do not run.
//
//   node scripts/release/test-prebuilt.mjs [VITEST OPTION ...]     (npm run test:prebuilt)

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostTarget, prebuiltTestFile } from './targets.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
// The tests of files need a umask, named pipes, signals, and links for every user, which Windows lacks: there
// test/runtimes/core.mjs saves, loads and resumes.
const posix = process.platform === 'win32' ? ['network/files', 'formats', 'training/resume'] : [];
const others = [
  ...posix,
  'bench*',
  'bundlers',
  'docs',
  'examples',
  'house',
  'package',
  'readme',
  'release',
  'runtimes',
  'scripts',
  'types',
];
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

const target = hostTarget();
if (target === undefined) throw new Error(`Nothing is prebuilt for ${process.platform}-${process.arch}.`);

const { status, error } = spawnSync(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    // node-gyp-build then ignores a local build.
    PREBUILDS_ONLY: '1',
    BLASNET_TEST_ADDON: join(root, prebuiltTestFile(target)),
    BLASNET_TEST_EXCEPT: others.flatMap((name) => [`test/${name}/**`, `test/${name}.*`]).join(' '),
  },
});
if (error) throw error;
process.exitCode = status ?? 1;
