import type { AsyncOptions } from '../addon/work';
import { type DisposableObject, makeDisposable } from '../base/disposable';
import type { FilePath } from '../base/file-path';
import type { Dtype, Matrix } from '../base/matrix';
import { checkOptions } from '../base/validate';
import type { PlanQueue } from '../engine/plan-queue';
import { type Architecture, type LayerOptions, withTrainable } from '../layers/architecture';
import { later } from '../layers/initializers';
import { type Gradients, type Parameters, parameterCount, type Statistics } from '../layers/parameters';
import type { Metrics } from '../metrics/metric';
import type { Label, LabelEncoder, LoadOptions, Preprocessing } from '../preprocessing';
import type { InputsLike } from '../samples/inputs';
import type { LabelsLike } from '../samples/labels';
import { areLabels, type InputSource, isSource, type SampleChunk, type Source } from '../samples/source';
import type { History, HistoryOf } from '../training/history';
import type { OptimizerMemory } from '../training/optimizer-state';
import type { Unvalidated, Validated } from '../training/options';
import type { TrainingError } from '../training/training-error';
import { loadBest, loadBestSync } from './best';
import { type ClonableNetwork, type CloneSource, makeClonable, type NetworkCopy } from './clone';
import { type ExportableNetwork, interop, makeExportable } from './exportable';
import { type IncrementalNetwork, makeIncremental } from './incremental';
import { type ExplainedNetwork, makeExplained } from './input-gradients';
import type { ImportOptions } from './interop-options';
import { type FileBytes, loadNetwork, loadNetworkSync, networkFrom, networkFromSync } from './load';
import { NetworkParts } from './make';
import type { StoredNetwork } from './network-file';
import {
  type CreateOptions,
  createConstraints,
  type EvaluateOptions,
  type EvaluateSourceOptions,
  type Evaluation,
  type EvaluationOf,
  type LoadBestOptions,
  type NetworkLoadOptions,
  type NetworkOptions,
  type PredictSourceOptions,
  type ResumeOptions,
  type ResumeSourceOptions,
} from './network-options';
import type { Predictor, PredictorOptions } from './predictor';
import { makeReadable, type ReadableNetwork } from './readable';
import { NetworkReader } from './reader';
import { resumeTraining } from './resume';
import { makeSavable, type SavableNetwork } from './savable';
import {
  attachedNetwork,
  keepHandle,
  makeSharable,
  type SharableNetwork,
  type SharedNetwork,
} from './shared';
import { evaluateChunks, makeTrainable, predictChunks, type TrainableNetwork } from './trainable';

/** The network of a resumed training, and the history of all epochs of that training. */
export interface Resumed<H extends History = History> {
  readonly network: Network;
  readonly history: H;
}

/** An error that ended a resumed training. */
export interface ResumeError extends TrainingError {
  /** The network as the error left it. */
  readonly network: Network;
}

type GivenMethods = DisposableObject &
  ReadableNetwork &
  SavableNetwork &
  ExportableNetwork &
  ExplainedNetwork &
  TrainableNetwork &
  IncrementalNetwork &
  SharableNetwork &
  ClonableNetwork<Network>;

export interface Network extends GivenMethods {}

/**
 * A densely connected network: its architecture, its parameters, and the methods that train and use it. Each sample is
 * a row: X is (samples x inputDim), Y is (samples x outputDim). With embeddings X is `{ numbers, categories }`.
 *
 * Asynchronous methods compute on the addon's own threads, one at a time; brief predictions at once. They read and write your arrays in place, so
 * do not change these until the promise settles. While a step is being taken, synchronous methods that need the
 * parameters throw ERR_BLASNET_BUSY, and asynchronous ones wait for the current epochs. In callbacks and in the body of
 * a loop over `epochs`, you may call every method, except `setTrainable` and those that train.
 *
 * Its `[Symbol.dispose]` frees the workspaces of native code at once. The next call reserves them again.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the static block makes it true
export class Network {
  static {
    makeDisposable<Network>(Network.prototype, (network) => network.#queue.release());
    makeExplained<Network>(Network.prototype, (net) => ({ kind: net.#parts.decidedKind, queue: net.#queue }));
    makeReadable<Network>(Network.prototype, (net) => net.#parts);
    makeSavable<Network>(Network.prototype, (net) => net.#parts);
    makeExportable(Network.prototype);
    makeTrainable<Network>(Network.prototype, (net) => net.#parts);
    makeIncremental<Network>(Network.prototype, (net) => net.#parts);
    makeSharable<Network>(Network.prototype, (net) => net.#parts);
    makeClonable<Network>(Network.prototype, (net) => net.#cloned, Network.#fromCopy);
  }

  readonly dtype: Dtype;
  /** The seed of the network's random numbers. */
  readonly seed: number;
  /** The network's own copy of the option: `fit` of another network does not change it. */
  readonly preprocessing: Preprocessing | undefined;
  /** The network's own copy of the option. */
  readonly labels: LabelEncoder | undefined;
  /** The network's own copy of the option, as a pipeline. */
  readonly targetScaler: Preprocessing | undefined;

  readonly #parts: NetworkParts;
  readonly #queue: PlanQueue;
  readonly #reader: NetworkReader;
  readonly #optimizer: OptimizerMemory;

  /**
   * @param layers one object for each layer: inputDim (required only in the first, and not with preprocessing),
   *   outputDim, activation, and the other options of `LayerOptions`
   * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION
   * @throws RangeError ERR_BLASNET_ARG_VALUE, ERR_BLASNET_UNKNOWN_NAME, ERR_BLASNET_SHAPE (dimensions that do
   *   not chain)
   */
  constructor(layers: readonly LayerOptions[], options: NetworkOptions = {}) {
    this.#parts = new NetworkParts(layers, options);
    this.dtype = this.#parts.dtype;
    this.seed = this.#parts.seed;
    this.preprocessing = this.#parts.preprocessing;
    this.labels = this.#parts.labels;
    this.targetScaler = this.#parts.targetScaler;
    this.#queue = this.#parts.queue;
    this.#optimizer = this.#parts.optimizer;
    this.#reader = new NetworkReader(
      () => this.#parts.decidedKind,
      () => this.#parts.own,
      this.#queue,
    );
  }

  /**
   * Makes the network that `new Network(layers, options)` makes, but draws its parameters on other threads. Use it for
   * networks of millions of parameters: the event loop stays free.
   *
   * @throws like the constructor; AbortError when the signal ends the call
   */
  static async create(layers: readonly LayerOptions[], options: CreateOptions = {}): Promise<Network> {
    checkOptions('', options, createConstraints);
    const { signal, threads, priority, initializer, ...others } = options;
    const network = new Network(layers, { ...others, initializer: later });
    await network.#parts.initialize(initializer, { signal, threads, priority });
    return network;
  }

  /**
   * Reads the network in a file that `save` wrote, or in a checkpoint, as it was after that epoch. It computes what the
   * saved one did, bit for bit. Its random numbers start again from its seed, and its optimisers from an empty state.
   *
   * @param options the preprocessing steps of your own that the file may name; signal and threads
   * @throws Error ERR_BLASNET_FILE for a file that cannot be read, is damaged, or holds no network of this library;
   *   TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE for a bad path or a bad step; TypeError
   *   ERR_BLASNET_UNKNOWN_OPTION
   */
  static async load(path: FilePath, options: NetworkLoadOptions & AsyncOptions = {}): Promise<Network> {
    return Network.#from(await loadNetwork(path, options));
  }

  /** Like `load`, but blocks the calling thread. @throws like load() */
  static loadSync(path: FilePath, options: NetworkLoadOptions = {}): Network {
    return Network.#from(loadNetworkSync(path, options));
  }

  /**
   * Like `load`, but reads the bytes of a file, for example from an object store. They are copied in parts: if they change
   * meanwhile, the call is refused. @throws like load(); TypeError ERR_BLASNET_DETACHED, ERR_BLASNET_RESIZABLE
   */
  static async fromBytes(
    bytes: FileBytes,
    options: NetworkLoadOptions & AsyncOptions = {},
  ): Promise<Network> {
    return Network.#from(await networkFrom(bytes, options));
  }

  /** Like `fromBytes`, but blocks the calling thread. @throws like fromBytes() */
  static fromBytesSync(bytes: FileBytes, options: NetworkLoadOptions = {}): Network {
    return Network.#from(networkFromSync(bytes, options));
  }

  /**
   * Makes a network from a file of another tool, such as ONNX, or from its bytes: see docs/interchange.md. It trains on like
   * one that was made here. Scalers in the file become its preprocessing. What this library does not compute is refused.
   * @throws Error ERR_BLASNET_FILE with file, place and rule; ERR_BLASNET_LOAD for a package that is missing; like load()
   */
  static async import(from: FilePath | FileBytes, options: ImportOptions = {}): Promise<Network> {
    return Network.#from(await (await interop()).importNetwork(from, options));
  }

  /**
   * Makes a network that reads the parameters of a handle, in any thread of the process. It has none of its own: it
   * predicts, evaluates, is saved and cloned, and each call reads the version that is current when it begins. What would
   * change it is refused with ERR_BLASNET_READ_ONLY. Its `parameters` are a copy.
   *
   * @param options the preprocessing steps of your own that the network has
   * @throws TypeError ERR_BLASNET_ARG_TYPE; Error ERR_BLASNET_VERSION for a handle of another version of the library
   */
  static attach(handle: SharedNetwork, options: LoadOptions = {}): Network {
    const network = Network.#from(attachedNetwork(handle, options));
    keepHandle(network, handle);
    return network;
  }

  /**
   * Reads the best checkpoint in a folder that `fit` wrote: the one with the smallest or largest number of a series, the
   * first of equals. @throws like load(); RangeError ERR_BLASNET_UNKNOWN_NAME for a series that the checkpoints lack
   */
  static async loadBest(folder: FilePath, options: LoadBestOptions & AsyncOptions = {}): Promise<Network> {
    return Network.#from(await loadBest(folder, options));
  }

  /** Like `loadBest`, but blocks the calling thread. @throws like loadBest() */
  static loadBestSync(folder: FilePath, options: LoadBestOptions = {}): Network {
    return Network.#from(loadBestSync(folder, options));
  }

  /**
   * Continues a training from a checkpoint that `fit` wrote. With the original samples and options, the result equals
   * that of a training without interruption, bit for bit, with any number of threads: see `ResumeOptions`.
   *
   * @param path a folder, for its newest checkpoint, or one checkpoint file. If `checkpoint` names the folder of an
   *   older file, `resume` refuses while newer checkpoints are in it
   * @throws like fit(); RangeError ERR_BLASNET_ARG_VALUE for an option that differs, or fewer epochs than are done;
   *   Error ERR_BLASNET_FILE for a checkpoint that cannot be read or is damaged. An error that ends the training is a
   *   `ResumeError`: it has the network and the history
   */
  static resume<const M extends Metrics>(
    path: FilePath,
    X: InputsLike,
    Y: LabelsLike,
    options: ResumeOptions & Unvalidated<M>,
  ): Promise<Resumed<HistoryOf<M>>>;
  /** The same, with a validation set: the names of its series begin with `val`. */
  static resume<const M extends Metrics>(
    path: FilePath,
    X: InputsLike,
    Y: LabelsLike,
    options: ResumeOptions & Validated<M>,
  ): Promise<Resumed<HistoryOf<M, 'val'>>>;
  /** The same, with options whose type does not say whether there is a validation set. */
  static resume(path: FilePath, X: InputsLike, Y: LabelsLike, options: ResumeOptions): Promise<Resumed>;
  /**
   * The same for a training from a source, which may have been within an epoch: the rows that it had trained are read and
   * left out. @throws Error ERR_BLASNET_SOURCE also when the source has other rows than the checkpoint says
   */
  static resume(path: FilePath, source: Source<SampleChunk>, options: ResumeSourceOptions): Promise<Resumed>;
  static resume(path: FilePath, X: unknown, Y: unknown, options?: ResumeOptions): Promise<Resumed> {
    const restore = (stored: StoredNetwork) => {
      const network = Network.#from(stored);
      return { network, trained: network.#parts };
    };
    return resumeTraining(restore, path, X, Y, options);
  }

  /**
   * E1, ..., W1, b1, ...: views of one flat buffer on a SharedArrayBuffer. Writing to them changes the network.
   * @throws Error ERR_BLASNET_NOT_FITTED before the first fit, if inputDim was left out; so do all that need them
   */
  get parameters(): Parameters {
    return this.#parts.memory.parameters.named;
  }

  /** mean1, variance1, ...: the running moments of layers that normalise batches, as views of another flat buffer. */
  get statistics(): Statistics {
    return this.#parts.memory.statistics.named;
  }

  get architecture(): Architecture {
    return this.#parts.architecture;
  }

  get parameterCount(): number {
    return parameterCount(this.architecture);
  }

  /**
   * Freezes layers, or lets them learn again: `net.setTrainable([1, 2], false)`. The next training starts its optimiser
   * anew.
   *
   * @param layers their numbers, from 1
   * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE; Error ERR_BLASNET_BUSY while another
   *   call trains or reads the network
   */
  setTrainable(layers: number | readonly number[], trainable: boolean): void {
    this.#queue.checkFree('setTrainable');
    this.#queue.checkAtRest('setTrainable', 'nothing');
    this.#parts.architecture = withTrainable(this.architecture, layers, trainable);
    this.#optimizer.state = undefined;
  }

  /**
   * Forgets what the optimiser keeps from one training to the next, such as moments, and frees its memory: the next
   * training starts it anew. @throws Error ERR_BLASNET_BUSY while the network is being trained
   */
  resetOptimizer(): void {
    this.#queue.checkFree('resetOptimizer');
    this.#optimizer.state = undefined;
  }

  /**
   * Returns the outputs for X as a new matrix (samples x outputDim). A prediction of less than a millisecond blocks the
   * calling thread for that time: see docs/serving.md.
   * @throws TypeError or RangeError with a code for bad options and data; AbortError when the signal ends the call;
   *   Error ERR_BLASNET_NOT_FITTED for preprocessing or a targetScaler that has not learned
   */
  predict(X: InputsLike, options?: AsyncOptions): Promise<Matrix>;
  /**
   * Predicts the chunks of a source, one after another: see docs/large-data.md. The next chunk is read meanwhile.
   * @throws like predict(); Error ERR_BLASNET_SOURCE when the source throws
   */
  predict(source: InputSource, options?: PredictSourceOptions): AsyncGenerator<Matrix, void, undefined>;
  predict(
    X: InputsLike | InputSource,
    options: AsyncOptions = {},
  ): Promise<Matrix> | AsyncGenerator<Matrix, void, undefined> {
    if (isSource(X)) return predictChunks((part, how) => this.#reader.predict(part, how), X, options);
    return this.#reader.predict(X as InputsLike, options);
  }

  /**
   * Like `predict`, but blocks the calling thread, and writes to `out` (samples x outputDim) if it is given.
   * @throws like predict(); Error ERR_BLASNET_BUSY while a step is being taken
   */
  predictSync(X: InputsLike, out?: Matrix): Matrix {
    return this.#reader.predictSync(X, out);
  }

  /**
   * Returns the name of each sample's class, from the network's `labels`: the class of the largest output. A single
   * output decides by its side of 1/2, or of 0 if it may be negative.
   *
   * @throws Error ERR_BLASNET_NOT_FITTED without labels; like predict()
   */
  async classify(X: InputsLike, options: AsyncOptions = {}): Promise<Label[]> {
    return this.#reader.classify(X, options);
  }

  /** Like `classify`, but blocks the calling thread. @throws like classify(); like predictSync() */
  classifySync(X: InputsLike): Label[] {
    return this.#reader.classifySync(X);
  }

  /**
   * Makes a predictor for many small predictions, with its own buffers: see `Predictor`. It preprocesses its input.
   * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE; Error
   *   ERR_BLASNET_NOT_FITTED for preprocessing or a targetScaler that has not learned
   */
  predictor(options: PredictorOptions = {}): Predictor {
    return this.#reader.predictor(options);
  }

  /** Computes the mean loss, the accuracy if the loss knows one, and metrics. @throws like predict() */
  evaluate<const M extends Metrics>(
    X: InputsLike,
    Y: LabelsLike,
    options?: EvaluateOptions<M> & AsyncOptions,
  ): Promise<EvaluationOf<M>>;
  /**
   * The same with the rows of a source, window by window: see docs/large-data.md. With metrics, the predictions and labels of all
   * rows stay in memory. @throws like evaluate(); Error ERR_BLASNET_SOURCE when the source throws or has no rows
   */
  evaluate<const M extends Metrics>(
    source: Source<SampleChunk>,
    options?: EvaluateSourceOptions<M>,
  ): Promise<EvaluationOf<M>>;
  async evaluate(X: unknown, Y: unknown, options: EvaluateOptions & AsyncOptions = {}): Promise<Evaluation> {
    if (isSource(X) && !areLabels(Y)) return evaluateChunks(this.#parts.decidedKind, this.#queue, X, Y);
    return this.#reader.evaluate(X as InputsLike, Y as LabelsLike, options);
  }

  /** Like `evaluate`, but blocks the calling thread. @throws like predictSync() */
  evaluateSync<const M extends Metrics>(
    X: InputsLike,
    Y: LabelsLike,
    options: EvaluateOptions<M> = {},
  ): EvaluationOf<M> {
    return this.#reader.evaluateSync(X, Y, options) as EvaluationOf<M>;
  }

  /**
   * Computes the mean loss over the samples and its gradients, for your own updates: { loss, dW1, db1, ... }. Each
   * gradient has the shape of its parameter. Penalties are included; frozen layers have zeros. Batches are normalised
   * as in training; dropout and noise do not act. With a targetScaler, the loss is that of the scaled targets, which
   * training minimises. Blocks the calling thread. @throws like predictSync()
   */
  gradients(
    X: InputsLike,
    Y: LabelsLike,
    options: Omit<EvaluateOptions, 'metrics'> = {},
  ): Gradients & { readonly loss: number } {
    return this.#reader.gradients(X, Y, options);
  }

  static #from({ architecture, options }: Pick<StoredNetwork, 'architecture' | 'options'>): Network {
    return new Network(architecture as readonly LayerOptions[], options);
  }

  static #fromCopy(copy: NetworkCopy): Network {
    const network = Network.#from(copy);
    network.#parts.random.setState(copy.random);
    network.#queue.lastLoss = copy.lastLoss;
    network.#optimizer.state = copy.optimizerState;
    return network;
  }

  get #cloned(): CloneSource {
    const { decidedKind: kind, seed, table, optimizer, queue } = this.#parts;
    return { parts: { kind, seed, table, trained: this.#parts, optimizerState: optimizer.state }, queue };
  }
}
