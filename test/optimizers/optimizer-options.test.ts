// The optimisers' factories: their defaults, their arithmetic in small numbers, and what they refuse.

import { describe, expect, it } from 'vitest';
import { nativeOptimizer } from '../../lib/optimizers/make';
import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  lion,
  nadam,
  type Optimizer,
  rmsProp,
  sgd,
} from '../../lib/optimizers/optimizers';
import { resolveOptimizer } from '../../lib/optimizers/resolve';
import { expectClose } from '../native/helpers';
import { kernels } from '../native/kernels';
import { type BadCall, itRejects } from '../support/bad-input';

const factories = { sgd, rmsProp, adagrad, adadelta, adam, adamW, adamax, nadam, lion };
type Factory = (options?: object) => Optimizer;

describe('the defaults of an optimiser', () => {
  const decay = { weightDecay: 0, decoupled: false };
  const convention = 'pytorch';
  const moments = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
  it.each([
    {
      made: sgd(),
      defaults: { name: 'sgd', learningRate: 0.01, momentum: 0, nesterov: false, dampening: 0, ...decay },
    },
    {
      made: rmsProp(),
      defaults: {
        ...{ name: 'rmsProp', learningRate: 0.01, decay: 0.99, epsilon: 1e-8, momentum: 0 },
        ...{ centered: false, convention, ...decay },
      },
    },
    {
      made: adagrad(),
      defaults: {
        ...{ name: 'adagrad', learningRate: 0.01, initialAccumulator: 0, learningRateDecay: 0 },
        ...{ epsilon: 1e-10, convention, ...decay },
      },
    },
    {
      made: adadelta(),
      defaults: { name: 'adadelta', learningRate: 1, decay: 0.9, epsilon: 1e-6, ...decay },
    },
    {
      made: adam(),
      defaults: { name: 'adam', learningRate: 0.001, ...moments, amsgrad: false, convention, weightDecay: 0 },
    },
    {
      made: adamW(),
      defaults: {
        name: 'adamW',
        learningRate: 0.001,
        ...moments,
        amsgrad: false,
        convention,
        weightDecay: 0.01,
      },
    },
    { made: adamax(), defaults: { name: 'adamax', learningRate: 0.002, ...moments, convention, ...decay } },
    {
      made: nadam(),
      defaults: { name: 'nadam', learningRate: 0.002, ...moments, momentumDecay: 0.004, ...decay },
    },
    {
      made: lion(),
      defaults: { name: 'lion', learningRate: 0.0001, beta1: 0.9, beta2: 0.99, weightDecay: 0 },
    },
  ])('$made.name has the defaults of its paper and of PyTorch', ({ made, defaults }) => {
    expect(made).toEqual(defaults);
  });

  it.each(Object.entries(factories))('%s takes undefined for its defaults, and is frozen', (_, make) => {
    expect((make as Factory)({ learningRate: undefined })).toEqual(make());
    expect(Object.isFrozen(make())).toBe(true);
    const made = (make as Factory)({ learningRate: 3 });
    expect(made.learningRate).toBe(3);
    expect(resolveOptimizer(made)).toBe(made);
  });
});

/** One parameter through steps with these gradients; the parameter after each, and the states at the end. */
function walk(optimizer: Optimizer, parameter: number, ...gradients: number[]) {
  const { code, options, stateSize } = nativeOptimizer(optimizer);
  const [p, kept] = [Float64Array.of(parameter), new Float64Array(stateSize(1))];
  const parameters = gradients.map((g, i) => {
    kernels.updateParameters(
      ...([code, options, optimizer.learningRate, i + 1, p, Float64Array.of(g), kept] as const),
    );
    return p[0] as number;
  });
  return { parameters, states: [...kept] };
}

describe('one parameter', () => {
  const keras = { convention: 'keras' } as const;
  const halves = { beta1: 0.5, beta2: 0.5 };

  it('sgd with dampening takes the steps worked by hand, from the second on', () => {
    // Velocities 2, and 0.5 * 2 + 0.5 * 4 = 3.
    const optimizer = sgd({ learningRate: 0.5, momentum: 0.5, dampening: 0.5 });
    expect(walk(optimizer, 1, 2, 4)).toEqual({ parameters: [0, -1.5], states: [3] });
  });

  it('sgd with Nesterov’s momentum takes the steps worked by hand', () => {
    // Velocities 2 and 2, steps of 0.5 * (2 + 0.5 * 2) and 0.5 * (1 + 0.5 * 2).
    const optimizer = sgd({ learningRate: 0.5, momentum: 0.5, nesterov: true });
    expect(walk(optimizer, 1, 2, 1)).toEqual({ parameters: [-0.5, -1.5], states: [2] });
  });

  it('weight decay takes the steps worked by hand, in the gradient and decoupled', () => {
    const options = { learningRate: 0.5, momentum: 0.5, weightDecay: 0.5 };
    // Gradients 1 + 0.5 * 2 = 2 and 1 + 0.5 * 1 = 1.5: velocities 2 and 2.5.
    expect(walk(sgd(options), 2, 1, 1).parameters).toEqual([1, -0.25]);
    // 0.75 * 2 - 0.5 * 1, then 0.75 * 1 - 0.5 * 1.5.
    expect(walk(sgd({ ...options, decoupled: true }), 2, 1, 1).parameters).toEqual([1, 0]);
  });

  it('rmsProp takes the steps worked by hand', () => {
    const options = { learningRate: 0.5, decay: 0.75, epsilon: 2 };
    // Squares 4 and 3 + 1: steps of 0.5 * 4 / (2 + 2) and 0.5 * 2 / (2 + 2).
    expect(walk(rmsProp(options), 1, 4, 2)).toEqual({ parameters: [0.5, 0.25], states: [4] });
    // Velocities 1 and 0.5 + 0.5.
    expect(walk(rmsProp({ ...options, momentum: 0.5 }), 1, 4, 2).parameters).toEqual([0.5, 0]);
    // 4 / sqrt(4 + 12)
    expect(walk(rmsProp({ ...options, ...keras, epsilon: 12 }), 1, 4).parameters).toEqual([0.5]);
    // Square 8, mean 2: 4 / (sqrt(8 - 4) + 2).
    const centred = walk(rmsProp({ ...options, decay: 0.5, centered: true }), 1, 4);
    expect(centred).toEqual({ parameters: [0.5], states: [8, 2] });
  });

  it('adagrad takes the steps worked by hand', () => {
    const options = { learningRate: 0.5, epsilon: 3 };
    // Sums 9 and 25: steps of 0.5 * 3 / (3 + 3) and 0.5 * 4 / (5 + 3).
    expect(walk(adagrad(options), 1, 3, 4)).toEqual({ parameters: [0.75, 0.5], states: [25] });
    expect(walk(adagrad({ ...options, learningRateDecay: 1 }), 1, 3, 4).parameters).toEqual([0.75, 0.625]);
    // 3 / (sqrt(16 + 9) + 1): the 16 is added once.
    const begun = walk(adagrad({ ...options, initialAccumulator: 16, epsilon: 1 }), 1, 3, 0);
    expect(begun).toEqual({ parameters: [0.75, 0.75], states: [25] });
    // 3 / sqrt(9 + 27)
    expect(walk(adagrad({ ...options, ...keras, epsilon: 27 }), 1, 3).parameters).toEqual([0.75]);
  });

  it('adadelta takes the steps worked by hand', () => {
    // Square 16, change sqrt(9) / sqrt(16 + 9) * 8 = 4.8, changes 0.25 * 4.8^2.
    const { parameters, states } = walk(adadelta({ decay: 0.75, epsilon: 9 }), 10, 8);
    expectClose([...parameters, ...states], [5.2, 16, 5.76], 1e-14);
  });

  it('adam takes the steps worked by hand', () => {
    const options = { learningRate: 0.25, beta1: 0.5, beta2: 0.75, epsilon: 8 };
    // Mean 4 / 0.5 = 8, root sqrt(16 / 0.25) + 8 = 16.
    expect(walk(adam(options), 1, 8)).toEqual({ parameters: [0.875], states: [4, 16] });
    // (sqrt(16) + 4) / sqrt(0.25)
    expect(walk(adam({ ...options, ...keras, epsilon: 4 }), 1, 8).parameters).toEqual([0.875]);
    // A gradient of 1 + 3.5 * 2 = 8, as above; then the decoupled decay scales the parameter to 0.75 * 2.
    expect(walk(adam({ ...options, weightDecay: 3.5 }), 2, 1)).toEqual({
      parameters: [1.875],
      states: [4, 16],
    });
    expect(walk(adamW({ ...options, weightDecay: 1 }), 2, 8).parameters).toEqual([1.375]);
    // The largest square stays; its root is 4 / sqrt(1 - 0.75^2), the mean 2 / (1 - 0.5^2).
    const amsgrad = walk(adam({ ...options, amsgrad: true }), 1, 8, 0);
    expect(amsgrad.states).toEqual([2, 12, 16]);
    const second = 0.875 - (0.25 * (2 / 0.75)) / (4 / Math.sqrt(0.4375) + 8);
    expectClose(amsgrad.parameters, [0.875, second], 1e-15);
  });

  it('adamax takes the steps worked by hand', () => {
    const options = { learningRate: 0.5, ...halves, epsilon: 4 };
    // Mean 2 / 0.5, norm 4 + 4. With the second gradient the norm is half of that, or its own epsilon.
    expect(walk(adamax(options), 1, 4)).toEqual({ parameters: [0.75], states: [2, 8] });
    expect(walk(adamax(options), 1, 4, 0).states).toEqual([1, 4]);
    expect(walk(adamax({ ...options, ...keras }), 1, 4)).toEqual({ parameters: [0.75], states: [2, 4] });
    expect(walk(adamax({ ...options, ...keras }), 1, 4, 0).states).toEqual([1, 2]);
  });

  it('nadam takes the steps worked by hand', () => {
    const options = { learningRate: 1, beta1: 0.5, beta2: 0.75, epsilon: 4, momentumDecay: 0 };
    // Momentum is 0.25 in every step. Mean 2, root sqrt(4 / 0.25) + 4.
    const ahead = (0.25 * 2) / (1 - 0.25 ** 2) + (0.75 * 4) / (1 - 0.25);
    expectClose(walk(nadam(options), 1, 4).parameters, [1 - ahead / 8], 1e-15);
  });

  it('nadam takes any step with a product of its momentum that has a closed form', () => {
    const [beta1, t] = [0.999, 5000];
    for (const momentumDecay of [0, 1e-4, 0.004, 0.1, 1, 50]) {
      const momentum = (i: number) => beta1 * (1 - 0.5 * 0.96 ** (i * momentumDecay));
      let product = 1;
      for (let i = 1; i <= t; i++) product *= momentum(i);
      const ahead = momentum(t + 1) / (1 - product * momentum(t + 1)) + (1 - momentum(t)) / (1 - product);
      const optimizer = nadam({ learningRate: 1, beta1, beta2: 0, epsilon: 1, momentumDecay });
      const { code, options } = nativeOptimizer(optimizer);
      // Mean 1, square 1.
      const [p, states] = [Float64Array.of(0), Float64Array.of(1, 0)];
      kernels.updateParameters(code, options, 1, t, p, Float64Array.of(1), states);
      expectClose(p, [-ahead / 2], 1e-12, `decay ${momentumDecay}`);
    }
  });

  it('lion takes the steps worked by hand', () => {
    // Directions 1, 0.5 * 1 - 0.5 * 1 = 0 and -1.5.
    const optimizer = lion({ learningRate: 0.25, ...halves });
    expect(walk(optimizer, 1, 2, -1, -3)).toEqual({ parameters: [0.75, 0.75, 1], states: [-1.5] });
    // 1 - 0.25 * (1 + 1)
    expect(walk(lion({ learningRate: 0.25, weightDecay: 1 }), 1, 2).parameters).toEqual([0.5]);
  });
});

describe('the factory of an optimiser', () => {
  const positive = ['a positive finite number', 0, -1, Number.NaN, Number.POSITIVE_INFINITY] as const;
  const share = ['a number in [0, 1)', 1, -0.1, Number.NaN] as const;
  const least = ['a finite number of at least 0', -0.1, Number.NaN, Number.POSITIVE_INFINITY] as const;
  const flag = ['true or false'] as const;
  const rules: Record<string, readonly [rule: string, ...outside: number[]]> = {
    ...{ learningRate: positive, epsilon: positive },
    ...{ momentum: share, dampening: share, decay: share, beta1: share, beta2: share },
    ...{ weightDecay: least, initialAccumulator: least, learningRateDecay: least, momentumDecay: least },
    ...{ nesterov: flag, centered: flag, amsgrad: flag, decoupled: flag },
  };
  const shown = (value: unknown) => (value === null ? 'null' : `${JSON.stringify(value)} (${typeof value})`);

  itRejects(
    Object.entries(factories).flatMap(([name, make]) =>
      Object.keys(make()).flatMap((option): BadCall[] => {
        const [rule, ...outside] = rules[option] ?? [];
        if (rule === undefined) return [];
        const call = (value: unknown) => () => (make as Factory)({ [option]: value });
        return [
          ...outside.map((value): BadCall => {
            const message = `Expected ${option} to be ${rule}, got ${value} (number)`;
            return {
              what: `${name}'s ${option}: ${value}`,
              call: call(value),
              error: RangeError,
              code: 'ERR_BLASNET_ARG_VALUE',
              message,
            };
          }),
          ...['0.5', null].map((value): BadCall => {
            const message = `Expected ${option} to be ${rule}, got ${shown(value)}`;
            return {
              what: `${name}'s ${option}: ${shown(value)}`,
              call: call(value),
              error: TypeError,
              code: 'ERR_BLASNET_ARG_TYPE',
              message,
            };
          }),
        ];
      }),
    ),
  );

  itRejects([
    {
      what: 'a convention that does not exist',
      call: () => adam({ convention: 'torch' as never }),
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: "Expected convention to be one of 'pytorch', 'keras', got \"torch\" (string)",
    },
    {
      what: 'Nesterov without momentum',
      call: () => sgd({ nesterov: true }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected momentum to be above 0 with nesterov, got 0 (number)',
    },
    {
      what: 'Nesterov with dampening',
      call: () => sgd({ nesterov: true, momentum: 0.9, dampening: 0.1 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected dampening to be 0 with nesterov, got 0.1 (number)',
    },
    {
      what: 'PyTorch’s alpha',
      call: () => rmsProp({ alpha: 0.9 } as never),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message:
        'Unknown option "alpha"; known: learningRate, decay, epsilon, momentum, centered, convention, ' +
        'weightDecay, decoupled',
    },
    {
      what: 'the British spelling',
      call: () => rmsProp({ centred: true } as never),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "centred"; did you mean "centered"?',
    },
    {
      what: 'a snake',
      call: () => adamW({ weight_decay: 0.1 } as never),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "weight_decay"; did you mean "weightDecay"?',
    },
    {
      what: 'an epsilon for lion',
      call: () => lion({ epsilon: 1e-8 } as never),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "epsilon"; known: learningRate, beta1, beta2, weightDecay',
    },
  ]);
});
