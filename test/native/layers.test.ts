import { describe, expect, it } from 'vitest';
import { native, SampleAxis } from '../../lib/addon/binding';
import * as oracle from '../support/oracle';
import { combinations, expectClose, floatTypes, guarded, sizes } from './helpers';

const axes = ['rows', 'columns'] as const;

// Lays out samples: (m, features) if they are rows, (features, m) if they are columns.
function lay(axis: (typeof axes)[number], samples: oracle.Grid): oracle.Grid {
  return axis === 'rows' ? samples : oracle.transpose(samples);
}

/**
 * The error that a sum of products may have: one rounding per term, of the sum of the terms' absolute values.
 */
function roundings(terms: number, epsilon: number, sizesSum: oracle.Dense): number[] {
  return Array.from(sizesSum.data, (size) => (terms + 2) * epsilon * size);
}

const absolute = (A: oracle.Dense) => oracle.map(A, Math.abs);

describe.each(floatTypes)('layers of $dtype', (type) => {
  const random = (rows: number, cols: number, seed: number) =>
    oracle.map(oracle.randomDense(rows, cols, seed), (value) => type.array([value])[0] as number);
  const array = (A: oracle.Dense) => type.array(A.data);

  it.each(axes)('forward equals the oracle, samples in %s', (axis) => {
    for (const [m, inputs, outputs] of combinations(sizes, sizes, sizes)) {
      const X = random(m, inputs, 1);
      const W = random(outputs, inputs, 2);
      const b = random(outputs, 1, 3);
      const Z = guarded(type, m * outputs);
      const [x, w, bias] = [array(lay(axis, X)), array(W), array(b)];
      native.layerForward(SampleAxis[axis], m, inputs, outputs, x, w, bias, Z.data);
      Z.intact();
      const expected = oracle.layerForward(X, W, b, 'linear').Z;
      const size = oracle.layerForward(absolute(X), absolute(W), absolute(b), 'linear').Z;
      const allowed = roundings(inputs + 1, type.epsilon, lay(axis, size));
      expectClose(Z.data, lay(axis, expected).data, allowed, `${m} x ${inputs} x ${outputs}`);
      expect([...x, ...w, ...bias]).toEqual([...lay(axis, X).data, ...W.data, ...b.data]);
    }
  });

  it.each(axes)('backward equals the oracle, samples in %s', (axis) => {
    for (const [m, inputs, outputs] of combinations(sizes, sizes, sizes)) {
      const X = random(m, inputs, 1);
      const W = random(outputs, inputs, 2);
      const dZ = random(m, outputs, 3);
      const alpha = 1 / m;
      const [dz, x, w] = [array(lay(axis, dZ)), array(lay(axis, X)), array(W)];
      const dW = guarded(type, outputs * inputs);
      const db = guarded(type, outputs);
      const dX = guarded(type, m * inputs);
      native.layerGradients(SampleAxis[axis], m, inputs, outputs, alpha, dz, x, dW.data, db.data);
      native.layerInputGradient(SampleAxis[axis], m, inputs, outputs, dz, w, dX.data);
      for (const written of [dW, db, dX]) written.intact();

      const expected = oracle.layerBackward(dZ, W, X);
      const size = oracle.layerBackward(absolute(dZ), absolute(W), absolute(X));
      const scaled = (A: oracle.Dense) => oracle.map(A, (value) => value * alpha);
      const what = `${m} x ${inputs} x ${outputs}`;
      const byM = (A: oracle.Dense) => roundings(m + 1, type.epsilon, scaled(A));
      expectClose(dW.data, scaled(expected.dW).data, byM(size.dW), `dW of ${what}`);
      expectClose(db.data, scaled(expected.db).data, byM(size.db), `db of ${what}`);
      const allowed = roundings(outputs, type.epsilon, lay(axis, size.dAPrev));
      expectClose(dX.data, lay(axis, expected.dAPrev).data, allowed, `dX of ${what}`);
      expect([...dz, ...x, ...w]).toEqual([...lay(axis, dZ).data, ...lay(axis, X).data, ...W.data]);
    }
  });

  it.each(axes)('sum the bias gradient of many samples as precisely as that of few, in %s', (axis) => {
    // Equal terms are the worst case of a running sum: all rounding errors have one sign.
    const [m, outputs] = [300_000, 3];
    const dZ = type.array(m * outputs).fill(0.1);
    const [x, dW, db] = [type.array(m), type.array(outputs), type.array(outputs)];
    native.layerGradients(SampleAxis[axis], m, 1, outputs, 1 / m, dZ, x, dW, db);
    const expected = type.array(outputs).fill(0.1);
    expectClose(db, expected, Math.max(2 * type.epsilon, 1e-11));
  });

  it('have worked values, in both orientations', () => {
    const W = type.array([1, 2, 3, 4, 5, 6]); // 2 units of 3 inputs
    const b = type.array([0.5, -0.5]);
    const X = { rows: [1, 0, -1, 2, 1, 0], columns: [1, 2, 0, 1, -1, 0] }; // 2 samples
    const Z = { rows: [-1.5, -2.5, 4.5, 12.5], columns: [-1.5, 4.5, -2.5, 12.5] };
    const dZ = { rows: [1, 2, 3, 4], columns: [1, 3, 2, 4] };
    const dX = { rows: [9, 12, 15, 19, 26, 33], columns: [9, 19, 12, 26, 15, 33] };
    for (const axis of axes) {
      const [z, dx] = [type.array(4), type.array(6)];
      native.layerForward(SampleAxis[axis], 2, 3, 2, type.array(X[axis]), W, b, z);
      expect(Array.from(z)).toEqual(Z[axis]);
      native.layerInputGradient(SampleAxis[axis], 2, 3, 2, type.array(dZ[axis]), W, dx);
      expect(Array.from(dx)).toEqual(dX[axis]);
      const [dW, db] = [type.array(6), type.array(2)];
      const dz = type.array(dZ[axis]);
      native.layerGradients(SampleAxis[axis], 2, 3, 2, 0.5, dz, type.array(X[axis]), dW, db);
      expect(Array.from(dW)).toEqual([3.5, 1.5, -0.5, 5, 2, -1]);
      expect(Array.from(db)).toEqual([2, 3]);
    }
  });

  it.each(axes)('have gradients of 0 without samples, and outputs b without inputs, in %s', (axis) => {
    const none = type.array(0);
    const [dW, db] = [guarded(type, 6), guarded(type, 2)];
    native.layerGradients(SampleAxis[axis], 0, 3, 2, 1, none, none, dW.data, db.data);
    expect([...dW.data, ...db.data]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    dW.intact();
    db.intact();
    native.layerForward(SampleAxis[axis], 0, 3, 2, none, type.array(6), type.array(2), none);
    native.layerInputGradient(SampleAxis[axis], 0, 3, 2, none, type.array(6), none);
    const Z = guarded(type, 2);
    native.layerForward(SampleAxis[axis], 1, 0, 2, none, none, type.array([5, 7]), Z.data);
    expect(Array.from(Z.data)).toEqual([5, 7]);
    const dX = guarded(type, 3);
    native.layerInputGradient(SampleAxis[axis], 1, 3, 0, none, none, dX.data);
    expect(Array.from(dX.data)).toEqual([0, 0, 0]);
  });

  it.each(axes)('pass NaN on, from a sample to its own outputs only, in %s', (axis) => {
    const [m, inputs, outputs] = [5, 17, 3];
    const X = oracle.build(m, inputs, (r, c) => (r === 2 && c === 16 ? Number.NaN : 1));
    const Z = type.array(m * outputs);
    const W = type.array(outputs * inputs).fill(1);
    native.layerForward(SampleAxis[axis], m, inputs, outputs, array(lay(axis, X)), W, type.array(3), Z);
    const expected = oracle.build(m, outputs, (r) => (r === 2 ? Number.NaN : 17));
    expectClose(Z, lay(axis, expected).data, 0);

    const dZ = oracle.build(m, outputs, (r, c) => (r === 2 && c === 1 ? Number.NaN : 1));
    const [dW, db] = [type.array(outputs * inputs), type.array(outputs)];
    const ones = type.array(m * inputs).fill(1);
    native.layerGradients(SampleAxis[axis], m, inputs, outputs, 1, array(lay(axis, dZ)), ones, dW, db);
    expectClose(db, [5, Number.NaN, 5], 0);
    expectClose(dW, oracle.build(outputs, inputs, (r) => (r === 1 ? Number.NaN : 5)).data, 0);
  });
});
