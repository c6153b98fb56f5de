import { describe, it } from 'vitest';
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
import { type BadCall, expectError, itRejects } from '../support/bad-input';
import { notFinite, range, shape, type, unknownOption } from './rows';

const nan = Number.NaN;
const fitted = preprocessing([standardScaler()]).fit([
  [1, 2],
  [3, 4],
]);
const encoded = preprocessing([oneHotEncoder()]).fit([[0], [4]]);

const columnsRule = 'columns to be a non-empty array of distinct column numbers from 0, got';

describe('a step, given bad options,', () => {
  itRejects([
    type('one column', () => standardScaler({ columns: 1 as never }), `${columnsRule} 1 (number)`),
    range('no columns', () => imputer({ columns: [] }), `${columnsRule} an array of length 0`),
    range('a column twice', () => minMaxScaler({ columns: [1, 1] }), `${columnsRule} an array of length 2`),
    range('a column below 0', () => oneHotEncoder({ columns: [-1] }), `${columnsRule} an array of length 1`),
    range('a hole', () => oneHotEncoder({ columns: Array(1) }), `${columnsRule} an array of length 1`),
    type(
      'center of 1',
      () => robustScaler({ center: 1 as never }),
      'center to be true or false, got 1 (number)',
    ),
    ...([[1, 0], [0, 0], [0], [0, nan], [-1e308, 1e308]] as never[]).map((given) =>
      range(
        `the range ${given}`,
        () => minMaxScaler({ range: given }),
        `range to be two finite numbers, the first one smaller, got an array of length ${(given as []).length}`,
      ),
    ),
    range(
      'percentiles beyond 100',
      () => robustScaler({ percentiles: [25, 101] }),
      'percentiles to be two finite numbers from 0 to 100, the first one smaller, got an array of length 2',
    ),
    range(
      'a value for the mean',
      () => imputer({ value: 3 }),
      "value to be left out with the strategy 'mean', got 3 (number)",
    ),
    {
      what: 'a strategy that does not exist',
      call: () => imputer({ strategy: 'mode' as never }),
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Expected strategy to be one of 'mean', 'median', 'mostFrequent', 'constant', got "mode" (string)`,
    },
    unknownOption(
      'scikit-learn’s name',
      () => standardScaler({ with_mean: false } as never),
      '"with_mean"; known: columns, center, scale',
    ),
  ]);
});

describe('a pipeline, given bad steps,', () => {
  itRejects([
    type(
      'a step alone',
      () => preprocessing(imputer() as never),
      'steps to be an array of steps, got an object (PreprocessingStep)',
    ),
    shape(
      'no steps',
      () => preprocessing([]),
      'steps to be an array of 1 to 100 steps, got an array of length 0',
    ),
    type(
      'a look-alike',
      () => preprocessing([imputer(), { name: 'imputer' } as never]),
      'steps[1] to be a step such as standardScaler(), or an object with name and fit, got an object (Object)',
    ),
    type(
      'a factory',
      () => preprocessing([imputer as never]),
      'steps[0] to be a step such as standardScaler(), or an object with name and fit, got function imputer',
    ),
  ]);
});

describe('a pipeline, given bad data,', () => {
  const hint = 'finite numbers (an imputer replaces NaN)';
  itRejects([
    type(
      'a typed array of unknown columns',
      () => preprocessing([imputer()]).fit(Float64Array.of(1) as never),
      'X to be a Matrix or an array of rows, got a Float64Array of length 1; the number of its columns is not known ' +
        'before the preprocessing has learned, so write new Matrix(X, rows, columns)',
    ),
    type(
      'null',
      () => fitted.transform(null as never),
      'X to be a Matrix, a typed array of numbers or an array of rows, got null',
    ),
    shape('no rows', () => fitted.transform(Matrix.zeros(0, 2)), 'X to have at least one row, got 0'),
    shape(
      'no columns',
      () => preprocessing([imputer()]).fit(Matrix.zeros(2, 0)),
      'X to have from 1 to 1048576 columns, got 0',
    ),
    shape('another number of columns', () => fitted.transform([[1, 2, 3]]), 'X to have 2 columns, got 3'),
    shape(
      'a part of a row',
      () => fitted.transform(Float64Array.of(1, 2, 3)),
      'X to be of a length that is a multiple of 2, got a Float64Array of length 3',
    ),
    shape('columns to go back from', () => encoded.inverse([[1]]), 'X to have 2 columns, got 1'),
    notFinite(
      'NaN to learn from',
      () =>
        preprocessing([standardScaler()]).fit([
          [1, 2],
          [3, nan],
        ]),
      `X to hold ${hint}, got NaN at row 1, column 1`,
    ),
    notFinite(
      'NaN to scale',
      () => fitted.transform([[1, nan]]),
      `X to hold ${hint}, got NaN at row 0, column 1`,
    ),
    notFinite(
      'infinity to fill in',
      () => preprocessing([imputer()]).fit([[1], [-Infinity]]),
      `X to hold ${hint}, got -Infinity at row 1, column 0`,
    ),
    notFinite(
      'infinity to fill in, later',
      () =>
        preprocessing([imputer()])
          .fit([[1]])
          .transform([[Infinity]]),
      `X to hold ${hint}, got Infinity at row 0, column 0`,
    ),
    notFinite(
      'NaN beyond the first step',
      () => preprocessing([imputer({ columns: [0] }), minMaxScaler()]).fit([[1, nan]]),
      `the input of steps[1] to hold ${hint}, got NaN at row 0, column 1`,
    ),
    notFinite(
      'a category of NaN',
      () => encoded.transform([[nan]]),
      `X to hold ${hint}, got NaN at row 0, column 0`,
    ),
    notFinite(
      'nothing to learn from',
      () =>
        preprocessing([imputer()]).fit([
          [1, nan],
          [2, nan],
        ]),
      'column 1 of X to hold a number to learn from, got NaN in every row',
    ),
    notFinite(
      'numbers whose range is none',
      () => preprocessing([minMaxScaler()]).fit([[-1e308], [1e308]]),
      'column 0 of X to have a finite mean, spread and range, got -1e+308, Infinity, 0',
    ),
    range(
      'an unknown category',
      () => encoded.transform([[0], [7]]),
      'X to hold a category that was learned from column 0 (0, 4), got 7 at row 1',
    ),
    range(
      'a column that is not there',
      () => preprocessing([imputer({ columns: [0, 3] })]).fit([[1, 2]]),
      'columns[1] to be an integer from 0 to 1, got 3 (number)',
    ),
    type(
      'rows for results',
      () => fitted.transform([[1, 2]], [[0, 0]] as never),
      'out to be a Matrix, got an array of length 1',
    ),
    shape(
      'a matrix of another shape',
      () => fitted.transform([[1, 2]], Matrix.zeros(2, 2)),
      'out to be (1, 2), got (2, 2)',
    ),
    {
      what: 'a matrix of another dtype',
      call: () => fitted.transform([[1, 2]], Matrix.zeros(1, 2, 'float32')),
      error: TypeError,
      code: 'ERR_BLASNET_DTYPE',
      message: 'Expected out to be a Float64Array, as X is, got a Float32Array of length 2',
    },
    range(
      'X itself for results',
      () => {
        const X = Matrix.zeros(2, 2);
        fitted.transform(X, X);
      },
      'out to be a matrix that shares no memory with X, got an object (Matrix)',
    ),
    ...(['transform', 'inverse', 'toJSON', 'inputColumns', 'outputColumns'] as const).map(
      (method): BadCall => ({
        what: `${method} before fit`,
        call: () => {
          const pipeline = preprocessing([imputer()]);
          if (method === 'inputColumns' || method === 'outputColumns') return pipeline[method];
          return method === 'toJSON' ? pipeline.toJSON() : pipeline[method]([[1]]);
        },
        error: Error,
        code: 'ERR_BLASNET_NOT_FITTED',
        message: `Expected fit to be called before ${method} is used`,
      }),
    ),
    {
      what: 'a fit of what came from JSON',
      call: () => Preprocessing.fromJSON(fitted.toJSON()).fit([[1]]),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message:
        'This pipeline was loaded from JSON and cannot be fitted again: build it with preprocessing([...])',
    },
  ]);

  it('rejects data on a detached buffer', () => {
    const data = new Float64Array(2);
    const X = new Matrix(data, 1, 2);
    structuredClone(data, { transfer: [data.buffer] });
    expectError(
      () => fitted.transform(X),
      TypeError,
      'ERR_BLASNET_DETACHED',
      'Expected X to be an array whose buffer is not detached, got a Float64Array of length 0',
    );
  });
});
