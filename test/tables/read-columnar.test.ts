// Parquet and Arrow files that pyarrow wrote: test/fixtures/tables/make.py.

import { spawnSync } from 'node:child_process';
import { copyFileSync, createReadStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type ReadProgress, type ReadTableOptions, readTable, type Table } from '../../lib/tables';
import { newFolder } from '../support/scratch';

const folder = join(__dirname, '../fixtures/tables');
const fixture = (name: string) => join(folder, name);
const expected: Readonly<Record<string, { kind: string; values: unknown[] }>> = JSON.parse(
  readFileSync(fixture('types.json'), 'utf8'),
);
const names = Object.keys(expected);

/** Numbers as texts, since JSON has no infinity; times in milliseconds. */
function plain(table: Table): Record<string, { kind: string; values: unknown[] }> {
  return Object.fromEntries(
    table.names.map((name) => {
      const column = table.column(name);
      const { kind } = column;
      const numbers = Array.from(column.values, (value) => (Number.isNaN(value) ? null : value));
      const values = kind === 'time' ? numbers : kind === 'number' ? numbers.map(textOf) : column.toArray();
      return [name, { kind, values }];
    }),
  );
}

const textOf = (value: number | null) => (value === null ? null : String(value));
const wanted = Object.fromEntries(
  Object.entries(expected).map(([name, { kind, values }]) => [
    name,
    {
      kind,
      values:
        kind === 'number'
          ? values.map((text) =>
              text === null ? null : String(Number(String(text).replace('inf', 'Infinity'))),
            )
          : values,
    },
  ]),
);

describe('all types of columns', () => {
  test.each([
    { file: 'types-none.parquet', writes: 'dictionaries, without compression' },
    { file: 'types-snappy.parquet', writes: 'Snappy' },
    { file: 'types-gzip.parquet', writes: 'gzip' },
    { file: 'types-brotli.parquet', writes: 'Brotli' },
    { file: 'types-zstd.parquet', writes: 'Zstandard' },
    { file: 'types-lz4.parquet', writes: 'LZ4' },
    { file: 'types-plain-v2.parquet', writes: 'many plain pages of version 2' },
    { file: 'types-delta-v1.parquet', writes: 'differences and separated bytes' },
    { file: 'types-delta-v2.parquet', writes: 'differences in pages of version 2' },
    { file: 'types.arrow', writes: "Arrow's file format" },
    { file: 'types.arrows', writes: "Arrow's stream format" },
  ])('have the values that pyarrow wrote: $writes', async ({ file }) => {
    const table = await readTable(fixture(file), { columns: names });
    expect(table.rows).toBe(60);
    expect(plain(table)).toEqual(wanted);
  });

  test('Arrow has further types: views of texts, durations, large decimals and nulls', async () => {
    const columns = ['view', 'longView', 'duration', 'decimal256', 'null'];
    const got = plain(await readTable(fixture('types.arrow'), { columns }));
    expect(got.view).toEqual(wanted.text);
    expect(got.longView).toEqual(wanted.largeText);
    expect(got.decimal256).toEqual(wanted.decimal38);
    expect(got.duration?.values.slice(0, 7)).toEqual([...Array(6).fill('1500'), null]);
    expect(got.null).toEqual({ kind: 'number', values: Array(60).fill(null) });
  });

  test('Parquet has further types: times of 96 bits, UUIDs, columns without gaps', async () => {
    const moments = plain(await readTable(fixture('int96.parquet')));
    expect(moments.moment).toEqual(wanted.nanos);
    const [first, second] = (await readTable(fixture('uuid.parquet'))).column('id').toArray();
    expect([first, second]).toEqual(['00010203-0405-0607-0809-0a0b0c0d0e0f', null]);
    const required = plain(await readTable(fixture('required.parquet')));
    for (const [name, column] of Object.entries(required)) expect(column).toEqual(wanted[name]);
  });

  test('have the categories in the order in which they first come, whatever their dictionaries hold', async () => {
    for (const file of ['types-none.parquet', 'types.arrow', 'types.arrows']) {
      const table = await readTable(fixture(file), { columns: ['unused', 'text'] });
      expect(table.column('unused').categories).toEqual(['d', 'b']);
      expect(table.column('text').categories).toEqual(['gamma', 'alpha', 'Zoë', '日本']);
    }
    const city = (await readTable(fixture('dictionaries.arrows'))).column('city');
    expect(city.categories).toEqual(['Rome', 'Oslo', 'Lima']);
    expect(city.toArray()).toEqual(['Rome', 'Oslo', null, 'Lima', 'Rome']);
  });
});

describe('the sources', () => {
  const path = fixture('types-snappy.parquet');
  const options: ReadTableOptions = { columns: ['text', 'micros'] };
  const two = { text: wanted.text, micros: wanted.micros };

  test.each(['types-snappy.parquet', 'types.arrow', 'types.arrows'])(
    '%s comes from a path, a URL, bytes, a stream or an iterable, packed by gzip or not',
    async (file) => {
      const bytes = readFileSync(fixture(file));
      const packed = gzipSync(bytes);
      const scratch = newFolder();
      const unnamed = join(scratch, 'unnamed');
      writeFileSync(unnamed, bytes);
      writeFileSync(join(scratch, `${file}.gz`), packed);
      const sources = [
        fixture(file),
        pathToFileURL(fixture(file)),
        unnamed,
        join(scratch, `${file}.gz`),
        bytes,
        packed,
        createReadStream(fixture(file)),
        [packed.subarray(0, 5), packed.subarray(5)],
      ];
      for (const source of sources) expect(plain(await readTable(source, options))).toEqual(two);
    },
  );

  test('are told their format by the option, whatever the name is', async () => {
    const other = join(newFolder(), 'table.csv');
    copyFileSync(path, other);
    expect(plain(await readTable(other, { ...options, format: 'parquet' }))).toEqual(two);
  });

  test('report their progress by bytes and rows, and are read only where the columns are', async () => {
    const reports: ReadProgress[] = [];
    await readTable(path, { columns: ['int8'], progress: (report) => reports.push(report) });
    expect(reports.map(({ rows }) => rows)).toEqual([25, 50, 60]);
    const last = reports.at(-1) as ReadProgress;
    expect(last.total).toBe(readFileSync(path).length);
    const whole: ReadProgress[] = [];
    await readTable(path, { progress: (report) => whole.push(report) });
    const all = whole.at(-1) as ReadProgress;
    expect(last.bytes).toBeLessThan(all.bytes - 1000);
    expect(all.bytes).toBeLessThan(2 * readFileSync(path).length);
  });

  test('are given up when the signal is aborted, or when a callback throws', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = readTable(path, { signal, progress: () => controller.abort('enough') });
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' });
    const thrown = readTable(path, {
      progress() {
        throw new Error('mine');
      },
    });
    await expect(thrown).rejects.toThrow('mine');
    async function* broken() {
      yield readFileSync(path).subarray(0, 100);
      throw new Error('cable');
    }
    await expect(readTable(broken(), { format: 'parquet' })).rejects.toThrow('cable');
  });
});

describe('the columns', () => {
  test('come in the order of the option, and as the kinds that are stated', async () => {
    const types = { int8: 'category', uint8: 'boolean', date: 'category', bool: 'number' } as const;
    for (const file of ['types-zstd.parquet', 'types.arrow']) {
      const columns = ['uint16', 'int8', 'date', 'bool', 'text'];
      const table = await readTable(fixture(file), { columns, types: { ...types, uint8: 'number' } });
      expect(table.names).toEqual(columns);
      expect(table.column('int8').toArray().slice(0, 7)).toEqual([
        '-128',
        '0',
        '127',
        '-128',
        '0',
        '127',
        null,
      ]);
      expect(table.column('date').categories).toEqual([
        '2024-02-29T00:00:00.000Z',
        '1969-12-31T00:00:00.000Z',
      ]);
      expect(table.column('bool').toArray().slice(0, 5)).toEqual([1, 0, 0, 1, null]);
    }
  });

  test('nested ones are refused by name, unless others are asked for', async () => {
    for (const file of ['nested.parquet', 'nested.arrow']) {
      await expect(readTable(fixture(file))).rejects.toMatchObject({
        code: 'ERR_BLASNET_FILE',
        message: expect.stringMatching(
          /^Cannot read column "tags" of ".*nested\.\w+": a table cannot hold .*; to read the others of \d columns, write columns: \["age", .*"city"\]$/,
        ),
      });
      const columns = ['city', 'age'];
      const table = await readTable(fixture(file), { columns });
      expect(table.toRecords()).toEqual([
        { city: 'Rome', age: 1 },
        { city: null, age: 2 },
        { city: 'Oslo', age: 3 },
      ]);
      await expect(readTable(fixture(file), { columns: ['home'] })).rejects.toThrow('"home"');
    }
  });

  test('may be named as members of every object are', async () => {
    const table = await readTable(fixture('proto.parquet'));
    expect(table.names).toEqual(['__proto__', 'constructor']);
    expect(table.column('__proto__').toArray()).toEqual([1.5, null]);
    expect(table.column('constructor').toArray()).toEqual(['a', 'b']);
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });
});

describe('a file that cannot be read', () => {
  test.each<{ file: string; told: RegExp; more?: object; options?: ReadTableOptions }>([
    {
      file: 'large-integer.parquet',
      told: /^Cannot read row 2, column "id" of ".*": expected an integer that a number holds exactly, got 9007199254740993$/,
      more: { row: 2, column: 'id' },
    },
    {
      file: 'not-utf8.parquet',
      told: /^Cannot read row 1, column "text" of ".*": expected UTF-8, got the bytes fffe$/,
      more: { row: 1, column: 'text' },
    },
    { file: 'twice.parquet', told: /^Expected columns of ".*" with different names, got "a" twice$/ },
    { file: 'compressed.feather', told: /its batches are compressed; write it without compression/ },
    {
      file: 'types-none.parquet',
      told: /^Cannot read row 0, column "text" of ".*": expected a number, got "gamma"$/,
      options: { types: { text: 'number' } },
      more: { row: 0, column: 'text' },
    },
    { file: 'missing.parquet', told: /^Cannot read ".*missing.parquet": ENOENT/ },
  ])('is refused with what is wrong: $file', async ({ file, told, more = {}, options = {} }) => {
    const error = await readTable(fixture(file), options).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'ERR_BLASNET_FILE', message: expect.stringMatching(told), ...more });
  });

  test('has other columns than those that are named', async () => {
    for (const given of [{ columns: ['int9'] }, { types: { int9: 'number' } }] as ReadTableOptions[]) {
      await expect(readTable(fixture('types-none.parquet'), given)).rejects.toMatchObject({
        code: 'ERR_BLASNET_UNKNOWN_NAME',
        message: expect.stringMatching(/Unknown column "int9" in (columns|types).*int8/),
      });
    }
  });

  const bytes = readFileSync(fixture('types-none.parquet'));
  const withFooter = (length: number) => {
    const changed = Buffer.from(bytes);
    changed.writeUInt32LE(length, changed.length - 8);
    return changed;
  };
  test.each([
    { what: 'nothing', data: Buffer.alloc(0), told: 'it is empty' },
    {
      what: 'its first half',
      data: bytes.subarray(0, bytes.length / 2),
      told: 'does not end as a Parquet file does',
    },
    {
      what: 'another file',
      data: Buffer.from('a,b\n1,2\n3,4\n5,6\n'),
      told: 'does not end as a Parquet file does',
    },
    { what: 'few bytes', data: Buffer.from('PAR1PAR1'), told: 'it has 8 bytes' },
    {
      what: 'a footer longer than itself',
      data: withFooter(0xffffffff),
      told: 'its footer is longer than the file',
    },
    { what: 'a footer that begins elsewhere', data: withFooter(100), told: 'its footer is wrong' },
    {
      what: 'an encrypted footer',
      data: Buffer.from(`PAR1${'x'.repeat(20)}PARE`),
      told: 'its footer is encrypted',
    },
  ])('holds $what', async ({ data, told }) => {
    await expect(readTable(data, { format: 'parquet' })).rejects.toMatchObject({
      code: 'ERR_BLASNET_FILE',
      message: expect.stringContaining(`Cannot read the data: `),
    });
    await expect(readTable(data, { format: 'parquet' })).rejects.toThrow(told);
  });
});

test('a package that is missing is named, with the command that installs it', () => {
  // The library without its packages for development.
  const root = newFolder();
  const home = join(root, 'node_modules/blasnet');
  mkdirSync(home, { recursive: true });
  const checkout = join(__dirname, '../..');
  const files = [
    'dist/index.js',
    'dist/tables.js',
    'dist/columnar-worker.js',
    'package.json',
    'build/Release/blasnet.node',
  ];
  for (const file of [...files, 'node_modules/node-gyp-build/index.js']) {
    const to = file.startsWith('node_modules') ? join(root, file) : join(home, file);
    mkdirSync(join(to, '..'), { recursive: true });
    copyFileSync(join(checkout, file), to);
  }
  for (const file of ['node-gyp-build.js', 'package.json']) {
    copyFileSync(
      join(checkout, 'node_modules/node-gyp-build', file),
      join(root, 'node_modules/node-gyp-build', file),
    );
  }
  const program = `
    const { readTable } = require('blasnet/tables');
    const fail = (file) => readTable(file).catch(({ code, message }) => console.log(code + ': ' + message));
    fail(${JSON.stringify(fixture('uuid.parquet'))}).then(() => fail(${JSON.stringify(fixture('types.arrow'))}));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], { cwd: root, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toEqual([
    'ERR_BLASNET_LOAD: This format needs the package hyparquet, which is not installed; install it: npm install hyparquet hyparquet-compressors',
    'ERR_BLASNET_LOAD: This format needs the package apache-arrow, which is not installed; install it: npm install apache-arrow',
  ]);
});
