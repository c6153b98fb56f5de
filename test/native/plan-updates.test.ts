// The parts of an update around the optimiser's step: penalties, clipping, accumulation, rates and norms.

import { describe, expect, it } from 'vitest';
import type { FloatArray } from '../../lib/base/matrix';
import { nativeOptimizer } from '../../lib/optimizers/make';
import { lbfgs } from '../../lib/optimizers/optimizers';
import * as oracle from '../support/oracle';
import type { StackLayer } from '../support/oracle-stack';
import { expectClose, expectSameBits, type FloatType, floatTypes } from './helpers';
import {
  finished,
  makePlan,
  named,
  samplesFor,
  type TestPlan,
  type TrainingRequest,
  train,
  trainNumbers,
} from './plans';

const architecture: StackLayer[] = [
  { inputDim: 3, outputDim: 7, activation: 'relu', l1: 0.01, l2: 0.02 },
  { inputDim: 7, outputDim: 5, activation: 'silu', normalization: 'layer' },
  { inputDim: 5, outputDim: 2, activation: 'sigmoid', l2: 0.1 },
];
const normalized = architecture.map(
  (layer, l): StackLayer =>
    l === 2 ? layer : { ...layer, normalization: 'batch', dropout: 0.2, noise: 0.1 },
);
const loss = 'binaryCrossEntropy';
const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, g) => sum + g * g, 0));

function gradientOf(made: TestPlan, rows: number): FloatArray {
  const { X, Y, sampleWeights } = samplesFor(made, loss, rows);
  const gradients = made.type.array(made.flat.length);
  made.plan.gradients(X, null, Y, sampleWeights, rows, gradients);
  return gradients;
}

/** Trains a new plan and returns its parameters and moments. */
function trained(type: FloatType, layers: readonly StackLayer[], request: Partial<TrainingRequest>) {
  const made = makePlan(type, layers, loss);
  const rows = request.rows ?? 65;
  const { X, Y, sampleWeights } = samplesFor(made, loss, rows);
  const rest = { rows, epochs: 1, batchSize: 16, learningRate: 0.1, key: [3, 4], ...request } as const;
  const { loss: losses, accuracy } = train(made, { X, Y, weights: sampleWeights }, rest);
  return { made, losses, accuracy, all: type.array([...made.flat, ...made.statistics]) };
}

describe.each(floatTypes)('updates in $dtype', (type) => {
  it('clip each element, then the norm of all, at exactly the bound', () => {
    const made = makePlan(type, architecture, loss);
    const gradients = gradientOf(made, 30);
    const before = made.flat.slice();
    // torch.nn.utils.clip_grad_norm_ multiplies by bound / (norm + 1e-6); here the norm is exactly the bound.
    for (const [clipValue, clipNorm] of [
      [0.05, 0],
      [0, 0.1],
      [0.05, 0.1],
      [0, 1e6],
      [1e6, 0],
    ] as const) {
      const step = trained(type, architecture, {
        rows: 30,
        batchSize: 30,
        learningRate: 1,
        clipValue,
        clipNorm,
      });
      const byValue = gradients.map((g) =>
        clipValue > 0 ? Math.max(-clipValue, Math.min(g, clipValue)) : g,
      );
      const size = norm(byValue);
      const factor = clipNorm > 0 && size > clipNorm ? clipNorm / size : 1;
      const taken = before.map((p, i) => p - (step.made.flat[i] as number));
      const expected = byValue.map((g) => g * factor);
      expectClose(taken, expected, 4 * type.epsilon, `${clipValue} ${clipNorm}`);
      if (clipNorm === 0.1) expectClose([norm(taken)], [0.1], 40 * type.epsilon);
    }
    expect(norm(gradients)).toBeGreaterThan(0.1);
    expect(gradients.some((g) => Math.abs(g) > 0.05)).toBe(true);
  });

  it('leave frozen layers out of the norm, and never move them', () => {
    const frozen = architecture.map((layer, l) => (l === 1 ? { ...layer, trainable: false } : layer));
    const before = makePlan(type, frozen, loss);
    for (const optimizer of ['sgd', 'momentum', 'adam', 'lion'] as const) {
      const { made } = trained(type, frozen, { epochs: 3, clipNorm: 0.1, optimizer });
      const [old, now] = [named(frozen, before.flat), named(frozen, made.flat)];
      for (const name of Object.keys(old)) {
        const same = Object.values(now[name]?.data ?? []).every((p, i) => p === old[name]?.data[i]);
        expect(same, `${name} by ${optimizer}`).toBe(/2$/.test(name));
      }
    }
    const { made } = trained(type, frozen, { rows: 30, batchSize: 30, learningRate: 1, clipNorm: 0.01 });
    const taken = before.flat.map((p, i) => p - (made.flat[i] as number));
    expectClose([norm(taken)], [0.01], 40 * type.epsilon);
  });

  it('change nothing when every layer is frozen, and still report the loss', () => {
    const frozen = normalized.map((layer) => ({ ...layer, trainable: false }));
    const before = makePlan(type, frozen, loss);
    const { made, losses } = trained(type, frozen, { epochs: 2, clipNorm: 1, accumulate: 2 });
    expect(made.outcome()).toMatchObject({ status: 'done', epoch: 2 });
    expect(losses.every((value) => value > 0)).toBe(true);
    expectSameBits(made.flat, before.flat);
    expectSameBits(made.statistics, before.statistics);
  });

  it('count the penalties of trainable layers alone, in losses and in evaluations', () => {
    for (const trainable of [true, false]) {
      const layers = architecture.map((layer) => ({ ...layer, trainable }));
      const made = makePlan(type, layers, loss);
      const { X, Y } = samplesFor(made, loss, 30);
      made.plan.evaluate(X, null, Y, null, 30);
      const { loss: evaluated } = made.outcome();
      made.plan.gradients(X, null, Y, null, 30, type.array(made.flat.length));
      expectClose([made.outcome().loss], [evaluated], 100 * type.epsilon * evaluated);
      const bare = makePlan(
        type,
        layers.map(({ l1, l2, ...layer }) => layer),
        loss,
      );
      bare.plan.evaluate(X, null, Y, null, 30);
      expect(evaluated - bare.outcome().loss > 1).toBe(trainable);
    }
  });

  it('scale the weights of a unit down to the limit of its norm, after the step', () => {
    const most = 0.4;
    const limited = architecture.map((layer, l) => (l === 2 ? layer : { ...layer, maxNorm: most }));
    const step = { rows: 30, batchSize: 30 };
    const free = named(architecture, trained(type, architecture, step).made.flat);
    const found = named(limited, trained(type, limited, step).made.flat);
    const scaled = new Set<boolean>();
    for (const [name, tensor] of Object.entries(free)) {
      for (let r = 0; r < tensor.rows; r++) {
        const row = oracle.row(tensor, r);
        const beyond = /^W[12]$/.test(name) && norm(row) > most;
        if (/^W[12]$/.test(name)) scaled.add(beyond);
        const expected = row.map((w) => (beyond ? (w * most) / norm(row) : w));
        const actual = oracle.row(found[name] as oracle.Dense, r);
        expectClose(actual, expected, beyond ? 10 * type.epsilon : 0, `${name} ${r}`);
      }
    }
    expect(scaled.size).toBe(2);
  });

  it('are those of one larger batch when they accumulate several batches', () => {
    for (const optimizer of ['sgd', 'momentum', 'adam'] as const) {
      for (const [batchSize, accumulate] of [
        [8, 4],
        [1, 32],
        [30, 2],
        [32, 1],
        [100, 7],
        [7, 1000],
      ] as const) {
        const request = { epochs: 2, optimizer, clipNorm: 0.5 };
        const pieces = trained(type, architecture, { ...request, batchSize, accumulate });
        const whole = trained(type, architecture, { ...request, batchSize: batchSize * accumulate });
        const allowed = (optimizer === 'adam' ? 20_000 : 200) * type.epsilon;
        const what = `${accumulate} of ${batchSize} by ${optimizer}`;
        expectClose(pieces.made.flat, whole.made.flat, allowed, what);
        expectClose(pieces.losses, whole.losses, 100 * type.epsilon, what);
        expect(pieces.accuracy).toEqual(whole.accuracy);
      }
    }
    const tooLarge = trained(type, architecture, { batchSize: 2 ** 31 - 1, accumulate: 2 ** 31 - 1 });
    const full = trained(type, architecture, { batchSize: 65 });
    expectSameBits(tooLarge.made.flat, full.made.flat);
  });

  it('take one learning rate each, and the last rate for all further ones', () => {
    for (const optimizer of ['sgd', 'adam'] as const) {
      const rates = [0.3, 0.1, 0.05, 0];
      const state = type.array(1000);
      const run = (calls: Partial<TrainingRequest>[]) => {
        const made = makePlan(type, architecture, loss);
        const { X, Y } = samplesFor(made, loss, 48);
        state.fill(0);
        for (const call of calls) {
          train(made, { X, Y }, { rows: 48, epochs: 1, batchSize: 16, optimizer, state, ...call });
        }
        return made.flat;
      };
      const whole = run([{ learningRate: rates, epochs: 2 }]);
      const steps = rates.map((learningRate, i) => {
        const from = (i * 16) % 48;
        return { learningRate, from, to: from + 16, steps: i };
      });
      expectSameBits(run(steps), whole);
      expectSameBits(run([{ learningRate: [0.1, 7, 8], to: 16 }]), run([{ learningRate: 0.1, to: 16 }]));
    }
  });

  it('have the same bits in parts of an epoch as in a whole epoch', () => {
    const order = Uint32Array.from({ length: 2 * 65 }, (_, i) => (i * 31) % 65);
    for (const [layers, accumulate] of [
      [architecture, 1],
      [normalized, 1],
      [normalized, 2],
    ] as const) {
      const whole = trained(type, layers, { epochs: 2, order, accumulate, batchSize: 8, optimizer: 'adam' });
      const made = makePlan(type, layers, loss);
      const { X, Y, sampleWeights } = samplesFor(made, loss, 65);
      const state = type.array(2 * made.flat.length);
      let [steps, batches] = [0, 0];
      for (const epoch of [0, 1]) {
        let [total, hits] = [0, 0];
        for (let from = 0, parts = 1; from < 65; parts++) {
          const to = Math.min(65, from + 8 * accumulate * parts);
          const request = { rows: 65, epochs: 1, batchSize: 8, accumulate, from, to, steps, batches, state };
          const part = train(
            made,
            { X, Y, weights: sampleWeights },
            {
              ...request,
              ...{ order: order.slice(65 * epoch), optimizer: 'adam', learningRate: 0.1, key: [3, 4] },
            },
          );
          total += (part.loss[0] as number) * (to - from);
          hits += (part.accuracy[0] as number) * (to - from);
          steps += Math.ceil((to - from) / (8 * accumulate));
          batches += Math.ceil((to - from) / 8);
          from = to;
        }
        expectClose([total / 65], [whole.losses[epoch] as number], 1e-14);
        expectClose([hits / 65], [whole.accuracy[epoch] as number], 1e-14);
      }
      expectSameBits(type.array([...made.flat, ...made.statistics]), whole.all);
    }
  });
});

describe.each(floatTypes)('a step of several batches, $dtype', (type) => {
  it('leaves the parameters and moments of whole steps when it diverges in a later batch', () => {
    const made = makePlan(type, normalized, loss);
    const { X, Y } = samplesFor(made, loss, 64);
    const request = { rows: 64, epochs: 1, batchSize: 8, accumulate: 4, check: false };
    X[3 * 50] = Number.NaN; // in the third batch of the second step
    train(made, { X, Y }, request);
    expect(made.outcome()).toMatchObject({ status: 'diverged', epoch: 0, batch: 6, layer: 1 });
    const until = makePlan(type, normalized, loss);
    train(until, { X, Y }, { ...request, to: 32 });
    expect(until.outcome().status).toBe('done');
    expectSameBits(made.flat, until.flat);
    expectSameBits(made.statistics, until.statistics);
  });

  it('leaves the parameters and moments of whole steps when it is stopped in the middle', async () => {
    const made = makePlan(type, normalized, loss);
    const { X, Y } = samplesFor(made, loss, 64);
    const request = { rows: 64, batchSize: 1, accumulate: 16, learningRate: 1e-3, check: false };
    const losses = train(made, { X, Y }, { ...request, epochs: 1 }).loss;
    expect(losses[0]).toBeGreaterThan(0);
    const [flat, statistics] = [made.flat.slice(), made.statistics.slice()];
    for (const turns of [1, 2, 3]) {
      made.flat.set(flat);
      made.statistics.set(statistics);
      const done = finished((callback) => train(made, { X, Y }, { ...request, epochs: 100_000 }, callback));
      for (let i = 0; i < turns; i++) await new Promise(setImmediate);
      made.plan.stop();
      await done;
      made.plan.clearStop();
      const { status, epoch, batch } = made.outcome();
      expect(status).toBe('stopped');
      expect(batch % 16).toBe(0);
      const until = makePlan(type, normalized, loss);
      until.flat.set(flat);
      until.statistics.set(statistics);
      if (epoch > 0) train(until, { X, Y }, { ...request, epochs: epoch });
      if (batch > 0) train(until, { X, Y }, { ...request, epochs: 1, to: batch, batches: 64 * epoch });
      expectSameBits(made.flat, until.flat);
      expectSameBits(made.statistics, until.statistics);
    }
  });
});

describe.each(floatTypes)('L-BFGS in a plan of $dtype', (type) => {
  function prepared(layers: readonly StackLayer[], state?: FloatArray) {
    const made = makePlan(type, layers, loss);
    const { X, Y } = samplesFor(made, loss, 40);
    const { code, options, stateSize } = nativeOptimizer(lbfgs({ historySize: 3 }));
    const kept = state ?? type.array(stateSize(made.flat.length));
    const run = (epochs: number) => {
      const losses = new Float64Array(epochs);
      made.plan.train({
        X,
        codes: null,
        Y,
        weights: null,
        order: null,
        numbers: trainNumbers({ rows: 40, epochs, batchSize: 40 }, code),
        options,
        state: kept,
        learningRates: Float64Array.of(1),
        decayFactors: Float64Array.of(1),
        dropoutFactors: Float64Array.of(1),
        losses,
        hitShares: new Float64Array(epochs),
      });
      return losses;
    };
    return { ...made, state: kept, run };
  }

  it('trains the layers that are not frozen, even if these have changed since the last step', () => {
    const free = prepared(architecture);
    free.run(5);
    const frozen = architecture.map((layer, l) => (l === 0 ? { ...layer, trainable: false } : layer));
    const after = prepared(frozen, free.state);
    const before = after.flat.slice();
    const losses = after.run(5);
    expect(losses[4]).toBeLessThan(losses[0] as number);
    expectSameBits(after.flat.subarray(0, 28), before.subarray(0, 28));
    expect(after.flat.subarray(28)).not.toEqual(before.subarray(28));
  });

  it('goes on from any state, which may come from a file', () => {
    const { length } = prepared(architecture).flat;
    const scalars = (2 * 3 + 6) * length;
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, 4, 1e9, 1e30, type.most]) {
      for (const places of [[0], [1], [0, 1], [0, 1, 2, 3, 4, 5]]) {
        const { run, state, outcome } = prepared(architecture);
        run(4);
        for (const i of places) state[scalars + i] = value;
        run(3);
        expect(['done', 'diverged', 'converged']).toContain(outcome().status);
      }
    }
  });
});
