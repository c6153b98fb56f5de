// What must be known before the first step of a training from a source, from passes of its own through the source.

import { convertNumbers, copyArrays } from '../addon/arrays';
import { takeRowsOf } from '../addon/rows';
import {
  type AsyncOptions,
  inSlices,
  pinnedWork,
  readInSlices,
  type Work,
  workAnywhere,
} from '../addon/work';
import { Matrix, sharedZeros } from '../base/matrix';
import { isTypedNumbers } from '../base/number-kinds';
import { embeddingsIn, inputDimOf, outputLayerOf } from '../layers/architecture';
import type { ResolvedLoss } from '../layers/losses';
import type { Label, LabelEncoder, Preprocessing } from '../preprocessing';
import { trainingInput } from '../preprocessing/matrices';
import { partialLearners } from '../preprocessing/partial';
import { checkFittedReversible } from '../preprocessing/reversible';
import { RandomState } from '../random/random-state';
import type { InputsLike, MixedInputs } from '../samples/inputs';
import { asLabels, type Labels } from '../samples/labels';
import type { LabelledSamples, SampleKind } from '../samples/samples';
import type { SampleChunk } from '../samples/source';
import { unscaledKind } from '../samples/targets';
import { classCount, classCounts, weigher } from '../samples/weights';
import { sampleOn } from '../tabular/continual/reservoir';
import { choose, type Piece, type Wanted } from './pieces';
import { RowBuffers } from './row-buffers';
import { inChunk, type Run } from './run';
import { noRows } from './windows';

/** How many rows a part has from which preprocessing learns: what it learns does not depend on the chunks. */
export const partRows = 2 ** 16;

/** What a pass through a source is for. */
export interface Lesson {
  readonly kind: SampleKind;
  readonly loss: ResolvedLoss;
  /** The option; with 'balanced' the classes are counted. */
  readonly classWeight: unknown;
  readonly how: AsyncOptions;
}

/** What a pass has counted. */
export interface Counted {
  /** The rows that have a weight other than 0. */
  readonly rows: number;
  /** Those among them that were wanted. */
  readonly wanted: number;
  /** With the class weight 'balanced': the rows of each class. */
  readonly classes: readonly number[];
}

/** Lets an encoder learn the classes of all labels. */
export async function learnLabels(
  run: Run<SampleChunk>,
  labels: LabelEncoder,
  how: AsyncOptions,
): Promise<void> {
  const names = new Set<Label>();
  await forEachChunk(run, async ({ Y }) => {
    const all = Y as ArrayLike<Label | readonly Label[]>;
    const reading = inSlices(all.length, (from, to) => {
      for (let i = from; i < to; i++) {
        const name = all[i] as Label | readonly Label[];
        names.add(Array.isArray(name) ? name[0] : (name as Label));
      }
    });
    await workAnywhere(reading, how);
  });
  if (names.size === 0) throw noRows(run.name);
  await workAnywhere(labels.fitWork([...names]), how);
}

/**
 * Counts the rows, and lets the preprocessing and the scaler of targets learn from those that are wanted, if they have not
 * learned. The labels have learned before.
 */
export async function learnRows(
  run: Run<SampleChunk>,
  lesson: Lesson,
  learns: boolean,
  wanted?: Wanted,
): Promise<Counted> {
  const { kind, how, classWeight } = lesson;
  const parts = learns ? [learnerOf(kind, 'preprocessing', how), learnerOf(kind, 'targetScaler', how)] : [];
  const classes = new Array<number>(classCount(outputLayerOf(kind.architecture).outputDim)).fill(0);
  let [rows, chosen] = [0, 0];
  await forEachChunk(run, async (chunk) => {
    const labels = await labelsOf(lesson, chunk);
    const weights = await weightsOf(lesson, chunk, labels);
    if (classWeight === 'balanced') {
      const found = await workAnywhere(classCounts(labels, classes.length, weights ?? null), how);
      for (const [i, count] of found.entries()) classes[i] = (classes[i] as number) + count;
    }
    const { index, count, total } = await workAnywhere(choose(labels.rows, weights, rows, wanted), how);
    rows += total;
    chosen += count;
    if (count === 0) return;
    for (const part of parts) await part?.take(chunk, labels, { index, count, chunk: run.chunks });
  });
  if (chosen === 0) throw noRows(run.name);
  for (const part of parts) await part?.end();
  return { rows, wanted: chosen, classes };
}

async function forEachChunk(
  run: Run<SampleChunk>,
  each: (chunk: SampleChunk) => Promise<void>,
): Promise<void> {
  try {
    for (let chunk = await run.next(); chunk !== undefined; chunk = await run.next()) {
      try {
        await each(chunk);
      } catch (error) {
        throw inChunk(run, error);
      }
    }
  } finally {
    await run.end();
  }
}

async function labelsOf({ kind, loss, how }: Lesson, { Y }: SampleChunk): Promise<Labels> {
  const labels = asLabels(unscaledKind(kind), Y, loss.name);
  if (labels.pending !== undefined) await workAnywhere(labels.pending.work, how);
  return labels;
}

async function weightsOf(
  { kind, classWeight, how }: Lesson,
  { sampleWeight }: SampleChunk,
  labels: Labels,
): Promise<LabelledSamples['weights']> {
  const ofClasses = classWeight === 'balanced' ? undefined : classWeight;
  const weigh = weigher(outputLayerOf(kind.architecture).outputDim, sampleWeight, ofClasses, 'ofPart');
  const { weights, pending } = weigh({ ...labels, pending: undefined }, kind.dtype);
  if (pending !== undefined) await workAnywhere(pending.work, how);
  return weights;
}

type Taken = Pick<Piece, 'index' | 'count' | 'chunk'>;

interface PartLearner {
  take(chunk: SampleChunk, labels: Labels, taken: Taken): Promise<void>;
  end(): Promise<void>;
}

function learnerOf(
  kind: SampleKind,
  name: 'preprocessing' | 'targetScaler',
  how: AsyncOptions,
): PartLearner | undefined {
  const steps = kind[name];
  if (steps === undefined || steps.fitted) return undefined;
  const learner = new RowLearner(steps, how);
  if (name === 'preprocessing') {
    return {
      take: async ({ X }, _, taken) => learner.take(await inputsOf(kind, X, how), taken),
      end: () => learner.end(),
    };
  }
  return {
    take: async (_, { data, rows, cols }, taken) =>
      inTargetScaler(() => learner.take(new Matrix(data as Float64Array, rows, cols), taken)),
    end: async () => {
      await inTargetScaler(() => learner.end());
      checkFittedReversible('targetScaler', steps.learnedSteps);
    },
  };
}

async function inTargetScaler(learn: () => Promise<void>): Promise<void> {
  try {
    await learn();
  } catch (error) {
    if (error instanceof Error) error.message = `In targetScaler: ${error.message}`;
    throw error;
  }
}

async function inputsOf(
  { architecture, undecided }: SampleKind,
  X: InputsLike,
  how: AsyncOptions,
): Promise<Matrix> {
  const numbers = embeddingsIn(architecture).length > 0 ? (X as MixedInputs).numbers : X;
  const cols = undecided === true || !isTypedNumbers(numbers) ? undefined : inputDimOf(architecture);
  const { matrix, unread } = trainingInput(numbers, cols);
  if (unread !== undefined) await workAnywhere(readInSlices(unread), how);
  if (matrix.dtype === 'float64') return matrix;
  // Chunks may have different dtypes.
  const doubles = sharedZeros(matrix.rows, matrix.cols, 'float64');
  await pinnedWork(convertedTo(doubles, matrix), [matrix.data], how);
  return doubles;
}

function* convertedTo(out: Matrix, from: Matrix): Work<void> {
  yield* convertNumbers(from.data, out.data);
}

/** The rows of the sample from which steps learn that cannot learn from parts. */
const sampleRows = 2 ** 17;

/**
 * Collects rows, and lets steps learn from all of them if they are few. Otherwise they learn from one part after another, or
 * if one of them cannot, from a uniform sample. By the inequality of Dvoretzky, Kiefer and Wolfowitz with Massart's constant
 * (1990), the share of rows below a number differs from that in the sample by at most 0.005, with a probability of at least
 * 1 - 2 exp(-2 * sampleRows * 0.005^2) = 0.997.
 */
class RowLearner {
  readonly #steps: Preprocessing;
  readonly #how: AsyncOptions;
  readonly #buffer = new RowBuffers(partRows);
  readonly #samples: boolean;
  // Always the same draws: they take none from the training's generator.
  readonly #random = new RandomState(0);
  #sample: Matrix | undefined;
  #parts = 0;

  constructor(steps: Preprocessing, how: AsyncOptions) {
    this.#steps = steps;
    this.#how = how;
    this.#samples = !learnsFromParts(steps);
  }

  async take(X: Matrix, { index, count, chunk }: Taken): Promise<void> {
    const samples = { X, codes: null, Y: { data: new Int32Array(0), rows: X.rows, cols: 0 } };
    const piece = { samples, index, count, chunk };
    for (let first = 0; first < count; ) {
      if (this.#buffer.rows === partRows) await this.#learnPart();
      const more = Math.min(count - first, partRows - this.#buffer.rows);
      await this.#buffer.append(piece, first, more, this.#how);
      first += more;
    }
  }

  async end(): Promise<void> {
    if (this.#parts > 0) {
      await this.#learnPart();
      return this.#sample === undefined ? undefined : this.#learnFrom(this.#sample);
    }
    await workAnywhere(this.#steps.fitWork(this.#rows), this.#how);
  }

  async #learnPart(): Promise<void> {
    if (this.#samples) await this.#sampleOn();
    else await this.#steps.partialFitAsync(this.#rows, this.#how);
    this.#parts++;
    this.#buffer.clear();
  }

  // Goes on with the sample.
  async #sampleOn(): Promise<void> {
    const more = this.#rows;
    const { rows: kept, data } = this.#sample ?? new Matrix(new Float64Array(0), 0, more.cols);
    const seen = this.#parts * partRows;
    const sizes = { seen, kept, capacity: sampleRows, rows: more.rows };
    const index = await workAnywhere(sampleOn(sizes, this.#random), this.#how);
    const { cols } = more;
    const both = sharedZeros(kept + more.rows, cols, 'float64').data;
    await workAnywhere(copyArrays([data, more.data], [both]), this.#how);
    const sample = sharedZeros(index.length, cols, 'float64');
    await workAnywhere(takeRowsOf(both, kept + more.rows, cols, index, sample.data), this.#how);
    this.#sample = sample;
  }

  async #learnFrom(sample: Matrix): Promise<void> {
    try {
      await workAnywhere(this.#steps.fitWork(sample), this.#how);
    } catch (error) {
      if (error instanceof Error) error.message = `In a sample of the rows: ${error.message}`;
      throw error;
    }
  }

  get #rows(): Matrix {
    return this.#buffer.view(this.#buffer.rows).X;
  }
}

function learnsFromParts({ steps }: Preprocessing): boolean {
  try {
    partialLearners(steps);
    return true;
  } catch {
    return false;
  }
}
