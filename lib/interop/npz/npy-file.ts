import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { endianness } from 'node:os';
import type { FloatArray } from '../../base/matrix';
import { fileError } from '../../formats/file-error';
import { bytesOf, littleEndian } from '../../formats/safetensors';
import { npyHeader } from '../../tables/npy-header';

// Files of one array of NumPy: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

/** The bytes of an array in rows, as np.save writes them, in parts. The numbers are not copied. */
export function npyOf(data: FloatArray, shape: readonly number[]): Uint8Array[] {
  const { BYTES_PER_ELEMENT: size } = data;
  return [npyHead(`<f${size}`, shape), littleEndian(bytesOf(data), size)];
}

/** The bytes of a list of texts, each filled up with zeros to the length of the longest. */
export function npyOfTexts(texts: readonly string[]): Uint8Array[] {
  const codes = texts.map((text) => Array.from(text, (letter) => letter.codePointAt(0) as number));
  const longest = Math.max(1, ...codes.map(({ length }) => length));
  const letters = Buffer.alloc(4 * longest * texts.length);
  for (const [i, text] of codes.entries()) {
    for (const [j, code] of text.entries()) letters.writeUInt32LE(code, 4 * (i * longest + j));
  }
  return [npyHead(`<U${longest}`, [texts.length]), letters];
}

function npyHead(type: string, shape: readonly number[]): Uint8Array {
  const sizes = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': ${sizes}, }`;
  // The elements begin at a multiple of 64.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const head = Buffer.alloc(10, '\x93NUMPY\x01\x00', 'latin1');
  head.writeUInt16LE(length, 8);
  return Buffer.concat([head, Buffer.from(`${text.padEnd(length - 1)}\n`, 'latin1')]);
}

/** An array of numbers of a file. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: FloatArray;
  /** Whether its elements are stored by columns. */
  readonly byColumns: boolean;
}

/** Reads the array of numbers in an NPY file, whose bytes begin their buffer. @throws Error ERR_BLASNET_FILE that names the place */
export function npyNumbers(bytes: Uint8Array<ArrayBuffer>, place: string): NpyArray {
  const { type, shape, columnMajor, start } = checkedHeader(bytes, place);
  const float = type.kind === 'f' && type.bytes >= 4 && (!type.bigEndian || endianness() === 'BE');
  if (!float) {
    const got = `${type.bigEndian ? '>' : ''}${type.kind}${type.bytes}`;
    throw fileError(place, 'the elements', 'float32 or float64, little-endian', got);
  }
  // NumPy begins the elements at a multiple of 64 (older versions of 16), so they are hardly ever copied.
  const aligned = start % type.bytes === 0 ? bytes.subarray(start) : bytes.slice(start);
  const { buffer, byteOffset } = littleEndian(aligned, type.bytes) as Uint8Array<ArrayBuffer>;
  const length = aligned.length / type.bytes;
  const kind = type.bytes === 4 ? Float32Array : Float64Array;
  return { shape, data: new kind(buffer, byteOffset, length), byColumns: columnMajor };
}

/** Reads the list of texts in an NPY file. @throws like npyNumbers() */
export function npyTexts(bytes: Uint8Array, place: string): string[] {
  const { type, shape, start } = checkedHeader(bytes, place);
  if (type.kind !== 'U' || type.bigEndian || shape.length !== 1) {
    throw fileError(place, 'the elements', 'a list of texts', `${type.kind} [${shape.join(', ')}]`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: shape[0] as number }, (_, i) => {
    let text = '';
    for (let at = 0; at < type.bytes; at += 4) {
      const code = view.getUint32(start + i * type.bytes + at, true);
      if (code > 0x10ffff) throw fileError(place, `element ${i}`, 'a text', `a letter ${code}`);
      text += String.fromCodePoint(code);
    }
    // Zeros at the end fill the text up.
    return text.slice(0, lengthWithoutZeros(text));
  });
}

function lengthWithoutZeros(text: string): number {
  let length = text.length;
  while (length > 0 && text.charCodeAt(length - 1) === 0) length--;
  return length;
}

function checkedHeader(bytes: Uint8Array, place: string) {
  const header = npyHeader(bytes, place);
  if (header === undefined) throw fileError(place, 'the header', 'complete', `${bytes.length} bytes`);
  const { fields, shape, columnMajor, start, size } = header;
  const [{ type }] = fields as [(typeof fields)[number]];
  if (fields.length > 1) throw fileError(place, 'the array', 'one of plain elements', 'one of fields');
  if (bytes.length - start !== size) {
    throw fileError(place, 'the elements', `${size} bytes, as the header says`, bytes.length - start);
  }
  return { type, shape, columnMajor, start };
}
