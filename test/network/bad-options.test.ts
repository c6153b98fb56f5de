// Options that are wrong, of the network and of its methods.

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

/** Options that do not exist, each with how its message ends. */
function unknownOptions(names: readonly (readonly [name: string, end: string])[]): Rejection<Options>[] {
  return names.map(([name, end]) => [
    `${name}, which is no option`,
    { [name]: 1 },
    TypeError,
    'ERR_BLASNET_UNKNOWN_OPTION',
    `Unknown option "${name}"${end}`,
  ]);
}

/** Rows for an option with a range: values of its kind outside it, and values of other kinds. */
function outside(option: string, rule: string, values: readonly (readonly [value: unknown, got: string])[]) {
  return values.map(([value, got]): Rejection<Options> => {
    const inKind = typeof value === 'number';
    return [
      `${option}: ${got}`,
      { [option]: value },
      inKind ? RangeError : TypeError,
      inKind ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_ARG_TYPE',
      `Expected ${option} to be ${rule}, got ${got}`,
    ];
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
  "'meanAbsoluteError', 'huber', 'logCosh', 'poisson', 'hinge', 'klDivergence'";
const badLosses: Rejection<Options>[] = [
  [
    'loss: an unknown one',
    { loss: 'mse' },
    RangeError,
    'ERR_BLASNET_UNKNOWN_NAME',
    `Expected loss to be one of ${lossNames}, got "mse" (string)`,
  ],
  [
    'loss: one for other outputs',
    { loss: 'categoricalCrossEntropy' },
    RangeError,
    'ERR_BLASNET_ARG_VALUE',
    "Expected loss to be a loss for the output activation 'sigmoid' ('categoricalCrossEntropy' needs 'softmax' " +
      'or \'logSoftmax\'), got "categoricalCrossEntropy" (string)',
  ],
  [
    'loss: a function',
    { loss: () => 0 },
    TypeError,
    'ERR_BLASNET_ARG_TYPE',
    `Expected loss to be one of ${lossNames}, got function loss`,
  ],
  [
    'loss: null',
    { loss: null },
    TypeError,
    'ERR_BLASNET_ARG_TYPE',
    `Expected loss to be one of ${lossNames}, got null`,
  ],
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
  'optimizer, loss, sampleWeight, classWeight, clipValue, clipNorm, threads, epochs, batchSize, accumulate, shuffle, ' +
  'seed, schedule, validationData, validationSplit, stratify, metrics, earlyStopping, callbacks, progress, ' +
  'checkpoint, signal';
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
  [
    'shuffle: 1 (number)',
    { shuffle: 1 },
    TypeError,
    'ERR_BLASNET_ARG_TYPE',
    'Expected shuffle to be true or false, got 1 (number)',
  ],
  ...outside('seed', seedRule, badSeeds),
  ...outside('optimizer', 'an optimizer such as sgd({ learningRate: 0.01 })', [
    [{ name: 'sgd', learningRate: 0.01 }, 'an object (Object)'],
    [{ ...sgd() }, 'an object (Object)'],
    [sgd, 'function sgd'],
    ['sgd', '"sgd" (string)'],
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
    ['verbose', `; known: ${knownFitOptions}`],
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
  ([value, got]): Rejection<unknown> => [
    got,
    value,
    TypeError,
    'ERR_BLASNET_ARG_TYPE',
    `Expected options to be an object, got ${got}`,
  ],
);

describe.each(trainings)('%s rejects', (name, call) => {
  it.each(badFitOptions)('%s', async (...rejection) => {
    const net = network();
    const options = { epochs: 1, ...rejection[1] };
    await expectRejected(name, net, () => call(net, options as never), rejection);
  });

  it.each(notObjects)('%s for options', async (...rejection) => {
    const net = network();
    await expectRejected(name, net, () => call(net, rejection[1] as never), rejection);
  });
});

const unknownLossOption = (end: string): Rejection<Options> => [
  'losss',
  { losss: 'meanSquaredError' },
  TypeError,
  'ERR_BLASNET_UNKNOWN_OPTION',
  `Unknown option "losss"${end}`,
];

const readings: [string, readonly Rejection<Options>[], (net: Network, options: never) => unknown][] = [
  [
    'evaluate',
    [...badLosses, ...badThreads, ...badSignals, unknownLossOption('; did you mean "loss"?')],
    (net, options) => net.evaluate(X, Y, options),
  ],
  [
    'evaluateSync',
    [
      ...badLosses,
      unknownLossOption('; did you mean "loss"?'),
      [
        'a signal, which could not be heard',
        { signal: AbortSignal.abort() },
        TypeError,
        'ERR_BLASNET_UNKNOWN_OPTION',
        'Unknown option "signal"; known: loss, metrics, sampleWeight',
      ],
    ],
    (net, options) => net.evaluateSync(X, Y, options),
  ],
  [
    'gradients',
    [...badLosses, unknownLossOption('; did you mean "loss"?')],
    (net, options) => net.gradients(X, Y, options),
  ],
  [
    'predict',
    [
      ...badThreads,
      ...badSignals,
      [
        'batchSize',
        { batchSize: 32 },
        TypeError,
        'ERR_BLASNET_UNKNOWN_OPTION',
        'Unknown option "batchSize"; known: signal, threads',
      ],
    ],
    (net, options) => net.predict(X, options),
  ],
];

describe.each(readings)('%s rejects', (name, rejections, call) => {
  it.each(rejections)('%s', async (...rejection) => {
    const net = network();
    await expectRejected(name, net, () => call(net, rejection[1] as never), rejection);
  });

  it.each(notObjects.slice(1))('%s for options', async (...rejection) => {
    const net = network();
    await expectRejected(name, net, () => call(net, rejection[1] as never), rejection);
  });
});

describe('new Network rejects', () => {
  const initializers =
    'auto, article, heNormal, heUniform, glorotNormal, glorotUniform, zeros, lecunNormal, lecunUniform, orthogonal, ' +
    'truncatedNormal';
  const table: Rejection<Options>[] = [
    ...outside('seed', seedRule, badSeeds),
    [
      'dtype: an unknown one',
      { dtype: 'float16' },
      RangeError,
      'ERR_BLASNET_UNKNOWN_NAME',
      `Expected dtype to be one of 'float64', 'float32', got "float16" (string)`,
    ],
    [
      'dtype: a number of bits',
      { dtype: 64 },
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      "Expected dtype to be one of 'float64', 'float32', got 64 (number)",
    ],
    [
      'dtype: a class',
      { dtype: Float64Array },
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      "Expected dtype to be one of 'float64', 'float32', got function Float64Array",
    ],
    [
      'initializer: an unknown one',
      { initializer: 'he' },
      RangeError,
      'ERR_BLASNET_UNKNOWN_NAME',
      `Unknown initializer "he"; known: ${initializers}`,
    ],
    ...unknownOptions([
      ['dType', '; did you mean "dtype"?'],
      ['initialiser', '; did you mean "initializer"?'],
      ['sed', '; did you mean "seed"?'],
      ['learningRate', '; known: dtype, seed, initializer, preprocessing, labels'],
    ]),
  ];
  itRejects(
    [...table, ...notObjects.slice(1)].map(
      ([what, options, ...rest]): BadCall => [
        what,
        () => new Network(architecture, options as never),
        ...(rest as [typeof RangeError, 'ERR_BLASNET_ARG_VALUE', string]),
      ],
    ),
  );

  it('the layers before the options', () => {
    expectError(
      () => new Network([], { dtype: 'float16' as never }),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected layers to be a non-empty array of layers, got an array of length 0',
    );
  });
});

describe('what is left out, or undefined, is the default', () => {
  it('of the network', () => {
    const net = new Network(architecture, { dtype: undefined, initializer: undefined, seed: 1 } as never);
    expect(net.predictSync(X)).toEqual(network().predictSync(X));
  });

  it('of fit', () => {
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

  it('of evaluate and predict', async () => {
    const net = network();
    expect(await net.evaluate(X, Y, undefined)).toEqual(net.evaluateSync(X, Y, {}));
    expect(await net.predict(X, undefined)).toEqual(net.predictSync(X, undefined));
  });
});
