// With validationSplit, the preprocessing learns from the rows that train.

import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import type { NetworkOptions } from '../../lib/network/network-options';
import {
  type CustomStep,
  imputer,
  labelEncoder,
  type Preprocessing,
  preprocessing,
  robustScaler,
  standardScaler,
} from '../../lib/preprocessing';
import { oneHotEncoder } from '../../lib/preprocessing/steps';
import { RandomState } from '../../lib/random/random-state';
import type { FitOptions } from '../../lib/training/options';
import { layers, randomMatrix, snapshot } from '../network/helpers';
import { rejectionOf } from '../support/bad-input';
import { ascending, shuffled, stratified } from '../support/oracle-splits';
import { newFolder } from '../support/scratch';

const rows = 40;
const held = 10;
const options = { epochs: 3, batchSize: 8, validationSplit: 0.25, seed: 5 } as const;
const classes = ascending(rows).map((row) => (row % 4 === 0 ? 1 : 0));
const names = classes.map((label) => (label === 1 ? 'yes' : 'no'));

// Each row has other columns, so that every row that is learned from shows. Some numbers are missing.
const table = ascending(rows).map((row) => [
  row % 7 === 3 ? Number.NaN : 100 + row ** 2,
  Math.sin(row) * 10 ** (row % 3),
]);
const dates = ascending(rows).map((row) => [row % 5, 1.7e12 + 10_000 * row ** 2]);

/** Adds the column's largest number so far to nothing: scales by it, in the user's own code. */
const byLargest: CustomStep = {
  name: 'byLargest',
  fit: (X) => byLargest.fromJSON?.(Math.max(...X.data)) as never,
  fromJSON: (largest) => ({
    transform: (X) => X.toArray().map((row) => row.map((x) => x / (largest as number))),
    toJSON: () => largest,
  }),
};

const pipelines: [string, number[][], () => Preprocessing][] = [
  ['an imputer and a scaler', table, () => preprocessing([imputer(), standardScaler()])],
  ['medians', table, () => preprocessing([imputer({ strategy: 'median' }), robustScaler()])],
  ['a step of the user’s own', dates, () => preprocessing([byLargest, standardScaler({ columns: [1] })])],
];

const splits: { what: string; more: Partial<FitOptions>; order: () => number[] }[] = [
  {
    what: 'rows drawn at random',
    more: {},
    order: () => shuffled(new RandomState(options.seed), ascending(rows)),
  },
  { what: 'the last rows', more: { shuffle: false }, order: () => ascending(rows) },
  {
    what: 'stratified rows',
    more: { stratify: true },
    // 30 and 10 rows: a quarter of each is 7.5 and 2.5, and of equal remainders the first class gets the row.
    order: () => stratified(shuffled(new RandomState(options.seed), ascending(rows)), classes, [8, 2]),
  },
];

describe.each(['float64', 'float32'] as const)('the preprocessing of a network (%s)', (dtype) => {
  const make = (more: NetworkOptions) =>
    new Network(layers([2, 4, 2], 'tanh', 'softmax'), { dtype, seed: 1, ...more });

  describe.each(pipelines)('with %s', (_, X, pipeline) => {
    it.each(splits)('learns from the others where $what are held out, as if split by hand', async (split) => {
      const given = { ...options, ...split.more };
      const part = split.order().slice(0, rows - held);
      const byHand = pipeline().fit(part.map((row) => X[row] as number[]));
      const rounded = Matrix.zeros(rows, 2, dtype);
      rounded.data.set(byHand.transform(X).data);
      const nets = [0, 1, 2].map(() => make({ preprocessing: pipeline(), labels: labelEncoder() }));
      const [there, here, loop] = nets as [Network, Network, Network];
      const twin = make({});
      const history = twin.fitSync(rounded, Int32Array.from(classes), given);
      expect(await there.fit(X, names, given)).toEqual(history);
      expect(here.fitSync(Matrix.from(X), names, given)).toEqual(history);
      const losses: number[] = [];
      for await (const { valLoss } of loop.epochs(X, names, given)) losses.push(valLoss as number);
      expect(losses).toEqual(history.valLoss);
      for (const net of nets) {
        expect(net.preprocessing?.toJSON()).toEqual(byHand.toJSON());
        expect(snapshot(net)).toEqual(snapshot(twin));
      }
    });
  });

  it('learns with weights from the rows of a weight above 0 alone', () => {
    const [, X, pipeline] = pipelines[0] as (typeof pipelines)[0];
    const net = make({ preprocessing: pipeline(), labels: labelEncoder() });
    const weights = { sampleWeight: ascending(rows).map((row) => row % 3), classWeight: 'balanced' } as const;
    net.fitSync(X, names, { ...options, ...weights });
    const present = ascending(rows).filter((row) => row % 3 !== 0);
    // A quarter of 26 rows is 6.5.
    const part = shuffled(new RandomState(options.seed), present).slice(0, 26 - 7);
    const byHand = pipeline().fit(part.map((row) => X[row] as number[]));
    expect(net.preprocessing?.toJSON()).toEqual(byHand.toJSON());
  });

  it('continues from a checkpoint with what it learned', async () => {
    const [, X, pipeline] = pipelines[0] as (typeof pipelines)[0];
    const whole = make({ preprocessing: pipeline(), labels: labelEncoder() });
    const history = await whole.fit(X, names, options);
    const directory = newFolder();
    const callbacks = ({ epoch }: { epoch: number }) => epoch < 2;
    const stopped = make({ preprocessing: pipeline(), labels: labelEncoder() });
    await stopped.fit(X, names, { ...options, callbacks, checkpoint: { directory } });
    const resumed = await Network.resume(directory, X, names, options);
    expect(resumed.history).toEqual(history);
    expect(resumed.network.preprocessing?.toJSON()).toEqual(whole.preprocessing?.toJSON());
    expect(snapshot(resumed.network)).toEqual(snapshot(whole));
  });

  it('learns on other threads from many rows as on this one, when their names have been read', async () => {
    const X = randomMatrix(50_000, 2, 3, dtype);
    const Y = Array.from(X.data.subarray(0, 50_000), (value) => (value > 0.5 ? 'yes' : 'no'));
    const nets = [0, 1].map(() =>
      make({ preprocessing: preprocessing([imputer(), robustScaler()]), labels: labelEncoder() }),
    );
    const given = { epochs: 1, batchSize: 5_000, validationSplit: 0.2, stratify: true, seed: 3 };
    const counts = [0, 0];
    for (const name of Y) counts[name === 'yes' ? 1 : 0] = (counts[name === 'yes' ? 1 : 0] ?? 0) + 1;
    const yes = Math.round((counts[1] as number) / 5);
    const quotas = [10_000 - yes, yes];
    const order = stratified(
      shuffled(new RandomState(3), ascending(50_000)),
      Y.map((name) => Number(name === 'yes')),
      quotas,
    );
    const part = Matrix.zeros(40_000, 2, dtype);
    for (const [i, row] of order.slice(0, 40_000).entries()) {
      part.data.set(X.data.subarray(2 * row, 2 * row + 2), 2 * i);
    }
    expect(await nets[0]?.fit(X, Y, given)).toEqual(nets[1]?.fitSync(X, Y, given));
    const byHand = preprocessing([imputer(), robustScaler()]).fit(part);
    for (const net of nets) expect(net.preprocessing?.toJSON()).toEqual(byHand.toJSON());
  });
});

describe('what was learned before a refusal', () => {
  const make = (more: NetworkOptions = {}) =>
    new Network(layers([3, 2], 'tanh', 'softmax'), {
      seed: 1,
      preprocessing: preprocessing([oneHotEncoder({ columns: [0] })]),
      labels: labelEncoder(),
      ...more,
    });
  const two = ascending(rows).map((row) => [row % 2, row]);
  const last = two.map(([a = 0, b = 0], row) => [row === rows - 1 ? 9 : a, b]);
  const lateNaN = two.map(([a = 0, b = 0], row) => [row === 33 ? Number.NaN : a, b]);
  const inOrder = { ...options, shuffle: false };

  it.each<{ what: string; X: number[][]; Y: string[]; given: FitOptions; message: string }>([
    {
      what: 'a category that only a held-out row has',
      X: last,
      Y: names,
      given: inOrder,
      message:
        'In the rows that do not train: Expected X to hold a category that was learned from column 0 ' +
        '(0, 1), got 9 at row 39',
    },
    {
      what: 'NaN in a held-out row',
      X: lateNaN,
      Y: names,
      given: inOrder,
      message:
        'In the rows that do not train: Expected X to hold finite numbers (an imputer replaces NaN), ' +
        'got NaN at row 33, column 0',
    },
    {
      what: 'NaN in a row that trains, with its number in X',
      X: lateNaN,
      Y: names,
      given: { ...options, seed: 6 },
      message: 'Expected X to hold finite numbers (an imputer replaces NaN), got NaN at row 33, column 0',
    },
    {
      what: 'a class with a single row, which cannot be stratified',
      X: two,
      Y: names.map((_, row) => (row === 7 ? 'yes' : 'no')),
      given: { ...options, stratify: true },
      message:
        'Expected Y to have at least two rows of each class, since stratify puts classes into both parts, got one ' +
        'row of class 1',
    },
    {
      what: 'columns that the network does not take',
      X: two.map(([, b = 0], row) => [row % 3, b]),
      Y: names,
      given: options,
      message: "Expected the preprocessing to output 3 columns (the network's inputDim), got 4",
    },
  ])('is forgotten, and so are the draws: $what', async ({ X, Y, given, message }) => {
    // Without the option `seed`, the network's own generator splits.
    const { seed, ...unseeded } = given;
    const order = shuffled(new RandomState(seed ?? 0), ascending(rows));
    if (X === lateNaN && given.shuffle !== false) expect(order.indexOf(33)).toBeLessThan(rows - held);
    const net = make();
    expect((await rejectionOf(net.fit(X, Y, given))).message).toBe(message);
    expect(() => net.fitSync(X, Y, given)).toThrow(message);
    if (given.shuffle === false || given.stratify) {
      expect((await rejectionOf(net.fit(X, Y, unseeded))).message).toBe(message);
    }
    expect([net.preprocessing?.fitted, net.labels?.fitted]).toEqual([false, false]);
    const twin = make();
    expect(net.fitSync(two, names, unseeded)).toEqual(twin.fitSync(two, names, unseeded));
    expect(snapshot(net)).toEqual(snapshot(twin));
  });

  it('is forgotten by labels alone, too, where the split is refused', async () => {
    const Y = names.map((_, row) => (row === 7 ? 'yes' : 'no'));
    const net = new Network(layers([2, 2], 'tanh', 'softmax'), { labels: labelEncoder() });
    const given = { ...options, stratify: true };
    expect((await rejectionOf(net.fit(two, Y, given))).message).toContain('got one row of class 1');
    expect(net.labels?.fitted).toBe(false);
  });

  it('is forgotten after an abort before the first step', async () => {
    const net = make();
    const signal = AbortSignal.abort();
    expect((await rejectionOf(net.fit(two, names, { ...options, signal }))).name).toBe('AbortError');
    expect(() => net.fitSync(two, names, { ...options, signal })).toThrow('aborted');
    expect([net.preprocessing?.fitted, net.labels?.fitted]).toEqual([false, false]);
  });

  it('takes a category of a held-out row as unknown where that is allowed', () => {
    const net = make({
      preprocessing: preprocessing([oneHotEncoder({ columns: [0], unknown: 'zeros' })]),
    });
    net.fitSync(last, names, inOrder);
    expect(net.preprocessing?.outputColumns).toBe(3);
  });
});
