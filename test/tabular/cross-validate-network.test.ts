// Cross-validation of networks, beside trainings and evaluations one by one.

import { describe, expect, test } from 'vitest';
import { workHere } from '../../lib/addon/work';
import { Matrix } from '../../lib/base/matrix';
import { plainFolds } from '../../lib/datasets/folds';
import { Network } from '../../lib/network/network';
import { labelEncoder, preprocessing, standardScaler } from '../../lib/preprocessing';
import { RandomState } from '../../lib/random/random-state';
import { crossValidate, type NetworkFoldOptions } from '../../lib/tabular';

const random = new RandomState(1);
const X = Array.from({ length: 30 }, () => [random.randn(), random.randn()]);
const Y = X.map(([a = 0, b = 0]) => [a + b > 0 ? 1 : 0]);
const names = Y.map(([y]) => (y === 1 ? 'yes' : 'no'));

const make = ({ seed }: { seed: number }) =>
  new Network(
    [
      { inputDim: 2, outputDim: 3, activation: 'tanh' },
      { outputDim: 1, activation: 'sigmoid' },
    ],
    { seed },
  );
const fit = { epochs: 3, batchSize: 8 };
const rowsAt = <T>(values: readonly T[], index: Uint32Array) => [...index].map((row) => values[row] as T);

describe('crossValidate for networks', () => {
  test('trains, evaluates and predicts each fold like the methods of a network', async () => {
    const options = { fit, metrics: ['rocAuc'], folds: 3, seed: 4, keepModels: true } as const;
    const result = await crossValidate(make, X, Y, options);
    const folds = workHere(plainFolds(30, 3, true, new RandomState(4)));
    for (const [i, { trainIndex, testIndex }] of folds.entries()) {
      const network = make({ seed: 4 });
      network.fitSync(rowsAt(X, trainIndex), rowsAt(Y, trainIndex), fit);
      const [testX, testY] = [rowsAt(X, testIndex), rowsAt(Y, testIndex)];
      expect(result.folds[i]).toMatchObject({
        fold: i + 1,
        repeat: 1,
        trainRows: 20,
        testRows: 10,
        epochs: 3,
      });
      expect(result.folds[i]?.evaluation).toEqual(
        network.evaluateSync(testX, testY, { metrics: ['rocAuc'] }),
      );
      expect(result.models[i]?.parameters).toEqual(network.parameters);
      const outputs = network.predictSync(testX);
      for (const [place, row] of [...testIndex].entries()) {
        expect(result.predictions.get(row, 0)).toBe(outputs.get(place, 0));
      }
    }
    expect(Object.keys(result.scores)).toEqual(['loss', 'accuracy', 'rocAuc']);
    expect(result.scores.loss?.mean).toBeCloseTo(
      result.folds.reduce((sum, { evaluation }) => sum + evaluation.loss, 0) / 3,
      12,
    );
    expect(String(result)).toMatch(/^3 folds, 30 rows\n\nscore +mean/);
  });

  test('gives equal bits for any number of networks at a time', async () => {
    const run = async (parallel: number) => {
      const options = { fit, stratify: true, folds: 5, repeats: 2, seed: 3, parallel } as const;
      const { folds, predictions } = await crossValidate(make, X, Y, options);
      return { folds: folds.map(({ seconds, ...others }) => others), outputs: [...predictions.data] };
    };
    const one = await run(1);
    expect(await run(2)).toEqual(one);
    expect(await run(20)).toEqual(one);
    expect(one.folds.length).toBe(10);
  });

  test('takes names, classes in equal shares, groups, times and other forms of X and Y', async () => {
    const byName = await crossValidate(
      async () =>
        Network.create(
          [
            { inputDim: 2, outputDim: 3, activation: 'relu' },
            { outputDim: 1, activation: 'sigmoid' },
          ],
          { seed: 1, labels: labelEncoder(), preprocessing: preprocessing([standardScaler()]) },
        ),
      Matrix.from(X),
      names,
      { fit: ({ fold }) => ({ ...fit, epochs: fold }), stratify: true, folds: 2, seed: 1 },
    );
    expect(byName.folds.map(({ epochs }) => epochs)).toEqual([1, 2]);

    const groups = X.map((_, i) => `g${i % 6}`);
    const tested: Uint32Array[] = [];
    const seen = (fold: { seed: number; testIndex: Uint32Array }) => {
      tested.push(fold.testIndex);
      return make(fold);
    };
    await crossValidate(seen, X, Y, { fit, group: groups, folds: 3, parallel: 1 });
    const groupsOf = tested.map((index) => new Set(rowsAt(groups, index)));
    expect(groupsOf.map(({ size }) => size)).toEqual([2, 2, 2]);

    const time = X.map((_, i) => new Date(1e12 - i * 1e9));
    const { predictions } = await crossValidate(make, Float32Array.from(X.flat()), Y, {
      fit,
      time,
      folds: 4,
    });
    // The last rows are the earliest.
    expect([...predictions.data].map(Number.isNaN)).toEqual(X.map((_, i) => i >= 24));
  });

  test('ends with the signal, and names the fold that fails', async () => {
    const controller = new AbortController();
    const ended = crossValidate(make, X, Y, {
      ...{ fit, folds: 3, parallel: 1, signal: controller.signal },
      onFoldEnd: () => controller.abort(),
    });
    await expect(ended).rejects.toMatchObject({ name: 'AbortError', folds: [{ fold: 1 }] });
    const failing = crossValidate(make, X, Y, { fit: { ...fit, validationSplit: 2 }, folds: 3 });
    await expect(failing).rejects.toMatchObject({
      message: expect.stringMatching(/^In fold 1: Expected validationSplit/),
    });
  });
});

describe('arguments that are refused', () => {
  const validate = (more: object, own: unknown = make) =>
    crossValidate(own as typeof make, X, Y, { fit, folds: 2, ...more } as NetworkFoldOptions);
  const network = make({ seed: 1 });

  test.each([
    { more: { fold: 2 }, message: 'Unknown option "fold"; did you mean "folds"?' },
    { more: { fit: undefined }, message: 'Expected fit to be an object, got undefined' },
    { more: { folds: 31 }, message: 'Expected folds to be at most 30, the number of rows, got 31 (number)' },
    {
      more: { group: X.map(() => 1) },
      message: 'Expected at least 2 groups of group, to make folds of, got 1',
    },
    { more: { group: [1, 2] }, message: 'Expected group to have as many rows as X (30), got 2' },
    {
      more: { time: [1, 2] },
      message: 'Expected time to be an array of 30 numbers or Dates, got an array of length 2',
    },
    {
      more: { time: X.map(() => 'x') },
      message: 'Expected time[0] to be a number or a Date, got "x" (string)',
    },
    { more: { group: names, time: X }, message: 'Expected either group or time, got both' },
    {
      more: { shuffle: false, repeats: 2 },
      message:
        'Expected repeats to be left out with shuffle: false, since each repeat would have the same folds, got 2',
    },
  ])('are named: $message', async ({ more, message }) => {
    await expect(validate(more)).rejects.toMatchObject({ message });
  });

  test('are named: a function that gives one network twice', async () => {
    await expect(validate({ parallel: 1 }, () => network)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^In fold 2: Expected make to be a function that makes a new network each time/,
      ),
    });
  });
});
