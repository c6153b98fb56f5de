// Records in JSON: what each value becomes, and which text is refused.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ReadTableOptions, readTable, Table } from '../../lib/tables';

const read = (text: string, options: ReadTableOptions = {}) => readTable(Buffer.from(text), options);

const records = [
  { id: 1, name: 'Ann "A" \u{1F600}', ok: true, day: '2024-02-29', zip: '01067' },
  { id: -2.5e-7, name: '\\\n\t\u0007/', ok: null, zip: '7' },
  { id: null, name: '', ok: false, day: '2024-03-01T12:00:00Z', extra: 3 },
];
const expected = [
  { id: 1, name: 'Ann "A" \u{1F600}', ok: true, day: new Date('2024-02-29'), zip: '01067', extra: null },
  { id: -2.5e-7, name: '\\\n\t\u0007/', ok: null, day: null, zip: '7', extra: null },
  { id: null, name: null, ok: false, day: new Date('2024-03-01T12:00:00Z'), zip: null, extra: 3 },
];

describe('records', () => {
  test.each([
    { form: 'lines', text: records.map((record) => JSON.stringify(record)).join('\n') },
    { form: 'an array', text: JSON.stringify(records) },
    { form: 'an array with line breaks', text: JSON.stringify(records, undefined, 2) },
    {
      form: 'objects without line breaks',
      text: `\ufeff${records.map((record) => JSON.stringify(record)).join('')}`,
    },
  ])('in the form of $form give one table, in blocks of any size', async ({ text }) => {
    const bytes = Buffer.from(text);
    for (const size of [1, 3, 1000]) {
      const blocks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      expect((await readTable(blocks)).toRecords()).toEqual(expected);
    }
  });

  test('give the characters of escapes that JSON.parse gives', async () => {
    const text = '{"\\u0061\\"":"\\ud83d\\ude00\\u00e9\\/\\b\\f\\n\\r\\t\\\\"}';
    expect((await read(text)).record(0)).toEqual(JSON.parse(text));
  });

  test('give the texts of a column as they stand if it has numbers and texts', async () => {
    expect((await read('{"a":1.50}\n{"a":"x"}\n{"a":true}\n')).column('a').toArray()).toEqual([
      '1.50',
      'x',
      'true',
    ]);
  });

  test('are converted to the kinds that are stated, and give the columns that are asked for', async () => {
    const text = '{"a":"12.5","b":7,"c":1}\n{"a":3,"b":"x","c":2}\n';
    const table = await read(text, { types: { a: 'number', b: 'category' }, columns: ['b', 'a'] });
    expect(table.names).toEqual(['b', 'a']);
    expect(table.toRecords()).toEqual([
      { b: '7', a: 12.5 },
      { b: 'x', a: 3 },
    ]);
  });

  test('come back whatever their names and values, and change no prototype', async () => {
    const name = fc.oneof(
      fc.constantFrom('__proto__', 'constructor', 'a', '', 'a b'),
      fc.string({ unit: 'grapheme' }),
    );
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.tuple(name, value)), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 9 }),
        async (given, size) => {
          const objects = given.map((entries) => new Map(entries));
          const names = [...new Set(objects.flatMap((object) => [...object.keys()]))];
          // One kind a column: that of its first value.
          const kinds = new Map<string, string>();
          for (const object of objects) {
            for (const [key, cell] of object) {
              if (cell === null) continue;
              if (!kinds.has(key)) kinds.set(key, typeof cell);
              else if (kinds.get(key) !== typeof cell) object.set(key, null);
            }
          }
          const write = (object: Map<string, unknown>) =>
            `{${[...object].map(([key, cell]) => `${JSON.stringify(key)}:${JSON.stringify(cell)}`).join(',')}}`;
          const bytes = Buffer.from(objects.map(write).join('\n'));
          const blocks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
            bytes.subarray(i * size, (i + 1) * size),
          );
          if (names.length === 0) return;
          const table = await readTable(blocks, { format: 'json' });
          expect(table.names).toEqual(names);
          for (const [i, object] of objects.entries()) {
            for (const key of names)
              expect(table.column(key).at(i)).toEqual(
                Object.is(object.get(key), -0) ? 0 : (object.get(key) ?? null),
              );
          }
        },
      ),
      { numRuns: 500, seed: 1 },
    );
  });
});

test.each<{ text: string; message: string; options?: ReadTableOptions; place?: object }>([
  {
    text: '{"a":1}\n{"a":}',
    message: 'Cannot read line 2 of the data: expected JSON, got "}"',
    place: { line: 2, row: 1 },
  },
  { text: '[{"a":1}', message: 'Cannot read line 1 of the data: expected JSON, got nothing more' },
  { text: '[{"a":1} {"a":2}]', message: 'Cannot read line 1 of the data: expected JSON, got "{\\"a\\":2}]"' },
  { text: '[{"a":1},]', message: 'Cannot read line 1 of the data: expected JSON, got "]"' },
  { text: '[{"a":1}] x', message: 'Cannot read line 1 of the data: expected JSON, got "x"' },
  { text: '{"a":01}', message: 'Cannot read line 1 of the data: expected JSON, got "01}"' },
  { text: '{"a":tru}', message: 'Cannot read line 1 of the data: expected JSON, got "tru}"' },
  { text: '{"a":"x\ny"}', message: 'Cannot read line 1 of the data: expected JSON, got nothing more' },
  {
    text: '{"a":1,"b":[2]}',
    message:
      'Cannot read line 1, column "b" of the data: expected a number, a string, true, false or null, got "[2]}"; give nested values columns of their own',
    place: { column: 'b' },
  },
  {
    text: '[1,2]',
    message:
      'Cannot read line 1 of the data: expected an object of numbers, strings, true, false and null, got "1,2]"',
  },
  {
    text: '{"a":1,"a":2}',
    message: 'Cannot read line 1, column "a" of the data: the object has this name twice',
    place: { column: 'a' },
  },
  {
    text: '{"a":"x\\ud83dy"}',
    message:
      'Cannot read line 1, column "a" of the data: expected an escape of JSON, got "\\\\ud83d", half of a surrogate pair',
  },
  {
    text: '{"b":1}\n{"b":2,"a":"\\x"}',
    message: 'Cannot read line 2, column "a" of the data: expected an escape of JSON, got "\\\\x"',
    place: { line: 2, row: 1, column: 'a' },
  },
  {
    text: '{"\\u12":1}',
    message: 'Cannot read line 1 of the data: expected an escape of JSON, got "\\\\u12"',
  },
  {
    text: '{"a":1}\n{"a":1e999}',
    message: `Cannot read line 2, column "a" of the data: expected a number that a double can hold, got "1e999"; to read the column as texts, state its type 'category'`,
  },
  {
    text: '{"a":"abc"}',
    options: { types: { a: 'number' } },
    message: 'Cannot read line 1, column "a" of the data: expected a number, got "abc"',
  },
  { text: '{"a":1}', options: { types: { b: 'number' } }, message: 'Unknown column "b" in types' },
  { text: '{"a":1}', options: { columns: ['b'] }, message: 'Unknown column "b" in columns' },
])('the text $text is refused', async ({ text, message, options, place = {} }) => {
  await expect(read(text, { format: 'json', ...options })).rejects.toEqual(
    expect.objectContaining({
      message: expect.stringContaining(message),
      code: expect.stringMatching(/^ERR_BLASNET_/),
      ...place,
    }),
  );
});

test('any bytes give a table or a coded error', async () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '\\u00',
    '1',
    '-',
    '1e5',
    'true',
    'nul',
    'null',
    ' ',
    '\n',
    '\0',
    'NaN',
    '-Inf',
    'Infinity',
    '"b":',
    '{"a":1}',
  );
  const bytes = fc.oneof(
    fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join(''))),
    fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (given) => {
      try {
        const table = await readTable(given, { format: 'json' });
        expect(
          Table.from(table.toRecords().length > 0 ? table.toRecords() : [{ a: 1 }]).rows,
        ).toBeGreaterThan(0);
      } catch (error) {
        expect((error as { code?: string }).code).toMatch(/^ERR_BLASNET_(FILE|SHAPE)$/);
      }
    }),
    { numRuns: 3000, seed: 1 },
  );
});
