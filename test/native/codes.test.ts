import { expect, it } from 'vitest';
import { native } from '../../lib/addon/binding';
import { statusCodes } from '../../lib/engine/plan';
import { activationCodes } from '../../lib/layers/activations';
import { lossEntry, lossNames } from '../../lib/layers/losses';
import { normalizationCodes } from '../../lib/layers/normalization';
import { hyperparameterIndices, optimizerCodes } from '../../lib/optimizers/native-optimizer';
import { expectClose, float64, ulp } from './helpers';

it('names have one number on both sides', () => {
  expect(native.codes.activations).toEqual(activationCodes);
  const losses = Object.fromEntries(lossNames.map((name) => [name, lossEntry(name).code]));
  expect(native.codes.losses).toEqual(losses);
  expect(native.codes.optimizers).toEqual(optimizerCodes);
  expect(native.codes.hyperparameters).toEqual(hyperparameterIndices);
  expect(native.codes.normalizations).toEqual(normalizationCodes);
  expect(native.codes.statuses).toEqual(statusCodes);
});

it.each(['log', 'sin', 'cos'] as const)('%s is that of float64, to the last bit or nearly', (name) => {
  const { [name]: ours } = native;
  for (const x of [1e-300, 0.1, 0.5, 1, 2, 3.25, 100, 1e10]) {
    const expected = Math[name](x);
    expectClose([ours(x)], [expected], ulp(float64, expected));
  }
  expect(ours(Number.NaN)).toBe(Number.NaN);
  expect([native.log(0), native.log(-1), native.sin(-0), native.cos(0)]).toEqual([
    Number.NEGATIVE_INFINITY,
    Number.NaN,
    -0,
    1,
  ]);
});
