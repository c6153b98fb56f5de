// What fit, fitSync and epochs refuse of their options, beside what test/network/bad-options.test.ts has. What is
// refused leaves parameters, running moments and the generator as they were.

import { describe, expect, it } from 'vitest';
import { Network } from '../../lib/network/network';
import { adam, lbfgs } from '../../lib/optimizers/optimizers';
import * as schedules from '../../lib/schedules';
import { layers, randomLabels, randomMatrix } from '../network/helpers';
import type { Rejection } from '../network/rejections';
import { expectAlike, network, randomClasses, X, Y } from './helpers';

type Row = Rejection<Record<string, unknown>>;

const sum = 'weights of a sum above 0 and in range';
const ones = (length: number) => Array<number>(length).fill(1);
const range = (option: string, rule: string, value: unknown, got: string): Row => [
  `${option}: ${got}`,
  { [option]: value },
  RangeError,
  'ERR_BLASNET_ARG_VALUE',
  `Expected ${option} to be ${rule}, got ${got}`,
];
const kind = (option: string, rule: string, value: unknown, got: string): Row => [
  `${option}: ${got}`,
  { [option]: value },
  TypeError,
  'ERR_BLASNET_ARG_TYPE',
  `Expected ${option} to be ${rule}, got ${got}`,
];
const unknown = (what: string, options: Record<string, unknown>, message: string): Row => [
  what,
  options,
  TypeError,
  'ERR_BLASNET_UNKNOWN_OPTION',
  message,
];
const value = (what: string, options: Record<string, unknown>, message: string): Row => [
  what,
  options,
  RangeError,
  'ERR_BLASNET_ARG_VALUE',
  message,
];
const type = (what: string, options: Record<string, unknown>, message: string): Row => [
  what,
  options,
  TypeError,
  'ERR_BLASNET_ARG_TYPE',
  message,
];

const tiny = ones(40).fill(1e-312);

const weights: Row[] = [
  [
    'a sample weight too few',
    { sampleWeight: ones(39) },
    RangeError,
    'ERR_BLASNET_SHAPE',
    'Expected sampleWeight to be of length 40, one a sample, got an array of length 39',
  ],
  value(
    'a negative sample weight',
    { sampleWeight: [...ones(39), -1] },
    'Expected sampleWeight[39] to be a finite number of at least 0, got -1 (number)',
  ),
  value(
    'a sample weight that is not finite',
    { sampleWeight: new Float64Array(40).fill(Number.NaN) },
    'Expected sampleWeight[0] to be a finite number of at least 0, got NaN (number)',
  ),
  type(
    'a sample weight that is text',
    { sampleWeight: [...ones(39), '1'] },
    'Expected sampleWeight[39] to be a finite number of at least 0, got "1" (string)',
  ),
  value(
    'sample weights of 0',
    { sampleWeight: new Float32Array(40) },
    'Expected sampleWeight to be not all 0, got a Float32Array of length 40',
  ),
  value(
    'sample weights beyond range',
    { sampleWeight: ones(40).fill(1e308) },
    `Expected sampleWeight to be ${sum}, got Infinity (number)`,
  ),
  value(
    'sample weights below range',
    { sampleWeight: tiny },
    `Expected sampleWeight to be ${sum}, got ${tiny.reduce((all, weight) => all + weight, 0)} (number)`,
  ),
  kind('sampleWeight', 'a typed array or an array of numbers', 'balanced', '"balanced" (string)'),
  kind(
    'sampleWeight',
    'a typed array or an array of numbers',
    new Int32Array(40),
    'an Int32Array of length 40',
  ),
  kind('classWeight', 'an object', 2, '2 (number)'),
  kind('classWeight', 'an object', null, 'null'),
  [
    'classWeight: a name that does not exist',
    { classWeight: 'auto' },
    RangeError,
    'ERR_BLASNET_UNKNOWN_NAME',
    'Expected classWeight to be \'balanced\', or a weight a class, got "auto" (string)',
  ],
  value(
    'class weights of 0',
    { classWeight: [0, 0] },
    'Expected classWeight to be not 0 for every class that there is, got an array of length 2',
  ),
  value(
    'a negative class weight',
    { classWeight: { 1: -2 } },
    'Expected classWeight[1] to be a finite number of at least 0, got -2 (number)',
  ),
  type(
    'a class weight that is text',
    { classWeight: { 1: '2' } },
    'Expected classWeight[1] to be a finite number of at least 0, got "2" (string)',
  ),
  value(
    'a weight of a class that does not exist',
    { classWeight: [1, 1, 1] },
    'Expected the keys of classWeight to be of classes from 0 to 1, got "2" (string)',
  ),
  value(
    'a weight of a class that is a name',
    { classWeight: { cat: 1 } },
    'Expected the keys of classWeight to be of classes from 0 to 1, got "cat" (string)',
  ),
  value(
    'weights of which one of each pair is 0',
    { classWeight: [0, 1], sampleWeight: Float64Array.from(Y.data, (y) => 1 - y) },
    `Expected sampleWeight * classWeight to be ${sum}, got 0 (number)`,
  ),
];

const data = (options: object) => ({ validationData: { X, Y, ...options } });
const split: Row[] = [
  ...[0, 1, -0.1, Number.NaN].map((share) =>
    range('validationSplit', 'a number above 0 and below 1', share, `${share} (number)`),
  ),
  kind('validationSplit', 'a number above 0 and below 1', '0.2', '"0.2" (string)'),
  value(
    'a split beside validation data',
    { ...data({}), validationSplit: 0.2 },
    'Expected validationSplit to be left out where validationData is given, got 0.2 (number)',
  ),
  value(
    'stratify without a split',
    { stratify: true },
    'Expected stratify to be left out without validationSplit, got true (boolean)',
  ),
  kind('stratify', 'true or false', 1, '1 (number)'),
  value(
    'a share without weight',
    { validationSplit: 0.5, seed: 2, sampleWeight: [1, ...Array(39).fill(0)] },
    "Expected the held-out samples' sampleWeight to be weights of a sum above 0 and in range, got 0 (number)",
  ),
  value(
    'training samples without weight',
    { validationSplit: 0.5, seed: 1, sampleWeight: [1, ...Array(39).fill(0)] },
    "Expected the training samples' weights to be weights of a sum above 0 and in range, got 0 (number)",
  ),
  kind('validationData', 'an object', [X, Y], 'an array of length 2'),
  unknown(
    'validation data by other names',
    data({ x: X }),
    'Unknown option "x" in validationData; did you mean "X"?',
  ),
  type(
    'validation data without labels',
    { validationData: { X } },
    'In validationData: Expected Y to be a Matrix, a typed array or an array of rows, got undefined',
  ),
  [
    'validation data of other columns',
    data({ X: [[1, 2]] }),
    RangeError,
    'ERR_BLASNET_SHAPE',
    "In validationData: Expected X to have 3 columns (the network's inputDim), got 2",
  ],
  [
    'validation weights too few',
    data({ sampleWeight: [1] }),
    RangeError,
    'ERR_BLASNET_SHAPE',
    'In validationData: Expected sampleWeight to be of length 40, one a sample, got an array of length 1',
  ],
];

const patience = 3;
const watched: Row[] = [
  value(
    'patience without a validation set',
    { earlyStopping: { patience } },
    "Expected earlyStopping.monitor to be one of 'loss', 'accuracy'; a validation set is missing, got \"valLoss\" (string)",
  ),
  value(
    'a plateau without a validation set',
    { schedule: schedules.reduceOnPlateau() },
    "Expected schedule.monitor to be one of 'loss', 'accuracy'; a validation set is missing, got \"valLoss\" (string)",
  ),
  value(
    'a series that nobody computes',
    { ...data({}), metrics: ['f1'], earlyStopping: { patience, monitor: 'valRecall' } },
    "Expected earlyStopping.monitor to be one of 'loss', 'accuracy', 'valLoss', 'valAccuracy', 'valF1', got \"valRecall\" (string)",
  ),
  value(
    'a series of one’s own without a direction',
    { earlyStopping: { patience, monitor: 'own' } },
    "Expected earlyStopping.mode to be given as 'min' or 'max' for a series such as 'own', got undefined",
  ),
  type(
    'no patience',
    { earlyStopping: {} },
    'Expected earlyStopping.patience to be an integer of at least 0, got undefined',
  ),
  value(
    'a negative patience',
    { earlyStopping: { patience: -1 } },
    'Expected earlyStopping.patience to be an integer of at least 0, got -1 (number)',
  ),
  value(
    'a negative minDelta',
    { earlyStopping: { patience, minDelta: -1 } },
    'Expected earlyStopping.minDelta to be a finite number of at least 0, got -1 (number)',
  ),
  [
    'a mode that does not exist',
    { earlyStopping: { patience, mode: 'auto' } },
    RangeError,
    'ERR_BLASNET_UNKNOWN_NAME',
    "Expected earlyStopping.mode to be one of 'min', 'max', got \"auto\" (string)",
  ],
  unknown(
    'restore_best_weights',
    { earlyStopping: { patience, restore_best: true } },
    'Unknown option "restore_best" in earlyStopping; did you mean "restoreBest"?',
  ),
  kind('earlyStopping', 'an object', 5, '5 (number)'),
];

const others: Row[] = [
  ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY].flatMap((value) => [
    range('clipValue', 'a positive finite number', value, `${value} (number)`),
    range('clipNorm', 'a positive finite number', value, `${value} (number)`),
  ]),
  range('accumulate', 'a positive integer', 0, '0 (number)'),
  range('accumulate', 'a positive integer', 1.5, '1.5 (number)'),
  kind('progress', 'true or false', 'yes', '"yes" (string)'),
  kind('metrics', "an array such as ['f1', 'rocAuc']", 'f1', '"f1" (string)'),
  [
    'a metric that does not exist',
    { metrics: ['f-1'] },
    RangeError,
    'ERR_BLASNET_UNKNOWN_NAME',
    'Unknown metric "f-1" in metrics[0]; did you mean "f1"?',
  ],
  value(
    'a metric twice',
    { metrics: ['f1', 'f1'] },
    'Expected metrics[1] to be under a name of its own in the history, got "f1" (string)',
  ),
  kind('callbacks', 'an object', 'log', '"log" (string)'),
  kind('callbacks', 'an object', null, 'null'),
  type(
    'a callback that is no function',
    { callbacks: { onEpochEnd: 1 } },
    'Expected callbacks.onEpochEnd to be a function, got 1 (number)',
  ),
  unknown(
    'on_epoch_end',
    { callbacks: { on_epoch_end: () => {} } },
    'Unknown option "on_epoch_end" in callbacks; did you mean "onEpochEnd"?',
  ),
  unknown(
    'validation_split',
    { validation_split: 0.2 },
    'Unknown option "validation_split"; did you mean "validationSplit"?',
  ),
  unknown(
    'class_weight',
    { class_weight: 'balanced' },
    'Unknown option "class_weight"; did you mean "classWeight"?',
  ),
  unknown('clipnorm', { clipnorm: 1 }, 'Unknown option "clipnorm"; did you mean "clipNorm"?'),
];

const quasiNewton: Row[] = [
  value(
    'lbfgs with mini-batches',
    { optimizer: lbfgs(), batchSize: 8 },
    "Expected batchSize to be 'full' with lbfgs, got 8 (number)",
  ),
  value(
    'lbfgs with a schedule',
    { optimizer: lbfgs(), schedule: schedules.cosine() },
    'Expected schedule to be left out with lbfgs, got an object (Object)',
  ),
  value(
    'lbfgs with clipping by value',
    { optimizer: lbfgs(), clipValue: 1 },
    'Expected clipValue to be left out with lbfgs, got 1 (number)',
  ),
  value(
    'lbfgs with clipping by norm',
    { optimizer: lbfgs(), clipNorm: 1 },
    'Expected clipNorm to be left out with lbfgs, got 1 (number)',
  ),
];

const trainings: [string, (net: Network, options: never, y?: unknown) => unknown][] = [
  ['fit', (net, options, y = Y) => net.fit(X, y as never, options)],
  ['fitSync', (net, options, y = Y) => net.fitSync(X, y as never, options)],
  ['epochs', (net, options, y = Y) => net.epochs(X, y as never, options).next()],
];

async function expectRefused(call: () => unknown, [, , errorClass, code, message]: Row): Promise<void> {
  let error: unknown;
  try {
    await call();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code, message });
  expect((error as Error).constructor).toBe(errorClass);
}

const normalized = () => network({ normalization: 'batch' });

describe.each(trainings)('%s rejects', (_, call) => {
  it.each([...weights, ...split, ...watched, ...others, ...quasiNewton])('%s', async (...row) => {
    const net = normalized();
    await expectRefused(() => call(net, { epochs: 1, ...row[1] } as never), row);
    expectAlike(net, normalized());
  });

  it.each(['dropout', 'noise', 'maxNorm'] as const)('lbfgs with %s', async (option) => {
    const make = () => network({ [option]: 0.5 });
    const net = make();
    await expectRefused(
      () => call(net, { epochs: 1, optimizer: lbfgs() } as never),
      value(
        '',
        {},
        'Expected optimizer to be another than lbfgs for a network with dropout, noise or maxNorm, got "lbfgs" (string)',
      ),
    );
    expectAlike(net, make());
  });

  it.each([
    [
      'a metric that needs probabilities',
      { metrics: ['f1'] },
      "Expected metrics[0] to be a metric for the output activation 'linear' ('f1' needs 'sigmoid' or 'softmax'), got \"f1\" (string)",
    ],
    [
      'class weights',
      { classWeight: 'balanced' },
      'Expected classWeight to be left out where labels are no classes (the loss is meanSquaredError, the output linear), got "balanced" (string)',
    ],
    [
      'stratify',
      { validationSplit: 0.5, stratify: true },
      'Expected stratify to be left out where labels are no classes (the loss is meanSquaredError, the output linear), got true (boolean)',
    ],
  ])('%s for a regression', async (what, options, message) => {
    const make = () => new Network(layers([3, 4, 1], 'tanh', 'linear'), { seed: 1 });
    const net = make();
    await expectRefused(() => call(net, { epochs: 1, ...options } as never), value(what, {}, message));
    expectAlike(net, make());
  });

  it.each([
    ['class weights', { classWeight: 'balanced' }],
    ['stratify', { validationSplit: 0.5, stratify: true }],
  ])('%s for labels that are in no class', async (what, options) => {
    const make = () => new Network(layers([3, 4, 3], 'tanh', 'softmax'), { seed: 1 });
    for (const [wrong, got] of [
      [-1, '-1'],
      [3, '3'],
      [2 ** 31 - 1, '2147483647'],
    ] as const) {
      const net = make();
      const labels = randomClasses(40, 3, 3);
      labels[7] = wrong;
      await expectRefused(
        () => call(net, { epochs: 1, ...options } as never, labels),
        value(what, {}, `Expected Y to hold classes from 0 to 2, got ${got} at row 7`),
      );
      expectAlike(net, make(), X, randomLabels(40, 3, 5));
    }
    const several = randomMatrix(40, 3, 1);
    several.data.fill(1, 9, 12);
    const net = make();
    await expectRefused(
      () => call(net, { epochs: 1, ...options } as never, several),
      value(what, {}, 'Expected Y to hold one largest label a row, got several at row 3'),
    );
    expectAlike(net, make(), X, randomLabels(40, 3, 5));
  });

  it.each([
    ['an input', 'ERR_BLASNET_NOT_FINITE', 'X to hold finite numbers, got NaN at row 1, column 2'],
    [
      'a label',
      'ERR_BLASNET_ARG_VALUE',
      'Y to hold numbers from 0 to 1 (the loss is binaryCrossEntropy), got 2 at row 1, column 0',
    ],
  ] as const)('validation data with %s that is none', async (what, code, message) => {
    const net = normalized();
    const [x, y] = [randomMatrix(2, 3, 1), randomLabels(2, 1, 1)];
    if (what === 'an input') x.set(1, 2, Number.NaN);
    else y.set(1, 0, 2);
    const options = { epochs: 1, validationData: { X: x, Y: y } };
    const wrong: Row = ['', {}, RangeError, code, `In the validation set: Expected ${message}`];
    await expectRefused(() => call(net, options as never), wrong);
    expectAlike(net, normalized());
  });

  it('a single sample to be split', async () => {
    const net = network();
    await expectRefused(
      () => net.fit([[1, 2, 3]], [[1]], { epochs: 1, validationSplit: 0.5 }),
      value('', {}, 'Expected validationSplit to be left out for a single sample, got 0.5 (number)'),
    );
  });
});

it('batches beyond those of an epoch are all of them', () => {
  const [beyond, all] = [network(), network()];
  const options = { epochs: 3, batchSize: 8, optimizer: adam() };
  const history = beyond.fitSync(X, Y, { ...options, accumulate: Number.MAX_SAFE_INTEGER });
  expect(all.fitSync(X, Y, { ...options, accumulate: 5 })).toEqual(history);
  expectAlike(beyond, all);
});

it('a batch size beyond the samples is a full batch', () => {
  const [beyond, full] = [network(), network()];
  const history = beyond.fitSync(X, Y, { epochs: 3, batchSize: 1000, optimizer: adam() });
  expect(full.fitSync(X, Y, { epochs: 3, batchSize: 'full', optimizer: adam() })).toEqual(history);
  expectAlike(beyond, full);
});
