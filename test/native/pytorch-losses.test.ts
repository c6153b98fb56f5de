// Activations, losses and their derivatives equal PyTorch's.

import { describe, expect, it } from 'vitest';
import { native, SampleAxis } from '../../lib/addon/binding';
import { type ActivationName, activationCodes, activationNames } from '../../lib/layers/activations';
import { type LossName, lossNames } from '../../lib/layers/losses';
import golden from '../fixtures/pytorch-losses.json';
import type * as oracle from '../support/oracle';
import { expectClose, float64 } from './helpers';
import { lossOf } from './loss-calls';

const [samples, units] = [4, 5];
const alphas: Partial<Record<ActivationName, number>> = { leakyRelu: 0.1, elu: 0.5 };

/** 1e-12, relative for values above 1. */
function tolerances(expected: readonly number[]): number[] {
  return expected.map((value) => 1e-12 * Math.max(1, Math.abs(value)));
}

describe.each(activationNames)('%s', (name) => {
  const { A, dZ } = golden.activations[name];
  const call = [activationCodes[name], alphas[name] ?? 0, SampleAxis.rows, samples, units] as const;
  const Z = Float64Array.from(golden.Z);

  it('has the values of PyTorch', () => {
    const actual = new Float64Array(Z.length);
    native.activationForward(...call, Z, actual);
    expectClose(actual, A, tolerances(A));
  });

  it('has the derivative of PyTorch', () => {
    const actual = new Float64Array(Z.length);
    native.activationBackward(...call, Float64Array.from(golden.dA), Z, Float64Array.from(A), actual);
    expectClose(actual, dZ, tolerances(dZ));
  });
});

it.each(golden.losses)('$loss is PyTorch’s with $options', ({ loss, options, A, Y, value, gradient }) => {
  const of = [loss as LossName, Float64Array.from(A), Float64Array.from(Y), units] as const;
  const actual = lossOf(float64, ...of, options as oracle.LossOptions);
  expectClose([actual.loss], [value], tolerances([value]));
  expectClose(actual.dZ, gradient, tolerances(gradient));
});

it('every loss is compared with PyTorch', () => {
  expect([...new Set(golden.losses.map(({ loss }) => loss))].sort()).toEqual([...lossNames].sort());
});
