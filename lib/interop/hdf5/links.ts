import type { Hdf5Bytes } from './bytes';
import { type Message, messageTypes } from './headers';

/** The members of a group: the addresses of their headers, by name. */
export function readLinks(
  bytes: Hdf5Bytes,
  messages: readonly Message[],
  place: string,
): Map<string, number> {
  const links = new Map<string, number>();
  const add = (name: string, address: number): void => {
    if (name.includes('/'))
      throw bytes.error(`the members of ${place}`, 'named without /', JSON.stringify(name));
    if (links.has(name))
      throw bytes.error(`the members of ${place}`, 'named once each', JSON.stringify(name));
    links.set(name, address);
  };
  for (const { type, at } of messages) {
    if (type === messageTypes.symbols) readSymbols(bytes, at, place, add);
    if (type === messageTypes.link) readLink(bytes, at, place, add);
    if (type === messageTypes.linkInfo) refuseDense(bytes, at, place);
  }
  return links;
}

type Add = (name: string, address: number) => void;

// A tree whose leaves are tables of symbols, with their names in a heap of the group.
function readSymbols(bytes: Hdf5Bytes, at: number, place: string, add: Add): void {
  const tree = addressOf(bytes, at, place);
  const heap = addressOf(bytes, at + 8, place);
  bytes.expect(heap, 'HEAP', `the names of ${place}`);
  const namesAt = addressOf(bytes, heap + 24, `the names of ${place}`);
  const names = bytes.part(namesAt, bytes.length(heap + 8, place), `the names of ${place}`);
  const nodes = [tree];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    bytes.enter(node, `the members of ${place}`);
    if (bytes.part(node, 4, place).toString('latin1') === 'SNOD') {
      const count = bytes.number(node + 6, 2, place);
      for (let i = 0; i < count; i++) {
        const entry = node + 8 + 40 * i;
        add(nameAt(bytes, names, bytes.length(entry, place), place), addressOf(bytes, entry + 8, place));
      }
      continue;
    }
    bytes.expect(node, 'TREE', `the members of ${place}`);
    const used = bytes.number(node + 6, 2, place);
    // A key comes before each child.
    for (let i = used - 1; i >= 0; i--) nodes.push(addressOf(bytes, node + 32 + 16 * i, place));
  }
}

function nameAt(bytes: Hdf5Bytes, names: Buffer, at: number, place: string): string {
  const end = names.indexOf(0, at);
  if (at >= names.length || end === -1) {
    throw bytes.error(`the members of ${place}`, 'named', `a name at byte ${at} of ${names.length}`);
  }
  bytes.take(end - at, `the names of ${place}`);
  return names.toString('utf8', at, end);
}

// A member that stands in the header of the group itself.
function readLink(bytes: Hdf5Bytes, at: number, place: string, add: Add): void {
  const flags = bytes.number(at + 1, 1, place);
  let next = at + 2;
  const kind = (flags & 8) === 0 ? 0 : bytes.number(next++, 1, place);
  if ((flags & 4) !== 0) next += 8;
  if ((flags & 16) !== 0) next++;
  const width = 2 ** (flags & 3);
  const length = width === 8 ? bytes.length(next, place) : bytes.number(next, width as 1 | 2 | 4, place);
  next += width;
  const name = bytes.part(next, length, `the members of ${place}`).toString();
  // A link to another file, or to a path, names what may be anywhere.
  if (kind !== 0) {
    const rule = 'in the file itself';
    throw bytes.error(`${JSON.stringify(name)} of ${place}`, rule, `a link of kind ${kind}`);
  }
  add(name, addressOf(bytes, next + length, place));
}

function refuseDense(bytes: Hdf5Bytes, at: number, place: string): void {
  const ordered = (bytes.number(at + 1, 1, place) & 1) !== 0;
  if (bytes.address(at + 2 + (ordered ? 8 : 0), place) === undefined) return;
  const rule = "stored as h5py does with libver='earliest'";
  throw bytes.error(`the members of ${place}`, rule, 'a fractal heap');
}

function addressOf(bytes: Hdf5Bytes, at: number, place: string): number {
  const address = bytes.address(at, place);
  if (address === undefined) throw bytes.error(`an address of ${place}`, 'present', `none at byte ${at}`);
  return address;
}
