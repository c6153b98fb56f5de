import { AbortError } from '../base/errors';
import { abortSignal, type Constraint, checkOptions, functionValue, oneOf, optional } from '../base/validate';
import { type CsvOptions, csvConstraints } from './csv';
import { formatNames, formatOf, namedFormat, type TableFormat } from './formats';
import { checkTypes, type FromOptions, kindsByName } from './from';
import { readers } from './readers';
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
  const { signal, progress } = options;
  const types = checkTypes(options.types);
  if (signal?.aborted) throw new AbortError(signal.reason);
  const total = progress && (await from.size());
  let bytes = 0;
  const onBytes = (more: number) => {
    bytes += more;
  };
  // Some bytes are read twice.
  const onRows = (rows: number) => progress?.({ bytes: Math.min(bytes, total ?? bytes), total, rows });
  const request = { types, columns: options.columns, signal, onBytes, onRows };
  const table = async (format: TableFormat, given: Source) => {
    const { columns, rows } = await readers[format].read(given, options, request);
    return new Table(columns, rows);
  };
  const opensFile = (format: TableFormat) => from.path !== undefined && readers[format].opensFile === true;
  const named = options.format ?? namedFormat(from.file);
  if (named !== undefined && opensFile(named)) return table(named, from);
  const { sample, source: begun, close } = await opened(from, sampleSize, onBytes, signal);
  try {
    const format = named ?? formatOf(sample);
    if (!opensFile(format)) return await table(format, begun);
    // What was read of the file is read again.
    bytes = 0;
    return await table(format, from);
  } finally {
    await close();
  }
}
