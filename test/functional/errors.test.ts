import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import * as functional from '../../lib/functional';
import { activationNames } from '../../lib/layers/activations';
import type { LayerOptions } from '../../lib/layers/architecture';
import type { Gradients, Parameters } from '../../lib/layers/parameters';
import { itRejects, thrownBy } from '../support/bad-input';

const architecture: LayerOptions[] = [
  { inputDim: 2, outputDim: 3, activation: 'relu' },
  { inputDim: 3, outputDim: 1, activation: 'sigmoid' },
];
const relu = 'relu' as const;
// Of a layer from 2 to 3 units, and 4 samples.
const W = Matrix.zeros(3, 2);
const b = Matrix.zeros(3, 1);
const X = Matrix.zeros(2, 4);
const Z = Matrix.zeros(3, 4);
const dA = Matrix.zeros(3, 4);
const Y = Matrix.zeros(1, 4);
const yHat = Matrix.from([[0.5, 0.5, 0.5, 0.5]]);
const single: Matrix = Matrix.zeros(3, 4, 'float32');
const empty = Matrix.zeros(0, 4);
const params: Parameters = functional.initLayers(architecture, 1);
const { memory } = functional.fullForwardPropagation(X, params, architecture);
const grads = functional.fullBackwardPropagation(yHat, Y, memory, params, architecture);

/** A matrix whose memory went elsewhere. */
function detached(rows: number, cols: number): Matrix {
  const data = new Float64Array(rows * cols);
  const matrix = new Matrix(data, rows, cols);
  structuredClone(data, { transfer: [data.buffer] });
  return matrix;
}

function resizable(rows: number, cols: number): Matrix {
  const options = { maxByteLength: rows * cols * 8 };
  const buffer = Reflect.construct(ArrayBuffer, [rows * cols * 8, options]) as ArrayBuffer;
  return new Matrix(new Float64Array(buffer), rows, cols);
}

const names = `one of ${activationNames.map((name) => `'${name}'`).join(', ')}`;

describe('sigmoid, relu and their derivatives', () => {
  const { sigmoid, reluBackward, sigmoidBackward } = functional;
  itRejects([
    [
      'rows of numbers',
      () => sigmoid([[1]] as never),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected Z to be a Matrix, got an array of length 1',
    ],
    [
      'an empty matrix',
      () => functional.relu(empty),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected Z not to be empty, got (0 x 4)',
    ],
    [
      'a detached matrix',
      () => sigmoid(detached(3, 4)),
      TypeError,
      'ERR_BLASNET_DETACHED',
      'Expected Z to be an array whose buffer is not detached, got a Float64Array of length 0',
    ],
    [
      'a matrix that could shrink',
      () => sigmoid(resizable(3, 4)),
      TypeError,
      'ERR_BLASNET_RESIZABLE',
      'Expected Z to be an array on a buffer of fixed length, got a Float64Array of length 12',
    ],
    [
      'dA of another shape',
      () => reluBackward(X, Z),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected dA to be (3 x 4), got (2 x 4)',
    ],
    [
      'dA of another dtype',
      () => sigmoidBackward(single, Z),
      TypeError,
      'ERR_BLASNET_DTYPE',
      "Expected dA to be of dtype 'float64' as the other matrices, got a Float32Array of length 12",
    ],
    [
      'no dA',
      () => sigmoidBackward(undefined as never, Z),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected dA to be a Matrix, got undefined',
    ],
  ]);
});

describe('singleLayerForwardPropagation', () => {
  const forward = functional.singleLayerForwardPropagation;
  itRejects([
    [
      'an unknown activation',
      () => forward(X, W, b, 'swish' as never),
      RangeError,
      'ERR_BLASNET_UNKNOWN_NAME',
      `Expected activation to be ${names}, got "swish" (string)`,
    ],
    [
      'an activation that is no name',
      () => forward(X, W, b, 2 as never),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      `Expected activation to be ${names}, got 2 (number)`,
    ],
    [
      'APrev of other features',
      () => forward(Z, W, b, relu),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected APrev to be (2 x 4), got (3 x 4)',
    ],
    [
      'b as a row',
      () => forward(X, W, Matrix.zeros(1, 3), relu),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected b to be (3 x 1), got (1 x 3)',
    ],
    [
      'two dtypes',
      () => forward(Matrix.zeros(2, 4, 'float32' as 'float64'), W, b, relu),
      TypeError,
      'ERR_BLASNET_DTYPE',
      "Expected APrev to be of dtype 'float64' as the other matrices, got a Float32Array of length 8",
    ],
    [
      'detached weights',
      () => forward(X, detached(3, 2), b, relu),
      TypeError,
      'ERR_BLASNET_DETACHED',
      'Expected W to be an array whose buffer is not detached, got a Float64Array of length 0',
    ],
    [
      'no samples',
      () => forward(Matrix.zeros(2, 0), W, b, relu),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected APrev not to be empty, got (2 x 0)',
    ],
  ]);
});

describe('singleLayerBackwardPropagation', () => {
  const backward = functional.singleLayerBackwardPropagation;
  itRejects([
    [
      'Z of other samples',
      () => backward(dA, W, b, Matrix.zeros(3, 5), X, relu),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected Z to be (3 x 4), got (3 x 5)',
    ],
    [
      'dA of other units',
      () => backward(Matrix.zeros(2, 4), W, b, Z, X, relu),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected dA to be (3 x 4), got (2 x 4)',
    ],
    [
      'dA of another dtype',
      () => backward(single, W, b, Z, X, relu),
      TypeError,
      'ERR_BLASNET_DTYPE',
      "Expected dA to be of dtype 'float64' as the other matrices, got a Float32Array of length 12",
    ],
    [
      'an unknown activation',
      () => backward(dA, W, b, Z, X, 'RELU' as never),
      RangeError,
      'ERR_BLASNET_UNKNOWN_NAME',
      `Expected activation to be ${names}, got "RELU" (string)`,
    ],
  ]);
});

describe('fullForwardPropagation', () => {
  const forward = functional.fullForwardPropagation;
  itRejects([
    [
      'X of other features',
      () => forward(Z, params, architecture),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected X to be (2 x 4), got (3 x 4)',
    ],
    [
      'no parameters',
      () => forward(X, undefined as never, architecture),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected params to be an object, got undefined',
    ],
    [
      'parameters of fewer layers',
      () => forward(X, { W1: W, b1: b }, architecture),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected params.W2 to be a Matrix, got undefined',
    ],
    [
      'parameters of another architecture',
      () => forward(X, { ...params, W2: W }, architecture),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected params.W2 to be (1 x 3), got (3 x 2)',
    ],
    [
      'dimensions that do not chain',
      () =>
        forward(X, params, [
          { inputDim: 2, outputDim: 3, activation: relu },
          { ...architecture[1], inputDim: 4 },
        ] as never),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected layers[1].inputDim to be 3, the outputDim of layers[0], got 4 (number)',
    ],
  ]);
});

describe('getCostValue, getAccuracyValue and convertProbIntoClass', () => {
  itRejects([
    [
      'labels of another shape',
      () => functional.getCostValue(yHat, Z),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected Y to be (1 x 4), got (3 x 4)',
    ],
    [
      'labels of another dtype',
      () => functional.getAccuracyValue(yHat, Matrix.zeros(1, 4, 'float32' as 'float64')),
      TypeError,
      'ERR_BLASNET_DTYPE',
      "Expected Y to be of dtype 'float64' as the other matrices, got a Float32Array of length 4",
    ],
    [
      'a cost of nothing',
      () => functional.getCostValue(empty, empty),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected yHat not to be empty, got (0 x 4)',
    ],
    [
      'probabilities that are no matrix',
      () => functional.convertProbIntoClass([0.5] as never),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected probs to be a Matrix, got an array of length 1',
    ],
  ]);
});

describe('fullBackwardPropagation', () => {
  const backward = functional.fullBackwardPropagation;
  itRejects([
    [
      'no memory',
      () => backward(yHat, Y, null as never, params, architecture),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected memory to be an object, got null',
    ],
    [
      'memory of fewer layers',
      () => backward(yHat, Y, { A0: X }, params, architecture),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected memory.Z2 to be a Matrix, got undefined',
    ],
    [
      'labels of another shape',
      () => backward(yHat, Z, memory, params, architecture),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected Y to be (1 x 4), got (3 x 4)',
    ],
  ]);
});

describe('update', () => {
  const update = (gradients: Gradients, learningRate: number) =>
    functional.update(params, gradients, architecture, learningRate);
  const rate = (
    value: number,
  ): [TypeError: typeof RangeError, code: 'ERR_BLASNET_ARG_VALUE', message: string] => [
    RangeError,
    'ERR_BLASNET_ARG_VALUE',
    `Expected learningRate to be a positive finite number, got ${value} (number)`,
  ];
  itRejects([
    ['a learning rate of NaN', () => update(grads, Number.NaN), ...rate(Number.NaN)],
    ['a learning rate of 0', () => update(grads, 0), ...rate(0)],
    ['a negative learning rate', () => update(grads, -0.1), ...rate(-0.1)],
    ['an infinite learning rate', () => update(grads, Infinity), ...rate(Infinity)],
    [
      'a learning rate in words',
      () => update(grads, '0.1' as never),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected learningRate to be a positive finite number, got "0.1" (string)',
    ],
    [
      'no gradients',
      () => update(undefined as never, 0.1),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected grads to be an object, got undefined',
    ],
  ]);

  it('changes nothing when the last gradient is wrong', () => {
    const before = Object.values(params).map((matrix: Matrix) => matrix.toArray());
    const full = {
      ...grads,
      dW1: Matrix.from([
        [1, 1],
        [1, 1],
        [1, 1],
      ]),
    };
    for (const db2 of [
      undefined,
      Matrix.zeros(2, 1),
      Matrix.zeros(1, 1, 'float32' as 'float64'),
      detached(1, 1),
    ]) {
      expect(thrownBy(() => update({ ...full, db2 } as never, 0.1))).toHaveProperty('code');
    }
    expect(Object.values(params).map((matrix: Matrix) => matrix.toArray())).toEqual(before);
  });
});

describe('initLayers', () => {
  itRejects([
    [
      'a negative seed',
      () => functional.initLayers(architecture, -1),
      RangeError,
      'ERR_BLASNET_ARG_VALUE',
      'Expected seed to be an integer from 0 to 4294967295, got -1 (number)',
    ],
    [
      'no layers',
      () => functional.initLayers([]),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected layers to be a non-empty array of layers, got an array of length 0',
    ],
    [
      'a misspelled key',
      () => functional.initLayers([{ input_dim: 2, outputDim: 1, activation: relu } as never]),
      TypeError,
      'ERR_BLASNET_UNKNOWN_OPTION',
      'Unknown option "input_dim" in layers[0]; did you mean "inputDim"?',
    ],
  ]);
});

describe('anything in place of an argument', () => {
  const right: Record<string, unknown[]> = {
    initLayers: [architecture, 3],
    sigmoid: [Z],
    relu: [Z],
    sigmoidBackward: [dA, Z],
    reluBackward: [dA, Z],
    singleLayerForwardPropagation: [X, W, b, relu],
    fullForwardPropagation: [X, params, architecture],
    getCostValue: [yHat, Y],
    convertProbIntoClass: [yHat],
    getAccuracyValue: [yHat, Y],
    singleLayerBackwardPropagation: [dA, W, b, Z, X, relu],
    fullBackwardPropagation: [yHat, Y, memory, params, architecture],
    update: [params, grads, architecture, 0.1],
    train: [X, Y, architecture, 2, 0.1, { verbose: false }],
  };
  const anything = fc.oneof(
    fc.constantFrom<unknown>(
      X,
      Y,
      W,
      b,
      single,
      empty,
      detached(2, 2),
      architecture,
      params,
      memory,
      'relu',
      3,
    ),
    fc.constantFrom<unknown>(undefined, null, Symbol('x'), () => {}, new Proxy({}, {}), [], [{}], [null], {}),
    fc.anything({ withBigInt: true, withTypedArray: true, withNullPrototype: true, withSparseArray: true }),
  );

  it('is in the table for every function', () => {
    expect(Object.keys(functional).sort()).toEqual(Object.keys(right).sort());
  });

  it.each(Object.entries(right))(
    'of %s is answered with a result or an error that has a code',
    (name, list) => {
      const call = new Map(Object.entries(functional)).get(name) as (...args: unknown[]) => unknown;
      expect(() => call(...list)).not.toThrow();
      const replaced = fc.array(fc.tuple(fc.nat({ max: list.length - 1 }), anything), { maxLength: 2 });
      const property = fc.property(replaced, fc.nat({ max: list.length }), (replacements, missing) => {
        const args = list.slice(0, missing === 0 ? missing : undefined);
        for (const [i, value] of replacements) args[i] = value;
        try {
          call(...args);
        } catch (error) {
          const { code = `none: ${error}` } = error as { code?: string };
          expect(code, name).toMatch(/^ERR_BLASNET_/);
        }
      });
      fc.assert(property, { seed: 2, numRuns: 300 });
    },
  );
});
