// Classifier and Regressor from sources: tables that are gone through part by part. Training from a table is the oracle.

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { adam, RandomState } from '../../lib';
import { Classifier, Regressor, scanTable, Table } from '../../lib/tabular';
import { bitsOf } from '../streaming/samples';
import { newFolder, write } from '../support/scratch';

function someTable(rows: number): Table {
  const random = new RandomState(3);
  const size = Float64Array.from({ length: rows }, () => random.uniform(0, 9));
  const fruit = Array.from(size, (_, row) => ['pear', 'fig', null, 'nut'][row % 4] as string | null);
  const price = Float64Array.from(size, (value, row) => 2 * value + (row % 4) + random.uniform(0, 1));
  const dear = Array.from(price, (value) => (value > 10 ? 'yes' : 'no'));
  return Table.from({ size, fruit, price, dear });
}

const table = someTable(400);
const parts = (sizes: readonly number[]) =>
  function* () {
    for (let from = 0, i = 0; from < table.rows; i++) {
      const to = Math.min(table.rows, from + (sizes[i % sizes.length] as number));
      yield table.slice(from, to);
      from = to;
    }
  };
const csv = (rows: readonly object[]) =>
  `size,fruit,price,dear\n${rows.map((row) => Object.values(row).join(',')).join('\n')}\n`;

const options = {
  ...{ hidden: [8], epochs: 3, seed: 5, shuffle: false, validationSplit: 0, optimizer: adam() },
} as const;

describe('a model from a source', () => {
  test.each([{ windowRows: 64 }, { windowRows: 1000, shuffle: true }])(
    'is that of a table: %o',
    async (given) => {
      const { windowRows, ...more } = given as { windowRows: number; shuffle?: boolean };
      const wanted = {
        ...options,
        ...more,
        target: 'dear',
        inputs: { columns: { price: 'ignore' } },
      } as const;
      const expected = await Classifier.train(table, wanted);
      const model = await Classifier.train(parts([70, 33]), { ...wanted, windowRows });
      expect(bitsOf(model.network)).toBe(bitsOf(expected.network));
      expect(model.schema.toJSON()).toEqual(expected.schema.toJSON());
      expect(model.predict({ size: 3, fruit: 'fig' })).toBe(expected.predict({ size: 3, fruit: 'fig' }));
    },
  );

  test('comes from scanTable or an array of files, with numbers as targets in their own units', async () => {
    const folder = newFolder();
    write(folder, 'all.csv', csv(table.toRecords()));
    write(folder, 'one.csv', csv(table.slice(0, 250).toRecords()));
    write(folder, 'two.csv', csv(table.slice(250).toRecords()));
    const wanted = {
      ...options,
      target: 'price',
      inputs: { columns: { dear: 'ignore' } },
      windowRows: 128,
    } as const;
    const scan = scanTable(join(folder, 'all.csv'), { rows: 90 });
    const model = await Regressor.train(scan, wanted);
    const { windowRows: _, ...ofTable } = wanted;
    const expected = await Regressor.train(table, ofTable);
    expect(model.predict({ size: 3, fruit: 'fig' })).toBe(expected.predict({ size: 3, fruit: 'fig' }));
    const ofFiles = await Regressor.train(
      ['one.csv', 'two.csv'].map((name) => join(folder, name)),
      wanted,
    );
    expect(bitsOf(ofFiles.network)).toBe(bitsOf(model.network));
  });

  test('holds rows out and stops early without further options, also by a preset', async () => {
    for (const more of [{ hidden: [8] }, { preset: 'fast', epochs: 2 }] as const) {
      const { history } = await Classifier.train(parts([150]), {
        ...{ target: 'dear', inputs: { columns: { price: 'ignore' } }, epochs: 2, seed: 1 },
        ...more,
      });
      expect(history?.valLoss).toHaveLength(2);
    }
  });

  test('knows classes that are too rare for the sample of rows', async () => {
    const rows = 140_000;
    const wide = Table.from({
      x: Float64Array.from({ length: rows }, (_, row) => row % 7),
      y: Array.from({ length: rows }, (_, row) => (row === 139_999 ? 'rare' : row % 2 === 0 ? 'a' : 'b')),
    });
    const source = [wide.slice(0, 70_000), wide.slice(70_000)];
    const model = await Classifier.train(source, {
      target: 'y',
      hidden: [],
      epochs: 1,
      batchSize: 4096,
      seed: 1,
    });
    expect([...model.schema.columns].find(({ name }) => name === 'y')?.categories).toEqual([
      'a',
      'b',
      'rare',
    ]);
  });
});

describe('a source that is wrong', () => {
  test('misses a target: the error names the part and its row', async () => {
    const broken = Table.from({ size: [1, 2, 3], fruit: ['fig', 'fig', 'nut'], dear: ['no', null, 'yes'] });
    const source = [table.without(['price']), broken];
    await expect(Classifier.train(source, { ...options, target: 'dear' })).rejects.toMatchObject({
      message: expect.stringMatching(/the source.*row 1.*dear/s),
    });
    await Classifier.train(source, { ...options, target: 'dear', missingTarget: 'drop' });
  });

  test.each([
    { what: 'no rows', source: () => [], message: 'Expected the source to give at least one row, got none' },
    {
      what: 'no tables',
      source: () => [{ size: 3 }],
      message: 'In chunk 1 of the source: Expected the chunk to be a Table',
    },
    {
      what: 'other columns in a later part',
      source: () => [table, table.without(['size'])],
      message: 'size',
    },
  ])('has $what', async ({ source, message }) => {
    const call = Classifier.train(source as never, { ...options, target: 'dear' });
    await expect(call).rejects.toThrow(message);
  });

  test.each([
    [{ preset: 'best' }, "Expected preset to be 'default' or 'fast', which train once, with a source"],
    [{ remember: 100 }, 'Expected remember to be left out with a source'],
    [{ windowRows: -1 }, 'Expected windowRows to be a positive integer'],
  ])('cannot have %o', async (more, message) => {
    await expect(Classifier.train(parts([90]), { target: 'dear', ...more } as never)).rejects.toThrow(
      message,
    );
  });

  test('a table takes no windows', async () => {
    await expect(Classifier.train(table, { target: 'dear', windowRows: 5 })).rejects.toThrow(
      'Unknown option "windowRows"',
    );
  });
});
