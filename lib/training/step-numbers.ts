import { atLeast, between, type Constraint } from '../base/validate';
import type { PlateauState } from '../schedules/plateau';
import { factorAt, learningRateAt, unitOf } from '../schedules/rate';
import type { Progress, Schedule } from '../schedules/schedule';
import type { CompletedFitOptions } from './completed-options';

/** What the schedules say for steps. An array of one number holds for all. */
export interface StepNumbers {
  readonly rates: Float64Array;
  readonly decayFactors: Float64Array;
  readonly dropoutFactors: Float64Array;
}

/** The numbers of `count` steps, of which the first is step `first` of the training, from 0. */
export function stepNumbers(
  options: CompletedFitOptions,
  first: number,
  count: number,
  stepsPerEpoch: number,
  plateau: PlateauState,
): StepNumbers {
  const { schedule, weightDecaySchedule, dropoutSchedule, optimizer, epochs } = options;
  const each = (of: Schedule, base: number, numberAt: (progress: Progress) => number) => {
    if (unitOf(of) === 'never') return Float64Array.of(base);
    return Float64Array.from({ length: count }, (_, i) => {
      const step = first + i;
      const epoch = Math.floor(step / stepsPerEpoch);
      return numberAt({ step, epoch, steps: epochs * stepsPerEpoch, epochs, stepsPerEpoch });
    });
  };
  const factors = (name: string, of: Schedule, constraint: Constraint) =>
    each(of, 1, (progress) => factorAt(name, of, progress, constraint));
  const base = optimizer.learningRate;
  return {
    rates: each(schedule, base, (progress) => learningRateAt(schedule, base, progress, plateau)),
    decayFactors: factors('weightDecaySchedule', weightDecaySchedule, atLeast(0)),
    dropoutFactors: factors('dropoutSchedule', dropoutSchedule, between(0, 1)),
  };
}
