// Text that is no table, with the line and the column of the fault; and options that do not fit.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ReadTableOptions, readTable } from '../../lib/tables';

const folder = mkdtempSync(join(tmpdir(), 'tables-'));
const file = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

test.each<{ text: string | Uint8Array; options?: ReadTableOptions; message: string; place?: object }>([
  { text: '', message: 'Cannot read the data: it is empty' },
  { text: '\n\r\n', message: 'Cannot read the data: it is empty' },
  {
    text: 'a,b\n1,2\n\n3\n',
    message:
      "Cannot read line 4 of the data: expected 2 cells, got 1; to fill up short lines, write ragged: 'fill'",
    place: { line: 4, row: 1 },
  },
  { text: 'a,b\n1,2,3\n', message: 'Cannot read line 2 of the data: expected 2 cells, got 3' },
  {
    text: 'a,b\n1,2,3\n',
    options: { ragged: 'fill' },
    message: 'Cannot read line 2 of the data: expected 2 cells, got 3',
  },
  {
    text: 'a\n"x\ny"\n"never\n',
    message:
      'Cannot read line 4, column "a" of the data: the quoted cell that begins with "never\\n" never ends',
    place: { line: 4, row: 1, column: 'a' },
  },
  {
    text: 'a,b\n"x" y,2\n',
    message:
      'Cannot read line 2, column "a" of the data: expected a delimiter or the end of the line behind a quoted cell, got "y,2"',
  },
  {
    text: 'a,b\n1,31\n2,abc\n',
    options: { types: { b: 'number' } },
    message: 'Cannot read line 3, column "b" of the data: expected a number, got "abc"',
    place: { line: 3, row: 1, column: 'b' },
  },
  {
    text: 'a\n"1,234"\n',
    options: { types: { a: 'number' } },
    message:
      'Cannot read line 2, column "a" of the data: expected a number, got "1,234"; to read thousands so, write thousands: ","',
  },
  {
    text: 'a\n12 %\n',
    options: { types: { a: 'number' } },
    message: 'Cannot read line 2, column "a" of the data: expected a number, got "12 %"',
  },
  {
    text: 'a\n2024-02-30\n',
    options: { types: { a: 'time' } },
    message:
      'Cannot read line 2, column "a" of the data: expected a time, got "2024-02-30"; write times as 2024-02-29 or 2024-02-29T10:00:00',
  },
  {
    text: 'a\nmaybe\n',
    options: { types: { a: 'boolean' } },
    message: 'Cannot read line 2, column "a" of the data: expected a boolean, got "maybe"',
  },
  {
    text: 'a\n1\n1e999\n',
    message:
      'Cannot read line 3, column "a" of the data: expected a number that a double can hold, got "1e999"; ' +
      "to read the column as texts, state its type 'category'",
  },
  {
    text: Buffer.from('a,b\n1,caf\xe9\n', 'latin1'),
    message: 'Cannot read line 2, column "b" of the data: expected UTF-8, got other bytes',
  },
  {
    text: 'a,b,a\n1,2,3\n',
    message:
      'Expected columns of the data with different names, got "a" twice; to name the columns, write skipLines: 1 and header: [...]',
  },
  {
    text: Buffer.from('\ufeffa,b\n', 'utf16le'),
    message: 'Cannot read the data: expected UTF-8, got UTF-16; save it as UTF-8',
  },
  {
    text: Buffer.from('PK\x03\x04....'),
    message: 'Cannot read the data: expected text, got a zip archive, as XLSX is; save the sheet as CSV',
  },
  {
    text: '# by me, and you, and others\na,b\n1,2\n',
    message:
      "Cannot read line 2 of the data: expected 3 cells, got 2; to fill up short lines, write ragged: 'fill'",
  },
  {
    text: '# by me\na,b\n1,2\n',
    message:
      "Cannot read line 2 of the data: expected 1 cell, got 2; to leave out lines that begin with #, write comment: '#'",
  },
  {
    text: 'x\n1,5\n2,5\n',
    message:
      "Cannot read line 2 of the data: expected 1 cell, got 2; if the file has one column, write delimiter: '\\t'",
  },
  {
    text: '\n<!DOCTYPE html>\n<html>',
    message: 'Cannot read the data: expected a table, got a page of HTML or XML; download the file itself',
  },
  { text: Buffer.from([1, 2, 0, 3]), message: 'Cannot read the data: expected text, got binary data' },
  { text: gzipSync('a\n1\n').subarray(0, 20), message: 'Cannot decompress the data: unexpected end of file' },
  {
    text: Buffer.concat([gzipSync('a\n1\n'), Buffer.from('xxxxxxxxxx')]),
    message: 'Cannot decompress the data: incorrect header check',
  },
])('the text is refused: $message', async ({ text, options, message, place = {} }) => {
  const source = typeof text === 'string' ? Buffer.from(text) : text;
  await expect(readTable(source, options)).rejects.toEqual(
    expect.objectContaining({ message, code: 'ERR_BLASNET_FILE', ...place }),
  );
});

test.each<{ options: object; message: string; code: string }>([
  { options: { seperator: ',' }, message: 'Unknown option "seperator"', code: 'ERR_BLASNET_UNKNOWN_OPTION' },
  {
    options: { delimiter: ',,' },
    message: 'Expected delimiter to be one ASCII character that is no line break, got ",," (string)',
    code: 'ERR_BLASNET_UNKNOWN_NAME',
  },
  {
    options: { delimiter: 5 },
    message: 'Expected delimiter to be one ASCII character that is no line break, got 5 (number)',
    code: 'ERR_BLASNET_ARG_TYPE',
  },
  {
    options: { delimiter: ',', decimal: ',' },
    message: 'Expected decimal to be another character than the delimiter, got "," (string)',
    code: 'ERR_BLASNET_ARG_VALUE',
  },
  {
    options: { delimiter: '"' },
    message: 'Expected quote to be another character than the delimiter, got "\\"" (string)',
    code: 'ERR_BLASNET_ARG_VALUE',
  },
  {
    options: { thousands: '.', decimal: '.' },
    message: 'Expected thousands to be another character than decimal, got "." (string)',
    code: 'ERR_BLASNET_ARG_VALUE',
  },
  {
    options: { header: 'a' },
    message: 'Expected header to be true, false or an array of names, got "a" (string)',
    code: 'ERR_BLASNET_ARG_TYPE',
  },
  {
    options: { header: ['a'] },
    message:
      'Expected header to be an array of 2 names, as many as the columns of the data, got an array of length 1',
    code: 'ERR_BLASNET_SHAPE',
  },
  {
    options: { missing: 'NA' },
    message: 'Expected missing to be an array of strings, got "NA" (string)',
    code: 'ERR_BLASNET_ARG_TYPE',
  },
  {
    options: { ragged: 'ignore' },
    message: `Expected ragged to be one of 'error', 'fill', got "ignore" (string)`,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
  },
  {
    options: { types: { agee: 'number' } },
    message: 'Unknown column "agee" in types; did you mean "age"?',
    code: 'ERR_BLASNET_UNKNOWN_NAME',
  },
  {
    options: { columns: ['agee'] },
    message: 'Unknown column "agee" in columns; did you mean "age"?',
    code: 'ERR_BLASNET_UNKNOWN_NAME',
  },
  {
    options: { columns: [] },
    message: 'Expected columns to be an array of different column names, got an array of length 0',
    code: 'ERR_BLASNET_ARG_VALUE',
  },
  {
    options: { signal: 1 },
    message: 'Expected signal to be an AbortSignal, got 1 (number)',
    code: 'ERR_BLASNET_ARG_TYPE',
  },
  {
    options: { progress: true },
    message: 'Expected progress to be a function, got true (boolean)',
    code: 'ERR_BLASNET_ARG_TYPE',
  },
])('the options are refused: $message', async ({ options, message, code }) => {
  await expect(readTable(Buffer.from('age,b\n1,2\n'), options as ReadTableOptions)).rejects.toEqual(
    expect.objectContaining({ message: expect.stringContaining(message), code }),
  );
});

test.each([
  {
    source: () => 5,
    message:
      'Expected source to be a path, a file: URL, bytes, a Readable or an async iterable of bytes, got 5 (number)',
  },
  { source: () => '', message: 'Expected source to be a non-empty path, got "" (string)' },
  {
    source: () => 'a,b\n1,2',
    message:
      'Expected source to be a non-empty path, got "a,b\\n1,2" (string); for a text, pass Buffer.from(text)',
  },
  {
    source: () => new URL('https://example.com/a.csv'),
    message:
      'Expected source to be a URL with the scheme file:, got "https://example.com/a.csv" (string); for others, pass the body: (await fetch(url)).body',
  },
  { source: () => join(folder, 'none.csv'), message: 'ENOENT' },
  { source: () => folder, message: 'EISDIR' },
  {
    source: () => [5],
    message: 'Expected source to be an iterable of Uint8Arrays or strings, got 5 (number)',
  },
])('the source is refused: $message', async ({ source, message }) => {
  await expect(readTable(source() as string)).rejects.toEqual(
    expect.objectContaining({
      message: expect.stringContaining(message),
      code: expect.stringMatching(/^ERR_BLASNET/),
    }),
  );
});

describe('a source', () => {
  const text = 'a,b\n1,x\n2,y\n';
  const expected = [
    { a: 1, b: 'x' },
    { a: 2, b: 'y' },
  ];

  test('may be a path, a URL, bytes, a stream, texts, or compressed', async () => {
    const path = file('plain.csv', text);
    const sources = [
      path,
      pathToFileURL(path),
      file('packed.csv.gz', gzipSync(text)),
      Buffer.from(text),
      Uint8Array.from(Buffer.from(text)).buffer,
      Readable.from([Buffer.from(text)]),
      new Blob([text]).stream() as unknown as AsyncIterable<Uint8Array>,
      ['a,b\n1', ',x\n2,y\n'],
    ];
    for (const source of sources) expect((await readTable(source)).toRecords()).toEqual(expected);
  });

  test('passes its own error on if it fails in the middle', async () => {
    async function* broken() {
      yield Buffer.from('a\n1\n');
      throw new Error('the line is dead');
    }
    await expect(readTable(broken())).rejects.toThrow('the line is dead');
  });

  test('is left alone once its reader is aborted, which rejects with an AbortError', async () => {
    const controller = new AbortController();
    let ended = false;
    async function* endless() {
      try {
        yield 'a\n';
        for (;;) yield '1\n'.repeat(50_000);
      } finally {
        ended = true;
      }
    }
    const progress = ({ rows }: { rows: number }) => rows > 200_000 && controller.abort();
    await expect(readTable(endless(), { signal: controller.signal, progress })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    );
    expect(ended).toBe(true);
  });

  test('reports the bytes and rows that were read', async () => {
    const reports: object[] = [];
    const path = file('progress.csv', text);
    await readTable(path, { progress: (report) => reports.push(report) });
    expect(reports.at(-1)).toEqual({ bytes: text.length, total: text.length, rows: 2 });
  });
});

test('any bytes give a table or a coded error, and change no prototype', async () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ',',
      '"',
      '\n',
      '\r',
      '\r\n',
      ';',
      '\t',
      ' ',
      '""',
      'NA',
      '1',
      '-2.5',
      '1e9',
      '007',
      'true',
      '2024-02-29',
      '__proto__',
      '\0',
      '\ufeff',
    ),
    fc.string({ maxLength: 5 }),
  );
  const bytes = fc.oneof(
    fc.array(piece, { maxLength: 60 }).map((pieces) => Buffer.from(pieces.join(''))),
    fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array)),
  );
  const before = Object.getOwnPropertyNames(Object.prototype).join();
  const option = fc.record({
    ragged: fc.constantFrom('error' as const, 'fill' as const),
    header: fc.boolean(),
    trim: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(bytes, option, async (given, options) => {
      try {
        const table = await readTable(given, options);
        for (const name of table.names) expect(table.column(name).length).toBe(table.rows);
        table.toRecords();
      } catch (error) {
        expect((error as { code?: string }).code).toBe('ERR_BLASNET_FILE');
      }
    }),
    { numRuns: 3000, seed: 1 },
  );
  expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before);
});
