// The tables of docs/layers.md agree with the library.

import { describe, expect, test } from 'vitest';
import * as functional from '../../lib/functional';
import {
  type ActivationName,
  batchNorm,
  elu,
  type InitializerName,
  initializers,
  layerNorm,
  leakyRelu,
  Matrix,
  Network,
  type NetworkOptions,
  numericEmbeddings,
} from '../../lib/index';
import { activationNames } from '../../lib/layers/activations';
import { initializerNames } from '../../lib/layers/initializers';
import { activate } from '../support/oracle-activations';
import {
  codeOf,
  evaluate,
  literal,
  namesIn,
  optionsIn,
  optionsOf,
  optionsTaken,
  tableOf,
  toldDefaults,
} from './markdown';

const page = 'docs/layers.md';
const layer = { inputDim: 3, outputDim: 2, activation: 'tanh' } as const;

function parametersOf(options: NetworkOptions, activation: ActivationName = 'tanh') {
  return new Network([{ ...layer, activation }], { seed: 1, ...options }).parameters;
}

describe('networks', () => {
  const told = optionsOf(page, 'Option of the network');

  test('the table has the options of a network', async () => {
    const taken = await optionsTaken((options) => new Network([layer], options));
    expect([...told.keys()].sort()).toEqual(taken.sort());
  });

  test('the defaults in the table change nothing', () => {
    const defaults = toldDefaults(told);
    expect(Object.keys(defaults)).toEqual(['dtype', 'initializer']);
    expect(parametersOf(defaults)).toEqual(parametersOf({}));
  });
});

describe('layers', () => {
  const told = optionsOf(page, 'Option of a layer');

  test('the table has the options of a layer', async () => {
    const taken = await optionsTaken((options: object) => new Network([{ ...layer, ...options }]));
    expect([...told.keys()].sort()).toEqual(taken.sort());
  });

  test('the defaults in the table change nothing', () => {
    const defaults = toldDefaults(told);
    expect(Object.keys(defaults)).toEqual([
      ...['dropout', 'noise', 'skip', 'inputScale', 'activationMix', 'l1', 'l2', 'trainable'],
      ...['learningRateFactors', 'weightDecayFactors'],
    ]);
    const { architecture } = new Network([{ ...layer, ...defaults }]);
    expect(architecture).toEqual([layer]);
  });
});

describe('embeddings', () => {
  const told = optionsOf(page, 'Option of an embedding');

  test('the table has the options of an embedding', async () => {
    const taken = await optionsTaken(
      (options: object) => new Network([{ ...layer, embeddings: [options as never] }]),
    );
    expect([...told.keys()].sort()).toEqual(taken.sort());
  });

  test('the default in the table is the number of numbers for a category', () => {
    const [, row] = tableOf(page, 'Option of an embedding');
    const formula = (row?.Default ?? '').replace('^', ' ** ');
    for (const categories of [1, 4, 100, 10_000, 100_000]) {
      const { architecture } = new Network([{ ...layer, outputDim: 1, embeddings: [{ categories }] }], {
        initializer: 'zeros',
      });
      expect(architecture[0]?.embeddings?.[0]?.outputDim).toBe(evaluate(formula, { categories }));
    }
  });
});

describe('embedded numbers', () => {
  const rows = tableOf(page, 'Function of numericEmbeddings');

  test('the table has every kind', () => {
    expect(namesIn(page, 'Function of numericEmbeddings')).toEqual(Object.keys(numericEmbeddings));
  });

  test.each(rows)('the options and defaults of $Function are those in the table', async (row) => {
    const make = numericEmbeddings[codeOf(row, 'Function of numericEmbeddings') as 'plr'];
    const options = optionsIn(row['Options and defaults'] as string);
    expect([...options.keys()]).toEqual(await optionsTaken(make));
    expect(make()).toMatchObject(toldDefaults(options));
  });
});

test('the table of skip has all values that it takes', () => {
  const { length } = tableOf(page, 'Value of skip');
  expect(length).toBe(3);
  const message = 'Expected layers[0].skip to be true, false or the name of an earlier layer, got 1 (number)';
  expect(() => new Network([{ ...layer, skip: 1 as never }, layer])).toThrow(message);
});

describe('activations', () => {
  const rows = tableOf(page, 'Activation');

  test('the table has every activation', () => {
    expect(namesIn(page, 'Activation').sort()).toEqual([...activationNames].sort());
  });

  test.each(rows)('the formula of $Activation gives its values', (row) => {
    const z = [-3.5, -0.5, 0.25, 2];
    const identity = new Matrix(
      Float64Array.from({ length: 16 }, (_, i) => Number(i % 5 === 0)),
      4,
      4,
    );
    const { A } = functional.singleLayerForwardPropagation(
      new Matrix(Float64Array.from(z), 4, 1),
      identity,
      Matrix.zeros(4, 1),
      codeOf(row, 'Activation') as ActivationName,
    );
    const sum = (f: (z: number) => number) => z.reduce((total, other) => total + f(other), 0);
    // Math lacks only this function.
    const P = (x: number) => (activate('gelu', Matrix.from([[x]])).data[0] as number) / x;
    for (const [i, x] of z.entries()) {
      const scope = { z: x, sum, P, alpha: 1, negativeSlope: 0.01 };
      expect(A.data[i]).toBeCloseTo(evaluate(codeOf(row, 'Formula'), scope), 6);
    }
  });

  test.each(rows)("the initialiser of $Activation under 'auto' is the one in the table", (row) => {
    const activation = codeOf(row, 'Activation') as ActivationName;
    const initializer = literal(codeOf(row, "Initialiser under 'auto'")) as InitializerName;
    const weights = parametersOf({ initializer }, activation);
    expect(parametersOf({ initializer: 'auto' }, activation)).toEqual(weights);
  });

  test('those with an option have the default in the table', () => {
    const told = tableOf(page, 'Function of the activation').map((row) => ({
      name: codeOf(row, 'Function of the activation'),
      ...Object.fromEntries(optionsIn(row['Option and default'] as string)),
    }));
    expect(told).toEqual([leakyRelu(), elu()]);
  });
});

test('the normalisations have the defaults in the table', () => {
  const told = tableOf(page, 'Normalisation').map((row) => [
    codeOf(row, 'Function'),
    {
      name: literal(codeOf(row, 'Normalisation')),
      ...Object.fromEntries(optionsIn(row['Options and defaults'] as string)),
    },
  ]);
  expect(told).toEqual([
    ['batchNorm', batchNorm()],
    ['layerNorm', layerNorm()],
  ]);
});

describe('initialisers', () => {
  test('the table has every initialiser that is a name', () => {
    expect(namesIn(page, 'Initialiser').map(literal).sort()).toEqual([...initializerNames].sort());
  });

  const told = new Map(
    tableOf(page, 'Function of initializers').map((row) => [
      codeOf(row, 'Function of initializers'),
      optionsIn(row['Options and defaults'] as string),
    ]),
  );

  test('the table has every initialiser with options', () => {
    expect([...told.keys()]).toEqual(Object.keys(initializers));
  });

  test.each([
    ['orthogonal', {}],
    ['truncatedNormal', {}],
    ['normal', {}],
    ['constant', { value: 2 }],
  ] as const)('%s has the options and defaults in the table', async (name, required) => {
    const make = initializers[name] as (options: object) => ReturnType<typeof initializers.constant>;
    const options = told.get(name) as Map<string, unknown>;
    expect([...options.keys()].sort()).toEqual((await optionsTaken(make)).sort());
    const defaults = toldDefaults(options);
    expect(Object.keys(defaults).length).toBe(name === 'normal' ? 2 : 1);
    const byDefault = parametersOf({ initializer: make(required) });
    expect(parametersOf({ initializer: make({ ...required, ...defaults }) })).toEqual(byDefault);
  });
});

test('the README counts the activations and the initialisers', () => {
  const [layers] = tableOf('README.md', 'Subject').filter(({ Subject }) =>
    Subject?.includes('docs/layers.md'),
  );
  expect(layers?.Contents).toContain(`${activationNames.length} activations`);
  expect(layers?.Contents).toContain(`${initializerNames.length} initialisers by name`);
});
