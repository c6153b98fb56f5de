import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import {
  imputer,
  minMaxScaler,
  oneHotEncoder,
  Preprocessing,
  preprocessing,
  robustScaler,
  standardScaler,
} from '../../lib/preprocessing';
import { expectError } from '../support/bad-input';

const table = [
  [1, 10, 0],
  [3, 20, 2],
  [Number.NaN, 30, 0],
  [5, 40, 7],
];

describe('a pipeline', () => {
  const steps = [
    imputer({ columns: [0], indicators: true }),
    oneHotEncoder({ columns: [2], unknown: 'zeros' }),
    minMaxScaler({ columns: [0, 1] }),
  ];

  it('hands each step what the one before it puts out', () => {
    const pipeline = preprocessing(steps);
    expect(pipeline.fitted).toBe(false);
    expect(pipeline.fitTransform(table).toArray()).toEqual([
      [0, 0, 1, 0, 0, 0],
      [0.5, 1 / 3, 0, 1, 0, 0],
      [0.5, 2 / 3, 1, 0, 0, 1],
      [1, 1, 0, 0, 1, 0],
    ]);
    expect([pipeline.fitted, pipeline.inputColumns, pipeline.outputColumns]).toEqual([true, 3, 6]);
    // 9 is an unknown category.
    expect(pipeline.transform([[9, 25, 9]]).toArray()).toEqual([[2, 0.5, 0, 0, 0, 0]]);
  });

  it('goes back, to NaN where there was no number', () => {
    const pipeline = preprocessing(steps);
    const X = pipeline.fitTransform(table);
    expect(pipeline.inverse(X).toArray()).toEqual(table);
    expect(pipeline.inverse(pipeline.transform([[9, 25, 9]])).toArray()).toEqual([[9, 25, Number.NaN]]);
  });

  it('gives the same whether it fits and transforms in one call or in two', () => {
    const one = preprocessing(steps).fitTransform(table);
    const two = preprocessing(steps).fit(table).transform(table);
    expect(one).toEqual(two);
  });

  it('takes typed arrays once it knows their columns, and writes into a matrix', () => {
    const pipeline = preprocessing([standardScaler()]).fit([
      [1, 10],
      [3, 30],
    ]);
    const X = Float64Array.of(1, 20, 5, 10);
    const out = Matrix.zeros(2, 2);
    expect(pipeline.transform(X, out)).toBe(out);
    expect(out.toArray()).toEqual([
      [-1, 0],
      [3, -1],
    ]);
    expect(Array.from(X)).toEqual([1, 20, 5, 10]);
    expect(pipeline.inverse(out, Matrix.zeros(2, 2)).data).toEqual(
      Matrix.from([
        [1, 20],
        [5, 10],
      ]).data,
    );
  });

  it('computes in doubles for float32', () => {
    // In single precision the sum would stop at 2^24.
    const rows = 2 ** 15;
    const X = new Matrix(
      new Float32Array(rows).fill(1000).map((value, i) => value + (i % 2)),
      rows,
      1,
    );
    const pipeline = preprocessing([standardScaler()]);
    const scaled = pipeline.fitTransform(X);
    expect(scaled.dtype).toBe('float32');
    expect([...new Set(scaled.data)]).toEqual([-1, 1]);
    expect(pipeline.toJSON().steps[0]).toMatchObject({ center: [1000.5], scale: [0.5] });
    expect(pipeline.inverse(scaled)).toEqual(X);
    expect(pipeline.transform([[1000.5]]).dtype).toBe('float64');
  });

  it('learns again, and keeps its old state when that fails', () => {
    const pipeline = preprocessing([standardScaler({ columns: [1] })]).fit([
      [0, 1],
      [0, 3],
    ]);
    const before = pipeline.toJSON();
    expectError(
      () => pipeline.fit([[0], [1]]),
      RangeError,
      'ERR_BLASNET_ARG_VALUE',
      'Expected columns[0] to be an integer from 0 to 0, got 1 (number)',
    );
    expect(pipeline.toJSON()).toEqual(before);
    expect(
      pipeline
        .fit([
          [0, 5],
          [0, 9],
        ])
        .toJSON().steps[0],
    ).toMatchObject({ center: [7], scale: [2] });
  });

  it('serves two fits at once, since steps keep nothing', () => {
    const scaler = standardScaler();
    const [first, second] = [
      preprocessing([scaler]).fit([[1], [3]]),
      preprocessing([scaler]).fit([[5], [9]]),
    ];
    expect(first.transform([[2]]).toArray()).toEqual([[0]]);
    expect(second.transform([[7]]).toArray()).toEqual([[0]]);
  });
});

describe('steps', () => {
  const fitTransform = (step: ReturnType<typeof standardScaler>, rows: number[][]) =>
    preprocessing([step]).fitTransform(rows).toArray();

  it('scale the columns of the option, in any order', () => {
    const rows = [
      [1, 2, 3],
      [3, 2, 5],
    ];
    for (const columns of [
      [0, 2],
      [2, 0],
    ]) {
      expect(fitTransform(standardScaler({ columns }), rows)).toEqual([
        [-1, 2, -1],
        [1, 2, 1],
      ]);
    }
  });

  it('do not divide constant columns, even where rounding makes them vary', () => {
    const constant = Array.from({ length: 10 }, () => [0.1]);
    for (const step of [standardScaler(), robustScaler(), minMaxScaler()]) {
      for (const [value] of fitTransform(step, constant))
        expect(Math.abs(value as number)).toBeLessThan(1e-16);
    }
    expect(fitTransform(minMaxScaler({ range: [2, 3] }), constant)[0]).toEqual([2]);
  });

  it('let other columns be', () => {
    const rows = [
      [1, Number.NaN, 0],
      [2, Number.POSITIVE_INFINITY, 1],
    ];
    expect(fitTransform(standardScaler({ columns: [0] }), rows).map((row) => row[1])).toEqual([
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ]);
    expect(fitTransform(oneHotEncoder({ columns: [2] }), rows).map((row) => row.slice(2))).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  it('reach the ends of a range exactly', () => {
    const rows = [[0.1], [0.7], [0.3]];
    expect(fitTransform(minMaxScaler(), rows).slice(0, 2)).toEqual([[0], [1]]);
    const clipped = preprocessing([minMaxScaler({ range: [-1, 1], clip: true })]).fit(rows);
    expect(clipped.transform([[5], [-5]]).toArray()).toEqual([[1], [-1]]);
  });

  it('fill in the smallest of the most frequent', () => {
    const nan = Number.NaN;
    expect(fitTransform(imputer({ strategy: 'mostFrequent' }), [[3], [1], [3], [1], [2], [nan]])[5]).toEqual([
      1,
    ]);
    expect(fitTransform(imputer({ strategy: 'median' }), [[3], [10], [nan], [4]])[2]).toEqual([4]);
    expect(fitTransform(imputer(), [[3], [nan]])).toEqual([[3], [3]]);
    expect(fitTransform(imputer({ strategy: 'constant' }), [[nan]])).toEqual([[0]]);
  });

  it('take negative zero for zero, which JSON does not tell apart', () => {
    for (const step of [
      minMaxScaler({ range: [-0, 1], clip: true }),
      standardScaler(),
      robustScaler(),
      imputer(),
      oneHotEncoder(),
    ]) {
      const json = preprocessing([step])
        .fit([[-0], [-0]])
        .toJSON();
      expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    }
  });

  it('are frozen, and keep their own copy of the columns', () => {
    const columns = [0];
    const step = standardScaler({ columns });
    columns[0] = 7;
    expect(preprocessing([step]).fit([[1], [2]]).fitted).toBe(true);
    expect(() => Object.assign(step, { name: 'imputer' })).toThrow(TypeError);
  });
});

describe('steps on any table', () => {
  const number = fc.oneof(fc.integer({ min: -50, max: 50 }), fc.double({ min: -1e6, max: 1e6, noNaN: true }));
  const tables = fc
    .integer({ min: 1, max: 5 })
    .chain((cols) =>
      fc.array(fc.array(number, { minLength: cols, maxLength: cols }), { minLength: 1, maxLength: 12 }),
    );

  it('scalers come back to the table, from JSON too', () => {
    fc.assert(
      fc.property(tables, (rows) => {
        for (const step of [standardScaler(), minMaxScaler({ range: [-1, 1] }), robustScaler()]) {
          const pipeline = preprocessing([step]);
          const scaled = pipeline.fitTransform(rows);
          const restored = Preprocessing.fromJSON(JSON.parse(JSON.stringify(pipeline)));
          expect(restored.transform(rows)).toEqual(scaled);
          // The rounding error is relative to the column's largest number, or to 1 if that is too small to divide by.
          const back = restored.inverse(scaled);
          for (const [r, row] of rows.entries()) {
            for (const [c, value] of row.entries()) {
              const size = Math.max(...rows.map((other) => Math.abs(other[c] as number)));
              expect(Math.abs(back.get(r, c) - value)).toBeLessThanOrEqual(1e-12 * size + 1e-15);
            }
          }
        }
      }),
    );
  });

  it('encoders come back to the table exactly', () => {
    fc.assert(
      fc.property(tables, (rows) => {
        const pipeline = preprocessing([oneHotEncoder()]);
        const encoded = pipeline.fitTransform(rows);
        expect(encoded.cols).toBe(pipeline.outputColumns);
        for (const row of encoded.toArray())
          expect(row.reduce((sum, value) => sum + value)).toBe(rows[0]?.length);
        expect(pipeline.inverse(encoded).toArray()).toEqual(rows.map((row) => row.map((value) => value + 0)));
      }),
    );
  });
});
