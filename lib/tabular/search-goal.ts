// By which score the trials of a search are compared.

import { Matrix } from '../base/matrix';
import { boolean, check, oneOf, optional } from '../base/validate';
import { evaluateClasses, evaluateLabels, evaluateNumbers } from './evaluation';
import type { ModelKind } from './model-kind';
import { targetsOf } from './prepare';
import { defaultMetric, isLargerBetter, metricOption, type Scores, scoresOf } from './scores';
import type { Goal } from './trials';

/** The options of a search that say which trial is better. */
export interface GoalOptions {
  readonly target: string | readonly string[];
  readonly metric?: string | ((evaluation: never) => number);
  readonly maximise?: boolean;
}

/** @throws RangeError ERR_BLASNET_UNKNOWN_NAME for a name that no evaluation has */
export async function goalOf(kind: ModelKind, options: GoalOptions): Promise<Goal> {
  const { metric = defaultMetric(kind.name, typeof options.target === 'string'), maximise } = options;
  check('metric', metric, metricOption);
  check('maximise', maximise, optional(boolean));
  if (typeof metric === 'function') {
    const scoreOf = (evaluation: object) => metric(evaluation as never);
    return { scoreOf, maximise: maximise ?? false };
  }
  check('metric', metric, oneOf(await scoreNames(kind, options)), 'ERR_BLASNET_UNKNOWN_NAME');
  const scoreOf = (_: object, scores: Scores) => scores[metric] as number;
  return { scoreOf, maximise: maximise ?? isLargerBetter(metric) };
}

/** The scores that an evaluation has: those of two made-up rows. */
async function scoreNames({ name }: ModelKind, { target }: GoalOptions): Promise<string[]> {
  const names = targetsOf({ target });
  const single = typeof target === 'string';
  const outputs = Matrix.zeros(2, names.length, 'float64');
  outputs.data.fill(0.75, names.length);
  const targets = names.map((each) => ({ name: each, classes: ['0', '1'] }));
  const numbers = names.map(() => Int32Array.of(0, 1));
  const evaluation =
    name === 'regressor'
      ? await evaluateNumbers(
          names,
          single,
          names.map(() => Float64Array.of(0, 1)),
          names.map(() => Float64Array.of(0, 0.75)),
          {},
        )
      : single
        ? await evaluateClasses({ name: target, classes: ['0', '1'] }, Int32Array.of(0, 1), outputs, {})
        : await evaluateLabels(targets, numbers, outputs, {});
  return Object.keys(scoresOf(evaluation));
}
