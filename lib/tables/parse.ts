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

const truths: Readonly<Record<string, number>> = {
  ...{ true: 1, yes: 1, t: 1, y: 1, 1: 1 },
  ...{ false: 0, no: 0, f: 0, n: 0, 0: 0 },
};

/** 1 for true, yes, t, y and 1; 0 for false, no, f, n and 0, in any case; or undefined. */
export function parseBoolean(text: string): number | undefined {
  const word = text.toLowerCase();
  return Object.hasOwn(truths, word) ? truths[word] : undefined;
}

/** A date of ISO 8601, with or without a time, in milliseconds since 1970; or undefined. Without an offset it is UTC. */
export function parseTime(text: string): number | undefined {
  const parts = timePattern.exec(text);
  if (parts === null) return undefined;
  // The pattern has the digits at these places.
  const year = 100 * twoDigits(text, 0) + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = parts[4] === undefined ? 0 : twoDigits(text, 11);
  const minute = parts[5] === undefined ? 0 : twoDigits(text, 14);
  const second = parts[6] === undefined ? 0 : twoDigits(text, 17);
  const fraction = parts[7] === undefined ? 0 : Number(`0.${parts[7].slice(0, 6)}`) * 1000;
  if (month < 1 || month > 12 || day < 1 || minute > 59 || second > 59) return undefined;
  if (day > (month === 2 && isLeap(year) ? 29 : (daysOfMonth[month - 1] as number))) return undefined;
  if (hour > 23 && !(hour === 24 && minute === 0 && second === 0 && fraction === 0)) return undefined;
  const offset = offsetMinutes(parts[8]);
  if (offset === undefined) return undefined;
  // The calendar repeats after 400 years. Date.UTC takes years below 100 as those of the 20th century.
  const days = Date.UTC(year + 400, month - 1, day) - daysOf400Years * 86_400_000;
  return days + ((hour * 60 + minute - offset) * 60 + second) * 1000 + fraction;
}

const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const daysOf400Years = 146_097;

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function twoDigits(text: string, at: number): number {
  return 10 * text.charCodeAt(at) + text.charCodeAt(at + 1) - 11 * 48;
}

function offsetMinutes(text: string | undefined): number | undefined {
  if (text === undefined || text === 'Z' || text === 'z') return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(3).replace(':', '') || '0');
  if (hours > 23 || minutes > 59) return undefined;
  return (hours * 60 + minutes) * (text.startsWith('-') ? -1 : 1);
}
