// The native reader of texts of tables: see native/tables/text_reader.h.

import type { Callback, NativeOperations } from './operations';

/**
 * What is wrong with a text, and where. Lines count from 1; rows (without the header) and columns from 0. The column is -1
 * if the fault is in no column.
 */
export interface TextFault {
  readonly fault:
    | 'none'
    | 'quoteOpen'
    | 'afterQuote'
    | 'fewCells'
    | 'manyCells'
    | 'notJson'
    | 'notEscape'
    | 'notRecord'
    | 'nested'
    | 'twice'
    | 'notUtf8'
    | 'notOfKind'
    | 'infinite'
    | 'recordTooLong'
    | 'manyRows'
    | 'manyColumns'
    | 'manyGaps';
  readonly line: number;
  readonly row: number;
  readonly column: number;
  /** The cells of the record, if it has too few or too many. */
  readonly cells: number;
  /** The start of the cell. */
  readonly text: string;
}

export interface NativeTextReader extends NativeOperations {
  /** Adds the next block of the text, which is copied. */
  add(bytes: Uint8Array): void;
  /** Reads the names that come before the records. Returns false if the text is too short so far. */
  readHeader(given: { readonly last: boolean }): boolean;
  /** The names of the columns so far; empty ones if the text has none. */
  names(): string[];
  /** States the kinds of columns: a code of `columnKinds` each. */
  setKinds(kinds: Int32Array): void;
  /**
   * Reads the whole records of the text so far, up to so many rows, or bytes of text, since `clear`. The outcome's `index`
   * is the number of rows since `clear`.
   */
  read(
    given: { readonly last: boolean; readonly rows: number; readonly bytes: number },
    callback?: Callback,
  ): void;
  /** Whether the last `read` stopped because there are enough rows, or bytes. */
  full(): boolean;
  /**
   * Adds the values since `clear` to the summaries of their columns, and forgets them. Of a column of more different texts
   * than `texts`, or of more `bytes` of them, it forgets the texts, too.
   */
  summarise(given: { readonly texts: number; readonly bytes: number }, callback?: Callback): void;
  /** Writes 4 numbers a column: values that are not missing, the least, the greatest, whether it has too many texts. */
  summaries(out: Float64Array): void;
  fault(): TextFault;
  /** Writes 5 numbers a column: its kind, whether it must be read again, missing cells, texts, bytes of the texts. */
  describe(out: Float64Array): void;
  /** Copies a column's values, and the texts of a category: `ends` has the end of each in `bytes`. */
  take(
    given: {
      readonly column: number;
      readonly values: Float64Array | Int32Array | Int8Array;
      readonly bytes: Uint8Array | null;
      readonly ends: Float64Array | null;
    },
    callback?: Callback,
  ): void;
  /** Forgets the values, and keeps kinds and texts. */
  clear(): void;
  /** Forgets the texts of a column. Its codes begin with 0 again. */
  clearTexts(column: number): void;
}

export interface NativeTextOptions {
  readonly outcome: Float64Array;
  readonly csv: NativeCsvOptions | null;
  readonly json: NativeJsonOptions | null;
}

export interface NativeCsvOptions {
  readonly header: boolean;
  /** Codes of ASCII characters. */
  readonly delimiter: number;
  readonly quote: number;
  readonly decimal: number;
  /** The code of the character between groups of three digits; 0: none. */
  readonly thousands: number;
  /** The code of the character that begins a comment; 0: none. */
  readonly comment: number;
  /** How many lines at the start are left out. */
  readonly skipLines: number;
  /** Whether to leave out spaces around cells without quotes. */
  readonly trim: boolean;
  /** Whether short records get missing cells. */
  readonly fill: boolean;
  readonly missing: readonly string[];
}

export interface NativeJsonOptions {
  /** Columns whose kinds are stated, and the codes of these. */
  readonly names: readonly string[];
  readonly kinds: Int32Array;
  /** The code for all other columns: `unknown` or `skipped`. */
  readonly otherwise: number;
}
