// Cross-validation of models of tables, beside trainings and evaluations one by one.

import { describe, expect, test } from 'vitest';
import { getThreads } from '../../lib/addon/threads';
import { sgd } from '../../lib/optimizers/optimizers';
import { RandomState } from '../../lib/random/random-state';
import { Classifier, crossValidate, Regressor, Table } from '../../lib/tabular';
import { foldedTable, foldsOf } from '../../lib/tabular/folds';
import { modelKind } from '../../lib/tabular/model-kind';
import { realTable, realTableNames } from '../support/real-tables';

const random = new RandomState(3);
const people = Table.from(
  Array.from({ length: 60 }, (_, i) => {
    const age = Math.floor(20 + 40 * random.random());
    const city = ['Paris', 'Rome', 'Bonn'][i % 3] as string;
    return {
      ...{ age, city, day: new Date(Date.UTC(2024, 0, 1 + ((i * 37) % 60))), customer: `c${i % 12}` },
      ...{ left: age + 20 * random.random() > 50 ? 'yes' : 'no', long: age > 40, price: age * 10 + (i % 3) },
    };
  }),
);
const quick = { hidden: [4], epochs: 2, seed: 7, dtype: 'float64' } as const;
const inputs = { columns: { customer: 'ignore' } } as const;

describe('folds of real tables', () => {
  test.each(realTableNames)("the rows of %s are scikit-learn's with random_state=42", async (name) => {
    const { table, target, task, folds } = await realTable(name);
    const kind = modelKind(task === 'regression' ? Regressor : Classifier);
    const data = await foldedTable(kind, table, { target }, {});
    const made = await foldsOf(kind, data, { target }, new RandomState(42), {});
    expect(made.map(({ testIndex }) => [...testIndex])).toEqual(folds);
  });
});

describe('crossValidate', () => {
  test('trains and evaluates each fold like train and evaluate', async () => {
    const options = { ...quick, target: 'left', inputs } as const;
    const result = await crossValidate(Classifier, people, { ...options, folds: 3, keepModels: true });
    const data = await foldedTable(modelKind(Classifier), people, options, {});
    const folds = await foldsOf(
      modelKind(Classifier),
      data,
      { target: 'left', folds: 3 },
      new RandomState(7),
      {},
    );
    expect(result.folds.length).toBe(3);
    for (const [i, { trainIndex, testIndex }] of folds.entries()) {
      const model = await Classifier.train(people.take(trainIndex), options);
      const [train, held] = [people.take(trainIndex), people.take(testIndex)];
      expect(result.folds[i]).toMatchObject({
        fold: i + 1,
        repeat: 1,
        trainRows: train.rows,
        testRows: held.rows,
      });
      expect(result.folds[i]?.evaluation).toEqual(await model.evaluate(held));
      expect(result.models[i]?.toBytesSync()).toEqual(model.toBytesSync());
      const predicted = await model.predict(held);
      const shares = await model.probabilities(held);
      for (const [place, row] of [...testIndex].entries()) {
        expect(result.predictions.record(row)).toEqual({ left: predicted[place] });
        expect(result.probabilities?.record(row)).toEqual(shares.record(place));
      }
    }
    expect(result.seed).toBe(7);
  });

  test('has means and both standard deviations of all scores, and a table of the folds', async () => {
    const { folds, scores, table } = await crossValidate(Regressor, people, {
      ...quick,
      ...{ target: 'price', inputs, folds: 4 },
    });
    expect(Object.keys(scores).sort()).toEqual(['meanAbsoluteError', 'r2', 'rootMeanSquaredError']);
    for (const [name, { mean, std, sampleStd, values }] of Object.entries(scores)) {
      const each = folds.map(({ evaluation }) => evaluation[name as 'r2']);
      expect([...values]).toEqual(each);
      const average = each.reduce((sum, value) => sum + value, 0) / 4;
      const squares = each.map((value) => (value - average) ** 2).reduce((sum, value) => sum + value, 0);
      expect(mean).toBeCloseTo(average, 12);
      expect(std).toBeCloseTo(Math.sqrt(squares / 4), 12);
      expect(sampleStd).toBeCloseTo(Math.sqrt(squares / 3), 12);
      expect([...table.column(name).values]).toEqual(each);
    }
    expect(table.rows).toBe(4);
    expect([...table.column('epochs').values]).toEqual([2, 2, 2, 2]);
  });

  test('has a text for people', async () => {
    const result = await crossValidate(Regressor, people, { ...quick, target: 'price', inputs, folds: 2 });
    const { mean } = result.scores.r2 as { mean: number };
    expect(String(result)).toMatch(/^2 folds, 60 rows\n\nscore +mean +std +least +greatest\n/);
    expect(String(result)).toContain(`r2                    ${mean.toFixed(4)}`);
    expect(Object.keys(result)).not.toContain('toString');
  });

  test('gives equal bits for any number of models at a time and of threads', async () => {
    const run = async (parallel: number, threads: number) => {
      const options = { ...quick, target: 'left', inputs, folds: 5, parallel, threads } as const;
      const { folds, predictions, probabilities } = await crossValidate(Classifier, people, options);
      const facts = folds.map(({ seconds, ...others }) => others);
      return { facts, predictions: predictions.toRecords(), probabilities: probabilities?.toRecords() };
    };
    const [one, two, many] = [await run(1, 1), await run(2, 2), await run(9, getThreads())];
    expect(two).toEqual(one);
    expect(many).toEqual(one);
  });

  test('trains with several labels, and with several numbers', async () => {
    const labels = await crossValidate(Classifier, people, {
      ...quick,
      ...{ target: ['left', 'long'], inputs, folds: 2, keepModels: true },
    });
    const [first] = labels.folds;
    const { byLabel, accuracy } = (first as NonNullable<typeof first>).evaluation;
    expect(first?.scores).toMatchObject({
      accuracy,
      logLoss: ((byLabel.left?.logLoss as number) + (byLabel.long?.logLoss as number)) / 2,
      'long.rocAuc': byLabel.long?.rocAuc,
    });
    expect(labels.predictions.names).toEqual(['left', 'long']);
    expect(labels.predictions.column('long').kind).toBe('boolean');
    const rows = people.take([0, 1, 2, 3]);
    const answers = await Promise.all(labels.models.map((model) => model.predict(rows)));
    for (let row = 0; row < 4; row++) {
      expect(answers.map((answer) => answer.record(row))).toContainEqual(labels.predictions.record(row));
    }

    const numbers = await crossValidate(Regressor, people, {
      ...quick,
      ...{ target: ['price', 'age'], inputs, folds: 2, keepModels: true },
    });
    const [one] = numbers.folds;
    const { price, age } = (one as NonNullable<typeof one>).evaluation.byTarget;
    expect(one?.scores).toEqual({
      r2: ((price?.r2 as number) + (age?.r2 as number)) / 2,
      ...Object.fromEntries(Object.entries(price ?? {}).map(([name, value]) => [`price.${name}`, value])),
      ...Object.fromEntries(Object.entries(age ?? {}).map(([name, value]) => [`age.${name}`, value])),
    });
    expect(numbers.probabilities).toBeUndefined();
    const tables = await Promise.all(numbers.models.map((model) => model.predict(rows)));
    expect(tables.map((each) => each.record(0))).toContainEqual(numbers.predictions.record(0));
  });

  test('leaves out rows without a target and rows of weight 0, and predicts none for them', async () => {
    const rows = people.toRecords().map((row, i) => ({
      ...row,
      left: i % 10 === 3 ? null : row.left,
      weight: i % 10 === 5 ? 0 : 1 + (i % 2),
    }));
    const options = {
      ...quick,
      target: 'left',
      weight: 'weight',
      missingTarget: 'drop',
      inputs,
      folds: 2,
    } as const;
    const { folds, predictions } = await crossValidate(Classifier, rows, options);
    expect(folds.map(({ testRows }) => testRows)).toEqual([24, 24]);
    expect(predictions.rows).toBe(60);
    const missing = predictions
      .column('left')
      .toArray()
      .flatMap((value, i) => (value === null ? [i % 10] : []));
    expect([...new Set(missing)].sort()).toEqual([3, 5]);
    expect(missing.length).toBe(12);
  });

  test('keeps groups together, whose column is no input', async () => {
    const { models, folds, predictions } = await crossValidate(Regressor, people, {
      ...quick,
      ...{ target: 'price', group: 'customer', folds: 3, keepModels: true },
    });
    expect(folds.map(({ testRows }) => testRows)).toEqual([20, 20, 20]);
    expect(models[0]?.schema.columns.map(({ name }) => name)).not.toContain('customer');
    expect(predictions.column('price').missing).toBe(0);
  });

  test('tests with later times only, and does not predict the first ones', async () => {
    const { folds, predictions } = await crossValidate(Regressor, people, {
      ...quick,
      ...{ target: 'price', time: 'day', inputs, folds: 4 },
    });
    expect(folds.map(({ trainRows, testRows }) => [trainRows, testRows])).toEqual([
      [12, 12],
      [24, 12],
      [36, 12],
      [48, 12],
    ]);
    const days = people.column('day').values as Float64Array;
    const first = [...days].sort((a, b) => a - b)[12] as number;
    const missing = predictions
      .column('price')
      .toArray()
      .map((value) => value === null);
    expect(missing).toEqual(Array.from(days, (day) => day < first));
  });

  test('makes other folds with repeats, and predicts by the mean', async () => {
    const options = { ...quick, target: 'price', inputs, folds: 2 } as const;
    const result = await crossValidate(Regressor, people, { ...options, repeats: 2, keepModels: true });
    expect(result.folds.map(({ repeat, fold }) => [repeat, fold])).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
      [2, 2],
    ]);
    const once = await crossValidate(Regressor, people, options);
    expect(result.folds.slice(0, 2).map(({ evaluation }) => evaluation)).toEqual(
      once.folds.map(({ evaluation }) => evaluation),
    );
    expect(result.models[2]?.network.seed).toBe(8);
    const all = await Promise.all(result.models.map((model) => model.predict(people)));
    const means = [0, 1].flatMap((a) =>
      [2, 3].map((b) => ((all[a]?.[0] as number) + (all[b]?.[0] as number)) / 2),
    );
    expect(means).toContain(result.predictions.column('price').at(0));
  });

  test('calls onFoldEnd with each fold', async () => {
    const seen: unknown[] = [];
    const { folds } = await crossValidate(Regressor, people, {
      ...quick,
      ...{ target: 'price', inputs, folds: 3, parallel: 1, onFoldEnd: (fold) => seen.push(fold) },
    });
    expect(seen).toEqual(folds);
  });
});

describe('a cross-validation that ends early', () => {
  const options = { ...quick, target: 'left', inputs, folds: 3, parallel: 1 } as const;

  test('rejects with an AbortError, which has the folds that are done', async () => {
    const controller = new AbortController();
    const validation = crossValidate(Classifier, people, {
      ...options,
      signal: controller.signal,
      onFoldEnd: ({ fold }) => fold === 2 && controller.abort('enough'),
    });
    await expect(validation).rejects.toMatchObject({
      ...{ name: 'AbortError', code: 'ABORT_ERR' },
      folds: [{ fold: 1 }, { fold: 2 }],
    });
  });

  test('names the fold whose training diverges', async () => {
    const validation = crossValidate(Classifier, people, {
      ...options,
      optimizer: sgd({ learningRate: 1e200 }),
    });
    await expect(validation).rejects.toMatchObject({
      code: 'ERR_BLASNET_DIVERGED',
      message: expect.stringMatching(/^In fold 1: /),
      folds: [],
    });
  });

  test('rejects with the error of a callback, when all trainings have ended', async () => {
    const error = new Error('mine');
    let running = 0;
    const validation = crossValidate(Classifier, people, {
      ...options,
      parallel: 3,
      callbacks: { onEpochEnd: () => void running++ },
      onFoldEnd: () => {
        throw error;
      },
    });
    await expect(validation).rejects.toBe(error);
    const ended = running;
    await new Promise(setImmediate);
    expect(running).toBe(ended);
  });
});

describe('arguments that are refused', () => {
  const validate = (more: object, table: object = people, model: unknown = Classifier) =>
    crossValidate(model as typeof Classifier, table as Table, { ...quick, target: 'left', inputs, ...more });
  const few = people.take([0, 1, 2, 3, 4, 5, 6, 7]);

  test.each([
    { more: { folds: 1 }, message: 'Expected folds to be an integer of at least 2, got 1 (number)' },
    {
      more: { folds: 61, stratify: false },
      message: 'Expected folds to be at most 60, the number of rows, got 61 (number)',
    },
    { more: { fold: 3 }, message: 'Unknown option "fold"; did you mean "folds"?' },
    { more: { epoch: 3 }, message: 'Unknown option "epoch"; did you mean "epochs"?' },
    { more: { parallel: 0 }, message: 'Expected parallel to be a positive integer, got 0 (number)' },
    { more: { repeats: 0 }, message: 'Expected repeats to be a positive integer, got 0 (number)' },
    { more: { group: 'city', time: 'day' }, message: 'Expected either group or time, got both' },
    { more: { stratify: 'city', group: 'customer' }, message: 'Expected either stratify or group, got both' },
    {
      more: { group: 'city', repeats: 2 },
      message:
        'Expected repeats to be left out with group, since each repeat would have the same folds, got 2',
    },
    { more: { group: 'citi' }, message: 'Unknown column "citi"; did you mean "city"?' },
    {
      more: { group: 'city' },
      message: 'Expected folds to be at most 3, the number of groups of column "city", got 5 (number)',
    },
    {
      more: { time: 'city' },
      message: 'Expected column "city" to be of times or numbers, to split by, got "category" (string)',
    },
    {
      more: { checkpoint: { directory: 'x' } },
      message:
        'Expected checkpoint to be left out of crossValidate, which trains several models, got an object (Object)',
    },
  ])('are named: $message', async ({ more, message }) => {
    await expect(validate(more)).rejects.toMatchObject({ message });
  });

  test('a class with fewer rows than folds, one group, and another model', async () => {
    await expect(validate({ folds: 8 }, few)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^Expected folds to be at most \d, the rows of class "\w+" of column "left", got 8/,
      ),
    });
    const one = people.toRecords().map((row) => ({ ...row, customer: 'c1' }));
    await expect(validate({ group: 'customer', inputs: {} }, one)).rejects.toMatchObject({
      message: 'Expected at least 2 groups of column "customer", to make folds of, got 1',
    });
    await expect(validate({}, people, 'Classifier')).rejects.toMatchObject({
      message:
        'Expected model to be Classifier, Regressor or a function that makes a network, got "Classifier" (string)',
    });
  });

  test('a gap in the target names the row of the table that was given', async () => {
    const rows = people.toRecords().map((row, i) => ({ ...row, left: i === 41 ? null : row.left }));
    await expect(validate({}, rows)).rejects.toMatchObject({
      message: expect.stringMatching(/^Expected row 41, column "left" to be a value of the target, got null/),
    });
  });
});
