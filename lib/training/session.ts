import { copyArrays } from '../addon/arrays';
import type { Work } from '../addon/work';
import { AbortError, argumentError, blasnetError } from '../base/errors';
import { allocateShared, sharedZeros } from '../base/matrix';
import { evaluateOperation, type Outcome, outcomeError, predictOperation } from '../engine/plan';
import { checkJson } from '../formats/json';
import type { Safetensors } from '../formats/safetensors';
import { outputLayerOf } from '../layers/architecture';
import { lossEntry, type ResolvedLoss } from '../layers/losses';
import { type LabelledSamples, withLateInputs } from '../samples/samples';
import { lossOfScaled, measurable } from '../samples/targets';
import { plateauAfterEpoch } from '../schedules/plateau';
import { plateauOf, unitOf } from '../schedules/rate';
import { Cadence } from './cadence';
import type { CompletedFitOptions } from './completed-options';
import { type Distribution, isKnownToAll } from './distribution';
import { ask, type Training } from './effects';
import type { EpochRunner, RunPosition } from './epoch-runner';
import type { Feed } from './feed';
import {
  type Ending,
  type EpochReport,
  emptyHistory,
  type History,
  record,
  type StopReason,
} from './history';
import { type ProgressBar, progressBar } from './progress';
import { validationName } from './series';
import type { TrainedNetwork } from './trained-network';
import { attach } from './training-error';
import type { EpochPart } from './window';

/** A copy of the best parameters and running moments. */
export type Snapshot = Pick<TrainedNetwork, 'parameters' | 'statistics'>;

/** Encodes the current state of a session as the content of a checkpoint. */
export type EncodeCheckpoint = (
  session: TrainingSession,
  metadata: Readonly<Record<string, string>>,
) => Work<Safetensors>;

/**
 * A training with everything that happens between its epochs: validation, metrics, schedules that monitor them, early
 * stopping, callbacks, checkpoints and the progress bar.
 */
export class TrainingSession {
  readonly runner: EpochRunner;
  /** The parameters to restore at the end. Its memory is used again for each better epoch. */
  best: Snapshot | undefined;
  #bestIsCopied = true;
  /** The reports of all epochs so far, if checkpoints need them. */
  readonly reports: EpochReport[] = [];
  /** All epochs so far. That of a resumed training begins with the epochs before it. */
  readonly history: History;
  readonly #ending: Ending;
  readonly network: TrainedNetwork;
  readonly #encodeCheckpoint: EncodeCheckpoint;
  #validation: LabelledSamples | undefined;
  // Brings the rows, if they come from a source.
  readonly #feed: Feed | undefined;
  /** The loss that native code minimises. Huber's loss is another one, when a targetScaler has learned. */
  minimised: ResolvedLoss;
  // By performance.now().
  #endsAt = Number.POSITIVE_INFINITY;

  constructor(
    runner: EpochRunner,
    network: TrainedNetwork,
    validation: LabelledSamples | undefined,
    encodeCheckpoint: EncodeCheckpoint,
    feed?: Feed,
  ) {
    this.#feed = feed;
    this.runner = runner;
    this.network = network;
    this.#validation = validation;
    this.#encodeCheckpoint = encodeCheckpoint;
    this.minimised = runner.options.loss;
    this.#ending = { earlyStopping: runner.options.earlyStopping, stoppedBy: undefined };
    this.history = emptyHistory(this.#countsHits(), this.#ending);
  }

  get options(): CompletedFitOptions {
    return this.runner.options;
  }

  get samples(): LabelledSamples {
    return this.runner.samples;
  }

  /** The validation set. validationSplit makes it after the first epoch; until then it is undefined. */
  get validation(): LabelledSamples | undefined {
    return this.#validation;
  }

  /** Continues from another session's state. */
  restore(
    position: RunPosition,
    split: Uint32Array | undefined,
    reports: readonly EpochReport[],
    best: Snapshot | undefined,
    part?: EpochPart,
  ): void {
    this.runner.restore(position, split, part);
    this.reports.push(...reports);
    for (const report of reports) record(this.history, report);
    this.best = best;
  }

  /**
   * The whole training, as effects.
   *
   * @param pace 'epoch' if the reader of the reports acts between epochs, 'paced' otherwise
   */
  *train(pace: 'epoch' | 'paced'): Training {
    const { options, runner } = this;
    const feed = this.#feed;
    const { callbacks } = options;
    this.#endsAt = performance.now() + 1000 * (options.maxSeconds ?? Number.POSITIVE_INFINITY);
    const bar = options.progress && this.#writes ? this.#progressBar() : undefined;
    const cadence =
      options.checkpoint === undefined
        ? undefined
        : new Cadence(options.checkpoint.cadence, performance.now());
    let begun = false;
    const stride = callbacks.onBatchEnd !== undefined ? 'batch' : this.#looksAtEpochs() ? 'epoch' : pace;
    try {
      yield* this.#begin();
      begun = true;
      if (options.earlyStopping?.stopped === true) return this.#stop('earlyStopping');
      while (!runner.done) {
        if (feed !== undefined && runner.wantsWindow) {
          yield* ask(() => feed.next());
          yield* this.#checkShares();
        }
        const operation = yield* ask((at) => at.work(runner.next(stride)));
        const { epochs, batch, error } = runner.accept(yield* ask((at) => at.write(operation)));
        if (callbacks.onBatchEnd !== undefined && error === undefined) {
          const own = yield* ask((at) => at.call('onBatchEnd', () => callbacks.onBatchEnd?.(batch)));
          const answer = yield* this.#together(own === false ? false : undefined);
          if (answer === false) return this.#stop('callback');
        }
        for (const report of epochs) {
          const reason = yield* this.#finishEpoch(report, bar, cadence);
          if (reason !== undefined) return runner.done ? undefined : this.#stop(reason);
        }
        if (error !== undefined) throw error;
        if (feed === undefined || epochs.length > 0 || !runner.wantsWindow) continue;
        // An epoch of a source may take long, or never end.
        const late = performance.now() >= this.#endsAt ? true : undefined;
        const over = options.maxSeconds !== undefined && (yield* this.#together(late)) === true;
        if (cadence !== undefined && (cadence.dueWithin(performance.now()) || over))
          yield* this.#partCheckpoint();
        if (over) return this.#stop('maxSeconds');
      }
      if (runner.position.epoch < options.epochs) this.#stop('convergence');
    } catch (error) {
      this.#stop('error');
      if (begun && this.#group?.launched === true && !isKnownToAll(error)) runner.startAnew();
      else if (error instanceof AbortError) runner.giveUp();
      attach(error, { history: this.history });
      throw error;
    } finally {
      bar?.end();
      if (feed !== undefined) yield* ask(() => feed.end());
      yield* this.#restoreBest();
    }
  }

  #stop(reason: StopReason): void {
    this.#ending.stoppedBy = reason;
  }

  // Whether something happens after each epoch, so that each needs a native call.
  #looksAtEpochs(): boolean {
    const { options } = this;
    return (
      options.shared !== undefined ||
      this.#hasValidation() ||
      options.metrics.length > 0 ||
      options.callbacks.onEpochEnd !== undefined ||
      options.earlyStopping !== undefined ||
      options.checkpoint !== undefined ||
      options.maxSeconds !== undefined ||
      options.progress ||
      unitOf(options.schedule) !== 'never'
    );
  }

  get #group(): Distribution | undefined {
    return this.options.shared?.group;
  }

  // Of several ranks, rank 0 writes progress and checkpoints.
  get #writes(): boolean {
    return (this.#group?.rank ?? 0) === 0;
  }

  // No rank decides alone: the answer of the first rank that has one is that of all.
  *#together<T>(own: T | undefined): Training<T | undefined> {
    const group = this.#group;
    return group === undefined ? own : yield* ask(() => group.firstOf(own));
  }

  *#agree(): Training {
    const group = this.#group;
    if (group === undefined) return;
    yield* ask(() => group.agree(this));
    if (this.#feed === undefined) yield* this.#checkShares();
  }

  // With rows of their own, ranks must need equally many for each batch: of an epoch, or of a window of a source.
  *#checkShares(): Training {
    const { shared, batchSize } = this.options;
    if (shared?.ownRows !== true || !shared.group.launched) return;
    const { rank, size } = shared.group;
    const { callRows } = this.runner;
    const shares = new Map<number, number>();
    yield* ask((at) =>
      at.read((plan, callback) => {
        for (const rows of [Math.min(batchSize, callRows), callRows % batchSize]) {
          if (rows > 0) shares.set(rows, plan.rowsOfRank(rows, rank, size));
        }
        callback?.(undefined);
      }),
    );
    const uneven = yield* this.#together([...shares].find(([rows, share]) => size * share !== rows)?.[0]);
    if (uneven === undefined) return;
    const rule = `such that each of ${size} ranks computes ${uneven / size} rows of a batch of ${uneven}, as with a multiple of ${256 * size}`;
    const hint = '; rows at the end that fill no batch are left out by dropLast';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'batchSize', rule, batchSize, hint);
  }

  #countsHits(): boolean {
    return lossEntry(this.options.loss.name).accuracy;
  }

  #hasValidation(): boolean {
    return this.#validation !== undefined || this.options.heldRows > 0 || this.#feed?.validate !== undefined;
  }

  #progressBar(): ProgressBar {
    return progressBar({ epochs: this.options.epochs, startEpoch: this.runner.position.epoch });
  }

  // Runs before anything changes, so that a refusal leaves no trace.
  *#begin(): Training {
    const feed = this.#feed;
    try {
      if (feed !== undefined) yield* ask((at) => feed.begin(at));
      yield* this.#preprocess();
      if (this.#validation !== undefined) yield* this.#evaluate(this.#validation);
      yield* this.#agree();
      yield* this.#beginCheckpoints();
    } catch (error) {
      this.runner.refuse();
      throw error;
    }
  }

  *#preprocess(): Training {
    const { pending } = this.samples;
    if (pending !== undefined) yield* ask((at) => at.work(pending.work));
    const ofValidation = this.#validation?.pending;
    if (ofValidation !== undefined) {
      try {
        yield* ask((at) => at.work(ofValidation.work));
      } catch (error) {
        if (error instanceof Error && !(error instanceof AbortError))
          error.message = `In validationData: ${error.message}`;
        throw error;
      }
    }
    this.runner.samples = withLateInputs(this.samples);
    if (this.#validation !== undefined) this.#validation = withLateInputs(this.#validation);
    const { kind } = this.network;
    const { loss, factor } = lossOfScaled(kind, this.options.loss);
    this.minimised = loss;
    this.runner.lossFactor = factor;
    if (this.options.checkpoint === undefined) return;
    // Refused here, before the first step, if a checkpoint cannot hold it.
    for (const name of ['preprocessing', 'targetScaler'] as const) {
      if (kind[name] !== undefined) checkJson(name, kind[name].toJSON());
    }
  }

  *#beginCheckpoints(): Training {
    const store = this.options.checkpoint?.store;
    if (store === undefined || !this.#writes) return;
    const { epoch } = this.runner.position;
    const within = this.runner.part.rows > 0;
    yield* ask((at) =>
      at.file({ async: (how) => store.begin(epoch, how, within), sync: () => store.beginSync(epoch) }),
    );
  }

  /** Returns the reason to end the training after this epoch, if there is one. */
  *#finishEpoch(
    bare: EpochReport,
    bar: ProgressBar | undefined,
    cadence: Cadence | undefined,
  ): Training<StopReason | undefined> {
    const { options, runner } = this;
    const report: EpochReport = Object.freeze({ ...bare, ...(yield* this.#look()), ...this.#rate() });
    record(this.history, report);
    if (options.checkpoint !== undefined) this.reports.push(report);
    const plateau = plateauOf(options.schedule);
    if (plateau !== undefined) {
      runner.plateau = plateauAfterEpoch(plateau, runner.plateau, report[plateau.monitor]);
    }
    let reason: StopReason | undefined = (yield* this.#stopsEarly(report)) ? 'earlyStopping' : undefined;
    const { callbacks } = options;
    if (callbacks.onEpochEnd !== undefined) {
      const answer = yield* ask((at) => at.call('onEpochEnd', () => callbacks.onEpochEnd?.(report)));
      if (answer === false) reason ??= 'callback';
    }
    if (performance.now() >= this.#endsAt) reason ??= 'maxSeconds';
    reason = yield* this.#together(reason);
    bar?.update(report);
    const last = reason !== undefined || report.epoch === options.epochs || runner.position.converged;
    if (cadence !== undefined && (cadence.due(report.epoch, performance.now()) || last)) {
      yield* this.#checkpoint(report);
    }
    yield report;
    return reason;
  }

  // The numbers of a report that the training itself does not give: those of the validation set, or metrics.
  *#look(): Training<Readonly<Record<string, number>>> {
    const validate = this.#feed?.validate;
    if (validate !== undefined) {
      const numbers = yield* ask((at) => validate(at));
      // Each rank has read its own source.
      const values = { [`the validation of epoch ${this.runner.position.epoch}`]: numbers };
      yield* ask(async () => this.#group?.compare(values, {}));
      return numbers;
    }
    if (this.#hasValidation()) {
      this.#validation ??= this.runner.heldSamples() as LabelledSamples;
      return yield* this.#validate(this.#validation);
    }
    return yield* this.#measure(this.samples, (name) => name);
  }

  #rate(): { learningRate?: number } {
    return unitOf(this.options.schedule) === 'never' ? {} : { learningRate: this.runner.learningRate };
  }

  *#stopsEarly(report: EpochReport): Training<boolean> {
    const { earlyStopping } = this.options;
    if (earlyStopping === undefined) return false;
    const { best, stop } = earlyStopping.update(report);
    if (best && earlyStopping.restoreBest) yield* this.#keepBest();
    return stop;
  }

  *#keepBest(): Training {
    const { parameters, statistics, kind } = this.network;
    this.best ??= {
      parameters: allocateShared(parameters.length, kind.dtype),
      statistics: allocateShared(statistics.length, kind.dtype),
    };
    const { best } = this;
    // If an abort ends the copy halfway, the network itself still is as the best epoch left it.
    this.#bestIsCopied = false;
    yield* ask((at) => at.work(copyArrays([parameters, statistics], [best.parameters, best.statistics])));
    this.#bestIsCopied = true;
  }

  *#restoreBest(): Training {
    const { best } = this;
    if (best === undefined || !this.#bestIsCopied) return;
    const { parameters, statistics } = this.network;
    yield* ask((at) => at.change(copyArrays([best.parameters, best.statistics], [parameters, statistics])));
  }

  *#evaluate(samples: LabelledSamples): Training<Outcome> {
    const outcome = yield* ask((at) => at.read(evaluateOperation(samples)));
    this.#throwIfFailed(outcome, samples);
    return outcome;
  }

  *#validate(samples: LabelledSamples): Training<Record<string, number>> {
    const { loss, hits, rows } = yield* this.#evaluate(samples);
    return {
      valLoss: this.runner.lossFactor * (loss / rows),
      ...(this.#countsHits() && { valAccuracy: hits / rows }),
      ...(yield* this.#measure(samples, validationName)),
    };
  }

  *#measure(samples: LabelledSamples, nameOf: (name: string) => string): Training<Record<string, number>> {
    const { metrics } = this.options;
    if (metrics.length === 0) return {};
    const { outputDim } = outputLayerOf(this.network.kind.architecture);
    const out = sharedZeros(samples.X.rows, outputDim, samples.X.dtype);
    this.#throwIfFailed(yield* ask((at) => at.read(predictOperation(samples, out))), samples);
    const { targetScaler } = this.network.kind;
    const predictions = yield* ask((at) => at.work(measurable(targetScaler, out)));
    const values = yield* ask((at) => at.measure(metrics, samples, predictions));
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [nameOf(name), value]));
  }

  #throwIfFailed(outcome: Outcome, samples: LabelledSamples): void {
    const error = outcomeError(outcome, samples, this.network.kind.architecture, this.options.loss);
    if (error === undefined) return;
    throw blasnetError(error.code, `In validationData: ${error.message}`, { cause: error });
  }

  *#partCheckpoint(): Training {
    const store = this.options.checkpoint?.store;
    if (store === undefined || !this.#writes) return;
    const { epoch } = this.runner.position;
    const encode = (metadata: Readonly<Record<string, string>>) => this.#encodeCheckpoint(this, metadata);
    yield* ask((at) =>
      at.file({
        async: (how) => store.writePart(epoch, encode, how),
        // Trainings from a source are never synchronous.
        sync: () => undefined,
      }),
    );
  }

  *#checkpoint(report: EpochReport): Training {
    const store = this.options.checkpoint?.store;
    if (store === undefined || !this.#writes) return;
    const encode = (metadata: Readonly<Record<string, string>>) => this.#encodeCheckpoint(this, metadata);
    yield* ask((at) =>
      at.file({
        async: (how) => store.write(report, encode, how),
        sync: () => store.writeSync(report, encode),
      }),
    );
  }
}
