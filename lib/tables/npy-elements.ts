// The elements of NumPy's arrays as values of a column.

import { Buffer, isUtf8 } from 'node:buffer'; // the global may be missing in a test environment
import { dateTime, exactInteger, halfOf, integerOf, timeOf, timeUnits } from './cells';
import type { ElementType } from './npy-header';

/** An element that no column can hold: what it should be. */
export class WrongElement {
  readonly rule: string;
  readonly actual: string;

  constructor(rule: string, actual: string) {
    this.rule = rule;
    this.actual = actual;
  }
}

/** How to read the element at an offset: a number, a text, a truth value, a time in milliseconds, or null. */
export function elementReader(
  { kind, bytes, bigEndian, unit }: ElementType,
  view: DataView,
): (at: number) => unknown {
  const little = !bigEndian;
  switch (`${kind}${bytes}`) {
    case 'f2':
      return (at) => halfOf(view.getUint16(at, little));
    case 'f4':
      return (at) => view.getFloat32(at, little);
    case 'f8':
      return (at) => view.getFloat64(at, little);
    case 'i1':
      return (at) => view.getInt8(at);
    case 'i2':
      return (at) => view.getInt16(at, little);
    case 'i4':
      return (at) => view.getInt32(at, little);
    case 'i8':
      return (at) => integerIn(view.getBigInt64(at, little));
    case 'u1':
      return (at) => view.getUint8(at);
    case 'u2':
      return (at) => view.getUint16(at, little);
    case 'u4':
      return (at) => view.getUint32(at, little);
    case 'u8':
      return (at) => integerIn(view.getBigUint64(at, little));
    case 'b1':
      return (at) => view.getUint8(at) !== 0;
    default:
      break;
  }
  if (kind === 'M') return (at) => timeIn(view.getBigInt64(at, little), unit as keyof typeof timeUnits);
  if (kind === 'S') return (at) => textOf(new Uint8Array(view.buffer, view.byteOffset + at, bytes));
  return (at) => utf32Of(view, at, bytes, little);
}

function integerIn(integer: bigint): number | WrongElement {
  return integerOf(integer) ?? new WrongElement(exactInteger, String(integer));
}

// The least integer is NaT.
function timeIn(count: bigint, unit: keyof typeof timeUnits): number | null | WrongElement {
  if (count === -(2n ** 63n)) return null;
  return timeOf(count, timeUnits[unit]) ?? new WrongElement(dateTime, `${count} ${unit}`);
}

// NumPy fills up with zeros, and leaves those at the end out.
function textOf(bytes: Uint8Array): string | WrongElement {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, end);
  return isUtf8(text) ? text.toString() : new WrongElement('UTF-8', 'other bytes');
}

function utf32Of(view: DataView, at: number, bytes: number, little: boolean): string | WrongElement {
  let end = bytes;
  while (end > 0 && view.getUint32(at + end - 4, little) === 0) end -= 4;
  let text = '';
  for (let i = 0; i < end; i += 4) {
    const code = view.getUint32(at + i, little);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      return new WrongElement('UTF-32', `U+${code.toString(16).toUpperCase()}`);
    }
    text += String.fromCodePoint(code);
  }
  return text;
}
