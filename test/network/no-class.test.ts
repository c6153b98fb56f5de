// Where the columns of Y are shares of classes, a row of zeros has no class: every method refuses it, by its number.

import { describe, expect, it } from 'vitest';
import { type Dtype, Matrix } from '../../lib/base/matrix';
import { metrics } from '../../lib/metrics';
import { Network } from '../../lib/network/network';
import { rejectionOf, thrownBy } from '../support/bad-input';
import { layers, randomMatrix, snapshot } from './helpers';

const rows = 70;
const bad = 41;
const code = 'ERR_BLASNET_ARG_VALUE';

function labels(dtype: Dtype, of = (row: number): number[] => [0, 1, 2].map((c) => Number(c === row % 3))) {
  return Matrix.from(
    Array.from({ length: rows }, (_, row) => (row === bad ? [0, 0, 0] : of(row))),
    dtype,
  );
}

interface Case {
  readonly output: 'softmax' | 'logSoftmax';
  readonly loss?: 'klDivergence' | 'categoricalCrossEntropy';
  readonly dtype: Dtype;
}

const cases: Case[] = [
  { output: 'softmax', dtype: 'float64' },
  { output: 'softmax', dtype: 'float32' },
  { output: 'logSoftmax', dtype: 'float64' },
  { output: 'softmax', loss: 'klDivergence', dtype: 'float32' },
];

describe.each(cases)('a row of zeros, for $output, $loss, in $dtype', ({ output, loss, dtype }) => {
  const make = () => new Network(layers([3, 4, 3], 'tanh', output), { seed: 1, dtype });
  const X = randomMatrix(rows, 3, 1, dtype);
  const Y = labels(dtype);
  const good = Matrix.from(
    Array.from({ length: rows }, (_, row) => [0, 1, 2].map((c) => Number(c === row % 3))),
    dtype,
  );
  const options = loss === undefined ? {} : { loss };
  const name = loss ?? 'categoricalCrossEntropy';
  const message = `Expected Y to hold a label above 0 in each row (the loss is ${name}), got none at row ${bad}`;

  it('is refused by every method that trains, and leaves no trace', async () => {
    const [net, twin] = [make(), make()];
    const fit = { ...options, epochs: 2, batchSize: 8 };
    const valid = { ...fit, validationData: { X, Y } };
    const errors = [
      thrownBy(() => net.fitSync(X, Y, fit)),
      await rejectionOf(net.fit(X, Y, fit)),
      await rejectionOf(net.epochs(X, Y, fit).next()),
      await rejectionOf(net.partialFit(X, Y, options)),
      thrownBy(() => net.trainOnBatch(X, Y, options)),
    ];
    for (const error of errors) expect(error).toMatchObject({ code, message });
    const said = { code, message: `In validationData: ${message}` };
    expect(thrownBy(() => net.fitSync(X, good, valid))).toMatchObject(said);
    expect(await rejectionOf(net.fit(X, good, valid))).toMatchObject(said);
    expect(net.fitSync(X, good, fit)).toEqual(twin.fitSync(X, good, fit));
    expect(snapshot(net)).toEqual(snapshot(twin));
  });

  it('is refused by evaluate and gradients', async () => {
    const net = make();
    expect(await rejectionOf(net.evaluate(X, Y, options))).toMatchObject({ code, message });
    expect(thrownBy(() => net.evaluateSync(X, Y, options))).toMatchObject({ code, message });
    expect(thrownBy(() => net.gradients(X, Y, options))).toMatchObject({ code, message });
  });

  it('is allowed where its weight is 0, and the first of weight above 0 is named', () => {
    const net = make();
    const sampleWeight = Array.from({ length: rows }, (_, row) => Number(row !== bad));
    expect(net.fitSync(X, Y, { ...options, epochs: 2, sampleWeight }).loss).toHaveLength(2);
    expect(net.evaluateSync(X, Y, { ...options, sampleWeight }).loss).toBeGreaterThan(0);
    Y.data.fill(0, 3 * 60, 3 * 61);
    const error = thrownBy(() => net.evaluateSync(X, Y, { ...options, sampleWeight }));
    expect(error).toMatchObject({ code, message: message.replace(/41$/, '60') });
    Y.data[3 * 60] = 1;
  });
});

it('labels whose shares do not add up to 1 are taken, as in Keras and PyTorch', () => {
  const net = new Network(layers([3, 4, 3], 'tanh', 'softmax'), { seed: 1 });
  const X = randomMatrix(rows, 3, 1);
  const soft = Matrix.from(Array.from({ length: rows }, (_, row) => [0.1, 0, row === bad ? 0 : 0.3]));
  expect(net.evaluateSync(X, soft).loss).toBeGreaterThan(0);
});

it('a row of zeros is a label like others where the outputs are separate', () => {
  const X = randomMatrix(rows, 3, 1);
  const zeros = Matrix.zeros(rows, 2);
  const net = new Network(layers([3, 4, 2], 'tanh', 'sigmoid'), { seed: 1 });
  expect(net.evaluateSync(X, zeros).loss).toBeGreaterThan(0);
  expect(net.evaluateSync(X, zeros, { loss: 'klDivergence' }).loss).toBe(0);
  const regression = new Network(layers([3, 4, 2], 'tanh', 'softmax'), { seed: 1 });
  expect(regression.evaluateSync(X, zeros, { loss: 'meanSquaredError' }).loss).toBeGreaterThan(0);
});

describe.each(['float64', 'float32'] as const)('metrics of classes, in %s', (dtype) => {
  const Y = labels(dtype);
  const outputs = Matrix.from(
    Array.from({ length: rows }, () => [0.2, 0.3, 0.5]),
    dtype,
  );
  const message = `Expected yTrue to hold a label above 0 in each row, since the columns are classes, got none at row ${bad}`;
  const sampleWeight = Array.from({ length: rows }, (_, row) => Number(row !== bad));
  const { accuracy, topKAccuracy, precision, recall, f1, logLoss, confusionMatrix } = metrics;
  const table = { accuracy, topKAccuracy, precision, recall, f1, logLoss, confusionMatrix };

  it.each(Object.keys(table) as (keyof typeof table)[])('%s refuses a row without a class', async (name) => {
    expect(thrownBy(() => table[name](Y, outputs))).toMatchObject({ code, message });
    expect(await rejectionOf(metrics.async[name](Y, outputs))).toMatchObject({ code, message });
    // The first of several, in whatever piece of work it lies.
    const many = Matrix.zeros(20_000, 3, dtype);
    for (let row = 0; row < many.rows; row++) if (row !== 15_000 && row !== 9001) many.set(row, row % 3, 1);
    const error = thrownBy(() => table[name](many, Matrix.zeros(20_000, 3, dtype)));
    expect(error).toMatchObject({ code, message: message.replace(/41$/, '9001') });
  });

  it.each(Object.keys(table) as (keyof typeof table)[])('%s takes it where its weight is 0', (name) => {
    expect(() => table[name](Y, outputs, { sampleWeight })).not.toThrow();
  });

  it('have rows without any label where columns are separate labels', () => {
    const options = { multiLabel: true };
    for (const name of ['accuracy', 'precision', 'recall', 'f1', 'logLoss'] as const) {
      expect(() => table[name](Y, outputs, options)).not.toThrow();
    }
    expect(metrics.brier(Y, outputs)).toBeGreaterThan(0);
  });

  it('stop a training whose loss takes any number', () => {
    const net = new Network(layers([3, 4, 3], 'tanh', 'softmax'), { seed: 1, dtype });
    const X = randomMatrix(rows, 3, 1, dtype);
    const options = { epochs: 1, loss: 'meanSquaredError', metrics: ['accuracy'] } as const;
    expect(thrownBy(() => net.fitSync(X, Y, options))).toMatchObject({ code, message });
  });
});
