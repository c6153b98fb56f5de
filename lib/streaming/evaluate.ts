import { asyncConstraints, howOf } from '../addon/work';
import type { Matrix } from '../base/matrix';
import { anything, checkOptions, optional, positiveInteger } from '../base/validate';
import type { PlanQueue } from '../engine/plan-queue';
import { outputActivationOf, outputLayerOf } from '../layers/architecture';
import { resolveMetrics } from '../metrics/metric';
import { evaluation } from '../network/evaluation';
import type { EvaluateSourceOptions, Evaluation, PredictSourceOptions } from '../network/network-options';
import type { InputsLike } from '../samples/inputs';
import { fitLoss } from '../samples/labels';
import type { SampleKind } from '../samples/samples';
import type { InputChunk, SampleChunk, Source } from '../samples/source';
import { checkTargetLoss, lossOfScaled } from '../samples/targets';
import { weigher } from '../samples/weights';
import { measureElsewhere } from '../training/measure';
import { sourceName } from './feed';
import { defaultWindowRows } from './options';
import { Pieces } from './pieces';
import { checkSource, inChunk, Run } from './run';
import { evaluateWindows } from './validation';
import { noRows, Windows, windowMemory } from './windows';

const evaluateConstraints = {
  ...{ loss: anything, metrics: anything, windowRows: optional(positiveInteger) },
  ...asyncConstraints,
};

/** Evaluates a network with the rows of a source: see `Network.evaluate`. */
export async function evaluateSource(
  kind: SampleKind,
  queue: PlanQueue,
  source: unknown,
  options: EvaluateSourceOptions = {},
): Promise<Evaluation> {
  checkSource('source', source);
  checkOptions('', options, evaluateConstraints);
  const { architecture } = kind;
  const { outputDim } = outputLayerOf(architecture);
  const metrics = resolveMetrics(options.metrics, outputDim, outputActivationOf(architecture));
  const how = howOf(options);
  const run = new Run(sourceName, source as Source<SampleChunk>, options.signal);
  try {
    const first = await run.peek();
    if (first === undefined) throw noRows(sourceName);
    const loss = fitLoss(architecture, options.loss, first?.Y, kind.labels !== undefined, queue.lastLoss);
    checkTargetLoss(kind, loss.name);
    const computed = lossOfScaled(kind, loss);
    const conversion = {
      ...{ kind, loss: loss.name, how },
      weigher: (sampleWeight: unknown) => weigher(outputDim, sampleWeight, undefined, 'ofPart'),
    };
    const rows = options.windowRows ?? defaultWindowRows(architecture, kind.dtype);
    const sizes = { rows, firstRows: rows, least: 1 };
    const windows = new Windows(
      new Pieces(run, conversion),
      windowMemory(rows, 1),
      sizes,
      { architecture, loss },
      how,
    );
    const { metrics: measured, ...sums } = await evaluateWindows(
      () => windows.next(),
      kind,
      loss,
      (operation) => queue.read([], computed.loss, operation, how),
      metrics.length === 0
        ? undefined
        : (samples, predictions) => measureElsewhere(metrics, samples, predictions, how),
      how,
    );
    if (sums.rows === 0) throw noRows(sourceName);
    return { ...evaluation(sums, computed), ...measured };
  } finally {
    await run.end();
  }
}

/** Predicts the chunks of a source, one after another: see `Network.predict`. The next one is read meanwhile. */
export async function* predictSource<Result = Matrix>(
  predict: (X: InputsLike, how: PredictSourceOptions) => Promise<Result>,
  source: unknown,
  options: PredictSourceOptions = {},
): AsyncGenerator<Result, void, undefined> {
  checkSource('source', source);
  checkOptions('', options, asyncConstraints);
  const run = new Run(sourceName, source as Source<InputChunk>, options.signal);
  try {
    for (let next = run.next(); ; ) {
      const chunk = await next;
      if (chunk === undefined) return;
      const result = await inItsChunk(run, () => predict(inputsIn(chunk), options));
      // The chunk is not read any more.
      next = run.next();
      next.catch(() => {});
      yield result;
    }
  } finally {
    await run.end();
  }
}

async function inItsChunk<T>(run: Run<unknown>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw inChunk(run, error);
  }
}

function inputsIn(chunk: InputChunk): InputsLike {
  const has = typeof chunk === 'object' && chunk !== null && 'X' in chunk;
  return has ? (chunk as { readonly X: InputsLike }).X : chunk;
}
