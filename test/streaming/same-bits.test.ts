// Training from a source gives what training from arrays gives, bit for bit: `fit` on arrays is the oracle.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  adam,
  labelEncoder,
  Network,
  type Preprocessing,
  preprocessing,
  RandomState,
  robustScaler,
  schedules,
  sgd,
  standardScaler,
} from '../../lib';
import type { SourceFitOptions } from '../../lib/training/source-options';
import { bitsOf, chunksOf, cuts, rowsOf, smallNet, someData } from './samples';

type Options = Omit<SourceFitOptions, 'validationData' | 'metrics'>;

async function expectSame(make: () => Network, rows: number, sizes: readonly number[], options: Options) {
  const { windowRows, ...common } = options;
  const [fromArrays, fromSource] = [make(), make()];
  const data = someData(rows, fromArrays.dtype);
  const expected = await fromArrays.fit(data.X, data.Y, common);
  const history = await fromSource.fit(chunksOf(data, sizes), {
    ...common,
    ...(windowRows !== undefined && { windowRows }),
  });
  expect({ ...history }).toEqual({ ...expected });
  expect(bitsOf(fromSource)).toBe(bitsOf(fromArrays));
}

describe('a source in order gives the bits of arrays in order', () => {
  test.each([
    { what: 'chunks of one size', sizes: [50], options: {} },
    { what: 'chunks of one row', sizes: [1], options: {} },
    { what: 'batches across chunks', sizes: [7, 45, 13], options: { batchSize: 10 } },
    { what: 'one chunk of all rows', sizes: [1000], options: { windowRows: 64 } },
    { what: 'dropLast', sizes: [31, 2], options: { dropLast: true, windowRows: 32 } },
    { what: 'gradient accumulation', sizes: [20], options: { accumulate: 3, batchSize: 8, windowRows: 1 } },
    { what: 'batches of all rows', sizes: [20], options: { batchSize: 1000 } },
    {
      what: 'a schedule of steps',
      sizes: [33],
      options: { windowRows: 1, schedule: schedules.cosine({ per: 'step' }) },
    },
    { what: 'the last rows held out', sizes: [33], options: { windowRows: 1, validationSplit: 0.1 } },
  ])('$what gives equal bits', async ({ sizes, options }) => {
    const fixed = { epochs: 3, shuffle: false, optimizer: adam(), ...options };
    await expectSame(() => smallNet(), 203, sizes, fixed);
  });

  test.each(['float64', 'float32'] as const)('%s with dropout and batch normalisation', async (dtype) => {
    const make = () => smallNet(dtype, { dropout: 0.2, normalization: 'batch' });
    await expectSame(make, 150, [40, 3], { epochs: 3, shuffle: false, windowRows: 32 });
  });

  test('any chunks, batches and windows', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 120 }),
        sizes,
        fc.record({
          batchSize: fc.integer({ min: 1, max: 40 }),
          windowRows: fc.integer({ min: 1, max: 130 }),
          accumulate: fc.integer({ min: 1, max: 3 }),
          dropLast: fc.boolean(),
        }),
        (rows, chunks, options) =>
          expectSame(() => smallNet('float64', { dropout: 0.5 }), rows, chunks, {
            ...{ epochs: 2, shuffle: false, seed: 3 },
            ...options,
          }),
      ),
      { numRuns: 60 },
    );
  });
});

describe('a window of all rows', () => {
  test.each([{ dropLast: false }, { dropLast: true }])('shuffles like fit on arrays: %o', async (options) => {
    const make = () => smallNet('float64', { dropout: 0.2 });
    await expectSame(make, 205, [40, 3], { epochs: 4, windowRows: 205, ...options });
  });
});

describe('smaller windows', () => {
  test('are shuffled one by one by the seed, the first one shortened from the second epoch on', async () => {
    const data = someData(100);
    const [batchSize, windowRows, seed, rate] = [4, 40, 9, 0.05];
    const net = smallNet();
    const options = { batchSize, seed, optimizer: sgd({ learningRate: rate }) };
    await net.fit(chunksOf(data, [30]), { epochs: 2, windowRows, ...options });

    const random = new RandomState(seed);
    const byHand = smallNet();
    const windowsOf = (first: number) => [first, ...Array<number>(3).fill(windowRows)];
    for (const epoch of [1, 2]) {
      const first =
        epoch === 1 ? windowRows : batchSize * (1 + Math.floor(random.random() * (windowRows / batchSize)));
      const order = [...cuts(data.rows, windowsOf(first))].flatMap(([from, to]) =>
        [...random.permutation(to - from)].map((row) => from + row),
      );
      expect(new Set(order).size).toBe(100);
      const rows = (matrix: typeof data.X) => order.map((row) => [...rowsOf(matrix, row, row + 1).data]);
      await byHand.fit(rows(data.X), rows(data.Y), { epochs: 1, ...options, shuffle: false });
    }
    expect(bitsOf(net)).toBe(bitsOf(byHand));
  });
});

describe('weights', () => {
  const data = someData(90);
  const labels = Array.from({ length: 90 }, (_, row) => (row * 7) % 3);
  const weights = Float64Array.from(labels, (label, row) => (row % 5 === 0 || row < 30 ? 0 : 1 + label));
  const make = () =>
    new Network(
      [
        { inputDim: 3, outputDim: 6, activation: 'relu' },
        { outputDim: 3, activation: 'softmax' },
      ],
      {
        seed: 2,
      },
    );
  const source = function* () {
    for (const [from, to] of cuts(90, [30])) {
      yield {
        X: rowsOf(data.X, from, to),
        Y: labels.slice(from, to),
        sampleWeight: weights.subarray(from, to),
      };
    }
  };

  test.each([
    { what: 'of samples, of which a chunk has only zeros', classWeight: undefined },
    { what: 'of classes', classWeight: { 0: 2, 2: 0.5 } },
    { what: 'of balanced classes', classWeight: 'balanced' as const },
    { what: 'of a class that has none', classWeight: [1, 0, 1] },
  ])('$what count as on arrays', async ({ classWeight }) => {
    const options = { epochs: 3, batchSize: 8, ...(classWeight !== undefined && { classWeight }) };
    for (const more of [
      { shuffle: false, windowRows: 8 },
      { windowRows: 90, validationSplit: undefined },
    ]) {
      const {
        windowRows,
        validationSplit: _,
        ...shuffle
      } = more as { windowRows: number; validationSplit?: undefined };
      const [a, b] = [make(), make()];
      await a.fit(data.X, labels, { ...options, ...shuffle, sampleWeight: weights });
      await b.fit(source, { ...options, ...shuffle, windowRows });
      expect(bitsOf(b)).toBe(bitsOf(a));
    }
  });
});

describe('what learns from the data', () => {
  test('learns from a source of few rows what it learns from arrays: scalers, classes, inputDim', async () => {
    const data = someData(120);
    const names = Array.from({ length: 120 }, (_, row) => ['pear', 'fig', 'nut'][(row * 5) % 3] as string);
    const make = () =>
      new Network(
        [
          { outputDim: 5, activation: 'tanh' },
          { outputDim: 3, activation: 'softmax' },
        ],
        {
          seed: 6,
          preprocessing: preprocessing([standardScaler()]),
          labels: labelEncoder(),
        },
      );
    const source = function* () {
      for (const [from, to] of cuts(120, [50]))
        yield { X: rowsOf(data.X, from, to), Y: names.slice(from, to) };
    };
    const [a, b] = [make(), make()];
    const options = { epochs: 3, shuffle: false };
    await a.fit(data.X, names, options);
    await b.fit(source, { ...options, windowRows: 32 });
    expect(b.preprocessing?.toJSON()).toEqual(a.preprocessing?.toJSON());
    expect(b.labels?.classes).toEqual(['fig', 'nut', 'pear']);
    expect(bitsOf(b)).toBe(bitsOf(a));
  });

  test('scales targets as on arrays, and holds out the rows that do not train', async () => {
    const data = someData(80);
    const make = () =>
      new Network([{ inputDim: 3, outputDim: 2, activation: 'linear' }], {
        seed: 6,
        targetScaler: standardScaler(),
      });
    const [a, b] = [make(), make()];
    const options = { epochs: 3, shuffle: false, validationSplit: 0.25 };
    const expected = await a.fit(data.X, data.Y, options);
    const history = await b.fit(chunksOf(data, [9]), { ...options, windowRows: 32 });
    expect(b.targetScaler?.toJSON()).toEqual(a.targetScaler?.toJSON());
    expect({ ...history }).toEqual({ ...expected });
    expect(bitsOf(b)).toBe(bitsOf(a));
  });
});

describe('many rows', () => {
  test('teach scalers in parts of 65,536, and robust ones by a sample', async () => {
    const rows = 150_000;
    const random = new RandomState(2);
    const X = new Float64Array(rows).map(() => random.uniform(0, 1) ** 3);
    const source = function* () {
      for (const [from, to] of cuts(rows, [40_000]))
        yield { X: X.subarray(from, to), Y: X.subarray(from, to) };
    };
    const learned = async (step: typeof standardScaler | typeof robustScaler) => {
      const scaled = preprocessing([step()]);
      const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }], {
        seed: 1,
        preprocessing: scaled,
      });
      await net.fit(source, { epochs: 1, batchSize: 50_000 });
      const fitted = net.preprocessing as Preprocessing;
      const [{ center, scale }] = fitted.toJSON().steps as unknown as [{ center: [number]; scale: [number] }];
      return { center: center[0], scale: scale[0] };
    };
    const standard = await learned(standardScaler);
    const mean = X.reduce((sum, value) => sum + value, 0) / rows;
    const variance = X.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows;
    expect(standard.center).toBeCloseTo(mean, 12);
    expect(standard.scale).toBeCloseTo(Math.sqrt(variance), 12);

    const robust = await learned(robustScaler);
    const sorted = X.slice().sort();
    const quantile = (level: number) => sorted[Math.round(level * (rows - 1))] as number;
    expect(robust.center).toBeGreaterThan(quantile(0.495));
    expect(robust.center).toBeLessThan(quantile(0.505));
    expect(robust.scale).toBeGreaterThan(quantile(0.745) - quantile(0.255));
    expect(robust.scale).toBeLessThan(quantile(0.755) - quantile(0.245));
  });
});
