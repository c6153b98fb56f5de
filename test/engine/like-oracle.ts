// Compares plans of wide layers with the oracle.

import { expect } from 'vitest';
import type { LossName } from '../../lib/layers/losses';
import { expectClose, type FloatType, guarded } from '../native/helpers';
import { hits, named, samplesFor, type TestPlan } from '../native/plans';
import * as oracle from '../support/oracle';

export function tolerance(type: FloatType, values: ArrayLike<number>): number {
  return (
    2000 * type.epsilon * Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-4)
  );
}

/** Scales the weights down, so that wide layers stay away from the flat parts of their activations. */
export function shrink({ flat, architecture }: TestPlan): void {
  for (const [name, { data, cols }] of Object.entries(named(architecture, flat))) {
    if (name.startsWith('W'))
      (data as typeof flat).forEach((w, i, all) => {
        all[i] = w / Math.sqrt(cols / 12);
      });
  }
}

export function expectLikeOracle(made: TestPlan, loss: LossName, rows: number): void {
  const { plan, type, flat, architecture, outcome } = made;
  const params = named(architecture, flat);
  const { X, Y, denseX, denseY, outputs } = samplesFor(made, loss, rows);
  const { yHat } = oracle.forward(architecture, params, denseX);
  const { loss: mean, grads } = oracle.gradients(architecture, params, denseX, denseY, loss);
  const out = guarded(type, rows * outputs);
  plan.predict(X, null, rows, out.data);
  out.intact();
  expectClose(out.data, yHat.data, tolerance(type, yHat.data), `outputs of ${rows}`);
  const gradients = guarded(type, flat.length);
  plan.gradients(X, null, Y, null, rows, gradients.data);
  gradients.intact();
  expect(outcome()).toMatchObject({ status: 'done', hits: hits(loss, yHat, denseY) });
  expectClose([outcome().loss / rows], [mean], tolerance(type, [1, mean]), `loss of ${rows}`);
  for (const [name, { data }] of Object.entries(named(architecture, gradients.data, 'd'))) {
    const { data: wanted } = grads[name] as oracle.Grid;
    expectClose(data, wanted, tolerance(type, wanted), `${name} of ${rows}`);
  }
}
