// Bags answer by the means of their models.

import { describe, expect, test } from 'vitest';
import { Bag, Classifier, choice, crossValidate, Regressor, search, Table } from '../../lib/tabular';

const table = Table.from(
  Array.from({ length: 60 }, (_, i) => {
    const [x, y] = [(i * 37) % 60, (i * 11) % 7];
    return {
      x,
      y,
      city: ['Paris', 'Rome', 'Bonn'][i % 3],
      left: x + 3 * y > 35,
      kind: `k${(x + y) % 3}`,
      price: x * y,
    };
  }),
);
const options = { hidden: [4], epochs: 2, seed: 1, folds: 3, keepModels: true, dtype: 'float32' } as const;
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('a bag', () => {
  test.each(['left', 'kind'])(
    'has the means of the probabilities of Classifiers, for the target %s',
    async (target) => {
      const { models } = await crossValidate(Classifier, table, { ...options, target });
      const bag = new Bag(models);
      expect(bag.models).toEqual(models);
      const shares = await bag.probabilities(table);
      const own = await Promise.all(models.map((model) => model.probabilities(table)));
      const answers = await bag.predict(table);
      expect(bag.predictSync(table)).toEqual(answers);
      const classes = models[0]?.targets[0]?.classes ?? [];
      let log = 0;
      for (let row = 0; row < table.rows; row++) {
        const record = table.record(row);
        const each = classes.map((name) =>
          mean(own.map((one) => one.column(String(name)).values[row] as number)),
        );
        for (const [i, name] of classes.entries()) {
          expect(shares.column(String(name)).values[row]).toBeCloseTo(each[i] as number, 14);
        }
        expect(answers[row]).toBe(classes[each.indexOf(Math.max(...each))]);
        // To the last bit: one record, and a row among others.
        expect(bag.probabilities(record)).toEqual(shares.record(row));
        expect(bag.predict(record)).toBe(answers[row]);
        log -= Math.log(each[classes.indexOf(record[target] as string)] as number) / table.rows;
      }
      const { logLoss, accuracy } = await bag.evaluate(table);
      // The probabilities are of float32, so their sums are 1 only nearly.
      expect(logLoss).toBeCloseTo(log, 6);
      expect(accuracy).toBe(
        answers.filter((answer, row) => answer === table.record(row)[target]).length / 60,
      );
    },
  );

  test('has the means of the numbers of Regressors', async () => {
    const { models } = await crossValidate(Regressor, table, { ...options, target: 'price' });
    const bag = new Bag(models);
    const answers = await bag.predict(table);
    const own = await Promise.all(models.map((model) => model.predict(table)));
    for (let row = 0; row < table.rows; row++) {
      expect(answers[row]).toBeCloseTo(mean(own.map((one) => one[row] as number)), 10);
      expect(bag.predict(table.record(row))).toBe(answers[row]);
    }
    const { rootMeanSquaredError } = await bag.evaluate(table);
    const squares = [...answers].map((answer, row) => (answer - (table.record(row).price as number)) ** 2);
    expect(rootMeanSquaredError).toBeCloseTo(Math.sqrt(mean(squares)), 10);
    expect(() => bag.probabilities(table)).toThrow(
      expect.objectContaining({
        message: 'Expected the bag to have Classifiers: a Regressor has no probabilities',
      }),
    );
  });

  test('predicts several targets', async () => {
    const { models } = await crossValidate(Regressor, table, { ...options, target: ['price', 'x'] });
    const answers = await new Bag(models).predict(table);
    expect(answers.record(3)).toEqual(new Bag(models).predict(table.record(3)));
    const labels = await crossValidate(Classifier, table, { ...options, target: ['left'] });
    const bag = new Bag(labels.models);
    expect((await bag.predict(table)).record(5)).toEqual(bag.predict(table.record(5)));
    expect((await bag.evaluate(table)).byLabel.left?.accuracy).toBeGreaterThan(0);
  });

  test('is the same after its models were saved and loaded', async () => {
    const { models } = await crossValidate(Classifier, table, { ...options, target: 'kind' });
    const loaded = await Promise.all(
      models.map(async (model) => Classifier.fromBytes(await model.toBytes())),
    );
    expect((await new Bag(loaded).probabilities(table)).toRecords()).toEqual(
      (await new Bag(models).probabilities(table)).toRecords(),
    );
  });

  test('comes from a search, with the models of the best trial', async () => {
    const space = { hidden: choice([[2], [4]]), epochs: 2 };
    for (const method of ['random', 'halving'] as const) {
      const { bag, best, model } = await search(Classifier, table, {
        ...{ target: 'kind', space, trials: 4, folds: 2, seed: 1, refit: 'bag', method, reduction: 2 },
      });
      expect(model).toBeUndefined();
      const { models } = await crossValidate(Classifier, table, {
        ...{ ...best.options, target: 'kind', folds: 2, seed: 1, keepModels: true },
      });
      expect(bag?.models.map((each) => each.toBytesSync())).toEqual(models.map((each) => each.toBytesSync()));
      expect(bag?.predict(table.record(0))).toBe(new Bag(models).predict(table.record(0)));
    }
  });

  test('is refused for other things, and for models of different targets', async () => {
    const train = (target: string) =>
      Classifier.train(table, { ...{ hidden: [2], epochs: 1, seed: 1 }, target });
    const [left, kind] = [await train('left'), await train('kind')];
    const price = await Regressor.train(table, { hidden: [2], epochs: 1, target: 'price' });
    const refused = (models: unknown, message: string) =>
      expect(() => new Bag(models as Classifier[])).toThrow(expect.objectContaining({ message }));
    refused([], 'Expected models to be an array of Classifiers or of Regressors, got an array of length 0');
    refused(
      [left, {}],
      'Expected models to be an array of Classifiers or of Regressors, got an array of length 2',
    );
    refused(
      left,
      'Expected models to be an array of Classifiers or of Regressors, got an object (Classifier)',
    );
    refused(
      [left, kind],
      'Expected models[1] to predict "left" of 2 classes by a Classifier, like models[0], got "kind" of 3 classes by a Classifier',
    );
    const quantiles = [0.25, 0.5];
    const spread = await Regressor.train(table, { hidden: [2], epochs: 1, target: 'price', quantiles });
    refused(
      [price, spread],
      'Expected models[1] to predict "price" by a Regressor, like models[0], got "price" at the quantiles 0.25, 0.5 by a Regressor',
    );
    refused(
      [left, left, price],
      'Expected models[2] to predict "left" of 2 classes by a Classifier, like models[0], got "price" by a Regressor',
    );
    const levels = await Regressor.train(table, {
      ...{ hidden: [2], epochs: 1, target: 'price' },
      quantiles: [0.1, 0.5],
    });
    expect(() => new Bag([price, levels])).toThrow(
      'Expected models[1] to predict "price" by a Regressor, like models[0], got "price" at the quantiles 0.1, 0.5 by a Regressor',
    );
  });

  test('answers, for Regressors with quantiles, with the median of the mean outputs', async () => {
    const { models } = await crossValidate(Regressor, table, {
      ...{ ...options, target: 'price', epochs: 60 },
      quantiles: [0.05, 0.95],
    });
    const record = table.record(0);
    const outputs = [0, 1, 2].map((i) =>
      mean(models.map((model) => Object.values(model.quantiles(record))[i] as number)),
    );
    // After some epochs the outputs do not cross here.
    expect(new Bag(models).predict(record)).toBeCloseTo(outputs[1] as number, 3);
  });
});
