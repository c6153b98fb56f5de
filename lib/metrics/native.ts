// The native operations of metrics. Each yields one native call: see lib/addon/work.ts.

import {
  type Callback,
  type ComparisonArguments,
  type LabelRule,
  type NativeMetrics,
  type NumericRecords,
  native,
  type RowValue,
} from '../addon/binding';
import { newOutcome, readOutcome, statusCodes } from '../addon/outcome';
import { packRecord } from '../addon/records';
import { Idle, type Work } from '../addon/work';
import { blasnetError } from '../base/errors';
import { type FloatArray, Matrix, type NumberArray } from '../base/matrix';

/** Labels and predictions with shapes that suit each other. */
export interface Comparison {
  readonly rows: number;
  readonly cols: number;
  /** (rows, cols), row-major; or, with `indices`, (rows): the column that is 1 while the row's others are 0. */
  readonly labels: NumberArray;
  readonly indices: boolean;
  /** (rows, cols), row-major */
  readonly predictions: NumberArray;
  /** (rows); null: all 1 */
  readonly weights: FloatArray | null;
}

/** How a row is decided: see DecisionRule in native/kernels/metrics.h. */
export interface DecisionRule {
  readonly classes?: boolean;
  readonly threshold?: number;
  readonly k?: number;
  readonly epsilon?: number;
  readonly scale?: number;
}

interface Comparer {
  readonly native: NativeMetrics;
  readonly outcome: Float64Array;
}

const comparers = new Idle<Comparer>(() => {
  const outcome = newOutcome();
  return { native: new native.Metrics({ outcome }), outcome };
});

/** The index of the first number that breaks the rule; undefined if none does. */
export function* firstBad(data: NumberArray, rule: LabelRule, classes = 1): Work<number | undefined> {
  const given = { data, rule: native.labelRules[rule], classes };
  const outcome = yield* operate((object, callback) => object.check(given, callback));
  const { status, index } = readOutcome(outcome);
  return status === statusCodes.done ? undefined : index;
}

/** The weighted sums of a value of the rows, one for each number that a row adds, and the sum of the weights. */
export function* sumsOf(
  comparison: Comparison,
  value: RowValue,
  rule: DecisionRule = {},
): Work<{ readonly weight: number; readonly sums: Float64Array }> {
  const width = value === 'logitSlopes' ? 3 : Math.max(1, comparison.cols);
  const results = new Float64Array(1 + width);
  const given = request(comparison, rule, results, { value });
  checkClasses(yield* operate((object, callback) => object.sumRows(given, callback)));
  return { weight: results[0] as number, sums: results.subarray(1) };
}

/** How far the labels are from the predictions and from their means, for each column. */
export function* deviationsOf(comparison: Comparison, means: Float64Array): Work<Numbers<'deviation'>[]> {
  const results = resultsFor('deviation', comparison.cols);
  const given = request(comparison, {}, results, { means });
  yield* operate((object, callback) => object.sumDeviations(given, callback));
  return read('deviation', results);
}

/** The counts of each column: of the yes of a single column, of each label, or of each class. */
export function* countsOf(comparison: Comparison, rule: DecisionRule): Work<Numbers<'count'>[]> {
  const results = resultsFor('count', comparison.cols);
  const given = request(comparison, rule, results);
  checkClasses(yield* operate((object, callback) => object.countDecisions(given, callback)));
  return read('count', results);
}

/** (classes, classes): the weights of the rows of class i that are predicted to be in class j. */
export function* confusionsOf(comparison: Comparison, rule: DecisionRule): Work<Matrix<Float64Array>> {
  const classes = comparison.cols === 1 ? 2 : comparison.cols;
  const matrix = Matrix.zeros(classes, classes);
  const given = request(comparison, rule, matrix.data);
  checkClasses(yield* operate((object, callback) => object.countConfusions(given, callback)));
  return matrix;
}

/** What is in each of the bins of equal width that the probabilities fall into. */
export function* binsOf(comparison: Comparison, bins: number, classes: boolean): Work<Numbers<'bin'>[]> {
  const results = resultsFor('bin', bins);
  const given = request(comparison, { classes, k: bins }, results);
  checkClasses(yield* operate((object, callback) => object.countBins(given, callback)));
  return read('bin', results);
}

/** The curves of each column's ranking. */
export function* rankingsOf(comparison: Comparison): Work<Numbers<'ranking'>[]> {
  const results = resultsFor('ranking', comparison.cols);
  const given = request(comparison, {}, results);
  yield* operate((object, callback) => object.rankColumns(given, callback));
  return read('ranking', results);
}

type ResultRecord = 'deviation' | 'count' | 'bin' | 'ranking';
type Numbers<Name extends ResultRecord> = Readonly<Record<NumericRecords[Name], number>>;

function resultsFor(name: ResultRecord, cols: number): Float64Array {
  return new Float64Array(cols * native.records[name].length);
}

function read<Name extends ResultRecord>(name: Name, results: Float64Array): Numbers<Name>[] {
  const fields: readonly string[] = native.records[name];
  return Array.from({ length: results.length / fields.length }, (_, row) => {
    const entries = fields.map((field, i) => [field, results[row * fields.length + i]]);
    return Object.fromEntries(entries) as Numbers<Name>;
  });
}

function request(
  { rows, cols, labels, indices, predictions, weights }: Comparison,
  { classes = false, threshold = 0.5, k = 1, epsilon = Number.EPSILON, scale = 1 }: DecisionRule,
  results: Float64Array,
  { value = 'label', means = null }: { value?: RowValue; means?: Float64Array | null } = {},
): ComparisonArguments {
  const numbers = packRecord('comparison', {
    ...{ rows, cols, indices, value: native.rowValues[value] },
    ...{ classes, threshold, k, epsilon, scale },
  });
  return { numbers, labels, predictions, weights, means, results };
}

function checkClasses(outcome: Float64Array): void {
  const { status, index } = readOutcome(outcome);
  if (status !== statusCodes.noClass) return;
  const rule = 'a label above 0 in each row, since the columns are classes';
  throw blasnetError('ERR_BLASNET_ARG_VALUE', `Expected yTrue to hold ${rule}, got none at row ${index}`);
}

/** Runs one operation. Its outcome holds until the next one. */
function* operate(start: (object: NativeMetrics, callback?: Callback) => void): Work<Float64Array> {
  const { native: object, outcome } = comparers.take();
  try {
    yield { object, start: (callback) => start(object, callback) };
    return outcome;
  } finally {
    comparers.giveBack({ native: object, outcome });
  }
}
