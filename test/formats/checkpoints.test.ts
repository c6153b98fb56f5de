import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CheckpointOptions, CheckpointStore, type FindOptions } from '../../lib/formats/checkpoints';
import type { Metadata } from '../../lib/formats/safetensors';
import { expectError, itRejects } from '../support/bad-input';
import { newFolder, write } from '../support/scratch';
import { done, serialized } from './helpers';

/** A checkpoint whose only tensor is its epoch. */
const encode = (epoch: number) => (metadata: Metadata) =>
  done({
    tensors: [{ name: 'W1', dtype: 'F64', shape: [1], data: Float64Array.of(epoch) }],
    metadata,
  } as const);

const nameOf = (epoch: number) => `checkpoint-${String(epoch).padStart(6, '0')}.safetensors`;

const epochsIn = (folder: string) =>
  readdirSync(folder)
    .map((file) => Number(/\d+/.exec(file)?.[0]))
    .sort((a, b) => a - b);

function damage(folder: string, epoch: number): void {
  const path = join(folder, nameOf(epoch));
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = 0x7f;
  writeFileSync(path, bytes);
}

describe.each(['async', 'sync'] as const)('CheckpointStore, %s', (way) => {
  /** Opens a store whose methods all are async, or all are sync. */
  const open = (options: CheckpointOptions) => {
    const store = new CheckpointStore(options);
    const sync = way === 'sync';
    return {
      begin: async (epoch: number) => (sync ? store.beginSync(epoch) : store.begin(epoch)),
      latest: async (find?: FindOptions) => (sync ? store.latestSync(find) : store.latest(find)),
      findBest: async () => (sync ? store.findBestSync() : store.findBest()),
      write: async (epoch: number, series: object = { loss: 1 / epoch }) => {
        const report = { epoch, ...series };
        return sync ? store.writeSync(report, encode(epoch)) : store.write(report, encode(epoch));
      },
    };
  };

  it('makes the folder, and keeps the last 3', async () => {
    const folder = join(newFolder(), 'a/b');
    const store = open({ directory: folder });
    expect(await store.latest()).toBeUndefined();
    expect(await store.findBest()).toBeUndefined();
    expect(await store.write(5)).toEqual({
      path: join(folder, 'checkpoint-000005.safetensors'),
      report: { epoch: 5, loss: 0.2 },
    });
    expect(readdirSync(folder)).toEqual(['checkpoint-000005.safetensors']);
    for (const epoch of [6, 8, 999_999, 1_000_000]) await store.write(epoch);
    expect(epochsIn(folder)).toEqual([8, 999_999, 1_000_000]);
  });

  it('finds the newest, with what it was given', async () => {
    const folder = newFolder();
    const store = open({ directory: folder });
    for (const epoch of [999_999, 1_000_000]) await store.write(epoch, { loss: 0.5, accuracy: undefined });
    expect(await open({ directory: folder }).latest()).toMatchObject({
      path: join(folder, 'checkpoint-1000000.safetensors'),
      report: { epoch: 1_000_000, loss: 0.5 },
      content: {
        tensors: [{ name: 'W1', data: Float64Array.of(1_000_000) }],
        metadata: { 'blasnet.checkpoint': '{"epoch":1000000,"loss":0.5}' },
      },
      skipped: [],
    });
  });

  // valLoss of epochs 1 to 6: the least at 2 and again at 4, the greatest at 3; the fifth is NaN.
  const series = [5, 1, 9, 1, Number.NaN, 3];
  it.each([
    ['min', 2],
    ['max', 3],
  ] as const)('keeps the best by %s besides, the first of equals', async (mode, best) => {
    const folder = newFolder();
    const options = { directory: folder, keepLast: 1, best: { monitor: 'valLoss', mode } };
    for (const [index, valLoss] of series.entries()) {
      // A new store each time, as in another process: it knows only the files.
      await open(options).write(index + 1, { loss: 0, valLoss });
    }
    expect(epochsIn(folder)).toEqual([best, 6]);
    expect((await open(options).findBest())?.report).toEqual({
      epoch: best,
      loss: 0,
      valLoss: series[best - 1],
    });
  });

  it('continues in a folder that a killed process left', async () => {
    const folder = newFolder();
    const store = open({ directory: folder, keepLast: 9 });
    for (let epoch = 1; epoch <= 6; epoch++) await store.write(epoch);
    write(folder, 'notes.txt');
    write(folder, 'checkpoint-5.safetensors');
    await open({ directory: folder, keepLast: 2 }).write(7);
    expect(readdirSync(folder).sort()).toEqual(
      [nameOf(6), nameOf(7), 'checkpoint-5.safetensors', 'notes.txt'].sort(),
    );
  });

  it('tells of a damaged newest one, and goes back to an older one when it may', async () => {
    const folder = newFolder();
    const store = open({ directory: folder });
    for (const epoch of [1, 2, 3]) await store.write(epoch);
    damage(folder, 3);
    const fresh = open({ directory: folder });
    await expect(fresh.latest()).rejects.toMatchObject({
      code: 'ERR_BLASNET_FILE',
      message: expect.stringMatching(
        /^Expected the SHA-256 of ".*checkpoint-000003.safetensors" to be .*: the file is damaged, or another program has changed it; .* \(skipDamaged: true continues with an older checkpoint\)$/,
      ),
    });
    const found = await fresh.latest({ skipDamaged: true });
    expect(found?.report).toEqual({ epoch: 2, loss: 0.5 });
    expect(found?.skipped.map(({ message }) => message)).toEqual([
      expect.stringContaining('checkpoint-000003.safetensors'),
    ]);
    // The training continues from epoch 2. With keepLast 1 it keeps that checkpoint until epoch 3 replaces the damaged
    // one.
    const next = open({ directory: folder, keepLast: 1 });
    await next.begin(2);
    await next.write(2);
    expect(epochsIn(folder)).toEqual([2, 3]);
    await next.write(3);
    expect(epochsIn(folder)).toEqual([3]);
    expect((await next.latest())?.report.epoch).toBe(3);
  });

  it('does not take a damaged one for the best, and says so when all are', async () => {
    const folder = newFolder();
    const options = { directory: folder, best: { monitor: 'loss', mode: 'min' } } as const;
    const store = open(options);
    for (const epoch of [1, 2]) await store.write(epoch);
    damage(folder, 2);
    expect((await open(options).findBest())?.report.epoch).toBe(1);
    damage(folder, 1);
    expect(await open(options).findBest()).toBeUndefined();
    await expect(open(options).latest({ skipDamaged: true })).rejects.toThrow(
      'checkpoint-000002.safetensors',
    );
  });

  it('does not believe a checkpoint under another’s name, or a file that is none', async () => {
    const folder = newFolder();
    const store = open({ directory: folder });
    await store.write(1);
    renameSync(join(folder, nameOf(1)), join(folder, nameOf(2)));
    const path = join(folder, nameOf(2));
    const hint = ' (skipDamaged: true continues with an older checkpoint)';
    await expect(open({ directory: folder }).latest()).rejects.toThrow(
      `Expected the epoch of ${JSON.stringify(path)} to be 2, as the file's name says, got 1${hint}`,
    );
    writeFileSync(path, serialized([]));
    await expect(open({ directory: folder }).latest()).rejects.toThrow(
      `Expected "blasnet.checkpoint" of the metadata of ${JSON.stringify(path)} to be present, as in every checkpoint, got none${hint}`,
    );
    for (const json of ['null', '{}', '[]', '{"epoch":0}', '{"epoch":"1"}']) {
      writeFileSync(path, serialized([], { 'blasnet.checkpoint': json }));
      await expect(open({ directory: folder }).latest()).rejects.toThrow(
        `Expected "blasnet.checkpoint" of the metadata of ${JSON.stringify(path)} to be an epoch's report, got ${JSON.stringify(json)}${hint}`,
      );
    }
  });

  it('does not mix a new training with another’s checkpoints', async () => {
    const folder = newFolder();
    await open({ directory: folder }).write(7);
    const store = open({ directory: folder });
    const message = (epoch: number) =>
      `Expected the checkpoint directory ${JSON.stringify(folder)} to hold no checkpoint of an epoch after ${epoch}, got one of epoch 7; use another directory for another training, or overwrite: true to replace that one`;
    await expect(store.begin(0)).rejects.toMatchObject({
      code: 'ERR_BLASNET_ARG_VALUE',
      message: message(0),
    });
    await expect(store.write(1)).rejects.toMatchObject({
      code: 'ERR_BLASNET_ARG_VALUE',
      message: message(1),
    });
    expect(epochsIn(folder)).toEqual([7]);
    await store.begin(7);
    await store.write(8);
    expect(epochsIn(folder)).toEqual([7, 8]);
  });

  it('leaves what there is when a checkpoint cannot be made', async () => {
    const folder = newFolder();
    const store = open({ directory: folder, keepLast: 1, best: { monitor: 'valLoss', mode: 'min' } });
    await store.write(1, { valLoss: 1 });
    await expect(store.write(2, { loss: 1 })).rejects.toMatchObject({
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected report.valLoss to be a number, since best.monitor names it, got undefined',
    });
    await expect(store.write(0.5, { valLoss: 1 })).rejects.toMatchObject({
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected report.epoch to be a positive integer, got 0.5 (number)',
    });
    expect(epochsIn(folder)).toEqual([1]);
    const path = join(folder, 'file');
    write(folder, 'file');
    await expect(open({ directory: path }).write(1)).rejects.toThrow(
      `Cannot list ${JSON.stringify(path)}: not a directory (ENOTDIR)`,
    );
  });
});

const build = (options: unknown) => () => new CheckpointStore(options as CheckpointOptions);
itRejects([
  {
    what: 'no directory',
    call: build({}),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message:
      'Expected directory to be a non-empty path without null characters or a file: URL, got undefined',
  },
  {
    what: 'an empty path',
    call: build({ directory: '' }),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message:
      'Expected directory to be a non-empty path without null characters or a file: URL, got "" (string)',
  },
  {
    what: 'none to keep',
    call: build({ directory: 'x', keepLast: 0 }),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected keepLast to be a positive integer, got 0 (number)',
  },
  {
    what: 'a name for the best',
    call: build({ directory: 'x', best: 'valLoss' }),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected best to be an object, got "valLoss" (string)',
  },
  {
    what: 'a best of another mode',
    call: build({ directory: 'x', best: { monitor: 'valLoss', mode: 'least' } }),
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message: `Expected best.mode to be one of 'min', 'max', got "least" (string)`,
  },
  {
    what: 'an option that does not exist',
    call: build({ directory: 'x', keep: 3 }),
    error: TypeError,
    code: 'ERR_BLASNET_UNKNOWN_OPTION',
    message: 'Unknown option "keep"; known: directory, keepLast, overwrite, best',
  },
]);

it('the search for a checkpoint refuses options that do not exist', () => {
  expectError(
    () => new CheckpointStore({ directory: 'x' }).latestSync({ skipDamage: true } as never),
    TypeError,
    'ERR_BLASNET_UNKNOWN_OPTION',
    'Unknown option "skipDamage"; did you mean "skipDamaged"?',
  );
});
