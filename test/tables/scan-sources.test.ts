// Where a scan reads from: how often it can be gone through, what it holds open, and what ends it.

import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import {
  type ScanSource,
  type ScanTableOptions,
  Schema,
  scanTable,
  type Table,
  type TableScan,
} from '../../lib/tables';
import { openOf } from '../support/open-files';
import { newFolder } from '../support/scratch';

const text = `n,s\n${Array.from({ length: 3000 }, (_, i) => `${i},t${i % 3}`).join('\n')}\n`;
const allStated = { types: { n: 'number', s: 'category' } } as const;

function newFile(content: string | Uint8Array = text, name = 'table.csv'): string {
  const path = join(newFolder(), name);
  writeFileSync(path, content);
  return path;
}

async function sumOf(scan: TableScan): Promise<number> {
  let sum = 0;
  for await (const part of scan) for (const n of part.column('n', 'number').values) sum += n;
  return sum;
}
const sum = (2999 * 3000) / 2;

const isLinux = process.platform === 'linux';

test.each<{ name: string; source: () => ScanSource }>([
  { name: 'a path', source: () => newFile() },
  { name: 'a URL', source: () => pathToFileURL(newFile()) },
  { name: 'a packed file', source: () => newFile(gzipSync(text), 'table.csv.gz') },
  { name: 'bytes', source: () => Buffer.from(text) },
  { name: 'an ArrayBuffer', source: () => Uint8Array.from(Buffer.from(text)).buffer },
  {
    name: 'a function that opens a Readable',
    source: () => () => Readable.from([text.slice(0, 99), text.slice(99)]),
  },
  {
    name: 'a function that opens a file',
    source: () =>
      (
        (path) => async () =>
          createReadStream(path)
      )(newFile()),
  },
])('a scan of $name can be gone through again, and by two loops at once', async ({ source }) => {
  const scan = scanTable(source(), { rows: 700 });
  expect(await sumOf(scan)).toBe(sum);
  expect(await Promise.all([sumOf(scan), sumOf(scan), scan.countRows()])).toEqual([sum, sum, 3000]);
});

test('a stream can be gone through once if the kinds of all columns are stated, and each part has its own categories', async () => {
  const scan = scanTable(Readable.from([text]), { ...allStated, rows: 2 });
  const parts: Table[] = [];
  for await (const part of scan) parts.push(part);
  expect(parts).toHaveLength(1500);
  expect(parts.slice(0, 3).map((part) => part.column('s').categories)).toEqual([
    ['t0', 't1'],
    ['t2', 't0'],
    ['t1', 't2'],
  ]);
  expect(parts[1]?.record(0)).toEqual({ n: 2, s: 't2' });
  await expect(sumOf(scan)).rejects.toThrow('pass a function that opens it');
});

test('a stream whose kinds are not all stated is refused, and a stream tells its schema, after which it has flowed', async () => {
  await expect(sumOf(scanTable(Readable.from([text]), { types: { n: 'number' } }))).rejects.toThrow(
    expect.objectContaining({
      code: 'ERR_BLASNET_ARG_VALUE',
      message: expect.stringContaining('state the kinds'),
    }),
  );
  const scan = scanTable(Readable.from([text]));
  expect((await scan.schema('s')).toJSON()).toEqual({
    columns: [
      { name: 'n', kind: 'number', missing: 0, least: 0, greatest: 2999 },
      { name: 's', kind: 'category', missing: 0, categories: ['t0', 't1', 't2'] },
    ],
    target: ['s'],
  });
  await expect(sumOf(scan)).rejects.toThrow('pass a function that opens it');
});

test('a function that returns no stream is refused', async () => {
  await expect(sumOf(scanTable((() => 7) as never))).rejects.toThrow(
    'Expected what source() returns to be a Readable or an async iterable of bytes, got 7 (number)',
  );
});

test.runIf(isLinux)('a loop that ends early, or by an error, closes the file', async () => {
  const path = newFile(`n,s\n${'1,t\n'.repeat(4_000_000)}`);
  const scan = scanTable(path, { ...allStated, rows: 10 });
  for await (const part of scan) {
    expect(openOf(path)).toBe(1);
    expect(part.rows).toBe(10);
    break;
  }
  expect(openOf(path)).toBe(0);
  const failing = async () => {
    for await (const _ of scan) throw new Error('of the caller');
  };
  await expect(failing()).rejects.toThrow('of the caller');
  expect(openOf(path)).toBe(0);
  const broken = newFile('a,b\n1,2\n3\n');
  await expect(sumOf(scanTable(broken))).rejects.toThrow('line 3');
  expect(openOf(broken)).toBe(0);
});

test('a loop that ends early does not wait for a stream that gives nothing more, and ends it', async () => {
  for (const pack of [(s: string) => s, (s: string) => gzipSync(s)]) {
    const stream = new PassThrough();
    stream.write(pack(`${text}${'1,t\n'.repeat(100_000)}`));
    for await (const part of scanTable(stream, { ...allStated, rows: 10 })) {
      expect(part.rows).toBe(10);
      break;
    }
    expect(stream.destroyed).toBe(true);
  }
});

test('a Readable that is destroyed midway ends the loop with its error', async () => {
  const stream = new PassThrough();
  stream.write(text);
  const rows: number[] = [];
  const loop = async () => {
    for await (const part of scanTable(stream, { ...allStated, rows: 10 })) rows.push(part.rows);
  };
  const ended = loop();
  stream.destroy(new Error('the line is dead'));
  await expect(ended).rejects.toThrow('the line is dead');
});

test('an abort ends the loop, the schema, and the wait for a stream, with an AbortError', async () => {
  const aborted = expect.objectContaining({ name: 'AbortError' });
  const controller = new AbortController();
  const { signal } = controller;
  const scan = scanTable(Buffer.from(text), { rows: 10, signal });
  let parts = 0;
  const loop = async () => {
    for await (const _ of scan) if (++parts === 3) controller.abort();
  };
  await expect(loop()).rejects.toThrow(aborted);
  expect(parts).toBe(3);
  await expect(scanTable(Buffer.from(text), { signal }).schema()).rejects.toThrow(aborted);

  const other = new AbortController();
  const waiting = sumOf(scanTable(new PassThrough(), { ...allStated, signal: other.signal }));
  other.abort();
  await expect(waiting).rejects.toThrow(aborted);
});

test('the next part alone is read ahead', async () => {
  let given = 0;
  async function* lines() {
    yield 'n,s\n';
    for (; given < 1000; given++) yield '1,x\n'.repeat(20_000);
  }
  const scan = scanTable(lines(), { ...allStated, rows: 20_000 });
  for await (const part of scan) {
    expect(part.rows).toBe(20_000);
    // The part, the next one, and the block that follows.
    await new Promise(setImmediate);
    if (given > 10) break;
    expect(given).toBeLessThanOrEqual(6);
    break;
  }
  expect(given).toBeLessThanOrEqual(6);
});

test.each<{ name: string; change: string; options?: ScanTableOptions }>([
  { name: 'has more rows', change: `${text}3000,t0\n` },
  { name: 'has other kinds', change: text.replace('1,t1', 'x,t1') },
  { name: 'has equal sizes, other values', change: text.replace('1,t1', '8,t1') },
])('a file that $name than in the first pass is an error that says so', async ({ change }) => {
  const path = newFile();
  const scan = scanTable(path, { rows: 10 });
  await scan.schema();
  writeFileSync(path, change);
  await expect(sumOf(scan)).rejects.toThrow(
    expect.objectContaining({
      code: 'ERR_BLASNET_FILE',
      message: `Cannot read ${JSON.stringify(path)}: it has changed while it was read`,
    }),
  );
});

test.each([
  { name: 'has more rows', change: `${text}3000,t0\n` },
  { name: 'has fewer rows', change: text.slice(0, -8) },
  { name: 'has other kinds', change: text.replace('1,t1', 'x,t1') },
  { name: 'has more texts', change: text.replace('2,t2', '2,t3') },
  { name: 'has other columns', change: text.replace('n,s', 'n,r') },
])('what a function opens is an error if it $name than in the first pass', async ({ change }) => {
  let content = text;
  const scan = scanTable(() => [content], { rows: 10 });
  await scan.schema();
  content = change;
  await expect(sumOf(scan)).rejects.toThrow('Cannot read the data: it has changed while it was read');
});

test('a column of more texts than are kept has categories of its own in each part, and none in the schema', async () => {
  const scan = scanTable(Buffer.from('id,s\na1,x\na2,y\na3,x\na4,y\n'), { rows: 3, mostCategories: 3 });
  const schema = await scan.schema();
  expect(schema.column('id')).toEqual({ name: 'id', kind: 'category', missing: 0 });
  expect(schema.column('s').categories).toEqual(['x', 'y']);
  expect(String(schema)).toContain('many texts');
  expect(Schema.fromJSON(JSON.parse(JSON.stringify(schema))).toJSON()).toEqual(schema.toJSON());
  const ids: unknown[] = [];
  for await (const part of scan) {
    ids.push([part.column('id').toArray(), part.column('id').categories]);
    expect(part.column('s').categories).toEqual(['x', 'y']);
  }
  expect(ids).toEqual([
    [
      ['a1', 'a2', 'a3'],
      ['a1', 'a2', 'a3'],
    ],
    [['a4'], ['a4']],
  ]);
});

test('a table without rows has no parts, and an empty file is an error', async () => {
  const scan = scanTable(Buffer.from('a,b\n'));
  expect(await sumOf(scan)).toBe(0);
  expect((await scan.schema()).columns.map(({ name }) => name)).toEqual(['a', 'b']);
  const path = newFile('');
  await expect(sumOf(scanTable(path))).rejects.toThrow(`Cannot read ${JSON.stringify(path)}: it is empty`);
  await expect(sumOf(scanTable(join(path, 'nowhere')))).rejects.toThrow('ENOTDIR');
});

test('errors name file, line and column, in the first pass and without one', async () => {
  const path = newFile(`${text}"3000,t0\n`);
  await expect(sumOf(scanTable(path))).rejects.toThrow(
    'the quoted cell that begins with "3000,t0\\n" never ends',
  );
  const stated = newFile(`${text}abc,t0\n`);
  await expect(sumOf(scanTable(stated, { ...allStated, rows: 10 }))).rejects.toThrow(
    `Cannot read line 3002, column "n" of ${JSON.stringify(stated)}: expected a number, got "abc"`,
  );
});

test('progress counts the bytes and rows of each pass from the start', async () => {
  const path = newFile();
  const seen: { bytes: number; total: number | undefined; rows: number }[] = [];
  const scan = scanTable(path, { rows: 1000, progress: (progress) => seen.push({ ...progress }) });
  await sumOf(scan);
  for (const { bytes, total } of seen)
    expect({ bytes, total }).toEqual({ bytes: text.length, total: text.length });
  expect(seen.map(({ rows }) => rows)).toEqual([3000, 3000, 1000, 2000, 3000, 3000, 3000]);
});

test.each<{ name: string; source: unknown; options?: unknown; message: string }>([
  { name: 'a number as the source', source: 7, message: 'Expected source to be a path' },
  {
    name: 'no rows',
    source: 'x',
    options: { rows: 0 },
    message: 'Expected rows to be a positive integer, got 0',
  },
  { name: 'a misspelled option', source: 'x', options: { row: 3 }, message: 'did you mean "rows"' },
  { name: 'an unknown kind', source: 'x', options: { types: { a: 'text' } }, message: 'types["a"]' },
])('scanTable refuses $name', ({ source, options, message }) => {
  expect(() => scanTable(source as ScanSource, options as ScanTableOptions)).toThrow(message);
});

test('a target that is no column is refused', async () => {
  await expect(scanTable(Buffer.from(text)).schema('x')).rejects.toThrow('Unknown column "x"');
});
