// Optimisers, losses, schedules and the like are plain descriptions: they keep their meaning on their way to another
// thread, and in JSON.

import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import * as library from '../../lib/index';
import { layers, randomLabels, randomMatrix, snapshot } from '../network/helpers';
import { itRejects } from '../support/bad-input';

const { Matrix, Network, initializers, labelEncoder, metric, preprocessing, schedules } = library;

const ways: [string, <T>(value: T) => T][] = [
  ['a structured clone', (value) => structuredClone(value)],
  [
    'a message',
    (value) => {
      const { port1, port2 } = new MessageChannel();
      port1.postMessage(value);
      const received = receiveMessageOnPort(port2)?.message;
      port1.close();
      return received;
    },
  ],
  ['JSON', (value) => JSON.parse(JSON.stringify(value))],
  ['another object with its contents', (value) => ({ ...value })],
];

const X = randomMatrix(24, 3, 1);
const Y = randomLabels(24, 1, 2);

/** A training and its result, for all that it may be told by a description. */
function trained(options: Partial<library.FitOptions>, more: library.NetworkOptions = {}, layer = {}) {
  const [first, last] = layers([3, 4, 1], 'tanh', 'sigmoid');
  const net = new Network([{ ...first, ...layer }, last] as library.LayerOptions[], { seed: 1, ...more });
  const history = net.fitSync(X, Y, { epochs: 4, batchSize: 8, ...options });
  return { history, after: snapshot(net) };
}

const { adadelta, adagrad, adam, adamW, adamax, lbfgs, lion, nadam, rmsProp, sgd } = library;

describe.each(ways)('after %s', (way, sent) => {
  it.each([
    sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
    rmsProp({ centered: true }),
    adagrad({ initialAccumulator: 0.1 }),
    adadelta({ decay: 0.8 }),
    adam({ learningRate: 0.03, convention: 'keras' }),
    adamW({ weightDecay: 0.1 }),
    adamax({ beta1: 0.8 }),
    nadam({ momentumDecay: 1 }),
    lion({ learningRate: 0.01 }),
    lbfgs({ historySize: 3 }),
  ])('the optimiser $name trains as before', (optimizer) => {
    const batchSize = optimizer.name === 'lbfgs' ? 'full' : 8;
    expect(trained({ optimizer: sent(optimizer), batchSize })).toEqual(trained({ optimizer, batchSize }));
  });

  it.each([
    library.binaryCrossEntropy({ labelSmoothing: 0.2 }),
    library.huber({ delta: 0.1 }),
    library.quantile({ levels: [0.3] }),
  ])('the loss $name is what it was', (loss) => {
    const { loss: expected } = trained({ loss }).history;
    expect(trained({ loss: sent(loss) }).history.loss).toEqual(expected);
    expect(expected).not.toEqual(trained({ loss: loss.name }).history.loss);
    const net = new Network(layers([3, 1], 'tanh', 'sigmoid'), { seed: 1 });
    expect(net.evaluateSync(X, Y, { loss: sent(loss) })).toEqual(net.evaluateSync(X, Y, { loss }));
  });

  it.each([
    schedules.constant(),
    schedules.step({ every: 2 }),
    schedules.exponential({ decay: 0.5 }),
    schedules.polynomial({ power: 2 }),
    schedules.cosine({ floor: 0.001 }),
    schedules.cosine({ restartEvery: 2, restartFactor: 2 }),
    schedules.oneCycle({ rise: 0.5 }),
    schedules.flatCosine({ flat: 0.25 }),
    schedules.coslog({ cycles: 2 }),
    schedules.warmUp(3, schedules.cosine({ over: 3 }), { from: 0.5 }),
    schedules.warmUp(2, schedules.warmUp(2, schedules.step({ every: 1 }))),
    schedules.reduceOnPlateau({ monitor: 'loss', patience: 0, threshold: 0.5 }),
  ])('the schedule $name gives the same rates', (schedule) => {
    expect(trained({ schedule: sent(schedule) })).toEqual(trained({ schedule }));
  });

  it.each([library.leakyRelu({ negativeSlope: 0.3 }), library.elu({ alpha: 0.7 })])(
    'the activation $name is what it was',
    (activation) => {
      expect(trained({}, {}, { activation: sent(activation) })).toEqual(trained({}, {}, { activation }));
    },
  );

  it.each([library.batchNorm({ momentum: 0.4 }), library.layerNorm({ epsilon: 0.1 })])(
    'the normalisation by $name is what it was',
    (normalization) => {
      expect(trained({}, {}, { normalization: sent(normalization) })).toEqual(
        trained({}, {}, { normalization }),
      );
    },
  );

  it.each([
    initializers.orthogonal({ gain: 2 }),
    initializers.truncatedNormal({ standardDeviation: 0.3 }),
    initializers.constant({ value: 0.1, bias: 0.2 }),
    initializers.initialParameters({ b1: [1, 2, 3, 4] }, initializers.orthogonal({ gain: 3 })),
  ])('the initialiser $name makes the same parameters', (initializer) => {
    expect(trained({}, { initializer: sent(initializer) })).toEqual(trained({}, { initializer }));
  });

  it('early stopping ends the training in the same epoch', () => {
    const earlyStopping = { monitor: 'loss', patience: 0, minDelta: 10 };
    expect(trained({ earlyStopping: sent(earlyStopping) })).toEqual(trained({ earlyStopping }));
  });

  it.each([
    library.standardScaler({ columns: [1], scale: false }),
    library.minMaxScaler({ range: [-1, 1], clip: true }),
    library.robustScaler({ percentiles: [10, 90] }),
    library.imputer({ strategy: 'constant', value: 7, columns: [0] }),
    library.oneHotEncoder({ columns: [0], unknown: 'zeros' }),
  ])('the step $name learns and transforms as before', (step) => {
    const table = [
      [1, 2, 3],
      [2, 5, 1],
      [1, 9, 4],
    ];
    const expected = preprocessing([step]).fitTransform(table);
    expect(preprocessing([sent(step)]).fitTransform(table)).toEqual(expected);
  });

  it('the JSON of preprocessing and labels makes a network that answers alike', () => {
    const names = Array.from(Y.data, (label) => (label > 0.5 ? 'yes' : 'no'));
    const inputs = preprocessing([library.standardScaler()]).fit(X);
    const labels = labelEncoder().fit(names);
    const make = (options: library.NetworkOptions) =>
      new Network(layers([3, 1], 'tanh', 'sigmoid'), { seed: 1, ...options });
    const net = make({ preprocessing: sent(inputs.toJSON()), labels: sent(labels.toJSON()) });
    expect(net.classifySync(X)).toEqual(make({ preprocessing: inputs, labels }).classifySync(X));
    expect(net.labels?.classes).toEqual(['no', 'yes']);
  });

  it.skipIf(way === 'JSON')('a generator goes on where it was', () => {
    const [first, second] = [new library.RandomState(1), new library.RandomState(2)];
    first.randn();
    second.setState(sent(first.getState()));
    expect(second.randn()).toBe(first.randn());
    expect(second.random()).toBe(first.random());
  });

  it.skipIf(way === 'JSON')('a matrix is a matrix', () => {
    const net = new Network(layers([3, 1], 'tanh', 'sigmoid'), { seed: 1 });
    const clone = sent(X);
    expect(clone).not.toBeInstanceOf(Matrix);
    expect(net.predictSync(clone)).toEqual(net.predictSync(X));
    const out = sent(Matrix.zeros(24, 1));
    expect(net.predictSync(X, out)).toBe(out);
    expect(out.data).toEqual(net.predictSync(X).data);
    expect(library.metrics.meanSquaredError(sent(Y), Y)).toBe(0);
  });
});

it('a metric with options comes out of JSON', () => {
  const made = metric('precision', { threshold: 0.6, name: 'precisionAt60' });
  const sent = JSON.parse(JSON.stringify(made));
  expect(trained({ metrics: [sent] })).toEqual(trained({ metrics: [made] }));
});

it('an optimiser that a factory made is the same object, and a training continues with its state', () => {
  const net = new Network(layers([3, 1], 'tanh', 'sigmoid'), { seed: 1 });
  const optimizer = adam();
  const losses = [1, 2, 3].map(() => net.trainOnBatch(X, Y, { optimizer }).loss);
  expect(new Set(losses).size).toBe(3);
});

const training = (options: object) => () =>
  new Network(layers([3, 1], 'tanh', 'sigmoid'), { seed: 1 }).fitSync(X, Y, {
    epochs: 1,
    ...options,
  } as never);
const make = (options: object) => () =>
  new Network(layers([3, 1], 'tanh', 'sigmoid'), { seed: 1, ...options } as never);

describe('a description', () => {
  itRejects([
    {
      what: 'with a bad value',
      call: training({ optimizer: { name: 'adam', learningRate: -1 } }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'In optimizer: Expected learningRate to be a positive finite number, got -1 (number)',
    },
    {
      what: 'with an unknown option',
      call: training({ optimizer: { name: 'adam', learning_rate: 0.1 } }),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'In optimizer: Unknown option "learning_rate"; did you mean "learningRate"?',
    },
    {
      what: 'of an optimiser that does not exist',
      call: training({ optimizer: { name: 'adamX' } }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message:
        'Expected optimizer to be an optimizer such as sgd({ learningRate: 0.01 }), got an object (Object)',
    },
    {
      what: 'of an optimiser that is its name',
      call: training({ optimizer: 'adam' }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message:
        'Expected optimizer to be an optimizer such as sgd({ learningRate: 0.01 }), got "adam" (string); write adam()',
    },
    {
      what: 'of a loss with a bad value',
      call: training({ loss: { name: 'huber', delta: 0 } }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'In loss: Expected delta to be a positive finite number, got 0 (number)',
    },
    {
      what: 'of a schedule whose function was lost',
      call: training({ schedule: JSON.parse(JSON.stringify(schedules.warmUp(2, () => 0.1))) }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message:
        'In schedule: Expected next to be a schedule such as schedules.cosine(), or a function, got undefined',
    },
    {
      what: 'of a schedule with a bad value',
      call: training({ schedule: { name: 'step', every: 0 } }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'In schedule: Expected every to be a positive integer, got 0 (number)',
    },
    {
      what: 'of a constant schedule with an option',
      call: training({ schedule: { name: 'constant', rate: 1 } }),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'In schedule: Unknown option "rate"; known: ',
    },
    {
      what: 'of an initialiser with a bad value',
      call: make({ initializer: { name: 'orthogonal', gain: 0 } }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'In initializer: Expected gain to be a positive finite number, got 0 (number)',
    },
    {
      what: 'of a metric with a bad value',
      call: training({ metrics: [{ name: 'p', base: 'precision', options: { threshold: 'x' } }] }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'In metrics[0]: Expected threshold to be a finite number, got "x" (string)',
    },
    {
      what: 'of a step with a bad value',
      call: () => preprocessing([{ name: 'imputer', options: { strategy: 'mode' } } as never]),
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message:
        "In steps[0]: Expected strategy to be one of 'mean', 'median', 'mostFrequent', 'constant', got \"mode\" (string)",
    },
    {
      what: 'of preprocessing that is a clone without its contents',
      call: make({ preprocessing: structuredClone({ ...preprocessing([library.standardScaler()]) }) }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected preprocessing to be a pipeline from preprocessing(), got an object (Object)',
    },
    {
      what: 'of labels of another name',
      call: make({ labels: { name: 'encoder', version: 1, classes: ['a', 'b'] } }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected labels to be an encoder from labelEncoder(), got an object (Object)',
    },
  ]);
});
