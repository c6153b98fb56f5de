// Pipelines whose steps can be undone, for the targets of a network: its outputs go the way back.

import { blasnetError } from '../base/errors';
import type { CustomStep } from './custom-step';
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
