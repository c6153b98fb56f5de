// How each format is read.

import { readColumnar } from './columnar';
import { type CsvOptions, readCsv } from './csv';
import type { TableFormat } from './formats';
import { readIdx } from './idx';
import { readJson } from './json';
import { readNpy, readNpz } from './npy';
import type { Source } from './source';
import type { Columns, PartRequest, Request } from './text-pass';

/** How one format is read. */
export interface FormatReader {
  /** Reads the whole table. */
  read(source: Source, options: CsvOptions, request: Request): Promise<Columns>;
  /** Whether it opens a file by its path, and reads only some places of it. */
  readonly opensFile?: boolean;
  /**
   * Reads the table part by part, so that memory holds little more than a part. All parts have the names and kinds of
   * the whole; the categories of a part may be its own. A format without this method is read as a whole and then cut.
   */
  parts?(source: Source, options: CsvOptions, request: PartRequest): AsyncGenerator<Columns>;
}

export const readers: Readonly<Record<TableFormat, FormatReader>> = {
  csv: { read: readCsv },
  json: { read: (source, _, request) => readJson(source, request) },
  npy: { read: readNpy },
  npz: { read: readNpz },
  idx: { read: readIdx },
  parquet: { opensFile: true, read: (source, _, request) => readColumnar('parquet', source, request) },
  arrow: { opensFile: true, read: (source, _, request) => readColumnar('arrow', source, request) },
};
