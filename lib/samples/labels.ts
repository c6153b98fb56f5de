import { convertNumbers } from '../addon/arrays';
import { readInSlices, type Work } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { elementHint } from '../base/hints';
import { allocateShared, type Matrix, matrixOf, numbersReading, typedReading } from '../base/matrix';
import { type MatrixLike, rowsInput } from '../base/matrix-input';
import { newSharedArray } from '../base/memory';
import {
  countOf,
  type Dtype,
  isInt32,
  isIntegerArray,
  isNumberArray,
  isTypedNumbers,
  type LabelArray,
  lengthOf,
  type NumberArray,
  type NumbersLike,
} from '../base/number-kinds';
import { checkBuffer } from '../base/pinning';
import type { Reading } from '../base/reading';
import { type ActivationName, activationRow } from '../layers/activations';
import { type Architecture, outputActivationOf, outputLayerOf } from '../layers/architecture';
import {
  checkLevels,
  defaultLoss,
  type LossName,
  lossEntry,
  type ResolvedLoss,
  resolveLoss,
} from '../layers/losses';
import type { Label, LabelEncoder, Preprocessing } from '../preprocessing';
import { networkMatrix } from './network-matrix';
import { type Pending, unlessBrief } from './pending';

/**
 * Labels, in one of these forms: rows, one per sample, as in `MatrixLike`; one number per sample, if the network has a
 * single output; one class number per sample, from 0, for sparseCategoricalCrossEntropy (an Int32Array is read in
 * place); class names, if the network has `labels`, one after another or in rows of one.
 */
export type LabelsLike = MatrixLike | readonly Label[] | readonly (readonly Label[])[];

/** Labels in the form that native code takes: (rows x outputDim), or (rows x 1) of class numbers. */
export interface Labels {
  readonly data: LabelArray;
  readonly rows: number;
  readonly cols: number;
  /** Fills the data, which are empty before: reads many plain values, and encodes. The samples' pending work has it. */
  readonly pending?: Pending | undefined;
}

/** The properties of a network that its labels depend on. */
export interface LabelKind {
  readonly architecture: Architecture;
  readonly dtype: Dtype;
  readonly labels: LabelEncoder | undefined;
  /** Scales the targets before the network learns them. Not with `labels`. */
  readonly targetScaler: Preprocessing | undefined;
}

/** Whether labels have a form that may hold one class number per sample. */
export function areClasses(Y: unknown): boolean {
  return isIntegerArray(Y) || (Array.isArray(Y) && typeof Y[0] === 'number');
}

/** Whether labels are rows of one number each. */
function isColumn(Y: unknown): boolean {
  if (Array.isArray(Y)) return (Array.isArray(Y[0]) || isTypedNumbers(Y[0])) && countOf(Y[0]) === 1;
  return matrixOf('Y', Y)?.cols === 1;
}

/**
 * Whether labels are names of classes: an array of them, rows of one name each, or a typed array of integers, unless the
 * classes are known to be strings.
 */
function areNames(labels: LabelEncoder, Y: unknown, outputDim: number): boolean {
  if (!Array.isArray(Y))
    return isIntegerArray(Y) && (!labels.fitted || typeof labels.classes[0] === 'number');
  const [first] = Y;
  if (!Array.isArray(first)) return !isTypedNumbers(first);
  return first.length === 1 && (typeof first[0] === 'string' || outputDim > 1);
}

/**
 * The loss of labels: the option, or that of the last training, or the default for the output activation. Without the
 * option, class numbers get the form of the loss that takes them.
 */
export function fitLoss(
  architecture: Architecture,
  loss: unknown,
  Y: unknown,
  named: boolean,
  trainedLoss?: ResolvedLoss,
): ResolvedLoss {
  const output = outputActivationOf(architecture);
  const { outputDim } = outputLayerOf(architecture);
  if (loss !== undefined) return checkLevels(resolveLoss(loss, output), outputDim);
  const { ofClasses } = lossEntry(trainedLoss?.name ?? defaultLoss(output));
  const classes = areClasses(Y) || (outputDim > 1 && isColumn(Y));
  if (!named && classes && ofClasses !== undefined) return resolveLoss(ofClasses, output);
  return trainedLoss ?? resolveLoss(undefined, output);
}

/**
 * Converts Y to the form that the loss takes.
 *
 * @param learns whether the network's labels still learn their classes, by work that is done before that of Y
 */
export function asLabels(kind: LabelKind, Y: LabelsLike, loss: LossName, learns = false): Labels {
  const { architecture, dtype, labels } = kind;
  const { outputDim } = outputLayerOf(architecture);
  if (labels !== undefined && areNames(labels, Y, outputDim)) {
    return encoded(kind, labels, Y as ArrayLike<Label>, loss, learns);
  }
  if (lossEntry(loss).labelRule === 'classes') return classLabels(Y, loss);
  if (outputDim === 1 && areClasses(Y)) return column(Y as NumbersLike, dtype);
  const { matrix, unread } = networkMatrix('Y', Y, outputDim, "the network's outputDim", dtype);
  if (unread === undefined) return matrix;
  const { data, rows, cols } = matrix;
  return { data, rows, cols, pending: { work: readInSlices(unread), arrays: [] } };
}

// One number per sample, for a single output.
function column(values: NumbersLike, dtype: Dtype): Labels {
  const data = allocateShared(countOf(values), dtype);
  const labels = { data, rows: data.length, cols: 1 };
  if (isTypedNumbers(values)) checkBuffer('Y', values);
  if (isNumberArray(values)) return { ...labels, pending: unlessBrief(copied(values, data), [values]) };
  const reading = isTypedNumbers(values)
    ? typedReading('Y', values, data)
    : numbersReading('Y', values, data);
  return { ...labels, pending: unlessBrief(readInSlices(reading)) };
}

function* copied(...given: Parameters<typeof convertNumbers>): Work<void> {
  yield* convertNumbers(...given);
}

// Converts class names to the form that the loss takes.
function encoded(
  { architecture, dtype }: LabelKind,
  labels: LabelEncoder,
  names: ArrayLike<Label>,
  loss: LossName,
  learns: boolean,
): Labels {
  const { outputDim } = outputLayerOf(architecture);
  const { labelRule } = lossEntry(loss);
  const rows = names.length;
  const cols = labelRule === 'classes' ? 1 : outputDim;
  const signs =
    labelRule === 'signs' || (outputDim === 1 && classThreshold(outputActivationOf(architecture)) === 0);
  const data =
    labelRule === 'classes' ? newSharedArray(Int32Array, rows) : allocateShared(rows * cols, dtype);
  const work = encode(labels, names, { data, rows, cols }, outputDim, signs ? -1 : 0);
  const pending = learns ? { work, arrays: [] } : unlessBrief(work);
  return { data, rows, cols, pending };
}

function* encode(
  labels: LabelEncoder,
  names: ArrayLike<Label>,
  { data, cols }: Labels,
  outputDim: number,
  off: number,
): Work<void> {
  checkClasses(labels, outputDim);
  if (isInt32(data)) yield* labels.indicesWork(names, data);
  else yield* labels.columnsWork(names, cols, off, data);
}

function checkClasses(labels: LabelEncoder, outputDim: number): void {
  const { length } = labels.classes;
  if (length === Math.max(outputDim, 2)) return;
  const rule = `${Math.max(outputDim, 2)} classes, since the network's outputDim is ${outputDim}`;
  throw blasnetError('ERR_BLASNET_SHAPE', `Expected labels to have ${rule}, got ${length}`);
}

/** The number above which a single output means the second class. The labels are 0 and 1, or -1 and 1. */
export function classThreshold(output: ActivationName): number {
  return activationRow(output).range === 'real' ? 0 : 0.5;
}

function classLabels(Y: LabelsLike, loss: LossName): Labels {
  if (isInt32(Y)) {
    checkBuffer('Y', Y);
    return { data: nonEmpty(Y), rows: lengthOf(Y), cols: 1 };
  }
  const { values, unread } = classNumbers(Y, loss);
  if (isTypedNumbers(values)) checkBuffer('Y', values);
  const data = nonEmpty(newSharedArray(Int32Array, countOf(values)));
  const pending = unlessBrief(classesOf(values, unread, data), isNumberArray(values) ? [values] : []);
  return { data, rows: data.length, cols: 1, pending };
}

// One class number per sample: one after another, or in a single column.
function classNumbers(Y: LabelsLike, loss: LossName): { values: NumbersLike; unread?: Reading | undefined } {
  if (isTypedNumbers(Y) || areClasses(Y)) return { values: Y as NumbersLike };
  const isTable = Array.isArray(Y) && (Array.isArray(Y[0]) || isTypedNumbers(Y[0]));
  const { matrix, unread } = isTable ? rowsInput('Y', Y, 'float64', 'labels') : { matrix: matrixOf('Y', Y) };
  if (matrix?.cols === 1) return { values: matrix.data, unread };
  const rule = `a typed array or an array of class numbers from 0 (the loss is ${loss})`;
  const hint = Array.isArray(Y) ? elementHint(Y[0], 'labels') : '';
  throw argumentError('ERR_BLASNET_ARG_TYPE', 'Y', rule, Y, isTable ? '' : hint);
}

function* classesOf(values: NumbersLike, unread: Reading | undefined, out: Int32Array): Work<void> {
  if (unread !== undefined) yield* readInSlices(unread);
  let numbers: NumberArray;
  if (isNumberArray(values)) numbers = values;
  else {
    const read = allocateShared(out.length, 'float64');
    yield* readInSlices(
      isTypedNumbers(values) ? typedReading('Y', values, read) : numbersReading('Y', values, read),
    );
    numbers = read;
  }
  const bad = yield* convertNumbers(numbers, out);
  if (bad === undefined) return;
  const rule = 'a class, an integer from 0 to 2^31 - 1';
  throw argumentError('ERR_BLASNET_ARG_VALUE', `Y[${bad}]`, rule, numbers[bad]);
}

function nonEmpty(data: Int32Array): Int32Array {
  if (lengthOf(data) > 0) return data;
  throw blasnetError('ERR_BLASNET_SHAPE', 'Expected Y to have at least one row, got 0');
}

/** Turns outputs into class names: see Network.classify. @throws Error ERR_BLASNET_NOT_FITTED */
export function classDecoder(
  { architecture, labels }: LabelKind,
  method: string,
): (outputs: Matrix) => Work<Label[]> {
  if (labels === undefined) {
    throw argumentError(
      'ERR_BLASNET_NOT_FITTED',
      'labels',
      `an option of the network, since ${method} needs it`,
      undefined,
    );
  }
  const threshold = classThreshold(outputActivationOf(architecture));
  return (outputs) => labels.decodeWork(outputs, threshold);
}
