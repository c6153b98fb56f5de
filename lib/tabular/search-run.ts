// The run of a search: its trials, the way to the best one, and the results, whatever is trained.

import { blasnetError, type ErrorCode } from '../base/errors';
import type { AnyName } from '../base/names';
import {
  above,
  anything,
  boolean,
  type Constraint,
  functionValue,
  integerFrom,
  oneOf,
  optional,
  positiveInteger,
  seed as seedConstraint,
} from '../base/validate';
import { alignedTable, shownBy } from '../tables/aligned-table';
import type { Table } from '../tables/table';
import { attach } from '../training/training-error';
import { FoldRun, type RunTask, type TrialRun } from './fold-run';
import { Ending, type ParallelOptions, parallelConstraints, shareOf } from './parallel';
import { short } from './scores';
import type { DrawnOptions } from './space';
import { Candidate, type Goal, rungsOf, runTrials, shownValue, type Trial, trialsTable } from './trials';

/** The options that every search has. */
export interface SearchRunOptions extends ParallelOptions {
  /** How many sets of options are drawn. @default 20 */
  readonly trials?: number;
  /**
   * 'random' trains all trials to their end. 'halving' compares them after some epochs, and only the best ones go on
   * (successive halving: Jamieson and Talwalkar, 2016; Li et al., 2018). Of the presets, it takes 'fast' alone. @default 'random'
   */
  readonly method?: 'random' | 'halving' | AnyName;
  /** With 'halving', one of this many trials goes on. At least 2. @default 3 */
  readonly reduction?: number;
  /** Fixes the options that are drawn, the folds and the trainings. @default a new one */
  readonly seed?: number;
  /** After this many seconds no trial begins, or goes on to more epochs. Those that run are finished. @default no limit */
  readonly maxSeconds?: number;
  /** Called when a trial has ended. @default none */
  readonly onTrialEnd?: (trial: Trial) => unknown;
}

export const searchRunConstraints: Readonly<Record<keyof SearchRunOptions, Constraint>> = {
  ...parallelConstraints,
  trials: optional(positiveInteger),
  method: optional(oneOf(['random', 'halving'])),
  reduction: optional(integerFrom(2)),
  seed: optional(seedConstraint),
  maxSeconds: optional(above(0)),
  onTrialEnd: optional(functionValue),
};

/** The rules for the options that say which trial is the best, and what becomes of it. */
export const bestConstraints: Readonly<Record<'metric' | 'maximise' | 'refit', Constraint>> = {
  metric: anything,
  maximise: optional(boolean),
  refit: optional({
    rule: "true, false or 'bag'",
    accepts: (value) => typeof value === 'boolean' || typeof value === 'string',
    holds: (value: unknown) => typeof value === 'boolean' || value === 'bag',
    names: ['bag'],
  }),
};

/** What every search finds. */
export interface SearchFindings {
  /** The best trial. */
  readonly best: Trial;
  /** All trials, in their order. */
  readonly trials: readonly Trial[];
  /** The trials as a table: what became of them, and what was drawn. */
  readonly table: Table;
  readonly seed: number;
  toString(): string;
}

/** What a search tries. */
export interface SearchPlan {
  readonly drawn: readonly DrawnOptions[];
  readonly goal: Goal;
  /** The epochs of each training, for 'halving'. */
  readonly epochs: number;
  /** How many trainings a trial has. */
  readonly folds: number;
  /** What a trial trains, for each fold. */
  readonly tasksOf: (trial: Trial) => readonly RunTask[];
  /** Makes its trainings elsewhere, with workers. */
  readonly runsOf?: ((trial: Trial, signal: AbortSignal) => readonly TrialRun[]) | undefined;
}

/** What the trials of a search have found. */
export interface Found {
  readonly trials: readonly Trial[];
  readonly best: Trial;
  /** The models of the best trial's folds. */
  readonly models: readonly unknown[];
}

/** Runs the trials. An error has the trials so far as `result`. */
export async function findBest(
  { drawn, goal, epochs, folds, tasksOf, runsOf }: SearchPlan,
  options: SearchRunOptions & { readonly seed: number },
): Promise<Found> {
  const { method, reduction = 3, seed, maxSeconds = Number.POSITIVE_INFINITY } = options;
  const { parallel, how } = shareOf(drawn.length * folds, options);
  const ending = new Ending(options.signal);
  const candidates = drawn.map((each, i) => new Candidate(i + 1, each, goal, new Ending(ending.signal)));
  const reports = () => candidates.map(({ report }) => report);
  try {
    const winner = await runTrials(candidates, {
      ...{ goal, parallel, ending, onTrialEnd: options.onTrialEnd },
      rungs: method === 'halving' ? rungsOf(drawn.length, epochs, reduction) : [],
      endsAt: performance.now() + 1000 * maxSeconds,
      runsOf: ({ report, ending: { signal } }) =>
        runsOf?.(report, signal) ?? tasksOf(report).map((task) => new FoldRun(task, { signal, ...how })),
    });
    if (winner === undefined) throw allFailed(candidates);
    return { trials: reports(), best: winner.report, models: winner.runs.map(({ model }) => model) };
  } catch (error) {
    // Trainings may still wait for each other.
    ending.abort(error);
    attachTrials(error, reports(), seed);
    throw error;
  } finally {
    ending.done();
    for (const candidate of candidates) candidate.ending.done();
  }
}

/** The results of a search, with what `finish` makes of it. An error has the trials as `result`. */
export async function searchResult<Finished extends object>(
  { trials, best, models }: Found,
  seed: number,
  finish: (best: Trial, models: readonly unknown[]) => Promise<Finished>,
): Promise<SearchFindings & Finished> {
  try {
    const finished = await finish(best, models);
    const found = { best, ...finished, trials, table: trialsTable(trials), seed };
    return shownBy(found, () => searchText(found.trials, best));
  } catch (error) {
    attachTrials(error, trials, seed);
    throw error;
  }
}

function attachTrials(error: unknown, trials: readonly Trial[], seed: number): void {
  attach(error, { result: { trials, table: trialsTable(trials), seed } });
}

function allFailed(candidates: readonly Candidate[]): Error {
  const { number, error } = candidates.find((each) => each.error !== undefined) as Candidate;
  const code = ((error as { code?: ErrorCode }).code ?? 'ERR_BLASNET_NOT_FINITE') as ErrorCode;
  const message = `Expected at least one of the ${candidates.length} trials to succeed; trial ${number}: ${error?.message}`;
  return blasnetError(code, message, { cause: error });
}

function searchText(trials: readonly Trial[], best: Trial): string {
  const count = (state: string) => trials.filter((trial) => trial.state === state).length;
  const states = ['finished', 'stopped', 'failed', 'unfinished'].filter((state) => count(state) > 0);
  const title = `${trials.length} trials: ${states.map((state) => `${count(state)} ${state}`).join(', ')}`;
  const lines = Object.entries(best.drawn).map(([path, value]) => [path, shownValue(value)]);
  const scores = `best: trial ${best.trial}, score ${short(best.score)}, std ${short(best.std)}`;
  return [title, scores, '', alignedTable([['option', 'value'], ...lines])].join('\n');
}
