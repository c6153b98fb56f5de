// Small texts that ask for large tables: many columns, and gaps for cells that the text does not have.

import { expect, test } from 'vitest';
import { readTable } from '../../lib/tables';
import { mostColumns } from '../../lib/tables/limits';

const names = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);

test.each([
  { text: `${names(5000).join()}\n${'1\n'.repeat(5000)}`, line: 3358 },
  {
    text: names(5000)
      .map((name) => `{"${name}":1}`)
      .join('\n'),
    line: 4097,
  },
])(
  'a table that is nearly all gaps is refused before it fills the memory: line $line',
  async ({ text, line }) => {
    await expect(readTable(Buffer.from(text), { ragged: 'fill' })).rejects.toMatchObject({
      message: `Cannot read line ${line} of the data: nearly all cells would be gaps; to read the columns that matter, write columns: [...]`,
      code: 'ERR_BLASNET_FILE',
      line,
    });
  },
);

test('records of different keys are read if few of the columns are asked for', async () => {
  const text = names(20_000).map((name) => `{"${name}":1,"x":2}`);
  const table = await readTable([text.join('\n')], { columns: ['c7', 'x'] });
  expect(table.rows).toBe(20_000);
  expect(table.column('c7').missing).toBe(19_999);
  expect(table.column('x').missing).toBe(0);
});

test('100,000 columns are read, and each has its own name and value', async () => {
  const columns = names(100_000);
  const values = columns.map((_, i) => i);
  const csv = await readTable(Buffer.from(`${columns.join()}\n${values.join()}\n`));
  const json = await readTable([JSON.stringify(Object.fromEntries(columns.map((name, i) => [name, i])))]);
  for (const table of [csv, json]) {
    expect(table.names.join()).toBe(columns.join());
    expect(table.names.map((name) => table.column(name).at(0)).join()).toBe(values.join());
  }
});

test.each([
  { format: 'csv' as const, text: ','.repeat(mostColumns) },
  { format: 'json' as const, text: `{${'"a":1,'.repeat(mostColumns)}"a":1}` },
])('more columns than a table may have are refused in the format $format', async ({ format, text }) => {
  await expect(readTable(Buffer.from(text), { format })).rejects.toMatchObject({
    message: `Cannot read line 1 of the data: a table has at most ${mostColumns} columns`,
    code: 'ERR_BLASNET_FILE',
  });
});
