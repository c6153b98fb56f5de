// Trains the next model while the live one answers. One training runs at a time.

import { EventEmitter } from 'node:events';
import { ServiceError } from './failures.mjs';

/**
 * @typedef {object} LearnOptions
 * @property {number} [epochs]
 * @property {number} [seed]
 * @property {number} [threads]
 * @property {'normal' | 'low'} priority
 * @property {AbortSignal} signal
 * @property {(report: Record<string, number>) => void} onEpoch
 *
 * @typedef {(options: LearnOptions) => Promise<{ model: object } & import('./live-model.mjs').Facts>} Learn
 *
 * @typedef {'live' | 'candidate' | 'aborted' | 'failed'} Outcome
 *
 * @typedef {{ id: number, event: 'start' | 'epoch' | 'end', data: Record<string, unknown> }} TrainingEvent
 */

/** Emits each TrainingEvent as 'event'. */
export class Training extends EventEmitter {
  #learn;
  #live;
  #threads;
  #log;
  #controller;
  #run = 0;
  // A client that comes back to a new process names an event of the old one, so ids grow from process to process.
  #lastId = 1000 * Date.now();
  #closed = false;

  /** The events of the last training, so that who comes later sees its whole curve. @type {TrainingEvent[]} */
  events = [];
  /** Resolves when no training runs. @type {Promise<void>} */
  finished = Promise.resolve();
  /** How many trainings have ended, by their outcome. @type {Record<Outcome, number>} */
  outcomes = { live: 0, candidate: 0, aborted: 0, failed: 0 };
  /** The epochs of all trainings. */
  epochs = 0;

  /**
   * @param {{ learn: Learn, live: import('./live-model.mjs').LiveModel, threads?: number,
   *   log: import('fastify').FastifyBaseLogger }} options
   */
  constructor({ learn, live, threads, log }) {
    super();
    this.setMaxListeners(0); // one for each open page
    this.#learn = learn;
    this.#live = live;
    this.#threads = threads;
    this.#log = log;
  }

  get running() {
    return this.#controller !== undefined;
  }

  get state() {
    return { run: this.#run, running: this.running, last: this.events.at(-1) ?? null };
  }

  /**
   * Starts a training, and returns at once.
   * @param {{ epochs?: number, seed?: number, swap?: boolean }} options   swap: whether the model goes live by itself
   * @returns {number} the number of the training
   */
  start({ epochs, seed, swap = true } = {}) {
    if (this.#closed) throw new ServiceError(503, 'CLOSING', 'The service is about to end');
    if (this.running)
      throw new ServiceError(409, 'TRAINING_RUNS', 'A training runs; wait for it, or abort it');
    this.#controller = new AbortController();
    this.#run++;
    this.events = [];
    this.#tell('start', { run: this.#run, epochs: epochs ?? null, swap });
    this.finished = this.#train({ epochs, seed }, swap, this.#controller.signal);
    return this.#run;
  }

  abort() {
    if (!this.running) throw new ServiceError(409, 'NO_TRAINING', 'No training runs');
    this.#controller.abort();
  }

  /** Lets no training start any more, and resolves when a running one is aborted or finished. @param {'abort' | 'finish'} how */
  async close(how) {
    this.#closed = true;
    if (how === 'abort') this.#controller?.abort();
    await this.finished;
  }

  // At low priority, the system gives a training the processors that no prediction needs. The first one has all: nobody
  // can be answered before it has ended.
  get #budget() {
    return this.#live.ready ? { threads: this.#threads, priority: 'low' } : { priority: 'normal' };
  }

  async #train(options, swap, signal) {
    const start = performance.now();
    const end = (outcome, data) => {
      this.#controller = undefined;
      this.outcomes[outcome]++;
      this.#tell('end', { run: this.#run, outcome, seconds: (performance.now() - start) / 1000, ...data });
    };
    try {
      const onEpoch = (report) => {
        this.epochs++;
        this.#tell('epoch', { run: this.#run, ...report });
      };
      const { model, metrics } = await this.#learn({ ...options, ...this.#budget, signal, onEpoch });
      signal.throwIfAborted();
      if (swap) end('live', { metrics, version: await this.#live.swap(model, { metrics }) });
      else {
        this.#live.propose(model, { metrics });
        end('candidate', { metrics });
      }
    } catch (error) {
      if (signal.aborted) return end('aborted', {});
      this.#log.error(error);
      end('failed', { message: error.message });
    }
  }

  #tell(event, data) {
    const told = { id: ++this.#lastId, event, data };
    this.events.push(told);
    this.emit('event', told);
  }
}
