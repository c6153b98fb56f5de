// Training in parts: an epoch or a step at a time.

import { giveMethods } from '../base/methods';
import type { PlanQueue } from '../engine/plan-queue';
import type { InputsLike } from '../samples/inputs';
import type { LabelsLike } from '../samples/labels';
import { newSession } from '../training/assemble';
import { fitAsync, fitHere } from '../training/drive';
import { checkLearned } from '../training/incremental';
import { incrementalOptions, type PartialFitOptions, type StepOptions } from '../training/options';
import type { TrainedNetwork } from '../training/trained-network';
import { firstEpoch } from './evaluation';
import type { Evaluation } from './network-options';

/** A network that learns from samples that arrive in parts. */
export interface IncrementalNetwork {
  /**
   * Trains one epoch, for samples that arrive in parts. Like in every training, the optimiser goes on from the last one:
   * see fit's option `optimizer`.
   *
   * @returns the epoch's loss, and its accuracy if the loss knows one
   * @throws like fit(); Error ERR_BLASNET_NOT_FITTED if preprocessing, labels or the targetScaler have not learned, since
   *   one part of the data would decide what they know
   */
  partialFit(X: InputsLike, Y: LabelsLike, options?: PartialFitOptions): Promise<Evaluation>;
  /** Like `partialFit`, but takes one step on all samples, and blocks the calling thread. @throws like fitSync() */
  trainOnBatch(X: InputsLike, Y: LabelsLike, options?: StepOptions): Evaluation;
}

type Learner = Parameters<typeof checkLearned>[0];

/** Gives the networks of a class these methods. */
export function makeIncremental<Network extends IncrementalNetwork & Learner>(
  prototype: Network,
  partsOf: (network: Network) => TrainedNetwork & { readonly queue: PlanQueue },
): void {
  const methods: IncrementalNetwork & ThisType<Network> = {
    async partialFit(X, Y, options = {}) {
      const completed = incrementalOptions(options, 'epoch');
      checkLearned(this, 'partialFit');
      const parts = partsOf(this);
      return firstEpoch(await fitAsync(newSession(parts, X, Y, completed), parts.queue));
    },
    trainOnBatch(X, Y, options = {}) {
      const parts = partsOf(this);
      parts.queue.checkFree('trainOnBatch');
      parts.queue.checkAtRest('trainOnBatch', 'nothing');
      const completed = incrementalOptions(options, 'batch');
      checkLearned(this, 'trainOnBatch');
      return firstEpoch(fitHere(newSession(parts, X, Y, completed), parts.queue));
    },
  };
  giveMethods(prototype, methods);
}
