// One way through the text of a table, whatever its format: the native reader turns blocks into columns.

import { native } from '../addon/binding';
import { newOutcome, readOutcome, statusCodes } from '../addon/outcome';
import type { NativeTextOptions, NativeTextReader } from '../addon/text-reader';
import { type Work, workElsewhere } from '../addon/work';
import { blasnetError } from '../base/errors';
import { gathered } from './blocks';
import {
  type Categories,
  type Column,
  type ColumnKind,
  columnKindNames,
  columnOf,
  encodedCategories,
  missingValues,
  newValues,
} from './column';
import type { Request } from './request';
import { giveBack, type Source } from './source';
import { faultError } from './text-faults';

/** What differs between formats. */
export interface Format {
  /** The native options, after the first bytes have been looked at. */
  options(sample: Uint8Array): Omit<NativeTextOptions, 'outcome'>;
  /** The names of the columns, by what the text says; throws for those that do not fit. */
  names(found: readonly string[]): readonly string[];
  /** Throws for columns that are asked for, and are not among all names. */
  checkNames?(names: readonly string[]): void;
  /** The kinds of columns whose names are read first; undefined if the native options have them. */
  kinds?(names: readonly string[]): Int32Array;
}

/** Bytes that tell the format. */
export const sampleSize = 2 ** 16;

/** No limit of rows or bytes. */
export const noLimit = 2 ** 52;

// Values that are copied within half a millisecond.
const briefRows = 2 ** 16;

/** What a pass knows of a column. */
export interface ColumnState {
  readonly index: number;
  /** The code of its kind. */
  readonly code: number;
  /** Whether it became a category after it had other values, which are gone. */
  readonly late: boolean;
  readonly texts: number;
  readonly textBytes: number;
}

/** The values of a column, as far as they have been summarised. */
export interface ColumnSummary {
  /** The values that are not missing. */
  readonly present: number;
  readonly least: number;
  readonly greatest: number;
  /** Whether it has more texts than are kept. */
  readonly many: boolean;
}

/**
 * Reads a text. Call `begin`, then `advance` until it says 'end', and at last `close`. The values since `clear` can be
 * taken or summarised.
 */
export class TextPass {
  readonly source: Source;
  readonly #format: Format;
  readonly #request: Request;
  readonly #outcome = newOutcome();
  #blocks: AsyncGenerator<Uint8Array> | undefined;
  // Whether the reader has all blocks.
  #ended = false;
  #reader: NativeTextReader | undefined;
  // The names, if they come before the records.
  #header: readonly string[] | undefined;
  #cleared = 0;
  #rows = 0;

  constructor(source: Source, format: Format, request: Request) {
    this.source = source;
    this.#format = format;
    this.#request = request;
  }

  /** The rows since `clear` or `summarise`. */
  get rows(): number {
    return this.#rows;
  }

  /** All rows so far. */
  get total(): number {
    return this.#cleared + this.#rows;
  }

  /** Opens the source, and reads the names that come before the records. */
  async begin(): Promise<void> {
    const { onBytes, signal } = this.#request;
    const blocks = gathered(this.source.blocks(onBytes, signal), sampleSize);
    this.#blocks = blocks;
    const sample = (await blocks.next()).value as Uint8Array;
    const reader = new native.TextReader({ outcome: this.#outcome, ...this.#format.options(sample) });
    this.#reader = reader;
    reader.add(withoutMark(sample));
    giveBack(sample);
    while (!reader.readHeader({ last: this.#ended }) && !this.#ended) await this.#addBlock();
    this.#throwFault();
    const found = reader.names();
    if (this.#format.kinds === undefined || found.length === 0) return;
    this.#header = this.#format.names(found);
    reader.setKinds(this.#format.kinds(this.#header));
  }

  /** The names of the columns so far. */
  names(): readonly string[] {
    return this.#header ?? this.#format.names((this.#reader as NativeTextReader).names());
  }

  /** Throws for columns that are asked for, and have not come. */
  checkNames(): void {
    this.#format.checkNames?.(this.names());
  }

  /**
   * Reads on: to the end of a block, or to so many rows or bytes of text since `clear`.
   *
   * @returns 'full' if there are enough rows or bytes, and 'end' behind the last record
   */
  async advance(rows = noLimit, bytes = noLimit): Promise<'block' | 'full' | 'end'> {
    const reader = this.#reader as NativeTextReader;
    const last = this.#ended;
    await this.#run((callback) => reader.read({ last, rows, bytes }, callback));
    const { status, index } = readOutcome(this.#outcome);
    if (status !== statusCodes.done) this.#throwFault();
    this.#rows = index;
    this.#request.onRows(this.total);
    if (reader.full()) return 'full';
    if (last) {
      if (this.names().length === 0) {
        throw blasnetError('ERR_BLASNET_FILE', `Cannot read ${this.source.name}: it is empty`);
      }
      return 'end';
    }
    await this.#addBlock();
    return 'block';
  }

  /** What is known of the columns so far. */
  columns(): ColumnState[] {
    const reader = this.#reader as NativeTextReader;
    const count = this.names().length;
    const numbers = new Float64Array(5 * count);
    reader.describe(numbers);
    const at = (i: number) => numbers[i] as number;
    return Array.from({ length: count }, (_, index) => {
      const i = 5 * index;
      return { index, code: at(i), late: at(i + 1) === 1, texts: at(i + 3), textBytes: at(i + 4) };
    });
  }

  /** Adds the values to the summaries, and forgets them. Keeps up to so many texts of a column, and bytes of them. */
  async summarise(texts: number, bytes: number): Promise<void> {
    const reader = this.#reader as NativeTextReader;
    await this.#run((callback) => reader.summarise({ texts, bytes }, callback));
    this.#cleared += this.#rows;
    this.#rows = 0;
  }

  summaries(): ColumnSummary[] {
    const reader = this.#reader as NativeTextReader;
    const count = this.names().length;
    const numbers = new Float64Array(4 * count);
    reader.summaries(numbers);
    const at = (i: number) => numbers[i] as number;
    return Array.from({ length: count }, (_, index) => {
      const i = 4 * index;
      return { present: at(i), least: at(i + 1), greatest: at(i + 2), many: at(i + 3) === 1 };
    });
  }

  /** Copies the values of a column. Its texts are those given, in the order of the reader, or otherwise copied. */
  async take(state: ColumnState, categories?: Categories): Promise<Column> {
    const { rows } = this;
    const kind = kindNames[state.code];
    // All cells are missing.
    if (kind === undefined) return gaps('number', rows);
    const values = newValues(kind, rows);
    const copies = kind === 'category' && categories === undefined;
    const bytes = copies ? new Uint8Array(state.textBytes) : null;
    const ends = copies ? new Float64Array(state.texts) : null;
    const given = { column: state.index, values, bytes, ends };
    const reader = this.#reader as NativeTextReader;
    await this.#run((callback) => reader.take(given, callback), rows <= briefRows);
    const copied = bytes === null || ends === null ? undefined : encodedCategories(bytes, ends);
    return columnOf(kind, values, kind === 'category' ? (categories ?? copied) : undefined);
  }

  /** The texts of a column. */
  async texts({ index, texts, textBytes }: ColumnState): Promise<Categories> {
    const [bytes, ends] = [new Uint8Array(textBytes), new Float64Array(texts)];
    const given = { column: index, values: new Int32Array(this.rows), bytes, ends };
    const reader = this.#reader as NativeTextReader;
    await this.#run((callback) => reader.take(given, callback));
    return encodedCategories(bytes, ends);
  }

  /** Forgets the values, and the texts of these columns. */
  clear(forgotten: readonly number[]): void {
    const reader = this.#reader as NativeTextReader;
    reader.clear();
    for (const index of forgotten) reader.clearTexts(index);
    this.#cleared += this.#rows;
    this.#rows = 0;
  }

  async close(): Promise<void> {
    await this.#blocks?.return(undefined);
  }

  async #addBlock(): Promise<void> {
    const { done, value } = await (this.#blocks as AsyncGenerator<Uint8Array>).next();
    if (done) this.#ended = true;
    else {
      (this.#reader as NativeTextReader).add(value);
      giveBack(value);
    }
  }

  async #run(start: (callback?: (error: Error | undefined) => void) => void, brief = false): Promise<void> {
    const object = this.#reader as NativeTextReader;
    function* work(): Work<void> {
      yield { object, start, brief };
    }
    await workElsewhere(work(), { signal: this.#request.signal });
  }

  #throwFault(): void {
    const reader = this.#reader as NativeTextReader;
    const fault = reader.fault();
    if (fault.fault === 'none') return;
    throw faultError(fault, this.source.name, this.#header ?? reader.names(), this.#request.types);
  }
}

/** A column of missing values. */
export function gaps(kind: ColumnKind, rows: number, categories?: Categories): Column {
  return columnOf(kind, missingValues(kind, rows), categories);
}

/** The kind of a code of `native.columnKinds`. */
export const kindNames: Readonly<Record<number, ColumnKind>> = Object.fromEntries(
  columnKindNames.map((kind) => [native.columnKinds[kind], kind]),
);

// A file may begin with U+FEFF, which says that it is UTF-8.
function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
