import { describe, expect, it } from 'vitest';
import type { FloatArray } from '../../lib/base/matrix';
import * as oracle from '../support/oracle';
import { columnMoments } from '../support/oracle-stack';
import { combinations, expectClose, expectSameBits, type FloatType, float64, floatTypes } from './helpers';
import { kernels } from './kernels';

const epsilon = 1e-3;
const shapes = combinations([1, 3, 17], [1, 2, 7, 16, 33, 130]);

/** m rounded up to whole vectors, plus one vector. */
const apart = (type: FloatType, m: number) =>
  (Math.ceil(m / (64 / type.array(1).BYTES_PER_ELEMENT)) + 1) * 16;

/** Rows of m samples, `ld` apart, with NaN between them. */
function padded(type: FloatType, { data, rows, cols }: oracle.Dense, ld: number): FloatArray {
  const array = type.array(rows * ld).fill(Number.NaN);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) array[r * ld + c] = data[r * cols + c] as number;
  }
  return array;
}

function unpadded(array: FloatArray, rows: number, cols: number, ld: number): oracle.Grid {
  return oracle.build(rows, cols, (r, c) => array[r * ld + c] as number);
}

/** The elements behind the m samples of each row. */
function padding(array: FloatArray, units: number, m: number, ld: number): number[] {
  return Array.from({ length: units }, (_, r) => [...array.subarray(r * ld + m, (r + 1) * ld)]).flat();
}

/** Normalises rows to mean 0 and variance 1, by plain loops. */
function standardized(X: oracle.Dense) {
  const { mean, variance } = columnMoments(oracle.transpose(X));
  const inverse = variance.map((v) => 1 / Math.sqrt(v + epsilon));
  const normalized = oracle.build(X.rows, X.cols, (r, c) => {
    return (oracle.at(X, r, c) - (mean[r] as number)) * (inverse[r] as number);
  });
  return { mean, variance, inverse, normalized };
}

/** dX of rows that were normalised by their own moments, from the gradient of the normalised values. */
function standardizedBackward(d: oracle.Dense, normalized: oracle.Dense, inverse: readonly number[]) {
  return oracle.build(d.rows, d.cols, (r, c) => {
    const mean = (f: (k: number) => number) =>
      Array.from({ length: d.cols }, (_, k) => f(k)).reduce((a, b) => a + b, 0) / d.cols;
    const slope = mean((k) => oracle.at(d, r, k) * oracle.at(normalized, r, k));
    const rest = oracle.at(d, r, c) - mean((k) => oracle.at(d, r, k)) - oracle.at(normalized, r, c) * slope;
    return rest * (inverse[r] as number);
  });
}

/** Numbers that the type can hold, so that both sides start from equal numbers. */
function data(type: FloatType, units: number, m: number) {
  const random = (rows: number, cols: number, seed: number, low = -2, high = 2) =>
    oracle.map(oracle.randomDense(rows, cols, seed, low, high), (x) => type.array([x])[0] as number);
  return {
    X: random(units, m, 1),
    d: random(units, m, 2, -1, 1),
    gamma: random(units, 1, 3, 0.5, 1.5),
    beta: random(units, 1, 4),
    dgamma: random(units, 1, 5),
    dbeta: random(units, 1, 6),
  };
}

const scaledBy = (A: oracle.Dense, gamma: oracle.Dense) =>
  oracle.build(A.rows, A.cols, (r, c) => oracle.at(A, r, c) * oracle.at(gamma, r, 0));

const shiftedBy = (A: oracle.Dense, beta: oracle.Dense) =>
  oracle.build(A.rows, A.cols, (r, c) => oracle.at(A, r, c) + oracle.at(beta, r, 0));

const rowSums = (A: oracle.Dense) =>
  Array.from({ length: A.rows }, (_, r) => oracle.row(A, r).reduce((a, b) => a + b, 0));

describe.each(floatTypes)('normalisation of $dtype', (type) => {
  // For values of size 1 and their sums, and inverses of up to 1 / sqrt(epsilon).
  const tolerance = (m: number) => 200 * Math.sqrt(m) * type.epsilon;

  it.each(shapes)('equals plain loops for %i rows of %i', (units, m) => {
    const { X, gamma, beta } = data(type, units, m);
    const expected = standardized(X);
    const ld = m + 3;
    const x = padded(type, X, ld);
    const [mean, variance, inverse] = [type.array(units), type.array(units), type.array(units)];
    const rest = type.array(units);
    kernels.rowMoments(units, m, ld, x, mean, rest, variance);
    expectClose(mean, expected.mean, tolerance(1), 'mean');
    expectClose(variance, expected.variance, tolerance(1), 'variance');
    kernels.inverseDeviations(variance, epsilon, inverse);
    expectClose(inverse, expected.inverse, tolerance(m) * 30, 'inverse');

    const [normalized, out] = [type.array(units * ld).fill(7), type.array(units * ld).fill(8)];
    const [g, b] = [type.array(gamma.data), type.array(beta.data)];
    kernels.normalizeRows(units, m, ld, x, mean, rest, inverse, g, b, normalized, out);
    expectClose(unpadded(normalized, units, m, ld).data, expected.normalized.data, tolerance(m) * 30);
    const shifted = shiftedBy(scaledBy(expected.normalized, gamma), beta);
    expectClose(unpadded(out, units, m, ld).data, shifted.data, tolerance(m) * 30);
    expect(new Set(padding(normalized, units, m, ld))).toEqual(new Set([7]));
    expect(new Set(padding(out, units, m, ld))).toEqual(new Set([8]));
    // Again, in place.
    kernels.normalizeRows(units, m, ld, x, mean, rest, inverse, g, b, x, x);
    expectSameBits(type.array(unpadded(x, units, m, ld).data), type.array(unpadded(out, units, m, ld).data));
  });

  it.each(shapes)('has the gradient of plain loops for %i rows of %i', (units, m) => {
    const { X, d, gamma, dgamma, dbeta } = data(type, units, m);
    const { inverse, normalized } = standardized(X);
    const [ld, scaled] = [m + 1, scaledBy(d, gamma)];
    const sums = { dgamma: rowSums(oracle.zip(d, normalized, (a, b) => a * b)), dbeta: rowSums(d) };
    const frozen = oracle.build(units, m, (r, c) => oracle.at(scaled, r, c) * (inverse[r] as number));
    for (const ownMoments of [true, false]) {
      const wanted = ownMoments ? standardizedBackward(scaled, normalized, inverse) : frozen;
      for (const accumulate of [true, false]) {
        const delta = padded(type, d, ld);
        const [byGamma, byBeta] = [type.array(dgamma.data), type.array(dbeta.data)];
        kernels.normalizeRowsBackward(
          ...([units, m, ld, padded(type, normalized, ld), type.array(inverse)] as const),
          ...([type.array(gamma.data), ownMoments, accumulate, delta, byGamma, byBeta] as const),
        );
        expectClose(unpadded(delta, units, m, ld).data, wanted.data, tolerance(m) * 30, `${ownMoments}`);
        expect(padding(delta, units, m, ld).every(Number.isNaN)).toBe(true);
        const old = (values: oracle.Grid, i: number) => (accumulate ? (values.data[i] as number) : 0);
        expectClose(
          byGamma,
          sums.dgamma.map((g, i) => g + old(dgamma, i)),
          tolerance(m),
          'dgamma',
        );
        expectClose(
          byBeta,
          sums.dbeta.map((g, i) => g + old(dbeta, i)),
          tolerance(m),
          'dbeta',
        );
      }
    }
  });

  it.each(shapes)('equals plain loops for %i units in each of %i columns', (units, m) => {
    const { X, d, gamma, beta, dgamma, dbeta } = data(type, units, m);
    const turned = standardized(oracle.transpose(X));
    const wanted = oracle.transpose(turned.normalized);
    const ld = apart(type, m);
    const x = padded(type, X, ld);
    const inverse = type.array(ld);
    const [normalized, out] = [type.array(units * ld), type.array(units * ld)];
    const [g, b] = [type.array(gamma.data), type.array(beta.data)];
    kernels.normalizeColumns(units, m, ld, x, epsilon, g, b, normalized, inverse, out);
    expectClose(inverse.subarray(0, m), turned.inverse, tolerance(units) * 30, 'inverse');
    expectClose(unpadded(normalized, units, m, ld).data, wanted.data, tolerance(units) * 30, 'normalized');
    const shifted = shiftedBy(scaledBy(wanted, gamma), beta);
    expectClose(unpadded(out, units, m, ld).data, shifted.data, tolerance(units) * 30, 'out');
    kernels.normalizeColumns(units, m, ld, x, epsilon, g, b, x, inverse, x);
    expectSameBits(type.array(unpadded(x, units, m, ld).data), type.array(unpadded(out, units, m, ld).data));

    const scaled = oracle.transpose(scaledBy(d, gamma));
    const back = oracle.transpose(standardizedBackward(scaled, turned.normalized, turned.inverse));
    for (const accumulate of [true, false]) {
      const delta = padded(type, d, ld);
      const [byGamma, byBeta] = [type.array(dgamma.data), type.array(dbeta.data)];
      kernels.normalizeColumnsBackward(
        ...([units, m, ld, normalized, inverse, g, accumulate, delta, byGamma, byBeta] as const),
      );
      expectClose(unpadded(delta, units, m, ld).data, back.data, tolerance(units) * 300, 'd');
      const old = (values: oracle.Grid, i: number) => (accumulate ? (values.data[i] as number) : 0);
      const sums = rowSums(oracle.zip(d, wanted, (a, c) => a * c));
      expectClose(
        byGamma,
        sums.map((s, i) => s + old(dgamma, i)),
        tolerance(m) * 30,
        'dgamma',
      );
      expectClose(
        byBeta,
        rowSums(d).map((s, i) => s + old(dbeta, i)),
        tolerance(m),
        'dbeta',
      );
    }
  });

  it('takes moments from the distances to the mean, so that nothing cancels', () => {
    const [mean, rest, variance] = [type.array(1), type.array(1), type.array(1)];
    const offset = type === float64 ? 1e8 : 1e4;
    const x = type.array(Array.from({ length: 1000 }, (_, i) => offset + (i % 2)));
    kernels.rowMoments(1, 1000, 1000, x, mean, rest, variance);
    expectClose([...mean, ...variance], [offset + 0.5, 0.25], [offset * type.epsilon, 1e-3]);
  });

  // The sizes of groups of equal numbers, the distance of the groups, and what they are near to.
  it.each([
    { near: 10000.3, sizes: [1000], apart: 0 },
    { near: 10000.3, sizes: [700, 300], apart: 2 ** -9 },
    { near: -7e6, sizes: [1, 999], apart: 1 },
    { near: 3e-30, sizes: [500, 500], apart: 0 },
    { near: 0.1, sizes: [20000], apart: 0 },
  ])(
    'keeps the digits of $sizes numbers near $near that are $apart apart',
    ({ near, sizes, apart: distance }) => {
      const values = type.array(sizes.flatMap((size, i) => Array(size).fill(near + i * distance)));
      const m = values.length;
      // By the definition, in double, on the distances from the first number, which are exact.
      const distances = Array.from(values, (x) => x - (values[0] as number));
      const wantedMean = distances.reduce((sum, x) => sum + x, 0) / m;
      const wantedVariance = distances.reduce((sum, x) => sum + (x - wantedMean) ** 2, 0) / m;
      const wanted = distances.map((x) => (x - wantedMean) / Math.sqrt(wantedVariance + epsilon));
      const [mean, rest, variance, inverse] = [0, 0, 0, 0].map(() => type.array(1)) as FloatArray[];
      const one = type.array([1]);
      const out = type.array(m);
      kernels.rowMoments(1, m, m, values, mean as FloatArray, rest as FloatArray, variance as FloatArray);
      kernels.inverseDeviations(variance as FloatArray, epsilon, inverse as FloatArray);
      const moments = [mean, rest, inverse] as [FloatArray, FloatArray, FloatArray];
      kernels.normalizeRows(1, m, m, values, ...moments, one, type.array([0]), out, out);
      const size = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
      expectClose(out, wanted, 100 * size * type.epsilon);
      // The same numbers as the units of one sample.
      const ld = apart(type, 1);
      const column = type.array(m * ld);
      values.forEach((x, i) => {
        column[i * ld] = x;
      });
      const [g, b] = [type.array(m).fill(1), type.array(m)];
      kernels.normalizeColumns(m, 1, ld, column, epsilon, g, b, column, type.array(ld), column);
      expectClose(unpadded(column, m, 1, ld).data, wanted, 100 * size * Math.sqrt(m) * type.epsilon);
    },
  );

  it('passes NaN on, to its own row or column only', () => {
    const { X, gamma, beta } = data(type, 3, 5);
    const ld = apart(type, 5);
    const x = padded(type, X, ld);
    x[ld + 2] = Number.NaN;
    const [mean, rest, variance, inverse] = [type.array(3), type.array(3), type.array(3), type.array(ld)];
    kernels.rowMoments(3, 5, ld, x, mean, rest, variance);
    expect(Array.from(mean, Number.isNaN)).toEqual([false, true, false]);
    expect(Array.from(variance, Number.isNaN)).toEqual([false, true, false]);
    const out = type.array(3 * ld);
    const [g, b] = [type.array(gamma.data), type.array(beta.data)];
    kernels.normalizeColumns(3, 5, ld, x, epsilon, g, b, out.slice(), inverse, out);
    const { data: found } = unpadded(out, 3, 5, ld);
    expect(found.map((value, i) => (Number.isNaN(value) ? i % 5 : -1)).filter((c) => c >= 0)).toEqual([
      2, 2, 2,
    ]);
  });
});

// Gradients equal central differences.
describe('the gradient of normalisation', () => {
  const { X, d, gamma, beta } = data(float64, 4, 7);
  const [units, m, ld] = [4, 7, 16];
  const loss = (out: FloatArray) => d.data.reduce((sum, g, i) => sum + g * (out[i] as number), 0);

  function check(
    forward: (x: oracle.Grid, g: oracle.Grid, b: oracle.Grid) => FloatArray,
    found: FloatArray[],
  ) {
    const copies = [X, gamma, beta].map((A) => oracle.map(A, (x) => x)) as [
      oracle.Grid,
      oracle.Grid,
      oracle.Grid,
    ];
    for (const [i, { data: values }] of copies.entries()) {
      const numeric = oracle.centralDifferences(() => loss(forward(...copies)), values, 1e-5);
      expect(oracle.maxRelativeError(found[i] as FloatArray, numeric, 1e-3), `${i}`).toBeLessThan(1e-6);
    }
  }

  it('is that of central differences for rows', () => {
    const [mean, rest, variance, inverse] = [0, 0, 0, 0].map(() => new Float64Array(units)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const normalized = new Float64Array(units * m);
    const forward = (x: oracle.Grid, g: oracle.Grid, b: oracle.Grid) => {
      const out = new Float64Array(units * m);
      const given = Float64Array.from(x.data);
      kernels.rowMoments(units, m, m, given, mean, rest, variance);
      kernels.inverseDeviations(variance, epsilon, inverse);
      const factors = [Float64Array.from(g.data), Float64Array.from(b.data)] as const;
      kernels.normalizeRows(units, m, m, given, mean, rest, inverse, ...factors, normalized, out);
      return out;
    };
    forward(X, gamma, beta);
    const delta = Float64Array.from(d.data);
    const [byGamma, byBeta] = [new Float64Array(units), new Float64Array(units)];
    kernels.normalizeRowsBackward(
      ...([units, m, m, normalized, inverse, Float64Array.from(gamma.data), true, false] as const),
      ...([delta, byGamma, byBeta] as const),
    );
    check(forward, [delta, byGamma, byBeta]);
  });

  it('is that of central differences for columns', () => {
    const [normalized, inverse] = [new Float64Array(units * ld), new Float64Array(ld)];
    const forward = (x: oracle.Grid, g: oracle.Grid, b: oracle.Grid) => {
      const out = new Float64Array(units * ld);
      const factors = [Float64Array.from(g.data), Float64Array.from(b.data)] as const;
      const given = padded(float64, x, ld);
      kernels.normalizeColumns(units, m, ld, given, epsilon, ...factors, normalized, inverse, out);
      return Float64Array.from(unpadded(out, units, m, ld).data);
    };
    forward(X, gamma, beta);
    const delta = padded(float64, d, ld);
    const [byGamma, byBeta] = [new Float64Array(units), new Float64Array(units)];
    kernels.normalizeColumnsBackward(
      ...([units, m, ld, normalized, inverse, Float64Array.from(gamma.data), false] as const),
      ...([delta, byGamma, byBeta] as const),
    );
    check(forward, [Float64Array.from(unpadded(delta, units, m, ld).data), byGamma, byBeta]);
  });
});
