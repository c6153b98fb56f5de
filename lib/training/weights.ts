import { argumentError, blasnetError } from '../errors';
import { allocate, type Dtype, type FloatArray, isFloatArray } from '../matrix';
import { checkBuffer } from '../pinning';
import type { Labels } from '../samples';
import { checkObject } from '../validate';

/** A weight for each sample; a typed array or numbers, none negative, not all 0. */
export type SampleWeight = FloatArray | readonly number[];

/**
 * A weight for each class, by its number from 0: an array, a dictionary (1 for classes it leaves out), or
 * 'balanced', rows / (classes * rows of the class) as in scikit-learn.
 */
export type ClassWeight = 'balanced' | readonly number[] | { readonly [label: number]: number };

/**
 * The samples' weights from both options, or undefined without either: multiplied, and scaled to a mean of 1, so
 * that only their ratios matter and the learning rate keeps its meaning. A sample of weight 2 counts like two.
 */
export function combineWeights(
  labels: Labels,
  dtype: Dtype,
  sampleWeight: unknown,
  classWeight: unknown,
): FloatArray | undefined {
  if (sampleWeight === undefined && classWeight === undefined) return undefined;
  const own =
    sampleWeight === undefined ? undefined : readSampleWeight('sampleWeight', sampleWeight, labels.rows);
  const weights = allocate(labels.rows, dtype);
  const ofClass = classWeight === undefined ? undefined : classWeights(labels, classWeight);
  let sum = 0;
  for (let row = 0; row < labels.rows; row++) {
    const weight =
      (own?.[row] ?? 1) * (ofClass === undefined ? 1 : (ofClass[classOf(labels, row)] as number));
    weights[row] = weight;
    sum += weight;
  }
  if (!(sum > 0 && Number.isFinite(sum))) {
    const name = sampleWeight === undefined ? 'classWeight' : 'sampleWeight';
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, 'weights of a positive finite sum', sum);
  }
  const scale = labels.rows / sum;
  for (let row = 0; row < labels.rows; row++) weights[row] = (weights[row] as number) * scale;
  return weights;
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

function classWeights(labels: Labels, value: unknown): readonly number[] {
  const counts = classCounts(labels);
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

/** How many samples each class has. Throws where labels are in no class. */
export function classCounts(labels: Labels): number[] {
  const counts = new Array<number>(classCountOf(labels)).fill(0);
  for (let row = 0; row < labels.rows; row++) {
    const label = classOf(labels, row);
    if (counts[label] === undefined) {
      throw blasnetError('ERR_BLASNET_ARG_VALUE', `Expected Y to hold classes, got ${label} at row ${row}`);
    }
    counts[label]++;
  }
  return counts;
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

function classCountOf({ data, cols }: Labels): number {
  if (!(data instanceof Int32Array)) return cols === 1 ? 2 : cols;
  let most = 0;
  for (const label of data) most = Math.max(most, label);
  return most + 1;
}
