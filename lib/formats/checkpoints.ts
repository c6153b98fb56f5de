import { join } from 'node:path';
import type { Work, WorkOptions } from '../addon/work';
import { argumentError, type BlasnetError, blasnetError } from '../base/errors';
import { type FilePath, pathOf } from '../base/file-path';
import type { AnyName } from '../base/names';
import {
  anything,
  boolean,
  type Constraint,
  check,
  checkObject,
  checkOptions,
  oneOf,
  optional,
  positiveInteger,
} from '../base/validate';
import { leftoverCalls, systemError } from './atomic';
import { type Calls, call, runCalls, runCallsSync, working } from './file-calls';
import { fileError, quote } from './file-error';
import { parseJson } from './json-reader';
import { type Metadata, type Safetensors, writeSafetensors } from './safetensors';
import { type ParseOptions, readSafetensors } from './safetensors-reader';

/** The numbers that a training reports for an epoch. */
export interface CheckpointReport {
  /** From 1. */
  readonly epoch: number;
  readonly [series: string]: number | undefined;
}

export interface CheckpointOptions {
  /**
   * The folder for the checkpoints of one training: checkpoint-000001.safetensors, ..., by epoch;
   * checkpoint-000001-part.safetensors is one within the next epoch, from a source. It is created if it does not exist.
   */
  readonly directory: FilePath;
  /** How many of the newest checkpoints to keep. At least 1. @default 3 */
  readonly keepLast?: number;
  /**
   * Whether checkpoints of later epochs, from an earlier training, are removed just before the first one is written.
   * @default false: they are refused
   */
  readonly overwrite?: boolean;
  /**
   * Also keeps the best checkpoint: the one with the smallest ('min') or largest ('max') number of the series
   * `monitor`, the first of equals. @default only the newest are kept
   */
  readonly best?: { readonly monitor: string; readonly mode: 'min' | 'max' | AnyName };
}

export interface Checkpoint {
  readonly path: string;
  readonly report: CheckpointReport;
}

export interface FoundCheckpoint extends Checkpoint {
  readonly content: Safetensors;
  /** The errors of newer checkpoints, which were skipped. */
  readonly skipped: readonly BlasnetError[];
}

/** A series of the reports, and whether small or large numbers of it are better. */
export interface Monitored {
  readonly monitor: string;
  readonly mode: string;
}

export interface FindOptions {
  /** Whether to use an older checkpoint if the newest is damaged. @default false */
  readonly skipDamaged?: boolean;
}

/** Makes the content of a checkpoint: a safetensors file whose metadata includes these entries. */
export type EncodeCheckpoint = (metadata: Metadata) => Work<Safetensors>;

// The key of the epoch's report, which every checkpoint has as JSON, and that of the option `best`, if it is given.
const [reportKey, bestKey] = ['blasnet.checkpoint', 'blasnet.best'];

// A checkpoint within an epoch has a place between those of two epochs.
const withinEpoch = 0.5;
const partEnding = '-part.safetensors';

const text: Constraint = {
  rule: 'a non-empty string',
  accepts: (value) => typeof value === 'string',
  holds: (value: string) => value !== '',
};
/** The rules of the options. The constructor checks those that are 'anything' here. */
export const checkpointConstraints = {
  directory: anything,
  keepLast: optional(positiveInteger),
  overwrite: optional(boolean),
  best: anything,
};
const bestConstraints = { monitor: text, mode: oneOf(['min', 'max']) };
const findConstraints = {
  skipDamaged: optional({ rule: 'true or false', accepts: (value) => typeof value === 'boolean' }),
};

/**
 * The checkpoints of one training in a folder: checkpoint-000001.safetensors, ..., by epoch. After each write, it keeps
 * the newest ones and the best, and removes the others. Its whole state is in the files, so a process may be killed at
 * any moment and another may continue. Two processes must not use a folder at a time.
 */
export class CheckpointStore {
  readonly directory: string;
  readonly keepLast: number;
  readonly best: Monitored | undefined;
  readonly #overwrite: boolean;
  // The epochs of checkpoints to remove, from the newest to the oldest.
  #outdated: readonly number[] = [];
  // By epoch: the report in a file, or the error from reading the file.
  #known: Map<number, CheckpointReport | BlasnetError> | undefined;

  /**
   * @param name the prefix of the options' names in errors
   * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION
   * @throws RangeError ERR_BLASNET_ARG_VALUE, ERR_BLASNET_UNKNOWN_NAME
   */
  constructor(options: CheckpointOptions, name = '') {
    checkOptions(name, options, checkpointConstraints);
    const at = (option: string) => (name === '' ? option : `${name}.${option}`);
    const directory = pathOf(at('directory'), options.directory);
    if (options.best !== undefined) checkOptions(at('best'), options.best, bestConstraints);
    this.directory = directory;
    this.keepLast = options.keepLast ?? 3;
    this.#overwrite = options.overwrite ?? false;
    this.best = options.best === undefined ? undefined : { ...options.best };
  }

  /**
   * Call this before a training continues after `epoch` (0 for a new training). It throws if the folder has undamaged
   * checkpoints of later epochs: these belong to another training, and would count as the newest. With `overwrite`, the next
   * write removes them instead.
   *
   * @param within whether it continues within the epoch after that one
   * @throws RangeError ERR_BLASNET_ARG_VALUE; Error ERR_BLASNET_FILE
   */
  begin(epoch: number, options: WorkOptions = {}, within = false): Promise<void> {
    return runCalls(this.#begin(epoch + (within ? withinEpoch : 0)), options);
  }

  /** Like `begin`, but blocks the calling thread. */
  beginSync(epoch: number): void {
    runCallsSync(this.#begin(epoch));
  }

  /**
   * Writes the checkpoint of an epoch, and then removes the checkpoints that are not kept. An older checkpoint of this
   * epoch is replaced.
   *
   * @param encode called once; its tensors must not change until the promise settles
   * @param options an abort leaves the folder without the new checkpoint
   * @throws RangeError ERR_BLASNET_ARG_VALUE when the report lacks the series that `best` monitors, or like begin()
   * @throws Error ERR_BLASNET_FILE
   */
  async write(
    report: CheckpointReport,
    encode: EncodeCheckpoint,
    options: WorkOptions = {},
  ): Promise<Checkpoint> {
    return runCalls(this.#write(report, encode), options);
  }

  /**
   * Writes a checkpoint within the epoch after `epoch`. It replaces an earlier one of that epoch, and goes when the epoch's
   * own is written. @throws like write()
   */
  async writePart(epoch: number, encode: EncodeCheckpoint, options: WorkOptions = {}): Promise<void> {
    await runCalls(this.#writeAt(epoch + withinEpoch, { epoch }, encode), options);
  }

  /** Like `write`, but blocks the calling thread. */
  writeSync(report: CheckpointReport, encode: EncodeCheckpoint): Checkpoint {
    return runCallsSync(this.#write(report, encode));
  }

  /**
   * Reads and checks the newest checkpoint. Returns undefined if there is none.
   *
   * @throws Error ERR_BLASNET_FILE when it is damaged; with skipDamaged, when all are damaged
   */
  async latest(options: FindOptions = {}): Promise<FoundCheckpoint | undefined> {
    return runCalls(this.latestCalls(options));
  }

  /** Like `latest`, but blocks the calling thread. */
  latestSync(options: FindOptions = {}): FoundCheckpoint | undefined {
    return runCallsSync(this.latestCalls(options));
  }

  /**
   * Reads the undamaged checkpoint with the best number of the series that `best` monitors; undefined if there is none.
   */
  async findBest(): Promise<FoundCheckpoint | undefined> {
    return runCalls(this.#findBest());
  }

  /** Like `findBest`, but blocks the calling thread. */
  findBestSync(): FoundCheckpoint | undefined {
    return runCallsSync(this.#findBest());
  }

  *#begin(epoch: number): Calls<void> {
    const known = yield* this.#read();
    if (this.#overwrite) {
      const later = [...known.keys()].filter((other) => other > epoch);
      this.#outdated = [...this.#outdated, ...later].sort((a, b) => b - a);
      for (const other of later) known.delete(other);
    }
    const newest = Math.max(0, ...wholeOf(known).map(([other]) => other));
    if (epoch < newest) {
      const message =
        `Expected the checkpoint directory ${quote(this.directory)} to hold no checkpoint of an epoch after ${Math.floor(epoch)}, ` +
        `got one of epoch ${Math.ceil(newest)}; use another directory for another training, or overwrite: true to replace that one`;
      throw blasnetError('ERR_BLASNET_ARG_VALUE', message);
    }
  }

  *#write(report: CheckpointReport, encode: EncodeCheckpoint): Calls<Checkpoint> {
    checkReport(report, this.best?.monitor);
    return yield* this.#writeAt(report.epoch, report, encode);
  }

  *#writeAt(place: number, report: CheckpointReport, encode: EncodeCheckpoint): Calls<Checkpoint> {
    const { best } = this;
    const lines = { [reportKey]: JSON.stringify(report), ...(best && { [bestKey]: JSON.stringify(best) }) };
    const content = yield* working(encode(lines));
    const known = yield* this.#read();
    yield* this.#begin(place);
    const path = this.#pathOf(place);
    // If the process is killed here, the folder holds checkpoints of one training, and none of another.
    for (const epoch of this.#outdated) yield* this.#remove(epoch);
    this.#outdated = [];
    yield* mkdirCalls(this.directory);
    yield* writeSafetensors(path, content);
    known.set(place, report);
    yield* this.#prune(known);
    return { path, report };
  }

  // Runs only when the new checkpoint exists. If the process is killed here, the next write removes the rest.
  *#prune(known: Map<number, CheckpointReport | BlasnetError>): Calls<void> {
    const newest = wholeOf(known).sort(([a], [b]) => b - a);
    const [oldestKept] = newest
      .filter(([place]) => Number.isInteger(place))
      .slice(0, this.keepLast)
      .at(-1) ?? [0];
    const best = this.best && bestOf(known, this.best);
    for (const epoch of [...known.keys()]) {
      // Damaged checkpoints do not count. They are removed if they are older than those that do.
      const outdated = !Number.isInteger(epoch) && epoch < (newest[0]?.[0] as number);
      if ((epoch >= oldestKept && !outdated) || epoch === best) continue;
      yield* this.#remove(epoch);
      known.delete(epoch);
    }
    yield* leftoverCalls(this.directory);
  }

  *#remove(epoch: number): Calls<void> {
    const path = this.#pathOf(epoch);
    try {
      yield* call('rm', path, { force: true });
    } catch (error) {
      throw systemError('remove', path, error);
    }
  }

  /** The calls of `latest`. */
  *latestCalls(options: FindOptions, how?: ParseOptions): Calls<FoundCheckpoint | undefined> {
    checkOptions('', options, findConstraints);
    const { skipDamaged = false } = options;
    const skipped: BlasnetError[] = [];
    for (const epoch of (yield* this.#epochs()).sort((a, b) => b - a)) {
      try {
        return { ...(yield* this.#readOne(epoch, how)), skipped };
      } catch (error) {
        if (!isFileError(error)) throw error;
        if (!skipDamaged) {
          const message = `${error.message} (skipDamaged: true continues with an older checkpoint)`;
          throw blasnetError('ERR_BLASNET_FILE', message, { cause: error });
        }
        skipped.push(error);
      }
    }
    if (skipped[0] !== undefined) throw skipped[0];
    return undefined;
  }

  *#findBest(): Calls<FoundCheckpoint | undefined> {
    const epoch = this.best && bestOf(yield* this.#read(), this.best);
    return epoch === undefined ? undefined : { ...(yield* this.#readOne(epoch)), skipped: [] };
  }

  /**
   * Reads the best checkpoint by a series that `choose` names. It gets the reports of all checkpoints, by their order,
   * and the option `best` of the newest.
   *
   * @throws Error ERR_BLASNET_FILE if one is damaged, unless `skipDamaged`; if there is none; or if none has a finite
   *   number of the series
   */
  *bestCalls(
    choose: (reports: readonly CheckpointReport[], best: Monitored | undefined) => Monitored,
    { skipDamaged = false }: FindOptions,
    how?: ParseOptions,
  ): Calls<FoundCheckpoint> {
    const known = new Map<number, CheckpointReport>();
    const skipped: BlasnetError[] = [];
    let best: Monitored | undefined;
    for (const epoch of (yield* this.#epochs()).filter(Number.isInteger).sort((a, b) => a - b)) {
      try {
        const { report, content, path } = yield* this.#readOne(epoch, how);
        known.set(epoch, report);
        best = yield* working(parseBest(content.metadata, path));
      } catch (error) {
        if (!isFileError(error)) throw error;
        if (!skipDamaged) {
          const message = `${error.message} (skipDamaged: true chooses among the others)`;
          throw blasnetError('ERR_BLASNET_FILE', message, { cause: error });
        }
        skipped.push(error);
      }
    }
    if (known.size === 0) {
      throw skipped[0] ?? fileError(this.directory, 'the content', "a training's checkpoints", 'none');
    }
    const monitored = choose([...known.values()], best);
    const epoch = bestOf(known, monitored);
    if (epoch === undefined) {
      const rule = `a checkpoint with a finite number of ${quote(monitored.monitor)}`;
      throw fileError(this.directory, 'the content', rule, 'none');
    }
    return { ...(yield* this.#readOne(epoch, how)), skipped };
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

  *#readOne(epoch: number, how?: ParseOptions): Calls<Omit<FoundCheckpoint, 'skipped'>> {
    const path = this.#pathOf(epoch);
    const content = yield* readSafetensors(path, how);
    const report = yield* working(parseReport(content.metadata, path));
    if (report.epoch !== Math.floor(epoch)) {
      throw fileError(path, 'the epoch', `${Math.floor(epoch)}, as the file's name says`, report.epoch);
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
      .map((name) => /^checkpoint-(\d+)(-part)?\.safetensors$/.exec(name))
      .map((found) => Number(found?.[1]) + (found?.[2] === undefined ? 0 : withinEpoch))
      .filter((epoch) => Number.isSafeInteger(Math.floor(epoch)) && names.includes(nameOf(epoch)));
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
  const rule = 'a number, since best.monitor names it';
  throw argumentError('ERR_BLASNET_ARG_VALUE', `report.${monitor}`, rule, report[monitor]);
}

// A number that is not finite is null in JSON, and such a checkpoint is never the best.
function* parseReport(metadata: Metadata, path: string): Work<CheckpointReport> {
  const place = `"${reportKey}" of the metadata`;
  const json = metadata[reportKey];
  if (json === undefined) throw fileError(path, place, 'present, as in every checkpoint', 'none');
  const report = yield* parseJson(json, place, path);
  const { epoch } = (report ?? {}) as { epoch?: unknown };
  if (!(Number.isSafeInteger(epoch) && (epoch as number) >= (path.endsWith(partEnding) ? 0 : 1))) {
    throw fileError(path, place, "an epoch's report", quote(json));
  }
  return Object.fromEntries(
    Object.entries(report as object).filter(([, value]) => typeof value === 'number'),
  ) as unknown as CheckpointReport;
}

function* parseBest(metadata: Metadata, path: string): Work<Monitored | undefined> {
  const place = `"${bestKey}" of the metadata`;
  const json = metadata[bestKey];
  if (json === undefined) return undefined;
  const best = (yield* parseJson(json, place, path)) as Partial<Monitored> | null;
  if (typeof best?.monitor !== 'string' || !['min', 'max'].includes(best.mode as string)) {
    throw fileError(path, place, "fit's option best", quote(json));
  }
  return { monitor: best.monitor, mode: best.mode as string };
}

/** The epoch of the best checkpoint, the first of equals; undefined if none has a finite number. */
function bestOf(
  known: Map<number, CheckpointReport | BlasnetError>,
  { monitor, mode }: Monitored,
): number | undefined {
  let best: number | undefined;
  let bestValue = Number.POSITIVE_INFINITY;
  for (const [epoch, report] of wholeOf(known).sort(([a], [b]) => a - b)) {
    const number = report[monitor] ?? Number.NaN;
    const value = mode === 'min' ? number : -number;
    if (Number.isFinite(value) && value < bestValue) [best, bestValue] = [epoch, value];
  }
  return best;
}

function wholeOf(known: Map<number, CheckpointReport | BlasnetError>): [number, CheckpointReport][] {
  return [...known].filter((entry): entry is [number, CheckpointReport] => !(entry[1] instanceof Error));
}

function isFileError(error: unknown): error is BlasnetError {
  return (error as Partial<BlasnetError>).code === 'ERR_BLASNET_FILE';
}

function nameOf(epoch: number): string {
  const number = String(Math.floor(epoch)).padStart(6, '0');
  return `checkpoint-${number}${Number.isInteger(epoch) ? '.safetensors' : partEnding}`;
}
