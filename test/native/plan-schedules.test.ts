import { describe, expect, it } from 'vitest';
import { expectSameBits, floatTypes } from './helpers';
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
    architecture: network([400, 200, 3], ['tanh', 'linear']),
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
];

testSchedules(networks);

it('the networks here are as large as they have to be', () => {
  const bytes = networks.map(({ architecture }) => 8 * parameterCount(architecture));
  for (const few of bytes.slice(0, 3)) expect(few).toBeLessThan(1e6);
  for (const many of bytes.slice(3)) expect(many).toBeGreaterThan(1e6);
  expect((bytes[3] as number) / 2).toBeGreaterThan(1e6); // also in float32
});

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

  it('are searched for NaN and infinities', () => {
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

  it('are missing at first, and may be replaced by others', () => {
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
    // The last valid arrays stay pinned.
    expect(made.plan.predictPinned(1)).toBe(-1);
  });
});
