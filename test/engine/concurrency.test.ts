// Several trainings of every kind run at one time, on other threads of this process and in workers, with
// several thread budgets. Each gives the result that it gives alone.

import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { getThreads, setThreads } from '../../lib/addon/threads';
import type { Dtype, Matrix } from '../../lib/base/matrix';
import type { LayerOptions } from '../../lib/layers/architecture';
import type { EmbeddingOptions } from '../../lib/layers/embeddings';
import { Network } from '../../lib/network/network';
import { adam, sgd } from '../../lib/optimizers/optimizers';
import type { FitOptions } from '../../lib/training/options';
import { bits } from '../native/helpers';
import { inChild, type Library } from '../network/child';
import { inputsFor, layers, randomLabels } from '../network/helpers';

vi.setConfig({ testTimeout: 60_000 });

const processors = getThreads();
afterEach(() => setThreads(processors));

interface Case {
  readonly sizes: readonly number[];
  /** Replaces plain layers of these sizes. */
  readonly architecture?: readonly LayerOptions[];
  readonly rows: number;
  readonly options: FitOptions;
}

/**
 * In tiles and swept, with full batches and mini-batches, by several optimisers. All are large enough for
 * several threads.
 */
const cases: readonly (readonly [what: string, Case])[] = [
  [
    'tiles, full batch, gradient descent',
    { sizes: [10, 40, 40, 1], rows: 1500, options: { epochs: 3, batchSize: 'full' } },
  ],
  [
    'tiles, mini-batches, Adam',
    { sizes: [10, 40, 40, 2], rows: 1200, options: { epochs: 2, batchSize: 300, optimizer: adam() } },
  ],
  [
    'tiles from a wide input, momentum',
    {
      sizes: [120, 60, 3],
      rows: 900,
      options: { epochs: 2, batchSize: 400, optimizer: sgd({ momentum: 0.9 }) },
    },
  ],
  [
    'swept, full batch, momentum',
    {
      sizes: [300, 700, 300, 2],
      rows: 300,
      options: { epochs: 2, batchSize: 'full', optimizer: sgd({ learningRate: 0.001, momentum: 0.5 }) },
    },
  ],
  [
    'swept, mini-batches, gradient descent',
    { sizes: [50, 640, 640, 1], rows: 200, options: { epochs: 1, batchSize: 64 } },
  ],
  [
    'tiles behind tables, with residual connections',
    {
      sizes: [10, 40, 40, 1],
      architecture: residual(10, 40, [{ categories: 500, outputDim: 12 }, { categories: 3 }]),
      rows: 1200,
      options: { epochs: 2, batchSize: 300, optimizer: adam() },
    },
  ],
  [
    'swept behind tables, with residual connections',
    {
      sizes: [0, 400, 400, 1],
      architecture: residual(0, 400, [{ categories: 3000, outputDim: 20 }]),
      rows: 300,
      options: { epochs: 2, batchSize: 150, optimizer: sgd({ learningRate: 0.01, momentum: 0.5 }) },
    },
  ],
];

/**
 * Three hidden layers of equal width. The second adds its own inputs; the third adds the outputs of the
 * first.
 */
function residual(
  inputDim: number,
  outputDim: number,
  embeddings: readonly EmbeddingOptions[],
): LayerOptions[] {
  return [
    { inputDim, outputDim, activation: 'tanh', name: 'first', embeddings, dropout: 0.1 },
    { outputDim, activation: 'relu', skip: true },
    { outputDim, activation: 'tanh', skip: 'first' },
    { outputDim: 1, activation: 'sigmoid' },
  ];
}

const layersOf = ({ sizes, architecture }: Case) => architecture ?? layers(sizes, 'tanh', 'sigmoid');

function samples(each: Case, dtype: Dtype) {
  const { sizes, rows } = each;
  return { X: inputsFor(layersOf(each), rows, 1, dtype), Y: randomLabels(rows, sizes.at(-1) ?? 0, 2, dtype) };
}

const network = (each: Case, dtype: Dtype) => new Network(layersOf(each), { seed: 1, dtype });

/** A digest of all bits of some matrices, which are too many to compare one by one. */
function digest(matrices: Iterable<Matrix>): string {
  const hash = createHash('sha256');
  // A hash refuses shared memory, so this copies.
  for (const { data } of matrices) hash.update(Buffer.from(bits(data)));
  return hash.digest('hex');
}

/** The result of one training, and of the calls on the trained network. */
async function outcome(each: Case, dtype: Dtype, how: 'sync' | 'async', threads?: number) {
  const net = network(each, dtype);
  const { X, Y } = samples(each, dtype);
  const options = { ...each.options, ...(threads === undefined ? {} : { threads }) };
  const history = how === 'sync' ? net.fitSync(X, Y, options) : await net.fit(X, Y, options);
  const evaluation = how === 'sync' ? net.evaluateSync(X, Y) : await net.evaluate(X, Y);
  const predictions = how === 'sync' ? net.predictSync(X) : await net.predict(X);
  const { loss, ...gradients } = net.gradients(X, Y);
  return {
    ...{ history, evaluation, loss, predictions: digest([predictions]) },
    ...{ gradients: digest(Object.values(gradients)), parameters: digest(Object.values(net.parameters)) },
  };
}

describe.each(['float64', 'float32'] as const)('trainings in %s', (dtype) => {
  it.each(cases)('have the same bits on any number of threads: %s', async (_, each) => {
    setThreads(1);
    const alone = await outcome(each, dtype, 'sync');
    setThreads(8);
    for (const threads of [2, 3, undefined]) {
      expect(await outcome(each, dtype, 'async', threads)).toEqual(alone);
    }
    expect(await outcome(each, dtype, 'sync')).toEqual(alone);
  });

  it.each([2, 8])('have the same bits all at once under a budget of %i as alone', async (budget) => {
    setThreads(1);
    const alone = [];
    for (const [, each] of cases) alone.push(await outcome(each, dtype, 'sync'));
    setThreads(budget);
    const together = Promise.all(
      [...cases, ...cases].map(([, each], i) => outcome(each, dtype, 'async', i % 3 === 0 ? 2 : undefined)),
    );
    // And one on this thread, while the others run.
    expect(await outcome((cases[0] as (typeof cases)[number])[1], dtype, 'sync')).toEqual(alone[0]);
    expect(await together).toEqual([...alone, ...alone]);
  });
});

it.each([2, 8])('trainings in workers under a budget of %i have the same bits as alone', async (budget) => {
  const [, tiles] = cases[0] as (typeof cases)[number];
  const [, swept] = cases[4] as (typeof cases)[number];
  const settings = [tiles, swept].map(({ sizes, rows, options }) => ({
    architecture: layers(sizes, 'tanh', 'sigmoid'),
    ...{ inputs: sizes[0] as number, rows, options },
  }));
  const ended = await inChild(
    async (path, { settings, budget }) => {
      const { Worker } = require('node:worker_threads');
      const { setThreads }: Library = require(path);
      const program = `
        const { parentPort, workerData } = require('node:worker_threads');
        const { path, architecture, inputs, rows, options, how } = workerData;
        const { Network } = require(path);
        const X = new Float64Array(rows * inputs).map((_, i) => Math.sin(i));
        const Y = new Float64Array(rows).map((_, i) => i % 2);
        const net = new Network(architecture, { seed: 1 });
        Promise.resolve(net[how](X, Y, options)).then(({ loss }) => {
          const flat = Object.values(net.parameters).map(({ data }) => Buffer.from(data.slice().buffer));
          parentPort.postMessage(loss.join(' ') + Buffer.concat(flat).toString('base64'));
        });`;
      const train = (setting: object, how: string) => {
        const worker = new Worker(program, { eval: true, workerData: { path, ...setting, how } });
        return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      };
      setThreads(1);
      const alone: unknown[] = [];
      for (const setting of settings) alone.push(await train(setting, 'fitSync'));
      setThreads(budget);
      const results = await Promise.all(
        ['fit', 'fitSync', 'fit'].flatMap((how) => settings.map((setting) => train(setting, how))),
      );
      console.log(results.map((result, i) => result === alone[i % settings.length]).join(' '));
    },
    { settings, budget },
  );
  expect(ended).toMatchObject({ code: 0, stdout: 'true true true true true true\n', stderr: '' });
});
