import { argumentError } from '../base/errors';
import { type Constraint, checkOptions, guessOf, integerBetween, optional } from '../base/validate';

export interface PlotOptions {
  /** The series to draw, by name: at least one, at most six. @default loss, and valLoss if there is one */
  readonly series?: string | readonly string[];
  /** The columns of the whole text, from 30 to 500. @default 72 */
  readonly width?: number;
  /** The lines of the curves, without axis and legend, from 3 to 200. @default 12 */
  readonly height?: number;
}

type Series = Readonly<Record<string, readonly number[] | undefined>>;

const marks = ['*', 'o', '+', 'x', '#', '@'];

const names: Constraint = {
  rule: 'the name of a series, or an array of one to six names',
  accepts: (value) =>
    typeof value === 'string' ||
    (Array.isArray(value) && Array.from(value).every((name) => typeof name === 'string')),
  holds: (value: string | readonly string[]) =>
    typeof value === 'string' || (value.length >= 1 && value.length <= marks.length),
};

const constraints = {
  series: optional(names),
  width: optional(integerBetween(30, 500)),
  height: optional(integerBetween(3, 200)),
};

/**
 * Draws series as text: the epochs from left to right, the numbers from the smallest below to the largest above. If there
 * are more epochs than columns, a column shows the mean of its epochs. Numbers that are not finite are left out.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE,
 *   ERR_BLASNET_UNKNOWN_NAME
 */
export function plotSeries(all: Series, options: PlotOptions): string {
  checkOptions('', options, constraints);
  const { width = 72, height = 12, series = 'valLoss' in all ? ['loss', 'valLoss'] : 'loss' } = options;
  const chosen = (typeof series === 'string' ? [series] : series).map((name, i) => ({
    name,
    mark: marks[i] as string,
    values: valuesOf(all, name, typeof series === 'string' ? 'series' : `series[${i}]`),
  }));
  const finite = chosen.flatMap(({ values }) => values.filter(Number.isFinite));
  const legend = chosen.map(({ name, mark }) => `${mark} ${name}`).join('   ');
  if (finite.length === 0) return `${legend}: no finite number\n`;
  const [low, high] = [least(finite), -least(finite.map((value) => -value))];
  const margin = Math.max(...[high, low].map((value) => shortNumber(value).length));
  const columns = width - margin - 2;
  const rows = Array.from({ length: height }, () => Array<string>(columns).fill(' '));
  for (const { mark, values } of chosen) {
    for (const [column, value] of spread(values, columns).entries()) {
      if (!Number.isFinite(value)) continue;
      const row = rows[rowOf(value, low, high, height)] as string[];
      row[column] = mark;
    }
  }
  const lines = rows.map((row, i) => {
    // Of a flat curve, only its own line.
    const value = [high, low].find((number) => rowOf(number, low, high, height) === i);
    const label = value === undefined ? '' : shortNumber(value);
    return `${label.padStart(margin)} |${row.join('')}`.trimEnd();
  });
  const last = String(Math.max(...chosen.map(({ values }) => values.length)));
  const axis = `${' '.repeat(margin)} +${'-'.repeat(columns)}`;
  const epochs = `${' '.repeat(margin)}  1${last === '1' ? '' : last.padStart(columns - 1)}`;
  return `${[...lines, axis, epochs, `${' '.repeat(margin)}  ${legend}`].join('\n')}\n`;
}

function valuesOf(all: Series, name: string, place: string): readonly number[] {
  const values = Object.hasOwn(all, name) ? all[name] : undefined;
  if (values !== undefined) return values;
  const known = Object.keys(all);
  const rule = `one of ${known.map((series) => `'${series}'`).join(', ')}`;
  throw argumentError('ERR_BLASNET_UNKNOWN_NAME', place, rule, name, guessOf(name, known));
}

// One number for each column: means of epochs, or between two epochs a point of the straight line between them.
function spread(values: readonly number[], columns: number): number[] {
  const count = values.length;
  if (count === 1) return [values[0] as number];
  if (count > columns) {
    return Array.from({ length: columns }, (_, column) => {
      const from = Math.floor((column * count) / columns);
      const part = values.slice(from, Math.floor(((column + 1) * count) / columns)).filter(Number.isFinite);
      return part.length === 0 ? Number.NaN : part.reduce((sum, value) => sum + value / part.length, 0);
    });
  }
  return Array.from({ length: columns }, (_, column) => {
    const at = (column * (count - 1)) / (columns - 1);
    const before = Math.floor(at);
    const [one, other] = [values[before] as number, values[Math.min(before + 1, count - 1)] as number];
    const share = at - before;
    // An epoch beside one that has no number is shown by itself.
    if (!Number.isFinite(one) || !Number.isFinite(other)) return share < 0.5 ? one : other;
    return one * (1 - share) + other * share;
  });
}

/** From 0, the largest number, to height - 1, the smallest. A flat series is in the middle. */
function rowOf(value: number, low: number, high: number, height: number): number {
  if (low === high) return Math.floor((height - 1) / 2);
  // Halves, since the difference of two finite numbers may overflow.
  const share = (high / 2 - value / 2) / (high / 2 - low / 2);
  return Math.round(share * (height - 1));
}

function least(values: readonly number[]): number {
  return values.reduce((smallest, value) => Math.min(smallest, value), Number.POSITIVE_INFINITY);
}

function shortNumber(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6)
    ? value.toExponential(2)
    : String(Number(value.toPrecision(4)));
}
