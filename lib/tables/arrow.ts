// Arrow's IPC files and streams, read batch by batch. apache-arrow reads the messages, and leaves the values where they are.

import { blasnetError } from '../base/errors';
import { loadArrow } from './arrow-package';
import { type ArrowData, type ArrowReader, type ArrowType, readerOf } from './arrow-types';
import type { Bytes } from './bytes';
import { ColumnParts, mostPartRows, type PlainColumn } from './column-parts';
import { type Asked, askedOf, type FieldOf } from './columnar-request';

interface Field extends FieldOf<ArrowReader> {
  /** Its index in a batch. */
  readonly index: number;
}

interface Batch {
  readonly schema: { readonly fields: readonly { readonly name: string; readonly type: ArrowType }[] };
  readonly numRows: number;
  readonly data: { readonly children: readonly ArrowData[] };
}

/** Reads the columns that are asked for. `onRows` gets the number of rows after each batch. */
export async function readArrow(
  bytes: Bytes,
  asked: Asked,
  onRows: (rows: number) => void,
): Promise<readonly PlainColumn[]> {
  const { RecordBatchReader } = await loadArrow();
  let fields: readonly Field[] = [];
  let columns: readonly ColumnParts[] = [];
  let rows = 0;
  try {
    const source = bytes.handle ?? (await bytes.read(0, bytes.size));
    const reader = await (await RecordBatchReader.from(source as Uint8Array)).open();
    const { schema } = reader as unknown as { readonly schema: Batch['schema'] | undefined };
    if (schema === undefined) throw new Error('it has no schema');
    fields = askedOf(fieldsOf(schema), asked, bytes.name);
    columns = fields.map(({ name, type }) => new ColumnParts(name, type.kind, bytes.name));
    for await (const each of reader) {
      const batch = each as unknown as Batch;
      readBatch(batch, fields, columns);
      rows += batch.numRows;
      onRows(rows);
    }
  } catch (cause) {
    throw failed(bytes, cause);
  }
  return columns.map((column) => column.done(asked.types.get(column.name)));
}

function failed({ name }: Bytes, cause: unknown): Error {
  const { code, message } = cause as { code?: unknown; message?: string };
  if (String(code).startsWith('ERR_BLASNET_')) return cause as Error;
  if (/compress/.test(message ?? '')) {
    const hint =
      "write it without compression, as pyarrow's write_feather(table, path, compression='uncompressed')";
    return blasnetError('ERR_BLASNET_FILE', `Cannot read ${name}: its batches are compressed; ${hint}`, {
      cause,
    });
  }
  return blasnetError('ERR_BLASNET_FILE', `Cannot read ${name}: the Arrow data are damaged: ${message}`, {
    cause,
  });
}

function fieldsOf({ fields }: Batch['schema']): (Omit<Field, 'type'> & Partial<Field>)[] {
  return fields.map(({ name, type }, index) => {
    const reader = readerOf(type);
    return { name, index, words: `values of the type ${String(type)}`, ...(reader && { type: reader }) };
  });
}

function readBatch(batch: Batch, fields: readonly Field[], columns: readonly ColumnParts[]): void {
  const { numRows } = batch;
  if (!(numRows >= 0 && numRows <= mostPartRows)) throw new Error(`a batch has ${numRows} rows`);
  for (const [i, { index, name, type }] of fields.entries()) {
    const column = columns[i] as ColumnParts;
    const data = batch.data.children[index];
    if (data === undefined || batch.schema.fields[index]?.name !== name)
      throw new Error('its schema has changed');
    // A stream may have another schema from here on.
    if (readerOf(data.type)?.kind !== type.kind) throw new Error('its schema has changed');
    if (data.length !== numRows) throw new Error('a column has fewer values than rows');
    const read = type.reads(data, column.codes);
    const values = column.next(numRows);
    for (let row = 0; row < numRows; row++) {
      const number = read(row);
      if (number === undefined) throw column.cellError(row, type.rule, data.values[row]);
      if (number !== null) values[row] = number;
    }
  }
}
