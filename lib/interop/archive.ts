import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { newArray } from '../base/memory';
import { fileError, quote } from '../formats/file-error';
import { memoryBytes } from '../tables/bytes';
import { unzip } from '../tables/zip';
import type { ImportSource } from './format';

// Numbers hardly compress: an archive whose files become larger than this, each, is made to fill the memory.
const mostGrowth = 100;
const least = 2 ** 20;
// Of all files together.
const leastOfAll = 2 ** 26;

/** The name of the first file of a zip archive; undefined for other bytes. */
export function firstNameIn(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 2 ** 10));
  if (start.length < 30 || start.readUInt32LE(0) !== 0x04034b50) return undefined;
  return start.toString('latin1', 30, 30 + start.readUInt16LE(26));
}

/**
 * The files of a zip archive that are wanted, by their names, decompressed. Those that are not wanted are not read.
 *
 * @throws Error ERR_BLASNET_FILE for an archive that is damaged, encrypted, or made to fill the memory
 */
export async function filesIn(
  { bytes, file }: Pick<ImportSource, 'bytes' | 'file'>,
  wanted: (name: string) => boolean,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const found = new Map<string, Uint8Array<ArrayBuffer>>();
  const entries = (await unzip(memoryBytes(bytes, file))).filter(({ name }) => wanted(name));
  const all = entries.reduce((sum, { size }) => sum + size, 0);
  if (all > Math.max(leastOfAll, mostGrowth * bytes.length)) {
    const rule = `together at most ${mostGrowth} times as large as the archive`;
    throw fileError(file, 'the files', rule, `${all} bytes out of ${bytes.length}`);
  }
  for (const { name, size, packedSize, blocks } of entries) {
    if (found.has(name)) throw fileError(file, `the file ${quote(name)}`, 'there once', 'two of this name');
    if (size > Math.max(least, mostGrowth * packedSize)) {
      const rule = `at most ${mostGrowth} times as large as in the archive`;
      throw fileError(file, `the file ${quote(name)}`, rule, `${size} bytes out of ${packedSize}`);
    }
    const content = newArray<Uint8Array<ArrayBuffer>>(Uint8Array, size);
    let at = 0;
    for await (const block of blocks(2 ** 20)) {
      if (at + block.length > size) {
        throw fileError(file, `the file ${quote(name)}`, `${size} bytes, as the archive says`, 'more');
      }
      content.set(block, at);
      at += block.length;
    }
    found.set(name, content);
  }
  return found;
}
