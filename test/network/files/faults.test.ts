// Savings and loadings that are aborted or fail, at every call of the file system.

import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Network } from '../../../lib/network/network';
import { diskFull, watchFs } from '../../support/fs-calls';
import { newFolder } from '../../support/scratch';
import { layers } from '../helpers';
import { bits } from './helpers';

// 10 MB: several slices.
const wide = (seed: number) => new Network(layers([1000, 1200, 30], 'relu', 'linear'), { seed });
const [old, fresh] = [wide(1), wide(2)];
const descriptors = () => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);

/** A folder with a file of the network `old`. */
function folderOfOld(): { folder: string; path: string; before: Buffer } {
  const folder = newFolder();
  const path = join(folder, 'model');
  old.saveSync(path);
  return { folder, path, before: readFileSync(path) };
}

describe('save', () => {
  it('leaves the old file, or the whole new one, when it is aborted at any call', async () => {
    const { folder, path, before } = folderOfOld();
    fresh.saveSync(join(folder, 'fresh'));
    const after = readFileSync(join(folder, 'fresh'));
    rmSync(join(folder, 'fresh'));
    const open = descriptors();
    const ends = { aborted: 0, saved: 0 };
    for (let number = 1; ; number++) {
      writeFileSync(path, before);
      const controller = new AbortController();
      const watched = watchFs((_, each) => {
        if (each === number) controller.abort('enough');
      });
      const error = await fresh.save(path, { signal: controller.signal }).catch((reason) => reason);
      watched.stop();
      if (!controller.signal.aborted) break;
      if (error === undefined) ends.saved++;
      else {
        ends.aborted++;
        expect(error, `call ${number}`).toMatchObject({ name: 'AbortError', cause: 'enough' });
      }
      expect(readFileSync(path).equals(error === undefined ? after : before), `call ${number}`).toBe(true);
      expect(readdirSync(folder)).toEqual(['model']);
      expect(descriptors()).toBe(open);
    }
    // At the rename and after it, there is nothing to take back.
    expect(ends.aborted).toBeGreaterThan(5);
    expect(ends.saved).toBeGreaterThan(0);
  });

  it.each(['open', 'writev', 'write', 'fdatasync', 'fsync', 'close', 'rename'])(
    'leaves the old file and nothing else when a call of %s finds the disk full',
    async (failing) => {
      const { folder, path, before } = folderOfOld();
      // Flushed after 16 MB.
      const large = new Network(layers([1000, 2400, 30], 'relu', 'linear'), { seed: 1 });
      for (const nth of failing === 'writev' ? [1, 2] : [1]) {
        let found = 0;
        const watched = watchFs((name) => (name === failing && ++found === nth ? diskFull() : undefined));
        await expect(large.save(path)).rejects.toMatchObject({
          code: 'ERR_BLASNET_FILE',
          message: `Cannot write ${JSON.stringify(path)}: no space left on device (ENOSPC)`,
        });
        watched.stop();
        expect(found).toBeGreaterThanOrEqual(nth);
        expect(readFileSync(path).equals(before)).toBe(true);
        expect(readdirSync(folder)).toEqual(['model']);
      }
    },
  );

  it('says so when its folder is removed on the way', async () => {
    const folder = join(newFolder(), 'inner');
    const path = join(folder, 'model');
    mkdirSync(folder);
    watchFs((name) => {
      if (name === 'fsync') rmSync(folder, { recursive: true, force: true });
    });
    await expect(old.save(path)).rejects.toMatchObject({
      code: 'ERR_BLASNET_FILE',
      message: `Cannot write ${JSON.stringify(path)}: no such file or directory (ENOENT)`,
    });
  });

  it('does not begin when its signal is aborted, or an option is wrong', async () => {
    const { folder, path, before } = folderOfOld();
    const watched = watchFs(() => {});
    for (const options of [{ signal: AbortSignal.abort() }, { threads: 0 }, { signl: 1 }, null]) {
      await expect(fresh.save(path, options as never)).rejects.toThrow();
      await expect(Network.load(path, options as never)).rejects.toThrow();
    }
    await expect(fresh.save(path, { signl: 1 } as never)).rejects.toThrow('did you mean "signal"?');
    await expect(Network.load(path, { thread: 1 } as never)).rejects.toThrow('did you mean "threads"?');
    expect(watched.calls).toEqual([]);
    expect([readFileSync(path).equals(before), readdirSync(folder)]).toEqual([true, ['model']]);
  });
});

describe('load', () => {
  it('ends with an AbortError, and closes the file, when it is aborted at any call', async () => {
    const { path } = folderOfOld();
    const open = descriptors();
    let aborted = 0;
    for (let number = 1; ; number++) {
      const controller = new AbortController();
      const watched = watchFs((_, each) => {
        if (each === number) controller.abort('enough');
      });
      const result = await Network.load(path, { signal: controller.signal }).catch((reason) => reason);
      watched.stop();
      expect(descriptors()).toBe(open);
      if (!controller.signal.aborted) break;
      aborted++;
      expect(result, `call ${number}`).toMatchObject({ name: 'AbortError', cause: 'enough' });
    }
    expect(aborted).toBeGreaterThan(5);
  });

  it('says so when the file becomes shorter, or changes, while it is being read', async () => {
    for (const number of [1, 2, 3, 4]) {
      const { path, before } = folderOfOld();
      let reads = 0;
      const watched = watchFs((name) => {
        if (name === 'read' && ++reads === number) truncateSync(path, 1000);
      });
      await expect(Network.load(path)).rejects.toMatchObject({
        code: 'ERR_BLASNET_FILE',
        message: expect.stringMatching(
          new RegExp(
            `^Expected the length of .* to be ${before.length} bytes, as when it was opened, got \\d+ bytes$`,
          ),
        ),
      });
      watched.stop();
    }
    const { path, before } = folderOfOld();
    let reads = 0;
    watchFs((name) => {
      // The last bytes, which the last call reads.
      if (name === 'read' && ++reads === 3) writeFileSync(path, before.fill(7, before.length - 8));
    });
    await expect(Network.load(path)).rejects.toThrow('the file is damaged');
  });
});

it.each(['float64', 'float32'] as const)(
  'all ways to save make the same bytes, and all ways to load the same network, in %s',
  async (dtype) => {
    const folder = newFolder();
    const at = (name: string) => join(folder, name);
    // Slices begin and end within tensors; W1 has an odd number of elements.
    const net = new Network(
      [
        { inputDim: 1001, outputDim: 1203, activation: 'relu', normalization: 'batch' },
        { outputDim: 1, activation: 'linear' },
      ],
      { dtype, seed: 1 },
    );
    net.saveSync(at('sync'));
    const bytes = readFileSync(at('sync'));
    for (const threads of [1, 2, 3]) {
      await net.save(at('async'), { threads });
      expect(readFileSync(at('async')).equals(bytes)).toBe(true);
      expect(bits(await Network.load(at('sync'), { threads }))).toEqual(bits(net));
    }
    expect(bits(Network.loadSync(at('async')))).toEqual(bits(net));
  },
);
