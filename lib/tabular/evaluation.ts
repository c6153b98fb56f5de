// What an evaluation of a model says, by the names of its classes and targets.

import { countClasses } from '../addon/rows';
import { type AsyncOptions, pinnedWork, workAnywhere, workElsewhere } from '../addon/work';
import type { Matrix } from '../base/matrix';
import { metrics } from '../metrics';
import { alignedTable, shownBy } from '../tables/aligned-table';
import { columnsOf } from './answers';
import type { ClassName, ClassTarget } from './class-target';
import { sideBySide } from './labels';

const measures = metrics.async;

/** Precision, recall and F1 of one class. */
export interface ClassScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** The number of rows of the class. */
  readonly rows: number;
}

/** The results of a Classifier's evaluation. */
export interface ClassifierEvaluation {
  /** The number of rows. */
  readonly rows: number;
  /** The share of rows predicted right. */
  readonly accuracy: number;
  /** The mean of -log(probability of the row's class), by the natural logarithm. */
  readonly logLoss: number;
  /** Brier's score: the mean of (probability - came true)^2, summed over the classes if there are more than two. */
  readonly brier: number;
  /**
   * How far probabilities are from the shares that come true, on average: the expected calibration error in 10 bins, see
   * `metrics.calibration`.
   */
  readonly calibrationError: number;
  /** Of two classes that of the second, positive one; of more, the mean over the classes that occur. */
  readonly precision: number;
  /** Like precision. */
  readonly recall: number;
  /** Like precision. */
  readonly f1: number;
  /** The area under the ROC curve; of more than two classes, the mean of each against the others. NaN if one does not occur. */
  readonly rocAuc: number;
  /** The names of the classes, in the order of their numbers. */
  readonly classes: readonly ClassName[];
  /** By the name of a class. */
  readonly byClass: Readonly<Record<string, ClassScores>>;
  /** counts[i][j]: how many rows of class i were predicted to be of class j. */
  readonly confusion: readonly (readonly number[])[];
  /** A table for people. */
  toString(): string;
}

/** The results of one of several labels. */
export interface LabelScores extends ClassScores {
  readonly accuracy: number;
  readonly logLoss: number;
  readonly brier: number;
  readonly calibrationError: number;
  readonly rocAuc: number;
}

/** The results of the evaluation of several labels. */
export interface LabelsEvaluation {
  readonly rows: number;
  /** The share of rows with all labels right. */
  readonly accuracy: number;
  /** The mean over the labels. */
  readonly f1: number;
  /** By the name of a target. `rows` are those of its second class. */
  readonly byLabel: Readonly<Record<string, LabelScores>>;
  toString(): string;
}

/** Compares the outputs of one target with its class numbers. */
export async function evaluateClasses(
  { classes }: ClassTarget,
  numbers: Int32Array,
  outputs: Matrix,
  options: AsyncOptions,
): Promise<ClassifierEvaluation> {
  const counts = await measures.confusionMatrix(numbers, outputs, options);
  const confusion = classes.map((_, i) =>
    Array.from(classes, (__, j) => counts.data[i * counts.cols + j] as number),
  );
  const byClass = named(
    classes.map(String),
    classes.map((_, i) => scoresOf(confusion, i)),
  );
  return shownBy(
    {
      rows: numbers.length,
      accuracy: await measures.accuracy(numbers, outputs, options),
      logLoss: await measures.logLoss(numbers, outputs, options),
      brier: await measures.brier(numbers, outputs, options),
      calibrationError: (await measures.calibration(numbers, outputs, options)).expectedError,
      precision: await measures.precision(numbers, outputs, options),
      recall: await measures.recall(numbers, outputs, options),
      f1: await measures.f1(numbers, outputs, options),
      rocAuc: await measures.rocAuc(numbers, outputs, options),
      ...{ classes, byClass, confusion },
    },
    classesText,
  );
}

function scoresOf(confusion: readonly (readonly number[])[], i: number): ClassScores {
  const at = (row: number, col: number) => (confusion[row] as readonly number[])[col] as number;
  const all = confusion.map((_, j) => j);
  const hits = at(i, i);
  const rows = all.reduce((sum, j) => sum + at(i, j), 0);
  const predicted = all.reduce((sum, j) => sum + at(j, i), 0);
  // 0 where nothing was predicted, or nothing was there, as in scikit-learn.
  return {
    precision: predicted === 0 ? 0 : hits / predicted,
    recall: rows === 0 ? 0 : hits / rows,
    f1: rows + predicted === 0 ? 0 : (2 * hits) / (rows + predicted),
    rows,
  };
}

/** Compares the outputs of several labels with their class numbers, 0 and 1. */
export async function evaluateLabels(
  targets: readonly ClassTarget[],
  numbers: readonly Int32Array[],
  outputs: Matrix,
  options: AsyncOptions,
): Promise<LabelsEvaluation> {
  const { rows, cols } = outputs;
  const columns = await workAnywhere(columnsOf(outputs), options);
  const labels = await workElsewhere(sideBySide(numbers, 'float64'), options);
  const scores: LabelScores[] = [];
  for (let i = 0; i < cols; i++) {
    const [own, predicted] = [numbers[i] as Int32Array, columns[i] as Float64Array];
    const counting = countClasses({ data: own, rows, cols: 1 }, 2, null);
    const { counts } = await pinnedWork(counting, [own], options);
    scores.push({
      accuracy: await measures.accuracy(own, predicted, options),
      logLoss: await measures.logLoss(own, predicted, options),
      brier: await measures.brier(own, predicted, options),
      calibrationError: (await measures.calibration(own, predicted, options)).expectedError,
      precision: await measures.precision(own, predicted, options),
      recall: await measures.recall(own, predicted, options),
      f1: await measures.f1(own, predicted, options),
      rocAuc: await measures.rocAuc(own, predicted, options),
      rows: counts[1] as number,
    });
  }
  return shownBy(
    {
      rows,
      accuracy: await measures.accuracy(labels, outputs, { ...options, multiLabel: true }),
      f1: scores.reduce((sum, { f1 }) => sum + f1, 0) / cols,
      byLabel: named(
        targets.map(({ name }) => name),
        scores,
      ),
    },
    labelsText,
  );
}

/** Errors of predicted numbers, in the target's own units. */
export interface NumberErrors {
  /** The square root of the mean squared error. */
  readonly rootMeanSquaredError: number;
  readonly meanAbsoluteError: number;
  /** The coefficient of determination: 1 is perfect, 0 is no better than the mean. */
  readonly r2: number;
}

/** The results of a Regressor's evaluation. */
export interface RegressorEvaluation extends NumberErrors {
  readonly rows: number;
  toString(): string;
}

/** The results of a Regressor of several targets. */
export interface TargetsEvaluation {
  readonly rows: number;
  /** By the name of a target. */
  readonly byTarget: Readonly<Record<string, NumberErrors>>;
  toString(): string;
}

/** Compares predicted numbers with the targets. */
export async function evaluateNumbers(
  names: readonly string[],
  single: boolean,
  values: readonly Float64Array[],
  columns: readonly Float64Array[],
  options: AsyncOptions,
): Promise<RegressorEvaluation | TargetsEvaluation> {
  const errors: NumberErrors[] = [];
  for (const [i, own] of values.entries()) {
    const predicted = columns[i] as Float64Array;
    errors.push({
      rootMeanSquaredError: await measures.rootMeanSquaredError(own, predicted, options),
      meanAbsoluteError: await measures.meanAbsoluteError(own, predicted, options),
      r2: await measures.r2(own, predicted, options),
    });
  }
  const rows = columns[0]?.length ?? 0;
  if (single) return shownBy({ rows, ...(errors[0] as NumberErrors) }, errorsText);
  return shownBy({ rows, byTarget: named(names, errors) }, targetsText);
}

function named<T>(names: readonly string[], values: readonly T[]): Record<string, T> {
  return Object.fromEntries(names.map((name, i) => [name, values[i] as T]));
}

const short = (value: number) => value.toFixed(4);

function classesText(result: Omit<ClassifierEvaluation, 'toString'>): string {
  const { rows, accuracy, logLoss, brier, calibrationError, rocAuc, byClass, confusion } = result;
  const names = Object.keys(byClass);
  return [
    `accuracy ${short(accuracy)}, log loss ${short(logLoss)}, ROC AUC ${short(rocAuc)}, ${rows} rows`,
    `Brier score ${short(brier)}, calibration error ${short(calibrationError)}`,
    '',
    alignedTable([
      ['class', 'precision', 'recall', 'f1', 'rows', ...names.map((name) => `as ${name}`)],
      ...names.map((name, i) => {
        const { precision, recall, f1, rows: own } = byClass[name] as ClassScores;
        const counts = (confusion[i] as readonly number[]).map(String);
        return [name, short(precision), short(recall), short(f1), String(own), ...counts];
      }),
    ]),
  ].join('\n');
}

function labelsText({ rows, accuracy, byLabel }: Omit<LabelsEvaluation, 'toString'>): string {
  return [
    `all labels right ${short(accuracy)}, ${rows} rows`,
    '',
    alignedTable([
      ['label', 'accuracy', 'precision', 'recall', 'f1', 'ROC AUC', 'log loss', 'rows'],
      ...Object.entries(byLabel).map(([name, scores]) => [
        name,
        ...[scores.accuracy, scores.precision, scores.recall, scores.f1, scores.rocAuc, scores.logLoss].map(
          short,
        ),
        String(scores.rows),
      ]),
    ]),
  ].join('\n');
}

function errorsText({ rows, ...errors }: NumberErrors & { readonly rows: number }): string {
  const { rootMeanSquaredError, meanAbsoluteError, r2 } = errors;
  return `root mean squared error ${number(rootMeanSquaredError)}, mean absolute error ${number(meanAbsoluteError)}, R2 ${short(r2)}, ${rows} rows`;
}

function targetsText({ rows, byTarget }: Omit<TargetsEvaluation, 'toString'>): string {
  return [
    `${rows} rows`,
    '',
    alignedTable([
      ['target', 'root mean squared error', 'mean absolute error', 'R2'],
      ...Object.entries(byTarget).map(([name, { rootMeanSquaredError, meanAbsoluteError, r2 }]) => [
        name,
        number(rootMeanSquaredError),
        number(meanAbsoluteError),
        short(r2),
      ]),
    ]),
  ].join('\n');
}

function number(value: number): string {
  return String(Number(value.toPrecision(5)));
}
