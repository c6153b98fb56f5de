// Indices and classes that are out of range reach no memory: on this thread, and on a job thread.

import { describe, expect, it } from 'vitest';
import { type Callback, native } from '../../lib/addon/binding.js';
import { allocateShared } from '../../lib/base/matrix.js';
import { thrownBy } from '../support/bad-input.js';
import { rightArguments } from './arguments.mjs';
import { callsOf } from './calls.mjs';

const { methods, planArguments } = callsOf(native);
const rows = () => new native.Rows({ outcome: allocateShared(8, 'float64') });
const labels = Int32Array.of(0, 1, 1, 0, 1);
const weigh = (changes: object) => ({
  ...{ weights: null, labels, cols: 1, ofClass: Float64Array.of(1, 2), rows: 5, scale: 1 },
  out: new Float64Array(5),
  ...changes,
});
const encode = (changes: object) => ({
  ...{ numbers: Int32Array.of(0, 1, 1), rows: 3, classes: 2, cols: 2, off: 0, on: 1 },
  out: new Float64Array(6),
  ...changes,
});
const order = (...values: number[]) => Uint32Array.from(values);

const calls: [string, (callback?: Callback) => unknown][] = [
  [
    'a copy of a row beyond the last',
    (callback) => {
      const given = { from: new Float64Array(10), rows: 5, cols: 2, index: order(0, 5) };
      return rows().take({ ...given, out: new Float64Array(4) }, callback);
    },
  ],
  [
    'an order with a row beyond the last',
    (callback) => {
      const given = { labels, rows: 5, cols: 1, quotas: Float64Array.of(1, 1) };
      return rows().stratify({ ...given, order: order(0, 2 ** 32 - 1, 2, 3, 4) }, callback);
    },
  ],
  [
    'a weight of a row that has no class',
    (callback) => rows().weigh(weigh({ ofClass: Float64Array.of(1) }), callback),
  ],
  [
    'a weight of a negative class',
    (callback) => rows().weigh(weigh({ labels: Int32Array.of(0, 1, -1, 0, 0) }), callback),
  ],
  [
    'a label of a class beyond the last',
    (callback) => rows().encodeClasses(encode({ numbers: Int32Array.of(0, 1, 2) }), callback),
  ],
  [
    'a label of a negative class',
    (callback) => rows().encodeClasses(encode({ numbers: Int32Array.of(0, -1, 1) }), callback),
  ],
];

describe('an error says so', () => {
  it.each(calls)('for %s', async (_, call) => {
    const message = 'blasnet native: an index of a row is out of range';
    expect(thrownBy(() => call())).toMatchObject({ message });
    const failure = await new Promise((resolve) => call(resolve));
    expect(failure).toMatchObject({ message });
  });

  it('when a training on a job thread has a row beyond the last in its order', async () => {
    const plan = new native.Plan(...(rightArguments(planArguments, Float64Array) as [never]));
    const [given] = rightArguments(methods.train ?? [], Float64Array) as [object];
    const wrong = { ...given, order: order(0, 1, 2, 3, 4, 4, 3, 2, 1, 5) } as never;
    const failure = await new Promise((resolve) => plan.train(wrong, resolve));
    expect(failure).toMatchObject({ message: 'blasnet native: `order` must have indices of rows' });
  });
});

it('a row of weight 0 may be in no class', () => {
  const weights = Float64Array.of(1, 0, 2, 0, 0);
  const given = weigh({ weights, labels: Int32Array.of(0, -1, 1, 2, 7) });
  rows().weigh(given);
  expect(given.out).toEqual(Float64Array.of(1, 0, 4, 0, 0));
  const counts = new Float64Array(2);
  rows().countClasses({ labels: given.labels, rows: 5, cols: 1, weights, counts });
  expect(counts).toEqual(Float64Array.of(1, 1));
});

it('quotas that no row can fill move the rows that there are', () => {
  const given = { labels, rows: 5, cols: 1, order: order(4, 3, 2, 1, 0) };
  rows().stratify({ ...given, quotas: Float64Array.of(Number.POSITIVE_INFINITY, Number.NaN) });
  expect(Array.from(given.order)).toEqual([4, 2, 1, 3, 0]);
});
