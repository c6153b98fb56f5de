// Labels as classes: one 32-bit integer per sample.

import { describe, expect, it } from 'vitest';
import { expectClose, expectSameBits, floatTypes, guarded } from './helpers';
import { makePlan, network, samplesFor, train } from './plans';

const architecture = network([4, 9, 5], ['tanh', 'softmax']);
const [outputs, rows] = [5, 300];
const sparse = 'sparseCategoricalCrossEntropy';
const dense = 'categoricalCrossEntropy';
const request = { rows, epochs: 2, batchSize: 64 };
const least = -(2 ** 31);

describe.each(floatTypes)('classes in a plan of $dtype', (type) => {
  /** Labels with a one at each class; all zeros if the number is not a class. */
  function oneHot(classes: Int32Array) {
    const Y = type.array(classes.length * outputs);
    for (const [r, c] of classes.entries()) {
      if (c >= 0 && c < outputs) Y[r * outputs + c] = 1;
    }
    return Y;
  }

  it('are learnt as labels of ones and zeros', () => {
    const [classy, other] = [makePlan(type, architecture, sparse), makePlan(type, architecture, dense)];
    const { X, classes, sampleWeights } = samplesFor(classy, sparse, rows);
    const Y = oneHot(classes);
    const results = [
      [classy, classes],
      [other, Y],
    ].map(([made, labels]) => {
      const { plan, flat, outcome } = made as typeof classy;
      const gradients = guarded(type, flat.length);
      plan.evaluate(X, null, labels as typeof Y, sampleWeights, rows);
      const evaluated = outcome();
      plan.gradients(X, null, labels as typeof Y, sampleWeights, rows, gradients.data);
      gradients.intact();
      const order = Uint32Array.from({ length: 2 * rows }, (_, i) => (i * 7) % rows);
      const history = train(made as typeof classy, { X, Y: labels as typeof Y }, { ...request, order });
      return { evaluated, gradients: gradients.data, history, flat };
    });
    expect(results[0]).toEqual(results[1]);
    expect(results[0]?.evaluated.hits).toBeGreaterThan(0);
  });

  it.each([-1, outputs, least, 2 ** 31 - 1])('are refused at once when one of them is %i', (wrong) => {
    for (const index of [0, 17, rows - 1]) {
      const made = makePlan(type, architecture, sparse);
      const { X, classes } = samplesFor(made, sparse, rows);
      classes[index] = wrong;
      classes[rows - 1] = wrong;
      const before = made.flat.slice();
      const found = { status: 'labelOutside', index };
      made.plan.evaluate(X, null, classes, null, rows);
      expect(made.outcome()).toMatchObject(found);
      made.plan.gradients(X, null, classes, null, rows, type.array(made.flat.length));
      expect(made.outcome()).toMatchObject(found);
      train(made, { X, Y: classes }, request);
      expect(made.outcome()).toMatchObject(found);
      expectSameBits(made.flat, before);
    }
  });

  it('count as labels of zeros when they are out of range and unchecked, and touch nothing else', () => {
    const [classy, other] = [makePlan(type, architecture, sparse), makePlan(type, architecture, dense)];
    const { X, classes } = samplesFor(classy, sparse, rows);
    [-1, outputs, least, 2 ** 31 - 1, 1000].forEach((wrong, i) => {
      classes[50 * i] = wrong;
    });
    const unchecked = { ...request, check: false };
    const [history, expected] = [
      train(classy, { X, Y: classes }, unchecked),
      train(other, { X, Y: oneHot(classes) }, unchecked),
    ];
    expect(classy.outcome().status).toBe('done');
    expectClose(history.loss, expected.loss, 0);
    expectSameBits(classy.flat, other.flat);
  });

  it('come as an Int32Array with one class for each sample, and in no other array', () => {
    const made = makePlan(type, architecture, sparse);
    const { X, Y, classes } = samplesFor(made, sparse, rows);
    for (const wrong of [Y, classes.subarray(1), Uint32Array.from(classes), Int16Array.from(classes), null]) {
      expect(() => made.plan.evaluate(X, null, wrong as never, null, rows)).toThrow(TypeError);
      expect(() => train(made, { X, Y: wrong as never }, request)).toThrow(TypeError);
    }
    const numbers = makePlan(type, architecture, dense);
    expect(() => numbers.plan.evaluate(X, null, classes, null, rows)).toThrow(TypeError);
  });
});
