import type { Work } from '../addon/work';
import type { FloatArray } from '../base/matrix';
import type { TrainingContent } from '../formats/model';
import type { Metadata, Safetensors } from '../formats/safetensors';
import type { RandomState } from '../random/random-state';
import type { SampleKind } from '../samples/samples';
import type { OptimizerMemory } from './optimizer-state';

/** The parts of a network that a training uses. */
export interface TrainedNetwork {
  readonly kind: SampleKind;
  /** The flat buffer of all parameters. */
  readonly parameters: FloatArray;
  /** The flat buffer of all running moments. */
  readonly statistics: FloatArray;
  /** Draws the random numbers, unless the option `seed` is given. */
  readonly random: RandomState;
  readonly optimizer: OptimizerMemory;
  /** Makes the parameters of a network whose kind is undecided, as soon as the preprocessing has learned inputDim. */
  build(inputDim: number): Work<void>;
  /** Undoes `build`. */
  unbuild(): void;
  /** Encodes a checkpoint. Its tensors are the network's own memory and the training's. */
  encode(training: TrainingContent, metadata: Metadata): Work<Safetensors>;
}
