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
export function combineWeights(
  labels: Labels,
  classes: number,
  dtype: Dtype,
  sampleWeight: unknown,
  classWeight: unknown,
): CombinedWeights | undefined {
  if (sampleWeight === undefined && classWeight === undefined) return undefined;
  const own =
    sampleWeight === undefined ? undefined : readSampleWeight('sampleWeight', sampleWeight, labels.rows);
  const ownWeights = own && meanOne('sampleWeight', own, dtype);
  if (classWeight === undefined) return ownWeights && { weights: ownWeights, ownWeights };
  const ofClass = classWeights(labels, classes, classWeight);
  const products = Float64Array.from(
    { length: labels.rows },
    (_, row) => (own?.[row] ?? 1) * (ofClass[classOf(labels, row)] as number),
  );
  const name = own === undefined ? 'classWeight' : 'sampleWeight * classWeight';
  return { weights: meanOne(name, products, dtype), ...(ownWeights && { ownWeights }) };
}

/** Scales weights to a mean of 1. Throws if their sum is 0 or out of range. */
export function meanOne(name: string, weights: ArrayLike<number>, dtype: Dtype): FloatArray {
  let sum = 0;
  for (let row = 0; row < weights.length; row++) sum += weights[row] as number;
  const scale = weights.length / sum;
  if (!(Number.isFinite(scale) && scale > 0)) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, 'weights with a sum above 0 and in range', sum);
  }
  const scaled = allocate(weights.length, dtype);
  for (let row = 0; row < scaled.length; row++) scaled[row] = (weights[row] as number) * scale;
  return scaled;
}

/** Adds the weights of both options to the samples of a network with `outputs` outputs. */
export function withWeights(
  samples: LabelledSamples,
  outputs: number,
  sampleWeight: unknown,
  classWeight: unknown,
): LabelledSamples {
  return {
    ...samples,
    ...combineWeights(samples.Y, classCount(outputs), samples.X.dtype, sampleWeight, classWeight),
  };
}

/** Checks the `sampleWeight` option and returns it, without a copy. */
export function readSampleWeight(name: string, value: unknown, rows: number): ArrayLike<number> {
  if (!isFloatArray(value) && !Array.isArray(value)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'a typed array or an array of numbers', value);
  }
  if (isFloatArray(value)) checkBuffer(name, value);
  if (value.length !== rows) {
    throw argumentError('ERR_BLASNET_SHAPE', name, `of length ${rows}, one weight per sample`, value);
  }
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    checkWeight(`${name}[${row}]`, value[row]);
    sum += value[row] as number;
  }
  if (sum === 0) throw argumentError('ERR_BLASNET_ARG_VALUE', name, 'not all 0', value);
  return value;
}

function classWeights(labels: Labels, classes: number, value: unknown): readonly number[] {
  const counts = classCounts(labels, classes);
  if (value === 'balanced') {
    const present = counts.filter((count) => count > 0).length;
    return counts.map((count) => (count === 0 ? 0 : labels.rows / (present * count)));
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
    checkWeight(`classWeight[${label}]`, weight);
    if (!/^(0|[1-9]\d*)$/.test(label) || Number(label) >= counts.length) {
      const rule = `classes from 0 to ${counts.length - 1}`;
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'the keys of classWeight', rule, label);
    }
  }
  const weights = counts.map((_, label) => (given[label] as number | undefined) ?? 1);
  if (weights.every((weight, label) => weight === 0 || counts[label] === 0)) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'classWeight', 'above 0 for at least one class in Y', value);
  }
  return weights;
}

function checkWeight(name: string, weight: unknown): void {
  const rule = 'a finite number of at least 0';
  if (typeof weight !== 'number') throw argumentError('ERR_BLASNET_ARG_TYPE', name, rule, weight);
  if (!(weight >= 0 && Number.isFinite(weight))) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, rule, weight);
  }
}

/** The number of classes that a network's outputs tell apart. A single output tells two apart. */
export function classCount(outputDim: number): number {
  return Math.max(2, outputDim);
}

/** Counts the samples of each class. Throws if a label belongs to no class. */
export function classCounts(labels: Labels, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let row = 0; row < labels.rows; row++) {
    const label = classOf(labels, row);
    if (counts[label] === undefined || isTie(labels, row, label)) {
      const rule = labels.cols === 1 ? `classes from 0 to ${classes - 1}` : 'one largest label in each row';
      const got = labels.cols === 1 ? String(label) : 'several';
      throw blasnetError('ERR_BLASNET_ARG_VALUE', `Expected Y to hold ${rule}, got ${got} at row ${row}`);
    }
    counts[label]++;
  }
  return counts;
}

// Whether a later label of the row is as large as the label of its class.
function isTie({ data, cols }: Labels, row: number, label: number): boolean {
  const largest = data[row * cols + label];
  for (let col = label + 1; col < cols; col++) if (data[row * cols + col] === largest) return true;
  return false;
}

/**
 * The class of a sample: the class number itself; with several columns, the column of the largest label (the first of
 * equals); with one column, 1 if the label is above 1/2, else 0.
 */
export function classOf({ data, cols }: Labels, row: number): number {
  if (data instanceof Int32Array) return data[row] as number;
  if (cols === 1) return (data[row] as number) > 0.5 ? 1 : 0;
  let best = 0;
  for (let col = 1; col < cols; col++) {
    if ((data[row * cols + col] as number) > (data[row * cols + best] as number)) best = col;
  }
  return best;
}
