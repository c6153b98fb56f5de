// Limits of time, and signals where they cannot be heard.

import { describe, expect, it } from 'vitest';
import { Network } from '../../lib/network/network';
import { lbfgs, sgd } from '../../lib/optimizers/optimizers';
import type { History } from '../../lib/training/history';
import type { FitOptions } from '../../lib/training/options';
import { expectError, rejectionOf } from '../support/bad-input';
import { newFolder } from '../support/scratch';
import { network, stateOf, X, Y } from './helpers';

const methods: Record<
  string,
  (net: Network, options: FitOptions) => Promise<Pick<History, 'loss' | 'stoppedBy'>>
> = {
  fit: (net, options) => net.fit(X, Y, options),
  fitSync: async (net, options) => net.fitSync(X, Y, options),
  epochs: async (net, options) => {
    const loss: number[] = [];
    for await (const report of net.epochs(X, Y, options)) loss.push(report.loss);
    return { loss, stoppedBy: 'maxSeconds' };
  },
};

describe.each(Object.entries(methods))('maxSeconds of %s', (_, train) => {
  it('ends the training after the first epoch when no time is left', async () => {
    const [net, twin] = [network(), network()];
    const { loss, stoppedBy } = await train(net, { epochs: 1000, maxSeconds: 1e-9 });
    expect(loss).toEqual(twin.fitSync(X, Y, { epochs: 1 }).loss);
    expect(stoppedBy).toBe('maxSeconds');
    expect(stateOf(net)).toEqual(stateOf(twin));
  });

  it('ends the training after the epoch in which the time has passed, however long its steps take', async () => {
    const [net, twin] = [network(), network()];
    let end: number | undefined;
    const batches: number[] = [];
    const onBatchEnd = ({ epoch, batch }: { epoch: number; batch: number }) => {
      batches.push(batch);
      // The training began before this, so its time has passed when this has waited for it.
      end ??= performance.now() + 30;
      while (epoch === 3 && batch === 2 && performance.now() < end);
    };
    const options = { epochs: 1000, batchSize: 10, maxSeconds: 0.03, callbacks: { onBatchEnd } };
    const { loss } = await train(net, options);
    // On a slow machine the time may have passed before.
    expect(loss.length).toBeLessThanOrEqual(3);
    expect(batches).toHaveLength(4 * loss.length);
    twin.fitSync(X, Y, { epochs: loss.length, batchSize: 10 });
    expect(stateOf(net)).toEqual(stateOf(twin));
  });

  it('ends a training of very short epochs with the parameters of the last epoch in its history', async () => {
    const [net, twin] = [network(), network()];
    const options = { batchSize: 'full', shuffle: false } as const;
    const { loss } = await train(net, { ...options, epochs: 1_000_000, maxSeconds: 0.05 });
    expect(twin.fitSync(X, Y, { ...options, epochs: loss.length }).loss).toEqual(loss);
    expect(stateOf(net)).toEqual(stateOf(twin));
  });

  it('changes nothing in a training that ends before', async () => {
    const [net, twin] = [network(), network()];
    const options = { epochs: 20, validationSplit: 0.25 };
    const { loss } = await train(net, { ...options, maxSeconds: 1e6 });
    expect(loss).toEqual(twin.fitSync(X, Y, options).loss);
    expect(stateOf(net)).toEqual(stateOf(twin));
  });

  it('restores the best epoch of early stopping', async () => {
    const net = network();
    const metric = { name: 'scripted', compute: () => 1 };
    const options = { epochs: 9, metrics: [metric], maxSeconds: 1e-9 };
    const earlyStopping = { monitor: 'scripted', mode: 'max', patience: 1 } as const;
    expect((await train(net, { ...options, earlyStopping })).loss).toHaveLength(1);
    const twin = network();
    twin.fitSync(X, Y, { epochs: 1 });
    expect(stateOf(net)).toEqual(stateOf(twin));
  });
});

it('a training that its time ended is resumed, with its time from the start', async () => {
  const directory = newFolder();
  const options = { epochs: 5, checkpoint: { directory, everyEpochs: 10 } };
  const { loss } = network().fitSync(X, Y, { ...options, maxSeconds: 1e-9 });
  expect(loss).toHaveLength(1);
  const again = await Network.resume(directory, X, Y, { ...options, maxSeconds: 1e-9 });
  expect(again.history.loss).toHaveLength(2);
  expect(again.history.stoppedBy).toBe('maxSeconds');
  const { history } = await Network.resume(directory, X, Y, options);
  expect(history).toEqual(network().fitSync(X, Y, { epochs: 5 }));
  expect(history.stoppedBy).toBeUndefined();
});

describe('stoppedBy', () => {
  const failing = () => {
    throw new Error('mine');
  };
  const never = { name: 'never', compute: () => 0 };
  it.each<{ what: string; options: Partial<FitOptions>; expected: string | undefined }>([
    { what: 'all epochs', options: {}, expected: undefined },
    { what: 'a callback of epochs', options: { callbacks: ({ epoch }) => epoch < 2 }, expected: 'callback' },
    {
      what: 'a callback of steps',
      options: { callbacks: { onBatchEnd: () => false } },
      expected: 'callback',
    },
    {
      what: 'a callback after the last epoch',
      options: { callbacks: ({ epoch }) => epoch < 6 },
      expected: undefined,
    },
    {
      what: 'early stopping',
      options: { metrics: [never], earlyStopping: { monitor: 'never', mode: 'min', patience: 1 } },
      expected: 'earlyStopping',
    },
    {
      what: 'early stopping after the last epoch',
      options: { metrics: [never], earlyStopping: { monitor: 'never', mode: 'min', patience: 4 } },
      expected: undefined,
    },
    { what: 'the time after the last epoch', options: { epochs: 1, maxSeconds: 1e-9 }, expected: undefined },
    {
      what: 'lbfgs that has converged',
      options: { optimizer: lbfgs({ toleranceGradient: 1e3 }) },
      expected: 'convergence',
    },
    { what: 'an error', options: { callbacks: failing }, expected: 'error' },
  ])('names what ended a training early: $what', async ({ options, expected }) => {
    const given = { epochs: 6, ...options } as FitOptions;
    const historyOf = (call: Promise<History>) => call.catch((error) => error.history as History);
    expect((await historyOf(network().fit(X, Y, given))).stoppedBy).toBe(expected);
    expect((await historyOf((async () => network().fitSync(X, Y, given))())).stoppedBy).toBe(expected);
  });

  it('is of early stopping when a stopped training is resumed without more patience', async () => {
    const directory = newFolder();
    const earlyStopping = { monitor: 'never', mode: 'min', patience: 1 } as const;
    const options = { epochs: 6, metrics: [never], earlyStopping, checkpoint: { directory } };
    network().fitSync(X, Y, options);
    const { history } = await Network.resume(directory, X, Y, options);
    expect(history.stoppedBy).toBe('earlyStopping');
    expect(history.bestEpoch).toBe(1);
  });
});

describe('maxSeconds that is wrong', () => {
  const rule = 'a positive finite number';
  it.each([
    { value: 0, error: RangeError, code: 'ERR_BLASNET_ARG_VALUE', got: '0 (number)' },
    { value: -1, error: RangeError, code: 'ERR_BLASNET_ARG_VALUE', got: '-1 (number)' },
    { value: Number.NaN, error: RangeError, code: 'ERR_BLASNET_ARG_VALUE', got: 'NaN (number)' },
    {
      value: Number.POSITIVE_INFINITY,
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      got: 'Infinity (number)',
    },
    { value: '60', error: TypeError, code: 'ERR_BLASNET_ARG_TYPE', got: '"60" (string)' },
    { value: null, error: TypeError, code: 'ERR_BLASNET_ARG_TYPE', got: 'null' },
  ] as const)('is refused: $got', async ({ value, error, code, got }) => {
    const net = network();
    const before = stateOf(net);
    const options = { epochs: 1, maxSeconds: value as never };
    const message = `Expected maxSeconds to be ${rule}, got ${got}`;
    expectError(() => net.fitSync(X, Y, options), error, code, message);
    expectError(() => net.epochs(X, Y, options), error, code, message);
    expect(await rejectionOf(net.fit(X, Y, options))).toMatchObject({ code, message });
    expect(await rejectionOf(Network.resume(newFolder(), X, Y, options))).toMatchObject({ code, message });
    expect(stateOf(net)).toEqual(before);
  });
});

describe('a signal given to fitSync', () => {
  const message =
    'Expected signal to be left out of fitSync without callbacks, got an object (AbortSignal); fitSync blocks this ' +
    'thread, so that nothing could abort it: use maxSeconds, or fit';

  it.each([
    { what: 'a timer', signal: AbortSignal.timeout(1e6), more: {} },
    { what: 'a controller', signal: new AbortController().signal, more: {} },
    { what: 'metrics of the library', signal: new AbortController().signal, more: { metrics: ['f1'] } },
    { what: 'no callbacks in an object', signal: new AbortController().signal, more: { callbacks: {} } },
  ] as const)('is refused where nothing could abort it: $what', ({ signal, more }) => {
    const net = network();
    const before = stateOf(net);
    const call = () => net.fitSync(X, Y, { epochs: 2, signal, ...more } as FitOptions);
    expectError(call, RangeError, 'ERR_BLASNET_ARG_VALUE', message);
    expect(stateOf(net)).toEqual(before);
  });

  it.each<{ what: string; options: (stop: () => void) => Partial<FitOptions> }>([
    { what: 'a callback of epochs', options: (stop) => ({ callbacks: stop }) },
    { what: 'a callback of steps', options: (stop) => ({ callbacks: { onBatchEnd: stop } }) },
    {
      what: 'a metric',
      options: (stop) => ({
        metrics: [
          function mine() {
            stop();
            return 0;
          },
        ],
      }),
    },
    {
      what: 'a schedule',
      options: (stop) => ({
        schedule: ({ epoch }) => {
          if (epoch === 1) stop();
          return 0.1;
        },
      }),
    },
  ])('is heard when $what aborts it', ({ options }) => {
    const controller = new AbortController();
    const { signal } = controller;
    const given = { epochs: 1000, optimizer: sgd(), signal, ...options(() => controller.abort('enough')) };
    expect(() => network().fitSync(X, Y, given as FitOptions)).toThrow(
      expect.objectContaining({ name: 'AbortError', cause: 'enough' }),
    );
  });

  it('ends the call when it was aborted before', () => {
    const signal = AbortSignal.abort('too late');
    expect(() => network().fitSync(X, Y, { epochs: 1, signal })).toThrow(
      expect.objectContaining({ name: 'AbortError', cause: 'too late' }),
    );
  });
});
