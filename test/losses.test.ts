import { describe, expect, it } from 'vitest';
import { type ActivationName, activationNames } from '../lib/activations';
import { defaultLoss, type LossName, lossNames, resolveLoss } from '../lib/losses';
import { Network } from '../lib/network';
import { itRejects } from './bad-input';

describe('the loss', () => {
  it.each([
    ['sigmoid', 'binaryCrossEntropy'],
    ['softmax', 'categoricalCrossEntropy'],
    ['linear', 'meanSquaredError'],
    ['relu', 'meanSquaredError'],
    ['tanh', 'meanSquaredError'],
  ] as const)('of %s outputs is %s by default', (output, loss) => {
    expect(defaultLoss(output)).toBe(loss);
    expect(resolveLoss(undefined, output)).toBe(loss);

    const net = new Network([{ inputDim: 1, outputDim: 2, activation: output }], { seed: 1 });
    const [X, Y] = [[[0.5]], [[1, 0]]];
    const { loss: value } = net.gradients(X, Y);
    expect(value).toBe(net.gradients(X, Y, { loss }).loss);
    expect(net.evaluateSync(X, Y).loss).toBe(net.evaluateSync(X, Y, { loss }).loss);
    expect(net.fitSync(X, Y, { epochs: 1 }).loss).toEqual([value]);
  });

  it.each(activationNames)('may be the mean squared error for %s outputs', (output) => {
    expect(resolveLoss('meanSquaredError', output)).toBe('meanSquaredError');
  });

  const mismatches: [LossName, ActivationName, ActivationName][] = [
    ...activationNames.map((output) => ['binaryCrossEntropy', output, 'sigmoid'] as const),
    ...activationNames.map((output) => ['categoricalCrossEntropy', output, 'softmax'] as const),
  ]
    .filter(([, output, needed]) => output !== needed)
    .map(([...row]) => row);

  itRejects([
    ...mismatches.map(
      ([loss, output, needed]) =>
        [
          `${loss} with ${output} outputs`,
          () => resolveLoss(loss, output),
          RangeError,
          'ERR_BLASNET_ARG_VALUE',
          `Expected loss to be a loss for the output activation '${output}' ('${loss}' needs '${needed}'), ` +
            `got "${loss}" (string)`,
        ] as const,
    ),
    [
      'a loss that does not exist',
      () => resolveLoss('hinge', 'sigmoid'),
      RangeError,
      'ERR_BLASNET_UNKNOWN_NAME',
      "Expected loss to be one of 'binaryCrossEntropy', 'categoricalCrossEntropy', 'meanSquaredError', " +
        'got "hinge" (string)',
    ],
    [
      'a name from the table’s prototype',
      () => resolveLoss('constructor', 'sigmoid'),
      RangeError,
      'ERR_BLASNET_UNKNOWN_NAME',
      "Expected loss to be one of 'binaryCrossEntropy', 'categoricalCrossEntropy', 'meanSquaredError', " +
        'got "constructor" (string)',
    ],
    [
      'a function',
      () => resolveLoss(Math.hypot, 'sigmoid'),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      "Expected loss to be one of 'binaryCrossEntropy', 'categoricalCrossEntropy', 'meanSquaredError', " +
        'got function hypot',
    ],
    [
      'null',
      () => resolveLoss(null, 'sigmoid'),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      "Expected loss to be one of 'binaryCrossEntropy', 'categoricalCrossEntropy', 'meanSquaredError', got null",
    ],
  ]);
});

describe('values by hand, from a network of zeros', () => {
  const X = [[1], [1]];
  const zeros = (outputDim: number, activation: ActivationName) =>
    new Network([{ inputDim: 1, outputDim, activation }], { initializer: 'zeros' });

  it('binary cross-entropy sums over the outputs: 3 log 2', () => {
    const Y = [
      [0, 1, 0],
      [1, 1, 0],
    ];
    const { loss, accuracy } = zeros(3, 'sigmoid').evaluateSync(X, Y);
    expect(loss).toBeCloseTo(3 * Math.LN2, 14);
    expect(accuracy).toBe(0); // one half is not above one half, so that every output says 0
  });

  it('categorical cross-entropy: log 4; the first of equal outputs is the prediction', () => {
    const Y = [
      [1, 0, 0, 0],
      [0, 0, 1, 0],
    ];
    const { loss, accuracy } = zeros(4, 'softmax').evaluateSync(X, Y);
    expect(loss).toBeCloseTo(Math.log(4), 14);
    expect(accuracy).toBe(0.5);
  });

  it('mean squared error: the mean over samples and outputs, without an accuracy', () => {
    const Y = [
      [1, 2],
      [3, 4],
    ];
    expect(zeros(2, 'linear').evaluateSync(X, Y)).toEqual({ loss: (1 + 4 + 9 + 16) / 4 });
  });

  it('soft labels count in the loss', () => {
    const net = zeros(1, 'sigmoid');
    (net.parameters.W1 ?? expect.fail()).data[0] = 1;
    const expected = Math.log1p(Math.exp(1)) - 0.25;
    expect(net.evaluateSync([[1]], [[0.25]]).loss).toBeCloseTo(expected, 14);
  });

  it('stays finite for saturated outputs', () => {
    const net = zeros(1, 'sigmoid');
    (net.parameters.W1 ?? expect.fail()).data[0] = 1e300;
    expect(net.evaluateSync([[1], [-1]], [[0], [0]])).toEqual({ loss: 5e299, accuracy: 0.5 });
    expect(net.gradients([[1]], [[0]]).dW1?.data[0]).toBe(1);
  });

  it('knows every loss', () => {
    expect(lossNames).toEqual(['binaryCrossEntropy', 'categoricalCrossEntropy', 'meanSquaredError']);
  });
});
