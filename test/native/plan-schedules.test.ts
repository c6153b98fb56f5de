import { afterEach, describe, expect, it, vi } from 'vitest';
import { native } from '../../lib/addon/binding';
import type { FloatArray } from '../../lib/base/matrix';
import type { LossName } from '../../lib/layers/losses';
import * as oracle from '../support/oracle';
import { expectClose, expectSameBits, type FloatType, floatTypes, guarded } from './helpers';
import { hits, makePlan, named, network, parameterCount, samplesFor, train } from './plans';

// How a plan works depends on the size of its network: from 1 MB of parameters on it is swept through layer
// by layer, 256 rows at a time; layers from 1,500,000 weights on are left to CBLAS; inputs from 96 features on
// are read as they come; and up to 16 gradients are summed apart.
const networks: [what: string, rows: number, architecture: oracle.Layer[], loss: LossName][] = [
  ['in tiles', 2500, network([20, 64, 30, 3], ['relu', 'tanh', 'sigmoid']), 'binaryCrossEntropy'],
  [
    'in tiles of wide layers',
    700,
    network([20, 280, 280, 3], ['relu', 'softmax', 'softmax']),
    'categoricalCrossEntropy',
  ],
  ['in tiles from a wide input', 2500, network([400, 200, 3], ['tanh', 'linear']), 'meanSquaredError'],
  [
    'swept',
    300,
    network([64, 420, 420, 420, 5], ['relu', 'softmax', 'tanh', 'sigmoid']),
    'binaryCrossEntropy',
  ],
  [
    'swept from a wide input',
    300,
    network([900, 200, 210, 70], ['relu', 'relu', 'softmax']),
    'categoricalCrossEntropy',
  ],
  ['swept by CBLAS', 300, network([1300, 1220, 1240, 5], ['relu', 'tanh', 'linear']), 'meanSquaredError'],
];

vi.setConfig({ testTimeout: 60_000 }); // the oracle is slow

afterEach(() => {
  native.setThreads(1);
});

/** What a value may be off by that went through some wide layers. */
function tolerance(type: FloatType, values: ArrayLike<number>): number {
  return 4000 * type.epsilon * Array.from(values).reduce((a, b) => Math.max(a, Math.abs(b)), 1e-4);
}

describe.each(floatTypes)('schedules of $dtype', (type) => {
  it.each(networks)('%s: a few rows equal the oracle', (_, __, architecture, loss) => {
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

  it.each(networks)('%s: many rows are what their pieces are', (_, rows, architecture, loss) => {
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

  it.each(networks)('%s: no bit depends on the number of threads', (_, rows, architecture, loss) => {
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

it('the networks here are as large as they have to be', () => {
  const bytes = networks.map(([, , architecture]) => 8 * parameterCount(architecture));
  for (const few of bytes.slice(0, 3)) expect(few).toBeLessThan(1e6);
  for (const many of bytes.slice(3)) expect(many).toBeGreaterThan(1e6);
  expect((bytes[3] as number) / 2).toBeGreaterThan(1e6); // in float32, too
  const [, , byCblas] = networks.at(-1) ?? expect.fail();
  expect(byCblas.filter(({ inputDim, outputDim }) => inputDim * outputDim >= 1_500_000).length).toBe(2);
});

describe.each(floatTypes)('pinned arrays of $dtype', (type) => {
  const architecture = network([3, 5, 2], ['relu', 'sigmoid']);
  const shared = (length: number) =>
    type.dtype === 'float64'
      ? new Float64Array(new SharedArrayBuffer(8 * length))
      : new Float32Array(new SharedArrayBuffer(4 * length));

  it('are predicted as any others', () => {
    const made = makePlan(type, architecture, 'binaryCrossEntropy');
    const { X } = samplesFor(made, 'binaryCrossEntropy', 200);
    const [input, output] = [shared(600), shared(400)];
    made.plan.pin(200, input, null, output);
    for (const rows of [1, 2, 64, 200]) {
      input.set(X);
      output.fill(Number.NaN);
      const expected = type.array(400).fill(Number.NaN);
      made.plan.predict(X, null, rows, expected);
      expect(made.plan.predictPinned(rows)).toBe(-1);
      expectSameBits(output, expected);
    }
    expect(made.plan.predictPinned(0)).toBe(-1);
    expect(() => made.plan.predictPinned(201)).toThrow(TypeError);
  });

  it('are told apart from what is not finite', () => {
    const made = makePlan(type, architecture, 'binaryCrossEntropy');
    const [input, output] = [shared(600), shared(400)];
    made.plan.pin(200, input, null, output);
    for (const index of [0, 2, 3, 400, 599]) {
      input.fill(0);
      input[index] = Number.NaN;
      input[599] = Number.POSITIVE_INFINITY;
      expect(made.plan.predictPinned(200)).toBe(index);
    }
    input.fill(0, 0, 3);
    expect(made.plan.predictPinned(1)).toBe(-1);
  });

  it('are none in the beginning, and may be changed for others', () => {
    const made = makePlan(type, architecture, 'binaryCrossEntropy');
    expect(() => made.plan.predictPinned(1)).toThrow(TypeError);
    const [first, second] = [shared(2), shared(2)];
    made.plan.pin(1, shared(3), null, first);
    made.plan.predictPinned(1);
    made.plan.pin(1, shared(3), null, second);
    first.fill(7);
    made.plan.predictPinned(1);
    expect(Array.from(first)).toEqual([7, 7]);
    expect(() => made.plan.pin(2, shared(3), null, second)).toThrow(TypeError);
    expect(() => made.plan.pin(1, type.array(3), null, second)).toThrow(TypeError);
    // The last good ones stay.
    expect(made.plan.predictPinned(1)).toBe(-1);
  });
});
