import { argumentError, blasnetError } from '../base/errors';
import { Matrix } from '../base/matrix';
import { boolean, type Constraint, checkOptions, finite, oneOf, optional } from '../base/validate';
import {
  allFinite,
  argmax,
  type Comparison,
  compare,
  type Labels,
  type Predictions,
  type WeightOptions,
  weightConstraints,
  weightOf,
} from './comparison';

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

/** The counts for a class, or for the yes of a label: sums of the samples' weights. */
export interface Count {
  /** Predicted and right. */
  hits: number;
  predicted: number;
  actual: number;
  /** Whether any sample has it, or was predicted to have it, even with weight 0. */
  occurs: boolean;
}

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
  options: WeightOptions & Pick<DecisionOptions, 'threshold'> = {},
): Matrix<Float64Array> {
  const { threshold, sampleWeight } = decisionConstraints;
  checkOptions('', options, { threshold, sampleWeight });
  const comparison = compare(yTrue, yPredicted, options);
  checkDecision(comparison.cols, options);
  if (!allFinite(comparison)) {
    throw blasnetError('ERR_BLASNET_NOT_FINITE', 'Expected yTrue and yPredicted to hold finite numbers');
  }
  const { rows, cols, labels, predictions } = comparison;
  const classes = cols === 1 ? 2 : cols;
  const matrix = Matrix.zeros(classes, classes);
  for (let row = 0; row < rows; row++) {
    const from = cols === 1 ? yes(labels[row], 0.5) : argmax(labels, cols, row);
    const to = cols === 1 ? yes(predictions[row], options.threshold) : argmax(predictions, cols, row);
    const at = Number(from) * classes + Number(to);
    matrix.data[at] = (matrix.data[at] as number) + weightOf(comparison, row);
  }
  return matrix;
}

/** One count per column: of the yes of a single column, of each label, or of each class. */
export function countDecisions(comparison: Comparison, options: DecisionOptions): Count[] {
  const { rows, cols, labels, predictions } = comparison;
  const counts = Array.from({ length: cols }, (): Count => {
    return { hits: 0, predicted: 0, actual: 0, occurs: false };
  });
  for (let row = 0; row < rows; row++) {
    const weight = weightOf(comparison, row);
    const classes = areClasses(cols, options);
    const label = classes ? argmax(labels, cols, row) : -1;
    const guess = classes ? argmax(predictions, cols, row) : -1;
    for (let c = 0; c < cols; c++) {
      const actual = classes ? c === label : yes(labels[row * cols + c], 0.5);
      const predicted = classes ? c === guess : yes(predictions[row * cols + c], options.threshold);
      const count = counts[c] as Count;
      if (actual) count.actual += weight;
      if (predicted) count.predicted += weight;
      if (actual && predicted) count.hits += weight;
      // A label counts in the average even if it does not occur.
      count.occurs ||= actual || predicted || !classes;
    }
  }
  return counts;
}

/** Whether columns are classes, so that the largest output of a row decides. */
export function areClasses(cols: number, options: DecisionOptions): boolean {
  return cols > 1 && options.multiLabel !== true;
}

export function yes(value: number | undefined, threshold = 0.5): boolean {
  return (value as number) > threshold;
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
