// What a reader of a format is asked for, and what it gives.

import { type BlasnetError, blasnetError } from '../base/errors';
import type { Categories, Column, ColumnKind } from './column';
import type { Source } from './source';

/** What a reader is asked for, whatever the format. */
export interface Request {
  readonly types: ReadonlyMap<string, ColumnKind>;
  /** The columns to read, or all. */
  readonly columns: readonly string[] | undefined;
  readonly signal: AbortSignal | undefined;
  /** Called with the number of bytes that were read. */
  readonly onBytes: (bytes: number) => void;
  /** Called with the number of rows so far. */
  readonly onRows: (rows: number) => void;
}

/** What a reader of parts is asked for. */
export interface PartRequest extends Request {
  /** The most rows of a part; undefined: as many as make some megabytes. */
  readonly partRows: number | undefined;
  /** What the whole holds, if the kinds of columns cannot be known otherwise. Throws if the source flows but once. */
  readonly survey: () => Promise<Survey>;
}

/** What a reader gives: a whole table, or a part of one. */
export interface Columns {
  readonly columns: ReadonlyMap<string, Column>;
  readonly rows: number;
}

/** What a pass through a whole source finds, without keeping its rows. */
export interface Survey {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, SurveyedColumn>;
}

export interface SurveyedColumn {
  readonly kind: ColumnKind;
  /** The values that are not missing. */
  readonly present: number;
  /** The least finite number or time; infinity without one. */
  readonly least: number;
  readonly greatest: number;
  /** The texts of a category, in the order in which they first come; undefined if there are too many. */
  readonly categories: Categories | undefined;
}

/** How many different texts of a column a survey keeps, and how many bytes of them. */
export interface TextLimits {
  readonly texts: number;
  readonly bytes: number;
}

// The typed values of a part take up to 2 MB, unless there are very many columns.
const partCells = 2 ** 18;
const leastPartRows = 32;

/** A part has no more bytes of text than this, unless its rows are asked for. */
export const mostPartBytes = 2 ** 23;

/** The rows of a part of a table with so many columns, whose rows take so many bytes in the source. */
export function rowsOfPart(
  { partRows }: Pick<PartRequest, 'partRows'>,
  columns: number,
  rowBytes = 0,
): number {
  if (partRows !== undefined) return partRows;
  const rows = Math.max(leastPartRows, Math.floor(partCells / columns));
  return Math.max(1, Math.min(rows, Math.floor(mostPartBytes / Math.max(1, rowBytes))));
}

/** The error for a source that gives other rows when it is read again. */
export function changedError({ name }: Source, cause?: unknown): BlasnetError {
  const options = cause === undefined ? undefined : { cause };
  return blasnetError('ERR_BLASNET_FILE', `Cannot read ${name}: it has changed while it was read`, options);
}
