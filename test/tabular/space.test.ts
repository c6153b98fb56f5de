// What a search draws from a space of options.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sgd } from '../../lib/optimizers/optimizers';
import { RandomState } from '../../lib/random/random-state';
import { choice, integer, logUniform, uniform } from '../../lib/tabular';
import { drawOptions } from '../../lib/tabular/space';

describe('draws from a space', () => {
  const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const draws = (space: object, of: number) => {
    const generator = new RandomState(of);
    return Array.from({ length: 50 }, () => drawOptions(space, generator));
  };

  test('are within their ranges, and equal for equal seeds', () => {
    fc.assert(
      fc.property(
        seed,
        fc.double({ min: 1e-6, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 9 }),
        (of, low, more) => {
          const given = {
            a: uniform(-low, more),
            b: { c: logUniform(low, low * (1 + more)), d: [integer(-more, more), 'x'] },
          };
          const drawn = draws(given, of);
          for (const { options: own, drawn: paths } of drawn) {
            const { a, b } = own as { a: number; b: { c: number; d: [number, string] } };
            expect(a).toBeGreaterThanOrEqual(-low);
            expect(a).toBeLessThanOrEqual(more);
            expect(b.c).toBeGreaterThanOrEqual(low);
            expect(b.c).toBeLessThanOrEqual(low * (1 + more));
            expect(Number.isInteger(b.d[0]) && Math.abs(b.d[0]) <= more).toBe(true);
            expect(b.d[1]).toBe('x');
            expect(paths).toEqual({ a, 'b.c': b.c, 'b.d[0]': b.d[0] });
          }
          expect(draws(given, of)).toEqual(drawn);
        },
      ),
    );
  });

  test('take each value, and halves of a logarithmic range equally often', () => {
    const drawn = draws({ a: choice(['x', 'y', 'z']), b: integer(1, 3), c: logUniform(0.01, 1) }, 1);
    const count = (name: string, holds: (value: unknown) => boolean) =>
      drawn.filter(({ options: own }) => holds(own[name])).length;
    for (const value of ['x', 'y', 'z']) expect(count('a', (own) => own === value)).toBeGreaterThan(8);
    for (const value of [1, 2, 3]) expect(count('b', (own) => own === value)).toBeGreaterThan(8);
    expect(Math.abs(count('c', (own) => (own as number) < 0.1) - 25)).toBeLessThan(10);
  });

  test('draw a distribution inside a choice only if it is chosen, and leave other values as they are', () => {
    const optimizer = sgd({ learningRate: 0.1 });
    const drawn = draws({ optimizer, stop: choice([false, { patience: integer(1, 9) }]) }, 4);
    expect(drawn.every(({ options: own }) => own.optimizer === optimizer)).toBe(true);
    const [never, some] = [
      drawn.filter(({ drawn: { stop } }) => stop === false),
      drawn.filter(({ drawn: { stop } }) => stop !== false),
    ];
    expect(Object.keys(never[0]?.drawn ?? {})).toEqual(['stop']);
    expect(some[0]?.drawn).toEqual({ stop: some[0]?.options.stop, 'stop.patience': expect.any(Number) });
  });

  test('take values that contain themselves as they are, and names of any kind', () => {
    const own: { self?: object } = {};
    own.self = own;
    const space = Object.defineProperty({ a: choice([own]), b: own }, '__proto__', {
      ...{ value: choice([3]), enumerable: true },
    });
    const [first] = draws(space, 1);
    expect(Object.entries(first?.drawn ?? {})).toEqual([
      ['a', own],
      ['__proto__', 3],
    ]);
    expect(first?.options.b).toBe(own);
  });

  test.each([
    {
      make: () => choice([]),
      message: 'Expected values to be an array of at least one value, got an array of length 0',
    },
    { make: () => uniform(2, 2), message: 'Expected high to be above 2, got 2 (number)' },
    { make: () => uniform(0, Number.NaN), message: 'Expected high to be a finite number, got NaN (number)' },
    { make: () => logUniform(0, 1), message: 'Expected low to be a positive finite number, got 0 (number)' },
    { make: () => integer(0.5, 3), message: 'Expected low to be an integer, got 0.5 (number)' },
    { make: () => integer(3, 1), message: 'Expected high to be above 3, got 1 (number)' },
  ])('are refused: $message', ({ make, message }) => {
    expect(make).toThrow(expect.objectContaining({ message }));
  });
});
