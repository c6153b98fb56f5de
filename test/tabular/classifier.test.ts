import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { adam, binaryCrossEntropy, Matrix, metrics, Network } from '../../lib';
import { Classifier, type ClassifierOptions, inputs, type LabelsClassifier, Table } from '../../lib/tabular';
import { newFolder } from '../support/scratch';

// Two classes that x decides, a colour that matters a little, and gaps.
const records = Array.from({ length: 240 }, (_, i) => {
  const x = Math.sin(i * 12.9898) * 2;
  const colour = ['red', 'green', 'blue'][i % 3] as string;
  return {
    x: i % 17 === 0 ? null : x,
    colour: i % 19 === 0 ? null : colour,
    flag: i % 4 === 0,
    since: new Date(Date.UTC(2024, 0, 1 + i)),
    importance: 1 + (i % 3),
    left: x + (colour === 'red' ? 0.4 : 0) > 0.2 ? 'yes' : 'no',
    size: x < -0.7 ? 's' : x < 0.7 ? 'm' : 'l',
  };
});
const table = Table.from(records);
const quick = { epochs: 30, hidden: [16], seed: 7, optimizer: adam({ learningRate: 0.02 }) } as const;
const options: ClassifierOptions & { target: string } = { target: 'left', ...quick };

describe('a Classifier', () => {
  test('learns classes from texts, gaps, truth values and times', async () => {
    const model = await Classifier.train(table.without(['size']), options);
    expect(model.targets).toMatchObject([{ name: 'left', classes: ['no', 'yes'] }]);
    expect(model.network.labels?.classes).toEqual(['no', 'yes']);
    const { accuracy, rows } = await model.evaluate(table);
    expect(rows).toBe(240);
    expect(accuracy).toBeGreaterThan(0.9);
    expect(model.predict({ x: 2, colour: 'red', flag: false, since: new Date(0), importance: 1 })).toBe(
      'yes',
    );
    expect(model.predict({ x: -2, colour: null, flag: true, since: '2024-03-01', importance: 2 })).toBe('no');
  });

  test('gives equal answers for a table, records, and each record by itself, to the last bit', async () => {
    for (const dtype of ['float32', 'float64'] as const) {
      for (const target of ['left', 'size']) {
        const given = table.without([target === 'left' ? 'size' : 'left']);
        const model = await Classifier.train(given, { ...options, target, dtype });
        const rows = given.without([target]);
        const ofTable = await model.probabilities(rows);
        const ofRecords = await model.probabilities(rows.toRecords());
        expect(ofTable.names).toEqual(target === 'left' ? ['no', 'yes'] : ['l', 'm', 's']);
        expect(ofRecords.toRecords()).toEqual(ofTable.toRecords());
        expect(model.probabilitiesSync(rows).toRecords()).toEqual(ofTable.toRecords());
        expect([...rows].map((record) => model.probabilities(record))).toEqual(ofTable.toRecords());
        const classes = await model.predict(rows);
        expect(model.predictSync(rows)).toEqual(classes);
        expect([...rows].map((record) => model.predict(record))).toEqual(classes);
        const best = ofTable.toRecords().map((shares) => {
          const entries = Object.entries(shares) as [string, number][];
          return entries.reduce((a, b) => (b[1] > a[1] ? b : a))[0];
        });
        expect(classes).toEqual(best);
      }
    }
  });

  test('evaluates as the metrics of the library do, with the confusion matrix by names', async () => {
    for (const target of ['left', 'size']) {
      const model = await Classifier.train(table, { ...options, target, epochs: 3 });
      const result = await model.evaluate(table);
      const { classes } = model.targets[0] as { classes: readonly string[] };
      const numbers = Int32Array.from(table.column(target).toArray(), (name) =>
        classes.indexOf(name as string),
      );
      const shares = await model.probabilities(table);
      const columns = classes.map((name) => shares.column(name).values);
      const outputs =
        classes.length === 2
          ? new Matrix(columns[1] as Float64Array, 240, 1)
          : Matrix.from(
              Array.from({ length: 240 }, (_, row) => columns.map((values) => values[row] as number)),
            );
      for (const name of ['accuracy', 'precision', 'recall', 'f1', 'rocAuc', 'logLoss', 'brier'] as const) {
        expect(result[name], name).toBeCloseTo(metrics[name](numbers, outputs), 12);
      }
      expect(result.calibrationError).toBeCloseTo(metrics.calibration(numbers, outputs).expectedError, 12);
      expect(result.confusion).toEqual(metrics.confusionMatrix(numbers, outputs).toArray());
      const total = result.confusion.flat().reduce((sum, count) => sum + count, 0);
      expect(total).toBe(240);
      for (const [i, name] of classes.entries()) {
        const scores = result.byClass[name] as NonNullable<(typeof result.byClass)[string]>;
        const isClass = Float64Array.from(numbers, (number) => (number === i ? 1 : 0));
        const predicted = await model.predict(table);
        const saidSo = Float64Array.from(predicted, (each) => (each === name ? 1 : 0));
        expect(scores.precision).toBeCloseTo(metrics.precision(isClass, saidSo), 12);
        expect(scores.recall).toBeCloseTo(metrics.recall(isClass, saidSo), 12);
        expect(scores.f1).toBeCloseTo(metrics.f1(isClass, saidSo), 12);
      }
      expect(String(result)).toContain('precision');
      expect(String(result)).toContain(`as ${classes[0]}`);
      expect(JSON.parse(JSON.stringify(result)).accuracy).toBe(result.accuracy);
    }
  });

  test('takes truth values and whole numbers as classes, and answers with them', async () => {
    const truth = Table.from(records.map(({ x, left }) => ({ x, left: left === 'yes' })));
    const byTruth = await Classifier.train(truth, { ...quick, target: 'left' });
    expect(byTruth.targets[0]?.classes).toEqual([false, true]);
    expect(byTruth.predict({ x: 2 })).toBe(true);
    expect(Object.keys(byTruth.probabilities({ x: 2 }))).toEqual(['false', 'true']);
    const numbers = Table.from(
      records.map(({ x, size }) => ({ x, size: { s: 30, m: 7, l: 20 }[size] as number })),
    );
    const byNumber = await Classifier.train(numbers, { ...quick, target: 'size' });
    expect(byNumber.targets[0]?.classes).toEqual([7, 20, 30]);
    expect(await byNumber.predict([{ x: -2 }, { x: 0 }, { x: 2 }])).toEqual([30, 7, 20]);
    const { accuracy } = await byNumber.evaluate(numbers);
    expect(accuracy).toBeGreaterThan(0.8);
  });

  test('turns the positive class into the second one', async () => {
    const model = await Classifier.train(table, { ...options, positive: 'no' });
    expect(model.targets[0]?.classes).toEqual(['yes', 'no']);
    const { precision, byClass } = await model.evaluate(table);
    expect(precision).toBe(byClass.no?.precision);
  });

  test('learns several labels, and answers with an object or a table of them', async () => {
    const labelled = Table.from(
      records.map(({ x, colour, left }) => ({
        x,
        colour,
        left,
        warm: colour === 'red',
        even: (x ?? 0) > 0 ? 4 : 2,
      })),
    );
    const model = await Classifier.train(labelled, { ...quick, target: ['left', 'warm', 'even'] });
    const answer = model.predict({ x: 2, colour: 'red' });
    expect(answer).toEqual({ left: 'yes', warm: true, even: 4 });
    const answers = await model.predict(labelled);
    expect(answers.names).toEqual(['left', 'warm', 'even']);
    expect(answers.column('left').kind).toBe('category');
    expect(answers.column('warm').kind).toBe('boolean');
    expect(answers.column('even').kind).toBe('number');
    expect(answers.toRecords()).toEqual([...labelled].map((record) => model.predict(record)));
    const shares = await model.probabilities(labelled);
    expect(shares.names).toEqual(['left', 'warm', 'even']);
    const result = await model.evaluate(labelled);
    expect(result.byLabel.warm?.accuracy).toBeGreaterThan(0.9);
    const right = [...labelled].filter((record, row) => {
      const own = answers.record(row);
      return own.left === record.left && own.warm === record.warm && own.even === record.even;
    });
    expect(result.accuracy).toBeCloseTo(right.length / labelled.rows, 12);
    expect(String(result)).toContain('ROC AUC');
    const copy = Classifier.fromBytesSync<LabelsClassifier>(model.toBytesSync());
    expect((await copy.predict(labelled)).toRecords()).toEqual(answers.toRecords());
  });

  test('takes the loss of an own choice, also one of one-hot labels', async () => {
    const smooth = await Classifier.train(table, {
      ...options,
      loss: binaryCrossEntropy({ labelSmoothing: 0.1 }),
    });
    expect((await smooth.evaluate(table)).accuracy).toBeGreaterThan(0.9);
    const dense = { ...options, target: 'size', loss: 'categoricalCrossEntropy' };
    const sparse = { ...options, target: 'size' };
    const [a, b] = [await Classifier.train(table, dense), await Classifier.train(table, sparse)];
    expect(a.history?.loss).toEqual(b.history?.loss);
  });

  test('weighs classes by their names and rows by a column, like fit', async () => {
    const given = table.without(['size']);
    const plain = { ...options, validationSplit: 0, epochs: 4 };
    const doubled = await Classifier.train(given, { ...plain, weight: 'importance' });
    expect(doubled.schema.columns.map(({ name }) => name)).not.toContain('importance');
    const byHand = await Classifier.train(
      Table.from(records.map(({ importance: _, size: __, ...record }) => record)),
      plain,
    );
    expect(byHand.history?.loss).not.toEqual(doubled.history?.loss);
    const balanced = await Classifier.train(given, { ...plain, classWeight: 'balanced' });
    const counts = { yes: 0, no: 0 };
    for (const { left } of records) counts[left as 'yes' | 'no']++;
    const stated = await Classifier.train(given, {
      ...plain,
      classWeight: { yes: 240 / (2 * counts.yes), no: 240 / (2 * counts.no) },
    });
    expect(stated.history?.loss).toEqual(balanced.history?.loss);
  });

  test('leaves out rows of weight 0 as if they were not there', async () => {
    const plain = { ...options, validationSplit: 0, epochs: 3 };
    const weighed = Table.from(records.map((record, i) => ({ ...record, importance: i % 5 === 0 ? 0 : 1 })));
    const fewer = Table.from(
      records.filter((_, i) => i % 5 !== 0).map((record) => ({ ...record, importance: 1 })),
    );
    const a = await Classifier.train(weighed, { ...plain, weight: 'importance' });
    const b = await Classifier.train(fewer, { ...plain, weight: 'importance' });
    expect(a.toBytesSync()).toEqual(b.toBytesSync());
  });

  test('learns from the rows that it does not hold out, and stops early by those that it does', async () => {
    const model = await Classifier.train(table, { ...options, epochs: 200, earlyStopping: { patience: 2 } });
    expect(model.history?.stoppedBy).toBe('earlyStopping');
    expect(model.history?.valLoss?.length).toBe(model.history?.loss.length);
    const fixed = await Classifier.train(table, { ...options, epochs: 9, earlyStopping: false });
    expect(fixed.history?.loss.length).toBe(9);
    const { train, test: held } = table.split({ testSize: 0.2, seed: 3 });
    const given = await Classifier.train(train, { ...options, validationData: held, calibrate: false });
    const again = await Classifier.train(train, { ...options, validationData: held.toRecords() });
    expect(given.history?.valLoss).toEqual(again.history?.valLoss);
    const last = await given.evaluate(held);
    const best = (given.history?.bestEpoch as number) - 1;
    expect(last.logLoss).toBeCloseTo(given.history?.valLoss?.[best] as number, 6);
  });

  test('gives the same bits for one seed with any number of threads', async () => {
    const [a, b] = [
      await Classifier.train(table, { ...options, threads: 1 }),
      await Classifier.train(table, { ...options, threads: 2 }),
    ];
    expect(a.toBytesSync()).toEqual(b.toBytesSync());
  });

  test('makes a linear model without hidden layers, and any layers that are stated', async () => {
    const linear = await Classifier.train(table, { ...options, hidden: [] });
    expect(linear.network.architecture.length).toBe(1);
    const own = await Classifier.train(table, {
      ...options,
      hidden: [{ outputDim: 8, activation: 'tanh', dropout: 0.2, normalization: 'batch' }, 4],
      activation: 'gelu',
    });
    expect(own.network.architecture.map(({ activation }) => activation)).toEqual(['tanh', 'gelu', 'sigmoid']);
  });

  test('embeds categories, with and without numbers beside them', async () => {
    const model = await Classifier.train(table.select(['colour', 'left']), {
      ...options,
      inputs: inputs({ categories: 'embedding', missing: 'fill' }),
    });
    expect(model.network.architecture[0]?.inputDim).toBe(0);
    const answers = await model.predict(table);
    expect([...table].map((record) => model.predict(record))).toEqual(answers);
    expect(model.predict({ colour: 'violet' })).toMatch(/yes|no/);
  });

  test('is in its file: with schema, inputs and classes; the network alone can be loaded, too', async () => {
    const path = join(newFolder(), 'left.safetensors');
    const model = await Classifier.train(table, options);
    await model.save(path);
    const copy = await Classifier.load(path);
    expect(copy.schema.toJSON()).toEqual(model.schema.toJSON());
    expect(copy.targets).toEqual(model.targets);
    expect(copy.history).toBeUndefined();
    expect(await copy.predict(table)).toEqual(await model.predict(table));
    expect((await copy.probabilities(table)).toRecords()).toEqual(
      (await model.probabilities(table)).toRecords(),
    );
    expect(readFileSync(path)).toEqual(Buffer.from(await model.toBytes()));
    expect(Buffer.from(copy.toBytesSync())).toEqual(readFileSync(path));
    const network = await Network.load(path);
    expect(network.parameterCount).toBe(model.network.parameterCount);
    expect(Buffer.from(network.toBytesSync())).toEqual(readFileSync(path));
    expect(Buffer.from(network.clone().toBytesSync())).toEqual(readFileSync(path));
    expect(Classifier.loadSync(path).predictSync(table)).toEqual(model.predictSync(table));
  });

  test('is the model of an error that ends its training', async () => {
    const controller = new AbortController();
    const training = Classifier.train(table, {
      ...options,
      signal: controller.signal,
      callbacks: ({ epoch }) => (epoch === 3 ? controller.abort() : undefined),
    });
    const error = (await training.catch((reason: unknown) => reason)) as { name: string; model: Classifier };
    expect(error.name).toBe('AbortError');
    expect((await error.model.predict(table)).length).toBe(240);
  });

  test('is printed with its schema and its layers', async () => {
    const model = await Classifier.train(table, options);
    expect(String(model)).toContain('left (target)');
    expect(String(model)).toContain('parameters');
  });
});
