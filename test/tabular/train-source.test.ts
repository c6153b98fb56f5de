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
      validationSplit: 0,
      seed: 1,
    });
    expect([...model.schema.columns].find(({ name }) => name === 'y')?.categories).toEqual([
      'a',
      'b',
      'rare',
    ]);
  });
});

describe('what a table can, a source can', () => {
  const weighted = Table.from({
    ...Object.fromEntries(table.names.map((name) => [name, table.column(name)])),
    weight: Float64Array.from({ length: 400 }, (_, row) => row % 5),
    dear: Array.from({ length: 400 }, (_, row) => (row % 50 === 7 ? null : ['no', 'yes', 'so'][row % 3])),
  });
  const source = () => [weighted.slice(0, 70), weighted.slice(70, 310), weighted.slice(310)];
  const held = {
    ...{ hidden: [8], epochs: 6, seed: 5, shuffle: false, validationSplit: 0.2, weight: 'weight' },
    ...{ optimizer: adam({ learningRate: 0.03 }), missingTarget: 'drop' },
  } as const;
  const classes = { ...held, target: 'dear' } as const;
  const rows = { validationData: table.slice(0, 60).without(['fruit']), validationSplit: undefined };

  test.each([
    { what: 'holds the last rows out, stops early and calibrates', more: {} },
    { what: 'weighs classes', more: { classWeight: 'balanced', calibrate: false } },
    { what: 'follows a preset', more: { preset: 'fast', hidden: undefined, optimizer: undefined } },
  ])('it $what', async ({ more }) => {
    const expected = await Classifier.train(weighted, { ...classes, ...more } as never);
    const model = await Classifier.train(source, { ...classes, ...more } as never);
    expect(bitsOf(model.network)).toBe(bitsOf(expected.network));
    expect(model.temperature).toBe(expected.temperature);
    expect(model.temperature === undefined).toBe('calibrate' in more);
    expect(model.history?.valLoss).toEqual(expected.history?.valLoss);
    expect(model.schema.toJSON()).toEqual(expected.schema.toJSON());
  });

  test('it is validated by rows or by a source of its own, whose errors have its name', async () => {
    const wanted = { ...held, ...rows, weight: undefined, target: 'dear', inputs: { numbers: 'standard' } };
    const own = { ...wanted, inputs: { columns: { fruit: 'ignore' } } } as never;
    const validation = rows.validationData;
    const expected = await Classifier.train(table, own);
    for (const validationData of [validation, [validation.slice(0, 20), validation.slice(20)]]) {
      const model = await Classifier.train(parts([150]), { ...(own as object), validationData } as never);
      expect(bitsOf(model.network)).toBe(bitsOf(expected.network));
      expect(model.temperature).toBe(expected.temperature);
    }
    const wrong = [validation, validation.without(['size'])];
    await expect(
      Classifier.train(parts([150]), { ...(own as object), validationData: wrong } as never),
    ).rejects.toThrow('In chunk 2 of validationData: Expected the table to have the column "size"');
  });

  test('it clamps predictions to the range of the rows that train', async () => {
    const wanted = { ...held, target: 'price', clamp: true, quantiles: [0.1, 0.9] } as const;
    const expected = await Regressor.train(weighted, wanted);
    const model = await Regressor.train(source, wanted);
    const far = Table.from({ size: [-1e6, 1e6], fruit: ['fig', 'nut'], dear: ['no', 'yes'] });
    expect((await model.quantiles(far)).toRecords()).toEqual((await expected.quantiles(far)).toRecords());
    const trained = weighted.column('price').values as Float64Array;
    expect(Math.min(...(await model.predict(far)))).toBeGreaterThanOrEqual(Math.fround(Math.min(...trained)));
  });

  test('it remembers the rows that a table remembers, and goes on with new ones', async () => {
    const wanted = { ...classes, remember: 30, epochs: 2 } as const;
    const [expected, model] = [
      await Classifier.train(weighted, wanted),
      await Classifier.train(source, wanted),
    ];
    const ofTable = JSON.parse(JSON.stringify(expected)).table.memory;
    const ofSource = JSON.parse(JSON.stringify(model)).table.memory;
    expect(ofSource.sample).toEqual(ofTable.sample);
    expect(ofSource.seen).toBe(ofTable.seen);
    const { model: next } = await model.update(weighted.slice(0, 90), { epochs: 1, missingTarget: 'drop' });
    expect(next.schema.column('size').kind).toBe('number');
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
    {
      what: 'no rows',
      source: () => [],
      message: 'Expected the source to give at least one row with a target',
    },
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
    [
      { validationSplit: 0.001 },
      'Expected validationSplit to be a share that holds out at least one of the 400',
    ],
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
