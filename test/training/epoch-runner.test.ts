// A training is divided into native calls.

import { describe, expect, it } from 'vitest';
import { workHere } from '../../lib/addon/work';
import type { FloatArray } from '../../lib/base/matrix';
import { Plan } from '../../lib/engine/plan';
import { resolveLoss } from '../../lib/layers/losses';
import { Network } from '../../lib/network/network';
import { adam, sgd } from '../../lib/optimizers/optimizers';
import { RandomState } from '../../lib/random/random-state';
import { EpochRunner } from '../../lib/training/epoch-runner';
import { completeFitOptions, type FitOptions } from '../../lib/training/options';
import type { Progressed, Stride } from '../../lib/training/progressed';
import { layers, randomLabels, randomMatrix, snapshot } from '../network/helpers';

const X = randomMatrix(50, 2, 1);
const Y = randomLabels(50, 1, 2);

/** A runner over a network's parameters, driven by hand. */
function start(options: FitOptions) {
  const net = new Network(layers([2, 6, 1], 'tanh', 'sigmoid'), { seed: 1 });
  const { data } = net.parameters.W1 ?? expect.fail();
  const flat = new Float64Array(data.buffer as SharedArrayBuffer) as FloatArray;
  const completed = completeFitOptions(options, net.architecture, X.rows, resolveLoss(undefined, 'sigmoid'));
  return {
    net,
    runner: new EpochRunner(net.architecture, { X, codes: null, Y }, completed, new RandomState(3)),
    plan: new Plan(net.architecture, completed.loss, {
      parameters: flat,
      statistics: new Float64Array(new SharedArrayBuffer(0)),
    }),
  };
}

/** The epochs that a runner's calls finish. */
function drive({ runner, plan }: ReturnType<typeof start>, strideOf: (call: number) => Stride): Progressed[] {
  const calls: Progressed[] = [];
  while (!runner.done) {
    const call = workHere(runner.next(strideOf(calls.length)));
    calls.push(runner.accept(plan.run(call)));
  }
  return calls;
}

const epochsOf = (calls: readonly Progressed[]) => calls.flatMap(({ epochs }) => epochs);

describe.each([
  ['shuffled mini-batches', { epochs: 40, batchSize: 8 }],
  ['full batches', { epochs: 40, batchSize: 'full' }],
  ['momentum', { epochs: 40, batchSize: 8, optimizer: sgd({ momentum: 0.9 }) }],
  ['Adam', { epochs: 40, batchSize: 8, optimizer: adam() }],
] as const)('trainings with %s', (_, options) => {
  it('end alike however the epochs are grouped, to the last bit', () => {
    const single = start(options);
    const calls = drive(single, () => 'epoch');
    expect(calls.map(({ epochs }) => epochs.length)).toEqual(Array(40).fill(1));
    const mixed = (call: number) => (call % 3 === 0 ? 'epoch' : 'paced') as Stride;
    for (const strideOf of [() => 'paced' as const, mixed]) {
      const grouped = start(options);
      expect(epochsOf(drive(grouped, strideOf))).toEqual(epochsOf(calls));
      expect(snapshot(grouped.net)).toEqual(snapshot(single.net));
    }
  });

  it('end alike step by step, to the last bit', () => {
    const [single, stepped] = [start(options), start(options)];
    const epochs = epochsOf(drive(single, () => 'epoch'));
    const calls = drive(stepped, () => 'batch');
    expect(snapshot(stepped.net)).toEqual(snapshot(single.net));
    const steps = options.batchSize === 'full' ? 1 : 7;
    expect(calls.map(({ batch }) => [batch?.epoch, batch?.batch])).toEqual(
      epochs.flatMap(({ epoch }) => Array.from({ length: steps }, (_, i) => [epoch, i + 1])),
    );
    expect(calls.map((call) => call.epochs.length)).toEqual(
      calls.map((_, i) => Number((i + 1) % steps === 0)),
    );
    // The numbers of an epoch are sums over its steps, and another order of summation rounds differently.
    for (const [i, { epoch, loss, accuracy }] of epochsOf(calls).entries()) {
      expect(epoch).toBe(epochs[i]?.epoch);
      expect(loss).toBeCloseTo(epochs[i]?.loss as number, 13);
      expect(accuracy).toBeCloseTo(epochs[i]?.accuracy as number, 13);
    }
  });
});

it('a run numbers the epochs from 1, and takes no more than there are', () => {
  const epochs = epochsOf(drive(start({ epochs: 10 }), () => 'paced'));
  expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

it('a run begins with one epoch and at most doubles, so that no call is far longer than the last', () => {
  const calls = drive(start({ epochs: 3000, batchSize: 'full' }), () => 'paced');
  const lengths = calls.map(({ epochs }) => epochs.length);
  expect(lengths[0]).toBe(1);
  expect(lengths.length).toBeLessThan(3000);
  for (const [i, length] of lengths.entries()) {
    expect(length).toBeLessThanOrEqual(i === 0 ? 1 : 2 * (lengths[i - 1] as number));
  }
});
