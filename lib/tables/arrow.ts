// Arrow's IPC files and streams, read batch by batch. apache-arrow reads the messages, and leaves the values where they are.

import { blasnetError, isBlasnetError } from '../base/errors';
import { loadArrow } from './arrow-package';
import { type ArrowData, type ArrowReader, type ArrowType, readerOf } from './arrow-types';
import type { Bytes } from './bytes';
import { ColumnParts, mostPartRows } from './column-parts';
import { type Asked, askedOf, type ColumnarFile, type FieldOf } from './columnar-request';

interface Field extends FieldOf<ArrowReader> {
  /** Its index in a batch. */
  readonly index: number;
}

interface Batch {
  readonly schema: { readonly fields: readonly { readonly name: string; readonly type: ArrowType }[] };
  readonly numRows: number;
  readonly data: { readonly children: readonly ArrowData[] };
}

/** Opens a file or a stream to read the columns that are asked for. */
export async function openArrow(bytes: Bytes, asked: Asked): Promise<ColumnarFile> {
  const { RecordBatchReader } = await loadArrow();
  try {
    const source = bytes.handle ?? (await bytes.read(0, bytes.size));
    const reader = await (await RecordBatchReader.from(source as Uint8Array)).open();
    const { schema } = reader as unknown as { readonly schema: Batch['schema'] | undefined };
    if (schema === undefined) throw new Error('it has no schema');
    const fields = askedOf<Field>(fieldsOf(schema), asked, bytes.name);
    const columns = fields.map(({ name, type }) => new ColumnParts(name, type.kind, bytes.name));
    const batches = reader as unknown as AsyncIterable<Batch>;
    return { columns, groups: recordBatches(bytes, batches, fields, columns) };
  } catch (cause) {
    throw failed(bytes, cause);
  }
}

async function* recordBatches(
  bytes: Bytes,
  batches: AsyncIterable<Batch> | Iterable<Batch>,
  fields: readonly Field[],
  columns: readonly ColumnParts[],
): AsyncGenerator<number> {
  try {
    for await (const batch of batches) {
      readBatch(batch, fields, columns);
      yield batch.numRows;
    }
  } catch (cause) {
    throw failed(bytes, cause);
  }
}

function failed({ name }: Bytes, cause: unknown): Error {
  if (isBlasnetError(cause)) return cause;
  const { message } = cause as { message?: string };
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
