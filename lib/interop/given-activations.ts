import { argumentError } from '../base/errors';
import type { Constraint } from '../base/validate';
import { type ResolvedActivation, resolveActivation } from '../layers/activations';
import type { Stage } from './chain';

/** The option `activations` of formats whose files have numbers alone. */
export const activationsOption: Constraint = {
  rule: 'an array of activations, one for each layer',
  accepts: Array.isArray,
  holds: (values: unknown[]) => values.length > 0,
  optional: true,
};

/** The activations of so many layers, checked. @throws RangeError or TypeError for other ones */
export function givenActivations(given: unknown, layers: number, file: string): ResolvedActivation[] {
  const count = `${layers} ${layers === 1 ? 'activation' : 'activations'}, one for each layer of ${file}`;
  if (given === undefined) {
    const hint = ": the file has numbers alone, as in { activations: ['relu', 'softmax'] }";
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'activations', count, given, hint);
  }
  const values = given as readonly unknown[];
  if (values.length !== layers) throw argumentError('ERR_BLASNET_SHAPE', 'activations', count, values);
  return Array.from(values, (value, i) => resolveActivation(value, `activations[${i}]`));
}

/** The stage of an activation; none for linear. */
export function activationStage(activation: ResolvedActivation): Stage[] {
  return activation.name === 'linear' ? [] : [{ kind: 'activation', activation }];
}
