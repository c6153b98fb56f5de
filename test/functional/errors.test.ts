import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import * as functional from '../../lib/functional';
import { activationNames } from '../../lib/layers/activations';
import type { LayerOptions } from '../../lib/layers/architecture';
import type { Gradients, Parameters } from '../../lib/layers/parameters';
import { type BadCall, itRejects, thrownBy } from '../support/bad-input';

const architecture: LayerOptions[] = [
  { inputDim: 2, outputDim: 3, activation: 'relu' },
  { inputDim: 3, outputDim: 1, activation: 'sigmoid' },
];
const relu = 'relu' as const;
// A layer from 2 to 3 units, and 4 samples.
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

/** A matrix whose memory was transferred. */
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
    {
      what: 'rows of numbers',
      call: () => sigmoid([[1]] as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected Z to be a Matrix, got an array of length 1',
    },
    {
      what: 'an empty matrix',
      call: () => functional.relu(empty),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected Z not to be empty, got (0 x 4)',
    },
    {
      what: 'a detached matrix',
      call: () => sigmoid(detached(3, 4)),
      error: TypeError,
      code: 'ERR_BLASNET_DETACHED',
      message: 'Expected Z to be an array whose buffer is not detached, got a Float64Array of length 0',
    },
    {
      what: 'a matrix that could shrink',
      call: () => sigmoid(resizable(3, 4)),
      error: TypeError,
      code: 'ERR_BLASNET_RESIZABLE',
      message: 'Expected Z to be an array on a buffer of fixed length, got a Float64Array of length 12',
    },
    {
      what: 'dA of another shape',
      call: () => reluBackward(X, Z),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected dA to be (3 x 4), got (2 x 4)',
    },
    {
      what: 'dA of another dtype',
      call: () => sigmoidBackward(single, Z),
      error: TypeError,
      code: 'ERR_BLASNET_DTYPE',
      message:
        "Expected dA to be of dtype 'float64', like the other matrices, got a Float32Array of length 12",
    },
    {
      what: 'no dA',
      call: () => sigmoidBackward(undefined as never, Z),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected dA to be a Matrix, got undefined',
    },
  ]);
});

describe('singleLayerForwardPropagation', () => {
  const forward = functional.singleLayerForwardPropagation;
  itRejects([
    {
      what: 'an unknown activation',
      call: () => forward(X, W, b, 'swish' as never),
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Expected activation to be ${names}, got "swish" (string)`,
    },
    {
      what: 'an activation that is no name',
      call: () => forward(X, W, b, 2 as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected activation to be ${names}, got 2 (number)`,
    },
    {
      what: 'APrev of other features',
      call: () => forward(Z, W, b, relu),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected APrev to be (2 x 4), got (3 x 4)',
    },
    {
      what: 'b as a row',
      call: () => forward(X, W, Matrix.zeros(1, 3), relu),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected b to be (3 x 1), got (1 x 3)',
    },
    {
      what: 'two dtypes',
      call: () => forward(Matrix.zeros(2, 4, 'float32' as 'float64'), W, b, relu),
      error: TypeError,
      code: 'ERR_BLASNET_DTYPE',
      message:
        "Expected APrev to be of dtype 'float64', like the other matrices, got a Float32Array of length 8",
    },
    {
      what: 'detached weights',
      call: () => forward(X, detached(3, 2), b, relu),
      error: TypeError,
      code: 'ERR_BLASNET_DETACHED',
      message: 'Expected W to be an array whose buffer is not detached, got a Float64Array of length 0',
    },
    {
      what: 'no samples',
      call: () => forward(Matrix.zeros(2, 0), W, b, relu),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected APrev not to be empty, got (2 x 0)',
    },
  ]);
});

describe('singleLayerBackwardPropagation', () => {
  const backward = functional.singleLayerBackwardPropagation;
  itRejects([
    {
      what: 'Z of other samples',
      call: () => backward(dA, W, b, Matrix.zeros(3, 5), X, relu),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected Z to be (3 x 4), got (3 x 5)',
    },
    {
      what: 'dA of other units',
      call: () => backward(Matrix.zeros(2, 4), W, b, Z, X, relu),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected dA to be (3 x 4), got (2 x 4)',
    },
    {
      what: 'dA of another dtype',
      call: () => backward(single, W, b, Z, X, relu),
      error: TypeError,
      code: 'ERR_BLASNET_DTYPE',
      message:
        "Expected dA to be of dtype 'float64', like the other matrices, got a Float32Array of length 12",
    },
    {
      what: 'an unknown activation',
      call: () => backward(dA, W, b, Z, X, 'RELU' as never),
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Expected activation to be ${names}, got "RELU" (string); did you mean "relu"?`,
    },
  ]);
});

describe('fullForwardPropagation', () => {
  const forward = functional.fullForwardPropagation;
  itRejects([
    {
      what: 'X of other features',
      call: () => forward(Z, params, architecture),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected X to be (2 x 4), got (3 x 4)',
    },
    {
      what: 'no parameters',
      call: () => forward(X, undefined as never, architecture),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected params to be an object, got undefined',
    },
    {
      what: 'parameters of fewer layers',
      call: () => forward(X, { W1: W, b1: b }, architecture),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected params.W2 to be a Matrix, got undefined',
    },
    {
      what: 'parameters of another architecture',
      call: () => forward(X, { ...params, W2: W }, architecture),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected params.W2 to be (1 x 3), got (3 x 2)',
    },
    {
      what: 'dimensions that do not chain',
      call: () =>
        forward(X, params, [
          { inputDim: 2, outputDim: 3, activation: relu },
          { ...architecture[1], inputDim: 4 },
        ] as never),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected layers[1].inputDim to be 3, the outputDim of layers[0], got 4 (number)',
    },
  ]);
});

describe('getCostValue, getAccuracyValue and convertProbIntoClass', () => {
  itRejects([
    {
      what: 'labels of another shape',
      call: () => functional.getCostValue(yHat, Z),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected Y to be (1 x 4), got (3 x 4)',
    },
    {
      what: 'labels of another dtype',
      call: () => functional.getAccuracyValue(yHat, Matrix.zeros(1, 4, 'float32' as 'float64')),
      error: TypeError,
      code: 'ERR_BLASNET_DTYPE',
      message: "Expected Y to be of dtype 'float64', like the other matrices, got a Float32Array of length 4",
    },
    {
      what: 'a cost of nothing',
      call: () => functional.getCostValue(empty, empty),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected yHat not to be empty, got (0 x 4)',
    },
    {
      what: 'probabilities that are no matrix',
      call: () => functional.convertProbIntoClass([0.5] as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected probs to be a Matrix, got an array of length 1',
    },
  ]);
});

describe('fullBackwardPropagation', () => {
  const backward = functional.fullBackwardPropagation;
  itRejects([
    {
      what: 'no memory',
      call: () => backward(yHat, Y, null as never, params, architecture),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected memory to be an object, got null',
    },
    {
      what: 'memory of fewer layers',
      call: () => backward(yHat, Y, { A0: X }, params, architecture),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected memory.Z2 to be a Matrix, got undefined',
    },
    {
      what: 'labels of another shape',
      call: () => backward(yHat, Z, memory, params, architecture),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected Y to be (1 x 4), got (3 x 4)',
    },
  ]);
});

describe('update', () => {
  const update = (gradients: Gradients, learningRate: number) =>
    functional.update(params, gradients, architecture, learningRate);
  const badRate = (what: string, value: number): BadCall => ({
    what,
    call: () => update(grads, value),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: `Expected learningRate to be a positive finite number, got ${value} (number)`,
  });
  itRejects([
    badRate('a learning rate of NaN', Number.NaN),
    badRate('a learning rate of 0', 0),
    badRate('a negative learning rate', -0.1),
    badRate('an infinite learning rate', Infinity),
    {
      what: 'a learning rate in words',
      call: () => update(grads, '0.1' as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected learningRate to be a positive finite number, got "0.1" (string)',
    },
    {
      what: 'no gradients',
      call: () => update(undefined as never, 0.1),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected grads to be an object, got undefined',
    },
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
    {
      what: 'a negative seed',
      call: () => functional.initLayers(architecture, -1),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected seed to be an integer from 0 to 4294967295, got -1 (number)',
    },
    {
      what: 'no layers',
      call: () => functional.initLayers([]),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected layers to be a non-empty array of layers, got an array of length 0',
    },
    {
      what: 'a misspelled key',
      call: () => functional.initLayers([{ input_dim: 2, outputDim: 1, activation: relu } as never]),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "input_dim" in layers[0]; did you mean "inputDim"?',
    },
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

  it('the table has every function', () => {
    expect(Object.keys(functional).sort()).toEqual(Object.keys(right).sort());
  });

  it.each(Object.entries(right))('%s answers with a result or an error that has a code', (name, list) => {
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
  });
});
