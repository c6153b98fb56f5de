import { packRecord } from '../addon/records';
import { AbortError } from '../base/errors';
import { allocate, type Dtype, type FloatArray } from '../base/matrix';
import { type Operation, type Outcome, outcomeError, statusCodes } from '../engine/plan';
import { type Architecture, isRandom, outputLayerOf } from '../layers/architecture';
import { lossEntry } from '../layers/losses';
import { parameterCount } from '../layers/parameters';
import { type NativeOptimizer, nativeOptimizer } from '../optimizers/make';
import type { Optimizer } from '../optimizers/optimizers';
import type { GeneratorState, RandomState } from '../random/random-state';
import type { LabelledSamples } from '../samples/samples';
import { classCount } from '../samples/weights';
import { initialPlateau, type PlateauState } from '../schedules/plateau';
import { learningRateAt, unitOf } from '../schedules/rate';
import type { BatchReport, EpochReport } from './history';
import type { CompletedFitOptions } from './options';
import { reweighted, splitRows, takeRows } from './split';

// How much one native call may take on: enough that crossing the border costs nothing, little enough that
// drawing its shuffles does not hold up the event loop.
const mostOrders = 2 ** 18;
const mostEpochs = 1024;
const aimedMilliseconds = 20;

/** What an optimiser carries from one step to the next. */
export interface Trainer {
  readonly optimizer: Optimizer;
  readonly native: NativeOptimizer;
  readonly state: FloatArray;
  /** Two words, where the random numbers of dropout and noise start from. */
  readonly key: readonly [number, number];
  /** Taken so far. */
  steps: number;
  /** Gone through so far: with gradient accumulation more than steps. */
  batches: number;
  /** Whether a call is under way, or an error ended one, and the state is perhaps no whole step's. */
  spoiled?: boolean;
}

/** A trainer before its first step. Draws from the generator only for networks that need random numbers. */
export function makeTrainer(
  architecture: Architecture,
  dtype: Dtype,
  optimizer: Optimizer,
  random: RandomState,
): Trainer {
  const native = nativeOptimizer(optimizer);
  const word = () => Math.floor(random.random() * 2 ** 32);
  return {
    optimizer,
    native,
    state: allocate(native.stateSize(parameterCount(architecture)), dtype),
    key: isRandom(architecture) ? [word(), word()] : [0, 0],
    steps: 0,
    batches: 0,
  };
}

/** Where a run stands between two epochs, beside its trainer and its generator. */
export interface RunPosition {
  readonly epoch: number;
  readonly plateau: PlateauState;
  readonly converged: boolean;
}

/** What a native call finished. */
export interface Progressed {
  readonly epochs: readonly EpochReport[];
  /** With the pace 'batch'. */
  readonly batch?: BatchReport;
}

/**
 * How much a call takes on: one step, one epoch, or as many epochs as take some 20 ms.
 */
export type Pace = 'batch' | 'epoch' | 'paced';

/**
 * One training from its first epoch to its last, a few epochs or a step a native call. Whoever drives it, on
 * this thread or another, alternates `next` and `accept`:
 *
 *     for (let call = run.next('epoch'); call !== undefined; call = run.next('epoch')) {
 *       for (const report of run.accept(plan.run(call)).epochs) ...
 *     }
 */
export class TrainingRun {
  samples: LabelledSamples;
  readonly options: CompletedFitOptions;
  readonly random: RandomState;
  /** How many samples an epoch trains with; the others are for validation. */
  readonly rows: number;
  readonly #architecture: Architecture;
  /** Called when the data are refused, before the error is thrown. */
  onRefusal: () => void = () => {};
  #trainer: Trainer | undefined;
  #plateau: PlateauState = initialPlateau;
  #finished = 0;
  #converged = false;
  #generatorBefore: GeneratorState | undefined;
  // The rows for training and then those held out, when a share is.
  #split: Uint32Array | undefined;
  #held: LabelledSamples | undefined;
  #order: Uint32Array | null = null;
  #loss = allocate(0, 'float64');
  #hitShare = allocate(0, 'float64');
  #pace = 1;
  // Of the call under way.
  #startedAt = 0;
  #underWay = 0;
  #rates: Float64Array = new Float64Array(0);
  // Of the epoch under way, when it goes step by step: rows done, those of the call included, and their sums.
  #position = 0;
  #from = 0;
  #lossSum = 0;
  #hitSum = 0;

  /** @param trainer to go on with; without it the run begins with one of its own */
  constructor(
    architecture: Architecture,
    samples: LabelledSamples,
    options: CompletedFitOptions,
    random: RandomState,
    trainer?: Trainer,
  ) {
    this.#architecture = architecture;
    this.samples = samples;
    this.options = options;
    this.random = random;
    this.rows = samples.X.rows - options.heldRows;
    this.#trainer = trainer;
  }

  /** There after the first call of `next`. */
  get trainer(): Trainer {
    return this.#trainer as Trainer;
  }

  get position(): RunPosition {
    return { epoch: this.#finished, plateau: this.#plateau, converged: this.#converged };
  }

  /** The order that divided the samples, training rows first; undefined without a share held out. */
  get split(): Uint32Array | undefined {
    return this.#split;
  }

  /** Goes on where another run stood, before the first call of `next`. */
  restore(position: RunPosition, split: Uint32Array | undefined): void {
    this.#finished = position.epoch;
    this.#plateau = position.plateau;
    this.#converged = position.converged;
    this.#split = split;
  }

  /** The samples that validationSplit holds out, copied; undefined without it. After the first call of `next`. */
  heldSamples(): LabelledSamples | undefined {
    return this.#held;
  }

  get plateau(): PlateauState {
    return this.#plateau;
  }

  set plateau(state: PlateauState) {
    this.#plateau = state;
  }

  /**
   * The next native call. Undefined when all epochs are done, or nothing is left to gain; throws an AbortError
   * when the signal is aborted. Epochs draw their shuffles one after another, so that the grouping changes no
   * result.
   */
  next(pace: Pace): Operation | undefined {
    const { options, rows } = this;
    const { batchSize, accumulate, signal, clipValue, clipNorm } = options;
    const left = options.epochs - this.#finished;
    if (left === 0 || this.#converged) return undefined;
    // Before anything is drawn, as the schedule's own errors: what is not done should leave no trace.
    if (signal?.aborted) throw new AbortError(signal.reason);
    const byStep = pace === 'batch';
    const count = pace === 'paced' ? Math.min(left, this.#pace) : 1;
    this.#underWay = count;
    this.#from = byStep ? this.#position : 0;
    this.#rates = this.#learningRates(byStep ? 1 : count * this.#stepsPerEpoch());
    const first = this.#generatorBefore === undefined;
    if (first) this.#begin();
    if (this.#from === 0) this.#reserve(count);
    const { samples } = this;
    const to = byStep ? Math.min(rows, this.#from + batchSize * accumulate) : rows;
    this.#position = to;
    const { native, state, key, steps, batches } = this.trainer;
    const numbers = packRecord('train', {
      rows: samples.X.rows,
      epochs: count,
      from: this.#from,
      to,
      batchSize,
      accumulate,
      optimizer: native.code,
      steps,
      batches,
      clipValue,
      clipNorm,
      keyLow: key[0],
      keyHigh: key[1],
      check: first,
    });
    const request = {
      X: samples.X.data,
      Y: samples.Y.data,
      weights: samples.weights ?? null,
      order: this.#order,
      numbers,
      options: native.options,
      state,
      learningRates: this.#rates,
      losses: this.#loss,
      hitShares: this.#hitShare,
    };
    this.#startedAt = performance.now();
    this.trainer.spoiled = true;
    return (plan, callback) => plan.train(request, callback);
  }

  /** The reports of what a call finished; throws what it failed with. */
  accept(outcome: Outcome): Progressed {
    const { loss } = this.options;
    const error = outcomeError(outcome, this.samples, this.#architecture, loss, this.#finished + 1);
    if (error !== undefined) {
      // Data that were refused leave no trace: what was drawn for them is taken back.
      const refused = error.code !== 'ERR_BLASNET_DIVERGED';
      this.trainer.spoiled = !refused;
      if (refused && this.#generatorBefore !== undefined) this.random.setState(this.#generatorBefore);
      if (refused) this.onRefusal();
      throw error;
    }
    this.trainer.spoiled = false;
    this.#adjustPace(performance.now() - this.#startedAt);
    this.#converged = outcome.status === statusCodes.converged;
    const { batchSize } = this.options;
    const done = this.#position - this.#from;
    this.trainer.steps += outcome.epoch * this.#stepsIn(done);
    this.trainer.batches += outcome.epoch * Math.ceil(done / batchSize);
    if (done === this.rows) {
      this.#position = 0;
      const epochs = Array.from({ length: outcome.epoch }, (_, i) =>
        this.#report(this.#finished + i + 1, this.#loss[i] as number, this.#hitShare[i] as number),
      );
      this.#finished += outcome.epoch;
      return { epochs, batch: this.#batchReport(this.#finished, epochs.at(-1)) };
    }
    const report = this.#report(this.#finished + 1, this.#loss[0] as number, this.#hitShare[0] as number);
    this.#lossSum += outcome.loss;
    this.#hitSum += outcome.hits;
    const batch = this.#batchReport(report.epoch, report);
    if (this.#position < this.rows) return { epochs: [], batch };
    const { rows } = this;
    const epoch = this.#report(report.epoch, this.#lossSum / rows, this.#hitSum / rows);
    this.#finished++;
    [this.#position, this.#lossSum, this.#hitSum] = [0, 0, 0];
    return { epochs: [epoch], batch };
  }

  /** The learning rate of the last step taken. */
  get learningRate(): number {
    return this.#rates.at(-1) as number;
  }

  #begin(): void {
    this.#generatorBefore = this.random.getState();
    const { heldRows, optimizer } = this.options;
    const { X } = this.samples;
    if (heldRows > 0) this.#hold(heldRows);
    this.#trainer ??= makeTrainer(this.#architecture, X.dtype, optimizer, this.random);
  }

  // Divides the samples. What is refused leaves no trace.
  #hold(rows: number): void {
    const { Y } = this.samples;
    const classes = classCount(outputLayerOf(this.#architecture).outputDim);
    const before = this.random.getState();
    try {
      this.#split ??= splitRows(Y, classes, rows, this.options.stratify, this.random);
      this.#held = takeRows(this.samples, this.#split.subarray(this.rows));
      this.samples = reweighted(this.samples, this.#split.subarray(0, this.rows));
    } catch (error) {
      this.random.setState(before);
      throw error;
    }
  }

  #report(epoch: number, loss: number, hitShare: number): EpochReport {
    const counts = lossEntry(this.options.loss.name).accuracy;
    return counts ? { epoch, loss, accuracy: hitShare } : { epoch, loss };
  }

  #batchReport(epoch: number, report: EpochReport | undefined): BatchReport {
    const batch = Math.ceil((this.#from + 1) / (this.options.batchSize * this.options.accumulate));
    const { loss = Number.NaN, accuracy } = report ?? {};
    return Object.freeze({
      epoch,
      batch,
      loss,
      ...(accuracy !== undefined && { accuracy }),
      learningRate: this.learningRate,
    });
  }

  #stepsIn(rows: number): number {
    return Math.ceil(rows / (this.options.batchSize * this.options.accumulate));
  }

  #stepsPerEpoch(): number {
    return this.#stepsIn(this.rows);
  }

  // One a step, or one for all of them where it does not change.
  #learningRates(steps: number): Float64Array {
    const { schedule, optimizer, epochs } = this.options;
    const base = optimizer.learningRate;
    if (unitOf(schedule) === 'never') return Float64Array.of(base);
    const stepsPerEpoch = this.#stepsPerEpoch();
    const before = this.#finished * stepsPerEpoch + this.#stepsIn(this.#from);
    return Float64Array.from({ length: steps }, (_, i) => {
      const step = before + i;
      const epoch = Math.floor(step / stepsPerEpoch);
      const progress = { step, epoch, steps: epochs * stepsPerEpoch, epochs, stepsPerEpoch };
      return learningRateAt(schedule, base, progress, this.#plateau);
    });
  }

  #reserve(epochs: number): void {
    if (this.#loss.length < epochs) {
      this.#loss = allocate(epochs, 'float64');
      this.#hitShare = allocate(epochs, 'float64');
    }
    this.#drawOrders(epochs);
  }

  #drawOrders(epochs: number): void {
    if (!this.options.shuffle && this.#split === undefined) return;
    const { rows } = this.samples.X;
    if (this.#order === null || this.#order.length < epochs * rows) {
      this.#order = new Uint32Array(new SharedArrayBuffer(4 * epochs * rows));
    }
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = this.#order.subarray(epoch * rows, (epoch + 1) * rows);
      if (this.#split !== undefined) order.set(this.#split);
      else for (let row = 0; row < rows; row++) order[row] = row;
      if (this.options.shuffle) this.random.shuffle(order.subarray(0, this.rows));
    }
  }

  #adjustPace(milliseconds: number): void {
    const most = Math.min(mostEpochs, Math.max(1, Math.floor(mostOrders / this.samples.X.rows)));
    const aimed = Math.floor((this.#underWay * aimedMilliseconds) / Math.max(milliseconds, 0.01));
    this.#pace = Math.max(1, Math.min(aimed, 2 * this.#underWay, most));
  }
}
