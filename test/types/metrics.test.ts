// The public types of metrics.
// This file must compile, except the lines under @ts-expect-error: `npm run check:types`, which test/house.test.ts
// runs, fails if a line is wrong or if one of those lines compiles.

import { expectTypeOf, test } from 'vitest';
import { type Matrix, type Metric, type MetricOption, metric, metrics } from '../../lib/index';

/** Compiled and never run. */
function compiled(_: (Y: Matrix, predictions: Matrix) => unknown): void {}

test('metrics as functions take arrays', () => {
  expectTypeOf(metrics.f1).returns.toEqualTypeOf<number>();
  expectTypeOf(metrics.confusionMatrix).returns.toEqualTypeOf<Matrix<Float64Array>>();
  compiled((Y, predictions) => {
    metrics.f1(Y, predictions, { average: 'macro', sampleWeight: [1, 2] });
    metrics.f1([0, 1], [[0.5, 0.5]]);
    metrics.f1(Int32Array.of(0, 1), predictions);
    // @ts-expect-error: predictions are needed
    metrics.f1(Y);
    // @ts-expect-error: an average that does not exist
    metrics.f1(Y, predictions, { average: 'samples' });
    // @ts-expect-error: rankings have no threshold
    metrics.rocAuc(Y, predictions, { threshold: 0.5 });
    // @ts-expect-error: class names are encoded first
    metrics.accuracy(['cat', 'dog'], predictions);
    // @ts-expect-error: nobody changes the functions
    metrics.f1 = metrics.recall;
  });
});

test('the asynchronous metrics take the same arguments, a signal and threads', () => {
  expectTypeOf(metrics.async.f1).returns.toEqualTypeOf<Promise<number>>();
  expectTypeOf(metrics.async.confusionMatrix).returns.toEqualTypeOf<Promise<Matrix<Float64Array>>>();
  compiled((Y, predictions) => {
    metrics.async.f1(Y, predictions, { average: 'macro', signal: AbortSignal.timeout(9), threads: 1 });
    metrics.async.rocAuc(Uint8Array.of(0, 1), predictions);
    // @ts-expect-error: rankings have no threshold
    metrics.async.rocAuc(Y, predictions, { threshold: 0.5 });
    // @ts-expect-error: the plain functions end before a signal could come
    metrics.f1(Y, predictions, { signal: AbortSignal.timeout(9) });
  });
});

test('the metrics of a training are names, metrics with options, or functions', () => {
  expectTypeOf(metric('f1')).toEqualTypeOf<Metric<'f1'>>();
  expectTypeOf(metric('f1', { average: 'macro', name: 'macroF1' })).toEqualTypeOf<Metric<'macroF1'>>();
  expectTypeOf<Metric<'f1'>>().toExtend<Metric>();
  compiled(() => {
    const own = (labels: Matrix, predictions: Matrix) => labels.rows - predictions.rows;
    const options: MetricOption[] = [
      'f1',
      metric('topKAccuracy', { k: 3 }),
      own,
      { name: 'own', compute: own },
    ];
    metric('precision', { threshold: 0.3, name: 'precisionAt30' });
    // @ts-expect-error: a matrix is no series
    metric('confusionMatrix');
    // @ts-expect-error: an option of another metric
    metric('accuracy', { k: 3 });
    // @ts-expect-error: weights come with the samples
    metric('f1', { sampleWeight: [1] });
    // @ts-expect-error: a metric is a number
    const text: MetricOption = { name: 'own', compute: () => 'good' };
    return [options, text];
  });
});
