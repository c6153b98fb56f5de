import { throwIfAborted } from '../base/aborts';
import { abortSignal, type Constraint, checkOptions, functionValue, oneOf, optional } from '../base/validate';
import { type CsvOptions, csvConstraints } from './csv';
import { formatNames, formatOf, namedFormat, type TableFormat } from './formats';
import { checkTypes, type FromOptions, kindsByName } from './from';
import { type FormatReader, readers } from './readers';
import type { Request } from './request';
import { opened, type Source, sourceOf, type TableSource } from './source';
import { Table } from './table';
import { sampleSize } from './text-pass';

/** How far a reading is. */
export interface ReadProgress {
  /** The bytes read so far, compressed ones if the source is. */
  readonly bytes: number;
  /** The bytes of the source; undefined for a stream. */
  readonly total: number | undefined;
  /** The rows so far. */
  readonly rows: number;
}

export interface ReadTableOptions extends FromOptions, CsvOptions {
  /**
   * `json` is NDJSON or an array of records.
   * @default by the name of the file, otherwise by its first bytes
   */
  readonly format?: TableFormat;
  /** The columns to read, in this order. @default all */
  readonly columns?: readonly string[];
  /** Ends the reading early. It then rejects with an AbortError. @default none */
  readonly signal?: AbortSignal;
  /** Called after each block of about a megabyte. @default none */
  readonly progress?: (progress: ReadProgress) => void;
}

export const readConstraints: Readonly<Record<keyof ReadTableOptions, Constraint>> = {
  ...csvConstraints,
  format: optional(oneOf(formatNames)),
  types: kindsByName,
  columns: optional({
    rule: 'an array of different column names',
    accepts: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
    holds: (value: readonly string[]) => value.length > 0 && new Set(value).size === value.length,
  }),
  signal: optional(abortSignal),
  progress: optional(functionValue),
};

/**
 * Reads a table from a file, from bytes or from a stream: CSV, TSV and other delimited text, NDJSON, a
 * JSON array of records, NPY, NPZ, IDX, Parquet or Arrow IPC; compressed by gzip or not. Another thread parses the text.
 * Parquet needs the packages hyparquet and hyparquet-compressors, Arrow needs apache-arrow.
 *
 * A column's kind follows from all its cells: it is `number`, `time` (dates of ISO 8601) or `boolean` (true and false)
 * if each cell that is not missing is one; otherwise it is a `category`. Digits with leading zeros, such as 007, and
 * integers beyond 2^53 are texts, since a number would lose something.
 *
 * @param source a path, a `file:` URL, a Uint8Array or ArrayBuffer, a Readable or another iterable of bytes or strings
 * @throws Error ERR_BLASNET_FILE that names file, line and column; TypeError, RangeError for bad options; AbortError;
 * ERR_BLASNET_LOAD for a package that is not installed
 *
 * @example
 * const table = await readTable('customers.csv', { types: { zip: 'category' } });
 */
export async function readTable(source: TableSource, options: ReadTableOptions = {}): Promise<Table> {
  const from = sourceOf(source);
  checkOptions('', options, readConstraints);
  const { reader, source: begun, request, close } = await openTable(from, options, options.signal);
  try {
    const { columns, rows } = await reader.read(begun, options, request);
    return new Table(columns, rows);
  } finally {
    await close();
  }
}

/** A source that is to be read, and the reader of its format. */
export interface OpenedTable {
  readonly reader: FormatReader;
  readonly source: Source;
  readonly request: Request;
  close(): Promise<void>;
}

/** Finds out the format of a source. @throws AbortError if the signal is aborted; like readTable() */
export async function openTable(
  given: Source,
  { types, columns, format: stated, progress }: ReadTableOptions,
  signal: AbortSignal | undefined,
): Promise<OpenedTable> {
  const kinds = checkTypes(types);
  throwIfAborted(signal);
  const total = progress && (await given.size());
  let bytes = 0;
  const onBytes = (more: number) => {
    bytes += more;
  };
  // The bytes of each pass are counted.
  const counted: Source = {
    ...given,
    blocks(onRead, signalAgain) {
      bytes = 0;
      return given.blocks(onRead, signalAgain);
    },
  };
  // Some bytes are read twice.
  const onRows = (rows: number) => progress?.({ bytes: Math.min(bytes, total ?? bytes), total, rows });
  const request = { types: kinds, columns, signal, onBytes, onRows };
  const opensFile = (format: TableFormat) => given.path !== undefined && readers[format].opensFile === true;
  const unopened = { source: counted, request, close: async () => {} };
  const named = stated ?? namedFormat(given.file);
  if (named !== undefined && opensFile(named)) return { reader: readers[named], ...unopened };
  const { sample, source, close } = await opened(counted, sampleSize, onBytes, signal);
  const format = named ?? formatOf(sample);
  if (!opensFile(format)) return { reader: readers[format], source, request, close };
  await close();
  // What was read of the file is read again.
  bytes = 0;
  return { reader: readers[format], ...unopened };
}
