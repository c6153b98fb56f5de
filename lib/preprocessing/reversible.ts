// Pipelines whose steps can be undone, for the targets of a network: its outputs go the way back.

import { argumentError, blasnetError } from '../base/errors';
import type { Matrix } from '../base/matrix';
import type { CustomStep } from './custom-step';
import type { FittedSteps, TransformRows } from './fitted-steps';
import { type FittedStep, PreprocessingStep } from './step';

const scalers: readonly string[] = ['standardScaler', 'minMaxScaler', 'robustScaler'];

/**
 * Throws for a step of the library that cannot be undone. A step of the user's shows it only when it has learned.
 * @throws RangeError ERR_BLASNET_ARG_VALUE
 */
export function checkReversible(name: string, steps: readonly (PreprocessingStep | CustomStep)[]): void {
  for (const step of steps) {
    if (!(step instanceof PreprocessingStep)) continue;
    if (!scalers.includes(step.name)) throw irreversible(name, step.name);
    if (step.options.clip === true) throw irreversible(name, `${step.name} with clip: true`);
  }
}

/** Like `checkReversible`, for steps that have learned. @throws like checkReversible(); RangeError ERR_BLASNET_SHAPE */
export function checkFittedReversible(name: string, steps: readonly FittedStep[]): void {
  for (const step of steps) {
    if (step.native === undefined) {
      if (!step.reversible) throw irreversible(name, `the step ${JSON.stringify(step.name)} without inverse`);
      if (step.outputColumns === step.inputColumns) continue;
      const rule = `steps that keep the number of columns, got ${step.outputColumns} from ${step.inputColumns}`;
      throw blasnetError('ERR_BLASNET_SHAPE', `Expected ${name} to have ${rule}`);
    }
    if (!('center' in step.native)) throw irreversible(name, step.name);
    if (step.native.clip !== null) throw irreversible(name, `${step.name} with clip: true`);
  }
}

function irreversible(name: string, step: string): Error {
  const rule = 'only steps that can be undone exactly, such as standardScaler()';
  return blasnetError('ERR_BLASNET_ARG_VALUE', `Expected ${name} to have ${rule}, got ${step}`);
}

/** The number that a column is divided by in all steps together; undefined if a step does more than scale and shift. */
export function divisorOf(steps: readonly FittedStep[], column: number): number | undefined {
  let divisor = 1;
  for (const { native } of steps) {
    if (native === undefined || !('center' in native)) return undefined;
    const place = native.columns.indexOf(column);
    if (place !== -1) divisor *= native.scale[place] as number;
  }
  return divisor;
}

/**
 * Returns a function that takes the first rows of a matrix the way back, in place, on the calling thread: by what is learned
 * at the time of the call. For scalers a call allocates nothing.
 */
export function inverterOf(learned: () => FittedSteps, matrix: Matrix): TransformRows {
  let steps = learned();
  let invert = inverter(steps, matrix);
  return (rows) => {
    const now = learned();
    if (now !== steps) {
      if (now.inputColumns !== matrix.cols) {
        throw argumentError(
          'ERR_BLASNET_SHAPE',
          'targetScaler',
          `of ${matrix.cols} columns`,
          now.inputColumns,
        );
      }
      invert = inverter(now, matrix);
      steps = now;
    }
    invert(rows);
  };
}

function inverter(fitted: FittedSteps, matrix: Matrix): TransformRows {
  const undo = fitted.steps.map((step) => undoOf(step)).reverse();
  if (undo.some((step) => step === undefined)) return (rows) => fitted.inverseHere(matrix, rows);
  return scaleBack(undo as ScaleBack[], matrix);
}

/** (x - offset) * scale + center, column by column: the way back of a scaler. */
interface ScaleBack {
  readonly offset: Float64Array;
  readonly scale: Float64Array;
  readonly center: Float64Array;
}

// With numbers for all columns: 0, 1 and -0 leave a column as it is.
function undoOf({ native, inputColumns }: FittedStep): ScaleBack | undefined {
  if (native === undefined || !('center' in native)) return undefined;
  const offset = new Float64Array(inputColumns);
  const scale = new Float64Array(inputColumns).fill(1);
  const center = new Float64Array(inputColumns).fill(-0);
  for (const [i, column] of native.columns.entries()) {
    offset[column] = native.offset;
    scale[column] = native.scale[i] as number;
    center[column] = native.center[i] as number;
  }
  return { offset, scale, center };
}

// What native code computes, bit for bit: in doubles, rounded once. For one row, a native call would take longer.
function scaleBack(steps: readonly ScaleBack[], { data, cols }: Matrix): TransformRows {
  return (rows) => {
    for (let row = 0, i = 0; row < rows; row++) {
      for (let c = 0; c < cols; c++, i++) {
        let value = data[i] as number;
        for (let s = 0; s < steps.length; s++) {
          const { offset, scale, center } = steps[s] as ScaleBack;
          value = (value - (offset[c] as number)) * (scale[c] as number) + (center[c] as number);
        }
        data[i] = value;
      }
    }
  };
}
