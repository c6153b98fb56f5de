// docs/tables.md, section "Inputs of a network": its tables agree with the library.

import { expect, test } from 'vitest';
import { workHere } from '../../lib/addon/work';
import { Schema, Table } from '../../lib/tables';
import { inputs } from '../../lib/tabular';
import { type EncodingName, encodingRows } from '../../lib/tabular/encodings';
import { inputsConstraints } from '../../lib/tabular/inputs';
import { LearnedInputs } from '../../lib/tabular/learned-inputs';
import { codeIn, codeOf, optionsIn, optionsOf, tableOf } from './markdown';

const page = 'docs/tables.md';

const table = Table.from(
  Array.from({ length: 40 }, (_, i) => ({
    number: i % 9 === 0 ? null : Math.sin(i) * (i % 11 === 0 ? 100 : 1),
    category: i % 13 === 0 ? null : `c${(i * i) % 12}`,
    boolean: i % 8 === 0 ? null : i % 3 === 0,
    time: new Date(Date.UTC(2024, 0, 1 + i, i)),
  })),
);
const schema = Schema.of(table);

function learned(options: object): string {
  return JSON.stringify(workHere(LearnedInputs.learn(table, schema, inputs(options as never))));
}

test('inputs has the options in the table, with their defaults', () => {
  const told = optionsOf(page, 'Option of inputs');
  expect([...told.keys()]).toEqual(Object.keys(inputsConstraints));
  const stated = Object.fromEntries([...told].filter(([, value]) => typeof value === 'string'));
  expect(Object.keys(stated)).toEqual(['numbers', 'booleans', 'missing', 'unseen', 'additional']);
  expect(learned(stated)).toBe(learned({}));
});

const rows = tableOf(page, 'Encoding');

test('the encodings, their kinds of columns and their own options are those of the table', () => {
  const shared = ['missing', 'strategy', 'value'];
  const told = rows.map((row) => [
    codeOf(row, 'Encoding'),
    codeIn(row.Columns as string),
    [...optionsIn(row['Own options'] as string).keys()].sort(),
  ]);
  const actual = Object.entries(encodingRows).map(([name, { kinds, options }]) => [
    name,
    kinds,
    Object.keys(options)
      .filter((option) => !shared.includes(option))
      .sort(),
  ]);
  expect(told).toEqual(actual);
});

test.each(rows.map((row) => ({ name: codeOf(row, 'Encoding') as EncodingName, row })))(
  'the defaults of $name are those of the table',
  ({ name, row }) => {
    const [kind] = encodingRows[name].kinds as readonly [string];
    const told = optionsIn(row['Own options'] as string);
    // An option without a default in the table may be left out, except the order.
    const needed = name === 'ordinal' ? { order: table.column('category').categories } : {};
    const stated = Object.fromEntries([...told].filter(([, value]) => value !== undefined));
    const given = { encode: name, ...needed };
    expect(learned({ columns: { [kind]: { ...given, ...stated } } })).toBe(
      learned({ columns: { [kind]: given } }),
    );
  },
);
