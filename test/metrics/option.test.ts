import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import { metric, metrics } from '../../lib/metrics';
import { metricNames, resolveMetrics } from '../../lib/metrics/metric';
import { itRejects } from '../support/bad-input';

const labels = Matrix.from([
  [1, 0],
  [1, 1],
  [1, 0],
]);
const predictions = Matrix.from([
  [0.9, 0.8],
  [0.7, 0.9],
  [0.6, 0.55],
]);

const single = (name: unknown, outputs = 1, output: 'sigmoid' | 'softmax' | 'linear' = 'sigmoid') =>
  resolveMetrics([name], outputs, output)[0];

describe('a metric by name', () => {
  it('is every function but the confusion matrix and the calibration, which are no numbers', () => {
    const functions = Object.keys(metrics.async).filter(
      (name) => !['confusionMatrix', 'calibration'].includes(name),
    );
    expect([...metricNames].sort()).toEqual(functions.sort());
    expect(Object.keys(metrics)).toEqual([...Object.keys(metrics.async), 'async']);
  });

  it.each(metricNames)('%s computes what the function does', (name) => {
    const [y, p] = [
      Matrix.from([
        [1, 0],
        [0, 1],
      ]),
      Matrix.from([
        [0.75, 0.25],
        [0.625, 0.375],
      ]),
    ];
    const weights = Float64Array.of(1, 3);
    const resolved = single(name, 2, 'softmax');
    expect(resolved?.name).toBe(name);
    expect(resolved?.compute(y, p)).toBe(metrics[name](y, p));
    expect(resolved?.compute(y, p, weights)).toBe(metrics[name](y, p, { sampleWeight: weights }));
  });

  it('reads several sigmoid outputs as separate labels', () => {
    for (const name of ['accuracy', 'precision', 'recall', 'f1', 'logLoss'] as const) {
      const expected = metrics[name](labels, predictions, { multiLabel: true });
      expect(single(name, 2)?.compute(labels, predictions)).toBe(expected);
      expect(expected).not.toBe(metrics[name](labels, predictions));
      const asClasses = metric(name, { multiLabel: false });
      expect(single(asClasses, 2)?.compute(labels, predictions)).toBe(metrics[name](labels, predictions));
    }
  });
});

describe('a metric with options', () => {
  it('keeps its options', () => {
    const strict = metric('precision', { threshold: 0.75, name: 'precisionAt75' });
    const [resolved] = resolveMetrics([strict, 'precision'], 2, 'sigmoid');
    expect(resolved?.name).toBe('precisionAt75');
    const options = { threshold: 0.75, multiLabel: true };
    expect(resolved?.compute(labels, predictions)).toBe(metrics.precision(labels, predictions, options));
    expect(metric('topKAccuracy', { k: 1 }).compute(labels, predictions)).toBe(2 / 3);
  });

  it('cannot be changed once made', () => {
    expect(() => Object.assign(metric('f1'), { name: 'other' })).toThrow(TypeError);
  });
});

describe('the user’s own metric', () => {
  it('is an object or a named function, and is given the same samples as others', () => {
    const seen: unknown[] = [];
    function spread(...given: [Matrix, Matrix, unknown?]): number {
      seen.push(given);
      return 7;
    }
    const bias = {
      name: 'bias',
      sign: -1,
      compute(y: Matrix, p: Matrix) {
        return this.sign * ((p.data[0] as number) - (y.data[0] as number));
      },
    };
    const [first, second] = resolveMetrics([spread, bias], 2, 'linear');
    const weights = Float64Array.of(1, 1, 1);
    expect([first?.name, first?.compute(labels, predictions, weights)]).toEqual(['spread', 7]);
    expect(seen).toEqual([[labels, predictions, weights]]);
    expect(second?.name).toBe('bias');
    expect(second?.compute(labels, predictions)).toBeCloseTo(0.1, 15);
  });
});

it('an option that is left out is no metrics', () => {
  expect(resolveMetrics(undefined, 1, 'linear')).toEqual([]);
  expect(resolveMetrics([], 1, 'linear')).toEqual([]);
});

it.each(['rocAuc', 'prAuc', 'meanSquaredError', 'rootMeanSquaredError', 'meanAbsoluteError', 'r2'] as const)(
  '%s takes any output',
  (name) => {
    for (const output of ['linear', 'sigmoid', 'softmax'] as const)
      expect(single(name, 2, output)?.name).toBe(name);
  },
);

const nameRule =
  'a letter, then letters, digits and underscores, and not a name that the history has already';

itRejects([
  {
    what: 'a misspelt name',
    call: () => single('rocAUC'),
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message: 'Unknown metric "rocAUC" in metrics[0]; did you mean "rocAuc"?',
  },
  {
    what: 'a name of every object',
    call: () => single('constructor'),
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message:
      'Unknown metric "constructor" in metrics[0]; known: accuracy, topKAccuracy, precision, recall, f1, rocAuc, ' +
      'prAuc, logLoss, brier, meanSquaredError, rootMeanSquaredError, meanAbsoluteError, r2',
  },
  {
    what: 'the confusion matrix',
    call: () => metric('confusionMatrix' as never),
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message:
      'Unknown metric "confusionMatrix" in name; known: accuracy, topKAccuracy, precision, recall, f1, rocAuc, ' +
      'prAuc, logLoss, brier, meanSquaredError, rootMeanSquaredError, meanAbsoluteError, r2',
  },
  {
    what: 'a name alone',
    call: () => resolveMetrics('f1', 1, 'sigmoid'),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: `Expected metrics to be an array such as ['f1', 'rocAuc'], got "f1" (string)`,
  },
  {
    what: 'null among metrics',
    call: () => single(null),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message:
      'Expected metrics[0] to be the name of a metric, a metric, { name, compute }, or a named function, got null',
  },
  {
    what: 'a hole among metrics',
    call: () => resolveMetrics(Array(1), 1, 'sigmoid'),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message:
      'Expected metrics[0] to be the name of a metric, a metric, { name, compute }, or a named function, got undefined',
  },
  {
    what: 'an object that computes nothing',
    call: () => single({ name: 'mine' }),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message:
      'Expected metrics[0] to be the name of a metric, a metric, { name, compute }, or a named function, ' +
      'got an object (Object)',
  },
  {
    what: 'a function without a name',
    call: () => single(() => 0),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected metrics[0] to be a function with a name, got a function',
  },
  ...['loss', 'epoch', 'valAccuracy', '__proto__', 'two words', ''].map(
    (name) =>
      ({
        what: `a series named "${name}"`,
        call: () => single({ name, compute: () => 0 }),
        error: RangeError,
        code: 'ERR_BLASNET_ARG_VALUE',
        message: `Expected metrics[0].name to be ${nameRule}, got "${name}" (string)`,
      }) as const,
  ),
  {
    what: 'a metric twice',
    call: () => resolveMetrics(['f1', metric('f1')], 1, 'sigmoid'),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected metrics[1] to be a metric with a name that no other metric has, got "f1" (string)',
  },
  ...(['accuracy', 'precision', 'recall', 'f1', 'logLoss', 'brier'] as const).map(
    (name) =>
      ({
        what: `${name} of linear outputs`,
        call: () => single(metric(name), 1, 'linear'),
        error: RangeError,
        code: 'ERR_BLASNET_ARG_VALUE',
        message:
          "Expected metrics[0] to be a metric for the output activation 'linear' " +
          `('${name}' needs 'sigmoid' or 'softmax'), got "${name}" (string)`,
      }) as const,
  ),
  {
    what: 'k beyond the outputs',
    call: () => single(metric('topKAccuracy', { k: 4 }), 3, 'softmax'),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected metrics[0].k to be at most 3, the number of columns, got 4 (number)',
  },
  {
    what: 'a threshold for softmax outputs',
    call: () => single(metric('f1', { threshold: 0.3 }), 3, 'softmax'),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message:
      'Expected metrics[0].threshold to be left out, since the largest of several columns decides, ' +
      'got 0.3 (number)',
  },
  {
    what: 'an option of another metric',
    call: () => metric('accuracy', { k: 3 } as never),
    error: TypeError,
    code: 'ERR_BLASNET_UNKNOWN_OPTION',
    message: 'Unknown option "k"; known: threshold, multiLabel, name',
  },
  {
    what: 'weights for good',
    call: () => metric('f1', { sampleWeight: [1] } as never),
    error: TypeError,
    code: 'ERR_BLASNET_UNKNOWN_OPTION',
    message: 'Unknown option "sampleWeight"; known: threshold, multiLabel, average, name',
  },
  {
    what: 'an own name that takes the validation’s',
    call: () => metric('f1', { name: 'valF1' }),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: `Expected name to be ${nameRule}, got "valF1" (string)`,
  },
  {
    what: 'what is not a number from the user’s own',
    call: () => single({ name: 'mine', compute: () => '0.5' })?.compute(labels, predictions),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: `Expected the result of the metric 'mine' to be a number, got "0.5" (string)`,
  },
]);
