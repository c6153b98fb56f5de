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
    expect(complete({ inputDim: 1, outputDim: 2, activation })).toEqual([
      { inputDim: 1, outputDim: 2, activation },
    ]);
  });

  it('keeps a frozen copy: the given layers may change without harm', () => {
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

const badSizes: { size: unknown; error: typeof RangeError | typeof TypeError; got: string }[] = [
  { size: 0, error: RangeError, got: '0 (number)' },
  { size: -1, error: RangeError, got: '-1 (number)' },
  { size: 1.5, error: RangeError, got: '1.5 (number)' },
  { size: Number.NaN, error: RangeError, got: 'NaN (number)' },
  { size: Number.POSITIVE_INFINITY, error: RangeError, got: 'Infinity (number)' },
  { size: 2 ** 53, error: RangeError, got: '9007199254740992 (number)' },
  { size: '2', error: TypeError, got: '"2" (string)' },
  { size: 2n, error: TypeError, got: '2 (bigint)' },
  { size: null, error: TypeError, got: 'null' },
  { size: [2], error: TypeError, got: 'an array of length 1' },
];

const activationRule = `one of ${activationNames.map((name) => `'${name}'`).join(', ')}`;

itRejects([
  ...badSizes.flatMap(({ size, error, got }): BadCall[] => {
    const code = error === RangeError ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_ARG_TYPE';
    const sentence = (name: string) => `Expected ${name} to be a positive integer, got ${got}`;
    const first = { inputDim: 2, outputDim: 3, activation: 'relu' };
    return [
      {
        what: `an inputDim of ${got}`,
        call: () => complete({ ...first, inputDim: size }),
        error,
        code,
        message: sentence('layers[0].inputDim'),
      },
      {
        what: `an outputDim of ${got}`,
        call: () => complete({ ...first, outputDim: size }),
        error,
        code,
        message: sentence('layers[0].outputDim'),
      },
      {
        what: `an outputDim of ${got} in the second layer`,
        call: () => complete(first, { outputDim: size, activation: 'relu' }),
        error,
        code,
        message: sentence('layers[1].outputDim'),
      },
    ];
  }),
  ...(['softmax', 'logSoftmax'] as const).map(
    (activation): BadCall => ({
      what: `a single output with ${activation}, which is constant`,
      call: () => complete({ inputDim: 2, outputDim: 1, activation }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message:
        'Expected layers[0].outputDim to be at least 2 with this activation, whose single output is constant; ' +
        "'sigmoid' decides between two classes, got 1 (number)",
    }),
  ),
  {
    what: 'a first layer without inputDim',
    call: () => complete({ outputDim: 3, activation: 'relu' }),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected layers[0].inputDim to be a positive integer, got undefined',
  },
  {
    what: 'a layer without outputDim',
    call: () => complete({ inputDim: 3, activation: 'relu' }),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected layers[0].outputDim to be a positive integer, got undefined',
  },
  {
    what: 'dimensions that do not chain',
    call: () =>
      complete(
        { inputDim: 2, outputDim: 4, activation: 'relu' },
        { inputDim: 5, outputDim: 1, activation: 'relu' },
      ),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected layers[1].inputDim to be 4, the outputDim of layers[0], got 5 (number)',
  },
  {
    what: 'a layer without activation',
    call: () => complete({ inputDim: 2, outputDim: 4 }),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: `Expected layers[0].activation to be ${activationRule}, got undefined`,
  },
  {
    what: 'an activation that does not exist',
    call: () => complete({ inputDim: 2, outputDim: 4, activation: 'swish' }),
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message: `Expected layers[0].activation to be ${activationRule}, got "swish" (string)`,
  },
  {
    what: 'an activation in capitals',
    call: () =>
      complete({ inputDim: 2, outputDim: 4, activation: 'relu' }, { outputDim: 1, activation: 'Sigmoid' }),
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message: `Expected layers[1].activation to be ${activationRule}, got "Sigmoid" (string); did you mean "sigmoid"?`,
  },
  {
    what: 'a name from the table’s prototype',
    call: () => complete({ inputDim: 2, outputDim: 4, activation: 'toString' }),
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message: `Expected layers[0].activation to be ${activationRule}, got "toString" (string)`,
  },
  {
    what: 'a function for an activation',
    call: () => complete({ inputDim: 2, outputDim: 4, activation: Math.tanh }),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: `Expected layers[0].activation to be ${activationRule}, got function tanh`,
  },
  {
    what: 'the article’s own key',
    call: () => complete({ input_dim: 2, outputDim: 4, activation: 'relu' }),
    error: TypeError,
    code: 'ERR_BLASNET_UNKNOWN_OPTION',
    message: 'Unknown option "input_dim" in layers[0]; did you mean "inputDim"?',
  },
  {
    what: 'another library’s key',
    call: () =>
      complete(
        { inputDim: 2, outputDim: 4, activation: 'relu' },
        { units: 4, outputDim: 4, activation: 'relu' },
      ),
    error: TypeError,
    code: 'ERR_BLASNET_UNKNOWN_OPTION',
    message: 'Unknown option "units" in layers[1]; did you mean "outputDim"?',
  },
  {
    what: 'no layer',
    call: () => complete(),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected layers to be a non-empty array of layers, got an array of length 0',
  },
  {
    what: 'null for a layer',
    call: () => complete(null),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected layers[0] to be an object, got null',
  },
  {
    what: 'a number for a layer',
    call: () => complete({ inputDim: 2, outputDim: 4, activation: 'relu' }, 4),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected layers[1] to be an object, got 4 (number)',
  },
  {
    what: 'an array for a layer',
    call: () => complete([2, 4, 'relu']),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected layers[0] to be an object, got an array of length 3',
  },
  {
    what: 'a hole between layers',
    call: () => {
      const layers: LayerOptions[] = [{ inputDim: 2, outputDim: 4, activation: 'relu' }];
      layers[2] = { outputDim: 1, activation: 'relu' };
      return completeArchitecture(layers);
    },
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected layers[1] to be an object, got undefined',
  },
  ...(
    [
      {
        what: 'one layer alone',
        layers: { inputDim: 2, outputDim: 4, activation: 'relu' },
        got: 'an object (Object)',
      },
      { what: 'a string', layers: '2-4-1', got: '"2-4-1" (string)' },
      { what: 'undefined', layers: undefined, got: 'undefined' },
      { what: 'a typed array', layers: new Float64Array(3), got: 'a Float64Array of length 3' },
    ] as const
  ).map(
    ({ what, layers, got }): BadCall => ({
      what: `${what} for the layers`,
      call: () => completeArchitecture(layers as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected layers to be an array of layers, got ${got}`,
    }),
  ),
  {
    what: 'one parameter more than 32 bits count',
    call: () => complete({ inputDim: 2 ** 31 - 1, outputDim: 1, activation: 'relu' }),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected the network to have at most 2147483647 parameters, got 2147483648 up to layers[0]',
  },
  {
    what: 'too many parameters in several layers',
    call: () =>
      complete(
        { inputDim: 2 ** 15, outputDim: 2 ** 15, activation: 'relu' },
        { outputDim: 2 ** 15, activation: 'relu' },
      ),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected the network to have at most 2147483647 parameters, got 2147549184 up to layers[1]',
  },
]);
