// The trials of a search, and the way from all of them to the best one.

import { describe, isBlasnetError } from '../base/errors';
import { Table } from '../tables/table';
import type { TrialRun } from './fold-run';
import { type Ending, runTasks } from './parallel';
import { type Scores, scoresOf, summarise } from './scores';
import type { DrawnOptions } from './space';

/**
 * What became of a trial: `finished`; `stopped`, since others were better after some epochs; `failed`, with an error;
 * `unfinished`, since the search ended before.
 */
export type TrialState = 'finished' | 'stopped' | 'failed' | 'unfinished';

/** One trial of a search. */
export interface Trial {
  /** Its number, from 1. */
  readonly trial: number;
  /** The options of `train` that were drawn, with the fixed ones. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What was drawn, by its path, such as `optimizer.learningRate`. */
  readonly drawn: Readonly<Record<string, unknown>>;
  readonly state: TrialState;
  /** The mean of the metric over the folds; NaN if there is none. */
  readonly score: number;
  /** The standard deviation of the metric over the folds, that of the population. */
  readonly std: number;
  /** The mean of each score over the folds. */
  readonly scores: Scores;
  /** The mean over the folds of the epochs that were trained; NaN for models of several networks. */
  readonly epochs: number;
  /** The time of all its trainings and evaluations together. */
  readonly seconds: number;
  /** Why it failed. */
  readonly error: Error | undefined;
}

const searchEnders = new WeakSet<Error>();

/** Lets an error of this library end the search, since it is about no options that were drawn. */
export function endsSearch<E extends Error>(error: E): E {
  searchEnders.add(error);
  return error;
}

export function doesEndSearch(error: unknown): boolean {
  return searchEnders.has(error as Error);
}

/** How trials are compared. */
export interface Goal {
  readonly scoreOf: (evaluation: object, scores: Scores) => number;
  readonly maximise: boolean;
}

/** A trial while the search runs. */
export class Candidate {
  state: TrialState = 'unfinished';
  score = Number.NaN;
  error: Error | undefined;
  readonly number: number;
  readonly ending: Ending;
  readonly #drawn: DrawnOptions;
  readonly #goal: Goal;
  /** Its trainings, one for each fold; empty before it begins and when it has been released. */
  runs: readonly TrialRun[] = [];
  #facts = { std: Number.NaN, scores: {} as Scores, epochs: 0, seconds: 0 };

  constructor(number: number, drawn: DrawnOptions, goal: Goal, ending: Ending) {
    this.number = number;
    this.#drawn = drawn;
    this.#goal = goal;
    this.ending = ending;
  }

  get report(): Trial {
    const { state, score, error } = this;
    return { trial: this.number, ...this.#drawn, state, score, ...this.#facts, error };
  }

  /** Whether it has a score, and may be trained further. */
  get goesOn(): boolean {
    return this.error === undefined && this.runs.length > 0;
  }

  /** Advances one run, unless another one has failed. */
  async advance(run: TrialRun, epoch: number | undefined): Promise<void> {
    if (this.error !== undefined) return;
    try {
      await run.advance(epoch);
    } catch (error) {
      this.#fail(error);
    }
  }

  // Errors of this library are about the options that were drawn. Others, and an abort, end the search.
  #fail(error: unknown): void {
    if (doesEndSearch(error)) throw error;
    if (this.error === undefined && !isBlasnetError(error)) throw error;
    this.error ??= error as Error;
    this.state = 'failed';
    this.ending.abort(error);
  }

  /** Computes the score, when all runs have advanced. */
  count(): void {
    const { runs } = this;
    const seconds = runs.reduce((sum, run) => sum + run.seconds, 0);
    const epochs = runs.reduce((sum, run) => sum + run.epochs, 0) / runs.length;
    this.#facts = { ...this.#facts, seconds, epochs };
    if (this.error !== undefined) return;
    const folds = runs.map(({ evaluation = {} }) => {
      const scores = scoresOf(evaluation);
      return { scores: { ...scores, '': this.#goal.scoreOf(evaluation, scores) } };
    });
    const { '': own, ...others } = summarise(folds);
    const { mean = Number.NaN, std = Number.NaN } = own ?? {};
    const scores = Object.fromEntries(Object.entries(others).map(([name, each]) => [name, each.mean]));
    this.score = mean;
    this.#facts = { std, scores, seconds, epochs };
    if (!Number.isNaN(mean)) return;
    this.state = 'failed';
    this.error = new RangeError('Expected the score to be a number, got NaN');
    // Its trainings may wait for what never comes.
    this.ending.abort(this.error);
  }

  /** Ends trainings that wait. */
  async stop(): Promise<void> {
    this.state = 'stopped';
    await Promise.all(this.runs.map((run) => run.stop()));
  }

  /** Lets go of the models. */
  release(): void {
    this.runs = [];
  }
}

/** Whether the first one is better. Of equal scores, the earlier trial is. */
function isBetter(a: Candidate, b: Candidate, { maximise }: Goal): boolean {
  if (a.score === b.score) return a.number < b.number;
  return maximise ? a.score > b.score : a.score < b.score;
}

/** A comparison of the trials. */
export interface Rung {
  /** It comes when all trials have trained this many epochs. */
  readonly epoch: number;
  /** How many trials go on. */
  readonly keep: number;
}

/**
 * The rungs of successive halving (Jamieson and Talwalkar, 2016): after each, one of `reduction` trials goes on, for
 * `reduction` times as many epochs, so that the last one trains all of them.
 */
export function rungsOf(trials: number, epochs: number, reduction: number): readonly Rung[] {
  const kept: number[] = [];
  for (let keep = Math.floor(trials / reduction); keep >= 1; keep = Math.floor(keep / reduction)) {
    kept.push(keep);
  }
  const made = kept.map((keep, i) => {
    return { epoch: Math.max(1, Math.round(epochs / reduction ** (kept.length - i))), keep };
  });
  // With few epochs, several rungs fall on one; the last one counts.
  return made.filter(({ epoch }, i) => epoch < epochs && epoch !== made[i + 1]?.epoch);
}

/** How trials are run. */
export interface TrialPlan {
  readonly goal: Goal;
  readonly parallel: number;
  readonly ending: Ending;
  /** The comparisons before the end, in ascending order. */
  readonly rungs: readonly Rung[];
  /** By performance.now(): no trial begins, or goes on after a rung, when it has passed. */
  readonly endsAt: number;
  /** Makes the trainings of a trial. */
  readonly runsOf: (candidate: Candidate) => readonly TrialRun[];
  readonly onTrialEnd: ((trial: Trial) => unknown) | undefined;
}

/** Runs the trials. Returns the best one, whose models are kept; undefined if all have failed. */
export async function runTrials(
  candidates: readonly Candidate[],
  plan: TrialPlan,
): Promise<Candidate | undefined> {
  const { goal, onTrialEnd } = plan;
  let alive = candidates;
  let best: Candidate | undefined;
  for (const rung of plan.rungs) {
    await advanceAll(alive, plan, rung.epoch, async (candidate) => {
      if (candidate.error !== undefined) await onTrialEnd?.(candidate.report);
    });
    const ranked = alive.filter(({ goesOn }) => goesOn).sort((a, b) => (isBetter(a, b, goal) ? -1 : 1));
    const ends = performance.now() >= plan.endsAt;
    alive = ends ? [] : ranked.slice(0, rung.keep);
    if (ends) [best] = ranked;
    for (const candidate of ranked.slice(alive.length)) {
      await candidate.stop();
      if (candidate !== best) candidate.release();
      await onTrialEnd?.(candidate.report);
    }
    if (alive.length === 0) return best;
  }
  // There may be many trials, so only the models of the best one are kept.
  await advanceAll(alive, plan, undefined, async (candidate) => {
    if (candidate.error === undefined) {
      candidate.state = 'finished';
      if (best === undefined || isBetter(candidate, best, goal)) {
        best?.release();
        best = candidate;
      } else candidate.release();
    }
    await onTrialEnd?.(candidate.report);
  });
  return best;
}

async function advanceAll(
  alive: readonly Candidate[],
  { parallel, ending, endsAt, runsOf }: TrialPlan,
  epoch: number | undefined,
  done: (candidate: Candidate) => Promise<void>,
): Promise<void> {
  const left = alive.map((candidate) => {
    const begins = candidate.runs.length === 0;
    if (begins) candidate.runs = runsOf(candidate);
    return { begins, runs: candidate.runs.length };
  });
  const folds = alive[0]?.runs.length ?? 0;
  await runTasks(alive.length * folds, parallel, ending, async (i) => {
    const place = Math.floor(i / folds);
    const [candidate, of] = [alive[place], left[place]] as [Candidate, (typeof left)[0]];
    const fold = i % folds;
    // The first trial begins in any case.
    if (of.begins && fold === 0 && place > 0 && performance.now() >= endsAt) candidate.release();
    const run = candidate.runs[fold];
    if (run === undefined) return;
    await candidate.advance(run, epoch);
    of.runs--;
    if (of.runs > 0) return;
    candidate.count();
    if (candidate.error !== undefined) candidate.release();
    await done(candidate);
  });
}

/** The trials as a table: what became of them, and what was drawn by its path, which `drawn.` may precede. */
export function trialsTable(trials: readonly Trial[]): Table {
  const paths = [...new Set(trials.flatMap(({ drawn }) => Object.keys(drawn)))];
  const own = {
    trial: trials.map(({ trial }) => trial),
    state: trials.map(({ state }) => state),
    score: trials.map(({ score }) => score),
    std: trials.map(({ std }) => std),
    trainedEpochs: trials.map(({ epochs }) => epochs),
    seconds: trials.map(({ seconds }) => seconds),
    error: trials.map(({ error }) => error?.message ?? null),
  };
  const options = paths.map(
    (path) => [path in own ? `drawn.${path}` : path, cells(trials.map(({ drawn }) => drawn[path]))] as const,
  );
  return Table.from({ ...own, ...Object.fromEntries(options) });
}

// A column has one kind of values. Where they differ, and for other kinds, it has texts.
function cells(values: readonly unknown[]): readonly unknown[] {
  const kinds = new Set(values.filter((value) => value !== undefined).map((value) => typeof value));
  const [kind] = kinds;
  if (kinds.size === 1 && ['number', 'string', 'boolean'].includes(kind as string)) return values;
  return values.map((value) => {
    if (value === undefined) return null;
    return typeof value === 'string' ? value : shownValue(value);
  });
}

/** A value that was drawn, as a short text. */
export function shownValue(value: unknown): string {
  if (typeof value === 'function') return describe(value);
  try {
    return JSON.stringify(value) ?? describe(value);
  } catch {
    // A bigint, or an object that contains itself.
    return describe(value);
  }
}
