// Mapped files that become shorter: no signal ends the process, and whatever reads the matrix rejects.

import { truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  functional,
  Matrix,
  metrics,
  Network,
  preprocessing,
  standardScaler,
  trainTestSplit,
} from '../../lib/index';
import { endedWell, inChild, type Library } from '../network/child';
import { openOf } from '../support/open-files';
import { npyFile, waves } from './npy';

// Windows lets nobody shorten a file that is mapped.
const isWindows = process.platform === 'win32';
const layers = [
  { inputDim: 2, outputDim: 3, activation: 'tanh' as const },
  { outputDim: 1, activation: 'linear' },
];

/** A mapped X whose file has lost its second half, or its last number: zeros without a signal. */
async function shortened(lost: 'half' | 'number', rows = 4096): Promise<Matrix<Float64Array>> {
  const path = npyFile({ shape: [rows, 2] }, waves(2 * rows));
  const matrix = await Matrix.map(path, { dtype: 'float64' });
  truncateSync(path, lost === 'half' ? 128 + 8 * rows : 128 + 16 * rows - 8);
  return matrix;
}

describe.skipIf(isWindows).each(['half', 'number'] as const)('if a %s is lost', (lost) => {
  const Y = new Matrix(waves(4096), 4096, 1);
  const net = () => new Network(layers, { seed: 1 });
  const calls: [string, (X: Matrix<Float64Array>) => unknown][] = [
    ['predict', (X) => net().predict(X)],
    ['predictSync', (X) => net().predictSync(X)],
    ['evaluate', (X) => net().evaluate(X, Y)],
    ['fit', (X) => net().fit(X, Y, { epochs: 2 })],
    ['fitSync', (X) => net().fitSync(X, Y, { epochs: 2 })],
    ['gradients', (X) => net().gradients(X, Y)],
    ['a scaler', (X) => preprocessing([standardScaler()]).fit(X)],
    ['trainTestSplit', (X) => trainTestSplit(X, Y, { testSize: 0.5, seed: 1 })],
    ['a metric', (X) => metrics.meanSquaredError(X, new Matrix(waves(8192), 4096, 2))],
    ['a metric on other threads', (X) => metrics.async.meanSquaredError(X, X)],
    [
      'Y of fit',
      (X) => net().fit(Matrix.zeros(4096, 2), new Matrix(X.data.subarray(4096), 4096, 1), { epochs: 1 }),
    ],
    ['a function of the article', (X) => functional.getCostValue(X, X)],
  ];
  it.each(calls)('%s rejects by the name of the file', async (_, call) => {
    const X = await shortened(lost);
    let error: unknown;
    try {
      await call(X);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      code: 'ERR_BLASNET_FILE',
      message: expect.stringMatching(/^Cannot read ".*x\.npy": it became shorter while it was mapped/),
    });
  });

  it('reads of JavaScript find zeros, and operations on other matrices go on', async () => {
    const X = await shortened(lost);
    expect(X.get(4095, 1)).toBe(0);
    expect(X.get(0, 1)).toBe(waves(2)[1]);
    expect((await net().predict(new Matrix(waves(4), 2, 2))).rows).toBe(2);
  });

  it('a training takes no step with what is not in the file', async () => {
    const path = npyFile({ shape: [4096, 2] }, waves(8192));
    const X = await Matrix.map(path);
    const short = net();
    const whole = net();
    const options = { batchSize: 64, shuffle: false };
    const training = short.fit(X, Y, {
      ...{ ...options, epochs: 5 },
      callbacks: ({ epoch }) => {
        if (epoch === 2) truncateSync(path, lost === 'half' ? 128 : 128 + 8 * 8191);
      },
    });
    await expect(training).rejects.toMatchObject({ code: 'ERR_BLASNET_FILE' });
    await whole.fit(new Matrix(waves(8192), 4096, 2), Y, { ...options, epochs: 2 });
    expect(short.parameters).toEqual(whole.parameters);
    // The network goes on with other data.
    await short.fit(new Matrix(waves(8192), 4096, 2), Y, { ...options, epochs: 1 });
  });
});

describe.skipIf(isWindows)('in a process of its own', () => {
  it('a training on several threads ends with an error when another process empties the file', async () => {
    const path = npyFile({ shape: [200_000, 8] }, waves(1_600_000));
    const ended = await inChild(async (library, file) => {
      const { Matrix, Network, setThreads } = require(library) as Library;
      const { spawn } = require('node:child_process') as typeof import('node:child_process');
      setThreads(4);
      const X = await Matrix.map(file);
      const Y = Matrix.zeros(X.rows, 1);
      const net = new Network(
        [
          { inputDim: 8, outputDim: 16, activation: 'relu' },
          { outputDim: 1, activation: 'linear' },
        ],
        { seed: 1 },
      );
      let epochs = 0;
      const training = net.fit(X, Y, {
        ...{ epochs: 1e6, batchSize: 4096, shuffle: true },
        callbacks: () => {
          const script = 'require("node:fs").truncateSync(process.argv[1], 100)';
          if (++epochs === 2) spawn(process.execPath, ['-e', script, file]);
        },
      });
      const code = await training.then(
        () => 'trained',
        (error) => error.code,
      );
      const finite = Object.values(net.parameters).every(({ data }) => data.every(Number.isFinite));
      console.log(code, finite);
    }, path);
    expect(ended).toEqual(endedWell('ERR_BLASNET_FILE true'));
  });

  it('worker threads that read one lost file each get their error', async () => {
    const path = npyFile({ shape: [100_000, 2] }, waves(200_000));
    const ended = await inChild(async (library, file) => {
      const { Worker } = require('node:worker_threads') as typeof import('node:worker_threads');
      const body = `
          const { Matrix, Network } = require(${JSON.stringify(library)});
          const { parentPort } = require('node:worker_threads');
          (async () => {
            const X = await Matrix.map(${JSON.stringify(file)});
            parentPort.postMessage('mapped');
            await new Promise((resolve) => parentPort.once('message', resolve));
            const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'linear' }]);
            parentPort.postMessage(await net.predict(X).then(() => 'predicted', (error) => error.code));
          })();`;
      const workers = [1, 2, 3].map(() => new Worker(body, { eval: true }));
      const next = (worker: import('node:worker_threads').Worker) =>
        new Promise((resolve) => worker.once('message', resolve));
      await Promise.all(workers.map(next));
      (require('node:fs') as typeof import('node:fs')).truncateSync(file, 200);
      const ends = workers.map(next);
      for (const worker of workers) worker.postMessage('go');
      console.log(...(await Promise.all(ends)));
      for (const worker of workers) await worker.terminate();
    }, path);
    expect(ended).toEqual(endedWell('ERR_BLASNET_FILE ERR_BLASNET_FILE ERR_BLASNET_FILE'));
  });

  it('a worker may end while it trains on a mapped file', async () => {
    const path = npyFile({ shape: [100_000, 2] }, waves(200_000));
    const ended = await inChild(async (library, file) => {
      const { Worker } = require('node:worker_threads') as typeof import('node:worker_threads');
      const body = `
          const { Matrix, Network } = require(${JSON.stringify(library)});
          const { parentPort } = require('node:worker_threads');
          const net = new Network([{ inputDim: 2, outputDim: 4, activation: 'tanh' }, { outputDim: 1, activation: 'linear' }]);
          // The network's objects are older than the map, so that their environment's end comes later.
          net.fit(Matrix.zeros(9000, 2), Matrix.zeros(9000, 1), { epochs: 1 }).then(async () => {
            const X = await Matrix.map(${JSON.stringify(file)});
            net.fit(X, Matrix.zeros(X.rows, 1), { epochs: 1e9, callbacks: () => parentPort.postMessage(1) });
          });`;
      for (let i = 0; i < 5; i++) {
        const worker = new Worker(body, { eval: true });
        await new Promise((resolve) => worker.once('message', resolve));
        await worker.terminate();
      }
      console.log('done');
    }, path);
    expect(ended).toEqual(endedWell('done'));
  });

  it('a signal that is sent goes to the handler before, or ends the process', async () => {
    const path = npyFile({ shape: [9] }, waves(9));
    const body = async (library: string, { file, listens }: { file: string; listens: boolean }) => {
      const { Matrix } = require(library) as Library;
      if (listens)
        process.on('SIGBUS', () => {
          console.log('heard');
          process.exit();
        });
      const X = await Matrix.map(file);
      process.kill(process.pid, 'SIGBUS');
      setTimeout(() => console.log(X.rows), 60_000);
    };
    expect(await inChild(body, { file: path, listens: true })).toEqual(endedWell('heard'));
    expect(await inChild(body, { file: path, listens: false })).toMatchObject({ signal: 'SIGBUS' });
  });

  it('a handler of SIGBUS that came after the map, or went, does not take the guard away', async () => {
    const paths = [1, 2].map((i) => npyFile({ shape: [4096, 2] }, waves(8192), `lost ${i}.npy`));
    const ended = await inChild(async (library, files) => {
      const { Matrix, Network } = require(library) as Library;
      const { truncateSync } = require('node:fs') as typeof import('node:fs');
      const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'linear' }], { seed: 1 });
      const predict = async (file: string, X: import('../../lib/index').Matrix) => {
        truncateSync(file, 200);
        const code = await net.predict(X).then(
          () => 'predicted',
          (error) => error.code,
        );
        console.log(code);
      };
      const [one, other] = files as [string, string];
      setTimeout(() => {}, 60_000);
      const [X, Z] = [await Matrix.map(one), await Matrix.map(other)];
      const heard = new Promise<void>((resolve) => process.once('SIGBUS', () => resolve()));
      await predict(one, X);
      process.kill(process.pid, 'SIGBUS');
      await heard;
      console.log('heard');
      await predict(other, Z);
      process.kill(process.pid, 'SIGBUS');
    }, paths);
    expect(ended).toMatchObject({
      signal: 'SIGBUS',
      stdout: expect.stringMatching(/^ERR_BLASNET_FILE\nheard\nERR_BLASNET_FILE\n?$/),
    });
  });

  // Which files are open is read from /proc.
  it.skipIf(process.platform !== 'linux')('a matrix that is collected lets go of its file', async () => {
    const path = npyFile({ shape: [9] }, waves(9));
    const ended = await inChild(
      async (library, file) => {
        const { Matrix } = require(library) as Library;
        const { readFileSync, readdirSync, readlinkSync } = require('node:fs') as typeof import('node:fs');
        const maps = () => readFileSync('/proc/self/maps', 'utf8').split(file).length - 1;
        const open = () =>
          readdirSync('/proc/self/fd').filter((fd) => {
            try {
              return readlinkSync(`/proc/self/fd/${fd}`) === file;
            } catch {
              return false;
            }
          }).length;
        const kept = await Matrix.map(file);
        await (async () => {
          for (let i = 0; i < 20; i++) await Matrix.map(file);
        })();
        const most = maps();
        // Finalizers run when the event loop turns.
        while (maps() > 1 || open() > 1) {
          gc?.();
          await new Promise(setImmediate);
        }
        console.log(most > 1, maps(), open(), kept.get(8, 0));
      },
      path,
      { flags: ['--expose-gc'] },
    );
    expect(ended).toEqual(endedWell(`true 1 1 ${waves(9)[8]}`));
  });
});

// Which files are open is read from /proc.
it.skipIf(process.platform !== 'linux')('a file that is refused is not kept open', async () => {
  const path = npyFile({ shape: [1, 2, 3] }, waves(6));
  await expect(Matrix.map(path)).rejects.toMatchObject({ code: 'ERR_BLASNET_FILE' });
  expect(openOf(path)).toBe(0);
});
