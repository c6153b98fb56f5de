// What the pages of a column must hold before hyparquet decodes them. It trusts their counts: a damaged one would make it
// fill arrays until the process ends, or never return. The format is
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift

import { blasnetError } from '../base/errors';
import { type Struct, ThriftReader } from './thrift';

/** How the values of a column are stored in a file. */
export interface ChunkLayout {
  /** The column, for errors: `column "age" of "customers.parquet"`. */
  readonly place: string;
  /** The rows of the row group. */
  readonly rows: number;
  readonly nullable: boolean;
  /** Parquet's type: INT32, ... */
  readonly type: string;
  readonly compressed: boolean;
}

interface DataPage {
  readonly values: number;
  readonly encoding: number;
  /** In version 2 of pages the levels are not compressed, and their length is in the header. */
  readonly levels: number | undefined;
  readonly compressed: boolean;
}

/** A page that holds more values than any writer puts into one. */
const mostValues = 2 ** 24;

// Numbers of the enumerations PageType and Encoding.
const dataPage = 0;
const dictionaryPage = 2;
const dataPage2 = 3;
const plain = 0;
const plainDictionary = 2;
const rle = 3;
const [deltaPacked, deltaLengths, deltaTexts] = [5, 6, 7];
const rleDictionary = 8;
const byteStreams = 9;
const encodings = [
  plain,
  plainDictionary,
  rle,
  deltaPacked,
  deltaLengths,
  deltaTexts,
  rleDictionary,
  byteStreams,
];

/**
 * Checks the pages of one column in one row group. Compressed ones are checked in the moment when they are decompressed:
 * `check` takes the bytes before and after.
 *
 * @throws Error ERR_BLASNET_FILE
 */
export class ChunkPages {
  readonly #layout: ChunkLayout;
  // By the offset of the compressed bytes in their buffer.
  readonly #compressed = new Map<number, DataPage>();
  #hasDictionary = false;

  constructor(chunk: Uint8Array, layout: ChunkLayout) {
    this.#layout = layout;
    const reader = new ThriftReader(chunk, 0);
    for (let rows = 0; rows < layout.rows; ) {
      if (reader.at >= chunk.length) throw this.#damaged(`it has ${rows} of ${layout.rows} rows`);
      const header = this.#parsed(() => reader.struct());
      const size = this.#count(header, 3, chunk.length - reader.at);
      const bytes = chunk.subarray(reader.at, reader.at + size);
      const page = this.#pageOf(header, size);
      if (page !== undefined) {
        rows += page.values;
        if (rows > layout.rows) throw this.#damaged(`it has more than ${layout.rows} rows`);
        const skipped = page.levels ?? 0;
        if (page.compressed) this.#compressed.set(bytes.byteOffset + skipped, page);
        if (!page.compressed || page.levels !== undefined) this.#checkLevels(page, bytes);
        if (!page.compressed) this.#checkValues(page, bytes.subarray(skipped));
      }
      reader.at += size;
    }
  }

  /** Checks a page that was just decompressed. Dictionaries hold plain values, which need no check. */
  check(compressed: Uint8Array, bytes: Uint8Array): void {
    const page = this.#compressed.get(compressed.byteOffset);
    if (page === undefined) return;
    if (page.levels === undefined) this.#checkLevels(page, bytes);
    this.#checkValues(page, bytes);
  }

  #pageOf(header: Struct, size: number): DataPage | undefined {
    const type = this.#count(header, 1, 100);
    const unpacked = this.#count(header, 2, 2 ** 31);
    const { compressed } = this.#layout;
    if (type === dictionaryPage) {
      // A value takes a bit at least.
      this.#count(this.#struct(header, 7), 1, Math.min(8 * unpacked, mostValues));
      this.#hasDictionary = true;
      return undefined;
    }
    if (type === dataPage) {
      const fields = this.#struct(header, 5);
      const values = this.#count(fields, 1, mostValues);
      if (this.#layout.nullable && this.#count(fields, 3, 100) !== rle) {
        throw this.#damaged('its levels have the encoding BIT_PACKED, which is not supported');
      }
      return { values, encoding: this.#encodingOf(fields, 2), levels: undefined, compressed };
    }
    if (type !== dataPage2) throw this.#damaged(`it has a page of the unknown type ${type}`);
    const fields = this.#struct(header, 8);
    const values = this.#count(fields, 1, mostValues);
    this.#count(fields, 2, this.#layout.nullable ? values : 0);
    if (this.#count(fields, 3, values) !== values) throw this.#damaged('a page has more values than rows');
    if (this.#count(fields, 6, size) !== 0) throw this.#damaged('it has levels of repetition');
    const levels = this.#count(fields, 5, size);
    const packed = compressed && fields.fields.get(7) !== false && unpacked > levels;
    return { values, encoding: this.#encodingOf(fields, 4), levels, compressed: packed };
  }

  #encodingOf(header: Struct, id: number): number {
    const encoding = this.#count(header, id, 100);
    if (!encodings.includes(encoding)) {
      throw this.#damaged(`its values have the encoding ${encoding}, which is not supported`);
    }
    const isIndex = encoding === plainDictionary || encoding === rleDictionary;
    if (isIndex && !this.#hasDictionary) throw this.#damaged('it has no dictionary');
    return encoding;
  }

  /** The levels say which values are missing. In version 1 they stand before the values, behind their length. */
  #checkLevels({ values, levels }: DataPage, bytes: Uint8Array): void {
    if (!this.#layout.nullable) return;
    const start = levels === undefined ? 4 : 0;
    if (levels === undefined) this.#lengthAt(bytes, 0);
    const seen = this.#checkRuns(bytes.subarray(start), 1, values);
    if (seen < values) throw this.#damaged('a page ends too early');
  }

  #checkValues({ values, encoding, levels }: DataPage, bytes: Uint8Array): void {
    const start = this.#layout.nullable && levels === undefined ? 4 + this.#lengthAt(bytes, 0) : 0;
    const at = bytes.subarray(start);
    if (encoding === plainDictionary || encoding === rleDictionary) {
      const width = at[0] ?? 0;
      if (width > 32) throw this.#damaged(`an index of its dictionary has ${width} bits`);
      if (width > 0) this.#checkRuns(at.subarray(1), width, values);
    } else if (encoding === rle) {
      if (this.#layout.type !== 'BOOLEAN') throw this.#damaged('its values are encoded as runs');
      if (at.length > 0) this.#checkRuns(at.subarray(4), 1, values);
    } else if (encoding >= deltaPacked && encoding <= deltaTexts) {
      const end = this.#checkDeltas(at, 0, values);
      // The lengths of prefixes, then those of suffixes.
      if (encoding === deltaTexts) this.#checkDeltas(at, end, values);
    }
  }

  /**
   * Integers as runs of one value, and as groups of eight in few bits. No run is longer than all values.
   * hyparquet reads on behind the place where they should end, and so does this check. Returns how many there are.
   */
  #checkRuns(bytes: Uint8Array, width: number, values: number): number {
    const reader = new ThriftReader(bytes, 0);
    let seen = 0;
    while (seen < values && reader.at < bytes.length) {
      const header = this.#parsed(() => reader.unsigned());
      const packed = header % 2 === 1;
      const count = packed ? 8 * ((header - 1) / 2) : header / 2;
      // The last group of a writer may be filled up.
      if (count > values + (packed ? 4096 : 0)) throw this.#damaged('a run is longer than its page');
      reader.at += packed ? (count / 8) * width : Math.ceil(width / 8);
      seen += count;
    }
    return seen;
  }

  /** Differences of integers, in blocks of miniblocks. Returns where they end. */
  #checkDeltas(bytes: Uint8Array, start: number, values: number): number {
    // A page without values may be empty.
    if (start >= bytes.length) return start;
    const reader = new ThriftReader(bytes, start);
    const next = () => this.#parsed(() => reader.unsigned());
    const [block, miniblocks, count] = [next(), next(), next()];
    const each = block / miniblocks;
    if (!(miniblocks > 0 && each % 8 === 0 && block < 2 ** 24) || count > values) {
      throw this.#damaged('its differences have an impossible size');
    }
    next();
    for (let left = count - 1; left > 0; ) {
      next();
      const widths = bytes.subarray(reader.at, reader.at + miniblocks);
      reader.at += miniblocks;
      for (const width of widths) {
        if (left <= 0) break;
        reader.at += (each / 8) * width;
        left -= each;
      }
      if (widths.length < miniblocks) throw this.#damaged('its differences end too early');
    }
    return reader.at;
  }

  #lengthAt(bytes: Uint8Array, at: number): number {
    if (at + 4 > bytes.length) throw this.#damaged('a page ends too early');
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
    if (length > bytes.length - at - 4) throw this.#damaged('a page ends too early');
    return length;
  }

  #struct({ fields }: Struct, id: number): Struct {
    const value = fields.get(id);
    if (typeof value !== 'object') throw this.#damaged('the header of a page lacks a part');
    return value;
  }

  #count({ fields }: Struct, id: number, most: number): number {
    const value = fields.get(id);
    if (typeof value !== 'number' || value < 0 || value > most) {
      throw this.#damaged(`the header of a page has ${String(value)} where at most ${most} is possible`);
    }
    return value;
  }

  #parsed<T>(parse: () => T): T {
    try {
      return parse();
    } catch (cause) {
      throw this.#damaged(`the header of a page is wrong: ${(cause as Error).message}`);
    }
  }

  #damaged(reason: string): Error {
    return blasnetError('ERR_BLASNET_FILE', `Cannot read ${this.#layout.place}: ${reason}`);
  }
}
