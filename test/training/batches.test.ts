// Compares batches, their order, and the reports of epochs with the oracle's plain loop.

import { describe, expect, it } from 'vitest';
import type { Dtype, Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import { sgd } from '../../lib/optimizers/optimizers';
import { RandomState } from '../../lib/random/random-state';
import type { FitOptions } from '../../lib/training/options';
import { layers, randomLabels, randomMatrix, snapshot } from '../network/helpers';
import { maxRelativeError } from '../support/oracle';
import { oracleFit } from './oracle-fit';

const rows = 37;
const sizes = [3, 5, 4, 2];
const parameterCount = 4 * 5 + 6 * 4 + 5 * 2;
const optimizer = sgd({ learningRate: 0.25 });
const inOrder = Array.from({ length: rows }, (_, row) => row);

const network = (seed: number, dtype: Dtype = 'float64') =>
  new Network(layers(sizes, 'tanh', 'sigmoid'), { seed, dtype, initializer: 'article' });

/** The shuffles of a network made by `network(seed)`: its generator has drawn the parameters before. */
function shufflesOf(seed: number, epochs: number): Uint32Array[] {
  const random = new RandomState(seed);
  for (let i = 0; i < parameterCount; i++) random.randn();
  return Array.from({ length: epochs }, () => random.permutation(rows));
}

describe.each([
  ['float64', 1e-11],
  ['float32', 2e-4],
] as const)('in %s', (dtype, tolerance) => {
  const X = randomMatrix(rows, 3, 1, dtype);
  const Y = randomLabels(rows, 2, 2, dtype);

  const expectOracle = async (
    options: Omit<FitOptions, 'epochs'>,
    batchSize: number,
    orders: readonly ArrayLike<number>[],
  ) => {
    const { dropLast = false } = options;
    const net = network(7, dtype);
    const expected = oracleFit(net, X, Y, {
      loss: 'binaryCrossEntropy',
      step: 0.25,
      batchSize,
      dropLast,
      orders,
    });
    const history = await net.fit(X, Y, { epochs: orders.length, optimizer, ...options });
    expect(maxRelativeError(history.loss, expected.history.loss)).toBeLessThan(tolerance);
    expect(maxRelativeError(history.accuracy ?? [], expected.history.accuracy)).toBeLessThan(1e-12);
    expect(maxRelativeError(snapshot(net), expected.parameters, 0.01)).toBeLessThan(tolerance);
  };

  it.each([1, 8, 36])(
    'takes the epoch’s shuffled samples %i at a time, the last batch being what is left',
    (batchSize) => expectOracle({ batchSize }, batchSize, shufflesOf(7, 4)),
  );

  it.each([8, 36])('leaves out the last batch of %i if it is not full and dropLast is true', (batchSize) =>
    expectOracle({ batchSize, dropLast: true }, batchSize, shufflesOf(7, 4)),
  );

  it('leaves out nothing of a full batch', () =>
    expectOracle({ batchSize: 'full', dropLast: true }, rows, [inOrder, inOrder]));

  it('takes 32 at a time when not told otherwise', () => expectOracle({}, 32, shufflesOf(7, 4)));

  it('leaves the order alone with shuffle: false', () =>
    expectOracle({ batchSize: 8, shuffle: false }, 8, [inOrder, inOrder, inOrder]));

  it.each([37, 38, 1000, 'full'] as const)('takes one step an epoch with batchSize %s', (batchSize) =>
    expectOracle({ batchSize }, rows, [inOrder, inOrder, inOrder]),
  );

  it('starts the shuffles again with fit’s own seed', () => {
    const random = new RandomState(11);
    return expectOracle({ batchSize: 8, seed: 11 }, 8, [random.permutation(rows), random.permutation(rows)]);
  });
});

describe('one seed', () => {
  const X = randomMatrix(rows, 3, 1);
  const Y = randomLabels(rows, 2, 2);
  const trained = (seed: number, ...fits: FitOptions[]) => {
    const net = network(seed);
    const loss = fits.flatMap((options) => net.fitSync(X, Y, options).loss);
    return { loss, parameters: snapshot(net) };
  };

  it('makes one run, while another seed makes another', () => {
    expect(trained(1, { epochs: 3 })).toEqual(trained(1, { epochs: 3 }));
    expect(trained(1, { epochs: 3 }).loss).not.toEqual(trained(2, { epochs: 3 }).loss);
  });

  it('continues to draw where the last fit stopped', () => {
    expect(trained(1, { epochs: 2 }, { epochs: 3 })).toEqual(trained(1, { epochs: 5 }));
  });

  it('is not used by full batches, unshuffled fits, and a fit with its own seed', () => {
    const quiet: FitOptions[] = [
      { epochs: 2, batchSize: 'full' },
      { epochs: 2, shuffle: false },
      { epochs: 2, seed: 5 },
    ];
    for (const options of quiet) {
      const net = network(1);
      net.fitSync(X, Y, options);
      const order = shufflesOf(1, 1);
      const loss = 'binaryCrossEntropy';
      const expected = oracleFit(net, X, Y, { loss, step: 0.01, batchSize: 32, orders: order });
      net.fitSync(X, Y, { epochs: 1 });
      expect(maxRelativeError(snapshot(net), expected.parameters)).toBeLessThan(1e-11);
    }
  });

  it('makes the same shuffles when fit is given it, after any number of draws', () => {
    const [fresh, used] = [network(1), network(1)];
    used.fitSync(X, Y, { epochs: 2, optimizer: sgd({ learningRate: Number.MIN_VALUE }) });
    expect(snapshot(used)).toEqual(snapshot(fresh));
    const options = { epochs: 3, seed: 9 };
    expect(used.fitSync(X, Y, options)).toEqual(fresh.fitSync(X, Y, options));
  });

  it('is kept in net.seed when none was given, so that the run can be repeated', () => {
    const net = new Network(layers(sizes, 'tanh', 'sigmoid'));
    const again = new Network(layers(sizes, 'tanh', 'sigmoid'), { seed: net.seed });
    expect(again.fitSync(X, Y, { epochs: 2 })).toEqual(net.fitSync(X, Y, { epochs: 2 }));
    expect(new Network(layers(sizes, 'tanh', 'sigmoid')).seed).not.toBe(net.seed);
  });
});

describe('a network with more samples than one tile of native code holds', () => {
  // Whole tiles, and one sample more or less, in batches that begin and end anywhere in the tiles.
  it.each([
    [512, 'full'],
    [513, 'full'],
    [1023, 'full'],
    [1300, 700],
  ] as const)('trains on %i samples with batchSize %s as the oracle does', (samples, batchSize) => {
    const X = randomMatrix(samples, 3, 3);
    const Y = randomLabels(samples, 2, 4);
    const net = network(3);
    const expected = oracleFit(net, X, Y, {
      loss: 'binaryCrossEntropy',
      step: 0.25,
      batchSize: batchSize === 'full' ? samples : batchSize,
      orders: [Array.from({ length: samples }, (_, row) => row)],
    });
    const history = net.fitSync(X, Y, { epochs: 1, batchSize, shuffle: false, optimizer });
    expect(maxRelativeError(history.loss, expected.history.loss)).toBeLessThan(1e-12);
    expect(maxRelativeError(history.accuracy ?? [], expected.history.accuracy)).toBeLessThan(1e-12);
    expect(maxRelativeError(snapshot(net), expected.parameters, 0.01)).toBeLessThan(1e-11);
  });
});

describe('data of any form', () => {
  const X = randomMatrix(rows, 3, 1);
  const Y = randomLabels(rows, 2, 2);
  const expected = network(1).fitSync(X, Y, { epochs: 2 });

  it.each([
    { what: 'typed arrays', x: X.data, y: Y.data },
    { what: 'arrays of rows', x: X.toArray(), y: Y.toArray() },
    { what: 'a matrix and an array of rows', x: X, y: Y.toArray() },
    { what: 'arrays on ordinary buffers', x: Float64Array.from(X.data), y: Float64Array.from(Y.data) },
    { what: 'views into larger buffers', x: inside(X), y: inside(Y) },
  ] as const)('is taken as $what', ({ x, y }) => {
    expect(network(1).fitSync(x, y, { epochs: 2 })).toEqual(expected);
  });
});

function inside({ data }: Matrix): Float64Array {
  const larger = new Float64Array(data.length + 7).fill(Number.NaN);
  larger.set(data, 3);
  return larger.subarray(3, 3 + data.length);
}

describe('dropLast', () => {
  const [X, Y] = [randomMatrix(rows, 3, 1), randomLabels(rows, 2, 2)];
  const options = { epochs: 3, batchSize: 8, optimizer, dropLast: true } as const;

  it('has the same bits and reports step by step as by epochs', () => {
    const [net, twin] = [network(7), network(7)];
    const batches: number[] = [];
    const callbacks = { onBatchEnd: ({ batch }: { batch: number }) => void batches.push(batch) };
    const history = net.fitSync(X, Y, { ...options, callbacks });
    const whole = twin.fitSync(X, Y, options);
    expect(snapshot(net)).toEqual(snapshot(twin));
    expect(batches).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]);
    for (const [epoch, loss] of history.loss.entries())
      expect(loss).toBeCloseTo(whole.loss[epoch] as number, 14);
  });

  it('makes steps of several batches from those that are left', () => {
    const [net, twin] = [network(7), network(7)];
    net.fitSync(X, Y, { ...options, shuffle: false, accumulate: 3 });
    const order = (matrix: Matrix) => matrix.toArray().slice(0, 32);
    twin.fitSync(order(X), order(Y), { epochs: 3, batchSize: 8, optimizer, shuffle: false, accumulate: 3 });
    expect(snapshot(net)).toEqual(snapshot(twin));
  });

  it('counts the samples that have a weight', () => {
    const [net, twin] = [network(7), network(7)];
    const sampleWeight = Array.from({ length: rows }, (_, i) => Number(i < 18));
    net.fitSync(X, Y, { ...options, shuffle: false, sampleWeight });
    const order = (matrix: Matrix) => matrix.toArray().slice(0, 16);
    twin.fitSync(order(X), order(Y), { epochs: 3, batchSize: 8, optimizer, shuffle: false });
    expect(snapshot(net)).toEqual(snapshot(twin));
  });
});
