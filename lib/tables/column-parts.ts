// A column that is filled and taken part by part, where the number of all rows is not known or cannot be trusted.

import { type BlasnetError, blasnetError } from '../base/errors';
import { articleOf, ColumnBuilder, placeOf } from './build';
import {
  type Column,
  type ColumnKind,
  columnOf,
  encodedCategories,
  missingValues,
  newValues,
} from './column';
import { type EncodedTexts, TextCodes } from './texts';

type Values = Float64Array | Int32Array | Int8Array;

/** What another thread gives of a column. */
export interface PlainColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly values: Values;
  /** The categories. */
  readonly texts: EncodedTexts | undefined;
}

/** The most rows that a row group of Parquet, or a batch of Arrow, may have: arrays of more end the process. */
export const mostPartRows = 2 ** 26;

const mostRows = 2 ** 32 - 1;
// Texts that are kept though no row that is left may have them.
const mostIdleTexts = 2 ** 16;

export class ColumnParts {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly #file: string;
  #codes = new TextCodes();
  #parts: Values[] = [];
  #rows = 0;
  #taken = 0;

  /** @param file what errors call the file */
  constructor(name: string, kind: ColumnKind, file: string) {
    this.name = name;
    this.kind = kind;
    this.#file = file;
  }

  /** The codes of the texts of a category. */
  get codes(): TextCodes {
    return this.#codes;
  }

  /** The rows that were filled, and not taken. */
  get pending(): number {
    return this.#rows - this.#taken;
  }

  /** The values of the next rows, all missing at first. */
  next(rows: number): Values {
    if (rows > mostPartRows || this.pending + rows > mostRows) {
      throw blasnetError('ERR_BLASNET_FILE', `Cannot read ${this.#file}: it has too many rows at once`);
    }
    const part = missingValues(this.kind, rows);
    this.#parts.push(part);
    this.#rows += rows;
    return part;
  }

  /** The error for a value of the part that `next` gave last. */
  cellError(index: number, rule: string | undefined, got: unknown): BlasnetError {
    const row = this.#rows - (this.#parts.at(-1)?.length ?? 0) + index;
    return this.#errorAt(row, rule, got);
  }

  #errorAt(row: number, rule = articleOf(this.kind), got: unknown): BlasnetError {
    const place = `${placeOf(row, this.name)} of ${this.#file}`;
    const error = blasnetError(
      'ERR_BLASNET_FILE',
      `Cannot read ${place}: expected ${rule}, got ${shown(got)}`,
    );
    return Object.assign(error, { row, column: this.name });
  }

  /** Takes the first rows that are left, as a column of the kind that is stated. Its texts are those of these rows. */
  take(rows: number, stated: ColumnKind | undefined): PlainColumn {
    const { name, kind } = this;
    const before = this.#taken;
    const values = this.#takeValues(rows);
    const texts = kind === 'category' ? this.#codes.inOrder(values as Int32Array) : undefined;
    if (stated === undefined || stated === kind) return { name, kind, values, texts };
    const column = columnOf(kind, values, texts && encodedCategories(texts.bytes, texts.ends));
    return this.#converted(column, stated, before);
  }

  #takeValues(rows: number): Values {
    this.#taken += rows;
    const [first] = this.#parts;
    if (first?.length === rows && first.byteLength === first.buffer.byteLength) {
      this.#parts.shift();
      return first;
    }
    const values = newValues(this.kind, rows);
    for (let at = 0; at < rows; ) {
      const part = this.#parts[0] as Values;
      const piece = part.subarray(0, rows - at);
      values.set(piece, at);
      at += piece.length;
      if (piece.length === part.length) this.#parts.shift();
      else this.#parts[0] = part.subarray(piece.length);
    }
    return values;
  }

  /** Forgets texts, if there are many, that no row has which is left. */
  forget(): void {
    if (this.#codes.size <= mostIdleTexts) return;
    const { pending } = this;
    const values = this.#takeValues(pending) as Int32Array;
    this.#taken -= pending;
    const { bytes, ends } = this.#codes.inOrder(values);
    this.#parts = [values];
    this.#codes = new TextCodes();
    let start = 0;
    for (const end of ends) {
      this.#codes.codeOf(bytes.subarray(start, end));
      start = end;
    }
  }

  #converted(column: Column, stated: ColumnKind, before: number): PlainColumn {
    const builder = new ColumnBuilder(this.name, column.length, stated);
    for (let row = 0; row < column.length; row++) {
      const cell = column.at(row);
      try {
        builder.set(row, cell);
      } catch {
        throw this.#errorAt(before + row, articleOf(stated), cell);
      }
    }
    const { values, categories } = builder.done();
    return {
      name: this.name,
      kind: stated,
      values,
      texts: stated === 'category' ? encoded(categories) : undefined,
    };
  }
}

function encoded(texts: readonly string[]): EncodedTexts {
  let end = 0;
  const ends = Float64Array.from(texts, (text) => {
    end += Buffer.byteLength(text);
    return end;
  });
  return { bytes: Uint8Array.from(Buffer.from(texts.join(''))), ends };
}

function shown(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (value instanceof Uint8Array) return `the bytes ${Buffer.from(value.subarray(0, 16)).toString('hex')}`;
  return value instanceof Date ? value.toISOString() : String(value);
}
