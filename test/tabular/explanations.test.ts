// What moves a model: permutation importance, partial dependence and attributions, next to plain loops.

import { describe, expect, test } from 'vitest';
import { adam, metrics, RandomState } from '../../lib';
import { Classifier, inputs, Regressor, Table } from '../../lib/tabular';
import golden from '../fixtures/sklearn-inspection.json';

const records = Array.from({ length: 240 }, (_, i) => {
  const x = Math.sin(i * 12.9898) * 2;
  const noise = Math.sin(i * 78.233);
  const colour = ['red', 'green', 'blue'][(i * 5) % 3] as string;
  const flag = (i * 7) % 4 === 0;
  const y = 100 + 30 * x + (colour === 'red' ? 20 : 0) + (flag ? 5 : 0);
  const side = x + noise / 2 > 0 ? 'right' : 'left';
  const part = x < -0.7 ? 's' : x < 0.7 ? 'm' : 'l';
  return {
    x: i % 31 === 0 ? null : x,
    colour,
    flag,
    at: new Date(Date.UTC(2024, 0, 1 + i)),
    noise,
    y,
    side,
    part,
  };
});
const table = Table.from(records);
const options = { hidden: [16], epochs: 40, seed: 3, optimizer: adam({ learningRate: 0.02 }) } as const;
const forNumber = table.without(['side', 'part']);
const model = () => Regressor.train(forNumber, { ...options, target: 'y' });
const classifier = (target: string) =>
  Classifier.train(table.select(['x', 'colour', 'flag', target]), { ...options, target });

describe('the model x @ weights', () => {
  const rows = Table.from(golden.X.map(([a, b, c], i) => ({ a, b, c, y: golden.y[i] as number })));
  const names = ['a', 'b', 'c'] as const;

  /** A linear model with the weights of the fixture. */
  async function linear(): Promise<Regressor> {
    const trained = await Regressor.train(rows, {
      ...{ target: 'y', hidden: [], epochs: 1, dtype: 'float64', seed: 1, validationSplit: 0 },
      inputs: { numbers: 'standard' },
    });
    const zero = { a: 0, b: 0, c: 0 };
    const { W1, b1 } = trained.network.parameters;
    expect(W1.cols).toBe(3);
    const slopes = names.map((name) => trained.predict({ ...zero, [name]: 1 }) - trained.predict(zero));
    for (const i of names.keys()) {
      W1.set(0, i, (W1.get(0, i) * (golden.weights[i] as number)) / (slopes[i] as number));
    }
    const constant = trained.predict(zero);
    b1.set(0, 0, b1.get(0, 0) + 1);
    const unit = trained.predict(zero) - constant;
    b1.set(0, 0, b1.get(0, 0) - 1 - constant / unit);
    return trained;
  }

  test("has scikit-learn's permutation importance", async () => {
    const trained = await linear();
    for (const { seed, importances } of golden.importance) {
      const told = await trained.importance(rows, { repeats: 1, seed });
      for (const { column, mean, std } of told.toRecords()) {
        expect(mean).toBeCloseTo(importances[names.indexOf(column as 'a')] as number, 9);
        expect(std).toBe(0);
      }
    }
  });

  test("has scikit-learn's partial dependence", async () => {
    const trained = await linear();
    for (const [i, { values, average }] of golden.dependence.entries()) {
      const name = names[i] as 'a';
      const told = await trained.partialDependence(rows, name, { grid: values });
      for (const [place, row] of told.toRecords().entries()) {
        expect(row[name]).toBeCloseTo(values[place] as number, 10);
        expect(row.y).toBeCloseTo(average[place] as number, 9);
      }
    }
  });
});

describe('importance', () => {
  test('is the mean and the deviation of plain loops, the most important column first', async () => {
    const trained = await model();
    const found = await trained.importance(forNumber, { repeats: 3, seed: 8 });
    expect(found.names).toEqual(['column', 'mean', 'std']);
    const rows = forNumber.toRecords();
    const y = Float64Array.from(records, (record) => record.y);
    const errorOf = (own: readonly object[]) => metrics.rootMeanSquaredError(y, trained.predictSync(own));
    const random = new RandomState(8);
    const orders = [0, 1, 2].map(() => random.permutation(rows.length));
    const expected = ['x', 'colour', 'flag', 'at', 'noise'].map((column) => {
      const worse = orders.map((order) => {
        const own = rows.map((row, i) => ({ ...row, [column]: rows[order[i] as number]?.[column] }));
        return errorOf(own) - errorOf(rows);
      });
      const mean = worse.reduce((sum, each) => sum + each, 0) / 3;
      const std = Math.sqrt(worse.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 3);
      return { column, mean, std };
    });
    expected.sort((a, b) => b.mean - a.mean);
    const told = found.toRecords() as typeof expected;
    expect(told.map(({ column }) => column)).toEqual(expected.map(({ column }) => column));
    for (const [i, { mean, std }] of told.entries()) {
      expect(mean).toBeCloseTo(expected[i]?.mean as number, 9);
      expect(std).toBeCloseTo(expected[i]?.std as number, 9);
    }
    expect(told[0]?.column).toBe('x');
    expect(told[0]?.mean).toBeGreaterThan(10 * Math.abs(told.at(-1)?.mean as number));
  });

  test('compares any score, one that should be large, and a function', async () => {
    const trained = await classifier('side');
    const seed = 1;
    const byLoss = await trained.importance(table, { seed, repeats: 2 });
    const byName = await trained.importance(table, { seed, repeats: 2, metric: 'accuracy' });
    const byFunction = await trained.importance(table, {
      ...{ seed, repeats: 2, maximise: true },
      metric: ({ accuracy }: { accuracy: number }) => accuracy,
    });
    expect(byFunction.toRecords()).toEqual(byName.toRecords());
    expect(byLoss.toRecords()).not.toEqual(byName.toRecords());
    expect(byLoss.record(0).column).toBe('x');
    expect(byName.record(0).mean).toBeGreaterThan(0.1);
    const labels = await Classifier.train(table.select(['x', 'flag', 'side']), {
      ...{ ...options, epochs: 5 },
      target: ['flag', 'side'],
    });
    expect((await labels.importance(table, { repeats: 1 })).column('column').toArray()).toEqual(['x']);
  });

  test('does not depend on the number of threads, and leaves the rows as they are', async () => {
    const trained = await model();
    const before = forNumber.toRecords();
    const [one, two] = [
      await trained.importance(forNumber, { repeats: 2, seed: 1, threads: 1 }),
      await trained.importance(forNumber, { repeats: 2, seed: 1, threads: 2 }),
    ];
    expect(one.toRecords()).toEqual(two.toRecords());
    expect(forNumber.toRecords()).toEqual(before);
  });

  test('refuses an unknown metric, no repeats, and ends with its signal', async () => {
    const trained = await model();
    await expect(trained.importance(forNumber, { metric: 'r3' })).rejects.toMatchObject({
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: expect.stringContaining("'r2'"),
    });
    await expect(trained.importance(forNumber, { repeats: 0 })).rejects.toThrow(
      'Expected repeats to be a positive integer, got 0 (number)',
    );
    await expect(trained.importance(forNumber, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

describe('partial dependence', () => {
  const percentile = (values: readonly number[], share: number) => {
    const sorted = [...values].sort((a, b) => a - b);
    const place = share * (sorted.length - 1);
    const [low, high] = [sorted[Math.floor(place)] as number, sorted[Math.ceil(place)] as number];
    return low + (place - Math.floor(place)) * (high - low);
  };

  test('is the mean of what the model says, by plain loops', async () => {
    const trained = await model();
    const rows = forNumber.toRecords();
    const meanWith = (own: object) => {
      const said = trained.predictSync(rows.map((row) => ({ ...row, ...own })));
      return said.reduce((sum, each) => sum + each, 0) / rows.length;
    };
    const byNumber = await trained.partialDependence(forNumber, 'x', { grid: 5 });
    expect(byNumber.names).toEqual(['x', 'y']);
    const xs = records.flatMap(({ x }) => (x === null ? [] : [x]));
    const [low, high] = [percentile(xs, 0.05), percentile(xs, 0.95)];
    for (const [i, { x, y }] of (byNumber.toRecords() as { x: number; y: number }[]).entries()) {
      expect(x).toBeCloseTo(low + (i / 4) * (high - low), 12);
      expect(y).toBeCloseTo(meanWith({ x }), 9);
    }
    const byText = await trained.partialDependence(forNumber, 'colour');
    expect(byText.column('colour').toArray()).toEqual(forNumber.column('colour').categories);
    for (const { colour, y } of byText.toRecords()) expect(y).toBeCloseTo(meanWith({ colour }), 9);
    const byTruth = await trained.partialDependence(forNumber, 'flag');
    expect(byTruth.column('flag').toArray()).toEqual([false, true]);
    const byTime = await trained.partialDependence(forNumber, 'at', { grid: 3 });
    for (const { at, y } of byTime.toRecords()) expect(y).toBeCloseTo(meanWith({ at }), 9);
    const own = await trained.partialDependence(forNumber, 'colour', { grid: ['red', null, 'violet'] });
    expect(own.column('colour').toArray()).toEqual(['red', null, 'violet']);
    for (const { colour, y } of own.toRecords()) expect(y).toBeCloseTo(meanWith({ colour }), 9);
  });

  test('has the probability of each class', async () => {
    const trained = await classifier('part');
    const told = await trained.partialDependence(table, 'x', { grid: [-2, 2] });
    expect(told.names).toEqual(['x', 'l', 'm', 's']);
    const [low, high] = told.toRecords() as Record<string, number>[];
    expect(low?.s).toBeGreaterThan(0.8);
    expect(high?.l).toBeGreaterThan(0.8);
    expect((low?.s ?? 0) + (low?.m ?? 0) + (low?.l ?? 0)).toBeCloseTo(1, 6);
  });

  test('refuses an unknown column, the target, a grid of one, and texts for numbers', async () => {
    const trained = await model();
    await expect(trained.partialDependence(forNumber, 'z')).rejects.toMatchObject({
      code: 'ERR_BLASNET_UNKNOWN_NAME',
    });
    await expect(trained.partialDependence(forNumber, 'y')).rejects.toThrow(
      'Expected column to be one that the model looks at, got "y" (string)',
    );
    await expect(trained.partialDependence(forNumber, 'x', { grid: 1 })).rejects.toThrow(
      'Expected grid to be an integer of at least 2, or an array of values, got 1 (number)',
    );
    await expect(trained.partialDependence(forNumber, 'x', { grid: ['big'] })).rejects.toThrow('big');
  });
});

describe('attributions', () => {
  const record = { x: 1.5, colour: 'red', flag: true, at: new Date(Date.UTC(2024, 5, 1)), noise: 0.3 };
  const baseline = { x: -1, colour: 'blue', flag: false, at: new Date(Date.UTC(2024, 1, 1)), noise: 0 };

  test.each(['float64', 'float32'] as const)(
    'sum up to the difference of the predictions, in %s',
    async (dtype) => {
      const own = { ...options, target: 'y', dtype };
      for (const how of [
        {},
        { inputs: inputs({ categories: 'embedding', numbers: 'piecewise' }) },
        { quantiles: [0.2, 0.8] },
      ]) {
        const trained = await Regressor.train(forNumber, { ...own, ...how, activation: 'tanh' });
        const told = await trained.attributions(record, { baseline, steps: 1024 });
        expect(told.output).toBe('y');
        expect(Object.keys(told.columns)).toEqual(['x', 'colour', 'flag', 'at', 'noise']);
        expect(told.prediction).toBeCloseTo(trained.predict(record), 3);
        expect(told.baseline).toBeCloseTo(trained.predict(baseline), 3);
        const sum = Object.values(told.columns).reduce((all, each) => all + each, 0);
        expect(sum + told.gap).toBeCloseTo(told.prediction - told.baseline, 9);
        expect(Math.abs(told.gap)).toBeLessThan(0.01);
        expect(told.columns.x).toBeGreaterThan(40);
      }
    },
  );

  test('are the weights times the differences for a linear model', async () => {
    const trained = await Regressor.train(forNumber, {
      ...options,
      target: 'y',
      hidden: [],
      dtype: 'float64',
    });
    const told = await trained.attributions(record, { baseline, steps: 1 });
    for (const name of ['x', 'colour', 'flag', 'at', 'noise'] as const) {
      const moved = trained.predict({ ...baseline, [name]: record[name] }) - trained.predict(baseline);
      expect(told.columns[name], name).toBeCloseTo(moved, 8);
    }
    expect(Math.abs(told.gap)).toBeLessThan(1e-9);
    // Against a record of gaps.
    const nothing = await trained.attributions(record);
    const gaps = Object.fromEntries(Object.keys(record).map((name) => [name, null]));
    expect(nothing.baseline).toBeCloseTo(trained.predict(gaps), 9);
  });

  test('are 0 for columns that are as in the baseline, in whichever order the network takes its inputs', async () => {
    for (const how of [
      {},
      { numericEmbeddings: 'plr' },
      { numericEmbeddings: 'plr', inputs: inputs({ categories: 'embedding' }) },
    ] as const) {
      const trained = await Regressor.train(forNumber, { ...options, target: 'y', ...how });
      for (const name of ['x', 'colour', 'flag', 'at', 'noise'] as const) {
        const own = { ...baseline, [name]: record[name] };
        const { columns, prediction, baseline: before, gap } = await trained.attributions(own, { baseline });
        expect(columns[name], name).toBeCloseTo(prediction - before - gap, 9);
        expect(Object.entries(columns).filter(([other, moved]) => other !== name && moved !== 0)).toEqual([]);
      }
    }
  });

  test('are the mean gradients of differences by each number, in plain loops', async () => {
    const trained = await Regressor.train(forNumber.select(['x', 'noise', 'y']), {
      ...{ ...options, target: 'y', dtype: 'float64', activation: 'tanh' },
      inputs: { numbers: 'standard' },
    });
    const [from, to] = [
      { x: -1, noise: 0 },
      { x: 1.5, noise: 0.3 },
    ];
    const told = await trained.attributions(to, { baseline: from, steps: 64 });
    const slope = (name: 'x' | 'noise', at: { x: number; noise: number }) => {
      const [high, low] = [1e-4, -1e-4].map((step) => trained.predict({ ...at, [name]: at[name] + step }));
      return ((high as number) - (low as number)) / 2e-4;
    };
    for (const name of ['x', 'noise'] as const) {
      let sum = 0;
      for (let step = 0; step < 64; step++) {
        const share = (step + 0.5) / 64;
        sum += slope(name, { x: -1 + 2.5 * share, noise: 0.3 * share });
      }
      expect(told.columns[name]).toBeCloseTo((sum / 64) * (to[name] - from[name]), 4);
    }
  });

  test('explain the class that is predicted, or the one that is asked for', async () => {
    const trained = await classifier('side');
    const own = { x: 1.8, colour: 'red', flag: true };
    const told = await trained.attributions(own);
    expect(told.output).toBe('right');
    expect(told.prediction).toBeCloseTo(trained.probabilities(own).right as number, 5);
    const other = await trained.attributions(own, { output: 'left' });
    expect(other.prediction).toBeCloseTo(1 - told.prediction, 12);
    for (const name of ['x', 'colour', 'flag']) {
      expect(other.columns[name]).toBeCloseTo(-(told.columns[name] as number), 12);
    }
    const three = await classifier('part');
    const parts = await Promise.all(['l', 'm', 's'].map((output) => three.attributions(own, { output })));
    expect(parts.reduce((sum, { columns }) => sum + (columns.x as number), 0)).toBeCloseTo(0, 4);
    expect((await three.attributions(own)).output).toBe(three.predict(own));
  });

  test('refuse an unknown output, no steps, and a record without a column', async () => {
    const trained = await classifier('side');
    const own = { x: 1.8, colour: 'red', flag: true };
    await expect(trained.attributions(own, { output: 'up' })).rejects.toThrow(
      "Expected output to be one of 'left', 'right', got \"up\" (string)",
    );
    await expect(trained.attributions(own, { steps: 0 })).rejects.toThrow(
      'Expected steps to be an integer from 1 to 4096, got 0 (number)',
    );
    await expect(trained.attributions({ x: 1 })).rejects.toThrow('colour');
    await expect(trained.attributions(own, { baseline: 3 as never })).rejects.toThrow('an object');
  });
});
