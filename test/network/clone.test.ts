// Clones: networks with the same state, in memory of their own.

import { describe, expect, it } from 'vitest';
import type { Dtype, Matrix } from '../../lib/base/matrix';
import type { LayerOptions } from '../../lib/layers/architecture';
import { Network } from '../../lib/network/network';
import type { NetworkOptions } from '../../lib/network/network-options';
import { adam, type Optimizer, sgd } from '../../lib/optimizers/optimizers';
import { labelEncoder, oneHotEncoder, preprocessing, standardScaler } from '../../lib/preprocessing';
import { thrownBy } from '../support/bad-input';
import {
  areAlike,
  inputsFor,
  layers,
  longEpoch,
  randomLabels,
  randomMatrix,
  snapshot,
  underWay,
} from './helpers';

const rows = 40;

interface Kind {
  readonly what: string;
  readonly layers: readonly LayerOptions[];
  readonly options: () => NetworkOptions;
  readonly X: (dtype: Dtype) => Parameters<Network['fit']>[0];
  readonly Y: (dtype: Dtype) => Parameters<Network['fit']>[1];
}

const names = Array.from({ length: rows }, (_, i) => ['low', 'middle', 'high'][i % 3] as string);
const embeddings = [{ categories: 3, outputDim: 2 }];
const withTables = [
  { inputDim: 2, embeddings, outputDim: 4, activation: 'tanh' },
  { outputDim: 1, activation: 'sigmoid' },
] as const;

const kinds: readonly Kind[] = [
  {
    what: 'plain layers',
    layers: layers([2, 8, 1], 'relu', 'sigmoid'),
    options: () => ({}),
    X: (dtype) => randomMatrix(rows, 2, 1, dtype),
    Y: (dtype) => randomLabels(rows, 1, 2, dtype),
  },
  {
    what: 'batch normalisation, dropout and noise',
    layers: [
      { inputDim: 2, outputDim: 8, activation: 'relu', normalization: 'batch', dropout: 0.3, noise: 0.1 },
      { outputDim: 1, activation: 'sigmoid' },
    ],
    options: () => ({}),
    X: (dtype) => randomMatrix(rows, 2, 1, dtype),
    Y: (dtype) => randomLabels(rows, 1, 2, dtype),
  },
  {
    what: 'a frozen layer and embeddings',
    layers: withTables.map((layer, i) => ({ ...layer, trainable: i === 1 })),
    options: () => ({}),
    X: (dtype) => inputsFor(withTables, rows, 1, dtype),
    Y: (dtype) => randomLabels(rows, 1, 2, dtype),
  },
  {
    what: 'preprocessing and labels',
    layers: layers([4, 8, 3], 'tanh', 'softmax'),
    options: () => ({
      preprocessing: preprocessing([oneHotEncoder({ columns: [1] }), standardScaler({ columns: [0] })]),
      labels: labelEncoder(),
    }),
    X: () => Array.from({ length: rows }, (_, i) => [i, i % 3]),
    Y: () => names,
  },
];

const each = kinds.flatMap((kind) => (['float64', 'float32'] as const).map((dtype) => ({ ...kind, dtype })));

/** The parameters and running moments. */
function stateOf(net: Network): number[] {
  const moments = Object.values(net.statistics) as Matrix[];
  return [...snapshot(net), ...moments.flatMap(({ data }) => Array.from(data))];
}

describe.each(each)('a network with $what, $dtype', ({ layers, options, X, Y, dtype }) => {
  const adapts = adam({ learningRate: 0.01 });
  const train = async (net: Network, optimizer: Optimizer = adapts) => {
    const given = { batchSize: 8, optimizer };
    await net.fit(X(dtype), Y(dtype), { ...given, epochs: 3 });
    await net.partialFit(X(dtype), Y(dtype), given);
    net.trainOnBatch(X(dtype), Y(dtype), { optimizer });
  };

  it.each([
    ['clone', (net: Network) => net.clone()],
    ['cloneAsync', (net: Network) => net.cloneAsync({ threads: 1 })],
  ])('%s makes a network that trains on to the bits of one that was never cloned', async (_, cloning) => {
    const [net, twin] = [1, 2].map(() => new Network(layers, { ...options(), dtype, seed: 5 })) as [
      Network,
      Network,
    ];
    await train(net);
    const clone = await cloning(net);
    expect([clone.seed, clone.dtype, clone.architecture]).toEqual([net.seed, net.dtype, net.architecture]);
    expect(stateOf(clone)).toEqual(stateOf(net));
    expect(clone.labels?.classes).toEqual(net.labels?.classes);
    expect(clone.predictSync(X(dtype)).data).toEqual(net.predictSync(X(dtype)).data);
    await train(clone);
    await train(net);
    await train(twin);
    await train(twin);
    expect(stateOf(net)).toEqual(stateOf(twin));
    expect(stateOf(clone)).toEqual(stateOf(twin));
  });

  it('the network and its clone do not change each other', async () => {
    const net = new Network(layers, { ...options(), dtype, seed: 5 });
    await train(net);
    const clone = net.clone();
    const { architecture: trainable } = new Network(layers, options());
    const before = stateOf(net);
    await train(clone, sgd({ learningRate: 0.1 }));
    clone.setTrainable([1, 2], false);
    expect(stateOf(net)).toEqual(before);
    expect(net.architecture).toEqual(trainable);
    const cloned = stateOf(clone);
    expect(cloned).not.toEqual(before);
    net.setTrainable([1, 2], true);
    await train(net);
    expect(stateOf(clone)).toEqual(cloned);
  });
});

const architecture = layers([2, 8, 1], 'relu', 'sigmoid');
const network = () => new Network(architecture, { seed: 1 });
const [X, Y] = [randomMatrix(60, 2, 1), randomLabels(60, 1, 2)];

it('a clone learns its preprocessing and its labels alone', () => {
  const given = () => ({ preprocessing: preprocessing([standardScaler()]), labels: labelEncoder() });
  const net = new Network(layers([1, 4, 1], 'relu', 'sigmoid'), { seed: 1, ...given() });
  const clone = net.clone();
  net.fitSync([[0], [10]], ['a', 'b'], { epochs: 1 });
  expect([clone.preprocessing?.fitted, clone.labels?.fitted]).toEqual([false, false]);
  clone.fitSync([[100], [300]], ['x', 'y'], { epochs: 1 });
  expect([net.labels?.classes, clone.labels?.classes]).toEqual([
    ['a', 'b'],
    ['x', 'y'],
  ]);
  expect([net, clone].map(({ preprocessing }) => preprocessing?.inverse([[1]]).get(0, 0))).toEqual([10, 300]);
});

it('a clone evaluates with the loss of the last training', () => {
  const net = network();
  net.fitSync(X, Y, { epochs: 1, loss: 'meanAbsoluteError' });
  expect(net.clone().evaluateSync(X, Y)).toEqual(net.evaluateSync(X, Y));
  expect(net.clone().evaluateSync(X, Y).loss).not.toBe(network().clone().evaluateSync(X, Y).loss);
});

it('a clone of a clone of a loaded network has its results', async () => {
  const clone = (await network().cloneAsync()).clone();
  expect(areAlike(clone, network())).toBe(true);
});

it('clones made while the network trains have the parameters of whole steps, and serve meanwhile', async () => {
  const net = network();
  const controller = new AbortController();
  const options = { epochs: 1e9, batchSize: 'full', signal: controller.signal } as const;
  const fit = net.fit(X, Y, options).catch((error) => error);
  const states: number[][] = [];
  for (let i = 0; i < 3; i++) {
    await underWay(net);
    const clone = await net.cloneAsync();
    states.push(snapshot(clone));
    expect(clone.predictSync(X).rows).toBe(60);
  }
  controller.abort();
  expect(await fit).toMatchObject({ name: 'AbortError' });
  // A twin takes the same steps, and meets all the states.
  const twin = network();
  for (const state of states) {
    while (snapshot(twin).some((value, i) => value !== state[i])) {
      twin.fitSync(X, Y, { epochs: 1, batchSize: 'full' });
    }
  }
});

it('callbacks of fitSync get clones of their epochs by both methods', async () => {
  const net = network();
  const states: number[][] = [];
  const clones: (Network | Promise<Network>)[] = [];
  net.fitSync(X, Y, {
    epochs: 3,
    callbacks: {
      onEpochEnd: () => {
        states.push(snapshot(net), snapshot(net));
        clones.push(net.clone(), net.cloneAsync());
      },
    },
  });
  expect((await Promise.all(clones)).map(snapshot)).toEqual(states);
});

describe('while a step is being taken on another thread', () => {
  const long = longEpoch();
  const busy =
    'Expected clone to be called while no other thread works on the network; await the call under way, use ' +
    'the asynchronous form, call it between epochs, or use a clone()';

  it('clone is refused, an abort ends the wait of cloneAsync, and the training goes on', async () => {
    const net = network();
    const end = new AbortController();
    const options = { ...long.options, signal: end.signal };
    const fit = net.fit(long.X, long.Y, options).catch((error) => error);
    await underWay(net);
    expect(thrownBy(() => net.clone())).toMatchObject({ code: 'ERR_BLASNET_BUSY', message: busy });
    const controller = new AbortController();
    const cloning = net.cloneAsync({ signal: controller.signal });
    controller.abort('enough');
    await expect(cloning).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' });
    await underWay(net);
    end.abort();
    expect(await fit).toMatchObject({ name: 'AbortError' });
    expect(areAlike(net.clone(), net)).toBe(true);
  });
});

it('an aborted signal ends cloneAsync wherever it is called', async () => {
  const net = network();
  const signal = AbortSignal.abort();
  await expect(net.cloneAsync({ signal })).rejects.toMatchObject({ name: 'AbortError' });
  let inCallback: Promise<unknown> | undefined;
  const onEpochEnd = () => {
    inCallback = net.cloneAsync({ signal }).catch((error) => error);
  };
  net.fitSync(X, Y, { epochs: 1, callbacks: { onEpochEnd } });
  expect(await inCallback).toMatchObject({ name: 'AbortError' });
});

it.each([
  [
    'an option that does not exist',
    { thread: 1 },
    TypeError,
    'ERR_BLASNET_UNKNOWN_OPTION',
    'Unknown option "thread"; did you mean "threads"?',
  ],
  ['a number', 5, TypeError, 'ERR_BLASNET_ARG_TYPE', 'Expected options to be an object, got 5 (number)'],
  [
    'no thread',
    { threads: 0 },
    RangeError,
    'ERR_BLASNET_ARG_VALUE',
    'Expected threads to be a positive integer, got 0 (number)',
  ],
  [
    'a signal that is none',
    { signal: {} },
    TypeError,
    'ERR_BLASNET_ARG_TYPE',
    'Expected signal to be an AbortSignal, got an object (Object)',
  ],
])('cloneAsync refuses %s', async (_, options, kind, code, message) => {
  const error = await network()
    .cloneAsync(options as object)
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code, message });
  expect((error as Error).constructor).toBe(kind);
});
