// The meaning of sample weights and class weights.

import { describe, expect, it } from 'vitest';
import { workHere } from '../../lib/addon/work';
import type { Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import { adam } from '../../lib/optimizers/optimizers';
import { combineWeights as combination } from '../../lib/samples/weights';
import type { FitOptions } from '../../lib/training/options';
import { layers, snapshot } from '../network/helpers';
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

  it('repeat rows when they are whole numbers', () => {
    const rows = { X: rowsOf(X, repeated), Y: rowsOf(Y, repeated) };
    expectClose(fitted({ sampleWeight: counts }), fitted({}, rows.X, rows.Y), 1e-12);
  });

  it('matter by their ratios alone', () => {
    const plain = fitted({ sampleWeight: counts });
    const times = (factor: number) => counts.map((count) => count * factor);
    // Powers of 2 change no bit.
    expect(fitted({ sampleWeight: times(2 ** 40) })).toEqual(plain);
    expect(fitted({ sampleWeight: Float64Array.from(times(2 ** -900)) })).toEqual(plain);
    expectClose(fitted({ sampleWeight: times(1e-7 / 3) }), plain, 1e-12);
  });

  it('change nothing when they are equal', () => {
    expectClose(fitted({ sampleWeight: Array(40).fill(0.3) }), fitted({}), 1e-12);
  });

  it('reach evaluate and gradients', () => {
    const net = network();
    const rows = { X: rowsOf(X, repeated), Y: rowsOf(Y, repeated) };
    const [weighted, plain] = [
      net.evaluateSync(X, Y, { sampleWeight: counts }),
      net.evaluateSync(rows.X, rows.Y),
    ];
    expect(weighted.loss).toBeCloseTo(plain.loss, 14);
    // The accuracy counts samples.
    expect(weighted.accuracy).toBe(net.evaluateSync(X, Y).accuracy);
    const [a, b] = [net.gradients(X, Y, { sampleWeight: counts }), net.gradients(rows.X, rows.Y)];
    expect(a.loss).toBe(weighted.loss);
    expect(maxRelativeError(a.dW1?.data ?? [], b.dW1?.data ?? [], 1e-3)).toBeLessThan(1e-12);
  });

  it('are in range of float32 however small they come', () => {
    const weigh = (sampleWeight: number[]) =>
      combineWeights({ ...Y, data: Y.data }, 2, 'float32', sampleWeight, undefined);
    const { weights } = weigh(counts.map((count) => count * 1e-60)) ?? expect.fail();
    expect(weights).toEqual(weigh(counts)?.weights);
    expect(weights).toBeInstanceOf(Float32Array);
  });

  it('leave a sample out when they are 0', () => {
    const some = counts.flatMap((count, row) => (count === 0 ? [] : [row]));
    const zeroOne = counts.map((count) => Math.min(count, 1));
    expectClose(fitted({ sampleWeight: zeroOne }), fitted({}, rowsOf(X, some), rowsOf(Y, some)), 1e-12);
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
      weigh({ classWeight: { 0: 1, 1: balance(two, 0) / balance(two, 1) } }, two),
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
    expect(weights([-1, 1, 1, -1], [1, 3])).toEqual(Float64Array.of(0.5, 1.5, 1.5, 0.5));
    expect(weights([0.1, 0.9], [1, 3])).toEqual(Float64Array.of(0.5, 1.5));
  });
});
