import { argumentError, blasnetError } from '../base/errors';
import { type FloatArray, Matrix } from '../base/matrix';
import type { Operation, Outcome } from '../engine/plan';
import { lossEntry } from '../layers/losses';
import type { LabelledSamples } from '../samples/samples';
import { plateauAfterEpoch } from '../schedules/plateau';
import { plateauOf, unitOf } from '../schedules/rate';
import { Cadence } from './cadence';
import type { EpochReport } from './history';
import { measure } from './measure';
import { validationName } from './options';
import { type ProgressBar, progressBar } from './progress';
import type { RunPosition, TrainingRun } from './run';

/**
 * What the loop asks of whoever drives it, one thing at a time: a native operation that changes the parameters or
 * only reads them (the answer is its outcome), a call of somebody's code or of the file system (the answer is what it
 * returns, or what its promise resolves to), or to take an epoch's numbers.
 */
export type Demand =
  | { readonly kind: 'write' | 'read'; readonly operation: Operation }
  | { readonly kind: 'call'; readonly name: string; readonly call: () => unknown }
  | { readonly kind: 'file'; readonly call: () => Promise<unknown>; readonly callSync: () => unknown }
  | { readonly kind: 'report'; readonly report: EpochReport };

/** What the loop needs of the network: its arrays, and how they go into a file. */
export interface LoopNetwork {
  readonly parameters: FloatArray;
  readonly statistics: FloatArray;
  readonly outputDim: number;
  outcomeError(outcome: Outcome, samples: LabelledSamples): Error | undefined;
  /** The checkpoint of a training that stands here. */
  encodeCheckpoint(task: TrainingTask, metadata: Readonly<Record<string, string>>): Iterable<Uint8Array>;
}

/** A copy of the parameters at their best. */
export interface Snapshot {
  readonly parameters: FloatArray;
  readonly statistics: FloatArray;
}

/**
 * A training with all that goes on between its epochs: validation, metrics, schedules that watch them, early
 * stopping, callbacks, checkpoints and the progress bar. Driven through `demands`; see `Demand`.
 */
export class TrainingTask {
  readonly run: TrainingRun;
  readonly #network: LoopNetwork;
  #validation: LabelledSamples | undefined;
  /** The parameters to bring back at the end. */
  best: Snapshot | undefined;
  /** Every epoch's numbers so far, where a checkpoint has to keep them. */
  readonly reports: EpochReport[] = [];

  constructor(run: TrainingRun, network: LoopNetwork, validation: LabelledSamples | undefined) {
    this.run = run;
    this.#network = network;
    this.#validation = validation;
  }

  /** The samples that are only looked at, once they are known. */
  get validation(): LabelledSamples | undefined {
    return this.#validation;
  }

  /** Goes on where another task stood. */
  restore(
    position: RunPosition,
    split: Uint32Array | undefined,
    reports: readonly EpochReport[],
    best: Snapshot | undefined,
  ): void {
    this.run.restore(position, split);
    this.reports.push(...reports);
    this.best = best;
  }

  /**
   * @param pace 'epoch' for somebody who looks at every epoch, 'paced' otherwise
   */
  *demands(pace: 'epoch' | 'paced'): Generator<Demand, void, unknown> {
    const { options } = this.run;
    const { callbacks } = options;
    const bar = options.progress ? this.#progressBar() : undefined;
    const cadence =
      options.checkpoint === undefined
        ? undefined
        : new Cadence(options.checkpoint.cadence, performance.now());
    const stride = callbacks.onBatchEnd !== undefined ? 'batch' : this.#looksAtEpochs() ? 'epoch' : pace;
    try {
      // Looked through before anything changes.
      if (this.#validation !== undefined) yield* this.#evaluate(this.#validation);
      yield* this.#beginCheckpoints();
      if (options.earlyStopping?.stopped === true) return;
      for (let call = this.run.next(stride); call !== undefined; call = this.run.next(stride)) {
        const outcome = (yield { kind: 'write', operation: call }) as Outcome;
        const { epochs, batch } = this.run.accept(outcome);
        if (callbacks.onBatchEnd !== undefined && batch !== undefined) {
          const answer = yield {
            kind: 'call',
            name: 'onBatchEnd',
            call: () => callbacks.onBatchEnd?.(batch),
          };
          if (answer === false) return;
        }
        for (const report of epochs) if (yield* this.#finishEpoch(report, bar, cadence)) return;
      }
    } catch (error) {
      // The parameters stay those of the last step.
      this.best = undefined;
      throw error;
    } finally {
      bar?.end();
      this.#restoreBest();
    }
  }

  // Whether something happens between epochs that depends on the one before.
  #looksAtEpochs(): boolean {
    const { options } = this.run;
    return (
      this.#hasValidation() ||
      options.metrics.length > 0 ||
      options.callbacks.onEpochEnd !== undefined ||
      options.earlyStopping !== undefined ||
      options.checkpoint !== undefined ||
      options.progress ||
      unitOf(options.schedule) !== 'never'
    );
  }

  #hasValidation(): boolean {
    return this.#validation !== undefined || this.run.options.heldRows > 0;
  }

  #progressBar(): ProgressBar {
    return progressBar({ epochs: this.run.options.epochs, startEpoch: this.run.position.epoch });
  }

  *#beginCheckpoints(): Generator<Demand, void, unknown> {
    const { checkpoint } = this.run.options;
    if (checkpoint === undefined) return;
    const { epoch } = this.run.position;
    yield {
      kind: 'file',
      call: () => checkpoint.store.begin(epoch),
      callSync: () => checkpoint.store.beginSync(epoch),
    };
  }

  /** Whether this is the last. */
  *#finishEpoch(
    bare: EpochReport,
    bar: ProgressBar | undefined,
    cadence: Cadence | undefined,
  ): Generator<Demand, boolean, unknown> {
    const { options } = this.run;
    let report: EpochReport = bare;
    if (this.#hasValidation()) {
      this.#validation ??= this.run.heldSamples() as LabelledSamples;
      report = { ...report, ...(yield* this.#validate(this.#validation)) };
    } else if (options.metrics.length > 0) {
      report = { ...report, ...(yield* this.#measure(this.run.samples, (name) => name)) };
    }
    if (unitOf(options.schedule) !== 'never') {
      report = { ...report, learningRate: this.run.learningRate };
    }
    const plateau = plateauOf(options.schedule);
    if (plateau !== undefined) {
      this.run.plateau = plateauAfterEpoch(plateau, this.run.plateau, report[plateau.monitor]);
    }
    report = Object.freeze(report);
    if (options.checkpoint !== undefined) this.reports.push(report);
    let stop = this.#stopsEarly(report);
    const { callbacks } = options;
    if (callbacks.onEpochEnd !== undefined) {
      const answer = yield { kind: 'call', name: 'onEpochEnd', call: () => callbacks.onEpochEnd?.(report) };
      if (answer === false) stop = true;
    }
    bar?.update(report);
    const last = stop || report.epoch === options.epochs || this.run.position.converged;
    if (cadence !== undefined && (cadence.due(report.epoch, performance.now()) || last)) {
      yield this.#checkpoint(report);
    }
    yield { kind: 'report', report };
    return stop;
  }

  #stopsEarly(report: EpochReport): boolean {
    const { earlyStopping } = this.run.options;
    if (earlyStopping === undefined) return false;
    const { best, stop } = earlyStopping.update(report);
    if (best && earlyStopping.restoreBest) {
      const { parameters, statistics } = this.#network;
      this.best = { parameters: parameters.slice(), statistics: statistics.slice() };
    }
    return stop;
  }

  #restoreBest(): void {
    if (this.best === undefined) return;
    this.#network.parameters.set(this.best.parameters);
    this.#network.statistics.set(this.best.statistics);
  }

  *#evaluate(samples: LabelledSamples): Generator<Demand, Outcome, unknown> {
    const outcome = (yield {
      kind: 'read',
      operation: (plan, callback) =>
        plan.evaluate(samples.X.data, samples.Y.data, samples.weights ?? null, samples.X.rows, callback),
    }) as Outcome;
    const error = this.#network.outcomeError(outcome, samples);
    if (error !== undefined) throw inValidation(error);
    return outcome;
  }

  *#validate(samples: LabelledSamples): Generator<Demand, Record<string, number>, unknown> {
    const { loss } = this.run.options;
    const outcome = yield* this.#evaluate(samples);
    const { rows } = samples.X;
    return {
      valLoss: outcome.loss / rows,
      ...(lossEntry(loss.name).accuracy && { valAccuracy: outcome.hits / rows }),
      ...(yield* this.#measure(samples, validationName)),
    };
  }

  *#measure(
    samples: LabelledSamples,
    nameOf: (name: string) => string,
  ): Generator<Demand, Record<string, number>, unknown> {
    const { metrics } = this.run.options;
    if (metrics.length === 0) return {};
    const out = Matrix.zeros(samples.X.rows, this.#network.outputDim, samples.X.dtype);
    const outcome = (yield {
      kind: 'read',
      operation: (plan, callback) => plan.predict(samples.X.data, samples.X.rows, out.data, callback),
    }) as Outcome;
    const error = this.#network.outcomeError(outcome, samples);
    if (error !== undefined) throw inValidation(error);
    return Object.fromEntries(
      metrics.map((metric) => [nameOf(metric.name), measure(metric, samples, out)] as const),
    );
  }

  #checkpoint(report: EpochReport): Demand {
    const { store } = this.run.options.checkpoint as NonNullable<TrainingRun['options']['checkpoint']>;
    const encode = (metadata: Readonly<Record<string, string>>) =>
      this.#network.encodeCheckpoint(this, metadata);
    return {
      kind: 'file',
      call: () => store.write(report, encode),
      callSync: () => store.writeSync(report, encode),
    };
  }
}

function inValidation(error: Error): Error {
  const { code } = error as Partial<ReturnType<typeof blasnetError>>;
  return code === undefined
    ? error
    : blasnetError(code, `In the validation set: ${error.message}`, { cause: error });
}

/** Answers demands on this thread. */
export function answerSync(
  demand: Exclude<Demand, { kind: 'report' }>,
  runNative: (operation: Operation) => Outcome,
): unknown {
  switch (demand.kind) {
    case 'write':
    case 'read':
      return runNative(demand.operation);
    case 'file':
      return demand.callSync();
    case 'call': {
      const answer = demand.call();
      if (typeof (answer as { then?: unknown } | null | undefined)?.then === 'function') {
        // Whatever becomes of it has nobody to tell.
        (answer as Promise<unknown>).then(undefined, () => {});
        const rule = 'no promise, which fit waits for and fitSync cannot';
        throw argumentError('ERR_BLASNET_ARG_TYPE', `what ${demand.name} returns`, rule, answer);
      }
      return answer;
    }
  }
}
