// Parquet files, decoded by hyparquet: row group by row group, and only the columns that are asked for. The format is
// https://parquet.apache.org/docs/file-format

import * as zlib from 'node:zlib';
import { type BlasnetError, blasnetError, isBlasnetError } from '../base/errors';
import type { Bytes } from './bytes';
import { ColumnParts, mostPartRows } from './column-parts';
import { type Asked, askedOf, type ColumnarFile, type FieldOf } from './columnar-request';
import {
  type Compressors,
  type FileMetadata,
  type Hyparquet,
  loadHyparquet,
  type RowGroup,
  type SchemaElement,
} from './parquet-package';
import { ChunkPages } from './parquet-pages';
import { type ParquetType, typeOf } from './parquet-types';
import { ThriftReader } from './thrift';

interface Field extends FieldOf<ParquetType> {
  readonly element: SchemaElement;
  /** Its index among the columns of a row group. */
  readonly leaf: number;
}

/** Opens a file to read the columns that are asked for. */
export async function openParquet(bytes: Bytes, asked: Asked): Promise<ColumnarFile> {
  const hyparquet = await loadHyparquet();
  const decoder = { ...hyparquet, compressors: { ...hyparquet.compressors, ...nodeCompressors() } };
  const metadata = await readFooter(bytes, hyparquet);
  const fields = askedOf(fieldsOf(metadata.schema, bytes.name), asked, bytes.name);
  const columns = fields.map(({ name, type }) => new ColumnParts(name, type.kind, bytes.name));
  return { columns, groups: rowGroups(bytes, metadata, fields, columns, decoder) };
}

async function* rowGroups(
  bytes: Bytes,
  metadata: FileMetadata,
  fields: readonly Field[],
  columns: readonly ColumnParts[],
  decoder: Decoder,
): AsyncGenerator<number> {
  let rows = 0;
  for (const group of metadata.row_groups) {
    const count = Number(group.num_rows);
    if (!(count >= 0 && count <= mostPartRows))
      throw damaged(bytes, `a row group has ${group.num_rows} rows`);
    if (count > 0) {
      for (const [i, field] of fields.entries()) {
        await readChunk(bytes, group, field, columns[i] as ColumnParts, decoder);
      }
    }
    rows += count;
    yield count;
  }
  if (BigInt(rows) !== BigInt(metadata.num_rows)) {
    throw damaged(bytes, `its footer says ${metadata.num_rows} rows, its row groups have ${rows}`);
  }
}

function damaged({ name }: Bytes, reason: string, cause?: unknown): BlasnetError {
  return blasnetError('ERR_BLASNET_FILE', `Cannot read ${name}: the Parquet file is damaged: ${reason}`, {
    cause,
  });
}

// The file ends with the metadata, their length in four bytes, and PAR1.
async function readFooter(bytes: Bytes, { parquetMetadata }: Hyparquet): Promise<FileMetadata> {
  const { size } = bytes;
  if (size < 12) throw damaged(bytes, `it has ${size} bytes`);
  const end = Buffer.from(await bytes.read(size - 8, size));
  const magic = end.toString('latin1', 4);
  if (magic === 'PARE') {
    throw blasnetError('ERR_BLASNET_FILE', `Cannot read ${bytes.name}: its footer is encrypted`);
  }
  if (magic !== 'PAR1') throw damaged(bytes, 'it does not end as a Parquet file does');
  const length = end.readUInt32LE(0);
  if (length > size - 12) throw damaged(bytes, `its footer is longer than the file (${length} bytes)`);
  const footer = await bytes.read(size - 8 - length, size);
  try {
    // hyparquet makes an array of the length that a list has by its header.
    new ThriftReader(footer.subarray(0, length), 0).struct();
    return parquetMetadata(footer, { geoparquet: false });
  } catch (cause) {
    throw damaged(bytes, `its footer is wrong: ${(cause as Error).message}`, cause);
  }
}

/** The columns of the table. Those that a table cannot hold have no type. */
function fieldsOf(schema: readonly SchemaElement[], file: string): (Omit<Field, 'type'> & Partial<Field>)[] {
  const fields: (Omit<Field, 'type'> & Partial<Field>)[] = [];
  let leaf = 0;
  for (let i = 1; i < schema.length; ) {
    const element = schema[i] as SchemaElement;
    const { name } = element;
    if (typeof name !== 'string')
      throw blasnetError('ERR_BLASNET_FILE', `Cannot read ${file}: a column has no name`);
    // A group and all below it.
    let open = 1;
    let leaves = 0;
    while (open > 0 && i < schema.length) {
      const children = (schema[i++] as SchemaElement).num_children ?? 0;
      if (children === 0) leaves++;
      open += children - 1;
    }
    const flat = !element.num_children && element.repetition_type !== 'REPEATED';
    const type = flat ? typeOf(element) : undefined;
    const words = flat ? valuesOf(element) : 'nested values';
    fields.push({ name, element, leaf, words, ...(type && { type }) });
    leaf += leaves;
  }
  return fields;
}

function valuesOf({ type, logical_type: logical, converted_type: converted }: SchemaElement): string {
  return `values of the type ${logical?.type ?? converted ?? type ?? 'unknown'}`;
}

type Decoder = Hyparquet & { readonly compressors: Compressors };

/** Reads the values of a column in one row group. */
async function readChunk(
  bytes: Bytes,
  group: RowGroup,
  field: Field,
  column: ColumnParts,
  { parquetRead, compressors }: Decoder,
): Promise<void> {
  const { name, type, element } = field;
  const rows = Number(group.num_rows);
  const place = `column ${JSON.stringify(name)} of ${bytes.name}`;
  const failed = (reason: string, cause?: unknown) =>
    blasnetError('ERR_BLASNET_FILE', `Cannot read ${place}: ${reason}`, { cause });
  const stored = group.columns[field.leaf];
  const { meta_data: meta } = stored ?? {};
  if (stored?.crypto_metadata !== undefined) throw failed('it is encrypted');
  if (stored?.file_path !== undefined) throw failed('it is in another file');
  if (meta === undefined || meta.path_in_schema.length !== 1 || meta.path_in_schema[0] !== name) {
    throw failed('a row group lacks it');
  }
  const { codec } = meta;
  if (codec !== 'UNCOMPRESSED' && compressors[codec] === undefined) {
    throw failed(`its compression ${codec ?? 'of an unknown kind'} is not supported`);
  }
  const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const end = start + Number(meta.total_compressed_size);
  if (!(start >= 0 && end > start && end <= bytes.size)) throw failed('it lies outside the file');
  const chunk = await bytes.read(start, end);
  const pages = new ChunkPages(chunk, {
    place,
    rows,
    nullable: element.repetition_type !== 'REQUIRED',
    type: element.type ?? '',
    compressed: codec !== 'UNCOMPRESSED',
  });

  const { element: plain, parsers } = withoutAnnotation(type, element, column);
  const checked: Compressors = {
    [codec]: (packed: Uint8Array, size: number) => {
      // A page without values may be packed to nothing at all.
      const page = size === 0 ? new Uint8Array(0) : (compressors[codec]?.(packed, size) as Uint8Array);
      pages.check(packed, page);
      return page;
    },
  };
  const parts: ArrayLike<unknown>[] = [];
  const own = {
    ...meta,
    data_page_offset: 0n,
    dictionary_page_offset: undefined,
    total_compressed_size: BigInt(chunk.length),
  };
  try {
    await parquetRead({
      file: { byteLength: chunk.length, slice: async () => chunk.buffer as ArrayBuffer },
      metadata: {
        schema: [{ name: 'schema', num_children: 1 }, plain],
        num_rows: group.num_rows,
        row_groups: [{ columns: [{ meta_data: own }], num_rows: group.num_rows }],
      },
      compressors: checked,
      parsers,
      utf8: false,
      onChunk: ({ columnData }) => parts.push(columnData),
    });
  } catch (cause) {
    if (isBlasnetError(cause)) throw cause;
    throw failed(`its values are damaged: ${(cause as Error).message}`, cause);
  }
  const count = parts.reduce((sum, { length }) => sum + length, 0);
  if (count !== rows) throw failed(`it has ${count} of ${rows} rows`);
  fill(column, type, rows, parts);
}

/** hyparquet then gives the stored values, whatever they stand for, and a code for each text. */
function withoutAnnotation({ text }: ParquetType, element: SchemaElement, { codes }: ColumnParts) {
  const { converted_type: _, logical_type: logical, ...plain } = element;
  const codeOf = (bytes: Uint8Array | undefined) =>
    bytes === undefined ? undefined : (codes.codeOf(bytes) ?? bytes);
  const parsers = {
    timestampFromNanoseconds: (value: bigint) => value,
    stringFromBytes: codeOf,
    uuidFromBytes: (bytes: Uint8Array | undefined) => bytes && codeOf(uuidOf(bytes)),
  };
  if (text !== true) return { element: plain as SchemaElement, parsers };
  const annotation = logical?.type === 'UUID' ? { logical_type: logical } : { converted_type: 'UTF8' };
  return { element: { ...plain, ...annotation } as SchemaElement, parsers };
}

function uuidOf(bytes: Uint8Array): Uint8Array {
  const digits = Buffer.from(bytes).toString('hex');
  return Buffer.from(digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'));
}

function fill(
  column: ColumnParts,
  type: ParquetType,
  rows: number,
  parts: readonly ArrayLike<unknown>[],
): void {
  const values = column.next(rows);
  const read = type.read as (value: unknown) => number | undefined;
  let at = 0;
  for (const part of parts) {
    if (type.plain === true && ArrayBuffer.isView(part)) {
      values.set(part as unknown as ArrayLike<number>, at);
      at += part.length;
      continue;
    }
    for (let i = 0; i < part.length; i++, at++) {
      const value = part[i];
      if (value === null) continue;
      // An index outside the dictionary gives undefined; a text that is no UTF-8 stays bytes.
      const fails = value === undefined || (type.text === true && typeof value === 'object');
      const number = fails ? undefined : read(value);
      if (number === undefined) throw column.cellError(at, type.rule, value);
      values[at] = number;
    }
  }
}

/** Decompressors of Node itself: they are faster, and hold to the size. */
function nodeCompressors(): Compressors {
  const { gunzipSync, brotliDecompressSync } = zlib;
  const { zstdDecompressSync: zstd } = zlib as unknown as { zstdDecompressSync?: typeof gunzipSync };
  const by = (decompress: typeof gunzipSync) => (input: Uint8Array, size: number) =>
    decompress(input, { maxOutputLength: Math.max(1, size) });
  return {
    GZIP: by(gunzipSync),
    BROTLI: by(brotliDecompressSync as typeof gunzipSync),
    ...(zstd && { ZSTD: by(zstd) }),
  };
}
