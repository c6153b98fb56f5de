// A process that rewrites a file for ever is killed at any moment, over and over; the file is whole each time.

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeFileAtomicallySync } from '../../lib/formats/atomic';
import { bundled } from '../support/bundle';
import { newFolder } from '../support/scratch';

// Version v of the file is some number of 32-bit integers v, in several chunks; a line says that it is written.
const script = `
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

/** The version that a file holds; fails unless it is whole. */
function versionIn(path: string): number {
  const content = new Uint32Array(new Uint8Array(readFileSync(path)).buffer);
  const version = content[0] as number;
  expect(content.length).toBe(2 ** 8 * 100 * (1 + (version % 7)));
  expect(content.every((value) => value === version)).toBe(true);
  return version;
}

/** Starts from a version, kills after that many lines, and returns the last version that was said to be written. */
function rewrite(atomic: string, path: string, first: number, way: string, lines: number): Promise<number> {
  const child = spawn(process.execPath, ['-e', script, atomic, path, String(first), way]);
  let output = '';
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    errors += part;
  });
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    output += part;
    if (output.split('\n').length > lines) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (_, signal) => {
      if (signal === 'SIGKILL' && errors === '') resolve(Number(output.trimEnd().split('\n').at(-1)));
      else reject(new Error(`The process ended by ${signal}: ${errors}`));
    });
  });
}

it.each(['sync', 'async'])(
  'leaves a whole file, the old or the new one (%s)',
  { timeout: 120_000 },
  async (way) => {
    const atomic = bundled('formats/atomic');
    const folder = newFolder();
    const path = join(folder, 'model.safetensors');
    let version = 0;
    for (let round = 0; round < 30; round++) {
      const written = await rewrite(atomic, path, version + 1, way, 1 + ((7 * round) % 11));
      version = versionIn(path);
      expect([written, written + 1]).toContain(version);
      // The temporary file of this round at most: every process clears away after those before it.
      expect(readdirSync(folder).length).toBeLessThanOrEqual(2);
    }
    writeFileAtomicallySync(path, []);
    expect(readdirSync(folder)).toEqual(['model.safetensors']);
  },
);
