// The public types of residual connections and of samples with categories.
// This file must compile, except the lines under @ts-expect-error: `npm run check:types`, which test/house.test.ts
// runs, fails if a line is wrong or if one of those lines compiles.

import { describe, expectTypeOf, test } from 'vitest';
import {
  type Architecture,
  type CategoriesLike,
  type Embedding,
  type EmbeddingOptions,
  type InputsLike,
  initializers,
  type Layer,
  type LayerOptions,
  Matrix,
  type MatrixLike,
  type MixedInputs,
  Network,
  type Predictor,
  type ValidationData,
} from '../../lib/index';

/** Compiled and never run. */
function compiled(_: (net: Network, X: MixedInputs, Y: Matrix) => unknown): void {}

describe('residual connections', () => {
  test('are true, false or a name', () => {
    expectTypeOf<LayerOptions['skip']>().toEqualTypeOf<boolean | string | undefined>();
    expectTypeOf<LayerOptions['name']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Layer['skip']>().toEqualTypeOf<true | string | undefined>();
    compiled(() => {
      new Network([
        { inputDim: 2, outputDim: 2, activation: 'relu', name: 'body', skip: true },
        { outputDim: 2, activation: 'relu', skip: 'body' },
        { outputDim: 1, activation: 'sigmoid', skip: false },
      ]);
      // @ts-expect-error: by name, not by number
      new Network([{ inputDim: 2, outputDim: 2, activation: 'relu', skip: 1 }]);
      // @ts-expect-error: one connection a layer
      new Network([{ inputDim: 2, outputDim: 2, activation: 'relu', skip: ['body'] }]);
      // @ts-expect-error: names are text
      new Network([{ inputDim: 2, outputDim: 2, activation: 'relu', name: 1 }]);
      // @ts-expect-error: leave an option out instead of undefined
      new Network([{ inputDim: 2, outputDim: 2, activation: 'relu', skip: undefined }]);
    });
  });
});

describe('embeddings', () => {
  test('have categories, and an outputDim that may be left out', () => {
    expectTypeOf<EmbeddingOptions>().toEqualTypeOf<{
      readonly categories: number;
      readonly outputDim?: number;
    }>();
    expectTypeOf<Embedding>().toEqualTypeOf<{ readonly categories: number; readonly outputDim: number }>();
    expectTypeOf<Architecture[number]['embeddings']>().toEqualTypeOf<readonly Embedding[] | undefined>();
    compiled((net) => {
      new Network([{ outputDim: 2, activation: 'relu', embeddings: [{ categories: 3 }] }]);
      new Network([
        { inputDim: 4, outputDim: 2, activation: 'relu', embeddings: [{ categories: 3, outputDim: 2 }] },
      ]);
      new Network(net.architecture);
      // @ts-expect-error: categories are needed
      new Network([{ outputDim: 2, activation: 'relu', embeddings: [{ outputDim: 3 }] }]);
      // @ts-expect-error: an embedding is an object
      new Network([{ outputDim: 2, activation: 'relu', embeddings: [3] }]);
      // @ts-expect-error: embeddings come in an array
      new Network([{ outputDim: 2, activation: 'relu', embeddings: { categories: 3 } }]);
      // @ts-expect-error: PyTorch's name for it
      new Network([{ outputDim: 2, activation: 'relu', embeddings: [{ categories: 3, embedding_dim: 2 }] }]);
    });
  });

  test('have parameters and gradients, which may not be there', () => {
    compiled((net, X, Y) => {
      expectTypeOf(net.parameters.E1).toEqualTypeOf<Matrix | undefined>();
      expectTypeOf(net.gradients(X, Y).dE2).toEqualTypeOf<Matrix | undefined>();
      initializers.initialParameters({ E1: [[1, 2]], W1: new Float64Array(2) });
      initializers.initialParameters(net.parameters);
      // @ts-expect-error: a number is missing
      net.parameters.E;
      // @ts-expect-error: tables have no biases
      initializers.initialParameters({ e1: [[1, 2]] });
      // @ts-expect-error: the dictionary is read-only
      net.parameters.E1 = Matrix.zeros(1, 1);
    });
  });
});

describe('samples with categories', () => {
  test('are numbers and codes', () => {
    expectTypeOf<InputsLike>().toEqualTypeOf<MatrixLike | MixedInputs>();
    expectTypeOf<ValidationData['X']>().toEqualTypeOf<InputsLike>();
    expectTypeOf<Int32Array>().toExtend<CategoriesLike>();
    expectTypeOf<number[][]>().toExtend<CategoriesLike>();
    expectTypeOf<readonly (readonly number[])[]>().toExtend<CategoriesLike>();
    expectTypeOf<Uint8Array>().toExtend<CategoriesLike>();
    expectTypeOf<Float64Array>().toExtend<CategoriesLike>();
    expectTypeOf<Int32Array[]>().toExtend<CategoriesLike>();
    expectTypeOf<BigInt64Array>().not.toExtend<CategoriesLike>();
    expectTypeOf<number[]>().not.toExtend<CategoriesLike>();
    expectTypeOf<string[][]>().not.toExtend<CategoriesLike>();
    expectTypeOf<Matrix>().toExtend<CategoriesLike>();
    expectTypeOf<Matrix>().not.toExtend<MixedInputs>();
  });

  test('are what every method takes', () => {
    compiled(async (net, X, Y) => {
      const options = { epochs: 1, validationData: { X, Y } };
      await net.fit(X, Y, options);
      net.fitSync({ numbers: new Float32Array(2), categories: new Int32Array(1) }, Y, options);
      for await (const _ of net.epochs({ categories: [[1, 2]] }, Y, options));
      await net.partialFit(X, Y);
      net.trainOnBatch(X, Y);
      await net.predict(X);
      net.predictSync(X, Matrix.zeros(1, 1));
      await net.classify(X);
      net.classifySync(X);
      await net.evaluate(X, Y);
      net.evaluateSync(X, Y);
      net.gradients(X, Y);
      await Network.resume('checkpoints', X, Y, options);
      // @ts-expect-error: categories are needed
      net.predict({ numbers: [[1, 2]] });
      net.predict({ numbers: new Int32Array(2), categories: new Int32Array(2) });
      // @ts-expect-error: codes, not the categories' names
      net.predict({ numbers: [[1, 2]], categories: [['red']] });
      // @ts-expect-error: one sample is a row, too
      net.predict({ numbers: [[1, 2]], categories: [1] });
      net.predict({ numbers: [[1, 2]], categories: new Uint8Array(2) });
      // @ts-expect-error: nothing else is part of a sample
      net.predict({ numbers: [[1, 2]], categories: [[1]], weights: [1] });
      // @ts-expect-error: labels have no categories
      net.evaluate(X, X);
    });
  });

  test('have a place in a predictor', () => {
    expectTypeOf<Predictor['categories']>().toEqualTypeOf<Int32Array>();
    compiled((net) => {
      const predictor = net.predictor();
      predictor.categories.set([1, 2]);
      // @ts-expect-error: the array stays what it is
      predictor.categories = new Int32Array(2);
    });
  });
});
