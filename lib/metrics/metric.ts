import type { Work } from '../addon/work';
import { described } from '../base/description';
import { argumentError, blasnetError } from '../base/errors';
import type { FloatArray, Matrix } from '../base/matrix';
import type { AnyName } from '../base/names';
import { anything, type Constraint, check, checkOptions, didYouMean } from '../base/validate';
import { type ActivationName, activationNames, activationRow } from '../layers/activations';
import { accuracyMeasure, f1Measure, precisionMeasure, recallMeasure, topKMeasure } from './classification';
import type { Comparison, WeightOptions } from './comparison';
import { here, type Measure } from './measure';
import { brierMeasure, logLossMeasure } from './probability';
import { prAucMeasure, rocAucMeasure } from './ranking';
import {
  meanAbsoluteErrorMeasure,
  meanSquaredErrorMeasure,
  r2Measure,
  rootMeanSquaredErrorMeasure,
} from './regression';

/** A number that a training computes in addition to the loss. `metric` makes one; an object of your own works, too. */
export interface Metric<Name extends string = string> {
  /** The name of its series in the history: a letter, then letters, digits and underscores. */
  readonly name: Name;
  /**
   * Compares the predictions (m, outputs) with the labels (m, outputs). `weights` has one number per row; it is absent
   * if the samples have no weights. Return NaN if there is no result.
   */
  compute(labels: Matrix, predictions: Matrix, weights?: FloatArray): number;
}

/** A metric of your own, as a function. The function's name is the name of the series. */
export type MetricFunction = Metric['compute'];

/** An element of the `metrics` option. */
export type MetricOption = MetricName | Metric | MetricFunction | AnyName;

/** The `metrics` option. */
export type Metrics = readonly MetricOption[];

// Only one literal type: not string, and not a union, of which either name may be meant.
type OneName<Name, Whole = Name> = Name extends string
  ? [Whole] extends [Name]
    ? string extends Name
      ? never
      : Name
    : never
  : never;

/**
 * The names in a list of metrics, as far as TypeScript knows them. It knows those of a list that is written in the call or
 * ends with `as const`; it does not know the names of functions.
 */
export type MetricNames<M extends Metrics> = M extends readonly [infer First, ...infer Rest extends Metrics]
  ? OneName<First extends { readonly name: infer Name } ? Name : First> | MetricNames<Rest>
  : never;

interface Entry {
  readonly measure: Measure<never>;
  /** The output activations that it suits; undefined: all. */
  readonly outputs?: readonly ActivationName[];
}

const probabilities = activationNames.filter((name) => activationRow(name).range === 'probability');

// Metrics with a threshold or classes need probabilities; rankings take any scores, and errors any numbers.
const table = {
  accuracy: { measure: accuracyMeasure, outputs: probabilities },
  topKAccuracy: { measure: topKMeasure },
  precision: { measure: precisionMeasure, outputs: probabilities },
  recall: { measure: recallMeasure, outputs: probabilities },
  f1: { measure: f1Measure, outputs: probabilities },
  rocAuc: { measure: rocAucMeasure },
  prAuc: { measure: prAucMeasure },
  logLoss: { measure: logLossMeasure, outputs: probabilities },
  brier: { measure: brierMeasure, outputs: probabilities },
  meanSquaredError: { measure: meanSquaredErrorMeasure },
  rootMeanSquaredError: { measure: rootMeanSquaredErrorMeasure },
  meanAbsoluteError: { measure: meanAbsoluteErrorMeasure },
  r2: { measure: r2Measure },
} as const satisfies Record<string, Entry>;

export type MetricName = keyof typeof table;

export const metricNames = Object.keys(table) as MetricName[];

/** The options of `metric`: those of the metric's function, except `sampleWeight`, and the name of the series. */
export type MetricOptions<N extends MetricName, Name extends string = string> = Omit<
  Parameters<(typeof table)[N]['measure']['work']>[1],
  keyof WeightOptions
> & {
  /** The name of the series in the history. @default the metric's name */
  readonly name?: Name;
};

// Names that a history, its members or an epoch's report use already, and names for a validation set.
const reserved = /^(epoch|loss|learningRate|seconds|bestEpoch|stoppedBy|plot|val[A-Z]\w*)$/;

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
export function metric<N extends MetricName, const Name extends string = N>(
  name: N,
  options?: MetricOptions<N, Name>,
): Metric<Name>;
export function metric(base: MetricName, options: Record<string, unknown> = {}): Metric {
  checkName('name', base);
  const { sampleWeight: _, ...constraints }: Readonly<Record<string, Constraint>> =
    table[base].measure.constraints;
  checkOptions('', options, { ...constraints, name: anything });
  const { name = base, ...own } = options;
  check('name', name, seriesName);
  return make(name as string, base, own);
}

function make(name: string, base: MetricName, options: Made['options']): Metric {
  const measure = measureOf(base);
  const metric: Metric & Made = Object.freeze({
    name,
    base,
    options,
    compute: (labels: Matrix, predictions: Matrix, weights?: FloatArray) =>
      here(
        measure,
        labels,
        predictions,
        weights === undefined ? options : { ...options, sampleWeight: weights },
      ),
  });
  made.set(metric, { base, options });
  return metric;
}

// A metric that another copy of this library made, or that comes from JSON, where it has lost its function.
function madeElsewhere(where: string, item: unknown): Made | undefined {
  const { name, base, options } = (item ?? {}) as { name?: unknown; base?: unknown; options?: unknown };
  if (typeof base !== 'string' || !Object.hasOwn(table, base)) return undefined;
  const factory = (own: object) => metric(base as MetricName, { ...own, name } as never);
  return made.get(described(where, { name: base, ...(options as object) }, { [base]: factory }) as object);
}

function measureOf(base: MetricName): Measure<WeightOptions> {
  return (table[base] as Entry).measure as Measure<WeightOptions>;
}

/** A metric that suits a network's outputs. */
export interface ResolvedMetric extends Metric {
  /** The native work of a metric of this library. A metric of the user's own has none. */
  readonly work?: (comparison: Comparison) => Work<number>;
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
export function resolveMetrics(value: unknown, outputs: number, output: ActivationName): ResolvedMetric[] {
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

function resolveMetric(
  where: string,
  item: unknown,
  outputs: number,
  output: ActivationName,
): ResolvedMetric {
  if (typeof item === 'string') {
    checkName(where, item);
    return suited(where, { name: item, base: item, options: {} }, outputs, output);
  }
  const known = made.get(item as object) ?? madeElsewhere(where, item);
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
): ResolvedMetric {
  const { outputs: needed }: Entry = table[base];
  const measure = measureOf(base);
  if (needed?.includes(output) === false) {
    const names = needed.map((name) => `'${name}'`).join(' or ');
    const rule = `a metric for the output activation '${output}' ('${base}' needs ${names})`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', where, rule, base);
  }
  const labels = outputs > 1 && output === 'sigmoid' && 'multiLabel' in measure.constraints;
  const fitted = labels ? { multiLabel: true, ...options } : options;
  measure.checkColumns?.(outputs, fitted, where);
  return { ...make(name, base, fitted), work: (comparison) => measure.work(comparison, fitted) };
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
