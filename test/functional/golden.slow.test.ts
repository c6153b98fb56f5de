import { expect, it } from 'vitest';
import type { Matrix } from '../../lib/base/matrix';
import * as functional from '../../lib/functional';
import golden from '../fixtures/train.json';
import { articleSamples, demonstration } from '../network/helpers';
import * as oracle from '../support/oracle';
import { columns } from './helpers';

it('10,000 epochs follow the article’s curve to its result', { timeout: 300_000 }, () => {
  const samples = articleSamples();
  const { X, Y } = columns(samples.train);
  const { params, costHistory, accuracyHistory } = functional.train(X, Y, demonstration, 10_000, 0.01);
  expect([costHistory.length, accuracyHistory.length]).toEqual([10_000, 10_000]);
  const at = <T>(history: T[]) => golden.epoch.map((epoch) => history[epoch] as T);
  expect(oracle.maxRelativeError(at(costHistory), golden.cost)).toBeLessThan(1e-9);
  expect(at(accuracyHistory)).toEqual(golden.accuracy);
  for (const [key, rows] of Object.entries(golden.finalParams)) {
    const { data } = (params as Record<string, Matrix>)[key] as Matrix;
    expect(oracle.maxRelativeError(data, rows.flat(), 1e-3), key).toBeLessThan(1e-9);
  }

  const test = columns(samples.test);
  const { yHat } = functional.fullForwardPropagation(test.X, params, demonstration);
  expect(oracle.maxRelativeError(yHat.data, golden.testYHat)).toBeLessThan(1e-9);
  expect(functional.getAccuracyValue(yHat, test.Y)).toBe(golden.testAccuracy);
  expect(golden.testAccuracy).toBe(0.98);
});
