import { describe, expect, it } from 'vitest';
import { type Dtype, Matrix } from '../../lib/base/matrix';
import * as functional from '../../lib/functional';
import { type ActivationName, activationNames } from '../../lib/layers/activations';
import type { LayerOptions } from '../../lib/layers/architecture';
import type { Gradients, Parameters } from '../../lib/layers/parameters';
import firstStep from '../fixtures/first-step.json';
import init from '../fixtures/init.json';
import golden from '../fixtures/train.json';
import { articleSamples, demonstration, example } from '../network/helpers';
import { expectNumpy } from '../support/numpy-bits';
import * as oracle from '../support/oracle';
import { columns } from './helpers';

const dtypes: Dtype[] = ['float64', 'float32'];
const epsilons = { float64: 2 ** -52, float32: 2 ** -23 };

function layers(sizes: number[], hidden: ActivationName = 'relu', output: ActivationName = 'sigmoid') {
  return sizes.slice(1).map((outputDim, l): LayerOptions => {
    const activation = l + 2 === sizes.length ? output : hidden;
    return { inputDim: sizes[l] as number, outputDim, activation };
  });
}

const train = columns(articleSamples().train);

function random(
  rows: number,
  cols: number,
  seed: number,
  dtype: Dtype = 'float64',
  low = -1,
  high = 1,
): Matrix {
  const matrix: Matrix = Matrix.zeros(rows, cols, dtype);
  matrix.data.set(oracle.randomArray(rows * cols, seed, low, high));
  return matrix;
}

function labels(rows: number, cols: number, seed: number, dtype: Dtype = 'float64'): Matrix {
  const matrix = random(rows, cols, seed, dtype);
  matrix.data.set(matrix.data.map((value) => (value > 0 ? 1 : 0)));
  return matrix;
}

/** Parameters of an architecture, each with its own buffer. */
function parametersFor(architecture: LayerOptions[], dtype: Dtype): Parameters {
  const entries = architecture.flatMap(({ inputDim = 0, outputDim }, l) => [
    [`W${l + 1}`, random(outputDim, inputDim, 2 * l, dtype)],
    [`b${l + 1}`, random(outputDim, 1, 2 * l + 1, dtype)],
  ]);
  return Object.fromEntries(entries);
}

/** Expects the shape of the oracle's matrix and, up to rounding, its values. */
function expectMatrix(actual: Matrix | undefined, expected: oracle.Dense, dtype: Dtype, what = ''): void {
  expect(actual, what).toMatchObject({ rows: expected.rows, cols: expected.cols, dtype });
  const values = (actual as Matrix).data;
  const most = Array.from(expected.data).reduce((a, b) => Math.max(a, Math.abs(b)), 1e-3);
  expect(oracle.maxRelativeError(values, expected.data, most), what).toBeLessThan(100 * epsilons[dtype]);
}

describe("the article's numbers", () => {
  it.each([
    { what: 'the example', architecture: example, seed: 99, expected: init['article-4-6-6-4-1-seed99'] },
    {
      what: 'the demonstration',
      architecture: demonstration,
      seed: 2,
      expected: init['demo-25-50-50-25-1-seed2'],
    },
  ])('initLayers of $what equals NumPy to the last bit', ({ architecture, seed, expected }) => {
    const params = functional.initLayers(architecture, seed);
    const values = Object.entries(params).map(([key, matrix]) => [key, (matrix as Matrix).toArray()]);
    expectNumpy(Object.fromEntries(values), expected);
    expect(Object.keys(params)).toEqual(Object.keys(expected));
  });

  it('initLayers takes seed 99 when it is given none', () => {
    expect(functional.initLayers(example)).toEqual(functional.initLayers(example, 99));
    expect(functional.initLayers(example, 98)).not.toEqual(functional.initLayers(example, 99));
  });

  it('the first step has its cost, accuracy, predictions and gradients', () => {
    const { X, Y } = train;
    const params = functional.initLayers(demonstration, 2);
    const { yHat, memory } = functional.fullForwardPropagation(X, params, demonstration);
    expect(oracle.maxRelativeError(yHat.data, firstStep.yHat)).toBeLessThan(1e-14);
    expect(oracle.relativeDifference(functional.getCostValue(yHat, Y), firstStep.cost)).toBeLessThan(1e-14);
    expect(functional.getAccuracyValue(yHat, Y)).toBe(firstStep.accuracy);

    const grads = functional.fullBackwardPropagation(yHat, Y, memory, params, demonstration);
    expect(Object.keys(grads).sort()).toEqual(Object.keys(firstStep.grads).sort());
    for (const [key, rows] of Object.entries(firstStep.grads)) {
      const actual = (grads as Record<string, Matrix>)[key]?.data ?? [];
      const expected = rows.flat();
      // If a sum over 900 samples nearly cancels, the rounding errors of its terms remain. So errors are relative to
      // the tensor's largest element. A unit that no sample reaches has exactly 0 on both sides.
      const most = Math.max(...expected.map(Math.abs));
      expect(oracle.maxRelativeError(actual, expected, most / 1000), key).toBeLessThan(1e-12);
      expect(
        Array.from(actual, (value) => value === 0),
        key,
      ).toEqual(expected.map((value) => value === 0));
    }
  });

  it('the first 500 epochs follow its curve', () => {
    const { costHistory, accuracyHistory } = functional.train(train.X, train.Y, demonstration, 500, 0.01);
    const count = golden.epoch.filter((epoch) => epoch < 500).length;
    expect(count).toBeGreaterThan(5);
    const at = <T>(history: T[]) => golden.epoch.slice(0, count).map((epoch) => history[epoch] as T);
    expect(oracle.maxRelativeError(at(costHistory), golden.cost.slice(0, count))).toBeLessThan(1e-9);
    expect(at(accuracyHistory)).toEqual(golden.accuracy.slice(0, count));
  });
});

describe.each(dtypes)('in %s', (dtype) => {
  const sizes = [1, 3, 17];

  it('the activations and their derivatives equal the oracle', () => {
    for (const m of [...sizes, 65]) {
      const [Z, dA] = [random(3, m, 1, dtype, -8, 8), random(3, m, 2, dtype)];
      expectMatrix(functional.sigmoid(Z), oracle.activate('sigmoid', Z), dtype);
      expectMatrix(functional.relu(Z), oracle.activate('relu', Z), dtype);
      expectMatrix(functional.sigmoidBackward(dA, Z), oracle.activateBackward('sigmoid', dA, Z), dtype);
      expectMatrix(functional.reluBackward(dA, Z), oracle.activateBackward('relu', dA, Z), dtype);
    }
  });

  it.each(activationNames)('one layer of %s equals the oracle, forward and backward', (activation) => {
    for (const inputs of sizes) {
      for (const outputs of sizes) {
        for (const m of [1, 3, 65]) {
          const what = `${inputs} to ${outputs}, ${m} samples`;
          const [APrev, W, b] = [
            random(inputs, m, 1, dtype),
            random(outputs, inputs, 2, dtype),
            random(outputs, 1, 3, dtype),
          ];
          const given = structuredClone([APrev.toArray(), W.toArray(), b.toArray()]);
          const { A, Z } = functional.singleLayerForwardPropagation(APrev, W, b, activation);
          const expected = oracle.articleLayerForward(APrev, W, b, activation);
          expectMatrix(A, expected.A, dtype, `A of ${what}`);
          expectMatrix(Z, expected.Z, dtype, `Z of ${what}`);

          const dA = random(outputs, m, 4, dtype);
          const back = functional.singleLayerBackwardPropagation(dA, W, b, Z, APrev, activation);
          const expectedBack = oracle.articleLayerBackward(dA, W, Z, APrev, activation);
          expectMatrix(back.dAPrev, expectedBack.dAPrev, dtype, `dAPrev of ${what}`);
          expectMatrix(back.dW, expectedBack.dW, dtype, `dW of ${what}`);
          expectMatrix(back.db, expectedBack.db, dtype, `db of ${what}`);
          expect([APrev.toArray(), W.toArray(), b.toArray()]).toEqual(given);
        }
      }
    }
  });

  it.each([
    ['1-1', layers([1, 1])],
    ['3-17-5-2 tanh', layers([3, 17, 5, 2], 'tanh')],
    ['5-3-65-3-1 relu', layers([5, 3, 65, 3, 1], 'relu')],
    ['2-6-3 softmax', layers([2, 6, 3], 'softmax')],
  ])('a network of %s equals the oracle, forward, backward and updated', (_, architecture) => {
    for (const m of [1, 3, 65]) {
      const params = parametersFor(architecture, dtype);
      const tensors = params as unknown as oracle.Tensors;
      const X = random(architecture[0]?.inputDim as number, m, 30, dtype, -2, 2);
      const Y = labels(architecture.at(-1)?.outputDim as number, m, 31, dtype);
      const { yHat, memory } = functional.fullForwardPropagation(X, params, architecture);
      const network = architecture as oracle.Layer[];
      const rows = { X: oracle.transpose(X), Y: oracle.transpose(Y) };
      const expected = oracle.forward(network, tensors, rows.X);
      expectMatrix(yHat, oracle.transpose(expected.yHat), dtype);
      const memorised = memory as Record<string, Matrix>;
      const keys = ['A0', ...network.flatMap((_, l) => [`Z${l + 1}`, `A${l + 1}`])].slice(0, -1);
      expect(Object.keys(memorised).sort()).toEqual(keys.sort());
      expect(memorised.A0).toBe(X);
      for (const key of keys) {
        const layer = expected[key[0] as 'A' | 'Z'][Number(key.slice(1))] as oracle.Dense;
        expectMatrix(memorised[key], oracle.transpose(layer), dtype, key);
      }

      const { loss, grads } = oracle.gradients(network, tensors, rows.X, rows.Y, 'binaryCrossEntropy');
      const cost = functional.getCostValue(yHat, Y);
      expect(oracle.relativeDifference(cost, loss, 1)).toBeLessThan(100 * epsilons[dtype]);
      expect(functional.getAccuracyValue(yHat, Y)).toBe(oracle.accuracy(yHat, Y, 'columns'));

      const ours = functional.fullBackwardPropagation(yHat, Y, memory, params, architecture);
      expect(Object.keys(ours).sort()).toEqual(Object.keys(grads).sort());
      for (const [key, gradient] of Object.entries(grads)) {
        expectMatrix((ours as Record<string, Matrix>)[key], gradient, dtype, `${key}, ${m} samples`);
      }

      const next = oracle.descend(tensors, ours as unknown as oracle.Tensors, 0.25);
      const references = Object.values(params);
      expect(functional.update(params, ours, architecture, 0.25)).toBe(params);
      expect(Object.values(params)).toEqual(references);
      for (const [key, value] of Object.entries(next)) {
        expectMatrix((params as Record<string, Matrix>)[key], value, dtype, key);
      }
    }
  });

  it('saturated sigmoids have a finite cost and a gradient of 0, as documented', () => {
    const least = dtype === 'float64' ? 2 ** -1022 : 2 ** -126;
    const below1 = dtype === 'float64' ? 1 - 2 ** -53 : 1 - 2 ** -24;
    const one = (value: number) => Matrix.from([[value]], dtype as Dtype);
    const [W, b] = [one(1), one(0)];
    for (const { z, y, a, cost } of [
      { z: 800, y: 0, a: 1, cost: -Math.log(1 - below1) },
      { z: -800, y: 1, a: 0, cost: -Math.log(least) },
      { z: 800, y: 1, a: 1, cost: -Math.log(below1) },
      { z: -800, y: 0, a: 0, cost: 0 },
    ] as const) {
      const { A, Z } = functional.singleLayerForwardPropagation(one(z), W, b, 'sigmoid');
      expect(A.toArray()).toEqual([[a]]);
      const actual = functional.getCostValue(A, one(y));
      expect(oracle.relativeDifference(actual, cost)).toBeLessThan(4 * epsilons[dtype]);
      expect(functional.getAccuracyValue(A, one(y))).toBe(a === y ? 1 : 0);
      const memory = { A0: one(z), Z1: Z, A1: A };
      const grads = functional.fullBackwardPropagation(A, one(y), memory, { W1: W, b1: b }, layers([1, 1]));
      expect([Math.abs(grads.dW1?.get(0, 0) as number), Math.abs(grads.db1?.get(0, 0) as number)]).toEqual([
        0, 0,
      ]);
    }
  });
});

describe('worked by hand', () => {
  it('sigmoid, relu and their derivatives have the values worked by hand', () => {
    const Z = Matrix.from([[0, -2, 3]]);
    const dA = Matrix.from([[8, 4, 2]]);
    expect(functional.sigmoid(Matrix.from([[0, 1e4, -1e4]])).toArray()).toEqual([[0.5, 1, 0]]);
    expect(functional.relu(Z).toArray()).toEqual([[0, 0, 3]]);
    expect(functional.reluBackward(dA, Z).toArray()).toEqual([[0, 0, 2]]);
    expect(functional.sigmoidBackward(Matrix.from([[8]]), Matrix.from([[0]])).toArray()).toEqual([[2]]);
    expect(Z.toArray()).toEqual([[0, -2, 3]]);
  });

  it('a layer of 3 inputs and 2 units has the values worked by hand for 2 samples', () => {
    const W = Matrix.from([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const b = Matrix.from([[0.5], [-20]]);
    const APrev = Matrix.from([
      [1, 2],
      [0, 1],
      [-1, 0],
    ]);
    const { A, Z } = functional.singleLayerForwardPropagation(APrev, W, b, 'relu');
    expect(Z.toArray()).toEqual([
      [-1.5, 4.5],
      [-22, -7],
    ]);
    expect(A.toArray()).toEqual([
      [0, 4.5],
      [0, 0],
    ]);
    const dA = Matrix.from([
      [1, 2],
      [3, 4],
    ]);
    // relu passes only the second sample's first unit: 2.
    const { dAPrev, dW, db } = functional.singleLayerBackwardPropagation(dA, W, b, Z, APrev, 'relu');
    expect(dW.toArray()).toEqual([
      [2, 1, 0],
      [0, 0, 0],
    ]);
    expect(db.toArray()).toEqual([[1], [0]]);
    expect(dAPrev.toArray()).toEqual([
      [0, 2],
      [0, 4],
      [0, 6],
    ]);
  });

  it('cost, classes and accuracy have the values worked by hand, for one output and for two', () => {
    const half = Matrix.from([[0.5, 0.5]]);
    expect(functional.getCostValue(half, Matrix.from([[1, 0]]))).toBeCloseTo(Math.log(2), 15);
    const yHat = Matrix.from([
      [0.5, 0.75],
      [0.25, 0.5],
    ]);
    const Y = Matrix.from([
      [0, 1],
      [0, 1],
    ]);
    // The sum over outputs and samples, divided by the number of samples.
    const cost = (Math.log(2) - 2 * Math.log(0.75) + Math.log(2)) / 2;
    expect(functional.getCostValue(yHat, Y)).toBeCloseTo(cost, 15);
    expect(functional.convertProbIntoClass(yHat).toArray()).toEqual([
      [0, 1],
      [0, 0],
    ]);
    expect(functional.getAccuracyValue(yHat, Y)).toBe(0.5);
    const edges = Matrix.from([[0.5, 0.5 + 2 ** -53, 0, 1, Number.NaN]]);
    expect(functional.convertProbIntoClass(edges).toArray()).toEqual([[0, 1, 0, 1, 0]]);
    expect(functional.convertProbIntoClass(Matrix.zeros(1, 1, 'float32')).dtype).toBe('float32');
  });

  it('an update has the parameters worked by hand', () => {
    const architecture = layers([2, 1]);
    const params = { W1: Matrix.from([[1, 2]]), b1: Matrix.from([[3]]) };
    const grads = { dW1: Matrix.from([[4, -4]]), db1: Matrix.from([[0.5]]) };
    functional.update(params, grads, architecture, 0.25);
    expect([params.W1.toArray(), params.b1.toArray()]).toEqual([[[0, 3]], [[2.875]]]);
    expect([grads.dW1.toArray(), grads.db1.toArray()]).toEqual([[[4, -4]], [[0.5]]]);
  });
});

it('gradients are those of the cost, by central differences', () => {
  for (const hidden of activationNames) {
    // With two layers of it the outputs saturate, where the article's cost is flat.
    if (hidden === 'exponential') continue;
    const architecture = layers([3, 5, 4, 2], hidden);
    const params = parametersFor(architecture, 'float64');
    const [X, Y] = [random(3, 9, 40), labels(2, 9, 41)];
    const { yHat, memory } = functional.fullForwardPropagation(X, params, architecture);
    const grads = functional.fullBackwardPropagation(yHat, Y, memory, params, architecture);
    for (const [key, parameter] of Object.entries(params) as [string, Matrix][]) {
      const numeric = oracle.centralDifferences(
        () => functional.getCostValue(functional.fullForwardPropagation(X, params, architecture).yHat, Y),
        parameter.data as Float64Array,
      );
      const exact = grads[`d${key}` as keyof Gradients] as Matrix;
      expect(oracle.maxRelativeError(exact.data, numeric, 1e-3), `${hidden} ${key}`).toBeLessThan(1e-6);
    }
  }
});
