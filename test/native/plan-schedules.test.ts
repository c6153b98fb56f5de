import { describe, expect, it } from 'vitest';
import { native } from '../../lib/addon/binding';
import { combinations, expectSameBits, floatTypes } from './helpers';
import { makePlan, network, parameterCount, samplesFor } from './plans';
import { type Scheduled, testSchedules } from './schedules';

const networks: Scheduled[] = [
  {
    what: 'in tiles',
    rows: 2500,
    architecture: network([20, 64, 30, 3], ['relu', 'tanh', 'sigmoid']),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'in tiles of wide layers',
    rows: 700,
    architecture: network([20, 280, 280, 3], ['relu', 'softmax', 'softmax']),
    loss: 'categoricalCrossEntropy',
  },
  {
    what: 'in tiles from a wide input',
    rows: 2500,
    architecture: network([400, 180, 3], ['tanh', 'linear']),
    loss: 'meanSquaredError',
  },
  {
    what: 'swept',
    rows: 300,
    architecture: network([64, 420, 420, 420, 5], ['relu', 'softmax', 'tanh', 'sigmoid']),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'swept from a wide input',
    rows: 300,
    architecture: network([900, 200, 210, 70], ['relu', 'relu', 'softmax']),
    loss: 'categoricalCrossEntropy',
  },
  {
    what: 'swept from a wide input to few outputs',
    rows: 300,
    architecture: network([900, 150, 3], ['relu', 'softmax']),
    loss: 'categoricalCrossEntropy',
  },
];

testSchedules(networks);

it('the networks here are as large as they have to be', () => {
  const bytes = networks.map(({ architecture }) => 8 * parameterCount(architecture));
  for (const few of bytes.slice(0, 3)) expect(few).toBeLessThan(1e6);
  for (const many of bytes.slice(3)) expect(many).toBeGreaterThan(1e6);
  expect((bytes[3] as number) / 2).toBeGreaterThan(1e6); // also in float32
});

it.each(floatTypes)(
  'predictions of wide layers of $dtype have the same bits on any number of threads, in batches of any size',
  (type) => {
    const { plan, architecture } = makePlan(
      type,
      network([300, 420, 420, 5], ['relu', 'relu', 'softmax']),
      'categoricalCrossEntropy',
    );
    // Tiles of 256 rows: 1, 2, 3, 4 and 9 of them, which threads share by tiles or by units.
    const rows = 2200;
    const inputs = (architecture[0] as { inputDim: number }).inputDim;
    const X = type.array(Array.from({ length: rows * inputs }, (_, i) => ((i * 7919) % 1000) / 1000 - 0.5));
    const expected = type.array(rows * 5);
    try {
      native.setThreads(1);
      plan.predict(X, null, rows, expected);
      for (const [threads, count] of combinations([2, 3], [2, 256, 500, 700, 1000, rows])) {
        native.setThreads(threads);
        const output = type.array(count * 5);
        plan.predict(X.subarray(0, count * inputs), null, count, output);
        expectSameBits(output, expected.subarray(0, count * 5));
      }
    } finally {
      native.setThreads(1);
    }
  },
);

describe.each(floatTypes)('pinned arrays of $dtype', (type) => {
  const architecture = network([3, 5, 2], ['relu', 'sigmoid']);
  const shared = (length: number) =>
    type.dtype === 'float64'
      ? new Float64Array(new SharedArrayBuffer(8 * length))
      : new Float32Array(new SharedArrayBuffer(4 * length));

  it('are predicted like any other arrays', () => {
    const made = makePlan(type, architecture, 'binaryCrossEntropy');
    const { X } = samplesFor(made, 'binaryCrossEntropy', 200);
    const [input, output] = [shared(600), shared(400)];
    const predict = made.plan.pin(200, input, null, output);
    for (const rows of [1, 2, 64, 200]) {
      input.set(X);
      output.fill(Number.NaN);
      const expected = type.array(400).fill(Number.NaN);
      made.plan.predict(X, null, rows, expected);
      expect(predict(rows)).toBeUndefined();
      expectSameBits(output, expected);
    }
    expect(predict(0)).toBeUndefined();
  });

  it('are searched for NaN and infinities', () => {
    const made = makePlan(type, architecture, 'binaryCrossEntropy');
    const [input, output] = [shared(600), shared(400)];
    const predict = made.plan.pin(200, input, null, output);
    for (const index of [0, 2, 3, 400, 599]) {
      input.fill(0);
      input[index] = Number.NaN;
      input[599] = Number.POSITIVE_INFINITY;
      expect(predict(200)).toBe(index);
    }
    input.fill(0, 0, 3);
    expect(predict(1)).toBeUndefined();
  });

  it('may be replaced by others, which the earlier functions then predict, too', () => {
    const made = makePlan(type, architecture, 'binaryCrossEntropy');
    const [first, second] = [shared(4), shared(2)];
    const predict = made.plan.pin(2, shared(6), null, first);
    predict(2);
    made.plan.pin(1, shared(3), null, second);
    first.fill(7);
    predict(1);
    expect(Array.from(first)).toEqual([7, 7, 7, 7]);
    expect(Array.from(second)).not.toEqual([0, 0]);
    expect(() => predict(2)).toThrow(TypeError);
    expect(() => made.plan.pin(2, shared(3), null, second)).toThrow(TypeError);
    expect(() => made.plan.pin(1, type.array(3), null, second)).toThrow(TypeError);
    // The last valid arrays stay pinned.
    expect(predict(1)).toBeUndefined();
  });

  it('are predicted by a function that refuses all other rows, and needs no plan as its this', () => {
    const made = makePlan(type, architecture, 'binaryCrossEntropy');
    const output = shared(4);
    const predict = made.plan.pin(2, shared(6), null, output) as (...args: unknown[]) => unknown;
    for (const rows of [
      3,
      -1,
      0.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 53,
      '1',
      null,
      {},
      1n,
      Symbol(),
    ]) {
      expect(() => predict(rows), String(rows)).toThrow(TypeError);
    }
    expect(() => predict()).toThrow(/^blasnet native: argument 0 must be a number$/);
    expect(Array.from(output)).toEqual([0, 0, 0, 0]);
    for (const self of [undefined, null, 7, {}, made.plan])
      expect(predict.call(self, 1, 2, 3)).toBeUndefined();
    expect(() => Reflect.construct(predict, [1])).not.toThrow();
  });

  it('keep their plan alive: its function holds it for good', () => {
    const made = makePlan(type, architecture, 'binaryCrossEntropy');
    const predict = made.plan.pin(1, shared(3), null, shared(2));
    expect(Object.getOwnPropertyDescriptor(predict, 'plan')).toEqual({
      value: made.plan,
      writable: false,
      enumerable: false,
      configurable: false,
    });
  });
});
