// Cases that train. All contestants start from equal parameters. First their loss curves and predictions are compared,
// then their trainings are timed in turns.

import { compare, fastest } from './comparison.mjs';
import { keyOf, timed, yardstickFor, yardstickTitle } from './contestants.mjs';
import { firstRows, rowsOf, trainingFlop, writeJob } from './jobs.mjs';
import { rate, time } from './quantities.mjs';
import { rivalEntry } from './rivals.mjs';
import { takeTurns } from './rounds.mjs';
import { resultOf, titleOf, verifyEqual } from './verification.mjs';

/** @import { Bench } from './bench.mjs' */
/** @import { Yardstick } from './contestants.mjs' */
/** @import { Job, Task } from './jobs.mjs' */
/** @import { Quantity } from './quantities.mjs' */
/** @import { RivalId } from './rivals.mjs' */
/** @import { Contestant, Outcome } from './rounds.mjs' */
/** @import { Row } from './rows.mjs' */
/** @import { Problem } from './verification.mjs' */

/**
 * Our number of threads in a row of the result. `best` takes the faster number.
 * @typedef {'1' | '2' | 'best'} Threads
 */

/**
 * @typedef {object} Comparison
 * @property {RivalId} rival
 * @property {number} tolerance   the largest relative difference of losses and predictions
 * @property {Partial<Record<Threads, number | undefined>>} [must]
 *   a row for each of our numbers of threads: how many times faster than the rival's best we must be; undefined: no aim
 * @property {Partial<Task>} [compared]   changes to the task of both when results are compared
 * @property {Partial<Task>} [theirs]   changes to the rival's task when it is timed
 */

/**
 * A yardstick, and the share of its rate that we must reach on one thread, and of the FMA limit of two cores on two. There
 * is a row for each number of threads that is named; undefined: no aim. Default: a row for one thread, without an aim.
 * @typedef {Yardstick & { must?: Partial<Record<1 | 2, number | undefined>> }} Share
 */

/**
 * @typedef {object} TrainingVariant
 * @property {string} name
 * @property {Task} task
 * @property {{ epochs: number, rows?: number }} verify   the epochs and rows of the comparison; default: all rows
 * @property {readonly Comparison[]} comparisons
 * @property {readonly Share[]} [yardsticks]
 * @property {number} [twoThreads]   how many times faster two threads must be than one
 * @property {{ accuracy: number, mostEpochs: number }} [until]
 *   times the training until this share of task.test is predicted right, instead of an epoch
 * @property {Quantity} [quantity]   default: milliseconds for an epoch
 */

const threadCounts = [1, 2];

/**
 * @param {Bench} bench
 * @param {string} id
 * @param {TrainingVariant} variant
 */
export async function runTraining(bench, id, variant) {
  const problems = await verifyTraining(bench, id, variant);
  const { task, comparisons, yardsticks = [] } = variant;
  const job = writeJob(bench, task);
  const contestants = [
    ...threadCounts.map((threads) => contestant(bench, 'blasnet', threads, job, variant)),
    ...comparisons
      .filter(({ rival }) => !problems.has(rival))
      .flatMap(({ rival, theirs }) => {
        const rivalJob = theirs === undefined ? job : writeJob(bench, { ...task, ...theirs });
        return rivalEntry(rival).threads.map((threads) =>
          contestant(bench, rival, threads, rivalJob, variant),
        );
      }),
    ...yardsticks.map((yardstick) => yardstickFor(bench, yardstick, task)),
  ];
  const turns = problems.has('blasnet') ? [] : contestants;
  const outcomes = await takeTurns(turns, bench.rounds, (line) =>
    bench.log(`${id} ${variant.name}: ${line}`),
  );
  const outcomeOf = (/** @type {RivalId} */ who, /** @type {number} */ threads) =>
    problems.get(who) ??
    outcomes.get(keyOf(who, threads)) ??
    problems.get('blasnet') ?? { unavailable: 'not run' };

  for (const comparison of comparisons)
    bench.rows.push(...comparisonRows(id, variant, comparison, outcomeOf));
  for (const yardstick of yardsticks) {
    const outcome = outcomes.get(yardstickTitle(yardstick)) ?? { unavailable: 'not run' };
    bench.rows.push(...shareRows(id, variant, yardstick, outcome, (n) => outcomeOf('blasnet', n)));
  }
  if (variant.twoThreads !== undefined) {
    const quantity = variant.quantity ?? time('an epoch');
    const must = { ratio: variant.twoThreads };
    const what = { case: id, variant: variant.name, threads: '2', quantity, must };
    const one = { title: 'blasnet (1)', outcome: outcomeOf('blasnet', 1) };
    bench.rows.push(compare(what, outcomeOf('blasnet', 2), one));
  }
}

/** @returns {Promise<Map<RivalId, Problem>>} the contestants that cannot be timed, and why */
async function verifyTraining(
  /** @type {Bench} */ bench,
  /** @type {string} */ id,
  /** @type {TrainingVariant} */ variant,
) {
  /** @type {Map<RivalId, Problem>} */
  const problems = new Map();
  const { epochs, rows } = variant.verify;
  const data = rows === undefined ? variant.task.data : firstRows(variant.task, rows);
  const task = { ...variant.task, data, shuffle: false };
  const claim = {
    case: id,
    variant: variant.name,
    what: `${epochs === 1 ? 'the loss' : `${epochs} losses`} and the predictions`,
  };
  const train = (/** @type {RivalId} */ who, /** @type {number} */ threads, /** @type {Job} */ job) =>
    resultOf(bench, who, { ...job, threads, epochs });

  const job = writeJob(bench, task);
  const ours = await train('blasnet', 1, job);
  if ('unavailable' in ours) return problems.set('blasnet', ours);
  const oursOnTwo = await train('blasnet', 2, job);
  if (!('unavailable' in oursOnTwo)) {
    const problem = verifyEqual(bench, { ...claim, tolerance: 0 }, 'blasnet on 2 threads', ours, oursOnTwo);
    if (problem !== undefined) return problems.set('blasnet', problem);
  }

  for (const { rival, tolerance, compared } of variant.comparisons) {
    const sameJob = compared === undefined ? job : writeJob(bench, { ...task, ...compared });
    const expected = await train(rival, 1, sameJob);
    const same = compared === undefined ? ours : await train('blasnet', 1, sameJob);
    if ('unavailable' in expected) problems.set(rival, expected);
    else if ('unavailable' in same) problems.set(rival, same);
    else {
      const problem = verifyEqual(bench, { ...claim, tolerance }, rivalEntry(rival).title, same, expected);
      if (problem !== undefined) problems.set(rival, problem);
    }
  }
  return problems;
}

/** @returns {Contestant} */
function contestant(
  /** @type {Bench} */ bench,
  /** @type {RivalId} */ who,
  /** @type {number} */ threads,
  /** @type {Job} */ job,
  /** @type {TrainingVariant} */ { until },
) {
  if (until === undefined) return timed(bench, who, threads, job, 'time-training');
  return {
    key: keyOf(who, threads),
    measure: async () => {
      const answer = await bench.ask(who, { ...job, task: 'train-until', threads, ...until });
      if ('unavailable' in answer) return answer;
      const after = `after ${answer.epochs} epochs`;
      if (answer.accuracy >= until.accuracy) return { value: answer.milliseconds, note: after };
      return { unavailable: `has ${(100 * answer.accuracy).toFixed(1)} % right ${after}` };
    },
  };
}

/** @returns {Row[]} */
function comparisonRows(
  /** @type {string} */ id,
  /** @type {TrainingVariant} */ variant,
  /** @type {Comparison} */ { rival, must = { best: undefined } },
  /** @type {(who: RivalId, threads: number) => Outcome} */ outcomeOf,
) {
  const sides = (/** @type {RivalId} */ who, /** @type {readonly number[]} */ counts) =>
    counts.map((threads) => ({ title: titleOf(who, threads), threads, outcome: outcomeOf(who, threads) }));
  const theirs = fastest(sides(rival, rivalEntry(rival).threads));
  return Object.entries(must).map(([threads, ratio]) => {
    const ours = fastest(sides('blasnet', threads === 'best' ? threadCounts : [Number(threads)]));
    const what = {
      case: id,
      variant: variant.name,
      threads: threads === 'best' ? `${ours.threads} (the faster)` : threads,
      quantity: variant.quantity ?? time('an epoch'),
      must: ratio === undefined ? undefined : { ratio },
    };
    return compare(what, ours.outcome, theirs);
  });
}

/**
 * Our rate as a share of a yardstick's.
 *
 * @param {string} id
 * @param {TrainingVariant} variant
 * @param {Share} share
 * @param {Outcome} outcome   the yardstick's, on one core
 * @param {(threads: number) => Outcome} oursOn
 * @returns {Row[]}
 */
export function shareRows(id, { name, task }, { must = { 1: undefined }, ...yardstick }, outcome, oursOn) {
  const flop = trainingFlop(task.layers, rowsOf(task));
  return Object.entries(must).map(([threads, ratio]) => {
    const what = {
      ...{ case: id, variant: name, threads, quantity: rate('GFLOP', flop / 1e9) },
      must: ratio === undefined ? undefined : { ratio },
    };
    const title = yardstickTitle(/** @type {Yardstick} */ (yardstick), Number(threads));
    return compare(what, oursOn(Number(threads)), { title, outcome: onCores(outcome, Number(threads)) });
  });
}

/** What several cores could do at the rate of one. */
function onCores(/** @type {Outcome} */ outcome, /** @type {number} */ cores) {
  if ('unavailable' in outcome) return outcome;
  return { ...outcome, values: outcome.values.map((value) => value / cores) };
}
