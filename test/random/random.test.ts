import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freshSeed, type GeneratorState, RandomState } from '../../lib/random/random-state';
import init from '../fixtures/init.json';
import golden from '../fixtures/numpy-random.json';
import { type BadCall, itRejects } from '../support/bad-input';
import { expectNumpy } from '../support/numpy-bits';

const anySeed = fc.integer({ min: 0, max: 0xffffffff });

const numbers = Array.from({ length: 100 }, (_, i) => i);

function times<T>(count: number, draw: () => T): T[] {
  return Array.from({ length: count }, draw);
}

describe.each(golden.cases)(
  'RandomState with seed $seed, to the last bit as NumPy',
  ({ seed, ...expected }) => {
    it('draws NumPy’s doubles and normals', () => {
      const doubles = new RandomState(seed);
      expect(times(7, () => doubles.random())).toEqual(expected.random);
      const normals = new RandomState(seed);
      expectNumpy(
        times(9, () => normals.randn()),
        expected.randn,
      );
    });

    it('draws scaled doubles and normals', () => {
      const generator = new RandomState(seed);
      expect(times(4, () => generator.uniform(-2, 3))).toEqual(expected.uniform);
      expectNumpy(
        times(3, () => generator.normal(5, 2)),
        expected.normal,
      );
    });

    it.each(Object.entries(expected.permutation))('permutes %s numbers', (size, order) => {
      expect(Array.from(new RandomState(seed).permutation(Number(size)))).toEqual(order);
    });

    it('shuffles the alphabet', () => {
      const letters = Array.from('abcdefghijklmnopqrstuvwxyz');
      new RandomState(seed).shuffle(letters);
      expect(letters.join('')).toBe(expected.shuffled);
    });

    it('is in the same state after an odd number of normals, and continues from it', () => {
      const generator = new RandomState(seed);
      generator.fillUniform(new Float64Array(4), -2, 3);
      generator.fillNormal(new Float64Array(3), 5, 2);
      const state = { ...expected.state, key: Uint32Array.from(expected.state.key) };
      expectNumpy(generator.getState(), state);

      const restored = new RandomState(0);
      restored.setState(state);
      expectNumpy(
        times(4, () => restored.randn()),
        expected.afterState.randn,
      );
      expect(times(2, () => restored.random())).toEqual(expected.afterState.random);
    });
  },
);

describe("the article's initial weights, to the last bit", () => {
  it.each([
    ['article-4-6-6-4-1-seed99', 99],
    ['demo-25-50-50-25-1-seed2', 2],
  ] as const)('come from the generator: %s', (network, seed) => {
    const generator = new RandomState(seed);
    const layers: Record<string, number[][]> = init[network];
    for (const [key, rows] of Object.entries(layers)) {
      const drawn = rows.map((row) => row.map(() => generator.randn() * 0.1));
      expectNumpy(drawn, rows, key);
    }
  });
});

describe('RandomState', () => {
  it('fills an array with what the scalar methods return', () => {
    const uniform = new Float64Array(1000);
    new RandomState(5).fillUniform(uniform, -3, 7);
    const scalarUniform = new RandomState(5);
    expect(Array.from(uniform)).toEqual(times(1000, () => scalarUniform.uniform(-3, 7)));

    const normal = new Float32Array(1000);
    new RandomState(5).fillNormal(normal, 1, 0.25);
    const scalarNormal = new RandomState(5);
    expect(normal).toEqual(Float32Array.from(times(1000, () => scalarNormal.normal(1, 0.25))));
  });

  it('has the standard distributions as its defaults', () => {
    const defaults = new RandomState(6);
    const plain = new RandomState(6);
    expect([defaults.uniform(), defaults.normal()]).toEqual([plain.random(), plain.randn()]);
    expect(new RandomState(7).normal(3, 0)).toBe(3);
    expect(new RandomState(7).uniform(3, 3)).toBe(3);
  });

  it('stays within the bounds', () => {
    fc.assert(
      fc.property(anySeed, fc.float({ noNaN: true, noDefaultInfinity: true }), (seed, low) => {
        const generator = new RandomState(seed);
        for (let i = 0; i < 20; i++) {
          const value = generator.random();
          expect(value >= 0 && value < 1 && Number.isInteger(value * 2 ** 53)).toBe(true);
          const scaled = generator.uniform(low, low + 2);
          expect(scaled >= low && scaled <= low + 2).toBe(true);
        }
      }),
    );
  });

  it('permutes every number once', () => {
    fc.assert(
      fc.property(anySeed, fc.nat(700), (seed, n) => {
        const order = new RandomState(seed).permutation(n);
        expect(order.toSorted()).toEqual(Uint32Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  it.each([
    ['an array of strings', numbers.map(String)],
    ['a Float64Array', Float64Array.from(numbers)],
    ['a Uint8Array', Uint8Array.from(numbers)],
    ['a Uint32Array', Uint32Array.from(numbers)],
    ['a BigInt64Array', BigInt64Array.from(numbers.map(BigInt))],
  ])('shuffles %s as it permutes', (_, array) => {
    const expected = Array.from(new RandomState(8).permutation(100), (from) => array[from]);
    new RandomState(8).shuffle(array);
    expect(Array.from<unknown>(array)).toEqual(expected);
  });

  it('leaves arrays of one element and none alone, and draws nothing for them', () => {
    const generator = new RandomState(9);
    const before = generator.getState();
    generator.shuffle([1]);
    generator.shuffle(new Uint32Array(0));
    expect(generator.getState()).toEqual(before);
  });

  it('copies its state out, and takes it back as often as needed', () => {
    fc.assert(
      fc.property(anySeed, fc.nat(1500), fc.nat(3), (seed, words, normals) => {
        const generator = new RandomState(seed);
        generator.fillUniform(new Float64Array(words));
        generator.fillNormal(new Float64Array(normals));
        const state = generator.getState();
        // Enough draws to replace the words that the state was copied from.
        const ahead = times(300, () => generator.randn());
        for (const other of [generator, new RandomState(0)]) {
          other.setState(state);
          expect(times(300, () => other.randn())).toEqual(ahead);
        }
      }),
    );
  });

  it('seeds itself from the entropy when it is given no seed', () => {
    const [first, second] = [new RandomState(), new RandomState()];
    expect(first.getState().key).not.toEqual(second.getState().key);
    expect(() => new RandomState(freshSeed())).not.toThrow();
  });
});

describe('RandomState, given bad input,', () => {
  const generator = new RandomState(1);
  const state = generator.getState();
  // Arguments that a caller without types may pass.
  const setState = (changes: object) => generator.setState({ ...state, ...changes } as GeneratorState);
  const keyRule = 'Expected state.key to be a Uint32Array of 624 words, not all zero, got';

  itRejects([
    {
      what: 'a seed that is no number',
      call: () => new RandomState('1' as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected seed to be an integer from 0 to 4294967295, got "1" (string)',
    },
    ...[-1, 1.5, 2 ** 32, Number.NaN].map(
      (seed): BadCall => ({
        what: `${seed} as a seed`,
        call: () => new RandomState(seed),
        error: RangeError,
        code: 'ERR_BLASNET_ARG_VALUE',
        message: `Expected seed to be an integer from 0 to 4294967295, got ${seed} (number)`,
      }),
    ),
    {
      what: 'an infinite bound',
      call: () => generator.uniform(Number.NEGATIVE_INFINITY, 0),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected low to be a finite number, got -Infinity (number)',
    },
    {
      what: 'bounds in the wrong order',
      call: () => generator.uniform(1, 0),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected high - low to be a finite number of at least 0, got -1 (number)',
    },
    {
      what: 'bounds too far apart for a double',
      call: () => generator.fillUniform(new Float64Array(1), -1e308, 1e308),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected high - low to be a finite number of at least 0, got Infinity (number)',
    },
    {
      what: 'a negative standard deviation',
      call: () => generator.normal(0, -1),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected std to be a finite number of at least 0, got -1 (number)',
    },
    {
      what: 'a mean that is no number',
      call: () => generator.fillNormal(new Float64Array(1), null as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected mean to be a finite number, got null',
    },
    {
      what: 'integers to fill with normals',
      call: () => generator.fillNormal(new Int32Array(2) as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected out to be a Float64Array or Float32Array, got an Int32Array of length 2',
    },
    {
      what: 'an array to fill uniformly',
      call: () => generator.fillUniform([0] as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected out to be a Float64Array or Float32Array, got an array of length 1',
    },
    {
      what: 'a permutation of half a number',
      call: () => generator.permutation(0.5),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected n to be an integer from 0 to 4294967295, got 0.5 (number)',
    },
    {
      what: 'a string to shuffle',
      call: () => generator.shuffle('abc' as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected array to be an array or a typed array, got "abc" (string)',
    },
    {
      what: 'a DataView to shuffle',
      call: () => generator.shuffle(new DataView(new ArrayBuffer(4)) as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected array to be an array or a typed array, got a DataView',
    },
    {
      what: 'no state',
      call: () => generator.setState(undefined as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected state to be an object, got undefined',
    },
    {
      what: 'a state with a stranger in it',
      call: () => setState({ pos: 3 }),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "pos" in state; known: key, position, spareNormal',
    },
    {
      what: 'a key of plain numbers',
      call: () => setState({ key: Array.from(state.key) }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `${keyRule} an array of length 624`,
    },
    {
      what: 'a short key',
      call: () => setState({ key: state.key.slice(1) }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: `${keyRule} a Uint32Array of length 623`,
    },
    {
      what: 'a key that would never leave zero',
      call: () => setState({ key: Uint32Array.from(state.key, (_, i) => (i === 0 ? 0x7fffffff : 0)) }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: `${keyRule} a Uint32Array of length 624`,
    },
    {
      what: 'a position after the end',
      call: () => setState({ position: 625 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected state.position to be an integer from 0 to 624, got 625 (number)',
    },
    {
      what: 'a spare normal that is none',
      call: () => setState({ spareNormal: Number.NaN }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected state.spareNormal to be a finite number or null, got NaN (number)',
    },
  ]);

  it('takes nothing of a bad state', () => {
    expect(() => setState({ key: new Uint32Array(624).fill(1), position: -1 })).toThrow('state.position');
    expect(generator.getState()).toEqual(state);
  });

  it('takes the sparsest key that still works', () => {
    setState({ key: Uint32Array.from(state.key, (_, i) => (i === 0 ? 0x80000000 : 0)), position: 624 });
    expect(Number.isFinite(generator.randn())).toBe(true);
  });
});
