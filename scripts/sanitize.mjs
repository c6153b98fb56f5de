// Runs tests against an addon that was compiled with sanitizers, which watch every access. Linux and GCC.
//
//   node scripts/sanitize.mjs memory    address and undefined behaviour, over the tests of the native code;
//                                       after npm run build:sanitize
//   node scripts/sanitize.mjs threads   data races, over tests that compute on several threads at once;
//                                       after npm run build:sanitize:threads
//
// Other arguments go to vitest.

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const kinds = {
  memory: {
    folder: 'build-sanitize',
    runtimes: ['libasan', 'libubsan'],
    tests: ['test/native'],
    env: {
      ASAN_OPTIONS: 'detect_leaks=0', // Node leaves what it allocates to the end of the process
      UBSAN_OPTIONS: 'print_stacktrace=1',
    },
  },
  threads: {
    folder: 'build-sanitize-threads',
    runtimes: ['libtsan'],
    tests: [
      'test/engine/concurrency',
      'test/native/plan-async',
      'test/network/busy',
      'test/network/predictor',
    ],
    env: {
      // What Node, BLAS and vitest do among themselves is not instrumented and would look like races; their
      // locks count all the same. The first report ends the process: vitest looks at no exit status.
      TSAN_OPTIONS: 'ignore_noninstrumented_modules=1:halt_on_error=1',
    },
  },
};

const [name = '', ...rest] = process.argv.slice(2);
if (!(name in kinds)) throw new Error(`Expected one of ${Object.keys(kinds).join(', ')}, got "${name}"`);
const kind = kinds[/** @type {keyof typeof kinds} */ (name)];

const home = join(root, kind.folder);
const addon = join(home, 'build/Release/blasnet.node');

// Node is not instrumented, so the sanitizers' libraries have to be loaded before it: those the addon links.
const linked = execFileSync('ldd', [addon], { encoding: 'utf8' });
const runtimes = kind.runtimes.map((library) => {
  const [, path] = new RegExp(`=> (\\S*${library}\\.so\\S*)`).exec(linked) ?? [];
  if (path === undefined) throw new Error(`Expected ${addon} to link ${library}, got:\n${linked}`);
  return path;
});

// GCC's thread sanitizer finds no room for itself where addresses are randomised by more than 28 bits.
const randomBits = Number(readFileSync('/proc/sys/vm/mmap_rnd_bits', 'utf8'));
const prefix = name === 'threads' && randomBits > 28 ? ['setarch', '-R'] : [];
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const [command = '', ...args] = [...prefix, process.execPath, vitest, 'run', ...kind.tests, ...rest];

const { status } = spawnSync(command, args, {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    ...kind.env,
    BLASNET_PREBUILD: home, // node-gyp-build's own variable: where to find the addon instead
    LD_PRELOAD: runtimes.join(' '),
  },
});
process.exitCode = status ?? 1;
