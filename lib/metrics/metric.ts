import { argumentError, blasnetError } from '../base/errors';
import type { FloatArray, Matrix } from '../base/matrix';
import { anything, type Constraint, check, checkOptions, didYouMean } from '../base/validate';
import { type ActivationName, activationNames, activationRow } from '../layers/activations';
import { accuracy, checkTopK, f1, precision, recall, topKAccuracy, topKConstraints } from './classification';
import { type WeightOptions, weightConstraints } from './comparison';
import { averagedConstraints, checkDecision, decisionConstraints } from './confusion';
import { brier, logLoss, probabilityConstraints } from './probability';
import { prAuc, rocAuc } from './ranking';
import { meanAbsoluteError, meanSquaredError, r2, rootMeanSquaredError } from './regression';

/** A number that a training computes in addition to the loss. `metric` makes one; an object of your own works, too. */
export interface Metric {
  /** The name of its series in the history: a letter, then letters, digits and underscores. */
  readonly name: string;
  /**
   * Compares the predictions (m, outputs) with the labels (m, outputs). `weights` has one number per row; it is absent
   * if the samples have no weights. Return NaN if there is no result.
   */
  compute(labels: Matrix, predictions: Matrix, weights?: FloatArray): number;
}

/** A metric of your own, as a function. The function's name is the name of the series. */
export type MetricFunction = Metric['compute'];

/** An element of the `metrics` option. */
export type MetricOption = MetricName | Metric | MetricFunction;

interface Entry {
  readonly compute: (yTrue: Matrix, yPredicted: Matrix, options?: never) => number;
  readonly constraints: Readonly<Record<string, Constraint>>;
  /** The output activations that it suits; undefined: all. */
  readonly outputs?: readonly ActivationName[];
  /** Throws for options that do not suit the number of outputs. */
  readonly checkOutputs?: (outputs: number, options: never, where: string) => void;
}

const probabilities = activationNames.filter((name) => activationRow(name).range === 'probability');

// Metrics with a threshold or classes need probabilities; rankings take any scores, and errors any numbers.
const table = {
  accuracy: {
    compute: accuracy,
    constraints: decisionConstraints,
    outputs: probabilities,
    checkOutputs: checkDecision,
  },
  topKAccuracy: {
    compute: topKAccuracy,
    constraints: topKConstraints,
    checkOutputs: checkTopK,
  },
  precision: {
    compute: precision,
    constraints: averagedConstraints,
    outputs: probabilities,
    checkOutputs: checkDecision,
  },
  recall: {
    compute: recall,
    constraints: averagedConstraints,
    outputs: probabilities,
    checkOutputs: checkDecision,
  },
  f1: {
    compute: f1,
    constraints: averagedConstraints,
    outputs: probabilities,
    checkOutputs: checkDecision,
  },
  rocAuc: { compute: rocAuc, constraints: weightConstraints },
  prAuc: { compute: prAuc, constraints: weightConstraints },
  logLoss: { compute: logLoss, constraints: probabilityConstraints, outputs: probabilities },
  brier: { compute: brier, constraints: weightConstraints, outputs: probabilities },
  meanSquaredError: { compute: meanSquaredError, constraints: weightConstraints },
  rootMeanSquaredError: { compute: rootMeanSquaredError, constraints: weightConstraints },
  meanAbsoluteError: { compute: meanAbsoluteError, constraints: weightConstraints },
  r2: { compute: r2, constraints: weightConstraints },
} as const satisfies Record<string, Entry>;

export type MetricName = keyof typeof table;

export const metricNames = Object.keys(table) as MetricName[];

/** The options of `metric`: those of the metric's function, except `sampleWeight`, and the name of the series. */
export type MetricOptions<N extends MetricName> = Omit<
  NonNullable<Parameters<(typeof table)[N]['compute']>[2]>,
  keyof WeightOptions
> & {
  /** The name of the series in the history. @default the metric's name */
  readonly name?: string;
};

// Names that a history or an epoch's report uses already, and names for a validation set.
const reserved = /^(epoch|loss|learningRate|seconds|val[A-Z]\w*)$/;

// Checked separately, since an unknown metric has another error code.
const seriesName: Constraint = {
  rule: 'a letter, then letters, digits and underscores, and not a name that the history has already',
  accepts: (value) => typeof value === 'string',
  holds: (value: string) => /^[A-Za-z]\w*$/.test(value) && !reserved.test(value),
};

/** How `metric` made a metric: a training checks this against the outputs and adapts it to them. */
interface Made {
  readonly base: MetricName;
  readonly options: Readonly<Record<string, unknown>>;
}

const made = new WeakMap<object, Made>();

/**
 * Makes a metric with options, for the `metrics` option of a training:
 *
 *     metrics: ['rocAuc', metric('precision', { threshold: 0.3, name: 'precisionAt30' })]
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_UNKNOWN_NAME,
 *   ERR_BLASNET_ARG_VALUE
 */
export function metric<N extends MetricName>(name: N, options?: MetricOptions<N>): Metric;
export function metric(base: MetricName, options: Record<string, unknown> = {}): Metric {
  checkName('name', base);
  const { sampleWeight: _, ...constraints }: Readonly<Record<string, Constraint>> = table[base].constraints;
  checkOptions('', options, { ...constraints, name: anything });
  const { name = base, ...own } = options;
  check('name', name, seriesName);
  return make(name as string, base, own);
}

function make(name: string, base: MetricName, options: Made['options']): Metric {
  const compute = table[base].compute as (
    yTrue: Matrix,
    yPredicted: Matrix,
    options: Made['options'],
  ) => number;
  const metric: Metric = Object.freeze({
    name,
    compute: (labels: Matrix, predictions: Matrix, weights?: FloatArray) =>
      compute(labels, predictions, weights === undefined ? options : { ...options, sampleWeight: weights }),
  });
  made.set(metric, { base, options });
  return metric;
}

/**
 * Checks the `metrics` option against the network's outputs. The option may hold names, metrics of `metric`, and the
 * user's own `{ name, compute }` and named functions; without it, the list is empty. For several sigmoid outputs,
 * `multiLabel` becomes true in the metrics that have it, unless it was given. A user's own metric must return a number.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE
 * @throws RangeError ERR_BLASNET_UNKNOWN_NAME; ERR_BLASNET_ARG_VALUE for a metric that does not suit the outputs,
 *   or for a name that is already used
 */
export function resolveMetrics(value: unknown, outputs: number, output: ActivationName): Metric[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'metrics', "an array such as ['f1', 'rocAuc']", value);
  }
  const taken = new Set<string>();
  return Array.from(value as unknown[], (item, index) => {
    const where = `metrics[${index}]`;
    const metric = resolveMetric(where, item, outputs, output);
    if (taken.has(metric.name)) {
      const rule = 'a metric with a name that no other metric has';
      throw argumentError('ERR_BLASNET_ARG_VALUE', where, rule, metric.name);
    }
    taken.add(metric.name);
    return metric;
  });
}

function resolveMetric(where: string, item: unknown, outputs: number, output: ActivationName): Metric {
  if (typeof item === 'string') {
    checkName(where, item);
    return suited(where, { name: item, base: item, options: {} }, outputs, output);
  }
  const known = made.get(item as object);
  if (known !== undefined) {
    return suited(where, { ...known, name: (item as Metric).name }, outputs, output);
  }
  return usersOwn(where, item);
}

function suited(
  where: string,
  { name, base, options }: Made & { readonly name: string },
  outputs: number,
  output: ActivationName,
): Metric {
  const { outputs: needed, checkOutputs, constraints }: Entry = table[base];
  if (needed?.includes(output) === false) {
    const names = needed.map((name) => `'${name}'`).join(' or ');
    const rule = `a metric for the output activation '${output}' ('${base}' needs ${names})`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', where, rule, base);
  }
  const labels = outputs > 1 && output === 'sigmoid' && 'multiLabel' in constraints;
  const fitted = labels ? { multiLabel: true, ...options } : options;
  checkOutputs?.(outputs, fitted as never, where);
  return make(name, base, fitted);
}

function usersOwn(where: string, item: unknown): Metric {
  const { name, compute } = (
    typeof item === 'function' ? { name: item.name, compute: item } : (item ?? {})
  ) as {
    name?: unknown;
    compute?: unknown;
  };
  if (typeof name !== 'string' || typeof compute !== 'function') {
    const rule = 'the name of a metric, a metric, { name, compute }, or a named function';
    throw argumentError('ERR_BLASNET_ARG_TYPE', where, rule, item);
  }
  if (name === '' && typeof item === 'function') {
    throw argumentError('ERR_BLASNET_ARG_VALUE', where, 'a function with a name', item);
  }
  check(`${where}.name`, name, seriesName);
  return {
    name,
    compute: (labels, predictions, weights) => {
      const result: unknown = compute.call(item, labels, predictions, weights);
      if (typeof result === 'number') return result;
      throw argumentError('ERR_BLASNET_ARG_TYPE', `the result of the metric '${name}'`, 'a number', result);
    },
  };
}

function checkName(where: string, name: unknown): asserts name is MetricName {
  if (typeof name !== 'string') {
    throw argumentError('ERR_BLASNET_ARG_TYPE', where, 'the name of a metric', name);
  }
  if (!Object.hasOwn(table, name)) {
    const message = `Unknown metric "${name}" in ${where}${didYouMean(name, metricNames)}`;
    throw blasnetError('ERR_BLASNET_UNKNOWN_NAME', message);
  }
}
