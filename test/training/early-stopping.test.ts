// Compares early stopping with series that were worked by hand.

import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../lib/base/matrix';
import type { Network } from '../../lib/network/network';
import { sgd } from '../../lib/optimizers/optimizers';
import { EarlyStopping, type EarlyStoppingOptions } from '../../lib/training/early-stopping';
import { expectError } from '../support/bad-input';
import { expectAlike, network, stateOf, X, Y } from './helpers';

/** The epoch of the series after which it ends, if it ends, and the best epoch. */
function watch(
  options: Omit<EarlyStoppingOptions, 'monitor'>,
  series: number[],
): { end: number; best: number } {
  const stopping = new EarlyStopping({ ...options, monitor: 'loss' });
  const stop = series.findIndex((loss, i) => stopping.update({ epoch: i + 1, loss }).stop);
  return { end: stop + 1, best: stopping.state.bestEpoch };
}

it.each([
  // Training ends after patience + 1 epochs without improvement; 0: it does not end.
  { what: 'patience 0', options: { patience: 0 }, series: [3, 2, 2.5, 1], end: 3, best: 2 },
  { what: 'patience 2', options: { patience: 2 }, series: [3, 2, 2.5, 2.4, 2.1, 1], end: 5, best: 2 },
  {
    what: 'patience 2 with an improvement in time',
    options: { patience: 2 },
    series: [3, 2, 2.5, 2.4, 1.9, 2, 2, 2, 0],
    end: 8,
    best: 5,
  },
  {
    what: 'patience 1, with equals as no improvement,',
    options: { patience: 1 },
    series: [1, 1, 1, 1],
    end: 3,
    best: 1,
  },
  { what: 'patience 3', options: { patience: 3 }, series: [3, 2, 2.5, 2.4, 2.1], end: 0, best: 2 },
  {
    what: 'patience 1 in the mode max',
    options: { patience: 1, mode: 'max' },
    series: [0.1, 0.5, 0.4, 0.4, 0.9],
    end: 4,
    best: 2,
  },
  // 1.95 is better than 2 by too little, 1.8 is not.
  {
    what: 'patience 1 and minDelta',
    options: { patience: 1, minDelta: 0.1 },
    series: [2, 1.95, 1.8, 1.75, 1.72, 1],
    end: 5,
    best: 3,
  },
  {
    what: 'patience 1 and minDelta upwards',
    options: { patience: 1, mode: 'max', minDelta: 0.1 },
    series: [0.5, 0.55, 0.65, 0.7, 0.72],
    end: 5,
    best: 3,
  },
  {
    what: 'patience 1, with NaN as no improvement,',
    options: { patience: 1 },
    series: [Number.NaN, 2, Number.NaN, Number.NaN, 1],
    end: 4,
    best: 2,
  },
  {
    what: 'patience 1, with infinities as no improvement,',
    options: { patience: 1 },
    series: [Number.POSITIVE_INFINITY, 2, Number.NEGATIVE_INFINITY, 3],
    end: 4,
    best: 2,
  },
] as const)(
  'early stopping by $what ends after epoch $end of $series, and $best is the best',
  ({ options, series, end, best }) => {
    expect(watch(options, [...series])).toEqual({ end, best });
  },
);

it.each([Number.NaN, Number.POSITIVE_INFINITY])(
  'early stopping by a series that is %s in every epoch is refused when its patience ends',
  (value) => {
    const stopping = new EarlyStopping({ monitor: 'loss', patience: 1 });
    stopping.update({ epoch: 1, loss: value });
    expectError(
      () => stopping.update({ epoch: 2, loss: value }),
      RangeError,
      'ERR_BLASNET_ARG_VALUE',
      "Expected the series 'loss' to be finite in at least one of the first 2 epochs, since earlyStopping monitors it, " +
        `got ${value} (number)`,
    );
  },
);

/** A metric whose values are these, epoch by epoch. */
function scripted(values: readonly number[]) {
  let epoch = 0;
  return { name: 'scripted', compute: () => values[epoch++] as number };
}

const options = { epochs: 50, batchSize: 8, optimizer: sgd({ learningRate: 0.5 }) };
const up = [1, 3, 2, 2, 2, 9];
const stopping = (restoreBest: boolean) => ({
  ...options,
  metrics: [scripted(up)],
  earlyStopping: { patience: 2, monitor: 'scripted', mode: 'max' as const, restoreBest },
});
const make = () => network({ normalization: 'batch', dropout: 0.2 });

describe.each([
  ['fit', (net: Network, fit: ReturnType<typeof stopping>) => net.fit(X, Y, fit)],
  ['fitSync', async (net: Network, fit: ReturnType<typeof stopping>) => net.fitSync(X, Y, fit)],
] as const)('early stopping of %s', (_, train) => {
  it('brings back the parameters and running moments of the best epoch when it ends training', async () => {
    const [net, twin] = [make(), make()];
    const history = await train(net, stopping(true));
    expect(history.scripted).toEqual([1, 3, 2, 2, 2]);
    expect(history.loss).toHaveLength(5);
    twin.fitSync(X, Y, { ...options, epochs: 2 });
    expect(stateOf(net)).toEqual(stateOf(twin));
  });

  it('leaves the parameters of the last epoch when it is told to', async () => {
    const [net, twin] = [make(), make()];
    await train(net, stopping(false));
    twin.fitSync(X, Y, { ...options, epochs: 5 });
    expectAlike(net, twin);
  });

  it('brings back the parameters of the best epoch when all epochs are done', async () => {
    const [net, twin] = [make(), make()];
    await train(net, { ...stopping(true), epochs: 4 });
    twin.fitSync(X, Y, { ...options, epochs: 2 });
    expect(stateOf(net)).toEqual(stateOf(twin));
  });

  it('brings back the parameters of the best epoch when a callback ends training', async () => {
    const [net, twin] = [make(), make()];
    const callbacks = ({ epoch }: { epoch: number }) => epoch < 4;
    await train(net, { ...stopping(true), callbacks } as never);
    twin.fitSync(X, Y, { ...options, epochs: 2 });
    expect(stateOf(net)).toEqual(stateOf(twin));
  });

  it('brings back the parameters of the best epoch after an error', async () => {
    const [net, twin] = [make(), make()];
    const callbacks = ({ epoch }: { epoch: number }) => {
      if (epoch === 4) throw new Error('enough');
    };
    await expect(train(net, { ...stopping(true), callbacks } as never)).rejects.toThrow('enough');
    twin.fitSync(X, Y, { ...options, epochs: 2 });
    expect(stateOf(net)).toEqual(stateOf(twin));
  });

  it('brings back the parameters of the best epoch after an abort', async () => {
    const [net, twin] = [make(), make()];
    const controller = new AbortController();
    const callbacks = ({ epoch }: { epoch: number }) => {
      if (epoch === 4) controller.abort();
    };
    const { signal } = controller;
    await expect(train(net, { ...stopping(true), callbacks, signal } as never)).rejects.toMatchObject({
      name: 'AbortError',
    });
    twin.fitSync(X, Y, { ...options, epochs: 2 });
    expect(stateOf(net)).toEqual(stateOf(twin));
  });
});

it('early stopping brings back the parameters of the best epoch when a loop over epochs is left', async () => {
  const [net, twin] = [make(), make()];
  const seen: (Matrix | undefined)[] = [];
  for await (const { epoch } of net.epochs(X, Y, stopping(true))) {
    // Inside the loop the network has the parameters of the epoch.
    seen.push(net.predictSync(X));
    if (epoch === 4) break;
  }
  twin.fitSync(X, Y, { ...options, epochs: 2 });
  expect(stateOf(net)).toEqual(stateOf(twin));
  expect(seen[1]).toEqual(net.predictSync(X));
  expect(seen[3]).not.toEqual(net.predictSync(X));
});

it('early stopping watches valLoss when not told otherwise', () => {
  const net = network();
  const history = net.fitSync(X, Y, {
    ...options,
    epochs: 500,
    seed: 1,
    validationSplit: 0.5,
    earlyStopping: { patience: 3 },
  });
  const { valLoss = [] } = history;
  expect(valLoss.length).toBeLessThan(500);
  expect(valLoss.indexOf(Math.min(...valLoss))).toBe(valLoss.length - 5);
});

it('early stopping counts again from 0 in a second fit with the same options', () => {
  const earlyStopping = { patience: 1, monitor: 'scripted', mode: 'max' } as const;
  for (let fit = 0; fit < 2; fit++) {
    const { loss } = network().fitSync(X, Y, {
      ...options,
      metrics: [scripted([5, 4, 3, 2])],
      earlyStopping,
    });
    expect(loss).toHaveLength(3);
  }
});
