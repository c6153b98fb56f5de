// Temperature scaling: the oracle minimises the cross-entropy in plain loops.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { workHere } from '../../lib/addon/work';
import type { Matrix } from '../../lib/base/matrix';
import { Classifier, type ClassifierOptions, type LabelsClassifier, Table } from '../../lib/tabular';
import { fitMembersTemperature, fitTemperature } from '../../lib/tabular/temperature';

/** The weighted cross-entropy of logits / T, with labels that count as if one more row were of every class alike. */
function smoothedLoss(
  logits: readonly (readonly number[])[],
  classes: readonly number[],
  weights: readonly number[],
  temperature: number,
): number {
  const smoothing = 1 / (logits.length + 1);
  let sum = 0;
  for (const [row, z] of logits.entries()) {
    const scaled = z.map((each) => each / temperature);
    const top = Math.max(...scaled);
    const logSum = top + Math.log(scaled.reduce((all, each) => all + Math.exp(each - top), 0));
    for (const [i, each] of scaled.entries()) {
      const label = (1 - smoothing) * Number(i === classes[row]) + smoothing / z.length;
      sum += (weights[row] as number) * label * (logSum - each);
    }
  }
  return sum;
}

/** The best temperature, by a search that knows no derivatives. */
function bestTemperature(loss: (temperature: number) => number): number {
  let [low, high] = [Math.log(1e-2), Math.log(1e2)];
  const ratio = (Math.sqrt(5) - 1) / 2;
  for (let step = 0; step < 200; step++) {
    const [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
    if (loss(Math.exp(a)) < loss(Math.exp(b))) high = b;
    else low = a;
  }
  return Math.exp((low + high) / 2);
}

const records = Array.from({ length: 400 }, (_, i) => {
  const x = Math.sin(i * 12.9898) * 2;
  const noise = Math.sin(i * 78.233) * 1.5;
  return {
    x,
    colour: ['red', 'green', 'blue'][i % 3] as string,
    left: x + noise > 0.2 ? 'yes' : 'no',
    size: x + noise < -0.7 ? 's' : x + noise < 0.7 ? 'm' : 'l',
    warm: i % 3 === 0 && x + noise > -1,
  };
});
const table = Table.from(records);
const { train, test: held } = table.split({ testSize: 0.4, seed: 3 });
const options = {
  ...{ epochs: 80, hidden: [32], seed: 7, dtype: 'float64', earlyStopping: false },
  validationData: held,
} as const satisfies Partial<ClassifierOptions>;

describe('fitTemperature', () => {
  const numbers = fc.double({ min: -8, max: 8, noNaN: true });

  test('finds the least cross-entropy of any logits, labels and weights', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 4 }).chain((cols) =>
          fc.array(
            fc.record({
              z: fc.array(numbers, { minLength: cols, maxLength: cols }),
              label: fc.integer({ min: 0, max: cols - 1 }),
              weight: fc.double({ min: 0.1, max: 3, noNaN: true }),
            }),
            { minLength: 1, maxLength: 20 },
          ),
        ),
        (rows) => {
          // Two classes have one logit, that of the second; the first one's is 0.
          const cols = rows[0]?.z.length as number;
          const logits = rows.map(({ z }) => (cols === 2 ? [0, z[1] as number] : z));
          const classes = rows.map(({ label }) => label);
          const weights = rows.map(({ weight }) => weight);
          const temperature = workHere(
            fitTemperature({
              ...{ rows: rows.length, cols: cols === 2 ? 1 : cols, indices: cols > 2 },
              labels: Int32Array.from(classes),
              predictions: Float64Array.from(cols === 2 ? logits.map(([, z]) => z as number) : logits.flat()),
              weights: Float64Array.from(weights),
            }),
          );
          const loss = (at: number) => smoothedLoss(logits, classes, weights, at);
          const best = loss(bestTemperature(loss));
          expect(loss(temperature)).toBeLessThanOrEqual(best + 1e-9 * Math.max(1, best));
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });

  test('stays within its limits: rows that are all right, all wrong, or without a difference', () => {
    const fitOf = (logits: readonly number[], labels: readonly number[]) =>
      workHere(
        fitTemperature({
          ...{ rows: labels.length, cols: 1, indices: false, weights: null },
          labels: Int32Array.from(labels),
          predictions: Float64Array.from(logits),
        }),
      );
    const right = fitOf([-1, -1, 1, 1], [0, 0, 1, 1]);
    // The labels are 0.1 and 0.9, the logit of 0.9 is log 9.
    expect(right).toBeCloseTo(1 / Math.log(9), 10);
    expect(fitOf([-1, -1, 1, 1], [1, 1, 0, 0])).toBeCloseTo(100, 6);
    expect(fitOf([0, 0], [0, 1])).toBe(1);
    expect(fitOf([-1e300, 1e300], [0, 1])).toBeGreaterThan(0);
  });
});

describe('fitMembersTemperature', () => {
  const numbers = fc.double({ min: -6, max: 6, noNaN: true });
  /** softmax(z / T) for each member, and the slopes of its logarithms by 1 / T. */
  const sharesAt = (z: readonly number[], scale: number) => {
    const powers = z.map((each) => Math.exp(scale * each));
    const sum = powers.reduce((all, power) => all + power, 0);
    const shares = powers.map((power) => power / sum);
    const mean = z.reduce((all, each, c) => all + each * (shares[c] as number), 0);
    return { shares, slopes: z.map((each) => each - mean) };
  };

  test('finds where the cross-entropy of the mean of probabilities has no slope', () => {
    let inside = 0;
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 2, max: 4 }), fc.integer({ min: 2, max: 3 })).chain(([cols, members]) =>
          fc.array(
            fc.record({
              z: fc.array(fc.array(numbers, { minLength: cols, maxLength: cols }), {
                minLength: members,
                maxLength: members,
              }),
              label: fc.integer({ min: -2 * cols, max: cols - 1 }),
              weight: fc.double({ min: 0.1, max: 3, noNaN: true }),
            }),
            { minLength: 4, maxLength: 12 },
          ),
        ),
        (drawn) => {
          // Most labels are those that the first member expects, so that few temperatures are at their limits.
          const rows = drawn.map(({ z: [first = [], ...others], label, weight }) => {
            const own = first.length === 2 ? [0, first[1] as number] : first;
            return { z: [own, ...others], weight, label: label < 0 ? own.indexOf(Math.max(...own)) : label };
          });
          const cols = rows[0]?.z[0]?.length as number;
          const logits = rows.map(({ z }) => z.map((own) => (cols === 2 ? [0, own[1] as number] : own)));
          const temperature = workHere(
            fitMembersTemperature({
              ...{ rows: rows.length, cols: cols === 2 ? 1 : cols, indices: cols > 2 },
              labels: Int32Array.from(rows, ({ label }) => label),
              logits: (logits[0] ?? []).map((_, member) =>
                Float64Array.from(logits.flatMap((row) => (row[member] ?? []).slice(cols === 2 ? 1 : 0))),
              ),
              weights: Float64Array.from(rows, ({ weight }) => weight),
            }),
          );
          if (temperature < 0.02 || temperature > 50) return;
          inside += 1;
          let [slope, size] = [0, 0];
          for (const [r, { label, weight }] of rows.entries()) {
            const own = (logits[r] ?? []).map((z) => sharesAt(z, 1 / temperature));
            const sum = own.reduce((all, { shares }) => all + (shares[label] as number), 0);
            for (const { shares, slopes } of own) {
              const part = (weight * (shares[label] as number)) / sum;
              const actual = slopes[label] as number;
              // One more row is of every class alike.
              const alike = slopes.reduce((all, each) => all + each, 0) / cols;
              slope += part * (actual + (alike - actual) / (rows.length + 1));
              size += part * Math.abs(actual);
            }
          }
          expect(Math.abs(slope)).toBeLessThan(1e-6 * Math.max(size, 1e-3));
        },
      ),
      { numRuns: 200, seed: 2 },
    );
    expect(inside).toBeGreaterThan(50);
  });
});

describe('a calibrated Classifier', () => {
  test.each([['left'], ['size'], [['left', 'warm']]])(
    'divides the logits of each member: %s',
    async (target) => {
      const own = { ...options, target, members: 4, hidden: [16], epochs: 60 };
      const trained = (more: object) =>
        Classifier.train(train, { ...own, ...more } as ClassifierOptions & { target: string });
      const plain = await trained({ calibrate: false });
      const model = await trained({});
      const given = model.temperature as number | Record<string, number>;
      const temperatures = typeof given === 'number' ? [given] : Object.values(given);
      for (const temperature of temperatures) expect(Math.abs(Math.log(temperature))).toBeGreaterThan(0.02);
      const last = model.network.architecture.length;
      for (const name of [`W${last}`, `b${last}`] as const) {
        const [before, after] = [plain.network.parameters, model.network.parameters].map(
          (parameters) => (parameters as Record<string, Matrix>)[name],
        );
        const outputs = (before?.rows as number) / 4;
        before?.data.forEach((value, i) => {
          const output = Math.floor(i / before.cols) % outputs;
          expect(after?.data[i]).toBeCloseTo(
            value / (temperatures[output] ?? (temperatures[0] as number)),
            12,
          );
        });
      }
      const [worse, better] = [await plain.evaluate(held), await model.evaluate(held)];
      const lossOf = (scores: object) => (scores as { logLoss?: number }).logLoss;
      if (typeof target === 'string') expect(lossOf(better)).toBeLessThan(lossOf(worse) as number);
      expect(Classifier.fromBytesSync(model.toBytesSync()).temperature).toEqual(given);
    },
  );

  test.each(['left', 'size'])('divides the logits by the best temperature: %s', async (target) => {
    const plain = await Classifier.train(train, { ...options, target, calibrate: false });
    const model = await Classifier.train(train, { ...options, target });
    expect(plain.temperature).toBeUndefined();
    const { classes } = model.targets[0] as { classes: readonly string[] };
    const before = (await plain.probabilities(held)).toRecords() as Record<string, number>[];
    const logits = before.map((shares) => classes.map((name) => Math.log(shares[name] as number)));
    const labels = held
      .column(target)
      .toArray()
      .map((name) => classes.indexOf(name as string));
    const weights = labels.map(() => 1);
    const best = bestTemperature((at) => smoothedLoss(logits, labels, weights, at));
    const temperature = model.temperature as number;
    // The oracle's search finds the place of a minimum to half the digits.
    expect(temperature / best).toBeCloseTo(1, 6);
    expect(Math.abs(Math.log(temperature))).toBeGreaterThan(0.05);
    const after = (await model.probabilities(held)).toRecords() as Record<string, number>[];
    for (const [row, z] of logits.entries()) {
      const powers = z.map((each) => Math.exp(each / temperature));
      const sum = powers.reduce((all, power) => all + power, 0);
      for (const [i, name] of classes.entries()) {
        expect(after[row]?.[name]).toBeCloseTo((powers[i] as number) / sum, 11);
      }
    }
    expect(await model.predict(held)).toEqual(await plain.predict(held));
    const [worse, better] = [await plain.evaluate(held), await model.evaluate(held)];
    expect(better.logLoss).toBeLessThan(worse.logLoss);
    expect(better.calibrationError).toBeLessThan(worse.calibrationError);
    if (target === 'left') expect(better.rocAuc).toBe(worse.rocAuc);
  });

  test('has a temperature for each of several labels', async () => {
    const target = ['left', 'warm'];
    const model = await Classifier.train(train, { ...options, target });
    const plain = await Classifier.train(train, { ...options, target, calibrate: false });
    const before = (await plain.probabilities(held)).toRecords() as Record<string, number>[];
    const after = (await model.probabilities(held)).toRecords() as Record<string, number>[];
    const temperatures = model.temperature as Record<string, number>;
    expect(Object.keys(temperatures)).toEqual(target);
    expect(temperatures.left).not.toBe(temperatures.warm);
    for (const name of target) {
      const logits = before.map((shares) => {
        const p = shares[name] as number;
        return [0, Math.log(p / (1 - p))];
      });
      const labels = held
        .column(name)
        .toArray()
        .map((value) => Number(value === 'yes' || value === true));
      const best = bestTemperature((at) =>
        smoothedLoss(
          logits,
          labels,
          labels.map(() => 1),
          at,
        ),
      );
      expect((temperatures[name] as number) / best).toBeCloseTo(1, 6);
      for (const [row, [, z]] of logits.entries()) {
        const p = 1 / (1 + Math.exp(-(z as number) / (temperatures[name] as number)));
        expect(after[row]?.[name]).toBeCloseTo(p, 11);
      }
    }
    const copy = Classifier.fromJSON<LabelsClassifier>(JSON.parse(JSON.stringify(model)));
    expect(copy.temperature).toEqual(temperatures);
  });

  test('keeps its temperature in its file, and its network has it in its weights', async () => {
    const model = await Classifier.train(train, { ...options, target: 'size', dtype: 'float32' });
    const copy = Classifier.fromBytesSync(model.toBytesSync());
    expect(copy.temperature).toBe(model.temperature);
    expect(copy.toBytesSync()).toEqual(model.toBytesSync());
    expect(copy.probabilitiesSync(held).toRecords()).toEqual(model.probabilitiesSync(held).toRecords());
    expect(model.network.clone().toBytesSync()).toEqual(model.toBytesSync());
  });

  test('weighs the rows of the validation set', async () => {
    const weighed = (rows: Table) => {
      const [first] = rows.toRecords();
      expect(first).toBeDefined();
      return Table.from(rows.toRecords().map((record, i) => ({ ...record, importance: 1 + (i % 3) })));
    };
    const repeated = Table.from(
      held.toRecords().flatMap((record, i) => Array.from({ length: 1 + (i % 3) }, () => record)),
    );
    const own = { ...options, target: 'left', calibrate: true };
    const byWeight = await Classifier.train(weighed(train), {
      ...{ ...own, validationData: weighed(held) },
      weight: 'importance',
    });
    const byRows = await Classifier.train(weighed(train), {
      ...{ ...own, validationData: repeated },
      weight: 'importance',
    });
    // The one more row weighs less among more rows.
    expect((byWeight.temperature as number) / (byRows.temperature as number)).toBeCloseTo(1, 1);
    const unweighed = await Classifier.train(weighed(train), { ...own, weight: 'importance' });
    expect(unweighed.temperature).not.toBe(byWeight.temperature);
  });

  test('needs a validation set: without one nothing is calibrated', async () => {
    const model = await Classifier.train(train, {
      ...{ target: 'left', epochs: 2, hidden: [4], seed: 1, validationSplit: 0 },
    });
    expect(model.temperature).toBeUndefined();
    await expect(Classifier.train(train, { target: 'left', calibrate: 1 as never })).rejects.toThrow(
      'Expected calibrate to be true or false, got 1 (number)',
    );
  });

  test('gives equal bits for any number of threads', async () => {
    const [one, two] = [
      await Classifier.train(train, { ...options, target: 'size', threads: 1 }),
      await Classifier.train(train, { ...options, target: 'size', threads: 2 }),
    ];
    expect(one.toBytesSync()).toEqual(two.toBytesSync());
  });
});

describe('reliability', () => {
  test('counts the rows of each bin, what was predicted and what came true', async () => {
    const model = await Classifier.train(train, { ...options, target: 'left' });
    const table = await model.reliability(held, { bins: 4 });
    expect(table.names).toEqual(['from', 'to', 'rows', 'predicted', 'observed']);
    const shares = (await model.probabilities(held)).column('yes').values as Float64Array;
    const truth = held.column('left').toArray();
    for (const [i, { from, to, rows, predicted, observed }] of table.toRecords().entries()) {
      expect([from, to]).toEqual([i / 4, (i + 1) / 4]);
      const own = [...shares.keys()].filter((row) => Math.ceil((shares[row] as number) * 4) === i + 1);
      expect(rows).toBe(own.length);
      const mean = (of: (row: number) => number) =>
        own.reduce((sum, row) => sum + of(row), 0) / Math.max(1, own.length);
      expect(predicted ?? 0).toBeCloseTo(
        mean((row) => shares[row] as number),
        12,
      );
      expect(observed ?? 0).toBeCloseTo(
        mean((row) => Number(truth[row] === 'yes')),
        12,
      );
    }
    expect(String(table)).toContain('observed');
  });

  test('has the bins of each of several labels', async () => {
    const model = await Classifier.train(train, { ...options, target: ['left', 'warm'], epochs: 2 });
    const table = await model.reliability(held);
    expect(table.column('target').toArray()).toEqual([
      ...new Array(10).fill('left'),
      ...new Array(10).fill('warm'),
    ]);
    const rows = table.column('rows').values as Float64Array;
    expect(rows.reduce((sum, count) => sum + count, 0)).toBe(2 * held.rows);
  });

  test('refuses no bins, and rows without the target', async () => {
    const model = await Classifier.train(train, { ...options, target: 'left', epochs: 1 });
    await expect(model.reliability(held, { bins: 0 })).rejects.toThrow(
      'Expected bins to be an integer from 1 to 65536, got 0 (number)',
    );
    await expect(model.reliability(held.without(['left']))).rejects.toThrow('left');
  });
});
