// Wrong options of the network and of its methods.

import { describe, expect, it } from 'vitest';
import { Network } from '../../lib/network/network';
import { sgd } from '../../lib/optimizers/optimizers';
import { type BadCall, expectError, itRejects } from '../support/bad-input';
import { layers, randomLabels, randomMatrix } from './helpers';
import { expectRejected, type Rejection } from './rejections';

const architecture = layers([2, 3, 1], 'relu', 'sigmoid');
const network = () => new Network(architecture, { seed: 1 });
const X = randomMatrix(4, 2, 1);
const Y = randomLabels(4, 1, 2);

type Options = Record<string, unknown>;

/** Options that do not exist, each with the end of its message. */
function unknownOptions(names: readonly (readonly [name: string, end: string])[]): Rejection<Options>[] {
  return names.map(([name, end]) => ({
    what: `${name}, which is no option`,
    wrong: { [name]: 1 },
    error: TypeError,
    code: 'ERR_BLASNET_UNKNOWN_OPTION',
    message: `Unknown option "${name}"${end}`,
  }));
}

/** Rows for an option with a range: values of its kind outside it, and values of other kinds. */
function outside(option: string, rule: string, values: readonly (readonly [value: unknown, got: string])[]) {
  return values.map(([value, got]): Rejection<Options> => {
    const inKind = typeof value === 'number';
    return {
      what: `${option}: ${got}`,
      wrong: { [option]: value },
      error: inKind ? RangeError : TypeError,
      code: inKind ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_ARG_TYPE',
      message: `Expected ${option} to be ${rule}, got ${got}`,
    };
  });
}

const seedRule = 'an integer from 0 to 4294967295';
const badSeeds = [
  [-1, '-1 (number)'],
  [1.5, '1.5 (number)'],
  [2 ** 32, '4294967296 (number)'],
  [Number.NaN, 'NaN (number)'],
  ['1', '"1" (string)'],
  [1n, '1 (bigint)'],
  [null, 'null'],
] as const;

const lossNames =
  "'binaryCrossEntropy', 'categoricalCrossEntropy', 'meanSquaredError', 'sparseCategoricalCrossEntropy', " +
  "'meanAbsoluteError', 'huber', 'logCosh', 'poisson', 'hinge', 'klDivergence', 'quantile'";
const badLosses: Rejection<Options>[] = [
  {
    what: 'loss: an unknown one',
    wrong: { loss: 'mse' },
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message: `Expected loss to be one of ${lossNames}, got "mse" (string); did you mean "meanSquaredError"?`,
  },
  {
    what: 'loss: one for other outputs',
    wrong: { loss: 'categoricalCrossEntropy' },
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message:
      "Expected loss to be a loss for the output activation 'sigmoid' ('categoricalCrossEntropy' needs 'softmax' " +
      'or \'logSoftmax\'), got "categoricalCrossEntropy" (string)',
  },
  {
    what: 'loss: a function',
    wrong: { loss: () => 0 },
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: `Expected loss to be one of ${lossNames}, got function loss`,
  },
  {
    what: 'loss: null',
    wrong: { loss: null },
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: `Expected loss to be one of ${lossNames}, got null`,
  },
];

const badSignals = outside('signal', 'an AbortSignal', [
  [new AbortController(), 'an object (AbortController)'],
  [{ aborted: false }, 'an object (Object)'],
  [null, 'null'],
  [true, 'true (boolean)'],
]);

const badThreads = outside('threads', 'a positive integer', [
  [0, '0 (number)'],
  [-1, '-1 (number)'],
  [1.5, '1.5 (number)'],
  [Number.NaN, 'NaN (number)'],
  ['2', '"2" (string)'],
  [null, 'null'],
]);

const knownFitOptions =
  'optimizer, loss, sampleWeight, classWeight, clipValue, clipNorm, threads, epochs, batchSize, accumulate, dropLast, shuffle, ' +
  'seed, schedule, weightDecaySchedule, dropoutSchedule, validationData, validationSplit, stratify, metrics, earlyStopping, callbacks, progress, ' +
  'checkpoint, priority, distributed, signal, maxSeconds';
const badFitOptions: Rejection<Options>[] = [
  ...outside('epochs', 'a positive integer', [
    [0, '0 (number)'],
    [-1, '-1 (number)'],
    [1.5, '1.5 (number)'],
    [Number.NaN, 'NaN (number)'],
    [Number.POSITIVE_INFINITY, 'Infinity (number)'],
    [2 ** 53, '9007199254740992 (number)'],
    ['10', '"10" (string)'],
    [10n, '10 (bigint)'],
    [undefined, 'undefined'],
    [null, 'null'],
    [true, 'true (boolean)'],
  ]),
  ...outside('batchSize', "a positive integer or 'full'", [
    [0, '0 (number)'],
    [-1, '-1 (number)'],
    [2.5, '2.5 (number)'],
    [Number.NaN, 'NaN (number)'],
    [Number.POSITIVE_INFINITY, 'Infinity (number)'],
    ['all', '"all" (string)'],
    ['32', '"32" (string)'],
    [null, 'null'],
  ]),
  ...outside('shuffle', 'true or false', [
    ['yes', '"yes" (string)'],
    [null, 'null'],
  ]),
  {
    what: 'shuffle: 1 (number)',
    wrong: { shuffle: 1 },
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected shuffle to be true or false, got 1 (number)',
  },
  ...outside('seed', seedRule, badSeeds),
  ...outside('optimizer', 'an optimizer such as sgd({ learningRate: 0.01 })', [
    [{ name: 'sdg', learningRate: 0.01 }, 'an object (Object)'],
    [{ learningRate: 0.01 }, 'an object (Object)'],
    [sgd, 'function sgd'],
    ['sgd', '"sgd" (string); write sgd()'],
    [null, 'null'],
  ]),
  ...badLosses,
  ...badThreads,
  ...badSignals,
  ...unknownOptions([
    ['batch_size', '; did you mean "batchSize"?'],
    ['batchsize', '; did you mean "batchSize"?'],
    ['epoch', '; did you mean "epochs"?'],
    ['Epochs', '; did you mean "epochs"?'],
    ['suffle', '; did you mean "shuffle"?'],
    ['optimiser', '; did you mean "optimizer"?'],
    ['learningRate', `; known: ${knownFitOptions}`],
    ['learning_rate', `; known: ${knownFitOptions}`],
    ['verbose', '; did you mean "progress"?'],
  ]),
];

const trainings: [string, (net: Network, options: never) => unknown][] = [
  ['fit', (net, options) => net.fit(X, Y, options)],
  ['fitSync', (net, options) => net.fitSync(X, Y, options)],
  ['epochs', (net, options) => net.epochs(X, Y, options)],
];

const wrongKinds = [
  [undefined, 'undefined'],
  [null, 'null'],
  [[], 'an array of length 0'],
  [10, '10 (number)'],
  ['epochs', '"epochs" (string)'],
  [() => ({ epochs: 1 }), 'a function'],
] as const;

const notObjects = wrongKinds.map(
  ([value, got]): Rejection<unknown> => ({
    what: `${got} for the options`,
    wrong: value,
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: `Expected options to be an object, got ${got}`,
  }),
);

describe.each(trainings)('%s', (name, call) => {
  it.each(badFitOptions)('rejects $what', async ({ wrong, ...rejection }) => {
    const net = network();
    const options = { epochs: 1, ...wrong };
    // What runs on the calling thread has its priority.
    const message = rejection.message.replace(name === 'fitSync' ? 'priority, distributed, ' : '', '');
    await expectRejected(name, net, () => call(net, options as never), { ...rejection, message });
  });

  it.each(notObjects)('rejects $what', async ({ wrong, ...rejection }) => {
    const net = network();
    await expectRejected(name, net, () => call(net, wrong as never), rejection);
  });
});

const unknownLossOption = (end: string): Rejection<Options> => ({
  what: 'losss, which is no option',
  wrong: { losss: 'meanSquaredError' },
  error: TypeError,
  code: 'ERR_BLASNET_UNKNOWN_OPTION',
  message: `Unknown option "losss"${end}`,
});

const readings: {
  name: string;
  rejections: readonly Rejection<Options>[];
  call: (net: Network, options: never) => unknown;
}[] = [
  {
    name: 'evaluate',
    rejections: [...badLosses, ...badThreads, ...badSignals, unknownLossOption('; did you mean "loss"?')],
    call: (net, options) => net.evaluate(X, Y, options),
  },
  {
    name: 'evaluateSync',
    rejections: [
      ...badLosses,
      unknownLossOption('; did you mean "loss"?'),
      {
        what: 'a signal, which could not be heard',
        wrong: { signal: AbortSignal.abort() },
        error: TypeError,
        code: 'ERR_BLASNET_UNKNOWN_OPTION',
        message: 'Unknown option "signal"; known: loss, metrics, sampleWeight',
      },
    ],
    call: (net, options) => net.evaluateSync(X, Y, options),
  },
  {
    name: 'gradients',
    rejections: [...badLosses, unknownLossOption('; did you mean "loss"?')],
    call: (net, options) => net.gradients(X, Y, options),
  },
  {
    name: 'predict',
    rejections: [
      ...badThreads,
      ...badSignals,
      {
        what: 'batchSize, which predict does not have',
        wrong: { batchSize: 32 },
        error: TypeError,
        code: 'ERR_BLASNET_UNKNOWN_OPTION',
        message: 'Unknown option "batchSize"; known: signal, threads, priority',
      },
    ],
    call: (net, options) => net.predict(X, options),
  },
];

describe.each(readings)('$name', ({ name, rejections, call }) => {
  it.each([...rejections, ...notObjects.slice(1)])('rejects $what', async ({ wrong, ...rejection }) => {
    const net = network();
    await expectRejected(name, net, () => call(net, wrong as never), rejection);
  });
});

describe('new Network', () => {
  const initializers =
    'auto, article, heNormal, heUniform, glorotNormal, glorotUniform, zeros, lecunNormal, lecunUniform, orthogonal, ' +
    'truncatedNormal';
  const table: Rejection<Options>[] = [
    ...outside('seed', seedRule, badSeeds),
    {
      what: 'dtype: an unknown one',
      wrong: { dtype: 'float16' },
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Expected dtype to be one of 'float64', 'float32', got "float16" (string)`,
    },
    {
      what: 'dtype: a number of bits',
      wrong: { dtype: 64 },
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: "Expected dtype to be one of 'float64', 'float32', got 64 (number)",
    },
    {
      what: 'dtype: a class',
      wrong: { dtype: Float64Array },
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: "Expected dtype to be one of 'float64', 'float32', got function Float64Array",
    },
    {
      what: 'initializer: an unknown one',
      wrong: { initializer: 'he' },
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Unknown initializer "he"; known: ${initializers}`,
    },
    ...unknownOptions([
      ['dType', '; did you mean "dtype"?'],
      ['initialiser', '; did you mean "initializer"?'],
      ['sed', '; did you mean "seed"?'],
      ['learningRate', '; known: dtype, seed, initializer, preprocessing, labels, targetScaler'],
    ]),
  ];
  itRejects(
    [...table, ...notObjects.slice(1)].map(
      ({ wrong, ...rest }): BadCall => ({
        ...rest,
        call: () => new Network(architecture, wrong as never),
      }),
    ),
  );

  it('rejects the layers before it looks at the options', () => {
    expectError(
      () => new Network([], { dtype: 'float16' as never }),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected layers to be a non-empty array of layers, got an array of length 0',
    );
  });
});

describe('an option that is left out, or undefined,', () => {
  it('is the default of a network', () => {
    const net = new Network(architecture, { dtype: undefined, initializer: undefined, seed: 1 } as never);
    expect(net.predictSync(X)).toEqual(network().predictSync(X));
  });

  it('is the default of fit', () => {
    const options = {
      epochs: 2,
      batchSize: undefined,
      shuffle: undefined,
      seed: undefined,
      optimizer: undefined,
      loss: undefined,
      threads: undefined,
      signal: undefined,
    } as never;
    expect(network().fitSync(X, Y, options)).toEqual(network().fitSync(X, Y, { epochs: 2 }));
  });

  it('is the default of evaluate and predict', async () => {
    const net = network();
    expect(await net.evaluate(X, Y, undefined)).toEqual(net.evaluateSync(X, Y, {}));
    expect(await net.predict(X, undefined)).toEqual(net.predictSync(X, undefined));
  });
});
