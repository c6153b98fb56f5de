import { describe, expect, expectTypeOf, it } from 'vitest';
import { workHere } from '../../lib/addon/work';
import {
  decodeModel,
  encodeModel,
  formatVersion,
  type Migration,
  type ModelContent,
  migrations,
} from '../../lib/formats/model';
import type { Metadata, Safetensors, Tensor } from '../../lib/formats/safetensors';
import { type Architecture, completeArchitecture, type Layer } from '../../lib/layers/architecture';
import { type BadCall, itRejects, thrownBy } from '../support/bad-input';
import { parse, serialized } from './helpers';

const encodeHere = <L>(...given: Parameters<typeof encodeModel<L>>) => workHere(encodeModel(...given));
const decodeHere = <L>(...given: Parameters<typeof decodeModel<L>>) => workHere(decodeModel(...given));

/** W (outputDim, inputDim) and b (outputDim) of every layer: the tensors of densely connected layers. */
function denseTensors(
  architecture: readonly { readonly inputDim: number; readonly outputDim: number }[],
): { name: string; shape: number[] }[] {
  return architecture.flatMap(({ inputDim, outputDim }, index) => [
    { name: `W${index + 1}`, shape: [outputDim, inputDim] },
    { name: `b${index + 1}`, shape: [outputDim] },
  ]);
}

const schema = { completeArchitecture, tensorsOf: denseTensors };

const architecture = completeArchitecture([
  { inputDim: 2, outputDim: 3, activation: 'relu' },
  { outputDim: 1, activation: 'sigmoid' },
]);

const content: ModelContent<Layer> = {
  architecture,
  dtype: 'float64',
  seed: 2 ** 32 - 1,
  tensors: {
    W1: Float64Array.of(1, -2, 3, Number.MIN_VALUE, Number.MAX_VALUE, -0),
    b1: Float64Array.of(0.1, 0.2, 0.3),
    W2: Float64Array.of(4, 5, 6),
    b2: Float64Array.of(7),
  },
  preprocessing: { mean: [0.5, -1], scale: [1, 2], names: ['ü', '"'], none: null },
  libraryVersion: '1.2.3',
};

/** Writes the content to the bytes of a file, and reads it again. */
function throughFile(given: ModelContent<Layer>): ModelContent<Layer> {
  const { tensors, metadata } = encodeHere(given, schema);
  return decodeHere(parse(serialized(tensors, metadata)), 'model.safetensors', schema);
}

describe('encodeModel', () => {
  it('writes the article’s keys and shapes, and views of the parameters', () => {
    const { tensors, metadata } = encodeHere(content, schema);
    expect(tensors.map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
      ['W1', 'F64', [3, 2]],
      ['b1', 'F64', [3]],
      ['W2', 'F64', [1, 3]],
      ['b2', 'F64', [1]],
    ]);
    expect(tensors[0]?.data).toBe(content.tensors.W1);
    expect(metadata).toEqual({
      'blasnet.format': '1',
      'blasnet.version': '1.2.3',
      'blasnet.architecture':
        '[{"inputDim":2,"outputDim":3,"activation":"relu"},{"inputDim":3,"outputDim":1,"activation":"sigmoid"}]',
      'blasnet.dtype': 'float64',
      'blasnet.seed': '4294967295',
      'blasnet.preprocessing': '{"mean":[0.5,-1],"scale":[1,2],"names":["ü","\\""],"none":null}',
    });
  });

  const encode = (changes: object) => () => encodeHere({ ...content, ...changes }, schema);
  const withTensor = (name: string, data: unknown) =>
    encode({ tensors: { ...content.tensors, [name]: data } });
  itRejects([
    {
      what: 'a parameter that is missing',
      call: withTensor('b1', undefined),
      error: TypeError,
      code: 'ERR_BLASNET_DTYPE',
      message: "Expected b1 to be a Float64Array, since dtype is 'float64', got undefined",
    },
    {
      what: 'a parameter of the other dtype',
      call: withTensor('b1', new Float32Array(3)),
      error: TypeError,
      code: 'ERR_BLASNET_DTYPE',
      message: "Expected b1 to be a Float64Array, since dtype is 'float64', got a Float32Array of length 3",
    },
    {
      what: 'a parameter of another length',
      call: withTensor('W1', new Float64Array(5)),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected W1 to be of shape [3, 2], got a Float64Array of length 5',
    },
    {
      what: 'a parameter that the architecture does not have',
      call: withTensor('W3', new Float64Array(5)),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected tensors to be those of the architecture, got "W3"',
    },
    {
      what: 'NaN for a parameter',
      call: withTensor('W1', Float64Array.of(0, 0, 0, Number.NaN, 0, 0)),
      error: RangeError,
      code: 'ERR_BLASNET_NOT_FINITE',
      message: 'Expected W1[1][1] to be a finite number, got NaN (number)',
    },
    {
      what: 'NaN that JSON would make null',
      call: encode({ preprocessing: { mean: [0, Number.NaN] } }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected preprocessing.mean[1] to be a finite number, got NaN (number)',
    },
    {
      what: 'a typed array that JSON would make an object',
      call: encode({ preprocessing: { mean: new Float64Array(2) } }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected preprocessing.mean to be a value that JSON can hold, got a Float64Array of length 2',
    },
    {
      what: 'a function that JSON would leave out',
      call: encode({ architecture: [{ ...architecture[0], custom: Math.tanh }] }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected architecture[0].custom to be a value that JSON can hold, got function tanh',
    },
    {
      what: 'a hole in an array, which JSON would fill with null',
      call: encode({ training: { state: new Array(1), tensors: [] } }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected training[0] to be a value that JSON can hold, got undefined',
    },
    {
      what: 'an object inside itself',
      call: () => {
        const circle: Record<string, unknown> = {};
        circle.again = circle;
        encode({ preprocessing: circle })();
      },
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected a value to be at most 100 objects deep, got an object (Object)',
    },
    {
      what: 'a key that would be a prototype',
      call: encode({ preprocessing: JSON.parse('{"__proto__":{}}') }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected preprocessing to be an object without the key __proto__, got an object (Object)',
    },
  ]);
});

describe('decodeModel', () => {
  it('gives back what was encoded, bit for bit', () => {
    const decoded = throughFile(content);
    expectTypeOf(decoded.architecture).toEqualTypeOf<Architecture>();
    expect({ ...decoded, tensors: { ...decoded.tensors } }).toEqual(content);
    expect(Object.is(decoded.tensors.W1?.[5], -0)).toBe(true);
    const single = Object.fromEntries(
      Object.entries(content.tensors).map(([name, data]) => [name, Float32Array.from(data, (_, i) => i / 3)]),
    );
    const { preprocessing: _, ...bare } = { ...content, dtype: 'float32' as const, tensors: single };
    const decodedSingle = throughFile(bare);
    expect({ ...decodedSingle, tensors: { ...decodedSingle.tensors } }).toEqual(bare);
  });

  it('gives back a training’s own state and tensors in addition to the model', () => {
    const key: Tensor = { name: 'generator.key', dtype: 'U32', shape: [2], data: Uint32Array.of(1, 2 ** 31) };
    const mean: Tensor = { name: 'W1', dtype: 'F64', shape: [1], data: Float64Array.of(Number.NaN) };
    const training = { state: { epoch: 3, losses: [0.5] }, tensors: [mean, key] };
    const decoded = throughFile({ ...content, training });
    expect(decoded.training).toEqual(training);
    expect(decoded.tensors.W1).toEqual(content.tensors.W1);
  });

  it('ignores what others add to the metadata', () => {
    const { tensors, metadata } = encodeHere(content, schema);
    const file = parse(serialized(tensors, { ...metadata, author: 'me', 'blasnet.checkpoint': '{}' }));
    expect(decodeHere(file, 'x', schema).seed).toBe(content.seed);
  });

  const encoded = encodeHere(content, schema);
  const good: Safetensors = { ...encoded, metadata: { format: 'blasnet', ...encoded.metadata } };
  const decode = (changed: Partial<Safetensors>) => () =>
    decodeHere({ ...good, ...changed }, 'model.safetensors', schema);
  const name = '"model.safetensors"';

  const withMetadata = (
    what: string,
    changes: Record<string, string | undefined>,
    message: string,
  ): BadCall => {
    const metadata = Object.fromEntries(
      Object.entries({ ...good.metadata, ...changes }).filter(([, value]) => value !== undefined),
    ) as Metadata;
    return { what, call: decode({ metadata }), error: Error, code: 'ERR_BLASNET_FILE', message };
  };
  const withTensors = (what: string, tensors: readonly Tensor[], message: string): BadCall => ({
    what,
    call: decode({ tensors }),
    error: Error,
    code: 'ERR_BLASNET_FILE',
    message,
  });
  const replaced = (changes: object) =>
    good.tensors.map((tensor) => (tensor.name === 'W1' ? ({ ...tensor, ...changes } as Tensor) : tensor));

  itRejects([
    ...['blasnet.format', 'blasnet.version', 'blasnet.architecture', 'blasnet.dtype', 'blasnet.seed'].map(
      (key) =>
        withMetadata(
          `a file without ${key}`,
          { [key]: undefined },
          `Expected "${key}" of the metadata of ${name} to be present, as in every model file, got none`,
        ),
    ),
    ...([undefined, 'pt'] as const).map((format) =>
      withMetadata(
        `a file with the format ${format}`,
        { format },
        `Expected "format" of the metadata of ${name} to be "blasnet", as in a model file of this library, ` +
          `got ${format === undefined ? 'none' : '"pt"'}: it looks like a safetensors file of another program; ` +
          'Network.import reads one of PyTorch',
      ),
    ),
    withMetadata(
      'a newer version',
      { 'blasnet.format': '2', 'blasnet.version': '9.0.0' },
      `Expected "blasnet.format" of the metadata of ${name} to be at most 1, the newest that this version of blasnet reads, got 2, written by blasnet "9.0.0"`,
    ),
    withMetadata(
      'an older version than there is',
      { 'blasnet.format': '0' },
      `Expected "blasnet.format" of the metadata of ${name} to be a version that this version of blasnet reads, got 0`,
    ),
    ...['', '1.0', '-1', '01', ' 1', 'constructor', '1e0', '9999999999'].map((version) =>
      withMetadata(
        `a version of "${version}"`,
        { 'blasnet.format': version },
        `Expected "blasnet.format" of the metadata of ${name} to be the version number of a format, got "${version}"`,
      ),
    ),
    withMetadata(
      'an unknown dtype',
      { 'blasnet.dtype': 'float16' },
      `In blasnet.dtype of ${name}: Expected dtype to be one of 'float64', 'float32', got "float16" (string)`,
    ),
    withMetadata(
      'a seed beyond 32 bits',
      { 'blasnet.seed': '4294967296' },
      `In blasnet.seed of ${name}: Expected seed to be an integer from 0 to 4294967295, got 4294967296 (number)`,
    ),
    withMetadata(
      'no seed at all',
      { 'blasnet.seed': '' },
      `In blasnet.seed of ${name}: Expected seed to be an integer from 0 to 4294967295, got "" (string)`,
    ),
    withMetadata(
      'an architecture that is no JSON',
      { 'blasnet.architecture': '[{]' },
      `Expected "blasnet.architecture" of the metadata of ${name} to be JSON as this library writes it, got "[{]"`,
    ),
    withMetadata(
      'an architecture deeper than any',
      { 'blasnet.architecture': `${'['.repeat(100_000)}${']'.repeat(100_000)}` },
      `Expected "blasnet.architecture" of the metadata of ${name} to be JSON as this library writes it, got "${'['.repeat(197)}..."`,
    ),
    withMetadata(
      'an object for the architecture',
      { 'blasnet.architecture': '{}' },
      `In blasnet.architecture of ${name}: Expected layers to be an array of layers, got an object (Object)`,
    ),
    withMetadata(
      'a layer of no size',
      { 'blasnet.architecture': '[{"inputDim":2,"outputDim":0,"activation":"relu"}]' },
      `In blasnet.architecture of ${name}: Expected layers[0].outputDim to be a positive integer, got 0 (number)`,
    ),
    withMetadata(
      'an option that layers do not have',
      { 'blasnet.architecture': '[{"inputDim":2,"outputDim":1,"activation":"relu","dropuot":0.5}]' },
      `In blasnet.architecture of ${name}: Unknown option "dropuot" in layers[0]; did you mean "dropout"?`,
    ),
    withMetadata(
      'a prototype in the preprocessing',
      { 'blasnet.preprocessing': '{"__proto__":{"admin":true}}' },
      `Expected "blasnet.preprocessing" of the metadata of ${name} to be JSON as this library writes it, got "{\\"__proto__\\":{\\"admin\\":true}}"`,
    ),
    withTensors(
      'a file without a parameter',
      good.tensors.slice(1),
      `Expected tensor "W1" of ${name} to be present, with shape [3, 2], got none`,
    ),
    withTensors(
      'a parameter more',
      [...good.tensors, { name: 'W3', dtype: 'F64', shape: [0], data: new Float64Array(0) }],
      `Expected the tensors of ${name} to be those of the architecture only, got also "W3"`,
    ),
    withTensors(
      'tensors of a training that is not there',
      [...good.tensors, { name: 'training.W1', dtype: 'F64', shape: [0], data: new Float64Array(0) }],
      `Expected "blasnet.training" of the metadata of ${name} to be present, like "training.W1", got none`,
    ),
    withTensors(
      'a parameter turned round',
      replaced({ shape: [2, 3] }),
      `Expected shape of tensor "W1" of ${name} to be [3, 2], as the architecture says, got [2, 3]`,
    ),
    withTensors(
      'a parameter with a size of 1 more',
      replaced({ shape: [3, 2, 1] }),
      `Expected shape of tensor "W1" of ${name} to be [3, 2], as the architecture says, got [3, 2, 1]`,
    ),
    withTensors(
      'a parameter of another dtype',
      replaced({ dtype: 'F32', data: new Float32Array(6) }),
      `Expected dtype of tensor "W1" of ${name} to be F64, as blasnet.dtype says, got F32`,
    ),
    ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value) =>
      withTensors(
        `${value} for a parameter`,
        replaced({ data: Float64Array.of(0, 0, 0, 0, value, 0) }),
        `Expected W1[2][0] of ${name} to be a finite number, got ${value}`,
      ),
    ),
  ]);

  it('keeps the layer’s own error as the cause', () => {
    const metadata = { ...good.metadata, 'blasnet.architecture': '[]' };
    expect(thrownBy(decode({ metadata }))).toMatchObject({ cause: { code: 'ERR_BLASNET_SHAPE' } });
  });

  it('lets errors through that are not about the file', () => {
    const broken = {
      ...schema,
      completeArchitecture: () => {
        throw new TypeError('a bug');
      },
    };
    expect(() => decodeHere(good, 'x', broken)).toThrow(/^a bug$/);
  });
});

describe('a file of an older version', () => {
  // An imagined version 0: it has another name for the seed, and every b is a column.
  const fromZero: Migration = ({ tensors, metadata: { 'blasnet.start': seed = '', ...metadata } }) => ({
    tensors: tensors.map((tensor) =>
      tensor.name.startsWith('b') ? { ...tensor, shape: tensor.shape.slice(0, 1) } : tensor,
    ),
    metadata: { ...metadata, 'blasnet.seed': seed },
  });
  const { tensors, metadata } = encodeHere(content, schema);
  const { 'blasnet.seed': seed = '', ...rest } = metadata;
  const old = serialized(
    tensors.map((tensor) =>
      tensor.name.startsWith('b') ? { ...tensor, shape: [...tensor.shape, 1] } : tensor,
    ),
    { ...rest, 'blasnet.format': '0', 'blasnet.start': seed },
  );

  it('goes through the steps to the present one', () => {
    const decoded = decodeHere(parse(old), 'old', schema, { 0: fromZero });
    expect({ ...decoded, tensors: { ...decoded.tensors } }).toEqual(content);
  });

  it('is checked as any other after that', () => {
    expect(() => decodeHere(parse(old), 'old', schema, { 0: (file) => file })).toThrow(
      'Expected "blasnet.seed" of the metadata of "old" to be present, as in every model file, got none',
    );
  });

  it('has a step for every version since the first', () => {
    const versions = Array.from({ length: formatVersion - 1 }, (_, i) => String(i + 1));
    expect(Object.keys(migrations)).toEqual(versions);
  });
});
