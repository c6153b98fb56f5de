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
   * With one column, and with several that are labels of their own: an output above it says yes. A label says
   * yes above 1/2. @default 0.5
   */
  readonly threshold?: number;
  /**
   * Whether several columns are labels of their own, of which a sample may have any number, as sigmoid outputs
   * have them; otherwise they are classes, and the largest output (the first of equals) is the one predicted.
   * @default false; in a training, true for several sigmoid outputs
   */
  readonly multiLabel?: boolean;
}

export interface AveragedOptions extends DecisionOptions {
  /**
   * How the numbers of several columns make one: their mean, over the classes that occur in labels or
   * predictions ('macro'); the same weighted by how often a class is right ('weighted'); or one number
   * from all counts together ('micro'). @default 'macro'
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

/** What is counted for a class, or for the yes of a label: weights summed over samples. */
export interface Count {
  /** Predicted and right. */
  hits: number;
  predicted: number;
  actual: number;
  /** Whether any sample has it, or was predicted to have it, whatever its weight. */
  occurs: boolean;
}

/**
 * The confusion matrix: at (i, j) the weight of the samples of class i that were predicted to be of class j, as
 * scikit-learn's `confusion_matrix(..., labels=range(classes))` has it. One column of predictions makes
 * two classes, no and yes.
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

/** The counts of the single yes of one column, of each label, or of each class. */
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
      // A label has a number of its own whether or not it occurs.
      count.occurs ||= actual || predicted || !classes;
    }
  }
  return counts;
}

/** Whether the largest output of a row decides. */
export function areClasses(cols: number, options: DecisionOptions): boolean {
  return cols > 1 && options.multiLabel !== true;
}

export function yes(value: number | undefined, threshold = 0.5): boolean {
  return (value as number) > threshold;
}

/**
 * Throws for an option that says nothing about so many columns, and would be ignored in silence; `where` stands
 * before it in the error.
 */
export function checkDecision(cols: number, options: AveragedOptions, where?: string): void {
  const at = (name: string) => (where === undefined ? name : `${where}.${name}`);
  if (areClasses(cols, options) && options.threshold !== undefined) {
    const rule = 'left out where the largest of several columns decides';
    throw argumentError('ERR_BLASNET_ARG_VALUE', at('threshold'), rule, options.threshold);
  }
  if (cols === 1 && options.average !== undefined) {
    const rule = 'left out where there is one column of predictions';
    throw argumentError('ERR_BLASNET_ARG_VALUE', at('average'), rule, options.average);
  }
}
