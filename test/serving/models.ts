// Small models of every kind, each with rows that it takes.

import { type Matrix, makeMoons, type Network as NetworkClass, Network as Networks } from '../../lib';
import { imputer, labelEncoder, oneHotEncoder, preprocessing, standardScaler } from '../../lib/preprocessing';
import type { ServedModel } from '../../lib/serving';
import { Classifier, Regressor } from '../../lib/tabular';

export interface Kind {
  readonly name: string;
  make(seed: number): Promise<ServedModel>;
  /** A row by its number. */
  row(i: number): object;
  /** What the model's own method answers to rows, each as `predict` of a batcher answers. */
  expected(model: never, rows: readonly object[]): unknown[];
  /** The same of probabilities, if the model has them. */
  probabilities?(model: never, rows: readonly object[]): unknown[];
}

const colours = ['red', 'green', 'blue', null];

/** A record of every kind of column, with gaps in some. */
export function record(i: number) {
  return {
    age: 20 + ((i * 7) % 50),
    income: i % 5 === 0 ? null : 1000 + ((i * 37) % 900),
    colour: colours[(i * 3) % 4] as string | null,
    member: i % 3 === 0,
    since: new Date(1.6e12 + i * 8.64e7),
    code: `c${(i * 5) % 12}`,
  };
}

const table = (seed: number) =>
  Array.from({ length: 90 }, (_, i) => ({
    ...record(i + seed),
    paid: (i + seed) % 3 ? 'yes' : 'no',
    grade: ['a', 'b', 'c'][(i * 5 + seed) % 3] as string,
    price: 10 + ((i * 13 + seed) % 40),
    weight: 1 + ((i * 11) % 17),
    late: i % 4 === 0,
  }));

const columnsOf = (names: readonly string[], seed: number) =>
  table(seed).map((row) =>
    Object.fromEntries(
      Object.entries(row).filter(
        ([name]) => !['paid', 'grade', 'price', 'weight', 'late'].includes(name) || names.includes(name),
      ),
    ),
  );

const brief = { hidden: [6], epochs: 2, earlyStopping: false } as const;

const many = { hidden: undefined, epochs: 1, earlyStopping: undefined } as const;

const oneByOne = (method: 'predict' | 'probabilities') => (model: never, rows: readonly object[]) =>
  rows.map((row) => (model as Record<typeof method, (row: object) => unknown>)[method](row));

function classifier(name: string, target: string | readonly string[], options: object = {}): Kind {
  return {
    name,
    make: (seed) =>
      Classifier.train(columnsOf([target].flat(), seed), { target, seed, ...brief, ...options } as never),
    row: record,
    expected: oneByOne('predict'),
    probabilities: oneByOne('probabilities'),
  };
}

function regressor(name: string, target: string | readonly string[], options: object = {}): Kind {
  return {
    name,
    make: (seed) =>
      Regressor.train(columnsOf([target].flat(), seed), { target, seed, ...brief, ...options } as never),
    row: record,
    expected: oneByOne('predict'),
  };
}

/** A Regressor whose networks predict numbers far outside the range, unless they are clamped. */
function leavingRange(kind: Kind): Kind {
  return {
    ...kind,
    async make(seed) {
      const model = (await kind.make(seed)) as Regressor;
      for (const { parameters } of model.networks) {
        const [name] = Object.keys(parameters)
          .filter((each) => /^W\d+$/.test(each))
          .slice(-1) as [string];
        const { data } = parameters[name as 'W1'] as Matrix;
        data.forEach((weight, i) => {
          data[i] = weight * 100;
        });
      }
      return model;
    },
  };
}

// One row is predicted beside a copy of itself: alone it would have the bits of another kernel.
const outputsOf = (inputs: (rows: readonly object[]) => unknown) => (model: never, rows: readonly object[]) =>
  rows.map((row) =>
    (model as NetworkClass)
      .predictSync(inputs([row, row]) as never)
      .row(0)
      .slice(),
  );

const numbers = (width: number) => (i: number) =>
  Array.from({ length: width }, (_, j) => Math.sin(i * 1.7 + j * 0.9) * 3);

function network(name: string, inputDim: number, outputDim: number, options: object = {}): Kind {
  return {
    name,
    make: async (seed) =>
      new Networks(
        [
          { inputDim, outputDim: 9, activation: 'tanh' },
          { outputDim, activation: outputDim > 1 ? 'softmax' : 'linear' },
        ],
        { seed, ...options },
      ),
    row: numbers(inputDim),
    expected: outputsOf((rows) => rows),
  };
}

async function fitted(seed: number, dtype: 'float32' | 'float64') {
  const net = new Networks(
    [
      { inputDim: 5, outputDim: 7, activation: 'relu' },
      { outputDim: 2, activation: 'linear' },
    ],
    {
      ...{ seed, dtype },
      preprocessing: preprocessing([imputer(), oneHotEncoder({ columns: [2] }), standardScaler()]),
      targetScaler: standardScaler(),
    },
  );
  const X = Array.from({ length: 30 }, (_, i) => [i % 4 ? i : Number.NaN, Math.cos(i + seed), i % 3]);
  await net.fit(
    X,
    X.map((_, i) => [100 + i, i * seed]),
    { epochs: 2 },
  );
  return net;
}

const withEmbeddings = (inputDim: number): Kind => ({
  name: `a network with embeddings and ${inputDim} numbers`,
  make: async (seed) =>
    new Networks(
      [
        {
          ...{ inputDim, outputDim: 6, activation: 'relu' },
          embeddings: [
            { categories: 4, outputDim: 3 },
            { categories: 7, outputDim: 2 },
          ],
        },
        { outputDim: 2, activation: 'sigmoid' },
      ],
      { seed },
    ),
  row: (i) => ({
    ...(inputDim > 0 && { numbers: numbers(inputDim)(i) }),
    categories: Int32Array.of((i % 5) - 1, i % 7),
  }),
  expected: outputsOf((rows) => ({
    ...(inputDim > 0 && { numbers: rows.map((row) => (row as { numbers: number[] }).numbers) }),
    categories: rows.map((row) => (row as { categories: Int32Array }).categories),
  })),
});

export const kinds: readonly Kind[] = [
  network('a network of doubles', 3, 1, { dtype: 'float64' }),
  network('a network of floats', 11, 4, { dtype: 'float32' }),
  {
    ...network('a network with labels', 2, 1),
    make: async (seed) => {
      const { X } = makeMoons({ samples: 40, seed });
      const names = Array.from({ length: 40 }, (_, i) => (i % 2 ? 'up' : 'down'));
      const net = new Networks([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], {
        ...{ seed, labels: labelEncoder() },
      });
      await net.fit(X, names, { epochs: 1 });
      return net;
    },
  },
  ...(['float64', 'float32'] as const).map((dtype) => ({
    name: `a network of ${dtype} with preprocessing and a targetScaler`,
    make: (seed: number) => fitted(seed, dtype),
    row: (i: number) => [i * 0.7, Math.cos(i), i % 3],
    expected: outputsOf((rows) => rows),
  })),
  withEmbeddings(3),
  withEmbeddings(0),
  classifier('a Classifier of two classes', 'paid'),
  classifier('a Classifier of three classes in floats', 'grade', { dtype: 'float32', calibrate: false }),
  classifier('a Classifier of several labels', ['paid', 'late']),
  classifier('a Classifier of several networks', 'grade', { preset: 'best', ...many }),
  regressor('a Regressor', 'price'),
  regressor('a Regressor of several targets', ['price', 'weight'], { dtype: 'float32' }),
  regressor('a Regressor with quantiles', 'price', { quantiles: [0.1, 0.9] }),
  leavingRange(regressor('a Regressor that clamps', 'price', { clamp: true })),
  leavingRange(
    regressor('a Regressor of several networks', 'price', { preset: 'best', ...many, clamp: true }),
  ),
];
