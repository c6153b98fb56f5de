// Compares every metric with scikit-learn's on hundreds of random sets: with and without weights, with many ties, with
// absent classes, and down to one sample. The fixture's `about` says how they were made.

import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import { metrics } from '../../lib/metrics';
import golden from '../fixtures/metrics.json';

interface Case {
  readonly kind: 'binary' | 'classes' | 'labels' | 'numbers';
  readonly y: number[] | number[][];
  readonly p: number[] | number[][];
  readonly w: number[] | null;
  readonly threshold?: number;
  readonly k?: number;
  readonly expected: Readonly<Record<string, number | number[][] | null>>;
}

const cases = golden.cases as Case[];

const thresholded = ['precision', 'recall', 'f1', 'confusionMatrix'];

/** Our options for a call in the fixture; `key` is a metric, or a metric and an average. */
function call({ kind, w, threshold, k }: Case, key: string): [keyof typeof metrics, Record<string, unknown>] {
  const [name, average] = key.split(':') as [keyof typeof metrics, string?];
  const decides = kind === 'labels' ? [...thresholded, 'accuracy'] : kind === 'binary' ? thresholded : [];
  return [
    name,
    {
      ...(w === null ? {} : { sampleWeight: w }),
      ...(average === undefined ? {} : { average }),
      ...(decides.includes(name) ? { threshold } : {}),
      ...(kind === 'labels' && decides.includes(name) ? { multiLabel: true } : {}),
      ...(name === 'topKAccuracy' ? { k } : {}),
    },
  ];
}

function expectClose(actual: number, expected: number | null, what: string): void {
  if (expected === null) {
    expect(actual, what).toBeNaN();
    return;
  }
  const error = Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
  expect(error, `${what}: ${actual}, not ${expected}`).toBeLessThan(1e-12);
}

const names = ['binary', 'classes', 'labels', 'numbers'].flatMap((kind) => {
  const first = cases.find((one) => one.kind === kind && one.expected.topKAccuracy !== undefined);
  const { expected } = first ?? (cases.find((one) => one.kind === kind) as Case);
  return Object.keys(expected).map((key) => [kind, key] as const);
});

describe.each(names)('%s: %s', (kind, key) => {
  const sets = cases
    .map((one, index) => [one, index] as const)
    .filter(([one]) => one.kind === kind && key in one.expected);

  it('equals scikit-learn’s metric', () => {
    expect(sets.length).toBeGreaterThan(50);
    let defined = 0;
    for (const [one, index] of sets) {
      const [name, options] = call(one, key);
      const compute = metrics[name] as (y: unknown, p: unknown, options: object) => number | Matrix;
      const actual = compute(one.y, one.p, options);
      const expected = one.expected[key];
      if (actual instanceof Matrix) {
        expect(actual.toArray(), `case ${index}`).toEqual(expected);
        defined++;
      } else {
        expectClose(actual, expected as number | null, `case ${index}`);
        if (expected !== null) defined++;
      }
    }
    expect(defined).toBeGreaterThan(25);
  });
});

it('metrics take a Matrix, typed arrays and one-hot labels for the same', () => {
  for (const { kind, y, p, w, expected } of cases) {
    if (kind !== 'classes') continue;
    const predictions = Matrix.from(p as number[][]);
    const indices = y as number[];
    const oneHot = Matrix.zeros(predictions.rows, predictions.cols);
    for (const [row, index] of indices.entries()) oneHot.set(row, index, 1);
    const options = w === null ? {} : { sampleWeight: Float64Array.from(w) };
    for (const labels of [
      oneHot,
      oneHot.toArray(),
      Int32Array.from(indices),
      Uint8Array.from(indices),
      Float32Array.from(indices),
      Matrix.from(indices.map((index) => [index])),
    ]) {
      expectClose(
        metrics.accuracy(labels, predictions, options),
        expected.accuracy as number | null,
        'accuracy',
      );
      expectClose(metrics.prAuc(labels, predictions, options), expected.prAuc as number | null, 'prAuc');
    }
  }
});
