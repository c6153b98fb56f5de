// Network computes the article's numbers.

import { beforeAll, describe, expect, it, test } from 'vitest';
import type { Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import { sgd } from '../../lib/optimizers/optimizers';
import type { History } from '../../lib/training/history';
import firstStep from '../fixtures/first-step.json';
import init from '../fixtures/init.json';
import golden from '../fixtures/train.json';
import { expectNumpy } from '../support/numpy-bits';
import { maxRelativeError, relativeDifference } from '../support/oracle';
import { articleSamples, demonstration, example, snapshot } from './helpers';

const { train, test: unseen } = articleSamples();

const articleNetwork = () => new Network(demonstration, { seed: 2, initializer: 'article' });
const fullBatch = (epochs: number) => ({
  epochs,
  batchSize: 'full' as const,
  optimizer: sgd({ learningRate: 0.01 }),
});

test.each([
  { what: '2-4-6-6-4-1 from seed 99', layers: example, seed: 99, expected: init['article-4-6-6-4-1-seed99'] },
  {
    what: '2-25-50-50-25-1 from seed 2',
    layers: demonstration,
    seed: 2,
    expected: init['demo-25-50-50-25-1-seed2'],
  },
] as const)('$what starts with the article’s weights, to the last bit', ({ layers, seed, expected }) => {
  const net = new Network(layers, { seed, initializer: 'article' });
  expectNumpy(toRows(net.parameters), expected);
});

describe('the first step', () => {
  const net = articleNetwork();

  it('has the article’s gradients to 1e-12', () => {
    const { loss, ...gradients } = net.gradients(train.X, train.Y);
    expect(relativeDifference(loss, firstStep.cost)).toBeLessThan(1e-12);
    expect(Object.keys(gradients).sort()).toEqual(Object.keys(firstStep.grads).sort());
    for (const [key, expected] of Object.entries(firstStep.grads)) {
      const actual = gradients[key as `dW${number}`] as Matrix;
      expect([actual.rows, actual.cols]).toEqual([expected.length, expected[0]?.length]);
      expect(maxRelativeError(actual.data, expected.flat(), 1e-6), key).toBeLessThan(1e-12);
    }
  });

  it('starts from the article’s predictions and accuracy', () => {
    expect(maxRelativeError(net.predictSync(train.X).data, firstStep.yHat.flat())).toBeLessThan(1e-14);
    expect(net.evaluateSync(train.X, train.Y).accuracy).toBe(firstStep.accuracy);
  });
});

describe('10,000 epochs of full batches', () => {
  const net = articleNetwork();
  let history: History;

  beforeAll(async () => {
    history = await net.fit(train.X, train.Y, fullBatch(10_000));
  });

  it('follow the article’s cost to 1e-9 and its accuracy exactly, at every recorded epoch', () => {
    expect(golden.epoch.length).toBe(200);
    const loss = golden.epoch.map((epoch) => history.loss[epoch] as number);
    expect(maxRelativeError(loss, golden.cost)).toBeLessThan(1e-9);
    expect(golden.epoch.map((epoch) => history.accuracy?.[epoch])).toEqual(golden.accuracy);
  });

  it('are all in the history', () => {
    expect(history.loss.length).toBe(10_000);
    expect(history.accuracy?.length).toBe(10_000);
  });

  it('end in the article’s parameters to 1e-9', () => {
    for (const [key, expected] of Object.entries(golden.finalParams)) {
      const actual = net.parameters[key as `W${number}`] as Matrix;
      expect(maxRelativeError(actual.data, expected.flat()), key).toBeLessThan(1e-9);
    }
  });

  it('predict the unseen points as the article does', async () => {
    const predictions = net.predictSync(unseen.X);
    expect(maxRelativeError(predictions.data, golden.testYHat.flat())).toBeLessThan(1e-9);
    expect((await net.evaluate(unseen.X, unseen.Y)).accuracy).toBe(0.98);
  });
});

describe.each([
  ['full batches', fullBatch(300)],
  ['mini-batches of 32, shuffled', { epochs: 7, batchSize: 32 }],
] as const)('with %s', (_, options) => {
  it('fit, fitSync and a loop over epochs train alike, to the last bit', async () => {
    const [first, second, third] = [articleNetwork(), articleNetwork(), articleNetwork()];
    const history = await first.fit(train.X, train.Y, options);
    expect(second.fitSync(train.X, train.Y, options)).toEqual(history);

    const reports = [];
    for await (const report of third.epochs(train.X, train.Y, options)) reports.push(report);
    expect(reports).toEqual(
      history.loss.map((loss, i) => ({ epoch: i + 1, loss, accuracy: history.accuracy?.[i] })),
    );

    expect(snapshot(second)).toEqual(snapshot(first));
    expect(snapshot(third)).toEqual(snapshot(first));
  });
});

function toRows(parameters: object): Record<string, number[][]> {
  return Object.fromEntries(
    Object.entries(parameters).map(([key, matrix]: [string, Matrix]) => [key, matrix.toArray()]),
  );
}
