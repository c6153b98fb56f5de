import { describe, expect, it } from 'vitest';
import { type ActivationName, activationNames } from '../../lib/layers/activations';
import {
  binaryCrossEntropy,
  categoricalCrossEntropy,
  defaultLoss,
  huber,
  type LossName,
  lossNames,
  resolveLoss,
  sparseCategoricalCrossEntropy,
} from '../../lib/layers/losses';
import { Network } from '../../lib/network/network';
import { expectError, itRejects } from '../support/bad-input';

describe('the loss', () => {
  it.each([
    ['sigmoid', 'binaryCrossEntropy'],
    ['softmax', 'categoricalCrossEntropy'],
    ['linear', 'meanSquaredError'],
    ['relu', 'meanSquaredError'],
    ['tanh', 'meanSquaredError'],
    ['exponential', 'meanSquaredError'],
    ['logSoftmax', 'categoricalCrossEntropy'],
  ] as const)('%s outputs have the loss %s by default', (output, loss) => {
    expect(defaultLoss(output)).toBe(loss);
    expect(resolveLoss(undefined, output)).toEqual(resolveLoss(loss, output));

    const net = new Network([{ inputDim: 1, outputDim: 2, activation: output }], { seed: 1 });
    const [X, Y] = [[[0.5]], [[1, 0]]];
    const { loss: value } = net.gradients(X, Y);
    expect(value).toBe(net.gradients(X, Y, { loss }).loss);
    expect(net.evaluateSync(X, Y).loss).toBe(net.evaluateSync(X, Y, { loss }).loss);
    expect(net.fitSync(X, Y, { epochs: 1 }).loss).toEqual([value]);
  });

  it.each(activationNames)('may be the mean squared error for %s outputs', (output) => {
    expect(resolveLoss('meanSquaredError', output)).toEqual({ name: 'meanSquaredError', options: {} });
  });

  // The outputs that each loss works with, and their description in errors.
  const softmaxes = ['softmax', 'logSoftmax'] as const;
  const legal: { loss: LossName; outputs: readonly ActivationName[]; needed: string }[] = [
    { loss: 'binaryCrossEntropy', outputs: ['sigmoid'], needed: "'sigmoid'" },
    { loss: 'categoricalCrossEntropy', outputs: softmaxes, needed: "'softmax' or 'logSoftmax'" },
    { loss: 'sparseCategoricalCrossEntropy', outputs: softmaxes, needed: "'softmax' or 'logSoftmax'" },
    { loss: 'poisson', outputs: ['softplus', 'exponential'], needed: "'softplus' or 'exponential'" },
    { loss: 'klDivergence', outputs: ['sigmoid', 'softmax'], needed: "'sigmoid' or 'softmax'" },
    {
      loss: 'hinge',
      outputs: activationNames.filter((name) => !softmaxes.includes(name as 'softmax')),
      needed: "any except 'softmax' and 'logSoftmax'",
    },
    ...(['meanSquaredError', 'meanAbsoluteError', 'huber', 'logCosh', 'quantile'] as const).map((loss) => ({
      loss,
      outputs: activationNames,
      needed: '',
    })),
  ];

  it('each loss is in the table of outputs', () => {
    expect(legal.map(({ loss }) => loss).sort()).toEqual([...lossNames].sort());
    for (const { loss, outputs } of legal) {
      for (const output of outputs) expect(resolveLoss(loss, output).name).toBe(loss);
    }
  });

  itRejects(
    legal.flatMap(({ loss, outputs, needed }) =>
      activationNames
        .filter((output) => !outputs.includes(output))
        .map(
          (output) =>
            ({
              what: `${loss} with ${output} outputs`,
              call: () => resolveLoss(loss, output),
              error: RangeError,
              code: 'ERR_BLASNET_ARG_VALUE',
              message:
                `Expected loss to be a loss for the output activation '${output}' ('${loss}' needs ${needed}), ` +
                `got "${loss}" (string)`,
            }) as const,
        ),
    ),
  );

  const names = `one of ${lossNames.map((name) => `'${name}'`).join(', ')}`;
  const such = 'the name of a loss, or a loss such as huber({ delta: 2 })';
  itRejects([
    {
      what: 'a loss that does not exist',
      call: () => resolveLoss('mse', 'sigmoid'),
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Expected loss to be ${names}, got "mse" (string); did you mean "meanSquaredError"?`,
    },
    {
      what: 'a name from the table’s prototype',
      call: () => resolveLoss('constructor', 'sigmoid'),
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Expected loss to be ${names}, got "constructor" (string)`,
    },
    {
      what: 'a function',
      call: () => resolveLoss(huber, 'sigmoid'),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected loss to be ${names}, got function huber`,
    },
    {
      what: 'null',
      call: () => resolveLoss(null, 'sigmoid'),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected loss to be ${names}, got null`,
    },
    {
      what: 'an object with a name that does not exist',
      call: () => resolveLoss({ name: 'hubert', delta: 2 }, 'linear'),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected loss to be ${such}, got an object (Object)`,
    },
    {
      what: 'a copy of what a factory made, with a bad value',
      call: () => resolveLoss({ ...huber(), delta: -1 }, 'linear'),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'In loss: Expected delta to be a positive finite number, got -1 (number)',
    },
  ]);
});

describe('losses with hyperparameters', () => {
  const smoothed = { binaryCrossEntropy, categoricalCrossEntropy, sparseCategoricalCrossEntropy };

  it.each(Object.entries(smoothed))('%s takes label smoothing', (name, make) => {
    const output = name === 'binaryCrossEntropy' ? 'sigmoid' : 'softmax';
    expect(make()).toEqual({ name, labelSmoothing: 0 });
    expect(make({ labelSmoothing: 0.125 })).toEqual({ name, labelSmoothing: 0.125 });
    expect(Object.isFrozen(make())).toBe(true);
    expect(resolveLoss(make({ labelSmoothing: 0.125 }), output)).toEqual({
      name,
      options: { labelSmoothing: 0.125 },
    });
    expect(resolveLoss(make(), output)).toEqual(resolveLoss(name, output));
  });

  it('huber takes a delta of 1 by default', () => {
    expect(huber()).toEqual({ name: 'huber', delta: 1 });
    expect(Object.isFrozen(huber())).toBe(true);
    expect(resolveLoss(huber({ delta: 2.5 }), 'linear')).toEqual({ name: 'huber', options: { delta: 2.5 } });
    expect(resolveLoss('huber', 'linear')).toEqual(resolveLoss(huber(), 'linear'));
  });

  itRejects([
    ...Object.values(smoothed).flatMap((make) => [
      ...[-0.1, 1, Number.NaN].map(
        (labelSmoothing) =>
          ({
            what: `${make.name} with a label smoothing of ${labelSmoothing}`,
            call: () => make({ labelSmoothing }),
            error: RangeError,
            code: 'ERR_BLASNET_ARG_VALUE',
            message: `Expected labelSmoothing to be a number in [0, 1), got ${labelSmoothing} (number)`,
          }) as const,
      ),
      {
        what: `${make.name} with a label smoothing in words`,
        call: () => make({ labelSmoothing: '0.1' as never }),
        error: TypeError,
        code: 'ERR_BLASNET_ARG_TYPE',
        message: 'Expected labelSmoothing to be a number in [0, 1), got "0.1" (string)',
      } as const,
      {
        what: `${make.name} with an unknown option`,
        call: () => make({ label_smooting: 0.1 } as never),
        error: TypeError,
        code: 'ERR_BLASNET_UNKNOWN_OPTION',
        message: 'Unknown option "label_smooting"; did you mean "labelSmoothing"?',
      } as const,
    ]),
    ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY].map(
      (delta) =>
        ({
          what: `huber with a delta of ${delta}`,
          call: () => huber({ delta }),
          error: RangeError,
          code: 'ERR_BLASNET_ARG_VALUE',
          message: `Expected delta to be a positive finite number, got ${delta} (number)`,
        }) as const,
    ),
    {
      what: 'huber with an unknown option',
      call: () => huber({ Delta: 1 } as never),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "Delta"; did you mean "delta"?',
    },
    {
      what: 'huber of a number',
      call: () => huber(2 as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected options to be an object, got 2 (number)',
    },
  ]);

  it('a loss for another output activation is refused by its name', () => {
    expectError(
      () => resolveLoss(binaryCrossEntropy(), 'linear'),
      RangeError,
      'ERR_BLASNET_ARG_VALUE',
      "Expected loss to be a loss for the output activation 'linear' ('binaryCrossEntropy' needs 'sigmoid'), " +
        'got "binaryCrossEntropy" (string)',
    );
  });
});

describe('values by hand, from a network of zeros', () => {
  const X = [[1], [1]];
  const zeros = (outputDim: number, activation: ActivationName) =>
    new Network([{ inputDim: 1, outputDim, activation }], { initializer: 'zeros' });

  it('binary cross-entropy is 3 log 2 for three outputs, since it sums over them', () => {
    const Y = [
      [0, 1, 0],
      [1, 1, 0],
    ];
    const { loss, accuracy } = zeros(3, 'sigmoid').evaluateSync(X, Y);
    expect(loss).toBeCloseTo(3 * Math.LN2, 14);
    expect(accuracy).toBe(0); // 0.5 is not above 0.5, so every prediction is 0
  });

  it('categorical cross-entropy is log 4 for four outputs, and the first of equal outputs is the prediction', () => {
    const Y = [
      [1, 0, 0, 0],
      [0, 0, 1, 0],
    ];
    const { loss, accuracy } = zeros(4, 'softmax').evaluateSync(X, Y);
    expect(loss).toBeCloseTo(Math.log(4), 14);
    expect(accuracy).toBe(0.5);
  });

  it('the mean squared error is the mean over samples and outputs, without an accuracy', () => {
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
});
