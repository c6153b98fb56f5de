// A processor runs the kernels for the best instruction set that it has. Here the tests of kernels run with each other set.

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { file, kernels } from './kernels.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

// All that compare kernels with plain loops.
const files = [
  ...[
    'accuracy',
    'accuracy-activations',
    'blocks',
    'log-mean',
    'loss-gradients',
    'normalization',
    'optimizers',
  ],
  ...['packed', 'random', 'regularizers', 'row', 'scan', 'vectors', 'waves'],
].map((name) => `test/native/${name}.test.ts`);

// The tests of `npm test` run with the best one.
const others = kernels.targets.slice(1);

it.skipIf(others.length === 0)('the kernels for each other instruction set pass their tests', () => {
  for (const target of others) {
    const env = { ...process.env, BLASNET_TEST_TARGET: target };
    const read = `process.stdout.write(require(${JSON.stringify(file)}).target)`;
    expect(spawnSync(process.execPath, ['-e', read], { env, encoding: 'utf8' }).stdout).toBe(target);

    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [vitest, 'run', '--project', 'quick', ...files],
      { cwd: root, env, encoding: 'utf8' },
    );
    expect(status, `${target}\n${stdout}${stderr}`.slice(-20_000)).toBe(0);
  }
});
