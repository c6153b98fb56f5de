// .ci/run ends with the counts and the status of `npm test` and `npm run test:slow` together. A program replaces npm
// and prints the output of real runs of vitest.

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

const passes = { output: summary('41 passed|(41)'), status: 0 };
const alsoPasses = { output: summary('7 passed|(7)'), status: 0 };
const fails = { output: summary('3 failed|38 passed|(41)'), status: 1 };
const stops = { output: 'Not found on this machine: CMake.\n', status: 1 };
const skips = { output: summary('41 passed|2 skipped|(43)'), status: 0 };
const doesNotLoad = { output: summary('38 passed|(38)', '1 failed | 3 passed (4)'), status: 1 };
const findsNone = { output: 'No test files found, exiting with code 0\n', status: 0 };
const isKilled = { output: '', status: 137 };
const printsASummary = { output: summary('9 failed|(9)') + summary('41 passed|(41)'), status: 0 };

test.each([
  { what: 'both parts pass', quick: passes, slow: alsoPasses, line: '48 passed, 0 failed', status: 0 },
  { what: 'tests are skipped', quick: skips, slow: skips, line: '82 passed, 0 failed, 4 skipped', status: 0 },
  { what: 'quick tests fail', quick: fails, slow: alsoPasses, line: '45 passed, 3 failed', status: 1 },
  { what: 'slow tests fail', quick: passes, slow: fails, line: '79 passed, 3 failed', status: 1 },
  { what: 'tests of both parts fail', quick: fails, slow: fails, line: '76 passed, 6 failed', status: 1 },
  {
    what: 'a quick file does not load',
    quick: doesNotLoad,
    slow: passes,
    line: '79 passed, 1 failed',
    status: 1,
  },
  {
    what: 'a slow file does not load',
    quick: passes,
    slow: doesNotLoad,
    line: '79 passed, 1 failed',
    status: 1,
  },
  { what: 'the first setup stops', quick: stops, slow: passes, line: '41 passed, 1 failed', status: 1 },
  { what: 'the second setup stops', quick: passes, slow: stops, line: '41 passed, 1 failed', status: 1 },
  { what: 'both setups stop', quick: stops, slow: stops, line: '0 passed, 2 failed', status: 1 },
  { what: 'no quick test is found', quick: findsNone, slow: passes, line: '41 passed, 1 failed', status: 1 },
  { what: 'no slow test is found', quick: passes, slow: findsNone, line: '41 passed, 1 failed', status: 1 },
  {
    what: 'the quick run is killed',
    quick: isKilled,
    slow: passes,
    line: '41 passed, 1 failed',
    status: 137,
  },
  { what: 'the slow run is killed', quick: passes, slow: isKilled, line: '41 passed, 1 failed', status: 137 },
  {
    what: 'a test prints a summary itself',
    quick: printsASummary,
    slow: passes,
    line: '82 passed, 0 failed',
    status: 0,
  },
])('closes with $line when $what', ({ quick, slow, line, status }) => {
  const run = runOf(quick, slow);
  expect(run.stdout).toBe(`${quick.output}${slow.output}${line}\n`);
  expect({ status: run.status, stderr: run.stderr }).toEqual({ status, stderr: '' });
});

test('says again before the last line what failed', () => {
  const reasons = [' FAIL  quick  a.test.ts > one', 'AssertionError: expected 1 to be 2'];
  const output = `\u001b[31m${reasons[0]}\u001b[39m\n${reasons[1]}\n  other\n${fails.output}`;
  const run = runOf({ output, status: 1 }, passes);
  expect(run.stdout).toBe(`${output}${passes.output}${reasons.join('\n')}\n79 passed, 3 failed\n`);
});

/** Runs .ci/run with these outputs of its two parts. */
function runOf(
  quick: { readonly output: string; readonly status: number },
  slow: { readonly output: string; readonly status: number },
) {
  const root = newFolder();
  cpSync(fileURLToPath(new URL('../../.ci', import.meta.url)), join(root, '.ci'), { recursive: true });
  write(root, 'quick', quick.output);
  write(root, 'slow', slow.output);
  write(
    root,
    'bin/npm',
    `#!/bin/sh
     [ "$CI" = true ] || exit 99
     case "$*" in
       test) cat quick; exit ${quick.status} ;;
       'run test:slow') cat slow; exit ${slow.status} ;;
       *) exit 99 ;;
     esac`,
    0o755,
  );
  return spawnSync('bash', ['.ci/run'], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: `${join(root, 'bin')}:${process.env.PATH}` },
  });
}
