// The schedules of networks of different sizes, compared with the oracle and with each other.

import { afterEach, describe, expect, it } from 'vitest';
import { native } from '../../lib/addon/binding';
import type { FloatArray } from '../../lib/base/matrix';
import type { LossName } from '../../lib/layers/losses';
import * as oracle from '../support/oracle';
import { expectClose, expectSameBits, type FloatType, floatTypes, guarded } from './helpers';
import { hits, makePlan, named, samplesFor, train } from './plans';

// The schedule depends on the network's size. Networks with 1 MB of parameters or more are swept, 256 rows at
// a time. Layers of 65,536 weights or more with 64 outputs or more are wide; on ARM, those with 1,500,000 weights
// or more use CBLAS. With 96 features or more and fewer than 192 outputs, X is read in rows of samples. A batch
// has up to 16 lanes.
export interface Scheduled {
  readonly what: string;
  readonly rows: number;
  readonly architecture: oracle.Layer[];
  readonly loss: LossName;
}

/** The error that a value may have after some wide layers. */
function tolerance(type: FloatType, values: ArrayLike<number>): number {
  return 4000 * type.epsilon * Array.from(values).reduce((a, b) => Math.max(a, Math.abs(b)), 1e-4);
}

export function testSchedules(networks: readonly Scheduled[]): void {
  afterEach(() => native.setThreads(1));

  describe.each(floatTypes)('plans of $dtype', (type) => {
    it.each(networks)('equal the oracle on a few rows: $what', ({ architecture, loss }) => {
      const made = makePlan(type, architecture, loss);
      const params = named(architecture, made.flat);
      for (const rows of [1, 5]) {
        const { X, Y, denseX, denseY, outputs } = samplesFor(made, loss, rows);
        const { yHat } = oracle.forward(architecture, params, denseX);
        const { loss: mean, grads } = oracle.gradients(architecture, params, denseX, denseY, loss);
        const out = guarded(type, rows * outputs);
        const gradients = guarded(type, made.flat.length);
        made.plan.predict(X, null, rows, out.data);
        made.plan.gradients(X, null, Y, null, rows, gradients.data);
        for (const { intact } of [out, gradients]) intact();
        expectClose(out.data, yHat.data, tolerance(type, yHat.data));
        expect(made.outcome()).toMatchObject({ status: 'done', hits: hits(loss, yHat, denseY) });
        expectClose([made.outcome().loss / rows], [mean], tolerance(type, [1, mean]));
        for (const [name, { data }] of Object.entries(named(architecture, gradients.data, 'd'))) {
          const { data: wanted } = grads[name] as oracle.Grid;
          expectClose(data, wanted, tolerance(type, wanted), name);
        }
      }
    });

    it.each(networks)('have the results of pieces for many rows: $what', ({ rows, architecture, loss }) => {
      const made = makePlan(type, architecture, loss);
      const { plan, outcome, flat } = made;
      const { X, Y, outputs } = samplesFor(made, loss, rows);
      const inputs = X.length / rows;
      const whole = { out: guarded(type, rows * outputs), gradients: guarded(type, flat.length) };
      plan.predict(X, null, rows, whole.out.data);
      plan.gradients(X, null, Y, null, rows, whole.gradients.data);
      whole.out.intact();
      whole.gradients.intact();
      const [total, right] = [outcome().loss, outcome().hits];
      plan.evaluate(X, null, Y, null, rows);
      expect(outcome()).toMatchObject({ status: 'done', loss: total, hits: right });

      const sum = new Float64Array(flat.length);
      const piece = { out: type.array(rows * outputs), gradients: type.array(flat.length) };
      let [losses, found] = [0, 0];
      for (let start = 0, size = 13; start < rows; start += size, size += 11) {
        const m = Math.min(size, rows - start);
        const x = X.subarray(start * inputs, (start + m) * inputs);
        const y = Y.subarray(start * outputs, (start + m) * outputs);
        plan.predict(x, null, m, piece.out.subarray(start * outputs));
        plan.gradients(x, null, y, null, m, piece.gradients);
        losses += outcome().loss;
        found += outcome().hits;
        for (let i = 0; i < sum.length; i++) {
          sum[i] = (sum[i] as number) + (m / rows) * (piece.gradients[i] as number);
        }
      }
      expectClose(whole.out.data, piece.out, tolerance(type, piece.out), 'outputs');
      expectClose(whole.gradients.data, sum, tolerance(type, sum), 'gradients');
      expectClose([total / losses, right], [1, found], tolerance(type, [1]));
    });

    it.each(networks)('have one result on any number of threads: $what', ({ rows, architecture, loss }) => {
      const results = [
        [1, 0],
        [2, 0],
        [3, 5],
        [8, 0],
      ].map(([threads = 0, limit = 0]) => {
        native.setThreads(threads);
        const made = makePlan(type, architecture, loss);
        made.plan.limitThreads(limit);
        const { X, Y, outputs } = samplesFor(made, loss, rows);
        const [out, gradients] = [guarded(type, rows * outputs).data, guarded(type, made.flat.length).data];
        made.plan.predict(X, null, rows, out);
        made.plan.gradients(X, null, Y, null, rows, gradients);
        const order = Uint32Array.from({ length: rows }, (_, i) => (i * 331) % rows);
        const request = { rows, epochs: 1, batchSize: rows - 10, order, optimizer: 'adam' as const };
        const state = type.array(2 * made.flat.length);
        const { loss: losses } = train(made, { X, Y }, { ...request, learningRate: 1e-3, state });
        expect(made.outcome().status).toBe('done');
        return { out, gradients, trained: made.flat, state, losses };
      });
      const [alone, ...others] = results as [(typeof results)[number]];
      for (const other of others) {
        for (const [what, array] of Object.entries(other) as [keyof typeof alone, FloatArray][]) {
          expectSameBits(array, alone[what], what);
        }
      }
    });
  });
}
