import { argumentError, blasnetError } from '../base/errors';
import { allocate, type Dtype, type FloatArray, isFloatArray } from '../base/matrix';
import { checkBuffer } from '../base/pinning';
import { checkObject } from '../base/validate';
import type { Labels } from './labels';
import type { LabelledSamples, Samples } from './samples';

/** A weight for each sample; a typed array or numbers, none negative, not all 0. */
export type SampleWeight = FloatArray | readonly number[];

/**
 * A weight for each class, by its number from 0: an array, a dictionary (1 for classes it leaves out), or
 * 'balanced', rows / (classes * rows of the class) as in scikit-learn.
 */
export type ClassWeight = 'balanced' | readonly number[] | { readonly [label: number]: number };

/** What the two options make of some samples; see `Samples`. */
export type CombinedWeights = Pick<Samples, 'weights' | 'ownWeights'>;

/**
 * The samples' weights from both options, or undefined without either: multiplied, and scaled to a mean of 1, so
 * that only their ratios matter and the learning rate keeps its meaning. A sample of weight 2 counts like two.
 *
 * @param classes how many there are, as `classCount` has it
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

/** The weights, scaled to a mean of 1, which takes a sum that is neither 0 nor out of range. */
export function meanOne(name: string, weights: ArrayLike<number>, dtype: Dtype): FloatArray {
  let sum = 0;
  for (let row = 0; row < weights.length; row++) sum += weights[row] as number;
  const scale = weights.length / sum;
  if (!(Number.isFinite(scale) && scale > 0)) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, 'weights of a sum above 0 and in range', sum);
  }
  const scaled = allocate(weights.length, dtype);
  for (let row = 0; row < scaled.length; row++) scaled[row] = (weights[row] as number) * scale;
  return scaled;
}

/** The samples of a network of so many outputs with the weights that both options give them. */
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

/** The `sampleWeight` option, checked; not copied. */
export function readSampleWeight(name: string, value: unknown, rows: number): ArrayLike<number> {
  if (!isFloatArray(value) && !Array.isArray(value)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'a typed array or an array of numbers', value);
  }
  if (isFloatArray(value)) checkBuffer(name, value);
  if (value.length !== rows) {
    throw argumentError('ERR_BLASNET_SHAPE', name, `of length ${rows}, one a sample`, value);
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
    throw argumentError('ERR_BLASNET_UNKNOWN_NAME', 'classWeight', "'balanced', or a weight a class", value);
  }
  const given = Array.isArray(value) ? { ...value } : value;
  checkObject('classWeight', given);
  for (const [label, weight] of Object.entries(given)) {
    checkWeight(`classWeight[${label}]`, weight);
    if (!/^(0|[1-9]\d*)$/.test(label) || Number(label) >= counts.length) {
      const rule = `of classes from 0 to ${counts.length - 1}`;
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'the keys of classWeight', rule, label);
    }
  }
  const weights = counts.map((_, label) => (given[label] as number | undefined) ?? 1);
  if (weights.every((weight, label) => weight === 0 || counts[label] === 0)) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'classWeight', 'not 0 for every class that there is', value);
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

/** How many classes a network's outputs tell apart: a single output has two sides. */
export function classCount(outputDim: number): number {
  return Math.max(2, outputDim);
}

/** How many samples each class has. Throws where labels are in no class. */
export function classCounts(labels: Labels, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let row = 0; row < labels.rows; row++) {
    const label = classOf(labels, row);
    if (counts[label] === undefined || isTie(labels, row, label)) {
      const rule = labels.cols === 1 ? `classes from 0 to ${classes - 1}` : 'one largest label a row';
      const got = labels.cols === 1 ? String(label) : 'several';
      throw blasnetError('ERR_BLASNET_ARG_VALUE', `Expected Y to hold ${rule}, got ${got} at row ${row}`);
    }
    counts[label]++;
  }
  return counts;
}

// Whether another label of the row is as large as that of its class.
function isTie({ data, cols }: Labels, row: number, label: number): boolean {
  const largest = data[row * cols + label];
  for (let col = label + 1; col < cols; col++) if (data[row * cols + col] === largest) return true;
  return false;
}

/**
 * The class of a sample: the number itself, the largest output of several (the first of equals), or whether a
 * single one is above 1/2.
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
