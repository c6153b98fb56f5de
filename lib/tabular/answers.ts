// From the outputs of a network to answers: classes by name, probabilities, numbers.

import { splitColumns } from '../addon/arrays';
import { decideClasses } from '../addon/rows';
import { inSlices, type Work } from '../addon/work';
import type { FloatArray, Matrix } from '../base/matrix';
import { type Column, type ColumnKind, columnOf, givenCategories, newValues } from '../tables/column';
import { Table } from '../tables/table';
import type { ClassName, ClassTarget } from './class-target';

/** The number of the class of one row of outputs: the largest, the first of equals; or the side of 1/2 of a single one. */
export function decide(outputs: FloatArray): number {
  if (outputs.length === 1) return (outputs[0] as number) > 0.5 ? 1 : 0;
  let best = 0;
  for (let i = 1; i < outputs.length; i++) {
    if ((outputs[i] as number) > (outputs[best] as number)) best = i;
  }
  return best;
}

/** The class numbers of rows of outputs. */
export function* decided({ data, rows, cols }: Matrix): Work<Int32Array> {
  const numbers = new Int32Array(rows);
  yield* decideClasses({ outputs: data, rows, cols, threshold: cols === 1 ? 0.5 : null, numbers });
  return numbers;
}

/** The names of class numbers. */
export function* named(numbers: Int32Array, classes: readonly ClassName[]): Work<ClassName[]> {
  const names = new Array<ClassName>(numbers.length);
  yield* inSlices(numbers.length, (from, to) => {
    for (let row = from; row < to; row++) names[row] = classes[numbers[row] as number] as ClassName;
  });
  return names;
}

/** Each column of outputs as an array of its own. */
export function* columnsOf({ data, rows, cols }: Matrix): Work<Float64Array[]> {
  const columns = Array.from({ length: cols }, () => new Float64Array(rows));
  yield* splitColumns(data, rows, columns);
  return columns;
}

/** A table of columns of numbers. */
export function numbersTable(names: readonly string[], columns: readonly Float64Array[]): Table {
  return tableOfColumns(
    names,
    columns.map((values) => columnOf('number', values)),
  );
}

/**
 * A column of classes.
 *
 * @param numberOf the class number of a row; undefined where it is missing
 */
export function* classColumn(
  classes: readonly ClassName[],
  rows: number,
  numberOf: (row: number) => number | undefined,
): Work<Column> {
  const kind = kindOf(classes[0] as ClassName);
  const values = newValues(kind, rows);
  const none = kind === 'number' ? Number.NaN : -1;
  const codes = classes.map((each, number) => (kind === 'category' ? number : Number(each)));
  yield* inSlices(rows, (from, to) => {
    for (let row = from; row < to; row++) {
      const number = numberOf(row);
      values[row] = number === undefined ? none : (codes[number] as number);
    }
  });
  return columnOf(kind, values, kind === 'category' ? givenCategories(classes as string[]) : undefined);
}

function kindOf(name: ClassName): ColumnKind {
  return typeof name === 'string' ? 'category' : typeof name === 'boolean' ? 'boolean' : 'number';
}

/** A table of the classes of labels: one column for each target. */
export function* labelsTable(targets: readonly ClassTarget[], columns: readonly Float64Array[]): Work<Table> {
  const made: Column[] = [];
  for (const [i, { classes }] of targets.entries()) {
    const outputs = columns[i] as Float64Array;
    made.push(yield* classColumn(classes, outputs.length, (row) => ((outputs[row] as number) > 0.5 ? 1 : 0)));
  }
  return tableOfColumns(
    targets.map(({ name }) => name),
    made,
  );
}

function tableOfColumns(names: readonly string[], columns: readonly Column[]): Table {
  const rows = (columns[0] as Column).length;
  return new Table(new Map(names.map((name, i) => [name, columns[i] as Column])), rows);
}

/** Makes objects with these keys. */
export function recordMaker<T>(names: readonly string[]): (valueAt: (i: number) => T) => Record<string, T> {
  const plain = !names.includes('__proto__');
  return (valueAt) => {
    const record: Record<string, T> = {};
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const value = valueAt(i);
      if (plain) record[name] = value;
      // An assignment would set the prototype.
      else
        Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true });
    }
    return record;
  };
}
