// Workers that end while a metric works on another thread, in a new process.

import { expect, it } from 'vitest';
import { endedWell, inChild, type Library } from '../network/child';

/** A worker's program: computes metrics without end, some at the same time. */
const program = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { metrics } = require(workerData.path);
  const y = Uint8Array.from({ length: 400_000 }, (_, i) => i % 2);
  const p = Float32Array.from(y, (_, i) => (i % 1021) / 1021);
  const again = (name) => metrics.async[name](y, p).then(() => {
    parentPort.postMessage('under way');
    return again(name);
  });
  for (const name of ['rocAuc', 'logLoss', 'confusionMatrix']) again(name);
`;

it('a worker may be terminated while it computes metrics', async () => {
  const ended = await inChild(
    async (path, { program }) => {
      const { Worker } = require('node:worker_threads');
      const { metrics }: Library = require(path);
      const codes = new Set();
      for (let round = 0; round < 6; round++) {
        const worker = new Worker(program, { eval: true, workerData: { path } });
        await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
        codes.add(await worker.terminate());
      }
      console.log(JSON.stringify([...codes, await metrics.async.rocAuc([0, 1, 0], [0.5, 0.75, 0.5])]));
    },
    { program },
  );
  expect(ended).toEqual(endedWell('[1,1]'));
});

it('the process may exit while it computes metrics', async () => {
  const ended = await inChild((path) => {
    const { metrics }: Library = require(path);
    const p = new Float32Array(2_000_000).map((_, i) => (i % 1021) / 1021);
    metrics.async.rocAuc(p, p);
    metrics.async.f1(p, p);
    setImmediate(() => process.exit(3));
  }, {});
  expect(ended).toEqual({ code: 3, signal: null, stdout: '', stderr: '' });
});
