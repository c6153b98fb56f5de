// Writing and reading files: invalid paths, other threads and processes, trainings in progress.

import { readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Network } from '../../../lib/network/network';
import { type BadCall, itRejects } from '../../support/bad-input';
import { newFolder } from '../../support/scratch';
import { endedWell, inChild, type Library } from '../child';
import { layers, longEpoch, randomLabels, randomMatrix, snapshot, underWay } from '../helpers';
import { bits } from './helpers';

const architecture = layers([2, 8, 1], 'tanh', 'sigmoid');
const network = () => new Network(architecture, { seed: 1 });
const X = randomMatrix(50, 2, 1);
const Y = randomLabels(50, 1, 2);

describe('a path', () => {
  const bad = [
    { path: undefined, error: TypeError, got: 'undefined' },
    { path: null, error: TypeError, got: 'null' },
    { path: 7, error: TypeError, got: '7 (number)' },
    { path: ['model'], error: TypeError, got: 'an array of length 1' },
    { path: new URL('http://host/model'), error: RangeError, got: 'a URL of http:' },
    { path: '', error: RangeError, got: '"" (string)' },
    { path: 'a\0b', error: RangeError, got: '"a\\u0000b" (string)' },
  ] as const;
  const rejected = (method: string, call: (path: never) => unknown): BadCall[] =>
    bad.map(({ path, error, got }) => ({
      what: `${got} for the path of ${method}`,
      call: () => call(path as never),
      error,
      code: error === TypeError ? 'ERR_BLASNET_ARG_TYPE' : 'ERR_BLASNET_ARG_VALUE',
      message: `Expected path to be a non-empty path without null characters or a file: URL, got ${got}`,
    }));
  itRejects([
    ...rejected('saveSync', (path) => network().saveSync(path)),
    ...rejected('loadSync', (path) => Network.loadSync(path)),
  ]);

  it.each(bad)('rejects $got for the paths of save, load and resume', async ({ path, error: kind }) => {
    for (const call of [
      network().save(path as never),
      Network.load(path as never),
      Network.resume(path as never, X, Y, { epochs: 1 }),
    ]) {
      const error = await call.then(
        () => expect.fail(),
        (error: Error) => error,
      );
      expect(error.constructor).toBe(kind);
      expect(error.message).toMatch(/^Expected path to be a non-empty path/);
    }
  });
});

it('the error names a place that takes no file, or has none', async () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'file'), '');
  const net = network();
  const messages = async (...parts: string[]) => {
    const path = join(folder, ...parts);
    const calls = [net.save(path), Network.load(path), Network.resume(path, X, Y, { epochs: 1 })];
    return (await Promise.allSettled(calls)).map((result) => {
      const { code, message } = (result as PromiseRejectedResult).reason;
      expect(code).toBe('ERR_BLASNET_FILE');
      return message.replaceAll(folder, '');
    });
  };
  const missing = 'no such file or directory (ENOENT)';
  const below = 'not a directory (ENOTDIR)';
  const directory = 'Expected "" to be a file, got a directory';
  expect(await messages('none', 'model')).toEqual([
    `Cannot write "/none/model": ${missing}`,
    `Cannot read "/none/model": ${missing}`,
    `Cannot read "/none/model": ${missing}`,
  ]);
  expect(await messages('file', 'model')).toEqual([
    `Cannot write "/file/model": ${below}`,
    `Cannot read "/file/model": ${below}`,
    `Cannot read "/file/model": ${below}`,
  ]);
  expect(await messages()).toEqual([
    directory,
    directory,
    `Expected the content of "" to be a training's checkpoints, got none`,
  ]);
  expect(readdirSync(folder)).toEqual(['file']);
});

it('saving replaces the file that was there, through a link, too', async () => {
  const folder = newFolder();
  const path = join(folder, 'model');
  writeFileSync(path, 'something else');
  symlinkSync('model', join(folder, 'link'));
  const net = network();
  await net.save(path);
  expect(bits(await Network.load(join(folder, 'link')))).toEqual(bits(net));
  net.parameters.W1?.data.fill(3);
  net.saveSync(join(folder, 'link'));
  expect(bits(await Network.load(path))).toEqual(bits(net));
  expect(readdirSync(folder).sort()).toEqual(['link', 'model']);
});

it('a network that cannot be saved leaves the old file', async () => {
  const folder = newFolder();
  const path = join(folder, 'model');
  const net = network();
  await net.save(path);
  const before = bits(net);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    net.parameters.W1?.data.set([value], 5);
    const error = {
      code: 'ERR_BLASNET_NOT_FINITE',
      message: `Expected W1[2][1] to be a finite number, got ${value} (number)`,
    };
    await expect(net.save(path)).rejects.toMatchObject(error);
    expect(() => net.saveSync(path)).toThrow(error.message);
  }
  expect(bits(Network.loadSync(path))).toEqual(before);
  expect(readdirSync(folder)).toEqual(['model']);
});

it('many savings at a time leave one of the files, whole', async () => {
  const folder = newFolder();
  const path = join(folder, 'model');
  const net = network();
  const versions = Array.from({ length: 20 }, async (_, version) => {
    net.parameters.b2?.data.fill(version);
    await net.save(path);
    return Network.loadSync(path).parameters.b2?.data[0];
  });
  const found = await Promise.all(versions);
  expect(found.every((version) => Number.isInteger(version))).toBe(true);
  const { data } = Network.loadSync(path).parameters.b2 ?? expect.fail();
  expect(data[0]).toBeGreaterThanOrEqual(0);
  expect(readdirSync(folder)).toEqual(['model']);
});

describe('saving in a training', () => {
  it('writes the epoch that a callback or a loop is at', async () => {
    const path = join(newFolder(), 'model');
    const net = network();
    const check = () => expect(bits(Network.loadSync(path))).toEqual(bits(net));
    const onEpochEnd = async () => {
      await net.save(path);
      check();
    };
    await net.fit(X, Y, { epochs: 3, callbacks: { onEpochEnd, onBatchEnd: onEpochEnd } });
    net.fitSync(X, Y, { epochs: 2, callbacks: { onBatchEnd: () => net.saveSync(path) } });
    check();
    for await (const _ of net.epochs(X, Y, { epochs: 3 })) {
      const saved = net.save(path);
      const before = bits(net);
      await saved;
      expect(bits(await Network.load(path))).toEqual(before);
    }
  });

  it('waits while a step is being taken; saveSync is refused then, and possible again after it', async () => {
    const path = join(newFolder(), 'model');
    const samples = longEpoch();
    const net = network();
    const controller = new AbortController();
    const fit = net.fit(samples.X, samples.Y, { ...samples.options, signal: controller.signal });
    await underWay(net);
    const saved = net.save(path);
    expect(() => net.saveSync(path)).toThrow(expect.objectContaining({ code: 'ERR_BLASNET_BUSY' }));
    controller.abort();
    await expect(fit).rejects.toThrow('aborted');
    await saved;
    expect(snapshot(Network.loadSync(path))).toEqual(snapshot(net));
    net.saveSync(path);
    expect(snapshot(Network.loadSync(path))).toEqual(snapshot(net));
  });
});

it('another process and another thread predict the same', async () => {
  const folder = newFolder();
  const path = join(folder, 'model');
  const net = network();
  net.fitSync(X, Y, { epochs: 3 });
  await net.save(path);
  const rows = X.toArray();
  const predicted = JSON.stringify(net.predictSync(X).toArray());
  const ended = await inChild(
    async (library, { path, rows }) => {
      const { Worker } = require('node:worker_threads');
      const { Network }: Library = require(library);
      const program = `
        const { parentPort, workerData: { library, path, rows } } = require('node:worker_threads');
        const { Network } = require(library);
        const net = Network.loadSync(path);
        net.save(path + '-again').then(() => parentPort.postMessage(net.predictSync(rows).toArray()));`;
      const worker = new Worker(program, { eval: true, workerData: { library, path, rows } });
      const inWorker = await new Promise((resolve, reject) =>
        worker.once('message', resolve).once('error', reject),
      );
      const here = (await Network.load(`${path}-again`)).predictSync(rows).toArray();
      console.log(JSON.stringify([here, inWorker]));
    },
    { path, rows },
  );
  expect(ended).toEqual(endedWell(`[${predicted},${predicted}]`));
});
