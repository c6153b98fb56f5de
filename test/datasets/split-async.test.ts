// trainTestSplitAsync, and the copies that both forms make.

import { describe, expect, it } from 'vitest';
import { AbortError } from '../../lib/base/errors';
import { Matrix } from '../../lib/base/matrix';
import { type Split, trainTestSplit, trainTestSplitAsync } from '../../lib/datasets';
import { endedWell, inChild, type Library } from '../network/child';
import { rejectionOf } from '../support/bad-input';
import { expectSameBits } from '../support/oracle-splits';

type Floats = typeof Float64Array | typeof Float32Array;

/** Element (r, c) is 100 r + c; Y has the row. */
function numbered(Floats: Floats, rows: number, cols: number): [Matrix, Matrix] {
  const data = new Floats(rows * cols);
  for (let i = 0; i < data.length; i++) data[i] = 100 * Math.floor(i / cols) + (i % cols);
  return [
    new Matrix(data, rows, cols),
    new Matrix(
      new Floats(rows).map((_, row) => row),
      rows,
      1,
    ),
  ];
}

function expectAlike(split: Split, other: Split): void {
  for (const part of ['train', 'test'] as const) {
    for (const side of ['X', 'Y'] as const) {
      const [matrix, expected] = [split[part][side], other[part][side]];
      expect([matrix.rows, matrix.cols]).toEqual([expected.rows, expected.cols]);
      expectSameBits(matrix.data, expected.data);
    }
  }
  expectSameBits(split.trainIndex, other.trainIndex);
  expectSameBits(split.testIndex, other.testIndex);
}

describe.each([Float64Array, Float32Array])('a split of a %o', (Floats) => {
  it.each([
    [2, 1],
    [3, 0],
    [1001, 2],
    [1001, 4],
    [1001, 7],
    [40_001, 10],
    [150_001, 1],
    [3001, 97],
  ])('has the rows that its indices name, from (%d, %d), on any number of threads', async (rows, cols) => {
    const [X, Y] = numbered(Floats, rows, cols);
    const split = trainTestSplit(X, Y, { testSize: 0.3, seed: 2 });
    for (const [part, index] of [
      [split.train, split.trainIndex],
      [split.test, split.testIndex],
    ] as const) {
      const expected = new Floats(index.length * cols);
      for (const [i, row] of index.entries()) {
        for (let c = 0; c < cols; c++) expected[i * cols + c] = 100 * row + c;
      }
      expect([part.X.rows, part.X.cols]).toEqual([index.length, cols]);
      expectSameBits(part.X.data, expected);
      expectSameBits(part.Y.data, Floats.from(index));
      expect(part.X.data.buffer).toBeInstanceOf(ArrayBuffer);
    }
    for (const threads of [1, 2, 3]) {
      expectAlike(await trainTestSplitAsync(X, Y, { testSize: 0.3, seed: 2, threads }), split);
    }
  });
});

it('a split without a shuffle keeps the order of the rows, later, too', async () => {
  const [X, Y] = numbered(Float64Array, 100_001, 1);
  const options = { shuffle: false, testSize: 25_000 };
  const split = await trainTestSplitAsync(X, Y, options);
  expectSameBits(
    split.trainIndex,
    Uint32Array.from({ length: 75_001 }, (_, i) => i),
  );
  expectSameBits(
    split.testIndex,
    Uint32Array.from({ length: 25_000 }, (_, i) => 75_001 + i),
  );
  expectAlike(trainTestSplit(X, Y, options), split);
});

it('an asynchronous split takes arrays of numbers, and a new seed on every call', async () => {
  const rows = Array.from({ length: 50 }, (_, i) => [i]);
  const [first, second] = [await trainTestSplitAsync(rows, rows), await trainTestSplitAsync(rows, rows)];
  expect(first.train.X).toEqual(first.train.Y);
  expect(first.testIndex).not.toEqual(second.testIndex);
});

describe('an asynchronous split under way', () => {
  const [X, Y] = numbered(Float32Array, 2_000_000, 4);

  it('ends when its signal is aborted', async () => {
    const controller = new AbortController();
    const split = trainTestSplitAsync(X, Y, { signal: controller.signal });
    controller.abort('enough');
    const error = await split.catch((thrown) => thrown);
    expect(error).toBeInstanceOf(AbortError);
    expect(error.cause).toBe('enough');
    // The next one is right.
    const few = numbered(Float64Array, 100, 1);
    expect((await trainTestSplitAsync(...few, { seed: 1 })).testIndex).toEqual(
      trainTestSplit(...few, { seed: 1 }).testIndex,
    );
  });

  it('does not begin when its signal is aborted before', async () => {
    await expect(trainTestSplitAsync(X, Y, { signal: AbortSignal.abort() })).rejects.toThrow(AbortError);
  });

  it('keeps the memory of X and Y in place', async () => {
    const split = trainTestSplitAsync(X, Y, { seed: 4 });
    for (const { buffer } of [X.data, Y.data]) {
      try {
        structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
      } catch {
        // Newer versions of Node throw; older ones copy.
      }
      expect(buffer.byteLength).toBeGreaterThan(0);
    }
    expectAlike(await split, trainTestSplit(X, Y, { seed: 4 }));
  });

  it('may be cut off by the end of its worker', async () => {
    const ended = await inChild(async (path) => {
      const { Worker } = require('node:worker_threads');
      const program = `
        const { parentPort, workerData } = require('node:worker_threads');
        const { Matrix, trainTestSplitAsync } = require(workerData);
        const X = Matrix.zeros(3_000_000, 4);
        trainTestSplitAsync(X, X, { seed: 1 });
        parentPort.postMessage('under way');
      `;
      for (let round = 0; round < 3; round++) {
        const worker = new Worker(program, { eval: true, workerData: path });
        await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
        await worker.terminate();
      }
      const { Matrix, trainTestSplitAsync }: Library = require(path);
      const X = Matrix.zeros(8, 1);
      console.log((await trainTestSplitAsync(X, X, { seed: 1 })).testIndex.length);
    }, null);
    expect(ended).toEqual(endedWell('2'));
  });
});

describe('an asynchronous split', () => {
  const [X, Y] = numbered(Float64Array, 10, 2);

  it.each([
    {
      what: 'an unknown option',
      call: () => trainTestSplitAsync(X, Y, { test_size: 0.1 } as never),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "test_size"; did you mean "testSize"?',
    },
    {
      what: 'a number of threads below 1',
      call: () => trainTestSplitAsync(X, Y, { threads: 0 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected threads to be a positive integer, got 0 (number)',
    },
    {
      what: 'a signal that is none',
      call: () => trainTestSplitAsync(X, Y, { signal: 3 as never }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected signal to be an AbortSignal, got 3 (number)',
    },
    {
      what: 'another number of labels',
      call: () => trainTestSplitAsync(X, numbered(Float64Array, 9, 1)[0]),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected Y to have as many rows as X (10), got 9',
    },
    {
      what: 'a test set of all rows',
      call: () => trainTestSplitAsync(X, Y, { testSize: 10 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected testSize to be small enough to leave one of 10 rows for training, got 10 (number)',
    },
  ])('refuses $what', async ({ call, error, code, message }) => {
    const rejection = await rejectionOf(call());
    expect(rejection).toMatchObject({ code, message });
    expect(rejection.constructor).toBe(error);
  });
});
