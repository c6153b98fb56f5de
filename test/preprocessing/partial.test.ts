// partialFit: preprocessing that learns from data in parts knows what fit learns from all of it.

import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import {
  type CustomStep,
  imputer,
  minMaxScaler,
  oneHotEncoder,
  Preprocessing,
  type PreprocessingStep,
  preprocessing,
  robustScaler,
  standardScaler,
} from '../../lib/preprocessing';
import golden from '../fixtures/preprocessing.json';
import { randomMatrix } from '../network/helpers';
import { expectError, itRejects, rejectionOf } from '../support/bad-input';
import { notFinite, range, shape, type } from './rows';

const nan = Number.NaN;

/** Two numbers that are equal but for rounding; or JSON of them. */
function expectClose(actual: unknown, expected: unknown, what: string): void {
  if (typeof expected === 'number') {
    expect(Math.abs((actual as number) - expected) / Math.max(1, Math.abs(expected)), what).toBeLessThan(
      1e-12,
    );
    return;
  }
  if (typeof expected !== 'object' || expected === null) {
    expect(actual, what).toBe(expected);
    return;
  }
  expect(Object.keys(actual as object), what).toEqual(Object.keys(expected));
  for (const [key, value] of Object.entries(expected)) {
    expectClose((actual as Record<string, unknown>)[key], value, `${what}.${key}`);
  }
}

const rows = 60;
/** Columns of several sizes; numbers of the second are missing, from row 20 on, and those of the third at the start. */
const table = Array.from({ length: rows }, (_, row) => [
  100 + Math.sin(row) * 30,
  row >= 20 && row % 5 === 0 ? nan : row ** 2,
  row < 12 && row % 2 === 0 ? nan : Math.cos(row) / 1e4,
  [3, 7, 5][Math.floor(row / 20)] as number,
  7,
]);

/** The rows in parts of these sizes; the last part has what is left. */
function parts<T>(all: readonly T[], ...sizes: number[]): T[][] {
  const ends = sizes.map((_, i) => sizes.slice(0, i + 1).reduce((sum, size) => sum + size, 0));
  return [0, ...ends].map((from, i) => all.slice(from, ends[i]));
}

const pipelines: [string, () => PreprocessingStep[]][] = [
  ['a standard scaler', () => [standardScaler({ columns: [0, 3, 4] })]],
  ['a scaler without its center', () => [standardScaler({ columns: [0, 3], center: false })]],
  ['a scaler to a range', () => [minMaxScaler({ columns: [0, 3, 4], range: [-1, 3], clip: true })]],
  ['an imputer', () => [imputer()]],
  ['a constant with indicators', () => [imputer({ strategy: 'constant', value: -2, indicators: true })]],
  ['an imputer before a scaler of the same columns', () => [imputer(), standardScaler()]],
  ['a constant before a range', () => [imputer({ strategy: 'constant', value: 9e6 }), minMaxScaler()]],
  ['scalers one after another', () => [imputer(), minMaxScaler({ range: [2, 5] }), standardScaler()]],
  ['scaled indicators', () => [imputer({ indicators: true }), standardScaler()]],
  ['categories', () => [oneHotEncoder({ columns: [3, 4], unknown: 'zeros' })]],
  [
    'all of it, with categories that were missing',
    () => [
      imputer({ columns: [1, 2], strategy: 'constant', value: 0.5 }),
      standardScaler({ columns: [0, 1] }),
      oneHotEncoder({ columns: [2, 3] }),
    ],
  ],
];

describe.each(['float64', 'float32'] as const)('parts of a table (%s)', (dtype) => {
  it.each(pipelines)('teach what all rows teach: %s', async (_, steps) => {
    const [X, whole] = [Matrix.from(table, dtype), preprocessing(steps())];
    whole.fit(X);
    for (const sizes of [[30], [20, 20], [5, 1, 1, 50], Array(59).fill(1)]) {
      const [here, there] = [preprocessing(steps()), preprocessing(steps())];
      const given = parts(table, ...sizes).map((part) => Matrix.from(part, dtype));
      // The third column's first number is missing, and a mean needs one.
      if (sizes.length === 59) given.splice(0, 2, Matrix.from(table.slice(0, 2), dtype));
      for (const part of given) {
        expect(here.partialFit(part)).toBe(here);
        expect(await there.partialFitAsync(part, { threads: 2 })).toBe(there);
      }
      expectClose(here.toJSON(), whole.toJSON(), `parts of ${sizes}`);
      expect(there.toJSON()).toEqual(here.toJSON());
    }
  });

  it('may be large, and are then read by other threads', async () => {
    const X = randomMatrix(90_000, 3, 4, dtype);
    const steps = () => [minMaxScaler({ columns: [1] }), standardScaler({ columns: [0, 2] })];
    const pipeline = preprocessing(steps());
    const bounds = [0, 30_000, 70_000, 90_000];
    const given = [0, 1, 2].map(
      (i) =>
        new Matrix(
          X.data.slice(3 * (bounds[i] as number), 3 * (bounds[i + 1] as number)) as never,
          (bounds[i + 1] as number) - (bounds[i] as number),
          3,
        ),
    );
    // Calls at a time: each part counts, whichever ends first.
    await Promise.all(given.map((part) => pipeline.partialFitAsync(part)));
    expectClose(pipeline.toJSON(), preprocessing(steps()).fit(X).toJSON(), 'all parts');
  });
});

// scikit-learn's partial_fit for parts has the numbers of its fit.
it.each(['standardScaler', 'minMaxScaler', 'imputer', 'oneHotEncoder'])(
  '%s has scikit-learn’s numbers',
  (name) => {
    const factories: Record<string, (options: never) => PreprocessingStep> = {
      standardScaler,
      minMaxScaler,
      imputer,
      oneHotEncoder,
    };
    const numbers = (rows: readonly (readonly (number | null)[])[]) =>
      rows.map((row) => row.map((value) => value ?? nan));
    let count = 0;
    for (const { step, options, X, T, out } of golden.cases) {
      const { strategy = 'mean' } = options as { strategy?: string };
      if (step !== name || !['mean', 'constant'].includes(strategy)) continue;
      const all = numbers(X);
      // A first part with numbers in every column.
      const first = all.findIndex((_, last) =>
        all[0]?.every((_, c) => all.slice(0, last + 1).some((row) => !Number.isNaN(row[c]))),
      );
      if (strategy === 'mean' && first < 0) continue;
      const pipeline = preprocessing([(factories[name] as (options: unknown) => PreprocessingStep)(options)]);
      for (const part of parts(all, Math.max(1, first + 1))) if (part.length > 0) pipeline.partialFit(part);
      const got = pipeline.transform(numbers(T)).toArray();
      for (const [r, row] of numbers(out).entries()) {
        for (const [c, value] of row.entries()) {
          const actual = got[r]?.[c] as number;
          if (Number.isNaN(value)) expect(actual).toBeNaN();
          else expect(Math.abs(actual - value) / Math.max(1, Math.abs(value))).toBeLessThan(1e-12);
        }
      }
      count++;
    }
    expect(count).toBeGreaterThanOrEqual(20);
  },
);

it('the digits of large numbers that are close to each other are kept, over parts of one row', () => {
  const dates = Array.from({ length: 500 }, (_, i) => 1.7e12 + 10_000 * i);
  const pipeline = preprocessing([standardScaler()]);
  for (const date of dates) pipeline.partialFit([[date]]);
  // The standard deviation of 0 to n - 1 is sqrt((n^2 - 1) / 12).
  const { scale } = pipeline.toJSON().steps[0] as unknown as { scale: [number] };
  expect(Math.abs(scale[0] / (10_000 * Math.sqrt((500 ** 2 - 1) / 12)) - 1)).toBeLessThan(1e-9);
});

describe('a pipeline that learns from parts', () => {
  const first = [
    [1, 10],
    [3, 20],
  ];
  const make = () => preprocessing([standardScaler()]);

  it('is fitted from the first part on, and takes typed arrays for the others', () => {
    const pipeline = make().partialFit(first);
    expect([pipeline.fitted, pipeline.inputColumns, pipeline.outputColumns]).toEqual([true, 2, 2]);
    pipeline.partialFit(Float64Array.of(5, 30));
    expectClose(
      pipeline.toJSON(),
      make()
        .fit([...first, [5, 30]])
        .toJSON(),
      'three rows',
    );
  });

  it('starts anew with fit, and its copies go on by themselves', () => {
    const pipeline = make().partialFit(first);
    const before = JSON.stringify(pipeline);
    const copy = pipeline.copy().partialFit([[5, 30]]);
    expect(JSON.stringify(pipeline)).toBe(before);
    expectClose(
      copy.toJSON(),
      make()
        .fit([...first, [5, 30]])
        .toJSON(),
      'three rows',
    );
    expect(
      pipeline
        .fit([
          [1, 2],
          [3, 4],
        ])
        .toJSON(),
    ).toEqual(
      make()
        .fit([
          [1, 2],
          [3, 4],
        ])
        .toJSON(),
    );
  });

  it('grows with the categories and the gaps that it meets', () => {
    const pipeline = preprocessing([imputer({ indicators: true }), oneHotEncoder({ columns: [0] })]);
    expect(pipeline.partialFit([[1, 2]]).outputColumns).toBe(2);
    expect(pipeline.partialFit([[2, nan]]).outputColumns).toBe(4);
  });

  it('stays as it was after a part that is refused, or an abort', async () => {
    const pipeline = make().partialFit(first);
    const before = JSON.stringify(pipeline);
    const bad = [
      [1, 2],
      [3, nan],
    ];
    const message = 'Expected X to hold finite numbers (an imputer replaces NaN), got NaN at row 1, column 1';
    expectError(() => pipeline.partialFit(bad), RangeError, 'ERR_BLASNET_NOT_FINITE', message);
    expect(await rejectionOf(pipeline.partialFitAsync(bad))).toMatchObject({ message });
    const signal = AbortSignal.abort();
    expect((await rejectionOf(pipeline.partialFitAsync(first, { signal }))).name).toBe('AbortError');
    expect(JSON.stringify(pipeline)).toBe(before);
    pipeline.partialFit([[5, 30]]);
    expectClose(
      pipeline.toJSON(),
      make()
        .fit([...first, [5, 30]])
        .toJSON(),
      'three rows',
    );
    const fresh = make();
    expect(() => fresh.partialFit(bad)).toThrow(message);
    expect(fresh.fitted).toBe(false);
  });

  it('refuses parts of other columns, also where two calls bring the first part at a time', async () => {
    const message = 'Expected X to have 2 columns (as in the first part), got 1';
    const pipeline = make();
    const large = randomMatrix(60_000, 2, 1);
    const calls = [pipeline.partialFitAsync(large), pipeline.partialFitAsync(randomMatrix(200_000, 1, 2))];
    const settled = await Promise.allSettled(calls);
    const refused = settled.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(1);
    expect(String((refused[0] as PromiseRejectedResult).reason)).toMatch(/as in the first part/);
    const other = make().partialFit(first);
    expect(await rejectionOf(other.partialFitAsync([[1]]))).toMatchObject({ message });
  });

  const shout: CustomStep = { name: 'shout', fit: () => ({ transform: (X) => X }) };
  const fromJSON = () => Preprocessing.fromJSON(JSON.parse(JSON.stringify(make().fit(first))));
  itRejects([
    range(
      'a robust scaler',
      () => preprocessing([imputer(), robustScaler()]).partialFit(first),
      'steps[1] to be a step that learns from parts of the data, got robustScaler, whose percentiles need all rows ' +
        'at once: use fit, or another scaler',
    ),
    ...(['median', 'mostFrequent'] as const).map((strategy) =>
      range(
        `an imputer of the strategy ${strategy}`,
        () => preprocessing([imputer({ strategy })]).partialFit(first),
        `steps[0] to be a step that learns from parts of the data, got imputer with the strategy '${strategy}', ` +
          "which needs all rows at once: use fit, 'mean' or 'constant'",
      ),
    ),
    range(
      'a step of the user’s own',
      () => preprocessing([shout]).partialFit(first),
      'steps[0] to be a step that learns from parts of the data, got the step "shout" of your own: use fit',
    ),
    range(
      'a step after an encoder',
      () => preprocessing([oneHotEncoder(), standardScaler()]).partialFit(first),
      'steps[0] to be a step that may stand before others in partialFit, got oneHotEncoder, whose columns are not ' +
        'known before the last part: put it last',
    ),
    range(
      'an encoder of scaled columns',
      () => preprocessing([standardScaler(), oneHotEncoder({ columns: [1] })]).partialFit(first),
      'oneHotEncoder to learn from columns that no scaler has changed in partialFit, got column 1',
    ),
    range(
      'a column that does not exist',
      () => preprocessing([standardScaler({ columns: [2] })]).partialFit(first),
      'columns[0] to be an integer from 0 to 1, got 2 (number)',
    ),
    notFinite(
      'NaN that is replaced too late',
      () => preprocessing([minMaxScaler(), imputer()]).partialFit([[1], [nan]]),
      'X to hold finite numbers (an imputer before this step replaces NaN), got NaN in column 0',
    ),
    notFinite(
      'a first part without a number for the mean',
      () => preprocessing([imputer()]).partialFit([[1, nan]]),
      'column 1 of X to hold a number to learn from, got NaN in every row',
    ),
    notFinite(
      'an infinity',
      () => preprocessing([imputer()]).partialFit([[1, Number.POSITIVE_INFINITY]]),
      'X to hold finite numbers (an imputer replaces NaN), got Infinity at row 0, column 1',
    ),
    shape(
      'no rows',
      () => make().partialFit([]),
      'X to be a non-empty array of rows, got an array of length 0',
    ),
    shape(
      'another number of columns',
      () =>
        make()
          .partialFit(first)
          .partialFit([[1]]),
      'X to have 2 columns (as in the first part), got 1',
    ),
    type(
      'no matrix',
      () => make().partialFit('rows' as never),
      'X to be a Matrix or an array of rows, got "rows" (string)',
    ),
    {
      what: 'a pipeline that fit has fitted',
      call: () => make().fit(first).partialFit(first),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message:
        'This pipeline has learned by fit and cannot learn on from parts: build another one with preprocessing([...])',
    },
    {
      what: 'a pipeline from JSON',
      call: () => fromJSON().partialFit(first),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message:
        'This pipeline was loaded from JSON and cannot be fitted again: build it with preprocessing([...])',
    },
  ]);

  it('refuses options that do not exist', async () => {
    expect(await rejectionOf(make().partialFitAsync(first, { thread: 1 } as never))).toMatchObject({
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
    });
  });
});
