import { argumentError, blasnetError } from '../base/errors';
import { type Dtype, type LabelArray, Matrix } from '../base/matrix';
import type { MatrixLike } from '../base/matrix-input';
import { checkBuffer } from '../base/pinning';
import { type ActivationName, activationRow } from '../layers/activations';
import { type Architecture, outputActivationOf, outputLayerOf } from '../layers/architecture';
import { defaultLoss, type LossName, lossEntry, type ResolvedLoss, resolveLoss } from '../layers/losses';
import type { Label, LabelEncoder } from '../preprocessing';
import { networkMatrix } from './network-matrix';

/**
 * Labels, in one of these forms: rows, one per sample, as in `MatrixLike`; one number per sample, if the network has a
 * single output; one class number per sample, from 0, for sparseCategoricalCrossEntropy (an Int32Array is read in
 * place); class names, if the network has `labels`.
 */
export type LabelsLike = MatrixLike | Int32Array | Uint8Array | Uint16Array | Uint32Array | readonly Label[];

/** Labels in the form that native code takes: (rows x outputDim), or (rows x 1) of class numbers. */
export interface Labels {
  readonly data: LabelArray;
  readonly rows: number;
  readonly cols: number;
}

/** The properties of a network that its labels depend on. */
export interface LabelKind {
  readonly architecture: Architecture;
  readonly dtype: Dtype;
  readonly labels: LabelEncoder | undefined;
}

/** Whether labels have a type that may hold one class number per sample. */
export function areClasses(Y: unknown): boolean {
  return (
    Y instanceof Int32Array ||
    Y instanceof Uint8Array ||
    Y instanceof Uint16Array ||
    Y instanceof Uint32Array ||
    (Array.isArray(Y) && typeof Y[0] === 'number')
  );
}

/** The loss that fit minimises: the option, or the default for the output activation and the kind of labels. */
export function fitLoss(architecture: Architecture, loss: unknown, Y: unknown, named: boolean): ResolvedLoss {
  const output = outputActivationOf(architecture);
  const { ofClasses } = lossEntry(defaultLoss(output));
  const classes = loss === undefined && !named && areClasses(Y);
  return resolveLoss(classes && ofClasses !== undefined ? ofClasses : loss, output);
}

/** Converts Y to the form that the loss takes. */
export function asLabels(kind: LabelKind, Y: LabelsLike, loss: LossName): Labels {
  const { architecture, dtype, labels } = kind;
  const { outputDim } = outputLayerOf(architecture);
  if (labels !== undefined && Array.isArray(Y) && !Array.isArray(Y[0])) {
    return encoded(kind, labels, Y as readonly Label[], loss);
  }
  if (lossEntry(loss).labelRule === 'classes') return classLabels(Y, loss);
  if (outputDim === 1 && areClasses(Y)) return column(Y as ArrayLike<unknown>, dtype);
  return networkMatrix('Y', Y, outputDim, "the network's outputDim", dtype);
}

// One number per sample, for a single output.
function column(values: ArrayLike<unknown>, dtype: Dtype): Matrix {
  const matrix = Matrix.zeros(values.length, 1, dtype);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (typeof value !== 'number')
      throw argumentError('ERR_BLASNET_ARG_TYPE', `Y[${row}]`, 'a number', value);
    matrix.data[row] = value;
  }
  return matrix;
}

// Converts class names to the form that the loss takes.
function encoded(
  { architecture, dtype }: LabelKind,
  labels: LabelEncoder,
  names: readonly Label[],
  loss: LossName,
): Labels {
  const { outputDim } = outputLayerOf(architecture);
  const { length } = labels.classes;
  if (length !== Math.max(outputDim, 2)) {
    const rule = `${Math.max(outputDim, 2)} classes, since the network's outputDim is ${outputDim}`;
    throw blasnetError('ERR_BLASNET_SHAPE', `Expected labels to have ${rule}, got ${length}`);
  }
  const { labelRule } = lossEntry(loss);
  if (labelRule === 'classes') {
    return { data: labels.indices(names), rows: names.length, cols: 1 };
  }
  const signs = labelRule === 'signs' || classThreshold(outputActivationOf(architecture)) === 0;
  if (outputDim === 1) return signs ? labels.signs(names, dtype) : labels.binary(names, dtype);
  const rows = labels.oneHot(names, dtype);
  if (labelRule === 'signs') for (const [i, one] of rows.data.entries()) rows.data[i] = 2 * one - 1;
  return rows;
}

/** The number above which a single output means the second class. The labels are 0 and 1, or -1 and 1. */
export function classThreshold(output: ActivationName): number {
  return activationRow(output).range === 'real' ? 0 : 0.5;
}

function classLabels(Y: LabelsLike, loss: LossName): Labels {
  if (Y instanceof Int32Array) {
    checkBuffer('Y', Y);
    return { data: nonEmpty(Y), rows: Y.length, cols: 1 };
  }
  if (!areClasses(Y)) {
    const rule = `an Int32Array or an array of class numbers from 0 (the loss is ${loss})`;
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'Y', rule, Y);
  }
  const values = Y as ArrayLike<unknown>;
  const data = new Int32Array(new SharedArrayBuffer(4 * values.length));
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== 'number') throw argumentError('ERR_BLASNET_ARG_TYPE', `Y[${i}]`, 'a number', value);
    if (!Number.isInteger(value) || value < 0 || value > 2 ** 31 - 1) {
      throw argumentError(
        'ERR_BLASNET_ARG_VALUE',
        `Y[${i}]`,
        'a class, an integer from 0 to 2^31 - 1',
        value,
      );
    }
    data[i] = value;
  }
  return { data: nonEmpty(data), rows: data.length, cols: 1 };
}

function nonEmpty(data: Int32Array): Int32Array {
  if (data.length > 0) return data;
  throw blasnetError('ERR_BLASNET_SHAPE', 'Expected Y to have at least one row, got 0');
}

/** A function that turns outputs into class names: see Network.classify. @throws Error ERR_BLASNET_NOT_FITTED */
export function classDecoder(
  { architecture, labels }: LabelKind,
  method: string,
): (outputs: Matrix) => Label[] {
  if (labels === undefined) {
    throw argumentError(
      'ERR_BLASNET_NOT_FITTED',
      'labels',
      `an option of the network, since ${method} needs it`,
      undefined,
    );
  }
  const threshold = classThreshold(outputActivationOf(architecture));
  return (outputs) => labels.decode(outputs, { threshold });
}
