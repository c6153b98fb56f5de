// How much `fit` on all cores delays the rest of the program: the event loop, and libuv's threads.

import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { compare, withoutFigure } from '../harness/comparison.mjs';
import { moons, synthetic } from '../harness/data.mjs';
import { writeJob } from '../harness/jobs.mjs';
import { time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { resultOf, verifyEqual } from '../harness/verification.mjs';
import { moonsLayers } from './moons-full.mjs';
import { wideLayers } from './wide.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Task } from '../harness/jobs.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */
/** @import { Row } from '../harness/rows.mjs' */
/** @import { Problem } from '../harness/verification.mjs' */

export const id = 'loop';
export const title = 'The event loop and file reads while fit runs on all cores';

export async function run(/** @type {Bench} */ bench) {
  const optimizer = /** @type {const} */ ({ name: 'sgd', learningRate: 0.01 });
  await besideTraining(bench, 'moons-full, float64', {
    layers: moonsLayers,
    dtype: 'float64',
    data: moons(),
    optimizer,
  });
  await besideTraining(bench, 'wide, float32', {
    layers: wideLayers,
    dtype: 'float32',
    data: synthetic(bench.quick ? 640 : 3840, 784, 10),
    batchSize: 128,
    optimizer,
  });
}

async function besideTraining(
  /** @type {Bench} */ bench,
  /** @type {string} */ name,
  /** @type {Task} */ task,
) {
  const threads = availableParallelism();
  const written = writeJob(bench, task);
  const what = { case: id, variant: name, threads: String(threads) };
  const problem = await differentWays(bench, name, { ...written, threads });
  if (problem !== undefined) {
    bench.rows.push(withoutFigure(what, problem));
    return;
  }

  const file = join(bench.folder, 'to-be-read');
  writeFileSync(file, Buffer.alloc(2 ** 16));
  const job = { ...written, threads };
  const probe = (/** @type {'delay' | 'read'} */ what, /** @type {boolean} */ training) => () =>
    bench.probe('loop.mjs', { what, training, job, file, seconds: bench.seconds });
  const fit = (/** @type {'fit' | 'fitSync'} */ way) => () =>
    bench.time('blasnet', { ...job, way, task: 'time-training' });
  const contestants = [
    { key: 'delay at rest', measure: probe('delay', false) },
    { key: 'delay while training', measure: probe('delay', true) },
    { key: 'read at rest', measure: probe('read', false) },
    { key: 'read while training', measure: probe('read', true) },
    { key: 'fit', measure: fit('fit') },
    { key: 'fitSync', measure: fit('fitSync') },
  ];
  const outcomes = await takeTurns(contestants, bench.rounds, (line) => bench.log(`${id} ${name}: ${line}`));
  const outcomeOf = (/** @type {string} */ key) => /** @type {Outcome} */ (outcomes.get(key));
  const row = (
    /** @type {string} */ part,
    /** @type {string} */ piece,
    /** @type {Row['must']} */ must,
    /** @type {string} */ ours,
    /** @type {string} */ other,
  ) => {
    const described = { ...what, variant: `${name}: ${part}`, quantity: time(piece), must };
    bench.rows.push(compare(described, outcomeOf(ours), { title: other, outcome: outcomeOf(other) }));
  };
  row('event-loop delay, p99', '', { atMost: 10 }, 'delay while training', 'delay at rest');
  row('fs.readFile of 64 KiB', '', { ratio: 0.5 }, 'read while training', 'read at rest');
  row('fit', 'an epoch', { ratio: 0.95 }, 'fit', 'fitSync');
}

/**
 * The reason not to time this case, if there is one: fit or fitSync is not available, or their results differ.
 *
 * @param {Bench} bench
 * @param {string} name
 * @param {import('../harness/jobs.mjs').Job & { threads: number }} job
 * @returns {Promise<Problem | undefined>}
 */
async function differentWays(bench, name, job) {
  const fit = await resultOf(bench, 'blasnet', { ...job, epochs: 5, way: 'fit' });
  const sync = await resultOf(bench, 'blasnet', { ...job, epochs: 5, way: 'fitSync' });
  if ('unavailable' in fit) return fit;
  if ('unavailable' in sync) return sync;
  const claim = { case: id, variant: name, what: '5 losses and the predictions', tolerance: 0 };
  return verifyEqual(bench, claim, 'fitSync', fit, sync);
}
