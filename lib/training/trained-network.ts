import type { FloatArray } from '../base/matrix';
import type { TrainingContent } from '../formats/model';
import type { Metadata } from '../formats/safetensors';
import type { RandomState } from '../random/random-state';
import type { SampleKind } from '../samples/samples';

/** What a training needs of a network. */
export interface TrainedNetwork {
  readonly kind: SampleKind;
  /** The flat buffers. */
  readonly parameters: FloatArray;
  readonly statistics: FloatArray;
  /** Draws what is random, unless the option `seed` is given. */
  readonly random: RandomState;
  /** The bytes of a checkpoint. */
  encode(training: TrainingContent, metadata: Metadata): Iterable<Uint8Array>;
}
