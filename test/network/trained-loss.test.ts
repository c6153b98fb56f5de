// Evaluations without a loss, after trainings with one.

import { describe, expect, it } from 'vitest';
import { categoricalCrossEntropy, Network, sgd } from '../../lib';
import { layers, randomMatrix } from './helpers';

const X = randomMatrix(20, 3, 1);
const Y = randomMatrix(20, 2, 2);
const regression = () => new Network(layers([3, 4, 2], 'tanh', 'linear'), { seed: 1 });
const options = { epochs: 1, loss: 'meanAbsoluteError' } as const;

describe('an evaluation without a loss', () => {
  const given = { loss: 'meanAbsoluteError' } as const;
  const trainings: [string, (net: Network) => unknown][] = [
    ['fit', (net) => net.fit(X, Y, options)],
    ['fitSync', (net) => net.fitSync(X, Y, options)],
    ['partialFit', (net) => net.partialFit(X, Y, given)],
    ['trainOnBatch', (net) => net.trainOnBatch(X, Y, given)],
  ];
  it.each(trainings)('has the loss of the last %s', async (_, train) => {
    const net = regression();
    const squared = net.evaluateSync(X, Y).loss;
    expect(squared).toBe(net.evaluateSync(X, Y, { loss: 'meanSquaredError' }).loss);
    await train(net);
    const absolute = net.evaluateSync(X, Y, { loss: 'meanAbsoluteError' }).loss;
    expect([net.evaluateSync(X, Y).loss, (await net.evaluate(X, Y)).loss, net.gradients(X, Y).loss]).toEqual(
      Array(3).fill(absolute),
    );
    expect(net.evaluateSync(X, Y, { loss: 'huber' }).loss).not.toBe(absolute);
  });

  it('has the default again after a training with the default', () => {
    const net = regression();
    net.fitSync(X, Y, options);
    net.fitSync(X, Y, { epochs: 1 });
    expect(net.evaluateSync(X, Y).loss).toBe(net.evaluateSync(X, Y, { loss: 'meanSquaredError' }).loss);
  });

  it('has the default if the training was refused', () => {
    const net = regression();
    expect(() => net.fitSync(X, Y, { epochs: 1, loss: 'nothing' as never })).toThrow('loss');
    expect(net.evaluateSync(X, Y).loss).toBe(net.evaluateSync(X, Y, { loss: 'meanSquaredError' }).loss);
  });

  it('takes class numbers after a training on one-hot rows', () => {
    const net = new Network(layers([3, 4, 2], 'tanh', 'softmax'), { seed: 1 });
    const classes = Int32Array.from({ length: 20 }, (_, i) => i % 2);
    const rows = Array.from(classes, (label) => (label === 0 ? [1, 0] : [0, 1]));
    const loss = categoricalCrossEntropy({ labelSmoothing: 0 });
    net.fitSync(X, rows, { epochs: 1, loss, optimizer: sgd({ learningRate: 0.1 }) });
    expect(net.evaluateSync(X, classes).loss).toBeCloseTo(net.evaluateSync(X, rows).loss, 14);
  });
});
