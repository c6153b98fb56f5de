// Frozen layers.

import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../lib/base/matrix';
import type { Network } from '../../lib/network/network';
import { adam, lbfgs, rmsProp, sgd } from '../../lib/optimizers/optimizers';
import { expectAlike, network, stateOf, X, Y } from './helpers';

const bits = (net: Network, names: readonly string[]) =>
  names.map((name) =>
    Array.from((net.parameters as Record<string, Matrix>)[name]?.data ?? expect.fail(name)),
  );

const first = ['W1', 'b1', 'gamma1', 'beta1'];
const rest = ['W2', 'b2', 'W3', 'b3'];

describe.each([
  ['sgd with weight decay', sgd({ weightDecay: 0.1 }), {}, {}],
  ['momentum, decoupled decay', sgd({ momentum: 0.9, weightDecay: 0.1, decoupled: true }), {}, {}],
  ['Adam, penalties, maxNorm', adam({ learningRate: 0.1 }), { l1: 0.1, l2: 0.1, maxNorm: 1e-3 }, {}],
  ['RMSProp, clipped', rmsProp(), {}, { clipNorm: 0.01, clipValue: 1 }],
  ['L-BFGS', lbfgs(), {}, {}],
] as const)('%s', (_, optimizer, options, fit) => {
  const make = (trainable: boolean) => network({ normalization: 'batch', trainable, ...options });

  it('leaves a frozen layer’s bits and running moments, and changes the others', async () => {
    const net = make(false);
    const before = [bits(net, first), bits(net, rest), stateOf(net).statistics];
    await net.fit(X, Y, { epochs: 5, optimizer, ...fit });
    expect(bits(net, first)).toEqual(before[0]);
    expect(stateOf(net).statistics).toEqual(before[2]);
    for (const [i, values] of bits(net, rest).entries()) expect(values).not.toEqual(before[1]?.[i]);
  });

  it('setTrainable is the option, later', () => {
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

it('with all layers frozen nothing changes', () => {
  const net = network({ normalization: 'batch', l2: 0.1 });
  net.setTrainable([1, 2, 3], false);
  const before = stateOf(net);
  const { loss } = net.fitSync(X, Y, { epochs: 3, batchSize: 'full', optimizer: adam() });
  expect(stateOf(net)).toEqual(before);
  expect(new Set(loss).size).toBe(1);
});

it('the optimiser of partialFit goes on when layers are freed', () => {
  const optimizer = adam({ learningRate: 0.05 });
  const net = network();
  net.trainOnBatch(X, Y, { optimizer });
  net.setTrainable(1, false);
  const frozen = bits(net, ['W1']);
  net.trainOnBatch(X, Y, { optimizer });
  expect(bits(net, ['W1'])).toEqual(frozen);
  net.setTrainable(1, true);
  net.trainOnBatch(X, Y, { optimizer });
  expect(bits(net, ['W1'])).not.toEqual(frozen);
});

it('a predictor made before sees what is trained after', () => {
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
    [0, RangeError, 'ERR_BLASNET_ARG_VALUE', `Expected layers to be ${rule}, got 0 (number)`],
    [[1, 4], RangeError, 'ERR_BLASNET_ARG_VALUE', `Expected layers to be ${rule}, got 4 (number)`],
    [1.5, RangeError, 'ERR_BLASNET_ARG_VALUE', `Expected layers to be ${rule}, got 1.5 (number)`],
    ['1', TypeError, 'ERR_BLASNET_ARG_TYPE', `Expected layers to be ${rule}, got "1" (string)`],
    [undefined, TypeError, 'ERR_BLASNET_ARG_TYPE', `Expected layers to be ${rule}, got undefined`],
  ])('rejects layers %j', (layers, errorClass, code, message) => {
    const net = network();
    let error: unknown;
    try {
      net.setTrainable(layers as never, false);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code, message });
    expect((error as Error).constructor).toBe(errorClass);
    expect(net.architecture).toEqual(network().architecture);
  });

  it('rejects anything but true and false', () => {
    expect(() => network().setTrainable(1, 0 as never)).toThrow(
      'Expected trainable to be true or false, got 0 (number)',
    );
  });
});
