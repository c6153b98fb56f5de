// Kills a process that writes files without end, at any moment, again and again: the file is complete each time.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CheckpointStore } from '../../lib/formats/checkpoints';
import { killedAfter } from '../network/child';
import { bundled } from '../support/bundle';
import { newFolder } from '../support/scratch';
import { writeFileAtomicallySync } from './files';

// Version v of the file is a number of 32-bit integers v, in several chunks; a line says that it is written.
const rewriting = `
  const fs = require('node:fs');
  const [atomic, path, first, way] = process.argv.slice(1);
  const { writeFileAtomically, writeFileAtomicallySync } = require(atomic);
  const chunks = (version) =>
    Array.from({ length: 100 * (1 + version % 7) }, () => Buffer.from(new Uint32Array(2 ** 8).fill(version).buffer));
  (async () => {
    for (let version = Number(first); ; version++) {
      if (way === 'sync') writeFileAtomicallySync(path, chunks(version));
      else await writeFileAtomically(path, chunks(version));
      fs.writeSync(1, version + '\\n');
    }
  })();`;

/** Returns the version in a file; fails if the file is not complete. */
function versionIn(path: string): number {
  const content = new Uint32Array(new Uint8Array(readFileSync(path)).buffer);
  const version = content[0] as number;
  expect(content.length).toBe(2 ** 8 * 100 * (1 + (version % 7)));
  expect(content.every((value) => value === version)).toBe(true);
  return version;
}

it.each(['sync', 'async'])(
  'a killed process leaves a whole file, the old or the new one (%s)',
  async (way) => {
    const atomic = bundled('../test/formats/files');
    const folder = newFolder();
    const path = join(folder, 'model.safetensors');
    let version = 0;
    for (let round = 0; round < 30; round++) {
      const lines = 1 + ((7 * round) % 11);
      const said = await killedAfter(lines, rewriting, atomic, path, String(version + 1), way);
      const written = Number(said.at(-1));
      version = versionIn(path);
      expect([written, written + 1]).toContain(version);
      // At most the temporary file of this round exists: every process removes the files of earlier processes.
      expect(readdirSync(folder).length).toBeLessThanOrEqual(2);
    }
    writeFileAtomicallySync(path, []);
    expect(readdirSync(folder)).toEqual(['model.safetensors']);
  },
);

// The process writes checkpoints without end, where every fifth is the best; the test kills it at any moment.
const checkpointing = `
  const [checkpoints, directory, first] = process.argv.slice(1);
  const { CheckpointStore } = require(checkpoints);
  const store = new CheckpointStore({ directory, keepLast: 2, best: { monitor: 'loss', mode: 'min' } });
  for (let epoch = Number(first); ; epoch++) {
    const data = new Float64Array(10_000).fill(epoch);
    const loss = epoch % 5 === 0 ? 1 / epoch : 1;
    const tensors = [{ name: 'W1', dtype: 'F64', shape: [10_000], data }];
    const encode = function* (metadata) {
      return { tensors, metadata };
    };
    store.writeSync({ epoch, loss }, encode);
    require('node:fs').writeSync(1, epoch + '\\n');
  }`;

it('a killed process leaves the newest and the best checkpoint', async () => {
  const folder = newFolder();
  const checkpoints = bundled('formats/checkpoints');
  let newest = 0;
  for (let round = 0; round < 20; round++) {
    const lines = 1 + ((5 * round) % 7);
    const said = await killedAfter(lines, checkpointing, checkpoints, folder, String(newest + 1));
    const written = Number(said.at(-1));
    const store = new CheckpointStore({ directory: folder, best: { monitor: 'loss', mode: 'min' } });
    const latest = await store.latest();
    newest = latest?.report.epoch as number;
    expect([written, written + 1]).toContain(newest);
    expect(latest?.content.tensors[0]?.data).toEqual(new Float64Array(10_000).fill(newest));
    const best = newest < 5 ? 1 : newest - (newest % 5);
    expect((await store.findBest())?.report.epoch).toBe(best);
  }
});
