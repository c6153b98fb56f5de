// Compares whole trainings with every optimiser with the formulas of its paper, applied to the oracle's gradients.

import { expect, it } from 'vitest';
import type { Dtype } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  nadam,
  type Optimizer,
  rmsProp,
  sgd,
} from '../../lib/optimizers/optimizers';
import { RandomState } from '../../lib/random/random-state';
import { layers, randomLabels, randomMatrix, snapshot } from '../network/helpers';
import * as oracle from '../support/oracle';
import { type Options, optimizerStep, type State } from '../support/oracle-optimizers';
import { oracleFit, type Step } from './oracle-fit';

/** Applies the optimiser's formula to each parameter. */
function formula(optimizer: Optimizer): Step {
  const states = new Map<string, State>();
  return (params, grads, t) =>
    update(params, grads, (name, p, g) =>
      oracle.build(p.rows, p.cols, (r, c) => {
        const key = `${name} ${r} ${c}`;
        const state = states.get(key) ?? {};
        states.set(key, state);
        return optimizerStep(optimizer as Options, oracle.at(p, r, c), oracle.at(g, r, c), state, t);
      }),
    );
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

const optimizers: [string, Optimizer][] = [
  ['sgd', sgd({ learningRate: 0.25 })],
  ['sgd with momentum', sgd({ learningRate: 0.05, momentum: 0.9 })],
  ['sgd with every option', sgd({ momentum: 0.9, dampening: 0.5, weightDecay: 0.1, decoupled: true })],
  ['Nesterov', sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true })],
  ['rmsProp', rmsProp({ epsilon: 1e-4 })],
  ['adagrad', adagrad({ epsilon: 1e-4 })],
  ['adadelta', adadelta()],
  ['adam', adam()],
  ['adam with every option', adam({ learningRate: 0.02, beta1: 0.5, beta2: 0.9, epsilon: 1e-3 })],
  ['adam without memory', adam({ beta1: 0, beta2: 0, epsilon: 0.1 })],
  ['amsgrad', adam({ amsgrad: true, weightDecay: 0.1 })],
  ['adamW', adamW()],
  ['adamax', adamax()],
  ['nadam', nadam({ momentumDecay: 0.5, epsilon: 1e-4 })],
];

it.each(
  optimizers.flatMap((row) =>
    ([['float64', 1e-9] as const, ['float32', 2e-3] as const] satisfies [Dtype, number][]).map(
      ([dtype, tolerance]) => [...row, dtype, tolerance] as const,
    ),
  ),
)('%s trains as its paper says', async (_, optimizer, dtype, tolerance) => {
  const rows = 37;
  const X = randomMatrix(rows, 3, 1, dtype);
  const Y = randomLabels(rows, 2, 2, dtype);
  const net = new Network(layers([3, 5, 4, 2], 'tanh', 'sigmoid'), { seed: 1, dtype });
  const random = new RandomState(3);
  const expected = oracleFit(net, X, Y, {
    loss: 'binaryCrossEntropy',
    step: formula(optimizer),
    batchSize: 8,
    orders: Array.from({ length: 6 }, () => random.permutation(rows)),
  });
  const history = await net.fit(X, Y, { epochs: 6, batchSize: 8, seed: 3, optimizer });
  expect(oracle.maxRelativeError(history.loss, expected.history.loss)).toBeLessThan(tolerance);
  expect(oracle.maxRelativeError(snapshot(net), expected.parameters, 0.01)).toBeLessThan(tolerance);
});
