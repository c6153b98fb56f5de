import { argumentError } from '../base/errors';
import type { CompletedFitOptions } from './completed-options';

/** Refuses what ranks cannot do together. @throws RangeError ERR_BLASNET_ARG_VALUE */
export function checkShared(
  { shared, priority, heldRows, metrics }: CompletedFitOptions,
  given: { readonly validationData: boolean; readonly learns: boolean },
): void {
  if (shared === undefined) return;
  const refuse = (name: string, rule: string, actual: unknown) => {
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, rule, actual);
  };
  if (priority === 'low') refuse('priority', "'normal' for a training of several ranks", priority);
  if (!shared.ownRows) return;
  const rule = 'left out when ranks have rows of their own: pass the same validationData on each rank';
  if (heldRows > 0) refuse('validationSplit', rule, heldRows);
  if (metrics.length > 0 && !given.validationData) {
    const names = metrics.map(({ name }) => name).join(', ');
    refuse('metrics', 'left out without validationData when ranks have rows of their own', names);
  }
  if (given.learns) {
    const fitted =
      'left out when the preprocessing, the labels or the targetScaler still learn, since each rank would learn other numbers: fit them before';
    refuse('distributed.rows', fitted, 'own');
  }
}
