// Validation sets that the caller gives, and shares of the samples that fit holds out.

import { describe, expect, it } from 'vitest';
import { Network } from '../../lib/network/network';
import { adam, sgd } from '../../lib/optimizers/optimizers';
import { RandomState } from '../../lib/random/random-state';
import type { FitOptions } from '../../lib/training/options';
import { layers, randomLabels, randomMatrix, snapshot } from '../network/helpers';
import { expectError } from '../support/bad-input';
import { expectAlike, network, oneHot, randomClasses, rowsOf, stateOf, X, Y } from './helpers';

const held = { X: randomMatrix(17, 3, 8), Y: randomLabels(17, 1, 9) };
const sampleWeight = Array.from({ length: 17 }, (_, i) => i % 3);

describe('validation data', () => {
  it.each([
    { what: 'as they are', own: {}, options: {} },
    { what: 'weighted', own: { sampleWeight }, options: { sampleWeight } },
  ])('are evaluated after every epoch, $what', async ({ own, options }) => {
    const [net, twin] = [network({ normalization: 'batch' }), network({ normalization: 'batch' })];
    const validationData = { ...held, ...own };
    const history = await net.fit(X, Y, {
      epochs: 4,
      batchSize: 8,
      validationData,
      metrics: ['f1', 'rocAuc'],
    });
    for (let epoch = 0; epoch < 4; epoch++) {
      const { loss } = twin.fitSync(X, Y, { epochs: 1, batchSize: 8 });
      expect(loss[0]).toBe(history.loss[epoch]);
      const evaluation = twin.evaluateSync(held.X, held.Y, { ...options, metrics: ['f1', 'rocAuc'] });
      expect({
        loss: history.valLoss?.[epoch],
        accuracy: history.valAccuracy?.[epoch],
        f1: history.valF1?.[epoch],
        rocAuc: history.valRocAuc?.[epoch],
      }).toEqual(evaluation);
    }
    expectAlike(net, twin);
  });

  it('change nothing of the training', async () => {
    const [net, twin] = [network({ dropout: 0.5 }), network({ dropout: 0.5 })];
    const { loss } = await net.fit(X, Y, { epochs: 5, batchSize: 8, validationData: held, metrics: ['f1'] });
    expect(twin.fitSync(X, Y, { epochs: 5, batchSize: 8 }).loss).toEqual(loss);
    expectAlike(net, twin);
  });

  it('take labels as the training does', () => {
    const classes = randomClasses(40, 3, 5);
    const net = new Network(layers([3, 4, 3], 'tanh', 'softmax'), { seed: 1 });
    const labels = randomClasses(17, 3, 6);
    const { valLoss } = net.fitSync(X, classes, { epochs: 1, validationData: { X: held.X, Y: labels } });
    expect(valLoss).toEqual([net.evaluateSync(held.X, oneHot(labels, 3)).loss]);
  });

  it('are not weighted by class', () => {
    const net = network();
    const { valLoss } = net.fitSync(X, Y, { epochs: 1, classWeight: [1, 9], validationData: held });
    expect(valLoss).toEqual([net.evaluateSync(held.X, held.Y).loss]);
  });
});

describe('a share held out', () => {
  /** The order of a fit with this seed: the rows for training, then the others. */
  const order = (seed: number) => new RandomState(seed).permutation(40);
  const options = {
    epochs: 3,
    batchSize: 8,
    seed: 7,
    validationSplit: 0.25,
    optimizer: sgd({ learningRate: 0.5 }),
  };

  it.each([
    { validationSplit: 0.25, rows: 10 },
    { validationSplit: 0.01, rows: 1 },
    { validationSplit: 0.99, rows: 39 },
    { validationSplit: 0.3, rows: 12 },
    { validationSplit: 0.999, rows: 39 },
  ])('has $rows of 40 samples for a validationSplit of $validationSplit', ({ validationSplit, rows }) => {
    const twin = network();
    const net = network();
    const history = net.fitSync(X, Y, { epochs: 1, batchSize: 'full', seed: 7, validationSplit });
    const training = order(7).slice(0, 40 - rows);
    const expected = twin.fitSync(rowsOf(X, training), rowsOf(Y, training), { epochs: 1, batchSize: 'full' });
    expect(history.loss[0]).toBeCloseTo(expected.loss[0] as number, 14);
  });

  it('is evaluated after every epoch', async () => {
    const net = network();
    const rows = order(7).slice(30);
    const metrics = ['f1', 'brier'] as const;
    for await (const { valLoss, valAccuracy, valF1, valBrier } of net.epochs(X, Y, { ...options, metrics })) {
      const evaluation = net.evaluateSync(rowsOf(X, rows), rowsOf(Y, rows), { metrics });
      expect({ loss: valLoss, accuracy: valAccuracy, f1: valF1, brier: valBrier }).toEqual(evaluation);
    }
  });

  it('has the weights of its samples, not those of its classes', () => {
    const net = network();
    const weights = Array.from({ length: 40 }, (_, i) => 1 + (i % 5));
    const history = net.fitSync(X, Y, { ...options, epochs: 1, sampleWeight: weights, classWeight: [1, 7] });
    const rows = Array.from(order(7).slice(30));
    const sampleWeight = rows.map((row) => weights[row] as number);
    const { loss } = net.evaluateSync(rowsOf(X, rows), rowsOf(Y, rows), { sampleWeight });
    expect(history.valLoss?.[0]).toBeCloseTo(loss, 14);
  });

  it('scales the weights of the remaining samples by their own mean', () => {
    const [net, twin] = [network(), network()];
    const weights = Array.from({ length: 40 }, (_, i) => 1 + (i % 5));
    const full = { ...options, batchSize: 'full', sampleWeight: weights } as const;
    const history = net.fitSync(X, Y, full);
    const rows = Array.from(order(7).slice(0, 30));
    const { seed, validationSplit, ...alone } = full;
    const sampleWeight = rows.map((row) => weights[row] as number);
    const expected = twin.fitSync(rowsOf(X, rows), rowsOf(Y, rows), { ...alone, sampleWeight });
    for (const [epoch, loss] of expected.loss.entries()) expect(history.loss[epoch]).toBeCloseTo(loss, 13);
  });

  it('is the same for the same seed, drawn before the shuffles', async () => {
    const [first, second, other] = [network(), network(), network()];
    const history = first.fitSync(X, Y, options);
    expect(await second.fit(X, Y, options)).toEqual(history);
    expect(stateOf(second)).toEqual(stateOf(first));
    expect(other.fitSync(X, Y, { ...options, seed: 8 })).not.toEqual(history);
    // The order came from the network's own generator, which continues.
    expectAlike(first, second);
  });

  it.each(['full', 1, 7] as const)('is never trained on, in batches of %s', (batchSize) => {
    // If fit trained on a sample with such large inputs, the weights would move.
    const spoilt = X.toArray();
    for (const row of order(7).slice(30)) spoilt[row] = [1e3, -1e3, 1e3];
    const [net, twin] = [network(), network()];
    const { loss } = net.fitSync(spoilt, Y, { ...options, batchSize });
    expect(twin.fitSync(X, Y, { ...options, batchSize }).loss).toEqual(loss);
    expect(snapshot(net)).toEqual(snapshot(twin));
  });

  it('leaves the caller’s arrays as they are', () => {
    const before = X.data.slice();
    network().fitSync(X, Y, { ...options, stratify: true });
    expect(X.data).toEqual(before);
  });

  it('holds steps of trained rows alone', async () => {
    const steps: number[] = [];
    const callbacks = { onBatchEnd: ({ batch }: { batch: number }) => steps.push(batch) };
    await network().fit(X, Y, { ...options, epochs: 2, callbacks });
    expect(steps).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
  });
});

describe('a stratified share', () => {
  // The classes 0 to 2 have 24, 11 and 5 samples.
  const labels = Int32Array.from({ length: 40 }, (_, i) => (i < 24 ? 0 : i < 35 ? 1 : 2));

  /** The number of samples per class that a fit holds out, from the labels that a metric gets. */
  async function heldOf(y: Int32Array | number[][], options: Partial<FitOptions>): Promise<number[]> {
    const net = new Network(layers([3, 4, 3], 'tanh', 'softmax'), { seed: 1 });
    let counts: number[] = [];
    const count = (truth: { toArray(): number[][] }) => {
      counts = [0, 1, 2].map((label) => truth.toArray().filter((row) => row[label] === 1).length);
      return 0;
    };
    await net.fit(X.data.subarray(0, 3 * y.length), y, {
      epochs: 1,
      stratify: true,
      metrics: [count],
      ...options,
    });
    return counts;
  }

  // Shares of 24, 11 and 5 in 40; the largest remainders are rounded up first.
  it.each([
    [0.5, [12, 6, 2]], // 12, 5.5, 2.5: the first of two equal remainders
    [0.25, [6, 3, 1]], // 6, 2.75, 1.25
    [0.1, [2, 1, 1]], // 2.4, 1.1, 0.5
    [0.2, [5, 2, 1]], // 4.8, 2.2, 1
  ])('has classes in proportion, to a row, for a split of %d', async (validationSplit, expected) => {
    const counts = await heldOf(labels, { validationSplit });
    expect(counts).toEqual(expected);
  });

  it.each([
    { rows: 10, of: [2, 8], validationSplit: 0.6, expected: [1, 5] },
    { rows: 10, of: [2, 8], validationSplit: 0.8, expected: [1, 7] },
    { rows: 9, of: [3, 2, 4], validationSplit: 0.65, expected: [2, 1, 3] },
    { rows: 4, of: [2, 2], validationSplit: 0.5, expected: [1, 1] },
  ])(
    'never takes the last row of a class: $of, of which $validationSplit',
    async ({ of, validationSplit, expected }) => {
      const few = Int32Array.from(of.flatMap((count, label) => Array(count).fill(label)));
      const counts = await heldOf(few, { validationSplit });
      expect(counts.slice(0, of.length)).toEqual(expected);
    },
  );

  it.each([
    {
      what: 'a class with a single row',
      of: [1, 9],
      validationSplit: 0.6,
      message:
        'Expected Y to have at least two rows of each class, since stratify puts classes into both parts, got one row ' +
        'of class 0',
    },
    {
      what: 'a share that leaves a class nothing',
      of: [2, 2, 2],
      validationSplit: 0.8,
      message:
        'Expected validationSplit to leave one row of each class, so at most 3 of 6 rows with 3 classes, got 5 rows to ' +
        'hold out',
    },
  ])('is refused for $what, and the fit leaves no trace', async ({ of, validationSplit, message }) => {
    const few = Int32Array.from(of.flatMap((count, label) => Array(count).fill(label)));
    const [net, twin] = [1, 2].map(() => new Network(layers([3, 4, 3], 'tanh', 'softmax'), { seed: 1 }));
    const samples = X.data.subarray(0, 3 * few.length);
    const call = () => net?.fitSync(samples, few, { epochs: 1, stratify: true, validationSplit });
    expectError(call, RangeError, 'ERR_BLASNET_ARG_VALUE', message);
    expect(net?.fitSync(samples, few, { epochs: 1 })).toEqual(twin?.fitSync(samples, few, { epochs: 1 }));
  });

  it('has the same classes when labels are one-hot', async () => {
    expect(await heldOf(oneHot(labels, 3), { validationSplit: 0.25 })).toEqual([6, 3, 1]);
  });

  it('is the same for the same seed', () => {
    const options = { epochs: 2, seed: 3, validationSplit: 0.25, stratify: true, optimizer: adam() };
    expect(network().fitSync(X, Y, options)).toEqual(network().fitSync(X, Y, options));
  });
});

describe('a share of the last rows', () => {
  const options = { epochs: 3, batchSize: 4, shuffle: false, optimizer: sgd({ learningRate: 0.1 }) } as const;
  it.each([
    { validationSplit: 0.2, held: 8 },
    { validationSplit: 0.01, held: 1 },
    { validationSplit: 0.99, held: 39 },
  ])(
    'is held out without a shuffle, and the others train in order: $validationSplit',
    async ({ validationSplit, held }) => {
      const first = 40 - held;
      const part = (from: number, to: number) => ({
        X: X.toArray().slice(from, to),
        Y: Y.toArray().slice(from, to),
      });
      const [train, validation] = [part(0, first), part(first, 40)];
      const [net, other, twin] = [network(), network(), network()];
      const expected = twin.fitSync(train.X, train.Y, { ...options, validationData: validation });
      expect(net.fitSync(X, Y, { ...options, validationSplit })).toEqual(expected);
      expect(await other.fit(X, Y, { ...options, validationSplit })).toEqual(expected);
      expect(snapshot(net)).toEqual(snapshot(twin));
    },
  );

  it('draws no random numbers', () => {
    const [net, twin] = [network(), network()];
    net.fitSync(X, Y, { ...options, validationSplit: 0.2 });
    twin.fitSync(X, Y, { ...options, validationSplit: 0.2 });
    twin.fitSync(X, Y, { ...options, epochs: 1 });
    net.fitSync(X, Y, { ...options, epochs: 1 });
    expect(net.fitSync(X, Y, { epochs: 1 })).toEqual(twin.fitSync(X, Y, { epochs: 1 }));
  });

  it('holds for full batches, too', () => {
    const [net, twin] = [network(), network()];
    const full = { ...options, batchSize: 'full' } as const;
    const validationData = { X: X.toArray().slice(30), Y: Y.toArray().slice(30) };
    const expected = twin.fitSync(X.toArray().slice(0, 30), Y.toArray().slice(0, 30), {
      ...full,
      validationData,
    });
    expect(net.fitSync(X, Y, { ...full, validationSplit: 0.25 })).toEqual(expected);
  });
});
