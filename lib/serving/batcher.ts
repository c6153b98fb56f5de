import { onAbort } from '../base/aborts';
import { type AsyncDisposableObject, makeAsyncDisposable } from '../base/disposable';
import { AbortError, blasnetError } from '../base/errors';
import {
  abortSignal,
  anything,
  between,
  checkOptions,
  integerBetween,
  integerFrom,
  optional,
  positiveInteger,
} from '../base/validate';
import {
  completeRules,
  type Door,
  type InputRules,
  type Served,
  type ServedBatch,
} from '../network/served-model';
import { BatcherCounts, type BatcherFigures } from './figures';
import { ModelSlot, watch } from './model-slot';
import { type AnswerOf, type RowOf, type ServedModel, servedOf } from './models';

export interface BatcherOptions {
  /** The most rows that are predicted together. From 1 to 65,536. @default 256 */
  readonly maxBatch?: number;
  /**
   * How many milliseconds the first row of a batch may wait for others, if no batch runs. At 0, what is waiting goes at the next
   * turn of the event loop. At most 60,000. @default 0
   */
  readonly maxDelay?: number;
  /** How many rows may wait. Further calls are refused with ERR_BLASNET_QUEUE_FULL. At least 1. @default 10_000 */
  readonly maxQueue?: number;
  /**
   * Models of at most so many parameters, tables of embeddings left out, are asked at once, on the calling thread: that takes
   * less time than a queue. 0: none. @default 32_768
   */
  readonly atOnce?: number;
  /** The most threads for a batch. Results do not depend on it. @default the number of setThreads */
  readonly threads?: number;
  /** The rules for rows. @default the defaults of `InputRules` */
  readonly input?: InputRules;
}

export interface BatcherCallOptions {
  /** Takes the row out of the queue. The call rejects with an AbortError; other rows are not affected. @default none */
  readonly signal?: AbortSignal;
}

const constraints = {
  maxBatch: optional(integerBetween(1, 65_536)),
  maxDelay: optional(between(0, 60_000)),
  maxQueue: optional(integerFrom(1)),
  atOnce: optional(integerFrom(0)),
  threads: optional(positiveInteger),
  input: anything,
};

const noOptions: BatcherCallOptions = {};
const callConstraints = { signal: optional(abortSignal) };

/** With fewer, a queue costs more than a product of many rows saves: see the measurements in docs/serving.md. */
const weightsAtOnce = 2 ** 15;

/** The rows that a batch predicts before its model goes live. They reserve its workspace. */
const rowsToWarmUp = 256;

/** How many batches of a model are kept for the next rows: one that runs, and one that fills up. */
const keptBatches = 2;

/** A model as this batcher serves it. */
interface Line {
  readonly served: Served;
  readonly door: Door;
  /** For answers at once. */
  readonly single: ServedBatch;
  readonly atOnce: boolean;
  readonly idle: Batch[];
}

/** Rows of one model that are predicted together. */
interface Batch {
  readonly line: Line;
  readonly rows: ServedBatch;
  /** The calls by their places. */
  readonly calls: Call[];
  /** When the first row came. */
  since: number;
}

interface Call {
  batch: Batch;
  place: number;
  readonly probabilities: boolean;
  readonly start: number;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
  unlisten: () => void;
  aborted: boolean;
}

// biome-ignore lint/correctness/noUnusedVariables: both declarations have equal parameters
export interface Batcher<M extends ServedModel = ServedModel> extends AsyncDisposableObject {}

/**
 * Predicts the rows of concurrent callers together: one product of matrices for many rows, off the event loop. While a batch
 * runs, further rows gather, and go together when it ends, in the order in which they came. Each caller has its own answer
 * or its own error. A model that answers sooner than a queue would is asked at once.
 *
 *     const batcher = new Batcher(slot);
 *     const answer = await batcher.predict(record, { signal });
 *
 * Close it when you no longer need it: its slot knows it until then.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the static block makes it true
export class Batcher<M extends ServedModel = ServedModel> {
  static {
    makeAsyncDisposable<Batcher>(Batcher.prototype, (batcher) => batcher.close());
  }

  readonly #slot: ModelSlot<M>;
  readonly #maxBatch: number;
  readonly #maxDelay: number;
  readonly #maxQueue: number;
  readonly #atOnce: number;
  readonly #threads: number | undefined;
  readonly #rules: Required<InputRules>;
  readonly #lines = new WeakMap<object, Line>();
  readonly #counts: BatcherCounts;
  readonly #unwatch: () => void;
  // In the order of arrival. The last one may take more rows.
  readonly #waiting: Batch[] = [];
  #queued = 0;
  #running: Batch | undefined;
  #start: NodeJS.Immediate | NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  #closed: (() => void) | undefined;

  /**
   * @param source a slot, or a model that stays
   * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE,
   *   ERR_BLASNET_UNKNOWN_NAME; Error ERR_BLASNET_NOT_FITTED for a network whose preprocessing has not learned
   */
  constructor(source: ModelSlot<M> | M, options: BatcherOptions = {}) {
    checkOptions('', options, constraints);
    const {
      maxBatch = 256,
      maxDelay = 0,
      maxQueue = 10_000,
      atOnce = weightsAtOnce,
      threads,
      input,
    } = options;
    this.#slot = source instanceof ModelSlot ? source : slotOf(source);
    this.#maxBatch = maxBatch;
    this.#maxDelay = maxDelay;
    this.#maxQueue = maxQueue;
    this.#atOnce = atOnce;
    this.#threads = threads;
    this.#rules = completeRules('input', input);
    this.#counts = new BatcherCounts(maxBatch);
    this.#unwatch = this.#slot[watch](async (model, served) => {
      const line = this.#lineOf(model, served);
      if (line.atOnce || line.idle.length > 0) return;
      const batch = this.#newBatch(line);
      await batch.rows.run(Math.min(maxBatch, rowsToWarmUp), this.#how);
      this.#giveBack(batch);
    });
  }

  /**
   * Predicts one row with the model that is live now. A network gives its outputs, as an array of the caller's own; a Classifier
   * the name of the class, a Regressor the number; with several targets, an object of them. The bits are those that the
   * model's own `predict` gives the row among others.
   *
   * @param row a record for a model of tables; for a network an array of numbers, or { numbers, categories }
   * @throws TypeError or RangeError that names the field, the rule and the value, for a row that does not fit: see `FieldError`;
   *   Error ERR_BLASNET_QUEUE_FULL, ERR_BLASNET_CLOSED, ERR_BLASNET_NO_MODEL; AbortError
   */
  async predict(row: RowOf<M>, options: BatcherCallOptions = noOptions): Promise<AnswerOf<M>> {
    return this.#call(row, options, false) as Promise<AnswerOf<M>>;
  }

  /**
   * Predicts the probabilities of one record: an object with the names of the classes; with several targets, those of each
   * target's second class. @throws TypeError ERR_BLASNET_ARG_TYPE for a model without classes; like predict()
   */
  async probabilities(
    row: RowOf<M>,
    options: BatcherCallOptions = noOptions,
  ): Promise<Record<string, number>> {
    return this.#call(row, options, true) as Promise<Record<string, number>>;
  }

  /** What has happened until now. The histograms are cumulative, and times are in seconds. */
  figures(): BatcherFigures {
    const running = this.#running?.calls.reduce((sum, { aborted }) => sum + (aborted ? 0 : 1), 0) ?? 0;
    return this.#counts.figures(this.#queued, running);
  }

  /** Refuses further calls, and resolves when those that wait are answered. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#closed = resolve;
      this.#unwatch();
    });
    this.#wake();
    return this.#closing;
  }

  #call(row: unknown, options: BatcherCallOptions, probabilities: boolean): unknown {
    if (options !== noOptions) checkOptions('', options, callConstraints);
    const { signal } = options;
    const start = performance.now();
    this.#counts.requests++;
    if (signal?.aborted) {
      this.#counts.aborted++;
      throw new AbortError(signal.reason);
    }
    const line = this.#lineFor();
    try {
      if (probabilities && !line.served.classifies) throw noProbabilities(line.served);
      line.door.take(row);
      if (line.atOnce && this.#queued === 0) {
        const answer = answerAtOnce(line.single, probabilities);
        if (answer !== undefined) {
          this.#counts.batch(1);
          this.#counts.answer(start);
          return answer.value;
        }
      }
    } catch (error) {
      this.#counts.failed++;
      throw error;
    }
    return new Promise((resolve, reject) => {
      const batch = this.#batchFor(line);
      const place = batch.calls.length;
      batch.rows.put(place);
      const call: Call = {
        ...{ batch, place, probabilities, start, resolve, reject },
        ...{ unlisten: () => {}, aborted: false },
      };
      if (signal !== undefined) call.unlisten = onAbort(signal, () => this.#abort(call, signal));
      batch.calls.push(call);
      this.#queued++;
      this.#wake();
    });
  }

  // The line of the live model, if the call may join it.
  #lineFor(): Line {
    try {
      if (this.#closing !== undefined) {
        throw blasnetError('ERR_BLASNET_CLOSED', 'Expected the batcher to be open, but it was closed');
      }
      const { model } = this.#slot;
      if (this.#queued >= this.#maxQueue) {
        const message = `Expected at most ${this.#maxQueue} rows to wait (maxQueue), and as many do; try again later`;
        throw blasnetError('ERR_BLASNET_QUEUE_FULL', message);
      }
      return this.#lines.get(model) ?? this.#lineOf(model, servedOf('model', model));
    } catch (error) {
      this.#counts.rejected++;
      throw error;
    }
  }

  #lineOf(model: object, served: Served): Line {
    const before = this.#lines.get(model);
    if (before !== undefined) return before;
    const door = served.door(this.#rules);
    const line = {
      ...{ served, door, idle: [] },
      single: door.batch(1),
      atOnce: served.weights <= this.#atOnce,
    };
    this.#lines.set(model, line);
    return line;
  }

  // The last batch that waits, if it has room and is of this line.
  #batchFor(line: Line): Batch {
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.line === line && last.calls.length < this.#maxBatch) return last;
    const batch = line.idle.pop() ?? this.#newBatch(line);
    batch.since = performance.now();
    this.#waiting.push(batch);
    return batch;
  }

  #newBatch(line: Line): Batch {
    return { line, rows: line.door.batch(this.#maxBatch), calls: [], since: 0 };
  }

  #giveBack(batch: Batch): void {
    batch.calls.length = 0;
    if (batch.line.idle.length < keptBatches) batch.line.idle.push(batch);
  }

  get #how() {
    return { threads: this.#threads };
  }

  // Sees to it that the first batch starts in time, unless one runs.
  #wake(): void {
    const [first] = this.#waiting;
    if (this.#running !== undefined) return;
    if (first === undefined) {
      this.#closed?.();
      return;
    }
    // Another batch behind it takes the rows that come.
    const complete =
      first.calls.length >= this.#maxBatch || this.#waiting.length > 1 || this.#closing !== undefined;
    if (this.#start !== undefined) {
      if (!complete || this.#maxDelay === 0) return;
      this.#cancelStart();
    }
    const rest = complete ? 0 : this.#maxDelay - (performance.now() - first.since);
    this.#start = rest > 0 ? setTimeout(this.#go, rest) : setImmediate(this.#go);
  }

  #cancelStart(): void {
    clearTimeout(this.#start as NodeJS.Timeout);
    clearImmediate(this.#start as NodeJS.Immediate);
    this.#start = undefined;
  }

  readonly #go = (): void => {
    this.#start = undefined;
    const batch = this.#waiting.shift();
    if (batch === undefined) {
      this.#wake();
      return;
    }
    this.#running = batch;
    const rows = batch.calls.length;
    this.#queued -= rows;
    this.#counts.batch(rows);
    batch.rows.run(rows, this.#how).then(
      () => this.#end(batch, undefined),
      (error) => this.#end(batch, { error }),
    );
  };

  #end(batch: Batch, failure: { readonly error: unknown } | undefined): void {
    for (const call of batch.calls) {
      if (call.aborted) continue;
      call.unlisten();
      if (failure !== undefined) {
        this.#counts.failed++;
        call.reject(failure.error);
        continue;
      }
      this.#counts.answer(call.start);
      call.resolve(answerAt(batch.rows, call.place, call.probabilities));
    }
    this.#running = undefined;
    this.#giveBack(batch);
    // The next one has waited for this one.
    if (this.#waiting.length > 0) this.#go();
    else this.#wake();
  }

  #abort(call: Call, signal: AbortSignal): void {
    const { batch, place } = call;
    call.aborted = true;
    this.#counts.aborted++;
    call.reject(new AbortError(signal.reason));
    if (batch === this.#running) return;
    this.#queued--;
    const last = batch.calls.pop() as Call;
    if (last !== call) {
      batch.rows.move(last.place, place);
      batch.calls[place] = last;
      last.place = place;
    }
    if (batch.calls.length > 0) return;
    this.#waiting.splice(this.#waiting.indexOf(batch), 1);
    this.#giveBack(batch);
    if (this.#waiting.length === 0 && this.#start !== undefined) this.#cancelStart();
    this.#wake();
  }
}

// A slot that nobody else knows. It would stay empty without a model.
function slotOf<M extends ServedModel>(model: M): ModelSlot<M> {
  servedOf('source', model);
  return new ModelSlot<M>(model);
}

// The answer at once, unless the network takes a step just now.
function answerAtOnce(rows: ServedBatch, probabilities: boolean): { readonly value: unknown } | undefined {
  rows.put(0);
  try {
    rows.runHere(1);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'ERR_BLASNET_BUSY') return undefined;
    throw error;
  }
  return { value: answerAt(rows, 0, probabilities) };
}

function answerAt(rows: ServedBatch, place: number, probabilities: boolean): unknown {
  return probabilities ? rows.probabilities(place) : rows.answer(place);
}

function noProbabilities({ signature: { kind } }: Served) {
  const message = `Expected the model to be a Classifier for probabilities, got a ${kind}`;
  return blasnetError('ERR_BLASNET_ARG_TYPE', message);
}
