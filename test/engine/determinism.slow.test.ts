// With every option of layers and steps switched on, no bit depends on the number of threads.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { native } from '../../lib/addon/binding';
import type { FloatArray } from '../../lib/base/matrix';
import { expectSameBits, type FloatType, floatTypes } from '../native/helpers';
import { makePlan, parameterCount, samplesFor, type TrainingRequest, train } from '../native/plans';
import type { StackLayer } from '../support/oracle-stack';

vi.setConfig({ testTimeout: 60_000 });
afterEach(() => native.setThreads(1));

const rows = 700;
const loss = 'categoricalCrossEntropy';

/**
 * Layers of these sizes: all with noise, penalties and limits, all but the last with dropout; the second one
 * is frozen.
 */
function network(sizes: number[], normalizations: readonly ('batch' | 'layer' | undefined)[]): StackLayer[] {
  const activations = ['relu', 'gelu', 'softmax', 'tanh'] as const;
  return sizes.slice(1).map((outputDim, l): StackLayer => {
    const [inputDim = 0, normalization] = [sizes[l], normalizations[l]];
    const all = { l1: 1e-4, l2: 1e-3, maxNorm: 1.5, noise: 0.1, trainable: l !== 1 };
    if (l === sizes.length - 2) return { inputDim, outputDim, activation: 'softmax', ...all };
    const activation = activations[l % activations.length] as StackLayer['activation'];
    return { inputDim, outputDim, activation, dropout: 0.2, ...all, ...(normalization && { normalization }) };
  });
}

/**
 * Like `network`, but nothing is frozen, the last inputs come from tables, and a layer adds the inputs of
 * layer `from` (from 1) if that is given.
 */
function stacked(
  sizes: number[],
  normalizations: Parameters<typeof network>[1],
  from: readonly (number | undefined)[],
  embeddings: StackLayer['embeddings'],
): StackLayer[] {
  return network(sizes, normalizations).map((layer, l): StackLayer => {
    const [skip, trainable] = [from[l], true];
    const tables = l === 0 && embeddings !== undefined;
    return { ...layer, trainable, ...(skip !== undefined && { skip }), ...(tables && { embeddings }) };
  });
}

const tables = [
  { categories: 300, outputs: 11 },
  { categories: 4, outputs: 5 },
];

const networks: [what: string, architecture: StackLayer[]][] = [
  ['in tiles', network([20, 90, 70, 30, 3], ['layer', undefined, 'layer'])],
  ['in tiles from a wide input', network([130, 90, 70, 3], ['layer'])],
  ['over whole batches', network([20, 90, 70, 30, 3], ['batch', 'batch', 'layer'])],
  [
    'in tiles, with tables and residual connections',
    stacked([90, 90, 70, 70, 90, 3], ['layer', undefined, undefined, 'layer'], [1, undefined, 3, 2], tables),
  ],
  [
    'over whole batches, with tables and residual connections',
    stacked([20, 40, 40, 40, 3], ['batch', 'layer', 'batch'], [undefined, 2, 2], tables),
  ],
  ['in tiles from a wide input with tables', stacked([130, 90, 90, 3], ['layer'], [undefined, 2], tables)],
  ['swept, with a large table', stacked([40, 12, 3], [], [], [{ categories: 12_000, outputs: 24 }])],
  [
    'swept, with tables and residual connections',
    stacked([64, 420, 420, 420, 5], [undefined, 'layer', 'layer'], [undefined, 2, 2], tables),
  ],
  ['swept', network([64, 420, 420, 420, 5], [undefined, 'layer', 'layer'])],
  ['swept over whole batches', network([64, 420, 420, 420, 5], ['batch', 'layer', 'batch'])],
];

const requests: [what: string, request: Partial<TrainingRequest>][] = [
  ['full batches', { batchSize: rows, epochs: 2 }],
  ['mini-batches', { batchSize: 300, optimizer: 'adam' }],
  ['mini-batches, three a step', { batchSize: 90, accumulate: 3, optimizer: 'momentum' }],
  ['a part of an epoch', { batchSize: 100, from: 100, to: 460, optimizer: 'adam' }],
];

function run(type: FloatType, architecture: StackLayer[], request: Partial<TrainingRequest>, limit: number) {
  const made = makePlan(type, architecture, loss, 1, { smoothing: 0.1 });
  made.plan.limitThreads(limit);
  const { X, codes, Y, sampleWeights, outputs } = samplesFor(made, loss, rows);
  const state = type.array(2 * made.flat.length);
  const order = Uint32Array.from({ length: 2 * rows }, (_, i) => (i * 331) % rows);
  const common = { rows, epochs: 1, order, state, learningRate: [0.01, 0.005], key: [5, 6] } as const;
  const clipping = { clipValue: 0.01, clipNorm: 0.05 };
  const samples = { X, codes, Y, weights: sampleWeights };
  const { loss: losses } = train(made, samples, { batchSize: rows, ...common, ...clipping, ...request });
  expect(made.outcome().status).toBe('done');
  const [out, gradients] = [type.array(rows * outputs), type.array(made.flat.length)];
  made.plan.predict(X, codes, rows, out);
  made.plan.gradients(X, codes, Y, sampleWeights, rows, gradients);
  const { loss: total, hits } = made.outcome();
  return { parameters: made.flat, statistics: made.statistics, state, losses, out, gradients, total, hits };
}

describe.each(floatTypes)('trainings in $dtype', (type) => {
  describe.each(networks)('%s', (_, architecture) => {
    it.each(requests)('have the same bits on any number of threads: %s', (__, request) => {
      native.setThreads(1);
      const alone = run(type, architecture, request, 0);
      expect(alone.losses.every((value) => value > 0)).toBe(true);
      expect(alone.parameters).not.toEqual(makePlan(type, architecture, loss).flat);
      for (const [threads, limit] of [
        [2, 0],
        [3, 5],
        [8, 0],
        [8, 3],
      ] as const) {
        native.setThreads(threads);
        const { total, hits, ...arrays } = run(type, architecture, request, limit);
        expect({ total, hits }).toEqual({ total: alone.total, hits: alone.hits });
        for (const [what, array] of Object.entries(arrays)) {
          expectSameBits(
            array,
            alone[what as keyof typeof alone] as FloatArray,
            `${what}, ${threads} threads`,
          );
        }
      }
    });
  });
});

it('the networks here are as large as they have to be', () => {
  for (const bytes of [4, 8]) {
    for (const [what, architecture] of networks) {
      expect(bytes * parameterCount(architecture) > 1e6, what).toBe(what.startsWith('swept'));
    }
  }
});
