// Stored values as numbers of a column.

import { mostTime } from './column';

/** An integer; undefined if a number does not hold it exactly. */
export function integerOf(value: bigint): number | undefined {
  const number = Number(value);
  return Math.abs(number) <= Number.MAX_SAFE_INTEGER || BigInt(number) === value ? number : undefined;
}

/** An integer without sign, whose bits are read as one with sign. */
export function unsignedOf(value: bigint): number | undefined {
  return integerOf(BigInt.asUintN(64, value));
}

/**
 * Milliseconds, with the part of one that is left over; undefined for a time that a Date does not hold.
 *
 * @param perMillisecond how many units a millisecond has
 */
export function timeOf(value: bigint | number, perMillisecond: bigint): number | undefined {
  const per = Number(perMillisecond);
  let number = Number(value);
  if (Math.abs(number) <= Number.MAX_SAFE_INTEGER) number /= per;
  else if (typeof value === 'bigint') {
    number = Number(value / perMillisecond) + Number(value % perMillisecond) / per;
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
