// Workers and processes that end in the middle of batches and swaps: nothing crashes or hangs.

import { describe, expect, test } from 'vitest';
import { inChild, type Library } from '../network/child';

type Serving = typeof import('../../lib/serving');

/** Asks and swaps until it is ended. Runs in another process or worker. */
async function serve(path: string, started: () => void) {
  const { Network }: Library = require(path);
  const { Batcher, ModelSlot }: Serving = require(`${path}/serving.js`);
  const make = (seed: number) =>
    new Network(
      [
        { inputDim: 100, outputDim: 200, activation: 'relu' },
        { outputDim: 200, activation: 'relu' },
        { outputDim: 1, activation: 'sigmoid' },
      ],
      { seed },
    );
  const slot = new ModelSlot(make(1));
  const batcher = new Batcher(slot, { maxBatch: 32 });
  const row = new Float64Array(100).fill(0.5);
  const ask = async () => {
    for (;;) await batcher.predict(row);
  };
  for (let i = 0; i < 64; i++) void ask();
  for (let seed = 2; ; seed++) {
    await slot.swap(make(seed), { probe: [row] });
    if (seed === 3) started();
  }
}

test('workers are terminated in the middle of batches and swaps, and the process goes on', async () => {
  const { code, signal, stdout, stderr } = await inChild(async (path, serve) => {
    const { Worker } = require('node:worker_threads') as typeof import('node:worker_threads');
    const { Network }: Library = require(path);
    const code = `(${serve})(${JSON.stringify(path)}, () => require('node:worker_threads').parentPort.postMessage(1))`;
    for (let i = 0; i < 6; i++) {
      const workers = [0, 1].map(() => new Worker(code, { eval: true }));
      const started = workers.map(
        (worker) => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)),
      );
      await Promise.all(started);
      // Each round ends them at another place.
      for (let turn = 0; turn < i; turn++) await new Promise((resolve) => setImmediate(resolve));
      for (const worker of workers) await worker.terminate();
    }
    const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }], { seed: 1 });
    console.log(net.predictSync([[1]]).rows);
  }, String(serve));
  expect({ code, signal, stdout, stderr }).toEqual({ code: 0, signal: null, stdout: '1\n', stderr: '' });
});

describe('a process in the middle of batches and swaps', () => {
  test.each([
    ['process.exit', 'process.exit(7)', 7, null],
    ['an uncaught exception', "setImmediate(() => { throw new Error('own'); })", 1, null],
    ['SIGTERM', "process.kill(process.pid, 'SIGTERM')", null, 'SIGTERM'],
  ])('ends by %s as it does without the library', async (_, end, code, signal) => {
    const ended = await inChild(
      (path, { serve, end }) => {
        // biome-ignore lint/security/noGlobalEval: the functions come as text
        const [body, stop] = [eval(`(${serve})`), eval(`() => { ${end}; }`)];
        void body(path, stop);
      },
      { serve: String(serve), end },
    );
    expect([ended.code, ended.signal]).toEqual([code, signal]);
    if (code !== 1) expect(ended.stderr).toBe('');
    else expect(ended.stderr).toContain('Error: own');
  });
});
