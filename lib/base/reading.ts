/**
 * Strings, or plain arrays of numbers, that are read into typed arrays. Only the thread that owns such values can read
 * them. So that they need not be read at a stretch, they are read from one place to another.
 */
export interface Reading {
  /** How many values there are, or rows of values. */
  readonly length: number;
  /** The numbers of a row; 1 without rows. */
  readonly width: number;
  /** Reads the values [from, to), and throws for a bad one. An array that has become shorter has bad values. */
  read(from: number, to: number): void;
}

// Numbers that are read within a tenth of a millisecond.
const few = 2 ** 13;

/** Reads everything if it is not much. Returns the reading if it is still to be done. */
export function unlessShort(reading: Reading): Reading | undefined {
  if (reading.length * reading.width > few) return reading;
  reading.read(0, reading.length);
  return undefined;
}

/** Reads what is still to be read. */
export function readNow(reading: Reading | undefined): void {
  reading?.read(0, reading.length);
}
