// How the values of an Arrow column become numbers. The layout in memory is
// https://arrow.apache.org/docs/format/Columnar.html

import {
  dateTime,
  decimalOf,
  exactInteger,
  halfOf,
  integerOf,
  type TimeUnit,
  timeOf,
  timeUnits,
} from './cells';
import type { ColumnKind } from './column';
import type { TextCodes } from './texts';

/** A type of apache-arrow, as far as it is read. */
export interface ArrowType {
  readonly typeId: number;
  readonly bitWidth?: number;
  readonly precision?: number;
  readonly unit?: number;
  readonly scale?: number;
  /** Of a dictionary: the type of its values. */
  readonly dictionary?: ArrowType;
}

/** The values of a column in one batch. */
export interface ArrowData {
  readonly type: ArrowType;
  readonly length: number;
  readonly offset: number;
  readonly nullCount: number;
  readonly nullBitmap: Uint8Array | null | undefined;
  readonly values: ArrayLike<number | bigint> & ArrayBufferView;
  readonly valueOffsets: ArrayLike<number | bigint>;
  readonly variadicBuffers: readonly Uint8Array[];
  readonly dictionary?: { readonly data: readonly ArrowData[] };
}

/** The number of a value: undefined if a number cannot hold it, null if it is missing. */
type Read = (index: number) => number | undefined | null;

export interface ArrowReader {
  readonly kind: ColumnKind;
  /** What a value must be, if `reads` may give undefined. */
  readonly rule?: string;
  /** How to read these values. @throws Error for values that are fewer than their length says */
  reads(data: ArrowData, codes: TextCodes): Read;
}

/** The numbers that Arrow gives its types. */
const ids = {
  dictionary: -1,
  null: 1,
  int: 2,
  float: 3,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  time: 9,
  timestamp: 10,
  duration: 18,
  largeUtf8: 20,
  utf8View: 24,
} as const;

const half = 0;
const days = 0;
/** By the number of a unit. */
const units = [timeUnits.s, timeUnits.ms, timeUnits.us, timeUnits.ns];

/** How to read values of the type; undefined if a table cannot hold them. */
export function readerOf(type: ArrowType): ArrowReader | undefined {
  switch (type.typeId) {
    case ids.null:
      return { kind: 'number', reads: () => () => null };
    case ids.int:
      return type.bitWidth === 64
        ? { kind: 'number', rule: exactInteger, reads: stored((value) => integerOf(value as bigint)) }
        : { kind: 'number', reads: stored(Number) };
    case ids.float:
      return {
        kind: 'number',
        reads: stored(type.precision === half ? (bits) => halfOf(Number(bits)) : Number),
      };
    case ids.bool:
      return {
        kind: 'boolean',
        reads: (data) => reading(data, data.length / 8, (i) => bit(data.values, data.offset + i)),
      };
    case ids.decimal:
      return decimalReader(type);
    case ids.date:
      return timeReader('time', type.unit === days ? timeUnits.D : timeUnits.ms);
    case ids.timestamp:
      return timeReader('time', units[type.unit ?? -1]);
    case ids.time:
    case ids.duration:
      return timeReader('number', units[type.unit ?? -1]);
    case ids.utf8:
    case ids.largeUtf8:
      return { kind: 'category', rule: 'UTF-8', reads: textReads };
    case ids.utf8View:
      return { kind: 'category', rule: 'UTF-8', reads: viewReads };
    case ids.dictionary:
      return dictionaryReader(type.dictionary as ArrowType);
    default:
      return undefined;
  }
}

function bit(bytes: ArrayLike<number | bigint>, index: number): number {
  return (Number(bytes[index >> 3]) >> (index & 7)) & 1;
}

/** Reads values that are not missing. */
function reading(data: ArrowData, needed: number, read: (index: number) => number | undefined): Read {
  const { nullBitmap, values, length, offset } = data;
  if (values === undefined || values.length < needed) throw new Error('a column has fewer values than rows');
  const hasGaps = nullBitmap !== null && nullBitmap !== undefined && nullBitmap.length > 0;
  if (!hasGaps) {
    if (data.nullCount > 0) throw new Error('a column does not say which values are missing');
    return read;
  }
  if (8 * nullBitmap.length < offset + length) throw new Error('a column has fewer values than rows');
  return (i) => (bit(nullBitmap, offset + i) === 1 ? read(i) : null);
}

function stored(convert: (value: number | bigint) => number | undefined): ArrowReader['reads'] {
  return (data) => reading(data, data.length, (i) => convert(data.values[i] as number | bigint));
}

function timeReader(kind: 'time' | 'number', unit: TimeUnit | undefined): ArrowReader | undefined {
  if (unit === undefined) return undefined;
  return { kind, rule: dateTime, reads: stored((value) => timeOf(value, unit)) };
}

// Integers of 128 or 256 bits, in words of 32 bits, the lowest first.
function decimalReader({ bitWidth = 128, scale = 0 }: ArrowType): ArrowReader {
  const words = bitWidth / 32;
  return {
    kind: 'number',
    reads: (data) =>
      reading(data, words * data.length, (i) => {
        let value = 0n;
        for (let word = words - 1; word >= 0; word--) {
          value = (value << 32n) | BigInt(data.values[words * i + word] as number);
        }
        return decimalOf(BigInt.asIntN(bitWidth, value), scale);
      }),
  };
}

function textReads(data: ArrowData, codes: TextCodes): Read {
  const { valueOffsets: ends } = data;
  const bytes = data.values as Uint8Array;
  if (data.length > 0 && ends.length < data.length + 1)
    throw new Error('a column has fewer values than rows');
  return reading(data, 0, (i) => {
    const start = Number(ends[i]);
    const end = Number(ends[i + 1]);
    if (!(start >= 0 && end >= start && end <= bytes.length))
      throw new Error('a text lies outside its column');
    return codes.codeOf(bytes.subarray(start, end));
  });
}

// A view has 16 bytes: the length, and then the text, or if it is longer than 12 bytes its buffer and place there.
function viewReads(data: ArrowData, codes: TextCodes): Read {
  const bytes = data.values as Uint8Array;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return reading(data, 16 * data.length, (i) => {
    const length = view.getUint32(16 * i, true);
    if (length <= 12) return codes.codeOf(bytes.subarray(16 * i + 4, 16 * i + 4 + length));
    const buffer = data.variadicBuffers[view.getUint32(16 * i + 8, true)];
    const start = view.getUint32(16 * i + 12, true);
    if (buffer === undefined || start + length > buffer.length)
      throw new Error('a text lies outside its column');
    return codes.codeOf(buffer.subarray(start, start + length));
  });
}

/** The numbers of a dictionary's values, which batches share. */
const dictionaries = new WeakMap<
  object,
  { readonly codes: TextCodes; readonly numbers: (number | undefined | null)[] }
>();

function dictionaryReader(type: ArrowType): ArrowReader | undefined {
  const of = type.typeId === ids.dictionary ? undefined : readerOf(type);
  if (of === undefined) return undefined;
  return {
    ...of,
    reads(data, codes) {
      const { dictionary } = data;
      if (dictionary === undefined) throw new Error('a column has no dictionary');
      let known = dictionaries.get(dictionary);
      if (known === undefined || known.codes !== codes) {
        const numbers = dictionary.data.flatMap((part) => {
          const read = of.reads(part, codes);
          return Array.from({ length: part.length }, (_, i) => read(i));
        });
        known = { codes, numbers };
        dictionaries.set(dictionary, known);
      }
      const { numbers } = known;
      return reading(data, data.length, (i) => {
        const index = Number(data.values[i]);
        if (!(index >= 0 && index < numbers.length)) throw new Error('an index lies outside its dictionary');
        return numbers[index] as number | undefined;
      });
    },
  };
}
