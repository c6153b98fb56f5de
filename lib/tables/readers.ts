// How each format is read.

import { columnarParts, readColumnar } from './columnar';
import { type CsvOptions, csvParts, readCsv, surveyCsv } from './csv';
import type { TableFormat } from './formats';
import { idxParts, readIdx } from './idx';
import { jsonParts, readJson, surveyJson } from './json';
import { npyParts, npzParts, readNpy, readNpz } from './npy';
import type { Columns, PartRequest, Request, Survey, TextLimits } from './request';
import type { Source } from './source';

/** How one format is read. */
export interface FormatReader {
  /** Reads the whole table. */
  read(source: Source, options: CsvOptions, request: Request): Promise<Columns>;
  /** Whether it opens a file by its path, and reads only some places of it. */
  readonly opensFile?: boolean;
  /**
   * Reads the table part by part, so that memory holds little more than a part. All parts have the names and kinds of
   * the whole; the categories of a part may be its own.
   */
  parts(source: Source, options: CsvOptions, request: PartRequest): AsyncGenerator<Columns>;
  /** Finds what the whole holds, without keeping its rows. A format without this method goes through its parts. */
  survey?(source: Source, options: CsvOptions, request: Request, limits: TextLimits): Promise<Survey>;
}

export const readers: Readonly<Record<TableFormat, FormatReader>> = {
  csv: { read: readCsv, parts: csvParts, survey: surveyCsv },
  json: {
    read: (source, _, request) => readJson(source, request),
    parts: (source, _, request) => jsonParts(source, request),
    survey: (source, _, request, limits) => surveyJson(source, request, limits),
  },
  npy: { read: readNpy, parts: npyParts },
  npz: { opensFile: true, read: readNpz, parts: npzParts },
  idx: { read: readIdx, parts: idxParts },
  parquet: {
    opensFile: true,
    read: (source, _, request) => readColumnar('parquet', source, request),
    parts: (source, _, request) => columnarParts('parquet', source, request),
  },
  arrow: {
    opensFile: true,
    read: (source, _, request) => readColumnar('arrow', source, request),
    parts: (source, _, request) => columnarParts('arrow', source, request),
  },
};
