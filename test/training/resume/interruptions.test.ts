// Each way in which a training ends too early, and the epoch from which it continues.

import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { labelEncoder } from '../../../lib';
import { Network } from '../../../lib/network/network';
import { adam } from '../../../lib/optimizers/optimizers';
import { imputer, preprocessing, standardScaler } from '../../../lib/preprocessing';
import { bits } from '../../network/files/helpers';
import { randomMatrix } from '../../network/helpers';
import { newFolder } from '../../support/scratch';
import {
  epochsIn,
  expectSame,
  interruptedAfter,
  networkOf,
  random,
  samplesOf,
  type Training,
  uninterrupted,
} from './helpers';

const common = { epochs: 6, batchSize: 16, optimizer: adam({ learningRate: 0.01 }), validationSplit: 0.2 };
const training: Training = { options: () => common };
const { Y } = samplesOf(training);
const X = randomMatrix(60, 3, 1);

async function expectWhole(directory: string): Promise<void> {
  expectSame(await Network.resume(directory, X, Y, common), await uninterrupted(training), training);
}

it('a training that a signal ended during an epoch can be resumed', async () => {
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
  // Resumes with such a callback, too, since an epoch that goes batch by batch sums its loss in another order.
  const batches: Training = { options: () => ({ ...common, callbacks: { onBatchEnd: () => {} } }) };
  const resumed = await Network.resume(directory, X, Y, batches.options(3));
  expectSame(resumed, await uninterrupted(batches), batches);
});

it('a training whose loop was left can be resumed', async () => {
  const directory = newFolder();
  for await (const { epoch } of networkOf(training).epochs(X, Y, { ...common, checkpoint: { directory } })) {
    if (epoch === 2) break;
  }
  expect(epochsIn(directory)).toEqual([1, 2]);
  await expectWhole(directory);
});

it('a training that an error ended on the thread of fitSync can be resumed', async () => {
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

it('a training that is interrupted again and again continues in the same folder', async () => {
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

it('a training continues from checkpoints that come every third epoch and after the last', async () => {
  const directory = newFolder();
  const callbacks = ({ epoch }: { epoch: number }) => epoch < 5;
  const checkpoint = { directory, everyEpochs: 3, keepLast: 9 };
  await networkOf(training).fit(X, Y, { ...common, callbacks, checkpoint });
  expect(epochsIn(directory)).toEqual([3, 5]);
  for (const epoch of [3, 5]) await expectWhole(join(directory, `checkpoint-00000${epoch}.safetensors`));
});

it('a training continues from any checkpoint, in any folder', async () => {
  const directory = await interruptedAfter(3, training);
  for (const name of readdirSync(directory)) {
    const path = join(newFolder(), 'elsewhere');
    copyFileSync(join(directory, name), path);
    const resumed = await Network.resume(path, X, Y, { ...common, checkpoint: { directory: `${path}s` } });
    expectSame(resumed, await uninterrupted(training), training);
    expect(epochsIn(`${path}s`)).toEqual([4, 5, 6]);
  }
});

it('the folder of a training keeps the best checkpoint', async () => {
  const best = { monitor: 'valLoss', mode: 'max' } as const;
  const directory = newFolder();
  const options = { ...common, epochs: 12, checkpoint: { directory, keepLast: 2, best } };
  const { valLoss = [] } = await networkOf(training).fit(X, Y, options);
  const epoch = 1 + valLoss.indexOf(Math.max(...valLoss));
  expect(epochsIn(directory)).toEqual([...new Set([epoch, 11, 12])]);
});

it('a training continues with preprocessing and labels from the checkpoint', async () => {
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
