import { argumentError, blasnetError } from '../base/errors';
import { type ColumnSchema, cellReader } from '../tables/schema';

/** A record: values by column name. */
export type RecordLike = Readonly<Record<string, unknown>>;

/** How to read a column's value of a record as a number: see `cellReader`. `row` is for errors. */
export type RecordReader = (record: RecordLike, row: number) => number;

export function recordReader(schema: ColumnSchema): RecordReader {
  const { name } = schema;
  const read = cellReader(schema);
  const absent = (row: number) =>
    blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      `Expected row ${row} to have the column ${JSON.stringify(name)}; write null where a value is missing`,
    );
  // Every object has these, such as `constructor`, so the record's own property alone is a value.
  if (name in Object.prototype) {
    return (record, row) => {
      if (!Object.hasOwn(record, name)) throw absent(row);
      return read(record[name], row);
    };
  }
  return (record, row) => {
    const value = record[name];
    if (value === undefined && !(name in record)) throw absent(row);
    return read(value, row);
  };
}

/** @throws TypeError ERR_BLASNET_ARG_TYPE unless the value can be a record */
export function checkRecord(record: unknown, row: number): asserts record is RecordLike {
  if (typeof record === 'object' && record !== null) return;
  throw argumentError('ERR_BLASNET_ARG_TYPE', `row ${row}`, 'an object', record);
}
