import { describe, expect, it } from 'vitest';
import firstStep from '../fixtures/first-step.json';
import init from '../fixtures/init.json';
import moons from '../fixtures/moons.json';
import * as oracle from './oracle';

const activations: oracle.Activation[] = ['linear', 'sigmoid', 'relu', 'tanh', 'softmax'];
const formulas = {
  binaryCrossEntropy: oracle.binaryCrossEntropy,
  binaryCrossEntropyFromLogits: oracle.binaryCrossEntropyFromLogits,
  categoricalCrossEntropy: oracle.categoricalCrossEntropy,
  categoricalCrossEntropyFromLogits: oracle.categoricalCrossEntropyFromLogits,
  meanSquaredError: oracle.meanSquaredError,
};
const demo: oracle.Layer[] = [
  { inputDim: 2, outputDim: 25, activation: 'relu' },
  { inputDim: 25, outputDim: 50, activation: 'relu' },
  { inputDim: 50, outputDim: 50, activation: 'relu' },
  { inputDim: 50, outputDim: 25, activation: 'relu' },
  { inputDim: 25, outputDim: 1, activation: 'sigmoid' },
];

// One label per row, which both cross-entropies accept.
function oneHot(rows: number, cols: number): oracle.Grid {
  return oracle.build(rows, cols, (r, c) => (c === (r * 7) % cols ? 1 : 0));
}

function fromRows(rows: number[][]): oracle.Dense {
  return oracle.dense(rows.flat(), rows.length, rows[0]?.length ?? 0);
}

describe('the oracle', () => {
  it('multiplies a worked example in all four orientations', () => {
    const A = fromRows([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const B = fromRows([
      [7, 8],
      [9, 10],
      [11, 12],
    ]);
    const product = [58, 64, 139, 154];
    expect(oracle.matmul(A, B).data).toEqual(product);
    expect(oracle.matmul(oracle.transpose(A), B, true).data).toEqual(product);
    expect(oracle.matmul(A, oracle.transpose(B), false, true).data).toEqual(product);
    expect(oracle.matmul(oracle.transpose(A), oracle.transpose(B), true, true).data).toEqual(product);
  });

  it.each(activations)('differentiates %s as central differences do, in both orientations', (name) => {
    const Z = oracle.randomDense(5, 3, 1, -2, 2);
    const weight = oracle.randomDense(5, 3, 2);
    for (const samples of ['rows', 'columns'] as const) {
      const value = () =>
        oracle.total(oracle.zip(oracle.activate(name, Z, samples), weight, (a, w) => a * w));
      const numeric = oracle.centralDifferences(value, Z.data);
      const exact = oracle.activateBackward(name, weight, Z, samples).data;
      expect(oracle.maxRelativeError(exact, numeric, 1e-3)).toBeLessThan(1e-7);
    }
  });

  it.each(Object.entries(formulas))('differentiates %s as central differences do', (_, formula) => {
    const A = oracle.randomDense(5, 3, 3, 0.1, 0.9);
    const Y = oneHot(5, 3);
    const numeric = oracle.centralDifferences(() => formula.value(A, Y), A.data);
    expect(oracle.maxRelativeError(formula.gradient(A, Y).data, numeric, 1e-3)).toBeLessThan(1e-7);
  });

  it('has one loss from probabilities and from logits, and stays finite only from logits', () => {
    const Z = oracle.randomDense(6, 3, 4, -3, 3);
    const Y = oneHot(6, 3);
    expect(oracle.binaryCrossEntropyFromLogits.value(Z, Y)).toBeCloseTo(
      oracle.binaryCrossEntropy.value(oracle.activate('sigmoid', Z), Y),
      12,
    );
    expect(oracle.categoricalCrossEntropyFromLogits.value(Z, Y)).toBeCloseTo(
      oracle.categoricalCrossEntropy.value(oracle.activate('softmax', Z), Y),
      12,
    );
    const saturated = fromRows([[1000, -1000]]);
    expect(oracle.binaryCrossEntropyFromLogits.value(saturated, fromRows([[0, 1]]))).toBe(2000);
    expect(oracle.categoricalCrossEntropyFromLogits.value(saturated, fromRows([[0, 1]]))).toBe(2000);
  });

  it.each([
    { hidden: 'relu', output: 'sigmoid', loss: 'binaryCrossEntropy' },
    { hidden: 'tanh', output: 'softmax', loss: 'categoricalCrossEntropy' },
    { hidden: 'sigmoid', output: 'linear', loss: 'meanSquaredError' },
    { hidden: 'tanh', output: 'softmax', loss: 'meanSquaredError' },
  ] as const)('differentiates $hidden layers, $output outputs and $loss', ({ hidden, output, loss }) => {
    const architecture: oracle.Layer[] = [
      { inputDim: 3, outputDim: 5, activation: hidden },
      { inputDim: 5, outputDim: 2, activation: output },
    ];
    const params = oracle.randomParameters(architecture, 5);
    const X = oracle.randomDense(7, 3, 6);
    const Y = oneHot(7, 2);
    const { grads } = oracle.gradients(architecture, params, X, Y, loss);
    for (const [key, tensor] of Object.entries(params)) {
      const value = () => oracle.networkLoss(architecture, params, X, Y, loss);
      const numeric = oracle.centralDifferences(value, tensor.data);
      expect(oracle.maxRelativeError(grads[`d${key}`]?.data ?? [], numeric, 1e-3)).toBeLessThan(1e-6);
    }
  });

  it('gives the same layer in both orientations', () => {
    const X = oracle.randomDense(7, 3, 8);
    const W = oracle.randomDense(4, 3, 9);
    const b = oracle.randomDense(4, 1, 10);
    const dA = oracle.randomDense(7, 4, 11);
    for (const name of activations) {
      const ours = oracle.layerForward(X, W, b, name);
      const theirs = oracle.articleLayerForward(oracle.transpose(X), W, b, name);
      expect(oracle.transpose(theirs.A)).toEqual(ours.A);

      const dZ = oracle.map(oracle.activateBackward(name, dA, ours.Z), (value) => value / 7);
      const back = oracle.layerBackward(dZ, W, X);
      const [dAColumns, XColumns] = [oracle.transpose(dA), oracle.transpose(X)];
      const articleBack = oracle.articleLayerBackward(dAColumns, W, theirs.Z, XColumns, name);
      expect(oracle.maxRelativeError(articleBack.dW.data, back.dW.data)).toBeLessThan(1e-12);
      expect(oracle.maxRelativeError(articleBack.db.data, back.db.data)).toBeLessThan(1e-12);
      const dX = oracle.map(oracle.transpose(articleBack.dAPrev), (value) => value / 7);
      expect(oracle.maxRelativeError(dX.data, back.dAPrev.data)).toBeLessThan(1e-12);
    }
  });

  it("takes the golden first step of the article's demonstration", () => {
    const rows = moons.trainIndex.map((index) => moons.X[index] as number[]);
    const labels = moons.trainIndex.map((index) => [moons.y[index] as number]);
    const entries = Object.entries(init['demo-25-50-50-25-1-seed2']);
    const params = Object.fromEntries(entries.map(([key, value]) => [key, fromRows(value)]));
    const [X, Y] = [fromRows(rows), fromRows(labels)];

    const { loss, grads } = oracle.gradients(demo, params, X, Y, 'binaryCrossEntropy');
    expect(oracle.relativeDifference(loss, firstStep.cost)).toBeLessThan(1e-14);
    for (const [key, value] of Object.entries(firstStep.grads)) {
      expect(oracle.maxRelativeError(grads[key]?.data ?? [], value.flat(), 1e-6)).toBeLessThan(1e-11);
    }
    const { yHat } = oracle.forward(demo, params, X);
    expect(oracle.maxRelativeError(yHat.data, firstStep.yHat)).toBeLessThan(1e-14);
    expect(oracle.accuracy(yHat, Y)).toBe(firstStep.accuracy);

    const { W1 } = oracle.descend(params, grads, 0.01);
    expect(W1?.data[0]).toBe((params.W1?.data[0] as number) - 0.01 * (grads.dW1?.data[0] as number));
  });

  it('counts a sample as right when all its outputs are, or when its largest is', () => {
    const A = fromRows([
      [0.9, 0.2],
      [0.6, 0.7],
      [0.5, 0.4],
    ]);
    const Y = fromRows([
      [1, 0],
      [0, 1],
      [1, 0],
    ]);
    expect(oracle.accuracy(A, Y)).toBe(1 / 3);
    expect(oracle.accuracy(oracle.transpose(A), oracle.transpose(Y), 'columns')).toBe(1 / 3);
    expect(oracle.argmaxAccuracy(A, Y)).toBe(1);
  });

  it('never takes NaN or a wrong length for agreement', () => {
    expect(oracle.maxRelativeError([1, Number.NaN], [1, 2])).toBe(Number.POSITIVE_INFINITY);
    expect(oracle.maxRelativeError([Number.POSITIVE_INFINITY], [Number.NEGATIVE_INFINITY])).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(oracle.maxRelativeError([Number.NaN, 1e-20], [Number.NaN, 0], 1)).toBe(1e-20);
    expect(() => oracle.maxRelativeError([1], [1, 2])).toThrow('1 elements, not 2');
  });
});
