import { join } from 'node:path';
import { argumentError, type BlasnetError, blasnetError } from '../base/errors';
import {
  anything,
  type Constraint,
  check,
  checkObject,
  checkOptions,
  filePath,
  oneOf,
  optional,
  positiveInteger,
} from '../base/validate';
import { leftoverCalls, readCalls, systemError, writeCalls } from './atomic';
import { type Calls, call, runCalls, runCallsSync } from './file-calls';
import { fileError, quote } from './file-error';
import { parseJson } from './json';
import { type Metadata, parseSafetensors, type Safetensors } from './safetensors';

/** An epoch's numbers, as a training reports them. */
export interface CheckpointReport {
  /** From 1. */
  readonly epoch: number;
  readonly [series: string]: number | undefined;
}

export interface CheckpointOptions {
  /** Where the checkpoints lie, one training's: checkpoint-000001.safetensors, ..., by epoch. Made if it is not there. */
  readonly directory: string;
  /** How many of the newest to keep. At least 1. @default 3 */
  readonly keepLast?: number;
  /** Keeps the best one, too: that with the least or the greatest number of a series, the first of equals. @default none */
  readonly best?: { readonly monitor: string; readonly mode: 'min' | 'max' };
}

export interface Checkpoint {
  readonly path: string;
  readonly report: CheckpointReport;
}

export interface FoundCheckpoint extends Checkpoint {
  readonly content: Safetensors;
  /** What is wrong with newer ones, which were left out. */
  readonly skipped: readonly BlasnetError[];
}

export interface FindOptions {
  /** Whether to go on with an older checkpoint when the newest is damaged. @default false */
  readonly skipDamaged?: boolean;
}

/** Makes a checkpoint's bytes, a safetensors file whose metadata has these lines. */
export type EncodeCheckpoint = (metadata: Metadata) => Iterable<Uint8Array>;

// The epoch's report, as JSON, in every checkpoint.
const reportKey = 'blasnet.checkpoint';

const text: Constraint = {
  rule: 'a non-empty string',
  accepts: (value) => typeof value === 'string',
  holds: (value: string) => value !== '',
};
/** Of the options; what is 'anything' here is checked by the constructor. */
export const checkpointConstraints = {
  directory: anything,
  keepLast: optional(positiveInteger),
  best: anything,
};
const bestConstraints = { monitor: text, mode: oneOf(['min', 'max']) };
const findConstraints = {
  skipDamaged: optional({ rule: 'true or false', accepts: (value) => typeof value === 'boolean' }),
};

/**
 * The checkpoints of one training in a folder: checkpoint-000001.safetensors, ..., by epoch. It keeps the last
 * ones and the best, and removes the others after each that it writes. All that it knows is in the files, so
 * that a process may be killed at any moment and another go on; two at a time are one too many.
 */
export class CheckpointStore {
  readonly directory: string;
  readonly keepLast: number;
  readonly best: { readonly monitor: string; readonly mode: 'min' | 'max' } | undefined;
  // By epoch: what a file reports, or what is wrong with it.
  #known: Map<number, CheckpointReport | BlasnetError> | undefined;

  /**
   * @param name what stands before the options' names in errors
   * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION
   * @throws RangeError ERR_BLASNET_ARG_VALUE, ERR_BLASNET_UNKNOWN_NAME
   */
  constructor(options: CheckpointOptions, name = '') {
    checkOptions(name, options, checkpointConstraints);
    const at = (option: string) => (name === '' ? option : `${name}.${option}`);
    check(at('directory'), options.directory, filePath);
    if (options.best !== undefined) checkOptions(at('best'), options.best, bestConstraints);
    this.directory = options.directory;
    this.keepLast = options.keepLast ?? 3;
    this.best = options.best === undefined ? undefined : { ...options.best };
  }

  /**
   * To be called before a training goes on after an epoch (0 when it starts): throws while the folder has
   * whole checkpoints of later epochs, which are another training's, and would be taken for the newest.
   *
   * @throws RangeError ERR_BLASNET_ARG_VALUE; Error ERR_BLASNET_FILE
   */
  begin(epoch: number): Promise<void> {
    return runCalls(this.#begin(epoch));
  }

  /** The same, when it returns. @throws as begin() */
  beginSync(epoch: number): void {
    runCallsSync(this.#begin(epoch));
  }

  /**
   * Writes the checkpoint of an epoch, and then removes those that are not to be kept. One of the same epoch
   * is replaced.
   *
   * @param encode called once, before this returns; nothing may write to what it gives until the promise settles
   * @throws RangeError ERR_BLASNET_ARG_VALUE when the report lacks the series that `best` monitors, or as begin()
   * @throws Error ERR_BLASNET_FILE
   */
  async write(report: CheckpointReport, encode: EncodeCheckpoint): Promise<Checkpoint> {
    return runCalls(this.#write(report, this.#encoded(report, encode)));
  }

  /** The same, when it returns. @throws as write() */
  writeSync(report: CheckpointReport, encode: EncodeCheckpoint): Checkpoint {
    return runCallsSync(this.#write(report, this.#encoded(report, encode)));
  }

  /**
   * The newest checkpoint, read and checked; undefined when there is none.
   *
   * @throws Error ERR_BLASNET_FILE when it is damaged; with skipDamaged, when all are
   */
  async latest(options: FindOptions = {}): Promise<FoundCheckpoint | undefined> {
    checkOptions('', options, findConstraints);
    return runCalls(this.#latest(options));
  }

  /** The same, when it returns. @throws as latest() */
  latestSync(options: FindOptions = {}): FoundCheckpoint | undefined {
    checkOptions('', options, findConstraints);
    return runCallsSync(this.#latest(options));
  }

  /** The whole checkpoint with the best number of the series that `best` monitors; undefined when there is none. */
  async findBest(): Promise<FoundCheckpoint | undefined> {
    return runCalls(this.#findBest());
  }

  /** The same, when it returns. */
  findBestSync(): FoundCheckpoint | undefined {
    return runCallsSync(this.#findBest());
  }

  #encoded(report: CheckpointReport, encode: EncodeCheckpoint): Iterable<Uint8Array> {
    checkReport(report, this.best?.monitor);
    return encode({ [reportKey]: JSON.stringify(report) });
  }

  *#begin(epoch: number): Calls<void> {
    const known = yield* this.#read();
    const newest = Math.max(0, ...wholeOf(known).map(([other]) => other));
    if (epoch < newest) {
      const message =
        `Expected the checkpoints' directory ${quote(this.directory)} to hold none of an epoch after ${epoch}, ` +
        `got one of epoch ${newest}; another training needs another directory`;
      throw blasnetError('ERR_BLASNET_ARG_VALUE', message);
    }
  }

  *#write(report: CheckpointReport, chunks: Iterable<Uint8Array>): Calls<Checkpoint> {
    const known = yield* this.#read();
    yield* this.#begin(report.epoch);
    const path = this.#pathOf(report.epoch);
    yield* mkdirCalls(this.directory);
    yield* writeCalls(path, chunks);
    known.set(report.epoch, report);
    yield* this.#prune(known);
    return { path, report };
  }

  // Only now that the new one is there; what a killed process did not come to is removed the next time.
  *#prune(known: Map<number, CheckpointReport | BlasnetError>): Calls<void> {
    const newest = wholeOf(known).sort(([a], [b]) => b - a);
    const [oldestKept] = newest.slice(0, this.keepLast).at(-1) ?? [0];
    const best = this.#bestOf(known);
    for (const epoch of [...known.keys()]) {
      // A damaged one is not counted, and goes when it is older than what is.
      if (epoch >= oldestKept || epoch === best) continue;
      const path = this.#pathOf(epoch);
      try {
        yield* call('rm', path, { force: true });
      } catch (error) {
        throw systemError('remove', path, error);
      }
      known.delete(epoch);
    }
    yield* leftoverCalls(this.directory);
  }

  /** The epoch of the best one, the first of equals. */
  #bestOf(known: Map<number, CheckpointReport | BlasnetError>): number | undefined {
    if (this.best === undefined) return undefined;
    const { monitor, mode } = this.best;
    let best: number | undefined;
    let bestValue = Number.POSITIVE_INFINITY;
    for (const [epoch, report] of wholeOf(known).sort(([a], [b]) => a - b)) {
      const number = report[monitor] ?? Number.NaN;
      const value = mode === 'min' ? number : -number;
      if (Number.isFinite(value) && value < bestValue) [best, bestValue] = [epoch, value];
    }
    return best;
  }

  *#latest({ skipDamaged = false }: FindOptions): Calls<FoundCheckpoint | undefined> {
    const skipped: BlasnetError[] = [];
    for (const epoch of (yield* this.#epochs()).sort((a, b) => b - a)) {
      try {
        return { ...(yield* this.#readOne(epoch)), skipped };
      } catch (error) {
        if (!isFileError(error)) throw error;
        if (!skipDamaged) {
          const message = `${error.message} (skipDamaged: true goes on with an older checkpoint)`;
          throw blasnetError('ERR_BLASNET_FILE', message, { cause: error });
        }
        skipped.push(error);
      }
    }
    if (skipped[0] !== undefined) throw skipped[0];
    return undefined;
  }

  *#findBest(): Calls<FoundCheckpoint | undefined> {
    const epoch = this.#bestOf(yield* this.#read());
    return epoch === undefined ? undefined : { ...(yield* this.#readOne(epoch)), skipped: [] };
  }

  *#read(): Calls<Map<number, CheckpointReport | BlasnetError>> {
    if (this.#known !== undefined) return this.#known;
    const known = new Map<number, CheckpointReport | BlasnetError>();
    for (const epoch of yield* this.#epochs()) {
      try {
        known.set(epoch, (yield* this.#readOne(epoch)).report);
      } catch (error) {
        if (!isFileError(error)) throw error;
        known.set(epoch, error);
      }
    }
    this.#known = known;
    return known;
  }

  *#readOne(epoch: number): Calls<Omit<FoundCheckpoint, 'skipped'>> {
    const path = this.#pathOf(epoch);
    const content = parseSafetensors(yield* readCalls(path), path);
    const report = parseReport(content.metadata, path);
    if (report.epoch !== epoch) {
      throw fileError(path, 'the epoch', `${epoch}, as its name says`, report.epoch);
    }
    return { path, report, content };
  }

  *#epochs(): Calls<number[]> {
    let names: string[];
    try {
      names = yield* call('readdir', this.directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw systemError('list', this.directory, error);
    }
    return names
      .map((name) => Number(/^checkpoint-(\d+)\.safetensors$/.exec(name)?.[1]))
      .filter((epoch) => Number.isSafeInteger(epoch) && names.includes(nameOf(epoch)));
  }

  #pathOf(epoch: number): string {
    return join(this.directory, nameOf(epoch));
  }
}

function* mkdirCalls(directory: string): Calls<void> {
  try {
    yield* call('mkdir', directory, { recursive: true });
  } catch (error) {
    throw systemError('write', directory, error);
  }
}

function checkReport(report: CheckpointReport, monitor: string | undefined): void {
  checkObject('report', report);
  check('report.epoch', report.epoch, positiveInteger);
  if (monitor === undefined || typeof report[monitor] === 'number') return;
  const rule = "a number, since it is best.monitor's";
  throw argumentError('ERR_BLASNET_ARG_VALUE', `report.${monitor}`, rule, report[monitor]);
}

// A number that is not finite is null in JSON; then the checkpoint is never the best.
function parseReport(metadata: Metadata, path: string): CheckpointReport {
  const place = `"${reportKey}" of the metadata`;
  const json = metadata[reportKey];
  if (json === undefined) throw fileError(path, place, 'there, as in every checkpoint', 'none');
  const report = parseJson(json, place, path);
  const { epoch } = (report ?? {}) as { epoch?: unknown };
  if (!(Number.isSafeInteger(epoch) && (epoch as number) >= 1)) {
    throw fileError(path, place, "an epoch's report", quote(json));
  }
  return Object.fromEntries(
    Object.entries(report as object).filter(([, value]) => typeof value === 'number'),
  ) as unknown as CheckpointReport;
}

function wholeOf(known: Map<number, CheckpointReport | BlasnetError>): [number, CheckpointReport][] {
  return [...known].filter((entry): entry is [number, CheckpointReport] => !(entry[1] instanceof Error));
}

function isFileError(error: unknown): error is BlasnetError {
  return (error as Partial<BlasnetError>).code === 'ERR_BLASNET_FILE';
}

function nameOf(epoch: number): string {
  return `checkpoint-${String(epoch).padStart(6, '0')}.safetensors`;
}
