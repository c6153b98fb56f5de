// Matrix.map: what it takes, what it refuses, and what the matrix then is.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Matrix, Network, preprocessing, standardScaler, trainTestSplit } from '../../lib/index';
import { newFolder } from '../support/scratch';
import { npyBytes, npyFile, waves } from './npy';

describe('a mapped matrix', () => {
  it.each([
    ['<f8', Float64Array, 'float64'],
    ['<f4', Float32Array, 'float32'],
  ] as const)('has the elements of a file of %s', async (descr, Floats, dtype) => {
    const data = waves(70, Floats);
    const matrix = await Matrix.map(npyFile({ descr, shape: [14, 5] }, data));
    expect(matrix).toBeInstanceOf(Matrix);
    expect([matrix.rows, matrix.cols, matrix.dtype]).toEqual([14, 5, dtype]);
    expect(matrix.data).toEqual(data);
    expect(matrix.data.byteOffset).toBe(0);
    expect(matrix.data.buffer.byteLength).toBe(data.byteLength);
  });

  it('has one column if the array has one dimension', async () => {
    const matrix = await Matrix.map(npyFile({ shape: [7] }, waves(7)));
    expect([matrix.rows, matrix.cols]).toEqual([7, 1]);
  });

  it('is read from a file: URL, too', async () => {
    const path = npyFile({ shape: [3, 2] }, waves(6), 'a file of ünïcode.npy');
    expect((await Matrix.map(pathToFileURL(path))).data).toEqual(waves(6));
  });

  it('keeps what is written to it in memory, and leaves the file and other maps as they are', async () => {
    const path = npyFile({ shape: [600, 2] }, waves(1200));
    const before = readFileSync(path);
    const matrix = await Matrix.map(path);
    const other = await Matrix.map(path);
    matrix.set(3, 1, -7);
    matrix.data.fill(9, 1000);
    expect([matrix.get(3, 1), matrix.get(599, 1)]).toEqual([-7, 9]);
    expect(other.data).toEqual(waves(1200));
    expect(readFileSync(path)).toEqual(before);
  });

  it('keeps the file that it was made of when another takes its name', async () => {
    const path = npyFile({ shape: [6] }, waves(6));
    const matrix = await Matrix.map(path);
    writeFileSync(`${path}.new`, npyBytes({ shape: [1] }, waves(1)));
    renameSync(`${path}.new`, path);
    expect(matrix.data).toEqual(waves(6));
    expect((await Matrix.map(path)).rows).toBe(1);
  });

  it('trains, predicts and splits as one in memory does', async () => {
    const [X, Y] = [waves(600), waves(200)];
    const layers = [
      { inputDim: 3, outputDim: 5, activation: 'tanh' as const },
      { outputDim: 1, activation: 'linear' },
    ];
    const results = [];
    for (const mapped of [true, false]) {
      const data = {
        X: mapped ? await Matrix.map(npyFile({ shape: [200, 3] }, X)) : new Matrix(X.slice(), 200, 3),
        Y: mapped ? await Matrix.map(npyFile({ shape: [200] }, Y)) : new Matrix(Y.slice(), 200, 1),
      };
      const { train } = trainTestSplit(data.X, data.Y, { testSize: 0.2, seed: 3 });
      for (const steps of [undefined, preprocessing([standardScaler()])]) {
        const net = new Network(layers, { seed: 1, ...(steps && { preprocessing: steps }) });
        const history = await net.fit(data.X, data.Y, { epochs: 3, batchSize: 16, validationSplit: 0.25 });
        const evaluation = await net.evaluate(data.X, data.Y);
        results.push({ mapped, losses: history.loss, evaluation, out: await net.predict(data.X), train });
      }
    }
    const [a, b, ...inMemory] = results;
    expect([a, b].map((result) => ({ ...result, mapped: false }))).toEqual(inMemory);
  });
});

describe('Matrix.map refuses', () => {
  const file = 'ERR_BLASNET_FILE';
  const refused = [
    ['integers', { descr: '<i4', shape: [12] }, file, /must be of the type <f4 or <f8/],
    ['halves', { descr: '<f2', shape: [24] }, file, /must be of the type <f4 or <f8/],
    ['numbers of the other byte order', { descr: '>f8', shape: [6] }, file, /must be of the type/],
    ['an array of no dimension', { shape: [] }, file, /one or two dimensions, but its shape is \(\)/],
    ['an array of three', { shape: [1, 2, 3] }, file, /but its shape is \(1, 2, 3\): reshape it/],
    ['an array by columns', { order: 'True', shape: [2, 3] }, file, /this one is by columns: save numpy/],
    ['too few elements', { shape: [4, 2] }, file, /expected 64 bytes of elements for .*, got 48/],
    ['too many', { shape: [5] }, file, /expected 40 bytes of elements for .*, got 48, which are more/],
    ['an odd beginning', { shape: [6], later: 4, version: 2 }, file, /begin at byte \d+, which is no/],
  ] as const;
  it.each(refused)('%s, with an error that names the file', async (_, parts, code, message) => {
    const error: unknown = await Matrix.map(npyFile(parts, waves(6))).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect((error as Error).message).toMatch(/^Cannot read ".*x\.npy": /);
  });

  it('what is no NPY file, or none at all', async () => {
    const folder = newFolder();
    const of = (name: string, content: string) => {
      writeFileSync(join(folder, name), content);
      return Matrix.map(join(folder, name));
    };
    await expect(of('empty.npy', '')).rejects.toMatchObject({ code: file, message: /it is empty/ });
    await expect(of('text.npy', 'a text, which is long enough')).rejects.toThrow('as an NPY file does');
    await expect(of('cut.npy', '\x93NUMPY')).rejects.toThrow('as an NPY file does');
    mkdirSync(join(folder, 'folder'));
    await expect(Matrix.map(join(folder, 'folder'))).rejects.toThrow('no regular file');
    const missing = Matrix.map(join(folder, 'missing.npy'));
    await expect(missing).rejects.toMatchObject({ code: file, cause: { code: 'ENOENT' } });
  });

  it('another dtype than the one that is asked for, and options that are none', async () => {
    const path = npyFile({ shape: [6] }, waves(6));
    await expect(Matrix.map(path, { dtype: 'float32' })).rejects.toMatchObject({ code: 'ERR_BLASNET_DTYPE' });
    expect((await Matrix.map(path, { dtype: 'float64' })).dtype).toBe('float64');
    for (const [call, code] of [
      [() => Matrix.map(path, { dtype: 'f8' as never }), 'ERR_BLASNET_UNKNOWN_NAME'],
      [() => Matrix.map(path, { type: 'float64' } as never), 'ERR_BLASNET_UNKNOWN_OPTION'],
      [() => Matrix.map(path, null as never), 'ERR_BLASNET_ARG_TYPE'],
      [() => Matrix.map(3 as never), 'ERR_BLASNET_ARG_TYPE'],
      [() => Matrix.map('a\0b'), 'ERR_BLASNET_ARG_VALUE'],
    ] as const) {
      await expect(call()).rejects.toMatchObject({ code });
    }
  });
});

describe('the header of a file', () => {
  it('may be of any version, order and length', async () => {
    const headers = fc.record({
      version: fc.constantFrom(1, 2, 3),
      aligned: fc.constantFrom(8, 16, 64, 4096, 8192),
      double: fc.boolean(),
      rows: fc.integer({ min: 1, max: 9 }),
      cols: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
      byColumns: fc.boolean(),
    });
    const path = join(newFolder(), 'x.npy');
    await fc.assert(
      fc.asyncProperty(headers, async ({ version, aligned, double, rows, cols, byColumns }) => {
        const data = waves(rows * (cols ?? 1), double ? Float64Array : Float32Array);
        const parts = {
          ...{ version: version as 1, aligned, descr: double ? '<f8' : '<f4' },
          ...{ shape: cols === undefined ? [rows] : [rows, cols], order: byColumns ? 'True' : 'False' },
        };
        writeFileSync(`${path}.new`, npyBytes(parts, data));
        renameSync(`${path}.new`, path);
        const mapped = Matrix.map(path);
        if (byColumns && rows > 1 && (cols ?? 1) > 1) {
          await expect(mapped).rejects.toMatchObject({ code: 'ERR_BLASNET_FILE' });
          return;
        }
        const matrix = await mapped;
        expect([matrix.rows, matrix.cols]).toEqual([rows, cols ?? 1]);
        expect(matrix.data).toEqual(data);
      }),
      { numRuns: 100 },
    );
  });

  it('never ends the process, nor gives a matrix outside the file, if bytes of it are changed', async () => {
    const good = npyBytes({ shape: [5, 3] }, waves(15));
    const changes = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const path = join(newFolder(), 'x.npy');
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(good.length), async (bytes, length) => {
        const bad = Buffer.from(good);
        for (const [at, value] of bytes) bad[at] = value;
        writeFileSync(`${path}.new`, bad.subarray(0, length % 3 === 0 ? length : good.length));
        renameSync(`${path}.new`, path);
        const result = await Matrix.map(path).catch((error: unknown) => error);
        if (result instanceof Matrix) expect(result.data.byteLength).toBeLessThanOrEqual(good.length);
        else expect(result).toMatchObject({ code: 'ERR_BLASNET_FILE' });
      }),
      { numRuns: 300 },
    );
  });
});
