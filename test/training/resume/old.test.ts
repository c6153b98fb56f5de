// Resumes checkpoints that version 0.1.0 wrote after three epochs of these trainings.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  adamW,
  huber,
  type LayerOptions,
  lbfgs,
  Network,
  schedules,
  sgd,
  sparseCategoricalCrossEntropy,
} from '../../../lib';
import { rejectionOf } from '../../support/bad-input';

const rows = Array.from({ length: 24 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
const at = (row: number, col: number) => rows[row]?.[col] as number;

interface Training {
  readonly name: string;
  readonly layers: readonly LayerOptions[];
  readonly Y: number[][] | Int32Array;
  readonly options: object;
  /** A loss that is not the checkpoint's; `said` is the name of both in the error. */
  readonly other: object;
  readonly said: readonly [before: string, now: string];
}

const trainings: Training[] = [
  {
    name: 'huber',
    layers: [
      { inputDim: 2, outputDim: 4, activation: 'tanh', dropout: 0.25 },
      { outputDim: 1, activation: 'linear' },
    ],
    Y: rows.map((_, row) => [at(row, 0) * at(row, 1)]),
    options: {
      batchSize: 8,
      loss: huber({ delta: 0.5 }),
      optimizer: adamW({ learningRate: 0.01 }),
      schedule: schedules.cosine(),
      earlyStopping: { patience: 50, monitor: 'loss' },
    },
    other: { loss: huber() },
    said: ['{"name":"huber","delta":0.5}', '{"name":"huber","delta":1}'],
  },
  {
    name: 'smoothed',
    layers: [
      { inputDim: 2, outputDim: 4, activation: 'relu', normalization: 'batch' },
      { outputDim: 2, activation: 'softmax' },
    ],
    Y: Int32Array.from(rows, ([x = 0]) => (x > 0 ? 1 : 0)),
    options: {
      batchSize: 8,
      loss: sparseCategoricalCrossEntropy({ labelSmoothing: 0.1 }),
      optimizer: sgd({ momentum: 0.9, nesterov: true }),
      classWeight: 'balanced',
    },
    other: { loss: sparseCategoricalCrossEntropy() },
    said: [
      '{"name":"sparseCategoricalCrossEntropy","labelSmoothing":0.1}',
      '{"name":"sparseCategoricalCrossEntropy","labelSmoothing":0}',
    ],
  },
  {
    name: 'plain',
    layers: [{ inputDim: 2, outputDim: 1, activation: 'linear' }],
    Y: rows.map((_, row) => [at(row, 0) - at(row, 1)]),
    options: { batchSize: 'full', optimizer: lbfgs() },
    other: { loss: 'meanAbsoluteError' },
    said: ['{"name":"meanSquaredError"}', '{"name":"meanAbsoluteError"}'],
  },
];

describe.each(trainings)(
  'a checkpoint of version 0.1.0 with the loss $name',
  ({ name, layers, Y, ...training }) => {
    const path = join(__dirname, `../../fixtures/checkpoints/0.1.0-${name}.safetensors`);
    const options = { epochs: 6, ...training.options };

    // Another processor computed the first three epochs, and its rounding may differ.
    it('continues as if the training had never been interrupted', async () => {
      const whole = new Network(layers, { seed: 7 });
      const history = await whole.fit(rows, Y, options);
      const resumed = await Network.resume(path, rows, Y, options);
      // A cosine schedule runs over the whole training, which was three epochs then.
      const same = name !== 'huber';
      expect(resumed.history.loss).toHaveLength(history.loss.length);
      for (const [epoch, loss] of history.loss.entries()) {
        if (same || epoch === 0) expect(resumed.history.loss[epoch]).toBeCloseTo(loss, 10);
      }
      if (same) {
        const [now, expected] = [resumed.network.predictSync(rows), whole.predictSync(rows)];
        for (const [i, value] of expected.data.entries()) expect(now.data[i]).toBeCloseTo(value, 8);
      }
    });

    it('refuses another loss, and names the two by their own options', async () => {
      const error = await rejectionOf(
        Network.resume(path, rows, Y, { ...options, ...training.other } as never),
      );
      const [before, now] = training.said;
      expect(error.message).toBe(
        `Expected loss to be ${before}, as in the checkpoint ${JSON.stringify(path)}, got ${now}; ` +
          `to change it on purpose, pass override: ['loss']`,
      );
      expect(error).toMatchObject({ code: 'ERR_BLASNET_ARG_VALUE' });
    });
  },
);
