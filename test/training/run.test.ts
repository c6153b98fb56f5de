// How a training is cut into native calls.

import { describe, expect, it } from 'vitest';
import type { FloatArray } from '../../lib/matrix';
import { Network } from '../../lib/network';
import { adam, sgd } from '../../lib/optimizers';
import { Plan } from '../../lib/plan';
import { RandomState } from '../../lib/random';
import type { EpochReport } from '../../lib/training/history';
import { completeFitOptions, type FitOptions } from '../../lib/training/options';
import { TrainingRun } from '../../lib/training/run';
import { layers, randomLabels, randomMatrix, snapshot } from '../network/helpers';

const X = randomMatrix(50, 2, 1);
const Y = randomLabels(50, 1, 2);

/** A run over a network's parameters, driven by hand. */
function start(options: FitOptions) {
  const net = new Network(layers([2, 6, 1], 'tanh', 'sigmoid'), { seed: 1 });
  const { data } = net.parameters.W1 ?? expect.fail();
  const flat = new Float64Array(data.buffer as SharedArrayBuffer) as FloatArray;
  const completed = completeFitOptions(options, net.architecture, X.rows);
  return {
    net,
    run: new TrainingRun(net.architecture, { X, Y }, completed, new RandomState(3)),
    plan: new Plan(net.architecture, completed.loss, flat),
  };
}

/** The calls that a run makes, each with the reports of its epochs. */
function drive({ run, plan }: ReturnType<typeof start>, paces: (number | 'paced')[]): EpochReport[][] {
  const calls: EpochReport[][] = [];
  for (let i = 0; ; i++) {
    const call = run.next(paces[i % paces.length] as number | 'paced');
    if (call === undefined) return calls;
    calls.push(run.accept(plan.run(call)));
  }
}

describe.each([
  ['shuffled mini-batches', { epochs: 40, batchSize: 8 }],
  ['full batches', { epochs: 40, batchSize: 'full' }],
  ['momentum', { epochs: 40, batchSize: 8, optimizer: sgd({ momentum: 0.9 }) }],
  ['Adam', { epochs: 40, batchSize: 8, optimizer: adam() }],
] as const)('%s', (_, options) => {
  it('end alike however the epochs are grouped, to the last bit', () => {
    const single = start(options);
    const expected = drive(single, [1]);
    expect(expected.map((reports) => reports.length)).toEqual(Array(40).fill(1));
    for (const paces of [[40], [3], [7, 1, 13], [100], ['paced' as const]]) {
      const grouped = start(options);
      expect(drive(grouped, paces).flat()).toEqual(expected.flat());
      expect(snapshot(grouped.net)).toEqual(snapshot(single.net));
    }
  });
});

it('numbers the epochs from 1, and takes no more than there are', () => {
  const calls = drive(start({ epochs: 10 }), [4]);
  expect(calls.map((reports) => reports.map(({ epoch }) => epoch))).toEqual([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [9, 10],
  ]);
});

it('begins with one epoch and at most doubles, so that no call is far longer than the last', () => {
  const lengths = drive(start({ epochs: 3000, batchSize: 'full' }), ['paced']).map(({ length }) => length);
  expect(lengths[0]).toBe(1);
  expect(lengths.length).toBeLessThan(3000);
  for (const [i, length] of lengths.entries()) {
    expect(length).toBeLessThanOrEqual(i === 0 ? 1 : 2 * (lengths[i - 1] as number));
  }
});
