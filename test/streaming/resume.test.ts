// A training from a source that was interrupted anywhere goes on from its checkpoint, and ends bit-identical.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { adam, Network, RandomState } from '../../lib';
import type { SourceFitOptions } from '../../lib/training/source-options';
import { newFolder } from '../support/scratch';
import { bitsOf, chunksOf, smallNet, someData } from './samples';

const data = someData(230);
const source = chunksOf(data, [17, 50]);
const options = {
  epochs: 3,
  batchSize: 8,
  windowRows: 64,
  optimizer: adam(),
  validationSplit: 0.2,
  earlyStopping: { patience: 3 },
} as const satisfies SourceFitOptions;
const make = () => smallNet('float64', { dropout: 0.2, normalization: 'batch' });
const rowsBeforeEnd = (rows: number) => {
  let left = rows;
  return async function* () {
    for (const chunk of source()) {
      left -= (chunk.X as { rows: number }).rows;
      if (left < 0) throw new Error('the disk is gone');
      yield chunk;
    }
  };
};

describe('a training from a source', () => {
  test('ends equal after it was interrupted at 20 random rows, within epochs and between them', async () => {
    const whole = make();
    const history = await whole.fit(source, options);
    const random = new RandomState(1);
    const places = new Set<string>();
    for (let i = 0; i < 20; i++) {
      {
        const directory = newFolder();
        const checkpoint = { directory, everySeconds: 1e-9 };
        // Some rows go to the pass that reads the validation set.
        const broken = rowsBeforeEnd(400 + Math.floor(random.random() * 500));
        await expect(make().fit(broken, { ...options, checkpoint })).rejects.toMatchObject({
          code: 'ERR_BLASNET_SOURCE',
          cause: { message: 'the disk is gone' },
        });
        places.add(readdirSync(directory).sort().at(-1) as string);
        const resumed = await Network.resume(directory, source, options);
        expect({ ...resumed.history }).toEqual({ ...history });
        expect(bitsOf(resumed.network)).toBe(bitsOf(whole));
      }
    }
    expect([...places].some((name) => name.endsWith('-part.safetensors'))).toBe(true);
  });

  test('continues from a checkpoint within its first epoch, whose file also loads as a network', async () => {
    {
      const directory = newFolder();
      const checkpoint = { directory, everySeconds: 1e-9 };
      await expect(make().fit(rowsBeforeEnd(400), { ...options, checkpoint })).rejects.toThrow('gone');
      expect(readdirSync(directory)).toEqual(['checkpoint-000000-part.safetensors']);
      await Network.load(join(directory, 'checkpoint-000000-part.safetensors'));
      const whole = make();
      await whole.fit(source, options);
      const { network } = await Network.resume(directory, source, { ...options, checkpoint });
      expect(bitsOf(network)).toBe(bitsOf(whole));
      expect(readdirSync(directory).filter((name) => name.includes('part'))).toEqual([]);
    }
  });

  test('refuses other windows, other rows, arrays, and a new training in the folder', async () => {
    {
      const directory = newFolder();
      const checkpoint = { directory, everySeconds: 1e-9 };
      await expect(make().fit(rowsBeforeEnd(700), { ...options, checkpoint })).rejects.toThrow('gone');
      await expect(Network.resume(directory, source, { ...options, windowRows: 96 })).rejects.toMatchObject({
        code: 'ERR_BLASNET_ARG_VALUE',
        message: expect.stringContaining('Expected windowRows (null: arrays in memory) to be 64'),
      });
      const fewer = chunksOf(someData(200), [50]);
      await expect(Network.resume(directory, fewer, options)).rejects.toMatchObject({
        code: 'ERR_BLASNET_SOURCE',
      });
      const { windowRows: _, ...ofArrays } = options;
      await expect(Network.resume(directory, data.X, data.Y, ofArrays)).rejects.toMatchObject({
        code: 'ERR_BLASNET_ARG_VALUE',
      });
      await expect(make().fit(source, { ...options, checkpoint })).rejects.toMatchObject({
        code: 'ERR_BLASNET_ARG_VALUE',
        message: expect.stringContaining('to hold no checkpoint of an epoch after 0'),
      });
    }
  });

  test('leaves a checkpoint within the epoch if maxSeconds ends it there', async () => {
    {
      const directory = newFolder();
      const endless = function* () {
        for (;;) yield* source();
      };
      const net = make();
      const { validationSplit: _, earlyStopping: __, ...plain } = options;
      const history = await net.fit(endless, { ...plain, maxSeconds: 0.05, checkpoint: { directory } });
      expect(history.stoppedBy).toBe('maxSeconds');
      expect(history.loss).toEqual([]);
      expect(readdirSync(directory)).toEqual(['checkpoint-000000-part.safetensors']);
    }
  });
});
