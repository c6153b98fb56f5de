// Ways through the engine that follow from sizes: of tiles, and of layers that CBLAS takes.

import { describe, expect, it, vi } from 'vitest';
import type { LossName } from '../../lib/layers/losses';
import { expectClose, expectSameBits, type FloatType, float32, floatTypes, guarded } from '../native/helpers';
import {
  hits,
  makePlan,
  named,
  network,
  parameterCount,
  samplesFor,
  type TestPlan,
  train,
} from '../native/plans';
import * as oracle from '../support/oracle';

vi.setConfig({ testTimeout: 60_000 }); // the oracle is slow

function tolerance(type: FloatType, values: ArrayLike<number>): number {
  return (
    2000 * type.epsilon * Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-4)
  );
}

/** Weights so small that wide layers stay off the flat ends of their activations. */
function shrink({ flat, architecture }: TestPlan): void {
  for (const [name, { data, cols }] of Object.entries(named(architecture, flat))) {
    if (name.startsWith('W'))
      (data as typeof flat).forEach((w, i, all) => {
        all[i] = w / Math.sqrt(cols / 12);
      });
  }
}

function expectLikeOracle(made: TestPlan, loss: LossName, rows: number): void {
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

describe.each(floatTypes)('tiles of $dtype', (type) => {
  // 4,000,000 operations a tile, at 6 a parameter: 48 rows at least, 128 at most, and what is in between.
  it.each([
    [100, [12, 130, 96, 3]],
    [109, [7, 60, 89, 2]],
    [128, [5, 11, 3]],
  ])('of %i rows are put together on both sides of every border', (rows, sizes) => {
    const architecture = network(
      sizes,
      sizes.length === 3 ? ['tanh', 'sigmoid'] : ['tanh', 'tanh', 'sigmoid'],
    );
    expect(Math.min(128, Math.max(100, Math.floor(4e6 / (6 * parameterCount(architecture)))))).toBe(rows);
    // One plan for all, whose workspace grows in between.
    const made = makePlan(type, architecture, 'binaryCrossEntropy');
    shrink(made);
    for (const count of [7, rows - 1, rows, rows + 1, 2 * rows + 1]) {
      expectLikeOracle(made, 'binaryCrossEntropy', count);
    }
  });
});

describe('swept with layers for CBLAS, float32', () => {
  const networks: [string, oracle.Layer[], LossName][] = [
    ['a wide input', network([1300, 1200, 3], ['tanh', 'sigmoid']), 'binaryCrossEntropy'],
    ['a hidden layer', network([20, 1240, 1240, 3], ['relu', 'tanh', 'softmax']), 'categoricalCrossEntropy'],
    ['a narrow input', network([80, 18_800, 1], ['sigmoid', 'linear']), 'meanSquaredError'],
    ['the output', network([60, 1250, 1250], ['softmax', 'sigmoid']), 'binaryCrossEntropy'],
  ];

  it.each(networks)('%s: equals the oracle', (_, architecture, loss) => {
    expect(architecture.some(({ inputDim, outputDim }) => inputDim * outputDim >= 1_500_000)).toBe(true);
    const made = makePlan(float32, architecture, loss);
    shrink(made);
    expectLikeOracle(made, loss, 9);
  });

  it.each(networks)('%s: several sweeps have the gradient of their parts', (_, architecture, loss) => {
    const [rows, size] = [600, 75];
    const made = makePlan(float32, architecture, loss);
    shrink(made);
    const { X, Y, outputs } = samplesFor(made, loss, rows);
    const inputs = X.length / rows;
    const [whole, part] = [float32.array(made.flat.length), float32.array(made.flat.length)];
    made.plan.gradients(X, null, Y, null, rows, whole);
    const sum = new Float64Array(made.flat.length);
    for (let start = 0; start < rows; start += size) {
      made.plan.gradients(X.subarray(start * inputs), null, Y.subarray(start * outputs), null, size, part);
      part.forEach((value, i) => {
        sum[i] = (sum[i] as number) + (value * size) / rows;
      });
    }
    expectClose(whole, sum, tolerance(float32, sum));
  });

  it.each(networks)('%s: an order of the samples is the samples in that order', (_, architecture, loss) => {
    const rows = 130;
    const [ordered, sorted] = [makePlan(float32, architecture, loss), makePlan(float32, architecture, loss)];
    for (const made of [ordered, sorted]) shrink(made);
    const { X, Y, outputs } = samplesFor(ordered, loss, rows);
    const inputs = X.length / rows;
    const order = Uint32Array.from({ length: rows }, (__, i) => (i * 47) % rows);
    const [x, y] = [X.slice(), Y.slice()];
    order.forEach((from, to) => {
      x.set(X.subarray(from * inputs, (from + 1) * inputs), to * inputs);
      y.set(Y.subarray(from * outputs, (from + 1) * outputs), to * outputs);
    });
    const request = { rows, epochs: 1, batchSize: 100, learningRate: 0.01 };
    const history = train(ordered, { X, Y }, { ...request, order });
    expect(train(sorted, { X: x, Y: y }, request)).toEqual(history);
    expectSameBits(ordered.flat, sorted.flat);
  });
});
