// Files as spreadsheets, databases and statistics programs write them.

import { expect, test } from 'vitest';
import { type ReadTableOptions, readTable } from '../../lib/tables';

const columnsOf = async (text: string, options: ReadTableOptions = {}) => {
  const table = await readTable(Buffer.from(text), options);
  return Object.fromEntries(table.names.map((name) => [name, table.column(name).toArray()]));
};

test.each<{ of: string; text: string; options?: ReadTableOptions; columns: Record<string, unknown[]> }>([
  {
    of: 'a German Excel',
    text: '\ufeffName;Preis;Datum;\r\nÄpfel;1.234,56;29.02.2024;\r\nBirnen;12,5;01.03.2024;\r\n',
    options: { thousands: '.' },
    columns: {
      Name: ['Äpfel', 'Birnen'],
      Preis: [1234.56, 12.5],
      Datum: ['29.02.2024', '01.03.2024'],
      column4: [null, null],
    },
  },
  {
    of: 'an Excel that is told the delimiter',
    text: '\ufeffsep=;\r\na;b\r\n1,5;x,y,z\r\n',
    columns: { a: [1.5], b: ['x,y,z'] },
  },
  { of: 'an Excel with errors', text: 'a\n1\n#N/A\n', columns: { a: [1, null] } },
  {
    of: 'Google Sheets',
    text: 'Name,Price,Sold,Done\r\nA,"1,234.50","12,000",TRUE\r\nB,3,7,FALSE\r\n',
    options: { thousands: ',' },
    columns: { Name: ['A', 'B'], Price: [1234.5, 3], Sold: [12_000, 7], Done: [true, false] },
  },
  { of: 'pandas', text: ',a,b\n0,1.0,x\n1,,y\n', columns: { column1: [0, 1], a: [1, null], b: ['x', 'y'] } },
  {
    of: 'R, by write.csv',
    text: '"","a","b"\n"1",1.5,"x"\n"2",NA,"y"\n',
    columns: { column1: [1, 2], a: [1.5, null], b: ['x', 'y'] },
  },
  {
    of: 'R, by write.table, whose header has no name for the names of the rows',
    text: '"a" "b"\n"r1" 1 "x"\n"r2" NA "y"\n',
    options: { delimiter: ' ', skipLines: 1, header: ['row', 'a', 'b'] },
    columns: { row: ['r1', 'r2'], a: [1, null], b: ['x', 'y'] },
  },
  {
    of: 'PostgreSQL, by COPY in CSV',
    text: 'a,t,ok\n1,2024-02-29 10:00:00+00,t\n,2024-02-29 10:00:00.5+02,f\n',
    options: { types: { ok: 'boolean' } },
    columns: {
      a: [1, null],
      t: [new Date('2024-02-29T10:00:00Z'), new Date('2024-02-29T08:00:00.5Z')],
      ok: [true, false],
    },
  },
  {
    of: 'PostgreSQL, by COPY as text, and MySQL',
    text: '1\t\\N\t2024-02-29 10:00:00\n\\N\tx\t\\N\n',
    options: { header: ['id', 'name', 'at'], delimiter: '\t' },
    columns: { id: [1, null], name: [null, 'x'], at: [new Date('2024-02-29T10:00:00Z'), null] },
  },
  {
    of: 'SAS, whose gaps are points',
    text: 'name,x\nA,.\nB,1.5\n',
    options: { missing: ['', '.'] },
    columns: { name: ['A', 'B'], x: [null, 1.5] },
  },
  {
    of: 'a log with tabs, and quotes inside of texts',
    text: 'a\tb\n1\t5" pipe\n2\tsay "hi"\n3\t"quoted"\n',
    columns: { a: [1, 2, 3], b: ['5" pipe', 'say "hi"', 'quoted'] },
  },
  {
    of: 'an instrument, with a preamble and comments',
    text: 'Sensor 7; room 3, left\n# t in s\nt;v\n0;1,5\n# pause\n1;2,5\n',
    options: { skipLines: 1, comment: '#' },
    columns: { t: [0, 1], v: [1.5, 2.5] },
  },
  {
    of: 'epochs, which are numbers',
    text: 'ms,s\n1709200800000,1709200800\n',
    columns: { ms: [1709200800000], s: [1709200800] },
  },
  { of: 'a header with empty names', text: 'a,,\n1,2,3\n', columns: { a: [1], column2: [2], column3: [3] } },
])('the file of $of is read', async ({ text, options, columns }) => {
  expect(await columnsOf(text, options)).toEqual(columns);
});

test('digits in groups stay texts where the groups are wrong', async () => {
  const cells = ['1,23', '12,3456', '1,234,56', ',123', '1,', '1234,567', '0,123'];
  const { a } = await columnsOf(`a;b\n${cells.map((cell) => `${cell};1`).join('\n')}`, { thousands: ',' });
  expect(a).toEqual(cells);
});

test('a stated delimiter or number of lines says that a first line `sep=` is a name', async () => {
  expect(await columnsOf('sep=;\n1;2\n', { skipLines: 0, ragged: 'fill', delimiter: ',' })).toEqual({
    'sep=;': ['1;2'],
  });
});
