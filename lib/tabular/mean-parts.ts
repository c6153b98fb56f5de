// A model that answers by the mean of several.

import { blasnetError } from '../base/errors';
import { MeanRows } from './mean-rows';
import type { ModelParts, TargetsJson } from './model-parts';

/**
 * The parts of a model whose outputs are the means of several. Schema and history are those of the first.
 *
 * @throws RangeError ERR_BLASNET_ARG_VALUE for models of different targets or classes
 */
export function meanParts<T extends TargetsJson>(parts: readonly ModelParts<T>[]): ModelParts<T> {
  const [first] = parts as readonly [ModelParts<T>];
  if (parts.length === 1) return first;
  const other = parts.findIndex(({ targets }) => !areAlike(targets, first.targets));
  if (other !== -1) {
    const got = nameOf((parts[other] as ModelParts).targets);
    const message = `Expected models[${other}] to predict ${nameOf(first.targets)}, like models[0], got ${got}`;
    throw blasnetError('ERR_BLASNET_ARG_VALUE', message);
  }
  return { ...first, rows: new MeanRows(parts.map(({ rows }) => rows)) };
}

// Temperatures and intervals may differ.
function areAlike(a: TargetsJson, b: TargetsJson): boolean {
  const text = (targets: TargetsJson) =>
    JSON.stringify(
      targets.kind === 'classifier'
        ? [targets.single, targets.columns.map(({ name, classes }) => [name, classes])]
        : [targets.kind, targets.single, targets.columns, targets.quantiles],
    );
  return text(a) === text(b);
}

function nameOf(targets: TargetsJson): string {
  const names =
    targets.kind === 'regressor'
      ? targets.columns.map((name) => JSON.stringify(name))
      : targets.columns.map(({ name, classes }) => `${JSON.stringify(name)} of ${classes.length} classes`);
  const levels = targets.kind === 'regressor' ? targets.quantiles : undefined;
  const quantiles = levels === undefined ? '' : ` at the quantiles ${levels.join(', ')}`;
  const form = `${targets.single ? '' : ' as one of several'}${quantiles}`;
  return `${names.join(' and ')}${form} by a ${targets.kind === 'classifier' ? 'Classifier' : 'Regressor'}`;
}
