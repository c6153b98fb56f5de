// Ending a training early, by a signal or by leaving the loop.

import { describe, expect, it } from 'vitest';
import { AbortError } from '../../lib/base/errors';
import { Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import { sgd } from '../../lib/optimizers/optimizers';
import {
  areAlike,
  immediate,
  layers,
  longEpoch,
  randomLabels,
  randomMatrix,
  snapshot,
  underWay,
} from './helpers';

const architecture = layers([2, 16, 16, 1], 'tanh', 'sigmoid');
const network = () => new Network(architecture, { seed: 1 });
const X = randomMatrix(60, 2, 1);
const Y = randomLabels(60, 1, 2);
const optimizer = sgd({ learningRate: 0.1 });

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('Expected the promise to be rejected'),
    (error) => error,
  );
}

function expectAbort(error: unknown, cause: unknown): void {
  expect(error).toBeInstanceOf(AbortError);
  expect(error).toMatchObject({
    name: 'AbortError',
    code: 'ABORT_ERR',
    message: 'The operation was aborted',
  });
  expect((error as Error).cause).toBe(cause);
}

describe('a signal that is aborted before the start', () => {
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);

  it.each([
    ['fit', (net: Network) => net.fit(X, Y, { epochs: 3, signal })],
    ['fitSync', async (net: Network) => net.fitSync(X, Y, { epochs: 3, signal })],
    ['epochs', (net: Network) => net.epochs(X, Y, { epochs: 3, signal }).next()],
    ['predict', (net: Network) => net.predict(X, { signal })],
    ['evaluate', (net: Network) => net.evaluate(X, Y, { signal })],
  ])('ends %s before anything is done', async (_, call) => {
    const net = network();
    const before = snapshot(net);
    expectAbort(await rejection(call(net)), reason);
    expect(snapshot(net)).toEqual(before);
    // Nothing was drawn either: a training gives the results of a new network.
    expect(await net.fit(X, Y, { epochs: 2 })).toEqual(network().fitSync(X, Y, { epochs: 2 }));
  });

  it('is looked at after the arguments', async () => {
    expect(await rejection(network().fit(X, Y, { epochs: 0, signal }))).toMatchObject({
      code: 'ERR_BLASNET_ARG_VALUE',
    });
  });

  it('has Node’s own reason when none was given', async () => {
    const plain = AbortSignal.abort();
    expectAbort(await rejection(network().fit(X, Y, { epochs: 1, signal: plain })), plain.reason);
  });
});

describe('a signal that is aborted while a step is being taken', () => {
  const samples = longEpoch();

  it('leaves the parameters of a whole step of full batches', async () => {
    // A step of 5,000 samples takes milliseconds, so the abort comes during one.
    const [x, y] = [samples.X.data.subarray(0, 10_000), samples.Y.data.subarray(0, 5000)];
    const options = { batchSize: 'full', optimizer } as const;
    const net = network();
    const controller = new AbortController();
    const fit = net.fit(x, y, { epochs: 1_000_000, ...options, signal: controller.signal });
    for (let change = 0; change < 20; change++) await underWay(net); // until a call takes many steps
    controller.abort('the reason');
    expectAbort(await rejection(fit), 'the reason');

    const twin = network();
    expect(areAlike(net, twin)).toBe(false);
    for (let step = 0; step < 20_000 && !areAlike(net, twin); step++) {
      twin.fitSync(x, y, { epochs: 1, ...options });
    }
    expect(areAlike(net, twin)).toBe(true);
  });

  it('leaves the parameters of a whole step of mini-batches, between two epochs', async () => {
    const batchSize = 30_000;
    const net = network();
    const controller = new AbortController();
    const options = { epochs: 1, batchSize, shuffle: false, optimizer, signal: controller.signal };
    const fit = net.fit(samples.X, samples.Y, options);
    await underWay(net);
    controller.abort();
    expectAbort(await rejection(fit), controller.signal.reason);

    const twin = network();
    for (let start = 0; start < samples.X.rows && !areAlike(net, twin); start += batchSize) {
      const x = samples.X.data.subarray(2 * start, 2 * (start + batchSize));
      const y = samples.Y.data.subarray(start, start + batchSize);
      twin.fitSync(x, y, { epochs: 1, batchSize: 'full', optimizer });
    }
    expect(areAlike(net, twin)).toBe(true);
  });

  it('may be aborted by a timer', async () => {
    const signal = AbortSignal.timeout(1);
    const error = await rejection(network().fit(samples.X, samples.Y, { ...samples.options, signal }));
    expectAbort(error, signal.reason);
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('leaves a network that can be trained again, evaluated and asked', async () => {
    const net = network();
    const controller = new AbortController();
    const fit = net.fit(samples.X, samples.Y, { ...samples.options, signal: controller.signal });
    await underWay(net);
    controller.abort();
    await rejection(fit);

    const twin = network();
    for (const [key, { data }] of Object.entries(net.parameters) as [`W${number}`, Matrix][]) {
      twin.parameters[key]?.data.set(data);
    }
    expect(await net.fit(X, Y, { epochs: 3 })).toEqual(twin.fitSync(X, Y, { epochs: 3 }));
    expect(await net.evaluate(X, Y)).toEqual(twin.evaluateSync(X, Y));
    expect((await net.predict(X)).data).toEqual(twin.predictSync(X).data);
  });
});

describe('a signal that is aborted while the call waits for its turn', () => {
  const samples = longEpoch();

  it.each([
    ['predict', (net: Network, signal: AbortSignal) => net.predict(X, { signal })],
    ['evaluate', (net: Network, signal: AbortSignal) => net.evaluate(X, Y, { signal })],
  ])('ends %s at once, and not the fit before it', async (_, call) => {
    const net = network();
    const [stopFit, stopCall] = [new AbortController(), new AbortController()];
    let fitting = true;
    const fit = rejection(
      net.fit(samples.X, samples.Y, { ...samples.options, signal: stopFit.signal }),
    ).finally(() => {
      fitting = false;
    });
    const waiting = call(net, stopCall.signal);
    await underWay(net);
    stopCall.abort('not any more');
    expectAbort(await rejection(waiting), 'not any more');
    expectAbort(await rejection(call(net, AbortSignal.abort('too late'))), 'too late');
    expect(fitting).toBe(true);
    stopFit.abort('done');
    expectAbort(await fit, 'done');
    expect((await net.predict(X)).rows).toBe(X.rows);
  });
});

describe('a loop over epochs', () => {
  const expected = network();
  const options = { epochs: 10, batchSize: 16, optimizer };
  const reports = Array.from({ length: 10 }, (_, i) => {
    const { loss } = expected.fitSync(X, Y, { ...options, epochs: 1 });
    return { epoch: i + 1, loss: loss[0], parameters: snapshot(expected) };
  });

  it('leaves the parameters of its last epoch, and a free network, when it is left by break', async () => {
    const net = network();
    for await (const { epoch, loss } of net.epochs(X, Y, options)) {
      expect({ epoch, loss, parameters: snapshot(net) }).toEqual(reports[epoch - 1]);
      if (epoch === 4) break;
    }
    expect(snapshot(net)).toEqual(reports[3]?.parameters);
    expect((await net.fit(X, Y, { ...options, epochs: 6 })).loss).toEqual(
      reports.slice(4).map(({ loss }) => loss),
    );
    expect(snapshot(net)).toEqual(reports[9]?.parameters);
  });

  it('leaves a free network when it is left by an error', async () => {
    const net = network();
    const failing = async () => {
      for await (const _ of net.epochs(X, Y, options)) throw new Error('mine');
    };
    expect(await rejection(failing())).toEqual(new Error('mine'));
    expect(net.fitSync(X, Y, { ...options, epochs: 1 }).loss).toEqual([reports[1]?.loss]);
  });

  it('ends with the parameters of the epoch in whose body its signal is aborted', async () => {
    const net = network();
    const controller = new AbortController();
    let last = 0;
    const loop = async () => {
      for await (const { epoch } of net.epochs(X, Y, { ...options, signal: controller.signal })) {
        last = epoch;
        if (epoch === 3) controller.abort('three');
      }
    };
    expectAbort(await rejection(loop()), 'three');
    expect(last).toBe(3);
    expect(snapshot(net)).toEqual(reports[2]?.parameters);
  });

  it('ends well when its signal is aborted after the last epoch', async () => {
    const net = network();
    const controller = new AbortController();
    for await (const { epoch } of net.epochs(X, Y, { ...options, signal: controller.signal })) {
      if (epoch === 10) controller.abort();
    }
    expect(snapshot(net)).toEqual(reports[9]?.parameters);
  });

  it('takes its listener off the signal when it ends, as fit does', async () => {
    const { signal } = new AbortController();
    const added: string[] = [];
    const removed: string[] = [];
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      added.push(args[0]);
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      removed.push(args[0]);
      remove(...args);
    };
    const net = network();
    for await (const { epoch } of net.epochs(X, Y, { ...options, signal })) if (epoch === 2) break;
    await net.fit(X, Y, { ...options, signal });
    await net.predict(X, { signal });
    expect(added.length).toBeGreaterThan(0);
    expect(removed).toEqual(added);
  });

  it('keeps the network for itself when it is abandoned, not left', async () => {
    const net = network();
    const loop = net.epochs(X, Y, options);
    await loop.next();
    await expect(net.fit(X, Y, options)).rejects.toMatchObject({ code: 'ERR_BLASNET_BUSY' });
    await loop.return();
    expect((await net.fit(X, Y, { ...options, epochs: 1 })).loss).toEqual([reports[1]?.loss]);
  });

  it('ends after the epoch during which its return() is called', async () => {
    const net = network();
    const loop = net.epochs(X, Y, options);
    const [first, last] = await Promise.all([loop.next(), loop.return()]);
    expect(first).toMatchObject({ done: false, value: { epoch: 1 } });
    expect(last).toEqual({ done: true, value: undefined });
    expect(snapshot(net)).toEqual(reports[0]?.parameters);
  });

  it('does nothing before it is asked', async () => {
    const net = network();
    const loop = net.epochs(X, Y, options);
    await immediate();
    expect(net.fitSync(X, Y, { ...options, epochs: 1 }).loss).toEqual([reports[0]?.loss]);
    expect((await loop.next()).value).toMatchObject({ epoch: 1, loss: reports[1]?.loss });
    await loop.return();
  });
});

it('an abort long after fit has ended does nothing', async () => {
  const net = network();
  const controller = new AbortController();
  const signal = controller.signal;
  await net.fit(X, Y, { epochs: 2, signal });
  controller.abort();
  expect((await net.predict(Matrix.zeros(1, 2))).rows).toBe(1);
  await net.fit(X, Y, { epochs: 2 });
});
