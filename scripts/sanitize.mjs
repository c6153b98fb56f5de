// Runs the tests of the native code against the addon that `npm run build:sanitize` built, with the address and
// undefined-behaviour sanitizers watching every access. Linux and GCC; other arguments go to vitest.

import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const home = join(root, 'build-sanitize');
const addon = join(home, 'build/Release/blasnet.node');

// Node is not instrumented, so the sanitizers' libraries have to be loaded before it: those the addon links.
const linked = execFileSync('ldd', [addon], { encoding: 'utf8' });
const runtimes = [...linked.matchAll(/=> (\S*lib[au]b?san\.so\S*)/g)].map(([, path]) => path);
if (runtimes.length < 2) throw new Error(`Expected ${addon} to link libasan and libubsan, got:\n${linked}`);

const { status } = spawnSync(
  process.execPath,
  [join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'test/native', ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      BLASNET_PREBUILD: home, // node-gyp-build's own variable: where to find the addon instead
      LD_PRELOAD: runtimes.join(' '),
      ASAN_OPTIONS: 'detect_leaks=0', // Node leaves what it allocates to the end of the process
      UBSAN_OPTIONS: 'print_stacktrace=1',
    },
  },
);
process.exitCode = status ?? 1;
