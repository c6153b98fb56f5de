// A network with batch and layer normalisation takes PyTorch's steps.

import { expect, it } from 'vitest';
import { allocateShared } from '../../lib/base/matrix';
import golden from '../fixtures/pytorch-normalization.json';
import { maxRelativeError } from '../support/oracle';
import type { StackLayer } from '../support/oracle-stack';
import { float64 } from './helpers';
import { makePlan, train } from './plans';

const architecture: StackLayer[] = [
  { inputDim: 3, outputDim: 6, activation: 'relu', normalization: 'batch', epsilon: 0.05, momentum: 0.2 },
  { inputDim: 6, outputDim: 5, activation: 'tanh', normalization: 'layer', epsilon: 0.02 },
  { inputDim: 5, outputDim: 4, activation: 'gelu', normalization: 'batch', epsilon: 0.01 },
  { inputDim: 4, outputDim: 2, activation: 'sigmoid' },
];

const rows = golden.X.length;
const samples = { X: Float64Array.from(golden.X.flat()), Y: Float64Array.from(golden.Y.flat()) };

it.each(golden.runs)('$optimizer is PyTorch’s in batches of $batchSize, weighted: $weighted', (run) => {
  const { batchSize, weighted, learningRate } = run;
  const made = makePlan(float64, architecture, 'binaryCrossEntropy');
  made.flat.set(golden.parameters);
  made.statistics.set([...Array(6).fill(0), ...Array(6).fill(1), ...Array(4).fill(0), ...Array(4).fill(1)]);
  const weights = weighted ? Float64Array.from(golden.weights) : undefined;
  const optimizer: 'adam' | 'sgd' = run.optimizer === 'adam' ? 'adam' : 'sgd';
  const state = allocateShared(2 * made.flat.length, 'float64');
  const losses: number[] = [];
  for (let steps = 0, from = 0; steps < run.losses.length; steps++) {
    const to = Math.min(rows, from + batchSize);
    const request = { rows, epochs: 1, batchSize, from, to, optimizer, learningRate, state, steps };
    losses.push(...train(made, { ...samples, weights }, request).loss);
    from = to % rows;
  }
  expect(made.outcome().status).toBe('done');
  expect(maxRelativeError(losses, run.losses)).toBeLessThan(1e-9);
  expect(maxRelativeError(made.flat, run.parameters, 1)).toBeLessThan(1e-9);
  expect(maxRelativeError(made.statistics, run.statistics, 1)).toBeLessThan(1e-9);
  const out = new Float64Array(2 * rows);
  made.plan.predict(samples.X, null, rows, out);
  expect(maxRelativeError(out, run.outputs)).toBeLessThan(1e-9);
});
