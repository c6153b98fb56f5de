// The header of an NPY file. The format is
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { type BlasnetError, blasnetError } from '../base/errors';
import { timeUnits } from './cells';
import { type Literal, readLiteral } from './python-literal';

/** How the elements of an array, or of one field of it, are stored. */
export interface ElementType {
  /** f, i, u: numbers; b: truth values; U: UTF-32; S: bytes; M: times */
  readonly kind: string;
  readonly bytes: number;
  readonly bigEndian: boolean;
  /** The unit of times: ms, D, ... */
  readonly unit: string;
}

/** An array of a file: what it holds, and where. */
export interface ArrayHeader {
  /** Fields of a structured array; one without a name otherwise. */
  readonly fields: readonly { readonly name: string; readonly type: ElementType }[];
  readonly columnMajor: boolean;
  readonly shape: readonly number[];
  /** Where the elements begin, and how many bytes they take. */
  readonly start: number;
  readonly size: number;
}

const magic = Buffer.from('\x93NUMPY', 'latin1');
const mostHeader = 2 ** 20;

/**
 * Reads the header at the beginning of these bytes; undefined if they end before it does.
 *
 * @throws Error ERR_BLASNET_FILE that names the file
 */
export function npyHeader(bytes: Uint8Array, file: string): ArrayHeader | undefined {
  if (bytes.length < 12 || !magic.equals(bytes.subarray(0, 6)))
    throw failed(file, 'it does not begin as an NPY file does');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6] as number;
  if (version < 1 || version > 3) throw failed(file, `expected version 1 to 3 of the format, got ${version}`);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = (version === 1 ? 10 : 12) + length;
  if (length > mostHeader) throw failed(file, `its header of ${length} bytes is longer than ${mostHeader}`);
  if (start > bytes.length) return undefined;
  const text = Buffer.from(bytes.subarray(start - length, start)).toString(version === 3 ? 'utf8' : 'latin1');

  const header = readLiteral(text);
  if (!(header instanceof Map)) throw failed(file, 'its header is no dictionary of Python');
  const fields = fieldsOf(header.get('descr'), file);
  const order = header.get('fortran_order');
  const shape = header.get('shape');
  if (typeof order !== 'boolean') throw failed(file, 'its header has no order of elements');
  if (!isShape(shape)) throw failed(file, 'its header has no shape');
  const elements = shape.reduce((product, size) => product * size, 1);
  if (elements === 0) throw failed(file, `it has no elements: its shape is (${shape.join(', ')})`);
  const size = elements * fields.reduce((sum, { type }) => sum + type.bytes, 0);
  if (!Number.isSafeInteger(size)) throw failed(file, `its shape (${shape.join(', ')}) is too large`);
  return { fields, columnMajor: order, shape, start, size };
}

function isShape(shape: Literal | undefined): shape is number[] {
  return Array.isArray(shape) && shape.every((size) => typeof size === 'number' && size >= 0);
}

function fieldsOf(given: Literal | undefined, file: string): ArrayHeader['fields'] {
  if (typeof given === 'string') return [{ name: '', type: elementType(given, file) }];
  if (!Array.isArray(given) || given.length === 0) throw failed(file, 'its header has no type of elements');
  return given.map((field: Literal) => {
    const [title, type, shape] = Array.isArray(field) ? (field as readonly Literal[]) : [];
    // A field with a title has both: (title, name).
    const name = Array.isArray(title) ? title[1] : title;
    if (typeof name !== 'string' || typeof type !== 'string' || shape !== undefined) {
      throw failed(file, 'expected fields that hold one element each');
    }
    return { name, type: elementType(type, file) };
  });
}

function elementType(text: string, file: string): ElementType {
  const [, endian = '', kind = '', size = '', unit = ''] =
    /^([<>|=]?)([fiubUSM?])(\d{0,9})(?:\[(\w+)\])?$/.exec(text) ?? [];
  const count = kind === '?' || kind === 'b' ? 1 : Number(size);
  const bytes = kind === 'U' ? 4 * count : count;
  const known =
    (kind === 'f' && [2, 4, 8].includes(bytes)) ||
    ((kind === 'i' || kind === 'u') && [1, 2, 4, 8].includes(bytes)) ||
    kind === 'b' ||
    kind === '?' ||
    ((kind === 'U' || kind === 'S') && count > 0) ||
    (kind === 'M' && bytes === 8 && Object.hasOwn(timeUnits, unit));
  if (!known) {
    const rule = 'elements that are numbers, truth values, texts or times';
    throw failed(file, `expected ${rule}, got the type ${JSON.stringify(text)}`);
  }
  return { kind: kind === '?' ? 'b' : kind, bytes, bigEndian: endian === '>', unit };
}

export function failed(file: string, reason: string): BlasnetError {
  return blasnetError('ERR_BLASNET_FILE', `Cannot read ${file}: ${reason}`);
}
