import { describeColumn, sortRows } from '../addon/table-columns';
import { type AsyncOptions, asyncConstraints, inSlices, type Work } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { boolean, type Constraint, checkOptions, optional, seed } from '../base/validate';
import type { Part } from '../datasets/parts';
import { type Indices, stratified } from '../datasets/stratify';
import { plainIndices, testCountOf, testSizeConstraint } from '../datasets/test-rows';
import { RandomState } from '../random/random-state';
import type { Column } from './column';

export interface TableSplitOptions {
  /**
   * The size of the test part. Below 1 it is a share of the rows, rounded up to a whole row; from 1 on it is a number of
   * rows. With `group`, it is a share or a number of groups. @default 0.25
   */
  readonly testSize?: number;
  /** Whether to draw the test rows at random; otherwise they are the last ones. @default true */
  readonly shuffle?: boolean;
  /** An integer from 0 to 2^32 - 1. @default a new one on every call, from the system's entropy */
  readonly seed?: number;
  /** A column whose values get the same share of both parts, as far as whole rows allow. @default none */
  readonly stratify?: string;
  /** A column whose equal values stay together in one part, such as the customer of an order. @default none */
  readonly group?: string;
  /** A column of numbers or times: the test part has the greatest ones, the future. Nothing is drawn. @default none */
  readonly time?: string;
}

export interface TableSplitAsyncOptions extends TableSplitOptions, AsyncOptions {}

const columnName: Constraint = { rule: "a column's name", accepts: (value) => typeof value === 'string' };
const constraints = {
  testSize: optional(testSizeConstraint),
  shuffle: optional(boolean),
  seed: optional(seed),
  stratify: optional(columnName),
  group: optional(columnName),
  time: optional(columnName),
};

/** Checks the options of a split. */
export function checkSplit(options: TableSplitAsyncOptions, isAsync: boolean): void {
  checkOptions('', options, isAsync ? { ...constraints, ...asyncConstraints } : constraints);
  const ways = (['stratify', 'group', 'time'] as const).filter((name) => options[name] !== undefined);
  const [first, second] = ways;
  const other = second ?? (options.shuffle === false ? 'shuffle: false' : undefined);
  if (first !== undefined && other !== undefined) {
    throw blasnetError('ERR_BLASNET_ARG_VALUE', `Expected either ${first} or ${other}, got both`);
  }
}

/** Draws the rows of both parts. `columnOf` throws for an unknown name. */
export function* splitRows(
  rows: number,
  columnOf: (name: string) => Column,
  options: TableSplitOptions,
): Work<Indices> {
  const { group, time, stratify, shuffle = true } = options;
  if (group !== undefined) return yield* byGroup(rows, columnOf(group), group, options);
  const testRows = testCountOf(rows, options.testSize);
  if (time !== undefined) return yield* byTime(rows, columnOf(time), time, testRows);
  if (stratify !== undefined) {
    const [name, values] = yield* labelsIn(columnOf(stratify), stratify, 'to stratify by');
    return yield* stratified(name, values, rows, testRows, new RandomState(options.seed));
  }
  return yield* plainIndices(rows, testRows, shuffle, new RandomState(shuffle ? options.seed : 0));
}

// The groups in the order in which they first come; then as scikit-learn's GroupShuffleSplit: the first ones of a
// permutation are those of the test part. Rows keep their order.
function* byGroup(rows: number, column: Column, name: string, options: TableSplitOptions): Work<Indices> {
  yield* refuseGaps(column, name, 'to group by');
  const numbers = new Map<number, number>();
  const groupOf = new Uint32Array(rows);
  yield* inSlices(rows, (from, to) => {
    for (let row = from; row < to; row++) {
      const value = column.values[row] as number;
      let number = numbers.get(value);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(value, number);
      }
      groupOf[row] = number;
    }
  });
  const testGroups = testCountOf(numbers.size, options.testSize, 'group');
  const isTest = new Uint8Array(numbers.size);
  for (const group of new RandomState(options.seed).permutation(numbers.size).subarray(0, testGroups)) {
    isTest[group] = 1;
  }
  const [train, test]: [number[], number[]] = [[], []];
  yield* inSlices(rows, (from, to) => {
    for (let row = from; row < to; row++) (isTest[groupOf[row] as number] === 1 ? test : train).push(row);
  });
  return { trainIndex: Uint32Array.from(train), testIndex: Uint32Array.from(test) };
}

function* byTime(rows: number, column: Column, name: string, testRows: number): Work<Indices> {
  const order = yield* timeOrder(column, name);
  return { trainIndex: order.subarray(0, rows - testRows), testIndex: order.subarray(rows - testRows) };
}

/** The rows from the earliest to the latest; rows of equal times keep their order. @throws for a column without times */
export function* timeOrder(column: Column, name: string): Work<Uint32Array> {
  if (column.kind !== 'time' && column.kind !== 'number') {
    throw argumentError(
      'ERR_BLASNET_ARG_TYPE',
      `column ${JSON.stringify(name)}`,
      'of times or numbers, to split by',
      column.kind,
    );
  }
  yield* refuseGaps(column, name, 'to split by');
  return yield* sortRows(column.values as Float64Array);
}

/** The values of a column as labels, and how errors call them. @throws RangeError ERR_BLASNET_ARG_VALUE for a gap */
export function* labelsIn(column: Column, name: string, purpose: string): Work<[name: string, values: Part]> {
  yield* refuseGaps(column, name, purpose);
  const { kind, values, categories } = column;
  const labels = new Array<unknown>(values.length);
  yield* inSlices(values.length, (from, to) => {
    for (let row = from; row < to; row++) {
      const value = values[row] as number;
      labels[row] = kind === 'category' ? categories[value] : value;
    }
  });
  return [`column ${JSON.stringify(name)}`, { form: 'list', values: labels }];
}

function* refuseGaps(column: Column, name: string, purpose: string): Work<void> {
  const { present } = yield* describeColumn(column.values);
  if (present === column.length) return;
  // Codes and flags are -1 where missing.
  const isGap = column.values instanceof Float64Array ? Number.isNaN : (value: number) => value < 0;
  const row = column.values.findIndex((value) => isGap(value));
  throw blasnetError(
    'ERR_BLASNET_ARG_VALUE',
    `Expected column ${JSON.stringify(name)} to have no missing values, ${purpose}, got one at row ${row}`,
  );
}
