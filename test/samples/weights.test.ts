// The meaning of sample weights and class weights.

import { describe, expect, it } from 'vitest';
import { workHere } from '../../lib/addon/work';
import type { Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import { adam, sgd } from '../../lib/optimizers/optimizers';
import { combineWeights as combination } from '../../lib/samples/weights';
import type { FitOptions } from '../../lib/training/options';
import { layers, snapshot } from '../network/helpers';
import { thrownBy } from '../support/bad-input';
import { maxRelativeError } from '../support/oracle';
import { network, oneHot, randomClasses, rowsOf, X, Y } from '../training/helpers';

function combineWeights(...args: Parameters<typeof combination>) {
  const combined = combination(...args);
  if (combined !== undefined) workHere(combined.work);
  return combined?.weights;
}
const full = { batchSize: 'full', optimizer: adam({ learningRate: 0.05 }) } as const;
const fitted = (options: Omit<FitOptions, 'epochs'>, x: unknown = X, y: unknown = Y) => {
  const net = network();
  const { loss } = net.fitSync(x as Matrix, y as Matrix, { epochs: 20, ...full, ...options });
  return { loss, parameters: snapshot(net) };
};

function expectClose(a: ReturnType<typeof fitted>, b: ReturnType<typeof fitted>, tolerance: number): void {
  expect(maxRelativeError(a.loss, b.loss)).toBeLessThan(tolerance);
  expect(maxRelativeError(a.parameters, b.parameters, 0.01)).toBeLessThan(tolerance);
}

describe('sample weights', () => {
  const counts = Array.from({ length: 40 }, (_, i) => i % 4);
  const repeated = counts.flatMap((count, row) => Array<number>(count).fill(row));
  const present = counts.filter((count) => count > 0).length;

  it('scale a step between calls: a weight of 100 makes it 100 times as long', () => {
    const step = (weight: number, row: number) => {
      const net = network();
      const before = snapshot(net);
      const one = { X: rowsOf(X, [row]), Y: rowsOf(Y, [row]) };
      const { loss } = net.trainOnBatch(one.X, one.Y, {
        sampleWeight: [weight],
        optimizer: sgd({ learningRate: 1 }),
      });
      return { loss, step: snapshot(net).map((value, i) => value - (before[i] as number)) };
    };
    for (const row of [0, 1]) {
      const one = step(1, row);
      for (const weight of [0.01, 100]) {
        const many = step(weight, row);
        expect(maxRelativeError([many.loss], [weight * one.loss])).toBeLessThan(1e-15);
        const expected = one.step.map((change) => weight * change);
        // Parameters of about 1 round off what is below 1e-16 of them.
        expect(maxRelativeError(many.step, expected, 1)).toBeLessThan(1e-13);
      }
    }
  });

  it('are those of Keras: a step takes sum(w * gradient) / rows of weight above 0', () => {
    const net = network();
    const [one, of] = [network(), Array.from(counts.keys())];
    const sum = snapshot(net).map(() => 0);
    let losses = 0;
    for (const row of of) {
      const { loss, ...gradients } = one.gradients(rowsOf(X, [row]), rowsOf(Y, [row]));
      losses += (counts[row] as number) * loss;
      const flat = (Object.values(gradients) as Matrix[]).flatMap(({ data }) => Array.from(data));
      for (const [i, gradient] of flat.entries())
        sum[i] = (sum[i] as number) + (counts[row] as number) * gradient;
    }
    const { loss, ...gradients } = net.gradients(X, Y, { sampleWeight: counts });
    const flat = (Object.values(gradients) as Matrix[]).flatMap(({ data }) => Array.from(data));
    expect(
      maxRelativeError(
        flat,
        sum.map((gradient) => gradient / present),
        1e-3,
      ),
    ).toBeLessThan(1e-12);
    expect(maxRelativeError([loss], [losses / present])).toBeLessThan(1e-14);
    const before = snapshot(net);
    const report = net.trainOnBatch(X, Y, { sampleWeight: counts, optimizer: sgd({ learningRate: 0.5 }) });
    expect(maxRelativeError([report.loss], [loss])).toBeLessThan(1e-15);
    const stepped = before.map((value, i) => value - 0.5 * (flat[i] as number));
    expect(maxRelativeError(snapshot(net), stepped, 1e-3)).toBeLessThan(1e-12);
  });

  it('give the losses of history, validation and evaluate the same scale', () => {
    const net = network();
    const [loss, validation] = [2, 5].map((factor) => {
      const sampleWeight = counts.map((count) => count * factor);
      return net.evaluateSync(X, Y, { sampleWeight }).loss;
    });
    expect(validation).toBeCloseTo(2.5 * (loss as number), 14);
    const half = counts.map((count) => count * 5);
    const history = network().fitSync(X, Y, {
      ...{ epochs: 1, batchSize: 'full', optimizer: sgd({ learningRate: 1e-300 }) },
      sampleWeight: counts.map((count) => count * 2),
      validationData: { X, Y, sampleWeight: half },
    });
    expect(history.loss[0]).toBeCloseTo(loss as number, 14);
    expect(history.valLoss?.[0]).toBeCloseTo(validation as number, 14);
  });

  it('leave the accuracy alone, and are relative in metrics, as in scikit-learn', () => {
    const net = network();
    const twos = counts.map((count) => (count === 0 ? 0 : 2));
    const metrics = ['logLoss', 'accuracy'] as const;
    const some = counts.flatMap((count, row) => (count === 0 ? [] : [row]));
    const { loss, ...weighted } = net.evaluateSync(X, Y, { metrics, sampleWeight: twos });
    const { loss: plain, ...expected } = net.evaluateSync(rowsOf(X, some), rowsOf(Y, some), { metrics });
    expect(loss).toBeCloseTo(2 * plain, 14);
    expect(weighted).toEqual(expected);
  });

  it('have the gradient of repeated rows when they are whole numbers, apart from the number of rows', () => {
    const net = network();
    const [weighted, plain] = [
      net.gradients(X, Y, { sampleWeight: counts }),
      net.gradients(rowsOf(X, repeated), rowsOf(Y, repeated)),
    ];
    const factor = repeated.length / present;
    expect(weighted.loss).toBeCloseTo(factor * plain.loss, 14);
    const expected = Array.from(plain.dW1?.data ?? [], (gradient) => factor * gradient);
    expect(maxRelativeError(weighted.dW1?.data ?? [], expected, 1e-3)).toBeLessThan(1e-12);
  });

  it('change nothing when they are 1', () => {
    expectClose(fitted({ sampleWeight: Array(40).fill(1) }), fitted({}), 1e-12);
  });

  it('are rounded to float32 once, where they are in its range', () => {
    const weigh = (sampleWeight: number[]) =>
      combineWeights({ ...Y, data: Y.data }, 2, 'float32', sampleWeight, undefined);
    const given = counts.map((count) => count / 3 + 1e-40);
    expect(weigh(given)?.weights).toEqual(Float32Array.from(given));
    expect(thrownBy(() => weigh(counts.map((count, row) => (row === 6 ? 1e39 : count))))).toMatchObject({
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected sampleWeight to stay in the range of float32, got Infinity for row 6',
    });
    expect(thrownBy(() => weigh(counts.map((count) => count * 1e-60)))).toMatchObject({
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected sampleWeight to be above 0 in float32 for at least one row, got 0 for all 40',
    });
  });

  it('are refused where their products with those of the classes are out of range, or all 0', () => {
    const weigh = (sampleWeight: number[], classWeight: number[]) =>
      thrownBy(() => combineWeights({ ...Y, data: Y.data }, 2, 'float64', sampleWeight, classWeight));
    const huge = Y.data.indexOf(1);
    expect(weigh(Array(40).fill(1e200), [1, 1e200])).toMatchObject({
      code: 'ERR_BLASNET_ARG_VALUE',
      message: `Expected sampleWeight * classWeight to stay in the range of float64, got Infinity for row ${huge}`,
    });
    expect(weigh(Array(40).fill(1e-200), [1e-200, 1e-200])).toMatchObject({
      code: 'ERR_BLASNET_ARG_VALUE',
      message:
        'Expected sampleWeight * classWeight to be above 0 in float64 for at least one row, got 0 for all 40',
    });
  });
});

describe('class weights', () => {
  const labels = randomClasses(40, 3, 5);
  const classes = oneHot(labels, 3);
  const softmax = () => new Network(layers([3, 4, 3], 'tanh', 'softmax'), { seed: 1 });
  const weigh = (options: Omit<FitOptions, 'epochs'>, y: Int32Array | number[][] = labels) => {
    const net = softmax();
    const { loss } = net.fitSync(X, y, { epochs: 20, ...full, ...options });
    return { loss, parameters: snapshot(net) };
  };

  it('are the weights of their samples', () => {
    const weights = [0.5, 3, 1];
    const expected = weigh({ sampleWeight: Array.from(labels, (label) => weights[label] as number) });
    expect(weigh({ classWeight: weights })).toEqual(expected);
    expect(weigh({ classWeight: weights }, classes)).toEqual(expected);
    expect(weigh({ classWeight: { 0: 0.5, 1: 3 } })).toEqual(expected);
    const binary = Array.from(Y.data, (y) => (y === 1 ? 4 : 1));
    expect(fitted({ classWeight: { 1: 4 } })).toEqual(fitted({ sampleWeight: binary }));
  });

  it('multiply the weights of samples', () => {
    const own = labels.map((_, row) => 1 + (row % 3));
    const sampleWeight = Array.from(
      labels,
      (label, row) => ([0.5, 3, 1][label] as number) * (own[row] as number),
    );
    expect(weigh({ classWeight: [0.5, 3, 1], sampleWeight: Array.from(own) })).toEqual(
      weigh({ sampleWeight }),
    );
  });

  it('may be of classes that this set has no sample of', () => {
    const two = labels.map((label) => Math.min(label, 1));
    expect(weigh({ classWeight: [1, 2, 9] }, two)).toEqual(weigh({ classWeight: [1, 2] }, two));
    expect(weigh({ classWeight: 'balanced' }, two)).toEqual(
      weigh({ classWeight: [20 / balance(two, 0), 20 / balance(two, 1)] }, two),
    );
  });

  const balance = (of: Int32Array, label: number) => of.filter((other) => other === label).length;

  it('are scikit-learn’s when balanced', () => {
    // compute_class_weight('balanced', classes=[0, 1, 2], y=[0] * 6 + [1] * 3 + [2]): 10 / (3 * count)
    const y = Int32Array.of(0, 0, 0, 0, 0, 0, 1, 1, 1, 2);
    const expected = [0.5555555555555556, 1.1111111111111112, 3.3333333333333335];
    const { weights } =
      combineWeights({ data: y, rows: 10, cols: 1 }, 3, 'float64', undefined, 'balanced') ?? expect.fail();
    expect(
      maxRelativeError(
        weights ?? [],
        Array.from(y, (label) => expected[label] as number),
      ),
    ).toBeLessThan(1e-15);
    // All classes have equal total weights.
    const shares = [0, 0, 0];
    for (const [row, label] of y.entries())
      shares[label] = (shares[label] as number) + (weights?.[row] as number);
    expect(maxRelativeError(shares, [10 / 3, 10 / 3, 10 / 3])).toBeLessThan(1e-15);
  });

  it('know hinge’s classes, and one output’s sides', () => {
    const weights = (data: number[], classWeight: unknown) =>
      combineWeights(
        { data: Float64Array.from(data), rows: data.length, cols: 1 },
        2,
        'float64',
        undefined,
        classWeight,
      )?.weights;
    expect(weights([-1, 1, 1, -1], [1, 3])).toEqual(Float64Array.of(1, 3, 3, 1));
    expect(weights([0.1, 0.9], [1, 3])).toEqual(Float64Array.of(1, 3));
  });
});
