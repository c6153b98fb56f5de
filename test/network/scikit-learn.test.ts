// Networks are as good as scikit-learn's on two of its data sets, with its layers, optimiser, penalty, batches and
// epochs; the fixture says how its numbers were made. Each accuracy is a mean over the seeds 0 to 9. Ours may be
// lower by one standard deviation of scikit-learn's seeds, which is three of the mean.

import { expect, test } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import { type Dataset, trainTestSplit } from '../../lib/datasets';
import type { LayerOptions } from '../../lib/layers/architecture';
import { Network } from '../../lib/network/network';
import { adam } from '../../lib/optimizers/optimizers';
import { RandomState } from '../../lib/random/random-state';
import golden from '../fixtures/sklearn-networks.json';
import { layers } from './helpers';

// scikit-learn's Adam has Keras's epsilon.
const optimizer = adam({ learningRate: 0.003, convention: 'keras' });

/** The mean score of a trained network over the seeds. */
function meanOverSeeds(architecture: LayerOptions[], worth: (net: Network) => number): number {
  const values = Array.from({ length: 10 }, (_, seed) =>
    worth(new Network(architecture, { seed, initializer: 'glorotUniform' })),
  );
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function penalised(architecture: LayerOptions[], l2: number): LayerOptions[] {
  return architecture.map((layer) => ({ ...layer, l2 }));
}

test('64-64-32-10 has the accuracy of MLPClassifier on digits', () => {
  const { images, labels, accuracy, testIndexStart } = golden.digits;
  const X = new Matrix(
    Float64Array.from(images, (pixel) => Number.parseInt(pixel, 17) / 16),
    labels.length,
    64,
  );
  const Y = new Matrix(Float64Array.from(labels, Number), labels.length, 1);
  const split = trainTestSplit(X, Y, { testSize: 0.25, seed: 0 });
  expect([...split.testIndex.subarray(0, 5)]).toEqual(testIndexStart);
  const classes = (part: Dataset) => Int32Array.from(part.Y.data);

  // Its penalty is alpha / 2 times the sum of squares, divided by the number of samples in a batch.
  const architecture = penalised(layers([64, 64, 32, 10], 'relu', 'softmax'), 1e-3 / 2 / 64);
  const mean = meanOverSeeds(architecture, (net) => {
    net.fitSync(split.train.X, classes(split.train), { epochs: 40, batchSize: 64, optimizer });
    return net.evaluateSync(split.test.X, classes(split.test)).accuracy as number;
  });
  expect(mean).toBeGreaterThanOrEqual(accuracy.mean - accuracy.standardDeviation);
});

test('10-32-16-1 has the r2 of MLPRegressor on Friedman 1', () => {
  const { r2, testIndexStart } = golden.friedman1;
  const split = trainTestSplit(...friedman1(), { testSize: 0.25, seed: 0 });
  expect([...split.testIndex.subarray(0, 5)]).toEqual(testIndexStart);
  const data = Float64Array.from(split.train.Y.data);
  const mean = data.reduce((sum, y) => sum + y, 0) / data.length;
  const deviation = Math.sqrt(data.reduce((sum, y) => sum + (y - mean) ** 2, 0) / data.length);
  const scaled = ({ Y }: Dataset) => Y.data.map((y) => (y - mean) / deviation) as Float64Array;

  // Its loss is half the mean squared error, so that our penalty must be twice its penalty.
  const architecture = penalised(layers([10, 32, 16, 1], 'tanh', 'linear'), 1e-2 / 32);
  const worth = meanOverSeeds(architecture, (net) => {
    net.fitSync(split.train.X, scaled(split.train), { epochs: 100, batchSize: 32, optimizer });
    return net.evaluateSync(split.test.X, scaled(split.test), { metrics: ['r2'] }).r2 as number;
  });
  expect(worth).toBeGreaterThanOrEqual(r2.mean - r2.standardDeviation);
});

/** make_friedman1(n_samples=1000, n_features=10, noise=1.0, random_state=0). */
function friedman1(): [X: Matrix, Y: Matrix] {
  const random = new RandomState(0);
  const X = Matrix.zeros(1000, 10);
  for (let i = 0; i < X.data.length; i++) X.data[i] = random.random();
  const Y = Matrix.zeros(1000, 1);
  random.fillNormal(Y.data, 0, 1);
  for (let row = 0; row < X.rows; row++) {
    const [a, b, c, d, e] = Array.from({ length: 5 }, (_, column) => X.get(row, column)) as Five;
    Y.data[row] =
      (Y.data[row] as number) + 10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e;
  }
  const { first, last } = golden.friedman1;
  expect(Array.from(X.data.subarray(0, 10))).toEqual(first.X);
  expect(Array.from(X.data.subarray(-10))).toEqual(last.X);
  expect(Y.get(0, 0)).toBeCloseTo(first.y, 12);
  expect(Y.get(999, 0)).toBeCloseTo(last.y, 12);
  return [X, Y];
}

type Five = [number, number, number, number, number];
