// NPY, NPZ, IDX and gzip: files that were written come back; damaged ones give a table or an error that names the file.

import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { readTable, type Table } from '../../../lib/tables';
import { expectEqual } from '../../support/equal';
import {
  crc32,
  elements,
  idxFile,
  type MatrixFile,
  npyFile,
  npyRows,
  zipFile,
} from '../../support/numpy-files';
import { changed, changes, type Property, packing, sourceOf, tableOrFault } from './inputs';

const value = fc.integer({ min: -100, max: 100 });
export const matrix: fc.Arbitrary<MatrixFile> = fc.record({
  type: fc.constantFrom(...Object.keys(elements)),
  rows: fc.integer({ min: 1, max: 6 }),
  cols: fc.integer({ min: 1, max: 4 }),
  columnMajor: fc.boolean(),
  version: fc.constantFrom(1 as const, 2 as const, 3 as const),
  values: fc.array(value, { minLength: 1, maxLength: 24 }),
});
const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
const values = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 20 });

function rowsOf(table: Table): unknown[][] {
  return Array.from({ length: table.rows }, (_, row) =>
    table.names.map((name) => {
      const column = table.column(name);
      return column.kind === 'time' ? column.values[row] : column.at(row);
    }),
  );
}

/** Any shape and sizes that a header may lie about. */
const size = fc.oneof(
  fc.nat({ max: 9 }).map(String),
  fc.constantFrom(
    '4294967296',
    '9007199254740991',
    '9007199254740993',
    '1e999',
    '-1',
    '0x10',
    '9'.repeat(400),
    '1L',
    '',
  ),
);
const header = fc
  .record({
    descr: fc.oneof(
      fc
        .constantFrom(...Object.keys(elements), '<U0', '<U999999999', '|O', '<f16', '<c8', 'constructor')
        .map((text) => `'${text}'`),
      fc.constantFrom(
        '[]',
        "[('a', '<f8')]",
        "[('__proto__', '<f8'), ('b', '|u1')]",
        "[('a', [('b', '<f8')])]",
        '((',
        'None',
        "['<f8']",
      ),
    ),
    order: fc.constantFrom('True', 'False', 'None', '0'),
    shape: fc.array(size, { maxLength: 4 }).map((sizes) => `(${sizes.join(', ')},)`),
    data: fc.uint8Array({ maxLength: 40 }),
    version: fc.constantFrom(1, 2, 3, 0, 255),
    length: fc.option(fc.nat({ max: 2 ** 16 - 1 })),
  })
  .map(({ descr, order, shape: sizes, data, version, length }) => {
    const text = Buffer.from(`{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${sizes}, }\n`);
    const start = Buffer.alloc(version === 1 ? 10 : 12);
    start.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
    start.writeUInt16LE(length ?? text.length, 8);
    return Buffer.concat([start, text, data]);
  });

export const npy: Readonly<Record<string, Property>> = {
  'a matrix that was written comes back': (parameters) =>
    fc.assert(
      fc.asyncProperty(matrix, packing, async (given, packed) => {
        const table = await readTable(sourceOf(npyFile(given), packed));
        expectEqual(rowsOf(table), npyRows(given));
      }),
      parameters as never,
    ),
  'a header that lies gives a table or an error': (parameters) =>
    fc.assert(
      fc.asyncProperty(header, packing, async (bytes, packed) => {
        await tableOrFault(sourceOf(bytes, packed), { format: 'npy' });
      }),
      parameters as never,
    ),
  'damaged bytes give a table or an error': (parameters) =>
    fc.assert(
      fc.asyncProperty(matrix, changes, packing, async (given, list, packed) => {
        await tableOrFault(sourceOf(changed(npyFile(given), list), packed), { format: 'npy' });
      }),
      parameters as never,
    ),
};

export const archive = fc.array(matrix, { minLength: 1, maxLength: 3 }).map((list) => {
  const rows = list[0]?.rows ?? 1;
  const files = list.map((given) => ({ ...given, rows }));
  const named = files.map((given, i) => [`${'abc'[i]}.npy`, npyFile(given)] as const);
  return { files, bytes: zipFile(new Map(named), crc32) };
});

export const npz: Readonly<Record<string, Property>> = {
  'arrays that were written come back': (parameters) =>
    fc.assert(
      fc.asyncProperty(archive, packing, async ({ files, bytes }, packed) => {
        const table = await readTable(sourceOf(bytes, packed));
        const parts = files.map(npyRows);
        expectEqual(
          rowsOf(table),
          parts[0]?.map((_, row) => parts.flatMap((part) => part[row])),
        );
      }),
      parameters as never,
    ),
  'damaged bytes give a table or an error': (parameters) =>
    fc.assert(
      fc.asyncProperty(archive, changes, packing, async ({ bytes }, list, packed) => {
        await tableOrFault(sourceOf(changed(bytes, list), packed), { format: 'npz' });
      }),
      parameters as never,
    ),
};

export const idx: Readonly<Record<string, Property>> = {
  'elements that were written come back': (parameters) =>
    fc.assert(
      fc.asyncProperty(shape, values, packing, async (sizes, list, packed) => {
        const { bytes, rows } = idxFile(sizes, list);
        expectEqual(rowsOf(await readTable(sourceOf(bytes, packed))), rows);
      }),
      parameters as never,
    ),
  'damaged bytes give a table or an error': (parameters) =>
    fc.assert(
      fc.asyncProperty(shape, values, changes, packing, async (sizes, list, damage, packed) => {
        await tableOrFault(sourceOf(changed(idxFile(sizes, list).bytes, damage), packed), { format: 'idx' });
      }),
      parameters as never,
    ),
};

const text = fc.array(fc.constantFrom('a,b\n', '1,2\n', '3,x\n', '"é\n",5\n'), { maxLength: 40 });

export const gzip: Readonly<Record<string, Property>> = {
  'damaged bytes give the table that was packed, or an error': (parameters) =>
    fc.assert(
      fc.asyncProperty(text, changes, packing, async (lines, list, { size: blocks }) => {
        const plain = Buffer.from(`a,b\n${lines.join('')}`);
        const whole = gzipSync(plain);
        const bytes = changed(whole, list);
        const found = await tableOrFault(sourceOf(bytes, { size: blocks, gzip: false }), {
          format: 'csv',
          delimiter: ',',
        });
        // Behind the magic, a file of gzip has a name and a time, which may be any, and checksums of the rest.
        const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
        if (found instanceof Error || !isPacked) return;
        expectEqual(found.toRecords(), (await readTable(plain, { delimiter: ',' })).toRecords());
      }),
      parameters as never,
    ),
};
