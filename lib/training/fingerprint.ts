import { Sha256 } from '../addon/arrays';
import type { Work } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import type { FloatArray } from '../base/matrix';
import { type LossName, lossEntry, lossNames } from '../layers/losses';
import type { LabelledSamples } from '../samples/samples';
import type { Weighting } from '../samples/weights';
import { unitOf } from '../schedules/rate';
import { type CompletedFitOptions, seriesOf } from './options';

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
  return settingsOf(options, samples, validation, digests);
}

/** The fingerprint without the weights, which may still be pending; with `digests`, all of it. */
export function settingsOf(
  options: CompletedFitOptions,
  samples: LabelledSamples,
  validation: boolean,
  digests: Readonly<Record<string, string | null>> = {},
): Fingerprint {
  const { batchSize, accumulate, shuffle, heldRows, stratify, clipValue, clipNorm } = options;
  const fingerprint: Fingerprint = {
    rows: samples.X.rows,
    batchSize,
    accumulate,
    shuffle,
    heldRows,
    stratify,
    clipValue,
    clipNorm,
    loss: { name: options.loss.name, ...options.loss.options },
    optimizer: options.optimizer,
    schedule: options.schedule,
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
  heldRows: 'the rows that validationSplit holds out',
  series: "the history's series (from validation and metrics)",
};

/**
 * Throws unless a training has the fingerprint of a checkpoint.
 *
 * @throws RangeError ERR_BLASNET_ARG_VALUE for the first field that differs
 */
export function checkFingerprint(
  before: Readonly<Record<string, unknown>>,
  now: Fingerprint,
  file: string,
): void {
  const then: Readonly<Record<string, unknown>> = { ...before, loss: withOwnOptions(before.loss) };
  for (const name of Object.keys(now)) {
    const [old, given] = [JSON.stringify(then[name]), JSON.stringify(now[name])];
    if (old === given) continue;
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      `Expected ${descriptions[name] ?? name} to be ${abbreviate(old)}, as in the checkpoint ` +
        `${JSON.stringify(file)}, got ${abbreviate(given)}`,
    );
  }
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
