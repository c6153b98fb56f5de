// The metrics option gives the numbers of lib/metrics for the network's predictions.

import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../lib/base/matrix';
import * as metrics from '../../lib/metrics';
import { metric } from '../../lib/metrics/metric';
import { Network } from '../../lib/network/network';
import { layers, randomLabels, randomMatrix } from '../network/helpers';
import { network, oneHot, randomClasses, X, Y } from './helpers';

const { accuracy, brier, f1, logLoss, meanAbsoluteError, prAuc, precision, r2, rocAuc, topKAccuracy } =
  metrics.metrics;
const own = (labels: Matrix, predictions: Matrix) => labels.rows + (predictions.data[0] as number);

it('metrics are computed after every epoch from the predictions for the training set', async () => {
  const net = network();
  const options = {
    epochs: 3,
    metrics: ['f1', 'rocAuc', 'logLoss', metric('precision', { threshold: 0.3, name: 'precisionAt30' }), own],
  } as const;
  const seen: unknown[] = [];
  for await (const report of net.epochs(X, Y, options)) {
    const predictions = net.predictSync(X);
    expect(report).toEqual({
      epoch: report.epoch,
      loss: report.loss,
      accuracy: report.accuracy,
      f1: f1(Y, predictions),
      rocAuc: rocAuc(Y, predictions),
      logLoss: logLoss(Y, predictions),
      precisionAt30: precision(Y, predictions, { threshold: 0.3 }),
      own: own(Y, predictions),
    });
    seen.push(report);
  }
  // The series of fit have these numbers.
  const { loss, ...history } = await network().fit(X, Y, options);
  expect(Object.keys(history)).toEqual(['accuracy', 'f1', 'rocAuc', 'logLoss', 'precisionAt30', 'own']);
  for (const [name, series] of Object.entries({ loss, ...history })) {
    expect(series).toEqual(seen.map((report) => (report as Record<string, number>)[name]));
  }
});

it('fit gives the bits of fitSync, on any number of threads', async () => {
  const validationData = { X, Y };
  const options = { epochs: 2, validationData, metrics: ['rocAuc', 'logLoss', own, 'f1', 'r2'] } as const;
  const here = network().fitSync(X, Y, options);
  expect(await network().fit(X, Y, options)).toEqual(here);
  expect(await network().fit(X, Y, { ...options, threads: 1 })).toEqual(here);
  expect(Object.keys(here).slice(-5)).toEqual(['valRocAuc', 'valLogLoss', 'valOwn', 'valF1', 'valR2']);
});

it('an error of a user’s own metric ends the training, between metrics of the library', async () => {
  const fails = {
    name: 'fails',
    compute: () => {
      throw new Error('no result');
    },
  };
  const options = { epochs: 2, metrics: ['rocAuc', fails, 'f1'] } as const;
  const net = network();
  await expect(net.fit(X, Y, options)).rejects.toThrow('no result');
  expect(() => net.fitSync(X, Y, options)).toThrow('no result');
  await expect(net.evaluate(X, Y, { metrics: ['rocAuc', fails] })).rejects.toThrow('no result');
  // Nothing is left running.
  await net.fit(X, Y, { epochs: 1, metrics: ['rocAuc'] });
});

it('an abort within a user’s own metric ends the metrics after it', async () => {
  const controller = new AbortController();
  const aborts = {
    name: 'aborts',
    compute: () => {
      controller.abort();
      return 1;
    },
  };
  const options = { metrics: [aborts, 'rocAuc'], signal: controller.signal } as const;
  await expect(network().fit(X, Y, { ...options, epochs: 2 })).rejects.toMatchObject({ name: 'AbortError' });
  await expect(network().evaluate(X, Y, options)).rejects.toMatchObject({ name: 'AbortError' });
});

it('metrics take the training set’s weights', () => {
  const sampleWeight = Array.from({ length: 40 }, (_, i) => i % 3);
  const net = network();
  const history = net.fitSync(X, Y, { epochs: 1, sampleWeight, metrics: ['brier', 'prAuc', 'f1'] });
  const predictions = net.predictSync(X);
  expect(history.brier?.[0]).toBeCloseTo(brier(Y, predictions, { sampleWeight }), 14);
  expect(history.prAuc?.[0]).toBeCloseTo(prAuc(Y, predictions, { sampleWeight }), 14);
  expect(history.f1?.[0]).toBeCloseTo(f1(Y, predictions, { sampleWeight }), 14);
});

it('the metric accuracy replaces the accuracy of the loss, with the numbers after the epoch', () => {
  const net = network();
  const history = net.fitSync(X, Y, { epochs: 2, metrics: ['accuracy'] });
  expect(history.accuracy).toHaveLength(2);
  expect(history.accuracy?.[1]).toBe(accuracy(Y, net.predictSync(X)));
  expect(Object.keys(history)).toEqual(['loss', 'accuracy']);
});

describe('metrics of other outputs', () => {
  it('are computed for several classes, which come as numbers', () => {
    const labels = randomClasses(40, 4, 5);
    const net = new Network(layers([3, 4, 4], 'tanh', 'softmax'), { seed: 1 });
    const history = net.fitSync(X, labels, {
      epochs: 2,
      metrics: [metric('topKAccuracy', { k: 2 }), metric('f1', { average: 'macro' })],
    });
    const predictions = net.predictSync(X);
    expect(history.topKAccuracy?.[1]).toBe(topKAccuracy(oneHot(labels, 4), predictions, { k: 2 }));
    expect(history.f1?.[1]).toBe(f1(oneHot(labels, 4), predictions, { average: 'macro' }));
  });

  it('are computed for a regression in float32', async () => {
    const [x, y] = [randomMatrix(40, 3, 1, 'float32'), randomMatrix(40, 2, 2, 'float32')];
    const net = new Network(layers([3, 4, 2], 'tanh', 'linear'), { seed: 1, dtype: 'float32' });
    const history = await net.fit(x, y, { epochs: 2, metrics: ['r2', 'meanAbsoluteError'] });
    const predictions = net.predictSync(x);
    expect(history.r2?.[1]).toBe(r2(y, predictions));
    expect(history.meanAbsoluteError?.[1]).toBe(meanAbsoluteError(y, predictions));
    expect(await net.evaluate(x, y, { metrics: ['r2'] })).toEqual({
      ...net.evaluateSync(x, y),
      r2: r2(y, predictions),
    });
  });
});

it('all series of the history have their names and lengths', async () => {
  const validationData = { X: randomMatrix(9, 3, 5), Y: randomLabels(9, 1, 6) };
  const history = await network().fit(X, Y, { epochs: 4, validationData, metrics: ['recall', own] });
  expect(Object.keys(history)).toEqual(['loss', 'accuracy', 'valLoss', 'valAccuracy', 'valRecall', 'valOwn']);
  expect(Object.values(history).map((series) => series?.length)).toEqual(Array(6).fill(4));
  expect(Object.keys(await network().fit(X, Y, { epochs: 1, loss: 'meanSquaredError' }))).toEqual(['loss']);
});

it('an error in a metric of one’s own ends the training, and comes out', async () => {
  const net = network();
  const fails = () => {
    throw new Error('my own');
  };
  await expect(net.fit(X, Y, { epochs: 5, metrics: [fails] })).rejects.toThrow('my own');
  expect(() => net.fitSync(X, Y, { epochs: 5, metrics: [fails] })).toThrow('my own');
  const later = async () => 1;
  await expect(net.fit(X, Y, { epochs: 5, metrics: [later as never] })).rejects.toThrow(
    "Expected the result of the metric 'later' to be a number, got an object (Promise)",
  );
  await net.fit(X, Y, { epochs: 1 });
});

it('a metric may have the name of something that every object has', () => {
  const net = new Network(layers([3, 1], 'tanh', 'sigmoid'), { seed: 1 });
  const metric = { name: 'constructor', compute: () => 7 };
  const history = net.fitSync(X, Y, { epochs: 2, metrics: [metric] });
  expect(Object.hasOwn(history, 'constructor') && history.constructor).toEqual([7, 7]);
});
