// CSV: any text is what the oracle says, a table or a fault with its line, row and column.

import fc from 'fast-check';
import { expect } from 'vitest';
import { Table } from '../../../lib/tables';
import { defaultMissing } from '../../../lib/tables/csv';
import { type CsvDialect, csvTable } from '../../support/csv-oracle';
import { expectEqual } from '../../support/equal';
import { contentOf, OracleFault } from '../../support/table-oracle';
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

const dialect: fc.Arbitrary<CsvDialect> = fc
  .record({
    delimiter: fc.constantFrom(',', ';', '\t', '|', ' ', ':'),
    quote: fc.constantFrom('"', "'"),
    decimal: fc.constantFrom('.' as const, ',' as const),
    header: fc.boolean(),
    trim: fc.boolean(),
    ragged: fc.constantFrom('error' as const, 'fill' as const),
    skipLines: fc.constantFrom(0, 0, 0, 1, 2),
    comment: fc.constantFrom(undefined, undefined, '#', '%'),
    thousands: fc.constantFrom(undefined, undefined, '.', ',', "'"),
    missing: fc.constantFrom(defaultMissing, [], ['', '.', '\\N'], ['NA']),
    types: fc.dictionary(
      fc.constantFrom('a', 'b', 'column1', '__proto__'),
      fc.constantFrom('number' as const, 'category' as const, 'boolean' as const, 'time' as const),
      { maxKeys: 1 },
    ),
  })
  .map(({ comment, thousands, ...others }) => ({
    ...others,
    ...(comment === undefined ? {} : { comment }),
    ...(thousands === undefined ? {} : { thousands }),
  }))
  .filter(({ delimiter, decimal, thousands }) => delimiter !== decimal && decimal !== thousands);

export const number = fc.oneof(
  fc.double({ noNaN: true }).map(String),
  fc.integer().map(String),
  fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }).map(String),
  fc
    .tuple(fc.bigInt({ min: 1n, max: 10n ** 17n }), fc.nat({ max: 8 }))
    .map(([a, zeros]) => `${a}${'0'.repeat(zeros)}`),
  fc.constantFrom(
    '0',
    '-0',
    '+5',
    '.5',
    '5.',
    '1e999',
    '-1e999',
    '1e-999',
    '0e99999',
    '007',
    '00',
    '-01',
    '0x10',
    '1e',
    '1e+',
  ),
  fc.constantFrom(
    '9007199254740992',
    '9007199254740993',
    '9'.repeat(400),
    `0.${'3'.repeat(400)}`,
    '1,5',
    '1.234,5',
    '1,234',
    '12 %',
  ),
  fc.constantFrom(
    'inf',
    '1.234.567',
    '12.345.678,9',
    '1.2345',
    '-1,234,567.25e3',
    '0.123',
    '1.234,5.6',
    "1'000'000",
    '1.',
    '123.',
    '-Infinity',
    'Infinit',
    'NaN',
    '１',
    '1_000',
    '--1',
    '1e5.5',
    '2.2250738585072011e-308',
    '5e-324',
    '4e-324',
  ),
);
export const time = fc.oneof(
  fc
    .date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  fc.constantFrom(
    '2024-02-29',
    '2023-02-29',
    '2024-13-01',
    '0000-01-01',
    '2024-02-29 10:00:00',
    '2024-02-29T24:00',
    '2024-02-29T24:01',
  ),
  fc.constantFrom(
    '2024-02-29T10:00:00.123456789+05:30',
    '2024-02-29t10:00z',
    '2024-02-29T10:00+0530',
    '2024-02-29T10:00-23',
    '2024-02-29T10:00+24',
  ),
  fc.constantFrom(
    '29.02.2024',
    '02/29/2024',
    '20240229',
    '2024-2-9',
    '2024-02-29T10',
    '2024-02-29T10:60',
    '2024-02-29T10:00:00,',
    '2024-02-29T10:00:00.',
  ),
);
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.string({ maxLength: 4 }),
  oddName,
  fc.constantFrom(
    'true',
    'False',
    'TRUE',
    'yes',
    'no',
    'tRue',
    'NA',
    'null',
    'a"b',
    '\\N',
    '.',
    '#',
    '# x',
    '\u2028',
    '\ufeff',
    'x\u0001',
  ),
);
export const cell = fc.oneof(number, time, text, fc.constant(''));
const lineEnd = fc.constantFrom('\n', '\r\n', '\r');

/** Cells that are written as a user's program would: in quotes where they need them, and sometimes elsewhere. */
const written = fc
  .tuple(dialect, fc.integer({ min: 1, max: 5 }), lineEnd, fc.nat())
  .chain(([options, width, end, seed]) =>
    fc
      .tuple(
        fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 7 }),
        fc.uniqueArray(fc.oneof(oddName, fc.constantFrom('a', 'b', 'c')), {
          minLength: width,
          maxLength: width,
        }),
      )
      .map(([rows, names]) => {
        const { delimiter, quote } = options;
        const write = (value: string, i: number) => {
          const needs =
            [delimiter, quote, '\n', '\r', ' ', '\t', '#', '%'].some((c) => value.includes(c)) ||
            value === '';
          return needs || (seed >> (i % 20)) % 3 === 0
            ? `${quote}${value.replaceAll(quote, quote + quote)}${quote}`
            : value;
        };
        const lines = [names, ...rows].map((row) => row.map(write).join(delimiter));
        return { options, text: lines.join(end) + (seed % 2 === 0 ? end : '') };
      }),
  );

/** Pieces in any order: quotes that never end, short lines, comments, byte order marks in odd places. */
const pieces = fc
  .tuple(
    dialect,
    fc.array(
      fc.oneof(
        cell,
        lineEnd,
        fc.constantFrom(
          ',',
          ';',
          '\t',
          ' ',
          '|',
          ':',
          '"',
          "'",
          '""',
          '#',
          '%',
          '\n',
          '\n',
          ',',
          ',',
          '\ufeff',
        ),
      ),
      { maxLength: 40 },
    ),
  )
  .map(([options, list]) => ({ options, text: list.join('') }));

async function compare(text: string, options: CsvDialect, packed: Packing): Promise<void> {
  // The first mark says that the text is UTF-8. NUL is binary data.
  if (text.includes('\0') || text.startsWith('PK\x03\x04')) return;
  const expected = csvTable(text.replace(/^\ufeff/, ''), options);
  const found = await tableOrFault(sourceOf(Buffer.from(text), packed), { format: 'csv', ...options }, [
    'ERR_BLASNET_FILE',
    ...(expected === undefined ? ['ERR_BLASNET_UNKNOWN_NAME'] : []),
  ]);
  if (expected === undefined) expect(found).toBeInstanceOf(Error);
  else if (expected instanceof OracleFault) {
    const { line, row, column } = found as Error & OracleFault;
    expectEqual({ line, row, column }, { ...expected });
    expect((found as Error).message).toContain(`line ${line}`);
  } else {
    if (found instanceof Error) throw found;
    expectEqual(contentOf(found), expected);
  }
}

const both =
  (inputs: fc.Arbitrary<{ options: CsvDialect; text: string }>): Property =>
  (parameters) =>
    fc.assert(
      fc.asyncProperty(inputs, packing, async ({ options, text }, packed) => compare(text, options, packed)),
      parameters as fc.Parameters<[{ options: CsvDialect; text: string }, Packing]>,
    );

export const csv: Readonly<Record<string, Property>> = {
  'cells that were written are read as the oracle reads them': both(written),
  'pieces of CSV in any order are read as the oracle reads them': both(pieces),
  'damaged bytes give a table or a fault with its line': (parameters) =>
    fc.assert(
      fc.asyncProperty(
        written,
        changes,
        packing,
        fc.boolean(),
        async ({ text, options }, list, packed, detect) => {
          const { types: _, ...given } = options;
          const bytes = changed(Buffer.from(text), list);
          const found = await tableOrFault(sourceOf(bytes, packed), {
            format: 'csv',
            ...(detect ? {} : given),
          });
          if (!(found instanceof Table) && found.line !== undefined) {
            expect(found.message).toContain(`line ${found.line}`);
            expect(found.line).toBeLessThanOrEqual(bytes.toString('latin1').split(/\r\n|\r|\n/).length);
          }
        },
      ),
      parameters as never,
    ),
};
