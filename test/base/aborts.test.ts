import { getEventListeners } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { onAbort } from '../../lib/base/aborts';
import { trainTestSplitAsync } from '../../lib/datasets';
import { metrics } from '../../lib/metrics';
import { Network } from '../../lib/network/network';
import { labelEncoder, preprocessing, standardScaler } from '../../lib/preprocessing';
import { inChild, type Library } from '../network/child';
import { immediate, layers, randomLabels, randomMatrix } from '../network/helpers';
import { newFolder } from '../support/scratch';

describe('callbacks of a signal', () => {
  const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

  it('share one listener, which goes with the last of them', () => {
    const { signal } = new AbortController();
    const callback = () => {};
    const [first, second] = [onAbort(signal, callback), onAbort(signal, callback)];
    expect(listeners(signal)).toBe(1);
    first();
    first();
    expect(listeners(signal)).toBe(1);
    second();
    expect(listeners(signal)).toBe(0);
    onAbort(signal, callback);
    expect(listeners(signal)).toBe(1);
  });

  it('are called once, in their order, those alone that still listen', () => {
    const controller = new AbortController();
    const calls: number[] = [];
    const ends = [1, 2, 3].map((number) => onAbort(controller.signal, () => calls.push(number)));
    ends[1]?.();
    controller.abort();
    expect(calls).toEqual([1, 3]);
    expect(listeners(controller.signal)).toBe(0);
    for (const end of ends) end();
  });

  it('may listen to no signal', () => {
    onAbort(undefined, () => expect.fail('there is nothing to abort'))();
  });
});

describe('the asynchronous methods that share a signal', () => {
  const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;
  const [X, Y] = [randomMatrix(20_000, 2, 1), randomLabels(20_000, 1, 2)];
  const names = Array.from({ length: 20_000 }, (_, i) => `name ${i % 100}`);
  const architecture = layers([2, 200, 1], 'relu', 'sigmoid');
  const make = () => new Network(architecture, { seed: 1 });

  /** One call of every method that takes a signal. */
  function callsWith(signal: AbortSignal, folder: string): Record<string, () => Promise<unknown>> {
    const [net, trained] = [make(), make()];
    const file = join(folder, 'model');
    const bytes = net.toBytesSync();
    net.saveSync(file);
    const directory = join(folder, 'checkpoints');
    trained.fitSync([[1, 2]], [[1]], { epochs: 1, checkpoint: { directory } });
    const encoder = labelEncoder().fit(names);
    const pipeline = preprocessing([standardScaler()]).fit(X);
    const loop = async () => {
      for await (const _ of make().epochs(X, Y, { epochs: 3, signal }));
    };
    return {
      predict: () => net.predict(X, { signal }),
      evaluate: () => net.evaluate(X, Y, { signal, metrics: ['rocAuc'] }),
      fit: () => make().fit(X, Y, { epochs: 3, validationSplit: 0.2, signal }),
      partialFit: () => make().partialFit(X, Y, { signal }),
      epochs: loop,
      save: () => net.save(join(folder, 'other'), { signal }),
      toBytes: () => net.toBytes({ signal }),
      cloneAsync: () => net.cloneAsync({ signal }),
      load: () => Network.load(file, { signal }),
      loadBest: () => Network.loadBest(directory, { signal }),
      fromBytes: () => Network.fromBytes(bytes, { signal }),
      create: () => Network.create(layers([2, 1000, 1000, 1], 'relu', 'sigmoid'), { signal }),
      resume: () => Network.resume(directory, [[1, 2]], [[1]], { epochs: 200, signal }),
      rocAuc: () =>
        metrics.async.rocAuc(
          X.data,
          Float64Array.from(X.data, (x) => Number(x > 0)),
          { signal },
        ),
      fitAsync: () => preprocessing([standardScaler()]).fitAsync(X, { signal }),
      fitTransformAsync: () => preprocessing([standardScaler()]).fitTransformAsync(X, { signal }),
      transformAsync: () => pipeline.transformAsync(X, { signal }),
      inverseAsync: () => pipeline.inverseAsync(X, { signal }),
      encoder: () => labelEncoder().fitAsync(names, { signal }),
      indicesAsync: () => encoder.indicesAsync(names, { signal }),
      oneHotAsync: () => encoder.oneHotAsync(names, { signal }),
      decodeAsync: () => encoder.decodeAsync(encoder.oneHot(names), { signal }),
      trainTestSplitAsync: () => trainTestSplitAsync(X, Y, { signal }),
    };
  }

  it('add one listener together, which is gone when they have ended', async () => {
    const { signal } = new AbortController();
    const calls = callsWith(signal, newFolder());
    let most = 0;
    const running = Object.values(calls).map((call) => call());
    let ended = false;
    const watching = (async () => {
      for (; !ended; await immediate()) most = Math.max(most, listeners(signal));
    })();
    await Promise.all(running);
    ended = true;
    await watching;
    expect([most, listeners(signal)]).toEqual([1, 0]);
  });

  it('leave none when it is aborted, or was', async () => {
    const controller = new AbortController();
    const calls = callsWith(controller.signal, newFolder());
    const running = Object.values(calls).map((call) => call());
    await immediate();
    controller.abort();
    await Promise.allSettled(running);
    expect(listeners(controller.signal)).toBe(0);
    for (const [name, call] of Object.entries(calls)) {
      await expect(call(), name).rejects.toMatchObject({ name: 'AbortError' });
    }
    expect(listeners(controller.signal)).toBe(0);
  });

  it('leave none when each ends alone', async () => {
    const { signal } = new AbortController();
    for (const [name, call] of Object.entries(callsWith(signal, newFolder()))) {
      await call();
      expect([name, listeners(signal)]).toEqual([name, 0]);
    }
  });
});

it('fifty calls of several networks that share one signal make Node warn of nothing', async () => {
  const { stdout, stderr } = await inChild(async (path) => {
    const { Network, metrics, preprocessing, standardScaler }: Library = require(path);
    const nets = [1, 2].map(
      (seed) => new Network([{ inputDim: 1, outputDim: 1, activation: 'sigmoid' }], { seed }),
    );
    const { signal } = new AbortController();
    const X = Array.from({ length: 1000 }, (_, i) => [i]);
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        [
          () => nets[i % 2]?.predict(X, { signal }),
          () => preprocessing([standardScaler()]).fitAsync(X, { signal }),
          () => metrics.async.rocAuc(new Float64Array(300_000), new Float64Array(300_000), { signal }),
          () =>
            nets[i % 2]?.evaluate(
              X,
              X.map(() => [1]),
              { signal },
            ),
        ][i % 4]?.(),
      ),
    );
    const { getEventListeners } = require('node:events');
    console.log(getEventListeners(signal, 'abort').length);
  }, {});
  expect([stdout, stderr]).toEqual(['0\n', '']);
});
