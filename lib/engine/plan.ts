import { type Callback, type NativePlan, native } from '../addon/binding';
import { AbortError, type BlasnetError, blasnetError } from '../base/errors';
import { allocate, elementError, type FloatArray } from '../base/matrix';
import { activationCodes } from '../layers/activations';
import { type Architecture, activationOf, inputDimOf, type Layer } from '../layers/architecture';
import { lossEntry, type ResolvedLoss } from '../layers/losses';
import { normalizationCodes } from '../layers/normalization';
import type { Labels } from '../samples/labels';
import type { Samples } from '../samples/samples';

/** Why an operation returned: the numbers of native/engine/plan.h (a test compares the two). */
export const statusCodes = {
  done: 0,
  stopped: 1,
  inputNotFinite: 2,
  labelOutside: 3,
  diverged: 4,
  overflowed: 5,
  converged: 6,
} as const;

/** What an operation left behind, by field of the native outcome array. */
export interface Outcome {
  readonly status: number;
  /** The offending element of X or Y. */
  readonly index: number;
  /** Epochs finished, or the one (from 0) that diverged. */
  readonly epoch: number;
  /** From 0. */
  readonly batch: number;
  /** From 1: the first layer whose values are not finite. */
  readonly layer: number;
  /** Summed over the samples. */
  readonly loss: number;
  /** Samples predicted right. */
  readonly hits: number;
}

const outcomeFields = 7;

/** Calls one operation of the native plan, handing on the callback if there is one. */
export type Operation = (plan: NativePlan, callback?: Callback) => void;

// What native code reads of a layer: LayerField in native/binding/plan.cc.
function layerFields(layer: Layer): number[] {
  const { normalization, dropout = 0, noise = 0, trainable = true, l1 = 0, l2 = 0, maxNorm = 0 } = layer;
  const { name, alpha } = activationOf(layer);
  return [
    activationCodes[name],
    alpha,
    normalizationCodes[normalization?.name ?? 'none'],
    normalization?.epsilon ?? 0,
    normalization?.name === 'batch' ? normalization.momentum : 0,
    dropout,
    noise,
    Number(trainable),
    l1,
    l2,
    maxNorm,
  ];
}

/** The native plan of one network and one loss; see native/engine/plan.h. */
export class Plan {
  readonly loss: ResolvedLoss;
  /** For what is not worth an operation's outcome: predictors. */
  readonly native: NativePlan;
  readonly #outcome = allocate(outcomeFields, 'float64');
  #threads = 0;

  constructor(
    architecture: Architecture,
    loss: ResolvedLoss,
    parameters: FloatArray,
    statistics: FloatArray,
  ) {
    this.loss = loss;
    const sizes = [inputDimOf(architecture), ...architecture.map(({ outputDim }) => outputDim)];
    this.native = new native.Plan(
      Int32Array.from(sizes),
      Float64Array.from(architecture.flatMap(layerFields)),
      Float64Array.of(loss.code, loss.smoothing, loss.delta),
      parameters,
      statistics,
      this.#outcome,
    );
  }

  /** Runs an operation here and now, on so many threads at most; 0: as many as setThreads allows. */
  run(operation: Operation, threads = 0): Outcome {
    this.#limitThreads(threads);
    operation(this.native);
    return this.#readOutcome();
  }

  /** Runs an operation on a thread of the addon; an abort ends it after the step it is at. */
  async runAsync(operation: Operation, signal?: AbortSignal, threads = 0): Promise<Outcome> {
    if (signal?.aborted) throw new AbortError(signal.reason);
    this.#limitThreads(threads);
    this.native.clearStop();
    const stop = () => this.native.stop();
    signal?.addEventListener('abort', stop);
    try {
      await new Promise<void>((resolve, reject) => {
        operation(this.native, (error) => (error === undefined ? resolve() : reject(error)));
      });
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    const outcome = this.#readOutcome();
    if (outcome.status === statusCodes.stopped) throw new AbortError(signal?.reason);
    return outcome;
  }

  #limitThreads(threads: number): void {
    if (threads === this.#threads) return;
    this.native.limitThreads(threads);
    this.#threads = threads;
  }

  #readOutcome(): Outcome {
    const [status, index, epoch, batch, layer, loss, hits] = this.#outcome as unknown as number[];
    return { status, index, epoch, batch, layer, loss, hits } as Outcome;
  }
}

/** The error that an outcome stands for, or undefined when all is well. `firstEpoch` counts from 1. */
export function outcomeError(
  outcome: Outcome,
  samples: Samples,
  architecture: Architecture,
  loss: ResolvedLoss,
  firstEpoch = 1,
): BlasnetError | undefined {
  const { status, index, epoch, batch, layer } = outcome;
  switch (status) {
    case statusCodes.inputNotFinite:
      return elementError('X', samples.X, index, 'finite numbers');
    case statusCodes.labelOutside:
      return elementError(
        'Y',
        samples.Y as Labels,
        index,
        `${lossEntry(loss.name).labels} (the loss is ${loss.name})`,
      );
    case statusCodes.diverged:
      return blasnetError(
        'ERR_BLASNET_DIVERGED',
        `Training diverged: the loss of epoch ${firstEpoch + epoch}, batch ${batch + 1} is not finite, ` +
          `and the first values that are not finite come from layer ${layer} of ${architecture.length} ` +
          `(${activationOf(architecture[layer - 1] as Layer).name}). That step was not taken. A smaller learning rate may help`,
      );
    case statusCodes.overflowed:
      return blasnetError(
        'ERR_BLASNET_DIVERGED',
        `Training diverged: after epoch ${firstEpoch + epoch} the parameters are not finite, from element ${index} of ` +
          'the flat buffer on. A smaller learning rate may help',
      );
    default:
      return undefined;
  }
}
