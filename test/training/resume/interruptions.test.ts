// All the ways in which a training ends too early, and from where it goes on.

import { spawn } from 'node:child_process';
import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { labelEncoder } from '../../../lib';
import { Network } from '../../../lib/network/network';
import { adam } from '../../../lib/optimizers/optimizers';
import { imputer, preprocessing, standardScaler } from '../../../lib/preprocessing';
import type { FitOptions } from '../../../lib/training/options';
import { dist } from '../../network/child';
import { bits } from '../../network/files/helpers';
import { randomMatrix } from '../../network/helpers';
import { newFolder } from '../../support/scratch';
import {
  expectSame,
  interruptedAfter,
  networkOf,
  random,
  samplesOf,
  type Training,
  uninterrupted,
} from './helpers';

vi.setConfig({ testTimeout: 120_000 });

const common = { epochs: 6, batchSize: 16, optimizer: adam({ learningRate: 0.01 }), validationSplit: 0.2 };
const training: Training = { options: () => common };
const { Y } = samplesOf(training);
const X = randomMatrix(60, 3, 1);
/** The epochs of the checkpoints in a folder, where a killed process may have left a temporary file as well. */
const epochsIn = (folder: string) =>
  readdirSync(folder).flatMap((name) => /^checkpoint-(\d+)/.exec(name)?.slice(1).map(Number) ?? []);

async function expectWhole(directory: string): Promise<void> {
  expectSame(await Network.resume(directory, X, Y, common), await uninterrupted(training), training);
}

it('by a signal amid an epoch', async () => {
  const directory = newFolder();
  const controller = new AbortController();
  const onBatchEnd = ({ epoch, batch }: { epoch: number; batch: number }) => {
    if (epoch === 4 && batch === 2) controller.abort();
  };
  const fit = networkOf(training).fit(X, Y, {
    ...common,
    callbacks: { onBatchEnd },
    checkpoint: { directory },
    signal: controller.signal,
  });
  await expect(fit).rejects.toThrow('The operation was aborted');
  expect(epochsIn(directory)).toEqual([1, 2, 3]);
  // With such a callback, too: an epoch that goes batch by batch sums its loss in another order.
  const batches: Training = { options: () => ({ ...common, callbacks: { onBatchEnd: () => {} } }) };
  const resumed = await Network.resume(directory, X, Y, batches.options(3));
  expectSame(resumed, await uninterrupted(batches), batches);
});

it('by a loop that is left', async () => {
  const directory = newFolder();
  for await (const { epoch } of networkOf(training).epochs(X, Y, { ...common, checkpoint: { directory } })) {
    if (epoch === 2) break;
  }
  expect(epochsIn(directory)).toEqual([1, 2]);
  await expectWhole(directory);
});

it('by an error on the thread of fitSync', async () => {
  const directory = newFolder();
  const callbacks = ({ epoch }: { epoch: number }) => {
    if (epoch === 5) throw new Error('mine');
  };
  expect(() =>
    networkOf(training).fitSync(X, Y, { ...common, callbacks, checkpoint: { directory } }),
  ).toThrow('mine');
  expect(epochsIn(directory)).toEqual([2, 3, 4]);
  await expectWhole(directory);
});

it('again and again, each time into the same folder', async () => {
  const directory = await interruptedAfter(1, training);
  for (const last of [2, 3, 4]) {
    const callbacks = ({ epoch }: { epoch: number }) => {
      if (epoch > last) throw new Error('again');
    };
    const resumed = Network.resume(directory, X, Y, { ...common, callbacks, checkpoint: { directory } });
    await expect(resumed).rejects.toThrow('again');
  }
  expect(epochsIn(directory)).toEqual([2, 3, 4]);
  await expectWhole(directory);
});

it('between two checkpoints, which come every third epoch and after the last', async () => {
  const directory = newFolder();
  const callbacks = ({ epoch }: { epoch: number }) => epoch < 5;
  const checkpoint = { directory, everyEpochs: 3, keepLast: 9 };
  await networkOf(training).fit(X, Y, { ...common, callbacks, checkpoint });
  expect(epochsIn(directory)).toEqual([3, 5]);
  for (const epoch of [3, 5]) await expectWhole(join(directory, `checkpoint-00000${epoch}.safetensors`));
});

it('and goes on from any file, wherever it is', async () => {
  const directory = await interruptedAfter(3, training);
  for (const name of readdirSync(directory)) {
    const path = join(newFolder(), 'elsewhere');
    copyFileSync(join(directory, name), path);
    const resumed = await Network.resume(path, X, Y, { ...common, checkpoint: { directory: `${path}s` } });
    expectSame(resumed, await uninterrupted(training), training);
    expect(epochsIn(`${path}s`)).toEqual([4, 5, 6]);
  }
});

it('with the best checkpoint kept', async () => {
  const best = { monitor: 'valLoss', mode: 'max' } as const;
  const directory = newFolder();
  const options = { ...common, epochs: 12, checkpoint: { directory, keepLast: 2, best } };
  const { valLoss = [] } = await networkOf(training).fit(X, Y, options);
  const epoch = 1 + valLoss.indexOf(Math.max(...valLoss));
  expect(epochsIn(directory)).toEqual([...new Set([epoch, 11, 12])]);
});

it('with preprocessing and labels, which come out of the checkpoint', async () => {
  const table = X.toArray().map((row, i) => (i % 5 === 0 ? [Number.NaN, ...row.slice(1)] : row));
  const names = Y.toArray().map(([label]) => (label === 1 ? 'yes' : 'no'));
  const make = () =>
    new Network(random, {
      seed: 4,
      preprocessing: preprocessing([imputer(), standardScaler()]),
      labels: labelEncoder(),
    });
  const directory = newFolder();
  const whole = make();
  const history = await whole.fit(table, names, common);
  const callbacks = ({ epoch }: { epoch: number }) => epoch < 3;
  await make().fit(table, names, { ...common, callbacks, checkpoint: { directory } });
  const resumed = await Network.resume(directory, table, names, common);
  expect(resumed.history).toEqual(history);
  expect(bits(resumed.network)).toEqual(bits(whole));
  expect(resumed.network.classifySync(table)).toEqual(whole.classifySync(table));
});

it('a checkpoint is a model file as well', async () => {
  const directory = newFolder();
  const net = networkOf(training);
  const seen: Record<string, string>[] = [];
  const callbacks = () => seen.push(bits(net)) > 0;
  await net.fit(X, Y, { ...common, callbacks, checkpoint: { directory, keepLast: 6 } });
  const loaded = readdirSync(directory).map((name) => bits(Network.loadSync(join(directory, name))));
  expect(loaded).toEqual(seen);
});

// Trains in a process of its own, from the newest checkpoint if there is one; says every epoch, whose checkpoint may
// be written before that or after.
const program = `
  const { readdirSync, writeSync } = require('node:fs');
  const [library, directory, given] = process.argv.slice(1);
  const { adam, Network } = require(library);
  const { layers, X, Y, options, way } = JSON.parse(given);
  const all = {
    ...options,
    optimizer: adam(options.optimizer),
    checkpoint: { directory, everyEpochs: 1 },
    callbacks: ({ epoch }) => void writeSync(1, epoch + '\\n'),
  };
  if (readdirSync(directory).some((name) => name.startsWith('checkpoint-'))) Network.resume(directory, X, Y, all);
  else new Network(layers, { seed: 11 })[way](X, Y, all);
`;

/** Kills a process after so many lines on its output, at whatever it is then. */
function killedAfter(lines: number, script: string, ...args: string[]): Promise<string[]> {
  const child = spawn(process.execPath, ['-e', script, dist, ...args]);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const output = { stdout: '', stderr: '' };
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    output.stderr += part;
  });
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    output.stdout += part;
    if (output.stdout.split('\n').length > lines) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (_, signal) => {
      if (signal === 'SIGKILL' && output.stderr === '') resolve(output.stdout.trimEnd().split('\n'));
      else reject(new Error(`The process ended by ${signal}: ${output.stderr}`));
    });
  });
}

describe('by a kill at any moment', () => {
  it.each(['fit', 'fitSync'])('of checkpointing (%s)', async (way) => {
    const directory = newFolder();
    const options = { epochs: 1_000_000, batchSize: 16, validationSplit: 0.2 };
    const optimizer = { learningRate: 0.01 };
    const given = { layers: random, X: X.toArray(), Y: Y.toArray(), options: { ...options, optimizer }, way };
    for (let round = 0; round < 16; round++) {
      const lines = await killedAfter(1 + ((7 * round) % 10), program, directory, JSON.stringify(given));
      const newest = Math.max(...epochsIn(directory), 0);
      expect([Number(lines.at(-1)) - 1, Number(lines.at(-1))]).toContain(newest);
    }
    const newest = Math.max(...epochsIn(directory));
    const whole: Training = {
      options: (): FitOptions => ({ ...options, epochs: newest + 3, optimizer: adam(optimizer) }),
    };
    const resumed = await Network.resume(directory, X, Y, whole.options(newest));
    expectSame(resumed, await uninterrupted(whole), whole);
  });

  // Every parameter is the version's number; a line says that it is about to be written, another that it is.
  const saving = `
    const { writeSync } = require('node:fs');
    const [library, path, first, way] = process.argv.slice(1);
    const { Network } = require(library);
    const net = new Network([{ inputDim: 100, outputDim: 200, activation: 'relu' }, { outputDim: 1, activation: 'linear' }]);
    (async () => {
      for (let version = Number(first); ; version++) {
        for (const { data } of Object.values(net.parameters)) data.fill(version);
        writeSync(1, version + '\\n');
        await net[way](path);
        writeSync(1, version + '\\n');
      }
    })();`;

  it.each(['save', 'saveSync'])('of %s', async (way) => {
    const path = join(newFolder(), 'model.safetensors');
    new Network(random).saveSync(path);
    let version = 0;
    for (let round = 0; round < 16; round++) {
      const lines = await killedAfter(2 + ((5 * round) % 9), saving, path, String(version + 1), way);
      const { W1, b2 } = Network.loadSync(path).parameters;
      version = b2?.data[0] as number;
      expect(W1?.data.every((value) => value === version)).toBe(true);
      const last = Number(lines.at(-1));
      // Said twice: it is written. Said once: it may be.
      const said = lines.filter((line) => Number(line) === last).length;
      expect(said === 2 ? [last] : [last - 1, last]).toContain(version);
    }
  });
});
