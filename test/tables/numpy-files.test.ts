// Arrays of NumPy that are seldom written, those that a table refuses, and archives that are damaged.

import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readTable } from '../../lib/tables';
import { readLiteral } from '../../lib/tables/python-literal';
import fixture from '../fixtures/numpy-hostile.json';

type Name = Exclude<keyof typeof fixture, 'about'>;
const bytesOf = (name: Name) => Buffer.from(fixture[name], 'base64');

test.each<{ name: Name; columns: Record<string, unknown[]> }>([
  { name: 'quotedNames', columns: { "it's": [1], 'a "b"': [2.5] } },
  { name: 'unicodeNames', columns: { größe: [1], 数: [2.5] } },
  { name: 'escapedNames', columns: { 'tab\tname': [1], 'back\\slash': [2.5] } },
  { name: 'emptyName', columns: { a: [1], b: [2.5] } },
  { name: 'titles', columns: { a: [1] } },
  { name: 'innerZero', columns: { column1: ['a\0b', 'c'] } },
  { name: 'scalar', columns: { column1: [7.5] } },
  { name: 'cube', columns: { column1: [0, 4], column2: [1, 5], column3: [2, 6], column4: [3, 7] } },
  { name: 'packed', columns: { x1: [0, 2, 4], x2: [1, 3, 5], name: ['a', 'b', 'a'] } },
  { name: 'stored', columns: { x1: [0, 2, 4], x2: [1, 3, 5], name: ['a', 'b', 'a'] } },
])('is read, and known by its first bytes: $name', async ({ name, columns }) => {
  const table = await readTable(bytesOf(name));
  const found = Object.fromEntries(table.names.map((column) => [column, table.column(column).toArray()]));
  expect(found).toEqual(columns);
});

test('times keep the parts of a millisecond', async () => {
  const read = async (name: Name) => [...(await readTable(bytesOf(name))).column('column1', 'time').values];
  expect(await read('microseconds')).toEqual([Date.UTC(2020, 0) + 0.25, Number.NaN]);
  expect(await read('nanoseconds')).toEqual([1500.000001]);
});

test.each<{ name: Name; message: string; place?: object }>([
  {
    name: 'aligned',
    message: 'expected elements that are numbers, truth values, texts or times, got the type "|V7"',
  },
  { name: 'subarray', message: 'expected fields that hold one element each' },
  {
    name: 'latin1',
    message: 'Cannot read row 0, column "column1" of the data: expected UTF-8, got other bytes',
    place: { row: 0, column: 'column1' },
  },
  {
    name: 'surrogate',
    message: 'Cannot read row 0, column "column1" of the data: expected UTF-32, got U+D800',
  },
  {
    name: 'farTime',
    message:
      'Cannot read row 1, column "column1" of the data: expected a time within the range of a Date, got 108853222 D',
    place: { row: 1, column: 'column1' },
  },
  { name: 'months', message: 'got the type "<M8[M]"' },
  { name: 'steps', message: 'got the type "<M8[25s]"' },
  { name: 'complex', message: 'got the type "<c16"' },
  { name: 'longdouble', message: 'got the type "<f16"' },
  { name: 'void', message: 'got the type "|V3"' },
  { name: 'timedelta', message: 'got the type "<m8[s]"' },
  { name: 'empty', message: 'Cannot read the data: it has no elements: its shape is (0, 3)' },
  { name: 'cubeByColumns', message: 'expected at most two dimensions in column-major order' },
  { name: 'wide', message: 'Cannot read "a.npy" of the data: a table has at most 1048576 columns' },
  { name: 'sameNames', message: 'Cannot read the data: expected different names, got "a1" twice' },
])('is refused: $message', async ({ name, message, place = {} }) => {
  await expect(readTable(bytesOf(name))).rejects.toEqual(
    expect.objectContaining({
      message: expect.stringContaining(message),
      code: 'ERR_BLASNET_FILE',
      ...place,
    }),
  );
});

const npy = (header: string, data: Uint8Array = Buffer.alloc(0), version = 1) => {
  const size = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) size.writeUInt16LE(header.length);
  else size.writeUInt32LE(header.length);
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), version, 0]);
  return Buffer.concat([start, size, Buffer.from(header), data]);
};
const headerOf = (shape: string, type = "'<f8'", order = 'False') =>
  `{'descr': ${type}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

test.each([
  { header: headerOf('(9007199254740993,)'), message: 'its shape (9007199254740992) is too large' },
  { header: headerOf(`(${'9'.repeat(400)},)`), message: 'its shape (Infinity) is too large' },
  { header: headerOf('(4294967296, 4294967296)'), message: 'is too large' },
  { header: headerOf('(10000000000,)'), message: 'expected 80000000000 bytes of elements' },
  { header: headerOf('(-1,)'), message: 'its header has no shape' },
  { header: headerOf("('a',)"), message: 'its header has no shape' },
  { header: headerOf('(1,)', "'<f8'", '1'), message: 'its header has no order of elements' },
  { header: headerOf('(1,)', '[]'), message: 'its header has no type of elements' },
  { header: headerOf('(1,)', "'<U999999999999'"), message: 'got the type "<U999999999999"' },
  { header: headerOf('(1,)', "'<M8[constructor]'"), message: 'got the type' },
  { header: `{'descr': ${'('.repeat(50_000)}`, message: 'its header is no dictionary of Python' },
  { header: `{'descr': '${'\\x'.repeat(20_000)}`, message: 'its header is no dictionary of Python' },
  { header: "{'shape': (1,), 'shape': (2,)}", message: 'its header is no dictionary of Python' },
  { header: 'x', message: 'its header is no dictionary of Python' },
])('a header is refused: $message', async ({ header, message }) => {
  for (const version of [1, 2, 3]) {
    await expect(readTable(npy(header, Buffer.alloc(8), version))).rejects.toEqual(
      expect.objectContaining({ message: expect.stringContaining(message), code: 'ERR_BLASNET_FILE' }),
    );
  }
});

test('no more bytes are read than the header promises', async () => {
  let read = 0;
  async function* endless() {
    yield npy(headerOf('(1000,)'));
    for (; ; read++) yield Buffer.alloc(1000);
  }
  await expect(readTable(endless())).rejects.toMatchObject({
    message: 'Cannot read the data: expected 8000 bytes of elements for the shape (1000), got more',
    code: 'ERR_BLASNET_FILE',
  });
  expect(read).toBeLessThan(100);
  const bomb = gzipSync(Buffer.concat([npy(headerOf('(1,)')), Buffer.alloc(2 ** 26)]));
  await expect(readTable(bomb)).rejects.toThrow('got more');
  const idx = gzipSync(Buffer.concat([Buffer.from([0, 0, 8, 1, 0, 0, 0, 1]), Buffer.alloc(2 ** 26)]));
  await expect(readTable(idx)).rejects.toThrow('got more');
});

test('an IDX file with more columns than a table may have is refused', async () => {
  const bytes = Buffer.concat([Buffer.from([0, 0, 8, 2, 0, 0, 0, 1, 0, 0x20, 0, 0]), Buffer.alloc(2 ** 21)]);
  await expect(readTable(bytes)).rejects.toThrow('a table has at most 1048576 columns');
});

test.each([
  {
    text: "{'a': (1, -2, [True, None]), \"b\": '\\u00e9\\x41\\n\\q'}",
    value: { a: [1, -2, [true, null]], b: 'éA\n\\q' },
  },
  { text: ' () ', value: [] },
  { text: "'it''s'", value: undefined },
  { text: '{1: 2}', value: undefined },
  { text: '(1 2)', value: undefined },
  { text: '(,)', value: undefined },
  { text: '(1,]', value: undefined },
  { text: "'\\Uffffffff'", value: undefined },
  { text: '1.5', value: undefined },
  { text: '', value: undefined },
])('the literal $text of Python is $value', ({ text, value }) => {
  const read = readLiteral(text);
  expect(read instanceof Map ? Object.fromEntries(read) : read).toEqual(value);
});
