import {
  type Architecture,
  completeArchitecture,
  inputDimOf,
  type LayerOptions,
  outputLayerOf,
} from './architecture';
import { AbortError, blasnetError } from './errors';
import { type InitializerName, initializeLayer, initializerNames } from './initializers';
import { defaultLoss, type LossName, lossEntry, resolveLoss } from './losses';
import { type Dtype, type FloatArray, Matrix } from './matrix';
import {
  allocateGradients,
  allocateParameters,
  type Gradients,
  type Parameters,
  parameterCount,
} from './parameters';
import { pin } from './pinning';
import { type Operation, type Outcome, outcomeError, Plan } from './plan';
import { Predictor, type PredictorOptions } from './predictor';
import { freshSeed, RandomState } from './random';
import { inputMatrix, labelledSamples, type MatrixLike, outputMatrix, type Samples } from './samples';
import { formatSummary } from './summary';
import { type EpochReport, emptyHistory, type History, record } from './training/history';
import { completeFitOptions, type FitOptions } from './training/options';
import { TrainingRun } from './training/run';
import {
  abortSignal,
  checkOptions,
  oneOf,
  optional,
  positiveInteger,
  seed as seedConstraint,
} from './validate';

export interface NetworkOptions {
  /** The type of parameters and data. @default 'float64' */
  readonly dtype?: Dtype;
  /**
   * Starts the generator that draws the initial parameters and then the shuffles; np.random.seed takes the
   * same. From 0 to 2^32 - 1. @default a random one, kept in `net.seed`
   */
  readonly seed?: number;
  /** How the parameters begin. @default 'auto' */
  readonly initializer?: InitializerName;
}

export interface EvaluateOptions {
  /** @default by the output activation, as in fit */
  readonly loss?: LossName;
}

export interface AsyncOptions {
  /** Ends the operation early: it rejects with an AbortError. */
  readonly signal?: AbortSignal;
  /** How many threads to compute with, at most. Results do not depend on it. @default as setThreads says */
  readonly threads?: number;
}

/** The mean loss over the samples, and the share of them predicted right where the loss knows it. */
export interface Evaluation {
  readonly loss: number;
  readonly accuracy?: number;
}

const networkConstraints = {
  dtype: optional(oneOf(['float64', 'float32'])),
  seed: optional(seedConstraint),
  initializer: optional(oneOf(initializerNames)),
};

const lossConstraint = { loss: { rule: 'the name of a loss', accepts: () => true } };
const asyncConstraints = { signal: optional(abortSignal), threads: optional(positiveInteger) };

/**
 * A densely connected network: its architecture, its parameters, and what is done with them. Samples are
 * rows: X is (samples x inputDim), Y is (samples x outputDim).
 *
 * Asynchronous methods work on the addon's own threads, one at a time, and read and write the caller's
 * arrays in place; leave those alone until the promise settles. Between two of them (in the body of a loop
 * over `epochs`, too) the network is at rest, and everything may be called but another training. While one is training, what
 * needs the parameters at once throws ERR_BLASNET_BUSY, and asynchronous calls wait for the current epochs.
 */
export class Network {
  readonly architecture: Architecture;
  readonly dtype: Dtype;
  /** The seed that the network's random numbers started from. */
  readonly seed: number;
  /** W1, b1, W2, b2, ...: views of one flat buffer on a SharedArrayBuffer. Writing to them changes the network. */
  readonly parameters: Parameters;

  readonly #flat: FloatArray;
  readonly #random: RandomState;
  // By loss: one for calls on this thread, one for those on others; each has a workspace of its own. They are
  // kept, since Node frees what is dropped only when the event loop turns.
  readonly #inlinePlans = new Map<LossName, Plan>();
  readonly #threadPlans = new Map<LossName, Plan>();
  // The last that ran on this thread.
  #inlinePlan: Plan | undefined;
  // The asynchronous operations, one after another.
  #lastOperation: Promise<unknown> = Promise.resolve();
  // From a training's start to its end; and whether one of its steps is being taken on another thread.
  #fitting = false;
  #writing = false;
  // Asynchronous operations under way that read the parameters.
  #reading = 0;

  /**
   * @param layers one dictionary a layer: inputDim, outputDim, activation ('linear', 'sigmoid', 'relu',
   *   'tanh', 'softmax'); inputDim may be left out but in the first
   * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION
   * @throws RangeError ERR_BLASNET_ARG_VALUE, ERR_BLASNET_UNKNOWN_NAME, ERR_BLASNET_SHAPE (dimensions that do
   *   not chain)
   */
  constructor(layers: readonly LayerOptions[], options: NetworkOptions = {}) {
    this.architecture = completeArchitecture(layers);
    checkOptions('', options, networkConstraints);
    this.dtype = options.dtype ?? 'float64';
    this.seed = options.seed ?? freshSeed();
    this.#random = new RandomState(this.seed);
    const { flat, named } = allocateParameters(this.architecture, this.dtype);
    this.#flat = flat;
    this.parameters = named;
    for (const [index, layer] of this.architecture.entries()) {
      const weights = named[`W${index + 1}`] as Matrix;
      const biases = named[`b${index + 1}`] as Matrix;
      initializeLayer(options.initializer ?? 'auto', this.#random, layer, weights.data, biases.data);
    }
  }

  get parameterCount(): number {
    return parameterCount(this.architecture);
  }

  /** The layers with their shapes and parameters, as a table in plain text. */
  summary(): string {
    return formatSummary(this.architecture, this.dtype);
  }

  /**
   * Trains the network off the main thread. Each batch's gradient is that of the mean loss over its samples.
   *
   * @returns the loss (and accuracy) of every epoch
   * @throws TypeError or RangeError with a code for bad options and data, the parameters unchanged;
   *   AbortError when the signal ends it; RangeError ERR_BLASNET_DIVERGED when a loss is not finite, before
   *   that step is taken, or when parameters are not finite after an epoch; Error ERR_BLASNET_BUSY when the
   *   network is being trained already
   */
  async fit(X: MatrixLike, Y: MatrixLike, options: FitOptions): Promise<History> {
    const run = this.#trainingRun(X, Y, options);
    const history = emptyHistory(lossEntry(run.options.loss).accuracy);
    for await (const report of this.#train(run, 'paced')) record(history, report);
    return history;
  }

  /** As `fit`, on this thread; so a signal is looked at but once, before the start. */
  fitSync(X: MatrixLike, Y: MatrixLike, options: FitOptions): History {
    this.#checkFree('fitSync');
    this.#checkAtRest('fitSync', 'nothing');
    const run = this.#trainingRun(X, Y, options);
    const history = emptyHistory(lossEntry(run.options.loss).accuracy);
    const plan = this.#inline(run.options.loss);
    for (let call = run.next('paced'); call !== undefined; call = run.next('paced')) {
      for (const report of run.accept(plan.run(call, run.options.threads))) record(history, report);
    }
    return history;
  }

  /**
   * Trains as `fit` does, epoch by epoch: the network is at rest in the loop's body, and leaving the loop
   * ends the training.
   *
   *     for await (const epoch of net.epochs(X, Y, { epochs: 100 })) if (epoch.loss < 0.1) break;
   */
  epochs(X: MatrixLike, Y: MatrixLike, options: FitOptions): AsyncGenerator<EpochReport, void, undefined> {
    return this.#train(this.#trainingRun(X, Y, options), 1);
  }

  /** The outputs for X, as a new matrix (samples x outputDim). */
  async predict(X: MatrixLike, options: AsyncOptions = {}): Promise<Matrix> {
    checkOptions('', options, asyncConstraints);
    const samples = { X: inputMatrix(this.architecture, this.dtype, X) };
    const out = outputMatrix(this.architecture, this.dtype, samples.X);
    const loss = this.#defaultLoss();
    await this.#read(samples, loss, options, (plan, callback) =>
      plan.predict(samples.X.data, samples.X.rows, out.data, callback),
    );
    return out;
  }

  /** The outputs for X, on this thread; in `out` (samples x outputDim) where it is given. */
  predictSync(X: MatrixLike, out?: Matrix): Matrix {
    this.#checkAtRest('predictSync', 'readers');
    const samples = { X: inputMatrix(this.architecture, this.dtype, X) };
    const result = outputMatrix(this.architecture, this.dtype, samples.X, out);
    const plan = this.#inlinePlan ?? this.#inline(this.#defaultLoss());
    const outcome = plan.run((native) => native.predict(samples.X.data, samples.X.rows, result.data));
    this.#check(outcome, samples, plan.loss);
    return result;
  }

  /** A predictor with buffers of its own, for many small predictions: see there. */
  predictor(options: PredictorOptions = {}): Predictor {
    checkOptions('', options, { maxBatch: optional(positiveInteger) });
    const rows = options.maxBatch ?? 1;
    const input = Matrix.zeros(rows, inputDimOf(this.architecture), this.dtype);
    const output = Matrix.zeros(rows, outputLayerOf(this.architecture).outputDim, this.dtype);
    const { native } = new Plan(this.architecture, this.#defaultLoss(), this.#flat);
    return new Predictor(native, input, output, () => this.#checkAtRest('run', 'readers'));
  }

  /** The loss and accuracy on a set of samples. */
  async evaluate(
    X: MatrixLike,
    Y: MatrixLike,
    options: EvaluateOptions & AsyncOptions = {},
  ): Promise<Evaluation> {
    checkOptions('', options, { ...lossConstraint, ...asyncConstraints });
    const loss = resolveLoss(options.loss, this.#outputActivation()).name;
    const samples = labelledSamples(this.architecture, this.dtype, X, Y);
    const outcome = await this.#read(samples, loss, options, (plan, callback) =>
      plan.evaluate(samples.X.data, samples.Y.data, samples.X.rows, callback),
    );
    return evaluation(outcome, samples, loss);
  }

  /** As `evaluate`, on this thread. */
  evaluateSync(X: MatrixLike, Y: MatrixLike, options: EvaluateOptions = {}): Evaluation {
    this.#checkAtRest('evaluateSync', 'readers');
    checkOptions('', options, lossConstraint);
    const loss = resolveLoss(options.loss, this.#outputActivation()).name;
    const samples = labelledSamples(this.architecture, this.dtype, X, Y);
    const outcome = this.#inline(loss).run((plan) =>
      plan.evaluate(samples.X.data, samples.Y.data, samples.X.rows),
    );
    this.#check(outcome, samples, loss);
    return evaluation(outcome, samples, loss);
  }

  /**
   * The mean loss over the samples and its gradients, for an update of one's own: { loss, dW1, db1, ... },
   * each gradient of the shape of its parameter. On this thread.
   */
  gradients(
    X: MatrixLike,
    Y: MatrixLike,
    options: EvaluateOptions = {},
  ): Gradients & { readonly loss: number } {
    this.#checkAtRest('gradients', 'readers');
    checkOptions('', options, lossConstraint);
    const loss = resolveLoss(options.loss, this.#outputActivation()).name;
    const samples = labelledSamples(this.architecture, this.dtype, X, Y);
    const { flat, named } = allocateGradients(this.architecture, this.dtype);
    const outcome = this.#inline(loss).run((plan) =>
      plan.gradients(samples.X.data, samples.Y.data, samples.X.rows, flat),
    );
    this.#check(outcome, samples, loss);
    return Object.freeze({ loss: outcome.loss / samples.X.rows, ...named });
  }

  #trainingRun(X: MatrixLike, Y: MatrixLike, options: FitOptions): TrainingRun {
    const samples = labelledSamples(this.architecture, this.dtype, X, Y);
    const completed = completeFitOptions(options, this.architecture, samples.X.rows);
    const random = completed.seed === undefined ? this.#random : new RandomState(completed.seed);
    return new TrainingRun(this.architecture, samples, completed, random);
  }

  async *#train(run: TrainingRun, pace: 1 | 'paced'): AsyncGenerator<EpochReport, void, undefined> {
    this.#checkFree('fit');
    this.#fitting = true;
    const unpin = pin([run.samples.X.data, run.samples.Y.data]);
    try {
      for (let call = run.next(pace); call !== undefined; call = run.next(pace)) {
        yield* run.accept(await this.#write(run, call));
      }
    } finally {
      unpin();
      this.#fitting = false;
    }
  }

  #write({ options }: TrainingRun, operation: Operation): Promise<Outcome> {
    const { loss, signal, threads } = options;
    return this.#inTurn(async () => {
      this.#writing = true;
      try {
        return await this.#onThread(loss).runAsync(operation, signal, threads);
      } finally {
        this.#writing = false;
      }
    }, signal);
  }

  async #read(
    samples: Samples,
    loss: LossName,
    { signal, threads }: AsyncOptions,
    operation: Operation,
  ): Promise<Outcome> {
    const unpin = pin(samples.Y === undefined ? [samples.X.data] : [samples.X.data, samples.Y.data]);
    this.#reading++;
    try {
      const outcome = await this.#inTurn(
        () => this.#onThread(loss).runAsync(operation, signal, threads),
        signal,
      );
      this.#check(outcome, samples, loss);
      return outcome;
    } finally {
      this.#reading--;
      unpin();
    }
  }

  // Runs the operation after those before it. An abort ends the wait; what happens later is the operation's.
  #inTurn<T>(operation: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(new AbortError(signal?.reason));
      if (signal?.aborted) return giveUp();
      signal?.addEventListener('abort', giveUp);
      const result = this.#lastOperation.then(() => {
        signal?.removeEventListener('abort', giveUp);
        return operation();
      });
      result.then(resolve, reject);
      this.#lastOperation = result.catch(() => {});
    });
  }

  #check(outcome: Outcome, samples: Samples, loss: LossName): void {
    const error = outcomeError(outcome, samples, this.architecture, loss);
    if (error !== undefined) throw error;
  }

  #checkFree(method: string): void {
    if (this.#fitting) {
      throw blasnetError(
        'ERR_BLASNET_BUSY',
        `Expected ${method} to be called on a network that is not being trained; wait for the fit under way, ` +
          'or end the loop over its epochs',
      );
    }
  }

  // Reads on this thread are safe beside reads on another, not beside training.
  #checkAtRest(method: string, allowed: 'readers' | 'nothing'): void {
    if (this.#writing || (allowed === 'nothing' && this.#reading > 0)) {
      throw blasnetError(
        'ERR_BLASNET_BUSY',
        `Expected ${method} to be called while no other thread works on the network; ` +
          'await the call under way, use the asynchronous form, or call it between epochs',
      );
    }
  }

  #inline(loss: LossName): Plan {
    if (this.#inlinePlan?.loss !== loss) this.#inlinePlan = this.#planFrom(this.#inlinePlans, loss);
    return this.#inlinePlan;
  }

  #onThread(loss: LossName): Plan {
    return this.#planFrom(this.#threadPlans, loss);
  }

  #planFrom(plans: Map<LossName, Plan>, loss: LossName): Plan {
    const plan = plans.get(loss) ?? new Plan(this.architecture, loss, this.#flat);
    plans.set(loss, plan);
    return plan;
  }

  #outputActivation() {
    return outputLayerOf(this.architecture).activation;
  }

  #defaultLoss(): LossName {
    return defaultLoss(this.#outputActivation());
  }
}

function evaluation(outcome: Outcome, { X }: Samples, loss: LossName): Evaluation {
  const mean = outcome.loss / X.rows;
  return lossEntry(loss).accuracy ? { loss: mean, accuracy: outcome.hits / X.rows } : { loss: mean };
}
