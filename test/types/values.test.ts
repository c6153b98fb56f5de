// The public types of data, optimisers and layers; as in network.test.ts, the compiler is the test.

import { expectTypeOf, test } from 'vitest';
import {
  type ActivationName,
  adam,
  adamax,
  adamW,
  type BlasnetError,
  type Dtype,
  type ErrorCode,
  type FloatArray,
  functional,
  type InitializerName,
  type LossName,
  lbfgs,
  Matrix,
  type MatrixLike,
  makeMoons,
  type Optimizer,
  rmsProp,
  sgd,
  trainTestSplit,
  trainTestSplitAsync,
} from '../../lib/index';

/** Compiled and never run. */
function compiled(_: () => unknown): void {}

test('names are typed by their lists', () => {
  expectTypeOf<ActivationName>().toEqualTypeOf<
    | (
        | 'linear'
        | 'sigmoid'
        | 'relu'
        | 'tanh'
        | 'softmax'
        | 'leakyRelu'
        | 'elu'
        | 'selu'
        | 'gelu'
        | 'geluTanh'
      )
    | ('silu' | 'softplus' | 'softsign' | 'hardSigmoid' | 'mish' | 'exponential' | 'logSoftmax')
  >();
  expectTypeOf<LossName>().toEqualTypeOf<
    | ('binaryCrossEntropy' | 'categoricalCrossEntropy' | 'sparseCategoricalCrossEntropy')
    | (
        | 'meanSquaredError'
        | 'meanAbsoluteError'
        | 'huber'
        | 'logCosh'
        | 'poisson'
        | 'hinge'
        | 'klDivergence'
        | 'quantile'
      )
  >();
  expectTypeOf<InitializerName>().toEqualTypeOf<
    | ('auto' | 'article' | 'heNormal' | 'heUniform' | 'glorotNormal' | 'glorotUniform' | 'zeros')
    | ('lecunNormal' | 'lecunUniform' | 'orthogonal' | 'truncatedNormal')
  >();
  expectTypeOf<Dtype>().toEqualTypeOf<'float64' | 'float32'>();
  expectTypeOf<FloatArray>().toEqualTypeOf<Float64Array | Float32Array>();
});

test('a matrix keeps the class of its array', () => {
  expectTypeOf(Matrix.zeros(1, 1)).toEqualTypeOf<Matrix<Float64Array>>();
  expectTypeOf(Matrix.from([[1]])).toEqualTypeOf<Matrix<Float64Array>>();
  expectTypeOf(new Matrix(new Float32Array(1), 1, 1).data).toEqualTypeOf<Float32Array<ArrayBuffer>>();
  expectTypeOf<Matrix<Float32Array>>().toExtend<MatrixLike>();
  compiled(() => {
    // @ts-expect-error: a dtype that does not exist
    Matrix.zeros(1, 1, 'float16');
    // @ts-expect-error: integers have no matrix
    new Matrix(new Int32Array(1), 1, 1);
    // @ts-expect-error: a matrix has no plain array
    new Matrix([1], 1, 1);
    // @ts-expect-error: rows are arrays
    Matrix.from([1, 2]);
    // @ts-expect-error: a matrix has one size
    Matrix.zeros(1, 1).rows = 2;
  });
});

test('optimizers are made with their own options, and read-only', () => {
  expectTypeOf(sgd()).toEqualTypeOf<Optimizer>();
  expectTypeOf(adam()).toEqualTypeOf<Optimizer>();
  compiled(() => {
    sgd({ learningRate: 0.1, momentum: 0.9 });
    adam({ learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
    rmsProp({ decay: 0.9, centered: true, convention: 'keras', weightDecay: 0.01, decoupled: true });
    lbfgs({ historySize: 5, maxEvaluations: 10 });
    // @ts-expect-error: lbfgs has no momentum
    lbfgs({ momentum: 0.9 });
    // @ts-expect-error: the decay of adamW is always decoupled
    adamW({ decoupled: true });
    // @ts-expect-error: a convention that does not exist
    adamax({ convention: 'torch' });
    // @ts-expect-error: momentum is sgd's
    adam({ momentum: 0.9 });
    // @ts-expect-error: a decay of adam's
    sgd({ beta1: 0.9 });
    // @ts-expect-error: checked once
    sgd().learningRate = -1;
  });
});

test('data sets give what networks take', () => {
  compiled(() => {
    const { X, Y } = makeMoons({ samples: 10, noise: 0.2, seed: 1 });
    expectTypeOf(X).toExtend<MatrixLike>();
    const { train, test } = trainTestSplit(X, Y, { testSize: 0.1, seed: 1 });
    expectTypeOf(train.X).toExtend<MatrixLike>();
    expectTypeOf(test.Y).toExtend<MatrixLike>();
    expectTypeOf(trainTestSplitAsync(X, Y, { threads: 2 })).resolves.toEqualTypeOf(trainTestSplit(X, Y));
  });
});

test('errors have a code of the list', () => {
  expectTypeOf<BlasnetError['code']>().toEqualTypeOf<ErrorCode>();
  expectTypeOf<'ERR_BLASNET_DIVERGED'>().toExtend<ErrorCode>();
  expectTypeOf<'ERR_BLASNET_OOPS'>().not.toExtend<ErrorCode>();
});

test('the article’s functions know its layers', () => {
  compiled(() => {
    functional.initLayers([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], 99);
    // @ts-expect-error: an activation is a name
    functional.initLayers([{ inputDim: 2, outputDim: 1, activation: Math.tanh }], 99);
    // @ts-expect-error: the article's own key
    functional.initLayers([{ input_dim: 2, outputDim: 1, activation: 'relu' }], 99);
  });
});
