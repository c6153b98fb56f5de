// Stored values as numbers of a column.

import { mostTime } from './column';

// What errors say of values that a number does not hold.
export const exactInteger = 'an integer that a number holds exactly';
export const dateTime = 'a time within the range of a Date';

/** An integer; undefined if a number does not hold it exactly. */
export function integerOf(value: bigint): number | undefined {
  const number = Number(value);
  if (Math.abs(number) <= Number.MAX_SAFE_INTEGER) return number;
  return Number.isFinite(number) && BigInt(number) === value ? number : undefined;
}

/** An integer without sign, whose bits are read as one with sign. */
export function unsignedOf(value: bigint): number | undefined {
  return integerOf(BigInt.asUintN(64, value));
}

/** A unit of times: its milliseconds; of a shorter one, how many make a millisecond. */
export interface TimeUnit {
  readonly milliseconds?: number;
  readonly perMillisecond?: number;
}

/** By NumPy's names. */
export const timeUnits = {
  ns: { perMillisecond: 1e6 },
  us: { perMillisecond: 1e3 },
  ms: {},
  s: { milliseconds: 1e3 },
  m: { milliseconds: 6e4 },
  h: { milliseconds: 3.6e6 },
  D: { milliseconds: 8.64e7 },
  W: { milliseconds: 6.048e8 },
} as const satisfies Readonly<Record<string, TimeUnit>>;

/** Milliseconds, with the part of one that is left over; undefined for a time that a Date does not hold. */
export function timeOf(
  value: bigint | number,
  { milliseconds = 1, perMillisecond = 1 }: TimeUnit,
): number | undefined {
  let number = Number(value);
  if (typeof value === 'number' || Math.abs(number) <= Number.MAX_SAFE_INTEGER) {
    number = (number * milliseconds) / perMillisecond;
  } else {
    // Of longer units it is beyond a Date anyway.
    const per = BigInt(perMillisecond);
    number = Number(value / per) + Number(value % per) / perMillisecond;
  }
  return Math.abs(number) <= mostTime ? number : undefined;
}

// Powers of ten up to this one are exact.
const mostPlaces = 22;

/** The double next to value / 10^places, as a text of these digits would be read. */
export function decimalOf(value: bigint | number, places: number): number {
  const number = Number(value);
  const isExact = Math.abs(number) <= Number.MAX_SAFE_INTEGER && places >= 0 && places <= mostPlaces;
  return isExact ? number / 10 ** places : Number(`${value}e${-places}`);
}

/** A floating-point number of 16 bits. */
export function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}
