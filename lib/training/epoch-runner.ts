import { packRecord } from '../addon/records';
import type { Work } from '../addon/work';
import { AbortError } from '../base/errors';
import { allocateShared } from '../base/matrix';
import { type Operation, type Outcome, outcomeError, statusCodes } from '../engine/plan';
import { type Architecture, outputLayerOf } from '../layers/architecture';
import { lossEntry } from '../layers/losses';
import type { GeneratorState, RandomState } from '../random/random-state';
import type { LabelledSamples } from '../samples/samples';
import { classCount, type PresentRows, presentRows } from '../samples/weights';
import { initialPlateau, type PlateauState } from '../schedules/plateau';
import type { CompletedFitOptions } from './completed-options';
import { knownToAll, rankCode, refuseZeroWeights } from './distribution';
import type { BatchReport, EpochReport } from './history';
import { newOptimizerState, OptimizerMemory, type OptimizerState, withNewKey } from './optimizer-state';
import { EpochOrders } from './orders';
import { Pace } from './pace';
import type { Progressed, Stride } from './progressed';
import type { TrainingSizes } from './sizes';
import { splitRows, takeRows } from './split';
import { stepNumbers } from './step-numbers';
import { type EpochPart, epochBegin, type Window } from './window';

/** A runner's state between two epochs, without the split and the states of optimiser and generator. */
export interface RunPosition {
  readonly epoch: number;
  readonly plateau: PlateauState;
  readonly converged: boolean;
}

/** The current native call: the rows of an epoch that it goes through, and the learning rates of its steps. */
interface Call {
  readonly startedAt: number;
  readonly epochs: number;
  readonly from: number;
  readonly to: number;
  readonly rates: Float64Array;
}

/**
 * Runs a training's epochs. Each native call takes one step or runs some epochs, on this thread or another. The
 * caller alternates `next` and `accept`:
 *
 *     while (!runner.done) {
 *       const call = workHere(runner.next('epoch'));
 *       for (const report of runner.accept(plan.run(call)).epochs) ...
 *     }
 */
export class EpochRunner {
  /** All samples: those to train with, those that are held out, and those of weight 0, which take no part. */
  samples: LabelledSamples;
  readonly options: CompletedFitOptions;
  /** Replaced if the network's inputDim is inferred. */
  architecture: Architecture;
  readonly random: RandomState;
  /** Called when the training is refused before its first step. */
  onRefusal: () => void = () => {};
  /** The session updates it after each epoch, from the series that the schedule monitors. */
  plateau: PlateauState = initialPlateau;
  /** What the losses that native code computes are multiplied by, for the reports: see `lossOfScaled`. */
  lossFactor = 1;

  #sizes: TrainingSizes;
  // Which rows have a weight other than 0; null: all. Unknown before the weights are there.
  #present: PresentRows | null | undefined;
  #orders: EpochOrders;
  readonly #pace: Pace;
  readonly #memory: OptimizerMemory;
  #optimizerState: OptimizerState | undefined;
  // What the memory had before this training.
  #kept: OptimizerState | undefined;
  #finished = 0;
  #converged = false;
  // The generator's state before this training drew from it.
  #generatorBefore: GeneratorState | undefined;
  // Whether a native call has ended well.
  #begun = false;
  #held: LabelledSamples | undefined;
  #losses = allocateShared(0, 'float64');
  #hitShares = allocateShared(0, 'float64');
  #call: Call | undefined;
  // If the current epoch runs in several calls: its finished rows, and their sums.
  #done = epochBegin;
  // The rows of a source that are in memory; undefined if the samples are all rows.
  #window: Window | undefined;
  #usedUp = false;

  /** @param memory keeps the optimiser's state from one training to the next */
  constructor(
    architecture: Architecture,
    samples: LabelledSamples,
    options: CompletedFitOptions,
    random: RandomState,
    memory = new OptimizerMemory(),
  ) {
    const { rows } = samples.X;
    this.architecture = architecture;
    this.samples = samples;
    this.options = options;
    this.random = random;
    this.#sizes = options;
    this.#memory = memory;
    this.#orders = new EpochOrders(
      { shuffle: options.shuffle, rows, trainedRows: Math.min(rows, options.trainedRows) },
      random,
    );
    this.#pace = new Pace(rows);
  }

  /** The number of samples in the batches of an epoch, or of a source's window. */
  get callRows(): number {
    return this.#window?.rows ?? this.#sizes.epochRows;
  }

  /** Where the current epoch stands, if it runs in several calls. */
  get part(): EpochPart {
    return this.#done;
  }

  /**
   * The next calls train with these rows of a source, whose epochs have `total` rows, or unknown ones before the first
   * epoch's end. Call it for the first window, and whenever `wantsWindow`.
   */
  enter(window: Window, total: number | undefined): void {
    const { X } = window.samples;
    this.#window = window;
    this.#usedUp = false;
    this.#present = null;
    this.samples = window.samples;
    if (total !== undefined) this.#sizes = this.options.sizesFor(total);
    const { shuffle } = this.#sizes;
    if (this.#orders.rows === X.rows && this.#orders.shuffle === shuffle) return;
    this.#orders = new EpochOrders({ shuffle, rows: X.rows, trainedRows: X.rows }, this.random);
  }

  /** Whether a training from a source has used up its window. */
  get wantsWindow(): boolean {
    return this.#window === undefined || this.#usedUp;
  }

  /** Exists after the first call of `next`. */
  get optimizerState(): OptimizerState {
    return this.#optimizerState as OptimizerState;
  }

  get position(): RunPosition {
    return { epoch: this.#finished, plateau: this.plateau, converged: this.#converged };
  }

  /** The order that split the samples, training rows first; undefined if no rows are held out. */
  get split(): Uint32Array | undefined {
    return this.#sizes.heldRows > 0 ? this.#orders.split : undefined;
  }

  /** Continues from another runner's position. Call it before the first `next`. */
  restore(position: RunPosition, split: Uint32Array | undefined, part = epochBegin): void {
    this.#done = part;
    this.#finished = position.epoch;
    this.plateau = position.plateau;
    this.#converged = position.converged;
    this.#orders.split = split;
  }

  /** A copy of the samples that validationSplit holds out; undefined without it, and before the first `next`. */
  heldSamples(): LabelledSamples | undefined {
    return this.#held;
  }

  /** The learning rate of the last step taken. */
  get learningRate(): number {
    return this.#call?.rates.at(-1) as number;
  }

  /** Whether all epochs are done, or the optimiser has converged. */
  get done(): boolean {
    return this.#finished === this.options.epochs || this.#converged;
  }

  /**
   * The next native call, unless `done`. It draws the orders of its epochs, and the first call splits the samples.
   *
   * @throws AbortError when the signal is aborted; the schedule's errors
   */
  *next(stride: Stride): Work<Operation> {
    let made = false;
    try {
      const operation = yield* this.#makeCall(stride);
      made = true;
      return operation;
    } finally {
      if (!made && !this.#begun) this.refuse();
    }
  }

  /** Keeps the generator's state, to which a refusal of the training returns. Call it before numbers are drawn. */
  keepGenerator(): void {
    this.#generatorBefore ??= this.random.getState();
  }

  /** Undoes what happened before the first step, so that a refused training leaves no trace. */
  refuse(): void {
    this.giveUp();
    if (this.#optimizerState !== undefined) this.#memory.state = this.#kept;
    if (this.#generatorBefore !== undefined) this.random.setState(this.#generatorBefore);
    this.onRefusal();
  }

  /** After an error of one rank alone: its next training is like that of ranks which were elsewhere. */
  startAnew(): void {
    this.#memory.state = undefined;
    if (this.#generatorBefore !== undefined) this.random.setState(this.#generatorBefore);
  }

  /** Takes back a call that an abort kept from starting. */
  giveUp(): void {
    if (this.#optimizerState !== undefined) this.#optimizerState.uncertain = false;
  }

  *#makeCall(stride: Stride): Work<Operation> {
    const { options } = this;
    const { signal, clipValue, clipNorm } = options;
    const left = options.epochs - this.#finished;
    // An abort and the schedule's errors come before anything is drawn, so that they leave no trace.
    if (signal?.aborted) throw new AbortError(signal.reason);
    yield* this.#leaveOut();
    const { batchSize, accumulate } = this.#sizes;
    const window = this.#window;
    const rows = this.callRows;
    const before = window?.first ?? 0;
    const byStep = stride === 'batch';
    const epochs = stride === 'paced' && window === undefined ? Math.min(left, this.#pace.epochs) : 1;
    const from = byStep ? this.#done.rows - before : 0;
    const to = byStep ? Math.min(rows, from + batchSize * accumulate) : rows;
    const steps = byStep ? 1 : epochs * this.#stepsIn(rows);
    const stepsPerEpoch = this.#stepsIn(this.#sizes.epochRows);
    const first = this.#finished * stepsPerEpoch + this.#stepsIn(before + from);
    const { rates, ...factors } = stepNumbers(options, first, steps, stepsPerEpoch, this.plateau);
    if (from === 0) yield* this.#draw(epochs);
    this.#call = { startedAt: performance.now(), epochs, from, to, rates };

    const { samples, optimizerState } = this;
    const { native, state, key, batches } = optimizerState;
    const numbers = packRecord('train', {
      rows: samples.X.rows,
      epochs,
      from,
      to,
      batchSize,
      accumulate,
      optimizer: native.code,
      steps: optimizerState.steps,
      batches,
      clipValue,
      clipNorm,
      keyLow: key[0],
      keyHigh: key[1],
      // Each window has rows that nothing has checked.
      check: !this.#begun || (window !== undefined && from === 0),
      lossBefore: this.#done.loss,
      hitsBefore: this.#done.hits,
      ranks: rankCode(options.shared),
    });
    const request = {
      X: samples.X.data,
      codes: samples.codes,
      Y: samples.Y.data,
      weights: samples.weights ?? null,
      order: this.#orders.drawn,
      numbers,
      options: native.options,
      state,
      learningRates: rates,
      ...factors,
      losses: this.#losses,
      hitShares: this.#hitShares,
    };
    optimizerState.uncertain = true;
    this.#memory.state = optimizerState;
    return (plan, callback) => plan.train(request, callback);
  }

  /**
   * Returns what a call has finished, and the error that ended it.
   *
   * @throws TypeError or RangeError with a code when the data are refused
   */
  accept(outcome: Outcome): Progressed {
    const { epochs, from, to, startedAt } = this.#call as Call;
    const error = this.#errorOf(outcome);
    const whole = this.#window === undefined && to - from === this.#sizes.epochRows;
    if (error !== undefined) return { ...this.#wholeEpochs(whole ? outcome.epoch : 0), error };
    this.#pace.adjust(epochs, performance.now() - startedAt);
    this.#begun = true;
    this.#converged = outcome.status === statusCodes.converged;
    this.#countSteps(outcome);
    return whole ? this.#wholeEpochs(outcome.epoch) : this.#partOfEpoch(outcome, to);
  }

  // An operation that was stopped has taken the steps of some epochs, and of some batches of the next one.
  #countSteps({ status, epoch, batch }: Outcome): void {
    const { from, to } = this.#call as Call;
    const { batchSize, accumulate } = this.#sizes;
    const more = status === statusCodes.stopped ? batch : 0;
    this.optimizerState.uncertain = false;
    this.optimizerState.steps += epoch * this.#stepsIn(to - from) + more / accumulate;
    this.optimizerState.batches += epoch * Math.ceil((to - from) / batchSize) + more;
  }

  #wholeEpochs(count: number): Progressed {
    const epochs = Array.from({ length: count }, (_, i) => this.#report(this.#finished + i + 1, i));
    this.#finished += count;
    this.#done = epochBegin;
    return { epochs, batch: this.#batchReport(this.#finished, epochs.at(-1)) };
  }

  #partOfEpoch(outcome: Outcome, to: number): Progressed {
    const epoch = this.#finished + 1;
    const batch = this.#batchReport(epoch, this.#report(epoch, 0));
    const { first, rows, last } = this.#window ?? { first: 0, rows: this.#sizes.epochRows, last: true };
    const done = { rows: first + to, loss: outcome.loss, hits: outcome.hits };
    this.#done = done;
    this.#usedUp = to === rows;
    if (to < rows || !last) return { epochs: [], batch };
    this.#finished++;
    this.#done = epochBegin;
    return { epochs: [this.#reportOf(epoch, done.loss / done.rows, done.hits / done.rows)], batch };
  }

  #errorOf(outcome: Outcome): Error | undefined {
    const { loss, signal } = this.options;
    if (outcome.status === statusCodes.stopped) {
      this.#countSteps(outcome);
      return knownToAll(new AbortError(signal?.reason));
    }
    const error =
      this.#window?.refusal(outcome) ??
      outcomeError(outcome, this.samples, this.architecture, loss, this.#finished + 1);
    if (error === undefined) return undefined;
    if (error.code === 'ERR_BLASNET_DIVERGED') return knownToAll(error);
    if (this.#begun) {
      // A later window of a source. No step was taken with it.
      this.giveUp();
      return error;
    }
    // Refused data leave no trace: the generator returns to its state before them.
    this.refuse();
    throw error;
  }

  /**
   * The rows to train with, in the order of the split; undefined if these are all. The first call draws the split. It needs
   * the labels and the weights.
   */
  *trainedRows(): Work<Uint32Array | undefined> {
    this.#generatorBefore ??= this.random.getState();
    yield* this.#leaveOut();
    const { heldRows, trainedRows } = this.#sizes;
    if (heldRows > 0 && this.#orders.split === undefined) {
      const classes = classCount(outputLayerOf(this.architecture).outputDim);
      const present = this.#present ?? undefined;
      const { split: kind } = this.options;
      this.#orders.split = yield* splitRows(this.samples.Y, classes, heldRows, kind, this.random, present);
    }
    return this.#orders.split?.subarray(0, trainedRows);
  }

  // Trains as if samples of weight 0 were not there.
  *#leaveOut(): Work<void> {
    if (this.#present !== undefined) return;
    const { weights, X } = this.samples;
    const present = (yield* presentRows(weights)) ?? null;
    if (present !== null) {
      refuseZeroWeights(this.options.shared);
      const { split } = this.#orders;
      this.#sizes = this.options.sizesFor(present.count);
      this.#orders = new EpochOrders({ ...this.#sizes, rows: X.rows }, this.random);
      this.#orders.split = this.#sizes.heldRows > 0 ? split : present.order;
    }
    this.#present = present;
  }

  // Draws what the next epochs need. An error or an abort leaves no trace in the generator.
  *#draw(epochs: number): Work<void> {
    const before = this.random.getState();
    this.#generatorBefore ??= before;
    let whole = false;
    try {
      if (!this.#begun) yield* this.#begin();
      if (this.#losses.length < epochs) {
        this.#losses = allocateShared(epochs, 'float64');
        this.#hitShares = allocateShared(epochs, 'float64');
      }
      yield* this.#orders.draw(epochs);
      whole = true;
    } finally {
      if (!whole) this.random.setState(before);
    }
  }

  *#begin(): Work<void> {
    const { heldRows, trainedRows } = this.#sizes;
    if (heldRows > 0) {
      yield* this.trainedRows();
      const held = (this.split as Uint32Array).subarray(trainedRows, trainedRows + heldRows);
      this.#held = yield* takeRows(this.samples, held);
    }
    if (this.#optimizerState !== undefined) return;
    this.#kept = this.#memory.state;
    this.#optimizerState = this.#firstState();
  }

  #firstState(): OptimizerState {
    const { optimizer, seed } = this.options;
    const kept = this.#memory.stateFor(optimizer);
    if (kept === undefined) {
      return newOptimizerState(this.architecture, this.samples.X.dtype, optimizer, this.random);
    }
    // A seed determines the random numbers of dropout and noise, too. (A resumed training has drawn them before.)
    const fromSeed = seed !== undefined && this.#finished === 0;
    return fromSeed ? withNewKey(kept, this.architecture, this.random) : kept;
  }

  // The report of epoch i of the call.
  #report(epoch: number, i: number): EpochReport {
    return this.#reportOf(epoch, this.#losses[i] as number, this.#hitShares[i] as number);
  }

  #reportOf(epoch: number, minimised: number, accuracy: number): EpochReport {
    const loss = this.lossFactor * minimised;
    return lossEntry(this.options.loss.name).accuracy ? { epoch, loss, accuracy } : { epoch, loss };
  }

  #batchReport(epoch: number, report: EpochReport | undefined): BatchReport {
    const { loss = Number.NaN, accuracy } = report ?? {};
    return Object.freeze({
      epoch,
      batch: this.#stepsIn((this.#window?.first ?? 0) + (this.#call as Call).from + 1),
      loss,
      ...(accuracy !== undefined && { accuracy }),
      learningRate: this.learningRate,
    });
  }

  #stepsIn(rows: number): number {
    return Math.ceil(rows / (this.#sizes.batchSize * this.#sizes.accumulate));
  }
}
