import { checkWeights, countClasses, weigh } from '../addon/rows';
import type { Work } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { allocate, type Dtype, type FloatArray, isFloatArray } from '../base/matrix';
import { checkBuffer } from '../base/pinning';
import { checkObject } from '../base/validate';
import type { Labels } from './labels';
import type { LabelledSamples, Samples } from './samples';

/** One weight per sample: a typed array or numbers, none negative and not all 0. */
export type SampleWeight = FloatArray | readonly number[];

/**
 * One weight per class, by the class number from 0: an array; a dictionary (a missing class has weight 1); or
 * 'balanced', which is rows / (classes * rows of the class), as in scikit-learn.
 */
export type ClassWeight = 'balanced' | readonly number[] | { readonly [label: number]: number };

/** The weights that follow from both options; see `Samples`. */
export type CombinedWeights = Pick<Samples, 'weights' | 'ownWeights'>;

/**
 * Multiplies the weights of both options and scales them to a mean of 1. So only their ratios matter, and the learning
 * rate keeps its meaning. A sample of weight 2 counts like two. Without an option, the result is undefined.
 *
 * @param classes the number of classes: see `classCount`
 */
export function* combineWeights(
  labels: Labels,
  classes: number,
  dtype: Dtype,
  sampleWeight: unknown,
  classWeight: unknown,
): Work<CombinedWeights | undefined> {
  if (sampleWeight === undefined && classWeight === undefined) return undefined;
  const { rows } = labels;
  const own = sampleWeight === undefined ? null : yield* readSampleWeight('sampleWeight', sampleWeight, rows);
  const ownWeights = own && (yield* meanOne('sampleWeight', { weights: own, rows }, allocate(rows, dtype)));
  if (classWeight === undefined) return ownWeights ? { weights: ownWeights, ownWeights } : undefined;
  const ofClass = yield* classWeights(labels, classes, classWeight);
  const name = own === null ? 'classWeight' : 'sampleWeight * classWeight';
  const factors = { weights: own, labels: labels.data, cols: labels.cols, ofClass, rows };
  const weights = yield* meanOne(name, factors, allocate(rows, dtype));
  return { weights, ...(ownWeights && { ownWeights }) };
}

/** Computes weights as `weigh` does, scaled to a mean of 1. Throws if their sum is 0 or out of range. */
export function* meanOne(
  name: string,
  factors: Omit<Parameters<typeof weigh>[0], 'out'>,
  out: FloatArray,
): Work<FloatArray> {
  const sum = yield* weigh({ ...factors, out });
  const scale = (factors.index?.length ?? factors.rows) / sum;
  if (!(Number.isFinite(scale) && scale > 0)) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, 'weights with a sum above 0 and in range', sum);
  }
  return out;
}

/** Adds the weights of both options to the samples of a network with `outputs` outputs. */
export function* withWeights(
  samples: LabelledSamples,
  outputs: number,
  sampleWeight: unknown,
  classWeight: unknown,
): Work<LabelledSamples> {
  const { X, Y } = samples;
  return {
    ...samples,
    ...(yield* combineWeights(Y, classCount(outputs), X.dtype, sampleWeight, classWeight)),
  };
}

/** Checks the `sampleWeight` option and returns it as a typed array, without a copy if it is one. */
function* readSampleWeight(name: string, value: unknown, rows: number): Work<FloatArray> {
  if (!isFloatArray(value) && !Array.isArray(value)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'a typed array or an array of numbers', value);
  }
  if (isFloatArray(value)) checkBuffer(name, value);
  if (value.length !== rows) {
    throw argumentError('ERR_BLASNET_SHAPE', name, `of length ${rows}, one weight per sample`, value);
  }
  const weights = isFloatArray(value) ? value : fromArray(name, value);
  const { bad, sum } = yield* checkWeights(weights);
  if (bad < rows) checkWeight(name, bad, weights[bad]);
  if (sum === 0) throw argumentError('ERR_BLASNET_ARG_VALUE', name, 'not all 0', value);
  return weights;
}

function fromArray(name: string, values: readonly unknown[]): Float64Array {
  const weights = new Float64Array(values.length);
  for (let row = 0; row < weights.length; row++) {
    const weight = values[row];
    checkWeight(name, row, weight);
    weights[row] = weight as number;
  }
  return weights;
}

function* classWeights(labels: Labels, classes: number, value: unknown): Work<Float64Array> {
  const counts = yield* classCounts(labels, classes);
  if (value === 'balanced') {
    const present = counts.filter((count) => count > 0).length;
    return Float64Array.from(counts, (count) => (count === 0 ? 0 : labels.rows / (present * count)));
  }
  if (typeof value === 'string') {
    throw argumentError(
      'ERR_BLASNET_UNKNOWN_NAME',
      'classWeight',
      "'balanced', or a weight for each class",
      value,
    );
  }
  const given = Array.isArray(value) ? { ...value } : value;
  checkObject('classWeight', given);
  for (const [label, weight] of Object.entries(given)) {
    checkWeight('classWeight', label, weight);
    if (!/^(0|[1-9]\d*)$/.test(label) || Number(label) >= counts.length) {
      const rule = `classes from 0 to ${counts.length - 1}`;
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'the keys of classWeight', rule, label);
    }
  }
  const weights = counts.map((_, label) => (given[label] as number | undefined) ?? 1);
  if (weights.every((weight, label) => weight === 0 || counts[label] === 0)) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'classWeight', 'above 0 for at least one class in Y', value);
  }
  return Float64Array.from(weights);
}

function checkWeight(name: string, key: number | string, weight: unknown): void {
  if (typeof weight === 'number' && weight >= 0 && Number.isFinite(weight)) return;
  const code = typeof weight === 'number' ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_ARG_TYPE';
  throw argumentError(code, `${name}[${key}]`, 'a finite number of at least 0', weight);
}

/** The number of classes that a network's outputs tell apart. A single output tells two apart. */
export function classCount(outputDim: number): number {
  return Math.max(2, outputDim);
}

/** Counts the samples of each class. Throws if a label belongs to no class. */
export function* classCounts(labels: Labels, classes: number): Work<number[]> {
  const { counts, bad } = yield* countClasses(labels, classes);
  if (bad === labels.rows) return Array.from(counts);
  const { data, cols } = labels;
  const rule = cols === 1 ? `classes from 0 to ${classes - 1}` : 'one largest label in each row';
  // The labels that belong to no class are class numbers, or several are the largest of their row.
  const got = cols === 1 ? String(data[bad]) : 'several';
  throw blasnetError('ERR_BLASNET_ARG_VALUE', `Expected Y to hold ${rule}, got ${got} at row ${bad}`);
}
