import { howOf } from '../addon/work';
import type { FilePath } from '../base/file-path';
import type { PlanQueue } from '../engine/plan-queue';
import { checkLoadOptions } from '../preprocessing/pipeline';
import type { InputsLike } from '../samples/inputs';
import type { LabelsLike } from '../samples/labels';
import { resumedSession } from '../training/assemble';
import { fitAsync } from '../training/drive';
import { checkOverride } from '../training/fingerprint';
import type { History } from '../training/history';
import { checkResumeOptions } from '../training/options';
import type { TrainedNetwork } from '../training/trained-network';
import { attach } from '../training/training-error';
import { findCheckpoint } from './find-checkpoint';
import type { StoredNetwork } from './network-file';
import type { ResumeOptions } from './network-options';

/** A network that was made from a checkpoint, with its inner parts. */
interface Restored<Network> {
  readonly network: Network;
  readonly trained: TrainedNetwork;
  readonly queue: PlanQueue;
}

/** Does the work of `Network.resume`. `restore` makes the network of a checkpoint. */
export async function resumeTraining<Network>(
  restore: (stored: StoredNetwork) => Restored<Network>,
  path: FilePath,
  X: InputsLike,
  Y: LabelsLike,
  options: ResumeOptions,
): Promise<{ network: Network; history: History }> {
  checkResumeOptions(options);
  const { skipDamaged = false, steps = [], override = [], ...fitOptions } = options;
  checkOverride(override);
  checkLoadOptions({ steps });
  const found = await findCheckpoint(path, skipDamaged, { steps }, howOf(fitOptions));
  const { network, trained, queue } = restore(found.stored);
  const session = resumedSession(trained, X, Y, fitOptions, found, override);
  try {
    return { network, history: await fitAsync(session, queue) };
  } catch (error) {
    attach(error, { network });
    throw error;
  }
}
