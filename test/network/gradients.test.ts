// Compares net.gradients with central differences of the network's own loss, and with the oracle.

import { describe, expect, it } from 'vitest';
import { type Dtype, type FloatArray, Matrix } from '../../lib/base/matrix';
import { activationNames } from '../../lib/layers/activations';
import type { LayerOptions } from '../../lib/layers/architecture';
import { binaryCrossEntropy, type LossName, lossEntry, lossNames } from '../../lib/layers/losses';
import { Network } from '../../lib/network/network';
import { sgd } from '../../lib/optimizers/optimizers';
import * as oracle from '../support/oracle';
import { layers, plainLayers, randomLabels, randomMatrix, restore, snapshot, withClasses } from './helpers';

const pairs = lossNames.flatMap((loss) => {
  const { outputs = activationNames } = lossEntry(loss);
  return outputs.map((output) => [loss, output] as const);
});

/** Labels for the oracle; classes are numbers, one per row. */
function labelsFor(loss: LossName, rows: number, cols: number, dtype: Dtype = 'float64'): Matrix {
  const labels =
    loss === 'sparseCategoricalCrossEntropy'
      ? randomLabels(rows, 1, 4, dtype)
      : randomLabels(rows, cols, 4, dtype);
  if (labels.cols === 1 || loss === 'binaryCrossEntropy') return labels;
  if (loss === 'categoricalCrossEntropy') return withClasses(labels);
  const values = randomMatrix(rows, cols, 4, dtype);
  const from: Partial<Record<LossName, (value: number) => number>> = {
    poisson: (value) => 3 * Math.abs(value),
    hinge: Math.sign,
    klDivergence: (value) => (value + 1) / 2,
  };
  return new Matrix(values.data.map(from[loss] ?? ((value) => value)), rows, cols);
}

/** Labels for the network. */
function given(loss: LossName, labels: Matrix): Matrix | Int32Array {
  return loss === 'sparseCategoricalCrossEntropy' ? Int32Array.from(labels.data) : labels;
}

function gradientOf(gradients: object, parameter: string): FloatArray {
  return (gradients as Record<string, Matrix>)[`d${parameter}`]?.data ?? expect.fail(`no d${parameter}`);
}

describe.each(pairs)('%s of %s outputs', (loss, output) => {
  it.each(activationNames)('has the gradients of central differences behind %s layers', (hidden) => {
    const net = new Network(layers([3, 5, 4, 2], hidden, output));
    // The biases are not zero: if all units before a relu are 0, a zero bias would put it on its kink.
    restore(net, oracle.randomArray(net.parameterCount, 3));
    const X = randomMatrix(9, 3, 1);
    const Y = given(loss, labelsFor(loss, 9, 2));
    const gradients = net.gradients(X, Y, { loss });
    expect(gradients.loss).toBe(net.evaluateSync(X, Y, { loss }).loss);
    for (const [name, { data }] of Object.entries(net.parameters) as [string, Matrix][]) {
      const value = () => net.evaluateSync(X, Y, { loss }).loss;
      const numeric = oracle.centralDifferences(value, data as Float64Array);
      expect(oracle.maxRelativeError(gradientOf(gradients, name), numeric, 1e-3), name).toBeLessThan(1e-6);
    }
  });

  it.each([
    ['float64', 1e-11],
    ['float32', 2e-3],
  ] as const)('has the oracle’s gradients in %s, on more samples than one tile holds', (dtype, tolerance) => {
    const net = new Network(layers([3, 17, 2], 'tanh', output), { seed: 3, dtype });
    const X = randomMatrix(1100, 3, 1, dtype);
    const Y = labelsFor(loss, 1100, 2, dtype);
    const gradients = net.gradients(X, given(loss, Y), { loss });
    const expected = oracle.gradients(plainLayers(net), { ...net.parameters }, X, Y, loss);
    expect(oracle.relativeDifference(gradients.loss, expected.loss)).toBeLessThan(tolerance / 10);
    for (const name of Object.keys(net.parameters)) {
      const actual = gradientOf(gradients, name);
      const reference = expected.grads[`d${name}`]?.data ?? [];
      expect(oracle.maxRelativeError(actual, reference, 1e-3), name).toBeLessThan(tolerance);
    }
  });
});

describe('gradients', () => {
  const net = new Network(layers([3, 4, 1], 'relu', 'sigmoid'), { seed: 1 });
  const X = randomMatrix(5, 3, 1);
  const Y = randomLabels(5, 1, 2);

  it('have the shape of their parameters, and their names with a d before', () => {
    const { loss, ...gradients } = net.gradients(X, Y);
    const shapes = Object.entries(gradients).map(([name, { rows, cols }]) => [name, rows, cols]);
    expect(shapes).toEqual([
      ['dW1', 4, 3],
      ['db1', 4, 1],
      ['dW2', 1, 4],
      ['db2', 1, 1],
    ]);
    expect(typeof loss).toBe('number');
  });

  it('are new arrays every time, and leave the parameters alone', () => {
    const before = snapshot(net);
    const [first, second] = [net.gradients(X, Y), net.gradients(X, Y)];
    expect(second).toEqual(first);
    first.dW1?.data.fill(0);
    expect(second).not.toEqual(first);
    expect(snapshot(net)).toEqual(before);
  });

  it('make the same step in a training of one’s own as in fit, to the last bit', () => {
    const [own, fitted] = [1, 2].map(() => new Network(net.architecture, { seed: 1 })) as [Network, Network];
    const gradients = own.gradients(X, Y);
    for (const [name, { data }] of Object.entries(own.parameters) as [string, Matrix][]) {
      const gradient = gradientOf(gradients, name);
      for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) - 0.01 * (gradient[i] as number);
    }
    fitted.fitSync(X, Y, { epochs: 1, batchSize: 'full' });
    expect(snapshot(fitted)).toEqual(snapshot(own));
  });
});

describe('gradients of all that a loss may have', () => {
  const X = randomMatrix(9, 3, 1);
  const Y = randomLabels(9, 2, 4);
  const sampleWeight = Array.from({ length: 9 }, (_, i) => (i % 3) + 0.5);
  it.each([
    ['penalties', { l1: 0.1, l2: 0.2 }],
    ['normalisation by batch', { normalization: 'batch' }],
    ['normalisation by layer, penalties', { normalization: 'layer', l2: 0.2 }],
    // These two do not act in gradients.
    ['dropout and noise', { dropout: 0.5, noise: 1 }],
  ] as const)('are those of central differences with %s, with weights and smoothed labels', (_, options) => {
    const [first, second] = layers([3, 5, 2], 'tanh', 'sigmoid');
    const net = new Network(
      [{ ...first, ...options } as LayerOptions, { ...second, l2: 0.1 } as LayerOptions],
      { seed: 1 },
    );
    const how = { loss: binaryCrossEntropy({ labelSmoothing: 0.2 }), sampleWeight };
    const before = Object.values(net.statistics).map(({ data }: Matrix) => data.slice());
    const gradients = net.gradients(X, Y, how);
    for (const [name, { data }] of Object.entries(net.parameters) as [string, Matrix][]) {
      const value = () => net.gradients(X, Y, how).loss;
      const numeric = oracle.centralDifferences(value, data as Float64Array);
      expect(oracle.maxRelativeError(gradientOf(gradients, name), numeric, 1e-3), name).toBeLessThan(1e-6);
    }
    expect(Object.values(net.statistics).map(({ data }: Matrix) => data)).toEqual(before);
  });

  it('have penalties in their loss, as evaluate has', () => {
    const net = new Network([{ inputDim: 3, outputDim: 2, activation: 'sigmoid', l1: 0.1, l2: 0.2 }], {
      seed: 1,
    });
    const plain = new Network([{ inputDim: 3, outputDim: 2, activation: 'sigmoid' }], { seed: 1 });
    const w = Array.from(net.parameters.W1?.data ?? []);
    const penalty = w.reduce((sum, value) => sum + 0.1 * Math.abs(value) + 0.2 * value * value, 0);
    const expected = plain.evaluateSync(X, Y).loss + penalty;
    expect(net.evaluateSync(X, Y).loss).toBeCloseTo(expected, 14);
    expect(net.gradients(X, Y).loss).toBeCloseTo(expected, 14);
    expect(net.fitSync(X, Y, { epochs: 1 }).loss[0]).toBeCloseTo(expected, 14);
  });

  it('are zeros for frozen layers, and unchanged for the others', () => {
    const net = new Network(layers([3, 4, 2], 'tanh', 'sigmoid'), { seed: 1 });
    const free = net.gradients(X, Y);
    net.setTrainable(1, false);
    const { dW1, db1, dW2, db2 } = net.gradients(X, Y);
    expect([dW1, db1].every((gradient) => gradient?.data.every((value) => value === 0))).toBe(true);
    expect([dW2, db2]).toEqual([free.dW2, free.db2]);
  });
});

/** Expects every gradient to equal the central differences of `loss` by the network's parameters. */
function expectCentralDifferences(net: Network, gradients: object, loss: () => number): void {
  for (const [name, { data }] of Object.entries(net.parameters) as [string, Matrix][]) {
    const numeric = oracle.centralDifferences(loss, data as Float64Array);
    expect(oracle.maxRelativeError(gradientOf(gradients, name), numeric, 1e-3), name).toBeLessThan(1e-6);
  }
}

/** Sets parameters that are small, since sums of many layers grow, and not zero, where relu has its kink. */
function scatter(net: Network, size: number): void {
  restore(net, oracle.randomArray(net.parameterCount, 3, -size, size));
}

describe('gradients of residual connections', () => {
  const X = randomMatrix(9, 4, 1);
  const Y = randomLabels(9, 2, 4);

  it.each(activationNames)('around %s layers are those of central differences', (activation) => {
    const net = new Network([
      { inputDim: 4, outputDim: 4, activation, skip: true, name: 'first' },
      { outputDim: 6, activation },
      { outputDim: 4, activation, skip: 'first' },
      { outputDim: 4, activation, skip: true },
      { outputDim: 4, activation, skip: 'first' },
      { outputDim: 2, activation: 'sigmoid' },
    ]);
    scatter(net, 0.2);
    expectCentralDifferences(net, net.gradients(X, Y), () => net.evaluateSync(X, Y).loss);
  });

  const make = (options: Partial<LayerOptions> = {}) => {
    const net = new Network([
      { inputDim: 4, outputDim: 4, activation: 'tanh', name: 'first', l2: 0.1 },
      { outputDim: 4, activation: 'gelu', skip: true, ...options },
      { outputDim: 4, activation: 'relu', skip: 'first' },
      { outputDim: 2, activation: 'sigmoid' },
    ]);
    scatter(net, 0.4);
    return net;
  };

  it.each([
    { what: 'normalisation by batch', options: { normalization: 'batch' } },
    { what: 'normalisation by layer', options: { normalization: 'layer' } },
    { what: 'penalties', options: { l1: 0.1, l2: 0.2 } },
    { what: 'dropout and noise, which do not act', options: { dropout: 0.5, noise: 1 } },
  ] as const)('are those of central differences with $what', ({ options }) => {
    const net = make(options);
    expectCentralDifferences(net, net.gradients(X, Y), () => net.gradients(X, Y).loss);
  });

  it('around a frozen layer are what they are around one that is not', () => {
    const [frozen, free] = [make({ trainable: false }), make()];
    const { dW2, db2, ...rest } = frozen.gradients(X, Y);
    for (const gradient of [dW2, db2]) expect(gradient?.data.every((value) => value === 0)).toBe(true);
    const { dW2: _, db2: __, ...expected } = free.gradients(X, Y);
    expect(rest).toEqual(expected);
  });
});

describe('gradients of embeddings', () => {
  const numbers = randomMatrix(9, 2, 1);
  // 9 rows of 3 codes: unknown ones, and categories that no row has.
  const categories = Int32Array.from(
    { length: 27 },
    (_, i) => [(i % 4) - 1, i % 2, i === 14 ? -1 : 0][i % 3] as number,
  );
  const X = { numbers, categories };
  const Y = randomLabels(9, 2, 4);
  const embeddings = [{ categories: 6, outputDim: 3 }, { categories: 3, outputDim: 1 }, { categories: 1 }];
  const make = (options: Partial<LayerOptions> = {}) => {
    const net = new Network([
      { inputDim: 2, outputDim: 8, activation: 'tanh', embeddings, ...options },
      { outputDim: 2, activation: 'sigmoid' },
    ]);
    scatter(net, 0.4);
    return net;
  };

  it.each([
    { what: 'tanh', options: {} },
    { what: 'relu', options: { activation: 'relu' } },
    { what: 'softmax', options: { activation: 'softmax' } },
    { what: 'normalisation by batch', options: { normalization: 'batch' } },
    { what: 'normalisation by layer', options: { normalization: 'layer' } },
    { what: 'penalties, which the tables have no part in', options: { l1: 0.1, l2: 0.2 } },
    { what: 'a residual connection', options: { skip: true } },
    { what: 'dropout and noise, which do not act', options: { dropout: 0.5, noise: 1 } },
  ] as const)('in front of a layer with $what are those of central differences', ({ options }) => {
    const net = make(options);
    const gradients = net.gradients(X, Y);
    expectCentralDifferences(net, gradients, () => net.gradients(X, Y).loss);
  });

  it('are those of central differences with weights and a smoothed loss', () => {
    const net = make();
    const how = {
      loss: binaryCrossEntropy({ labelSmoothing: 0.2 }),
      sampleWeight: Array.from({ length: 9 }, (_, i) => (i % 3) + 0.5),
    };
    expectCentralDifferences(net, net.gradients(X, Y, how), () => net.gradients(X, Y, how).loss);
  });

  it('are zero in the rows that no sample picked, and only there', () => {
    const { dE1, dE2, dE3 } = make().gradients(X, Y);
    const picked = (column: number, rows: number) =>
      Array.from({ length: rows }, (_, row) =>
        categories.some((code, i) => i % 3 === column && (code === -1 ? rows - 1 : code) === row),
      );
    const used = (gradient: Matrix | undefined) =>
      (gradient ?? expect.fail()).toArray().map((row) => row.every((value) => value !== 0));
    const unused = (gradient: Matrix | undefined) =>
      (gradient ?? expect.fail()).toArray().map((row) => row.every((value) => Object.is(value, 0)));
    for (const [column, gradient] of [dE1, dE2, dE3].entries()) {
      const rows = picked(column, gradient?.rows ?? 0);
      expect(used(gradient)).toEqual(rows);
      expect(unused(gradient)).toEqual(rows.map((value) => !value));
    }
    expect(picked(0, 7)).toEqual([true, true, true, false, false, false, true]);
  });

  it('are zero for the tables of a frozen first layer', () => {
    const { dE1, dE2, dW1, dW2 } = make({ trainable: false }).gradients(X, Y);
    for (const gradient of [dE1, dE2, dW1]) {
      expect(gradient?.data.every((value) => Object.is(value, 0))).toBe(true);
    }
    expect(dW2?.data.some((value) => value !== 0)).toBe(true);
  });

  it('make a step of fit’s, to the last bit', () => {
    const [own, fitted] = [make(), make()];
    const gradients = own.gradients(X, Y);
    // A power of 2: its products are exact, so that rounding before the sum has no effect.
    const rate = 2 ** -6;
    for (const [name, { data }] of Object.entries(own.parameters) as [string, Matrix][]) {
      const gradient = gradientOf(gradients, name);
      for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) - rate * (gradient[i] as number);
    }
    const optimizer = sgd({ learningRate: rate });
    fitted.fitSync(X, Y, { epochs: 1, batchSize: 'full', shuffle: false, optimizer });
    expect(snapshot(fitted)).toEqual(snapshot(own));
  });
});
