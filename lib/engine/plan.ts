import { type Callback, type NativePlan, native } from '../addon/binding';
import { newOutcome, type Outcome, readOutcome, statusCodes } from '../addon/outcome';
import { packRecord } from '../addon/records';
import { settled, type WorkOptions } from '../addon/work';
import { AbortError, type BlasnetError, blasnetError } from '../base/errors';
import { elementError, type FloatArray, type Matrix } from '../base/matrix';
import { activationCodes } from '../layers/activations';
import {
  type Architecture,
  activationOf,
  embeddingsIn,
  inputDimOf,
  type Layer,
  numericColumns,
  skipNumber,
} from '../layers/architecture';
import { allLossOptions, lossEntry, type ResolvedLoss } from '../layers/losses';
import { normalizationCodes } from '../layers/normalization';
import { numericRecord } from '../layers/numeric-embeddings';
import { factorsOf } from '../layers/parameters';
import { codeError } from '../samples/inputs';
import type { Labels } from '../samples/labels';
import type { LabelledSamples, Samples } from '../samples/samples';
import { strideOf, type Versions } from './versions';

export { type Outcome, statusCodes } from '../addon/outcome';

/** Calls one operation of the native plan, with the callback if there is one. */
export type Operation = (plan: NativePlan, callback?: Callback) => void;

function layerRecord(layer: Layer, index: number, architecture: Architecture): Float64Array {
  const {
    outputDim,
    normalization,
    dropout = 0,
    noise = 0,
    trainable = true,
    l1 = 0,
    l2 = 0,
    maxNorm = 0,
  } = layer;
  const { name, alpha } = activationOf(layer);
  return packRecord('layer', {
    outputs: outputDim,
    activation: activationCodes[name],
    alpha,
    normalization: normalizationCodes[normalization?.name ?? 'none'],
    epsilon: normalization?.epsilon ?? 0,
    momentum: normalization?.name === 'batch' ? normalization.momentum : 0,
    dropout,
    noise,
    scalesInputs: layer.inputScale === true,
    mixes: layer.activationMix === true,
    skip: skipNumber(architecture, index),
    trainable,
    l1,
    l2,
    maxNorm,
  });
}

function numericOf([first]: Architecture): Float64Array {
  const { numericEmbeddings } = first as Layer;
  if (numericEmbeddings === undefined) return new Float64Array(0);
  return packRecord('numeric', numericRecord(numericEmbeddings, numericColumns(first as Layer)));
}

/** Joins records into one array. */
export function joined(records: readonly Float64Array[]): Float64Array {
  return Float64Array.from(records.flatMap((record) => [...record]));
}

/** Predicts samples into `out`, one row for each sample. */
export function predictOperation({ X, codes }: Samples, out: Matrix): Operation {
  return (plan, callback) => plan.predict(X.data, codes, X.rows, out.data, callback);
}

/** Sums the loss and the hits of samples. With `out`, it also predicts them, by the same parameters. */
export function evaluateOperation({ X, codes, Y, weights }: LabelledSamples, out?: Matrix): Operation {
  return (plan, callback) => {
    const samples = [X.data, codes, Y.data, weights ?? null, X.rows] as const;
    if (out === undefined) plan.evaluate(...samples, callback);
    else plan.evaluateAndPredict(...samples, out.data, callback);
  };
}

/** Writes the gradients of the samples' mean loss, laid out like the parameters. */
export function gradientsOperation(samples: LabelledSamples, gradients: FloatArray): Operation {
  const { X, codes, Y, weights } = samples;
  return (plan, callback) =>
    plan.gradients(X.data, codes, Y.data, weights ?? null, X.rows, gradients, callback);
}

/** Writes the gradients of an output of each sample, or of its loss if there are labels, by its numbers. */
export function inputGradientsOperation(samples: Samples, output: number, out: Matrix): Operation {
  return (plan, callback) => {
    const { X, codes, Y } = samples;
    plan.inputGradients(X.data, codes, Y?.data ?? null, output, X.rows, out.data, callback);
  };
}

/** What a plan computes with. */
export interface PlanMemory {
  /** The flat buffer of all parameters. */
  readonly parameters: FloatArray;
  /** The flat buffer of all running moments. */
  readonly statistics: FloatArray;
  /** If the network reads versions in shared memory. Then the arrays are not used. */
  readonly versions?: Versions | undefined;
}

/** The native plan of one network and one loss; see native/engine/plan.h. */
export class Plan {
  readonly loss: ResolvedLoss;
  /** For predictors, which call it without an outcome. */
  readonly native: NativePlan;
  readonly #outcome = newOutcome();
  #threads = 0;
  #low = false;

  constructor(architecture: Architecture, loss: ResolvedLoss, memory: PlanMemory) {
    const { versions } = memory;
    this.loss = loss;
    this.native = new native.Plan({
      inputs: inputDimOf(architecture),
      numeric: numericOf(architecture),
      embeddings: joined(
        embeddingsIn(architecture).map(({ categories, outputDim }) =>
          packRecord('embedding', { categories, outputs: outputDim }),
        ),
      ),
      layers: joined(architecture.map(layerRecord)),
      members: architecture[0]?.members ?? 0,
      factors: joined(factorsOf(architecture).map((factors) => packRecord('factors', { ...factors }))),
      loss: lossEntry(loss.name).code,
      lossOptions: packRecord('lossOptions', allLossOptions(loss)),
      lossLevels: Float64Array.from(loss.levels ?? []),
      parameters: versions?.memory ?? memory.parameters,
      statistics: versions?.memory ?? memory.statistics,
      versions:
        versions === undefined ? null : { control: versions.control, stride: strideOf(versions.sizes) },
      outcome: this.#outcome,
    });
  }

  /** Runs an operation on the calling thread, with at most `threads` threads; 0: the number of setThreads. */
  run(operation: Operation, threads = 0): Outcome {
    this.#limitThreads(threads, false);
    operation(this.native);
    return readOutcome(this.#outcome);
  }

  /** Runs an operation on a thread of the addon. An abort ends it after the current step, with the status `stopped`. */
  async runAsync(
    operation: Operation,
    { signal, threads = 0, priority }: WorkOptions = {},
  ): Promise<Outcome> {
    if (signal?.aborted) throw new AbortError(signal.reason);
    this.#limitThreads(threads, priority === 'low');
    await settled(this.native, (callback) => operation(this.native, callback), signal);
    return readOutcome(this.#outcome);
  }

  /** Frees the workspace, unless an operation runs. The next operation reserves it again. */
  release(): void {
    this.native.release();
  }

  #limitThreads(threads: number, low: boolean): void {
    if (threads === this.#threads && low === this.#low) return;
    this.native.limitThreads(threads, low);
    this.#threads = threads;
    this.#low = low;
  }
}

/** The error that an outcome reports; undefined if the operation succeeded. `firstEpoch` counts from 1. */
export function outcomeError(
  outcome: Outcome,
  samples: Samples,
  architecture: Architecture,
  loss: ResolvedLoss,
  firstEpoch = 1,
): BlasnetError | undefined {
  const { status, index, epoch, batch, layer } = outcome;
  if (status === statusCodes.done) return undefined;
  switch (status) {
    case statusCodes.inputNotFinite:
      return elementError(samples.codes === null ? 'X' : 'X.numbers', samples.X, index, 'finite numbers');
    case statusCodes.codeOutside:
      return codeError('X.categories', samples, architecture, index);
    case statusCodes.labelOutside:
      return elementError(
        samples.targets === undefined ? 'Y' : 'the scaled Y',
        samples.Y as Labels,
        index,
        `${lossEntry(loss.name).labels} (the loss is ${loss.name})`,
      );
    case statusCodes.noClass:
      return blasnetError(
        'ERR_BLASNET_ARG_VALUE',
        `Expected Y to hold a label above 0 in each row (the loss is ${loss.name}), got none at row ${index}`,
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
        `Training diverged: after epoch ${firstEpoch + epoch} the parameters are not finite; the first is element ` +
          `${index} of the flat buffer. A smaller learning rate may help`,
      );
    default:
      return undefined;
  }
}
