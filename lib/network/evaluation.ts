import type { Outcome } from '../engine/plan';
import { outputActivationOf, outputLayerOf } from '../layers/architecture';
import { type LossInUnits, lossEntry, type ResolvedLoss } from '../layers/losses';
import { type ResolvedMetric, resolveMetrics } from '../metrics/metric';
import type { InputsLike } from '../samples/inputs';
import type { LabelsLike } from '../samples/labels';
import { fitLoss } from '../samples/labels';
import { fillHere } from '../samples/pending';
import { type LabelledSamples, labelledSamples, type SampleKind } from '../samples/samples';
import { weigher } from '../samples/weights';
import type { History } from '../training/history';
import type { EvaluateOptions, Evaluation } from './network-options';

export { measureElsewhere, measureHere } from '../training/measure';

/** The checked arguments of `evaluate`. */
export interface EvaluationTask {
  readonly samples: LabelledSamples;
  /** The loss that was asked for, to name it in errors. */
  readonly loss: ResolvedLoss;
  readonly metrics: readonly ResolvedMetric[];
}

/** Checks the arguments. Without a loss, that of the last training counts, if it was given one. */
export function evaluationTask(
  kind: SampleKind,
  X: InputsLike,
  Y: LabelsLike,
  options: EvaluateOptions,
  trainedLoss: ResolvedLoss | undefined,
): EvaluationTask {
  const { architecture } = kind;
  const loss = fitLoss(architecture, options.loss, Y, kind.labels !== undefined, trainedLoss);
  const { outputDim } = outputLayerOf(architecture);
  const metrics = resolveMetrics(options.metrics, outputDim, outputActivationOf(architecture));
  const samples = labelledSamples(kind, X, Y, loss.name, weigher(outputDim, options.sampleWeight));
  return { samples, loss, metrics };
}

/** Like `evaluationTask`, with the samples filled on the calling thread. */
export function evaluationHere(...given: Parameters<typeof evaluationTask>): EvaluationTask {
  const task = evaluationTask(...given);
  fillHere(task.samples);
  return task;
}

/** @param factor see `lossOfScaled` */
export function evaluation(
  { loss: sum, hits, rows }: Pick<Outcome, 'loss' | 'hits' | 'rows'>,
  { loss: { name }, factor }: LossInUnits,
): Evaluation {
  const loss = factor * (sum / rows);
  return lossEntry(name).accuracy ? { loss, accuracy: hits / rows } : { loss };
}

/** The numbers of a training of one epoch. */
export function firstEpoch({ loss, accuracy }: History): Evaluation {
  return { loss: loss[0] as number, ...(accuracy && { accuracy: accuracy[0] as number }) };
}
