// Records in JSON, read token by token: the oracle for the native reader. Python's NaN and Infinity are read, too.

import {
  kindOfNumber,
  numberOf,
  type OracleColumn,
  OracleFault,
  type OracleTable,
  timeOf,
} from './table-oracle';

/** A value as it stands in the text. */
interface Value {
  readonly type: 'null' | 'text' | 'number' | 'boolean';
  readonly text: string;
}

type JsonRecord = ReadonlyMap<string, Value>;

/** The table, or the row of the first fault. The table has no columns if all records are empty. */
export function jsonTable(text: string): OracleTable | OracleFault {
  const reader = new JsonOracle(text);
  const records: JsonRecord[] = [];
  let fault: OracleFault | undefined;
  try {
    for (const record of reader.records()) records.push(record);
  } catch (error) {
    if (error !== notJson) throw error;
    fault = new OracleFault(0, records.length);
  }
  const names = [...new Set(records.flatMap((record) => [...record.keys()]))];
  const table = new Map<string, OracleColumn>();
  for (const name of names) {
    const column = columnOf(records.map((record) => record.get(name)));
    if (typeof column !== 'number') table.set(name, column);
    else if (fault === undefined || column < fault.row) fault = new OracleFault(0, column, name);
  }
  return fault ?? table;
}

/** The values of a column, or the row of a number that is beyond a double. */
function columnOf(values: readonly (Value | undefined)[]): OracleColumn | number {
  const kinds = new Set<OracleColumn['kind']>();
  for (const [row, value] of values.entries()) {
    if (value === undefined || isGap(value)) continue;
    const number = value.type === 'number' ? kindOfNumber(value.text) : 'other';
    if (number === 'infinite' && !(kinds.size > 1 || kinds.has('category'))) return row;
    kinds.add(kindOf(value));
  }
  const [kind = 'number'] = kinds;
  if (kinds.size > 1 || kind === 'category') return texts(values);
  const read: Readonly<Record<string, (text: string) => number | boolean>> = {
    number: (text) => numberOf(text),
    time: (text) => timeOf(text) as number,
    boolean: (text) => text === 'true',
  };
  return {
    kind,
    values: values.map((value) =>
      value === undefined || isGap(value) ? null : (read[kind]?.(value.text) as number | boolean),
    ),
  };
}

function texts(values: readonly (Value | undefined)[]): OracleColumn {
  return {
    kind: 'category',
    values: values.map((value) => (value === undefined || isGap(value) ? null : value.text)),
  };
}

function isGap({ type, text }: Value): boolean {
  return type === 'null' || (type === 'text' && text === '');
}

function kindOf({ type, text }: Value): OracleColumn['kind'] {
  if (type === 'number') return kindOfNumber(text) === 'number' ? 'number' : 'category';
  if (type === 'boolean') return 'boolean';
  return timeOf(text) === undefined ? 'category' : 'time';
}

const notJson = Symbol('no JSON');

const space = /[ \t\n\r]*/y;
const string = /"((?:[^"\\]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*)"/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\d.eE+-])|-?Infinity/y;
const word = /true|false|null|NaN/y;

class JsonOracle {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The records of an array, or one after another. */
  *records(): Generator<JsonRecord> {
    this.#take(space);
    const isArray = this.#skip('[');
    if (isArray && this.#skip(']')) return this.#expectEnd();
    for (;;) {
      if (!isArray && this.#at === this.#text.length) return;
      yield this.#record();
      if (!isArray) continue;
      if (this.#skip(']')) return this.#expectEnd();
      if (!this.#skip(',')) throw notJson;
    }
  }

  #record(): JsonRecord {
    const record = new Map<string, Value>();
    if (!this.#skip('{')) throw notJson;
    if (this.#skip('}')) return record;
    for (;;) {
      const name = this.#string();
      if (name === undefined || record.has(name) || !this.#skip(':')) throw notJson;
      record.set(name, this.#value());
      if (this.#skip('}')) return record;
      if (!this.#skip(',')) throw notJson;
    }
  }

  #value(): Value {
    const text = this.#string();
    if (text !== undefined) return { type: 'text', text };
    const digits = this.#take(number);
    if (digits !== undefined) return { type: 'number', text: digits };
    const found = this.#take(word);
    if (found === undefined) throw notJson;
    return { type: found === 'null' || found === 'NaN' ? 'null' : 'boolean', text: found };
  }

  #string(): string | undefined {
    const found = this.#take(string);
    if (found === undefined) return undefined;
    // Line breaks and other control characters must be escaped.
    if ([...found.trim()].some((c) => c < ' ')) throw notJson;
    const text = JSON.parse(found) as string;
    // Half of a surrogate pair.
    if (/[\ud800-\udfff]/u.test(text)) throw notJson;
    return text;
  }

  /** Takes what the expression matches here, and the space behind it. */
  #take(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at;
    const [found] = expression.exec(this.#text) ?? [];
    if (found === undefined) return undefined;
    this.#at += found.length;
    if (expression !== space) this.#take(space);
    return found;
  }

  #skip(mark: string): boolean {
    if (!this.#text.startsWith(mark, this.#at)) return false;
    this.#at += mark.length;
    this.#take(space);
    return true;
  }

  #expectEnd(): void {
    if (this.#at < this.#text.length) throw notJson;
  }
}
