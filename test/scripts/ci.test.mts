// .ci/run closes with the number of tests and the status of `npm test`, whatever that said. The npm that it finds
// here says what real runs of vitest said.

import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { newFolder, write } from '../support/scratch.js';

const summary = (tests: string, files = '4 passed (4)') => `
\u001b[2m Test Files \u001b[22m \u001b[1m\u001b[32m${files}\u001b[39m
\u001b[2m      Tests \u001b[22m \u001b[1m\u001b[32m${tests.replaceAll('|', '\u001b[39m\u001b[22m\u001b[2m | \u001b[22m')}
\u001b[2m   Duration \u001b[22m 3.13s
`;

test.each([
  ['all pass', summary('41 passed|(41)'), 0, '41 passed, 0 failed', 0],
  ['some are skipped', summary('41 passed|2 skipped|(43)'), 0, '41 passed, 0 failed, 2 skipped', 0],
  ['some fail', summary('3 failed|38 passed|(41)'), 1, '38 passed, 3 failed', 1],
  ['a file does not load', summary('38 passed|(38)', '1 failed | 3 passed (4)'), 1, '38 passed, 1 failed', 1],
  ['the setup stops', 'Not found on this machine: CMake.\n', 1, '0 passed, 1 failed', 1],
  ['no test is found', 'No test files found, exiting with code 0\n', 0, '0 passed, 1 failed', 1],
  ['the runner is killed', '', 137, '0 passed, 1 failed', 137],
  [
    'a test prints a summary itself',
    summary('9 failed|(9)') + summary('41 passed|(41)'),
    0,
    '41 passed, 0 failed',
    0,
  ],
])('%s', (_name, output, npmStatus, line, status) => {
  const root = newFolder();
  cpSync(fileURLToPath(new URL('../../.ci', import.meta.url)), join(root, '.ci'), { recursive: true });
  write(root, 'output', output);
  write(
    root,
    'bin/npm',
    `#!/bin/sh\n[ "$*" = test ] && [ "$CI" = true ] || exit 99\ncat output; exit ${npmStatus}`,
    0o755,
  );
  const run = spawnSync('bash', ['.ci/run'], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: `${join(root, 'bin')}:${process.env.PATH}` },
  });
  expect(run.stdout.trimEnd().split('\n').at(-1)).toBe(line);
  expect(run.stdout).toContain(output.trimEnd());
  expect(run.status).toBe(status);
});
