// Networks with members.

import { type LayerNetwork, stack } from './layer-networks';

const batch = 'batch' as const;
const layer = 'layer' as const;

export const memberNetworks: LayerNetwork[] = [
  {
    what: 'members that share all layers, with residual connections',
    architecture: stack(
      [4, 6, 6, 3],
      { activation: 'relu', members: 5, l2: 0.01 },
      { activation: 'gelu', skip: 2, normalization: layer },
      { activation: 'softmax', l1: 0.01 },
    ),
    loss: 'sparseCategoricalCrossEntropy',
  },
  {
    what: 'members of embedded inputs, whose rows are normalised together',
    architecture: stack(
      [11, 11, 5, 2],
      {
        ...{ activation: 'relu', members: 3, inputScale: true, skip: 1, normalization: batch },
        numeric: { kind: 'pbld', columns: 2, frequencies: 3, outputs: 3 },
        embeddings: [{ categories: 4, outputs: 3 }],
      },
      { activation: 'mish', activationMix: true },
      'sigmoid',
    ),
    loss: 'binaryCrossEntropy',
  },
  {
    what: 'members of a wide input, in one layer',
    architecture: stack([101, 3], { activation: 'logSoftmax', members: 2 }),
    loss: 'meanSquaredError',
  },
  {
    what: 'members whose first layer is frozen',
    architecture: stack(
      [3, 5, 4, 2],
      { activation: 'relu', members: 4, trainable: false },
      'relu',
      'softplus',
    ),
    loss: 'poisson',
  },
  {
    what: 'a lone member',
    architecture: stack([3, 5, 2], { activation: 'tanh', members: 1 }, 'softmax'),
    loss: 'categoricalCrossEntropy',
  },
];

export const randomMembers: LayerNetwork[] = [
  {
    what: 'members around dropout and noise',
    architecture: stack(
      [4, 9, 6, 2],
      { activation: 'relu', members: 3, dropout: 0.3, noise: 0.2 },
      { activation: 'silu', noise: 0.1, dropout: 0.2 },
      'sigmoid',
    ),
    loss: 'binaryCrossEntropy',
  },
];

/** It is swept. */
export const largeMembers: LayerNetwork[] = [
  {
    what: 'members',
    architecture: stack([10, 500, 500, 3], { activation: 'relu', members: 2 }, 'relu', 'softmax'),
    loss: 'categoricalCrossEntropy',
  },
];
