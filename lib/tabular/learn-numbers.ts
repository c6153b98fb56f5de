// What is learned about columns of numbers and times.

import { inSlices, type Work } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { Matrix } from '../base/matrix';
import {
  type LearnedColumns,
  learnExtremes,
  learnMoments,
  learnOrders,
  learnQuantiles,
  learnSplits,
  type SplitTarget,
} from '../preprocessing/learn';
import { placeOf } from '../tables/build';
import type { Column } from '../tables/column';
import type { ColumnSchema } from '../tables/schema';
import {
  type CyclicEncoding,
  type Encoding,
  type Period,
  type PiecewiseEncoding,
  periodNames,
  type RobustEncoding,
} from './encodings';
import type { Part } from './part';

/** Milliseconds. The year is the mean year of the Gregorian calendar; a week begins on a Monday. */
const periods: Readonly<Record<Period, { readonly length: number; readonly offset: number }>> = {
  day: { length: 86_400_000, offset: 0 },
  week: { length: 7 * 86_400_000, offset: 4 * 86_400_000 },
  year: { length: 365.2425 * 86_400_000, offset: 0 },
};

/**
 * Learns how a column of numbers or times is encoded. A column without numbers, or with one alone, has no parts.
 *
 * @param place the name of the encoding, for errors
 */
export function* learnNumbers(
  place: string,
  schema: ColumnSchema,
  column: Column,
  encoding: Encoding,
  target: SplitTarget | undefined,
): Work<Part[]> {
  const { name, least, greatest } = schema;
  const values = column.values as Float64Array;
  yield* checkFinite(name, values);
  if (least === undefined || greatest === undefined || least === greatest) return [];
  const parts = yield* partsOf(place, columnOf(name, values), encoding, (greatest - least) / 2, target);
  const learned = [greatest - least, ...parts.flatMap(({ numbers }) => numbers)];
  if (learned.every(Number.isFinite)) return parts;
  throw blasnetError(
    'ERR_BLASNET_NOT_FINITE',
    `Expected column ${JSON.stringify(name)} to have a finite mean, spread and range, got ${learned.join(', ')}`,
  );
}

/** Throws for an infinite number, with its row. */
export function* checkFinite(name: string, values: Float64Array): Work<void> {
  yield* inSlices(values.length, (start, end) => {
    for (let row = start; row < end; row++) {
      const value = values[row] as number;
      if (Number.isFinite(value) || Number.isNaN(value)) continue;
      throw argumentError('ERR_BLASNET_NOT_FINITE', placeOf(row, name), 'a finite number, or null', value);
    }
  });
}

function* partsOf(
  place: string,
  from: LearnedColumns,
  encoding: Encoding,
  half: number,
  target: SplitTarget | undefined,
): Work<Part[]> {
  switch (encoding.encode) {
    case 'standard': {
      const { center = true, scale = true } = encoding;
      const { means, variances } = yield* learnMoments(from);
      const [mean, deviation] = [means[0] as number, Math.sqrt(variances[0] as number)];
      const fill = yield* learnFill(from, encoding, 'mean');
      return [{ type: 'scale', numbers: [center ? mean : 0, (scale && deviation) || 1, fill] }];
    }
    case 'minMax': {
      const { range: [start, end] = [0, 1], clip = false } = encoding;
      const { least: low, most: high } = yield* learnExtremes(from);
      const width = ((high[0] as number) - (low[0] as number)) / (end - start);
      const fill = yield* learnFill(from, encoding, 'mean');
      const numbers = [low[0] as number, width, fill, start];
      return [{ type: 'scale', numbers: clip ? [...numbers, start, end] : numbers }];
    }
    case 'robust':
      return [yield* learnRobust(from, encoding, half)];
    case 'raw':
      return [{ type: 'scale', numbers: [0, 1, yield* learnFill(from, encoding, 'mean')] }];
    case 'piecewise': {
      const edges = [...new Set(yield* learnEdges(place, from, encoding, target))];
      if (edges.length < 2) return [];
      return [{ type: 'piecewise', numbers: [yield* learnFill(from, encoding, 'median'), ...edges] }];
    }
    case 'cyclic':
      return yield* learnCycles(from.X.data as Float64Array, encoding);
    default:
      return [];
  }
}

function columnOf(name: string, values: Float64Array): LearnedColumns {
  const X = new Matrix(values, values.length, 1);
  return { name: `column ${JSON.stringify(name)}`, X, columns: [0], skipMissing: true } as LearnedColumns;
}

type Strategy = 'mean' | 'median' | 'mostFrequent' | 'constant';

/** The number that replaces a missing one. */
function* learnFill(
  from: LearnedColumns,
  { strategy, value = 0 }: { readonly strategy?: Strategy; readonly value?: number },
  usual: Strategy,
): Work<number> {
  const asked = strategy ?? usual;
  if (asked === 'constant') return value;
  if (asked === 'mean') return (yield* learnMoments(from)).means[0] as number;
  const [order] = yield* learnOrders(from);
  return (asked === 'median' ? order?.median : order?.mode) as number;
}

function* learnRobust(from: LearnedColumns, encoding: RobustEncoding, half: number): Work<Part> {
  const { center = true, scale = true, percentiles, clip = true } = encoding;
  const [order] = yield* learnOrders(from, percentiles);
  const { median, low, high } = order as NonNullable<typeof order>;
  const fill = yield* learnFill(from, encoding, 'median');
  const width = scale ? high - low || half : 1;
  return { type: clip ? 'smoothClip' : 'scale', numbers: [center ? median : 0, width, fill] };
}

function* learnEdges(
  place: string,
  from: LearnedColumns,
  { bins = 16, by = 'quantiles', least }: PiecewiseEncoding,
  target: SplitTarget | undefined,
): Work<Float64Array> {
  if (by === 'quantiles') {
    const percentiles = Array.from({ length: bins + 1 }, (_, i) => (100 * i) / bins);
    return yield* learnQuantiles(from, percentiles);
  }
  if (target === undefined) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', `${place}.by`, "'quantiles' where there is no target", by);
  }
  const share = Math.min(64, Math.max(1, Math.floor(from.X.rows / 100)));
  return yield* learnSplits(from, target, { bins, least: least ?? share });
}

function* learnCycles(values: Float64Array, { periods: asked }: CyclicEncoding): Work<Part[]> {
  const parts: Part[] = [];
  for (const name of asked ?? periodNames) {
    const { length, offset } = periods[name];
    if (asked !== undefined || (yield* differWithin(values, name))) {
      parts.push({ type: 'cyclic', numbers: [length, offset] });
    }
  }
  return parts;
}

// Days without hours have one time of day; a column within one hour has one day.
function* differWithin(values: Float64Array, name: Period): Work<boolean> {
  const { length, offset } = periods[name];
  let first: number | undefined;
  let differs = false;
  yield* inSlices(values.length, (from, to) => {
    for (let i = from; i < to && !differs; i++) {
      const value = values[i] as number;
      if (Number.isNaN(value)) continue;
      const rest = (((value - offset) % length) + length) % length;
      first ??= rest;
      differs = Math.abs(rest - first) > length / 1000;
    }
  });
  return differs;
}
