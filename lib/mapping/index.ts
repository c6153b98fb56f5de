/** Matrices on mapped files: see `Matrix.map`. This room is loaded on first use. */

import { constants } from 'node:buffer';
import { toNamespacedPath } from 'node:path';
import { promisify } from 'node:util';
import { type NativeMappedFile, native } from '../addon/binding';
import { newOutcome } from '../addon/outcome';
import { settled } from '../addon/work';
import { blasnetError } from '../base/errors';
import { type FilePath, pathOf } from '../base/file-path';
import { nodeFs } from '../base/lazy-modules';
import { dtypeName, type FloatArray, type MapOptions, Matrix } from '../base/matrix';
import { checkObject, checkOptions, optional } from '../base/validate';
import { quote } from '../formats/file-error';
import { type ArrayHeader, failed, npyHeader } from '../tables/npy-header';

// Enough for the header of nearly every array of numbers.
const firstBytes = 2 ** 12;

/** Makes a matrix of the array in an NPY file, whose memory is the file's: see `Matrix.map`. */
export async function mapNpy(place: FilePath, options: MapOptions): Promise<Matrix> {
  const path = pathOf('path', place);
  checkObject('options', options);
  checkOptions('', options, { dtype: optional(dtypeName) });
  const file = quote(path);
  await checkIsFile(path, file);
  const mapped = new native.MappedFile({ outcome: newOutcome() });
  try {
    await settled(mapped, (done) => mapped.open({ path: toNamespacedPath(path) }, done), undefined);
    const header = headerOf(mapped, file);
    const { rows, cols } = shapeOf(header, file);
    const Floats = elementsOf(header, options, file);
    checkPlace(header, mapped.size(), file);
    return new Matrix<FloatArray>(new Floats(bufferOf(mapped, header, file)), rows, cols);
  } finally {
    mapped.close();
  }
}

// Node's error is the cause of the library's, which that of native code has not.
async function checkIsFile(path: string, file: string): Promise<void> {
  let isFile: boolean;
  try {
    isFile = (await promisify(nodeFs().stat)(path)).isFile();
  } catch (cause) {
    throw blasnetError('ERR_BLASNET_FILE', `Cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
  if (!isFile) throw failed(file, 'it is no regular file, so it cannot be mapped');
}

function headerOf(mapped: NativeMappedFile, file: string): ArrayHeader {
  const size = mapped.size();
  for (let count = firstBytes; ; count *= 8) {
    const first = new Uint8Array(Math.min(count, size));
    mapped.read(first);
    const header = npyHeader(first, file);
    if (header !== undefined) return header;
    if (count >= size) throw failed(file, 'its header is longer than the file');
  }
}

function shapeOf({ shape, columnMajor }: ArrayHeader, file: string): { rows: number; cols: number } {
  const [rows = 1, cols = 1, ...others] = shape;
  const words = `its shape is (${shape.join(', ')})`;
  if (shape.length === 0 || others.length > 0) {
    throw failed(file, `a mapped array must have one or two dimensions, but ${words}: reshape it in NumPy`);
  }
  if (columnMajor && rows > 1 && cols > 1) {
    const remedy = 'save numpy.ascontiguousarray(array)';
    throw failed(file, `a mapped array must be stored row by row, but this one is by columns: ${remedy}`);
  }
  if (rows * cols > 2 ** 32) throw failed(file, `a matrix has at most 2^32 elements, but ${words}`);
  return { rows, cols };
}

function elementsOf(
  { fields }: ArrayHeader,
  { dtype }: MapOptions,
  file: string,
): Float64ArrayConstructor | Float32ArrayConstructor {
  const [field, ...others] = fields;
  const { kind, bytes, bigEndian } = (field as ArrayHeader['fields'][0]).type;
  const isFloat = others.length === 0 && field?.name === '' && kind === 'f' && bytes >= 4 && !bigEndian;
  if (!isFloat) {
    const remedy = 'use readTable, or save array.astype("<f4")';
    throw failed(file, `a mapped array must be of the type <f4 or <f8, but this one is not: ${remedy}`);
  }
  const found = bytes === 8 ? 'float64' : 'float32';
  if (dtype !== undefined && dtype !== found) {
    throw blasnetError('ERR_BLASNET_DTYPE', `Expected ${file} to hold ${dtype}, got ${found}`);
  }
  return bytes === 8 ? Float64Array : Float32Array;
}

function checkPlace({ start, size, shape, fields }: ArrayHeader, fileSize: number, file: string): void {
  if (fileSize !== start + size) {
    const got = fileSize < start + size ? `${fileSize - start}` : `${fileSize - start}, which are more`;
    throw failed(file, `expected ${size} bytes of elements for the shape (${shape.join(', ')}), got ${got}`);
  }
  const { bytes } = (fields[0] as ArrayHeader['fields'][0]).type;
  if (start % bytes !== 0) {
    const rule = `its elements begin at byte ${start}, which is no multiple of ${bytes}`;
    throw failed(file, `${rule}, so they cannot be mapped: save it with NumPy again`);
  }
}

function bufferOf(mapped: NativeMappedFile, { start, size }: ArrayHeader, file: string): ArrayBuffer {
  const most = constants.MAX_LENGTH;
  if (size > most) {
    const remedy = 'split it into several files, or use a newer version of Node';
    throw failed(
      file,
      `it has ${size} bytes of elements, and an array of this runtime at most ${most}: ${remedy}`,
    );
  }
  const buffer = mapped.buffer({ start, bytes: size });
  if (buffer !== null) return buffer;
  const reason = 'this runtime has no arrays on memory that is not its own, so no file can be mapped';
  throw failed(file, `${reason}: use readTable or scanTable`);
}
