// Networks with all features of layers besides products and activations.

import type { LossName } from '../../lib/layers/losses';
import type * as oracle from '../support/oracle';
import type { StackLayer } from '../support/oracle-stack';

/** Builds layers from sizes, activations and other options. */
export function stack(
  sizes: number[],
  ...layers: (Omit<StackLayer, 'inputDim' | 'outputDim'> | oracle.Activation)[]
) {
  return layers.map((layer, l): StackLayer => {
    const rest = typeof layer === 'string' ? { activation: layer } : layer;
    return { ...rest, inputDim: sizes[l] as number, outputDim: sizes[l + 1] as number };
  });
}

export interface LayerNetwork {
  readonly what: string;
  readonly architecture: StackLayer[];
  readonly loss: LossName;
}

const batch = 'batch' as const;
const layer = 'layer' as const;

export const networks: LayerNetwork[] = [
  {
    what: 'batches, then relu and gelu',
    architecture: stack(
      [3, 17, 9, 2],
      { activation: 'relu', normalization: batch },
      { activation: 'gelu', normalization: batch, epsilon: 1e-3, momentum: 0.3 },
      'sigmoid',
    ),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'samples, then relu and mish',
    architecture: stack(
      [3, 17, 9, 2],
      { activation: 'relu', normalization: layer },
      { activation: 'mish', normalization: layer, epsilon: 1e-2 },
      'linear',
    ),
    loss: 'meanSquaredError',
  },
  {
    what: 'both, with softmax and logSoftmax in hidden layers',
    architecture: stack(
      [5, 7, 6, 4, 3],
      { activation: 'softmax', normalization: batch },
      { activation: 'logSoftmax', normalization: layer },
      { activation: 'silu', normalization: batch },
      'softmax',
    ),
    loss: 'categoricalCrossEntropy',
  },
  {
    what: 'penalties and a frozen layer in the middle',
    architecture: stack(
      [4, 6, 5, 5, 2],
      { activation: 'tanh', l1: 0.01, normalization: batch },
      { activation: 'relu', l2: 0.02, trainable: false, normalization: batch },
      { activation: 'elu', alpha: 0.5, l1: 0.01, l2: 0.02, normalization: layer },
      { activation: 'sigmoid', l2: 0.03 },
    ),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'classes, from frozen layers',
    architecture: stack(
      [4, 6, 5, 3],
      { activation: 'tanh', trainable: false, normalization: batch },
      { activation: 'softplus', trainable: false, normalization: layer, l2: 0.5 },
      'softmax',
    ),
    loss: 'sparseCategoricalCrossEntropy',
  },
  {
    what: 'residual connections from every place, two of them from one',
    architecture: stack(
      [4, 4, 6, 4, 6, 6, 2],
      { activation: 'relu', skip: 1 },
      'relu',
      { activation: 'gelu', skip: 2 },
      { activation: 'tanh', skip: 3 },
      { activation: 'relu', skip: 3 },
      'sigmoid',
    ),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'residual connections around normalised and frozen layers',
    architecture: stack(
      [5, 7, 7, 7, 7, 3],
      { activation: 'relu', trainable: false },
      { activation: 'relu', normalization: batch, skip: 2 },
      { activation: 'softmax', normalization: layer, skip: 2, trainable: false },
      { activation: 'relu', normalization: layer, skip: 4 },
      'softmax',
    ),
    loss: 'categoricalCrossEntropy',
  },
  {
    what: 'embeddings',
    architecture: stack(
      [8, 9, 2],
      {
        activation: 'relu',
        embeddings: [
          { categories: 5, outputs: 3 },
          { categories: 1, outputs: 1 },
        ],
      },
      'sigmoid',
    ),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'embeddings alone, with a residual connection around the first layer',
    architecture: stack(
      [6, 6, 6, 1],
      { activation: 'mish', normalization: batch, skip: 1, embeddings: [{ categories: 40, outputs: 6 }] },
      { activation: 'relu', skip: 1 },
      'linear',
    ),
    loss: 'huber',
  },
  {
    what: 'embeddings that are frozen',
    architecture: stack(
      [5, 4, 3, 1],
      { activation: 'tanh', trainable: false, embeddings: [{ categories: 3, outputs: 2 }] },
      'relu',
      'linear',
    ),
    loss: 'meanSquaredError',
  },
  {
    what: 'embeddings in a wide input',
    architecture: stack(
      [120, 6, 2],
      {
        activation: 'relu',
        embeddings: [
          { categories: 9, outputs: 13 },
          { categories: 4, outputs: 7 },
        ],
      },
      'softplus',
    ),
    loss: 'poisson',
  },
  {
    what: 'scaled inputs of every layer, after relu, and a wide input',
    architecture: stack(
      [101, 7, 6, 2],
      { activation: 'relu', inputScale: true },
      { activation: 'relu', inputScale: true, normalization: layer },
      { activation: 'sigmoid', inputScale: true, l2: 0.1 },
    ),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'scaled inputs with embeddings and residual connections',
    architecture: stack(
      [6, 6, 6, 6, 1],
      { activation: 'mish', skip: 1, inputScale: true, embeddings: [{ categories: 5, outputs: 2 }] },
      { activation: 'relu', skip: 1, inputScale: true },
      { activation: 'softmax', skip: 2, inputScale: true, normalization: batch },
      { activation: 'linear', inputScale: true },
    ),
    loss: 'meanSquaredError',
  },
  {
    what: 'scaled inputs above, in and below frozen layers',
    architecture: stack(
      [4, 6, 5, 5, 5, 2],
      { activation: 'tanh', trainable: false, inputScale: true, normalization: batch },
      { activation: 'softmax', trainable: false },
      { activation: 'relu', inputScale: true },
      { activation: 'relu', trainable: false, inputScale: true, activationMix: true },
      'softplus',
    ),
    loss: 'poisson',
  },
  {
    what: 'scaled inputs and mixes that follow a frozen relu',
    architecture: stack(
      [3, 6, 5, 2],
      { activation: 'relu', trainable: false, normalization: layer },
      { activation: 'relu', inputScale: true, activationMix: true },
      'sigmoid',
    ),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'mixed activations of each kind',
    architecture: stack(
      [3, 17, 9, 8, 8, 7, 6, 2],
      { activation: 'relu', activationMix: true },
      { activation: 'gelu', activationMix: true, normalization: batch },
      { activation: 'leakyRelu', alpha: 0.2, activationMix: true, normalization: layer },
      { activation: 'selu', activationMix: true, skip: 4, inputScale: true },
      { activation: 'mish', activationMix: true },
      { activation: 'tanh', activationMix: true, l1: 0.01 },
      'linear',
    ),
    loss: 'huber',
  },
  {
    what: 'all numbers embedded by cosines',
    architecture: stack(
      [8, 7, 2],
      { activation: 'relu', numeric: { kind: 'pbld', columns: 2, frequencies: 5, outputs: 4 } },
      'sigmoid',
    ),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'some numbers embedded by cosines, next to tables, scaled and added',
    architecture: stack(
      [11, 11, 5, 1],
      {
        ...{ activation: 'mish', skip: 1, inputScale: true, normalization: batch },
        numeric: { kind: 'pbld', columns: 2, frequencies: 3, outputs: 3 },
        embeddings: [{ categories: 5, outputs: 3 }],
      },
      { activation: 'relu', activationMix: true },
      'linear',
    ),
    loss: 'meanSquaredError',
  },
  {
    what: 'numbers embedded by cosines and sines',
    architecture: stack(
      [14, 6, 3],
      { activation: 'tanh', numeric: { kind: 'plr', columns: 2, frequencies: 4, outputs: 6 } },
      'softmax',
    ),
    loss: 'categoricalCrossEntropy',
  },
  {
    what: 'embedded numbers that are frozen',
    architecture: stack(
      [8, 4, 3, 1],
      {
        ...{
          activation: 'tanh',
          trainable: false,
          numeric: { kind: 'pbld', columns: 2, frequencies: 3, outputs: 3 },
        },
        embeddings: [{ categories: 3, outputs: 1 }],
      },
      'relu',
      'linear',
    ),
    loss: 'meanSquaredError',
  },
  // Reads X in rows of samples.
  {
    what: 'a wide input',
    architecture: stack(
      [101, 6, 2],
      { activation: 'leakyRelu', alpha: 0.1, normalization: batch },
      'softplus',
    ),
    loss: 'huber',
  },
];

export const random: LayerNetwork[] = [
  {
    what: 'embedded numbers with noise and dropout',
    architecture: stack(
      [9, 6, 2],
      {
        ...{ activation: 'relu', noise: 0.2, dropout: 0.3, l2: 0.1 },
        numeric: { kind: 'plr', columns: 2, frequencies: 3, outputs: 4 },
      },
      'sigmoid',
    ),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'scaled inputs and mixed activations around dropout and noise',
    architecture: stack(
      [6, 6, 6, 6, 2],
      {
        ...{ activation: 'relu', dropout: 0.5, noise: 0.1, skip: 1, inputScale: true, activationMix: true },
        embeddings: [{ categories: 3, outputs: 2 }],
      },
      { activation: 'relu', dropout: 0.3, noise: 0.2, skip: 1, inputScale: true },
      { activation: 'silu', noise: 0.1, skip: 2, activationMix: true },
      { activation: 'sigmoid', inputScale: true, noise: 0.1 },
    ),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'dropout',
    architecture: stack(
      [3, 20, 9, 2],
      { activation: 'relu', dropout: 0.5 },
      { activation: 'gelu', dropout: 0.1 },
      'sigmoid',
    ),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'noise',
    architecture: stack(
      [3, 8, 5, 2],
      { activation: 'tanh', noise: 0.1 },
      { activation: 'relu', noise: 0.5 },
      'sigmoid',
    ),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'all at once',
    architecture: stack(
      [3, 12, 9, 6, 3],
      { activation: 'silu', normalization: batch, dropout: 0.3, noise: 0.2, l2: 0.01 },
      { activation: 'softmax', normalization: layer, dropout: 0.5, l1: 0.01 },
      { activation: 'logSoftmax', normalization: batch, dropout: 0.2, noise: 0.1, trainable: false },
      { activation: 'softmax', noise: 0.1 },
    ),
    loss: 'categoricalCrossEntropy',
  },
  {
    what: 'residual connections around dropout and noise',
    architecture: stack(
      [6, 6, 6, 6, 2],
      { activation: 'relu', dropout: 0.5, noise: 0.1, skip: 1, embeddings: [{ categories: 3, outputs: 2 }] },
      { activation: 'relu', dropout: 0.3, noise: 0.2, skip: 1 },
      { activation: 'silu', noise: 0.1, skip: 2 },
      'sigmoid',
    ),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'noise on a wide input',
    architecture: stack([101, 6, 2], { activation: 'relu', noise: 0.3, dropout: 0.5 }, 'linear'),
    loss: 'meanSquaredError',
  },
];

// Swept networks, one of them with layers for CBLAS.
const table = [{ categories: 20_000, outputs: 8 }];
export const large: LayerNetwork[] = [
  {
    what: 'embedded numbers',
    architecture: stack(
      [84, 420, 420, 3],
      { activation: 'relu', numeric: { kind: 'pbld', columns: 20, frequencies: 16, outputs: 4 } },
      { activation: 'relu', normalization: batch },
      'sigmoid',
    ),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'scaled inputs and mixed activations',
    architecture: stack(
      [30, 420, 420, 420, 3],
      { activation: 'relu', inputScale: true, activationMix: true, dropout: 0.2 },
      { activation: 'gelu', inputScale: true, activationMix: true, normalization: batch },
      { activation: 'relu', inputScale: true, skip: 2, noise: 0.1 },
      'sigmoid',
    ),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'more than 1 MB',
    architecture: stack(
      [30, 420, 420, 420, 3],
      { activation: 'relu', normalization: batch, dropout: 0.2, l2: 1e-4 },
      { activation: 'gelu', normalization: layer, noise: 0.1 },
      { activation: 'softmax', normalization: batch, dropout: 0.1, trainable: false },
      'sigmoid',
    ),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'residual connections and embeddings',
    architecture: stack(
      [40, 360, 360, 360, 2],
      { activation: 'relu', embeddings: [{ categories: 70, outputs: 16 }] },
      { activation: 'relu', skip: 2, dropout: 0.2 },
      { activation: 'gelu', skip: 2, normalization: layer },
      'sigmoid',
    ),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'a large table',
    architecture: stack([9, 5, 1], { activation: 'tanh', embeddings: table }, 'linear'),
    loss: 'meanSquaredError',
  },
  {
    what: 'layers for CBLAS',
    architecture: stack(
      [130, 1250, 1240, 2],
      { activation: 'tanh', normalization: layer, dropout: 0.5 },
      { activation: 'relu', normalization: batch, noise: 0.1 },
      'sigmoid',
    ),
    loss: 'binaryCrossEntropy',
  },
];
