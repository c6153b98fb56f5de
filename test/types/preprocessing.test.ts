// The public types of preprocessing.
// This file must compile, except the lines under @ts-expect-error: `npm run check:types`, which test/house.test.ts
// runs, fails if a line is wrong or if one of those lines compiles.

import { expectTypeOf, test } from 'vitest';
import {
  type CustomStep,
  imputer,
  type LabelEncoder,
  type LoadOptions,
  labelEncoder,
  type Matrix,
  minMaxScaler,
  Network,
  oneHotEncoder,
  Preprocessing,
  preprocessing,
  standardScaler,
} from '../../lib/index';

/** Compiled and never run. */
function compiled(_: (X: Matrix) => unknown): void {}

test('pipelines are typed by what they take and give', () => {
  expectTypeOf<Preprocessing['transform']>().returns.toEqualTypeOf<Matrix>();
  expectTypeOf<Preprocessing['fit']>().returns.toEqualTypeOf<Preprocessing>();
  expectTypeOf<Preprocessing['outputColumns']>().toEqualTypeOf<number>();
  expectTypeOf(Preprocessing.fromJSON).parameter(0).toEqualTypeOf<unknown>();
  compiled((X) => {
    const pipeline = preprocessing([
      imputer(),
      standardScaler({ columns: [0] }),
      oneHotEncoder({ columns: [1] }),
    ]);
    pipeline.fit(X).transform(Float64Array.of(1, 2));
    expectTypeOf(pipeline.partialFit(Float64Array.of(1, 2))).toEqualTypeOf<Preprocessing>();
    expectTypeOf(pipeline.partialFitAsync(X, { threads: 1 })).toEqualTypeOf<Promise<Preprocessing>>();
    // @ts-expect-error: steps come in an array
    preprocessing(imputer());
    // @ts-expect-error: the columns of a typed array are not known yet
    pipeline.fit(Float64Array.of(1, 2));
    // @ts-expect-error: a range has two ends
    minMaxScaler({ range: [0] });
    // @ts-expect-error: a strategy that does not exist
    imputer({ strategy: 'mode' });
    // @ts-expect-error: a look-alike of a step
    preprocessing([{ name: 'imputer' }]);
    // @ts-expect-error: steps are made, not named
    preprocessing(['imputer']);
  });
});

test('label encoders are typed by their labels', () => {
  const animals = labelEncoder().fit(['cat', 'dog']);
  const numbers = labelEncoder().fit([1, 2]);
  expectTypeOf(animals.classes).toEqualTypeOf<readonly string[]>();
  expectTypeOf(numbers.classes).toEqualTypeOf<readonly number[]>();
  expectTypeOf(labelEncoder()).toEqualTypeOf<LabelEncoder>();
  expectTypeOf(labelEncoder({ classes: ['b', 'a'] })).toEqualTypeOf<LabelEncoder<string>>();
  expectTypeOf(labelEncoder({ classes: [2, 1] }).classes).toEqualTypeOf<readonly number[]>();
  compiled((outputs) => {
    expectTypeOf(animals.decode(outputs)).toEqualTypeOf<string[]>();
    numbers.indices(Float64Array.of(1, 2));
    expectTypeOf(animals.decodeAsync(outputs, { threads: 2 })).toEqualTypeOf<Promise<string[]>>();
    expectTypeOf(labelEncoder().fitAsync(['cat'])).toEqualTypeOf<Promise<LabelEncoder<string>>>();
    expectTypeOf(animals.oneHotAsync(['cat'], { dtype: 'float32' })).toEqualTypeOf<Promise<Matrix>>();
    // @ts-expect-error: the classes are strings
    animals.oneHotAsync([1, 2]);
    // @ts-expect-error: the classes are strings
    animals.oneHot([1, 2]);
    // @ts-expect-error: a label is a string or a number
    labelEncoder().fit([true]);
  });
});

test('steps of the user’s own are typed by their methods', () => {
  const own: CustomStep = {
    name: 'own',
    fit: ({ cols }) => ({ outputColumns: cols, transform: (X) => X, inverse: (X) => X.toArray() }),
    fromJSON: (state) => {
      expectTypeOf(state).toBeUnknown();
      return { transform: (X) => X };
    },
  };
  expectTypeOf<CustomStep['fit']>().parameter(0).toEqualTypeOf<Matrix>();
  expectTypeOf(Preprocessing.fromJSON).parameter(1).toEqualTypeOf<LoadOptions | undefined>();
  compiled(() => {
    preprocessing([own, standardScaler()]);
    Preprocessing.fromJSON({}, { steps: [own] });
    // @ts-expect-error: the library's steps are known without being named
    Preprocessing.fromJSON({}, { steps: [standardScaler()] });
    // @ts-expect-error: no transform
    preprocessing([{ name: 'own', fit: () => ({}) }]);
    // @ts-expect-error: a promise
    preprocessing([{ name: 'own', fit: async () => ({ transform: (X: Matrix) => X }) }]);
  });
});

test('a network takes whatever scales its targets', () => {
  expectTypeOf<Network['targetScaler']>().toEqualTypeOf<Preprocessing | undefined>();
  const layers = [{ inputDim: 1, outputDim: 1, activation: 'linear' }];
  compiled((Y) => {
    const pipeline = preprocessing([standardScaler(), minMaxScaler()]);
    const root: CustomStep = { name: 'root', fit: () => ({ transform: (X) => X, inverse: (X) => X }) };
    for (const targetScaler of [standardScaler(), root, pipeline, pipeline.toJSON()]) {
      new Network(layers, { targetScaler }).fitSync(Y, Y, { epochs: 1 });
    }
    // @ts-expect-error: a scaler is made, not named
    new Network(layers, { targetScaler: 'standardScaler' });
    // @ts-expect-error: a pipeline has its steps in one object
    new Network(layers, { targetScaler: [standardScaler()] });
  });
});
