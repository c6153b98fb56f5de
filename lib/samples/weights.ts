import { checkWeights, countClasses, listPresent, weigh } from '../addon/rows';
import { readInSlices, type Work } from '../addon/work';
import { argumentError, type BlasnetError, blasnetError } from '../base/errors';
import { tableHint } from '../base/hints';
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
import { type Pending, unlessBrief } from './pending';
import type { Samples, Weigh } from './samples';

/**
 * One weight per sample: a typed array or an array of numbers, none negative and not all 0. A sample of weight 0 is not
 * there.
 */
export type SampleWeight = NumbersLike;

/**
 * One weight per class, by the class number from 0: an array; a dictionary (a missing class has weight 1); or
 * 'balanced', which is rows / (classes * rows of the class), as in scikit-learn. It counts the samples whose weight is not
 * 0, and the classes that they belong to.
 */
export type ClassWeight = 'balanced' | AnyName | NumbersLike | { readonly [label: number]: number };

/** The weights that follow from both options, see `Samples`, and the work that fills them. */
export interface CombinedWeights extends Pending {
  readonly weights: Required<Pick<Samples, 'weights'>> & Pick<Samples, 'ownWeights'>;
}

/**
 * How weights are used. `asGiven` is Keras's way. `ofMeanOne` is that of checkpoints of version 0.1: weights were scaled to
 * a mean of 1. `ofPart` is as given, for a part of the rows: all of its weights may be 0.
 */
export type Weighting = 'asGiven' | 'ofMeanOne' | 'ofPart';

/**
 * Multiplies the weights of both options. Without an option, the result is undefined.
 *
 * @param classes the number of classes: see `classCount`
 */
export function combineWeights(
  labels: Labels,
  classes: number,
  dtype: Dtype,
  sampleWeight: unknown,
  classWeight: unknown,
  weighting: Weighting = 'asGiven',
): CombinedWeights | undefined {
  if (sampleWeight === undefined && classWeight === undefined) return undefined;
  const { rows } = labels;
  const given = sampleWeight === undefined ? null : weightsInput('sampleWeight', sampleWeight, rows);
  const ofClasses = classWeight === undefined ? null : classWeigher(classes, classWeight, weighting);
  const own = given && allocateShared(rows, dtype);
  const arrays = given === null ? [] : [given.weights];
  if (ofClasses === null) {
    const weights = own as FloatArray;
    return {
      weights: { weights, ownWeights: weights },
      work: weighOwn(given, weights, weighting),
      arrays,
    };
  }
  const weights = allocateShared(rows, dtype);
  const work = weighClasses(labels, classes, given, own, ofClasses, weights, weighting);
  return { weights: own === null ? { weights } : { weights, ownWeights: own }, work, arrays };
}

function* weighOwn(given: WeightsInput | null, out: FloatArray | null, weighting: Weighting): Work<void> {
  if (given === null || out === null) return;
  yield* checkedWeights(given, weighting);
  yield* write(given.name, { weights: given.weights, rows: out.length, out }, weighting);
}

function* weighClasses(
  labels: Labels,
  classes: number,
  given: WeightsInput | null,
  own: FloatArray | null,
  ofClasses: ClassWeigher,
  out: FloatArray,
  weighting: Weighting,
): Work<void> {
  const { data, rows, cols } = labels;
  yield* weighOwn(given, own, weighting);
  const weights = given === null ? null : given.weights;
  const ofClass = ofClasses(yield* classCounts(labels, classes, weights));
  const name = given === null ? 'classWeight' : 'sampleWeight * classWeight';
  yield* write(name, { weights, labels: data, cols, ofClass, rows, out }, weighting);
}

function* write(name: string, given: Parameters<typeof weigh>[0], weighting: Weighting): Work<void> {
  const { rows, out } = given;
  let found = yield* weigh(given);
  if (weighting === 'ofMeanOne') found = yield* weigh({ ...given, scale: rows / found.sum });
  const dtype = out instanceof Float64Array ? 'float64' : 'float32';
  if (found.bad < rows) {
    const message = `Expected ${name} to stay in the range of ${dtype}, got ${out[found.bad]} for row ${found.bad}`;
    throw blasnetError('ERR_BLASNET_ARG_VALUE', message);
  }
  if (found.present > 0 || weighting === 'ofPart') return;
  const message = `Expected ${name} to be above 0 in ${dtype} for at least one row, got 0 for all ${rows}`;
  throw blasnetError('ERR_BLASNET_ARG_VALUE', message);
}

/** The rows that count, since their weight is not 0. */
export interface PresentRows {
  /** (rows) first these rows, then the others */
  readonly order: Uint32Array<SharedArrayBuffer>;
  readonly count: number;
}

/** Which rows count; undefined if all do. */
export function* presentRows(weights: FloatArray | undefined): Work<PresentRows | undefined> {
  if (weights === undefined) return undefined;
  const order = new Uint32Array(new SharedArrayBuffer(4 * weights.length));
  const count = yield* listPresent(weights, order);
  return count === weights.length ? undefined : { order, count };
}

const noWeights = {};
const unweighted: Weigh = () => noWeights;

/** Makes the weights of both options for a network with `outputs` outputs. */
export function weigher(
  outputs: number,
  sampleWeight: unknown,
  classWeight?: unknown,
  weighting?: Weighting,
): Weigh {
  if (sampleWeight === undefined && classWeight === undefined) return unweighted;
  return (labels, dtype) => {
    const combined = combineWeights(labels, classCount(outputs), dtype, sampleWeight, classWeight, weighting);
    if (combined === undefined) return {};
    const { work, arrays, weights } = combined;
    // Weights of classes need the labels.
    const pending = labels.pending === undefined ? unlessBrief(work, arrays) : { work, arrays };
    return pending === undefined ? weights : { ...weights, pending };
  };
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
    const rule = 'a typed array or an array of numbers';
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, rule, value, tableHint(value));
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

function* checkedWeights({ name, value, weights, unread }: WeightsInput, weighting: Weighting): Work<void> {
  if (unread !== undefined) yield* readInSlices(unread);
  const { bad, sum } = yield* checkWeights(weights);
  if (bad < lengthOf(weights)) throw weightError(name, bad, weights[bad]);
  if (sum === 0 && weighting !== 'ofPart')
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, 'not all 0', value);
}

/** The weights of the classes, for the number of rows of each. */
type ClassWeigher = (counts: readonly number[]) => Float64Array;

/** The weights 'balanced' of classes that have so many rows. */
export function balancedWeights(counts: readonly number[]): Float64Array {
  const present = counts.filter((count) => count > 0).length;
  const rows = counts.reduce((sum, count) => sum + count, 0);
  return Float64Array.from(counts, (count) => (count === 0 ? 0 : rows / (present * count)));
}

/** Checks the `classWeight` option. */
function classWeigher(classes: number, value: unknown, weighting: Weighting): ClassWeigher {
  if (value === 'balanced') return balancedWeights;
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
    const none = weights.every((weight, label) => weight === 0 || counts[label] === 0);
    if (none && weighting !== 'ofPart') {
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

/** Counts the samples of each class, without those of weight 0. Throws if a label of theirs belongs to no class. */
export function* classCounts(
  labels: Labels,
  classes: number,
  weights: FloatArray | null = null,
): Work<number[]> {
  const { counts, bad } = yield* countClasses(labels, classes, weights);
  if (bad === labels.rows) return Array.from(counts);
  const { data, cols } = labels;
  const rule = cols === 1 ? `classes from 0 to ${classes - 1}` : 'one largest label in each row';
  // The labels that belong to no class are class numbers, or several are the largest of their row.
  const got = cols === 1 ? String(data[bad]) : 'several';
  throw blasnetError('ERR_BLASNET_ARG_VALUE', `Expected Y to hold ${rule}, got ${got} at row ${bad}`);
}
