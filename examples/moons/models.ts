import { Network } from 'blasnet';

/** One way to train the network. */
export interface Model {
  readonly name: string;
  readonly description: string;
  readonly network: Network;
  readonly epochs: number;
  readonly batchSize: number | 'full';
  /** Epochs from one frame of the animation to the next. */
  readonly frameEvery: number;
}

const layers = [
  { inputDim: 2, outputDim: 25, activation: 'relu' },
  { inputDim: 25, outputDim: 50, activation: 'relu' },
  { inputDim: 50, outputDim: 50, activation: 'relu' },
  { inputDim: 50, outputDim: 25, activation: 'relu' },
  { inputDim: 25, outputDim: 1, activation: 'sigmoid' },
] as const;

/** The article compares 10,000 epochs with 200 of its Keras model. */
const epochsRatio = 50;
const mostFrames = 200;

export const learningRate = 0.01;

/** The initial weights: the article's, 0.1 * randn, or He's rule, the library's default for ReLU. */
export type Start = 'article' | 'he';

export function moonsNetwork(start: Start): Network {
  return new Network(layers, { seed: 2, initializer: start === 'article' ? 'article' : 'auto' });
}

/**
 * The article's model, and a second one that trains its layers in mini-batches, in place of the article's Keras model.
 *
 * @param epochs of the article's model; the other takes a fiftieth, so that both have an equal number of frames
 */
export function moonsModels(epochs: number): Model[] {
  const miniEpochs = Math.ceil(epochs / epochsRatio);
  const frameEvery = Math.ceil(miniEpochs / mostFrames);
  return [
    {
      name: 'full batch',
      description: 'The article’s model: every step sees all 900 points.',
      network: moonsNetwork('article'),
      epochs,
      batchSize: 'full',
      frameEvery: epochsRatio * frameEvery,
    },
    {
      name: 'batches of 32',
      description: 'In place of its Keras model: 29 steps per epoch.',
      network: moonsNetwork('he'),
      epochs: miniEpochs,
      batchSize: 32,
      frameEvery,
    },
  ];
}
