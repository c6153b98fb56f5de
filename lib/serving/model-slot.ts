import { blasnetError } from '../base/errors';
import { boolean, type Constraint, checkOptions, integerFrom, optional } from '../base/validate';
import { completeRules, type Served } from '../network/served-model';
import { checkSame, type RowOf, type ServedModel, servedOf } from './models';

export interface ModelSlotOptions {
  /** How many models before the live one are kept, so that `rollback` can go back to them. At least 0. @default 2 */
  readonly keep?: number;
}

export interface SwapOptions<M> {
  /** Whether the next model may take or say something else than the live one. @default false */
  readonly allowChanges?: boolean;
  /** Rows that the next model must answer before it goes live. @default one row of zeros, not checked */
  readonly probe?: readonly RowOf<M>[];
}

/** A model in a slot. */
export interface ModelVersion<M extends ServedModel = ServedModel> {
  readonly version: number;
  /** When it went live. */
  readonly since: Date;
  readonly model: M;
}

/** Gets a model ready before it goes live. */
export type Prepare = (model: object, served: Served) => Promise<void>;

/** The key of what lets a batcher get the next model ready. */
export const watch = Symbol('watch');

const probeRows: Constraint = {
  rule: 'an array with at least one row',
  accepts: Array.isArray,
  holds: (rows: readonly unknown[]) => rows.length > 0,
};

const slotConstraints = { keep: optional(integerFrom(0)) };
const swapConstraints = { allowChanges: optional(boolean), probe: optional(probeRows) };

// Whatever the rules of a service are, the rows of a probe are its own.
const lenient = completeRules('rules', {
  missing: 'accept',
  additional: 'ignore',
  notFinite: 'accept',
  unknownCategory: 'accept',
});

/**
 * Holds the live model of a service, and replaces it under load: calls before a swap are answered by the model that was live
 * then, calls after it by the next one.
 *
 *     const slot = new ModelSlot(await Classifier.load('model.safetensors'));
 *     slot.model.predict(record);
 *     await slot.swap(await Classifier.load('newer.safetensors')); // 2
 *     slot.rollback(); // 3: the first model again
 */
export class ModelSlot<M extends ServedModel = ServedModel> {
  readonly #keep: number;
  // The live one is the last.
  readonly #versions: ModelVersion<M>[] = [];
  readonly #watching = new Set<Prepare>();
  #lastVersion = 0;
  #closed = false;
  // Swaps go live in the order of their calls.
  #lastSwap: Promise<unknown> = Promise.resolve();

  /**
   * @param model none: the slot is empty until the first swap
   * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE; Error
   *   ERR_BLASNET_NOT_FITTED for a network whose preprocessing has not learned
   */
  constructor(model?: M, options: ModelSlotOptions = {}) {
    checkOptions('', options, slotConstraints);
    this.#keep = options.keep ?? 2;
    if (model === undefined) return;
    servedOf('model', model);
    this.#goLive(model);
  }

  /** The live model. @throws Error ERR_BLASNET_NO_MODEL when the slot is empty, ERR_BLASNET_CLOSED */
  get model(): M {
    return this.#live.model;
  }

  /** The number of the live version: 1 is that of the first model. @throws like model */
  get version(): number {
    return this.#live.version;
  }

  /** The live version and those before it that are kept, the newest first. Empty if the slot is. */
  get history(): readonly ModelVersion<M>[] {
    return [...this.#versions].reverse();
  }

  /**
   * Makes another model the live one, and returns the number of its version. Before that, the model answers the probe on other
   * threads, and batchers get ready for it; the live model goes on answering. After an error, it stays live.
   *
   * @throws RangeError ERR_BLASNET_SHAPE for a model that takes or says something else than the live one: other columns, classes
   *   or numbers of outputs; RangeError ERR_BLASNET_NOT_FINITE for answers to the probe that are not finite; the errors of
   *   a probe's rows; Error ERR_BLASNET_CLOSED; like the constructor
   */
  async swap(next: M, options: SwapOptions<M> = {}): Promise<number> {
    checkOptions('', options, swapConstraints);
    this.#checkOpen();
    const served = servedOf('next', next);
    this.#checkFits(served, options);
    const before = this.#lastSwap;
    const swap = this.#swapAfter(before, next, served, options);
    this.#lastSwap = swap.catch(() => {});
    return swap;
  }

  /**
   * Makes the model before the live one live again, at once, and returns the number of its new version. The model that was
   * live is dropped from the history.
   * @throws Error ERR_BLASNET_NO_MODEL when no earlier model is kept, ERR_BLASNET_CLOSED
   */
  rollback(): number {
    this.#checkOpen();
    const earlier = this.#versions.at(-2);
    if (earlier === undefined) {
      throw blasnetError('ERR_BLASNET_NO_MODEL', 'Expected the slot to keep an earlier model for rollback');
    }
    this.#versions.splice(-2);
    return this.#goLive(earlier.model);
  }

  /** Lets go of all models. Later calls throw ERR_BLASNET_CLOSED. What a batcher has taken on is still answered. */
  close(): void {
    this.#closed = true;
    this.#versions.length = 0;
    this.#watching.clear();
  }

  /** @internal */
  [watch](prepare: Prepare): () => void {
    this.#watching.add(prepare);
    return () => this.#watching.delete(prepare);
  }

  async #swapAfter(
    before: Promise<unknown>,
    next: M,
    served: Served,
    options: SwapOptions<M>,
  ): Promise<number> {
    await answerProbe(served, options.probe);
    await Promise.all([...this.#watching].map((prepare) => prepare(next, served)));
    await before;
    this.#checkOpen();
    // Another model may be live by now.
    this.#checkFits(served, options);
    return this.#goLive(next);
  }

  #checkFits(served: Served, { allowChanges = false }: SwapOptions<M>): void {
    const live = this.#versions.at(-1);
    if (live === undefined || allowChanges) return;
    checkSame(servedOf('model', live.model).signature, served.signature);
  }

  #goLive(model: M): number {
    const version = ++this.#lastVersion;
    this.#versions.push(Object.freeze({ version, since: new Date(), model }));
    if (this.#versions.length > this.#keep + 1) this.#versions.shift();
    return version;
  }

  get #live(): ModelVersion<M> {
    this.#checkOpen();
    const live = this.#versions.at(-1);
    if (live === undefined) {
      throw blasnetError('ERR_BLASNET_NO_MODEL', 'Expected the slot to have a model; swap puts one in');
    }
    return live;
  }

  #checkOpen(): void {
    if (this.#closed)
      throw blasnetError('ERR_BLASNET_CLOSED', 'Expected the slot to be open, but it was closed');
  }
}

// Predicts once, so that the first caller does not wait for what the first prediction sets up.
async function answerProbe(served: Served, probe: readonly unknown[] | undefined): Promise<void> {
  const door = served.door(lenient);
  const rows = probe?.length ?? 1;
  const batch = door.batch(rows);
  probe?.forEach((row, i) => {
    door.take(row);
    batch.put(i);
  });
  await batch.run(rows, {});
  if (probe === undefined) return;
  const { outputs, cols } = batch;
  for (let i = 0; i < rows * cols; i++) {
    if (Number.isFinite(outputs[i])) continue;
    const place = `the outputs of probe[${Math.floor(i / cols)}]`;
    throw blasnetError('ERR_BLASNET_NOT_FINITE', `Expected ${place} to be finite numbers, got ${outputs[i]}`);
  }
}
