import type { Architecture } from '../architecture';
import { AbortError } from '../errors';
import { lossEntry } from '../losses';
import { allocate, type FloatArray } from '../matrix';
import { type NativeOptimizer, nativeOptimizer } from '../native-optimizer';
import { parameterCount } from '../parameters';
import { type Operation, type Outcome, outcomeError, statusCodes } from '../plan';
import type { GeneratorState, RandomState } from '../random';
import type { Samples } from '../samples';
import type { EpochReport } from './history';
import type { CompletedFitOptions } from './options';

// How much one native call may take on: enough that crossing the border costs nothing, little enough that
// drawing its shuffles does not hold up the event loop.
const mostOrders = 2 ** 18;
const mostEpochs = 1024;
const aimedMilliseconds = 20;

/**
 * One training from its first epoch to its last, a few epochs a native call. Whoever drives it, on this
 * thread or another, alternates `next` and `accept`:
 *
 *     for (let call = run.next(1); call !== undefined; call = run.next(1)) {
 *       for (const report of run.accept(plan.run(call))) ...
 *     }
 */
export class TrainingRun {
  readonly samples: Required<Samples>;
  readonly options: CompletedFitOptions;
  readonly #architecture: Architecture;
  readonly #random: RandomState;
  #finished = 0;
  #converged = false;
  #underWay = 0;
  #generatorBefore: GeneratorState | undefined;
  #order: Uint32Array | null = null;
  #loss = allocate(0, 'float64');
  #accuracy = allocate(0, 'float64');
  readonly #optimizer: NativeOptimizer;
  readonly #state: FloatArray;
  #startedAt = 0;
  #pace = 1;

  constructor(
    architecture: Architecture,
    samples: Required<Samples>,
    options: CompletedFitOptions,
    random: RandomState,
  ) {
    this.#architecture = architecture;
    this.samples = samples;
    this.options = options;
    this.#random = random;
    this.#optimizer = nativeOptimizer(options.optimizer);
    this.#state = allocate(this.#optimizer.stateSize(parameterCount(architecture)), samples.X.dtype);
  }

  /**
   * The next native call, of `epochs` epochs, or of as many as take some 20 ms when that is 'paced'.
   * Undefined when all epochs are done, or nothing is left to gain; throws an AbortError when the signal is aborted. Epochs draw their
   * shuffles one after another, so that the grouping changes no result.
   */
  next(epochs: number | 'paced'): Operation | undefined {
    const { X, Y } = this.samples;
    const { batchSize, signal } = this.options;
    const left = this.options.epochs - this.#finished;
    if (left === 0 || this.#converged) return undefined;
    // Before the shuffles are drawn: what is not done should leave no trace.
    if (signal?.aborted) throw new AbortError(signal.reason);
    const count = Math.min(left, epochs === 'paced' ? this.#pace : epochs);
    const first = this.#finished === 0;
    const steps = this.#finished * Math.ceil(X.rows / batchSize);
    this.#underWay = count;
    if (first) this.#generatorBefore = this.#random.getState();
    this.#reserve(count);
    this.#drawOrders(count);
    this.#startedAt = performance.now();
    return (plan, callback) =>
      plan.train(
        X.data,
        Y.data,
        X.rows,
        this.#order,
        count,
        batchSize,
        this.#optimizer.code,
        this.#optimizer.hyperparameters,
        this.#state,
        steps,
        first,
        this.#loss,
        this.#accuracy,
        callback,
      );
  }

  /** The reports of the epochs that a call finished; throws what it failed with. */
  accept(outcome: Outcome): EpochReport[] {
    const { loss } = this.options;
    const error = outcomeError(outcome, this.samples, this.#architecture, loss, this.#finished + 1);
    if (error !== undefined) {
      // Data that were refused leave no trace: the shuffles drawn for them are taken back.
      const refused = error.code !== 'ERR_BLASNET_DIVERGED';
      if (refused && this.#generatorBefore !== undefined) this.#random.setState(this.#generatorBefore);
      throw error;
    }
    this.#adjustPace(performance.now() - this.#startedAt);
    this.#converged = outcome.status === statusCodes.converged;
    const reports = Array.from({ length: outcome.epoch }, (_, i): EpochReport => {
      const report = { epoch: this.#finished + i + 1, loss: this.#loss[i] as number };
      return lossEntry(loss).accuracy ? { ...report, accuracy: this.#accuracy[i] as number } : report;
    });
    this.#finished += outcome.epoch;
    return reports;
  }

  #reserve(epochs: number): void {
    if (this.#loss.length < epochs) {
      this.#loss = allocate(epochs, 'float64');
      this.#accuracy = allocate(epochs, 'float64');
    }
  }

  #drawOrders(epochs: number): void {
    if (!this.options.shuffle) return;
    const { rows } = this.samples.X;
    if (this.#order === null || this.#order.length < epochs * rows) {
      this.#order = new Uint32Array(new SharedArrayBuffer(4 * epochs * rows));
    }
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = this.#order.subarray(epoch * rows, (epoch + 1) * rows);
      for (let row = 0; row < rows; row++) order[row] = row;
      this.#random.shuffle(order);
    }
  }

  #adjustPace(milliseconds: number): void {
    const most = Math.min(mostEpochs, Math.max(1, Math.floor(mostOrders / this.samples.X.rows)));
    const aimed = Math.floor((this.#underWay * aimedMilliseconds) / Math.max(milliseconds, 0.01));
    this.#pace = Math.max(1, Math.min(aimed, 2 * this.#underWay, most));
  }
}
