// Networks in worker threads, and workers that end during a training; each case runs in a new process.

import { describe, expect, it } from 'vitest';
import { Network } from '../../lib/network/network';
import { endedWell, inChild, type Library } from './child';
import { layers, randomLabels, randomMatrix, snapshot } from './helpers';

const samples = { X: randomMatrix(50, 2, 1).toArray(), Y: randomLabels(50, 1, 2).toArray() };
const architecture = layers([2, 8, 1], 'relu', 'sigmoid');

/** The parameters of the seed's network after ten epochs. */
function expected(seed: number): number[] {
  const net = new Network(architecture, { seed });
  net.fitSync(samples.X, samples.Y, { epochs: 10 });
  return snapshot(net);
}
const trained = Object.fromEntries([1, 2, 3].map((seed) => [seed, expected(seed)]));

/** A worker's program: trains the network of a seed and posts its parameters, or trains without end. */
const program = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { path, samples, architecture, seed, endless } = workerData;
  const { Network } = require(path);
  const { X, Y } = samples;
  const net = new Network(architecture, { seed });
  const flat = () => Object.values(net.parameters).flatMap(({ data }) => Array.from(data));
  if (endless) {
    const before = flat()[0];
    net.fit(X, Y, { epochs: 1e9, batchSize: endless });
    (function wait() {
      if (flat()[0] === before) setImmediate(wait);
      else parentPort.postMessage('under way');
    })();
  } else {
    net.fit(X, Y, { epochs: 10 }).then(() => parentPort.postMessage(flat()));
  }
`;
const setting = { program, samples, architecture };

it('workers train at the same time, each what it would train alone', async () => {
  const ended = await inChild(async (path, { program, ...rest }) => {
    const { Worker } = require('node:worker_threads');
    const trained = await Promise.all(
      [1, 2, 3].map((seed) => {
        const worker = new Worker(program, { eval: true, workerData: { path, ...rest, seed } });
        return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      }),
    );
    console.log(JSON.stringify(trained));
  }, setting);
  expect(ended).toEqual(endedWell(JSON.stringify([trained[1], trained[2], trained[3]])));
});

it('workers train one after another in a process whose main thread never loads the addon', async () => {
  const ended = await inChild(async (path, { program, ...rest }) => {
    const { Worker } = require('node:worker_threads');
    const trained = [];
    for (const seed of [1, 2, 3]) {
      const worker = new Worker(program, { eval: true, workerData: { path, ...rest, seed } });
      const left = new Promise((resolve) => worker.once('exit', resolve));
      trained.push(
        await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)),
      );
      await left;
    }
    console.log(JSON.stringify(trained));
  }, setting);
  expect(ended).toEqual(endedWell(JSON.stringify([trained[1], trained[2], trained[3]])));
});

describe('a worker that ends during a training', () => {
  // Some calls are short, so that the end also comes between two calls.
  it.each([1, 'full'] as const)(
    'leaves others as they are when it is terminated, with batchSize %s',
    async (batchSize) => {
      const ended = await inChild(
        async (path, { program, batchSize: endless, ...rest }) => {
          const { Worker } = require('node:worker_threads');
          const { Network }: Library = require(path);
          const codes = new Set();
          for (let round = 0; round < 8; round++) {
            const workers = [1, 2, 3].map(
              (seed) => new Worker(program, { eval: true, workerData: { path, ...rest, seed, endless } }),
            );
            await Promise.all(
              workers.map(
                (worker) =>
                  new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)),
              ),
            );
            for (const worker of workers) codes.add(await worker.terminate());
          }
          const net = new Network(rest.architecture, { seed: 1 });
          await net.fit(rest.samples.X, rest.samples.Y, { epochs: 10 });
          const flat = Object.values(net.parameters).flatMap(({ data }) => Array.from(data));
          console.log(JSON.stringify([...codes, flat]));
        },
        { ...setting, batchSize },
      );
      expect(ended).toEqual(endedWell(JSON.stringify([1, trained[1]])));
    },
  );

  it.each([
    { what: 'process.exit()', end: 'process.exit(5)', code: 5 },
    { what: 'an uncaught error', end: 'throw new Error("mine")', code: 1 },
  ])('leaves the main thread’s training as it is when it ends itself by $what', async ({ end, code }) => {
    const ended = await inChild(
      async (path, { program, end, ...rest }) => {
        const { Worker } = require('node:worker_threads');
        const { Network }: Library = require(path);
        const ending = program.replace(`parentPort.postMessage('under way')`, end);
        const net = new Network(rest.architecture, { seed: 1 });
        const fit = net.fit(rest.samples.X, rest.samples.Y, { epochs: 10 });
        const worker = new Worker(ending, { eval: true, workerData: { path, ...rest, seed: 2, endless: 1 } });
        worker.on('error', () => {});
        const code = await new Promise((resolve) => worker.once('exit', resolve));
        await fit;
        const flat = Object.values(net.parameters).flatMap(({ data }) => Array.from(data));
        console.log(JSON.stringify([code, flat]));
      },
      { ...setting, end },
    );
    expect(ended).toEqual(endedWell(JSON.stringify([code, trained[1]])));
  });
});

it('the process may exit while its workers train', async () => {
  for (let round = 0; round < 3; round++) {
    const ended = await inChild(async (path, { program, ...rest }) => {
      const { Worker } = require('node:worker_threads');
      for (const seed of [1, 2]) {
        const worker = new Worker(program, { eval: true, workerData: { path, ...rest, seed, endless: 32 } });
        await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      }
      process.exit(3);
    }, setting);
    expect(ended).toEqual({ code: 3, signal: null, stdout: '', stderr: '' });
  }
});
