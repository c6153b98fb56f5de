// What is known about all values that a column ever had, in a few numbers. Two summaries can be joined.

import { countCodes, describeColumn } from '../../addon/table-columns';
import { inSlices, type Work } from '../../addon/work';
import { blasnetError } from '../../base/errors';
import { Matrix } from '../../base/matrix';
import { type LearnedColumns, learnExtremes, learnMoments, learnQuantiles } from '../../preprocessing/learn';
import type { Column } from '../../tables/column';

/** Of numbers and times. */
export interface NumberSummary {
  readonly kind: 'number' | 'time';
  readonly present: number;
  readonly missing: number;
  readonly mean: number;
  /** The sum of squared differences from the mean. */
  readonly squares: number;
  readonly least: number;
  readonly greatest: number;
  /** The inner edges of bins, ascending; a value on an edge belongs to the bin above it. */
  readonly edges: readonly number[];
  /** How many values each bin has: one more than there are edges. */
  readonly counts: readonly number[];
}

/** Of texts. */
export interface TextSummary {
  readonly kind: 'category';
  readonly present: number;
  readonly missing: number;
  /** In the order in which they first came. */
  readonly texts: readonly string[];
  readonly counts: readonly number[];
}

/** Of truth values. */
export interface FlagSummary {
  readonly kind: 'boolean';
  readonly present: number;
  readonly missing: number;
  /** How many are true. */
  readonly truths: number;
}

export type ColumnSummary = NumberSummary | TextSummary | FlagSummary;

/** Ten bins of equally many values. */
const deciles = [10, 20, 30, 40, 50, 60, 70, 80, 90];

/**
 * Summarises the values of a column.
 *
 * @param name for errors
 * @param edges those of another summary, whose bins are to be compared; without, the deciles of these values
 * @throws RangeError ERR_BLASNET_NOT_FINITE for an infinite number, and for moments that overflow
 */
export function* summarize(name: string, column: Column, edges?: readonly number[]): Work<ColumnSummary> {
  const { kind, values } = column;
  if (kind === 'category') {
    const { counts, order } = yield* countCodes(values as Int32Array, column.categories.length);
    const texts = Array.from(order, (code) => column.categories[code] as string);
    const ofTexts = Array.from(order, (code) => counts[code] as number);
    const present = ofTexts.reduce((sum, count) => sum + count, 0);
    return { kind, present, missing: values.length - present, texts, counts: ofTexts };
  }
  if (kind === 'boolean') {
    const { present, mean } = yield* describeColumn(values);
    const truths = present === 0 ? 0 : Math.round(present * mean);
    return { kind, present, missing: values.length - present, truths };
  }
  return yield* summarizeNumbers(name, kind, values as Float64Array, edges);
}

function* summarizeNumbers(
  name: string,
  kind: 'number' | 'time',
  values: Float64Array,
  given: readonly number[] | undefined,
): Work<NumberSummary> {
  const X = new Matrix(values, values.length, 1);
  const from: LearnedColumns = {
    ...({ name: `column ${JSON.stringify(name)}`, X, columns: [0], skipMissing: true } as LearnedColumns),
  };
  const { means, variances, present: counted } = yield* learnMoments(from);
  const present = counted[0] as number;
  const missing = values.length - present;
  if (present === 0) {
    const edges = given ?? [];
    const counts = new Array<number>(edges.length + 1).fill(0);
    return { kind, present, missing, mean: 0, squares: 0, least: 0, greatest: 0, edges, counts };
  }
  const { least, most } = yield* learnExtremes(from);
  const [low, high] = [least[0] as number, most[0] as number];
  const edges = given ?? innerEdges(yield* learnQuantiles(from, deciles), low);
  const counts = yield* countBins(values, edges);
  const [mean, squares] = [means[0] as number, (variances[0] as number) * present];
  return checked(name, { kind, present, missing, mean, squares, least: low, greatest: high, edges, counts });
}

function checked(name: string, summary: NumberSummary): NumberSummary {
  const { mean, squares, least, greatest } = summary;
  if ([mean, squares, greatest - least].every(Number.isFinite)) return summary;
  throw blasnetError(
    'ERR_BLASNET_NOT_FINITE',
    `Expected column ${JSON.stringify(name)} to have a finite mean, spread and range, got numbers from ${least} to ${greatest}`,
  );
}

/** The edges that further values are counted by; undefined before there are any values. */
export function edgesOf(summary: ColumnSummary): readonly number[] | undefined {
  return 'edges' in summary && summary.present > 0 ? summary.edges : undefined;
}

// Equal edges would make empty bins, and one at the least value, too.
function innerEdges(quantiles: Float64Array, least: number): number[] {
  return [...new Set(quantiles)].filter((edge) => edge > least);
}

function* countBins(values: Float64Array, edges: readonly number[]): Work<number[]> {
  const counts = new Array<number>(edges.length + 1).fill(0);
  yield* inSlices(
    values.length,
    (from, to) => {
      for (let row = from; row < to; row++) {
        const value = values[row] as number;
        if (Number.isNaN(value)) continue;
        let bin = 0;
        while (bin < edges.length && value >= (edges[bin] as number)) bin++;
        (counts[bin] as number)++;
      }
    },
    4,
  );
  return counts;
}

/**
 * The summary of all values of both. Moments are joined as by Chan, Golub and LeVeque (1979). The bins are those of `first`, and
 * `second` has the same, if `first` has any values.
 *
 * @throws RangeError ERR_BLASNET_NOT_FINITE that names the column if the moments of both together overflow
 */
export function joinSummaries(name: string, first: ColumnSummary, second: ColumnSummary): ColumnSummary {
  const [present, missing] = [first.present + second.present, first.missing + second.missing];
  // A column that only has gaps has another kind in some tables.
  if (second.present === 0) return { ...first, missing };
  if (first.present === 0) return { ...second, missing };
  if (first.kind === 'category' && second.kind === 'category') {
    const counts = new Map(first.texts.map((text, i) => [text, first.counts[i] as number]));
    second.texts.forEach((text, i) => {
      counts.set(text, (counts.get(text) ?? 0) + (second.counts[i] as number));
    });
    return { kind: 'category', present, missing, texts: [...counts.keys()], counts: [...counts.values()] };
  }
  if (first.kind === 'boolean' && second.kind === 'boolean') {
    return { ...first, present, missing, truths: first.truths + second.truths };
  }
  const [one, other] = [first as NumberSummary, second as NumberSummary];
  const step = other.mean - one.mean;
  return checked(name, {
    kind: one.kind,
    ...{ present, missing },
    mean: one.mean + step * (other.present / present),
    squares: one.squares + other.squares + step * step * ((one.present * other.present) / present),
    least: Math.min(one.least, other.least),
    greatest: Math.max(one.greatest, other.greatest),
    edges: one.edges,
    counts: one.counts.map((count, bin) => count + (other.counts[bin] as number)),
  });
}

/** The standard deviation over the number of values; 0 without values. */
export function deviationOf({ present, squares }: NumberSummary): number {
  return present === 0 ? 0 : Math.sqrt(squares / present);
}
