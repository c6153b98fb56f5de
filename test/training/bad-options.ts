// Options that a training refuses, and the errors about them.

import { lbfgs } from '../../lib/optimizers/optimizers';
import * as schedules from '../../lib/schedules';
import type { Rejection } from '../network/rejections';
import { X, Y } from './helpers';

export type Row = Rejection<Record<string, unknown>>;

const ones = (length: number) => Array<number>(length).fill(1);
const range = (option: string, rule: string, value: unknown, got: string): Row => ({
  what: `${option}: ${got}`,
  wrong: { [option]: value },
  error: RangeError,
  code: 'ERR_BLASNET_ARG_VALUE',
  message: `Expected ${option} to be ${rule}, got ${got}`,
});
const kind = (option: string, rule: string, value: unknown, got: string): Row => ({
  what: `${option}: ${got}`,
  wrong: { [option]: value },
  error: TypeError,
  code: 'ERR_BLASNET_ARG_TYPE',
  message: `Expected ${option} to be ${rule}, got ${got}`,
});
const unknown = (what: string, options: Record<string, unknown>, message: string): Row => ({
  what,
  wrong: options,
  error: TypeError,
  code: 'ERR_BLASNET_UNKNOWN_OPTION',
  message,
});
const value = (what: string, options: Record<string, unknown>, message: string): Row => ({
  what,
  wrong: options,
  error: RangeError,
  code: 'ERR_BLASNET_ARG_VALUE',
  message,
});
const type = (what: string, options: Record<string, unknown>, message: string): Row => ({
  what,
  wrong: options,
  error: TypeError,
  code: 'ERR_BLASNET_ARG_TYPE',
  message,
});

export const weights: Row[] = [
  {
    what: 'a sample weight too few',
    wrong: { sampleWeight: ones(39) },
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected sampleWeight to be of length 40, one weight per sample, got an array of length 39',
  },
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
    { sampleWeight: ones(40).fill(1e308), classWeight: [1, 1e10] },
    `Expected sampleWeight * classWeight to stay in the range of float64, got Infinity for row ${Y.data.indexOf(1)}`,
  ),
  value(
    'sample weights below range',
    { sampleWeight: ones(40).fill(1e-200), classWeight: [1e-200, 1e-200] },
    'Expected sampleWeight * classWeight to be above 0 in float64 for at least one row, got 0 for all 40',
  ),
  kind('sampleWeight', 'a typed array or an array of numbers', 'balanced', '"balanced" (string)'),
  kind(
    'sampleWeight',
    'a typed array or an array of numbers',
    new BigInt64Array(40),
    'a BigInt64Array of length 40; Float64Array.from(values, Number) converts it',
  ),
  kind('classWeight', 'an object', 2, '2 (number)'),
  kind('classWeight', 'an object', null, 'null'),
  {
    what: 'classWeight: a name that does not exist',
    wrong: { classWeight: 'auto' },
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message: 'Expected classWeight to be \'balanced\', or a weight for each class, got "auto" (string)',
  },
  value(
    'class weights of 0',
    { classWeight: [0, 0] },
    'Expected classWeight to be above 0 for at least one class in Y, got an array of length 2',
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
    'Expected the keys of classWeight to be classes from 0 to 1, got "2" (string)',
  ),
  value(
    'a weight of a class that is a name',
    { classWeight: { cat: 1 } },
    'Expected the keys of classWeight to be classes from 0 to 1, got "cat" (string)',
  ),
  value(
    'weights of which one of each pair is 0',
    { classWeight: [0, 1], sampleWeight: Float64Array.from(Y.data, (y) => 1 - y) },
    'Expected classWeight to be above 0 for at least one class in Y, got an array of length 2',
  ),
];

const data = (options: object) => ({ validationData: { X, Y, ...options } });
export const split: Row[] = [
  ...[0, 1, -0.1, Number.NaN].map((share) =>
    range('validationSplit', 'a number above 0 and below 1', share, `${share} (number)`),
  ),
  kind('validationSplit', 'a number above 0 and below 1', '0.2', '"0.2" (string)'),
  value(
    'a split beside validation data',
    { ...data({}), validationSplit: 0.2 },
    'Expected validationSplit to be left out when validationData is given, got 0.2 (number)',
  ),
  value(
    'stratify without a split',
    { stratify: true },
    'Expected stratify to be left out without validationSplit, got true (boolean)',
  ),
  kind('stratify', 'true or false', 1, '1 (number)'),
  value(
    'a split of one sample of weight above 0',
    { validationSplit: 0.5, seed: 2, sampleWeight: [1, ...Array(39).fill(0)] },
    'Expected validationSplit to be left out for a single sample, got 0.5 (number)',
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
    'In validationData: Expected Y to be a Matrix, a typed array of numbers or an array of rows, got undefined',
  ),
  {
    what: 'validation data of other columns',
    wrong: data({ X: [[1, 2]] }),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: "In validationData: Expected X to have 3 columns (the network's inputDim), got 2",
  },
  {
    what: 'validation weights too few',
    wrong: data({ sampleWeight: [1] }),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message:
      'In validationData: Expected sampleWeight to be of length 40, one weight per sample, got an array of length 1',
  },
];

const patience = 3;
export const watched: Row[] = [
  value(
    'patience without a validation set',
    { earlyStopping: { patience } },
    "Expected earlyStopping.monitor to be one of 'loss', 'accuracy' (for a validation set, pass validationData or validationSplit), got \"valLoss\" (string)",
  ),
  value(
    'a plateau without a validation set',
    { schedule: schedules.reduceOnPlateau() },
    "Expected schedule.monitor to be one of 'loss', 'accuracy' (for a validation set, pass validationData or validationSplit), got \"valLoss\" (string)",
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
  {
    what: 'a mode that does not exist',
    wrong: { earlyStopping: { patience, mode: 'auto' } },
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message: "Expected earlyStopping.mode to be one of 'min', 'max', got \"auto\" (string)",
  },
  unknown(
    'restore_best, which is no option of earlyStopping',
    { earlyStopping: { patience, restore_best: true } },
    'Unknown option "restore_best" in earlyStopping; did you mean "restoreBest"?',
  ),
  kind('earlyStopping', 'an object', 5, '5 (number)'),
];

export const others: Row[] = [
  ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY].flatMap((value) => [
    range('clipValue', 'a positive finite number', value, `${value} (number)`),
    range('clipNorm', 'a positive finite number', value, `${value} (number)`),
  ]),
  range('accumulate', 'a positive integer', 0, '0 (number)'),
  range('accumulate', 'a positive integer', 1.5, '1.5 (number)'),
  kind('progress', 'true or false', 'yes', '"yes" (string)'),
  kind('metrics', "an array such as ['f1', 'rocAuc']", 'f1', '"f1" (string)'),
  {
    what: 'a metric that does not exist',
    wrong: { metrics: ['f-1'] },
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message: 'Unknown metric "f-1" in metrics[0]; did you mean "f1"?',
  },
  value(
    'a metric twice',
    { metrics: ['f1', 'f1'] },
    'Expected metrics[1] to be a metric with a name that no other metric has, got "f1" (string)',
  ),
  kind('callbacks', 'an object', 'log', '"log" (string)'),
  kind('callbacks', 'an object', null, 'null'),
  type(
    'a callback that is no function',
    { callbacks: { onEpochEnd: 1 } },
    'Expected callbacks.onEpochEnd to be a function, got 1 (number)',
  ),
  unknown(
    'on_epoch_end, which is no callback',
    { callbacks: { on_epoch_end: () => {} } },
    'Unknown option "on_epoch_end" in callbacks; did you mean "onEpochEnd"?',
  ),
  unknown(
    'validation_split, which is no option',
    { validation_split: 0.2 },
    'Unknown option "validation_split"; did you mean "validationSplit"?',
  ),
  unknown(
    'class_weight, which is no option',
    { class_weight: 'balanced' },
    'Unknown option "class_weight"; did you mean "classWeight"?',
  ),
  unknown(
    'clipnorm, which is no option',
    { clipnorm: 1 },
    'Unknown option "clipnorm"; did you mean "clipNorm"?',
  ),
];

export const quasiNewton: Row[] = [
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
