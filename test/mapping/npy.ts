// NPY files for the tests of mapped matrices.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder } from '../support/scratch';

export interface NpyParts {
  readonly descr?: string;
  readonly order?: string;
  readonly shape: readonly number[];
  readonly version?: 1 | 2 | 3;
  /** The bytes before the elements are a multiple of it. @default 64, as NumPy writes them */
  readonly aligned?: number;
  /** How many bytes later they begin. @default 0 */
  readonly later?: number;
}

/** The bytes of an NPY file, as NumPy writes it: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
export function npyBytes(parts: NpyParts, elements: ArrayBufferView): Buffer {
  const { descr = '<f8', order = 'False', shape, version = 1, aligned = 64, later = 0 } = parts;
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape.map((size) => `${size},`).join(' ')}), }`;
  const before = version === 1 ? 10 : 12;
  const spaces = later + ((aligned - ((before + text.length + 1) % aligned)) % aligned);
  const head = Buffer.alloc(before);
  head.write('\x93NUMPY', 'latin1');
  head[6] = version;
  if (version === 1) head.writeUInt16LE(text.length + spaces + 1, 8);
  else head.writeUInt32LE(text.length + spaces + 1, 8);
  const { buffer, byteOffset, byteLength } = elements;
  const bytes = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  return Buffer.concat([head, Buffer.from(`${text}${' '.repeat(spaces)}\n`), bytes]);
}

/** Writes an NPY file for the current test, and returns its path. */
export function npyFile(parts: NpyParts, elements: ArrayBufferView, name = 'x.npy'): string {
  const path = join(newFolder(), name);
  writeFileSync(path, npyBytes(parts, elements));
  return path;
}

/** Numbers without a pattern that zeros would fit into. */
export function waves(
  count: number,
  Floats: typeof Float64Array | typeof Float32Array = Float64Array,
): Float64Array | Float32Array {
  return new Floats(count).map((_, i) => Math.sin(i) + 1.5);
}
