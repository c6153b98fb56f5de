// Network.create: the constructor's network, made on other threads.

import { describe, expect, it } from 'vitest';
import { AbortError } from '../../lib/base/errors';
import { type Dtype, Matrix } from '../../lib/base/matrix';
import type { LayerOptions } from '../../lib/layers/architecture';
import { type InitializerOption, initializerNames, initializers } from '../../lib/layers/initializers';
import { batchNorm, layerNorm } from '../../lib/layers/normalization';
import { Network } from '../../lib/network/network';
import type { CreateOptions } from '../../lib/network/network-options';
import { thrownBy } from '../support/bad-input';
import { expectSameBits } from '../support/oracle-splits';
import { endedWell, inChild, type Library } from './child';
import { immediate, inputsFor, layers, randomMatrix } from './helpers';

/** More parameters than are drawn on the calling thread in any case. */
const large: LayerOptions[] = [
  {
    inputDim: 3,
    embeddings: [{ categories: 300, outputDim: 40 }, { categories: 2 }],
    outputDim: 301,
    activation: 'relu',
    normalization: batchNorm(),
  },
  { outputDim: 203, activation: 'selu', normalization: layerNorm() },
  { outputDim: 5, activation: 'tanh' },
];
const small: LayerOptions[] = large.map((layer) => ({ ...layer, outputDim: 5 }));

const { constant, orthogonal, truncatedNormal, initialParameters } = initializers;
const W2 = randomMatrix(203, 301, 5);
const options: InitializerOption[] = [
  ...initializerNames,
  orthogonal({ gain: 1.4 }),
  truncatedNormal({ standardDeviation: 2 }),
  constant({ value: 0.5, bias: 2 }),
  initialParameters({ W2, b3: [1, 2, 3, 4, 5], E2: Float32Array.of(1, 2, 3, 4, 5, 6) }, 'truncatedNormal'),
];

/** The parameters and running moments, by name. */
const arraysOf = ({ parameters, statistics }: Network) =>
  Object.entries({ ...parameters, ...statistics } as Record<string, Matrix>);

/** Expects equal bits. (toEqual takes seconds for so many numbers.) */
function expectAlike(net: Network, expected: Network): void {
  const others = arraysOf(expected);
  expect(arraysOf(net).map(([name]) => name)).toEqual(others.map(([name]) => name));
  for (const [i, [, { data }]] of arraysOf(net).entries()) expectSameBits(data, others[i]?.[1].data as never);
}

describe.each<Dtype>(['float64', 'float32'])('in %s', (dtype) => {
  it.each(options)(
    'the parameters of %o are those of the constructor, with any number of threads',
    async (initializer) => {
      const expected = new Network(large, { dtype, seed: 3, initializer });
      for (const threads of [1, 2, 3]) {
        const made = await Network.create(large, { dtype, seed: 3, initializer, threads });
        expectAlike(made, expected);
        expect(made.dtype).toBe(dtype);
      }
    },
  );

  it('gamma and running variances begin as ones', async () => {
    const made = await Network.create(large, { dtype, initializer: 'zeros' });
    for (const [name, { data }] of arraysOf(made)) {
      expect(new Set(data)).toEqual(new Set([/^(gamma|variance)/.test(name) ? 1 : 0]));
    }
  });
});

it.each([
  { size: 'large', architecture: large },
  { size: 'small', architecture: small },
])('a $size network goes on with the random numbers of the constructor’s', async ({ architecture }) => {
  const made = await Network.create(architecture, { seed: 8, initializer: 'truncatedNormal' });
  const expected = new Network(architecture, { seed: 8, initializer: 'truncatedNormal' });
  const outputs = architecture.at(-1)?.outputDim ?? 0;
  const Y = randomMatrix(20, outputs, 2);
  for (const net of [made, expected]) {
    net.fitSync(inputsFor(architecture, 20, 1), Y, { epochs: 2, batchSize: 6 });
  }
  expectAlike(made, expected);
});

it('a network that is made keeps all its options', async () => {
  const made = await Network.create(layers([2, 3, 1], 'relu', 'sigmoid'), { dtype: 'float32', seed: 11 });
  expect(made).toBeInstanceOf(Network);
  expect([made.dtype, made.seed, made.parameterCount]).toEqual(['float32', 11, 13]);
  expect((await Network.create(layers([2, 1], 'relu', 'sigmoid'))).seed).toBeTypeOf('number');
});

it('the event loop turns while parameters are drawn', async () => {
  const controller = new AbortController();
  const made = Network.create(layers([1500, 1500], 'relu', 'relu'), {
    initializer: 'orthogonal',
    signal: controller.signal,
  });
  for (let turn = 0; turn < 3; turn++) await immediate();
  controller.abort('enough');
  await expect(made).rejects.toThrow(AbortError);
});

describe('an abort', () => {
  it.each(['heNormal', 'glorotUniform', 'truncatedNormal', 'orthogonal', 'article'] as const)(
    'midway ends the call with %s, and the next call is right',
    async (initializer) => {
      const controller = new AbortController();
      const made = Network.create(large, { seed: 3, initializer, signal: controller.signal });
      controller.abort('enough');
      await expect(made).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' });
      const again = await Network.create(large, { seed: 3, initializer });
      expectAlike(again, new Network(large, { seed: 3, initializer }));
    },
  );

  it('before the call ends it, too', async () => {
    for (const architecture of [small, large]) {
      const made = Network.create(architecture, { signal: AbortSignal.abort() });
      await expect(made).rejects.toThrow(AbortError);
    }
  });
});

describe('the caller’s own parameters', () => {
  const square = layers([400, 400], 'relu', 'relu');
  const create = (W1: Float64Array | Float32Array, more: CreateOptions = {}) =>
    Network.create(square, { ...more, initializer: initialParameters({ W1 }) });

  it('stay in place until they are copied', async () => {
    const W1 = new Float64Array(160_000).fill(0.25);
    const made = create(W1);
    try {
      structuredClone(W1, { transfer: [W1.buffer] }); // throws from Node 22
    } catch {}
    expectSameBits((await made).parameters.W1?.data as never, new Float64Array(160_000).fill(0.25));
    expect(W1.length).toBe(160_000);
    const aborted = create(W1, { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toThrow(AbortError);
  });

  it('are refused before anything starts if they are detached or may shrink', async () => {
    const detached = new Float64Array(160_000);
    structuredClone(detached, { transfer: [detached.buffer] });
    await expect(create(detached)).rejects.toMatchObject({ code: 'ERR_BLASNET_DETACHED' });
    const Resizable = ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer;
    const buffer = new Resizable(1_280_000, { maxByteLength: 2_000_000 });
    if (!('resizable' in buffer)) return; // before Node 20
    await expect(create(new Float64Array(buffer))).rejects.toMatchObject({ code: 'ERR_BLASNET_RESIZABLE' });
  });

  it.each([Float64Array, Float32Array])(
    'are refused at the first number that is not finite, in a %o',
    async (Floats) => {
      const W1 = new Floats(160_000);
      W1[159_999] = Number.NaN;
      W1[70_001] = Number.POSITIVE_INFINITY;
      const message = 'Expected values.W1 to hold finite numbers, got Infinity at row 175, column 1';
      await expect(create(W1)).rejects.toMatchObject({ code: 'ERR_BLASNET_NOT_FINITE', message });
      expect(() => new Network(square, { initializer: initialParameters({ W1 }) })).toThrow(message);
    },
  );
});

it.each<[what: string, layers: unknown, options: unknown]>([
  ['layers that do not chain', [...layers([2, 3], 'relu', 'relu'), ...layers([4, 1], 'relu', 'relu')], {}],
  ['layers that are no array', 3, {}],
  ['a seed', small, { seed: -1 }],
  ['a dtype', small, { dtype: 'float16' }],
  ['the name of an initialiser', small, { initializer: 'heNorm' }],
  ['an initialiser', small, { initializer: {} }],
  ['parameters of another shape', small, { initializer: initialParameters({ W1: Matrix.zeros(2, 2) }) }],
  ['parameters of a missing layer', small, { initializer: initialParameters({ W9: [1] }) }],
  ['preprocessing', small, { preprocessing: {} }],
  ['options', small, 3],
])('refuses %s like the constructor', async (_, architecture, given) => {
  const error = thrownBy(() => new Network(architecture as never, given as never)) as Error & {
    code: string;
  };
  const { code, message } = error;
  expect(code).toMatch(/^ERR_BLASNET/);
  await expect(Network.create(architecture as never, given as never)).rejects.toMatchObject({
    constructor: error.constructor,
    code,
    message,
  });
});

it.each([
  ['threads', { threads: 0 }, 'Expected threads to be a positive integer, got 0 (number)'],
  ['a signal', { signal: {} }, 'Expected signal to be an AbortSignal, got an object (Object)'],
])('refuses %s', async (_, given, message) => {
  await expect(Network.create(small, given as never)).rejects.toMatchObject({ message });
});

it('an unknown option is refused, and the options of create are named', async () => {
  const made = Network.create(small, { thread: 1 } as never);
  await expect(made).rejects.toThrow('Unknown option "thread"; did you mean "threads"?');
});

it('a worker may be terminated while it makes a network', async () => {
  const program = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { Network, initializers } = require(workerData.path);
    const { initializer, own } = workerData;
    const W2 = new Float64Array(1000000);
    const layers = [1000, 1000, 1000].map((outputDim) => ({ inputDim: 1000, outputDim, activation: 'relu' }));
    const chosen = own ? initializers.initialParameters({ W2 }, initializer) : initializer;
    Network.create(layers, { initializer: chosen });
    parentPort.postMessage('under way');
  `;
  const ended = await inChild(async (path, program) => {
    const { Worker } = require('node:worker_threads');
    const { Network }: Library = require(path);
    for (const initializer of ['heNormal', 'glorotUniform', 'orthogonal', 'zeros']) {
      const workers = [true, false].map(
        (own) => new Worker(program, { eval: true, workerData: { path, initializer, own } }),
      );
      await Promise.all(
        workers.map(
          (worker) => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)),
        ),
      );
      for (const worker of workers) await worker.terminate();
    }
    const net = await Network.create([{ inputDim: 2, outputDim: 1, activation: 'tanh' }], {
      seed: 1,
      initializer: 'article',
    });
    console.log(net.parameterCount);
  }, program);
  expect(ended).toEqual(endedWell('3'));
});
