// NDJSON and arrays of records: any text is what the oracle says.

import fc from 'fast-check';
import { expect } from 'vitest';
import { expectEqual } from '../../support/equal';
import { jsonTable } from '../../support/json-oracle';
import { contentOf, OracleFault } from '../../support/table-oracle';
import { number, time } from './csv';
import {
  changed,
  changes,
  oddName,
  type Packing,
  type Property,
  packing,
  sourceOf,
  tableOrFault,
} from './inputs';

const name = fc.oneof(oddName, fc.constantFrom('a', 'b', 'c'), fc.string({ unit: 'grapheme', maxLength: 4 }));
const string = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
  time,
  number,
  fc.constantFrom('', 'true', 'NA', '\u{1F600}', '\ud83d', '\ude00\ud83d'),
);
const value = fc.oneof(
  string.map((text) => JSON.stringify(text)),
  number,
  fc.double().map(String),
  fc.constantFrom(
    'true',
    'false',
    'null',
    'NaN',
    '-Infinity',
    '"\\u00e9\\/"',
    '"\\x"',
    '01',
    '+1',
    '.5',
    '1.',
    '[1]',
    '{"a":{}}',
    '"\t"',
  ),
);
const spaces = fc.constantFrom('', '', ' ', '\n', '\t', '\r\n');
const records = fc
  .tuple(
    fc.array(fc.array(fc.tuple(name, value, spaces), { maxLength: 4 }), { maxLength: 6 }),
    fc.boolean(),
    spaces,
  )
  .map(([list, isArray, between]) => {
    const texts = list.map(
      (members) =>
        `{${members.map(([key, text, space]) => `${space}${JSON.stringify(key)}${space}:${text}`).join(',')}}`,
    );
    return isArray ? `[${texts.join(`${between},`)}${between}]` : texts.join(between);
  });
const pieces = fc
  .array(
    fc.oneof(
      value,
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        '\\',
        '{"a":1}',
        '"a":1',
        '\n',
        ' ',
        'nul',
        '-',
        '\ufeff',
        '\\u00',
        '-Inf',
      ),
    ),
    { maxLength: 25 },
  )
  .map((list) => list.join(''));

async function compare(text: string, packed: Packing): Promise<void> {
  // A mark may stand at the start. NUL is binary data.
  if (text.includes('\0')) return;
  // Halves of surrogate pairs are no UTF-8: a text in JavaScript may have them, its bytes cannot.
  const bytes = Buffer.from(text);
  const expected = jsonTable(bytes.toString().replace(/^\ufeff/, ''));
  const found = await tableOrFault(sourceOf(bytes, packed), { format: 'json' });
  if (expected instanceof OracleFault) {
    const { row, line = 0, message } = found as Error & OracleFault;
    expect(row).toBe(expected.row);
    expect(message).toContain(`line ${line}`);
    expect(line).toBeGreaterThan(0);
    expect(line).toBeLessThanOrEqual(text.split('\n').length);
  } else if (expected.size === 0) {
    expect(found).toMatchObject({ message: 'Cannot read the data: it is empty' });
  } else {
    if (found instanceof Error) throw found;
    expectEqual(found.names, [...expected.keys()]);
    expectEqual(contentOf(found), expected);
  }
}

const compared =
  (inputs: fc.Arbitrary<string>): Property =>
  (parameters) =>
    fc.assert(fc.asyncProperty(inputs, packing, compare), parameters as fc.Parameters<[string, Packing]>);

export const json: Readonly<Record<string, Property>> = {
  'records that were written are read as the oracle reads them': compared(records),
  'pieces of JSON in any order are read as the oracle reads them': compared(pieces),
  'damaged bytes give a table or a fault with its line': (parameters) =>
    fc.assert(
      fc.asyncProperty(records, changes, packing, async (text, list, packed) => {
        const found = await tableOrFault(sourceOf(changed(Buffer.from(text), list), packed), {
          format: 'json',
        });
        if (found instanceof Error && found.line !== undefined)
          expect(found.message).toContain(`line ${found.line}`);
      }),
      parameters as never,
    ),
  'brackets of any depth are refused': (parameters) =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom('[', '{"a":', '{', '[['),
        fc.integer({ min: 1, max: 20_000 }),
        async (mark, depth) => {
          const found = await tableOrFault(Buffer.from(mark.repeat(depth)), { format: 'json' });
          expect(found).toBeInstanceOf(Error);
        },
      ),
      parameters as never,
    ),
};
