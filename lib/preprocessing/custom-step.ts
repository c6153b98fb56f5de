// Steps that users write. The pipeline sees each of them as a FittedStep, and everything that they return is checked.

import { argumentError, blasnetError } from '../base/errors';
import { copyNumbers } from '../base/intrinsics';
import type { Matrix } from '../base/matrix';
import { asMatrix, checkDtype, type MatrixLike } from '../base/matrix-input';
import {
  anything,
  type Constraint,
  check,
  checkObject,
  checkOptions,
  functionValue,
  optional,
} from '../base/validate';
import { columnCount, type StepReader, type UserStep } from './step';

/**
 * A step of your own for `preprocessing`: an object or a class instance.
 *
 *     const logarithm = { name: 'logarithm', fit: () => fitted, fromJSON: () => fitted };
 *
 * A step runs on the calling thread, even while `fit` trains the network on others.
 */
export interface CustomStep {
  /** Its name in errors and files: 1 to 100 characters, and not the name of a step of the library. */
  readonly name: string;
  /**
   * Learns from X (m, inputColumns), which it must not change. X may hold NaN. It returns a new object with what it
   * learned, never the step itself: pipelines, and the networks that copy them, share the step.
   */
  fit(X: Matrix): FittedCustomStep;
  /**
   * Makes the fitted step again from the state that its `toJSON` returned, as JSON.parse gives it back. Needed only
   * to load the step: see `LoadOptions`. It should check the state, since a file may come from anywhere.
   */
  fromJSON?(state: unknown): FittedCustomStep;
}

/** A `CustomStep` that has learned. */
export interface FittedCustomStep {
  /** The number of columns that `transform` returns. @default the number that it takes */
  readonly outputColumns?: number;
  /**
   * X (m, inputColumns) -> (m, outputColumns), as a new Matrix of X's dtype or as an array of rows. It must not
   * change X, and must give equal numbers for equal rows every time.
   */
  transform(X: Matrix): MatrixLike;
  /** The way back: X (m, outputColumns) -> (m, inputColumns). Needed for `Preprocessing.inverse` and in a targetScaler. */
  inverse?(X: Matrix): MatrixLike;
  /** Everything that it learned, as plain JSON: finite numbers, strings, arrays, objects. Needed only to save. */
  toJSON?(): unknown;
}

/** The options for loading a file or JSON with steps of your own. */
export interface LoadOptions {
  /** The steps of your own that it may name, each with its `fromJSON`. @default none */
  readonly steps?: readonly CustomStep[];
}

const stepName: Constraint = {
  rule: 'a name of 1 to 100 characters',
  accepts: (value) => typeof value === 'string',
  holds: (value: string) => value.length >= 1 && value.length <= 100,
};

const methods = ['inverse', 'toJSON'] as const;

/** A step with its name in errors, such as steps[1]. */
type Placed<T> = readonly [where: string, step: T];

/**
 * Checks steps that users wrote: each has `fit`, and a name that no step of the library and no other step has.
 *
 * @param taken the names of the library's steps
 * @throws TypeError ERR_BLASNET_ARG_TYPE; RangeError ERR_BLASNET_ARG_VALUE
 */
export function checkedCustomSteps(
  steps: readonly Placed<unknown>[],
  taken: readonly string[],
): Placed<CustomStep>[] {
  const places = new Map<string, Placed<unknown>>();
  return steps.map(([where, step]) => {
    checkObject(where, step);
    check(`${where}.name`, step.name, stepName);
    check(`${where}.fit`, step.fit, functionValue);
    check(`${where}.fromJSON`, step.fromJSON, optional(functionValue));
    const name = step.name as string;
    const [place, other] = places.get(name) ?? [];
    const isTaken = taken.includes(name) || (place !== undefined && other !== step);
    if (isTaken) {
      const rule = `a name other than that of ${place ?? 'a step of the library'}`;
      throw argumentError('ERR_BLASNET_ARG_VALUE', `${where}.name`, rule, name);
    }
    places.set(name, [where, step]);
    return [where, step as unknown as CustomStep];
  });
}

/**
 * Lets a user's step learn from X.
 *
 * @throws the step's errors; TypeError ERR_BLASNET_ARG_TYPE; RangeError ERR_BLASNET_ARG_VALUE if it returns itself
 */
export function fitCustomStep(step: CustomStep, X: Matrix): UserStep {
  const fitted = step.fit(X);
  // What one pipeline learned would change when another one learns, such as that of the next fold.
  if ((fitted as unknown) === step) {
    const rule = 'a new object with what it learned, since several pipelines may share the step';
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      `Expected ${resultOf('fit', step.name)} to be ${rule}, got the step itself`,
    );
  }
  return new FittedCustom(step.name, X.cols, fitted, 'fit');
}

/**
 * The readers of users' steps from JSON, by name. Each step must have `fromJSON`.
 *
 * @throws like checkedCustomSteps()
 */
export function customStepReaders(options: LoadOptions, taken: readonly string[]): Map<string, StepReader> {
  checkOptions('', options, { steps: anything });
  const { steps = [] } = options;
  if (!Array.isArray(steps)) throw argumentError('ERR_BLASNET_ARG_TYPE', 'steps', 'an array of steps', steps);
  const placed = Array.from(steps, (step: unknown, i) => [`steps[${i}]`, step] as const);
  return new Map(
    checkedCustomSteps(placed, taken).map(([where, step]) => {
      check(`${where}.fromJSON`, step.fromJSON, functionValue);
      return [step.name, readerOf(step as Required<CustomStep>)];
    }),
  );
}

function readerOf(step: Required<CustomStep>): StepReader {
  return (where, value) => {
    checkOptions(where, value, { name: anything, inputColumns: columnCount, state: anything });
    const fitted = step.fromJSON(value.state);
    return new FittedCustom(step.name, value.inputColumns as number, fitted, 'fromJSON');
  };
}

class FittedCustom implements UserStep {
  readonly outputColumns: number;
  readonly #fitted: FittedCustomStep;

  /** @param source the method that returned `fitted` */
  constructor(
    readonly name: string,
    readonly inputColumns: number,
    fitted: unknown,
    source: string,
  ) {
    const where = resultOf(source, name);
    checkObject(where, fitted);
    check(`${where}.transform`, fitted.transform, functionValue);
    for (const method of methods) check(`${where}.${method}`, fitted[method], optional(functionValue));
    check(`${where}.outputColumns`, fitted.outputColumns, optional(columnCount));
    this.outputColumns = (fitted.outputColumns as number | undefined) ?? inputColumns;
    this.#fitted = fitted as unknown as FittedCustomStep;
  }

  transform(X: Matrix, out: Matrix): void {
    this.#write('transform', this.#fitted.transform(X), out);
  }

  get reversible(): boolean {
    return this.#fitted.inverse !== undefined;
  }

  inverse(X: Matrix, out: Matrix): void {
    if (this.#fitted.inverse === undefined) throw missing('inverse', this.name);
    this.#write('inverse', this.#fitted.inverse(X), out);
  }

  toJSON() {
    const { name, inputColumns } = this;
    if (this.#fitted.toJSON === undefined) throw missing('toJSON', name);
    return { name, inputColumns, state: this.#fitted.toJSON() };
  }

  #write(method: string, value: unknown, out: Matrix): void {
    const name = resultOf(method, this.name);
    const result = asMatrix(name, value, { cols: out.cols, dtype: out.dtype });
    checkDtype(name, result.data, out.dtype, ', like its input');
    if (result.rows !== out.rows) {
      throw blasnetError(
        'ERR_BLASNET_SHAPE',
        `Expected ${name} to have ${out.rows} rows, got ${result.rows}`,
      );
    }
    copyNumbers(result.data, out.data);
  }
}

function resultOf(method: string, step: string): string {
  return `the result of ${method} of the step ${JSON.stringify(step)}`;
}

function missing(method: string, step: string): Error {
  const name = `${method} of the step ${JSON.stringify(step)}`;
  return argumentError('ERR_BLASNET_ARG_TYPE', name, 'a function', undefined);
}
