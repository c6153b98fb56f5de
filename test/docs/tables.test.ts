// docs/tables.md: its tables agree with the library.

import { expect, test } from 'vitest';
import * as tables from '../../lib/tables';
import { Column, readTable, scanTable, Table } from '../../lib/tables';
import { columnKindNames, newValues } from '../../lib/tables/column';
import { defaultMissing } from '../../lib/tables/csv';
import { mostPartBytes, rowsOfPart } from '../../lib/tables/request';
import { defaultMostCategories } from '../../lib/tables/scan-table';
import { codeIn, codeOf, optionsOf, optionsTaken, read, tableOf } from './markdown';

const page = 'docs/tables.md';

test('the kinds of columns have the arrays in the table', () => {
  const told = tableOf(page, 'Kind').map((row) => [
    codeOf(row, 'Kind'),
    codeIn(row['`values`'] as string)[0],
  ]);
  expect(told).toEqual(columnKindNames.map((kind) => [kind, newValues(kind, 0).constructor.name]));
});

test('readTable has the options in the table, and gaps have the texts', async () => {
  const told = optionsOf(page, 'Option of readTable');
  const taken = await optionsTaken((options) => readTable(Buffer.from('a\n1\n'), options));
  expect([...told.keys()].sort()).toEqual(taken.sort());
  const row = tableOf(page, 'Option of readTable').find(
    (each) => codeOf(each, 'Option of readTable') === 'missing',
  );
  expect(codeIn(row?.Default as string).map((word) => (word === "''" ? '' : word))).toEqual(defaultMissing);
});

test('scanTable has the options in the table, and those of readTable, with their defaults', async () => {
  const given = Buffer.from('a\n1\n');
  const told = optionsOf(page, 'Option of scanTable');
  const own = [...told.keys()].filter((name) => name !== '');
  const taken = await optionsTaken((options) => scanTable(given, options));
  const ofRead = await optionsTaken((options) => readTable(given, options));
  expect([...own, ...ofRead].sort()).toEqual(taken.sort());
  expect(told.get('mostCategories')).toBe(defaultMostCategories);
  const rows = tableOf(page, 'Option of scanTable').find(
    (row) => codeOf(row, 'Option of scanTable') === 'rows',
  );
  const numbers = (String(rows?.Default).match(/[\d,]*\d/g) ?? []).map((text) =>
    Number(text.replaceAll(',', '')),
  );
  expect(numbers).toEqual([
    rowsOfPart({ partRows: undefined }, 1),
    rowsOfPart({ partRows: undefined }, 2 ** 20),
    mostPartBytes / 2 ** 20,
  ]);
});

test('split has the options in the table', async () => {
  const told = optionsOf(page, 'Option of split');
  const taken = await optionsTaken((options) => Table.from([{ a: 1 }, { a: 2 }]).split(options));
  expect([...told.keys()]).toEqual(taken);
});

test('every value that blasnet/tables exports, and every method of a table, is named', () => {
  const words = new Set(read(page).match(/\w+/g));
  const methods = (type: { prototype: object }) =>
    Object.getOwnPropertyNames(type.prototype).filter((name) => name !== 'constructor');
  const names = [...Object.keys(tables), ...methods(Table), ...methods(Column)];
  const internal = ['dictionary', 'toString', 'length', 'has'];
  expect(names.filter((name) => !words.has(name) && !internal.includes(name))).toEqual([]);
});
