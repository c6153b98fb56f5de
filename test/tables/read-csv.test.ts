// Delimited text: what each cell becomes, and which text is refused, with line and column.

import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ReadTableOptions, readTable } from '../../lib/tables';

const read = (text: string, options: ReadTableOptions = {}) => readTable(Buffer.from(text), options);

const columnsOf = async (text: string, options: ReadTableOptions = {}) => {
  const table = await read(text, options);
  return Object.fromEntries(
    table.names.map((name) => [name, [table.column(name).kind, ...table.column(name).toArray()]]),
  );
};

describe('a column', () => {
  test('is one of numbers if each cell that is not missing is a number', async () => {
    expect(await columnsOf('a,b\n1,-2.5e3\nNA,.5\n+7,\n')).toEqual({
      a: ['number', 1, null, 7],
      b: ['number', -2500, 0.5, null],
    });
  });

  test('is one of texts if one cell is a text, and then keeps the texts of its numbers as they are', async () => {
    expect(await columnsOf('a\n1.50\n007\n1e3\n')).toEqual({ a: ['category', '1.50', '007', '1e3'] });
  });

  test('is one of texts if a text comes after so many numbers that they came in an earlier block', async () => {
    const rows = 700_000;
    const table = await read(
      `id,x\n${Array.from({ length: rows }, (_, i) => `${i},${i}.50`).join('\n')}\nabc,1\n`,
    );
    expect(table.rows).toBe(rows + 1);
    expect(table.column('id').kind).toBe('category');
    expect(table.column('id').at(123_456)).toBe('123456');
    expect(table.column('id').at(rows)).toBe('abc');
    expect(table.column('x').at(123_456)).toBe(123456.5);
  });

  test('is one of texts if it has digits after leading zeros, or integers whose digits a number would change', async () => {
    expect(await columnsOf('zip,id,n\n01067,9007199254740993,0\n10115,1,0.5\n')).toEqual({
      zip: ['category', '01067', '10115'],
      id: ['category', '9007199254740993', '1'],
      n: ['number', 0, 0.5],
    });
  });

  test('is one of truth values if it holds true and false, and one of times if it holds ISO dates', async () => {
    expect(await columnsOf('t,d\ntrue,2024-02-29\nFALSE,2024-02-29T12:30:00.25+01:00\n,\n')).toEqual({
      t: ['boolean', true, false, null],
      d: ['time', new Date('2024-02-29'), new Date('2024-02-29T11:30:00.250Z'), null],
    });
  });

  test('is one of missing numbers if it has no value', async () => {
    expect(await columnsOf('a,b\n,1\nNA,2\n')).toEqual({ a: ['number', null, null], b: ['number', 1, 2] });
  });
});

describe('text', () => {
  test('may hold delimiters, line breaks and doubled quotes where it is in quotes', async () => {
    expect(await columnsOf('a,b\r\n"x, ""y""\r\nz",1\r\n"",2\r\n')).toEqual({
      a: ['category', 'x, "y"\r\nz', null],
      b: ['number', 1, 2],
    });
  });

  test('may begin with a byte order mark, be compressed, and come in blocks of one byte', async () => {
    const bytes = gzipSync(Buffer.from('\ufeffa,"b"\n1,"x\ny"\n2,é\n'));
    const oneByOne = Array.from(bytes, (byte) => Uint8Array.of(byte));
    for (const source of [bytes, oneByOne]) {
      const table = await readTable(source);
      expect(table.names).toEqual(['a', 'b']);
      expect(table.toRecords()).toEqual([
        { a: 1, b: 'x\ny' },
        { a: 2, b: 'é' },
      ]);
    }
  });

  test('may have a title and comments, which are left out, and faults are at the lines of the file', async () => {
    const text = 'A "title\r\nof two lines; it is long\r# by, me\na;b\n1;2\n#3;4;5\n5;6';
    const options = { skipLines: 2, comment: '#' };
    expect(await columnsOf(text, options)).toEqual({ a: ['number', 1, 5], b: ['number', 2, 6] });
    const oneByOne = Array.from(Buffer.from(text), (byte) => Uint8Array.of(byte));
    expect((await readTable(oneByOne, options)).rows).toBe(2);
    await expect(read(`${text}\n7\n`, options)).rejects.toMatchObject({ line: 8, row: 2 });
    const header = ['x', 'y'];
    const renamed = await columnsOf('a,a\n1,2\n', { skipLines: 1, header });
    expect(renamed).toEqual({ x: ['number', 1], y: ['number', 2] });
    await expect(read('a\n', { skipLines: 5 })).rejects.toThrow('it is empty');
  });

  test('may have semicolons and decimal commas, tabs, or bars', async () => {
    expect(await columnsOf('a;b\n1,5;x\n2,25;y\n')).toEqual({
      a: ['number', 1.5, 2.25],
      b: ['category', 'x', 'y'],
    });
    expect(await columnsOf('a\tb\n1.5\tx,y\n')).toEqual({ a: ['number', 1.5], b: ['category', 'x,y'] });
    expect(await columnsOf('a|b\n1|2\n')).toEqual({ a: ['number', 1], b: ['number', 2] });
  });
});

describe('what was written', () => {
  const cell = fc.string({ unit: 'grapheme', maxLength: 12 });
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

  test('comes back, whatever texts a table holds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .integer({ min: 1, max: 5 })
          .chain((width) =>
            fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }),
          ),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.integer({ min: 1, max: 9 }),
        async (rows, lineEnd, size) => {
          const width = (rows[0] as string[]).length;
          const names = Array.from({ length: width }, (_, i) => `c${i}`);
          const bytes = Buffer.from([names, ...rows].map((row) => row.map(quoted).join(',')).join(lineEnd));
          const blocks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
            bytes.subarray(i * size, (i + 1) * size),
          );
          const types = Object.fromEntries(names.map((name) => [name, 'category' as const]));
          const table = await readTable(blocks, { types, missing: [], header: true });
          expect(table.toRecords()).toEqual(
            rows.map((row) => Object.fromEntries(row.map((text, i) => [`c${i}`, text]))),
          );
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });

  test('comes back bit for bit if it is doubles', async () => {
    const doubles = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 1,
      maxLength: 50,
    });
    await fc.assert(
      fc.asyncProperty(doubles, async (numbers) => {
        const table = await read(
          `x,y\n${numbers.map((x) => `${Object.is(x, -0) ? '-0' : x},1`).join('\n')}\n`,
          { types: { x: 'number' } },
        );
        expect(Array.from(table.column('x', 'number').values)).toEqual(numbers);
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});
