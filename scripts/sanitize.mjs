// Runs tests against an addon that is compiled with sanitizers, which check every memory access. Linux and GCC only.
//
//   node scripts/sanitize.mjs memory    address and undefined behaviour, in the tests of the native code;
//                                       after npm run build:sanitize
//   node scripts/sanitize.mjs threads   data races, in tests that compute on several threads at once;
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
    tests: [
      'test/layers/initializers',
      'test/mapping',
      'test/native',
      'test/network/create',
      'test/network/dispose',
      'test/network/ends-midway',
      'test/network/files',
      'test/preprocessing/label-encoder-async',
      'test/random/draws',
      'test/training/resume/aborts',
      'test/tables/column-facts',
      'test/tables/csv-faults',
      'test/tables/limits',
      'test/tables/properties.test',
      'test/tables/read-',
      'test/tables/scan-table',
      'test/tabular/classifier',
      'test/tabular/inputs-properties.test',
      'test/tabular/inputs.test',
      'test/tabular/splits',
      'test/training/split',
      'test/samples',
    ],
    env: {
      // Node does not free everything before the process ends. The signal of a lost page is the addon's, and one that is sent
      // ends the process, as it does without the sanitizer.
      ASAN_OPTIONS: 'detect_leaks=0:handle_sigbus=0',
      UBSAN_OPTIONS: 'print_stacktrace=1',
    },
  },
  threads: {
    folder: 'build-sanitize-threads',
    runtimes: ['libtsan'],
    tests: [
      'test/engine/concurrency',
      'test/engine/priority',
      'test/native/arrays',
      'test/native/columns',
      'test/native/pipeline',
      'test/native/plan-async',
      'test/network/busy',
      'test/network/create',
      'test/network/ends-midway',
      'test/network/files/beside-training',
      'test/network/predictor',
      'test/network/share',
      'test/preprocessing/async',
      'test/random/draws',
      'test/samples/weights-native',
      'test/training/split',
    ],
    env: {
      // Node, BLAS and vitest are not instrumented: accesses inside them would look like races, so they are ignored,
      // but their locks count. The first report ends the process, since vitest ignores its exit status.
      TSAN_OPTIONS: 'ignore_noninstrumented_modules=1:halt_on_error=1',
    },
  },
};

const [name = '', ...rest] = process.argv.slice(2);
if (!(name in kinds)) throw new Error(`Expected one of ${Object.keys(kinds).join(', ')}, got "${name}"`);
const kind = kinds[/** @type {keyof typeof kinds} */ (name)];

const home = join(root, kind.folder);
const addon = join(home, 'build/Release/blasnet.node');

// Node is not instrumented, so the sanitizer libraries that the addon links must be loaded before Node.
const linked = execFileSync('ldd', [addon], { encoding: 'utf8' });
const runtimes = kind.runtimes.map((library) => {
  const [, path] = new RegExp(`=> (\\S*${library}\\.so\\S*)`).exec(linked) ?? [];
  if (path === undefined) throw new Error(`Expected ${addon} to link ${library}, got:\n${linked}`);
  return path;
});

// If the system randomises addresses by more than 28 bits, GCC's thread sanitizer cannot map its memory.
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
    BLASNET_PREBUILD: home, // node-gyp-build then loads the addon from here
    LD_PRELOAD: runtimes.join(' '),
  },
});
process.exitCode = status ?? 1;
