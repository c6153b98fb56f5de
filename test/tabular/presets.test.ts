// The presets of Classifier.train and Regressor.train.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { adam, Matrix, schedules } from '../../lib';
import { workHere } from '../../lib/addon/work';
import { RandomState } from '../../lib/random/random-state';
import {
  Bag,
  Classifier,
  type ClassifierOptions,
  choice,
  crossValidate,
  Regressor,
  type RegressorOptions,
  search,
  Table,
} from '../../lib/tabular';
import { foldsFor } from '../../lib/tabular/hold-out';
import { fitOptions, type Recipe, recipesFor, waveEnds } from '../../lib/tabular/recipe';
import { calibratedLoss, pooled, temperaturesOf } from '../../lib/tabular/temperature';
import type { History } from '../../lib/training/history';
import { randomArray } from '../support/oracle-matrices';

/** Numbers from 0 to 1, one after another. */
function numbersFrom(seed: number): () => number {
  const all = randomArray(4_000, seed, 0, 1);
  let next = 0;
  return () => all[next++] as number;
}

const draw = numbersFrom(7);

/** Rows whose class depends on whether two numbers have the same sign, and on a word. */
const rows = Table.from(
  Array.from({ length: 90 }, (_, i) => {
    const [x, y] = [draw() - 0.5, draw() - 0.5];
    return {
      x,
      y,
      word: i % 4 === 0 ? null : 'abc'[i % 3],
      size: 3 * x + (i % 3),
      left: x * y > 0 ? 'yes' : 'no',
    };
  }),
);
const { train, test: others } = rows.split({ seed: 1, testSize: 0.2 });
const classes = { target: 'left', inputs: { columns: { size: 'ignore' } }, epochs: 4, seed: 1 } as const;
const numbers = { target: 'size', inputs: { columns: { left: 'ignore' } }, epochs: 4, seed: 1 } as const;

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'blasnet-presets-'));
  folders.push(made);
  return made;
};

describe('a preset', () => {
  test('trains three hidden layers, with all rows in the end, and calibrates', async () => {
    const model = await Classifier.train(train, { ...classes, epochs: 40 });
    const { architecture } = model.network;
    expect(architecture.map(({ outputDim }) => outputDim)).toEqual([128, 128, 128, 1]);
    expect(architecture[0]).toMatchObject({ activation: 'selu', inputScale: true, dropout: 0.15 });
    expect(Object.keys(model.history ?? {})).not.toContain('valLoss');
    expect(model.temperature).toBeGreaterThan(0);
    const regressor = await Regressor.train(train, { ...numbers, preset: 'fast' });
    expect(regressor.network.architecture[0]).toMatchObject({ activation: 'mish', outputDim: 128 });
  });

  test("trains once, with rows held out, if it is 'fast'", async () => {
    const model = await Classifier.train(rows, { ...classes, preset: 'fast', validationSplit: 0.2 });
    expect(model.history?.valLoss).toHaveLength(4);
    expect(model.networks).toHaveLength(1);
    expect(model.temperature).toBeGreaterThan(0);
  });

  test.each([
    ['hidden', [8]],
    ['activation', 'tanh'],
    ['numericEmbeddings', 'plr'],
    ['initializer', 'glorotUniform'],
    ['optimizer', adam()],
    ['schedule', schedules.constant()],
    ['earlyStopping', false],
  ])('is not there with the option %s, and refuses it', async (name, value) => {
    const options = { ...classes, epochs: 1, [name]: value } as ClassifierOptions & { target: string };
    const model = await Classifier.train(train, options);
    expect(model.network.architecture[0]?.inputScale).toBeUndefined();
    await expect(Classifier.train(train, { ...options, preset: 'default' })).rejects.toMatchObject({
      code: 'ERR_BLASNET_ARG_VALUE',
      message: expect.stringContaining(`Expected ${name} to be left out with preset, which chooses it`),
    });
  });

  test.each([{ validationData: others }, { validationSplit: 0.25 }, { maxSeconds: 60 }, { shuffle: false }])(
    'holds rows out with %o',
    async (option) => {
      const whole = Table.from([...rows.toRecords(), ...rows.toRecords()]);
      const model = await Classifier.train(whole, { ...classes, ...option });
      expect(model.history?.valLoss).toHaveLength(4);
    },
  );

  test('does with fewer than 20 rows, and with a class of one row', async () => {
    const few = await Regressor.train(train.slice(0, 12), numbers);
    expect(few.history?.loss).toHaveLength(4);
    const lone = Table.from(
      rows.toRecords().map((row, i) => ({ ...row, left: i === 5 ? 'rare' : row.left })),
    );
    const model = await Classifier.train(lone, classes);
    expect(Object.keys(model.probabilities(lone.record(0))).sort()).toEqual(['no', 'rare', 'yes']);
  });

  test('keeps a linear network where it predicts few rows better, and hidden layers where those do', async () => {
    const options = { target: 'y', seed: 1 } as const;
    const noise = numbersFrom(3);
    const few = Array.from({ length: 40 }, () => {
      const [a, b] = [noise() - 0.5, noise() - 0.5];
      return { a, b, c: noise(), d: noise(), straight: 4 * a - 2 * b + noise(), y: 0 };
    });
    const straight = await Regressor.train(
      few.map(({ straight: y, y: _, ...rest }) => ({ ...rest, y })),
      options,
    );
    expect(straight.network.architecture).toHaveLength(1);
    const bent = Array.from({ length: 200 }, () => {
      const [a, b] = [noise() - 0.5, noise() - 0.5];
      return { a, b, y: 10 * a * b };
    });
    expect((await Regressor.train(bent, options)).network.architecture).toHaveLength(4);
  });

  test('has the same bits with any number of threads', async () => {
    for (const preset of ['default', 'best'] as const) {
      const one = await Classifier.train(train, { ...classes, preset, threads: 1 });
      const two = await Classifier.train(train, { ...classes, preset, threads: 2 });
      expect(Buffer.compare(one.toBytesSync(), two.toBytesSync())).toBe(0);
    }
  });

  test.each([
    [{ metrics: ['rocAux'] }, 'did you mean "rocAuc"?'],
    [{ callbacks: 3 }, 'Expected callbacks to be '],
    [{ checkpoint: { directory: 'somewhere', everyEpoch: 1 } }, 'Unknown option "everyEpoch" in checkpoint'],
  ])('refuses %o before it trains without a fold', async (option, message) => {
    // The first training would find the loss.
    const options = { ...classes, ...option, loss: 'nothing' } as ClassifierOptions & { target: string };
    await expect(Classifier.train(train, options)).rejects.toThrow(message);
  });

  test('ends with an AbortError while it trains without a fold', async () => {
    const controller = new AbortController();
    const training = Classifier.train(train, { ...classes, epochs: 5_000, signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(training).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe("the preset 'best'", () => {
  test('answers by the mean of eight networks, in both kinds of models', async () => {
    const model = await Classifier.train(train, { ...classes, preset: 'best' });
    expect(model.networks).toHaveLength(8);
    const bag = await Bag.fromBytes(await model.toBytes());
    const record = others.record(0);
    const own = bag.models.map((each) => (each as Classifier).probabilities(record).yes as number);
    const mean = own.reduce((sum, share) => sum + share, 0) / 8;
    expect(new Set(own).size).toBeGreaterThan(4);
    expect(model.probabilities(record).yes).toBeCloseTo(mean, 12);
    expect((await model.probabilities(others)).record(0).yes).toBe(model.probabilities(record).yes);

    const regressor = await Regressor.train(train, { ...numbers, preset: 'best' });
    const { models } = await Bag.fromBytes<Bag<number, Float64Array, object>>(await regressor.toBytes());
    const sum = models.reduce((all, each) => all + each.predict(record), 0);
    expect(regressor.predict(record)).toBeCloseTo(sum / 8, 6);
  });

  test('is cross-validated and searched, without a number of epochs', async () => {
    const options = { target: 'left', folds: 2, seed: 1 } as const;
    const { folds } = await crossValidate(Classifier, train, { ...options, preset: 'best', epochs: 1 });
    expect(folds.map(({ epochs }) => epochs)).toEqual([Number.NaN, Number.NaN]);
    const space = { preset: 'best', epochs: 1, clipNorm: choice([1]) } as const;
    const { best, table, model } = await search(Classifier, train, { ...options, space, trials: 1 });
    expect([best.epochs, table.column('trainedEpochs').missing]).toEqual([Number.NaN, 1]);
    expect(model?.networks).toHaveLength(8);
  });

  test('has one file, which Classifier.load and Bag.load read in every way', async () => {
    const model = await Classifier.train(train, { ...classes, preset: 'best' });
    const path = join(folder(), 'best.safetensors');
    await model.save(path);
    const expected = (await model.probabilities(others)).toRecords();
    const loaded = [
      await Classifier.load(path),
      Classifier.loadSync(path),
      await Classifier.fromBytes(model.toBytesSync()),
      Classifier.fromBytesSync(await model.toBytes()),
    ];
    for (const each of loaded) {
      expect(each.networks).toHaveLength(8);
      expect((await each.probabilities(others)).toRecords()).toEqual(expected);
      expect(each.temperature).toBe(model.temperature);
    }
    model.saveSync(path);
    expect((await (await Bag.load(path)).probabilities(others)).toRecords()).toEqual(expected);
    await expect(Regressor.load(path)).rejects.toMatchObject({ code: 'ERR_BLASNET_FILE' });
  });

  test('explains itself, and refuses what only one network can do', async () => {
    const model = await Classifier.train(train, { ...classes, preset: 'best' });
    const record = others.record(1);
    const { prediction, baseline, columns, gap, output } = await model.attributions(record, { steps: 512 });
    expect(prediction).toBeCloseTo(model.probabilities(record)[output] as number, 6);
    const sum = Object.values(columns).reduce((all, each) => all + each, 0);
    expect(baseline + sum + gap).toBeCloseTo(prediction, 6);
    expect(Math.abs(gap)).toBeLessThan(0.01);
    const message = expect.stringContaining('Expected a model with one network for');
    const refused = { code: 'ERR_BLASNET_ARG_VALUE', message };
    expect(() => model.toJSON()).toThrow(expect.objectContaining(refused));
    const bytes = await model.exportBytes({ format: 'module' });
    const path = join(folder(), 'best.mjs');
    writeFileSync(path, bytes);
    const module = await import(pathToFileURL(path).href);
    expect(module.probabilities(record)[output]).toBeCloseTo(prediction, 5);
    await expect(model.exportBytes({ format: 'onnx' })).rejects.toMatchObject({ code: expect.any(String) });
    expect(() => new Bag([model])).toThrow(expect.objectContaining({ code: 'ERR_BLASNET_ARG_VALUE' }));
  });

  test.each([
    { callbacks: () => true },
    { checkpoint: 'somewhere' },
    { progress: true },
    { metrics: ['accuracy'] },
    { validationSplit: 0.2 },
    { maxSeconds: 9 },
    { shuffle: false },
  ])('refuses %o', async (option) => {
    const options = { ...classes, ...option, preset: 'best' } as ClassifierOptions & { target: string };
    await expect(Classifier.train(train, options)).rejects.toMatchObject({
      code: 'ERR_BLASNET_ARG_VALUE',
      message: expect.stringContaining(
        `Expected ${Object.keys(option)[0]} to be left out with the preset 'best'`,
      ),
    });
  });
});

describe('a training with a preset that is resumed', () => {
  test('has the bits and the temperature of one without interruption', async () => {
    const directory = folder();
    const checkpoint = { directory, everyEpochs: 1 };
    // Of all epochs, as many as the last training has.
    const options = { ...classes, epochs: 8 };
    const whole = await Classifier.train(train, options);
    const { length } = (whole.history as History).loss;
    expect(length).toBeGreaterThan(1);
    await Classifier.train(train, {
      ...options,
      checkpoint,
      callbacks: { onEpochEnd: ({ epoch }) => epoch < 1 },
    });
    await expect(Classifier.resume(directory, train, { ...options, epochs: 9 })).rejects.toMatchObject({
      code: 'ERR_BLASNET_ARG_VALUE',
      message: expect.stringContaining('Expected epochs to be 8, as in the checkpoint'),
    });
    for (const [option, rule] of [
      [{ validationData: others }, 'validationData to be left out, as in the checkpoint'],
      [{ validationSplit: 0.2 }, 'validationSplit to be left out, as in the checkpoint'],
      [{ preset: 'best' }, 'preset to be left out, since trainings of it have no checkpoints'],
    ] as const) {
      await expect(Classifier.resume(directory, train, { ...options, ...option })).rejects.toMatchObject({
        code: 'ERR_BLASNET_ARG_VALUE',
        message: expect.stringContaining(`Expected ${rule}`),
      });
    }
    const plain = await Classifier.resume(directory, train, { ...options, calibrate: false });
    expect(plain.temperature).toBeUndefined();
    const resumed = await Classifier.resume(directory, train, options);
    expect(resumed.temperature).toBe(whole.temperature);
    expect((await resumed.probabilities(others)).toRecords()).toEqual(
      (await whole.probabilities(others)).toRecords(),
    );
  });

  test('is refused for a file with damaged temperatures', async () => {
    const json = (await Classifier.train(train, { ...classes, epochs: 1 })).toJSON();
    const { recipe, ...others } = json.table as { recipe: object };
    for (const temperatures of [[], [1, 1], [0], 1]) {
      const damaged = { ...json, table: { ...others, recipe: { ...recipe, temperatures } } };
      expect(() => Classifier.fromJSON(damaged as never)).toThrow('its recipe is damaged');
    }
  });
});

describe('the parts of a preset', () => {
  const values = { kind: 'numbers', values: [new Float64Array(500)] } as const;
  const [recipe] = recipesFor('default', {} as RegressorOptions, values) as [Recipe];

  test('are a schedule whose waves end at 1, 3, 7 and 15 fifteenths', () => {
    expect(waveEnds({ ...recipe, epochs: 64 })).toEqual([4, 13, 30, 64]);
    expect(waveEnds({ ...recipe, epochs: 1 })).toEqual([1]);
  });

  test('are schedules as long as the recipe, wherever the training ends', () => {
    const { schedule, epochs, batchSize } = fitOptions(
      { ...recipe, end: 6 },
      500,
      values,
      {} as RegressorOptions,
    );
    expect(epochs).toBe(6);
    expect(schedule).toMatchObject({
      name: 'coslog',
      over: recipe.epochs * Math.floor(500 / (batchSize as number)),
    });
  });

  test('are folds that have each row once, and equal shares of each class', () => {
    const labels = Int32Array.from({ length: 103 }, (_, i) => (i < 3 ? 2 : i % 2));
    const target = { name: 'y', classes: ['a', 'b', 'c'] };
    const folds = workHere(foldsFor({ kind: 'classes', target, numbers: labels }, 4, new RandomState(1)));
    const held = folds.flatMap(({ testIndex }) => [...testIndex]);
    expect(held.sort((a, b) => a - b)).toEqual(Array.from(labels, (_, i) => i));
    for (const { trainIndex, testIndex } of folds) {
      expect(trainIndex.length + testIndex.length).toBe(103);
      const count = (label: number) => testIndex.filter((row) => labels[row] === label).length;
      expect([count(0), count(1)].every((n) => n === 12 || n === 13)).toBe(true);
      expect(count(2)).toBeLessThan(2);
    }
  });

  test('are the log loss of all folds together, at their temperature', async () => {
    const part = (size: number) => {
      const logits = Matrix.from(Array.from({ length: size }, () => [draw() * 6, draw() * 6, draw() * 6]));
      const labels = Int32Array.from({ length: size }, () => Math.floor(draw() * 3));
      const weights = Float64Array.from({ length: size }, () => draw() + 0.5);
      return {
        logits: [logits],
        values: { kind: 'classes', target: { name: 'y', classes: ['a', 'b', 'c'] }, numbers: labels },
        weights,
      } as const;
    };
    const parts = [part(7), part(12)];
    const all = workHere(pooled(parts));
    const [temperature] = (await temperaturesOf(all, {})) as [number];
    const lossAt = (t: number) => {
      let [loss, whole] = [0, 0];
      for (const {
        logits,
        values: { numbers: labels },
        weights,
      } of parts) {
        for (const [row, label] of labels.entries()) {
          const z = [...logits[0].row(row)].map((value) => value / t);
          const sum = z.reduce((total, value) => total + Math.exp(value), 0);
          loss -= (weights[row] as number) * Math.log(Math.exp(z[label] as number) / sum);
          whole += weights[row] as number;
        }
      }
      return loss / whole;
    };
    expect(await calibratedLoss(all, [temperature], {})).toBeCloseTo(lossAt(temperature), 12);
    expect(await calibratedLoss(all, [2], {})).toBeCloseTo(lossAt(2), 12);
    expect(lossAt(temperature)).toBeLessThan(lossAt(1));
  });
});
