import { Sha256 } from '../addon/arrays';
import type { Work } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import type { FloatArray } from '../base/matrix';
import { check, oneOf } from '../base/validate';
import { type LossName, lossEntry, lossNames } from '../layers/losses';
import type { LabelledSamples } from '../samples/samples';
import type { Weighting } from '../samples/weights';
import { unitOf } from '../schedules/rate';
import type { CompletedFitOptions } from './completed-options';
import { seriesOf } from './series';

/**
 * Everything that a training's results depend on and that two processes can compare, as plain JSON. It leaves out the
 * options that only say when a training ends (epochs, patience), the seed, which sets only the first state of a
 * generator, the numbers in the samples, and the user's functions.
 */
export interface Fingerprint {
  readonly [name: string]: unknown;
  readonly rows: number;
  /** The names of the history's series, in order. */
  readonly series: readonly string[];
}

/** @param validation whether a validation set was given */
export function* fingerprintOf(
  options: CompletedFitOptions,
  samples: LabelledSamples,
  validation: boolean,
  weighting: Weighting,
): Work<Fingerprint> {
  const digests = {
    sampleWeight: yield* digest(samples.ownWeights, weighting),
    // The product with sampleWeight. Since sampleWeight is compared, this compares classWeight.
    classWeight: yield* digest(samples.weights, weighting),
  };
  return settingsOf(options, samples.X.rows, validation, digests);
}

/**
 * The fingerprint without the weights, which may still be pending; with `digests`, all of it.
 *
 * @param windowRows those of a training from a source; null: the samples are in memory
 */
export function settingsOf(
  options: CompletedFitOptions,
  rows: number,
  validation: boolean,
  digests: Readonly<Record<string, string | null>> = {},
  windowRows: number | null = null,
): Fingerprint {
  const { batchSize, accumulate, shuffle, heldRows, stratify, clipValue, clipNorm, dropLast } = options;
  const fingerprint: Fingerprint = {
    rows,
    windowRows,
    batchSize,
    accumulate,
    shuffle,
    heldRows,
    stratify,
    clipValue,
    clipNorm,
    loss: {
      ...{ name: options.loss.name, ...options.loss.options },
      ...(options.loss.levels && { levels: options.loss.levels }),
    },
    dropLast,
    optimizer: options.optimizer,
    schedule: options.schedule,
    weightDecaySchedule: options.weightDecaySchedule,
    dropoutSchedule: options.dropoutSchedule,
    ...digests,
    earlyStopping: options.earlyStopping?.settings ?? null,
    series: [
      ...seriesOf(options, validation || heldRows > 0),
      ...(unitOf(options.schedule) === 'never' ? [] : ['learningRate']),
    ],
  };
  return JSON.parse(
    JSON.stringify(fingerprint, (_, value) => (typeof value === 'function' ? 'a function' : value)),
  );
}

/** Descriptions of the fields that are not options. */
const descriptions: Readonly<Record<string, string>> = {
  rows: 'the rows of X',
  windowRows: 'windowRows (null: arrays in memory)',
  heldRows: 'the rows that validationSplit holds out',
  series: "the history's series (from validation and metrics)",
};

// What the checkpoints of version 0.1 do not have, with the values that its trainings had.
const laterFields = {
  windowRows: null,
  dropLast: false,
  weightDecaySchedule: { name: 'constant' },
  dropoutSchedule: { name: 'constant' },
};

/** The names of what a resumed training may change on purpose. */
export const overrideNames = [
  ...(['learningRate', 'optimizer', 'schedule', 'loss', 'batchSize', 'accumulate', 'shuffle'] as const),
  ...(['dropLast', 'weightDecaySchedule', 'dropoutSchedule'] as const),
  ...([
    'clipValue',
    'clipNorm',
    'rows',
    'windowRows',
    'validationSplit',
    'stratify',
    'sampleWeight',
    'classWeight',
  ] as const),
  ...(['earlyStopping', 'series'] as const),
] as const;

export type OverrideName = (typeof overrideNames)[number];

/** @throws TypeError ERR_BLASNET_ARG_TYPE; RangeError ERR_BLASNET_UNKNOWN_NAME */
export function checkOverride(value: unknown): asserts value is readonly OverrideName[] {
  if (!Array.isArray(value)) {
    throw argumentError(
      'ERR_BLASNET_ARG_TYPE',
      'override',
      "an array of names such as 'learningRate'",
      value,
    );
  }
  for (const [i, name] of value.entries()) {
    check(`override[${i}]`, name, oneOf(overrideNames), 'ERR_BLASNET_UNKNOWN_NAME');
  }
}

/**
 * Compares a training with the fingerprint of a checkpoint. Returns the names of what differs.
 *
 * @param override the names of what may differ
 * @throws RangeError ERR_BLASNET_ARG_VALUE for the first field that differs otherwise
 */
export function checkFingerprint(
  before: Readonly<Record<string, unknown>>,
  now: Fingerprint,
  file: string,
  override: readonly OverrideName[],
): ReadonlySet<OverrideName> {
  const then: Readonly<Record<string, unknown>> = {
    ...laterFields,
    ...before,
    loss: withOwnOptions(before.loss),
  };
  const changed = new Set<OverrideName>();
  let error: string | undefined;
  for (const field of Object.keys(now)) {
    const [old, given] = [JSON.stringify(then[field]), JSON.stringify(now[field])];
    if (old === given) continue;
    const name = nameOf(field, then, now);
    if (name === undefined) continue;
    changed.add(name);
    if (override.includes(name) || (name === 'learningRate' && override.includes('optimizer'))) continue;
    error ??=
      `Expected ${descriptions[field] ?? field} to be ${abbreviate(old)}, as in the checkpoint ` +
      `${JSON.stringify(file)}, got ${abbreviate(given)}`;
  }
  if (error === undefined) return changed;
  const names = [...new Set([...override, ...changed])].map((name) => `'${name}'`).join(', ');
  throw blasnetError('ERR_BLASNET_ARG_VALUE', `${error}; to change it on purpose, pass override: [${names}]`);
}

/** The name under which a field that differs is overridden; undefined if it only follows from another one. */
function nameOf(
  field: string,
  then: Readonly<Record<string, unknown>>,
  now: Fingerprint,
): OverrideName | undefined {
  const differ = (name: string, what: (value: never) => unknown = (value) => value) =>
    JSON.stringify(what(then[name] as never)) !== JSON.stringify(what(now[name] as never));
  if (field === 'heldRows') return 'validationSplit';
  if (field === 'optimizer') {
    const others = (optimizer: object) => ({ ...optimizer, learningRate: undefined });
    return differ('optimizer', others) ? 'optimizer' : 'learningRate';
  }
  // The digest is that of the product with sampleWeight.
  if (field === 'classWeight' && differ('sampleWeight')) return undefined;
  if (field === 'series' && differ('schedule')) {
    const others = (series: readonly string[]) => series.filter((name) => name !== 'learningRate');
    return differ('series', others) ? 'series' : undefined;
  }
  return field as OverrideName;
}

// Version 0.1 wrote the options of all losses with every loss, and label smoothing under another name.
function withOwnOptions(loss: unknown): unknown {
  if (typeof loss !== 'object' || loss === null || !('smoothing' in loss && 'delta' in loss)) return loss;
  const { name, smoothing, delta } = loss as { name?: unknown; smoothing: unknown; delta: unknown };
  if (!lossNames.includes(name as LossName)) return loss;
  const { options = {} } = lossEntry(name as LossName);
  const all: Readonly<Record<string, unknown>> = { labelSmoothing: smoothing, delta };
  return { name, ...Object.fromEntries(Object.keys(options).map((option) => [option, all[option]])) };
}

function abbreviate(json = 'nothing'): string {
  return json.length > 500 ? `${json.slice(0, 497)}...` : json;
}

// Version 0.1 scaled weights to a mean of 1, and wrote their digests without this.
const mark = 'as given: ';

function* digest(weights: FloatArray | undefined, weighting: Weighting): Work<string | null> {
  if (weights === undefined) return null;
  const hash = new Sha256();
  yield* hash.add(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength));
  return (weighting === 'asGiven' ? mark : '') + hash.digest();
}

/**
 * How the training of a checkpoint uses weights.
 *
 * @throws RangeError ERR_BLASNET_ARG_VALUE for weights of version 0.1 whose scale is not known any more
 */
export function weightingOf(before: Readonly<Record<string, unknown>>, file: string): Weighting {
  const digests = [before.sampleWeight, before.classWeight];
  if (!digests.some((text) => typeof text === 'string' && !text.startsWith(mark))) return 'asGiven';
  if (before.heldRows === 0) return 'ofMeanOne';
  const rule =
    'of a training without both weights and validationSplit, since version 0.1 scaled weights by the split';
  throw argumentError('ERR_BLASNET_ARG_VALUE', 'the checkpoint', rule, file);
}
