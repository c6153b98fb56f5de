// The cost of each option of layers and of fit: the training with it is compared with the training without it, on one
// thread.

import { compare, withoutFigure } from '../harness/comparison.mjs';
import { timed } from '../harness/contestants.mjs';
import { moons, synthetic, withCodes } from '../harness/data.mjs';
import { dense, writeJob } from '../harness/jobs.mjs';
import { time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { resultOf, verifyEqual } from '../harness/verification.mjs';
import { moonsLayers } from './moons-full.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Embedding, Job, Layer, Task } from '../harness/jobs.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */
/** @import { Problem } from '../harness/verification.mjs' */

export const id = 'options';
export const title = 'The cost of options, compared with the training without them';

/**
 * @typedef {object} Option
 * @property {string} name
 * @property {(layers: readonly Layer[]) => Layer[]} [layers]   adds the option to the layers
 * @property {(task: Task) => Task} [task]   adds the option to the task, if it needs other samples
 * @property {string} [extra]   its name in rivals/extras.mjs
 * @property {boolean} [watches]   it only observes: the training must have equal results without it
 */

const hidden = (/** @type {object} */ option) => (/** @type {readonly Layer[]} */ layers) =>
  layers.map((layer, i) => (i === layers.length - 1 ? layer : { ...layer, ...option }));
const first = (/** @type {object} */ option) => (/** @type {readonly Layer[]} */ layers) =>
  layers.map((layer, i) => (i === 0 ? { ...layer, ...option } : layer));
const all = (/** @type {object} */ option) => (/** @type {readonly Layer[]} */ layers) =>
  layers.map((layer) => ({ ...layer, ...option }));

/** @type {readonly Option[]} */
const options = [
  { name: 'dropout 0.2 after every hidden layer', layers: hidden({ dropout: 0.2 }) },
  { name: 'noise on the inputs', layers: first({ noise: 0.1 }) },
  { name: 'batch normalisation', layers: hidden({ normalization: 'batch' }) },
  { name: 'layer normalisation', layers: hidden({ normalization: 'layer' }) },
  { name: 'l2', layers: all({ l2: 1e-4 }) },
  { name: 'maxNorm', layers: all({ maxNorm: 3 }) },
  { name: 'clipNorm', extra: 'clipNorm' },
  { name: 'sample weights', extra: 'sampleWeight' },
  { name: 'a schedule by steps', extra: 'schedule' },
  { name: 'accumulate 4', extra: 'accumulate' },
  { name: 'validation on a tenth of the rows', extra: 'validation', watches: true },
  { name: 'f1 and rocAuc of the training set', extra: 'metrics', watches: true },
  { name: 'a callback an epoch', extra: 'onEpochEnd', watches: true },
  { name: 'a callback a step', extra: 'onBatchEnd', watches: true },
];

/** Replaces the last half of the numbers by tables; the first layer keeps its number of inputs. */
const tables = (/** @type {number} */ categories) => (/** @type {Task} */ task) => {
  const [layer, ...rest] = /** @type {[Layer, ...Layer[]]} */ (task.layers);
  const inputDim = layer.inputDim / 2;
  /** @type {Embedding[]} */
  const embeddings = Array.from({ length: inputDim / 8 }, () => ({ categories, outputDim: 8 }));
  const data = withCodes(task.data, layer.inputDim, inputDim, embeddings);
  return { ...task, layers: [{ ...layer, inputDim, embeddings }, ...rest], data };
};

/** Eight times the rows, in batches of eight times the size: what eight members go through. */
const eightfold = (/** @type {Task} */ task) => {
  const [{ inputDim }] = /** @type {[Layer]} */ (task.layers);
  const outputs = 10;
  return {
    ...task,
    data: synthetic((8 * task.data.Y.length) / outputs, inputDim, outputs),
    batchSize: 8 * /** @type {number} */ (task.batchSize),
  };
};

/** @type {readonly Option[]} */
const stackOptions = [
  {
    name: 'skip around two of three hidden layers',
    layers: (layers) => layers.map((layer, i) => (i === 1 || i === 2 ? { ...layer, skip: true } : layer)),
  },
  { name: 'embeddings of 4 x 50 categories for half of the inputs', task: tables(50) },
  { name: 'embeddings of 4 x 5,000 categories for half of the inputs', task: tables(5000) },
  { name: '8 members; 8 networks take 8', layers: first({ members: 8 }) },
  { name: 'beside them: 8 times the rows, in batches of 1,024', task: eightfold },
];

export async function run(/** @type {Bench} */ bench) {
  const rows = bench.quick ? 640 : 6400;
  await besidePlain(
    bench,
    'moons, SGD, batches of 32, float64',
    {
      layers: moonsLayers,
      dtype: 'float64',
      data: moons(),
      batchSize: 32,
      shuffle: true,
      optimizer: { name: 'sgd', learningRate: 0.01 },
    },
    options,
  );
  await besidePlain(
    bench,
    '784-128-64-10, Adam, batches of 128, float32',
    {
      layers: dense([784, 128, 64, 10], 'relu', 'softmax'),
      dtype: 'float32',
      data: synthetic(rows, 784, 10),
      batchSize: 128,
      shuffle: true,
      optimizer: { name: 'adam', learningRate: 0.001 },
    },
    options,
  );
  await besidePlain(
    bench,
    '64-128-128-128-10, Adam, batches of 128, float32',
    {
      layers: dense([64, 128, 128, 128, 10], 'relu', 'softmax'),
      dtype: 'float32',
      data: synthetic(rows, 64, 10),
      batchSize: 128,
      shuffle: true,
      optimizer: { name: 'adam', learningRate: 0.001 },
    },
    stackOptions,
  );
}

async function besidePlain(
  /** @type {Bench} */ bench,
  /** @type {string} */ name,
  /** @type {Task} */ task,
  /** @type {readonly Option[]} */ options,
) {
  const job = writeJob(bench, task);
  const jobs = options.map((option) => {
    const own = option.task === undefined ? job : writeJob(bench, option.task(task));
    return {
      option,
      job: { ...own, layers: option.layers?.(own.layers) ?? own.layers, extra: option.extra },
    };
  });
  const what = { case: id, threads: '1' };
  const trained = (/** @type {Job} */ job, /** @type {number} */ threads) =>
    resultOf(bench, 'blasnet', { ...job, threads, epochs: 2 });

  /** @type {Map<string, Problem>} */
  const problems = new Map();
  const plain = await trained(job, 1);
  for (const { option, job } of jobs) {
    const ours = await trained(job, 1);
    const other = option.watches ? plain : await trained(job, 2);
    if ('unavailable' in ours) problems.set(option.name, ours);
    else if ('unavailable' in other) problems.set(option.name, other);
    else {
      const variant = `${name}: ${option.name}`;
      const claim = { case: id, variant, what: '2 losses and the predictions', tolerance: 0 };
      const title = option.watches ? 'the training without it' : 'blasnet on 2 threads';
      const problem = verifyEqual(bench, claim, title, ours, other);
      if (problem !== undefined) problems.set(option.name, problem);
    }
  }

  const contestants = [
    { ...timed(bench, 'blasnet', 1, job, 'time-training'), key: 'plain' },
    ...jobs
      .filter(({ option }) => !problems.has(option.name))
      .map(({ option, job }) => ({
        ...timed(bench, 'blasnet', 1, job, 'time-training'),
        key: option.name,
      })),
  ];
  const outcomes = await takeTurns(contestants, bench.rounds, (line) => bench.log(`${id} ${name}: ${line}`));
  const plainOutcome = /** @type {Outcome} */ (outcomes.get('plain'));
  bench.rows.push(
    compare({ ...what, variant: `${name}: no option`, quantity: time('an epoch') }, plainOutcome),
  );
  for (const { option } of jobs) {
    const variant = `${name}: ${option.name}`;
    const problem = problems.get(option.name);
    if (problem !== undefined) bench.rows.push(withoutFigure({ ...what, variant }, problem));
    else {
      const outcome = /** @type {Outcome} */ (outcomes.get(option.name));
      bench.rows.push(compare({ ...what, variant, quantity: timesAsLong }, relative(outcome, plainOutcome)));
    }
  }
}

/** @type {import('../harness/quantities.mjs').Quantity} */
const timesAsLong = { unit: 'times as long', of: (value) => value, better: 'lower' };

/** An outcome as multiples of another, round by round. @returns {Outcome} */
function relative(/** @type {Outcome} */ outcome, /** @type {Outcome} */ base) {
  if ('unavailable' in outcome) return outcome;
  if ('unavailable' in base) return base;
  return { values: outcome.values.map((value, round) => value / /** @type {number} */ (base.values[round])) };
}
