// Delimited text, read character by character: the oracle for the native reader.

import type { ColumnKind } from '../../lib/tables';
import { foundColumn, OracleFault, type OracleTable, statedColumn } from './table-oracle';

export interface CsvDialect {
  readonly delimiter: string;
  readonly quote: string;
  readonly decimal: '.' | ',';
  readonly thousands?: string;
  readonly header: boolean;
  readonly trim: boolean;
  readonly ragged: 'error' | 'fill';
  readonly skipLines: number;
  readonly comment?: string;
  readonly missing: readonly string[];
  readonly types: Readonly<Record<string, ColumnKind>>;
}

interface RecordOfCells {
  readonly cells: readonly string[];
  readonly line: number;
}

/** The table, a fault with its place, or undefined for a text without columns, or with two of one name. */
export function csvTable(text: string, dialect: CsvDialect): OracleTable | OracleFault | undefined {
  const { header, ragged, missing, types, decimal } = dialect;
  const plain = (cell: string) => ungrouped(cell, dialect.thousands);
  const reader = new CellReader(text, dialect);
  const records: RecordOfCells[] = [];
  let names: readonly string[] | undefined;
  let end: OracleFault | undefined;
  for (;;) {
    const record = reader.next();
    if (record === undefined) break;
    if (typeof record === 'number') {
      end = new OracleFault(reader.line, records.length, names?.[record]);
      break;
    }
    if (names === undefined) {
      names = record.cells.map((cell, i) => (header && cell !== '' ? cell : `column${i + 1}`));
      if (new Set(names).size < names.length) return undefined;
      if (header) continue;
    }
    const cells = [...record.cells];
    if (ragged === 'fill') {
      while (cells.length > names.length && cells.at(-1) === '') cells.pop();
      while (cells.length < names.length) cells.push(missingCell);
    }
    if (cells.length !== names.length) {
      end = new OracleFault(record.line, records.length);
      break;
    }
    records.push({ cells, line: record.line });
  }
  if (names === undefined) return end;
  if (Object.keys(types).some((name) => !names.includes(name))) return undefined;

  const table = new Map<string, Exclude<ReturnType<typeof foundColumn>, number>>();
  // The first fault from the top, and from the left in its line.
  let fault = end;
  for (const [i, name] of names.entries()) {
    const texts = records.map(({ cells }) => {
      const cell = cells[i] as string;
      return cell === missingCell || missing.includes(cell) ? null : cell;
    });
    const kind = Object.hasOwn(types, name) ? types[name] : undefined;
    const column =
      kind === undefined ? foundColumn(texts, decimal, plain) : statedColumn(kind, texts, decimal, plain);
    if (typeof column !== 'number') table.set(name, column);
    else if (fault === undefined || column < fault.row) {
      fault = new OracleFault((records[column] as RecordOfCells).line, column, name);
    }
  }
  return fault ?? table;
}

/** A number without the separators between its groups of three digits; any other text as it is. */
function ungrouped(cell: string, separator: string | undefined): string {
  if (separator === undefined) return cell;
  const groups = new RegExp(`^[+-]?\\d{1,3}(?:[${separator}]\\d{3})+(?!\\d)[^${separator}]*$`);
  return groups.test(cell) ? cell.replaceAll(separator, '') : cell;
}

// Stands for a cell that a short line does not have. No text of a test has it.
const missingCell = '\u0000missing\u0000';

class CellReader {
  readonly #text: string;
  readonly #dialect: CsvDialect;
  #at = 0;
  line = 1;

  constructor(text: string, dialect: CsvDialect) {
    this.#text = text;
    this.#dialect = dialect;
  }

  /** The next record; the column of a cell whose quotes are wrong; undefined at the end. */
  next(): RecordOfCells | number | undefined {
    const { skipLines, comment } = this.#dialect;
    while (this.#at < this.#text.length) {
      if (this.line <= skipLines || this.#text[this.#at] === comment) {
        while (this.#at < this.#text.length && !this.#atLineEnd()) this.#at++;
        this.#endLine();
        this.line++;
        continue;
      }
      const record = this.#record();
      if (record !== undefined) return record;
    }
    return undefined;
  }

  #record(): RecordOfCells | number | undefined {
    const cells: string[] = [];
    let quoted = false;
    let inner = 0;
    const { line } = this;
    for (;;) {
      this.#skipSpace();
      if (this.#text[this.#at] === this.#dialect.quote) {
        quoted = true;
        const cell = this.#quoted();
        if (cell === undefined) return cells.length;
        inner += cell.split(/\r\n|\r|\n/).length - 1;
        cells.push(cell.replaceAll(this.#dialect.quote.repeat(2), this.#dialect.quote));
        this.#skipSpace();
        if (!this.#atCellEnd()) return cells.length - 1;
      } else {
        const start = this.#at;
        while (!this.#atCellEnd()) this.#at++;
        const cell = this.#text.slice(start, this.#at);
        cells.push(this.#dialect.trim ? cell.replace(/[ \t]+$/, '') : cell);
      }
      if (this.#text[this.#at] !== this.#dialect.delimiter) break;
      this.#at++;
    }
    this.#endLine();
    this.line += 1 + inner;
    return cells.length === 1 && cells[0] === '' && !quoted ? undefined : { cells, line };
  }

  /** The text between quotes, with doubled ones as they are; undefined if it does not end. */
  #quoted(): string | undefined {
    const { quote } = this.#dialect;
    const start = ++this.#at;
    for (; this.#at < this.#text.length; this.#at++) {
      if (this.#text[this.#at] !== quote) continue;
      if (this.#text[this.#at + 1] !== quote) return this.#text.slice(start, this.#at++);
      this.#at++;
    }
    return undefined;
  }

  #skipSpace(): void {
    const { trim, delimiter } = this.#dialect;
    while (trim && ' \t'.includes(this.#text[this.#at] ?? 'x') && this.#text[this.#at] !== delimiter)
      this.#at++;
  }

  #atLineEnd(): boolean {
    return this.#text[this.#at] === '\n' || this.#text[this.#at] === '\r';
  }

  #atCellEnd(): boolean {
    return (
      this.#at >= this.#text.length || this.#atLineEnd() || this.#text[this.#at] === this.#dialect.delimiter
    );
  }

  #endLine(): void {
    if (this.#text[this.#at] === '\r' && this.#text[this.#at + 1] === '\n') this.#at++;
    this.#at++;
  }
}
