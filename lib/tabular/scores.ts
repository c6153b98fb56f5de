// The scores of evaluations by name, and their means over folds.

import type { Constraint } from '../base/validate';
import { alignedTable } from '../tables/aligned-table';
import { Table } from '../tables/table';

/** Scores by name. */
export type Scores = Readonly<Record<string, number>>;

/** A score over all folds. */
export interface ScoreSummary {
  readonly mean: number;
  /** The standard deviation of the folds' scores, that of the population: NumPy's `std`, with n in the denominator. */
  readonly std: number;
  /** The standard deviation of the sample, with n - 1 in the denominator. */
  readonly sampleStd: number;
  /** The score of each fold. */
  readonly values: Float64Array;
}

/**
 * The numbers of an evaluation. Of several labels, also the mean of each score over the labels, and the scores of each
 * under `label.score`; of several numbers, the mean R2, and the errors of each under `target.score`.
 */
export function scoresOf(evaluation: object): Scores {
  const { byLabel, byTarget } = evaluation as Readonly<Record<string, Readonly<Record<string, object>>>>;
  const scores = numbersOf(evaluation);
  const parts = Object.entries(byLabel ?? byTarget ?? {}).map(([name, part]) => ({
    name,
    own: numbersOf(part),
  }));
  const [first] = parts;
  if (first === undefined) return scores;
  for (const score of Object.keys(first.own)) {
    // Errors of different targets have different units.
    if (score in scores || (byTarget !== undefined && score !== 'r2')) continue;
    scores[score] = parts.reduce((sum, { own }) => sum + (own[score] as number), 0) / parts.length;
  }
  for (const { name, own } of parts) {
    for (const [score, value] of Object.entries(own)) scores[`${name}.${score}`] = value;
  }
  return scores;
}

function numbersOf(part: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(part).filter(([name, value]) => typeof value === 'number' && name !== 'rows'),
  );
}

const larger = new Set(['accuracy', 'topKAccuracy', 'precision', 'recall', 'f1', 'rocAuc', 'prAuc', 'r2']);

/** Whether a larger value of a score is better. */
export function isLargerBetter(score: string): boolean {
  return larger.has(score.slice(score.lastIndexOf('.') + 1));
}

/** A score to compare by. */
export const metricOption: Constraint = {
  rule: 'the name of a score, or a function of an evaluation',
  accepts: (value) => typeof value === 'string' || typeof value === 'function',
};

/** The score to compare by, unless another one is named. */
export function defaultMetric(kind: 'classifier' | 'regressor', single: boolean): string {
  if (kind === 'classifier') return 'logLoss';
  return single ? 'rootMeanSquaredError' : 'r2';
}

/** Mean and standard deviations of each score. */
export function summarise(folds: readonly { readonly scores: Scores }[]): Record<string, ScoreSummary> {
  const names = Object.keys(folds[0]?.scores ?? {});
  return Object.fromEntries(
    names.map((name) => [
      name,
      summaryOf(Float64Array.from(folds, ({ scores }) => scores[name] ?? Number.NaN)),
    ]),
  );
}

/** Mean and standard deviations of some values of a score. */
export function summaryOf(values: Float64Array): ScoreSummary {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / count), sampleStd: Math.sqrt(squares / (count - 1)), values };
}

/** What a table of results has of each fold. */
export interface FoldRow {
  readonly repeat: number;
  readonly fold: number;
  readonly trainRows: number;
  readonly testRows: number;
  /** The epochs that were trained; NaN for a model of several networks. */
  readonly epochs: number;
  readonly seconds: number;
  readonly scores: Scores;
}

/** A table with a row for each fold. */
export function foldsTable(folds: readonly FoldRow[]): Table {
  const own = ['repeat', 'fold', 'trainRows', 'testRows', 'epochs', 'seconds'] as const;
  const scores = Object.keys(folds[0]?.scores ?? {});
  return Table.from(
    Object.fromEntries([
      ...own.map((name) => [name, Float64Array.from(folds, (fold) => fold[name])]),
      ...scores.map((name) => [name, Float64Array.from(folds, (fold) => fold.scores[name] ?? Number.NaN)]),
    ]),
  );
}

/** The scores for people: a line for each, with mean, standard deviation and the folds' values. */
export function scoresText(title: string, summaries: Readonly<Record<string, ScoreSummary>>): string {
  const lines = Object.entries(summaries).map(([name, { mean, std, values }]) => [
    name,
    short(mean),
    short(std),
    short(Math.min(...values)),
    short(Math.max(...values)),
  ]);
  return [title, '', alignedTable([['score', 'mean', 'std', 'least', 'greatest'], ...lines])].join('\n');
}

/** A number for people. */
export function short(value: number): string {
  return Math.abs(value) < 10 ? value.toFixed(4) : String(Number(value.toPrecision(5)));
}
