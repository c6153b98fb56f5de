// The evaluation of rows that come from a source.

import { copyArrays } from '../addon/arrays';
import { type AsyncOptions, workAnywhere } from '../addon/work';
import { allocateShared, type FloatArray, type LabelArray, Matrix, sharedZeros } from '../base/matrix';
import { newSharedArray } from '../base/memory';
import { evaluateOperation, type Operation, type Outcome, outcomeError, statusCodes } from '../engine/plan';
import { outputLayerOf } from '../layers/architecture';
import { lossEntry, type ResolvedLoss } from '../layers/losses';
import type { Labels } from '../samples/labels';
import type { LabelledSamples, SampleKind } from '../samples/samples';
import type { SampleChunk, Source } from '../samples/source';
import { measurable } from '../samples/targets';
import type { Workplace } from '../training/effects';
import type { EpochRunner } from '../training/epoch-runner';
import { validationName } from '../training/series';
import type { TrainedNetwork } from '../training/trained-network';
import type { Window } from '../training/window';
import { type Conversion, Pieces, type Wanted } from './pieces';
import { Run } from './run';
import { noRows, type WindowMemory, Windows, windowMemory } from './windows';

/** Runs an operation of the network that reads the parameters, for a loss. */
export type ReadNetwork = (operation: Operation) => Outcome | Promise<Outcome>;

/** The sums over the rows of a source. */
export interface Sums {
  readonly loss: number;
  readonly hits: number;
  readonly rows: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Measures predictions of rows. */
export type Measure = (
  samples: LabelledSamples,
  predictions: Matrix,
) => Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>;

/**
 * Evaluates windows, one after another. With `measure`, the predictions, labels and weights of all rows stay in memory,
 * since metrics such as AUC need all of them.
 */
export async function evaluateWindows(
  next: () => Promise<Window | undefined>,
  kind: SampleKind,
  loss: ResolvedLoss,
  read: ReadNetwork,
  measure: Measure | undefined,
  how: AsyncOptions,
): Promise<Sums> {
  const { outputDim } = outputLayerOf(kind.architecture);
  let [sum, hits, rows] = [0, 0, 0];
  const seen: Seen[] = [];
  for (let window = await next(); window !== undefined; window = await next()) {
    const { samples } = window;
    const out = measure && sharedZeros(samples.X.rows, outputDim, samples.X.dtype);
    const outcome = await read(evaluateOperation(samples, out));
    if (outcome.status !== statusCodes.done) throw refusal(window, outcome, kind, loss);
    sum += outcome.loss;
    hits += outcome.hits;
    rows += outcome.rows;
    if (out === undefined) continue;
    const predictions = await workAnywhere(measurable(kind.targetScaler, out), how);
    seen.push(await copied(samples, predictions, how));
  }
  const metrics = measure === undefined || seen.length === 0 ? {} : await measureAll(seen, measure, how);
  return { loss: sum, hits, rows, metrics };
}

function refusal(window: Window, outcome: Outcome, kind: SampleKind, loss: ResolvedLoss): unknown {
  return window.refusal(outcome) ?? outcomeError(outcome, window.samples, kind.architecture, loss);
}

/** What metrics need of rows. */
interface Seen {
  readonly Y: Labels;
  readonly weights: FloatArray | undefined;
  readonly predictions: Matrix;
}

// The window is filled anew.
async function copied(
  { Y: learned, targets: Y = learned, weights }: LabelledSamples,
  predictions: Matrix,
  how: AsyncOptions,
): Promise<Seen> {
  const from = [Y.data, ...(weights === undefined ? [] : [weights])];
  const to = from.map((data) => newLike(data, data.length));
  await workAnywhere(copyArrays(from, to), how);
  const [data, own] = to as [LabelArray, FloatArray | undefined];
  return { Y: { ...Y, data }, weights: own, predictions };
}

async function measureAll(
  seen: readonly Seen[],
  measure: Measure,
  how: AsyncOptions,
): Promise<Readonly<Record<string, number>>> {
  const [first] = seen as [Seen];
  const rows = seen.reduce((sum, { Y }) => sum + Y.rows, 0);
  const joined = async <T extends LabelArray>(parts: readonly T[]): Promise<T> => {
    if (parts.length === 1) return parts[0] as T;
    const all = newLike(
      parts[0] as T,
      parts.reduce((sum, { length }) => sum + length, 0),
    ) as T;
    await workAnywhere(copyArrays(parts, [all]), how);
    return all;
  };
  const Y = { ...first.Y, data: await joined(seen.map((part) => part.Y.data)), rows };
  const { weights } = first;
  const predictions = await joined(seen.map((part) => part.predictions.data));
  const samples = {
    X: first.predictions,
    codes: null,
    Y,
    ...(weights && { weights: await joined(seen.map((part) => part.weights as FloatArray)) }),
  };
  return measure(samples, new Matrix(predictions, rows, first.predictions.cols));
}

function newLike(data: LabelArray, length: number): LabelArray {
  if (data instanceof Int32Array) return newSharedArray(Int32Array, length);
  return allocateShared(length, data instanceof Float64Array ? 'float64' : 'float32');
}

export interface ValidationParts {
  readonly name: string;
  readonly source: Source<SampleChunk>;
  /** Which rows of the source belong to the validation set; undefined: all. */
  readonly wanted: Wanted | undefined;
  readonly conversion: Conversion;
  readonly windowRows: number;
  readonly network: TrainedNetwork;
  readonly runner: EpochRunner;
  readonly how: AsyncOptions;
}

/** The validation set of a training from a source. */
export class SourceValidation {
  readonly #parts: ValidationParts;
  // The whole set, if it fits in a window.
  #kept: Window | undefined;
  readonly #memory: WindowMemory;
  #run: Run<SampleChunk> | undefined;

  constructor(parts: ValidationParts) {
    this.#parts = parts;
    this.#memory = windowMemory(parts.windowRows, 1);
  }

  /** Reads the first window, and evaluates it if it is the whole set, so that bad rows are refused before the first step. */
  async begin(at: Workplace): Promise<void> {
    const windows = this.#open();
    const window = await windows.next();
    if (window === undefined) throw noRows(this.#parts.name);
    if (!window.last) return this.end();
    this.#kept = window;
    await this.evaluate(at);
  }

  /** The numbers of the set after an epoch, under the names of the history. */
  async evaluate(at: Workplace): Promise<Record<string, number>> {
    const { network, runner, how } = this.#parts;
    const { metrics, loss } = runner.options;
    const sums = await evaluateWindows(
      this.#next(),
      network.kind,
      loss,
      (operation) => at.read(operation),
      metrics.length === 0 ? undefined : (samples, out) => at.measure(metrics, samples, out),
      how,
    );
    if (sums.rows === 0) throw noRows(this.#parts.name);
    return {
      valLoss: runner.lossFactor * (sums.loss / sums.rows),
      ...(lossEntry(loss.name).accuracy && { valAccuracy: sums.hits / sums.rows }),
      ...Object.fromEntries(
        Object.entries(sums.metrics).map(([name, value]) => [validationName(name), value]),
      ),
    };
  }

  async end(): Promise<void> {
    await this.#run?.end();
    this.#run = undefined;
  }

  #next(): () => Promise<Window | undefined> {
    if (this.#kept === undefined) {
      const windows = this.#open();
      return () => windows.next();
    }
    let kept: Window | undefined = this.#kept;
    return async () => {
      const window = kept;
      kept = undefined;
      return window;
    };
  }

  #open(): Windows {
    const { name, source, wanted, conversion, windowRows, network, runner, how } = this.#parts;
    this.#run = new Run(name, source, how.signal);
    const pieces = new Pieces(this.#run, conversion, wanted, wanted !== undefined);
    return new Windows(
      pieces,
      this.#memory,
      { rows: windowRows, firstRows: windowRows, least: 1 },
      { architecture: network.kind.architecture, loss: runner.options.loss },
      how,
    );
  }
}
