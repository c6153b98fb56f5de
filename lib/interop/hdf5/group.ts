import type { FloatArray } from '../../base/matrix';
import { Hdf5Bytes } from './bytes';
import { type Message, messageTypes, readMessages } from './headers';
import { readLinks } from './links';
import { type ElementType, readFloats, readShape, readTexts, readType } from './types';

// HDF5 as h5py writes it for Keras: groups, attributes that are texts, and data sets of floating-point numbers that are
// neither compressed nor cut into chunks.

const signature = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);

export function isHdf5(bytes: Uint8Array): boolean {
  return signature.every((byte, i) => bytes[i] === byte);
}

/** An array of the file. */
export interface Hdf5Array {
  readonly shape: readonly number[];
  /** The elements, row-major: those of the file's bytes, or a copy. */
  readonly data: FloatArray;
}

/**
 * Opens an HDF5 file. What is read of it is bounded by its size.
 *
 * @param file its name, for the errors
 * @throws Error ERR_BLASNET_FILE; so do all methods of the group
 */
export function openHdf5(content: Uint8Array, file: string): Hdf5Group {
  const bytes = new Hdf5Bytes(content, file);
  if (!isHdf5(content)) throw bytes.error('the content', 'HDF5', 'bytes that do not begin as HDF5 does');
  const version = bytes.number(8, 1, 'the version');
  if (version > 3) throw bytes.error('the version (byte 8)', 'from 0 to 3', version);
  const isOld = version <= 1;
  const sizes = isOld ? 13 : 9;
  for (const at of [sizes, sizes + 1]) {
    const size = bytes.number(at, 1, 'the size of addresses');
    if (size !== 8) throw bytes.error(`the size of addresses (byte ${at})`, '8', size);
  }
  // Version 1 has a number more. The entry of the root group begins with a name that it does not have.
  const addresses = version === 0 ? 24 : version === 1 ? 28 : 12;
  if (bytes.length(addresses, 'the base address') !== 0) {
    throw bytes.error(
      `the base address (byte ${addresses})`,
      '0',
      bytes.length(addresses, 'the base address'),
    );
  }
  const end = bytes.length(addresses + 16, 'the end of the file');
  if (end > content.length) throw bytes.error('the length', `${end} bytes, as it says`, content.length);
  const rootAt = addresses + (isOld ? 40 : 24);
  const root = bytes.address(rootAt, 'the root group');
  if (root === undefined) throw bytes.error(`the root group (byte ${rootAt})`, 'present', 'none');
  return new Hdf5Group(bytes, root, '/');
}

// Files of Keras have a few. What searches them calls itself for each.
const deepest = 100;

export class Hdf5Group {
  /** Its path in the file. */
  readonly path: string;
  readonly #bytes: Hdf5Bytes;
  readonly #messages: readonly Message[];
  readonly #links: Map<string, number>;
  readonly #objects = new Map<string, Hdf5Group>();
  readonly #depth: number;

  /** @param depth how many groups it is in */
  constructor(bytes: Hdf5Bytes, at: number, path: string, depth = 0) {
    if (depth > deepest) throw bytes.error(`"${path}"`, `in at most ${deepest} groups`, 'more');
    this.path = path;
    this.#bytes = bytes;
    this.#depth = depth;
    this.#messages = readMessages(bytes, at, `"${path}"`);
    this.#links = readLinks(bytes, this.#messages, `"${path}"`);
  }

  /** The names of its members. */
  get names(): readonly string[] {
    return [...this.#links.keys()];
  }

  /** The member of this name, or at this path of names with slashes; undefined if there is none. */
  member(path: string): Hdf5Group | undefined {
    const [first = '', ...others] = path.split('/');
    const at = this.#links.get(first);
    if (at === undefined) return undefined;
    let found = this.#objects.get(first);
    if (found === undefined) {
      const place = `${this.path === '/' ? '' : this.path}/${first}`;
      found = new Hdf5Group(this.#bytes, at, place, this.#depth + 1);
      this.#objects.set(first, found);
    }
    return others.length === 0 ? found : found.member(others.join('/'));
  }

  /** The texts of an attribute: one of a single value; undefined if there is no such attribute. */
  texts(name: string): string[] | undefined {
    for (const { type, at } of this.#messages) {
      if (type === messageTypes.attributeInfo) this.#refuseDense(at);
      if (type !== messageTypes.attribute) continue;
      const texts = this.#attribute(at, name);
      if (texts !== undefined) return texts;
    }
    return undefined;
  }

  /** The array that it is; undefined for a group. */
  array(): Hdf5Array | undefined {
    const bytes = this.#bytes;
    const place = `"${this.path}"`;
    const layout = this.#message(messageTypes.layout);
    if (layout === undefined) return undefined;
    const type = this.#elements();
    const shape = this.#shape();
    if (this.#message(messageTypes.filters) !== undefined) {
      throw bytes.error(place, 'stored as it is', 'compressed or filtered data');
    }
    if (type.kind !== 'float') {
      throw bytes.error(`the elements of ${place}`, 'float32 or float64, little-endian', type.name);
    }
    const count = shape.reduce((product, size) => product * size, 1);
    const { at, length } = this.#content(layout);
    if (count * type.size !== length) {
      const rule = `${count * type.size}, for [${shape.slice(0, 8).join(', ')}] of ${type.size} bytes`;
      throw bytes.error(`the number of bytes of ${place}`, rule, length);
    }
    return { shape, data: readFloats(bytes, type, at, count, place) };
  }

  #message(wanted: number): Message | undefined {
    return this.#messages.find(({ type }) => type === wanted);
  }

  #elements(): ElementType {
    const type = this.#message(messageTypes.type);
    if (type === undefined) throw this.#bytes.error(`the type of "${this.path}"`, 'present', 'none');
    return readType(this.#bytes, type.at, `"${this.path}"`);
  }

  #shape(): number[] {
    const space = this.#message(messageTypes.shape);
    const shape = space && readShape(this.#bytes, space.at, `"${this.path}"`);
    if (shape !== undefined) return shape;
    throw this.#bytes.error(`the shape of "${this.path}"`, 'present', 'none');
  }

  // Where the elements are: in the header, or in one piece elsewhere.
  #content({ at }: Message): { at: number; length: number } {
    const bytes = this.#bytes;
    const place = `the elements of "${this.path}"`;
    const version = bytes.number(at, 1, place);
    const kind = bytes.number(at + 1, 1, place);
    if (version !== 3 && version !== 4) throw bytes.error(place, 'version 3 or 4 of the format', version);
    if (kind === 0) return { at: at + 4, length: bytes.number(at + 2, 2, place) };
    if (kind !== 1) throw bytes.error(place, 'in one piece', kind === 2 ? 'chunks' : `a layout ${kind}`);
    const start = bytes.address(at + 2, place);
    if (start === undefined) throw bytes.error(place, 'in the file', 'none');
    return { at: start, length: bytes.length(at + 10, place) };
  }

  #attribute(at: number, wanted: string): string[] | undefined {
    const bytes = this.#bytes;
    const version = bytes.number(at, 1, `an attribute of "${this.path}"`);
    if (version < 1 || version > 3) {
      throw bytes.error(`an attribute of "${this.path}"`, 'version 1 to 3 of the format', version);
    }
    const place = `attribute ${wanted} of "${this.path}"`;
    const [nameLength, typeLength, spaceLength] = [2, 4, 6].map((i) => bytes.number(at + i, 2, place)) as [
      number,
      number,
      number,
    ];
    // Version 1 fills each part up to 8 bytes. Version 3 has the encoding of the name, too.
    const filled = (length: number) => (version === 1 ? Math.ceil(length / 8) * 8 : length);
    const nameAt = at + (version === 3 ? 9 : 8);
    const name = bytes.part(nameAt, nameLength, place).toString().replace(/\0.*$/s, '');
    if (name !== wanted) return undefined;
    const typeAt = nameAt + filled(nameLength);
    const spaceAt = typeAt + filled(typeLength);
    const type = readType(bytes, typeAt, place);
    const shape = readShape(bytes, spaceAt, place);
    if (shape === undefined) return [];
    const count = shape.reduce((product, size) => product * size, 1);
    // NumPy has no type for an empty list.
    if (count === 0) return [];
    if (type.kind !== 'text' && type.kind !== 'texts') throw bytes.error(place, 'texts', type.name);
    return readTexts(bytes, type, spaceAt + filled(spaceLength), count, place);
  }

  #refuseDense(at: number): void {
    const ordered = (this.#bytes.number(at + 1, 1, this.path) & 1) !== 0;
    if (this.#bytes.address(at + 2 + (ordered ? 2 : 0), this.path) === undefined) return;
    const rule = "stored as h5py does with libver='earliest'";
    throw this.#bytes.error(`the attributes of "${this.path}"`, rule, 'a fractal heap');
  }
}
