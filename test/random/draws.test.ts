// Bulk draws: natively, on this thread and on others.

import { describe, expect, it } from 'vitest';
import { native } from '../../lib/addon/binding';
import { newOutcome } from '../../lib/addon/outcome';
import { type Work, workAnywhere, workElsewhere, workHere } from '../../lib/addon/work';
import { AbortError } from '../../lib/base/errors';
import {
  drawNormal,
  drawOrders,
  drawOrthogonal,
  drawUniform,
  RandomState,
} from '../../lib/random/random-state';
import { ascending, expectSameBits, shuffled } from '../support/oracle-splits';
import { withStillClock } from '../support/still-clock';
import { orthogonal } from './orthogonal';

/** A generator whose next word is this one of a block. */
function generatorAt(position: number): RandomState {
  const random = new RandomState(5);
  for (let i = 0; i < position; i += 2) random.random();
  if (position % 2 === 0) return random;
  const state = random.getState();
  random.setState({ ...state, position: state.position - 1 });
  return random;
}

const positions = [0, 1, 2, 77, 622, 623, 624];

describe('a shuffle', () => {
  it.each([0, 1, 2, 3, 4, 5, 31, 32, 33, 623, 624, 625, 1024, 1025, 3000])(
    'gives the order and the state of plain loops, for %d numbers, from every place of a block',
    (size) => {
      for (const position of positions) {
        const [random, twin] = [generatorAt(position), generatorAt(position)];
        expect(Array.from(random.permutation(size))).toEqual(shuffled(twin, ascending(size)));
        expect(random.getState()).toEqual(twin.getState());
      }
    },
  );

  it('goes on from an order, and leaves its end alone', () => {
    const from = Uint32Array.from(ascending(900), (i) => 1000 - i);
    const [random, twin] = [new RandomState(3), new RandomState(3)];
    const orders = new Uint32Array(3 * 900);
    workHere(drawOrders(random, orders, 900, { from, count: 700 }));
    const expected = ascending(3).flatMap(() => shuffled(twin, Array.from(from), 700));
    expect(Array.from(orders)).toEqual(expected);
    expect(random.getState()).toEqual(twin.getState());
  });

  it('copies an order that no number of is shuffled', () => {
    const orders = new Uint32Array(8);
    const random = new RandomState(3);
    workHere(drawOrders(random, orders, 4, { count: 0 }));
    expect(Array.from(orders)).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    expect(random.getState()).toEqual(new RandomState(3).getState());
  });
});

describe.each([Float64Array, Float32Array])('numbers in a %o', (Floats) => {
  it.each([0, 1, 2, 623, 2001])('are those that are drawn singly, %d of them', (size) => {
    for (const position of positions) {
      const [random, twin] = [generatorAt(position), generatorAt(position)];
      const [uniform, normal] = [new Floats(size), new Floats(size)];
      random.fillUniform(uniform, -2, 5);
      expectSameBits(uniform, new Floats(Array.from(uniform, () => twin.uniform(-2, 5))));
      random.fillNormal(normal, 1, 3);
      expectSameBits(normal, new Floats(Array.from(normal, () => twin.normal(1, 3))));
      workHere(drawNormal(random, normal, { mean: 1, deviation: 3 }));
      expectSameBits(normal, new Floats(Array.from(normal, () => twin.normal(1, 3))));
      workHere(drawUniform(random, uniform, -2, 5));
      expectSameBits(uniform, new Floats(Array.from(uniform, () => twin.uniform(-2, 5))));
      expect(random.getState()).toEqual(twin.getState());
    }
  });
});

/** The next normal whose absolute value is at most `limit`. */
function normalWithin(random: RandomState, limit: number): number {
  for (;;) {
    const value = random.randn();
    if (Math.abs(value) <= limit) return value;
  }
}

describe('normals within a limit', () => {
  // Many draws, so that they end in each way: with and without a second normal that is left, within the limit or not.
  it.each([1, 2, Number.POSITIVE_INFINITY])('%d are those that are drawn singly', (limit) => {
    const [random, twin] = [new RandomState(6), new RandomState(6)];
    for (const [size, times] of [
      [0, 3],
      [1, 300],
      [2, 300],
      [3, 300],
      [7, 100],
      [624, 20],
      [5000, 3],
    ] as const) {
      for (let i = 0; i < times; i++) {
        const out = new Float64Array(size);
        workHere(drawNormal(random, out, { mean: -1, deviation: 0.5, limit }));
        expectSameBits(
          out,
          Float64Array.from(out, () => -1 + 0.5 * normalWithin(twin, limit)),
        );
        expect(random.getState()).toEqual(twin.getState());
      }
    }
  });
});

describe('a draw of several batches', () => {
  // Words are taken in batches of 2^17: 65,536 uniform numbers, or 32,768 candidates for pairs of normals.
  it.each([65_535, 65_536, 65_537, 200_003])(
    'gives the numbers that are drawn singly, %d of them',
    (size) => {
      const [random, twin] = [generatorAt(77), generatorAt(77)];
      const out = new Float64Array(size);
      for (const limit of [2, Number.POSITIVE_INFINITY]) {
        workHere(drawNormal(random, out, { limit }));
        expectSameBits(
          out,
          out.map(() => normalWithin(twin, limit)),
        );
      }
      workHere(drawUniform(random, out, -2, 5));
      expectSameBits(
        out,
        out.map(() => twin.uniform(-2, 5)),
      );
      expect(random.getState()).toEqual(twin.getState());
    },
  );
});

describe('an orthogonal matrix', () => {
  // The larger ones are computed in pieces.
  it.each([
    [1, 1],
    [1, 700],
    [700, 1],
    [33, 31],
    [40, 401],
    [401, 40],
    [130, 2050],
  ])('is that of plain Gram-Schmidt, in the shape (%i, %i)', (rows, cols) => {
    const [random, twin] = [generatorAt(5), generatorAt(5)];
    const out = new Float64Array(rows * cols);
    workHere(drawOrthogonal(random, out, rows, cols, 1.5));
    const expected = orthogonal(
      out.map(() => twin.randn()),
      rows,
      cols,
    );
    const most = out.reduce(
      (worst, value, i) => Math.max(worst, Math.abs(value - 1.5 * (expected[i] ?? 9))),
      0,
    );
    expect(most).toBeLessThan(1e-11);
    expect(random.getState()).toEqual(twin.getState());
    const rounded = new Float32Array(out.length);
    workHere(drawOrthogonal(generatorAt(5), rounded, rows, cols, 1.5));
    expectSameBits(rounded, Float32Array.from(out));
  });
});

/** Each kind of bulk draw, larger than what is drawn on this thread in any case. */
const size = 300_001;
const draws: [string, (random: RandomState, out: DrawTarget) => Work<void>][] = [
  ['orders', (random, { orders }) => drawOrders(random, orders, size, { count: size - 7 })],
  ['uniform numbers', (random, { floats }) => drawUniform(random, floats, -1, 1)],
  ['normal numbers', (random, { floats }) => drawNormal(random, floats, { deviation: 2 })],
  ['truncated normal numbers', (random, { floats }) => drawNormal(random, floats, { limit: 2 })],
  ['orthogonal matrices', (random, { floats }) => drawOrthogonal(random, floats, 100, 3000, 1)],
  ['tall orthogonal matrices', (random, { floats }) => drawOrthogonal(random, floats, 3000, 100, 1)],
];
interface DrawTarget {
  readonly orders: Uint32Array;
  readonly floats: Float32Array;
}
function expectAlike(out: DrawTarget, expected: DrawTarget): void {
  expectSameBits(out.orders, expected.orders);
  expectSameBits(out.floats, expected.floats);
}

const target = (): DrawTarget => ({ orders: new Uint32Array(2 * size), floats: new Float32Array(size) });

describe.each(draws)('%s', (_, draw) => {
  it.each([1, 2, 3])('are equal on other threads, %d at most', async (threads) => {
    const [random, twin] = [new RandomState(8), new RandomState(8)];
    random.randn();
    twin.randn();
    const [out, expected] = [target(), target()];
    await workElsewhere(draw(random, out), { threads });
    workHere(draw(twin, expected));
    expectAlike(out, expected);
    expect(random.getState()).toEqual(twin.getState());
  });

  it('change the generator only when they are all drawn', async () => {
    const random = new RandomState(8);
    const before = random.getState();
    const work = workElsewhere(draw(random, target()), {});
    expect(random.getState()).toEqual(before);
    await work;
    expect(random.getState()).not.toEqual(before);
  });

  it('leave the generator as it was when they are aborted, and the next draw is right', async () => {
    const random = new RandomState(8);
    const before = random.getState();
    const controller = new AbortController();
    const work = workElsewhere(draw(random, target()), { signal: controller.signal });
    controller.abort('enough');
    await expect(work).rejects.toThrow(AbortError);
    expect(random.getState()).toEqual(before);
    const [out, expected] = [target(), target()];
    workHere(draw(random, out));
    workHere(draw(new RandomState(8), expected));
    expectAlike(out, expected);
  });
});

it('a draw that is stopped ends early, and leaves the state as it was', async () => {
  const generator = new native.Generator({ outcome: newOutcome() });
  const state = new Uint32Array(625).fill(3);
  const orders = new Uint32Array(100);
  const given = { state, from: null, size: 100, count: 100, orders };
  const drawn = () => new Promise<unknown>((resolve) => generator.orders(given, resolve));
  generator.stop();
  expect(await drawn()).toBeUndefined();
  expect(state).toEqual(new Uint32Array(625).fill(3));
  expect(orders).toEqual(new Uint32Array(100));
  generator.clearStop();
  await drawn();
  expect(orders.toSorted()).toEqual(Uint32Array.from(ascending(100)));
});

it('a few numbers are drawn at once, without another thread', () => {
  const order = new Uint32Array(1000);
  const work = drawOrders(new RandomState(1), order, 1000);
  expect(withStillClock(() => workAnywhere(work, {}))).toBeUndefined();
  expect(order).toEqual(new RandomState(1).permutation(1000));
});
