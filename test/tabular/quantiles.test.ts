// Quantiles of a Regressor, and split-conformal intervals.

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Regressor, type RegressorOptions, Table } from '../../lib/tabular';
import { intervalOf, placeOfScore } from '../../lib/tabular/intervals';
import { realTable } from '../support/real-tables';
import { newFolder } from '../support/scratch';

const records = Array.from({ length: 400 }, (_, i) => {
  const x = Math.sin(i * 12.9898) * 3;
  // The noise grows with x.
  return { x, kind: ['a', 'b'][i % 2] as string, y: 1000 + 100 * x + (x + 3) * 40 * Math.sin(i * 78.233) };
});
const table = Table.from(records);
const { train, test: held } = table.split({ testSize: 0.3, seed: 2 });
const options = { target: 'y', quantiles: [0.1, 0.9], seed: 4, hidden: [32], epochs: 40 } as const;

/** How often a share may come true n times, if its probability is p: within 4 standard deviations. */
const within = (share: number, p: number, n: number) =>
  expect(Math.abs(share - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / n));

describe('a Regressor with quantiles', () => {
  test.each(['float32', 'float64'] as const)(
    'answers alike for a table, records and one record, in ascending order: %s',
    async (dtype) => {
      const model = await Regressor.train(train, { ...options, dtype, quantiles: [0.1, 0.3, 0.5, 0.7, 0.9] });
      const quantiles = await model.quantiles(held);
      expect(quantiles.names).toEqual(['0.1', '0.3', '0.5', '0.7', '0.9']);
      const rows = quantiles.toRecords() as Record<string, number>[];
      for (const row of rows) {
        const values = Object.values(row);
        expect(values).toEqual([...values].sort((a, b) => a - b));
      }
      expect((await model.quantiles(held.toRecords())).toRecords()).toEqual(rows);
      expect([...held].map((record) => model.quantiles(record))).toEqual(rows);
      const medians = Float64Array.from(rows, (row) => row['0.5'] as number);
      expect(await model.predict(held)).toEqual(medians);
      expect(model.predictSync(held)).toEqual(medians);
      expect(Float64Array.from(held, (record) => model.predict(record))).toEqual(medians);
      const y = held.column('y').values as Float64Array;
      const { meanAbsoluteError } = await model.evaluate(held);
      const errors = medians.map((value, row) => Math.abs(value - (y[row] as number)));
      expect(meanAbsoluteError).toBeCloseTo(errors.reduce((sum, each) => sum + each, 0) / y.length, 9);
    },
  );

  test('learns the median, too, and keeps everything in its file and its checkpoints', async () => {
    const directory = join(newFolder(), 'checkpoints');
    const model = await Regressor.train(train, { ...options, checkpoint: { directory } });
    expect(model.levels).toEqual([0.1, 0.5, 0.9]);
    const copy = Regressor.fromBytesSync(model.toBytesSync());
    expect(copy.levels).toEqual(model.levels);
    expect(copy.quantiles(records[0] as object)).toEqual(model.quantiles(records[0] as object));
    const short = { ...options, epochs: 20, checkpoint: { directory: `${directory}-2` } };
    await Regressor.train(train, short);
    const resumed = await Regressor.resume(`${directory}-2`, train, { ...short, epochs: 40 });
    expect(resumed.toBytesSync()).toEqual(model.toBytesSync());
    await expect(
      Regressor.resume(`${directory}-2`, train, { ...short, quantiles: [0.2, 0.8] }),
    ).rejects.toThrow('Expected quantiles to be [0.1,0.5,0.9], as in the checkpoint');
  });

  test('a share of real targets is below each quantile', async () => {
    const { table: diamonds, target } = await realTable('diamonds');
    const parts = diamonds.split({ testSize: 0.3, seed: 5 });
    const model = await Regressor.train(parts.train, {
      ...{ target, quantiles: [0.1, 0.5, 0.9], epochs: 15, hidden: [32], seed: 1 },
    });
    const quantiles = await model.quantiles(parts.test);
    const y = parts.test.column(target).values as Float64Array;
    for (const level of [0.1, 0.5, 0.9]) {
      const values = quantiles.column(String(level)).values as Float64Array;
      const share = y.filter((value, row) => value <= (values[row] as number)).length / y.length;
      // A network misses by more than chance alone.
      expect(Math.abs(share - level)).toBeLessThan(0.05);
    }
  });

  test.each<[given: Partial<RegressorOptions>, message: string]>([
    [
      { quantiles: [0.9, 0.1] },
      'Expected quantiles to be an array of increasing numbers above 0 and below 1',
    ],
    [{ quantiles: [] }, 'Expected quantiles to be an array of increasing numbers above 0 and below 1'],
    [
      { quantiles: [0.5, 0.5] },
      'Expected quantiles to be an array of increasing numbers above 0 and below 1',
    ],
    [{ quantiles: [0, 0.5] }, 'Expected quantiles to be an array of increasing numbers above 0 and below 1'],
    [{ quantiles: 0.5 as never }, 'Expected quantiles to be an array of increasing numbers'],
    [{ loss: 'huber' }, 'Expected loss to be left out with quantiles, which have a loss of their own'],
    [{ target: ['y', 'x'] }, 'Expected quantiles to be left out with several targets'],
  ])('is refused with %o', async (given, message) => {
    await expect(Regressor.train(train, { ...options, ...given } as typeof options)).rejects.toThrow(message);
  });

  test('is what quantiles need', async () => {
    const { quantiles: _, ...plain } = options;
    const model = await Regressor.train(train, { ...plain, epochs: 1 });
    expect(model.levels).toBeUndefined();
    expect(() => model.quantiles(records[0] as object)).toThrow('Expected the model to have quantiles');
  });
});

describe('conformal intervals', () => {
  const { quantiles: _, ...plain } = options;

  test.each([
    ['of absolute errors', plain],
    ['around quantiles', options],
  ])('have the margin of plain loops: %s', async (_what, own) => {
    const model = await Regressor.train(train, { ...own });
    const coverage = 0.8;
    const learned = await model.conformal(held, { coverage });
    const ends = await ([...held].map((record) => {
      if (model.levels === undefined) return [model.predict(record), model.predict(record)];
      const row = model.quantiles(record);
      return [row['0.1'], row['0.9']];
    }) as [number, number][]);
    const y = held.column('y').values as Float64Array;
    const scores = ends
      .map(([low, high], row) => Math.max(low - (y[row] as number), (y[row] as number) - high))
      .sort((a, b) => a - b);
    const margin = scores[Math.ceil((held.rows + 1) * coverage) - 1] as number;
    expect(learned).toEqual({ coverage, margin, rows: held.rows });
    expect(model.intervals).toEqual(learned);
    const intervals = await model.interval(train);
    expect(intervals.names).toEqual(['low', 'high']);
    const rows = [...train].map((record) => {
      const [low, high] = model.interval(record);
      return { low, high };
    });
    expect(intervals.toRecords()).toEqual(rows);
    const copy = Regressor.fromJSON(JSON.parse(JSON.stringify(model)));
    expect(copy.intervals).toEqual(learned);
    expect(copy.interval(records[0] as object)).toEqual(model.interval(records[0] as object));
    expect(model.network.clone().toBytesSync()).toEqual(model.toBytesSync());
    // A later call replaces it.
    await model.conformal(held, { coverage: 0.5 });
    expect(model.intervals?.coverage).toBe(0.5);
    expect(Regressor.fromBytesSync(model.toBytesSync()).intervals?.coverage).toBe(0.5);
  });

  test.each([
    ['of absolute errors', {}],
    ['around quantiles', { quantiles: [0.1, 0.5, 0.9] }],
  ])('hold their share of new targets, over draws of the rows: %s', async (_what, own) => {
    const { table: diamonds, target } = await realTable('diamonds');
    let [inside, all] = [0, 0];
    for (let seed = 0; seed < 4; seed++) {
      const parts = diamonds.split({ testSize: 0.5, seed });
      const model = await Regressor.train(parts.train, {
        ...{ target, epochs: 3, hidden: [16], seed, ...own },
      });
      const { train: learned, test: fresh } = parts.test.split({ testSize: 0.5, seed });
      await model.conformal(learned, { coverage: 0.9 });
      const intervals = await model.interval(fresh);
      const [low, high] = ['low', 'high'].map((name) => intervals.column(name).values as Float64Array);
      const y = fresh.column(target).values as Float64Array;
      inside += y.filter((v, row) => v >= (low?.[row] as number) && v <= (high?.[row] as number)).length;
      all += y.length;
    }
    // The rows to learn from are a sample, too: they double the variance.
    within(inside / all, 0.9, all / 2);
  });

  test('the place of the score is exact', () => {
    expect(placeOfScore(9, 0.9)).toBe(9);
    expect(placeOfScore(99, 0.07)).toBe(7);
    expect(placeOfScore(8, 0.9)).toBe(9);
    for (let n = 1; n < 300; n++) {
      for (let percent = 1; percent < 100; percent++) {
        // In whole numbers: ceil((n + 1) percent / 100).
        expect(placeOfScore(n, percent / 100)).toBe(Math.floor(((n + 1) * percent + 99) / 100));
      }
    }
  });

  test('an interval that a negative margin would turn around is its middle', () => {
    expect(intervalOf(1, 3, 1)).toEqual([0, 4]);
    expect(intervalOf(1, 3, -0.5)).toEqual([1.5, 2.5]);
    expect(intervalOf(1, 3, -2)).toEqual([2, 2]);
  });

  test('need enough rows, one target, a share, and to be learned', async () => {
    const model = await Regressor.train(train, { ...plain, epochs: 1 });
    const row = records[0] as object;
    expect(() => model.interval(row)).toThrow('Expected the model to have intervals');
    await expect(model.conformal(held.take([0, 1, 2, 3, 4, 5, 6, 7]))).rejects.toMatchObject({
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected at least 9 rows for a coverage of 0.9, got 8',
    });
    expect(model.intervals).toBeUndefined();
    await model.conformal(held.take([0, 1, 2, 3, 4, 5, 6, 7, 8]));
    for (const coverage of [0, 1, Number.NaN]) {
      await expect(model.conformal(held, { coverage })).rejects.toThrow(
        `Expected coverage to be a number above 0 and below 1, got ${coverage} (number)`,
      );
    }
    await expect(model.conformal(held.without(['y']))).rejects.toThrow('y');
    const two = await Regressor.train(train, { ...plain, target: ['y', 'x'], epochs: 1 });
    await expect(two.conformal(held)).rejects.toThrow(
      'Expected a model of one target for intervals, got several',
    );
  });
});
