// The end of a process with trainings that run on the addon's threads.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newFolder } from '../support/scratch';
import { endedWell, inChild, type Library } from './child';

describe('a process', () => {
  it('lives until its trainings and predictions are done, and then ends by itself', async () => {
    const ended = await inChild((path) => {
      const { Network }: Library = require(path);
      const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], { seed: 1 });
      const X = new Float64Array(40_000);
      const Y = new Float64Array(20_000);
      const lines: string[] = [];
      // Nothing awaits these; the operations themselves keep the process alive.
      net.fit(X, Y, { epochs: 20 }).then(() => lines.push('fit'));
      net.predict(X).then(() => lines.push('predict'));
      net.evaluate(X, Y).then(() => lines.push('evaluate'));
      process.once('exit', () => console.log(lines.sort().join(' ')));
    }, undefined);
    expect(ended).toEqual(endedWell('evaluate fit predict'));
  });

  it('ends with a network, a finished loop and an idle thread at hand', async () => {
    const ended = await inChild(async (path) => {
      const { Network }: Library = require(path);
      const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], { seed: 1 });
      const X = new Float64Array(200);
      const Y = new Float64Array(100);
      for await (const { epoch } of net.epochs(X, Y, { epochs: 5 })) if (epoch === 2) break;
      Object.assign(globalThis, { net, loop: net.epochs(X, Y, { epochs: 5 }) });
      console.log('done');
    }, undefined);
    expect(ended).toEqual(endedWell('done'));
  });

  it('does not stay alive for a loop that nobody continues', async () => {
    const ended = await inChild(async (path) => {
      const { Network }: Library = require(path);
      const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], { seed: 1 });
      const loop = net.epochs(new Float64Array(200), new Float64Array(100), { epochs: 5 });
      await loop.next();
      console.log('one epoch');
    }, undefined);
    expect(ended).toEqual(endedWell('one epoch'));
  });

  // Jobs run inside BLAS, on large matrices, when the process unloads the libraries. A crash depends on timing, so
  // there are four rounds.
  it.each([
    { what: 'process.exit(3)', way: 'exit', code: 3, complaint: '' },
    { what: 'an uncaught error', way: 'throw', code: 1, complaint: 'Error: mine' },
    { what: 'SIGTERM', way: 'kill', code: null, complaint: '' },
  ] as const)('ends amid trainings by $what', async ({ way, code, complaint }) => {
    for (let round = 0; round < 4; round++) {
      const ended = await inChild(async (path, end) => {
        const { Network }: Library = require(path);
        const size = 512;
        const X = new Float64Array(size * 400).map((__, i) => Math.sin(i));
        const Y = new Float64Array(400);
        for (let i = 0; i < 4; i++) {
          const net = new Network(
            [
              { inputDim: size, outputDim: size, activation: 'relu' },
              { inputDim: size, outputDim: 1, activation: 'sigmoid' },
            ],
            { seed: i },
          );
          net.fit(X, Y, { epochs: 1000, batchSize: 64, shuffle: false });
          const bias = net.parameters.b2?.data ?? [];
          while (bias[0] === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        if (end === 'exit') process.exit(3);
        if (end === 'throw') throw new Error('mine');
        process.kill(process.pid, 'SIGTERM');
      }, way);
      expect(ended.stderr).toContain(complaint);
      if (complaint === '') expect(ended.stderr).toBe('');
      // Windows has no signals: kill ends a process with code 1.
      const killed = process.platform === 'win32' ? { code: 1, signal: null } : { code, signal: 'SIGTERM' };
      expect(ended).toMatchObject({ ...(way === 'kill' ? killed : { code, signal: null }), stdout: '' });
    }
  });
});

it.skipIf(process.platform === 'win32')('a training needs no thread of libuv’s pool', async () => {
  const pipe = join(newFolder(), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const ended = await inChild(
    async (path, fifo) => {
      const { open, closeSync, openSync } = require('node:fs');
      const { Network }: Library = require(path);
      const lines: string[] = [];
      // Opening a pipe waits for its other end, here on the only thread of the pool.
      const blocked = new Promise<void>((resolve) => {
        open(fifo, 'r', (_: unknown, descriptor: number) => {
          lines.push('pool');
          closeSync(descriptor);
          resolve();
        });
      });
      const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], { seed: 1 });
      const X = new Float64Array(200);
      const Y = new Float64Array(100);
      await net.fit(X, Y, { epochs: 20 });
      lines.push('fit');
      await Promise.all([net.predict(X), net.evaluate(X, Y)]);
      lines.push('predict');
      closeSync(openSync(fifo, 'w'));
      await blocked;
      console.log(lines.join(' '));
    },
    pipe,
    { env: { UV_THREADPOOL_SIZE: '1' } },
  );
  expect(ended).toEqual(endedWell('fit predict pool'));
});
