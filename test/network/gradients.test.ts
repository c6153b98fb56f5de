// net.gradients, by central differences of the network's own loss and against the oracle.

import { describe, expect, it } from 'vitest';
import { type ActivationName, activationNames } from '../../lib/activations';
import { type LossName, lossNames } from '../../lib/losses';
import type { Dtype, FloatArray, Matrix } from '../../lib/matrix';
import { Network } from '../../lib/network';
import * as oracle from '../oracle';
import { layers, randomLabels, randomMatrix, restore, snapshot } from './helpers';

const outputsOf: Partial<Record<LossName, readonly ActivationName[]>> = {
  binaryCrossEntropy: ['sigmoid'],
  categoricalCrossEntropy: ['softmax'],
  meanSquaredError: activationNames,
};
const pairs = lossNames.flatMap((loss) => (outputsOf[loss] ?? []).map((output) => [loss, output] as const));

function labelsFor(loss: LossName, rows: number, cols: number, dtype: Dtype = 'float64'): Matrix {
  return loss === 'meanSquaredError'
    ? randomMatrix(rows, cols, 4, dtype)
    : randomLabels(rows, cols, 4, dtype);
}

function gradientOf(gradients: object, parameter: string): FloatArray {
  return (gradients as Record<string, Matrix>)[`d${parameter}`]?.data ?? expect.fail(`no d${parameter}`);
}

describe.each(pairs)('%s of %s outputs', (loss, output) => {
  it.each(activationNames)('behind %s layers has the gradients of central differences', (hidden) => {
    const net = new Network(layers([3, 5, 4, 2], hidden, output));
    // Biases that are not zero: behind units that are all off, relu would stand on its kink.
    restore(net, oracle.randomArray(net.parameterCount, 3));
    const X = randomMatrix(9, 3, 1);
    const Y = labelsFor(loss, 9, 2);
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
  ] as const)('has the oracle’s in %s, on more samples than one tile holds', (dtype, tolerance) => {
    const net = new Network(layers([3, 17, 2], 'tanh', output), { seed: 3, dtype });
    const X = randomMatrix(1100, 3, 1, dtype);
    const Y = labelsFor(loss, 1100, 2, dtype);
    const gradients = net.gradients(X, Y, { loss });
    const expected = oracle.gradients(net.architecture, { ...net.parameters }, X, Y, loss);
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

  it('have the shape of their parameters, and names with a d before', () => {
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

  it('make a training of one’s own: a step is what fit’s is, to the last bit', () => {
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
