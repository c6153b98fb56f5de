// Writes NPY and IDX files and says what they hold: the oracle for their readers.

/** A type of NumPy's elements, and how one is written. */
interface Element {
  readonly descr: string;
  readonly bytes: number;
  write(view: DataView, at: number, value: number): void;
  /** What a table has for the value. */
  read(value: number): number | boolean | string;
}

const numbers = (descr: string, bytes: number, write: Element['write'], read: Element['read']): Element => ({
  descr,
  bytes,
  write,
  read,
});

/** Whole numbers from -100 to 100, or their absolute values, as the type stores them. */
const list: readonly Element[] = [
  numbers(
    '<f8',
    8,
    (view, at, x) => view.setFloat64(at, x / 8, true),
    (x) => x / 8,
  ),
  numbers(
    '>f8',
    8,
    (view, at, x) => view.setFloat64(at, x / 8),
    (x) => x / 8,
  ),
  numbers(
    '<f4',
    4,
    (view, at, x) => view.setFloat32(at, x / 8, true),
    (x) => x / 8,
  ),
  numbers(
    '>f4',
    4,
    (view, at, x) => view.setFloat32(at, x / 8),
    (x) => x / 8,
  ),
  numbers(
    '<i8',
    8,
    (view, at, x) => view.setBigInt64(at, BigInt(x), true),
    (x) => x,
  ),
  numbers(
    '>i8',
    8,
    (view, at, x) => view.setBigInt64(at, BigInt(x)),
    (x) => x,
  ),
  numbers('<u8', 8, (view, at, x) => view.setBigUint64(at, BigInt(Math.abs(x)), true), Math.abs),
  numbers(
    '<i4',
    4,
    (view, at, x) => view.setInt32(at, x * 1000, true),
    (x) => x * 1000,
  ),
  numbers(
    '>i4',
    4,
    (view, at, x) => view.setInt32(at, x * 1000),
    (x) => x * 1000,
  ),
  numbers('<u4', 4, (view, at, x) => view.setUint32(at, Math.abs(x), true), Math.abs),
  numbers(
    '<i2',
    2,
    (view, at, x) => view.setInt16(at, x, true),
    (x) => x,
  ),
  numbers('>u2', 2, (view, at, x) => view.setUint16(at, Math.abs(x)), Math.abs),
  numbers('<u2', 2, (view, at, x) => view.setUint16(at, Math.abs(x), true), Math.abs),
  numbers(
    '|i1',
    1,
    (view, at, x) => view.setInt8(at, x),
    (x) => x,
  ),
  numbers('|u1', 1, (view, at, x) => view.setUint8(at, Math.abs(x)), Math.abs),
  numbers(
    '|b1',
    1,
    (view, at, x) => view.setUint8(at, x > 0 ? 1 : 0),
    (x) => x > 0,
  ),
  numbers(
    '<M8[D]',
    8,
    (view, at, x) => view.setBigInt64(at, BigInt(x), true),
    (x) => x * 864e5,
  ),
  numbers(
    '>M8[us]',
    8,
    (view, at, x) => view.setBigInt64(at, BigInt(x)),
    (x) => x / 1000,
  ),
  {
    descr: '<U3',
    bytes: 12,
    // A character beyond 2^16, and then zeros.
    write: (view, at, x) => view.setUint32(at, 0x1f600 + Math.abs(x), true),
    read: (x) => String.fromCodePoint(0x1f600 + Math.abs(x)),
  },
  {
    descr: '|S2',
    bytes: 2,
    write: (view, at, x) => view.setUint8(at, 65 + (Math.abs(x) % 26)),
    read: (x) => String.fromCharCode(65 + (Math.abs(x) % 26)),
  },
];

/** The types by their names. */
export const elements: Readonly<Record<string, Element>> = Object.fromEntries(
  list.map((element) => [element.descr, element]),
);

export interface MatrixFile {
  readonly type: string;
  readonly rows: number;
  readonly cols: number;
  readonly columnMajor: boolean;
  readonly version: 1 | 2 | 3;
  readonly values: readonly number[];
}

/** An NPY file of a matrix. */
export function npyFile({ type, rows, cols, columnMajor, version, values }: MatrixFile): Uint8Array {
  const { descr, bytes, write } = elements[type] as Element;
  const order = columnMajor ? 'True' : 'False';
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${rows}, ${cols}), }`;
  const start = version === 1 ? 10 : 12;
  const length = Math.ceil((start + text.length + 1) / 64) * 64 - start;
  const file = new Uint8Array(start + length + rows * cols * bytes);
  const view = new DataView(file.buffer);
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  if (version === 1) view.setUint16(8, length, true);
  else view.setUint32(8, length, true);
  file.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), start);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const place = columnMajor ? col * rows + row : row * cols + col;
      write(view, start + length + place * bytes, values[(row * cols + col) % values.length] as number);
    }
  }
  return file;
}

/** What the file holds, row by row. */
export function npyRows({ type, rows, cols, values }: MatrixFile): (number | boolean | string)[][] {
  const { read } = elements[type] as Element;
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: cols }, (_, col) => read(values[(row * cols + col) % values.length] as number)),
  );
}

/** An IDX file of bytes with this shape; and its rows. */
export function idxFile(shape: readonly number[], values: readonly number[]) {
  const count = shape.reduce((product, size) => product * size, 1);
  const list = Array.from({ length: count }, (_, i) => Math.abs(values[i % values.length] as number));
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.set([0, 0, 8, shape.length]);
  for (const [i, size] of shape.entries()) head.writeUInt32BE(size, 4 + 4 * i);
  const [rows = 0] = shape;
  const width = count / rows;
  return {
    bytes: Buffer.concat([head, Buffer.from(list)]),
    rows: Array.from({ length: rows }, (_, row) => list.slice(row * width, (row + 1) * width)),
  };
}

/** A zip archive of these files, as they are. */
export function zipFile(
  files: ReadonlyMap<string, Uint8Array>,
  checksum: (bytes: Uint8Array) => number,
): Buffer {
  const parts: Buffer[] = [];
  const listed: Buffer[] = [];
  let at = 0;
  for (const [name, content] of files) {
    const text = Buffer.from(name);
    const entry = Buffer.alloc(26);
    entry.writeUInt32LE(checksum(content), 10);
    entry.writeUInt32LE(content.length, 14);
    entry.writeUInt32LE(content.length, 18);
    entry.writeUInt16LE(text.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    parts.push(Buffer.from('PK\x03\x04'), entry, text, Buffer.from(content));
    listed.push(Buffer.from('PK\x01\x02\0\0'), entry, place, text);
    at += 30 + text.length + content.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(files.size, 8);
  end.writeUInt16LE(files.size, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...listed, end]);
}

const table = Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  return sum;
});

/** The checksum of zip and gzip. */
export function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = (sum >>> 8) ^ (table[(sum ^ byte) & 0xff] as number);
  return (sum ^ 0xffffffff) >>> 0;
}
