// One network with several calls at a time.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Network } from '../../lib/network/network';
import { thrownBy } from '../support/bad-input';
import {
  immediate,
  layers,
  longEpoch,
  randomLabels,
  randomMatrix,
  restore,
  snapshot,
  underWay,
} from './helpers';

const architecture = layers([2, 8, 1], 'relu', 'sigmoid');
const network = () => new Network(architecture, { seed: 1 });
const X = randomMatrix(60, 2, 1);
const Y = randomLabels(60, 1, 2);
const long = longEpoch();

const trained = (method: string) =>
  `Expected ${method} to be called on a network that is not being trained; wait for the fit under way, or end ` +
  'the loop over its epochs';
const atRest = (method: string) =>
  `Expected ${method} to be called while no other thread works on the network; await the call under way, use ` +
  'the asynchronous form, call it between epochs, or use a clone()';

function expectBusy(error: unknown, message: string): void {
  expect(error).toMatchObject({ name: 'Error', code: 'ERR_BLASNET_BUSY', message });
  expect((error as Error).constructor).toBe(Error);
}

const synchronousReads: [string, (net: Network) => unknown][] = [
  ['predictSync', (net) => net.predictSync(X)],
  ['evaluateSync', (net) => net.evaluateSync(X, Y)],
  ['gradients', (net) => net.gradients(X, Y)],
];

describe('while a step is being taken on another thread', () => {
  let net: Network;
  let controller: AbortController;
  let fit: Promise<unknown>;

  beforeEach(async () => {
    net = network();
    controller = new AbortController();
    fit = net.fit(long.X, long.Y, { ...long.options, signal: controller.signal }).catch((error) => error);
    await underWay(net);
  });

  afterEach(async () => {
    controller.abort();
    expect(await fit).toMatchObject({ name: 'AbortError' }); // the calls neither refused nor ended the fit
  });

  it.each(synchronousReads)('%s is refused', (method, call) => {
    expectBusy(
      thrownBy(() => call(net)),
      atRest(method),
    );
  });

  it('fitSync is refused', () => {
    expectBusy(
      thrownBy(() => net.fitSync(X, Y, { epochs: 1 })),
      trained('fitSync'),
    );
  });

  it('a second fit is refused', async () => {
    expectBusy(await net.fit(X, Y, { epochs: 1 }).catch((error) => error), trained('fit'));
  });

  it('a loop over epochs is refused when it asks for the first', async () => {
    const loop = net.epochs(X, Y, { epochs: 1 });
    expectBusy(await loop.next().catch((error) => error), trained('fit'));
  });

  it('bad arguments are refused first', async () => {
    await expect(net.fit(X, Y, { epochs: 0 })).rejects.toMatchObject({ code: 'ERR_BLASNET_ARG_VALUE' });
  });

  it('what needs no parameters works', () => {
    expect(net.parameterCount).toBe(33);
    expect(net.summary()).toContain('33 parameters');
  });
});

describe('during a fit of many epochs', () => {
  it('predictions and evaluations are served between epochs, from parameters of whole epochs', async () => {
    const net = network();
    const initial = snapshot(net);
    const options = { epochs: 10_000_000, batchSize: 'full' } as const;
    const controller = new AbortController();
    const fit = net.fit(X, Y, { ...options, signal: controller.signal }).catch((error) => error);
    const evaluations = [];
    for (let i = 0; i < 5; i++) {
      await underWay(net);
      evaluations.push(await Promise.all([net.evaluate(X, Y), net.predict(X)]));
    }
    controller.abort();
    await fit;

    // The twin reaches each of these losses, with these predictions, in this order.
    const twin = network();
    restore(twin, initial);
    let epoch = 0;
    for (const [evaluation, predictions] of evaluations) {
      while (twin.evaluateSync(X, Y).loss !== evaluation.loss && epoch++ < options.epochs) {
        twin.fitSync(X, Y, { epochs: 1, batchSize: 'full' });
      }
      expect(twin.evaluateSync(X, Y)).toEqual(evaluation);
      expect(twin.predictSync(X).data).toEqual(predictions.data);
    }
    expect(epoch).toBeGreaterThan(0);
  });

  it('the loss and the metrics of an evaluation come from the same epoch', async () => {
    const net = network();
    const controller = new AbortController();
    const options = { epochs: 10_000_000, batchSize: 'full', signal: controller.signal } as const;
    const fit = net.fit(X, Y, options).catch((error) => error);
    for (let i = 0; i < 10; i++) {
      await underWay(net);
      const asked = { loss: 'meanSquaredError', metrics: ['rootMeanSquaredError'] } as const;
      const { loss, rootMeanSquaredError } = await net.evaluate(X, Y, asked);
      expect(rootMeanSquaredError ** 2 / loss).toBeCloseTo(1, 12);
    }
    controller.abort();
    await fit;
  });

  it('an evaluation by another loss does not disturb the fit', async () => {
    const [net, alone] = [network(), network()];
    const fit = net.fit(X, Y, { epochs: 300 });
    for (let i = 0; i < 5; i++) await net.evaluate(X, Y, { loss: 'meanSquaredError' });
    expect(await fit).toEqual(alone.fitSync(X, Y, { epochs: 300 }));
    expect(snapshot(net)).toEqual(snapshot(alone));
  });
});

describe('in the body of a loop over epochs', () => {
  it('the network is at rest, so that it can be asked in every way, and changed', async () => {
    const [net, twin] = [network(), network()];
    for await (const { epoch } of net.epochs(X, Y, { epochs: 5 })) {
      twin.fitSync(X, Y, { epochs: 1 });
      expect(net.predictSync(X)).toEqual(twin.predictSync(X));
      expect(await net.predict(X)).toEqual(twin.predictSync(X));
      expect(net.evaluateSync(X, Y)).toEqual(twin.evaluateSync(X, Y));
      expect(await net.evaluate(X, Y)).toEqual(twin.evaluateSync(X, Y));
      expect(net.gradients(X, Y)).toEqual(twin.gradients(X, Y));
      if (epoch === 3) for (const { parameters } of [net, twin]) parameters.W1?.data.fill(0.25);
    }
    expect(snapshot(net)).toEqual(snapshot(twin));
  });

  it('another training is refused, and the loop continues', async () => {
    const [net, twin] = [network(), network()];
    for await (const _ of net.epochs(X, Y, { epochs: 3 })) {
      expectBusy(
        thrownBy(() => net.fitSync(X, Y, { epochs: 1 })),
        trained('fitSync'),
      );
      expectBusy(await net.fit(X, Y, { epochs: 1 }).catch((error) => error), trained('fit'));
    }
    twin.fitSync(X, Y, { epochs: 3 });
    expect(snapshot(net)).toEqual(snapshot(twin));
  });
});

describe('while predictions are made on another thread', () => {
  it.each(synchronousReads)('%s works beside them', async (_, call) => {
    const wide = () => new Network(layers([2, 256, 256, 1], 'relu', 'sigmoid'), { seed: 1 });
    const net = wide();
    const controller = new AbortController();
    const prediction = net.predict(long.X, { signal: controller.signal }).catch((error) => error);
    await immediate();
    expect(call(net)).toEqual(call(wide()));
    controller.abort();
    expect(await prediction).toMatchObject({ name: 'AbortError' });
  });

  it('fitSync is refused, and fit waits', async () => {
    const net = network();
    const evaluation = net.evaluate(X, Y);
    expectBusy(
      thrownBy(() => net.fitSync(X, Y, { epochs: 1 })),
      atRest('fitSync'),
    );
    const fit = net.fit(X, Y, { epochs: 2 });
    expect(await evaluation).toEqual(network().evaluateSync(X, Y));
    expect(await fit).toEqual(network().fitSync(X, Y, { epochs: 2 }));
    net.fitSync(X, Y, { epochs: 1 });
  });

  it('each of many predictions gets its own answer', async () => {
    const net = network();
    const inputs = Array.from({ length: 20 }, (_, i) => randomMatrix(i + 1, 2, i));
    const outputs = await Promise.all(inputs.map((input) => net.predict(input)));
    expect(outputs).toEqual(inputs.map((input) => net.predictSync(input)));
  });

  it('a prediction that fails does not harm those after it', async () => {
    const net = network();
    const bad = [[Number.NaN, 0]];
    const results = await Promise.allSettled([net.predict(X), net.predict(bad), net.predict(X)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { code: 'ERR_BLASNET_NOT_FINITE' } });
    net.fitSync(X, Y, { epochs: 1 });
  });
});
