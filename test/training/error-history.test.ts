// However a training ends, its history and its best parameters are kept.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Dtype, Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import { lbfgs, sgd } from '../../lib/optimizers/optimizers';
import type { History } from '../../lib/training/history';
import type { FitOptions } from '../../lib/training/options';
import { layers, randomMatrix, underWay } from '../network/helpers';
import { newFolder } from '../support/scratch';
import { stateOf } from './helpers';

type Failure = Error & { readonly code: string; readonly history: History; readonly network: Network };

const samplesOf = (dtype: Dtype) => ({ X: randomMatrix(40, 3, 1, dtype), Y: randomMatrix(40, 1, 2, dtype) });

/** A network with running moments, whose outputs are not bounded. */
function network(dtype: Dtype): Network {
  const [first, last] = layers([3, 6, 1], 'tanh', 'linear');
  return new Network([{ ...first, normalization: 'batch' } as never, last as never], { dtype, seed: 1 });
}

const plain = { epochs: 9, batchSize: 8, seed: 4 } as const;
const stopping = { monitor: 'loss', patience: 20 } as const;

const methods = {
  fit: (net: Network, X: Matrix, Y: Matrix, options: FitOptions) => net.fit(X, Y, options),
  fitSync: async (net: Network, X: Matrix, Y: Matrix, options: FitOptions) => net.fitSync(X, Y, options),
  epochs: async (net: Network, X: Matrix, Y: Matrix, options: FitOptions) => {
    for await (const _ of net.epochs(X, Y, options));
  },
};

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  return promise.then(
    () => expect.fail('Expected the promise to be rejected'),
    (error) => error,
  );
}

/** The loss falls, then rises, so that the best epoch is not the last. */
const rateOf = ({ epoch }: { epoch: number }) => (epoch < 2 ? 0.1 : 0.9);

/** How a training ends in its fifth epoch or after it. Each makes options anew. */
const endings: Record<
  string,
  (dtype: Dtype) => { options: Partial<FitOptions>; finished: number; error: object }
> = {
  'a divergence': (dtype) => {
    const huge = dtype === 'float64' ? 1e200 : 1e30;
    return {
      options: { schedule: ({ epoch }) => (epoch < 4 ? rateOf({ epoch }) : huge) },
      finished: 4,
      error: { code: 'ERR_BLASNET_DIVERGED' },
    };
  },
  'an abort': () => {
    const controller = new AbortController();
    const callbacks = ({ epoch }: { epoch: number }) => {
      if (epoch === 5) controller.abort();
    };
    return { options: { callbacks, signal: controller.signal }, finished: 5, error: { name: 'AbortError' } };
  },
  'a callback of epochs that throws': () => {
    const callbacks = ({ epoch }: { epoch: number }) => {
      if (epoch === 5) throw new Error('mine');
    };
    return { options: { callbacks }, finished: 5, error: new Error('mine') };
  },
  'a callback of steps that throws': () => {
    const onBatchEnd = ({ epoch, batch }: { epoch: number; batch: number }) => {
      if (epoch === 5 && batch === 3) throw new Error('mine');
    };
    return { options: { callbacks: { onBatchEnd } }, finished: 4, error: new Error('mine') };
  },
  'a metric that throws': () => {
    let calls = 0;
    const failing = () => {
      calls++;
      if (calls === 5) throw new Error('mine');
      return 0;
    };
    return {
      options: { metrics: [{ name: 'failing', compute: failing }] },
      finished: 4,
      error: new Error('mine'),
    };
  },
  'a checkpoint that cannot be written': () => {
    const directory = join(newFolder(), 'checkpoints');
    const callbacks = ({ epoch }: { epoch: number }) => {
      if (epoch === 5) writeFileSync(directory, 'a file where the folder should be');
    };
    return {
      options: { callbacks, checkpoint: { directory, everyEpochs: 5 } },
      finished: 5,
      error: { code: 'ERR_BLASNET_FILE' },
    };
  },
};

describe.each(Object.keys(methods) as (keyof typeof methods)[])('%s that is ended by', (method) => {
  describe.each(['float64', 'float32'] as const)('an error (%s)', (dtype) => {
    it.each(Object.keys(endings))('%s keeps the history and restores the best epoch', async (name) => {
      const { X, Y } = samplesOf(dtype);
      const { options, finished, error } = (endings[name] ?? expect.fail())(dtype);
      const net = network(dtype);
      const given = { ...plain, schedule: rateOf, ...options, earlyStopping: stopping };
      const failure = await failureOf(methods[method](net, X, Y, given as FitOptions));
      expect(failure).toMatchObject(error);

      const twin = network(dtype);
      const states: object[] = [];
      const whole = twin.fitSync(X, Y, {
        ...{ ...plain, epochs: finished },
        schedule: rateOf,
        callbacks: () => void states.push(stateOf(twin)),
      });
      expect(failure.history.loss).toHaveLength(finished);
      const best = 1 + whole.loss.indexOf(Math.min(...whole.loss));
      expect(best).toBeLessThan(finished);
      // The sums of single steps round differently.
      for (const [i, loss] of failure.history.loss.entries())
        expect(loss).toBeCloseTo(whole.loss[i] as number, 6);
      expect(failure.history.bestEpoch).toBe(best);
      expect(failure.history.stoppedBy).toBe('error');
      expect(stateOf(net)).toEqual(states[best - 1]);
    });
  });
});

it('the parameters after an error are those of the last step, unless the best are restored', async () => {
  const { X, Y } = samplesOf('float64');
  const [net, twin] = [network('float64'), network('float64')];
  const callbacks = ({ epoch }: { epoch: number }) => {
    if (epoch === 5) throw new Error('mine');
  };
  const earlyStopping = { ...stopping, restoreBest: false };
  await failureOf(net.fit(X, Y, { ...plain, callbacks, earlyStopping }));
  twin.fitSync(X, Y, { ...plain, epochs: 5 });
  expect(stateOf(net)).toEqual(stateOf(twin));
});

it('a resumed training that fails gives its network, with the best epoch before the checkpoint', async () => {
  const { X, Y } = samplesOf('float64');
  const directory = newFolder();
  const made = network('float64');
  const schedule = ({ epoch }: { epoch: number }) => [0.1, 1e-9, 0.05, 1e200][Math.min(epoch, 3)] as number;
  const options = { ...plain, schedule, earlyStopping: stopping };
  const states: object[] = [];
  const callbacks = () => void states.push(stateOf(made));
  const first = await made.fit(X, Y, { ...options, epochs: 3, checkpoint: { directory }, callbacks });
  const failure = await failureOf(Network.resume(directory, X, Y, options));
  expect(failure).toMatchObject({ code: 'ERR_BLASNET_DIVERGED' });
  expect(failure.history).toEqual(first);
  expect(failure.network).toBeInstanceOf(Network);
  expect(stateOf(failure.network)).toEqual(states[failure.history.bestEpoch - 1]);
});

describe.each(['fit', 'fitSync'] as const)('%s with several epochs in a native call', (method) => {
  /** y = W x with W = 1 and b = 0, which diverges in epoch 5: the loss grows by (1 - 4 learningRate)^2. */
  function line(): Network {
    const net = new Network(layers([1, 1], 'linear', 'linear'), { initializer: 'zeros' });
    (net.parameters.W1 ?? expect.fail()).data[0] = 1;
    return net;
  }

  it('keeps the epochs of the call that diverged', async () => {
    const options = { batchSize: 'full', optimizer: sgd({ learningRate: 1e50 }) } as const;
    const X = randomMatrix(1, 1, 1);
    X.data[0] = 1;
    const Y = randomMatrix(1, 1, 1);
    Y.data[0] = 0;
    const { history } = await failureOf(methods[method](line(), X, Y, { ...options, epochs: 1000 }));
    expect(history.loss).toHaveLength(4);
    expect(history.loss[1]).toBeCloseTo(1.6e101, -90);
    expect(history).toEqual(line().fitSync(X, Y, { ...options, epochs: 4 }));
    expect(history.bestEpoch).toBe(1);
  });
});

describe('an abort while epochs are being trained', () => {
  const { X, Y } = samplesOf('float64');
  const options = { batchSize: 'full', optimizer: sgd({ learningRate: 0.01 }) } as const;
  const net = () => new Network(layers([3, 40, 1], 'tanh', 'linear'), { seed: 1 });

  it.each([
    { what: 'gradient descent', own: options },
    { what: 'L-BFGS', own: { optimizer: lbfgs({ toleranceGradient: 0, toleranceChange: 0 }) } },
  ])('keeps the epochs that $what has finished', async ({ own }) => {
    const [aborted, twin] = [net(), net()];
    const controller = new AbortController();
    const fit = failureOf(aborted.fit(X, Y, { ...own, epochs: 1_000_000, signal: controller.signal }));
    for (let change = 0; change < 5; change++) await underWay(aborted);
    controller.abort('enough');
    const failure = await fit;
    expect(failure).toMatchObject({ name: 'AbortError', cause: 'enough' });
    const finished = failure.history.loss.length;
    expect(finished).toBeGreaterThan(0);
    expect(failure.history).toEqual(twin.fitSync(X, Y, { ...own, epochs: finished }));
    expect(stateOf(aborted)).toEqual(stateOf(twin));
  });

  it('restores the best of the epochs, wherever the abort comes', async () => {
    const own = { batchSize: 8, optimizer: sgd({ learningRate: 0.05 }) };
    const earlyStopping = { monitor: 'loss', patience: 1_000_000 };
    for (let run = 0; run < 40; run++) {
      const [aborted, twin] = [net(), net()];
      const controller = new AbortController();
      const { signal } = controller;
      const fit = failureOf(aborted.fit(X, Y, { ...own, epochs: 1_000_000, signal, earlyStopping }));
      for (let change = 0; change < 1 + (run % 20); change++) await underWay(aborted);
      controller.abort();
      const { history } = await fit;
      // Before the first epoch has ended there is no best one, and some steps were taken.
      if (history.bestEpoch === 0) continue;
      twin.fitSync(X, Y, { ...own, epochs: history.bestEpoch });
      expect(stateOf(aborted)).toEqual(stateOf(twin));
    }
  });
});

describe('the history of an error', () => {
  const { X, Y } = samplesOf('float64');
  const throwing = (thrown: unknown) => ({
    ...plain,
    callbacks: () => {
      throw thrown;
    },
  });
  const thrownBy = (thrown: unknown) => failureOf(network('float64').fit(X, Y, throwing(thrown)));

  it('is not shown by console.log, and is replaced when the error is thrown again', async () => {
    const mine = new Error('mine');
    expect(await thrownBy(mine)).toBe(mine);
    const { history } = mine as Failure;
    expect(history.loss).toHaveLength(1);
    expect(inspect(mine)).not.toContain('loss');
    await thrownBy(mine);
    expect((mine as Failure).history).not.toBe(history);
  });

  it('leaves alone an error that has its own, a frozen one, and what is no error', async () => {
    const own = Object.assign(new Error('mine'), { history: 'my own' });
    expect(await thrownBy(own)).toBe(own);
    expect(own.history).toBe('my own');
    const frozen = Object.freeze(new Error('mine'));
    expect(await thrownBy(frozen)).toBe(frozen);
    for (const thrown of ['text', undefined, null]) expect(await thrownBy(thrown)).toBe(thrown);
  });

  it('is empty when the data are refused', async () => {
    const failure = await failureOf(network('float64').fit([[1, 2, Number.NaN]], [[1]], plain));
    expect(failure).toMatchObject({ code: 'ERR_BLASNET_NOT_FINITE' });
    expect(failure.history).toEqual({ loss: [] });
    expect(failure.history.bestEpoch).toBe(0);
  });

  it('has no best epoch when the monitored series was never finite', async () => {
    const never = { name: 'never', compute: () => Number.NaN };
    const earlyStopping = { monitor: 'never', mode: 'min', patience: 2 } as const;
    const failure = await failureOf(
      network('float64').fit(X, Y, { ...plain, metrics: [never], earlyStopping }),
    );
    expect(failure.history.loss).toHaveLength(3);
    expect(failure.history.never).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(failure.history.bestEpoch).toBe(0);
  });
});
