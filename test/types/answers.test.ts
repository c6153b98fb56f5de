// The types of probabilities, quantiles, intervals and explanations.

import { expectTypeOf, test } from 'vitest';
import type { Calibration, Loss } from '../../lib';
import { metrics, quantile } from '../../lib';
import type { Attributions, Classifier, Intervals, Regressor, Table, Temperature } from '../../lib/tabular';

declare const classifier: Classifier;
declare const regressor: Regressor;
declare const rows: Table;

// Never called: only its types are checked.
async function answers() {
  expectTypeOf(classifier.temperature).toEqualTypeOf<Temperature | undefined>();
  expectTypeOf(classifier.reliability(rows, { bins: 5 })).resolves.toEqualTypeOf<Table>();
  expectTypeOf(regressor.quantiles(rows)).resolves.toEqualTypeOf<Table>();
  expectTypeOf(regressor.quantiles({ x: 1 })).toEqualTypeOf<Record<string, number>>();
  expectTypeOf(regressor.conformal(rows)).resolves.toEqualTypeOf<Intervals>();
  expectTypeOf(regressor.interval(rows)).resolves.toEqualTypeOf<Table>();
  expectTypeOf(regressor.interval({ x: 1 })).toEqualTypeOf<[low: number, high: number]>();
  expectTypeOf(regressor.attributions({ x: 1 })).resolves.toEqualTypeOf<Attributions>();
  expectTypeOf(classifier.importance(rows, { metric: 'accuracy' })).resolves.toEqualTypeOf<Table>();
  expectTypeOf(
    classifier.partialDependence(rows, 'x', { grid: ['a', null] }),
  ).resolves.toEqualTypeOf<Table>();
  // @ts-expect-error: only a Classifier has probabilities
  regressor.temperature;
  // @ts-expect-error: only a Regressor has intervals
  classifier.conformal(rows);
}

test('answers of models have the types of one record or of many rows', () => {
  expectTypeOf(answers).returns.resolves.toBeVoid();
  expectTypeOf(metrics.calibration([0, 1], [0.2, 0.8])).toEqualTypeOf<Calibration>();
  expectTypeOf(quantile({ levels: [0.1] })).toEqualTypeOf<Loss>();
});
