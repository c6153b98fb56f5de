import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FitOptions, Network, schedules, sgd } from '../../lib';
import type { ErrorCode } from '../../lib/base/errors';
import * as validate from '../../lib/base/validate';
import { type BadCall, itRejects, thrownBy } from '../support/bad-input';

const { check, checkOptions, didYouMean, optional } = validate;

// Names that differ much, like those of an options object.
const known = ['learningRate', 'epochs', 'batchSize', 'shuffle', 'signal'];
const anyName = fc.constantFrom(...known);

describe('constraints', () => {
  const kind = 'ERR_BLASNET_ARG_TYPE';
  const value = 'ERR_BLASNET_ARG_VALUE';
  const nothing = (): void => {};

  it.each<{
    rule: string;
    constraint: validate.Constraint;
    accepted: unknown[];
    rejected: [unknown, ErrorCode][];
  }>([
    {
      rule: 'a positive integer',
      constraint: validate.positiveInteger,
      accepted: [1, Number.MAX_SAFE_INTEGER],
      rejected: [
        [0, value],
        [1.5, value],
        [Number.NaN, value],
        [Number.POSITIVE_INFINITY, value],
        ['1', kind],
        [1n, kind],
      ],
    },
    {
      rule: 'an integer of at least 2',
      constraint: validate.integerFrom(2),
      accepted: [2, 3],
      rejected: [
        [1, value],
        [2 ** 53, value],
        [null, kind],
      ],
    },
    {
      rule: 'an integer from -1 to 3',
      constraint: validate.integerBetween(-1, 3),
      accepted: [-1, 0, 3],
      rejected: [
        [-2, value],
        [4, value],
        [0.5, value],
        [Number.NaN, value],
        [[1], kind],
      ],
    },
    {
      rule: 'an integer from 0 to 4294967295',
      constraint: validate.seed,
      accepted: [0, 42, 2 ** 32 - 1],
      rejected: [
        [-1, value],
        [2 ** 32, value],
        [0.5, value],
        ['42', kind],
      ],
    },
    {
      rule: 'a finite number',
      constraint: validate.finite,
      accepted: [0, -1e308, 5e-324],
      rejected: [
        [Number.NaN, value],
        [Number.NEGATIVE_INFINITY, value],
        ['0', kind],
      ],
    },
    {
      rule: 'a positive finite number',
      constraint: validate.above(0),
      accepted: [5e-324, 1e308],
      rejected: [
        [0, value],
        [-1, value],
        [Number.NaN, value],
        [Number.POSITIVE_INFINITY, value],
        [true, kind],
      ],
    },
    {
      rule: 'a finite number above 1',
      constraint: validate.above(1),
      accepted: [1.5],
      rejected: [
        [1, value],
        [undefined, kind],
      ],
    },
    {
      rule: 'a finite number of at least 0',
      constraint: validate.atLeast(0),
      accepted: [0, 1.5],
      rejected: [
        [-5e-324, value],
        [Number.NaN, value],
        [Number.POSITIVE_INFINITY, value],
        [new Date(), kind],
      ],
    },
    {
      rule: 'true or false',
      constraint: validate.boolean,
      accepted: [true, false],
      rejected: [
        [0, kind],
        ['true', kind],
        [null, kind],
      ],
    },
    {
      rule: 'a function',
      constraint: validate.functionValue,
      accepted: [nothing, class {}],
      rejected: [
        [{}, kind],
        ['f', kind],
      ],
    },
    {
      rule: 'an AbortSignal',
      constraint: validate.abortSignal,
      accepted: [new AbortController().signal, AbortSignal.abort()],
      rejected: [
        [new AbortController(), kind],
        [{ aborted: false }, kind],
      ],
    },
    {
      rule: `one of 'relu', 'tanh'`,
      constraint: validate.oneOf(['relu', 'tanh']),
      accepted: ['relu', 'tanh'],
      rejected: [
        ['RELU', value],
        ['', value],
        [0, kind],
        [['relu'], kind],
      ],
    },
  ])('accept $rule, and reject anything else', ({ rule, constraint, accepted, rejected }) => {
    for (const good of accepted) {
      expect(() => check('x', good, constraint)).not.toThrow();
      expect(() => check('x', good, optional(constraint))).not.toThrow();
    }
    for (const [bad, code] of rejected) {
      expect(() => check('x', bad, constraint)).toThrow(
        expect.objectContaining({ code, message: expect.stringMatching(/^Expected x to be /) }),
      );
      expect(() => check('x', bad, constraint)).toThrow(`Expected x to be ${rule}, got `);
    }
    expect(() => check('x', undefined, constraint)).toThrow(TypeError);
    expect(() => check('x', undefined, optional(constraint))).not.toThrow();
    expect(() => check('x', null, optional(constraint))).toThrow(TypeError);
  });
});

describe('checkOptions', () => {
  const constraints = {
    learningRate: optional(validate.above(0)),
    epochs: validate.positiveInteger,
    activation: optional(validate.oneOf(['relu', 'tanh'])),
  };

  it('accepts every object that keeps to the table', () => {
    const good = fc.record(
      {
        learningRate: fc.double({ min: 0, minExcluded: true, noDefaultInfinity: true, noNaN: true }),
        epochs: fc.integer({ min: 1 }),
        activation: fc.constantFrom('relu', 'tanh', undefined),
      },
      { requiredKeys: ['epochs'] },
    );
    fc.assert(fc.property(good, (options) => checkOptions('', options, constraints)));
  });

  it('names the first key that is not in the table, of any kind', () => {
    const stranger = fc.string().filter((key) => !Object.hasOwn(constraints, key));
    fc.assert(
      fc.property(stranger, fc.anything(), (key, value) => {
        const options = { epochs: 1, [key]: value };
        expect(() => checkOptions('', options, constraints)).toThrow(
          expect.objectContaining({
            code: 'ERR_BLASNET_UNKNOWN_OPTION',
            message: expect.stringContaining(`Unknown option "${key}"; `),
          }),
        );
      }),
    );
  });

  it('throws one of its own errors for every kind of argument', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withTypedArray: true }), (options) => {
        try {
          checkOptions('options', options, constraints);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_BLASNET_(ARG|UNKNOWN)_/) });
        }
      }),
    );
  });

  itRejects([
    ...(
      [
        [null, 'null'],
        [undefined, 'undefined'],
        [3, '3 (number)'],
        ['epochs', '"epochs" (string)'],
        [[1], 'an array of length 1'],
      ] as const
    ).map(
      ([options, text]): BadCall => ({
        what: `${text} for the options`,
        call: () => checkOptions('', options, constraints),
        error: TypeError,
        code: 'ERR_BLASNET_ARG_TYPE',
        message: `Expected options to be an object, got ${text}`,
      }),
    ),
    {
      what: 'an unknown option where it stands',
      call: () => checkOptions('layers[1]', { epochs: 1, learning_rate: 1 }, constraints),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "learning_rate" in layers[1]; did you mean "learningRate"?',
    },
    {
      what: 'an unknown option that every object inherits',
      call: () => checkOptions('', { epochs: 1, toString: 1 }, constraints),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "toString"; known: learningRate, epochs, activation',
    },
    {
      what: 'a required option that is missing',
      call: () => checkOptions('', {}, constraints),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected epochs to be a positive integer, got undefined',
    },
    {
      what: 'a bad value where it stands',
      call: () => checkOptions('layers[1]', { epochs: 0 }, constraints),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected layers[1].epochs to be a positive integer, got 0 (number)',
    },
    {
      what: 'a name in no table',
      call: () => checkOptions('', { epochs: 1, activation: 'rely' }, constraints),
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Expected activation to be one of 'relu', 'tanh', got "rely" (string); did you mean "relu"?`,
    },
  ]);
});

describe('didYouMean', () => {
  const guess = (name: string) => `; did you mean "${name}"?`;

  it('sees through case, underscores, hyphens and spaces', () => {
    const spelled = anyName.chain((name) => {
      const words = name.replace(/[A-Z]/g, (letter) => ` ${letter}`).split(' ');
      return fc
        .tuple(fc.constantFrom('', '_', '---', '   '), fc.func(fc.boolean()))
        .map(([joint, isUpper]) => {
          const letters = Array.from(words.join(joint), (letter, i) =>
            isUpper(i) ? letter.toUpperCase() : letter.toLowerCase(),
          );
          return { name, spelling: letters.join('') };
        });
    });
    fc.assert(
      fc.property(spelled, ({ name, spelling }) => {
        expect(didYouMean(spelling, known)).toBe(guess(name));
      }),
    );
  });

  it('forgives two slips of any kind', () => {
    const slip = fc.tuple(
      fc.constantFrom('insert', 'delete', 'replace'),
      fc.nat(100),
      fc.constantFrom(...'qxz'),
    );
    fc.assert(
      fc.property(anyName, fc.array(slip, { maxLength: 2 }), (name, slips) => {
        let spelling = name;
        for (const [kind, place, letter] of slips) {
          const at = place % (spelling.length + 1);
          const rest = spelling.slice(kind === 'insert' ? at : at + 1);
          spelling = spelling.slice(0, at) + (kind === 'delete' ? '' : letter) + rest;
        }
        expect(didYouMean(spelling, known)).toBe(guess(name));
      }),
    );
  });

  it('lists what there is when nothing is near', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'qxz'), minLength: 4, maxLength: 9 }), (name) => {
        expect(didYouMean(name, known)).toBe(`; known: ${known.join(', ')}`);
      }),
    );
  });

  it('answers for any string at all, however long', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 1000 }), (name) => {
        expect(didYouMean(name, known)).toMatch(/^; (did you mean "\w+"\?|known: )/);
      }),
    );
    expect(didYouMean('x'.repeat(1e6), known)).toBe(`; known: ${known.join(', ')}`);
  });

  it('takes two letters that changed places as one slip', () => {
    expect(validate.guessOf('sigmiod', ['sigmoid', 'softmax'])).toBe(guess('sigmoid'));
    expect(validate.guessOf('rleu', ['relu', 'elu'])).toBe(guess('relu'));
    expect(validate.guessOf('sgimiod', ['sigmoid', 'softmax'])).toBe('');
  });

  it('prefers the nearest, and the first of equals', () => {
    expect(didYouMean('beta', ['beta1', 'beta2'])).toBe(guess('beta1'));
    expect(didYouMean('betta2', ['beta1', 'beta2'])).toBe(guess('beta2'));
  });
});

describe('the names of other libraries', () => {
  const layer = { inputDim: 1, outputDim: 1, activation: 'sigmoid' } as const;
  const net = () => new Network([layer], { seed: 1 });
  const train = (options: object) => net().fitSync([[1]], [[1]], { epochs: 1, ...options } as FitOptions);
  it.each([
    ['units', () => new Network([{ inputDim: 1, units: 1, activation: 'relu' } as never]), 'outputDim'],
    ['ReLU', () => new Network([{ ...layer, activation: 'ReLU' as never }]), 'relu'],
    ['binary_crossentropy', () => train({ loss: 'binary_crossentropy' }), 'binaryCrossEntropy'],
    ['mse', () => train({ loss: 'mse' }), 'meanSquaredError'],
    ['auc', () => train({ metrics: ['auc'] }), 'rocAuc'],
    ['batch_size', () => train({ batch_size: 1 }), 'batchSize'],
    ['lr', () => sgd({ lr: 1 } as never), 'learningRate'],
    ['learning_rate', () => sgd({ learning_rate: 1 } as never), 'learningRate'],
    ['val_loss', () => train({ earlyStopping: { monitor: 'val_loss', patience: 1 } }), 'valLoss'],
    ['val_acc', () => train({ earlyStopping: { monitor: 'val_acc', patience: 1 } }), 'valAccuracy'],
    ['val_loss of a plateau', () => schedules.reduceOnPlateau({ monitor: 'val_loss' }), 'valLoss'],
    [
      'val_loss with a mode',
      () =>
        train({
          earlyStopping: { monitor: 'val_loss', mode: 'min', patience: 1 },
          validationData: { X: [[1]], Y: [[1]] },
        }),
      'valLoss',
    ],
  ])('%s is answered with the name here', (_, call, name) => {
    expect((thrownBy(call) as Error).message).toMatch(new RegExp(`; did you mean "${name}"\\?$`));
  });
});
