// One run of the suite: its options, its scratch folder, the rivals that are installed, and the results.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileLimit, fmaRate, libraryEntry, libraryIds, productRates } from './limits.mjs';
import { ProcessError, runJson } from './processes.mjs';
import { ask, fit, probe, rivalEntry, rivalIds } from './rivals.mjs';

/** @import { Row } from './rows.mjs' */
/** @import { Dtype, LibraryId, Shape } from './limits.mjs' */
/** @import { RivalId } from './rivals.mjs' */
/** @import { Measurement } from './rounds.mjs' */
/** @import { Fit, Sheet } from './tabular-tables.mjs' */

/**
 * A comparison of results before the timing.
 * @typedef {object} Verified
 * @property {string} case
 * @property {string} variant
 * @property {string} with
 * @property {string} what
 * @property {number} difference   the largest, relative
 * @property {number} tolerance
 */

/**
 * A picture of the report; its file has this name after that of the results.
 * @typedef {{ name: string, title: string, svg: string }} Picture
 */

/**
 * What the case tabular trains.
 * @typedef {{ presets: readonly string[] | undefined, sets: readonly string[], folds: number }} TabularOptions
 */

export class Bench {
  /** @type {Row[]} */
  rows = [];
  /** @type {Verified[]} */
  verified = [];
  /** @type {Sheet[]} */
  tables = [];
  /** @type {Picture[]} */
  pictures = [];
  /** @type {Map<RivalId, { versions: Record<string, string> } | { missing: string }>} */
  #rivals = new Map();
  /** @type {Record<string, string>} */
  #libraries = {};
  /** @type {Map<string, string | ProcessError>} */
  #programs = new Map();

  /**
   * @param {{ quick: boolean, rounds: number, seconds: number, gigabytes: number, tabular: TabularOptions }} options
   *   seconds: how long a process measures, after its warm-up; gigabytes: the size of files that are larger than what is
   *   kept of them
   * @param {(line: string) => void} log
   */
  constructor({ quick, rounds, seconds, gigabytes, tabular }, log) {
    this.quick = quick;
    this.rounds = rounds;
    this.seconds = seconds;
    this.gigabytes = gigabytes;
    this.tabular = tabular;
    this.log = log;
    this.folder = mkdtempSync(join(tmpdir(), 'blasnet-bench-'));
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Asks every rival whether it is installed. */
  async probeRivals() {
    for (const id of rivalIds) {
      const answer = await probe(id);
      this.#rivals.set(id, answer);
      if ('missing' in answer) {
        const { title, install } = rivalEntry(id);
        this.log(`${title} is left out: ${answer.missing} (${install})`);
      }
    }
  }

  /** Asks every library of products whether it is installed. */
  async probeLibraries() {
    for (const id of libraryIds) {
      const { title, install, dtypes } = libraryEntry(id);
      try {
        const program = this.#program(id);
        if (program instanceof Error) throw program;
        const { library } = await productRates(program, id, /** @type {Dtype} */ (dtypes[0]), [], 0);
        this.#libraries[`${title}'s products`] = library;
      } catch (error) {
        if (!(error instanceof ProcessError)) throw error;
        this.#programs.set(id, error);
        this.log(`${title}'s products are left out: ${error.message} (${install})`);
      }
    }
  }

  /** The reason why a rival cannot take part; undefined if it can. */
  missing(/** @type {RivalId} */ id) {
    const answer = this.#rivals.get(id);
    return answer !== undefined && 'missing' in answer ? 'is not installed' : undefined;
  }

  /** @returns {Record<string, string>} */
  versions() {
    return Object.assign(
      {},
      ...[...this.#rivals.values()].map((answer) => ('versions' in answer ? answer.versions : {})),
      this.#libraries,
    );
  }

  ask(/** @type {RivalId} */ id, /** @type {Parameters<typeof ask>[1]} */ job) {
    return ask(id, job);
  }

  /**
   * Fits a model with a fold of a table, in a fresh process.
   *
   * @param {string} file   a program of rivals/
   * @param {{ threads: number, [name: string]: unknown }} question
   * @returns {Promise<Fit>}
   */
  fit(file, question) {
    return fit(file, question);
  }

  /**
   * Gives a rival a job that measures milliseconds.
   *
   * @param {RivalId} id
   * @param {Parameters<typeof ask>[1]} job
   * @returns {Promise<Measurement>}
   */
  async time(id, job) {
    const answer = await ask(id, { seconds: this.seconds, ...job });
    return 'unavailable' in answer ? answer : { value: answer.milliseconds };
  }

  /**
   * Runs one of probes/, in a fresh process.
   *
   * @param {string} file
   * @param {Record<string, unknown>} question
   * @returns {Promise<{ value: number }>}
   */
  async probe(file, question) {
    const { value } = await this.figures(file, question);
    return { value: Number(value) };
  }

  /**
   * Runs one of probes/ that measures several figures, in a fresh process.
   *
   * @param {string} file
   * @param {Record<string, unknown>} question
   * @returns {Promise<Record<string, number>>}
   */
  figures(file, question) {
    const path = fileURLToPath(new URL(`../probes/${file}`, import.meta.url));
    return runJson(process.execPath, ['--expose-gc', path, JSON.stringify(question)]);
  }

  /**
   * The most that a core can do, in GFLOP/s.
   *
   * @param {Dtype} dtype
   * @returns {Promise<{ gflops: number, bits: number } | { unavailable: string }>}
   */
  async limit(dtype) {
    const program = this.#program('fma');
    if (program instanceof Error) return { unavailable: `limits/fma.cc: ${program.message}` };
    return fmaRate(program, dtype, this.seconds / 5);
  }

  /** The libraries whose products can be timed in a type. */
  librariesFor(/** @type {Dtype} */ dtype) {
    return libraryIds.filter(
      (id) => libraryEntry(id).dtypes.includes(dtype) && !(this.#program(id) instanceof Error),
    );
  }

  /**
   * The rates of another library's products on one thread, in GFLOP/s.
   *
   * @param {LibraryId} id
   * @param {Dtype} dtype
   * @param {readonly Shape[]} shapes
   * @returns {Promise<{ library: string, rates: Record<Shape, number> } | { unavailable: string }>}
   */
  async products(id, dtype, shapes) {
    const program = this.#program(id);
    if (program instanceof Error) return { unavailable: 'is not installed' };
    return productRates(program, id, dtype, shapes, this.seconds / 10);
  }

  #program(/** @type {'fma' | LibraryId} */ name) {
    let program = this.#programs.get(name);
    if (program === undefined) {
      try {
        program = compileLimit(name, this.folder);
      } catch (error) {
        if (!(error instanceof ProcessError)) throw error;
        program = error;
      }
      this.#programs.set(name, program);
    }
    return program;
  }
}
