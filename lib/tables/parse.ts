// Texts that stand for numbers, truth values and times, as native/tables/cells.cc reads them.

const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const infinityPattern = /^([+-]?)inf(?:inity)?$/i;
const timePattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(Z|z|[+-]\d\d(?::?\d\d)?)?)?$/;

/** A decimal number, or undefined. A number too large for a double is none. */
export function parseNumber(text: string): number | undefined {
  const infinity = infinityPattern.exec(text);
  if (infinity !== null) return infinity[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (!numberPattern.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** 1 for true, yes and 1, 0 for false, no and 0, in any case; or undefined. */
export function parseBoolean(text: string): number | undefined {
  const word = text.toLowerCase();
  if (word === 'true' || word === 'yes' || word === '1') return 1;
  return word === 'false' || word === 'no' || word === '0' ? 0 : undefined;
}

/** A date of ISO 8601, with or without a time, in milliseconds since 1970; or undefined. Without an offset it is UTC. */
export function parseTime(text: string): number | undefined {
  const parts = timePattern.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => (part === undefined ? 0 : Number(part)));
  const fraction = Number(`0.${(parts[7] ?? '0').slice(0, 6)}`) * 1000;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const sameDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!sameDay || minute > 59 || second > 59) return undefined;
  if (hour > 23 && !(hour === 24 && minute === 0 && second === 0 && fraction === 0)) return undefined;
  const offset = offsetMinutes(parts[8]);
  if (offset === undefined) return undefined;
  return date.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1000 + fraction;
}

function offsetMinutes(text: string | undefined): number | undefined {
  if (text === undefined || text === 'Z' || text === 'z') return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(3).replace(':', '') || '0');
  if (hours > 23 || minutes > 59) return undefined;
  return (hours * 60 + minutes) * (text.startsWith('-') ? -1 : 1);
}
