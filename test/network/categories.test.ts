// Samples of numbers and categories, in all methods of a network.

import { describe, expect, it } from 'vitest';
import { workHere } from '../../lib/addon/work';
import { AbortError } from '../../lib/base/errors';
import { type Dtype, Matrix } from '../../lib/base/matrix';
import type { LayerOptions } from '../../lib/layers/architecture';
import { Network } from '../../lib/network/network';
import type { NetworkOptions } from '../../lib/network/network-options';
import { adam } from '../../lib/optimizers/optimizers';
import { labelEncoder, preprocessing, standardScaler } from '../../lib/preprocessing';
import { RandomState } from '../../lib/random/random-state';
import { splitRows } from '../../lib/training/split';
import { endedWell, inChild, type Library } from './child';
import { randomCodes, randomLabels, randomMatrix, snapshot } from './helpers';

const counts = [6, 3];
const embeddings = [{ categories: 6, outputDim: 4 }, { categories: 3 }];
const rows = 40;

function network(options: NetworkOptions = {}, first: Partial<LayerOptions> = {}): Network {
  return new Network(
    [
      { inputDim: 2, outputDim: 5, activation: 'tanh', embeddings, ...first },
      { outputDim: 4, activation: 'relu' },
      { outputDim: 2, activation: 'softmax' },
    ],
    { seed: 1, ...options },
  );
}

const numbers = randomMatrix(rows, 2, 1);
const categories = randomCodes(rows, counts, 3);
const X = { numbers, categories };
const classes = Int32Array.from(randomLabels(rows, 1, 2).data);
const options = { epochs: 3, batchSize: 8, optimizer: adam({ learningRate: 0.05 }) };

/** Copies some rows of the samples. */
function pick(index: ArrayLike<number>) {
  const table = numbers.toArray();
  const row = (r: number) => table[r] ?? expect.fail();
  const from = Array.from(index);
  return {
    X: {
      numbers: from.map(row),
      categories: Int32Array.from(from.flatMap((r) => Array.from(categories.subarray(2 * r, 2 * r + 2)))),
    },
    Y: Int32Array.from(from, (r) => classes[r] as number),
  };
}

async function reports(epochs: AsyncIterable<unknown>): Promise<unknown[]> {
  const list: unknown[] = [];
  for await (const report of epochs) list.push(report);
  return list;
}

describe.each(['float64', 'float32'] as const)('in %s', (dtype: Dtype) => {
  const numbers = randomMatrix(rows, 2, 1, dtype);

  it('a code picks a row of its table, and -1 the last row: the features are those of a plain network', () => {
    const net = network({ dtype });
    const plain = new Network(
      [{ inputDim: 9, outputDim: 5, activation: 'tanh' }, ...net.architecture.slice(1)] as LayerOptions[],
      { dtype },
    );
    for (const name of ['W1', 'b1', 'W2', 'b2', 'W3', 'b3'] as const) {
      plain.parameters[name]?.data.set(net.parameters[name]?.data ?? expect.fail());
    }
    net.parameters.E1?.row(6).fill(7);
    const features = numbers.toArray().flatMap((row, r) => {
      const picked = (['E1', 'E2'] as const).flatMap((name, e) => {
        const table = net.parameters[name] ?? expect.fail();
        const code = categories[2 * r + e] as number;
        return Array.from(table.row(code === -1 ? table.rows - 1 : code));
      });
      return [...row, ...picked];
    });
    const matrix = Matrix.zeros(rows, 9, dtype);
    matrix.data.set(features);
    expect(net.predictSync({ numbers, categories })).toEqual(plain.predictSync(matrix));
  });

  it('codes in rows are those of an Int32Array, in every method', async () => {
    const list = Array.from({ length: rows }, (_, r) => Array.from(categories.subarray(2 * r, 2 * r + 2)));
    const outcome = async (codes: Int32Array | number[][]) => {
      const net = network({ dtype });
      const x = { numbers, categories: codes };
      return {
        fit: await net.fit(x, classes, { ...options, validationData: { X: x, Y: classes } }),
        fitSync: net.fitSync(x, classes, options),
        epochs: await reports(net.epochs(x, classes, options)),
        partialFit: await net.partialFit(x, classes, { optimizer: options.optimizer }),
        trainOnBatch: net.trainOnBatch(x, classes, { optimizer: options.optimizer }),
        predict: await net.predict(x),
        predictSync: net.predictSync(x),
        evaluate: await net.evaluate(x, classes, { metrics: ['f1'] }),
        evaluateSync: net.evaluateSync(x, classes, { metrics: ['f1'] }),
        gradients: net.gradients(x, classes),
        parameters: snapshot(net),
      };
    };
    expect(await outcome(list)).toEqual(await outcome(categories));
  });

  it('the asynchronous methods do what the others do', async () => {
    const [net, twin] = [network({ dtype }), network({ dtype })];
    const x = { numbers, categories };
    expect(await net.fit(x, classes, options)).toEqual(twin.fitSync(x, classes, options));
    expect(snapshot(net)).toEqual(snapshot(twin));
    expect(await net.predict(x)).toEqual(twin.predictSync(x));
    expect(await net.evaluate(x, classes)).toEqual(twin.evaluateSync(x, classes));
  });

  it('numbers may be left out where there are none', async () => {
    const net = network({ dtype }, { inputDim: 0 });
    const { loss } = await net.fit({ categories }, classes, { ...options, epochs: 20 });
    expect(loss.at(-1)).toBeLessThan(loss[0] ?? 0);
    const empty = Matrix.zeros(rows, 0, dtype);
    expect(net.predictSync({ numbers: empty, categories })).toEqual(net.predictSync({ categories }));
  });
});

describe('codes', () => {
  it.each([
    { what: 'an ordinary buffer', buffer: new ArrayBuffer(4 * 100) },
    { what: 'shared memory', buffer: new SharedArrayBuffer(4 * 100) as unknown as ArrayBuffer },
  ])('are read in place, as they are at the call, from a view of $what', async ({ buffer }) => {
    // Outside the view there are no valid codes.
    new Int32Array(buffer).fill(99);
    const view = new Int32Array(buffer, 12, 2 * rows);
    const [net, twin] = [network(), network()];
    for (const shift of [0, 1]) {
      view.set(categories.map((code, i) => ((code + 1 + shift) % (counts[i % 2] as number)) - 1));
      const [x, fresh] = [view, view.slice()].map((codes) => ({ numbers, categories: codes })) as [
        typeof X,
        typeof X,
      ];
      expect(net.predictSync(x)).toEqual(twin.predictSync(fresh));
      expect(await net.predict(x)).toEqual(twin.predictSync(fresh));
      expect(await net.evaluate(x, classes)).toEqual(twin.evaluateSync(fresh, classes));
      expect(net.gradients(x, classes)).toEqual(twin.gradients(fresh, classes));
      expect(await net.fit(x, classes, options)).toEqual(twin.fitSync(fresh, classes, options));
    }
  });

  it('are read again in every epoch', async () => {
    const codes = categories.slice();
    const [net, twin] = [network(), network()];
    const full = { epochs: 1, batchSize: 'full' } as const;
    for await (const _ of net.epochs({ numbers, categories: codes }, classes, { ...full, epochs: 3 })) {
      expect(snapshot(net)).toEqual(
        snapshot(twin.fitSync({ numbers, categories: codes }, classes, full) && twin),
      );
      codes.reverse();
      for (const i of codes.keys()) codes[i] = Math.min(codes[i] as number, (counts[i % 2] as number) - 1);
    }
  });
});

it('a code that becomes invalid during a training stands for an unknown category', async () => {
  const end = async (other: number) => {
    const [net, codes] = [network(), categories.slice()];
    for await (const _ of net.epochs({ numbers, categories: codes }, classes, options)) codes.fill(other);
    return snapshot(net);
  };
  const expected = await end(-1);
  for (const code of [6, 99, -2, 2 ** 31 - 1, -(2 ** 31)]) {
    expect(await end(code)).toEqual(expected);
  }
});

describe('with labels and preprocessing', () => {
  const names = Array.from(classes, (label) => (label === 1 ? 'yes' : 'no'));

  it('classes have names, in and out', async () => {
    const net = network({ labels: labelEncoder() });
    const history = await net.fit(X, names, options);
    expect(history).toEqual(network().fitSync(X, classes, options));
    const outputs = net.predictSync(X).toArray();
    const expected = outputs.map(([no = 0, yes = 0]) => (yes > no ? 'yes' : 'no'));
    expect(net.classifySync(X)).toEqual(expected);
    expect(await net.classify(X)).toEqual(expected);
  });

  it('preprocessing learns from the numbers and changes them alone', async () => {
    const scaling = preprocessing([standardScaler()]);
    const [net, twin] = [network({ preprocessing: scaling }), network()];
    const raw = { numbers: numbers.toArray().map(([a = 0, b = 0]) => [100 * a + 7, b]), categories };
    const scaled = { numbers: preprocessing([standardScaler()]).fitTransform(raw.numbers), categories };
    const validationData = (x: typeof raw | typeof scaled) => ({ X: x, Y: classes });
    expect(await net.fit(raw, classes, { ...options, validationData: validationData(raw) })).toEqual(
      twin.fitSync(scaled, classes, { ...options, validationData: validationData(scaled) }),
    );
    expect(net.preprocessing?.inputColumns).toBe(2);
    expect(net.predictSync(raw)).toEqual(twin.predictSync(scaled));
    expect(net.evaluateSync(raw, classes)).toEqual(twin.evaluateSync(scaled, classes));
  });
});

describe('validation', () => {
  it('data are evaluated after every epoch', async () => {
    const [net, twin] = [network(), network()];
    const held = pick([3, 1, 4, 15, 9, 26]);
    const once = { epochs: 1, batchSize: 8 };
    const { valLoss, valAccuracy } = await net.fit(X, classes, { ...once, epochs: 3, validationData: held });
    for (let epoch = 0; epoch < 3; epoch++) {
      twin.fitSync(X, classes, once);
      const { loss, accuracy } = twin.evaluateSync(held.X, held.Y);
      expect([valLoss?.[epoch], valAccuracy?.[epoch]]).toEqual([loss, accuracy]);
    }
  });

  it.each([{ stratify: false }, { stratify: true }])(
    'holds out numbers and categories of the same rows, with stratify: $stratify',
    ({ stratify }) => {
      const net = network();
      const { valLoss, loss } = net.fitSync(X, classes, {
        ...options,
        epochs: 1,
        seed: 7,
        validationSplit: 0.25,
        stratify,
      });
      const labels = { data: classes, rows, cols: 1 };
      const order = workHere(
        splitRows(labels, 2, 10, stratify ? 'stratified' : 'random', new RandomState(7)),
      );
      const held = pick(order.subarray(30));
      expect(valLoss).toEqual([net.evaluateSync(held.X, held.Y).loss]);
      // They take no part in the training: other categories there change no bit of it.
      const others = categories.slice();
      for (const row of order.subarray(30)) others.fill(-1, 2 * row, 2 * row + 2);
      const twin = network();
      const again = { ...options, epochs: 1, seed: 7, validationSplit: 0.25, stratify };
      expect(twin.fitSync({ numbers, categories: others }, classes, again).loss).toEqual(loss);
      expect(snapshot(twin)).toEqual(snapshot(net));
    },
  );
});

it('a sample of weight 2 adds as much as two samples, in its tables, too', () => {
  const sampleWeight = Array.from({ length: rows }, (_, r) => 1 + (r % 2));
  const twice = Array.from({ length: rows }, (_, r) => (r % 2 === 0 ? [r] : [r, r])).flat();
  const { X: repeated, Y } = pick(twice);
  const weighted = network().gradients(X, classes, { sampleWeight });
  const expected = network().gradients(repeated, Y);
  // The weighted sum is divided by the number of samples.
  const share = twice.length / rows;
  expect(weighted.loss).toBeCloseTo(share * expected.loss, 12);
  for (const name of ['dE1', 'dE2', 'dW1'] as const) {
    const reference = expected[name]?.data ?? expect.fail();
    weighted[name]?.data.forEach((value, i) => {
      expect(value).toBeCloseTo(share * (reference[i] as number), 12);
    });
  }
});

describe('an unknown category', () => {
  it('is a row of zeros at first, as if its numbers were missing', () => {
    const net = network();
    const unknown = net.predictSync({ numbers: [[0.5, -1]], categories: [[-1, -1]] });
    net.parameters.E1?.data.fill(0);
    net.parameters.E2?.data.fill(0);
    expect(net.predictSync({ numbers: [[0.5, -1]], categories: [[2, 1]] })).toEqual(unknown);
  });

  it('is learned from samples that have it, and from those alone', () => {
    const known = { numbers, categories: categories.map((code) => Math.max(0, code)) };
    const last = (x: typeof X) => {
      const net = network();
      net.fitSync(x, classes, { epochs: 3 });
      return [net.parameters.E1?.row(6), net.parameters.E2?.row(3)].map((row) => Array.from(row ?? []));
    };
    expect(
      last(known)
        .flat()
        .every((value) => value === 0),
    ).toBe(true);
    expect(
      last(X)
        .flat()
        .every((value) => value !== 0),
    ).toBe(true);
  });
});

describe('a network with categories', () => {
  it('is left unchanged by a signal that is aborted before the start', async () => {
    const [net, twin] = [network(), network()];
    const signal = AbortSignal.abort();
    await expect(net.fit(X, classes, { ...options, signal })).rejects.toThrow(AbortError);
    await expect(net.predict(X, { signal })).rejects.toThrow(AbortError);
    await expect(net.evaluate(X, classes, { signal })).rejects.toThrow(AbortError);
    expect(net.fitSync(X, classes, options)).toEqual(twin.fitSync(X, classes, options));
  });

  it('has the parameters of whole steps after a signal is aborted between two steps', async () => {
    const [net, twin] = [network(), network()];
    const controller = new AbortController();
    const onBatchEnd = ({ batch }: { batch: number }) => {
      if (batch === 2) controller.abort();
    };
    const { signal } = controller;
    const fit = net.fit(X, classes, { ...options, shuffle: false, signal, callbacks: { onBatchEnd } });
    await expect(fit).rejects.toThrow(AbortError);
    const { X: first, Y } = pick(Array.from({ length: 16 }, (_, r) => r));
    twin.fitSync(first, Y, { ...options, epochs: 1, shuffle: false });
    expect(snapshot(net)).toEqual(snapshot(twin));
  });
});

it('a worker trains on codes in memory that it shares, to the same bits', { timeout: 60_000 }, async () => {
  const setting = {
    architecture: network().architecture,
    numbers: numbers.toArray(),
    codes: Array.from(categories),
    Y: Array.from(classes),
  };
  const ended = await inChild(async (path, { architecture, numbers, codes, Y }) => {
    const { Worker } = require('node:worker_threads');
    const { Network }: Library = require(path);
    const categories = new Int32Array(new SharedArrayBuffer(4 * codes.length));
    categories.set(codes);
    const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      const { path, architecture, numbers, categories, Y } = workerData;
      const { Network } = require(path);
      const net = new Network(architecture, { seed: 1 });
      net.fit({ numbers, categories }, Y, { epochs: 5 }).then(({ loss }) =>
        parentPort.postMessage(JSON.stringify([loss, Array.from(net.parameters.E1.data)])));`;
    const worker = new Worker(program, {
      eval: true,
      workerData: { path, architecture, numbers, categories, Y },
    });
    const message = new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    const net = new Network(architecture, { seed: 1 });
    const { loss } = await net.fit({ numbers, categories }, Y, { epochs: 5 });
    const expected = JSON.stringify([loss, Array.from(net.parameters.E1?.data ?? [])]);
    console.log((await message) === expected);
  }, setting);
  expect(ended).toEqual(endedWell('true'));
});
