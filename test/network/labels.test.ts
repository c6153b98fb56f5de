// Labels that are classes, by number and by name, and the network's own preprocessing of its inputs.

import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../lib/base/matrix';
import type { ActivationName } from '../../lib/layers/activations';
import type { LossName } from '../../lib/layers/losses';
import { metrics } from '../../lib/metrics';
import { Network } from '../../lib/network/network';
import { adam, sgd } from '../../lib/optimizers/optimizers';
import { imputer, labelEncoder, minMaxScaler, preprocessing, standardScaler } from '../../lib/preprocessing';
import { expectError } from '../support/bad-input';
import { oneHot, randomClasses, stateOf } from '../training/helpers';
import { layers, randomMatrix } from './helpers';

const X = randomMatrix(60, 3, 1);
const classes = randomClasses(60, 4, 2);
const names = ['ant', 'bee', 'cat', 'dog'];
const named = Array.from(classes, (label) => names[label] as string);
const options = { epochs: 6, batchSize: 16, optimizer: adam({ learningRate: 0.05 }) };

describe.each(['softmax', 'logSoftmax'] as const)('%s', (output) => {
  const make = (labels?: ReturnType<typeof labelEncoder>) =>
    new Network(layers([3, 5, 4], 'tanh', output), { seed: 1, ...(labels && { labels }) });
  const expected = make();
  const history = expected.fitSync(X, oneHot(classes, 4), options);

  it.each([
    ['an Int32Array', classes],
    ['a Uint8Array', Uint8Array.from(classes)],
    ['a Uint32Array', Uint32Array.from(classes)],
    ['numbers', Array.from(classes)],
  ])('takes classes in %s for one-hot rows, to the last bit', async (_, Y) => {
    const net = make();
    expect(await net.fit(X, Y, options)).toEqual(history);
    expect(stateOf(net)).toEqual(stateOf(expected));
    expect(net.evaluateSync(X, Y)).toEqual(expected.evaluateSync(X, oneHot(classes, 4)));
    expect(net.gradients(X, Y)).toEqual(expected.gradients(X, oneHot(classes, 4)));
  });

  it('takes names for classes, learns them, and answers with them', async () => {
    const net = make(labelEncoder());
    const { loss } = await net.fit(X, named, {
      ...options,
      validationData: { X, Y: named },
      metrics: ['meanSquaredError'],
    });
    expect(loss).toEqual(history.loss);
    expect(net.labels?.classes).toEqual(names);
    const best = Array.from({ length: 60 }, (_, row) => {
      const outputs = net.predictSync(X).toArray()[row] ?? [];
      return names[outputs.indexOf(Math.max(...outputs))];
    });
    expect(net.classifySync(X)).toEqual(best);
    expect(await net.classify(X)).toEqual(best);
    const { accuracy } = net.evaluateSync(X, named);
    expect(best.filter((name, row) => name === named[row]).length / 60).toBe(accuracy);
    expect(net.evaluateSync(X, named, { loss: 'sparseCategoricalCrossEntropy' })).toEqual(
      net.evaluateSync(X, named),
    );
  });
});

describe('two classes and one output', () => {
  const sides = Array.from(X.data.subarray(0, 60), (value) => (value > 0 ? 'yes' : 'no'));
  const x = randomMatrix(60, 1, 1).data.map((_, i) => X.data[i] as number);

  // Labels and threshold must agree: labels 0 and 1 with a threshold of 1/2, or -1 and 1 with 0.
  it.each<[ActivationName, LossName | undefined]>([
    ['sigmoid', undefined],
    ['sigmoid', 'meanSquaredError'],
    ['hardSigmoid', undefined],
    ['tanh', undefined],
    ['tanh', 'hinge'],
    ['linear', undefined],
    ['linear', 'hinge'],
    ['softsign', 'logCosh'],
    ['softplus', 'poisson'],
  ])('are told apart by %s with the loss %s', (output, loss) => {
    const net = new Network([{ inputDim: 1, outputDim: 1, activation: output }], {
      seed: 1,
      labels: labelEncoder(),
    });
    net.fitSync(x, sides, { ...options, epochs: 300, ...(loss && { loss }) });
    const right = net.classifySync(x).filter((side, row) => side === sides[row]).length;
    expect(right).toBeGreaterThan(51);
  });

  it('a network of several outputs learns classes by hinge', () => {
    const net = new Network(layers([3, 5, 4], 'tanh', 'linear'), { seed: 1, labels: labelEncoder() });
    const plain = new Network(layers([3, 5, 4], 'tanh', 'linear'), { seed: 1 });
    const signs = oneHot(classes, 4).map((row) => row.map((one) => 2 * one - 1));
    expect(net.fitSync(X, named, { ...options, loss: 'hinge' })).toEqual(
      plain.fitSync(X, signs, { ...options, loss: 'hinge' }),
    );
  });
});

describe('labels that are wrong', () => {
  const softmax = () => new Network(layers([3, 5, 4], 'tanh', 'softmax'), { seed: 1 });
  const encoder = labelEncoder().fit(names);
  const withNames = () => new Network(layers([3, 5, 4], 'tanh', 'softmax'), { seed: 1, labels: encoder });
  const wrong = (index: number, value: unknown) => Object.assign([...classes], { [index]: value });

  it.each<{ what: string; make: () => Network; Y: unknown; code: string; message: string }>([
    {
      what: 'a class beyond the outputs',
      make: softmax,
      Y: Int32Array.from(classes).fill(4, 7, 8),
      code: 'ERR_BLASNET_ARG_VALUE',
      message:
        'Expected Y to hold integers from 0 to the number of outputs - 1 (the loss is sparseCategoricalCrossEntropy), got 4 at row 7, column 0',
    },
    {
      what: 'half a class',
      make: softmax,
      Y: wrong(3, 0.5),
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected Y[3] to be a class, an integer from 0 to 2^31 - 1, got 0.5 (number)',
    },
    {
      what: 'a negative class',
      make: softmax,
      Y: wrong(3, -1),
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected Y[3] to be a class, an integer from 0 to 2^31 - 1, got -1 (number)',
    },
    {
      what: 'text among classes',
      make: softmax,
      Y: wrong(3, '1'),
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected Y[3] to be a number, got "1" (string); Number(text) converts it',
    },
    {
      what: 'one class too few',
      make: softmax,
      Y: classes.subarray(1),
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected Y to have as many rows as X (60), got 59',
    },
    {
      what: 'no classes',
      make: softmax,
      Y: new Int32Array(0),
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected Y to have at least one row, got 0',
    },
    {
      what: 'a name that nobody has learned',
      make: withNames,
      Y: [...named.slice(1), 'emu'],
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected labels[59] to be one of the classes "ant", "bee", "cat", "dog", got "emu" (string)',
    },
    {
      what: 'more names than outputs',
      make: () => new Network(layers([3, 5, 3], 'tanh', 'softmax'), { seed: 1, labels: encoder }),
      Y: named,
      code: 'ERR_BLASNET_SHAPE',
      message: "Expected labels to have 3 classes, since the network's outputDim is 3, got 4",
    },
  ])('are refused: $what', async ({ make, Y, code, message }) => {
    const net = make();
    for (const call of [() => net.fit(X, Y as never, options), () => net.evaluate(X, Y as never)]) {
      await expect(call()).rejects.toMatchObject({ code, message });
    }
    expect(stateOf(net)).toEqual(stateOf(make()));
  });

  it('a network without names refuses to classify', async () => {
    const message = 'Expected labels to be an option of the network, since classify needs it, got undefined';
    await expect(softmax().classify(X)).rejects.toMatchObject({ code: 'ERR_BLASNET_NOT_FITTED', message });
  });
});

describe('the preprocessing of a network', () => {
  const raw = randomMatrix(60, 3, 5);
  raw.data.forEach((value, i) => {
    raw.data[i] = 100 + 37 * value * (i % 3);
  });
  const pipeline = () => preprocessing([standardScaler(), minMaxScaler()]);
  const make = (own?: ReturnType<typeof preprocessing>) =>
    new Network(layers([3, 5, 4], 'tanh', 'softmax'), { seed: 1, ...(own && { preprocessing: own }) });

  it('does what preprocessing by hand does', async () => {
    const byHand = pipeline();
    const x = byHand.fitTransform(raw);
    const [net, twin] = [make(pipeline()), make()];
    const before = raw.data.slice();
    const history = await net.fit(raw, classes, { ...options, metrics: ['logLoss'] });
    expect(twin.fitSync(x, classes, { ...options, metrics: ['logLoss'] })).toEqual(history);
    expect(stateOf(net)).toEqual(stateOf(twin));
    expect(raw.data).toEqual(before);
    const other = randomMatrix(9, 3, 6);
    const transformed = byHand.transform(other);
    expect(net.predictSync(other)).toEqual(twin.predictSync(transformed));
    expect(await net.predict(other.toArray())).toEqual(twin.predictSync(transformed));
    const labels = randomClasses(9, 4, 7);
    expect(await net.evaluate(other, labels)).toEqual(twin.evaluateSync(transformed, labels));
    expect(net.gradients(other, labels)).toEqual(twin.gradients(transformed, labels));
    const validationData = { X: other, Y: labels };
    const { valLoss } = net.fitSync(raw, classes, { epochs: 1, validationData });
    expect(valLoss).toEqual([
      twin.fitSync(x, classes, { epochs: 1, validationData: { X: transformed, Y: labels } }).valLoss?.[0],
    ]);
  });

  it('learns from the first fit alone', () => {
    const net = make(pipeline());
    net.fitSync(raw, classes, options);
    const before = JSON.stringify(net.preprocessing);
    net.fitSync(X, classes, options);
    expect(JSON.stringify(net.preprocessing)).toBe(before);
  });

  it('refuses NaN without an imputer, and fills it with one', () => {
    const gaps = randomMatrix(60, 3, 5);
    gaps.set(7, 1, Number.NaN);
    const plain = make();
    expect(() => plain.fitSync(gaps, classes, options)).toThrow(
      'Expected X to hold finite numbers, got NaN at row 7, column 1',
    );
    const scaled = make(pipeline());
    expect(() => scaled.fitSync(gaps, classes, options)).toThrow('NaN');
    expect(stateOf(scaled)).toEqual(stateOf(make()));
    const filled = make(preprocessing([imputer(), standardScaler()]));
    expect(filled.fitSync(gaps, classes, options).loss.every(Number.isFinite)).toBe(true);
    expect(filled.predictSync([[Number.NaN, 1, 2]]).data.every(Number.isFinite)).toBe(true);
  });

  it('refuses to be used before it has learned', () => {
    const message =
      'Expected preprocessing to be fitted before the network is used: call fit. The network has a copy of its own, ' +
      'net.preprocessing';
    // A pipeline that is fitted later is not the network's.
    const given = pipeline();
    const net = make(given);
    given.fit(raw);
    expectError(() => net.predictSync(raw), Error, 'ERR_BLASNET_NOT_FITTED', message);
    expectError(() => net.evaluateSync(raw, classes), Error, 'ERR_BLASNET_NOT_FITTED', message);
  });

  it('has to make as many columns as the network takes', () => {
    const net = new Network(layers([2, 4], 'tanh', 'softmax'), { preprocessing: pipeline() });
    expect(() => net.fitSync(raw, classes, options)).toThrow(
      "Expected the preprocessing to output 2 columns (the network's inputDim), got 3",
    );
  });
});

describe('labels one by one, for a single output', () => {
  const signs = Array.from(classes, (label) => label % 2);
  const make = () => new Network(layers([3, 4, 1], 'tanh', 'sigmoid'), { seed: 1 });
  const expected = make();
  const history = expected.fitSync(
    X,
    signs.map((label) => [label]),
    options,
  );

  it.each([
    ['numbers', signs],
    ['an Int32Array', Int32Array.from(signs)],
    ['a Uint8Array', Uint8Array.from(signs)],
  ])('are taken for rows of one when they are %s, to the last bit', (_, Y) => {
    const net = make();
    expect(net.fitSync(X, Y, options)).toEqual(history);
    expect(stateOf(net)).toEqual(stateOf(expected));
  });

  it.each([
    { what: 'none', Y: [], message: 'Expected Y to be a non-empty array of rows, got an array of length 0' },
    {
      what: 'a word among numbers',
      Y: [0, 'one', 1],
      message: 'Expected Y[1] to be a number, got "one" (string)',
    },
    { what: 'too few', Y: [0, 1], message: 'Expected Y to have as many rows as X (60), got 2' },
    { what: 'out of range', Y: [2, ...signs.slice(1)], message: 'Expected Y to hold numbers from 0 to 1' },
  ])('are refused when they are $what', ({ Y, message }) => {
    expect(() => make().fitSync(X, Y as number[], options)).toThrow(message);
  });
});

describe('what was learned from refused data', () => {
  const rows = [[1000], [2000]];

  it.each([
    { what: 'too many labels', Y: [[0], [1], [0]], more: {} },
    { what: 'a label out of range', Y: [[0], [7]], more: {} },
    { what: 'an option that does not exist', Y: [[0], [1]], more: { epoch: 1 } },
  ])('is forgotten after $what', ({ Y, more }) => {
    const net = new Network(layers([1, 1], 'tanh', 'sigmoid'), {
      seed: 1,
      preprocessing: preprocessing([standardScaler()]),
    });
    expect(() => net.fitSync(rows, Y, { epochs: 1, ...more })).toThrow();
    expect(net.preprocessing?.fitted).toBe(false);
    net.fitSync([[1], [3]], [[0], [1]], { epochs: 1 });
    expect(net.preprocessing?.transform([[1], [3]]).toArray()).toEqual([[-1], [1]]);
  });

  it('is forgotten by an encoder, too', () => {
    const net = new Network(layers([1, 1], 'tanh', 'sigmoid'), { seed: 1, labels: labelEncoder() });
    expect(() => net.fitSync(rows, ['a', 'b', 'c'], { epochs: 1 })).toThrow(/to have 2 classes/);
    net.fitSync(rows, ['no', 'yes'], { epochs: 1 });
    expect(net.labels?.classes).toEqual(['no', 'yes']);
  });
});

describe.each(['float64', 'float32'] as const)('labels between 0 and 1 (%s)', (dtype) => {
  it('are right on their side of 1/2 in every report, as in metrics.accuracy', async () => {
    const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'sigmoid' }], { seed: 1, dtype });
    (net.parameters.W1 as Matrix).data[0] = 1;
    const X = [[5], [-5], [5], [-5], [5]];
    const Y = [[0.9], [0.1], [0.2], [0.8], [1]];
    const expected = metrics.accuracy(Y, net.predictSync(X));
    expect(expected).toBe(3 / 5);
    const reports = [net.evaluateSync(X, Y).accuracy, (await net.evaluate(X, Y)).accuracy];
    const options = { epochs: 1, optimizer: sgd({ learningRate: 1e-9 }), validationData: { X, Y } };
    const history = await net.fit(X, Y, options);
    reports.push(history.accuracy?.[0], history.valAccuracy?.[0], net.trainOnBatch(X, Y).accuracy);
    expect(reports).toEqual(Array(5).fill(expected));
  });
});
