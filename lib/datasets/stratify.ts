// Splits that give each class equal shares of both parts, like scikit-learn's StratifiedShuffleSplit: the same rows in the
// same order, from the same random numbers.

import { inSlices, type Work } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { newArray } from '../base/memory';
import { classNumbers, learnClasses } from '../preprocessing/class-names';
import { drawOrders, type RandomState } from '../random/random-state';
import { type Part, widthOf } from './parts';

/** The class of each row, by its number in the ascending order of the classes, and the rows of each class. */
export interface Classes {
  readonly numbers: Int32Array;
  readonly counts: readonly number[];
  /** What a class is called, for errors. */
  name(number: number): string;
}

export interface Indices {
  readonly trainIndex: Uint32Array;
  readonly testIndex: Uint32Array;
}

/**
 * Draws the rows of both parts.
 *
 * @param name how errors call the labels
 * @throws RangeError ERR_BLASNET_ARG_VALUE for a class with a single row, or parts with fewer rows than classes
 */
export function* stratified(
  name: string,
  labels: Part,
  rows: number,
  testRows: number,
  random: RandomState,
): Work<Indices> {
  const { numbers, counts, name: nameOf } = yield* classesOf(name, labels, rows);
  const alone = counts.indexOf(1);
  if (alone >= 0) {
    const message = `Expected ${name} to have at least 2 rows of every class, to stratify by, got 1 of ${nameOf(alone)}`;
    throw blasnetError('ERR_BLASNET_ARG_VALUE', message);
  }
  const trainRows = rows - testRows;
  if (Math.min(trainRows, testRows) < counts.length) {
    const rule = `such that both parts have a row of each of the ${counts.length} classes`;
    const got = `${testRows} of ${rows} rows`;
    throw blasnetError('ERR_BLASNET_ARG_VALUE', `Expected testSize to be ${rule}, got ${got}`);
  }
  const ofTrain = approximateMode(counts, trainRows, random);
  const left = counts.map((count, i) => count - (ofTrain[i] as number));
  const ofTest = approximateMode(left, testRows, random);

  const grouped = yield* byClass(numbers, counts);
  const [train, test] = [newArray(Uint32Array, trainRows), newArray(Uint32Array, testRows)];
  let [start, trainEnd, testEnd] = [0, 0, 0];
  for (const [i, count] of counts.entries()) {
    const order = newArray(Uint32Array, count);
    yield* drawOrders(random, order, count);
    const first = start;
    const take = (out: Uint32Array, at: number, from: number, size: number) =>
      inSlices(size, (begin, end) => {
        for (let k = begin; k < end; k++)
          out[at + k] = grouped[first + (order[from + k] as number)] as number;
      });
    const [forTrain, forTest] = [ofTrain[i] as number, ofTest[i] as number];
    yield* take(train, trainEnd, 0, forTrain);
    yield* take(test, testEnd, forTrain, forTest);
    trainEnd += forTrain;
    testEnd += forTest;
    start += count;
  }
  return { trainIndex: yield* shuffled(train, random), testIndex: yield* shuffled(test, random) };
}

function* shuffled(rows: Uint32Array, random: RandomState): Work<Uint32Array> {
  const out = newArray(Uint32Array, rows.length);
  yield* drawOrders(random, out, rows.length, { from: rows });
  return out;
}

/** The rows of the first class, then those of the second, and so on; each in ascending order. */
function* byClass(numbers: Int32Array, counts: readonly number[]): Work<Uint32Array> {
  const grouped = newArray(Uint32Array, numbers.length);
  let start = 0;
  const next = counts.map((count) => {
    start += count;
    return start - count;
  });
  yield* inSlices(numbers.length, (from, to) => {
    for (let row = from; row < to; row++) {
      const number = numbers[row] as number;
      const place = next[number] as number;
      grouped[place] = row;
      next[number] = place + 1;
    }
  });
  return grouped;
}

/**
 * How many rows of each class `draws` rows have: their shares, rounded down; then one more for those with the largest
 * remainders. Random numbers decide between equal ones. It is scikit-learn's `_approximate_mode`, operation by operation.
 */
function approximateMode(counts: readonly number[], draws: number, random: RandomState): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const shares = counts.map((count) => (count / total) * draws);
  const whole = shares.map(Math.floor);
  let missing = draws - whole.reduce((sum, count) => sum + count, 0);
  const remainders = shares.map((share, i) => share - (whole[i] as number));
  for (const value of [...new Set(remainders)].sort((a, b) => b - a)) {
    if (missing === 0) break;
    const equal = remainders.flatMap((remainder, i) => (remainder === value ? [i] : []));
    const add = Math.min(equal.length, missing);
    for (const place of random.permutation(equal.length).subarray(0, add)) {
      (whole[equal[place] as number] as number)++;
    }
    missing -= add;
  }
  return whole;
}

/** The classes of labels. @throws RangeError ERR_BLASNET_SHAPE, ERR_BLASNET_NOT_FINITE; TypeError ERR_BLASNET_ARG_TYPE */
export function* classesOf(name: string, labels: Part, rows: number): Work<Classes> {
  const width = widthOf(name, labels, rows, 'X');
  const values = labels.form === 'matrix' ? labels.matrix.data : labels.values;
  if (width > 1) return yield* classesOfRows(name, values as ArrayLike<number>, rows, width);
  const known = yield* learnClasses(name, values);
  const numbers = newArray(Int32Array, rows);
  yield* classNumbers(values, known, numbers);
  const counts = yield* countsOf(numbers, known.classes.length);
  return { numbers, counts, name: (number) => JSON.stringify(known.classes[number]) };
}

// Equal rows are a class. They are found by a tree: a row's first number leads to a branch, and so on.
function* classesOfRows(name: string, values: ArrayLike<number>, rows: number, width: number): Work<Classes> {
  const branches = [new Map<number, number>()];
  const numbers = newArray(Int32Array, rows);
  const firstRows: number[] = [];
  yield* inSlices(
    rows,
    (from, to) => {
      for (let row = from; row < to; row++) {
        let place = 0;
        for (let c = 0; c < width; c++) {
          const value = values[row * width + c] as number;
          if (!Number.isFinite(value)) {
            throw argumentError('ERR_BLASNET_NOT_FINITE', `${name}[${row}][${c}]`, 'a finite number', value);
          }
          const branch = branches[place] as Map<number, number>;
          const last = c === width - 1;
          let next = branch.get(value);
          if (next === undefined) {
            next = last ? firstRows.push(row) - 1 : branches.push(new Map()) - 1;
            branch.set(value, next);
          }
          place = next;
        }
        numbers[row] = place;
      }
    },
    width,
  );
  const at = (row: number, c: number) => values[row * width + c] as number;
  const compare = (a: number, b: number) => {
    for (let c = 0; c < width; c++) if (at(a, c) !== at(b, c)) return at(a, c) - at(b, c);
    return 0;
  };
  const found = firstRows.map((row, number) => ({ row, number })).sort((a, b) => compare(a.row, b.row));
  const places = newArray(Int32Array, found.length);
  for (const [place, { number }] of found.entries()) places[number] = place;
  yield* inSlices(rows, (from, to) => {
    for (let row = from; row < to; row++) numbers[row] = places[numbers[row] as number] as number;
  });
  const counts = yield* countsOf(numbers, found.length);
  const nameOf = (place: number) =>
    JSON.stringify(Array.from({ length: width }, (_, c) => at(found[place]?.row as number, c)));
  return { numbers, counts, name: nameOf };
}

function* countsOf(numbers: Int32Array, classes: number): Work<number[]> {
  const counts = new Array<number>(classes).fill(0);
  yield* inSlices(numbers.length, (from, to) => {
    for (let row = from; row < to; row++) (counts[numbers[row] as number] as number)++;
  });
  return counts;
}
