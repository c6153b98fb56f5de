// How the values of a Parquet column become numbers. Types and their annotations:
// https://github.com/apache/parquet-format/blob/master/LogicalTypes.md

import {
  dateTime,
  decimalOf,
  exactInteger,
  halfOf,
  integerOf,
  type TimeUnit,
  timeOf,
  timeUnits,
  unsignedOf,
} from './cells';
import type { ColumnKind } from './column';
import type { SchemaElement } from './parquet-package';

/** How a column is read. */
export interface ParquetType {
  readonly kind: ColumnKind;
  /** The number of a value as hyparquet decodes it without the annotation; undefined if a number cannot hold it. */
  readonly read: (value: never) => number | undefined;
  /** Whether typed arrays of numbers are taken as they are. */
  readonly plain?: boolean;
  /** Whether hyparquet calls `stringFromBytes` for each text. */
  readonly text?: boolean;
  /** What a value must be, if `read` may fail. */
  readonly rule?: string;
}

const number: ParquetType = { kind: 'number', read: (value: number) => value, plain: true };
const text: ParquetType = { kind: 'category', read: (code: number) => code, text: true, rule: 'UTF-8' };
const time = (read: (value: never) => number | undefined): ParquetType => ({
  kind: 'time',
  read,
  rule: dateTime,
});

const units: Readonly<Record<string, TimeUnit>> = {
  MILLIS: timeUnits.ms,
  MICROS: timeUnits.us,
  NANOS: timeUnits.ns,
};

/** How to read the column; undefined if a table cannot hold its values. */
export function typeOf(element: SchemaElement): ParquetType | undefined {
  const { type, converted_type: converted = '', logical_type: logical } = element;
  const name = logical?.type ?? '';
  if (name === 'DECIMAL' || converted === 'DECIMAL') return decimal(element);
  switch (type) {
    case 'BOOLEAN':
      return { kind: 'boolean', read: (value: boolean) => (value ? 1 : 0) };
    case 'FLOAT':
    case 'DOUBLE':
      return number;
    case 'INT32':
      return int32(name, converted, element);
    case 'INT64':
      return int64(name, converted, element);
    case 'INT96':
      return time((nanoseconds: bigint) => timeOf(nanoseconds, timeUnits.ns));
    case 'BYTE_ARRAY':
      return ['', 'STRING', 'ENUM', 'JSON'].includes(name) && ['', 'UTF8', 'ENUM', 'JSON'].includes(converted)
        ? text
        : undefined;
    case 'FIXED_LEN_BYTE_ARRAY':
      if (name === 'FLOAT16' && element.type_length === 2) return { kind: 'number', read: half };
      return name === 'UUID' ? text : undefined;
    default:
      return undefined;
  }
}

function int32(name: string, converted: string, element: SchemaElement): ParquetType | undefined {
  if (name === 'DATE' || converted === 'DATE') return time((days: number) => timeOf(days, timeUnits.D));
  const { logical_type: logical } = element;
  const unsigned = name === 'INTEGER' ? logical?.isSigned !== true : converted.startsWith('UINT_');
  if (unsigned) return { kind: 'number', read: (value: number) => value >>> 0 };
  return isInteger(name, converted) ? number : undefined;
}

function int64(name: string, converted: string, element: SchemaElement): ParquetType | undefined {
  const { logical_type: logical } = element;
  const timeUnit = units[logical?.unit ?? converted.replace(/^TIME(STAMP)?_/, '')];
  if (timeUnit !== undefined) {
    const isTime = name === 'TIMESTAMP' || converted.startsWith('TIMESTAMP_');
    const read = (value: bigint) => timeOf(value, timeUnit);
    return isTime ? time(read) : { kind: 'number', read };
  }
  const unsigned = name === 'INTEGER' ? logical?.isSigned !== true : converted === 'UINT_64';
  if (unsigned) return { kind: 'number', read: unsignedOf, rule: exactInteger };
  return isInteger(name, converted) ? { kind: 'number', read: integerOf, rule: exactInteger } : undefined;
}

// TIME_MILLIS has 32 bits: the milliseconds of the day.
function isInteger(name: string, converted: string): boolean {
  return ['', 'INTEGER', 'TIME'].includes(name) && /^(|U?INT_\d+|TIME_MILLIS)$/.test(converted);
}

function decimal({ type, scale, logical_type: logical }: SchemaElement): ParquetType {
  const places = scale ?? logical?.scale ?? 0;
  if (type === 'INT32' || type === 'INT64') {
    return { kind: 'number', read: (value: number | bigint) => decimalOf(value, places) };
  }
  return { kind: 'number', read: (bytes: Uint8Array) => decimalOf(bigEndian(bytes), places) };
}

function bigEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(8 * bytes.length, value);
}

function half(bytes: Uint8Array): number {
  return halfOf((bytes[0] as number) | ((bytes[1] as number) << 8));
}
