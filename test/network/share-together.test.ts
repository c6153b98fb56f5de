// Calls on shared memory that meet others: publications in the middle of an evaluation, aborts, trainings, and threads
// that outlive the network.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { Matrix, Network } from '../../lib';
import { newFolder, write } from '../support/scratch';
import { dist, endedWell, inChild, type Library, run } from './child';
import { layers, randomLabels, randomMatrix } from './helpers';

const line = layers([1, 1], 'tanh', 'linear');

/** A network that answers 1 with this number. */
function answer(net: Network, value: number): void {
  (net.parameters.W1 as Matrix).data[0] = value;
}

it('the loss and the metrics of an evaluation are those of one version', async () => {
  const net = new Network(line, { seed: 1 });
  answer(net, 1);
  const attached = Network.attach(net.share());
  const X = new Matrix(new Float64Array(5000).fill(1), 5000, 1);
  const Y = Matrix.zeros(5000, 1);
  let evaluated = false;
  const publishing = (async () => {
    for (let value = 2; !evaluated; value++) {
      answer(net, value);
      await net.publish();
    }
  })();
  for (let i = 0; i < 20; i++) {
    const options = { loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] } as const;
    const { loss, meanAbsoluteError } = (await attached.evaluate(X, Y, options)) as never as Record<
      string,
      number
    >;
    expect(loss).toBe((meanAbsoluteError as number) ** 2);
  }
  evaluated = true;
  await publishing;
  expect(attached.evaluateSync(X, Y, { metrics: ['meanAbsoluteError'] })).toEqual(
    net.evaluateSync(X, Y, { metrics: ['meanAbsoluteError'] }),
  );
});

it('an aborted publish has made a version and says so, or has made none', async () => {
  const net = new Network(line, { seed: 1 });
  net.share();
  for (let i = 0; i < 300; i++) {
    const controller = new AbortController();
    const before = net.version as number;
    const publishing = net.publish({ signal: controller.signal });
    setImmediate(() => controller.abort());
    const number = await publishing.catch((error: Error) => error.name);
    expect(net.version).toBe(number === 'AbortError' ? before : number);
  }
});

it('the first publish waits for its turn in a training, too, and shares the network', async () => {
  const net = new Network(layers([3, 40, 2], 'tanh', 'linear'), { seed: 1 });
  const [X, Y] = [randomMatrix(2000, 3, 1), randomLabels(2000, 2, 2)];
  const controller = new AbortController();
  const training = net.fit(X, Y, { epochs: 1e6, signal: controller.signal });
  const busy = () => {
    try {
      return net.predictSync(X) === undefined;
    } catch (error) {
      return (error as { code?: string }).code === 'ERR_BLASNET_BUSY';
    }
  };
  while (!busy()) await new Promise((resolve) => setImmediate(resolve));
  expect(await net.publish()).toBe(1);
  controller.abort();
  await expect(training).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  expect(await net.publish()).toBe(2);
  expect(Network.attach(net.share()).predictSync(X)).toEqual(net.predictSync(X));
});

it('a number of a version that somebody overwrote is any number', async () => {
  const net = new Network(line, { seed: 1 });
  const control = new Int32Array(net.share().control);
  control[17] = 2 ** 31 - 1;
  expect(net.version).toBe(2 ** 31);
  expect(await net.publish()).toBe(2 ** 31 + 1);
});

it('a handle goes from one build of the library to the other one, and back', async () => {
  const url = (file: string) => JSON.stringify(pathToFileURL(join(dist, file)).href);
  const folder = newFolder();
  const program = `
    import library from ${url('index.js')};
    import { Network as Other } from ${url('index.mjs')};
    const { Network } = library;
    const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'linear' }], { seed: 1 });
    const attached = Network.attach(Other.attach(net.share()).share());
    net.fitSync([[1, 2]], [[3]], { epochs: 1 });
    const version = await net.publish();
    const same = attached.predictSync([[1, 2]]).get(0, 0) === net.predictSync([[1, 2]]).get(0, 0);
    console.log(attached.version === version, same, net instanceof Other);
  `;
  write(folder, 'main.mjs', program);
  const ended = await run([join(folder, 'main.mjs')]);
  expect(ended).toEqual(endedWell('true true false'));
});

it('a worker reads on when the network is collected and the main thread has nothing to do', async () => {
  const ended = await inChild(
    async (path) => {
      const { Worker } = require('node:worker_threads');
      const { Network }: Library = require(path);
      const program = `
        const { parentPort, workerData } = require('node:worker_threads');
        const { Network, Matrix } = require(workerData.path);
        const net = Network.attach(workerData.handle);
        const right = net.predictSync([[1, 2]]).get(0, 0);
        parentPort.once('message', async () => {
          const X = new Matrix(new Float64Array(2000).map((_, i) => 1 + (i % 2)), 1000, 2);
          for (let i = 0; i < 50; i++)
            if ((await net.predict(X)).data.some((value) => value !== right)) throw new Error('another answer');
          console.log(net.version);
        });
        parentPort.postMessage('ready');
      `;
      const start = async () => {
        const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'linear' }], { seed: 1 });
        const worker = new Worker(program, { eval: true, workerData: { path, handle: net.share() } });
        await new Promise((resolve) => worker.once('message', resolve));
        await net.publish();
        worker.postMessage('go');
        return new WeakRef(net);
      };
      const dropped = await start();
      // deref keeps the network until the event loop turns.
      do {
        await new Promise((resolve) => setImmediate(resolve));
        (global as { gc?: () => void }).gc?.();
      } while (dropped.deref() !== undefined);
    },
    undefined,
    { flags: ['--expose-gc'] },
  );
  expect(ended).toEqual(endedWell('2'));
});
