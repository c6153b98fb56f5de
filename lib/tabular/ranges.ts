// The ranges of the targets that a Regressor learned from, within which its predictions can be kept.

import { inSlices, type Work } from '../addon/work';
import type { FloatArray, Matrix } from '../base/matrix';

/** The least and the greatest number of a target. */
export type TargetRange = readonly [least: number, greatest: number];

/** The range of each column. A column that stands there several times is looked at once. */
export function* rangesOf(columns: readonly Float64Array[]): Work<TargetRange[]> {
  const known = new Map<Float64Array, TargetRange>();
  for (const values of new Set(columns)) {
    let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    yield* inSlices(values.length, (from, to) => {
      for (let row = from; row < to; row++) {
        const value = values[row] as number;
        if (value < least) least = value;
        if (value > greatest) greatest = value;
      }
    });
    known.set(values, [least, greatest]);
  }
  return columns.map((values) => known.get(values) as TargetRange);
}

/** The ranges of a model's outputs: each quantile has that of its target. Undefined if they may be any numbers. */
export function outputRanges({
  ranges,
  quantiles,
}: {
  readonly ranges?: readonly TargetRange[];
  readonly quantiles?: readonly number[];
}): readonly TargetRange[] | undefined {
  return ranges?.flatMap((range) => new Array<TargetRange>(quantiles?.length ?? 1).fill(range));
}

/** Keeps each column of outputs within its range, in place. The bounds are rounded to the dtype of the outputs. */
export function* clamped(outputs: Matrix, ranges: readonly TargetRange[]): Work<Matrix> {
  const { data, rows, cols } = outputs;
  yield* inSlices(
    rows,
    (from, to) => {
      for (let row = from; row < to; row++) clampRow(data, row * cols, ranges);
    },
    cols,
  );
  return outputs;
}

/** Keeps one row of outputs, from this place on, within the ranges, in place. */
export function clampRow(data: FloatArray, place: number, ranges: readonly TargetRange[]): void {
  for (const [i, [least, greatest]] of ranges.entries()) {
    data[place + i] = Math.min(greatest, Math.max(least, data[place + i] as number));
  }
}

/** Whether these can be the ranges in a file, for this many targets. */
export function areRanges(ranges: unknown, targets: number): ranges is readonly TargetRange[] {
  const isRange = (range: unknown) =>
    Array.isArray(range) && range.length === 2 && range.every(Number.isFinite) && range[0] <= range[1];
  return Array.isArray(ranges) && ranges.length === targets && ranges.every(isRange);
}
