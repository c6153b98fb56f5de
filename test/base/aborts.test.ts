import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onAbort } from '../../lib/base/aborts';
import { inChild, type Library } from '../network/child';

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
