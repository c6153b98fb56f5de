// One way through the text of a table, whatever its format: the native reader turns blocks into columns.

import { native } from '../addon/binding';
import { newOutcome, readOutcome, statusCodes } from '../addon/outcome';
import type { NativeTextOptions, NativeTextReader, TextFault } from '../addon/text-reader';
import { type Work, workElsewhere } from '../addon/work';
import { type BlasnetError, blasnetError } from '../base/errors';
import { gathered } from './blocks';
import { articleOf } from './build';
import { type Column, type ColumnKind, columnOf, encodedCategories, newValues } from './column';
import { manyColumns } from './limits';
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
}

export interface Columns {
  readonly columns: ReadonlyMap<string, Column>;
  readonly rows: number;
}

/** What differs between formats. */
export interface Format {
  /** The native options, after the first bytes have been looked at. */
  options(sample: Uint8Array): Omit<NativeTextOptions, 'outcome'>;
  /** The names of the columns, by what the text says; throws for those that do not fit. */
  names(found: readonly string[]): readonly string[];
  /** The kinds of columns whose names are read first; undefined if the native options have them. */
  kinds?(names: readonly string[]): Int32Array;
}

/** Bytes that tell the format. */
export const sampleSize = 2 ** 16;

// Values that are copied within half a millisecond.
const briefRows = 2 ** 16;

class TextPass {
  readonly #source: Source;
  readonly #format: Format;
  readonly #request: Request;
  readonly #outcome = newOutcome();
  #reader: NativeTextReader | undefined;
  #rows = 0;
  #descriptions = new Float64Array(0);
  names: readonly string[] = [];

  constructor(source: Source, format: Format, request: Request) {
    this.#source = source;
    this.#format = format;
    this.#request = request;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Reads all blocks. */
  async run(): Promise<void> {
    const blocks = gathered(this.#source.blocks(this.#request.onBytes), sampleSize);
    try {
      let block = await blocks.next();
      const sample = block.value as Uint8Array;
      const reader = new native.TextReader({ outcome: this.#outcome, ...this.#format.options(sample) });
      this.#reader = reader;
      reader.add(withoutMark(sample));
      for (let named = false, last = false; !last; ) {
        block = await blocks.next();
        last = block.done === true;
        named ||= this.#readHeader(reader, last);
        if (named) await this.#read(reader, last);
        if (!block.done) reader.add(block.value);
      }
      this.names = this.#format.names(reader.names());
      this.#descriptions = new Float64Array(5 * this.names.length);
      reader.describe(this.#descriptions);
    } finally {
      await blocks.return(undefined);
    }
    if (this.names.length === 0) {
      throw blasnetError('ERR_BLASNET_FILE', `Cannot read ${this.#source.name}: it is empty`);
    }
  }

  #readHeader(reader: NativeTextReader, last: boolean): boolean {
    const read = reader.readHeader({ last });
    this.#throwFault(reader);
    const found = reader.names();
    if (!read || this.#format.kinds === undefined || found.length === 0) return read;
    this.names = this.#format.names(found);
    reader.setKinds(this.#format.kinds(this.names));
    return true;
  }

  async #read(reader: NativeTextReader, last: boolean): Promise<void> {
    const { signal, onRows } = this.#request;
    await workElsewhere(
      nativeWork(reader, (callback) => reader.read({ last }, callback)),
      { signal },
    );
    const { status, index } = readOutcome(this.#outcome);
    if (status !== statusCodes.done) this.#throwFault(reader);
    this.#rows = index;
    onRows(index);
  }

  /** The columns that became texts after they had other values, which are gone. */
  late(): ReadonlySet<string> {
    return new Set(this.names.filter((_, i) => this.#descriptions[5 * i + 1] === 1));
  }

  /** The columns that were read, except these. */
  async take(except: ReadonlySet<string> = new Set()): Promise<Map<string, Column>> {
    const columns = new Map<string, Column>();
    for (const [i, name] of this.names.entries()) {
      if (this.#descriptions[5 * i] === native.columnKinds.skipped || except.has(name)) continue;
      columns.set(name, await this.#takeColumn(i));
    }
    return columns;
  }

  async #takeColumn(column: number): Promise<Column> {
    const reader = this.#reader as NativeTextReader;
    const [code = 0, , , size = 0, byteSize = 0] = this.#descriptions.subarray(5 * column, 5 * column + 5);
    const rows = this.#rows;
    const kind = kindNames[code];
    // All cells are missing.
    if (kind === undefined) return columnOf('number', new Float64Array(rows).fill(Number.NaN));
    const values = newValues(kind, rows);
    const isText = kind === 'category';
    const bytes = isText ? new Uint8Array(byteSize) : null;
    const ends = isText ? new Float64Array(size) : null;
    const given = { column, values, bytes, ends };
    const work = nativeWork(reader, (callback) => reader.take(given, callback), rows <= briefRows);
    await workElsewhere(work, { signal: this.#request.signal });
    return columnOf(
      kind,
      values,
      bytes === null || ends === null ? undefined : encodedCategories(bytes, ends),
    );
  }

  #throwFault(reader: NativeTextReader): void {
    const fault = reader.fault();
    if (fault.fault === 'none') return;
    const names = this.names.length > 0 ? this.names : reader.names();
    throw faultError(fault, this.#source.name, names, this.#request.types);
  }
}

const kindNames: Readonly<Record<number, ColumnKind>> = Object.fromEntries(
  (['number', 'category', 'boolean', 'time'] as const).map((kind) => [native.columnKinds[kind], kind]),
);

function* nativeWork(
  object: NativeTextReader,
  start: (callback?: (error: Error | undefined) => void) => void,
  brief = false,
): Work<void> {
  yield { object, start, brief };
}

// A file may begin with U+FEFF, which says that it is UTF-8.
function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function faultError(
  fault: TextFault,
  source: string,
  names: readonly string[],
  types: ReadonlyMap<string, ColumnKind>,
): BlasnetError {
  const { line, row } = fault;
  const name = names[fault.column];
  const place = name === undefined ? '' : `, column ${JSON.stringify(name)}`;
  const words = wordsOf(fault, names.length, name === undefined ? undefined : types.get(name));
  const error = blasnetError('ERR_BLASNET_FILE', `Cannot read line ${line}${place} of ${source}: ${words}`);
  return Object.assign(error, { line, row, ...(name === undefined ? {} : { column: name }) });
}

function wordsOf(fault: TextFault, columns: number, kind: ColumnKind = 'number'): string {
  const got = fault.text === '' ? 'nothing more' : JSON.stringify(fault.text);
  switch (fault.fault) {
    case 'quoteOpen':
      return `the quoted cell that begins with ${got} never ends`;
    case 'afterQuote':
      return `expected a delimiter or the end of the line behind a quoted cell, got ${got}`;
    case 'fewCells':
      return `expected ${columns} cells, got ${fault.cells}; to fill up short lines, write ragged: 'fill'`;
    case 'manyCells':
      return `expected ${columns} cells, got ${fault.cells}`;
    case 'notJson':
      return `expected JSON, got ${got}`;
    case 'notEscape':
      return `expected an escape of JSON, got ${got}${halfPair(fault.text)}`;
    case 'notRecord':
      return `expected an object of numbers, strings, true, false and null, got ${got}`;
    case 'nested':
      return `expected a number, a string, true, false or null, got ${got}; give nested values columns of their own`;
    case 'twice':
      return 'the object has this name twice';
    case 'notUtf8':
      return 'expected UTF-8, got other bytes';
    case 'infinite':
      return `expected a number that a double can hold, got ${got}; to read the column as texts, state its type 'category'`;
    case 'recordTooLong':
      return 'it is longer than 64 MB';
    case 'manyRows':
      return 'a table has at most 2^32 - 1 rows';
    case 'manyColumns':
      return manyColumns;
    case 'manyGaps':
      return 'nearly all cells would be gaps; to read the columns that matter, write columns: [...]';
    default:
      return `expected ${articleOf(kind)}, got ${got}`;
  }
}

function halfPair(text: string): string {
  return /^\\ud[89a-f]/i.test(text) ? ', half of a surrogate pair' : '';
}

/**
 * Reads all columns. If one turns out to be text after it began with other values, its texts are read by a second pass:
 * `again` makes the format that reads these columns alone, as texts.
 */
export async function readText(
  source: Source,
  format: Format,
  request: Request,
  again: (late: ReadonlySet<string>) => Format,
): Promise<Columns> {
  const first = new TextPass(source, format, request);
  await first.run();
  const late = first.late();
  const columns = await first.take(late);
  if (late.size > 0) {
    const second = new TextPass(source, again(late), { ...request, onBytes: () => {}, onRows: () => {} });
    await second.run();
    if (second.rows !== first.rows) {
      throw blasnetError('ERR_BLASNET_FILE', `Cannot read ${source.name}: it has changed while it was read`);
    }
    for (const [name, column] of await second.take()) columns.set(name, column);
  }
  const order = request.columns ?? first.names;
  return { columns: new Map(order.map((name) => [name, columns.get(name) as Column])), rows: first.rows };
}
