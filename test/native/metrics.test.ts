// native.Metrics on its own: an operation that is stopped, one at a time, and the logarithm.

import { expect, it } from 'vitest';
import { type Callback, type ComparisonArguments, type NativeMetrics, native } from '../../lib/addon/binding';
import { packRecord, recordPlaces } from '../../lib/addon/records';
import { allocateShared } from '../../lib/base/matrix';
import { metrics } from '../../lib/metrics';
import { expectClose, float64, ulp } from './helpers';
import { finished } from './plans';

const places = recordPlaces('outcome');

function make(): { object: NativeMetrics; status: () => number } {
  const outcome = allocateShared(Object.keys(places).length, 'float64');
  const object = new native.Metrics({ outcome });
  return { object, status: () => outcome[places.status] as number };
}

const rows = 1_000_003;

function request(cols = 1): ComparisonArguments {
  return {
    numbers: packRecord('comparison', {
      ...{ rows, cols, indices: false, value: native.rowValues.logLoss },
      ...{ classes: false, threshold: 0.5, k: 1, epsilon: 1e-6, scale: 1 },
    }),
    labels: new Uint8Array(rows * cols).map((_, i) => i % 2),
    predictions: new Float32Array(rows * cols).map((_, i) => (i % 1021) / 1021),
    weights: null,
    means: new Float64Array(cols),
    results: new Float64Array(16),
  };
}

const operations = [
  'sumRows',
  'sumDeviations',
  'countDecisions',
  'countConfusions',
  'countBins',
  'rankColumns',
] as const;

const calls: Readonly<Record<string, (object: NativeMetrics, callback?: Callback) => void>> = {
  check: (object, callback) =>
    object.check({ data: request().labels, rule: native.labelRules.finite, classes: 1 }, callback),
  ...Object.fromEntries(
    operations.map((name) => [
      name,
      (object: NativeMetrics, callback?: Callback) => object[name](request(), callback),
    ]),
  ),
};

it.each(Object.entries(calls))('%s ends early while the stop flag is up', async (_, call) => {
  const { object, status } = make();
  object.stop();
  call(object);
  expect(status()).toBe(native.statuses.stopped);
  await finished((callback) => call(object, callback));
  expect(status()).toBe(native.statuses.stopped);
  object.clearStop();
  // On another thread, it may be done before it sees the flag.
  const done = finished((callback) => call(object, callback));
  object.stop();
  await done;
  expect([native.statuses.stopped, native.statuses.done]).toContain(status());
  object.clearStop();
  call(object);
  expect(status()).toBe(native.statuses.done);
});

it('an object runs one operation at a time', async () => {
  const { object } = make();
  const given = request();
  const done = finished((callback) => object.rankColumns(given, callback));
  for (const name of operations) {
    expect(() => object[name](given)).toThrow(/busy/);
    expect(() => object[name](given, () => {})).toThrow(/busy/);
  }
  await done;
  object.rankColumns(given);
});

it('no rows have no sums', () => {
  const { object } = make();
  const given = { ...request(), results: new Float64Array(16).fill(7) };
  const numbers = given.numbers.slice().fill(0, 0, 1);
  for (const [name, size] of Object.entries({ sumRows: 2, sumDeviations: 3, rankColumns: 4 })) {
    object[name as 'sumRows']({ ...given, numbers });
    expect([...given.results.subarray(0, size)], name).toEqual(new Array(size).fill(0));
  }
});

it('the logarithm of logLoss differs from Math.log by one ulp at most', () => {
  const probabilities = Float64Array.from({ length: 20_000 }, (_, i) => (i + 1) / 20_001);
  const small = Float64Array.from({ length: 52 }, (_, i) => 2 ** -i * (1 - 2 ** -40));
  const near = Float64Array.from({ length: 30 }, (_, i) => 1 - 2 ** -(i + 10));
  for (const p of [...probabilities, ...small, ...near]) {
    const expected = -Math.log(p);
    expectClose([metrics.logLoss([1], [p])], [expected], ulp(float64, expected));
  }
});
