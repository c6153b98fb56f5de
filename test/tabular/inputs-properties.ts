// What holds for the inputs of every table: they are those of the definitions, and equal by table, by records and by one
// record.

import fc from 'fast-check';
import { expect } from 'vitest';
import { workHere } from '../../lib/addon/work';
import { type Column, Schema, Table } from '../../lib/tables';
import { columnOf, givenCategories } from '../../lib/tables/column';
import type { Encoding } from '../../lib/tabular/encodings';
import { inputs } from '../../lib/tabular/inputs';
import { LearnedInputs, type RecordLike } from '../../lib/tabular/learned-inputs';
import { type EncodeValue, encodeBy, type Value } from '../support/oracle-encodings';
import { type RandomColumn, type RandomTable, randomTables } from './random-tables';

function tableColumn({ kind, values }: RandomColumn): Column {
  if (kind === 'category') {
    const texts = [...new Set(values.filter((value) => value !== null))] as string[];
    return columnOf(
      kind,
      Int32Array.from(values, (value) => texts.indexOf(value as string)),
      givenCategories(texts),
    );
  }
  if (kind === 'boolean') {
    return columnOf(
      kind,
      Int8Array.from(values, (value) => (value === null ? -1 : Number(value))),
    );
  }
  return columnOf(
    kind,
    Float64Array.from(values, (value) => (value ?? Number.NaN) as number),
  );
}

// A time of a record is a Date, a text or a number.
function cellOf(kind: string, value: Value, row: number): unknown {
  if (kind !== 'time' || value === null) return value;
  const date = new Date(value as number);
  return [date, date.toISOString(), value][row % 3];
}

function usual({ kind, values }: RandomColumn): Encoding[] {
  if (kind === 'number') return [{ encode: 'robust' }];
  if (kind === 'time') return [{ encode: 'robust' }, { encode: 'cyclic' }];
  if (kind === 'boolean') return [{ encode: 'signs' }];
  const count = new Set(values.filter((value) => value !== null)).size;
  return [{ encode: count > 9 ? 'embedding' : 'oneHot' }];
}

function check({ rows, columns, missing }: RandomTable): void {
  const table = Table.from(Object.fromEntries(columns.map((column) => [column.name, tableColumn(column)])));
  const schema = Schema.of(table);
  const byName = new Map(columns.map((column) => [column.name, column]));
  const own = columns.flatMap(({ name, encoding }) =>
    encoding === undefined ? [] : [[name, encoding] as const],
  );
  const oracles: (readonly [RandomColumn, NonNullable<EncodeValue>])[] = [];
  for (const name of table.names) {
    const column = byName.get(name) as RandomColumn;
    const oracle = encodeBy(
      column,
      column.encoding === undefined ? usual(column) : [column.encoding],
      missing,
    );
    if (oracle !== undefined) oracles.push([column, oracle]);
  }
  const learn = () =>
    workHere(LearnedInputs.learn(table, schema, inputs({ columns: Object.fromEntries(own), missing })));
  if (oracles.length === 0) {
    expect(learn).toThrow('Expected the table to have a column that differs');
    return;
  }
  const learned = learn();
  const again = LearnedInputs.fromJSON(JSON.parse(JSON.stringify(learned)), schema);
  expect(again.embeddings).toEqual(learned.embeddings);
  const records: RecordLike[] = Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(
      columns.map(({ name, kind, values }) => [name, cellOf(kind, values[row] as Value, row)]),
    ),
  );

  const exact = workHere(learned.encode(table, 'float64'));
  const { width } = learned;
  for (let row = 0; row < rows; row++) {
    const cells = oracles.map(([{ values }, encode]) => encode(values[row] as Value));
    const expected = cells.flatMap(({ numbers }) => numbers);
    const codes = cells.flatMap((each) => each.codes);
    expect([width, learned.embeddings.length]).toEqual([expected.length, codes.length]);
    for (const [i, number] of expected.entries()) {
      const got = exact.numbers.data[row * width + i] as number;
      const error = Math.abs(got - number) / Math.max(1, Math.abs(number));
      if (!(error < 1e-8)) expect.fail(`row ${row}, input ${i}: ${got}, not ${number}`);
    }
    expect([...exact.codes.subarray(row * codes.length, (row + 1) * codes.length)]).toEqual(codes);
    for (const [i, code] of codes.entries()) {
      expect(code).toBeLessThan(learned.embeddings[i]?.categories as number);
    }
  }

  for (const dtype of ['float64', 'float32'] as const) {
    const expected = dtype === 'float64' ? exact.numbers.data : Float32Array.from(exact.numbers.data);
    for (const each of [learned, again]) {
      for (const work of [each.encode(table, dtype), each.encodeRecords(records, dtype)]) {
        const { numbers, codes } = workHere(work);
        expectEqualBits(numbers.data, expected);
        expectEqualBits(codes, exact.codes);
      }
    }
    const out = dtype === 'float64' ? new Float64Array(width) : new Float32Array(width);
    const codes = new Int32Array(again.embeddings.length);
    const encode = again.rowEncoder(out, codes);
    for (const [row, record] of records.entries()) {
      encode(record);
      expectEqualBits(out, expected.subarray(row * width, (row + 1) * width));
      expectEqualBits(codes, exact.codes.subarray(row * codes.length, (row + 1) * codes.length));
    }
  }
}

type Numbers = Float64Array | Float32Array | Int32Array;

function expectEqualBits(actual: Numbers, expected: Numbers): void {
  const equal =
    actual.length === expected.length && actual.every((number, i) => Object.is(number, expected[i]));
  if (equal) return;
  expect(actual).toEqual(expected);
  expect.fail('they differ in the sign of a zero');
}

export function checkInputs(runs: number): void {
  fc.assert(fc.property(randomTables, check), { numRuns: runs, seed: 1 });
}
