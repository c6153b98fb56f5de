import type { Activation, ActivationName, ActivationOption } from './activations';
import type { Embedding, EmbeddingOptions } from './embeddings';
import type { Normalization, NormalizationOption } from './normalization';
import type { NumericEmbedding, NumericEmbeddingOption } from './numeric-embeddings';
import type { ParameterFactors } from './parameter-factors';

/**
 * A layer, like in the article's dictionary, with more options. It has W (outputDim x inputDim) and b (outputDim x 1).
 */
export interface LayerOptions {
  /** A name for the `skip` of later layers: 1 to 100 characters, unique in the network. @default none */
  readonly name?: string;
  /**
   * The number of inputs. The first layer needs it, unless the network has preprocessing: then the columns that this
   * gives decide it, from the first `fit` on. With `embeddings`, it counts only the columns of numbers.
   * @default the previous layer's outputDim; in a first layer that of the preprocessing, or with embeddings 0
   */
  readonly inputDim?: number;
  /** The number of units. At least 1. */
  readonly outputDim: number;
  /** A name, or an activation with a hyperparameter: `leakyRelu({ negativeSlope: 0.1 })`. */
  readonly activation: ActivationOption;
  /**
   * The normalisation of the sums before the activation: 'batch', 'layer', batchNorm() or layerNorm(). Not for the last
   * layer. @default none
   */
  readonly normalization?: NormalizationOption;
  /**
   * The share of the layer's outputs that training drops, in [0, 1). The other outputs are multiplied by
   * 1 / (1 - dropout) (Srivastava et al., 2014). Not for the last layer. @default 0
   */
  readonly dropout?: number;
  /** The standard deviation of the Gaussian noise that training adds to the layer's inputs. At least 0. @default 0 */
  readonly noise?: number;
  /**
   * A residual connection (He et al., 2016). It adds units to the layer's outputs, after the activation and the
   * dropout: `true` adds the layer's inputs, before their noise; a name adds the outputs of the earlier layer with this
   * name. Both sides must have outputDim units. Not for the last layer. @default false
   */
  readonly skip?: boolean | string;
  /**
   * Only for the first layer: turns each number of X into several features, which training learns: 'pbld', 'plr', or
   * `numericEmbeddings.pbld({ columns: 3 })` for the first 3 columns. If the layer is frozen, they are too. The layer's
   * penalties do not apply to their parameters. @default none
   */
  readonly numericEmbeddings?: NumericEmbeddingOption;
  /**
   * Only for the first layer: columns of categories. Trained tables turn them into numbers, which follow the columns of
   * X. The samples are then `{ numbers, categories }`. If the layer is frozen, the tables are too. The layer's
   * penalties do not apply to them. @default none
   */
  readonly embeddings?: readonly EmbeddingOptions[];
  /**
   * Only for the first layer: the number of members of the network, from 1 to 10,000, which share its layers (TabM-mini:
   * Gorishniy et al., 2025). Each member multiplies the first layer's inputs, embedded if they are, by factors of its own,
   * and has weights and biases of its own in the last layer. Training minimises the mean of their losses; predictions are the
   * mean of their outputs. Each sample costs as much as `members` samples do. @default none
   */
  readonly members?: number;
  /**
   * Whether each input of the layer is multiplied by a factor that training learns, the parameter s; it begins at 1. The
   * factors act after the noise (RealMLP: Holzmueller et al., 2024). @default false
   */
  readonly inputScale?: boolean;
  /**
   * Whether each unit learns how much of its activation it uses: z + a * (f(z) - z), with the parameter a, which begins at
   * 1 (RealMLP). Not for the last layer, and not with softmax and logSoftmax. @default false
   */
  readonly activationMix?: boolean;
  /** A penalty on the weights W (not the biases), which is part of the loss: l1 * sum |w|. At least 0. @default 0 */
  readonly l1?: number;
  /**
   * A penalty on the weights W, which is part of the loss: l2 * sum w^2, as in Keras (without 1/2). At least 0.
   * @default 0
   */
  readonly l2?: number;
  /**
   * The largest Euclidean norm of a unit's weights; after each step, longer ones are scaled down. Above 0. @default any
   */
  readonly maxNorm?: number;
  /** Whether training changes the layer. A frozen layer normalises batches by the running moments. @default true */
  readonly trainable?: boolean;
  /**
   * Factors of the learning rate: one for the whole layer, or one for each kind of its parameters, as in
   * `{ W: 1, b: 0.1 }`. PyTorch has parameter groups for this. Parameters with the factor 0 are frozen. Not with lbfgs.
   * @default 1
   */
  readonly learningRateFactors?: number | ParameterFactors;
  /** Factors of the optimiser's weight decay, in the same form; `{ b: 0 }` keeps biases from it. Not with lbfgs. @default 1 */
  readonly weightDecayFactors?: number | ParameterFactors;
}

/** A completed layer. Options that it does not use are absent. It is a plain object, and JSON keeps it unchanged. */
export interface Layer {
  readonly name?: string;
  readonly inputDim: number;
  readonly outputDim: number;
  readonly activation: ActivationName | Activation;
  readonly normalization?: Normalization;
  readonly dropout?: number;
  readonly noise?: number;
  readonly skip?: true | string;
  readonly numericEmbeddings?: NumericEmbedding;
  readonly embeddings?: readonly Embedding[];
  readonly members?: number;
  readonly inputScale?: true;
  readonly activationMix?: true;
  readonly l1?: number;
  readonly l2?: number;
  readonly maxNorm?: number;
  readonly trainable?: boolean;
  readonly learningRateFactors?: ParameterFactors;
  readonly weightDecayFactors?: ParameterFactors;
}

export type Architecture = readonly Layer[];
