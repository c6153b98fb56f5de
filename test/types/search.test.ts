// The types of cross-validation and search. This file must compile, except the lines under @ts-expect-error.

import { expectTypeOf, test } from 'vitest';
import type { Network } from '../../lib';
import {
  Bag,
  type BagOf,
  Classifier,
  type ClassifierEvaluation,
  choice,
  crossValidate,
  type Distribution,
  integer,
  type LabelsClassifier,
  logUniform,
  type NetworkBag,
  Regressor,
  type RegressorEvaluation,
  type SearchOptions,
  search,
  type Table,
  type TargetsEvaluation,
  type TargetsRegressor,
  uniform,
} from '../../lib/tabular';

/** Compiled and never run. */
function compiled(_: () => unknown): void {}

test('crossValidate gives evaluations and models of its class and targets', () => {
  compiled(async () => {
    const table = {} as Table;
    const one = await crossValidate(Classifier, table, { target: 'a', group: 'b', epochs: 3 });
    expectTypeOf(one.folds[0]?.evaluation).toEqualTypeOf<ClassifierEvaluation | undefined>();
    expectTypeOf(one.models).toEqualTypeOf<readonly Classifier[]>();
    const labels = await crossValidate(Classifier, table, {
      target: ['a', 'b'],
      onFoldEnd: (fold) => fold.evaluation.byLabel,
    });
    expectTypeOf(labels.models).toEqualTypeOf<readonly LabelsClassifier[]>();
    const number = await crossValidate(Regressor, table, { target: 'a', stratify: false });
    expectTypeOf(number.folds[0]?.evaluation).toEqualTypeOf<RegressorEvaluation | undefined>();
    // @ts-expect-error: the target is required
    await crossValidate(Regressor, table, { folds: 3 });
    // @ts-expect-error: a Regressor has no classes
    await crossValidate(Regressor, table, { target: 'a', positive: 'yes' });
    // @ts-expect-error: an option that does not exist
    await crossValidate(Regressor, table, { target: 'a', fold: 3 });
  });
});

test('a space takes draws at any depth, of the right type', () => {
  compiled(async () => {
    const table = {} as Table;
    const { model, options } = await search(Classifier, table, {
      target: 'a',
      metric: (evaluation) => evaluation.rocAuc,
      space: {
        hidden: [
          choice([16, 32]),
          { outputDim: integer(4, 8), activation: 'relu', dropout: uniform(0, 0.5) },
        ],
        optimizer: choice([
          { name: 'adam', learningRate: logUniform(1e-4, 1e-2) },
          { name: 'sgd', learningRate: 0.1, momentum: uniform(0, 0.9) },
        ]),
        earlyStopping: choice([false, { patience: integer(3, 9) }]),
        classWeight: choice(['balanced', undefined]),
        epochs: 30,
      },
    });
    expectTypeOf(model).toEqualTypeOf<Classifier | undefined>();
    expectTypeOf(await Classifier.train(table, options)).toEqualTypeOf<Classifier>();
    const several = await search(Regressor, table, { target: ['a', 'b'], space: { epochs: integer(1, 9) } });
    expectTypeOf(several.model?.predict({})).toEqualTypeOf<Record<string, number> | undefined>();
    expectTypeOf(await Regressor.train(table, several.options)).toEqualTypeOf<TargetsRegressor>();
    // @ts-expect-error: an option that does not exist
    await search(Regressor, table, { target: 'a', space: { epoch: integer(1, 9) } });
    // @ts-expect-error: epochs are a number
    await search(Regressor, table, { target: 'a', space: { epochs: choice(['a', 'b']) } });
    // @ts-expect-error: the seed is an option of the search itself
    await search(Regressor, table, { target: 'a', space: { seed: integer(1, 9) } });
  });
});

test('choice draws what its values are when they are drawn', () => {
  expectTypeOf(choice([1, 2])).toEqualTypeOf<Distribution<1 | 2>>();
  expectTypeOf(choice([{ a: uniform(0, 1) }])).toEqualTypeOf<Distribution<{ readonly a: number }>>();
  expectTypeOf<SearchOptions['trials']>().toEqualTypeOf<number | undefined>();
});

test('Bag reads what it is said to hold, and a bag of Classifiers if nothing is said', () => {
  compiled(() => {
    expectTypeOf(Bag.load('path')).toEqualTypeOf<Promise<Bag>>();
    expectTypeOf(Bag.loadSync<BagOf<Regressor>>('path').predict({})).toEqualTypeOf<number>();
    expectTypeOf(Bag.fromBytesSync<BagOf<TargetsRegressor>>(new Uint8Array())).toEqualTypeOf<
      Bag<Record<string, number>, Table, TargetsEvaluation>
    >();
  });
});

test('the functions of a search for networks get what is drawn', () => {
  compiled(async () => {
    const { model, bag, best } = await search(
      ({ units, kind }, { seed }) => {
        expectTypeOf(units).toEqualTypeOf<number>();
        expectTypeOf(kind).toEqualTypeOf<'relu' | 'tanh'>();
        expectTypeOf(seed).toEqualTypeOf<number>();
        return {} as Network;
      },
      [[1]],
      ['a'],
      {
        space: { units: integer(1, 9), kind: choice(['relu', 'tanh']), deep: { rate: uniform(0, 1) } },
        fit: ({ deep: { rate } }) => {
          expectTypeOf(rate).toEqualTypeOf<number>();
          return { epochs: 3 };
        },
        refit: 'bag',
      },
    );
    expectTypeOf(model).toEqualTypeOf<Network | undefined>();
    expectTypeOf(bag).toEqualTypeOf<NetworkBag | undefined>();
    expectTypeOf(best.score).toEqualTypeOf<number>();
    // @ts-expect-error: fit is required
    await search(() => ({}) as Network, [[1]], [[1]], { space: { a: integer(1, 2) } });
  });
});
