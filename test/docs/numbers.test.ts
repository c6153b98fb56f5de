// The tables of optimisers, schedules and metrics in docs/training.md agree with the library.

import { describe, expect, test } from 'vitest';
import {
  type ActivationName,
  Matrix,
  type MetricName,
  type MetricOptions,
  metric,
  metrics,
} from '../../lib/index';
import { metricNames, resolveMetrics } from '../../lib/metrics/metric';
import * as optimizers from '../../lib/optimizers/optimizers';
import * as schedules from '../../lib/schedules';
import { defaultMode } from '../../lib/schedules/plateau';
import { learningRateAt } from '../../lib/schedules/rate';
import {
  codeIn,
  codeOf,
  evaluate,
  namesIn,
  optionsIn,
  optionsTaken,
  tableOf,
  toldDefaults,
} from './markdown';

const page = 'docs/training.md';

describe('optimisers', () => {
  const factories = { ...optimizers };
  const rows = tableOf(page, 'Optimiser');

  test('the table has every optimiser', () => {
    expect(namesIn(page, 'Optimiser').sort()).toEqual(Object.keys(factories).sort());
  });

  test.each(rows)('$Optimiser has the options and defaults in the table', (row) => {
    const name = codeOf(row, 'Optimiser') as keyof typeof factories;
    const told = Object.fromEntries(optionsIn(row['Options and defaults'] as string));
    expect({ name, ...told }).toEqual(factories[name]());
  });

  test('every option is explained', () => {
    const options = rows.flatMap((row) => [...optionsIn(row['Options and defaults'] as string).keys()]);
    expect(namesIn(page, 'Option of optimisers').sort()).toEqual([...new Set(options)].sort());
  });

  test('the README counts the optimisers', () => {
    const [row] = tableOf('README.md', 'Subject').filter(({ Subject }) =>
      Subject?.includes('docs/training.md'),
    );
    expect(row?.Contents).toContain(`${Object.keys(factories).length} optimisers`);
  });
});

describe('schedules', () => {
  const rows = tableOf(page, 'Schedule');
  const factories: Record<string, (...options: never[]) => object> = { ...schedules };
  const required: Record<string, object> = { step: { every: 2 }, exponential: { decay: 0.5 } };

  function made(name: string): Record<string, unknown> {
    const make = factories[name] as (...options: unknown[]) => object;
    return { ...(name === 'warmUp' ? make(3) : make(...(name === 'constant' ? [] : [required[name]]))) };
  }

  test('the table has every schedule', () => {
    expect(namesIn(page, 'Schedule').sort()).toEqual(Object.keys(schedules).sort());
  });

  test.each(rows)('$Schedule has the options and defaults in the table', (row) => {
    const name = codeOf(row, 'Schedule');
    const told = optionsIn(row['Options and defaults'] as string);
    const { name: _, ...options } = made(name);
    expect([...told.keys()].sort()).toEqual(Object.keys(options).sort());
    expect(options).toMatchObject(toldDefaults(told));
    // An option without a default in the table has no default.
    for (const [option, value] of told) {
      if (value !== undefined || option === 'next') continue;
      const given = name === 'warmUp' ? { length: 3 } : required[name];
      expect(options[option]).toBe((given as Record<string, unknown> | undefined)?.[option]);
    }
  });

  test('the schedule after a warm-up is constant by default', () => {
    expect(made('warmUp').next).toEqual(schedules.constant());
  });

  test.each(
    rows.filter(
      (row) =>
        codeIn(row['Learning rate, in JavaScript'] as string).length === 1 &&
        /^`[^`]*`$/.test(row['Learning rate, in JavaScript'] as string),
    ),
  )('the formula of $Schedule gives its rates', (row) => {
    const schedule = made(codeOf(row, 'Schedule'));
    for (let epoch = 0; epoch < 8; epoch++) {
      const at = { step: 4 * epoch, epoch, steps: 32, epochs: 8, stepsPerEpoch: 4 };
      const scope = { ...schedule, base: 0.3, t: epoch, over: 8 };
      const rate = learningRateAt(schedule as never, 0.3, at);
      expect(rate).toBeCloseTo(evaluate(codeOf(row, 'Learning rate, in JavaScript'), scope), 12);
    }
  });

  test('every option is explained', () => {
    const options = rows.flatMap((row) => [...optionsIn(row['Options and defaults'] as string).keys()]);
    expect(namesIn(page, 'Option of schedules').sort()).toEqual([...new Set(options)].sort());
  });
});

describe('metrics', () => {
  const rows = tableOf(page, 'Metric');
  const byName = new Map(rows.map((row) => [codeOf(row, 'Metric'), row]));

  test('the table has every metric', () => {
    expect([...byName.keys()].sort()).toEqual([...metricNames].sort());
    expect(Object.keys(metrics.async).sort()).toEqual(
      [...metricNames, 'confusionMatrix', 'calibration'].sort(),
    );
  });

  test.each(metricNames)('%s has the options in the table', async (name: MetricName) => {
    const told = optionsIn(byName.get(name)?.['Options and defaults'] as string);
    const taken = await optionsTaken((options: MetricOptions<MetricName>) => metric(name, options));
    expect([...told.keys(), 'name'].sort()).toEqual(taken.sort());
  });

  // Metrics with thresholds get one column; metrics that need several columns get three, one per class.
  const one = { yTrue: [1, 0, 1, 1, 0], yPredicted: [0.9, 0.55, 0.4, 0.7, 0.1] };
  const three = {
    yTrue: [0, 1, 2, 2, 2],
    yPredicted: Matrix.from([
      [0.5, 0.4, 0.1],
      [0.4, 0.5, 0.1],
      [0.2, 0.5, 0.3],
      [0.1, 0.2, 0.7],
      [0.6, 0.1, 0.3],
    ]),
  };
  const oneHot = Matrix.from([
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [0, 0, 1],
    [0, 0, 1],
  ]);
  const dataOf = (option: string) =>
    option === 'threshold' ? one : option === 'multiLabel' ? { ...three, yTrue: oneHot } : three;
  const others: Record<string, unknown> = { threshold: 0.3, multiLabel: true, average: 'micro', k: 1 };

  test.each(
    metricNames.flatMap((name) =>
      [...optionsIn(byName.get(name)?.['Options and defaults'] as string)].map(([option, value]) => ({
        name,
        option,
        value,
      })),
    ),
  )('the default $option of $name is $value', ({ name, option, value }) => {
    const { yTrue, yPredicted } = dataOf(option);
    const compute = (options: object) =>
      (metrics[name] as (...args: unknown[]) => number)(yTrue, yPredicted, options);
    expect(value).toBeDefined();
    expect(compute({ [option]: value })).toBe(compute({}));
    expect(compute({ [option]: others[option] })).not.toBe(compute({}));
  });

  test.each(rows)('$Metric is for the outputs in the table', (row) => {
    const name = codeOf(row, 'Metric');
    const suits = (activation: ActivationName) => {
      try {
        return resolveMetrics([name], 3, activation).length === 1;
      } catch {
        return false;
      }
    };
    const told = codeIn(row['Output activation'] as string);
    for (const activation of ['sigmoid', 'softmax', 'logSoftmax', 'linear'] as const) {
      expect(suits(activation)).toBe(row['Output activation'] === 'any' || told.includes(activation));
    }
  });

  test.each(rows)('the better $Metric is the one that the table says', (row) => {
    expect(defaultMode(codeOf(row, 'Metric'))).toBe(row.Better === 'higher' ? 'max' : 'min');
  });
});
