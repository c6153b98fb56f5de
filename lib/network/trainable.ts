// The methods that train a network: with samples in memory, or from a source of chunks.

import type { AsyncOptions } from '../addon/work';
import { giveMethods } from '../base/methods';
import type { PlanQueue } from '../engine/plan-queue';
import type { Metrics } from '../metrics/metric';
import type { InputsLike } from '../samples/inputs';
import type { LabelsLike } from '../samples/labels';
import type { SampleKind } from '../samples/samples';
import { isSource, type SampleChunk, type Source } from '../samples/source';
import { newSession } from '../training/assemble';
import { forAllRanks } from '../training/distribution';
import { fitAsync, fitHere, loopOver } from '../training/drive';
import type { History, HistoryOf, Reports } from '../training/history';
import type { FitOptions, Unvalidated, Validated } from '../training/options';
import type { SourceFitOptions, UnvalidatedSource, ValidatedSource } from '../training/source-options';
import type { TrainedNetwork } from '../training/trained-network';
import type { EvaluateSourceOptions, Evaluation } from './network-options';

/** A network that can be trained. */
export interface TrainableNetwork {
  /**
   * Trains the network on other threads. The gradient of a batch is that of the mean loss over its samples.
   *
   * @returns the history: the loss of every epoch, and the series that `History` describes
   * @throws TypeError or RangeError with a code for bad options and data, which change no parameters; AbortError
   *   when the signal ends the training; RangeError ERR_BLASNET_DIVERGED when a loss is not finite (that step is not
   *   taken), or when parameters are not finite after an epoch; Error ERR_BLASNET_BUSY when the network is already
   *   being trained; Error ERR_BLASNET_FILE when a checkpoint cannot be written; and the errors of callbacks. After an
   *   error during the training, the parameters are those of the last step; with early stopping and restoreBest those of
   *   the best epoch. Such an error has the epochs that were finished as its property `history`: see `TrainingError`
   */
  fit<const M extends Metrics>(X: InputsLike, Y: LabelsLike, options: Unvalidated<M>): Promise<HistoryOf<M>>;
  /** The same, with a validation set: the names of its series begin with `val`. */
  fit<const M extends Metrics>(
    X: InputsLike,
    Y: LabelsLike,
    options: Validated<M>,
  ): Promise<HistoryOf<M, 'val'>>;
  /**
   * Trains with the rows of a source, such as a generator function that yields chunks `{ X, Y }`, for data that do not fit in
   * memory: see docs/large-data.md. The same rows in the same order give the same parameters as from arrays, bit for bit.
   * Preprocessing, labels and a targetScaler that have not learned do so in passes of their own.
   *
   * @throws like fit(); Error ERR_BLASNET_SOURCE when the source throws, gives no row or other rows than before. The network
   *   then is as after an error during the training, or before the first step as before the call
   */
  fit<const M extends Metrics>(
    source: Source<SampleChunk>,
    options: UnvalidatedSource<M>,
  ): Promise<HistoryOf<M>>;
  /** The same, with a validation set. */
  fit<const M extends Metrics>(
    source: Source<SampleChunk>,
    options: ValidatedSource<M>,
  ): Promise<HistoryOf<M, 'val'>>;
  /** The same, with options whose type does not say whether there is a validation set. */
  fit(source: Source<SampleChunk>, options: SourceFitOptions): Promise<History>;
  /** The same with arrays, with options whose type does not say whether there is a validation set. */
  fit(X: InputsLike, Y: LabelsLike, options: FitOptions): Promise<History>;

  /**
   * Like `fit`, but blocks the calling thread: use maxSeconds for a limit of time. A signal that nothing could abort is
   * refused: see `FitOptions`.
   * @throws like fit(); Error ERR_BLASNET_BUSY also while another thread reads the network
   */
  fitSync<const M extends Metrics>(X: InputsLike, Y: LabelsLike, options: Unvalidated<M>): HistoryOf<M>;
  /** The same, with a validation set: the names of its series begin with `val`. */
  fitSync<const M extends Metrics>(X: InputsLike, Y: LabelsLike, options: Validated<M>): HistoryOf<M, 'val'>;
  /** The same, with options whose type does not say whether there is a validation set. */
  fitSync(X: InputsLike, Y: LabelsLike, options: FitOptions): History;

  /**
   * Trains like `fit`, and yields the report of each epoch. No other thread changes the network while the loop's
   * body runs. Leaving the loop ends the training. If you call `next` yourself, end it by `return`; a generator that is
   * dropped keeps the network busy until it is collected. @throws like fit()
   *
   *     for await (const epoch of net.epochs(X, Y, { epochs: 100 })) if (epoch.loss < 0.1) break;
   */
  epochs<const M extends Metrics>(X: InputsLike, Y: LabelsLike, options: Unvalidated<M>): Reports<M>;
  /** The same, with a validation set: the names of its series begin with `val`. */
  epochs<const M extends Metrics>(X: InputsLike, Y: LabelsLike, options: Validated<M>): Reports<M, 'val'>;
  /** Trains from a source like `fit`, and yields the report of each epoch. @throws like fit() */
  epochs<const M extends Metrics>(source: Source<SampleChunk>, options: UnvalidatedSource<M>): Reports<M>;
  /** The same, with a validation set. */
  epochs<const M extends Metrics>(
    source: Source<SampleChunk>,
    options: ValidatedSource<M>,
  ): Reports<M, 'val'>;
  /** The same, with options whose type does not say whether there is a validation set. */
  epochs(source: Source<SampleChunk>, options: SourceFitOptions): Reports<Metrics>;
  /** The same with arrays, with options whose type does not say whether there is a validation set. */
  epochs(X: InputsLike, Y: LabelsLike, options: FitOptions): Reports<Metrics>;
}

type Parts = TrainedNetwork & { readonly queue: PlanQueue };

/** Gives the networks of a class these methods. */
export function makeTrainable<Network extends TrainableNetwork>(
  prototype: Network,
  partsOf: (network: Network) => Parts,
): void {
  const methods = {
    async fit(this: Network, X: InputsLike, Y: LabelsLike, options: FitOptions): Promise<History> {
      const parts = partsOf(this);
      if (fromSource(X, options)) {
        const { fitSource } = await streaming();
        return forAllRanks(Y as unknown as FitOptions, () => fitSource(parts, X, Y));
      }
      return forAllRanks(options, () => fitAsync(newSession(parts, X, Y, options), parts.queue));
    },
    fitSync(this: Network, X: InputsLike, Y: LabelsLike, options: FitOptions): History {
      const parts = partsOf(this);
      parts.queue.checkFree('fitSync');
      parts.queue.checkAtRest('fitSync', 'nothing');
      return fitHere(newSession(parts, X, Y, options, true), parts.queue);
    },
    epochs(this: Network, X: InputsLike, Y: LabelsLike, options: FitOptions): Reports<Metrics> {
      const parts = partsOf(this);
      if (fromSource(X, options)) return sourceEpochs(parts, X, Y) as Reports<Metrics>;
      return loopOver(newSession(parts, X, Y, options), parts.queue) as Reports<Metrics>;
    },
  };
  giveMethods(prototype, methods);
}

async function* sourceEpochs(parts: Parts, source: unknown, options: unknown) {
  yield* (await streaming()).sourceEpochs(parts, source, options);
}

/** Evaluates a network with the rows of a source. */
export async function evaluateChunks(
  kind: SampleKind,
  queue: PlanQueue,
  source: unknown,
  options: unknown,
): Promise<Evaluation> {
  return (await streaming()).evaluateSource(kind, queue, source, options as EvaluateSourceOptions);
}

/** Predicts the chunks of a source. */
export async function* predictChunks<Result>(
  predict: (X: InputsLike, how: AsyncOptions) => Promise<Result>,
  source: unknown,
  options: AsyncOptions,
): AsyncGenerator<Result, void, undefined> {
  yield* (await streaming()).predictSource(predict, source, options);
}

/** Whether the samples come from a source: arrays come with one more argument, the options. */
export function fromSource(X: unknown, options: unknown): boolean {
  return options === undefined && isSource(X);
}

/** The room that reads sources, which is loaded on first use. */
// The type is stated: in the declarations TypeScript would write `../streaming`.
export function streaming(): Promise<typeof import('../streaming/index.js')> {
  return import('../streaming/index.js');
}
