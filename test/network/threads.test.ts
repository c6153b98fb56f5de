// The results are bit-identical for every number of threads.

import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { getThreads, setThreads } from '../../lib/addon/threads';
import type { Dtype } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import { adam } from '../../lib/optimizers/optimizers';
import { type BadCall, itRejects } from '../support/bad-input';
import * as oracle from '../support/oracle';
import { areAlike, layers, plainLayers, randomLabels, randomMatrix, snapshot, underWay } from './helpers';

const processors = getThreads();
afterEach(() => setThreads(processors));

// The parameters of one network stay in cache, and it works on tiles of samples; the other one is swept layer by layer.
// Both have enough samples to wake threads.
const networks = [
  { way: 'in tiles of samples', sizes: [10, 40, 40, 1], rows: 3000 },
  { way: 'layer by layer', sizes: [300, 700, 1], rows: 600 },
] as const;

describe.each(networks)('a network that is computed $way', ({ sizes, rows }) => {
  const train = async (dtype: Dtype, threads: number | undefined) => {
    const net = new Network(layers(sizes, 'relu', 'sigmoid'), { seed: 1, dtype });
    const X = randomMatrix(rows, sizes[0], 1, dtype);
    const Y = randomLabels(rows, 1, 2, dtype);
    const limit = threads === undefined ? {} : { threads };
    const options = { epochs: 2, batchSize: 500, optimizer: adam(), ...limit };
    const history = net.fitSync(X, Y, options);
    history.loss.push(...(await net.fit(X, Y, options)).loss);
    const evaluation = await net.evaluate(X, Y, limit);
    const predictions = Array.from((await net.predict(X, limit)).data.slice(0, 700));
    const { loss, dW1 } = net.gradients(X, Y);
    // A digest, since a quarter of a million parameters that differ take minutes to print.
    const parameters = createHash('sha256')
      .update(Float64Array.from(snapshot(net)))
      .digest('hex');
    return { history, evaluation, predictions, loss, dW1: dW1?.data[0], parameters };
  };

  it.each(['float64', 'float32'] as const)(
    'trains and predicts alike on 1 to 8 threads in %s',
    async (dtype) => {
      setThreads(8);
      const alone = await train(dtype, 1);
      for (const threads of [2, 3, 8, 100, undefined]) expect(await train(dtype, threads)).toEqual(alone);
      setThreads(1);
      expect(await train(dtype, 8)).toEqual(alone);
    },
  );

  it('has the gradient of a batch that is the mean of its parts’', () => {
    const net = new Network(layers(sizes, 'tanh', 'sigmoid'), { seed: 1 });
    const X = randomMatrix(rows, sizes[0], 1);
    const Y = randomLabels(rows, 1, 2);
    const part = (from: number, to: number) =>
      net.gradients(X.data.subarray(from * sizes[0], to * sizes[0]), Y.data.subarray(from, to));
    const cut = Math.floor(rows / 3);
    const [whole, first, second] = [part(0, rows), part(0, cut), part(cut, rows)];
    for (const key of ['dW1', 'db1', 'dW2', 'db2'] as const) {
      const [a, b] = [first[key]?.data ?? [], second[key]?.data ?? []];
      const mean = Array.from(a, (ai, i) => (cut * ai + (rows - cut) * (b[i] as number)) / rows);
      expect(oracle.maxRelativeError(whole[key]?.data ?? [], mean, 1e-3), key).toBeLessThan(1e-11);
    }
  });

  it('has the oracle’s gradients', () => {
    const net = new Network(layers(sizes, 'tanh', 'sigmoid'), { seed: 1 });
    const [X, Y] = [randomMatrix(3, sizes[0], 3), randomLabels(3, 1, 4)];
    const { loss, ...gradients } = net.gradients(X, Y);
    const expected = oracle.gradients(plainLayers(net), { ...net.parameters }, X, Y, 'binaryCrossEntropy');
    expect(oracle.relativeDifference(loss, expected.loss)).toBeLessThan(1e-12);
    for (const [key, { data }] of Object.entries(gradients)) {
      expect(oracle.maxRelativeError(data, expected.grads[key]?.data ?? [], 1e-3), key).toBeLessThan(1e-11);
    }
  });

  it('stops between two steps', async () => {
    setThreads(4);
    const make = () => new Network(layers(sizes, 'relu', 'sigmoid'), { seed: 1 });
    const [net, twin] = [make(), make()];
    const X = randomMatrix(rows, sizes[0], 1);
    const Y = randomLabels(rows, 1, 2);
    const controller = new AbortController();
    const options = { epochs: 1_000_000, batchSize: 100, shuffle: false, signal: controller.signal };
    const fit = net.fit(X, Y, options);
    for (let change = 0; change < 5; change++) await underWay(net);
    controller.abort();
    await expect(fit).rejects.toThrow('The operation was aborted');

    // On a loaded machine thousands of steps may pass before this thread aborts.
    for (let step = 0; step < 20_000 && !areAlike(net, twin); step++) {
      const start = (100 * step) % rows;
      const x = X.data.subarray(start * sizes[0], (start + 100) * sizes[0]);
      twin.fitSync(x, Y.data.subarray(start, start + 100), { epochs: 1, batchSize: 'full' });
    }
    expect(areAlike(net, twin)).toBe(true);
  });
});

it('many trainings at once share the threads, and none waits for ever', async () => {
  setThreads(3);
  const X = randomMatrix(2000, 10, 1);
  const Y = randomLabels(2000, 1, 2);
  const train = (seed: number) => new Network(layers([10, 40, 40, 1], 'relu', 'sigmoid'), { seed });
  const histories = await Promise.all(
    Array.from({ length: 12 }, (_, seed) => train(seed).fit(X, Y, { epochs: 3, batchSize: 'full' })),
  );
  expect(histories).toEqual(
    Array.from({ length: 12 }, (_, seed) => train(seed).fitSync(X, Y, { epochs: 3, batchSize: 'full' })),
  );
});

describe('setThreads', () => {
  it('sets what getThreads answers, up to a bound', () => {
    expect(processors).toBeGreaterThanOrEqual(1);
    setThreads(5);
    expect(getThreads()).toBe(5);
    setThreads(1e9);
    expect(getThreads()).toBe(1024);
  });

  itRejects(
    (
      [
        { threads: 0, error: RangeError, got: '0 (number)' },
        { threads: -1, error: RangeError, got: '-1 (number)' },
        { threads: 1.5, error: RangeError, got: '1.5 (number)' },
        { threads: Number.POSITIVE_INFINITY, error: RangeError, got: 'Infinity (number)' },
        { threads: '2', error: TypeError, got: '"2" (string)' },
        { threads: undefined, error: TypeError, got: 'undefined' },
      ] as const
    ).map(
      ({ threads, error, got }): BadCall => ({
        what: got,
        call: () => setThreads(threads as never),
        error,
        code: error === RangeError ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_ARG_TYPE',
        message: `Expected threads to be a positive integer, got ${got}`,
      }),
    ),
  );
});
