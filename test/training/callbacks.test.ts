// Callbacks: when they are called, their arguments, and their allowed actions.

import { describe, expect, it } from 'vitest';
import { Network } from '../../lib/network/network';
import { adam } from '../../lib/optimizers/optimizers';
import * as schedules from '../../lib/schedules';
import type { BatchReport, EpochReport } from '../../lib/training/history';
import type { FitOptions } from '../../lib/training/options';
import { randomLabels, randomMatrix, snapshot } from '../network/helpers';
import { newFolder } from '../support/scratch';
import { expectAlike, network, stateOf, X, Y } from './helpers';

const options = { epochs: 3, batchSize: 16, optimizer: adam({ learningRate: 0.05 }) };
const rowsOf = (batch: number) => (batch === 3 ? 8 : 16);
const make = () => network({ normalization: 'batch', dropout: 0.3 });

type Train = (net: Network, fit: FitOptions) => Promise<{ readonly loss: number[] }>;
const trainings: [string, Train][] = [
  ['fit', (net, fit) => net.fit(X, Y, fit)],
  ['fitSync', async (net, fit) => net.fitSync(X, Y, fit)],
  [
    'epochs',
    async (net, fit) => {
      const loss = [];
      for await (const epoch of net.epochs(X, Y, fit)) loss.push(epoch.loss);
      return { loss };
    },
  ],
];

describe.each(trainings)('%s', (name, train) => {
  it('calls its callbacks in order, with frozen reports', async () => {
    const calls: string[] = [];
    const reports: object[] = [];
    const callbacks = {
      onBatchEnd(report: BatchReport) {
        calls.push(`${report.epoch}.${report.batch}`);
        reports.push(report);
      },
      onEpochEnd(report: EpochReport) {
        calls.push(`${report.epoch}`);
        reports.push(report);
      },
    };
    await train(make(), { ...options, callbacks });
    expect(calls).toEqual(['1.1', '1.2', '1.3', '1', '2.1', '2.2', '2.3', '2', '3.1', '3.2', '3.3', '3']);
    expect(reports.every(Object.isFrozen)).toBe(true);
    expect(Object.keys(reports[0] ?? {})).toEqual(['epoch', 'batch', 'loss', 'accuracy', 'learningRate']);
    expect(reports[0]).toMatchObject({ learningRate: 0.05 });
    expect(Object.keys(reports[3] ?? {})).toEqual(['epoch', 'loss', 'accuracy']);
  });

  it('gives steps numbers that add up to the epoch’s', async () => {
    const sums = [0, 0, 0].map(() => ({ loss: 0, accuracy: 0 }));
    const onBatchEnd = ({ epoch, batch, loss, accuracy = Number.NaN }: BatchReport) => {
      const sum = sums[epoch - 1] ?? expect.fail();
      sum.loss += (loss * rowsOf(batch)) / 40;
      sum.accuracy += (accuracy * rowsOf(batch)) / 40;
    };
    const { loss } = await train(make(), { ...options, callbacks: { onBatchEnd } });
    for (const [i, sum] of sums.entries()) expect(loss[i]).toBeCloseTo(sum.loss, 14);
    expect(sums.every(({ accuracy }) => accuracy > 0 && accuracy <= 1)).toBe(true);
  });

  it('trains alike to the last bit, with any calls between its steps', async () => {
    const plain = make();
    const { loss } = plain.fitSync(X, Y, options);
    const validationData = { X: randomMatrix(9, 3, 5), Y: randomLabels(9, 1, 6) };
    const others: Partial<FitOptions>[] = [
      { callbacks: () => {} },
      { validationData, metrics: ['f1'] },
      { progress: true, schedule: schedules.constant() },
      { schedule: (_, base) => base },
    ];
    for (const other of others) {
      const net = make();
      expect((await train(net, { ...options, ...other })).loss).toEqual(loss);
      expect(stateOf(net)).toEqual(stateOf(plain));
    }
    // Goes step by step, while the network trains.
    const net = make();
    const onBatchEnd = () => {
      net.predictSync(validationData.X);
      net.evaluateSync(validationData.X, validationData.Y);
      net.gradients(X, Y);
    };
    const history = await train(net, { ...options, callbacks: { onBatchEnd } });
    expect(history.loss).toEqual(loss);
    expectAlike(net, plain);
  });

  it('ends the training after the epoch when onEpochEnd returns false, and for no other answer', async () => {
    const [net, twin] = [make(), make()];
    const answers = [undefined, 0, false];
    const { loss } = await train(net, {
      ...options,
      epochs: 9,
      callbacks: ({ epoch }) => answers[epoch - 1],
    });
    expect(loss).toEqual(twin.fitSync(X, Y, options).loss);
    expectAlike(net, twin);
  });

  it('ends the training after the step when onBatchEnd returns false', async () => {
    const [net, twin] = [make(), make()];
    const callbacks = { onBatchEnd: ({ epoch, batch }: BatchReport) => !(epoch === 2 && batch === 2) };
    const { loss } = await train(net, { ...options, callbacks });
    expect(loss).toHaveLength(1);
    expect(snapshot(net)).not.toEqual(snapshot(network()));
    // The last step is complete: the network equals one in the middle of a longer training.
    const states: unknown[] = [];
    twin.fitSync(X, Y, { ...options, callbacks: { onBatchEnd: () => void states.push(stateOf(twin)) } });
    expect(stateOf(net)).toEqual(states[4]);
  });

  it.each(['onEpochEnd', 'onBatchEnd'] as const)(
    'throws what %s throws, after a whole step',
    async (callback) => {
      const [net, twin] = [make(), make()];
      const error = new Error('my own');
      let calls = 0;
      const throws = () => {
        if (++calls === 2) throw error;
      };
      await expect(train(net, { ...options, callbacks: { [callback]: throws } })).rejects.toBe(error);
      expect(calls).toBe(2);
      const states: unknown[] = [];
      const keep = () => void states.push(stateOf(twin));
      twin.fitSync(X, Y, { ...options, callbacks: { [callback]: keep } });
      expect(stateOf(net)).toEqual(states[1]);
      // The network is free again.
      expect((await train(net, options)).loss).toHaveLength(3);
    },
  );

  it('calls the methods of an object with their this', async () => {
    class Log {
      // A private field, which is not enumerable.
      #seen: number[] = [];
      get seen() {
        return this.#seen;
      }
      onEpochEnd({ epoch }: EpochReport) {
        this.#seen.push(epoch);
      }
      onBatchEnd({ batch }: BatchReport) {
        this.#seen.push(-batch);
      }
    }
    const log = new Log();
    await train(make(), { ...options, epochs: 1, callbacks: log });
    expect(log.seen).toEqual([-1, -2, -3, 1]);
  });

  it('lets a callback use the network, but not train it', async () => {
    const net = make();
    const path = `${newFolder()}/model.safetensors`;
    const errors: unknown[] = [];
    const callbacks = () => {
      expect(net.evaluateSync(X, Y).loss).toBeGreaterThan(0);
      net.saveSync(path);
      expect(Network.loadSync(path).predictSync(X)).toEqual(net.predictSync(X));
      for (const call of [
        () => net.fitSync(X, Y, options),
        () => net.trainOnBatch(X, Y),
        () => net.setTrainable(1, false),
      ]) {
        try {
          call();
        } catch (error) {
          errors.push((error as { code: string }).code);
        }
      }
    };
    const twin = make();
    const { loss } = await train(net, { ...options, callbacks });
    expect(errors).toEqual(Array(9).fill('ERR_BLASNET_BUSY'));
    expect(loss).toEqual(twin.fitSync(X, Y, options).loss);
    expectAlike(net, twin);
  });

  it.runIf(name !== 'fitSync')(
    'waits for promises of callbacks, in which the network may be used, too',
    async () => {
      const net = make();
      const calls: number[] = [];
      const path = `${newFolder()}/model.safetensors`;
      const callbacks = async ({ epoch }: EpochReport) => {
        const [evaluation, predictions] = await Promise.all([
          net.evaluate(X, Y),
          net.predict(X),
          net.save(path),
        ]);
        expect(evaluation).toEqual(net.evaluateSync(X, Y));
        expect(predictions).toEqual(net.predictSync(X));
        await expect(net.fit(X, Y, options)).rejects.toMatchObject({ code: 'ERR_BLASNET_BUSY' });
        await expect(net.partialFit(X, Y)).rejects.toMatchObject({ code: 'ERR_BLASNET_BUSY' });
        calls.push(epoch);
        return epoch < 2;
      };
      const twin = make();
      const { loss } = await train(net, { ...options, callbacks });
      expect(calls).toEqual([1, 2]);
      expect(loss).toEqual(twin.fitSync(X, Y, { ...options, epochs: 2 }).loss);
      expectAlike(net, twin);
    },
  );

  it.runIf(name !== 'fitSync')(
    'ends the training with the reason of a callback’s promise that is rejected',
    async () => {
      const net = make();
      const callbacks = async () => Promise.reject('no error at all');
      await expect(train(net, { ...options, callbacks })).rejects.toBe('no error at all');
      await train(net, options);
    },
  );

  it.runIf(name !== 'fitSync')('can be aborted while a callback’s promise never settles', async () => {
    const net = make();
    const controller = new AbortController();
    const callbacks = {
      onBatchEnd: () => {
        setImmediate(() => controller.abort('enough'));
        return new Promise(() => {});
      },
    };
    const aborted = train(net, { ...options, callbacks, signal: controller.signal });
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' });
    const twin = make();
    twin.fitSync(X, Y, { ...options, callbacks: { onBatchEnd: () => false } });
    expect(stateOf(net)).toEqual(stateOf(twin));
    await train(net, options);
  });

  it('ends the training with the epoch in whose callback it is aborted', async () => {
    const [net, twin] = [make(), make()];
    const controller = new AbortController();
    const callbacks = ({ epoch }: EpochReport) => {
      if (epoch === 2) controller.abort();
    };
    const aborted = train(net, { ...options, callbacks, signal: controller.signal });
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    twin.fitSync(X, Y, { ...options, epochs: 2 });
    expectAlike(net, twin);
  });
});

it.each(['onEpochEnd', 'onBatchEnd'] as const)('fitSync refuses a promise of %s', (callback) => {
  const net = make();
  for (const answer of [async () => {}, async () => Promise.reject(new Error('unheard'))]) {
    expect(() => net.fitSync(X, Y, { ...options, callbacks: { [callback]: answer } })).toThrow(
      `${callback} returned a promise. fitSync cannot wait for promises: use fit, or return a plain value`,
    );
  }
  net.fitSync(X, Y, options);
});
