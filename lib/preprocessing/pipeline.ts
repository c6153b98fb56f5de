import { argumentError, blasnetError } from '../base/errors';
import { Matrix } from '../base/matrix';
import { asMatrix, checkDtype, checkOutput, type MatrixLike } from '../base/matrix-input';
import { checkBuffer } from '../base/pinning';
import { check, checkNames, checkObject, didYouMean, integerBetween } from '../base/validate';
import {
  type CustomStep,
  checkedCustomSteps,
  customStepReaders,
  fitCustomStep,
  type LoadOptions,
} from './custom-step';
import { type FittedStep, mostColumns, PreprocessingStep, type StepReader } from './step';
import libraryReaders from './steps';

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
  #fitted: readonly FittedStep[] | undefined;

  /** @internal Use `preprocessing`. */
  constructor(steps: readonly (PreprocessingStep | CustomStep)[], fitted?: readonly FittedStep[]) {
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
    return new Preprocessing([], fitted);
  }

  /** Whether the pipeline has learned from data. */
  get fitted(): boolean {
    return this.#fitted !== undefined;
  }

  /** The number of columns of X. @throws Error ERR_BLASNET_NOT_FITTED */
  get inputColumns(): number {
    return (this.#learned('inputColumns')[0] as FittedStep).inputColumns;
  }

  /** The number of columns after the last step: the network's inputDim. @throws Error ERR_BLASNET_NOT_FITTED */
  get outputColumns(): number {
    return (this.#learned('outputColumns').at(-1) as FittedStep).outputColumns;
  }

  /**
   * Learns from X (m, inputColumns). A second call replaces what the first one learned. An error changes nothing.
   *
   * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_DETACHED
   * @throws RangeError ERR_BLASNET_SHAPE, ERR_BLASNET_ARG_VALUE (a column that does not exist), ERR_BLASNET_NOT_FINITE
   */
  fit(X: Matrix | readonly (readonly number[])[]): this {
    this.#fit(X, false);
    return this;
  }

  /** @internal Forgets what it learned from data that were refused later. */
  forget(): void {
    this.#fitted = undefined;
  }

  /** Calls `fit`, and returns the transformed X (m, outputColumns). @throws like fit() */
  fitTransform(X: Matrix | readonly (readonly number[])[]): Matrix {
    return this.#fit(X, true) as Matrix;
  }

  /**
   * Transforms X (m, inputColumns) into the network's inputs (m, outputColumns): in `out` if it is given, else in a new
   * matrix. X stays as it is. After an error, `out` may hold a part of the result.
   *
   * @throws Error ERR_BLASNET_NOT_FITTED; TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_DTYPE, ERR_BLASNET_DETACHED
   * @throws RangeError ERR_BLASNET_SHAPE, ERR_BLASNET_NOT_FINITE, ERR_BLASNET_ARG_VALUE (an unknown category)
   */
  transform(X: MatrixLike, out?: Matrix): Matrix {
    const steps = this.#learned('transform');
    let current = asMatrix('X', X, { cols: this.inputColumns });
    const result = resultMatrix(current, this.outputColumns, out);
    for (const [i, step] of steps.entries()) {
      const next = i === steps.length - 1 ? result : emptyLike(current, step.outputColumns);
      step.transform(inputName(i), current, next);
      current = next;
    }
    return result;
  }

  /**
   * Transforms (m, outputColumns) back to (m, inputColumns), as far as possible. Clipped values and unknown categories
   * stay lost; for NaN see `imputer`.
   *
   * @throws Error ERR_BLASNET_NOT_FITTED; TypeError ERR_BLASNET_ARG_TYPE (also for a step of your own without
   *   inverse), ERR_BLASNET_DTYPE, ERR_BLASNET_DETACHED; RangeError ERR_BLASNET_SHAPE
   */
  inverse(X: MatrixLike, out?: Matrix): Matrix {
    const steps = this.#learned('inverse');
    let current = asMatrix('X', X, { cols: this.outputColumns });
    const result = resultMatrix(current, this.inputColumns, out);
    for (let i = steps.length - 1; i >= 0; i--) {
      const step = steps[i] as FittedStep;
      const next = i === 0 ? result : emptyLike(current, step.inputColumns);
      step.inverse(current, next);
      current = next;
    }
    return result;
  }

  /**
   * Returns everything that was learned, as plain JSON: finite and exact.
   *
   * @throws Error ERR_BLASNET_NOT_FITTED; TypeError ERR_BLASNET_ARG_TYPE for a step of your own without toJSON
   */
  toJSON(): PreprocessingJSON {
    const steps = this.#learned('toJSON').map((step) => step.toJSON());
    return { name: 'preprocessing', version: 1, steps };
  }

  #fit(X: unknown, transform: boolean): Matrix | undefined {
    if (this.#steps.length === 0) {
      throw blasnetError(
        'ERR_BLASNET_ARG_VALUE',
        'This pipeline was loaded from JSON and cannot be fitted again: build it with preprocessing([...])',
      );
    }
    let current = asMatrix('X', X, { mostCols: mostColumns });
    const fitted: FittedStep[] = [];
    for (const [i, step] of this.#steps.entries()) {
      const name = inputName(i);
      const learned =
        PreprocessingStep.fitOf(step)?.(name, current) ?? fitCustomStep(step as CustomStep, current);
      fitted.push(learned);
      if (i === this.#steps.length - 1 && !transform) break;
      const next = emptyLike(current, learned.outputColumns);
      learned.transform(name, current, next);
      current = next;
    }
    this.#fitted = fitted;
    return transform ? current : undefined;
  }

  #learned(method: string): readonly FittedStep[] {
    if (this.#fitted !== undefined) return this.#fitted;
    throw blasnetError('ERR_BLASNET_NOT_FITTED', `Expected fit to be called before ${method} is used`);
  }
}

/**
 * Makes a pipeline of steps that is not fitted yet: see `Preprocessing`. A step is one of the library's, such as
 * `standardScaler()`, or one of your own: see `CustomStep`.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE; RangeError ERR_BLASNET_SHAPE, ERR_BLASNET_ARG_VALUE
 */
export function preprocessing(steps: readonly (PreprocessingStep | CustomStep)[]): Preprocessing {
  const list = checkList('steps', steps);
  const custom: [string, unknown][] = [];
  for (const [i, step] of list.entries()) {
    if (PreprocessingStep.fitOf(step) !== undefined) continue;
    if (typeof step !== 'object' || step === null || !('fit' in step)) {
      const rule = 'a step such as standardScaler(), or an object with name and fit';
      throw argumentError('ERR_BLASNET_ARG_TYPE', `steps[${i}]`, rule, step);
    }
    custom.push([`steps[${i}]`, step]);
  }
  checkedCustomSteps(custom, libraryNames);
  return new Preprocessing([...list] as (PreprocessingStep | CustomStep)[]);
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

function inputName(step: number): string {
  return step === 0 ? 'X' : `the input of steps[${step}]`;
}

function emptyLike({ rows, dtype }: Matrix, cols: number): Matrix {
  return Matrix.zeros(rows, cols, dtype);
}

function resultMatrix(X: Matrix, cols: number, out: Matrix | undefined): Matrix {
  if (out === undefined) return emptyLike(X, cols);
  checkOutput(out, X.data);
  checkBuffer('out', out.data);
  checkDtype('out', out.data, X.dtype, ', as X is');
  if (out.rows !== X.rows || out.cols !== cols) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected out to be (${X.rows}, ${cols}), got (${out.rows}, ${out.cols})`,
    );
  }
  return out;
}
