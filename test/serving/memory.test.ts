// A batcher keeps nothing of a call, and a slot nothing of a model that it has dropped. The tests measure in a new process
// that can run the garbage collector; the bounds are far from both the noise and the size of a leak.

import { expect, test } from 'vitest';
import { inChild, type Library } from '../network/child';

type Serving = typeof import('../../lib/serving');

test.each([
  ['at once', 1e9],
  ['in batches', 0],
])('calls that are answered %s, aborted or refused keep no memory', async (_, atOnce) => {
  const { stdout, stderr } = await inChild(
    async (path, { atOnce }) => {
      const { Network }: Library = require(path);
      const { Batcher }: Serving = require(`${path}/serving.js`);
      const net = new Network([{ inputDim: 4, outputDim: 3, activation: 'tanh' }], { seed: 1 });
      const batcher = new Batcher(net, { atOnce, maxQueue: 300 });
      const { signal } = new AbortController();
      const row = [1, 2, 3, 4];
      const round = async () => {
        const own = new AbortController();
        const calls = Array.from({ length: 400 }, (_call, i) => {
          const given = i % 7 ? row : [Number.NaN];
          return batcher.predict(given, { signal: i % 3 ? signal : own.signal }).catch(() => undefined);
        });
        own.abort();
        await Promise.all(calls);
      };
      const used = async (rounds: number) => {
        for (let i = 0; i < rounds; i++) await round();
        await new Promise((resolve) => setImmediate(resolve));
        (globalThis.gc as () => void)();
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        return heapUsed + arrayBuffers;
      };
      const before = await used(50);
      const after = await used(100);
      console.log((after - before) / (100 * 400));
    },
    { atOnce },
    { flags: ['--expose-gc'] },
  );
  expect(stderr).toBe('');
  // Bytes a call: an object of a call alone would take more.
  expect(Number(stdout)).toBeLessThan(20);
});

test('models that were swapped out are collected, except those that are kept', async () => {
  const { stdout, stderr } = await inChild(
    async (path) => {
      const { Network }: Library = require(path);
      const { Batcher, ModelSlot }: Serving = require(`${path}/serving.js`);
      const make = () => new Network([{ inputDim: 4, outputDim: 3, activation: 'tanh' }], { seed: 1 });
      const slot = new ModelSlot(make(), { keep: 1 });
      const batcher = new Batcher(slot, { atOnce: 0 });
      let collected = 0;
      const registry = new FinalizationRegistry(() => collected++);
      const swap = async () => {
        const next = make();
        registry.register(next, undefined);
        await slot.swap(next, { probe: [[1, 2, 3, 4]] });
        await batcher.predict([1, 2, 3, 4]);
      };
      for (let i = 0; i < 30; i++) await swap();
      for (let i = 0; i < 100 && collected < 28; i++) {
        (globalThis.gc as () => void)();
        await new Promise((resolve) => setImmediate(resolve));
      }
      console.log(collected, slot.history.length);
    },
    undefined,
    { flags: ['--expose-gc'] },
  );
  expect(stderr).toBe('');
  const [collected, kept] = stdout.split(' ').map(Number);
  expect(kept).toBe(2);
  // 30 were registered, and 2 are kept. The engine may hold one more in a register.
  expect(collected).toBeGreaterThanOrEqual(26);
});
