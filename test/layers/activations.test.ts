import { describe, expect, it } from 'vitest';
import {
  activationNames,
  defaultAlpha,
  elu,
  leakyRelu,
  resolveActivation,
} from '../../lib/layers/activations';
import { itRejects } from '../support/bad-input';

describe('activations', () => {
  it('are resolved by name, with their defaults', () => {
    for (const name of activationNames) {
      const alpha = { leakyRelu: 0.01, elu: 1 }[name as string] ?? 0;
      expect(resolveActivation(name, 'activation')).toEqual({ name, alpha });
      expect(defaultAlpha(name)).toBe(alpha);
    }
  });

  it('are resolved from what their factories make', () => {
    expect(leakyRelu()).toEqual({ name: 'leakyRelu', negativeSlope: 0.01 });
    expect(elu()).toEqual({ name: 'elu', alpha: 1 });
    const resolve = (value: unknown) => resolveActivation(value, 'activation');
    expect(resolve(leakyRelu({ negativeSlope: 0.3 }))).toEqual({ name: 'leakyRelu', alpha: 0.3 });
    expect(resolve(elu({ alpha: 0.5 }))).toEqual({ name: 'elu', alpha: 0.5 });
    // Plain objects, as in a file, work too.
    expect(resolve({ name: 'elu', alpha: 0.5 })).toEqual({ name: 'elu', alpha: 0.5 });
    expect(resolve({ name: 'leakyRelu' })).toEqual({ name: 'leakyRelu', alpha: 0.01 });
    expect(resolve(leakyRelu())).toEqual(resolve('leakyRelu'));
    expect(resolve(elu())).toEqual(resolve('elu'));
    expect([leakyRelu(), elu()].every(Object.isFrozen)).toBe(true);
  });

  const names = `one of ${activationNames.map((name) => `'${name}'`).join(', ')}`;
  const such = 'the name of an activation, or an activation such as leakyRelu({ negativeSlope: 0.1 })';
  itRejects([
    {
      what: 'an unknown name',
      call: () => resolveActivation('swish', 'layers[1].activation'),
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Expected layers[1].activation to be ${names}, got "swish" (string)`,
    },
    {
      what: 'a factory that was not called',
      call: () => resolveActivation(leakyRelu, 'activation'),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected activation to be ${names}, got function leakyRelu`,
    },
    {
      what: 'null',
      call: () => resolveActivation(null, 'activation'),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected activation to be ${names}, got null`,
    },
    {
      what: 'an object of another kind',
      call: () => resolveActivation({ name: 'relu' }, 'activation'),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected activation to be ${such}, got an object (Object)`,
    },
    {
      what: 'a plain object with an option that is none',
      call: () => resolveActivation({ name: 'elu', slope: 1 }, 'layers[0].activation'),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "slope" in layers[0].activation; known: alpha',
    },
    {
      what: 'a plain object with a value out of range',
      call: () => resolveActivation({ name: 'leakyRelu', negativeSlope: -1 }, 'layers[0].activation'),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected layers[0].activation.negativeSlope to be a positive finite number, got -1 (number)',
    },
    ...[0, -0.1, Number.NaN, Number.POSITIVE_INFINITY].flatMap((value) => [
      {
        what: `leakyRelu with a slope of ${value}`,
        call: () => leakyRelu({ negativeSlope: value }),
        error: RangeError,
        code: 'ERR_BLASNET_ARG_VALUE',
        message: `Expected negativeSlope to be a positive finite number, got ${value} (number)`,
      } as const,
      {
        what: `elu with an alpha of ${value}`,
        call: () => elu({ alpha: value }),
        error: RangeError,
        code: 'ERR_BLASNET_ARG_VALUE',
        message: `Expected alpha to be a positive finite number, got ${value} (number)`,
      } as const,
    ]),
    {
      what: 'leakyRelu with a slope in words',
      call: () => leakyRelu({ negativeSlope: '0.1' as never }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected negativeSlope to be a positive finite number, got "0.1" (string)',
    },
    {
      what: 'leakyRelu with an unknown option',
      call: () => leakyRelu({ negative_slop: 0.1 } as never),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "negative_slop"; did you mean "negativeSlope"?',
    },
    {
      what: 'elu of a number',
      call: () => elu(0.5 as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected options to be an object, got 0.5 (number)',
    },
  ]);
});
