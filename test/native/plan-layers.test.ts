// The features of layers besides products and activations, in plans, compared with plain loops.

import { describe, expect, it, vi } from 'vitest';
import type { LossName } from '../../lib/layers/losses';
import * as oracle from '../support/oracle';
import { layerKeys, maskOf, noiseOf, type Words } from '../support/oracle-random';
import { type StackLayer, stackForward, stackGradients, updatedStatistics } from '../support/oracle-stack';
import { expectClose, expectSameBits, type FloatType, floatTypes, guarded } from './helpers';
import { type LayerNetwork, large, networks, random, stack } from './layer-networks';
import { largeMembers, memberNetworks, randomMembers } from './member-networks';
import {
  makePlan,
  named,
  namedStatistics,
  parameterCount,
  pick,
  samplesFor,
  type TestPlan,
  type TrainingRequest,
  train,
} from './plans';

vi.setConfig({ testTimeout: 60_000 }); // the oracle is slow

const key: Words = [0x9e3779b9, 7];

const certain = [...networks, ...memberNetworks];
const all = [...certain, ...random, ...randomMembers, ...large, ...largeMembers];

/** Plain loops are slow. */
const rowCountsOf = (architecture: readonly StackLayer[]) => {
  if (parameterCount(architecture) > 1e5) return [4];
  return architecture[0]?.members === undefined ? [1, 2, 7, 65, 129, 300] : [1, 2, 7, 65];
};

/** Where each row of a small network's members takes its draws: tiles of some samples, with all their members' rows. */
function drawPlaces(rows: number, members: number): number[] {
  const count = Math.ceil(rows / Math.max(8, Math.floor(128 / members)));
  const start = (tile: number) => Math.min(rows, 8 * Math.floor((Math.ceil(rows / 8) * tile) / count));
  return Array.from({ length: members * rows }, (_, row) => {
    const [member, sample] = [Math.floor(row / rows), row % rows];
    const tile = Array.from({ length: count }, (__, i) => i).findLastIndex((i) => start(i) <= sample);
    const [from, to] = [start(tile), start(tile + 1)];
    return members * from + member * (to - from) + sample - from;
  });
}

function tolerance(type: FloatType, values: ArrayLike<number>): number {
  return (
    1000 * type.epsilon * Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0.1)
  );
}

function labelled(made: TestPlan, loss: LossName, rows: number) {
  const { classes, sampleWeights: weights, ...samples } = samplesFor(made, loss, rows);
  if (loss !== 'sparseCategoricalCrossEntropy') return { ...samples, weights };
  return { ...samples, Y: classes, weights, denseY: oracle.dense(classes, rows, 1) };
}

/** The oracle's masks and noise for batch number `index`, with this many samples. */
function randomOf(
  architecture: readonly StackLayer[],
  index: number,
  samples: number,
): Record<string, oracle.Grid> {
  const tensors: Record<string, oracle.Grid> = {};
  const { members = 1 } = architecture[0] as StackLayer;
  const m = members * samples;
  const drawn = (draws: oracle.Grid) => (members === 1 ? draws : pick(draws, drawPlaces(samples, members)));
  architecture.forEach(({ inputDim, outputDim, dropout = 0, noise = 0 }, l) => {
    const keys = layerKeys(key, index, l + 1);
    if (dropout > 0) tensors[`mask${l + 1}`] = drawn(maskOf(keys.mask, m, outputDim, dropout));
    if (noise > 0) tensors[`noise${l + 1}`] = drawn(noiseOf(keys.noise, m, inputDim, noise));
  });
  return tensors;
}

function expectTensors(type: FloatType, actual: oracle.Tensors, expected: oracle.Tensors, what = ''): void {
  for (const [name, { data }] of Object.entries(actual)) {
    const wanted = expected[name]?.data ?? expect.fail(`no ${name}`);
    expectClose(data, wanted, tolerance(type, wanted), `${name} ${what}`);
  }
}

/** Takes one step of gradient descent at rate 1. The gradient is what the parameters lose. */
function stepOf(made: TestPlan, loss: LossName, rows: number, request: Partial<TrainingRequest> = {}) {
  const samples = labelled(made, loss, rows);
  const before = made.flat.slice();
  const rest = { rows, epochs: 1, batchSize: rows, learningRate: 1, key, ...request };
  const { loss: losses } = train(made, samples, rest);
  expect(made.outcome()).toMatchObject({ status: 'done' });
  return {
    ...samples,
    before,
    loss: losses[0] as number,
    gradient: before.map((p, i) => p - (made.flat[i] as number)),
  };
}

describe.each(floatTypes)('layers of $dtype in a plan', (type) => {
  it.each(certain)('have the gradients and moments of plain loops: $what', ({ architecture, loss }) => {
    for (const rows of rowCountsOf(architecture)) {
      for (const weighted of [false, true]) {
        const options = loss.endsWith('CrossEntropy') ? { smoothing: 0.1 } : { delta: 0.3 };
        const made = makePlan(type, architecture, loss, 1, options);
        const { X, codes, Y, weights, denseX, denseY, denseCodes } = labelled(made, loss, rows);
        const [params, statistics] = [named(architecture, made.flat), namedStatistics(made)];
        const before = made.statistics.slice();
        const lossOptions = { ...options, ...(weighted && { weights }) };
        const expected = stackGradients(architecture, params, denseX, denseY, loss, {
          ...{ codes: denseCodes, statistics, learning: true, lossOptions },
        });
        const gradients = guarded(type, made.flat.length);
        made.plan.gradients(X, codes, Y, weighted ? weights : null, rows, gradients.data);
        gradients.intact();
        const what = `of ${rows}${weighted ? ', weighted' : ''}`;
        expect(made.outcome().status).toBe('done');
        const { loss: total } = made.outcome();
        expectClose([total / rows], [expected.loss], tolerance(type, [1, expected.loss]), `loss ${what}`);
        const found = named(architecture, gradients.data, 'd');
        expectTensors(type, found, expected.grads, what);
        expectSameBits(made.statistics, before);
        if (architecture[0]?.trainable === false) {
          expectSameBits(found.dW1?.data as never, type.array(found.dW1?.data.length as number));
        }

        const evaluated = stackGradients(architecture, params, denseX, denseY, loss, {
          codes: denseCodes,
          statistics,
          lossOptions,
        });
        made.plan.evaluate(X, codes, Y, weighted ? weights : null, rows);
        const { answerLoss: mean } = evaluated;
        expectClose([made.outcome().loss / rows], [mean], tolerance(type, [1, mean]), `evaluation ${what}`);
      }
    }
  });

  it.each(all)('predict with the running moments: $what', ({ architecture, loss }) => {
    const made = makePlan(type, architecture, loss);
    const params = named(architecture, made.flat);
    for (const rows of rowCountsOf(architecture)) {
      const { X, codes, denseX, denseCodes } = labelled(made, loss, rows);
      const outputs = architecture.at(-1)?.outputDim as number;
      const out = guarded(type, rows * outputs);
      made.plan.predict(X, codes, rows, out.data);
      out.intact();
      const statistics = namedStatistics(made);
      const { yHat } = stackForward(architecture, params, denseX, { codes: denseCodes, statistics });
      expectClose(out.data, yHat.data, tolerance(type, yHat.data), `outputs of ${rows}`);
      // A single row uses other code.
      for (const r of [0, rows - 1]) {
        const one = guarded(type, outputs);
        const code = codes?.slice((r * codes.length) / rows) ?? null;
        made.plan.predict(X.slice((r * X.length) / rows), code, 1, one.data);
        one.intact();
        expectClose(one.data, out.data.slice(r * outputs, (r + 1) * outputs), tolerance(type, yHat.data));
      }
    }
  });

  it.each(all)('take the step of plain loops: $what', ({ architecture, loss }) => {
    for (const rows of rowCountsOf(architecture)) {
      for (const batches of [0, 2 ** 33 + 5]) {
        const made = makePlan(type, architecture, loss);
        const statistics = Object.fromEntries(
          Object.entries(namedStatistics(made)).map(([name, A]) => [name, oracle.map(A, (x) => x)]),
        );
        const step = stepOf(made, loss, rows, { batches });
        const params = named(architecture, step.before);
        const expected = stackGradients(architecture, params, step.denseX, step.denseY, loss, {
          ...{ codes: step.denseCodes, statistics, learning: true },
          random: randomOf(architecture, batches, rows),
          lossOptions: { weights: step.weights },
        });
        const what = `of ${rows}, batch ${batches}`;
        expectClose([step.loss], [expected.loss], tolerance(type, [1, expected.loss]), `loss ${what}`);
        // The gradients are differences of parameters of size 1, so they keep the rounding errors of these.
        for (const [name, { data }] of Object.entries(named(architecture, step.gradient, 'd'))) {
          const { data: wanted } = expected.grads[name] as oracle.Grid;
          expectClose(data, wanted, tolerance(type, [1, ...wanted]), `${name} ${what}`);
        }
        const moved = updatedStatistics(
          architecture,
          statistics,
          expected.moments,
          rows * (architecture[0]?.members ?? 1),
        );
        expectTensors(type, namedStatistics(made), moved, what);
      }
    }
  });

  it('batches and epochs each have random numbers of their own, counted on by the caller', () => {
    const { architecture, loss } = random[2] as LayerNetwork;
    const run = (calls: Partial<TrainingRequest>[]) => {
      const made = makePlan(type, architecture, loss);
      const samples = labelled(made, loss, 20);
      for (const call of calls) {
        const request = { rows: 20, epochs: 1, batchSize: 8, learningRate: 0.1, key };
        train(made, samples, { ...request, ...call });
      }
      return [...made.flat, ...made.statistics];
    };
    const whole = run([{ epochs: 3 }]);
    expect(run([{}, { batches: 3 }, { batches: 6 }])).toEqual(whole);
    expect(run([{ key: [key[0], 8] }, { batches: 3 }, { batches: 6 }])).not.toEqual(whole);
    expect(run([{}, {}, {}])).not.toEqual(whole);
  });

  it('a constant unit is normalised to its beta, whatever the epsilon', () => {
    for (const normalization of ['batch', 'layer'] as const) {
      const architecture = stack(
        [2, 3, 1],
        { activation: 'linear', normalization, epsilon: 1e-300 },
        'linear',
      );
      const made = makePlan(type, architecture, 'meanSquaredError');
      // W1 and b1
      made.flat.fill(0, 0, 9);
      const { X, Y } = samplesFor(made, 'meanSquaredError', 9);
      const gradients = type.array(made.flat.length);
      made.plan.gradients(X, null, Y, null, 9, gradients);
      expect(gradients.every(Number.isFinite)).toBe(true);
      expect(made.outcome().loss).toBeGreaterThan(0);
    }
  });
});
