// The gradients of normalised layers equal central differences, with every activation.

import { describe, expect, it } from 'vitest';
import { activationNames } from '../../lib/layers/activations';
import { type LossName, lossNames } from '../../lib/layers/losses';
import * as oracle from '../support/oracle';
import type { StackLayer } from '../support/oracle-stack';
import { float64 } from './helpers';
import { makePlan, samplesFor, type TestPlan } from './plans';

const h = 1e-5;

/** Compares a plan's gradients with differences of its loss, both with the moments of the batch. */
function compare(made: TestPlan, loss: LossName, rows: number, weighted = false): number {
  const { plan, flat, outcome } = made;
  const samples = samplesFor(made, loss, rows);
  const Y = loss === 'sparseCategoricalCrossEntropy' ? samples.classes : samples.Y;
  const weights = weighted ? samples.sampleWeights : null;
  const [gradients, unused] = [new Float64Array(flat.length), new Float64Array(flat.length)];
  plan.gradients(samples.X, null, Y, weights, rows, gradients);
  const numeric = oracle.centralDifferences(
    () => {
      plan.gradients(samples.X, null, Y, weights, rows, unused);
      return outcome().loss / rows;
    },
    flat as Float64Array,
    h,
  );
  expect(outcome().status).toBe('done');
  expect(gradients.some((value) => Math.abs(value) > 1e-3)).toBe(true);
  // For gradients below 1e-3, the error of the differences, about 1e-10, would matter.
  return oracle.maxRelativeError(gradients, numeric, 1e-3);
}

const alphas: Record<string, number> = { leakyRelu: 0.1, elu: 0.5 };

describe.each(['batch', 'layer'] as const)('the gradients of a network normalised by %s', (normalization) => {
  it.each(activationNames)('equal central differences with %s', (activation) => {
    const hidden = { activation, alpha: alphas[activation] ?? 0, normalization, epsilon: 1e-2 };
    const architecture: StackLayer[] = [
      { ...hidden, inputDim: 3, outputDim: 6 },
      { ...hidden, inputDim: 6, outputDim: 5 },
      { inputDim: 5, outputDim: 2, activation: 'sigmoid' },
    ];
    for (const rows of [7, 131]) {
      const made = makePlan(float64, architecture, 'binaryCrossEntropy', 3);
      expect(compare(made, 'binaryCrossEntropy', rows), `${rows}`).toBeLessThan(1e-6);
    }
  });

  it.each(lossNames)('equal central differences under %s with weights, smoothing and penalties', (loss) => {
    const outputs: Partial<Record<LossName, oracle.Activation>> = {
      binaryCrossEntropy: 'sigmoid',
      categoricalCrossEntropy: 'softmax',
      sparseCategoricalCrossEntropy: 'softmax',
      poisson: 'softplus',
      klDivergence: 'softmax',
    };
    const architecture: StackLayer[] = [
      { inputDim: 3, outputDim: 6, activation: 'silu', normalization, l1: 0.01, l2: 0.02 },
      { inputDim: 6, outputDim: 5, activation: 'tanh', normalization: 'layer', trainable: true, l2: 0.1 },
      { inputDim: 5, outputDim: 3, activation: outputs[loss] ?? 'linear', l1: 0.05 },
    ];
    const options = loss.endsWith('CrossEntropy') ? { smoothing: 0.2 } : { delta: 0.5 };
    const made = makePlan(float64, architecture, loss, 5, options);
    expect(compare(made, loss, 40, true)).toBeLessThan(1e-6);
  });
});

it('frozen layers have gradients of zero, and those before them their own', () => {
  const normalization = 'batch' as const;
  const architecture: StackLayer[] = [
    { inputDim: 3, outputDim: 6, activation: 'tanh', normalization },
    { inputDim: 6, outputDim: 5, activation: 'gelu', normalization, trainable: false, l2: 0.3 },
    { inputDim: 5, outputDim: 2, activation: 'sigmoid' },
  ];
  const made = makePlan(float64, architecture, 'binaryCrossEntropy', 7);
  const { X, Y } = samplesFor(made, 'binaryCrossEntropy', 30);
  const gradients = new Float64Array(made.flat.length);
  const find = () => {
    made.plan.gradients(X, null, Y, null, 30, gradients);
    return made.outcome().loss / 30;
  };
  const numeric = oracle.centralDifferences(find, made.flat as Float64Array, h);
  find();
  const [from, to] = [6 * (3 + 3), 6 * (3 + 3) + 5 * (6 + 3)];
  expect(numeric.slice(from, to).some((slope) => Math.abs(slope) > 1e-3)).toBe(true);
  expect(Array.from(gradients.subarray(from, to))).toEqual(new Array(to - from).fill(0));
  numeric.fill(0, from, to);
  expect(oracle.maxRelativeError(gradients, numeric, 1e-3)).toBeLessThan(1e-6);
});
