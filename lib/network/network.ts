import type { Dtype, FloatArray, Matrix } from '../base/matrix';
import { anything, checkOptions, optional, positiveInteger } from '../base/validate';
import {
  evaluateOperation,
  gradientsOperation,
  type Operation,
  type Outcome,
  outcomeError,
  predictOperation,
} from '../engine/plan';
import { PlanQueue } from '../engine/plan-queue';
import {
  readFileBytes,
  readFileBytesSync,
  writeFileAtomically,
  writeFileAtomicallySync,
} from '../formats/atomic';
import {
  type Architecture,
  completeArchitecture,
  type LayerOptions,
  outputActivationOf,
  withTrainable,
} from '../layers/architecture';
import { initializeParameters, resolveInitializer } from '../layers/initializers';
import { type ResolvedLoss, resolveLoss } from '../layers/losses';
import {
  allocateGradients,
  allocateParameters,
  allocateStatistics,
  type Gradients,
  type Parameters,
  parameterCount,
  type Statistics,
} from '../layers/parameters';
import { formatSummary } from '../layers/summary';
import type { Label, LabelEncoder, LoadOptions, Preprocessing } from '../preprocessing';
import { checkLoadOptions } from '../preprocessing/pipeline';
import { freshSeed, RandomState } from '../random/random-state';
import { type InputsLike, networkInputs } from '../samples/inputs';
import { classDecoder, type LabelsLike } from '../samples/labels';
import { arraysOf, outputMatrix, type SampleKind, type Samples } from '../samples/samples';
import { newSession, resumedSession } from '../training/assemble';
import { driveAsync, fitAsync, fitHere } from '../training/drive';
import { type EpochReport, type History, record } from '../training/history';
import type { OptimizerState } from '../training/optimizer-state';
import {
  checkResumeOptions,
  type FitOptions,
  incrementalOptions,
  type PartialFitOptions,
  type StepOptions,
} from '../training/options';
import type { TrainingSession } from '../training/session';
import type { TrainedNetwork } from '../training/trained-network';
import { evaluation, evaluationTask, withMetrics } from './evaluation';
import { findCheckpoint } from './find-checkpoint';
import { decodeNetwork, encodeNetwork, type NetworkContent, type StoredNetwork } from './network-file';
import {
  type AsyncOptions,
  asyncConstraints,
  type EvaluateOptions,
  type Evaluation,
  evaluateConstraints,
  type NetworkOptions,
  networkConstraints,
  type ResumeOptions,
} from './network-options';
import { Predictor, type PredictorOptions } from './predictor';

/** A training that went on, and the numbers of all its epochs. */
export interface Resumed {
  readonly network: Network;
  readonly history: History;
}

/**
 * A densely connected network: its architecture, its parameters, and what is done with them. Samples are
 * rows: X is (samples x inputDim), Y is (samples x outputDim). With embeddings X is `{ numbers, categories }`.
 *
 * Asynchronous methods work on the addon's own threads, one at a time, and read and write the caller's
 * arrays in place; leave those alone until the promise settles. Between two of them (in the body of a loop
 * over `epochs` and in callbacks, too) the network is at rest, and everything may be called but another training.
 * While one is training, what needs the parameters at once throws ERR_BLASNET_BUSY, and asynchronous calls wait
 * for the current epochs.
 */
export class Network {
  readonly dtype: Dtype;
  /** The seed that the network's random numbers started from. */
  readonly seed: number;
  /** W1, b1, W2, b2, ..., before them the tables E1, ...: views of one flat buffer on a SharedArrayBuffer. Writing to them changes the network. */
  readonly parameters: Parameters;
  /** mean1, variance1, ...: the running moments of layers that normalise batches, likewise. */
  readonly statistics: Statistics;
  readonly preprocessing: Preprocessing | undefined;
  readonly labels: LabelEncoder | undefined;

  #architecture: Architecture;
  readonly #flat: FloatArray;
  readonly #flatStatistics: FloatArray;
  readonly #random: RandomState;
  readonly #queue: PlanQueue;
  #defaultLoss: ResolvedLoss | undefined;
  // Of trainOnBatch and partialFit.
  #optimizerState: OptimizerState | undefined;

  /**
   * @param layers one dictionary a layer: inputDim (may be left out but in the first), outputDim, activation,
   *   and what else `LayerOptions` has
   * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION
   * @throws RangeError ERR_BLASNET_ARG_VALUE, ERR_BLASNET_UNKNOWN_NAME, ERR_BLASNET_SHAPE (dimensions that do
   *   not chain)
   */
  constructor(layers: readonly LayerOptions[], options: NetworkOptions = {}) {
    this.#architecture = completeArchitecture(layers);
    checkOptions('', options, networkConstraints);
    const initializer = resolveInitializer(options.initializer);
    this.dtype = options.dtype ?? 'float64';
    this.seed = options.seed ?? freshSeed();
    this.preprocessing = options.preprocessing;
    this.labels = options.labels;
    this.#random = new RandomState(this.seed);
    const { flat, named } = allocateParameters(this.#architecture, this.dtype);
    const statistics = allocateStatistics(this.#architecture, this.dtype);
    this.#flat = flat;
    this.parameters = named;
    this.#flatStatistics = statistics.flat;
    this.statistics = statistics.named;
    initializeParameters(initializer, this.#random, this.#architecture, named);
    this.#queue = new PlanQueue(this.#architecture, flat, statistics.flat);
  }

  /**
   * The network in a file that `save` wrote, or in a checkpoint, as it was after that epoch. It computes what the saved
   * one did, bit for bit. Its random numbers begin anew from its seed, and its optimisers with an empty state.
   *
   * @param options the preprocessing steps of your own that the file may name
   * @throws Error ERR_BLASNET_FILE for a file that cannot be read, is damaged, or holds no network of this library;
   *   TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE for what is no path or no step; TypeError
   *   ERR_BLASNET_UNKNOWN_OPTION
   */
  static async load(path: string, options: LoadOptions = {}): Promise<Network> {
    checkLoadOptions(options);
    return Network.#from(decodeNetwork(await readFileBytes(path), path, options));
  }

  /** The same, when it returns. @throws as load() */
  static loadSync(path: string, options: LoadOptions = {}): Network {
    checkLoadOptions(options);
    return Network.#from(decodeNetwork(readFileBytesSync(path), path, options));
  }

  /**
   * Goes on with a training from a checkpoint that `fit` wrote, with the same samples and options, and ends as if it
   * had never been interrupted, bit for bit, with any number of threads: see `ResumeOptions`.
   *
   * @param path the folder, whose newest checkpoint it takes, or one of its files; going on from an older one into
   *   the same folder is refused as long as newer ones are there
   * @throws as fit(); RangeError ERR_BLASNET_ARG_VALUE for an option that differs, or fewer epochs than are done;
   *   Error ERR_BLASNET_FILE for a checkpoint that cannot be read or is damaged
   */
  static async resume(path: string, X: InputsLike, Y: LabelsLike, options: ResumeOptions): Promise<Resumed> {
    checkResumeOptions(options);
    const { skipDamaged = false, steps = [], ...fitOptions } = options;
    checkLoadOptions({ steps });
    const found = await findCheckpoint(path, skipDamaged, { steps });
    const network = Network.#from(found.stored);
    const session = resumedSession(network.#trained, X, Y, fitOptions, found);
    const history = session.emptyHistory();
    for (const report of session.reports) record(history, report);
    for await (const report of driveAsync(session, network.#queue, 'paced')) record(history, report);
    return { network, history };
  }

  get architecture(): Architecture {
    return this.#architecture;
  }

  get parameterCount(): number {
    return parameterCount(this.#architecture);
  }

  /** The layers with their shapes and parameters, as a table in plain text. */
  summary(): string {
    return formatSummary(this.#architecture, this.dtype);
  }

  /**
   * Freezes layers, or lets them learn again: `net.setTrainable([1, 2], false)`.
   *
   * @param layers their numbers, from 1
   * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE; Error ERR_BLASNET_BUSY in a training
   */
  setTrainable(layers: number | readonly number[], trainable: boolean): void {
    this.#queue.checkFree('setTrainable');
    this.#queue.checkAtRest('setTrainable', 'nothing');
    this.#architecture = withTrainable(this.#architecture, layers, trainable);
    this.#queue.rebuild(this.#architecture);
  }

  /**
   * Trains the network off the main thread. Each batch's gradient is that of the mean loss over its samples.
   *
   * @returns the loss (and accuracy, and what else was asked for) of every epoch
   * @throws TypeError or RangeError with a code for bad options and data, the parameters unchanged;
   *   AbortError when the signal ends it; RangeError ERR_BLASNET_DIVERGED when a loss is not finite, before
   *   that step is taken, or when parameters are not finite after an epoch; Error ERR_BLASNET_BUSY when the
   *   network is being trained already; Error ERR_BLASNET_FILE for a checkpoint that cannot be written; and what
   *   callbacks throw, the parameters being those of the last step
   */
  async fit(X: InputsLike, Y: LabelsLike, options: FitOptions): Promise<History> {
    return fitAsync(newSession(this.#trained, X, Y, options), this.#queue);
  }

  /** As `fit`, on this thread; so a signal is looked at but between calls of native code. */
  fitSync(X: InputsLike, Y: LabelsLike, options: FitOptions): History {
    this.#queue.checkFree('fitSync');
    this.#queue.checkAtRest('fitSync', 'nothing');
    return fitHere(newSession(this.#trained, X, Y, options), this.#queue);
  }

  /**
   * Trains as `fit` does, epoch by epoch: the network is at rest in the loop's body, and leaving the loop
   * ends the training.
   *
   *     for await (const epoch of net.epochs(X, Y, { epochs: 100 })) if (epoch.loss < 0.1) break;
   */
  epochs(X: InputsLike, Y: LabelsLike, options: FitOptions): AsyncGenerator<EpochReport, void, undefined> {
    return driveAsync(newSession(this.#trained, X, Y, options), this.#queue, 'epoch');
  }

  /**
   * One epoch over samples that come bit by bit. The optimiser goes on where the last call of partialFit or
   * trainOnBatch left it, as long as it is the same object; after an error, and with another, it begins anew.
   *
   * @returns the epoch's loss (and accuracy)
   * @throws as fit()
   */
  async partialFit(X: InputsLike, Y: LabelsLike, options: PartialFitOptions = {}): Promise<Evaluation> {
    const completed = incrementalOptions(options, 'epoch');
    const session = newSession(this.#trained, X, Y, completed, this.#optimizerState);
    const history = await fitAsync(session, this.#queue);
    return this.#afterEpoch(session, history);
  }

  /** One step with all these samples as its batch, on this thread; the optimiser as for `partialFit`. @throws as fit() */
  trainOnBatch(X: InputsLike, Y: LabelsLike, options: StepOptions = {}): Evaluation {
    this.#queue.checkFree('trainOnBatch');
    this.#queue.checkAtRest('trainOnBatch', 'nothing');
    const completed = incrementalOptions(options, 'batch');
    const session = newSession(this.#trained, X, Y, completed, this.#optimizerState);
    return this.#afterEpoch(session, fitHere(session, this.#queue));
  }

  /** The outputs for X, as a new matrix (samples x outputDim). */
  async predict(X: InputsLike, options: AsyncOptions = {}): Promise<Matrix> {
    checkOptions('', options, asyncConstraints);
    const samples = networkInputs(this.#kind, X);
    return this.#predict(samples, outputMatrix(this.#architecture, this.dtype, samples), options);
  }

  /** The outputs for X, on this thread; in `out` (samples x outputDim) where it is given. */
  predictSync(X: InputsLike, out?: Matrix): Matrix {
    this.#queue.checkAtRest('predictSync', 'readers');
    const samples = networkInputs(this.#kind, X);
    const result = outputMatrix(this.#architecture, this.dtype, samples, out);
    const plan = this.#queue.inlineOfAny(() => this.#outputLoss());
    const outcome = plan.run(predictOperation(samples, result));
    this.#check(outcome, samples, plan.loss);
    return result;
  }

  /**
   * The names of the classes for X, by the network's `labels`: of the largest output, or on which side of 1/2 (of 0
   * for an output that may be negative) a single one is.
   *
   * @throws Error ERR_BLASNET_NOT_FITTED without labels; as predict()
   */
  async classify(X: InputsLike, options: AsyncOptions = {}): Promise<Label[]> {
    const decode = classDecoder(this.#kind, 'classify');
    return decode(await this.predict(X, options));
  }

  /** The same, on this thread. @throws as classify() */
  classifySync(X: InputsLike): Label[] {
    return classDecoder(this.#kind, 'classifySync')(this.predictSync(X));
  }

  /** A predictor with buffers of its own, for many small predictions: see there. Its input is past the preprocessing. */
  predictor(options: PredictorOptions = {}): Predictor {
    checkOptions('', options, { maxBatch: optional(positiveInteger) });
    const rows = options.maxBatch ?? 1;
    const plan = this.#queue.make(this.#outputLoss());
    return new Predictor(plan, this.#architecture, this.dtype, rows, () =>
      this.#queue.checkAtRest('run', 'readers'),
    );
  }

  /** The loss and accuracy on a set of samples, and metrics. */
  async evaluate(
    X: InputsLike,
    Y: LabelsLike,
    options: EvaluateOptions & AsyncOptions = {},
  ): Promise<Evaluation> {
    checkOptions('', options, { ...evaluateConstraints, ...asyncConstraints });
    const { samples, loss, metrics } = evaluationTask(this.#kind, X, Y, options);
    const outcome = await this.#read(samples, loss, options, evaluateOperation(samples));
    const result = evaluation(outcome, samples, loss);
    if (metrics.length === 0) return result;
    const out = outputMatrix(this.#architecture, this.dtype, samples);
    const predictions = await this.#predict(samples, out, options);
    return withMetrics(result, metrics, samples, predictions);
  }

  /** As `evaluate`, on this thread. */
  evaluateSync(X: InputsLike, Y: LabelsLike, options: EvaluateOptions = {}): Evaluation {
    this.#queue.checkAtRest('evaluateSync', 'readers');
    checkOptions('', options, evaluateConstraints);
    const { samples, loss, metrics } = evaluationTask(this.#kind, X, Y, options);
    const plan = this.#queue.inline(loss);
    const outcome = plan.run(evaluateOperation(samples));
    this.#check(outcome, samples, loss);
    const result = evaluation(outcome, samples, loss);
    if (metrics.length === 0) return result;
    const out = outputMatrix(this.#architecture, this.dtype, samples);
    plan.run(predictOperation(samples, out));
    return withMetrics(result, metrics, samples, out);
  }

  /**
   * The mean loss over the samples and its gradients, for an update of one's own: { loss, dW1, db1, ... },
   * each gradient of the shape of its parameter; penalties included, zeros for frozen layers. Batches are
   * normalised as in training; dropout and noise do not act. On this thread.
   */
  gradients(
    X: InputsLike,
    Y: LabelsLike,
    options: Omit<EvaluateOptions, 'metrics'> = {},
  ): Gradients & { readonly loss: number } {
    this.#queue.checkAtRest('gradients', 'readers');
    checkOptions('', options, { loss: anything, sampleWeight: anything });
    const { samples, loss } = evaluationTask(this.#kind, X, Y, options);
    const { flat, named } = allocateGradients(this.#architecture, this.dtype);
    const outcome = this.#queue.inline(loss).run(gradientsOperation(samples, flat));
    this.#check(outcome, samples, loss);
    return Object.freeze({ loss: outcome.loss / samples.X.rows, ...named });
  }

  /**
   * Writes the network to a file in the safetensors format: every parameter and running moment by its name, only W
   * and the tables with two dimensions, and in the metadata the layers, dtype, seed, preprocessing and labels. What a training needs to
   * go on is for fit's option `checkpoint`. The file is the old one or the new one, whole, whatever happens meanwhile.
   * It gets the parameters at the time of the call, which in a training may be made between epochs or in callbacks.
   *
   * @throws Error ERR_BLASNET_FILE, and ERR_BLASNET_BUSY while a step is being taken; RangeError
   *   ERR_BLASNET_NOT_FINITE; Error ERR_BLASNET_NOT_FITTED for preprocessing or labels before fit; as load()
   */
  async save(path: string): Promise<void> {
    this.#queue.checkAtRest('save', 'readers');
    await writeFileAtomically(path, encodeNetwork(this.#content()));
  }

  /** The same, when it returns. @throws as save() */
  saveSync(path: string): void {
    this.#queue.checkAtRest('saveSync', 'readers');
    writeFileAtomicallySync(path, encodeNetwork(this.#content()));
  }

  static #from({ architecture, dtype, seed, tensors, preprocessing, labels }: StoredNetwork): Network {
    const network = new Network(architecture as readonly LayerOptions[], {
      dtype,
      seed,
      initializer: 'zeros',
      ...(preprocessing !== undefined && { preprocessing }),
      ...(labels !== undefined && { labels }),
    });
    for (const [name, { data }] of Object.entries(network.#arrays())) data.set(tensors[name] as FloatArray);
    return network;
  }

  #arrays(): Record<string, Matrix> {
    return { ...this.parameters, ...this.statistics } as Record<string, Matrix>;
  }

  #content(): NetworkContent {
    const { dtype, seed, preprocessing, labels } = this;
    return { architecture: this.#architecture, dtype, seed, arrays: this.#arrays(), preprocessing, labels };
  }

  get #kind(): SampleKind {
    const { dtype, preprocessing, labels } = this;
    return { architecture: this.#architecture, dtype, preprocessing, labels };
  }

  get #trained(): TrainedNetwork {
    return {
      kind: this.#kind,
      parameters: this.#flat,
      statistics: this.#flatStatistics,
      random: this.#random,
      encode: (training, metadata) => encodeNetwork(this.#content(), training, metadata),
    };
  }

  // The optimiser goes on from here, and the numbers of the one epoch are the result.
  #afterEpoch(session: TrainingSession, { loss, accuracy }: History): Evaluation {
    this.#optimizerState = session.runner.optimizerState;
    return { loss: loss[0] as number, ...(accuracy && { accuracy: accuracy[0] as number }) };
  }

  async #predict(samples: Samples, out: Matrix, options: AsyncOptions): Promise<Matrix> {
    await this.#read(samples, this.#outputLoss(), options, predictOperation(samples, out));
    return out;
  }

  async #read(
    samples: Samples,
    loss: ResolvedLoss,
    options: AsyncOptions,
    operation: Operation,
  ): Promise<Outcome> {
    const outcome = await this.#queue.read(arraysOf(samples), loss, operation, options);
    this.#check(outcome, samples, loss);
    return outcome;
  }

  #check(outcome: Outcome, samples: Samples, loss: ResolvedLoss): void {
    const error = outcomeError(outcome, samples, this.#architecture, loss);
    if (error !== undefined) throw error;
  }

  #outputLoss(): ResolvedLoss {
    this.#defaultLoss ??= resolveLoss(undefined, outputActivationOf(this.#architecture));
    return this.#defaultLoss;
  }
}
