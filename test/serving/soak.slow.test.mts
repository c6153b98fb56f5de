// The short form of bench/soak: what a service does for days, and how processes and threads end in the middle of it.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const program = join(import.meta.dirname, '../../bench/soak/main.mjs');

interface Soaked {
  readonly life: { readonly memory: readonly { readonly what: string; readonly slope: number }[] };
  readonly ends: unknown;
}

function soak(only: string): { status: number | null; stderr: string; answer: Soaked } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', program, '--short', '--only', only],
    { encoding: 'utf8' },
  );
  return { status, stderr, answer: JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? 'null') };
}

test('predictions, trainings, worker threads and swaps go on in rounds, and the heap stays as it is', () => {
  const { status, stderr, answer } = soak('long-life');
  expect(status, stderr).toBe(0);
  expect(answer.life).toMatchObject({ predictions: 100_000, fits: 10, workers: 10, swaps: 10 });
  const slopeOf = (name: string) => answer.life.memory.find(({ what }) => what === name)?.slope ?? Number.NaN;
  // MiB. One kept answer a prediction would be 10 MiB.
  expect(slopeOf('heap')).toBeLessThan(3);
  expect(slopeOf('buffers')).toBeLessThan(1);
});

test('an end in the middle of training, prediction, swap and saving has Node’s exit status, and leaves whole files', () => {
  const { status, stderr, answer } = soak('ends');
  expect(answer.ends, stderr).toEqual({ ends: 48, faults: [] });
  expect(status, stderr).toBe(0);
});
