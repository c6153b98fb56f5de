// A network whose inputDim is left out: the columns that its preprocessing learns to give decide it.

import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import type { LayerOptions } from '../../lib/layers/architecture';
import { initializers } from '../../lib/layers/initializers';
import { Network } from '../../lib/network/network';
import type { NetworkOptions } from '../../lib/network/network-options';
import { adam, lbfgs, sgd } from '../../lib/optimizers/optimizers';
import {
  imputer,
  labelEncoder,
  oneHotEncoder,
  type Preprocessing,
  preprocessing,
  standardScaler,
} from '../../lib/preprocessing';
import type { FitOptions } from '../../lib/training/options';
import { expectError, itRejects, rejectionOf } from '../support/bad-input';
import { newFolder } from '../support/scratch';
import { bits } from './files/helpers';
import { randomCodes } from './helpers';

const rows = 40;
const table = Array.from({ length: rows }, (_, row) => [Math.sin(row) * 50, row % 4]);
const names = table.map((_, row) => (row % 3 === 0 ? 'yes' : 'no'));
// One column, and four for the categories.
const width = 5;
const pipeline = () => preprocessing([standardScaler({ columns: [0] }), oneHotEncoder({ columns: [1] })]);
const options: FitOptions = { epochs: 3, batchSize: 16 };

const hidden = { outputDim: 4, activation: 'tanh', dropout: 0.2, normalization: 'batch' } as const;
const last = { outputDim: 1, activation: 'sigmoid' } as const;
const stated = (more: NetworkOptions = {}, inputDim = width) =>
  new Network([{ inputDim, ...hidden }, last], {
    seed: 3,
    preprocessing: pipeline(),
    labels: labelEncoder(),
    ...more,
  });
const inferred = (more: NetworkOptions = {}) =>
  new Network([hidden, last], { seed: 3, preprocessing: pipeline(), labels: labelEncoder(), ...more });

const notFitted =
  'Expected fit to be called before the network is used: its inputDim was left out, and follows from what its ' +
  'preprocessing learns';

function expectSame(net: Network, twin: Network): void {
  expect(net.architecture).toEqual(twin.architecture);
  expect(bits(net)).toEqual(bits(twin));
  expect(net.predictSync(table)).toEqual(twin.predictSync(table));
  expect(net.summary()).toBe(twin.summary());
}

describe.each(['float64', 'float32'] as const)('inputDim (%s)', (dtype) => {
  it('is inferred by the first fit, with the bits of a network that states it', async () => {
    const make = [
      () => inferred({ dtype }),
      () =>
        Network.create([hidden, last], {
          dtype,
          seed: 3,
          preprocessing: pipeline(),
          labels: labelEncoder(),
        }),
    ];
    for (const network of make) {
      const twins = [0, 1, 2].map(() => stated({ dtype })) as [Network, Network, Network];
      const nets = [await network(), await network(), await network()] as const;
      expect(await nets[0].fit(table, names, options)).toEqual(twins[0].fitSync(table, names, options));
      expect(nets[1].fitSync(table, names, options)).toEqual(twins[1].fitSync(table, names, options));
      const losses = [];
      for await (const { loss } of nets[2].epochs(table, names, options)) losses.push(loss);
      expect(losses).toEqual(twins[2].fitSync(table, names, options).loss);
      for (const [i, net] of nets.entries()) {
        expectSame(net, twins[i] as Network);
        // The second fit goes on as usual.
        expect(net.fitSync(table, names, options)).toEqual(twins[i]?.fitSync(table, names, options));
        expectSame(net, twins[i] as Network);
      }
    }
  });

  it.each<[string, Partial<FitOptions>]>([
    [
      'validation data',
      { validationData: { X: table.slice(0, 9), Y: names.slice(0, 9) }, metrics: ['rocAuc'] },
    ],
    ['rows held out by a generator of the training', { validationSplit: 0.25, seed: 5 }],
    [
      'stratified rows',
      {
        validationSplit: 0.25,
        stratify: true,
        seed: 5,
        earlyStopping: { monitor: 'valLoss', patience: 1, restoreBest: true },
      },
    ],
    ['the last rows held out', { validationSplit: 0.25, shuffle: false }],
    ['an optimiser that keeps moments', { optimizer: adam({ learningRate: 0.01 }) }],
    ['weights', { sampleWeight: table.map((_, row) => 1 + (row % 2)), classWeight: 'balanced' }],
  ])('has the same bits with %s', async (_, more) => {
    const [there, here, twin] = [inferred({ dtype }), inferred({ dtype }), stated({ dtype })];
    const history = twin.fitSync(table, names, { ...options, ...more });
    expect(await there.fit(table, names, { ...options, ...more })).toEqual(history);
    expect(here.fitSync(table, names, { ...options, ...more })).toEqual(history);
    for (const net of [there, here]) expectSame(net, twin);
  });

  it('has the same first parameters also where the network’s own generator holds rows out', () => {
    const lr = { ...options, epochs: 1, batchSize: 'full' as const, validationSplit: 0.25 };
    const [net, again, twin] = [inferred({ dtype }), inferred({ dtype }), stated({ dtype })];
    // The learning rate is so small that the weights stay.
    const callbacks = { onBatchEnd: () => false };
    net.fitSync(table, names, { ...lr, optimizer: sgd({ learningRate: 1e-300 }), callbacks });
    expect(net.parameters.W1).toEqual(twin.parameters.W1);
    expect(again.fitSync(table, names, options)).toEqual(twin.fitSync(table, names, options));
  });

  it('is known at once where the preprocessing has learned before', () => {
    const learned = pipeline().fit(table);
    const [net, twin] = [
      inferred({ dtype, preprocessing: learned }),
      stated({ dtype, preprocessing: learned }),
    ];
    expectSame(net, twin);
    expect(net.fitSync(table, names, options)).toEqual(twin.fitSync(table, names, options));
    expectSame(net, twin);
  });

  it('follows when the network’s own preprocessing learns, also in parts', () => {
    const scaled = () => preprocessing([imputer(), standardScaler()]);
    const [net, twin] = [
      inferred({ dtype, preprocessing: scaled(), labels: labelEncoder({ classes: ['no', 'yes'] }) }),
      stated({ dtype, preprocessing: scaled(), labels: labelEncoder({ classes: ['no', 'yes'] }) }, 2),
    ];
    for (const one of [net, twin]) {
      for (const from of [0, 13]) one.preprocessing?.partialFit(table.slice(from, from + 13));
    }
    expect(net.predictSync(table)).toEqual(twin.predictSync(table));
    expect(net.trainOnBatch(table, names)).toEqual(twin.trainOnBatch(table, names));
    expectSame(net, twin);
  });

  it('is inferred beside embeddings', async () => {
    const first: LayerOptions = { ...hidden, embeddings: [{ categories: 3, outputDim: 2 }] };
    const X = { numbers: table, categories: randomCodes(rows, [3], 1) };
    const make = (layer: LayerOptions) =>
      new Network([layer, last], { dtype, seed: 3, preprocessing: pipeline() });
    const [net, twin] = [make(first), make({ ...first, inputDim: width })];
    const Y = names.map((name) => Number(name === 'yes'));
    expect(await net.fit(X, Y, options)).toEqual(twin.fitSync(X, Y, options));
    expect(net.predictSync(X)).toEqual(twin.predictSync(X));
  });

  it('is that of a layer that adds its inputs', () => {
    const first: LayerOptions = { outputDim: width, activation: 'relu', skip: true };
    const make = (layer: LayerOptions) =>
      new Network([layer, last], { dtype, seed: 3, preprocessing: pipeline(), labels: labelEncoder() });
    const [net, twin] = [make(first), make({ ...first, inputDim: width })];
    expect(net.fitSync(table, names, options)).toEqual(twin.fitSync(table, names, options));
    expectSame(net, twin);
    const message =
      'Expected layers[0].skip to add 6 units, the outputDim of layers[0], got 5 from its inputs';
    const wrong = make({ ...first, outputDim: 6 });
    expectError(() => wrong.fitSync(table, names, options), RangeError, 'ERR_BLASNET_SHAPE', message);
    expect(wrong.preprocessing?.fitted).toBe(false);
  });

  it('goes into files and checkpoints', async () => {
    const directory = newFolder();
    const [net, twin] = [inferred({ dtype }), stated({ dtype })];
    const callbacks = ({ epoch }: { epoch: number }) => epoch < 2;
    await net.fit(table, names, { ...options, callbacks, checkpoint: { directory } });
    const resumed = await Network.resume(directory, table, names, options);
    twin.fitSync(table, names, options);
    expectSame(resumed.network, twin);
    const path = `${newFolder()}/net.safetensors`;
    resumed.network.saveSync(path);
    expectSame(Network.loadSync(path), twin);
    expectSame(resumed.network.clone(), twin);
  });

  it('draws many parameters on other threads, and takes given ones', async () => {
    const wide: LayerOptions = { outputDim: 20_000, activation: 'relu' };
    const W1 = Matrix.zeros(20_000, width, dtype);
    W1.data.fill(1 / 64);
    for (const initializer of ['heUniform', initializers.initialParameters({ W1 })] as const) {
      const make = (layer: LayerOptions) =>
        new Network([layer, last], {
          dtype,
          seed: 1,
          preprocessing: pipeline(),
          labels: labelEncoder(),
          initializer,
        });
      const [net, twin] = [make(wide), make({ ...wide, inputDim: width })];
      expect(await net.fit(table, names, { epochs: 1 })).toEqual(twin.fitSync(table, names, { epochs: 1 }));
      expect(bits(net)).toEqual(bits(twin));
    }
  });

  it('is refused if it does not suit the given parameters, and stays open', () => {
    const given = stated({ dtype }, 4).parameters.W1 as Matrix;
    const net = inferred({ dtype, initializer: initializers.initialParameters({ W1: given }) });
    expect(() => net.fitSync(table, names, options)).toThrow('W1');
    expect(net.preprocessing?.fitted).toBe(false);
    expect(() => net.parameters).toThrow(notFitted);
  });
});

describe('before the first fit', () => {
  const controller = new AbortController();
  controller.abort();

  it.each<[string, (net: Network) => unknown]>([
    ['parameters', (net) => net.parameters],
    ['statistics', (net) => net.statistics],
    ['architecture', (net) => net.architecture],
    ['parameterCount', (net) => net.parameterCount],
    ['summary', (net) => net.summary()],
    ['setTrainable', (net) => net.setTrainable(1, false)],
    ['predictSync', (net) => net.predictSync(table)],
    ['classifySync', (net) => net.classifySync(table)],
    ['predictor', (net) => net.predictor()],
    ['a predictor of preprocessed rows', (net) => net.predictor({ preprocessed: true })],
    ['evaluateSync', (net) => net.evaluateSync(table, names)],
    ['gradients', (net) => net.gradients(table, names)],
    ['saveSync', (net) => net.saveSync(`${newFolder()}/net`)],
    ['toBytesSync', (net) => net.toBytesSync()],
    ['clone', (net) => net.clone()],
  ])('%s says to fit', (_, call) => {
    expectError(() => call(inferred()), Error, 'ERR_BLASNET_NOT_FITTED', notFitted);
  });

  it.each<[string, (net: Network) => Promise<unknown>]>([
    ['predict', (net) => net.predict(table)],
    ['classify', (net) => net.classify(table)],
    ['evaluate', (net) => net.evaluate(table, names)],
    ['save', (net) => net.save(`${newFolder()}/net`)],
    ['toBytes', (net) => net.toBytes()],
    ['cloneAsync', (net) => net.cloneAsync()],
  ])('%s says to fit', async (_, call) => {
    expect(await rejectionOf(call(inferred()))).toMatchObject({
      code: 'ERR_BLASNET_NOT_FITTED',
      message: notFitted,
    });
  });

  it('partialFit and trainOnBatch say how the preprocessing learns', async () => {
    const net = inferred();
    expect(() => net.trainOnBatch(table, names)).toThrow('call net.preprocessing.partialFit(X)');
    expect((await rejectionOf(net.partialFit(table, names))).message).toContain('net.preprocessing.fit(X)');
  });

  it('a network shows what is known of it', () => {
    const net = inferred();
    expect(inspect(net)).toBe('Network ?-4-1 (tanh, sigmoid), inputDim is inferred by fit, float64');
    const { layers, ...others } = JSON.parse(JSON.stringify(net));
    expect(others).toEqual({ dtype: 'float64', seed: 3, parameterCount: null });
    expect(layers.map(({ inputDim }: LayerOptions) => inputDim)).toEqual([undefined, 4]);
    net.fitSync(table, names, options);
    expect(inspect(net)).toBe(inspect(stated()));
    expect(JSON.stringify(net)).toBe(JSON.stringify(stated()));
  });

  it('Network.create can be aborted', async () => {
    const call = Network.create([hidden, last], { preprocessing: pipeline(), signal: controller.signal });
    expect((await rejectionOf(call)).name).toBe('AbortError');
  });

  const make = (first: object, more: object = { preprocessing: pipeline() }) =>
    new Network([{ ...hidden, ...first }, last] as never, more);
  itRejects([
    {
      what: 'no preprocessing',
      call: () => make({}, {}),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected layers[0].inputDim to be a positive integer, got undefined',
    },
    {
      what: 'an inputDim of null',
      call: () => make({ inputDim: null }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected layers[0].inputDim to be a positive integer, got null',
    },
    {
      what: 'another wrong option of the layer',
      call: () => make({ outputDim: 0 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected layers[0].outputDim to be a positive integer, got 0 (number)',
    },
    {
      what: 'an initialiser that does not exist',
      call: () => make({}, { preprocessing: pipeline(), initializer: 'nothing' }),
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: expect.stringContaining('initializer') as never,
    },
  ]);
});

describe('a fit that is refused', () => {
  const narrow = table.map(([a = 0, b = 0]) => [a, b % 2]);
  it.each<[string, unknown, readonly unknown[], Partial<FitOptions>]>([
    ['too few labels', narrow, names.slice(1), {}],
    ['NaN', narrow.map((row, i) => (i === 9 ? [Number.NaN, 1] : row)), names, {}],
    ['a label out of range', narrow, table.map((_, row) => [row === 5 ? 7 : 0]), {}],
    ['validation data of other columns', narrow, names, { validationData: { X: [[1]], Y: ['no'] } }],
    [
      'a validation label that is unknown',
      narrow,
      names,
      { validationData: { X: narrow, Y: names.map(() => 'other') } },
    ],
    ['an abort', narrow, names, { signal: AbortSignal.abort() }],
    [
      'a split that leaves a category out',
      narrow.map((row, i) => (i === 39 ? [1, 8] : row)),
      names,
      { validationSplit: 0.1, shuffle: false },
    ],
    ['L-BFGS with dropout', narrow, names, { optimizer: lbfgs() }],
  ])('leaves inputDim open for the next one: %s', async (_, X, Y, more) => {
    const numbers = Y.every(Array.isArray);
    const labels = numbers ? {} : { labels: labelEncoder() };
    const net = new Network([hidden, last], { seed: 3, preprocessing: pipeline(), ...labels });
    await rejectionOf(net.fit(X as never, Y as never, { ...options, ...more }));
    expect(() => net.fitSync(X as never, Y as never, { ...options, ...more })).toThrow();
    expect([net.preprocessing?.fitted, net.labels?.fitted ?? false]).toEqual([false, false]);
    expect(() => net.parameters).toThrow(notFitted);
    const twin = new Network([{ inputDim: width, ...hidden }, last], {
      seed: 3,
      preprocessing: pipeline(),
      ...labels,
    });
    const y = numbers ? table.map((_, row) => [row % 2]) : names;
    expect(net.fitSync(table, y as never, options)).toEqual(twin.fitSync(table, y as never, options));
    expectSame(net, twin);
  });

  it('leaves the random numbers as they were, also those that hold rows out', async () => {
    const held = { ...options, validationSplit: 0.25 };
    const [net, twin] = [0, 1].map(
      () => new Network([hidden, last], { seed: 3, preprocessing: pipeline() }),
    ) as [Network, Network];
    const Y = table.map((_, row) => [row % 2]);
    // Native code refuses the label when the parameters exist.
    const wrong = Y.map((label, row) => (row === 5 ? [7] : label));
    expect((await rejectionOf(net.fit(narrow, wrong, options))).message).toContain('got 7 at row 5');
    expect(net.fitSync(table, Y, held)).toEqual(twin.fitSync(table, Y, held));
    expectSame(net, twin);
  });

  it('leaves it open to the preprocessing of two networks alike', () => {
    const shared: Preprocessing = pipeline();
    const nets = [table, narrow].map((X) => {
      const net = inferred({ preprocessing: shared });
      net.fitSync(X, names, options);
      return net;
    });
    expect(nets.map(({ architecture }) => architecture[0]?.inputDim)).toEqual([5, 3]);
  });
});
