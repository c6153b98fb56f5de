import { takeRowsOf } from '../addon/rows';
import { type AsyncOptions, type Work, workHere } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { Matrix, sharedZeros } from '../base/matrix';
import { asMatrix, type MatrixInput, type MatrixLike, matrixInput } from '../base/matrix-input';
import type { NumbersLike } from '../base/number-kinds';
import { readNow } from '../base/reading';
import { check, checkNames, checkObject, didYouMean, integerBetween } from '../base/validate';
import {
  type CustomStep,
  checkedCustomSteps,
  customStepReaders,
  fitCustomStep,
  type LoadOptions,
} from './custom-step';
import { applyStep, FittedSteps, inputName, type TransformRows, transformerOf } from './fitted-steps';
import { libraryStep } from './library-step';
import { elsewhere, resultMatrix, trainingInput, trainingMatrix } from './matrices';
import { learnedFrom, mergedSummaries, partialLearners, summarize } from './partial';
import { type FittedStep, PreprocessingStep, type StepReader } from './step';
import libraryReaders from './steps';
import type { ColumnSummary } from './summary';

/** The JSON of a fitted pipeline. JSON.stringify and JSON.parse do not change it. */
export interface PreprocessingJSON {
  readonly name: 'preprocessing';
  readonly version: 1;
  readonly steps: readonly { readonly name: string; readonly inputColumns: number }[];
}

const libraryNames = Object.keys(libraryReaders);

const mostSteps = 100;

/**
 * A pipeline of steps that turns a table's columns into a network's inputs. The steps learn from the training data.
 * Then they transform all data alike, number for number, in this process or another.
 *
 *     const inputs = preprocessing([imputer(), oneHotEncoder({ columns: [2] }), standardScaler({ columns: [0, 1] })]);
 *     const X = inputs.fitTransform(table);
 *
 * A step's columns are those of its own input, the output of the step before it. Statistics are in double precision.
 * Results have the dtype of the input (float64 for arrays of numbers).
 */
export class Preprocessing {
  readonly #steps: readonly (PreprocessingStep | CustomStep)[];
  #fitted: FittedSteps | undefined;
  // The columns of all parts so far, if it learned by partialFit.
  #summaries: readonly ColumnSummary[] | undefined;

  /** @internal Use `preprocessing`. */
  constructor(steps: readonly (PreprocessingStep | CustomStep)[], fitted?: FittedSteps) {
    this.#steps = steps;
    this.#fitted = fitted;
  }

  /**
   * Makes a pipeline from the result of `toJSON`. Everything in it is checked. The pipeline cannot be fitted again.
   *
   * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION
   * @throws RangeError ERR_BLASNET_ARG_VALUE, ERR_BLASNET_UNKNOWN_NAME, ERR_BLASNET_SHAPE; and the errors of
   *   `fromJSON` of a step of your own
   */
  static fromJSON(value: unknown, options: LoadOptions = {}): Preprocessing {
    const readers = customStepReaders(options, libraryNames);
    for (const [name, reader] of Object.entries(libraryReaders)) readers.set(name, reader);
    checkObject('preprocessing', value);
    checkNames('preprocessing', value, ['name', 'version', 'steps']);
    const { name, version, steps } = value;
    if (name !== 'preprocessing') {
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'preprocessing.name', "'preprocessing'", name);
    }
    check('preprocessing.version', version, integerBetween(1, 1));
    const list = checkList('preprocessing.steps', steps);
    const fitted: FittedStep[] = [];
    for (const [i, item] of list.entries()) {
      const step = readStep(`preprocessing.steps[${i}]`, item, readers);
      const previous = fitted.at(-1)?.outputColumns ?? step.inputColumns;
      if (step.inputColumns !== previous) {
        const where = `preprocessing.steps[${i}].inputColumns`;
        const rule = `${previous}, the output columns of the step before it`;
        throw argumentError('ERR_BLASNET_SHAPE', where, rule, step.inputColumns);
      }
      fitted.push(step);
    }
    return new Preprocessing([], new FittedSteps(fitted));
  }

  /** The steps that the pipeline was made from; none if it comes from JSON. */
  get steps(): readonly (PreprocessingStep | CustomStep)[] {
    return this.#steps;
  }

  /** Whether the pipeline has learned from data. */
  get fitted(): boolean {
    return this.#fitted !== undefined;
  }

  /** The number of columns of X. @throws Error ERR_BLASNET_NOT_FITTED */
  get inputColumns(): number {
    return this.#learned('inputColumns').inputColumns;
  }

  /** The number of columns after the last step: the network's inputDim. @throws Error ERR_BLASNET_NOT_FITTED */
  get outputColumns(): number {
    return this.#learned('outputColumns').outputColumns;
  }

  /**
   * Learns from X (m, inputColumns). A second call replaces what the first one learned. An error changes nothing.
   *
   * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_DETACHED
   * @throws RangeError ERR_BLASNET_SHAPE, ERR_BLASNET_ARG_VALUE (a column that does not exist), ERR_BLASNET_NOT_FINITE
   */
  fit(X: Matrix | readonly NumbersLike[]): this {
    workHere(this.fitWork(trainingMatrix(X)));
    return this;
  }

  /** Like `fit`, but does not block the calling thread, except while a step of your own learns. @throws like fit() */
  async fitAsync(X: Matrix | readonly NumbersLike[], options: AsyncOptions = {}): Promise<this> {
    const input = trainingInput(X);
    await elsewhere(input, options, this.fitWork(input.matrix));
    return this;
  }

  /**
   * @internal Learns from X, which must be checked. With `makeOut`, also transforms it, into the matrix that this makes
   * for that many output columns.
   */
  *fitWork(X: Matrix, makeOut?: (columns: number) => Matrix): Work<void> {
    this.#knows(yield* this.#learn(X, makeOut));
  }

  /** @internal Learns from these rows of X, which must be checked, in this order. Errors have the row numbers of X. */
  *fitRowsWork(X: Matrix, rows: Uint32Array): Work<void> {
    const part = sharedZeros(rows.length, X.cols, X.dtype);
    yield* takeRowsOf(X.data, X.rows, X.cols, rows, part.data);
    this.#knows(yield* this.#learn(part, undefined, rows));
  }

  /** Returns a pipeline of its own with the same steps, which knows what this one has learned by now. */
  copy(): Preprocessing {
    const copy = new Preprocessing(this.#steps, this.#fitted);
    copy.#summaries = this.#summaries;
    return copy;
  }

  /** @internal Forgets what it learned from data that were refused later. */
  forget(): void {
    this.#knows(undefined);
  }

  #knows(fitted: FittedSteps | undefined, summaries?: readonly ColumnSummary[]): void {
    this.#fitted = fitted;
    this.#summaries = summaries;
  }

  /**
   * Learns on from X (m, inputColumns), a part of data that come in parts: afterwards it knows what `fit` would have
   * learned from all parts so far, up to rounding. The steps may be `standardScaler`, `minMaxScaler`, `imputer` with
   * 'mean' or 'constant', and last `oneHotEncoder`. After `fit` it is refused. An error changes nothing.
   *
   * @throws like fit(); RangeError ERR_BLASNET_ARG_VALUE for a step that needs all rows at once
   */
  partialFit(X: MatrixLike): this {
    const { matrix, unread } = this.#part(X);
    readNow(unread);
    workHere(this.#learnPart(matrix));
    return this;
  }

  /** Like `partialFit`, but does not block the calling thread. The parts of calls at a time all count. @throws like partialFit() */
  async partialFitAsync(X: MatrixLike, options: AsyncOptions = {}): Promise<this> {
    const input = this.#part(X);
    await elsewhere(input, options, this.#learnPart(input.matrix));
    return this;
  }

  // Checks a part.
  #part(X: unknown): MatrixInput {
    this.#checkSteps();
    partialLearners(this.#steps);
    this.#checkParts();
    if (this.#summaries === undefined) return trainingInput(X);
    return matrixInput('X', X, { cols: this.#summaries.length, origin: 'as in the first part' });
  }

  *#learnPart(X: Matrix): Work<void> {
    const learners = partialLearners(this.#steps);
    const summaries = yield* summarize(X, learners);
    // Other calls may have ended meanwhile.
    this.#checkParts();
    const all = this.#summaries === undefined ? summaries : mergedSummaries(this.#summaries, summaries);
    this.#knows(learnedFrom(learners, all), all);
  }

  #checkParts(): void {
    if (this.#fitted === undefined || this.#summaries !== undefined) return;
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      'This pipeline has learned by fit and cannot learn on from parts: build another one with preprocessing([...])',
    );
  }

  #checkSteps(): void {
    if (this.#steps.length > 0) return;
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      'This pipeline was loaded from JSON and cannot be fitted again: build it with preprocessing([...])',
    );
  }

  /** Calls `fit`, and returns the transformed X (m, outputColumns). @throws like fit() */
  fitTransform(X: Matrix | readonly NumbersLike[]): Matrix {
    return workHere(this.#fitTransform(trainingMatrix(X)));
  }

  /** Like `fitTransform`, but does not block the calling thread: see `fitAsync`. @throws like fit() */
  async fitTransformAsync(X: Matrix | readonly NumbersLike[], options: AsyncOptions = {}): Promise<Matrix> {
    const input = trainingInput(X);
    return elsewhere(input, options, this.#fitTransform(input.matrix));
  }

  *#fitTransform(X: Matrix): Work<Matrix> {
    let out = X;
    yield* this.fitWork(X, (columns) => {
      out = Matrix.zeros(X.rows, columns, X.dtype);
      return out;
    });
    return out;
  }

  /**
   * Transforms X (m, inputColumns) into the network's inputs (m, outputColumns): in `out` if it is given, else in a new
   * matrix. X stays as it is. After an error, `out` may hold a part of the result.
   *
   * @throws Error ERR_BLASNET_NOT_FITTED; TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_DTYPE, ERR_BLASNET_DETACHED
   * @throws RangeError ERR_BLASNET_SHAPE, ERR_BLASNET_NOT_FINITE, ERR_BLASNET_ARG_VALUE (an unknown category)
   */
  transform(X: MatrixLike, out?: Matrix): Matrix {
    const fitted = this.#learned('transform');
    const matrix = asMatrix('X', X, { cols: fitted.inputColumns, role: 'inputs' });
    const result = resultMatrix(matrix, fitted.outputColumns, out);
    workHere(fitted.transform(matrix, result));
    return out ?? result;
  }

  /** Like `transform`, but does not block the calling thread: see `fitAsync`. @throws like transform() */
  async transformAsync(
    X: MatrixLike,
    options: AsyncOptions & { readonly out?: Matrix } = {},
  ): Promise<Matrix> {
    const fitted = this.#learned('transformAsync');
    const { out, ...rest } = options;
    const input = matrixInput('X', X, { cols: fitted.inputColumns, role: 'inputs' });
    const result = resultMatrix(input.matrix, fitted.outputColumns, out);
    await elsewhere(input, rest, fitted.transform(input.matrix, result), out && result);
    return out ?? result;
  }

  /** @internal X (m, inputColumns), which must be checked, -> out (m, outputColumns), of any dtype. */
  *transformWork(X: Matrix, out: Matrix): Work<void> {
    yield* this.#learned('transform').transform(X, out);
  }

  /** @internal See `transformerOf`. */
  transformerWork(name: string, X: Matrix, out: Matrix): TransformRows {
    return transformerOf(() => this.#learned('predictor'), name, X, out);
  }

  /** @internal X (m, outputColumns) -> out (m, inputColumns), of any dtype. See `FittedSteps.inverse`. */
  *inverseWork(X: Matrix, out: Matrix): Work<void> {
    yield* this.#learned('inverse').inverse(X, out);
  }

  /** @internal See `FittedSteps.inverseHere`. */
  inverseHereWork(matrix: Matrix, rows: number): void {
    this.#learned('inverse').inverseHere(matrix, rows);
  }

  /** @internal The steps as they have learned. @throws Error ERR_BLASNET_NOT_FITTED */
  get learnedSteps(): readonly FittedStep[] {
    return this.#learned('targetScaler').steps;
  }

  /**
   * Transforms (m, outputColumns) back to (m, inputColumns), as far as possible. Clipped values and unknown categories
   * stay lost; for NaN see `imputer`.
   *
   * @throws Error ERR_BLASNET_NOT_FITTED; TypeError ERR_BLASNET_ARG_TYPE (also for a step of your own without
   *   inverse), ERR_BLASNET_DTYPE, ERR_BLASNET_DETACHED; RangeError ERR_BLASNET_SHAPE
   */
  inverse(X: MatrixLike, out?: Matrix): Matrix {
    const fitted = this.#learned('inverse');
    const matrix = asMatrix('X', X, { cols: fitted.outputColumns });
    const result = resultMatrix(matrix, fitted.inputColumns, out);
    workHere(fitted.inverse(matrix, result));
    return out ?? result;
  }

  /** Like `inverse`, but does not block the calling thread: see `fitAsync`. @throws like inverse() */
  async inverseAsync(X: MatrixLike, options: AsyncOptions & { readonly out?: Matrix } = {}): Promise<Matrix> {
    const fitted = this.#learned('inverseAsync');
    const { out, ...rest } = options;
    const input = matrixInput('X', X, { cols: fitted.outputColumns });
    const result = resultMatrix(input.matrix, fitted.inputColumns, out);
    await elsewhere(input, rest, fitted.inverse(input.matrix, result), out && result);
    return out ?? result;
  }

  /**
   * Returns everything that was learned, as plain JSON: finite and exact.
   *
   * @throws Error ERR_BLASNET_NOT_FITTED; TypeError ERR_BLASNET_ARG_TYPE for a step of your own without toJSON
   */
  toJSON(): PreprocessingJSON {
    const steps = this.#learned('toJSON').steps.map((step) => step.toJSON());
    return { name: 'preprocessing', version: 1, steps };
  }

  // Lets every step learn from the output of the step before it.
  *#learn(X: Matrix, makeOut?: (columns: number) => Matrix, rows?: Uint32Array): Work<FittedSteps> {
    this.#checkSteps();
    let current = X;
    const fitted: FittedStep[] = [];
    for (const [i, step] of this.#steps.entries()) {
      const learn = PreprocessingStep.fitOf(step);
      const learned =
        learn === undefined
          ? fitCustomStep(step as CustomStep, current)
          : yield* learn({ name: inputName(i), X: current, rows });
      fitted.push(learned);
      const out = this.#inputOfNext(i + 1, learned, X) ?? makeOut?.(learned.outputColumns);
      if (out === undefined) break;
      yield* applyStep(learned, i, current, out);
      current = out;
    }
    return new FittedSteps(fitted);
  }

  // A matrix for the input of step i. Like FittedSteps: native code keeps doubles between its steps, and a step of the
  // user's sees the dtype of X, and gives it.
  #inputOfNext(i: number, { native, outputColumns }: FittedStep, X: Matrix): Matrix | undefined {
    const step = this.#steps[i];
    if (step === undefined) return undefined;
    const isNative = native !== undefined && PreprocessingStep.fitOf(step) !== undefined;
    return sharedZeros(X.rows, outputColumns, isNative ? 'float64' : X.dtype);
  }

  #learned(method: string): FittedSteps {
    if (this.#fitted !== undefined) return this.#fitted;
    throw blasnetError('ERR_BLASNET_NOT_FITTED', `Expected fit to be called before ${method} is used`);
  }
}

/**
 * Makes a pipeline of steps that is not fitted yet: see `Preprocessing`. A step is one of the library's, such as
 * `standardScaler()`, or one of your own: see `CustomStep`. A step of the library may come from JSON or from another
 * thread: it is `{ name, options }`.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE; RangeError ERR_BLASNET_SHAPE, ERR_BLASNET_ARG_VALUE
 */
export function preprocessing(steps: readonly (PreprocessingStep | CustomStep)[]): Preprocessing {
  const list = checkList('steps', steps);
  const custom: [string, unknown][] = [];
  const known = Array.from(list, (step, i) => libraryStep(`steps[${i}]`, step) ?? step);
  for (const [i, step] of known.entries()) {
    if (PreprocessingStep.fitOf(step) !== undefined) continue;
    if (typeof step !== 'object' || step === null || !('fit' in step)) {
      const rule = 'a step such as standardScaler(), or an object with name and fit';
      throw argumentError('ERR_BLASNET_ARG_TYPE', `steps[${i}]`, rule, step);
    }
    custom.push([`steps[${i}]`, step]);
  }
  checkedCustomSteps(custom, libraryNames);
  return new Preprocessing(known as (PreprocessingStep | CustomStep)[]);
}

/**
 * Checks the options for loading preprocessing, before a file is read.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function checkLoadOptions(options: LoadOptions): void {
  customStepReaders(options, libraryNames);
}

function checkList(name: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'an array of steps', value);
  if (value.length === 0 || value.length > mostSteps) {
    throw argumentError('ERR_BLASNET_SHAPE', name, `an array of 1 to ${mostSteps} steps`, value);
  }
  return value;
}

function readStep(where: string, value: unknown, readers: ReadonlyMap<string, StepReader>): FittedStep {
  checkObject(where, value);
  const { name } = value;
  if (typeof name !== 'string') {
    throw argumentError('ERR_BLASNET_ARG_TYPE', `${where}.name`, 'the name of a step', name);
  }
  const reader = readers.get(name);
  if (reader === undefined) {
    const message = `Unknown step "${name}" in ${where}${didYouMean(name, [...readers.keys()])}`;
    throw blasnetError('ERR_BLASNET_UNKNOWN_NAME', `${message}. Pass your own steps in the option steps`);
  }
  return reader(where, value);
}
