// Frozen layers.

import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../lib/base/matrix';
import type { Network } from '../../lib/network/network';
import { adam, lbfgs, rmsProp, sgd } from '../../lib/optimizers/optimizers';
import { expectError } from '../support/bad-input';
import { expectAlike, network, stateOf, X, Y } from './helpers';

const bits = (net: Network, names: readonly string[]) =>
  names.map((name) =>
    Array.from((net.parameters as Record<string, Matrix>)[name]?.data ?? expect.fail(name)),
  );

const first = ['W1', 'b1', 'gamma1', 'beta1'];
const rest = ['W2', 'b2', 'W3', 'b3'];

describe.each([
  { what: 'sgd with weight decay', optimizer: sgd({ weightDecay: 0.1 }), options: {}, fit: {} },
  {
    what: 'momentum, decoupled decay',
    optimizer: sgd({ momentum: 0.9, weightDecay: 0.1, decoupled: true }),
    options: {},
    fit: {},
  },
  {
    what: 'Adam, penalties, maxNorm',
    optimizer: adam({ learningRate: 0.1 }),
    options: { l1: 0.1, l2: 0.1, maxNorm: 1e-3 },
    fit: {},
  },
  { what: 'RMSProp, clipped', optimizer: rmsProp(), options: {}, fit: { clipNorm: 0.01, clipValue: 1 } },
  { what: 'L-BFGS', optimizer: lbfgs(), options: {}, fit: {} },
] as const)('a training by $what', ({ optimizer, options, fit }) => {
  const make = (trainable: boolean) => network({ normalization: 'batch', trainable, ...options });

  it('leaves a frozen layer’s bits and running moments, and changes the others', async () => {
    const net = make(false);
    const before = [bits(net, first), bits(net, rest), stateOf(net).statistics];
    await net.fit(X, Y, { epochs: 5, optimizer, ...fit });
    expect(bits(net, first)).toEqual(before[0]);
    expect(stateOf(net).statistics).toEqual(before[2]);
    for (const [i, values] of bits(net, rest).entries()) expect(values).not.toEqual(before[1]?.[i]);
  });

  it('freezes by setTrainable as by the option of a layer', () => {
    const [made, frozen] = [make(false), make(true)];
    frozen.setTrainable(1, false);
    expect(frozen.architecture).toEqual(made.architecture);
    expectAlike(frozen, made);
    frozen.setTrainable([1], true);
    expect(frozen.architecture).toEqual(make(true).architecture);
    const before = bits(frozen, first);
    frozen.fitSync(X, Y, { epochs: 1, optimizer, ...fit });
    for (const [i, values] of bits(frozen, first).entries()) expect(values).not.toEqual(before[i]);
  });
});

it('a frozen layer normalises by its running moments, as in predictions', () => {
  const net = network({ normalization: 'batch' });
  net.fitSync(X, Y, { epochs: 3 });
  net.setTrainable(1, false);
  const { loss } = net.evaluateSync(X, Y);
  expect(net.gradients(X, Y).loss).toBeCloseTo(loss, 14);
  expect(net.fitSync(X, Y, { epochs: 1, batchSize: 'full' }).loss[0]).toBeCloseTo(loss, 14);
});

it('nothing changes with all layers frozen', () => {
  const net = network({ normalization: 'batch', l2: 0.1 });
  net.setTrainable([1, 2, 3], false);
  const before = stateOf(net);
  const { loss } = net.fitSync(X, Y, { epochs: 3, batchSize: 'full', optimizer: adam() });
  expect(stateOf(net)).toEqual(before);
  expect(new Set(loss).size).toBe(1);
});

it('an optimiser starts anew when layers are frozen or freed', () => {
  const optimizer = adam({ learningRate: 0.05 });
  const [net, twin] = [network(), network()];
  for (const trainable of [true, false, true]) {
    for (const own of [net, twin]) own.setTrainable(1, trainable);
    twin.resetOptimizer();
    const before = bits(net, ['W1']);
    for (let step = 0; step < 2; step++) for (const own of [net, twin]) own.trainOnBatch(X, Y, { optimizer });
    expect(stateOf(net)).toEqual(stateOf(twin));
    if (trainable) expect(bits(net, ['W1'])).not.toEqual(before);
    else expect(bits(net, ['W1'])).toEqual(before);
  }
});

it('a predictor made before a training sees what that trains', () => {
  const net = network();
  const predictor = net.predictor();
  net.setTrainable(1, false);
  net.fitSync(X, Y, { epochs: 3 });
  predictor.input.data.set(X.data.subarray(0, 3));
  predictor.run();
  expect(predictor.output.data[0]).toBe(net.predictSync(X).data[0]);
});

describe('setTrainable', () => {
  const rule = 'numbers of layers, from 1 to 3';
  it.each([
    {
      layers: 0,
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: `Expected layers to be ${rule}, got 0 (number)`,
    },
    {
      layers: [1, 4],
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: `Expected layers to be ${rule}, got 4 (number)`,
    },
    {
      layers: 1.5,
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: `Expected layers to be ${rule}, got 1.5 (number)`,
    },
    {
      layers: '1',
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected layers to be ${rule}, got "1" (string)`,
    },
    {
      layers: undefined,
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected layers to be ${rule}, got undefined`,
    },
  ] as const)('rejects the layers $layers', ({ layers, error, code, message }) => {
    const net = network();
    expectError(() => net.setTrainable(layers as never, false), error, code, message);
    expect(net.architecture).toEqual(network().architecture);
  });

  it('rejects anything but true and false', () => {
    expect(() => network().setTrainable(1, 0 as never)).toThrow(
      'Expected trainable to be true or false, got 0 (number)',
    );
  });
});
