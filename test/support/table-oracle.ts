// What the cells of a column mean, in plain words and loops: the oracle for the readers of tables.

import type { ColumnKind, Table } from '../../lib/tables';

/** A column as the oracle writes it: its kind, and its values in the order of the rows. */
export interface OracleColumn {
  readonly kind: ColumnKind;
  /** Numbers and times as numbers; null where one is missing. */
  readonly values: readonly (number | string | boolean | null)[];
}

export type OracleTable = ReadonlyMap<string, OracleColumn>;

/** Where and why a text is refused. The column's name is left out where the fault is in none. */
export class OracleFault {
  readonly line: number;
  readonly row: number;
  readonly column: string | undefined;

  constructor(line: number, row: number, column?: string) {
    this.line = line;
    this.row = row;
    this.column = column;
  }
}

/** The columns of a table in the oracle's form. */
export function contentOf(table: Table): OracleTable {
  const content = new Map<string, OracleColumn>();
  for (const name of table.names) {
    const column = table.column(name);
    const { kind } = column;
    // A Date has whole milliseconds.
    const values =
      kind === 'time'
        ? Array.from(column.values, (time) => (Number.isNaN(time) ? null : time))
        : (column.toArray() as OracleColumn['values']);
    content.set(name, { kind, values });
  }
  return content;
}

export type NumberText = 'number' | 'name' | 'infinite' | 'other';

/** A number; a name of digits, such as 007; a number beyond a double; or something else. */
export function kindOfNumber(text: string, decimal = '.'): NumberText {
  if (decimal === ',' && text.includes('.')) return 'other';
  const plain = text.replace(decimal, '.');
  if (/^[+-]?inf(inity)?$/i.test(text)) return 'number';
  const parts = /^[+-]?(\d*)(\.\d*)?([eE][+-]?\d+)?$/.exec(plain);
  if (parts === null || !/\d/.test(`${parts[1]}${parts[2] ?? ''}`)) return 'other';
  const [, whole = '', fraction, exponent] = parts;
  const number = Number(plain);
  if (!Number.isFinite(number)) return 'infinite';
  if (whole.length > 1 && whole.startsWith('0')) return 'name';
  if (fraction !== undefined || exponent !== undefined || Math.abs(number) < 2 ** 53) return 'number';
  // The digits up to the zeros at the end must come back from the double.
  const digits = whole.replace(/0+$/, '');
  if (digits.length > 17) return 'name';
  const printed = Math.abs(number)
    .toExponential(digits.length - 1)
    .replace(/e.*/, '')
    .replace('.', '');
  return printed === digits ? 'number' : 'name';
}

export function numberOf(text: string, decimal = '.'): number {
  const infinite = /^([+-]?)inf/i.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? -1 / 0 : 1 / 0;
  return Number(text.replace(decimal, '.'));
}

const pattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?:([Zz])|([+-])(\d\d)(?::?(\d\d))?)?)?$/;

/** The milliseconds since 1970 of a time in ISO 8601, or undefined. */
export function timeOf(text: string): number | undefined {
  const parts = pattern.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0] = parts.slice(1, 4).map(Number);
  const [hour = 0, minute = 0, second = 0] = parts.slice(4, 7).map((part) => Number(part ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) {
    return undefined;
  }
  const microseconds = Number((parts[7] ?? '').slice(0, 6).padEnd(6, '0'));
  const isMidnight = hour === 24 && minute === 0 && second === 0 && microseconds === 0;
  if ((hour > 23 && !isMidnight) || minute > 59 || second > 59) return undefined;
  const [offsetHours = 0, offsetMinutes = 0] = [parts[10], parts[11]].map((part) => Number(part ?? 0));
  if (offsetHours > 23 || offsetMinutes > 59) return undefined;
  const offset = (parts[9] === '-' ? -1 : 1) * (60 * offsetHours + offsetMinutes);
  const seconds = 60 * (60 * hour + minute - offset) + second;
  return date.getTime() + (1000 * seconds + microseconds / 1000);
}

const words: Readonly<Record<string, boolean>> = {
  true: true,
  True: true,
  TRUE: true,
  false: false,
  False: false,
  FALSE: false,
};
const statedWords: Readonly<Record<string, boolean>> = {
  ...{ t: true, y: true, f: false, n: false },
  true: true,
  yes: true,
  '1': true,
  false: false,
  no: false,
  '0': false,
};

/** A column of texts without a stated kind, or the row of a number beyond a double. */
export function foundColumn(
  texts: readonly (string | null)[],
  decimal: string,
  plain: (text: string) => string = (text) => text,
): OracleColumn | number {
  let isNumber = true;
  let isTime = true;
  let isBoolean = true;
  for (const [row, text] of texts.entries()) {
    if (text === null) continue;
    const number = kindOfNumber(plain(text), decimal);
    if (number === 'infinite' && isNumber) return row;
    isNumber &&= number === 'number';
    isTime &&= timeOf(text) !== undefined;
    isBoolean &&= Object.hasOwn(words, text);
  }
  if (isNumber) return columnOf('number', texts, (text) => numberOf(plain(text), decimal));
  if (isTime) return columnOf('time', texts, (text) => timeOf(text) as number);
  if (isBoolean) return columnOf('boolean', texts, (text) => words[text] as boolean);
  return columnOf('category', texts, (text) => text);
}

/** A column of texts of a stated kind, or the row of a text that is not of the kind. */
export function statedColumn(
  kind: ColumnKind,
  texts: readonly (string | null)[],
  decimal: string,
  plain: (text: string) => string = (text) => text,
): OracleColumn | number {
  const fits: Readonly<Record<ColumnKind, (text: string) => boolean>> = {
    number: (text) => ['number', 'name'].includes(kindOfNumber(plain(text), decimal)),
    time: (text) => timeOf(text) !== undefined,
    boolean: (text) => Object.hasOwn(statedWords, text.toLowerCase()),
    category: () => true,
  };
  const wrong = texts.findIndex((text) => text !== null && !fits[kind](text));
  if (wrong >= 0) return wrong;
  const values: Readonly<Record<ColumnKind, (text: string) => number | string | boolean>> = {
    number: (text) => numberOf(plain(text), decimal),
    time: (text) => timeOf(text) as number,
    boolean: (text) => statedWords[text.toLowerCase()] as boolean,
    category: (text) => text,
  };
  return columnOf(kind, texts, values[kind]);
}

function columnOf(
  kind: ColumnKind,
  texts: readonly (string | null)[],
  read: (text: string) => number | string | boolean,
): OracleColumn {
  return { kind, values: texts.map((text) => (text === null ? null : read(text))) };
}
