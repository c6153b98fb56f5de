// The Y of a network from what a table's target columns hold.

import { encodeClasses, takeRowsOf } from '../addon/rows';
import { inSlices, type Work } from '../addon/work';
import { allocateShared, type Dtype, Matrix } from '../base/matrix';
import { newSharedArray } from '../base/memory';
import { lossEntry, resolveLoss } from '../layers/losses';
import type { SplitTarget } from '../preprocessing/learn';
import type { LabelsLike } from '../samples/labels';
import type { ClassTarget } from './class-target';
import type { TargetRange } from './ranges';

/** What the target columns of a table hold, row by row. */
export type TargetValues =
  | { readonly kind: 'classes'; readonly target: ClassTarget; readonly numbers: Int32Array }
  | {
      readonly kind: 'labels';
      readonly targets: readonly ClassTarget[];
      readonly numbers: readonly Int32Array[];
    }
  | {
      readonly kind: 'numbers';
      readonly values: readonly Float64Array[];
      /** The ranges that predictions are kept in, if they are. */
      readonly ranges?: readonly TargetRange[];
    };

/** The number of rows. */
export function rowsIn(values: TargetValues): number {
  const columns =
    values.kind === 'numbers' ? values.values : values.kind === 'labels' ? values.numbers : [values.numbers];
  return columns[0]?.length ?? 0;
}

/** The output layer for a target. */
export function outputFor(values: TargetValues): { readonly outputDim: number; readonly activation: string } {
  switch (values.kind) {
    case 'classes': {
      const { length } = values.target.classes;
      return length === 2
        ? { outputDim: 1, activation: 'sigmoid' }
        : { outputDim: length, activation: 'softmax' };
    }
    case 'labels':
      return { outputDim: values.numbers.length, activation: 'sigmoid' };
    default:
      return { outputDim: values.values.length, activation: 'linear' };
  }
}

/** The Y of a network in the form that its loss takes. */
export function* labelsFor(values: TargetValues, loss: unknown, dtype: Dtype): Work<LabelsLike> {
  if (values.kind === 'numbers') return yield* sideBySide(values.values, dtype);
  if (values.kind === 'labels') return yield* sideBySide(values.numbers, dtype);
  const { target, numbers } = values;
  const { outputDim, activation } = outputFor(values);
  if (loss === undefined) return numbers;
  const { labelRule } = lossEntry(resolveLoss(loss, activation as 'sigmoid').name);
  if (labelRule === 'classes') return numbers;
  const rows = numbers.length;
  const out = allocateShared(rows * outputDim, dtype);
  const [off, on] = [labelRule === 'signs' ? -1 : 0, 1];
  yield* encodeClasses({ numbers, rows, classes: target.classes.length, cols: outputDim, off, on, out });
  return new Matrix(out, rows, outputDim);
}

/** A matrix with these columns. */
export function* sideBySide(columns: readonly (Int32Array | Float64Array)[], dtype: Dtype): Work<Matrix> {
  const [first] = columns as [Int32Array | Float64Array];
  if (columns.length === 1 && first instanceof Float64Array) return new Matrix(first, first.length, 1);
  const [rows, cols] = [first.length, columns.length];
  const out = allocateShared(rows * cols, dtype);
  for (const [col, values] of columns.entries()) {
    yield* inSlices(rows, (from, to) => {
      for (let row = from; row < to; row++) out[row * cols + col] = values[row] as number;
    });
  }
  return new Matrix(out, rows, cols);
}

/** The target as bins by the target need it. */
export function* splitTargetOf(values: TargetValues): Work<SplitTarget> {
  if (values.kind === 'classes') return { classes: values.numbers, count: values.target.classes.length };
  if (values.kind === 'numbers') return { values: values.values };
  const columns: Float64Array[] = [];
  for (const numbers of values.numbers) {
    const column = allocateShared(numbers.length, 'float64');
    yield* inSlices(numbers.length, (from, to) => column.set(numbers.subarray(from, to), from));
    columns.push(column);
  }
  return { values: columns };
}

/** The values of these rows. */
export function* takeValues(values: TargetValues, rows: number, index: Uint32Array): Work<TargetValues> {
  switch (values.kind) {
    case 'classes':
      return { ...values, numbers: yield* taken(values.numbers, rows, index) };
    case 'labels': {
      const numbers: Int32Array[] = [];
      for (const column of values.numbers) numbers.push(yield* taken(column, rows, index));
      return { ...values, numbers };
    }
    default: {
      const columns: Float64Array[] = [];
      for (const column of values.values) columns.push(yield* takenNumbers(column, rows, index));
      return { ...values, values: columns };
    }
  }
}

function* taken(values: Int32Array, rows: number, index: Uint32Array): Work<Int32Array> {
  const out = newSharedArray(Int32Array, index.length);
  yield* takeRowsOf(values, rows, 1, index, out);
  return out;
}

/** The numbers of these rows. */
export function* takenNumbers(values: Float64Array, rows: number, index: Uint32Array): Work<Float64Array> {
  const out = newSharedArray(Float64Array, index.length);
  yield* takeRowsOf(values, rows, 1, index, out);
  return out;
}
