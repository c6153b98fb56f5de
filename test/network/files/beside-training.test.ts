// Savings while the network is being trained, and workers that end while they save and load.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Matrix } from '../../../lib/base/matrix';
import { Network } from '../../../lib/network/network';
import { newFolder } from '../../support/scratch';
import { endedWell, inChild, type Library } from '../child';
import { layers, randomLabels, randomMatrix, underWay } from '../helpers';

// Its parameters are copied in several pieces.
const architecture = layers([20, 300, 300, 1], 'relu', 'sigmoid');
const network = () => new Network(architecture, { seed: 1 });
/** The bytes of the parameters. */
const stateOf = ({ parameters }: Network) =>
  Buffer.concat(
    Object.values(parameters as Record<string, Matrix>).map(({ data }) =>
      Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    ),
  );
const [X, Y] = [randomMatrix(30, 20, 1), randomLabels(30, 1, 2)];

it('a network that is saved during a fit is saved as it was after a step, and the fit goes on', async () => {
  const folder = newFolder();
  const net = network();
  const controller = new AbortController();
  const fit = net.fit(X, Y, { epochs: 1e9, batchSize: 'full', signal: controller.signal });
  const paths: string[] = [];
  for (let i = 0; i < 3; i++) {
    await underWay(net);
    const path = join(folder, String(i));
    paths.push(path);
    await net.save(path);
  }
  await underWay(net);
  controller.abort();
  await expect(fit).rejects.toThrow('The operation was aborted');

  // A twin takes the same steps, and meets all the states.
  const twin = network();
  const states = [...paths.map((path) => stateOf(Network.loadSync(path))), stateOf(net)];
  for (const state of states) {
    while (!stateOf(twin).equals(state)) twin.fitSync(X, Y, { epochs: 1, batchSize: 'full' });
  }
});

it('a callback of fitSync that does not wait saves the parameters of its epoch', async () => {
  const folder = newFolder();
  const net = network();
  const saved: Promise<void>[] = [];
  const states: Buffer[] = [];
  const onEpochEnd = ({ epoch }: { epoch: number }) => {
    states.push(stateOf(net));
    saved.push(net.save(join(folder, String(epoch))));
  };
  net.fitSync(X, Y, { epochs: 3, callbacks: { onEpochEnd } });
  await Promise.all(saved);
  for (const [i, state] of states.entries()) {
    expect(stateOf(Network.loadSync(join(folder, String(i + 1)))).equals(state)).toBe(true);
  }
});

it('the body of a loop over epochs that does not wait saves the parameters of its epoch', async () => {
  const folder = newFolder();
  const net = network();
  const saved: Promise<void>[] = [];
  const states: Buffer[] = [];
  for await (const { epoch } of net.epochs(X, Y, { epochs: 4 })) {
    states.push(stateOf(net));
    saved.push(net.save(join(folder, String(epoch))));
  }
  await Promise.all(saved);
  for (const [i, state] of states.entries()) {
    expect(stateOf(Network.loadSync(join(folder, String(i + 1)))).equals(state)).toBe(true);
  }
});

it('a save that is aborted while it waits for a fit leaves nothing, and the queue goes on', async () => {
  const folder = newFolder();
  const net = network();
  const [ofFit, ofSave] = [new AbortController(), new AbortController()];
  const fit = net.fit(X, Y, { epochs: 1e9, batchSize: 'full', signal: ofFit.signal }).catch((error) => error);
  await underWay(net);
  const save = net.save(join(folder, 'model'), { signal: ofSave.signal });
  ofSave.abort();
  await expect(save).rejects.toMatchObject({ name: 'AbortError' });
  await underWay(net);
  expect(await net.predict(X)).toMatchObject({ rows: 30 });
  ofFit.abort();
  expect(await fit).toMatchObject({ name: 'AbortError' });
  expect(readdirSync(folder)).toEqual([]);
  await net.save(join(folder, 'model'));
  expect(stateOf(Network.loadSync(join(folder, 'model'))).equals(stateOf(net))).toBe(true);
});

it('a fit that begins while the network is being saved does not change what is saved', async () => {
  const path = join(newFolder(), 'model');
  const net = new Network(layers([1000, 1500, 1], 'relu', 'sigmoid'), { seed: 1 });
  const before = stateOf(net);
  const samples = randomMatrix(4, 1000, 1);
  const saved = net.save(path);
  const fit = net.fit(samples, randomLabels(4, 1, 2), { epochs: 2 });
  await Promise.all([saved, fit]);
  expect(stateOf(Network.loadSync(path)).equals(before)).toBe(true);
  expect(stateOf(net).equals(before)).toBe(false);
});

it('a worker that is terminated while it saves and loads leaves a whole file, and the process goes on', async () => {
  const path = join(newFolder(), 'model');
  const ended = await inChild(async (library, path) => {
    const { Worker } = require('node:worker_threads');
    const { Network }: Library = require(library);
    const net = new Network([{ inputDim: 1000, outputDim: 1500, activation: 'linear' }], { seed: 1 });
    net.saveSync(path);
    const program = `
      const { parentPort, workerData: { library, path } } = require('node:worker_threads');
      const { Network } = require(library);
      const net = Network.loadSync(path);
      (async () => {
        for (let i = 0; ; i++) {
          const both = [net.save(path), Network.load(path)];
          parentPort.postMessage(i);
          await Promise.all(both);
        }
      })();`;
    const last = (of: typeof net) => of.parameters.W1?.data.at(-1);
    const whole: boolean[] = [];
    for (let turns = 0; turns < 4; turns++) {
      const worker = new Worker(program, { eval: true, workerData: { library, path } });
      await new Promise<void>((resolve) => {
        worker.on('message', (turn: number) => {
          if (turn === turns) resolve();
        });
      });
      await worker.terminate();
      // A damaged file is refused.
      const loaded = await Network.load(path);
      whole.push(last(loaded) === last(net));
    }
    console.log(JSON.stringify(whole));
  }, path);
  expect(ended).toEqual(endedWell('[true,true,true,true]'));
});
