import { argumentError, blasnetError } from '../base/errors';
import type { Matrix } from '../base/matrix';
import { boolean, type Constraint, finite, oneOf, optional } from '../base/validate';
import {
  checkNumbers,
  type Labels,
  type Predictions,
  type WeightOptions,
  weightConstraints,
} from './comparison';
import { here, type Measure } from './measure';
import { confusionsOf, type DecisionRule } from './native';

export interface DecisionOptions extends WeightOptions {
  /**
   * With one column or with `multiLabel`, an output above it means yes. (A label above 1/2 means yes.) @default 0.5
   */
  readonly threshold?: number;
  /**
   * Whether several columns are independent labels, such as sigmoid outputs; a sample may have any number of them.
   * Otherwise they are classes, and the largest output (the first of equals) is the predicted class.
   * @default false; in a training, true for several sigmoid outputs
   */
  readonly multiLabel?: boolean;
}

export interface AveragedOptions extends DecisionOptions {
  /**
   * How the results of several columns are averaged. 'macro': their mean, over the classes that occur in labels or
   * predictions. 'weighted': this mean, weighted by how often a class occurs in the labels. 'micro': one result from
   * the sums of all counts. @default 'macro'
   */
  readonly average?: 'macro' | 'micro' | 'weighted';
}

export const decisionConstraints: Readonly<Record<keyof DecisionOptions, Constraint>> = {
  ...weightConstraints,
  threshold: optional(finite),
  multiLabel: optional(boolean),
};

export const averagedConstraints: Readonly<Record<keyof AveragedOptions, Constraint>> = {
  ...decisionConstraints,
  average: optional(oneOf(['macro', 'micro', 'weighted'])),
};

export type ConfusionOptions = WeightOptions & Pick<DecisionOptions, 'threshold'>;

export const confusionMeasure: Measure<ConfusionOptions, Matrix<Float64Array>> = {
  constraints: { ...weightConstraints, threshold: optional(finite) },
  checkColumns: checkDecision,
  *work(comparison, options) {
    if (!(yield* checkNumbers(comparison))) {
      throw blasnetError('ERR_BLASNET_NOT_FINITE', 'Expected yTrue and yPredicted to hold finite numbers');
    }
    return yield* confusionsOf(comparison, decisionRule(comparison.cols, options));
  },
};

/**
 * Computes the confusion matrix, like scikit-learn's `confusion_matrix(..., labels=range(classes))`. Element (i, j) is
 * the weight of the samples of class i that were predicted to be in class j. One column of predictions has two classes,
 * no and yes.
 *
 * @returns (classes, classes), float64
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION
 * @throws RangeError ERR_BLASNET_SHAPE, ERR_BLASNET_ARG_VALUE, ERR_BLASNET_NOT_FINITE
 */
export function confusionMatrix(
  yTrue: Labels,
  yPredicted: Predictions,
  options: ConfusionOptions = {},
): Matrix<Float64Array> {
  return here(confusionMeasure, yTrue, yPredicted, options);
}

/** Whether columns are classes, so that the largest output of a row decides. */
export function areClasses(cols: number, options: DecisionOptions): boolean {
  return cols > 1 && options.multiLabel !== true;
}

export function decisionRule(cols: number, options: DecisionOptions): DecisionRule {
  return { classes: areClasses(cols, options), threshold: options.threshold ?? 0.5 };
}

/**
 * Throws for an option that has no meaning for this number of columns and would be ignored silently. In the error,
 * `where` precedes the option.
 */
export function checkDecision(cols: number, options: AveragedOptions, where?: string): void {
  const at = (name: string) => (where === undefined ? name : `${where}.${name}`);
  if (areClasses(cols, options) && options.threshold !== undefined) {
    const rule = 'left out, since the largest of several columns decides';
    throw argumentError('ERR_BLASNET_ARG_VALUE', at('threshold'), rule, options.threshold);
  }
  if (cols === 1 && options.average !== undefined) {
    const rule = 'left out with one column of predictions';
    throw argumentError('ERR_BLASNET_ARG_VALUE', at('average'), rule, options.average);
  }
}
