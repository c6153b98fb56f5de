// Cases of work with rows: first the results are compared, then scikit-learn and the library are timed in turns.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compare, fastest } from './comparison.mjs';
import { keyOf, timed } from './contestants.mjs';
import { time } from './quantities.mjs';
import { rivalEntry } from './rivals.mjs';
import { takeTurns } from './rounds.mjs';
import { resultOf, titleOf, verifyEqual } from './verification.mjs';

/** @import { Bench } from './bench.mjs' */
/** @import { Dtype } from './limits.mjs' */
/** @import { Requirement } from './rows.mjs' */
/** @import { RivalId } from './rivals.mjs' */
/** @import { Problem } from './verification.mjs' */

/**
 * @typedef {object} RowWork
 * @property {string} variant
 * @property {string} work   a name in rivals/row-work.mjs
 * @property {Dtype} dtype
 * @property {number} cols
 * @property {ArrayLike<number>} X   (rows x cols)
 * @property {ArrayLike<number>} [Y]   (rows)
 * @property {number} [tolerance]   none: the results cannot be compared
 * @property {Readonly<Record<number, Requirement>>} must   by our number of threads
 */

const rival = 'sklearn';
let jobs = 0;

/**
 * @param {Bench} bench
 * @param {string} id
 * @param {RowWork} rowWork
 */
export async function runRowWork(bench, id, rowWork) {
  const { variant, must } = rowWork;
  const job = writeRows(bench, rowWork);
  const ourThreads = Object.keys(must).map(Number);
  const problem = await differs(bench, id, rowWork, job, ourThreads);
  const theirThreads = rivalEntry(rival).threads;
  const turns = (/** @type {RivalId} */ who, /** @type {readonly number[]} */ counts) =>
    counts.map((threads) => timed(bench, who, threads, job, 'time-predictions'));
  const contestants = [
    ...(problem?.wrong ? [] : turns('blasnet', ourThreads)),
    ...(problem === undefined ? turns(rival, theirThreads) : []),
  ];
  const outcomes = await takeTurns(contestants, bench.rounds, (line) =>
    bench.log(`${id} ${variant}: ${line}`),
  );
  const theirs = fastest(
    theirThreads.map((n) => ({
      title: titleOf(rival, n),
      outcome: problem ?? outcomes.get(keyOf(rival, n)) ?? { unavailable: 'not run' },
    })),
  );
  for (const threads of ourThreads) {
    const what = { case: id, variant, threads: String(threads), quantity: time(''), must: must[threads] };
    const ours = outcomes.get(keyOf('blasnet', threads)) ?? problem ?? { unavailable: 'not run' };
    bench.rows.push(compare(what, ours, theirs));
  }
}

/** @returns {any} the job for both */
function writeRows(/** @type {Bench} */ bench, /** @type {RowWork} */ { work, dtype, cols, X, Y }) {
  const name = `rows${jobs++}`;
  const file = (/** @type {string} */ part, /** @type {ArrayLike<number>} */ values) => {
    const path = join(bench.folder, `${name}-${part}.bin`);
    writeFileSync(path, dtype === 'float64' ? Float64Array.from(values) : Float32Array.from(values));
    return path;
  };
  return {
    work,
    dtype,
    cols,
    rows: X.length / cols,
    X: file('X', X),
    ...(Y && { Y: file('Y', Y) }),
    predictions: join(bench.folder, `${name}-result.bin`),
  };
}

/**
 * The reason not to time: our results differ from scikit-learn's or between numbers of threads, or one cannot run.
 *
 * @param {Bench} bench
 * @param {string} id
 * @param {RowWork} rowWork
 * @param {any} job
 * @param {readonly number[]} ourThreads
 * @returns {Promise<Problem | undefined>}
 */
async function differs(bench, id, { variant, dtype, tolerance }, job, ourThreads) {
  const missing = bench.missing(rival);
  if (missing !== undefined) return { unavailable: missing };
  if (tolerance === undefined) return undefined;
  const claim = { case: id, variant, what: `results (${dtype})`, tolerance };
  const ours = await resultOf(bench, 'blasnet', { ...job, threads: 1 });
  if ('unavailable' in ours) return ours;
  for (const threads of ourThreads.filter((count) => count > 1)) {
    const many = await resultOf(bench, 'blasnet', { ...job, threads });
    if ('unavailable' in many) return many;
    const title = `blasnet on ${threads} threads`;
    const problem = verifyEqual(bench, { ...claim, tolerance: 0 }, title, ours, many);
    if (problem !== undefined) return problem;
  }
  const theirs = await resultOf(bench, rival, { ...job, threads: 1 });
  if ('unavailable' in theirs) return theirs;
  return verifyEqual(bench, claim, rivalEntry(rival).title, ours, theirs);
}
