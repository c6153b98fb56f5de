import { checkWeights, countClasses, weigh } from '../addon/rows';
import { readInSlices, type Work } from '../addon/work';
import { argumentError, type BlasnetError, blasnetError } from '../base/errors';
import { allocateShared, numbersReading } from '../base/matrix';
import type { AnyName } from '../base/names';
import {
  countOf,
  type Dtype,
  type FloatArray,
  isFloatArray,
  isTypedNumbers,
  lengthOf,
  type NumbersLike,
} from '../base/number-kinds';
import { checkBuffer } from '../base/pinning';
import type { Reading } from '../base/reading';
import { checkObject } from '../base/validate';
import type { Labels } from './labels';
import { joined, type Pending, unlessBrief } from './pending';
import type { LabelledSamples, Samples } from './samples';

/** One weight per sample: a typed array or an array of numbers, none negative and not all 0. */
export type SampleWeight = NumbersLike;

/**
 * One weight per class, by the class number from 0: an array; a dictionary (a missing class has weight 1); or
 * 'balanced', which is rows / (classes * rows of the class), as in scikit-learn.
 */
export type ClassWeight = 'balanced' | AnyName | NumbersLike | { readonly [label: number]: number };

/** The weights that follow from both options, see `Samples`, and the work that fills them. */
export interface CombinedWeights extends Pending {
  readonly weights: Required<Pick<Samples, 'weights'>> & Pick<Samples, 'ownWeights'>;
}

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
  const { rows } = labels;
  const given = sampleWeight === undefined ? null : weightsInput('sampleWeight', sampleWeight, rows);
  const ofClasses = classWeight === undefined ? null : classWeigher(classes, classWeight);
  const own = given && allocateShared(rows, dtype);
  const arrays = given === null ? [] : [given.weights];
  if (ofClasses === null) {
    const weights = own as FloatArray;
    return { weights: { weights, ownWeights: weights }, work: weighOwn(given, weights), arrays };
  }
  const weights = allocateShared(rows, dtype);
  const work = weighClasses(labels, classes, given, own, ofClasses, weights);
  return { weights: own === null ? { weights } : { weights, ownWeights: own }, work, arrays };
}

function* weighOwn(given: WeightsInput | null, out: FloatArray | null): Work<void> {
  if (given === null || out === null) return;
  yield* checkedWeights(given);
  yield* meanOne(given.name, { weights: given.weights, rows: out.length }, out);
}

function* weighClasses(
  labels: Labels,
  classes: number,
  given: WeightsInput | null,
  own: FloatArray | null,
  ofClasses: ClassWeigher,
  out: FloatArray,
): Work<void> {
  const { data, rows, cols } = labels;
  yield* weighOwn(given, own);
  const ofClass = ofClasses(yield* classCounts(labels, classes), rows);
  const name = given === null ? 'classWeight' : 'sampleWeight * classWeight';
  const weights = given === null ? null : given.weights;
  yield* meanOne(name, { weights, labels: data, cols, ofClass, rows }, out);
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

/** Adds the weights of both options to the samples of a network with `outputs` outputs. What takes long is pending. */
export function withWeights(
  samples: LabelledSamples,
  outputs: number,
  sampleWeight: unknown,
  classWeight: unknown,
): LabelledSamples {
  const { X, Y } = samples;
  const combined = combineWeights(Y, classCount(outputs), X.dtype, sampleWeight, classWeight);
  if (combined === undefined) return samples;
  const { work, arrays, weights } = combined;
  // Weights of classes need the labels.
  const pending = Y.pending === undefined ? unlessBrief(work, arrays) : { work, arrays };
  if (pending === undefined) return { ...samples, ...weights };
  return { ...samples, ...weights, ...joined([samples.pending, pending]) };
}

interface WeightsInput {
  readonly name: string;
  readonly value: unknown;
  readonly weights: FloatArray;
  readonly unread?: Reading;
}

/** Checks the `sampleWeight` option, apart from its numbers. A typed array is not copied, other numbers are unread. */
function weightsInput(name: string, value: unknown, rows: number): WeightsInput {
  if (!isTypedNumbers(value) && !Array.isArray(value)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'a typed array or an array of numbers', value);
  }
  if (isTypedNumbers(value)) checkBuffer(name, value);
  if (countOf(value) !== rows) {
    throw argumentError('ERR_BLASNET_SHAPE', name, `of length ${rows}, one weight per sample`, value);
  }
  if (isFloatArray(value)) return { name, value, weights: value };
  const weights = allocateShared(rows, 'float64');
  const wrong = (row: number, weight: unknown) => weightError(name, row, weight);
  return { name, value, weights, unread: numbersReading(name, value, weights, wrong) };
}

function* checkedWeights({ name, value, weights, unread }: WeightsInput): Work<void> {
  if (unread !== undefined) yield* readInSlices(unread);
  const { bad, sum } = yield* checkWeights(weights);
  if (bad < lengthOf(weights)) throw weightError(name, bad, weights[bad]);
  if (sum === 0) throw argumentError('ERR_BLASNET_ARG_VALUE', name, 'not all 0', value);
}

/** The weights of the classes, for the number of rows of each. */
type ClassWeigher = (counts: readonly number[], rows: number) => Float64Array;

/** Checks the `classWeight` option. */
function classWeigher(classes: number, value: unknown): ClassWeigher {
  if (value === 'balanced') {
    return (counts, rows) => {
      const present = counts.filter((count) => count > 0).length;
      return Float64Array.from(counts, (count) => (count === 0 ? 0 : rows / (present * count)));
    };
  }
  if (typeof value === 'string') {
    throw argumentError(
      'ERR_BLASNET_UNKNOWN_NAME',
      'classWeight',
      "'balanced', or a weight for each class",
      value,
    );
  }
  const given: unknown = Array.isArray(value) ? { ...value } : value;
  checkObject('classWeight', given);
  const weightOf = new Map(Object.entries(given));
  for (const [label, weight] of weightOf) {
    if (!isWeight(weight)) throw weightError('classWeight', label, weight);
    if (!/^(0|[1-9]\d*)$/.test(label) || Number(label) >= classes) {
      const rule = `classes from 0 to ${classes - 1}`;
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'the keys of classWeight', rule, label);
    }
  }
  return (counts) => {
    const weights = counts.map((_, label) => (weightOf.get(String(label)) as number | undefined) ?? 1);
    if (weights.every((weight, label) => weight === 0 || counts[label] === 0)) {
      const rule = 'above 0 for at least one class in Y';
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'classWeight', rule, value);
    }
    return Float64Array.from(weights);
  };
}

function isWeight(weight: unknown): weight is number {
  return typeof weight === 'number' && weight >= 0 && Number.isFinite(weight);
}

function weightError(name: string, key: number | string, weight: unknown): BlasnetError {
  const code = typeof weight === 'number' ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_ARG_TYPE';
  return argumentError(code, `${name}[${key}]`, 'a finite number of at least 0', weight);
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
