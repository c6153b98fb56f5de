// A disk that is really full while a training from a source writes its checkpoints: a file system in memory, which only root
// may mount.

import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { adam, Network } from '../../lib';
import type { SourceFitOptions } from '../../lib/training/source-options';
import { newFolder } from '../support/scratch';
import { bitsOf, chunksOf, smallNet, someData } from './samples';

/** A folder of a disk of this size; undefined if the process may not mount one. */
function smallDisk(kibibytes: number): string | undefined {
  const folder = newFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  // Before the folder is removed: what is registered last runs first.
  onTestFinished(() => void execFileSync('umount', [folder]));
  return folder;
}

const source = chunksOf(someData(230), [17, 50]);
const make = () => smallNet('float64', { dropout: 0.2 });
const options = { epochs: 4, batchSize: 8, windowRows: 64, optimizer: adam(), validationSplit: 0.2 } as const;

test('a full disk ends the training with an error, the older checkpoint is whole, and with room again it ends equal', async ({
  skip,
}) => {
  const disk = smallDisk(256);
  if (disk === undefined) return skip('only root may mount a file system');
  const directory = join(disk, 'checkpoints');
  const checkpoint = { directory, everySeconds: 1e-9, keepLast: 9 };
  const filler = join(disk, 'filler');
  const net = make();
  const fills = {
    onEpochEnd: ({ epoch }: { readonly epoch: number }) => {
      if (epoch !== 2) return;
      const size = 1024 * 256;
      for (let bytes = size; bytes >= 1; bytes /= 2) fill(filler, bytes);
    },
  };
  const whole = make();
  const history = await whole.fit(source, options);
  await expect(
    net.fit(source, { ...options, checkpoint, callbacks: fills } as SourceFitOptions),
  ).rejects.toMatchObject({
    code: 'ERR_BLASNET_FILE',
    message: expect.stringMatching(/^Cannot write ".*checkpoint-.*": no space left on device \(ENOSPC\)$/),
  });
  const names = readdirSync(directory);
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) {
    expect(name).toMatch(/^checkpoint-\d+(-part)?\.safetensors$/);
    expect(statSync(join(directory, name)).size).toBeGreaterThan(0);
    await Network.load(join(directory, name));
  }
  rmSync(filler);
  const resumed = await Network.resume(directory, source, { ...options, checkpoint });
  expect({ ...resumed.history }).toEqual({ ...history });
  expect(bitsOf(resumed.network)).toBe(bitsOf(whole));
});

/** Appends bytes to a file if the disk has room for them. */
function fill(file: string, bytes: number): void {
  try {
    writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' });
  } catch {}
}
