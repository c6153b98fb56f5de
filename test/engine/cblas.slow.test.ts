// Layers that are so large that they use CBLAS on ARM processors. The oracle is slow on them.

import { describe, expect, it } from 'vitest';
import type { LossName } from '../../lib/layers/losses';
import { expectClose, expectSameBits, float32 } from '../native/helpers';
import { makePlan, network, samplesFor, train } from '../native/plans';
import type * as oracle from '../support/oracle';
import { expectLikeOracle, shrink, tolerance } from './like-oracle';

describe('a float32 network swept with a layer of millions of weights', () => {
  const networks: { what: string; architecture: oracle.Layer[]; loss: LossName }[] = [
    {
      what: 'a wide input',
      architecture: network([1300, 1200, 3], ['tanh', 'sigmoid']),
      loss: 'binaryCrossEntropy',
    },
    {
      what: 'a hidden layer',
      architecture: network([20, 1240, 1240, 3], ['relu', 'tanh', 'softmax']),
      loss: 'categoricalCrossEntropy',
    },
    {
      what: 'a narrow input',
      architecture: network([80, 18_800, 1], ['sigmoid', 'linear']),
      loss: 'meanSquaredError',
    },
    {
      what: 'the output',
      architecture: network([60, 1250, 1250], ['softmax', 'sigmoid']),
      loss: 'binaryCrossEntropy',
    },
  ];

  it.each(networks)('equals the oracle: $what', ({ architecture, loss }) => {
    expect(architecture.some(({ inputDim, outputDim }) => inputDim * outputDim >= 1_500_000)).toBe(true);
    const made = makePlan(float32, architecture, loss);
    shrink(made);
    expectLikeOracle(made, loss, 9);
  });

  it.each(networks)('sums the gradient of several sweeps: $what', ({ architecture, loss }) => {
    const [rows, size] = [600, 75];
    const made = makePlan(float32, architecture, loss);
    shrink(made);
    const { X, Y, outputs } = samplesFor(made, loss, rows);
    const inputs = X.length / rows;
    const [whole, part] = [float32.array(made.flat.length), float32.array(made.flat.length)];
    made.plan.gradients(X, null, Y, null, rows, whole);
    const sum = new Float64Array(made.flat.length);
    for (let start = 0; start < rows; start += size) {
      made.plan.gradients(X.subarray(start * inputs), null, Y.subarray(start * outputs), null, size, part);
      part.forEach((value, i) => {
        sum[i] = (sum[i] as number) + (value * size) / rows;
      });
    }
    expectClose(whole, sum, tolerance(float32, sum));
  });

  it.each(networks)('takes samples in the order that it is given: $what', ({ architecture, loss }) => {
    const rows = 130;
    const [ordered, sorted] = [makePlan(float32, architecture, loss), makePlan(float32, architecture, loss)];
    for (const made of [ordered, sorted]) shrink(made);
    const { X, Y, outputs } = samplesFor(ordered, loss, rows);
    const inputs = X.length / rows;
    const order = Uint32Array.from({ length: rows }, (_, i) => (i * 47) % rows);
    const [x, y] = [X.slice(), Y.slice()];
    order.forEach((from, to) => {
      x.set(X.subarray(from * inputs, (from + 1) * inputs), to * inputs);
      y.set(Y.subarray(from * outputs, (from + 1) * outputs), to * outputs);
    });
    const request = { rows, epochs: 1, batchSize: 100, learningRate: 0.01 };
    const history = train(ordered, { X, Y }, { ...request, order });
    expect(train(sorted, { X: x, Y: y }, request)).toEqual(history);
    expectSameBits(ordered.flat, sorted.flat);
  });
});
