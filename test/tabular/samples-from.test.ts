// Networks that train from files and tables: chunks of arrays with the same rows are the oracle.

import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { labelEncoder, Matrix, Network, RandomState } from '../../lib';
import { Regressor, samplesFrom, scanTable, Table } from '../../lib/tabular';
import { bitsOf } from '../streaming/samples';
import { newFolder, write } from '../support/scratch';

const random = new RandomState(3);
const rows = 120;
const a = Float64Array.from({ length: rows }, () => random.uniform(-1, 1));
const flag = Array.from(a, (value) => value > 0.3);
const y = Float64Array.from(a, (value, row) => 2 * value + Number(flag[row]));
const word = Array.from(y, (value) => (value > 0 ? 'up' : 'down'));
const w = Float64Array.from(a, (_, row) => 1 + (row % 3));
const table = Table.from({ a, flag, y, word, w });
const X = Matrix.from(Array.from(a, (value, row) => [value, Number(flag[row])]));
const parts = [table.slice(0, 50), table.slice(50)];

const net = (more = {}) =>
  new Network([{ inputDim: 2, outputDim: 1, activation: 'linear' }], { seed: 1, ...more });
const options = { epochs: 2, windowRows: 64, batchSize: 16 } as const;

/** An NPY file of a matrix of doubles, as NumPy's `save` writes it. */
function npy(folder: string, file: string, { data, rows: count, cols }: Matrix): string {
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${count}, ${cols}), }`.padEnd(117);
  const head = Buffer.from(`\x93NUMPY\x01\x00v\x00${header}\n`, 'latin1');
  writeFileSync(join(folder, file), Buffer.concat([head, Buffer.from(data.slice().buffer)]));
  return join(folder, file);
}

function csv(folder: string, name: string, part: Table): string {
  const lines = part.toRecords().map((record) => Object.values(record).join(','));
  write(folder, name, `${part.names.join(',')}\n${lines.join('\n')}\n`);
  return join(folder, name);
}

describe('samplesFrom', () => {
  test('trains a network with files, a scan, tables and functions as with arrays, bit for bit', async () => {
    const folder = newFolder();
    const numbers = parts.map((part) => part.select(['a', 'flag', 'y']));
    const files = numbers.map((part, i) => csv(folder, `${i}.csv`, part));
    const expected = net();
    await expected.fit([{ X, Y: y }], options);
    const file = csv(folder, 'all.csv', table.select(['a', 'flag', 'y']));
    const sources = [
      files,
      scanTable(file, { rows: 33 }),
      scanTable(() => createReadStream(file)),
      numbers,
      () => numbers,
      async function* () {
        yield* numbers;
      },
    ];
    for (const source of sources) {
      const trained = net();
      await trained.fit(samplesFrom(source, { target: 'y' }), options);
      expect(bitsOf(trained)).toBe(bitsOf(expected));
    }
    const source = samplesFrom(files, { inputs: ['a', 'flag'] });
    const outputs: number[] = [];
    for await (const { data } of expected.predict(source)) outputs.push(...data);
    expect(outputs).toEqual([...expected.predictSync(X).data]);
    const evaluated = await expected.evaluate(samplesFrom(files, { target: 'y' }));
    expect(evaluated).toEqual(await expected.evaluate(X, y));
  });

  test('takes several targets, class names, weights and gaps', async () => {
    const chunks = async <T>(source: () => AsyncGenerator<T>): Promise<T[]> => {
      const found: T[] = [];
      for await (const chunk of source()) found.push(chunk);
      return found;
    };
    const several = await chunks(samplesFrom(parts, { inputs: ['a'], target: ['y', 'flag'], weight: 'w' }));
    expect(several.map(({ Y }) => (Y as Matrix).cols)).toEqual([2, 2]);
    expect((several.at(1)?.Y as Matrix | undefined)?.get(3, 0)).toBe(y[53]);
    expect(several[0]?.sampleWeight).toEqual(w.slice(0, 50));
    const named = new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], {
      ...{ seed: 1, labels: labelEncoder() },
    });
    const ofArrays = named.clone();
    const source = samplesFrom(parts, { inputs: ['a', 'flag'], target: 'word' });
    await named.fit(source, options);
    await ofArrays.fit([{ X, Y: word }], options);
    expect(bitsOf(named)).toBe(bitsOf(ofArrays));
    const gaps = samplesFrom([Table.from({ a: [1, null], flag: [null, true] })]);
    expect((await chunks(gaps))[0]?.X.toArray()).toEqual([
      [1, Number.NaN],
      [Number.NaN, 1],
    ]);
  });

  test('reads NPY files for all models, and a mapped one trains as arrays do', async () => {
    const folder = newFolder();
    const all = Matrix.from(Array.from(a, (value, row) => [value, Number(flag[row]), y[row] as number]));
    const file = npy(folder, 'all.npy', all);
    const { columns } = await scanTable(file).schema();
    const target = columns[2]?.name as string;
    const [ofFile, ofMap, ofArrays] = [net(), net(), net()];
    await ofFile.fit(samplesFrom([file], { target }), { ...options, windowRows: rows });
    const { windowRows: _, ...rest } = options;
    await ofMap.fit(await Matrix.map(npy(folder, 'x.npy', X)), y, rest);
    await ofArrays.fit(X, y, rest);
    expect(bitsOf(ofMap)).toBe(bitsOf(ofArrays));
    expect(bitsOf(ofFile)).toBe(bitsOf(ofArrays));
    const model = await Regressor.train([file], { ...options, target, hidden: [], seed: 1 });
    expect(model.schema.target).toEqual([target]);
  });

  test.each([
    [{ target: 'y', weight: 'w' }, 'In chunk 1 of the source: Expected column "word" to hold numbers'],
    [{ inputs: ['a'], target: 'z' }, 'In chunk 1 of the source: Unknown column "z"'],
    [{ targets: 'y' }, 'Unknown option "targets"; did you mean "target"?'],
    [{ target: [] }, "Expected target to be a column's name, or an array of them, got an array of length 0"],
    [
      { inputs: [], target: 'y' },
      "Expected inputs to be an array of columns' names, got an array of length 0",
    ],
  ])('refuses %o', async (given, message) => {
    const train = async () => net().fit(samplesFrom(parts, given as never), options);
    await expect(train()).rejects.toThrow(message);
  });

  test('is named in the error for a network that gets files or tables', async () => {
    for (const source of [['a.csv'], parts, scanTable(Buffer.from('a,b\n1,2\n'))]) {
      await expect(net().fit(source as never, options)).rejects.toThrow(
        /^In chunk 1 of the source: Expected the chunk to be an object with X and Y, got .*; samplesFrom of blasnet\/tables/,
      );
    }
    expect(() => samplesFrom([{ a: 1 }] as never)).toThrow('Expected tables to be files, the result of');
  });
});
