// The remembered rows in the file of a model.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { workHere } from '../../../lib/addon/work';
import { Table } from '../../../lib/tabular';
import { readRows, type StoredColumn, storeRows } from '../../../lib/tabular/continual/stored-rows';

const store = (table: Table) => workHere(storeRows(table));
const read = (stored: readonly StoredColumn[]) => workHere(readRows(stored));

const edges = [-128, -127, 127, 128, -32_768, 32_767, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, -0, 0.5, 2 ** 53];
const number = fc.oneof(
  fc.constantFrom(...edges),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const gap = fc.constant(null);
const record = fc.record({
  number: fc.oneof(gap, number),
  small: fc.oneof(gap, fc.integer({ min: -128, max: 127 })),
  text: fc.oneof(gap, fc.constantFrom('a', 'b', '', '__proto__', 'ü')),
  flag: fc.oneof(gap, fc.boolean()),
  time: fc.oneof(gap, fc.date({ noInvalidDate: true })),
});

describe('stored rows', () => {
  test('are what they were, to the last bit, with the gaps', () => {
    const kinds = {
      number: 'number',
      small: 'number',
      text: 'category',
      flag: 'boolean',
      time: 'time',
    } as const;
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 9 }), (records) => {
        const table = Table.from(records, { types: kinds });
        const again = read(JSON.parse(JSON.stringify(store(table))));
        expect(again?.names).toEqual(table.names);
        for (const name of table.names)
          expect(again?.column(name).toArray()).toEqual(table.column(name).toArray());
      }),
    );
  });

  test.each([
    ['i1', [1, null, -127]],
    ['i2', [-128, 3]],
    ['i4', [32_768, -32_768, null]],
    ['f8', [2 ** 31]],
    ['f8', [-(2 ** 31)]],
    ['f8', [-0]],
    ['f8', [0.1, null]],
  ])('have the narrowest elements, %s, that hold %j', (elements, values) => {
    expect(store(Table.from({ x: values }))[0]).toMatchObject({ kind: 'number', elements });
  });

  const [x, text] = store(
    Table.from([
      { x: 0.5, text: 'a' },
      { x: 1.5, text: 'b' },
    ]),
  ) as [StoredColumn, StoredColumn];
  const bytes = (array: Float64Array) => Buffer.from(array.buffer).toString('base64');
  test.each<[string, unknown]>([
    ['another number of rows', [x, { ...text, values: 'AA==' }]],
    ['half an element', [{ ...x, values: 'AAAA' }]],
    ['no rows', [{ ...x, values: '' }]],
    ['a kind that nobody knows', [{ ...x, kind: 'colour' }]],
    ['elements that nobody knows', [{ ...x, elements: 'constructor' }]],
    ['an infinite number', [{ ...x, values: bytes(Float64Array.of(1, Number.POSITIVE_INFINITY)) }]],
    ['a code without a text', [{ ...text, texts: ['a'] }]],
    ['a code below -1', [{ ...text, elements: 'f8', values: bytes(Float64Array.of(0, -2)) }]],
    [
      'a code that is no integer',
      [{ ...text, elements: 'f8', values: bytes(Float64Array.of(0, Number.NaN)) }],
    ],
    ['two columns of one name', [x, x]],
    ['no columns', []],
  ])('are damaged with %s', (_, stored) => {
    expect(read(stored as StoredColumn[])).toBeUndefined();
  });
});
