import type { Priority } from '../addon/work';
import type { CheckpointStore } from '../formats/checkpoints';
import type { ResolvedLoss } from '../layers/losses';
import type { ResolvedMetric } from '../metrics/metric';
import type { Optimizer } from '../optimizers/optimizers';
import type { Schedule } from '../schedules/schedule';
import type { CadenceOptions } from './cadence';
import type { Callbacks } from './callbacks';
import type { Shared } from './distribution';
import type { EarlyStopping } from './early-stopping';
import type { TrainingSizes } from './sizes';
import type { SplitKind } from './split';

/** The options of `fit`, with the defaults filled in. */
export interface CompletedFitOptions extends TrainingSizes {
  readonly epochs: number;
  /** The sizes for fewer samples, because some have the weight 0. */
  readonly sizesFor: (rows: number) => TrainingSizes;
  readonly seed: number | undefined;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly weightDecaySchedule: Schedule;
  readonly dropoutSchedule: Schedule;
  readonly loss: ResolvedLoss;
  /** The same, unless it is the default. */
  readonly givenLoss: ResolvedLoss | undefined;
  readonly clipValue: number;
  readonly clipNorm: number;
  readonly threads: number;
  readonly priority: Priority;
  /** The ranks of the training; undefined if this process is alone. */
  readonly shared: Shared | undefined;
  readonly signal: AbortSignal | undefined;
  readonly maxSeconds: number | undefined;
  readonly stratify: boolean;
  /** How validationSplit chooses its rows. */
  readonly split: SplitKind;
  readonly metrics: readonly ResolvedMetric[];
  readonly earlyStopping: EarlyStopping | undefined;
  readonly callbacks: Callbacks;
  readonly progress: boolean;
  readonly checkpoint: { readonly store: CheckpointStore; readonly cadence: CadenceOptions } | undefined;
}
