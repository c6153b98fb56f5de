// A metric is written once, as work. Its function runs the work on the calling thread, and its asynchronous twin on
// others.

import {
  type AsyncOptions,
  asyncConstraints,
  pinnedWork,
  readInSlices,
  type Work,
  workHere,
} from '../addon/work';
import { type Constraint, checkOptions } from '../base/validate';
import {
  arraysOf,
  type Comparison,
  type ComparisonInput,
  compare,
  type Labels,
  type Predictions,
  type WeightOptions,
} from './comparison';

export interface Measure<Options extends WeightOptions, Result = number> {
  readonly constraints: Readonly<Record<keyof Options, Constraint>>;
  /** Whether one column of labels for several of predictions holds class indices. @default 'classes' */
  readonly columns?: 'classes' | 'numbers';
  /** Throws for options that do not suit the number of columns. In the error, `where` precedes the option. */
  readonly checkColumns?: (cols: number, options: Options, where?: string) => void;
  /** Checks all numbers, and computes the result. */
  readonly work: (comparison: Comparison, options: Options) => Work<Result>;
}

/** A metric, without blocking the calling thread. */
export type AsyncMetric<Options extends WeightOptions, Result = number> = (
  yTrue: Labels,
  yPredicted: Predictions,
  options?: Options & AsyncOptions,
) => Promise<Result>;

/** Computes a metric on the calling thread. */
export function here<Options extends WeightOptions, Result>(
  measure: Measure<Options, Result>,
  yTrue: Labels,
  yPredicted: Predictions,
  options: Options,
): Result {
  checkOptions('', options, measure.constraints);
  return workHere(result(measure, input(measure, yTrue, yPredicted, options), options));
}

/** Makes the asynchronous twin of a metric. */
export function elsewhere<Options extends WeightOptions, Result>(
  measure: Measure<Options, Result>,
): AsyncMetric<Options, Result> {
  return async (yTrue, yPredicted, options = {} as Options) => {
    checkOptions('', options, { ...measure.constraints, ...asyncConstraints });
    const compared = input(measure, yTrue, yPredicted, options);
    return await pinnedWork(result(measure, compared, options), arraysOf(compared.comparison), options);
  };
}

function input<Options extends WeightOptions>(
  { columns, checkColumns }: Measure<Options, unknown>,
  yTrue: Labels,
  yPredicted: Predictions,
  options: Options,
): ComparisonInput {
  const compared = compare(yTrue, yPredicted, options, columns);
  checkColumns?.(compared.comparison.cols, options);
  return compared;
}

function* result<Options extends WeightOptions, Result>(
  { work }: Measure<Options, Result>,
  { comparison, unread }: ComparisonInput,
  options: Options,
): Work<Result> {
  for (const reading of unread) if (reading !== undefined) yield* readInSlices(reading);
  return yield* work(comparison, options);
}
