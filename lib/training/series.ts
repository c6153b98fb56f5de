import { argumentError } from '../base/errors';
import { guessOf } from '../base/validate';
import { lossEntry } from '../layers/losses';
import { plateauOf } from '../schedules/rate';
import type { CompletedFitOptions } from './completed-options';

/** Throws if an option monitors a series that the training does not compute. */
export function checkMonitors(options: CompletedFitOptions, validation: boolean): void {
  const known = seriesOf(options, validation);
  const monitors = [
    ['earlyStopping.monitor', options.earlyStopping?.monitor],
    ['schedule.monitor', plateauOf(options.schedule)?.monitor],
    ['checkpoint.best.monitor', options.checkpoint?.store.best?.monitor],
  ] as const;
  for (const [name, monitor] of monitors) {
    if (monitor === undefined || known.includes(monitor)) continue;
    const hint =
      monitor.startsWith('val') && !validation
        ? ' (for a validation set, pass validationData or validationSplit)'
        : '';
    const rule = `one of ${known.map((series) => `'${series}'`).join(', ')}${hint}`;
    throw argumentError(
      'ERR_BLASNET_ARG_VALUE',
      name,
      rule,
      monitor,
      guessOf(
        monitor,
        seriesOf(options, true).filter((series) => series !== monitor),
      ),
    );
  }
}

/** The names of the history's series, except the learning rate's. */
export function seriesOf({ loss, metrics }: CompletedFitOptions, validation: boolean): string[] {
  const own = lossEntry(loss.name).accuracy ? ['loss', 'accuracy'] : ['loss'];
  const names = metrics.map(({ name }) => name);
  return validation ? [...own, ...[...own, ...names].map(validationName)] : [...own, ...names];
}

/** valLoss for loss. */
export function validationName(series: string): string {
  return `val${series.charAt(0).toUpperCase()}${series.slice(1)}`;
}
