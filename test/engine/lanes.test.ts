// The order in which a batch's gradient is summed: processes that share a batch rely on it. See native/engine/lanes.h.

import { describe, expect, it } from 'vitest';
import type { FloatArray } from '../../lib/base/matrix';
import { expectSameBits, type FloatType, floatTypes } from '../native/helpers';
import { makePlan, network, parameterCount, samplesFor, train } from '../native/plans';
import type * as oracle from '../support/oracle';

interface Cut {
  readonly what: string;
  readonly architecture: oracle.Layer[];
  readonly rows: number;
  readonly lanes: number;
}

// Powers of two, so that a lane's gradient is that of a batch of its rows, times an exact factor. Tiles in lanes have
// at most 128 rows, and those of a sweep, which large networks take, at most 256.
const small = network([3, 20, 10, 2], ['tanh', 'tanh', 'sigmoid']);
const large = network([40, 600, 420, 5], ['tanh', 'tanh', 'sigmoid']);
const cuts: Cut[] = [
  { what: 'one lane', architecture: small, rows: 128, lanes: 1 },
  { what: 'two lanes', architecture: small, rows: 256, lanes: 2 },
  { what: 'eight lanes', architecture: small, rows: 1024, lanes: 8 },
  { what: 'sixteen lanes', architecture: small, rows: 2048, lanes: 16 },
  { what: 'one lane of a sweep', architecture: large, rows: 256, lanes: 1 },
  { what: 'two lanes of a sweep', architecture: large, rows: 512, lanes: 2 },
  { what: 'four lanes of a sweep', architecture: large, rows: 1024, lanes: 4 },
];

const loss = 'binaryCrossEntropy';

/** The sum of lanes first .. end, and of their losses. */
function sumOfNode(lanes: readonly (readonly [FloatArray, number])[], type: FloatType): [FloatArray, number] {
  const [first, ...others] = lanes;
  if (first === undefined) throw new Error('a node has lanes');
  if (others.length === 0) return [type.array(first[0]), first[1]];
  const middle = Math.floor(lanes.length / 2);
  const [sum, total] = sumOfNode(lanes.slice(0, middle), type);
  const [later, more] = sumOfNode(lanes.slice(middle), type);
  // The sum of two float32 numbers in double, rounded to float32, is their float32 sum.
  return [sum.map((value, i) => value + (later[i] as number)) as FloatArray, total + more];
}

describe.each(floatTypes)('a batch of $dtype', (type) => {
  function gradientsOf(architecture: oracle.Layer[], rows: number) {
    const made = makePlan(type, architecture, loss);
    const { X, Y, outputs } = samplesFor(made, loss, rows);
    const inputs = X.length / rows;
    return (from: number, to: number): [FloatArray, number] => {
      const out = type.array(made.flat.length);
      const x = X.subarray(from * inputs, to * inputs);
      made.plan.gradients(x, null, Y.subarray(from * outputs, to * outputs), null, to - from, out);
      return [out, made.outcome().loss];
    };
  }

  it.each(cuts)('has the sum of its lanes by halves: $what', ({ architecture, rows, lanes }) => {
    const gradients = gradientsOf(architecture, rows);
    const lane = rows / lanes;
    const leaves = Array.from({ length: lanes }, (_, i) => {
      const [own, total] = gradients(i * lane, (i + 1) * lane);
      return [own.map((value) => value / lanes), total] as const;
    });
    const [whole, total] = gradients(0, rows);
    const [sum, losses] = sumOfNode(leaves, type);
    expectSameBits(whole, sum as FloatArray);
    expect(total).toBe(losses);
  });

  it('adds up with the other batches of its step, in their order', () => {
    const gradients = gradientsOf(small, 768);
    const parts = [0, 256, 512].map((start) => gradients(start, start + 256)[0]);
    const made = makePlan(type, small, loss);
    const before = type.array(made.flat);
    const { X, Y } = samplesFor(made, loss, 768);
    const request = { rows: 768, epochs: 1, batchSize: 256, accumulate: 4, learningRate: 1 };
    train(made, { X, Y }, request);
    // The step's mean is over 768 rows, so that only the first digits are equal.
    const wanted = before.map((value, i) => {
      const sum = parts.reduce((all, part) => all + (part[i] as number), 0);
      return value - sum / 3;
    });
    for (const [i, value] of made.flat.entries()) expect(value).toBeCloseTo(wanted[i] as number, 5);
  });
});

it('the networks here are swept, or not', () => {
  expect(8 * parameterCount(small)).toBeLessThan(1e6);
  expect(4 * parameterCount(large)).toBeGreaterThan(1e6);
});
