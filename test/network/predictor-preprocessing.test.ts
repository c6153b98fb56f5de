// Predictors of networks with preprocessing.

import { describe, expect, it } from 'vitest';
import { type Dtype, Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import {
  type CustomStep,
  imputer,
  oneHotEncoder,
  type Preprocessing,
  preprocessing,
  standardScaler,
} from '../../lib/preprocessing';
import { expectError, itRejects } from '../support/bad-input';
import { layers, randomCodes, randomMatrix } from './helpers';

const nan = Number.NaN;
const rows = 40;
/** A column with gaps, dates that are one in float32, and categories. */
const table = Array.from({ length: rows }, (_, row) => [
  row % 6 === 5 ? nan : 10 * Math.sin(row),
  20_231_105 + row,
  row % 3,
]);
const negated: CustomStep = {
  name: 'negated',
  fit: () => ({ transform: (X) => X.toArray().map((row) => row.map((x) => -x)) }),
};
const pipelines: [string, () => Preprocessing][] = [
  [
    'steps of the library',
    () =>
      preprocessing([
        imputer({ columns: [0], indicators: true }),
        standardScaler({ columns: [0, 1] }),
        oneHotEncoder({ columns: [2] }),
      ]),
  ],
  [
    'a step of the user’s own among them',
    () =>
      preprocessing([
        imputer({ columns: [0] }),
        negated,
        standardScaler({ columns: [1] }),
        oneHotEncoder({ columns: [2] }),
      ]),
  ],
];

function network(dtype: Dtype, inputs: Preprocessing): Network {
  const { outputColumns } = inputs.copy().fit(table);
  const net = new Network(layers([outputColumns, 9, 2], 'tanh', 'softmax'), {
    seed: 1,
    dtype,
    preprocessing: inputs,
  });
  net.fitSync(
    table,
    Int32Array.from(table, (_, row) => row % 2),
    { epochs: 3 },
  );
  return net;
}

describe.each(['float64', 'float32'] as const)('a predictor with preprocessing (%s)', (dtype) => {
  it.each(pipelines)('predicts what predictSync predicts, to the last bit: %s', (_, inputs) => {
    const net = network(dtype, inputs());
    const expected = net.predictSync(table).toArray();
    const one = net.predictor();
    expect([one.input.rows, one.input.cols, one.input.dtype]).toEqual([1, 3, 'float64']);
    for (const row of table) {
      one.input.data.set(row);
      one.run();
      expect(one.output).toEqual(net.predictSync([row]));
    }
    const many = net.predictor({ maxBatch: rows });
    many.input.data.set(table.flat());
    many.run();
    expect(many.output.toArray()).toEqual(expected);
    expect(many.output.dtype).toBe(dtype);
    many.output.data.fill(7);
    many.run(5);
    expect(many.output.toArray().slice(5)).toEqual(expected.slice(5).map(() => [7, 7]));
    expect(many.output.toArray().slice(0, 5)).toEqual(net.predictSync(table.slice(0, 5)).toArray());
  });

  it('takes preprocessed rows where that is said', () => {
    const net = network(dtype, (pipelines[0] as (typeof pipelines)[0])[1]());
    const inputs = Matrix.zeros(rows, 6, dtype);
    inputs.data.set(net.preprocessing?.transform(table).data as never);
    const raw = net.predictor({ maxBatch: rows, preprocessed: true });
    expect([raw.input.cols, raw.input.dtype]).toEqual([6, dtype]);
    raw.input.data.set(inputs.data);
    raw.run();
    expect(raw.output).toEqual(net.predictSync(table));
    // Without preprocessing, both are one.
    const plain = new Network(layers([3, 2], 'tanh', 'softmax'), { seed: 1, dtype });
    for (const preprocessed of [false, true]) {
      const predictor = plain.predictor({ preprocessed });
      predictor.input.data.set([1, 2, 3]);
      predictor.run();
      expect(predictor.output).toEqual(plain.predictSync(predictor.input));
    }
  });

  it('preprocesses the numbers beside categories', () => {
    const net = new Network(
      [
        { inputDim: 2, outputDim: 4, activation: 'tanh', embeddings: [{ categories: 3, outputDim: 2 }] },
        { outputDim: 1, activation: 'sigmoid' },
      ],
      {
        seed: 1,
        dtype,
        preprocessing: preprocessing([standardScaler()]).fit([
          [100, 1],
          [300, 5],
        ]),
      },
    );
    const [numbers, categories] = [randomMatrix(7, 2, 1), randomCodes(7, [3], 2)];
    const predictor = net.predictor({ maxBatch: 7 });
    predictor.input.data.set(numbers.data);
    predictor.categories.set(categories);
    predictor.run();
    expect(predictor.output).toEqual(net.predictSync({ numbers, categories }));
    predictor.categories[3] = 9;
    expect(() => predictor.run()).toThrow('got 9 at row 3, column 0');
  });

  it('follows the preprocessing when it learns again', () => {
    const net = new Network(layers([2, 1], 'tanh', 'sigmoid'), {
      seed: 1,
      dtype,
      preprocessing: preprocessing([standardScaler()]).fit([
        [100, 1],
        [300, 5],
      ]),
    });
    const predictor = net.predictor();
    predictor.input.data.set([7, 8]);
    predictor.run();
    expect(predictor.output).toEqual(net.predictSync([[7, 8]]));
    const before = predictor.output.toArray();
    net.preprocessing?.fit([
      [1, 1],
      [3, 5],
    ]);
    predictor.run();
    expect(predictor.output).toEqual(net.predictSync([[7, 8]]));
    expect(predictor.output.toArray()).not.toEqual(before);
    net.preprocessing?.fit([[1], [3]]);
    const message =
      'Expected the preprocessing to turn 2 columns into 2, as it did when the predictor was made, got 1 and 1';
    expectError(() => predictor.run(), RangeError, 'ERR_BLASNET_SHAPE', message);
  });

  it('goes on after a row that is refused', () => {
    const net = network(dtype, (pipelines[0] as (typeof pipelines)[0])[1]());
    const predictor = net.predictor({ maxBatch: 3 });
    const good = table.slice(0, 3).flat();
    const refused: [number, number, string, string][] = [
      [
        4,
        nan,
        'ERR_BLASNET_NOT_FINITE',
        'the input of steps[1] to hold finite numbers (an imputer replaces NaN), got NaN at row 1, column 1',
      ],
      [
        6,
        Number.POSITIVE_INFINITY,
        'ERR_BLASNET_NOT_FINITE',
        'input to hold finite numbers (an imputer replaces NaN), got Infinity at row 2, column 0',
      ],
      [
        2,
        9,
        'ERR_BLASNET_ARG_VALUE',
        'the input of steps[2] to hold a category that was learned from column 2 (0, 1, 2), got 9 at row 0',
      ],
    ];
    for (const [place, value, code, message] of refused) {
      predictor.input.data.set(good);
      predictor.input.data[place] = value;
      expectError(() => predictor.run(), RangeError, code as never, `Expected ${message}`);
      predictor.input.data.set(good);
      predictor.run();
      expect(predictor.output).toEqual(net.predictSync(table.slice(0, 3)));
    }
  });

  it('names the preprocessed input where a column that no step changes is not finite', () => {
    const inputs = preprocessing([standardScaler({ columns: [0] })]).fit([
      [1, 2],
      [3, 4],
    ]);
    const net = new Network(layers([2, 1], 'tanh', 'sigmoid'), { dtype, preprocessing: inputs });
    const predictor = net.predictor();
    predictor.input.data.set([1, nan]);
    const message = 'Expected the preprocessed input to hold finite numbers, got NaN at row 0, column 1';
    expectError(() => predictor.run(), RangeError, 'ERR_BLASNET_NOT_FINITE', message);
  });
});

describe('a predictor that cannot preprocess', () => {
  const make = (inputs: Preprocessing) =>
    new Network(layers([2, 1], 'tanh', 'sigmoid'), { preprocessing: inputs });
  const scaler = preprocessing([standardScaler()]);
  itRejects([
    {
      what: 'preprocessing that has not learned',
      call: () => make(scaler).predictor(),
      error: Error,
      code: 'ERR_BLASNET_NOT_FITTED',
      message:
        'Expected preprocessing to be fitted before predictor is used: call fit, or pass { preprocessed: true }',
    },
    {
      what: 'preprocessing of other columns',
      call: () => make(scaler.copy().fit([[1], [2]])).predictor(),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: "Expected the preprocessing to output 2 columns (the network's inputDim), got 1",
    },
    {
      what: 'preprocessed as a word',
      call: () => make(scaler).predictor({ preprocessed: 'yes' as never }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected preprocessed to be true or false, got "yes" (string)',
    },
  ]);
});
