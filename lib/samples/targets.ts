// The targets of a network with a targetScaler. It learns from them and is trained on them scaled. What the network says is
// taken the way back, and metrics compare it with the targets as they came.

import { firstNotFinite } from '../addon/arrays';
import type { Work } from '../addon/work';
import { AbortError, argumentError, blasnetError } from '../base/errors';
import { elementError, type FloatArray, Matrix, sharedZeros } from '../base/matrix';
import { outputLayerOf } from '../layers/architecture';
import { type LossInUnits, type LossName, lossEntry, lossInUnits, type ResolvedLoss } from '../layers/losses';
import type { Preprocessing } from '../preprocessing';
import { checkFittedReversible, divisorOf } from '../preprocessing/reversible';
import type { LabelKind, Labels } from './labels';
import { type Pending, unlessBrief } from './pending';

/** A scaler that learns from the training data, before it scales these and the validation data. */
export interface TargetLearning {
  /** Whether the targets to learn from are known: the first ones are. */
  begun?: boolean;
  /** Says from which rows it learns, in this order; undefined if these are all. Targets and weights are there by then. */
  trainedRows?: () => Work<Uint32Array | undefined>;
}

/**
 * The scaled targets, which the pending work fills.
 *
 * @param own the targets as they came, in doubles
 * @param late whether other work comes before that of the targets
 * @param learning given in a training whose scaler has not learned
 */
export function scaledTargets(
  kind: LabelKind,
  own: Labels,
  loss: LossName,
  late: boolean,
  learning?: TargetLearning,
): Labels {
  const scaler = kind.targetScaler as Preprocessing;
  const { rows, cols } = own;
  const Y = { data: sharedZeros(rows, cols, kind.dtype).data, rows, cols };
  const learns = learning !== undefined && !learning.begun;
  if (learns) learning.begun = true;
  else if (learning === undefined) checkTargetScaler(kind);
  const targets = new Matrix(own.data as FloatArray, rows, cols);
  const work = scaling(scaler, targets, new Matrix(Y.data, rows, cols), loss, learns ? learning : undefined);
  const pending: Pending | undefined =
    late || learning !== undefined ? { work, arrays: [targets.data] } : unlessBrief(work, [targets.data]);
  return { ...Y, pending };
}

function* scaling(
  scaler: Preprocessing,
  targets: Matrix,
  out: Matrix,
  loss: LossName,
  learning: TargetLearning | undefined,
): Work<void> {
  const bad = yield* firstNotFinite(targets.data);
  if (bad !== -1) throw elementError('Y', targets, bad, `${lossEntry(loss).labels} (the loss is ${loss})`);
  if (learning !== undefined) {
    const rows = learning.trainedRows && (yield* learning.trainedRows());
    yield* ofScaler(rows === undefined ? scaler.fitWork(targets) : scaler.fitRowsWork(targets, rows));
    checkFittedReversible('targetScaler', scaler.learnedSteps);
  }
  yield* ofScaler(scaler.transformWork(targets, out));
}

// The scaler's errors call its input X.
function* ofScaler(work: Work<void>): Work<void> {
  try {
    yield* work;
  } catch (error) {
    if (error instanceof Error && !(error instanceof AbortError))
      error.message = `In targetScaler: ${error.message}`;
    throw error;
  }
}

/** Throws for a loss whose labels a scaler would spoil. @throws RangeError ERR_BLASNET_ARG_VALUE */
export function checkTargetLoss({ targetScaler }: Pick<LabelKind, 'targetScaler'>, loss: LossName): void {
  if (targetScaler === undefined || lossEntry(loss).labelRule === 'finite') return;
  const rule = "one of all numbers, such as 'meanSquaredError', since the network has a targetScaler";
  throw argumentError('ERR_BLASNET_ARG_VALUE', 'loss', rule, loss);
}

/** Throws unless the scaler, if there is one, has learned and takes as many columns as the network has outputs. */
export function checkTargetScaler({
  architecture,
  targetScaler,
}: Pick<LabelKind, 'architecture' | 'targetScaler'>): void {
  if (targetScaler === undefined) return;
  if (!targetScaler.fitted) {
    const rule =
      'fitted before the network is used: call fit. The network has a copy of its own, net.targetScaler';
    throw blasnetError('ERR_BLASNET_NOT_FITTED', `Expected targetScaler to be ${rule}`);
  }
  checkTargetColumns(targetScaler, outputLayerOf(architecture).outputDim);
}

/** @throws RangeError ERR_BLASNET_SHAPE, ERR_BLASNET_ARG_VALUE for a step that cannot be undone */
export function checkTargetColumns(targetScaler: Preprocessing, outputDim: number): void {
  checkFittedReversible('targetScaler', targetScaler.learnedSteps);
  if (targetScaler.inputColumns === outputDim) return;
  throw blasnetError(
    'ERR_BLASNET_SHAPE',
    `Expected targetScaler to take ${outputDim} columns (the network's outputDim), got ${targetScaler.inputColumns}`,
  );
}

/**
 * The loss of the scaled targets that is computed in place of `loss`, and the factor of its values. For one output and a
 * loss with a degree, these are values of `loss` itself, in the targets' own units. Otherwise they are those of the scaled
 * targets, and the factor is 1.
 */
export function lossOfScaled(
  { architecture, targetScaler }: Pick<LabelKind, 'architecture' | 'targetScaler'>,
  loss: ResolvedLoss,
): LossInUnits {
  const asItIs = { loss, factor: 1 };
  if (targetScaler === undefined || outputLayerOf(architecture).outputDim > 1) return asItIs;
  const unit = divisorOf(targetScaler.learnedSteps, 0);
  return (unit === undefined ? undefined : lossInUnits(loss, unit)) ?? asItIs;
}

// Outputs that this thread takes back sooner than a native call would.
const fewOutputs = 2 ** 10;

/** Takes outputs (rows, outputDim) to the targets' own units: in place, rounded to their dtype. */
export function* unscale(targetScaler: Preprocessing | undefined, outputs: Matrix): Work<void> {
  if (targetScaler === undefined) return;
  const few = outputs.rows * outputs.cols <= fewOutputs;
  if (few) unscaleHere(targetScaler, outputs, outputs.rows);
  else yield* targetScaler.inverseWork(outputs, outputs);
}

/** Like `unscale`, for the first rows, on the calling thread. */
export function unscaleHere(targetScaler: Preprocessing, outputs: Matrix, rows: number): void {
  // It may have learned anew since the network was last used.
  if (targetScaler.inputColumns !== outputs.cols) checkTargetColumns(targetScaler, outputs.cols);
  targetScaler.inverseHereWork(outputs, rows);
}

/** The outputs in the targets' own units, as doubles, for metrics. Without a scaler they are the outputs themselves. */
export function* measurable(targetScaler: Preprocessing | undefined, outputs: Matrix): Work<Matrix> {
  if (targetScaler === undefined) return outputs;
  const own = sharedZeros(outputs.rows, outputs.cols, 'float64');
  yield* targetScaler.inverseWork(outputs, own);
  return own;
}

/** How targets are read: with a scaler in doubles, since they are rounded only when they have been scaled. */
export function unscaledKind(kind: LabelKind): LabelKind {
  return kind.targetScaler === undefined ? kind : { ...kind, dtype: 'float64' };
}
