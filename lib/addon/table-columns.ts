// Native work with columns of tables: see native/tables/column_work.h. Results do not depend on the number of threads.

import { argumentError } from '../base/errors';
import { type Callback, type NativeTableColumns, native } from './binding';
import { newOutcome, type Outcome, readOutcome, statusCodes } from './outcome';
import { Idle, type Work } from './work';

/** The values of a column: numbers with NaN where missing, or codes or flags with -1 there. */
export type ColumnArray = Float64Array | Int32Array | Int8Array;

/** What the values of a column are, without missing ones. */
export interface ColumnFacts {
  /** How many there are. */
  readonly present: number;
  /** The least number; infinity without one. */
  readonly least: number;
  readonly greatest: number;
  /** The mean of numbers; the share of true flags. */
  readonly mean: number;
  readonly leastFinite: number;
  readonly greatestFinite: number;
}

// Values that an operation goes through within half a millisecond.
const briefValues = 2 ** 18;
// A sort takes some ten times as long.
const briefSort = 2 ** 14;

interface Worker {
  readonly object: NativeTableColumns;
  readonly outcome: Float64Array;
}

const workers = new Idle<Worker>(() => {
  const outcome = newOutcome();
  return { object: new native.TableColumns({ outcome }), outcome };
});

export function* describeColumn(values: ColumnArray): Work<ColumnFacts> {
  const out = new Float64Array(6);
  const brief = values.length <= briefValues;
  yield* run(brief, (object, callback) => object.describe({ values, out }, callback));
  const [present = 0, least = 0, greatest = 0, mean = 0, leastFinite = 0, greatestFinite = 0] = out;
  return { present, least, greatest, mean, leastFinite, greatestFinite };
}

/**
 * How often each category comes; and the codes of those that come at all, first the one that comes first.
 *
 * @throws RangeError ERR_BLASNET_ARG_VALUE for a code that is no category
 */
export function* countCodes(
  codes: Int32Array,
  categories: number,
): Work<{ readonly counts: Float64Array; readonly order: Int32Array }> {
  const [counts, order] = [new Float64Array(categories), new Int32Array(categories)];
  const brief = codes.length + categories <= briefValues;
  const { status, index } = yield* run(brief, (object, callback) =>
    object.count({ codes, counts, order }, callback),
  );
  if (status === statusCodes.codeOutside) {
    const rule = `a code below ${categories}, or -1`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', `values[${index}]`, rule, codes[index]);
  }
  return { counts, order: order.subarray(0, index) };
}

/** All rows, those with lesser values first, and equal ones as they come. No value is missing. */
export function* sortRows(values: Float64Array): Work<Uint32Array> {
  const order = new Uint32Array(values.length);
  yield* run(values.length <= briefSort, (object, callback) => object.sort({ values, order }, callback));
  return order;
}

function* run(
  brief: boolean,
  start: (object: NativeTableColumns, callback?: Callback) => void,
): Work<Outcome> {
  const worker = workers.take();
  const { object, outcome } = worker;
  try {
    yield { object, start: (callback) => start(object, callback), brief };
    return readOutcome(outcome);
  } finally {
    workers.giveBack(worker);
  }
}
