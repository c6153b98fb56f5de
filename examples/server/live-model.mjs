// The model that answers, with what is known about it.

import { setImmediate } from 'node:timers/promises';
import { Batcher, checkRecord, ModelSlot } from 'blasnet/serving';
import { ServiceError } from './failures.mjs';

/**
 * What is known about a model beside itself.
 * @typedef {object} Facts
 * @property {Record<string, number>} [metrics]   measured with rows that no training has seen
 */

/** The records of a batch that are checked before other requests have their turn. */
const slice = 200;

export class LiveModel {
  /** @type {ModelSlot<import('blasnet/tables').Classifier>} */
  #slot = new ModelSlot();
  #batcher;
  #file;
  #maxRows;
  #rows = 0;
  /** @type {WeakMap<object, Facts>} */
  #facts = new WeakMap();
  #candidate;
  #saved = Promise.resolve();

  /** @param {{ name: string, file?: string, maxQueue?: number, maxRows?: number }} options */
  constructor({ name, file, maxQueue = 10_000, maxRows = 50_000 }) {
    this.name = name;
    this.#file = file;
    this.#maxRows = maxRows;
    this.#batcher = new Batcher(this.#slot, { maxQueue });
  }

  /** Whether there is a model that answers. */
  get ready() {
    return this.#slot.history.length > 0;
  }

  /** @throws ERR_BLASNET_NO_MODEL, which becomes a 503 */
  get model() {
    return this.#slot.model;
  }

  get version() {
    return this.#slot.version;
  }

  /** The counters of the batcher, for the metrics. */
  get figures() {
    return this.#batcher.figures();
  }

  get info() {
    const { model, version, history } = this.#slot;
    return {
      ...{ name: this.name, version, metrics: this.#metricsOf(model) },
      ...{ target: model.schema.target[0], classes: model.targets[0].classes },
      ...{ parameters: model.network.parameterCount, schema: model.schema },
      history: history.map(({ version, since, model }) => ({
        version,
        since,
        metrics: this.#metricsOf(model),
      })),
      candidate: this.#candidate === undefined ? null : { metrics: this.#metricsOf(this.#candidate) },
    };
  }

  /**
   * Answers one record. It may share a batch with those of other requests.
   * @returns {Promise<{ prediction: unknown, version: number }>}
   */
  async predict(record) {
    // The batcher asks the model that is live when it is called, so this is the version of the answer.
    const { version } = this.#slot;
    return { prediction: await this.#batcher.predict(record), version };
  }

  /** @returns {Promise<{ probabilities: Record<string, number>, version: number }>} */
  async probabilities(record) {
    const { version } = this.#slot;
    return { probabilities: await this.#batcher.probabilities(record), version };
  }

  /** Answers many records, all by the same version. The model works on other threads. */
  async predictMany(records, signal) {
    return this.#many(records, async ({ model, version }) => {
      return { predictions: await model.predict(records, { signal }), version };
    });
  }

  async probabilitiesMany(records, signal) {
    return this.#many(records, async ({ model, version }) => {
      const table = await model.probabilities(records, { signal });
      const columns = table.names.map((name) => [name, table.column(name).values]);
      const probabilities = records.map((_, i) =>
        Object.fromEntries(columns.map(([name, values]) => [name, values[i]])),
      );
      return { probabilities, version };
    });
  }

  /** Makes a model the live one, and writes its file. @param {Facts} [facts] */
  async swap(model, facts = {}) {
    this.#facts.set(model, facts);
    const version = await this.#slot.swap(model);
    await this.#save();
    return version;
  }

  /** Keeps a model that somebody looks at before `swapCandidate` makes it the live one. @param {Facts} [facts] */
  propose(model, facts = {}) {
    this.#facts.set(model, facts);
    this.#candidate = model;
  }

  async swapCandidate() {
    const candidate = this.#candidate;
    if (candidate === undefined)
      throw new ServiceError(409, 'NO_CANDIDATE', 'There is no trained model that waits');
    const version = await this.swap(candidate, this.#facts.get(candidate));
    if (this.#candidate === candidate) this.#candidate = undefined;
    return version;
  }

  /** Makes the model before the live one live again. */
  async rollback() {
    if (this.#slot.history.length < 2) {
      throw new ServiceError(409, 'NO_EARLIER_MODEL', 'There is no earlier model to go back to');
    }
    const version = this.#slot.rollback();
    await this.#save();
    return version;
  }

  /** Answers what waits, then lets go of the models. */
  async close() {
    await this.#batcher.close();
    // Whoever has asked for it knows if it has failed.
    await this.#saved.catch(() => {});
    this.#slot.close();
  }

  async #many(records, answer) {
    if (!Array.isArray(records) || records.length === 0) {
      throw new ServiceError(400, 'NO_RECORDS', 'Expected an array of at least one record');
    }
    if (this.#rows + records.length > this.#maxRows) {
      const message = `Expected at most ${this.#maxRows} records of batches to be at work; try again later`;
      // More than there is room for will not fit later either.
      throw new ServiceError(records.length > this.#maxRows ? 413 : 503, 'TOO_MANY_RECORDS', message);
    }
    const { model, version } = this.#slot;
    this.#rows += records.length;
    try {
      await checkMany(model, records);
      return await answer({ model, version });
    } finally {
      this.#rows -= records.length;
    }
  }

  #metricsOf(model) {
    return this.#facts.get(model)?.metrics ?? null;
  }

  // The file is that of the live model, whichever came last. A reader finds a whole one at any time.
  async #save() {
    if (this.#file === undefined) return;
    this.#saved = this.#saved.catch(() => {}).then(() => this.#slot.model.save(this.#file));
    try {
      await this.#saved;
    } catch (cause) {
      const message = `Version ${this.version} is live, but its file is not written: ${cause.message}`;
      throw new Error(message, { cause });
    }
  }
}

async function checkMany(model, records) {
  for (const [row, record] of records.entries()) {
    if (row % slice === slice - 1) await setImmediate();
    try {
      checkRecord(model, record);
    } catch (error) {
      throw Object.assign(error, { row });
    }
  }
}
