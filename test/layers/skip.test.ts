// Names of layers, and residual connections: how they are written, kept and refused. test/native/plan-layers.test.ts
// and test/network/ check their results.

import { describe, expect, it } from 'vitest';
import { completeArchitecture, type LayerOptions, skipNumber } from '../../lib/layers/architecture';
import { parameterCount } from '../../lib/layers/parameters';
import { Network } from '../../lib/network/network';
import { type BadCall, itRejects } from '../support/bad-input';

const complete = (...layers: unknown[]) => completeArchitecture(layers as LayerOptions[]);
const first = { inputDim: 2, outputDim: 3, activation: 'relu' } as const;
const square = { outputDim: 3, activation: 'tanh' } as const;
const last = { outputDim: 1, activation: 'sigmoid' } as const;

describe('completeArchitecture', () => {
  it('keeps names and connections, and nothing of those that are off', () => {
    const [named, skipping, plain] = complete(
      { ...first, name: 'encoder' },
      { ...square, skip: 'encoder' },
      { ...square, skip: false },
      { ...last, skip: false },
    );
    expect(named).toEqual({ ...first, name: 'encoder' });
    expect(skipping).toEqual({ ...square, inputDim: 3, skip: 'encoder' });
    expect(plain).toEqual({ ...square, inputDim: 3 });
  });

  it('makes the same of what JSON keeps of an architecture', () => {
    const architecture = complete(
      { ...first, name: 'encoder' },
      { ...square, skip: true, name: 'middle' },
      { ...square, skip: 'encoder' },
      { ...last, name: 'head' },
    );
    expect(complete(...JSON.parse(JSON.stringify(architecture)))).toEqual(architecture);
    expect(complete(...architecture)).toEqual(architecture);
  });

  it('takes any text of 1 to 100 characters for a name, those of every object included', () => {
    for (const name of ['a', 'x'.repeat(100), '__proto__', 'constructor', 'ü \n"', '1']) {
      const architecture = complete({ ...first, name }, { ...square, skip: name }, last);
      expect(architecture[1]?.skip).toBe(name);
      expect(skipNumber(architecture, 1)).toBe(2);
    }
  });

  it('counts the inputs that a layer adds as the features of its product, those of embeddings included', () => {
    const embeddings = [{ categories: 7, outputDim: 1 }];
    expect(complete({ ...first, embeddings, skip: true }, last)[0]?.skip).toBe(true);
  });

  it('says from which layer’s inputs, counted from 1, each connection leads', () => {
    const architecture = complete(
      { ...first, outputDim: 2, skip: true },
      { ...square, name: 'a' },
      { ...square, name: 'b', skip: true },
      { ...square, skip: 'a' },
      { ...square, skip: 'b' },
      last,
    );
    expect(architecture.map((_, index) => skipNumber(architecture, index))).toEqual([1, 0, 3, 3, 4, 0]);
  });

  it('gives a connection no parameters', () => {
    const plain = complete(first, square, last);
    expect(parameterCount(complete(first, { ...square, skip: true }, last))).toBe(parameterCount(plain));
  });
});

it('the layer before may be added by its name or by true, with the same result', () => {
  const layers = (skip: boolean | string) => [{ ...first, name: 'before' }, { ...square, skip }, last];
  const [byName, byTrue] = ['before', true].map((skip) => new Network(layers(skip), { seed: 1 }));
  const X = [[0.5, -1]];
  expect(byName?.predictSync(X)).toEqual(byTrue?.predictSync(X));
});

it('a residual connection adds the inputs to what the activation makes of the sums', () => {
  const net = new Network(
    [
      { inputDim: 2, outputDim: 2, activation: 'tanh', skip: true, name: 'body' },
      { outputDim: 2, activation: 'relu' },
      { outputDim: 2, activation: 'relu', skip: 'body' },
      { outputDim: 2, activation: 'linear' },
    ],
    { initializer: 'zeros' },
  );
  net.parameters.b1?.data.set([1, -1]);
  net.parameters.b3?.data.set([0.25, -7]);
  net.parameters.W4?.data.set([1, 0, 0, 1]);
  const tanh = Math.tanh(1);
  const [[a, b] = []] = net.predictSync([[10, 20]]).toArray();
  expect(a).toBeCloseTo(10 + tanh + 0.25, 13);
  expect(b).toBeCloseTo(20 - tanh, 13);
});

const bad = (what: string, layers: readonly unknown[], rest: Omit<BadCall, 'what' | 'call'>): BadCall => ({
  what,
  call: () => complete(...layers),
  ...rest,
});

const range = { error: RangeError, code: 'ERR_BLASNET_ARG_VALUE' } as const;
const type = { error: TypeError, code: 'ERR_BLASNET_ARG_TYPE' } as const;
const unknown = { error: RangeError, code: 'ERR_BLASNET_UNKNOWN_NAME' } as const;
const shape = { error: RangeError, code: 'ERR_BLASNET_SHAPE' } as const;
const named = { ...first, name: 'encoder' };

const badNames: { readonly what: string; readonly name: unknown; readonly got: string }[] = [
  { what: 'a number', name: 5, got: '5 (number)' },
  { what: 'null', name: null, got: 'null' },
  { what: 'true', name: true, got: 'true (boolean)' },
  { what: 'an array', name: ['a'], got: 'an array of length 1' },
];

const badSkips: { readonly what: string; readonly skip: unknown; readonly got: string }[] = [
  { what: 'a number', skip: 1, got: '1 (number)' },
  { what: '0', skip: 0, got: '0 (number)' },
  { what: 'null', skip: null, got: 'null' },
  { what: 'an array', skip: ['encoder'], got: 'an array of length 1' },
  { what: 'an object', skip: { name: 'encoder' }, got: 'an object (Object)' },
];

describe('a name', () => {
  itRejects([
    ...badNames.map(({ what, name, got }) =>
      bad(`${what} for a name`, [{ ...first, name }, last], {
        ...type,
        message: `Expected layers[0].name to be a name of 1 to 100 characters, got ${got}`,
      }),
    ),
    bad('an empty name', [{ ...first, name: '' }, last], {
      ...range,
      message: 'Expected layers[0].name to be a name of 1 to 100 characters, got "" (string)',
    }),
    bad('a name of 101 characters', [first, { ...last, name: 'x'.repeat(101) }], {
      ...range,
      message: `Expected layers[1].name to be a name of 1 to 100 characters, got "${'x'.repeat(57)}..." (string)`,
    }),
    bad('a name that two layers have', [named, square, { ...last, name: 'encoder' }], {
      ...range,
      message: 'Expected layers[2].name to be a name that no earlier layer has, got "encoder" (string)',
    }),
  ]);
});

describe('a connection', () => {
  itRejects([
    ...badSkips.map(({ what, skip, got }) =>
      bad(`${what} for skip`, [named, { ...square, skip }, last], {
        ...type,
        message: `Expected layers[1].skip to be true, false or the name of an earlier layer, got ${got}`,
      }),
    ),
    bad('a misspelt name', [named, { ...square, skip: 'encodr' }, last], {
      ...unknown,
      message: 'Unknown layer "encodr" in layers[1].skip; did you mean "encoder"?',
    }),
    bad('a name that is unlike all', [named, { ...square, skip: 'body' }, last], {
      ...unknown,
      message: 'Unknown layer "body" in layers[1].skip; known: encoder',
    }),
    bad('a name where none is', [first, { ...square, skip: 'body' }, last], {
      ...unknown,
      message: 'Unknown layer "body" in layers[1].skip; no earlier layer has a name',
    }),
    bad('an empty name', [named, { ...square, skip: '' }, last], {
      ...unknown,
      message: 'Unknown layer "" in layers[1].skip; known: encoder',
    }),
    bad(
      'the name of a later layer',
      [named, { ...square, skip: 'after' }, { ...square, name: 'after' }, last],
      {
        ...unknown,
        message: 'Unknown layer "after" in layers[1].skip; known: encoder',
      },
    ),
    bad('the name of the layer itself', [named, { ...square, name: 'self', skip: 'self' }, last], {
      ...unknown,
      message: 'Unknown layer "self" in layers[1].skip; known: encoder',
    }),
    bad('a layer of another width', [named, { ...square, outputDim: 4, skip: 'encoder' }, last], {
      ...shape,
      message:
        'Expected layers[1].skip to add 4 units, the outputDim of layers[1], got 3 from layer "encoder"',
    }),
    bad('inputs of another number', [{ ...first, skip: true }, last], {
      ...shape,
      message: 'Expected layers[0].skip to add 3 units, the outputDim of layers[0], got 2 from its inputs',
    }),
    bad(
      'inputs of another number because of embeddings',
      [{ ...first, outputDim: 2, skip: true, embeddings: [{ categories: 4, outputDim: 1 }] }, last],
      {
        ...shape,
        message: 'Expected layers[0].skip to add 2 units, the outputDim of layers[0], got 3 from its inputs',
      },
    ),
    bad(
      'true in the last layer',
      [
        { ...first, outputDim: 1 },
        { ...last, skip: true },
      ],
      {
        ...range,
        message: 'Expected layers[1].skip to be false or left out in the last layer, got true (boolean)',
      },
    ),
    bad('a name in the last layer', [named, { ...last, outputDim: 3, skip: 'encoder' }], {
      ...range,
      message: 'Expected layers[1].skip to be false or left out in the last layer, got "encoder" (string)',
    }),
    bad('true in the only layer', [{ ...first, outputDim: 2, skip: true }], {
      ...range,
      message: 'Expected layers[0].skip to be false or left out in the last layer, got true (boolean)',
    }),
    bad('another spelling of the option', [first, { ...square, skips: true }, last], {
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "skips" in layers[1]; did you mean "skip"?',
    }),
  ]);
});
