// Tables as files of each format, written by other libraries than the one under test.

import type { Table } from '../../lib/tables';
import type { PlainColumn } from '../../lib/tables/column-parts';
import type { ColumnarFile } from '../../lib/tables/columnar-request';

/** A Parquet file, by hyparquet-writer. */
export async function parquetOf(table: Table, rowGroupSize = 1000): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const types = { number: 'DOUBLE', category: 'STRING', boolean: 'BOOLEAN', time: 'TIMESTAMP' } as const;
  const columnData = table.names.map((name) => {
    const column = table.column(name);
    return { name, data: column.toArray(), type: types[column.kind] };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));
}

/** An Arrow file or stream, by apache-arrow, in batches of some rows. */
export async function arrowOf(
  table: Table,
  format: 'file' | 'stream',
  batchSize = 1000,
): Promise<Uint8Array> {
  const arrow = await import('apache-arrow');
  const types = {
    number: () => new arrow.Float64(),
    category: () => new arrow.Utf8(),
    boolean: () => new arrow.Bool(),
    time: () => new arrow.TimestampMillisecond(),
  };
  const schema = new arrow.Schema(
    table.names.map((name) => new arrow.Field(name, types[table.column(name).kind](), true)),
  );
  const batches = [];
  for (let from = 0; from < table.rows; from += batchSize) {
    const part = table.slice(from, Math.min(table.rows, from + batchSize));
    const children = part.names.map((name) => {
      const column = part.column(name);
      const cells = column.toArray().map((cell) => (cell instanceof Date ? cell.getTime() : cell));
      return arrow.vectorFromArray(cells, types[column.kind]()).data[0] as never;
    });
    const data = arrow.makeData({
      type: new arrow.Struct(schema.fields),
      length: part.rows,
      nullCount: 0,
      children,
    });
    batches.push(new arrow.RecordBatch(schema, data as never));
  }
  return arrow.tableToIPC(new arrow.Table(schema, batches), format);
}

/** A record on each line. */
export function ndjsonOf(table: Table): Uint8Array {
  return Buffer.from(
    table
      .toRecords()
      .map((record) => `${JSON.stringify(record)}\n`)
      .join(''),
  );
}

/** All that makes up a table, to be compared bit by bit. */
export function contentsOf(table: Table): unknown {
  return table.names.map((name) => {
    const { kind, values, categories } = table.column(name);
    return { name, kind, values, categories };
  });
}

/** All rows of a file that is open, as one part. */
export async function wholeColumns(file: Promise<ColumnarFile>): Promise<readonly PlainColumn[]> {
  const { columns, groups } = await file;
  for await (const _ of groups);
  return columns.map((column) => column.take(column.pending, undefined));
}
