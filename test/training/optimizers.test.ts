// Whole trainings with every optimiser, against the formulas of its paper over the oracle's gradients.

import { expect, it } from 'vitest';
import type { Dtype } from '../../lib/matrix';
import { Network } from '../../lib/network';
import { adam, type Optimizer, sgd } from '../../lib/optimizers';
import { RandomState } from '../../lib/random';
import { layers, randomLabels, randomMatrix, snapshot } from '../network/helpers';
import * as oracle from '../oracle';
import { oracleFit, type Step } from './oracle-fit';

/** Sutskever et al. (2013), in PyTorch's form. */
function momentumStep(learningRate: number, momentum: number): Step {
  const velocities: Record<string, oracle.Dense> = {};
  return (params, grads) =>
    update(params, grads, (name, p, g) => {
      const velocity = velocities[name];
      velocities[name] = velocity === undefined ? g : oracle.zip(velocity, g, (v, gi) => momentum * v + gi);
      return oracle.zip(p, velocities[name], (pi, v) => pi - learningRate * v);
    });
}

/** Kingma and Ba (2015), algorithm 1. */
function adamStep(learningRate: number, beta1: number, beta2: number, epsilon: number): Step {
  const means: Record<string, oracle.Dense> = {};
  const squares: Record<string, oracle.Dense> = {};
  return (params, grads, t) =>
    update(params, grads, (name, p, g) => {
      const zeros = oracle.map(g, () => 0);
      const mean = oracle.zip(means[name] ?? zeros, g, (m, gi) => beta1 * m + (1 - beta1) * gi);
      const square = oracle.zip(squares[name] ?? zeros, g, (v, gi) => beta2 * v + (1 - beta2) * gi * gi);
      means[name] = mean;
      squares[name] = square;
      const change = oracle.zip(mean, square, (m, v) => {
        return m / (1 - beta1 ** t) / (Math.sqrt(v / (1 - beta2 ** t)) + epsilon);
      });
      return oracle.zip(p, change, (pi, c) => pi - learningRate * c);
    });
}

function update(
  params: oracle.Tensors,
  grads: oracle.Tensors,
  each: (name: string, p: oracle.Dense, g: oracle.Dense) => oracle.Dense,
): oracle.Tensors {
  const entries = Object.entries(params);
  return Object.fromEntries(
    entries.map(([name, p]) => [name, each(name, p, grads[`d${name}`] as oracle.Dense)]),
  );
}

const optimizers: [string, Optimizer, () => Step | number][] = [
  ['sgd', sgd({ learningRate: 0.25 }), () => 0.25],
  ['sgd with momentum', sgd({ learningRate: 0.05, momentum: 0.9 }), () => momentumStep(0.05, 0.9)],
  ['adam', adam(), () => adamStep(0.001, 0.9, 0.999, 1e-8)],
  [
    'adam with every option',
    adam({ learningRate: 0.02, beta1: 0.5, beta2: 0.9, epsilon: 1e-3 }),
    () => adamStep(0.02, 0.5, 0.9, 1e-3),
  ],
  ['adam without memory', adam({ beta1: 0, beta2: 0, epsilon: 0.1 }), () => adamStep(0.001, 0, 0, 0.1)],
];

it.each(
  optimizers.flatMap((row) =>
    ([['float64', 1e-9] as const, ['float32', 2e-3] as const] satisfies [Dtype, number][]).map(
      ([dtype, tolerance]) => [...row, dtype, tolerance] as const,
    ),
  ),
)('%s trains as its paper says', async (_, optimizer, step, dtype, tolerance) => {
  const rows = 37;
  const X = randomMatrix(rows, 3, 1, dtype);
  const Y = randomLabels(rows, 2, 2, dtype);
  const net = new Network(layers([3, 5, 4, 2], 'tanh', 'sigmoid'), { seed: 1, dtype });
  const random = new RandomState(3);
  const expected = oracleFit(net, X, Y, {
    loss: 'binaryCrossEntropy',
    step: step(),
    batchSize: 8,
    orders: Array.from({ length: 6 }, () => random.permutation(rows)),
  });
  const history = await net.fit(X, Y, { epochs: 6, batchSize: 8, seed: 3, optimizer });
  expect(oracle.maxRelativeError(history.loss, expected.history.loss)).toBeLessThan(tolerance);
  expect(oracle.maxRelativeError(snapshot(net), expected.parameters, 0.01)).toBeLessThan(tolerance);
});
