// The options of a layer other than its sizes and activation.

import { describe, expect, it } from 'vitest';
import { elu } from '../../lib/layers/activations';
import { completeArchitecture, type LayerOptions, withTrainable } from '../../lib/layers/architecture';
import { batchNorm, layerNorm } from '../../lib/layers/normalization';
import { type BadCall, itRejects } from '../support/bad-input';

/** A hidden layer with these options, and an output. */
const hidden = (options: object) => complete({ ...first, ...options }, last);
const complete = (...layers: unknown[]) => completeArchitecture(layers as LayerOptions[]);
const first = { inputDim: 2, outputDim: 3, activation: 'relu' };
const last = { outputDim: 1, activation: 'sigmoid' };

describe('completeArchitecture', () => {
  it('keeps what a layer uses, and nothing else', () => {
    const switches = { inputScale: true, activationMix: true, trainable: false };
    const used = { dropout: 0.5, noise: 0.1, l1: 1e-4, l2: 1e-3, maxNorm: 3, ...switches };
    expect(hidden(used)[0]).toEqual({ ...first, ...used });
    expect(hidden({ dropout: 0, noise: 0, l1: 0, l2: 0, trainable: true })[0]).toEqual(first);
    expect(hidden({ inputScale: false, activationMix: false })[0]).toEqual(first);
    expect(hidden({ dropout: undefined, normalization: undefined, maxNorm: undefined })[0]).toEqual(first);
  });

  it('completes normalisations, whether they are names, made by the factories, or plain objects', () => {
    const normalized = (normalization: unknown) => hidden({ normalization })[0]?.normalization;
    expect(normalized('batch')).toEqual({ name: 'batch', momentum: 0.1, epsilon: 1e-5 });
    expect(normalized('layer')).toEqual({ name: 'layer', epsilon: 1e-5 });
    expect(normalized(batchNorm({ momentum: 1 }))).toEqual({ name: 'batch', momentum: 1, epsilon: 1e-5 });
    expect(normalized(layerNorm({ epsilon: 0.5 }))).toEqual({ name: 'layer', epsilon: 0.5 });
    expect(normalized({ name: 'batch', epsilon: 0.5 })).toEqual({
      name: 'batch',
      momentum: 0.1,
      epsilon: 0.5,
    });
  });

  it('keeps the factors that are not 1, by the kinds of parameters that the layer has', () => {
    const kept = (options: object) => hidden(options)[0]?.learningRateFactors;
    expect(kept({ learningRateFactors: { W: 1, b: 0.5 } })).toEqual({ b: 0.5 });
    expect(kept({ learningRateFactors: 0 })).toEqual({ W: 0, b: 0 });
    expect(kept({ learningRateFactors: 2, normalization: 'batch', embeddings: [{ categories: 2 }] })).toEqual(
      {
        ...{ W: 2, b: 2, gamma: 2, beta: 2, E: 2 },
      },
    );
    for (const nothing of [1, {}, { b: undefined }, { W: 1 }, undefined])
      expect(hidden({ learningRateFactors: nothing, weightDecayFactors: nothing })[0]).toEqual(first);
    const architecture = hidden({ learningRateFactors: { b: 0.5 }, weightDecayFactors: 3 });
    expect(complete(...JSON.parse(JSON.stringify(architecture)))).toEqual(architecture);
  });

  it('gives the same architecture after JSON', () => {
    const architecture = hidden({
      activation: elu({ alpha: 2 }),
      normalization: 'batch',
      l1: 0.1,
      maxNorm: 2,
    });
    expect(complete(...JSON.parse(JSON.stringify(architecture)))).toEqual(architecture);
  });

  it('keeps copies of objects, which may change without harm', () => {
    const [activation, normalization] = [
      { name: 'elu', alpha: 1 },
      { name: 'batch', momentum: 0.1 },
    ];
    const architecture = hidden({ activation, normalization });
    activation.alpha = 7;
    normalization.momentum = 0.7;
    expect(architecture[0]).toMatchObject({ activation: { alpha: 1 }, normalization: { momentum: 0.1 } });
  });

  it('counts factors of inputs and shares of activations among the parameters', () => {
    const most = 2 ** 31 - 1;
    const wide = { outputDim: 1, activation: 'relu', inputScale: true, activationMix: true };
    // The first layer's weights and factors, its bias and its share, and the second layer's weight and bias.
    expect(complete({ ...wide, inputDim: (most - 5) / 2 }, last)).toHaveLength(2);
    expect(() => complete({ ...wide, inputDim: (most - 3) / 2 }, last)).toThrow(
      `Expected the network to have at most ${most} parameters, got ${most + 1} up to layers[1]`,
    );
  });

  it('counts gamma and beta among the parameters', () => {
    const most = 2 ** 31 - 1;
    const wide = { outputDim: 1, activation: 'relu', normalization: 'layer' };
    // The first layer's weights and three columns, and the second layer's weight and bias.
    expect(complete({ ...wide, inputDim: most - 5 }, last)).toHaveLength(2);
    expect(() => complete({ ...wide, inputDim: most - 4 }, last)).toThrow(
      `Expected the network to have at most ${most} parameters, got ${most + 1} up to layers[1]`,
    );
  });

  it('freezes layers and frees them, and leaves the others as they are', () => {
    const architecture = hidden({ l2: 0.1 });
    const frozen = withTrainable(architecture, [1], false);
    expect(frozen).toEqual([{ ...architecture[0], trainable: false }, architecture[1]]);
    expect(frozen[1]).toBe(architecture[1]);
    expect(withTrainable(frozen, [1, 2], true)).toEqual(architecture);
    expect(Object.isFrozen(frozen) && frozen.every(Object.isFrozen)).toBe(true);
  });
});

const values = (option: string, rule: string, list: readonly unknown[]): BadCall[] =>
  list.map((value) => {
    const range = typeof value === 'number';
    const got =
      typeof value === 'string'
        ? `"${value}" (string)`
        : value === null
          ? 'null'
          : `${value} (${typeof value})`;
    return {
      what: `${option} ${got}`,
      call: () => hidden({ [option]: value }),
      error: range ? RangeError : TypeError,
      code: range ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_ARG_TYPE',
      message: `Expected layers[0].${option} to be ${rule}, got ${got}`,
    };
  });

const atLeast0 = 'a finite number of at least 0';
const normalizations = "'batch', 'layer', batchNorm() or layerNorm()";
const momentums = (value: unknown) => hidden({ normalization: { name: 'batch', momentum: value } });

itRejects([
  ...values('dropout', 'a number in [0, 1)', [1, -0.1, Number.NaN, '0.5', null]),
  ...values('noise', atLeast0, [-1, Number.POSITIVE_INFINITY, Number.NaN, '1']),
  ...values('l1', atLeast0, [-1e-9, Number.NaN, null]),
  ...values('l2', atLeast0, [-1e-9, Number.NaN, true]),
  ...values('maxNorm', 'a positive finite number', [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '3']),
  ...values('trainable', 'true or false', ['no', null]),
  ...values('inputScale', 'true or false', ['no', null]),
  ...values('members', 'an integer from 1 to 10000', [0, 1.5, -1, 10_001, Number.NaN, '4', null]),
  {
    what: 'members of a later layer',
    call: () => complete(first, { ...last, members: 2 }),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected layers[1].members to be left out in all layers except the first, got 2 (number)',
  },
  {
    what: 'members with too many last layers',
    call: () => complete({ ...first, outputDim: 1000, members: 10_000 }, { ...last, outputDim: 300 }),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected the network to have at most 2147483647 parameters, got 3003023000 up to layers[1]',
  },
  ...values('activationMix', 'true or false', ['no', null]),
  ...(['learningRateFactors', 'weightDecayFactors'] as const).flatMap((option): BadCall[] => [
    {
      what: `${option} that are text`,
      call: () => hidden({ [option]: '2' }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected layers[0].${option} to be a number of at least 0, or an object of such numbers, got "2" (string)`,
    },
    {
      what: `${option} below 0`,
      call: () => hidden({ [option]: -1 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: `Expected layers[0].${option} to be ${atLeast0}, got -1 (number)`,
    },
    {
      what: `${option} of a parameter below 0`,
      call: () => hidden({ [option]: { b: Number.NaN } }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: `Expected layers[0].${option}.b to be ${atLeast0}, got NaN (number)`,
    },
    {
      what: `${option} of a parameter that the layer lacks`,
      call: () => hidden({ [option]: { gamma: 1 } }),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: `Unknown option "gamma" in layers[0].${option}; known: W, b`,
    },
  ]),
  {
    what: 'trainable 0',
    call: () => hidden({ trainable: 0 }),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected layers[0].trainable to be true or false, got 0 (number)',
  },
  {
    what: 'an unknown normalization',
    call: () => hidden({ normalization: 'group' }),
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message: `Expected layers[0].normalization to be ${normalizations}, got "group" (string)`,
  },
  {
    what: 'a normalization that was not made',
    call: () => hidden({ normalization: batchNorm }),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: `Expected layers[0].normalization to be ${normalizations}, got function batchNorm`,
  },
  ...[-0.1, 1.1, Number.NaN].map(
    (value): BadCall => ({
      what: `a momentum of ${value}`,
      call: () => momentums(value),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: `Expected layers[0].normalization.momentum to be a number in [0, 1], got ${value} (number)`,
    }),
  ),
  {
    what: 'a momentum that is none',
    call: () => batchNorm({ momentum: '0.1' as never }),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected momentum to be a number in [0, 1], got "0.1" (string)',
  },
  {
    what: 'an epsilon of 0',
    call: () => layerNorm({ epsilon: 0 }),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected epsilon to be a positive finite number, got 0 (number)',
  },
  {
    what: 'a momentum of layers',
    call: () => layerNorm({ momentum: 0.1 } as never),
    error: TypeError,
    code: 'ERR_BLASNET_UNKNOWN_OPTION',
    message: 'Unknown option "momentum"; known: epsilon',
  },
  {
    what: 'activationMix in the last layer',
    call: () => complete(first, { ...last, activationMix: true }),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected layers[1].activationMix to be false or left out in the last layer, got true (boolean)',
  },
  {
    what: 'activationMix of softmax',
    call: () => hidden({ activation: 'softmax', activationMix: true }),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message:
      'Expected layers[0].activationMix to be false or left out with softmax, which depends on all units, got true (boolean)',
  },
  {
    what: 'dropout in the last layer',
    call: () => complete(first, { ...last, dropout: 0.5 }),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected layers[1].dropout to be 0 or left out in the last layer, got 0.5 (number)',
  },
  {
    what: 'normalization in the last layer',
    call: () => complete({ ...first, normalization: 'layer' }),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected layers[0].normalization to be left out in the last layer, got "layer" (string)',
  },
  {
    what: 'a misspelt option',
    call: () => hidden({ drop_out: 0.5 }),
    error: TypeError,
    code: 'ERR_BLASNET_UNKNOWN_OPTION',
    message: 'Unknown option "drop_out" in layers[0]; did you mean "dropout"?',
  },
]);
