// Sources that fail, change or never end: clear errors, closed iterators, whole parameters.

import { describe, expect, test } from 'vitest';
import { Matrix, Network, preprocessing, sgd, standardScaler } from '../../lib';
import type { SampleChunk } from '../../lib/samples/source';
import { bitsOf, chunksOf, rowsOf, smallNet, someData } from './samples';

// biome-ignore lint/suspicious/noExplicitAny: bad arguments are of any type
type Any = any;

const data = someData(60);
const options = { epochs: 2, batchSize: 10, windowRows: 10, shuffle: false, optimizer: sgd() } as const;
const good = chunksOf(data, [10]);

/** The chunks of the source, the k-th one (from 1) replaced in the given epoch. */
function withChunk(k: number, replaced: (chunk: SampleChunk) => unknown, epoch = 1): () => Generator<Any> {
  let runs = 0;
  return function* () {
    runs++;
    let number = 0;
    for (const chunk of good()) {
      number++;
      yield number === k && runs === epoch ? replaced(chunk) : chunk;
    }
  };
}

async function trained(rows: number): Promise<string> {
  const net = smallNet();
  const { windowRows: _, ...rest } = options;
  if (rows > 0) await net.fit(rowsOf(data.X, 0, rows), rowsOf(data.Y, 0, rows), { ...rest, epochs: 1 });
  return bitsOf(net);
}

describe('a source that is wrong', () => {
  test.each([
    {
      what: 'throws in the middle',
      source: function* () {
        for (const [i, chunk] of [...good()].entries()) {
          if (i === 3) throw new TypeError('no more');
          yield chunk;
        }
      },
      code: 'ERR_BLASNET_SOURCE',
      message: 'Expected the source to give its chunk 4, got an error: no more',
      rows: 20,
    },
    {
      what: 'changes its columns',
      source: withChunk(3, ({ Y }) => ({ X: Matrix.zeros(10, 4), Y })),
      code: 'ERR_BLASNET_SHAPE',
      message: "In chunk 3 of the source: Expected X to have 3 columns (the network's inputDim), got 4",
      rows: 10,
    },
    {
      what: 'gives an empty chunk',
      source: withChunk(4, () => ({ X: Matrix.zeros(0, 3), Y: Matrix.zeros(0, 2) })),
      code: 'ERR_BLASNET_SHAPE',
      message: 'In chunk 4 of the source: Expected X to have at least one row, got 0',
      rows: 20,
    },
    {
      what: 'gives no chunk that is an object',
      source: withChunk(3, () => 7),
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'In chunk 3 of the source: Expected the chunk to be an object, got 7 (number)',
      rows: 10,
    },
    {
      what: 'gives a chunk without Y',
      source: withChunk(1, ({ X }) => ({ X })),
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'In chunk 1 of the source: Expected the chunk to be an object with X and Y',
      rows: 0,
    },
    {
      what: 'has weights in some chunks alone',
      source: withChunk(3, (chunk) => ({ ...chunk, sampleWeight: new Float64Array(10).fill(1) })),
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'In chunk 3 of the source: Expected sampleWeight to be left out, as in the chunks before',
      rows: 10,
    },
    {
      what: 'has NaN',
      source: withChunk(3, ({ X, Y }) => {
        const bad = (X as Matrix).data.slice();
        bad[3 * 4 + 1] = Number.NaN;
        return { X: new Matrix(bad, 10, 3), Y };
      }),
      code: 'ERR_BLASNET_NOT_FINITE',
      message: 'In chunk 3 of the source: Expected X to hold finite numbers, got NaN at row 4, column 1',
      rows: 20,
    },
    {
      what: 'ends early in the second epoch',
      source: (() => {
        let runs = 0;
        return function* () {
          runs++;
          for (const [i, chunk] of [...good()].entries()) if (runs === 1 || i < 2) yield chunk;
        };
      })(),
      code: 'ERR_BLASNET_SOURCE',
      message:
        'Expected the source to give 60 rows each time, got 20 in epoch 2; a source must begin anew each time',
      rows: -1,
    },
    {
      what: 'has more rows in the second epoch',
      source: (() => {
        let runs = 0;
        return function* () {
          yield* good();
          if (++runs > 1) yield* good();
        };
      })(),
      code: 'ERR_BLASNET_SOURCE',
      message: 'Expected the source to give 60 rows each time, got more in epoch 2',
      rows: -1,
    },
    {
      what: 'can be gone through once, behind a function',
      source: (() => {
        const once = good();
        return () => once;
      })(),
      code: 'ERR_BLASNET_SOURCE',
      message: 'Expected the source to give at least one row with a weight above 0, got none',
      rows: -1,
    },
    {
      what: 'has no rows',
      source: () => [],
      code: 'ERR_BLASNET_SOURCE',
      message: 'Expected the source to give at least one row with a weight above 0, got none',
      rows: 0,
    },
    {
      what: 'is a generator',
      source: good(),
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'which can be gone through once: pass the function that makes it',
      rows: 0,
    },
    {
      what: 'returns no iterable',
      source: () => 5,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected the result of the source to be an iterable or an async iterable of chunks, got 5',
      rows: 0,
    },
  ])(
    '$what: an error that says so, and the steps before it stay',
    async ({ source, code, message, rows }) => {
      const net = smallNet();
      await expect(net.fit(source as Any, options)).rejects.toMatchObject({
        code,
        message: expect.stringContaining(message),
      });
      if (rows >= 0) expect(bitsOf(net)).toBe(await trained(rows));
      // It is free again.
      await net.fit(good, options);
    },
  );
});

describe('an iterator', () => {
  function watched(net: Network) {
    const seen = { open: 0, closed: 0 };
    const source = function* () {
      seen.open++;
      try {
        for (;;) yield* good();
      } finally {
        seen.closed++;
      }
    };
    return { net, seen, source };
  }

  test('is closed after an abort, early leaving of the loop, an error of a callback and maxSeconds', async () => {
    const controller = new AbortController();
    const { seen, source, net } = watched(smallNet());
    const abort = {
      ...options,
      signal: controller.signal,
      callbacks: { onBatchEnd: () => controller.abort() },
    };
    await expect(net.fit(source, abort)).rejects.toMatchObject({ name: 'AbortError' });
    expect(seen).toEqual({ open: 1, closed: 1 });
    const onBatchEnd = () => {
      throw new Error('mine');
    };
    await expect(net.fit(source, { ...options, callbacks: { onBatchEnd } })).rejects.toThrow('mine');
    expect(seen).toEqual({ open: 2, closed: 2 });
    const history = await net.fit(source, { ...options, maxSeconds: 1e-9 });
    expect(history.stoppedBy).toBe('maxSeconds');
    expect(seen).toEqual({ open: 3, closed: 3 });
    for await (const _ of net.epochs(good, options)) break;
  });

  test('never answers: an abort ends the training, and the network is free', async () => {
    const controller = new AbortController();
    let returned = 0;
    const source = () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => controller.abort()),
        async return() {
          returned++;
          return { done: true as const, value: undefined };
        },
      }),
    });
    const net = smallNet();
    await expect(net.fit(source, { ...options, signal: controller.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(returned).toBe(1);
    await net.fit(good, options);
  });
});

describe('a refused training', () => {
  test('leaves the generator, the preprocessing and inputDim as they were', async () => {
    const make = () =>
      new Network([{ outputDim: 2, activation: 'linear' }], {
        seed: 1,
        preprocessing: preprocessing([standardScaler()]),
      });
    const [refused, untouched] = [make(), make()];
    const bad = withChunk(
      1,
      ({ X }) => ({ X, Y: new Matrix(new Float64Array(20).fill(Number.NaN), 10, 2) }),
      2,
    );
    await expect(refused.fit(bad, options)).rejects.toMatchObject({ code: 'ERR_BLASNET_NOT_FINITE' });
    expect(refused.preprocessing?.fitted).toBe(false);
    expect(() => refused.parameters).toThrow('Expected fit to be called');
    await refused.fit(good, options);
    await untouched.fit(good, options);
    expect(bitsOf(refused)).toBe(bitsOf(untouched));
  });

  test.each([
    [{ sampleWeight: [1] }, 'Expected sampleWeight to be left out with a source, whose chunks have it'],
    [{ stratify: true }, 'Expected stratify to be left out with a source'],
    [{ batchSize: 'full' }, 'Expected batchSize to be a number with a source'],
    [{ metrics: ['f1'] }, 'Expected metrics to be left out with a source and without validationData'],
    [{ windowRows: 0 }, 'Expected windowRows to be a positive integer'],
    [{ windowrows: 5 }, 'Unknown option "windowrows"; did you mean "windowRows"?'],
    [{ validationData: good, validationSplit: 0.5 }, 'Expected validationSplit to be left out'],
  ])('says what %o must be', async (more, message) => {
    await expect(smallNet().fit(good, { ...options, ...more } as Any)).rejects.toThrow(message);
  });
});
