import { describe, expect, it } from 'vitest';
import { workHere } from '../../lib/addon/work';
import { type Dtype, Matrix } from '../../lib/base/matrix';
import { completeArchitecture, type Layer } from '../../lib/layers/architecture';
import { initialization } from '../../lib/layers/initialization';
import {
  type InitializerName,
  type InitializerOption,
  initializeLayer,
  initializerNames,
  initializers,
  resolveInitializer,
} from '../../lib/layers/initializers';
import { allocateParameters } from '../../lib/layers/parameters';
import { RandomState } from '../../lib/random/random-state';
import { itRejects } from '../support/bad-input';

const { orthogonal, truncatedNormal, constant, initialParameters } = initializers;

const architecture = completeArchitecture([
  { inputDim: 3, outputDim: 5, activation: 'tanh' },
  { outputDim: 2, activation: 'tanh' },
]);

/** The parameters of 3-5-2, from the seed 4. */
function parametersOf(option: InitializerOption, dtype: Dtype = 'float64') {
  const { named } = allocateParameters(architecture, dtype);
  workHere(initialization(resolveInitializer(option), new RandomState(4), architecture, named).work);
  return named;
}

const arraysOf = (option: InitializerOption, dtype?: Dtype) =>
  Object.values(parametersOf(option, dtype)).map(({ data }: Matrix) => Array.from(data));

/** The weights of one layer. */
function weightsOf(
  option: InitializerOption,
  outputDim: number,
  inputDim: number,
  seed = 4,
  dtype: Dtype = 'float64',
) {
  const layer: Layer = { inputDim, outputDim, activation: 'linear' };
  const weights = Matrix.zeros(outputDim, inputDim, dtype);
  const biases = Matrix.zeros(outputDim, 1, dtype);
  workHere(resolveInitializer(option).fill(new RandomState(seed), layer, weights.data, biases.data));
  return weights;
}

/** The parameters that a formula computes from one stream of draws; biases are zero. */
function drawn(weight: (random: RandomState, fanIn: number) => number): number[][] {
  const random = new RandomState(4);
  return architecture.flatMap(({ inputDim, outputDim }) => [
    Array.from({ length: inputDim * outputDim }, () => weight(random, inputDim)),
    Array(outputDim).fill(0),
  ]);
}

describe('an initialiser by name', () => {
  const lecunNormal = drawn((random, fanIn) => random.randn() * Math.sqrt(1 / fanIn));
  const lecunUniform = drawn((random, fanIn) => {
    const limit = Math.sqrt(3 / fanIn);
    return -limit + 2 * limit * random.random();
  });
  const truncated = (standardDeviation: number) =>
    drawn((random) => {
      for (;;) {
        const value = random.randn();
        if (Math.abs(value) <= 2) return value * standardDeviation;
      }
    });

  it.each<[InitializerOption, number[][]]>([
    ['lecunNormal', lecunNormal],
    ['lecunUniform', lecunUniform],
    ['truncatedNormal', truncated(0.05)],
    [truncatedNormal(), truncated(0.05)],
    [truncatedNormal({ standardDeviation: 2 }), truncated(2)],
  ])('%o draws what NumPy’s generator gives, in both dtypes', (option, expected) => {
    expect(arraysOf(option)).toEqual(expected);
    expect(arraysOf(option, 'float32')).toEqual(expected.map((values) => values.map(Math.fround)));
  });

  it('the network’s option and the function that fills a layer take the same names', () => {
    for (const name of initializerNames) {
      const { named } = allocateParameters(architecture, 'float64');
      const random = new RandomState(4);
      for (const [i, layer] of architecture.entries()) {
        const [weights, biases] = [named[`W${i + 1}`], named[`b${i + 1}`]];
        const fill = initializeLayer(name, random, layer, weights?.data as never, biases?.data as never);
        workHere(fill);
      }
      expect(parametersOf(name)).toEqual(named);
    }
  });

  it.each([
    ['heNormal', ['relu', 'leakyRelu', 'elu', 'gelu', 'geluTanh', 'silu', 'mish']],
    ['lecunNormal', ['selu']],
    ['glorotUniform', ['linear', 'sigmoid', 'tanh', 'softmax']],
  ] as const)('auto is %s for %o', (name, activations) => {
    for (const activation of activations) {
      const [auto, expected] = (['auto', name] as const).map((initializer: InitializerName) => {
        const layer = { inputDim: 7, outputDim: 4, activation: activation as never };
        const weights = new Float64Array(28);
        workHere(initializeLayer(initializer, new RandomState(1), layer, weights, new Float64Array(4)));
        return weights;
      });
      expect(auto).toEqual(expected);
    }
  });

  it('draws are spread as their initialiser says', () => {
    const variance = (option: InitializerOption) => {
      const weights = Array.from(weightsOf(option, 400, 500).data);
      return weights.reduce((sum, w) => sum + w * w, 0) / weights.length;
    };
    // For the mean square of 200,000 weights, 2 % is six standard deviations.
    expect(Math.abs(variance('lecunNormal') * 500 - 1)).toBeLessThan(0.02);
    expect(Math.abs(variance('lecunUniform') * 500 - 1)).toBeLessThan(0.02);
    // The variance of a normal distribution that is cut at two standard deviations.
    const cut = truncatedNormal({ standardDeviation: 0.1 });
    expect(Math.abs(variance(cut) / 0.7737413035 / 0.01 - 1)).toBeLessThan(0.02);
    const sizes = Array.from(weightsOf(cut, 400, 500).data, Math.abs);
    const largest = sizes.reduce((a, b) => Math.max(a, b));
    expect(largest).toBeLessThanOrEqual(0.2);
    expect(largest).toBeGreaterThan(0.199);
  });
});

describe('orthogonal', () => {
  /** The largest difference between gain^2 I and W W^T, or W^T W if W has more rows than columns. */
  function error(W: Matrix, gain: number): number {
    const A = W.rows <= W.cols ? W : W.transpose();
    let most = 0;
    for (let i = 0; i < A.rows; i++) {
      for (let j = 0; j <= i; j++) {
        let product = 0;
        for (let c = 0; c < A.cols; c++) product += A.get(i, c) * A.get(j, c);
        most = Math.max(most, Math.abs(product - (i === j ? gain * gain : 0)));
      }
    }
    return most;
  }

  it.each([
    [1, 1],
    [1, 9],
    [9, 1],
    [5, 5],
    [7, 30],
    [30, 7],
    [32, 33],
    [65, 64],
    [100, 100],
    [40, 150],
  ])('makes (%i, %i) orthogonal, wide or tall', (rows, cols) => {
    for (const seed of [1, 2, 3]) {
      expect(error(weightsOf('orthogonal', rows, cols, seed), 1)).toBeLessThan(1e-13);
      expect(error(weightsOf(orthogonal({ gain: 1.4 }), rows, cols, seed), 1.4)).toBeLessThan(1e-12);
    }
    expect(error(weightsOf('orthogonal', rows, cols, 1, 'float32'), 1)).toBeLessThan(1e-6);
  });

  it('is the Q whose R has a positive diagonal', () => {
    // Makes each row orthogonal to the rows before it.
    const random = new RandomState(4);
    const normal = [0, 1].map(() => Array.from({ length: 3 }, () => random.randn()));
    const [first = [], second = []] = normal;
    const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
    const scaled = (a: number[], by: number) => a.map((value) => value * by);
    const one = scaled(first, 1 / Math.sqrt(dot(first, first)));
    const rest = second.map((value, i) => value - dot(second, one) * (one[i] as number));
    const two = scaled(rest, 1 / Math.sqrt(dot(rest, rest)));
    const actual = weightsOf('orthogonal', 2, 3).toArray();
    for (const [r, row] of [one, two].entries()) {
      for (const [c, value] of row.entries()) expect(actual[r]?.[c]).toBeCloseTo(value, 14);
    }
  });

  it('has no direction that it prefers', () => {
    // The corner of a random (2, 2) rotation or reflection has mean 0 and mean square 1/2.
    const corners = Array.from({ length: 4000 }, (_, seed) => weightsOf('orthogonal', 2, 2, seed).get(0, 0));
    const mean = corners.reduce((sum, value) => sum + value) / corners.length;
    const square = corners.reduce((sum, value) => sum + value * value, 0) / corners.length;
    expect(Math.abs(mean)).toBeLessThan(0.06);
    expect(Math.abs(square - 0.5)).toBeLessThan(0.04);
  });

  it('leaves biases zero', () => {
    expect(Array.from(parametersOf(orthogonal()).b1?.data ?? [])).toEqual(Array(5).fill(0));
  });
});

it('constant fills weights and biases with its values', () => {
  expect(arraysOf(constant({ value: 0.5 }))).toEqual(
    [15, 5, 10, 2].map((n) => Array(n).fill(n > 5 ? 0.5 : 0)),
  );
  expect(arraysOf(constant({ value: 0, bias: 0.25 }))[1]).toEqual(Array(5).fill(0.25));
});

describe('initialParameters', () => {
  const W2 = [
    [1, 2, 3, 4, 5],
    [6, 7, 8, 9, 10],
  ];

  it('takes any form of array, and leaves the rest to another', () => {
    const glorot = arraysOf('glorotUniform');
    for (const value of [W2, Matrix.from(W2), W2.flat(), Float32Array.from(W2.flat())]) {
      expect(arraysOf(initialParameters({ W2: value }))).toEqual([...glorot.slice(0, 2), W2.flat(), [0, 0]]);
    }
    const others = initialParameters({ b1: [1, 2, 3, 4, 5], b2: [[6], [7]] }, constant({ value: 3 }));
    expect(arraysOf(others)).toEqual([Array(15).fill(3), [1, 2, 3, 4, 5], Array(10).fill(3), [6, 7]]);
  });

  it('takes a copy of another network’s parameters, rounded where need be', () => {
    const given = parametersOf('article');
    const taken = parametersOf(initialParameters(given));
    expect(taken).toEqual(given);
    given.W1?.data.fill(7);
    expect(taken).not.toEqual(given);
    expect(arraysOf(initialParameters(taken), 'float32')).toEqual(arraysOf('article', 'float32'));
  });

  it('fails before anything is written or drawn', () => {
    const { flat, named } = allocateParameters(architecture, 'float64');
    const random = new RandomState(4);
    const before = random.getState();
    const bad = resolveInitializer(initialParameters({ W1: Matrix.zeros(5, 3), b2: [1] }));
    expect(() => initialization(bad, random, architecture, named)).toThrow(RangeError);
    expect(flat.every((value) => value === 0)).toBe(true);
    expect(random.getState()).toEqual(before);
  });
});

it('an initialiser that is left out is auto', () => {
  expect(resolveInitializer(undefined).fill).toBe(resolveInitializer('auto').fill);
  expect(() => Object.assign(orthogonal(), { name: 'constant' })).toThrow(TypeError);
  expect(initializerNames).toEqual([
    'auto',
    'article',
    'heNormal',
    'heUniform',
    'glorotNormal',
    'glorotUniform',
    'zeros',
    'lecunNormal',
    'lecunUniform',
    'orthogonal',
    'truncatedNormal',
  ]);
});

const detached = new Float64Array(15);
structuredClone(detached, { transfer: [detached.buffer] });
const rule = "a name such as 'heNormal', or an initializer such as initializers.orthogonal({ gain: 1.4 })";

itRejects([
  {
    what: 'a misspelt name',
    call: () => resolveInitializer('leCunNorm'),
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message: 'Unknown initializer "leCunNorm"; did you mean "lecunNormal"?',
  },
  {
    what: 'the name of another thing of every object',
    call: () => resolveInitializer('__proto__', 'rest'),
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message: `Unknown rest "__proto__"; known: ${initializerNames.join(', ')}`,
  },
  {
    what: 'a look-alike',
    call: () => resolveInitializer({ name: 'orthonormal' }),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: `Expected initializer to be ${rule}, got an object (Object)`,
  },
  {
    what: 'a factory',
    call: () => resolveInitializer(orthogonal),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: `Expected initializer to be ${rule}, got function orthogonal`,
  },
  {
    what: 'a gain of 0',
    call: () => orthogonal({ gain: 0 }),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected gain to be a positive finite number, got 0 (number)',
  },
  {
    what: 'a spread in text',
    call: () => truncatedNormal({ standardDeviation: '1' as never }),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected standardDeviation to be a positive finite number, got "1" (string)',
  },
  {
    what: 'an abbreviation',
    call: () => truncatedNormal({ std: 1 } as never),
    error: TypeError,
    code: 'ERR_BLASNET_UNKNOWN_OPTION',
    message: 'Unknown option "std"; known: standardDeviation',
  },
  {
    what: 'a constant without a value',
    call: () => constant({} as never),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected value to be a finite number, got undefined',
  },
  {
    what: 'a constant of NaN',
    call: () => constant({ value: Number.NaN }),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected value to be a finite number, got NaN (number)',
  },
  {
    what: 'a parameter that no network has',
    call: () => initialParameters({ W0: [1] }),
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message: 'Unknown parameter "W0" in values; parameters are W1, b1, W2, b2, ..., E1, E2, ...',
  },
  {
    what: 'a number for a parameter',
    call: () => initialParameters({ W1: 1 as never }),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message:
      'Expected values.W1 to be a Matrix, a typed array or an array of numbers or rows, got 1 (number)',
  },
  {
    what: 'no values',
    call: () => initialParameters(null as never),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected values to be an object, got null',
  },
  {
    what: 'a layer that the network lacks',
    call: () => parametersOf(initialParameters({ b3: [1] })),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected values to name parameters of 2 layers, got b3',
  },
  {
    what: 'a transposed matrix',
    call: () => parametersOf(initialParameters({ W1: Matrix.zeros(3, 5) })),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected values.W1 to be (5, 3), got (3, 5)',
  },
  {
    what: 'too few numbers',
    call: () => parametersOf(initialParameters({ W1: new Float64Array(14) })),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected values.W1 to be of length 5 * 3 = 15, got a Float64Array of length 14',
  },
  {
    what: 'NaN among them',
    call: () => parametersOf(initialParameters({ b2: [1, Number.NaN] })),
    error: RangeError,
    code: 'ERR_BLASNET_NOT_FINITE',
    message: 'Expected values.b2 to hold finite numbers, got NaN at row 1, column 0',
  },
  {
    what: 'text among them',
    call: () => parametersOf(initialParameters({ b2: [1, '2' as never] })),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected values.b2[1] to be a number, got "2" (string)',
  },
  {
    what: 'an array that was transferred away',
    call: () => parametersOf(initialParameters({ W1: detached })),
    error: TypeError,
    code: 'ERR_BLASNET_DETACHED',
    message: 'Expected values.W1 to be an array whose buffer is not detached, got a Float64Array of length 0',
  },
]);
