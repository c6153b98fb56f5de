// Checkpoints and options that a training cannot resume with, and folders that cannot take checkpoints.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as lib from '../../../lib';
import { Network } from '../../../lib/network/network';
import { bits } from '../../network/files/helpers';
import { randomLabels, randomMatrix } from '../../network/helpers';
import { rejectionOf } from '../../support/bad-input';
import { newFolder, write } from '../../support/scratch';
import {
  expectSame,
  interruptedAfter,
  networkOf,
  samplesOf,
  stacked,
  type Training,
  uninterrupted,
} from './helpers';

const { adam, schedules, sgd } = lib;
const options = {
  epochs: 6,
  batchSize: 16,
  optimizer: adam({ learningRate: 0.01 }),
  validationSplit: 0.2,
  earlyStopping: { patience: 50 },
  schedule: schedules.cosine(),
};
const training: Training = { options: () => options };
const { Y } = samplesOf(training);
const X = randomMatrix(60, 3, 1);
const nameOf = (epoch: number) => `checkpoint-00000${epoch}.safetensors`;

describe('resume', () => {
  const adamJson = (learningRate: number) => JSON.stringify(adam({ learningRate }));
  const cosineJson = JSON.stringify(schedules.cosine());
  const stoppingJson = (changes: object) =>
    JSON.stringify({ monitor: 'valLoss', mode: 'min', minDelta: 0, restoreBest: true, ...changes });
  const series = (...more: string[]) =>
    JSON.stringify(['loss', 'accuracy', 'valLoss', 'valAccuracy', ...more, 'learningRate']);

  it.each<{ what: string; changes: object; name: string; before: string; now: string }>([
    { what: 'batchSize', changes: { batchSize: 8 }, name: 'batchSize', before: '16', now: '8' },
    { what: 'batchSize of all', changes: { batchSize: 'full' }, name: 'batchSize', before: '16', now: '48' },
    { what: 'accumulate', changes: { accumulate: 2 }, name: 'accumulate', before: '1', now: '2' },
    { what: 'shuffle', changes: { shuffle: false }, name: 'shuffle', before: 'true', now: 'false' },
    {
      what: 'validationSplit',
      changes: { validationSplit: 0.5 },
      name: 'the rows that validationSplit holds out',
      before: '12',
      now: '30',
    },
    { what: 'stratify', changes: { stratify: true }, name: 'stratify', before: 'false', now: 'true' },
    { what: 'clipValue', changes: { clipValue: 1 }, name: 'clipValue', before: '0', now: '1' },
    { what: 'clipNorm', changes: { clipNorm: 1 }, name: 'clipNorm', before: '0', now: '1' },
    {
      what: 'loss',
      changes: { loss: lib.binaryCrossEntropy({ labelSmoothing: 0.1 }) },
      name: 'loss',
      before: '{"name":"binaryCrossEntropy","labelSmoothing":0}',
      now: '{"name":"binaryCrossEntropy","labelSmoothing":0.1}',
    },
    {
      what: 'learningRate',
      changes: { optimizer: adam({ learningRate: 0.1 }) },
      name: 'optimizer',
      before: adamJson(0.01),
      now: adamJson(0.1),
    },
    {
      what: 'optimizer',
      changes: { optimizer: undefined },
      name: 'optimizer',
      before: adamJson(0.01),
      now: JSON.stringify(sgd()),
    },
    {
      what: 'schedule',
      changes: { schedule: schedules.cosine({ floor: 0.1 }) },
      name: 'schedule',
      before: cosineJson,
      now: JSON.stringify(schedules.cosine({ floor: 0.1 })),
    },
    {
      what: 'schedule of one’s own',
      changes: { schedule: () => 1 },
      name: 'schedule',
      before: cosineJson,
      now: '"a function"',
    },
    {
      what: 'no schedule',
      changes: { schedule: undefined },
      name: 'schedule',
      before: cosineJson,
      now: '{"name":"constant"}',
    },
    {
      what: 'monitor',
      changes: { earlyStopping: { patience: 50, monitor: 'loss' } },
      name: 'earlyStopping',
      before: stoppingJson({}),
      now: stoppingJson({ monitor: 'loss' }),
    },
    {
      what: 'restoreBest',
      changes: { earlyStopping: { patience: 50, restoreBest: false } },
      name: 'earlyStopping',
      before: stoppingJson({}),
      now: stoppingJson({ restoreBest: false }),
    },
    {
      what: 'no early stopping',
      changes: { earlyStopping: undefined },
      name: 'earlyStopping',
      before: stoppingJson({}),
      now: 'null',
    },
    {
      what: 'metrics',
      changes: { metrics: ['f1'] },
      name: "the history's series (from validation and metrics)",
      before: series(),
      now: series('valF1'),
    },
  ])('refuses a change of $what', async ({ changes, name, before, now }) => {
    const directory = await interruptedAfter(2, training);
    const error = await rejectionOf(Network.resume(directory, X, Y, { ...options, ...changes } as never));
    const path = JSON.stringify(join(directory, nameOf(2)));
    expect(error.code).toBe('ERR_BLASNET_ARG_VALUE');
    const [said, hint] = error.message.split('; to change it on purpose, pass override: ');
    expect(said).toBe(`Expected ${name} to be ${before}, as in the checkpoint ${path}, got ${now}`);
    expect(hint).toMatch(/^\[('\w+', )*'\w+'\]$/);
    expect(error.constructor).toBe(RangeError);
  });

  it('refuses a matrix where the network has embeddings, and codes that its tables lack', async () => {
    const behindTables: Training = { layers: stacked, options: () => options };
    const directory = await interruptedAfter(2, behindTables);
    expect((await rejectionOf(Network.resume(directory, X, Y, options))).message).toBe(
      'Expected X to be { numbers, categories }, since the network has embeddings, got an object (Matrix)',
    );
    const categories = new Int32Array(120).fill(3);
    expect(
      (await rejectionOf(Network.resume(directory, { numbers: X, categories }, Y, options))).message,
    ).toMatch(/^Expected X.categories to hold codes from 0 to 2, .* got 3 at row 0, column 1$/);
  });

  it('refuses fewer samples, and other weights', async () => {
    const directory = await interruptedAfter(2, training);
    const [few, labels] = [X.data.subarray(0, 150), Y.data.subarray(0, 50)];
    expect((await rejectionOf(Network.resume(directory, few, labels, options))).message).toMatch(
      /^Expected the rows of X to be 60, as in the checkpoint ".*", got 50; .*: \['rows', 'validationSplit'\]$/,
    );
    const sampleWeight = Array.from({ length: 60 }, (_, i) => i);
    expect(
      (await rejectionOf(Network.resume(directory, X, Y, { ...options, sampleWeight }))).message,
    ).toMatch(
      /^Expected sampleWeight to be null, as in the checkpoint ".*", got "as given: [0-9a-f]{64}"; .*: \['sampleWeight'\]$/,
    );
    const weighted: Training = { options: () => ({ ...options, classWeight: [1, 2] }) };
    const other = await interruptedAfter(2, weighted);
    await expect(Network.resume(other, X, Y, { ...options, classWeight: [1, 3] })).rejects.toThrow(
      /^Expected classWeight to be "as given: \w{64}", as in the checkpoint ".*", got "as given: \w{64}"; .*: \['classWeight'\]$/,
    );
    const twice = Network.resume(other, X, Y, { ...options, classWeight: { 0: 2, 1: 4 } });
    await expect(twice).rejects.toThrow(/^Expected classWeight to be/);
    const same = await Network.resume(other, X, Y, { ...options, classWeight: { 0: 1, 1: 2 } });
    expectSame(same, await uninterrupted(weighted), weighted);
  });

  it('refuses to go without the validation set that was there', async () => {
    const validationData = { X: randomMatrix(9, 3, 3), Y: randomLabels(9, 1, 4) };
    const given = { epochs: 4, validationData };
    const directory = await interruptedAfter(2, { options: () => given });
    await expect(Network.resume(directory, X, Y, { epochs: 4 })).rejects.toThrow(
      /series.* to be \["loss","accuracy","valLoss","valAccuracy"\], as in .*, got \["loss","accuracy"\]; .*: \['series'\]$/,
    );
  });

  it('refuses fewer epochs than are done', async () => {
    const directory = await interruptedAfter(3, training);
    const path = JSON.stringify(join(directory, nameOf(3)));
    expect(await rejectionOf(Network.resume(directory, X, Y, { ...options, epochs: 2 }))).toMatchObject({
      code: 'ERR_BLASNET_ARG_VALUE',
      message: `Expected epochs to be at least 3, the epochs that the checkpoint ${path} has done, got 2 (number)`,
    });
  });

  it('refuses bad options before anything is read', async () => {
    const resume = (given: unknown) => rejectionOf(Network.resume('none', X, Y, given as never));
    expect((await resume(undefined)).message).toBe('Expected options to be an object, got undefined');
    expect((await resume({ epochs: 0 })).message).toBe(
      'Expected epochs to be a positive integer, got 0 (number)',
    );
    expect((await resume({ ...options, skipDamaged: 1 })).message).toBe(
      'Expected skipDamaged to be true or false, got 1 (number)',
    );
    expect((await resume({ ...options, skipDamage: true })).message).toBe(
      'Unknown option "skipDamage"; did you mean "skipDamaged"?',
    );
  });
});

describe('a checkpoint that is damaged', () => {
  const damage = (path: string) => {
    const bytes = readFileSync(path);
    bytes[bytes.length - 5] = (bytes[bytes.length - 5] as number) ^ 1;
    writeFileSync(path, bytes);
  };

  it('ends the search, or is left out on demand', async () => {
    const directory = await interruptedAfter(3, training);
    damage(join(directory, nameOf(3)));
    const error = await rejectionOf(Network.resume(directory, X, Y, options));
    expect(error.code).toBe('ERR_BLASNET_FILE');
    expect(error.message).toContain(`of ${JSON.stringify(join(directory, nameOf(3)))}`);
    expect(error.message).toMatch(
      /the file is damaged, or another program has changed it; .* \(skipDamaged: true continues with an older checkpoint\)$/,
    );
    const again = { ...options, skipDamaged: true, checkpoint: { directory } };
    const resumed = await Network.resume(directory, X, Y, again);
    expectSame(resumed, await uninterrupted(training), training);
    expect(readdirSync(directory)).toEqual([4, 5, 6].map(nameOf));
  });

  it('is an error when all are damaged', async () => {
    const directory = await interruptedAfter(2, training);
    for (const epoch of [1, 2]) damage(join(directory, nameOf(epoch)));
    const error = await rejectionOf(Network.resume(directory, X, Y, { ...options, skipDamaged: true }));
    expect(error).toMatchObject({ code: 'ERR_BLASNET_FILE' });
    expect(error.message).toContain(nameOf(2));
  });

  it('is told from a model file and from an empty folder', async () => {
    const folder = newFolder();
    const path = join(folder, 'model');
    networkOf(training).saveSync(path);
    expect((await rejectionOf(Network.resume(path, X, Y, options))).message).toBe(
      `Expected the content of ${JSON.stringify(path)} to be a checkpoint that fit wrote, got a network without a training`,
    );
    expect((await rejectionOf(Network.resume(folder, X, Y, options))).message).toBe(
      `Expected the content of ${JSON.stringify(folder)} to be a training's checkpoints, got none`,
    );
  });
});

describe('a folder of checkpoints', () => {
  it('is refused before anything is done when it has later checkpoints, which are another training’s', async () => {
    const directory = await interruptedAfter(3, training);
    const net = networkOf(training);
    const before = bits(net);
    const checkpoint = { directory };
    const message = (epoch: number) =>
      `Expected the checkpoint directory ${JSON.stringify(directory)} to hold no checkpoint of an epoch after ${epoch}, got one of epoch 3; use another directory for another training, or overwrite: true to replace that one`;
    const error = await rejectionOf(net.fit(X, Y, { ...options, checkpoint }));
    expect(error).toMatchObject({ code: 'ERR_BLASNET_ARG_VALUE', message: message(0) });
    expect(() => net.fitSync(X, Y, { ...options, checkpoint })).toThrow(message(0));
    await expect(
      Network.resume(join(directory, nameOf(2)), X, Y, { ...options, checkpoint }),
    ).rejects.toThrow(message(2));
    expect(bits(net)).toEqual(before);
    expect(readdirSync(directory)).toEqual([1, 2, 3].map(nameOf));
    // Nothing was drawn either.
    expect(await net.fit(X, Y, options)).toEqual((await uninterrupted(training)).history);
  });

  it('is refused when it cannot be one, from the start or later', async () => {
    const folder = newFolder();
    write(folder, 'file');
    const net = networkOf(training);
    const inFile = join(folder, 'file');
    const start = await rejectionOf(net.fit(X, Y, { ...options, checkpoint: { directory: inFile } }));
    expect(start).toMatchObject({
      code: 'ERR_BLASNET_FILE',
      message: `Cannot list ${JSON.stringify(inFile)}: not a directory (ENOTDIR)`,
    });
    const directory = join(folder, 'checkpoints');
    const parameters: Record<string, string>[] = [];
    const callbacks = ({ epoch }: { epoch: number }) => {
      parameters.push(bits(net));
      if (epoch !== 3) return;
      rmSync(directory, { recursive: true });
      writeFileSync(directory, '');
    };
    const later = await rejectionOf(net.fit(X, Y, { ...options, callbacks, checkpoint: { directory } }));
    expect(later.code).toBe('ERR_BLASNET_FILE');
    expect(later.message).toContain(`${JSON.stringify(directory)}: file already exists (EEXIST)`);
    // The network has the parameters of the best epoch, and works.
    expect(parameters.length).toBe(3);
    const { history } = later as unknown as lib.TrainingError;
    expect(history.loss).toHaveLength(3);
    expect(bits(net)).toEqual(parameters[history.bestEpoch - 1]);
    expect((await net.fit(X, Y, { epochs: 1 })).loss.length).toBe(1);
  });

  it('is refused when it takes no files any more', async () => {
    const directory = join(newFolder(), 'checkpoints');
    const net = networkOf(training);
    const callbacks = ({ epoch }: { epoch: number }) => {
      // A folder blocks the path of the next file, also for root.
      if (epoch === 2) mkdirSync(join(directory, nameOf(2)));
    };
    const error = await rejectionOf(net.fit(X, Y, { ...options, callbacks, checkpoint: { directory } }));
    expect(error).toMatchObject({
      code: 'ERR_BLASNET_FILE',
      message: `Expected ${JSON.stringify(join(directory, nameOf(2)))} to be a file, got a directory`,
    });
    rmSync(join(directory, nameOf(2)), { recursive: true });
    const resumed = await Network.resume(directory, X, Y, { ...options, checkpoint: { directory } });
    expectSame(resumed, await uninterrupted(training), training);
  });

  it.each([
    [
      {},
      'Expected checkpoint.directory to be a non-empty path without null characters or a file: URL, got undefined',
    ],
    [
      { directory: '' },
      'Expected checkpoint.directory to be a non-empty path without null characters or a file: URL, got "" (string)',
    ],
    [
      { directory: 'x', everyEpoch: 2 },
      'Unknown option "everyEpoch" in checkpoint; did you mean "everyEpochs"?',
    ],
    [
      { directory: 'x', everyEpochs: 0 },
      'Expected checkpoint.everyEpochs to be a positive integer, got 0 (number)',
    ],
    [
      { directory: 'x', everySeconds: 0 },
      'Expected checkpoint.everySeconds to be a positive finite number, got 0 (number)',
    ],
    [
      { directory: 'x', keepLast: 0 },
      'Expected checkpoint.keepLast to be a positive integer, got 0 (number)',
    ],
    [
      { directory: 'x', best: { monitor: 'loss', mode: 'low' } },
      `Expected checkpoint.best.mode to be one of 'min', 'max', got "low" (string)`,
    ],
    [
      { directory: 'x', best: { monitor: 'f1', mode: 'max' } },
      "Expected checkpoint.best.monitor to be one of 'loss', 'accuracy', 'valLoss', 'valAccuracy', got \"f1\" (string)",
    ],
    ['x', 'Expected checkpoint to be an object, got "x" (string)'],
  ])('is refused when checkpoint is %j', async (checkpoint, message) => {
    const error = await rejectionOf(networkOf(training).fit(X, Y, { ...options, checkpoint } as never));
    expect(error.message).toBe(message);
  });
});
