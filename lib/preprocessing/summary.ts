import { blasnetError } from '../base/errors';

/** What steps learn from a column. Numbers that no step asks for are not true. */
export interface ColumnSummary {
  readonly rows: number;
  /** How many numbers are there; the others are NaN. */
  readonly present: number;
  readonly mean: number;
  /** The sum of the squares of the distances from the mean. */
  readonly squares: number;
  readonly least: number;
  readonly most: number;
  /** The distinct numbers, ascending; or why they are not known. */
  readonly categories: readonly number[] | 'tooMany' | 'scaled';
}

/** The summary of no rows. */
export const noNumbers: ColumnSummary = {
  rows: 0,
  present: 0,
  mean: 0,
  squares: 0,
  least: Number.POSITIVE_INFINITY,
  most: Number.NEGATIVE_INFINITY,
  categories: [],
};

/** The summary of the numbers of both. */
export function merged(a: ColumnSummary, b: ColumnSummary): ColumnSummary {
  const rows = a.rows + b.rows;
  if (b.present === 0) return { ...a, rows };
  if (a.present === 0) return { ...b, rows };
  const present = a.present + b.present;
  const distance = b.mean - a.mean;
  return {
    rows,
    present,
    mean: a.mean + (distance * b.present) / present,
    squares: a.squares + b.squares + distance ** 2 * ((a.present * b.present) / present),
    least: Math.min(a.least, b.least),
    most: Math.max(a.most, b.most),
    categories: union(a.categories, b.categories),
  };
}

function union(a: ColumnSummary['categories'], b: ColumnSummary['categories']): ColumnSummary['categories'] {
  if (typeof a === 'string') return a;
  if (typeof b === 'string') return b;
  const known = new Set(a);
  const others = b.filter((category) => !known.has(category));
  return others.length === 0 ? a : [...a, ...others].sort((x, y) => x - y);
}

/** The summary of a number that stands in several rows. */
export function repeated(value: number, rows: number): ColumnSummary {
  if (rows === 0) return noNumbers;
  return { rows, present: rows, mean: value, squares: 0, least: value, most: value, categories: [value] };
}

/** The summary of (x - center) / scale + offset. */
export function scaled(
  { rows, present, mean, squares, least, most }: ColumnSummary,
  { center, scale }: { readonly center: number; readonly scale: number },
  offset: number,
): ColumnSummary {
  const map = (x: number) => (x - center) / scale + offset;
  return {
    rows,
    present,
    mean: map(mean),
    squares: squares / scale ** 2,
    least: map(least),
    most: map(most),
    categories: 'scaled',
  };
}

/** Throws if numbers of a column are missing, which an earlier step should have replaced. */
export function checkPresent(name: string, column: number, { rows, present }: ColumnSummary): void {
  if (present === rows) return;
  throw blasnetError(
    'ERR_BLASNET_NOT_FINITE',
    `Expected ${name} to hold finite numbers (an imputer before this step replaces NaN), got NaN in column ${column}`,
  );
}
