// Embeddings of layers: how they are written, completed, counted, initialised, shown and refused.

import { describe, expect, it } from 'vitest';
import { workHere } from '../../lib/addon/work';
import { type Dtype, Matrix } from '../../lib/base/matrix';
import {
  completeArchitecture,
  embeddingsIn,
  featuresOf,
  type LayerOptions,
} from '../../lib/layers/architecture';
import {
  type InitializerName,
  type InitializerOption,
  initializeLayer,
  initializerNames,
  initializers,
} from '../../lib/layers/initializers';
import { Network } from '../../lib/network/network';
import { RandomState } from '../../lib/random/random-state';
import { type BadCall, itRejects } from '../support/bad-input';

const complete = (...layers: unknown[]) => completeArchitecture(layers as LayerOptions[]);
const embeddings = [
  { categories: 4, outputDim: 3 },
  { categories: 1, outputDim: 1 },
] as const;
const first = { inputDim: 2, outputDim: 3, activation: 'relu' } as const;
const last = { outputDim: 1, activation: 'sigmoid' } as const;
const layers = [{ ...first, embeddings }, last];

describe('completeArchitecture', () => {
  it('keeps embeddings, and leaves inputDim the number of columns of numbers', () => {
    const architecture = complete(...layers);
    expect(architecture[0]).toEqual({ ...first, embeddings });
    expect(featuresOf(architecture[0] ?? expect.fail())).toBe(6);
    expect(embeddingsIn(architecture)).toEqual(embeddings);
    expect(embeddingsIn(complete(first, last))).toEqual([]);
  });

  it('needs no numbers next to them', () => {
    const { inputDim: _, ...without } = first;
    const architecture = complete({ ...without, embeddings }, last);
    expect(architecture[0]).toEqual({ ...first, inputDim: 0, embeddings });
    expect(complete({ ...first, inputDim: 0, embeddings }, last)).toEqual(architecture);
  });

  // The values of Python's min(600, round(1.6 * categories ** 0.56)).
  it.each([
    { categories: 1, outputDim: 2 },
    { categories: 2, outputDim: 2 },
    { categories: 3, outputDim: 3 },
    { categories: 4, outputDim: 3 },
    { categories: 5, outputDim: 4 },
    { categories: 7, outputDim: 5 },
    { categories: 24, outputDim: 9 },
    { categories: 100, outputDim: 21 },
    { categories: 365, outputDim: 44 },
    { categories: 10_000, outputDim: 278 },
    { categories: 39_431, outputDim: 599 },
    { categories: 39_432, outputDim: 600 },
    { categories: 1_000_000, outputDim: 600 },
  ])('gives $categories categories $outputDim numbers by default, as fastai does', (embedding) => {
    const { categories } = embedding;
    expect(embeddingsIn(complete({ ...first, embeddings: [{ categories }] }, last))).toEqual([embedding]);
  });

  it('makes the same of what JSON keeps of an architecture', () => {
    const architecture = complete({ ...first, embeddings: [{ categories: 9 }], trainable: false }, last);
    expect(complete(...JSON.parse(JSON.stringify(architecture)))).toEqual(architecture);
  });

  it('keeps copies, which nothing changes', () => {
    const list = [{ categories: 4, outputDim: 3 }];
    const architecture = complete({ ...first, embeddings: list }, last);
    list[0] = { categories: 9, outputDim: 9 };
    expect(embeddingsIn(architecture)).toEqual([{ categories: 4, outputDim: 3 }]);
    expect(() => Object.assign(embeddingsIn(architecture)[0] ?? {}, { categories: 7 })).toThrow(TypeError);
    expect(() => (embeddingsIn(architecture) as unknown[]).push(7)).toThrow(TypeError);
  });

  it('counts the tables, with the row of unknown categories, among the parameters', () => {
    const most = 2 ** 31 - 1;
    // The table, three weights with their bias in the first layer, and four parameters in the last.
    const wide = (categories: number) =>
      complete({ outputDim: 1, activation: 'relu', embeddings: [{ categories, outputDim: 1 }] }, last);
    expect(wide(most - 5)).toHaveLength(2);
    expect(() => wide(most - 4)).toThrow(
      `Expected the network to have at most ${most} parameters, got ${most + 1} up to layers[1]`,
    );
  });
});

describe('parameters', () => {
  it('are the tables, in front of the layers, and W as wide as numbers and tables together', () => {
    const net = new Network(layers, { seed: 1 });
    const shapes = Object.entries(net.parameters).map(([name, { rows, cols }]) => [name, rows, cols]);
    expect(shapes).toEqual([
      ['E1', 5, 3],
      ['E2', 2, 1],
      ['W1', 3, 6],
      ['b1', 3, 1],
      ['W2', 1, 3],
      ['b2', 1, 1],
    ]);
    expect(net.parameterCount).toBe(15 + 2 + 18 + 3 + 3 + 1);
  });

  it('have gradients of their names and shapes', () => {
    const net = new Network(layers, { seed: 1 });
    const { loss, ...gradients } = net.gradients({ numbers: [[1, 2]], categories: [[0, -1]] }, [1]);
    const shapes = Object.entries(gradients).map(([name, { rows, cols }]) => [name, rows, cols]);
    const own = Object.entries(net.parameters).map(([name, { rows, cols }]) => [`d${name}`, rows, cols]);
    expect(shapes).toEqual(own);
    expect(loss).toBeGreaterThan(0);
  });
});

describe('initialisers', () => {
  /** The parameters, one array each, in their order. */
  const parametersOf = (initializer: InitializerOption, dtype: Dtype = 'float64') =>
    Object.values(new Network(layers, { seed: 4, dtype, initializer }).parameters).map(({ data }: Matrix) =>
      Array.from(data),
    );
  const normal = (random: RandomState, count: number) => Array.from({ length: count }, () => random.randn());

  it.each(initializerNames.filter((name) => name !== 'zeros'))(
    '%s draws the tables from the standard normal distribution before the layers, and leaves unknown ones 0',
    (name: InitializerName) => {
      const [E1, E2, ...rest] = parametersOf(name);
      const random = new RandomState(4);
      expect(E1).toEqual([...normal(random, 12), 0, 0, 0]);
      expect(E2).toEqual([...normal(random, 1), 0]);
      // The layer after the tables takes all features.
      const [weights, biases] = [new Float64Array(18), new Float64Array(3)];
      workHere(initializeLayer(name, random, { ...first, inputDim: 6 }, weights, biases));
      expect(rest.slice(0, 2)).toEqual([Array.from(weights), Array.from(biases)]);
      const [E32] = parametersOf(name, 'float32');
      expect(E32).toEqual(E1?.map(Math.fround));
    },
  );

  it('heNormal takes all features for the fanIn', () => {
    const [, , W1] = parametersOf('heNormal');
    const random = new RandomState(4);
    normal(random, 13);
    expect(W1).toEqual(normal(random, 18).map((value) => value * Math.sqrt(2 / 6)));
  });

  it('zeros leaves all zero, tables included', () => {
    expect(
      parametersOf('zeros')
        .flat()
        .every((value) => value === 0),
    ).toBe(true);
  });

  it.each([
    { name: 'orthogonal', initializer: initializers.orthogonal({ gain: 2 }) },
    { name: 'truncatedNormal', initializer: initializers.truncatedNormal({ standardDeviation: 3 }) },
    { name: 'constant', initializer: initializers.constant({ value: 5, bias: 6 }) },
  ])('the options of $name are for the layers alone', ({ initializer }) => {
    expect(parametersOf(initializer).slice(0, 2)).toEqual(parametersOf('auto').slice(0, 2));
  });

  it('initialParameters sets a table, in any form, and leaves the others to the rest', () => {
    const rows = Array.from({ length: 5 }, (_, r) => [r, r + 0.5, -r]);
    const auto = parametersOf('auto');
    for (const E1 of [rows, rows.flat(), Matrix.from(rows), Float64Array.from(rows.flat())]) {
      expect(parametersOf(initializers.initialParameters({ E1 }))).toEqual([rows.flat(), ...auto.slice(1)]);
    }
    const zeros = parametersOf(initializers.initialParameters({ E2: [7, 8] }, 'zeros'));
    expect(zeros[1]).toEqual([7, 8]);
    expect(
      zeros
        .filter((_, i) => i !== 1)
        .flat()
        .every((value) => value === 0),
    ).toBe(true);
  });

  it('initialParameters takes another network’s', () => {
    const { parameters } = new Network(layers, { seed: 9 });
    const copy = new Network(layers, { seed: 1, initializer: initializers.initialParameters(parameters) });
    expect(copy.parameters).toEqual(parameters);
  });

  const given = (values: object) => () =>
    new Network(layers, { initializer: initializers.initialParameters(values) });
  itRejects([
    {
      what: 'a table that the network lacks',
      call: given({ E3: [1] }),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected values to name parameters of 2 embeddings, got E3',
    },
    {
      what: 'a table without the row of unknown categories',
      call: given({ E1: Matrix.zeros(4, 3) }),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected values.E1 to be (5, 3), got (4, 3)',
    },
    {
      what: 'a table number 0',
      call: given({ E0: [1] }),
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: 'Unknown parameter "E0" in values; parameters are W1, b1, W2, b2, ..., E1, E2, ...',
    },
    {
      what: 'infinity in a table',
      call: given({ E2: [1, Number.POSITIVE_INFINITY] }),
      error: RangeError,
      code: 'ERR_BLASNET_NOT_FINITE',
      message: 'Expected values.E2 to hold finite numbers, got Infinity at row 1, column 0',
    },
    {
      what: 'W1 for the numbers alone',
      call: given({ W1: Matrix.zeros(3, 2) }),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected values.W1 to be (3, 6), got (3, 2)',
    },
  ]);
});

const bad = (what: string, options: unknown, [error, code]: Kind, message: string): BadCall => ({
  what,
  call: () => complete({ ...first, embeddings: options }, last),
  error,
  code,
  message: `Expected layers[0].embeddings${message}`,
});
type Kind = readonly [BadCall['error'], BadCall['code']];
const type: Kind = [TypeError, 'ERR_BLASNET_ARG_TYPE'];
const range: Kind = [RangeError, 'ERR_BLASNET_ARG_VALUE'];
const shape: Kind = [RangeError, 'ERR_BLASNET_SHAPE'];

const badSizes: { readonly size: unknown; readonly kind: Kind; readonly got: string }[] = [
  { size: 0, kind: range, got: '0 (number)' },
  { size: -1, kind: range, got: '-1 (number)' },
  { size: 0.5, kind: range, got: '0.5 (number)' },
  { size: Number.NaN, kind: range, got: 'NaN (number)' },
  { size: Number.POSITIVE_INFINITY, kind: range, got: 'Infinity (number)' },
  { size: '3', kind: type, got: '"3" (string)' },
  { size: 3n, kind: type, got: '3 (bigint)' },
  { size: null, kind: type, got: 'null' },
];
const categoriesRule = 'an integer from 1 to 2147483646';

describe('embeddings', () => {
  itRejects([
    bad('null', null, type, ' to be an array of embeddings, got null'),
    bad('a number', 5, type, ' to be an array of embeddings, got 5 (number)'),
    bad('an object', { categories: 5 }, type, ' to be an array of embeddings, got an object (Object)'),
    bad('no embedding', [], shape, ' to be an array of 1 to 10000 embeddings, got an array of length 0'),
    bad(
      'more than 10,000',
      Array(10_001).fill({ categories: 1 }),
      shape,
      ' to be an array of 1 to 10000 embeddings, got an array of length 10001',
    ),
    bad('a number for one of them', [{ categories: 1 }, 5], type, '[1] to be an object, got 5 (number)'),
    bad('null for one of them', [null], type, '[0] to be an object, got null'),
    bad(
      'undefined for one of them',
      [undefined, { categories: 1 }],
      type,
      '[0] to be an object, got undefined',
    ),
    bad(
      'one without categories',
      [{ outputDim: 2 }],
      type,
      `[0].categories to be ${categoriesRule}, got undefined`,
    ),
    ...badSizes.map(({ size, kind, got }) =>
      bad(
        `a count of ${got}`,
        [{ categories: size }],
        kind,
        `[0].categories to be ${categoriesRule}, got ${got}`,
      ),
    ),
    bad(
      'a count of 2^31 - 1, whose table has a row more than 32 bits count',
      [{ categories: 2 ** 31 - 1 }],
      range,
      `[0].categories to be ${categoriesRule}, got 2147483647 (number)`,
    ),
    bad(
      'a count of 2^31',
      [{ categories: 2 ** 31 }],
      range,
      `[0].categories to be ${categoriesRule}, got 2147483648 (number)`,
    ),
    ...badSizes.map(({ size, kind, got }) =>
      bad(
        `an outputDim of ${got}`,
        [{ categories: 2 }, { categories: 2, outputDim: size }],
        kind,
        `[1].outputDim to be a positive integer, got ${got}`,
      ),
    ),
    {
      what: 'an option in snake case',
      call: () => complete({ ...first, embeddings: [{ categories: 2, output_dim: 3 }] }, last),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "output_dim" in layers[0].embeddings[0]; did you mean "outputDim"?',
    },
    {
      what: 'the option of another library',
      call: () => complete({ ...first, embeddings: [{ categories: 2, vocabulary: 3 }] }, last),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "vocabulary" in layers[0].embeddings[0]; known: categories, outputDim',
    },
    {
      what: 'an embedding in the second layer',
      call: () => complete(first, { ...last, embeddings }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message:
        'Expected layers[1].embeddings to be left out in all layers except the first, got an array of length 2',
    },
    {
      what: 'a negative inputDim next to them',
      call: () => complete({ ...first, inputDim: -1, embeddings }, last),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected layers[0].inputDim to be an integer of at least 0, got -1 (number)',
    },
    {
      what: 'an inputDim in text next to them',
      call: () => complete({ ...first, inputDim: '2', embeddings }, last),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected layers[0].inputDim to be an integer of at least 0, got "2" (string)',
    },
    {
      what: 'an inputDim of 0 without them',
      call: () => complete({ ...first, inputDim: 0 }, last),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected layers[0].inputDim to be a positive integer, got 0 (number)',
    },
    {
      what: 'a table of more parameters than 32 bits count',
      call: () => complete({ ...first, embeddings: [{ categories: 2 ** 31 - 2, outputDim: 1 }] }, last),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected the network to have at most 2147483647 parameters, got 2147483659 up to layers[0]',
    },
  ]);
});
