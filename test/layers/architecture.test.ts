import { describe, expect, it } from 'vitest';
import { activationNames } from '../../lib/layers/activations';
import {
  completeArchitecture,
  inputDimOf,
  type LayerOptions,
  outputLayerOf,
} from '../../lib/layers/architecture';
import { type BadCall, itRejects } from '../support/bad-input';

const complete = (...layers: unknown[]) => completeArchitecture(layers as LayerOptions[]);

describe('completeArchitecture', () => {
  it('takes the article’s dictionaries as they are', () => {
    const layers: LayerOptions[] = [
      { inputDim: 2, outputDim: 4, activation: 'relu' },
      { inputDim: 4, outputDim: 6, activation: 'tanh' },
      { inputDim: 6, outputDim: 1, activation: 'sigmoid' },
    ];
    const architecture = completeArchitecture(layers);
    expect(architecture).toEqual(layers);
    expect(inputDimOf(architecture)).toBe(2);
    expect(outputLayerOf(architecture)).toEqual(layers[2]);
  });

  it('takes a layer’s inputDim from the layer before', () => {
    const [, second, third] = complete(
      { inputDim: 2, outputDim: 4, activation: 'relu' },
      { outputDim: 6, activation: 'relu' },
      { outputDim: 1, activation: 'sigmoid' },
    );
    expect([second?.inputDim, third?.inputDim]).toEqual([4, 6]);
  });

  it.each(activationNames)('knows %s', (activation) => {
    expect(complete({ inputDim: 1, outputDim: 1, activation })).toEqual([
      { inputDim: 1, outputDim: 1, activation },
    ]);
  });

  it('keeps a frozen copy: what is given may change without harm', () => {
    const layer = { inputDim: 2, outputDim: 3, activation: 'relu' as const };
    const layers = [layer];
    const architecture = completeArchitecture(layers);
    layer.outputDim = 7;
    layers.pop();
    expect(architecture).toEqual([{ inputDim: 2, outputDim: 3, activation: 'relu' }]);
    expect(() => Object.assign(architecture[0] as object, { outputDim: 7 })).toThrow(TypeError);
    expect(() => (architecture as unknown[]).push(layer)).toThrow(TypeError);
  });

  it('allows as many parameters as 32 bits can count', () => {
    expect(complete({ inputDim: 2 ** 31 - 2, outputDim: 1, activation: 'relu' })).toHaveLength(1);
  });
});

const badSizes: [unknown, typeof RangeError | typeof TypeError, string][] = [
  [0, RangeError, '0 (number)'],
  [-1, RangeError, '-1 (number)'],
  [1.5, RangeError, '1.5 (number)'],
  [Number.NaN, RangeError, 'NaN (number)'],
  [Number.POSITIVE_INFINITY, RangeError, 'Infinity (number)'],
  [2 ** 53, RangeError, '9007199254740992 (number)'],
  ['2', TypeError, '"2" (string)'],
  [2n, TypeError, '2 (bigint)'],
  [null, TypeError, 'null'],
  [[2], TypeError, 'an array of length 1'],
];

const activationRule = `one of ${activationNames.map((name) => `'${name}'`).join(', ')}`;

itRejects([
  ...badSizes.flatMap(([size, errorClass, got]): BadCall[] => {
    const code = errorClass === RangeError ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_ARG_TYPE';
    const sentence = (name: string) => `Expected ${name} to be a positive integer, got ${got}`;
    const first = { inputDim: 2, outputDim: 3, activation: 'relu' };
    return [
      [
        `an inputDim of ${got}`,
        () => complete({ ...first, inputDim: size }),
        errorClass,
        code,
        sentence('layers[0].inputDim'),
      ],
      [
        `an outputDim of ${got}`,
        () => complete({ ...first, outputDim: size }),
        errorClass,
        code,
        sentence('layers[0].outputDim'),
      ],
      [
        `an outputDim of ${got} in the second layer`,
        () => complete(first, { outputDim: size, activation: 'relu' }),
        errorClass,
        code,
        sentence('layers[1].outputDim'),
      ],
    ];
  }),
  [
    'a first layer without inputDim',
    () => complete({ outputDim: 3, activation: 'relu' }),
    TypeError,
    'ERR_BLASNET_ARG_TYPE',
    'Expected layers[0].inputDim to be a positive integer, got undefined',
  ],
  [
    'a layer without outputDim',
    () => complete({ inputDim: 3, activation: 'relu' }),
    TypeError,
    'ERR_BLASNET_ARG_TYPE',
    'Expected layers[0].outputDim to be a positive integer, got undefined',
  ],
  [
    'dimensions that do not chain',
    () =>
      complete(
        { inputDim: 2, outputDim: 4, activation: 'relu' },
        { inputDim: 5, outputDim: 1, activation: 'relu' },
      ),
    RangeError,
    'ERR_BLASNET_SHAPE',
    'Expected layers[1].inputDim to be 4, the outputDim of layers[0], got 5 (number)',
  ],
  [
    'a layer without activation',
    () => complete({ inputDim: 2, outputDim: 4 }),
    TypeError,
    'ERR_BLASNET_ARG_TYPE',
    `Expected layers[0].activation to be ${activationRule}, got undefined`,
  ],
  [
    'an activation that does not exist',
    () => complete({ inputDim: 2, outputDim: 4, activation: 'swish' }),
    RangeError,
    'ERR_BLASNET_UNKNOWN_NAME',
    `Expected layers[0].activation to be ${activationRule}, got "swish" (string)`,
  ],
  [
    'an activation in capitals',
    () =>
      complete({ inputDim: 2, outputDim: 4, activation: 'relu' }, { outputDim: 1, activation: 'Sigmoid' }),
    RangeError,
    'ERR_BLASNET_UNKNOWN_NAME',
    `Expected layers[1].activation to be ${activationRule}, got "Sigmoid" (string)`,
  ],
  [
    'a name from the table’s prototype',
    () => complete({ inputDim: 2, outputDim: 4, activation: 'toString' }),
    RangeError,
    'ERR_BLASNET_UNKNOWN_NAME',
    `Expected layers[0].activation to be ${activationRule}, got "toString" (string)`,
  ],
  [
    'a function for an activation',
    () => complete({ inputDim: 2, outputDim: 4, activation: Math.tanh }),
    TypeError,
    'ERR_BLASNET_ARG_TYPE',
    `Expected layers[0].activation to be ${activationRule}, got function tanh`,
  ],
  [
    'the article’s own key',
    () => complete({ input_dim: 2, outputDim: 4, activation: 'relu' }),
    TypeError,
    'ERR_BLASNET_UNKNOWN_OPTION',
    'Unknown option "input_dim" in layers[0]; did you mean "inputDim"?',
  ],
  [
    'another library’s key',
    () =>
      complete(
        { inputDim: 2, outputDim: 4, activation: 'relu' },
        { units: 4, outputDim: 4, activation: 'relu' },
      ),
    TypeError,
    'ERR_BLASNET_UNKNOWN_OPTION',
    'Unknown option "units" in layers[1]; known: name, inputDim, outputDim, activation, normalization, dropout, noise, ' +
      'skip, embeddings, l1, l2, maxNorm, trainable',
  ],
  [
    'no layer',
    () => complete(),
    RangeError,
    'ERR_BLASNET_SHAPE',
    'Expected layers to be a non-empty array of layers, got an array of length 0',
  ],
  [
    'null for a layer',
    () => complete(null),
    TypeError,
    'ERR_BLASNET_ARG_TYPE',
    'Expected layers[0] to be an object, got null',
  ],
  [
    'a number for a layer',
    () => complete({ inputDim: 2, outputDim: 4, activation: 'relu' }, 4),
    TypeError,
    'ERR_BLASNET_ARG_TYPE',
    'Expected layers[1] to be an object, got 4 (number)',
  ],
  [
    'an array for a layer',
    () => complete([2, 4, 'relu']),
    TypeError,
    'ERR_BLASNET_ARG_TYPE',
    'Expected layers[0] to be an object, got an array of length 3',
  ],
  [
    'a hole between layers',
    () => {
      const layers: LayerOptions[] = [{ inputDim: 2, outputDim: 4, activation: 'relu' }];
      layers[2] = { outputDim: 1, activation: 'relu' };
      return completeArchitecture(layers);
    },
    TypeError,
    'ERR_BLASNET_ARG_TYPE',
    'Expected layers[1] to be an object, got undefined',
  ],
  ...(
    [
      ['one layer alone', { inputDim: 2, outputDim: 4, activation: 'relu' }, 'an object (Object)'],
      ['a string', '2-4-1', '"2-4-1" (string)'],
      ['undefined', undefined, 'undefined'],
      ['a typed array', new Float64Array(3), 'a Float64Array of length 3'],
    ] as const
  ).map(
    ([what, layers, got]): BadCall => [
      `${what} for the layers`,
      () => completeArchitecture(layers as never),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      `Expected layers to be an array of layers, got ${got}`,
    ],
  ),
  [
    'one parameter more than 32 bits count',
    () => complete({ inputDim: 2 ** 31 - 1, outputDim: 1, activation: 'relu' }),
    RangeError,
    'ERR_BLASNET_SHAPE',
    'Expected the network to have at most 2147483647 parameters, got 2147483648 up to layers[0]',
  ],
  [
    'too many parameters in several layers',
    () =>
      complete(
        { inputDim: 2 ** 15, outputDim: 2 ** 15, activation: 'relu' },
        { outputDim: 2 ** 15, activation: 'relu' },
      ),
    RangeError,
    'ERR_BLASNET_SHAPE',
    'Expected the network to have at most 2147483647 parameters, got 2147549184 up to layers[1]',
  ],
]);
