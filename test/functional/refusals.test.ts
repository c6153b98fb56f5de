// Layers that a network may have, but the article's functions refuse.

import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import * as functional from '../../lib/functional';
import { elu } from '../../lib/layers/activations';
import { expectError } from '../support/bad-input';

const plain = [
  { inputDim: 2, outputDim: 3, activation: 'relu' },
  { inputDim: 3, outputDim: 1, activation: 'sigmoid' },
] as const;
const X = Matrix.zeros(2, 4);
const Y = Matrix.zeros(1, 4);
const yHat = Matrix.from([[0.5, 0.5, 0.5, 0.5]]);
const params = functional.initLayers(plain, 1);
const { memory } = functional.fullForwardPropagation(X, params, plain);
const grads = functional.fullBackwardPropagation(yHat, Y, memory, params, plain);

describe.each([
  { option: 'normalization', value: 'batch', got: 'an object (Object)' },
  { option: 'dropout', value: 0.5, got: '0.5 (number)' },
  { option: 'noise', value: 0.1, got: '0.1 (number)' },
  { option: 'l1', value: 0.1, got: '0.1 (number)' },
  { option: 'l2', value: 0.1, got: '0.1 (number)' },
  { option: 'maxNorm', value: 1, got: '1 (number)' },
  { option: 'trainable', value: false, got: 'false (boolean)' },
  { option: 'name', value: 'encoder', got: '"encoder" (string)' },
  { option: 'embeddings', value: [{ categories: 2 }], got: 'an array of length 1' },
] as const)('$option', ({ option, value, got }) => {
  const layers = [{ ...plain[0], [option]: value }, plain[1]];
  it.each<[string, () => unknown]>([
    ['initLayers', () => functional.initLayers(layers, 1)],
    ['fullForwardPropagation', () => functional.fullForwardPropagation(X, params, layers)],
    ['fullBackwardPropagation', () => functional.fullBackwardPropagation(yHat, Y, memory, params, layers)],
    ['update', () => functional.update(params, grads, layers, 0.1)],
    ['train', () => functional.train(X, Y, layers, 1, 0.1)],
  ])('is refused by %s', (_, call) => {
    const before = JSON.stringify(params);
    const rule = "left out, since these functions support only the article's layers (Network supports more)";
    expectError(
      call,
      RangeError,
      'ERR_BLASNET_ARG_VALUE',
      `Expected layers[0].${option} to be ${rule}, got ${got}`,
    );
    expect(JSON.stringify(params)).toBe(before);
  });

  it('is allowed where it is off', () => {
    const off = {
      normalization: undefined,
      dropout: 0,
      noise: 0,
      l1: 0,
      l2: 0,
      maxNorm: undefined,
      trainable: true,
      name: undefined,
      embeddings: undefined,
    };
    const layers = [{ ...plain[0], [option]: off[option] }, plain[1]];
    expect(functional.initLayers(layers as never, 1)).toEqual(params);
  });
});

it('residual connections are refused, too', () => {
  const square = [
    { ...plain[0], outputDim: 2, skip: true },
    { ...plain[1], inputDim: 2 },
  ];
  expectError(
    () => functional.initLayers(square, 1),
    RangeError,
    'ERR_BLASNET_ARG_VALUE',
    "Expected layers[0].skip to be left out, since these functions support only the article's layers (Network supports more), " +
      'got true (boolean)',
  );
});

it('activations with a hyperparameter are allowed', () => {
  const layers = [{ ...plain[0], activation: elu({ alpha: 0.5 }) }, plain[1]];
  expect(functional.train(X, Y, layers, 2, 0.1).costHistory).toHaveLength(2);
});
