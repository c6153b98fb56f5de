import { describe, expect, it } from 'vitest';
import { Network } from '../../lib/network/network';
import { adam, sgd } from '../../lib/optimizers/optimizers';
import { resolveOptimizer } from '../../lib/optimizers/resolve';
import { type BadCall, itRejects } from '../support/bad-input';

/** y = W x + b with W = 2, b = 1, to be fitted to (1, 0) and (3, 1) by the mean squared error. */
function line(dtype: 'float64' | 'float32' = 'float64') {
  const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }], { dtype });
  const [W, b] = [net.parameters.W1?.data, net.parameters.b1?.data];
  if (W === undefined || b === undefined) return expect.fail();
  W[0] = 2;
  b[0] = 1;
  return { net, values: () => [W[0], b[0]] };
}
const X = [[1], [3]];
const Y = [[0], [1]];

describe('sgd', () => {
  it.each(['float64', 'float32'] as const)('takes exact steps from full batches in %s', (dtype) => {
    const { net, values } = line(dtype);
    const options = { epochs: 1, batchSize: 'full', optimizer: sgd({ learningRate: 0.5 }) } as const;
    // Outputs 3 and 7, errors 3 and 6: loss (9 + 36) / 2, dW = 3 * 1 + 6 * 3 = 21, db = 3 + 6 = 9.
    expect(net.fitSync(X, Y, options)).toEqual({ loss: [22.5] });
    expect(values()).toEqual([2 - 0.5 * 21, 1 - 0.5 * 9]);
    // Outputs -12 and -29, errors -12 and -30: dW = -12 - 90 = -102, db = -42.
    expect(net.fitSync(X, Y, options)).toEqual({ loss: [(144 + 900) / 2] });
    expect(values()).toEqual([-8.5 + 0.5 * 102, -3.5 + 0.5 * 42]);
  });

  it('takes exact steps sample by sample', () => {
    const { net, values } = line();
    const options = { epochs: 1, batchSize: 1, shuffle: false, optimizer: sgd({ learningRate: 0.5 }) };
    // Sample 1: output 3, error 3, dW = db = 6, so W = -1 and b = -2.
    // Sample 2: output -5, error -6, dW = -36, db = -12, so W = 17 and b = 4.
    expect(net.fitSync(X, Y, options)).toEqual({ loss: [(9 + 36) / 2] });
    expect(values()).toEqual([17, 4]);
  });

  it('takes exact steps with momentum', () => {
    const { net, values } = line();
    const optimizer = sgd({ learningRate: 0.5, momentum: 0.5 });
    // The first step is as above. Then velocities 0.5 * 21 - 102 = -91.5 and 0.5 * 9 - 42 = -37.5.
    expect(net.fitSync(X, Y, { epochs: 2, batchSize: 'full', optimizer }).loss).toEqual([22.5, 522]);
    expect(values()).toEqual([-8.5 + 0.5 * 91.5, -3.5 + 0.5 * 37.5]);
    // Another fit goes on: outputs 52.5 and 127, errors 52.5 and 126, dW = 430.5, db = 178.5. Then velocities
    // -0.5 * 91.5 + 430.5 = 384.75 and -0.5 * 37.5 + 178.5 = 159.75.
    net.fitSync(X, Y, { epochs: 1, batchSize: 'full', optimizer });
    expect(values()).toEqual([37.25 - 0.5 * 384.75, 15.25 - 0.5 * 159.75]);
  });

  it('has a learning rate of 0.01 when not told otherwise, and is what fit uses by itself', () => {
    expect(sgd()).toEqual({
      ...{ name: 'sgd', learningRate: 0.01, momentum: 0, nesterov: false, dampening: 0 },
      ...{ weightDecay: 0, decoupled: false },
    });
    expect(sgd({})).toEqual(sgd());
    const [implicit, explicit] = [line(), line()];
    implicit.net.fitSync(X, Y, { epochs: 3 });
    explicit.net.fitSync(X, Y, { epochs: 3, optimizer: sgd({ learningRate: 0.01 }) });
    expect(implicit.values()).toEqual(explicit.values());
    expect(implicit.values()).not.toEqual([2, 1]);
  });

  it('is frozen, so that its checked learning rate stays what was checked', () => {
    const optimizer = sgd({ learningRate: 0.5 });
    expect(() => Object.assign(optimizer, { learningRate: -1 })).toThrow(TypeError);
    expect(resolveOptimizer(optimizer)).toBe(optimizer);
  });

  itRejects([
    ...(
      [
        [0, '0 (number)'],
        [-1, '-1 (number)'],
        [Number.NaN, 'NaN (number)'],
        [Number.POSITIVE_INFINITY, 'Infinity (number)'],
      ] as const
    ).map(
      ([learningRate, got]) =>
        ({
          what: `a learning rate of ${learningRate}`,
          call: () => sgd({ learningRate }),
          error: RangeError,
          code: 'ERR_BLASNET_ARG_VALUE',
          message: `Expected learningRate to be a positive finite number, got ${got}`,
        }) as const,
    ),
    {
      what: 'a learning rate in a string',
      call: () => sgd({ learningRate: '0.1' as never }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected learningRate to be a positive finite number, got "0.1" (string)',
    },
    {
      what: 'no learning rate but null',
      call: () => sgd({ learningRate: null as never }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected learningRate to be a positive finite number, got null',
    },
    {
      what: 'the learning rate alone',
      call: () => sgd(0.1 as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected options to be an object, got 0.1 (number)',
    },
    {
      what: 'null for options',
      call: () => sgd(null as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected options to be an object, got null',
    },
    {
      what: 'an option in snake case',
      call: () => sgd({ learning_rate: 0.1 } as never),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "learning_rate"; did you mean "learningRate"?',
    },
    {
      what: 'an option that does not exist',
      call: () => sgd({ momentun: 0.9 } as never),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "momentun"; did you mean "momentum"?',
    },
  ]);
});

describe('adam', () => {
  it('has the paper’s defaults, and is frozen', () => {
    const optimizer = adam();
    expect(optimizer).toEqual({
      ...{ name: 'adam', learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
      ...{ amsgrad: false, convention: 'pytorch', weightDecay: 0 },
    });
    expect(adam({ beta1: 0 })).toEqual({ ...optimizer, beta1: 0 });
    expect(() => Object.assign(optimizer, { beta1: 2 })).toThrow(TypeError);
    expect(resolveOptimizer(optimizer)).toBe(optimizer);
  });

  it('takes a first step of the learning rate against the sign of each gradient', () => {
    const { net, values } = line();
    const optimizer = adam({ learningRate: 0.5, epsilon: Number.MIN_VALUE });
    net.fitSync(X, Y, { epochs: 1, batchSize: 'full', optimizer });
    const [W = Number.NaN, b = Number.NaN] = values();
    expect(W).toBeCloseTo(1.5, 14);
    expect(b).toBeCloseTo(0.5, 14);
  });

  it('leaves parameters that have no gradient', () => {
    const { net, values } = line();
    net.fitSync([[1]], [[3]], { epochs: 3, optimizer: adam() });
    expect(values()).toEqual([2, 1]);
  });

  const outside = (option: string, rule: string, ...values: [unknown, string][]) =>
    values.map(([value, got]): BadCall => {
      const inKind = typeof value === 'number';
      return {
        what: `${option}: ${got}`,
        call: () => adam({ [option]: value }),
        error: inKind ? RangeError : TypeError,
        code: inKind ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_ARG_TYPE',
        message: `Expected ${option} to be ${rule}, got ${got}`,
      };
    });

  itRejects([
    ...['learningRate', 'epsilon'].flatMap((option) =>
      outside(
        option,
        'a positive finite number',
        [0, '0 (number)'],
        [-0.1, '-0.1 (number)'],
        [Number.NaN, 'NaN (number)'],
        [Number.POSITIVE_INFINITY, 'Infinity (number)'],
        ['1', '"1" (string)'],
        [null, 'null'],
      ),
    ),
    ...['beta1', 'beta2'].flatMap((option) =>
      outside(
        option,
        'a number in [0, 1)',
        [1, '1 (number)'],
        [-0.1, '-0.1 (number)'],
        [Number.NaN, 'NaN (number)'],
        ['0.9', '"0.9" (string)'],
        [null, 'null'],
      ),
    ),
    {
      what: 'sgd’s momentum: 1',
      call: () => sgd({ momentum: 1 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected momentum to be a number in [0, 1), got 1 (number)',
    },
    {
      what: 'an option in snake case',
      call: () => adam({ beta_1: 0.9 } as never),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "beta_1"; did you mean "beta1"?',
    },
    {
      what: 'sgd’s momentum',
      call: () => adam({ momentum: 0.9 } as never),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message:
        'Unknown option "momentum"; known: learningRate, beta1, beta2, epsilon, amsgrad, convention, weightDecay',
    },
  ]);
});

describe('the optimizer option', () => {
  itRejects([
    {
      what: 'a look-alike',
      call: () => resolveOptimizer({ name: 'sdg', learningRate: 0.1 }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message:
        'Expected optimizer to be an optimizer such as sgd({ learningRate: 0.01 }), got an object (Object)',
    },
    {
      what: 'a copy with a bad value',
      call: () => resolveOptimizer({ ...sgd(), learningRate: -1 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'In optimizer: Expected learningRate to be a positive finite number, got -1 (number)',
    },
    {
      what: 'a name',
      call: () => resolveOptimizer('sgd'),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message:
        'Expected optimizer to be an optimizer such as sgd({ learningRate: 0.01 }), got "sgd" (string); write sgd()',
    },
    {
      what: 'the factory itself',
      call: () => resolveOptimizer(sgd),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected optimizer to be an optimizer such as sgd({ learningRate: 0.01 }), got function sgd',
    },
    {
      what: 'null',
      call: () => resolveOptimizer(null),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected optimizer to be an optimizer such as sgd({ learningRate: 0.01 }), got null',
    },
  ]);
});
