import { howOf } from '../addon/work';
import type { FilePath } from '../base/file-path';
import type { PlanQueue } from '../engine/plan-queue';
import { checkLoadOptions } from '../preprocessing/pipeline';
import type { InputsLike } from '../samples/inputs';
import type { LabelsLike } from '../samples/labels';
import { resumedSession } from '../training/assemble';
import { forAllRanks } from '../training/distribution';
import { fitAsync } from '../training/drive';
import { checkOverride } from '../training/fingerprint';
import type { History } from '../training/history';
import { checkResumeOptions } from '../training/options';
import type { TrainedNetwork } from '../training/trained-network';
import { attach } from '../training/training-error';
import { findCheckpoint } from './find-checkpoint';
import type { StoredNetwork } from './network-file';
import type { ResumeOptions } from './network-options';
import { fromSource, streaming } from './trainable';

/** A network that was made from a checkpoint, with its inner parts. */
interface Restored<Network> {
  readonly network: Network;
  readonly trained: TrainedNetwork & { readonly queue: PlanQueue };
}

/** Does the work of `Network.resume`. `restore` makes the network of a checkpoint. */
export async function resumeTraining<Network>(
  restore: (stored: StoredNetwork) => Restored<Network>,
  path: FilePath,
  X: unknown,
  Y: unknown,
  options: ResumeOptions | undefined,
): Promise<{ network: Network; history: History }> {
  const ofSource = fromSource(X, options);
  const given = (ofSource ? Y : options) as ResumeOptions;
  checkResumeOptions(given, ofSource);
  const { skipDamaged = false, steps = [], override = [], ...fitOptions } = given;
  checkOverride(override);
  checkLoadOptions({ steps });
  return forAllRanks(fitOptions, async () => {
    const found = await findCheckpoint(path, skipDamaged, { steps }, howOf(fitOptions));
    const { network, trained } = restore(found.stored);
    const session = ofSource
      ? undefined
      : resumedSession(trained, X as InputsLike, Y as LabelsLike, fitOptions, found, override);
    try {
      if (session !== undefined) return { network, history: await fitAsync(session, trained.queue) };
      const { resumeSource } = await streaming();
      return { network, history: await resumeSource(trained, X, fitOptions, found, override) };
    } catch (error) {
      attach(error, { network });
      throw error;
    }
  });
}
