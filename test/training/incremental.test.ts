// partialFit and trainOnBatch: trainings that get their samples in several calls.

import { describe, expect, it } from 'vitest';
import type { Network } from '../../lib/network/network';
import { adam, type Optimizer, sgd } from '../../lib/optimizers/optimizers';
import { expectAlike, network, oneHot, randomClasses, rowsOf, stateOf, X, Y } from './helpers';

/** The samples in batches of 8, in their order. */
const batches = Array.from({ length: 5 }, (_, i) => {
  const rows = Array.from({ length: 8 }, (_, r) => 8 * i + r);
  return { X: rowsOf(X, rows), Y: rowsOf(Y, rows) };
});

const optimizers: [string, Optimizer | undefined][] = [
  ['Adam', adam({ learningRate: 0.05 })],
  ['momentum', sgd({ learningRate: 0.2, momentum: 0.9 })],
  ['the default', undefined],
];

describe.each(optimizers)('training batch by batch with %s', (_, optimizer) => {
  const options = optimizer === undefined ? {} : { optimizer };
  const plain = { normalization: 'batch', dropout: 0.3 } as const;

  it('trainOnBatch takes the steps of fit, to the last bit', () => {
    const [net, twin] = [network(plain), network(plain)];
    const losses: number[] = [];
    const callbacks = { onBatchEnd: ({ loss }: { loss: number }) => void losses.push(loss) };
    twin.fitSync(X, Y, { epochs: 3, batchSize: 8, shuffle: false, callbacks, ...options });
    const own = Array.from({ length: 3 }, () => batches).flat();
    expect(own.map((batch) => net.trainOnBatch(batch.X, batch.Y, options).loss)).toEqual(losses);
    expectAlike(net, twin);
  });

  it('partialFit takes the epochs of fit', async () => {
    const [net, twin] = [network(plain), network(plain)];
    const { loss, accuracy } = twin.fitSync(X, Y, { epochs: 3, batchSize: 8, ...options });
    for (let epoch = 0; epoch < 3; epoch++) {
      const report = await net.partialFit(X, Y, { batchSize: 8, ...options });
      expect(report).toEqual({ loss: loss[epoch], accuracy: accuracy?.[epoch] });
    }
    expectAlike(net, twin);
  });

  it('trainOnBatch and partialFit go on with one optimiser', async () => {
    const [net, twin] = [network(), network()];
    const half = { X: rowsOf(X, Array(20).keys()), Y: rowsOf(Y, Array(20).keys()) };
    for (const batch of batches.slice(0, 2)) net.trainOnBatch(batch.X, batch.Y, options);
    await net.partialFit(half.X, half.Y, { batchSize: 10, shuffle: false, ...options });
    const steps = [batches[0], batches[1], slice(half, 0), slice(half, 10)];
    for (const step of steps) twin.trainOnBatch(step?.X ?? [], step?.Y ?? [], options);
    expectAlike(net, twin);
  });
});

function slice({ X, Y }: { X: number[][]; Y: number[][] }, from: number) {
  return { X: X.slice(from, from + 10), Y: Y.slice(from, from + 10) };
}

describe('an optimiser', () => {
  const optimizer = adam({ learningRate: 0.05 });
  const step = (net: Network, own = optimizer) => net.trainOnBatch(X, Y, { optimizer: own });

  it('continues after refused data, and after a call that was aborted at its start', async () => {
    const [net, twin] = [network(), network()];
    step(net);
    expect(() => net.trainOnBatch([[Number.NaN, 0, 0]], [[1]], { optimizer })).toThrow('finite numbers');
    expect(() => net.trainOnBatch(X, [[1]], { optimizer })).toThrow('as many rows');
    await expect(net.partialFit(X, Y, { optimizer, signal: AbortSignal.abort() })).rejects.toThrow('aborted');
    step(net);
    for (let i = 0; i < 2; i++) step(twin);
    expectAlike(net, twin);
  });

  it('begins again after a training that diverged', () => {
    const net = network();
    step(net);
    const before = stateOf(net);
    net.parameters.W1?.data.fill(Number.NaN);
    expect(() => step(net)).toThrow('diverged');
    let offset = 0;
    for (const { data } of Object.values(net.parameters)) {
      data.set(before.parameters.slice(offset, offset + data.length));
      offset += data.length;
    }
    const fresh = network();
    fresh.fitSync(X, Y, { epochs: 1, batchSize: 'full', optimizer });
    expect(stateOf(fresh)).toEqual(before);
    fresh.resetOptimizer();
    fresh.fitSync(X, Y, { epochs: 1, batchSize: 'full', optimizer });
    step(net);
    expect(stateOf(net)).toEqual(stateOf(fresh));
  });
});

it('weights, classes and clipping mean in trainOnBatch what they do in fit', () => {
  const [net, twin] = [network(), network()];
  const options = {
    classWeight: [1, 3],
    sampleWeight: Array.from({ length: 40 }, (_, i) => i),
    clipNorm: 0.01,
  };
  const { loss } = twin.fitSync(X, Y, { epochs: 1, batchSize: 'full', ...options });
  expect(net.trainOnBatch(X, Y, options).loss).toBe(loss[0]);
  expectAlike(net, twin);
});

describe('a bad call', () => {
  it.each([
    {
      what: 'epochs',
      options: { epochs: 2 },
      message:
        'Unknown option "epochs"; known: optimizer, loss, sampleWeight, classWeight, clipValue, clipNorm, threads, batchSize, accumulate, shuffle, priority, signal',
    },
    {
      what: 'a validation set',
      options: { validationSplit: 0.1 },
      message:
        'Unknown option "validationSplit"; known: optimizer, loss, sampleWeight, classWeight, clipValue, clipNorm, threads, batchSize, accumulate, shuffle, priority, signal',
    },
    {
      what: 'batch_size',
      options: { batch_size: 2 },
      message: 'Unknown option "batch_size"; did you mean "batchSize"?',
    },
  ])('is refused by partialFit: $what', async ({ options, message }) => {
    await expect(network().partialFit(X, Y, options as never)).rejects.toMatchObject({
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message,
    });
  });

  it('is refused by trainOnBatch: a batch size', () => {
    expect(() => network().trainOnBatch(X, Y, { batchSize: 8 } as never)).toThrow(
      'Unknown option "batchSize"',
    );
  });

  it('is refused by trainOnBatch: a network that is training', async () => {
    const net = network();
    const fit = net.fit(X, Y, { epochs: 1 });
    expect(() => net.trainOnBatch(X, Y)).toThrow(
      'Expected trainOnBatch to be called on a network that is not being trained; wait for the fit under way, or end the loop over its epochs',
    );
    await fit;
  });
});

it('labels may be classes in trainOnBatch', () => {
  const classes = randomClasses(40, 2, 4);
  const signs = network();
  expect(() => signs.trainOnBatch(X, oneHot(classes, 2))).toThrow('Expected Y to have 1 columns');
});
