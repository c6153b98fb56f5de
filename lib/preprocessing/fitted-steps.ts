import { type Callback, type NativePipeline, native } from '../addon/binding';
import { newOutcome, readOutcome, statusCodes, statusOf } from '../addon/outcome';
import { Idle, type Work, workHere } from '../addon/work';
import { blasnetError } from '../base/errors';
import { copyNumbers } from '../base/intrinsics';
import { Matrix, sharedZeros } from '../base/matrix';
import { type ScaleBack, scaleBack, scalesBackOf } from './scale-back';
import { type FittedStep, type LibraryStep, notFinite, type UserStep } from './step';

/** Steps that are applied together: neighbouring steps of the library, in one pass of native code, or a user's step. */
type Segment = NativeSegment | UserStep;

/** The steps of a fitted pipeline. It transforms rows in segments, so that few matrices stand between the steps. */
export class FittedSteps {
  readonly steps: readonly FittedStep[];
  readonly #segments: readonly Segment[];
  // null if a step is no scaler, undefined before it is needed.
  #back: readonly ScaleBack[] | null | undefined;

  constructor(steps: readonly FittedStep[]) {
    this.steps = steps;
    const segments: Segment[] = [];
    for (let from = 0; from < steps.length; ) {
      const step = steps[from] as FittedStep;
      if (step.native === undefined) {
        segments.push(step);
        from++;
        continue;
      }
      let to = from;
      while (to < steps.length && (steps[to] as FittedStep).native !== undefined) to++;
      segments.push(new NativeSegment(steps.slice(from, to) as LibraryStep[], from));
      from = to;
    }
    this.#segments = segments;
  }

  get inputColumns(): number {
    return (this.steps[0] as FittedStep).inputColumns;
  }

  get outputColumns(): number {
    return (this.steps.at(-1) as FittedStep).outputColumns;
  }

  /** X (m, inputColumns) -> out (m, outputColumns). A user's step sees the dtype of X. */
  *transform(X: Matrix, out: Matrix): Work<void> {
    let current = X;
    for (const [i, segment] of this.#segments.entries()) {
      const last = i === this.#segments.length - 1;
      const next =
        last && fits(segment, current, out) ? out : sharedZeros(X.rows, segment.outputColumns, X.dtype);
      if (segment instanceof NativeSegment) yield* segment.transform(current, next);
      else segment.transform(current, next);
      if (last && next !== out) copyNumbers(next.data, out.data);
      current = next;
    }
  }

  /** Like `transform`, for many calls with the same matrices: see `transformerOf`. */
  transformer(name: string, X: Matrix, out: Matrix): TransformRows {
    const [first, ...others] = this.#segments;
    if (others.length === 0 && first instanceof NativeSegment) return first.transformer(name, X, out);
    return (rows) => {
      try {
        workHere(this.transform(firstRows(X, rows), firstRows(out, rows)));
      } catch (error) {
        if (error instanceof Error) error.message = `In ${name}: ${error.message}`;
        throw error;
      }
    };
  }

  /** X (m, outputColumns) -> out (m, inputColumns). If both have as many columns and one dtype, `out` may be X. */
  *inverse(X: Matrix, out: Matrix): Work<void> {
    let current = X;
    for (const [i, segment] of [...this.#segments.entries()].reverse()) {
      const next =
        i === 0 && fits(segment, current, out) ? out : sharedZeros(X.rows, segment.inputColumns, X.dtype);
      if (segment instanceof NativeSegment) yield* segment.inverse(current, next);
      else segment.inverse(current, next);
      if (i === 0 && next !== out) copyNumbers(next.data, out.data);
      current = next;
    }
  }

  /**
   * Takes the first rows of a matrix the way back, in place, on the calling thread. The steps must keep the columns. For
   * scalers it allocates nothing.
   */
  inverseHere(matrix: Matrix, rows: number): void {
    if (this.#back === undefined) this.#back = scalesBackOf(this.steps) ?? null;
    if (this.#back !== null) {
      scaleBack(this.#back, matrix, rows);
      return;
    }
    const first = firstRows(matrix, rows);
    workHere(this.inverse(first, first));
  }
}

/** Goes through the first rows of a matrix, or from those of one matrix to those of another one. */
export type TransformRows = (rows: number) => void;

/**
 * Returns a function that transforms rows of X, on the calling thread, by what is learned at the time of the call. Both
 * matrices must be on SharedArrayBuffers. Errors call X `name`.
 */
export function transformerOf(
  learned: () => FittedSteps,
  name: string,
  X: Matrix,
  out: Matrix,
): TransformRows {
  let steps = learned();
  let transform = steps.transformer(name, X, out);
  return (rows) => {
    const now = learned();
    if (now !== steps) {
      if (now.inputColumns !== X.cols || now.outputColumns !== out.cols) {
        throw blasnetError(
          'ERR_BLASNET_SHAPE',
          `Expected the preprocessing to turn ${X.cols} columns into ${out.cols}, as it did when the predictor was ` +
            `made, got ${now.inputColumns} and ${now.outputColumns}`,
        );
      }
      transform = now.transformer(name, X, out);
      steps = now;
    }
    transform(rows);
  };
}

/** Applies one step of a pipeline that is being fitted, step number `place`: X (m, inputColumns) -> out. */
export function* applyStep(step: FittedStep, place: number, X: Matrix, out: Matrix): Work<void> {
  if (step.native !== undefined) yield* new NativeSegment([step], place).transform(X, out);
  else if (X.dtype === out.dtype) step.transform(X, out);
  else {
    const next = sharedZeros(out.rows, out.cols, X.dtype);
    step.transform(X, next);
    copyNumbers(next.data, out.data);
  }
}

/** How errors call the input of a step. */
export function inputName(place: number): string {
  return place === 0 ? 'X' : `the input of steps[${place}]`;
}

// Native code takes and gives any dtype; a user's step gives the dtype that it takes.
function fits(segment: Segment, X: Matrix, out: Matrix): boolean {
  return segment instanceof NativeSegment || X.dtype === out.dtype;
}

function firstRows({ data, cols }: Matrix, rows: number): Matrix {
  return new Matrix(data.subarray(0, rows * cols), rows, cols);
}

// Elements that a step goes through within half a millisecond.
const briefElements = 2 ** 16;

interface Runner {
  readonly native: NativePipeline;
  readonly outcome: Float64Array;
}

class NativeSegment {
  readonly inputColumns: number;
  readonly outputColumns: number;
  readonly #steps: readonly LibraryStep[];
  readonly #first: number;
  readonly #runners: Idle<Runner>;

  /** @param first the number of the first step in the pipeline, for errors */
  constructor(steps: readonly LibraryStep[], first: number) {
    this.#steps = steps;
    this.#first = first;
    this.inputColumns = (steps[0] as LibraryStep).inputColumns;
    this.outputColumns = (steps.at(-1) as LibraryStep).outputColumns;
    this.#runners = new Idle(() => {
      const outcome = newOutcome();
      const given = { columns: this.inputColumns, steps: steps.map(({ native: step }) => step), outcome };
      return { native: new native.Pipeline(given), outcome };
    });
  }

  *transform(X: Matrix, out: Matrix): Work<void> {
    yield* this.#run(X, out, (pipeline, callback) => pipeline.transform(X.data, X.rows, out.data, callback));
  }

  /** Allocates nothing in a call. */
  transformer(name: string, { data: X }: Matrix, { data: out }: Matrix): TransformRows {
    const { native: pipeline, outcome } = this.#runners.take();
    return (rows) => {
      pipeline.transform(X, rows, out);
      if (statusOf(outcome) !== statusCodes.done) this.#throwIfRefused(outcome, name);
    };
  }

  *inverse(X: Matrix, out: Matrix): Work<void> {
    yield* this.#run(X, out, (pipeline, callback) => pipeline.inverse(X.data, X.rows, out.data, callback));
  }

  *#run(X: Matrix, out: Matrix, start: (pipeline: NativePipeline, callback?: Callback) => void): Work<void> {
    const runner = this.#runners.take();
    try {
      const brief = (X.rows * X.cols + out.rows * out.cols) * this.#steps.length <= briefElements;
      yield { object: runner.native, start: (callback) => start(runner.native, callback), brief };
      this.#throwIfRefused(runner.outcome);
    } finally {
      this.#runners.giveBack(runner);
    }
  }

  #throwIfRefused(numbers: Float64Array, ofInput?: string): void {
    const { status, index, layer, loss: value } = readOutcome(numbers);
    const unknown = status === statusCodes.categoryUnknown;
    if (status !== statusCodes.inputNotFinite && !unknown) return;
    const step = this.#steps[layer] as LibraryStep;
    const place = this.#first + layer;
    const name = place === 0 && ofInput !== undefined ? ofInput : inputName(place);
    const [row, column] = [Math.floor(index / step.inputColumns), index % step.inputColumns];
    if (unknown && step.unknownCategory) throw step.unknownCategory(name, value, row, column);
    throw notFinite(name, value, row, column);
  }
}
