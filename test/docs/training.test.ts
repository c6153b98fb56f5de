// The tables of docs/training.md agree with the library: fit and its options, losses, early stopping, callbacks.

import { describe, expect, test } from 'vitest';
import {
  type ActivationName,
  binaryCrossEntropy,
  categoricalCrossEntropy,
  type FitOptions,
  huber,
  type LabelsLike,
  type LossName,
  Network,
  progressBar,
  quantile,
  sparseCategoricalCrossEntropy,
} from '../../lib/index';
import { activationNames } from '../../lib/layers/activations';
import { defaultLoss, lossEntry, lossNames, resolveLoss } from '../../lib/layers/losses';
import { EarlyStopping } from '../../lib/training/early-stopping';
import { completeFitOptions } from '../../lib/training/options';
import {
  codeIn,
  codeOf,
  evaluate,
  namesIn,
  optionsIn,
  optionsOf,
  optionsTaken,
  tableOf,
  toldDefaults,
} from './markdown';

const page = 'docs/training.md';

const X = [
  [0.5, -1],
  [2, 0.25],
  [-0.75, 1],
];

function network(activation: ActivationName): Network {
  return new Network([{ inputDim: 2, outputDim: 2, activation }], { seed: 1 });
}

const net = network('linear');
const train = (options: FitOptions) => net.fit(X, X, options);

describe('the options of fit', () => {
  const told = optionsOf(page, 'Option of fit');

  test('the table has every option', async () => {
    expect([...told.keys()].sort()).toEqual((await optionsTaken(train)).sort());
  });

  test('the table has the defaults', () => {
    const defaults = toldDefaults(told);
    expect(Object.keys(defaults)).toEqual([
      'batchSize',
      'accumulate',
      'dropLast',
      'shuffle',
      'stratify',
      'progress',
      'priority',
    ]);
    const completed = completeFitOptions(
      { epochs: 1 },
      net.architecture,
      1000,
      resolveLoss(undefined, 'linear'),
    );
    expect(completed).toMatchObject(defaults);
    expect(completed.optimizer.name).toBe('sgd');
  });

  test('the methods with fewer options take those in the table', async () => {
    const rows = tableOf(page, 'Method with fewer options');
    const options = new Map(
      rows.map((row) => [codeOf(row, 'Method with fewer options'), codeIn(row.Options as string)]),
    );
    const taken = {
      partialFit: await optionsTaken((unknown) => net.partialFit(X, X, unknown)),
      trainOnBatch: await optionsTaken((unknown) => net.trainOnBatch(X, X, unknown)),
    };
    expect(Object.fromEntries(options)).toEqual(taken);
  });

  test('the methods that train are there', () => {
    for (const name of namesIn(page, 'Method')) expect(net).toHaveProperty(name);
  });
});

describe('losses', () => {
  const rows = tableOf(page, 'Loss');

  test('the table has every loss', () => {
    expect(namesIn(page, 'Loss').sort()).toEqual([...lossNames].sort());
  });

  test.each(rows)('outputs, labels and accuracy of $Loss are those in the table', (row) => {
    const loss = lossEntry(codeOf(row, 'Loss') as LossName);
    const names = codeIn(row['Output activation'] as string);
    const outputs =
      row['Output activation'] === 'any'
        ? activationNames
        : /^any but/.test(row['Output activation'] as string)
          ? activationNames.filter((name) => !names.includes(name))
          : names;
    expect([...outputs].sort()).toEqual([...loss.outputs].sort());
    expect(row.Labels).toBe(loss.labels);
    expect(row.Accuracy).toBe(loss.accuracy ? 'yes' : 'no');
  });

  const labelsOf = (name: LossName): LabelsLike => {
    if (name === 'sparseCategoricalCrossEntropy') return [1, 0, 1];
    if (name === 'hinge')
      return [
        [1, -1],
        [-1, -1],
        [1, 1],
      ];
    return [
      [0.25, 0.75],
      [1, 0.5],
      [0.125, 0.875],
    ];
  };

  test.each(rows)('the formula of $Loss gives its values', (row) => {
    const name = codeOf(row, 'Loss') as LossName;
    const formula = row['Formula for a sample'] as string;
    const model = network(lossEntry(name).outputs[0] ?? 'linear');
    const outputs = model.predictSync(X).toArray();
    const labels = labelsOf(name) as (number | number[])[];
    const losses = outputs.map((a, r) => {
      const y = labels[r] as number | number[];
      const term = (i: number) =>
        evaluate(codeIn(formula)[0] as string, {
          a: a[i],
          p: a[i],
          y: (y as number[])[i],
          delta: 1,
          level: 0.5,
        });
      if (typeof y === 'number') return term(y);
      const sum = a.reduce((total, _, i) => total + term(i), 0);
      return formula.startsWith('mean of') ? sum / a.length : sum;
    });
    const mean = losses.reduce((total, loss) => total + loss, 0) / losses.length;
    expect(model.evaluateSync(X, labelsOf(name), { loss: name }).loss).toBeCloseTo(mean, 9);
  });

  test('the default losses are those in the table', () => {
    const column = 'If the output activation is';
    const told = tableOf(page, column).flatMap((row) => {
      const [loss] = codeIn(row['The default loss is'] as string);
      return codeIn(row[column] as string).map((name) => [name, loss] as const);
    });
    const special = new Map<string, string | undefined>(told);
    for (const name of activationNames)
      expect(special.get(name) ?? 'meanSquaredError').toBe(defaultLoss(name));
  });

  test('those with an option have the default in the table', () => {
    const column = 'Function of the loss';
    const told = tableOf(page, column).map((row) => ({
      name: codeOf(row, column),
      ...Object.fromEntries(optionsIn(row['Option and default'] as string)),
    }));
    expect(told).toEqual([
      binaryCrossEntropy(),
      categoricalCrossEntropy(),
      sparseCategoricalCrossEntropy(),
      huber(),
      quantile(),
    ]);
  });
});

test('the gradients by the inputs have the options in the table', async () => {
  const told = optionsOf(page, 'Option of inputGradients');
  const taken = await optionsTaken((options) => net.inputGradientsSync(X, options));
  expect([...told.keys()].sort()).toEqual(taken.sort());
  expect(toldDefaults(told)).toEqual({ output: 0 });
});

test('early stopping has the options and defaults in the table', async () => {
  const told = optionsOf(page, 'Option of earlyStopping');
  const taken = await optionsTaken((earlyStopping) => train({ epochs: 1, earlyStopping }));
  expect([...told.keys()]).toEqual(taken);
  const defaults = toldDefaults(told);
  expect(Object.keys(defaults)).toEqual(['monitor', 'minDelta', 'restoreBest']);
  expect(new EarlyStopping({ patience: 1 }).settings).toMatchObject(defaults);
});

test('the callbacks are those in the table', async () => {
  const taken = await optionsTaken((callbacks) => train({ epochs: 1, callbacks }));
  expect(namesIn(page, 'Callback')).toEqual(taken);
});

test('the progress bar has the options in the table', async () => {
  const told = optionsOf(page, 'Option of progressBar');
  expect([...told.keys()]).toEqual(await optionsTaken(progressBar));
  expect(toldDefaults(told)).toEqual({ startEpoch: 0 });
});

test('the plot of a history has the options in the table', async () => {
  const told = optionsOf(page, 'Option of plot');
  const history = net.fitSync(X, X, { epochs: 1 });
  expect([...told.keys()]).toEqual(await optionsTaken((options) => history.plot(options)));
  expect(history.plot(toldDefaults(told))).toBe(history.plot());
});

test('the series of a history are those in the table', () => {
  const { loss, accuracy, valLoss, valAccuracy, ...others } = network('sigmoid').fitSync(
    X,
    [
      [0, 1],
      [1, 1],
      [1, 0],
    ],
    {
      epochs: 1,
      validationData: {
        X,
        Y: [
          [0, 1],
          [1, 1],
          [1, 0],
        ],
      },
      metrics: ['f1'],
      schedule: (_, base) => base,
    },
  );
  const told = namesIn(page, 'Series').filter((name) => /^\w+$/.test(name));
  expect([loss, accuracy, valLoss, valAccuracy].every((series) => series?.length === 1)).toBe(true);
  expect(Object.keys(others)).toEqual(['valF1', 'learningRate']);
  expect(new Set(told)).toEqual(
    new Set(['loss', 'accuracy', 'valLoss', 'valAccuracy', 'learningRate', 'f1', 'val', 'valF1']),
  );
});

test('the README counts the losses', () => {
  const [row] = tableOf('README.md', 'Subject').filter(({ Subject }) =>
    Subject?.includes('docs/training.md'),
  );
  expect(row?.Contents).toContain(`${lossNames.length} losses`);
});
