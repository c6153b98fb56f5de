// L-BFGS on functions with known minima. Every step uses a new object on the old state.

import { describe, expect, it } from 'vitest';
import { allocateShared, type FloatArray } from '../../lib/base/matrix';
import { nativeOptimizer } from '../../lib/optimizers/make';
import { type LbfgsOptions, lbfgs } from '../../lib/optimizers/optimizers';
import * as oracle from '../support/oracle';
import { expectClose, expectSameBits, type FloatType, float32, float64, floatTypes } from './helpers';
import { kernels } from './kernels';

/** The value at x, and the gradient there. */
type Objective = (x: FloatArray) => [value: number, gradient: ArrayLike<number>];

const rosenbrock: Objective = (point) => {
  const [x = 0, y = 0] = point;
  return [(1 - x) ** 2 + 100 * (y - x * x) ** 2, [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]];
};

/** sum(i * (x[i] - i)^2) / 2, with i from 1: the minimum is at (1, 2, 3, ...). */
const bowl: Objective = (x) => [
  Array.from(x).reduce((sum, value, i) => sum + ((i + 1) * (value - i - 1) ** 2) / 2, 0),
  Array.from(x, (value, i) => (i + 1) * (value - i - 1)),
];

function search(type: FloatType, objective: Objective, start: readonly number[], options: LbfgsOptions = {}) {
  const { options: packed, stateSize } = nativeOptimizer(lbfgs(options));
  const parameters = allocateShared(start.length, type.dtype);
  const gradients = allocateShared(start.length, type.dtype);
  const memory = allocateShared(stateSize(start.length) + 10, type.dtype).fill(123.5);
  const state = memory.subarray(5, -5).fill(0);
  parameters.set(start);
  const statuses = Object.keys(kernels.lbfgsStatuses);
  const seen: number[] = [];
  const step = (stopAfter = Number.POSITIVE_INFINITY) => {
    let evaluations = 0;
    const status = kernels.lbfgsStep(packed, parameters, gradients, state, () => {
      const [value, gradient] = objective(parameters);
      gradients.set(gradient);
      seen.push(value);
      return ++evaluations > stopAfter ? undefined : value;
    });
    expect([...memory.subarray(0, 5), ...memory.subarray(-5)]).toEqual(new Array(10).fill(123.5));
    return { status: statuses[status], evaluations };
  };
  const run = (most: number) => {
    for (let steps = 1; steps <= most; steps++) {
      const { status } = step();
      if (status !== 'stepped') return { status, steps };
    }
    return { status: 'stepped', steps: most };
  };
  return { parameters, state, seen, step, run };
}

describe.each(floatTypes)('L-BFGS in $dtype', (type) => {
  it('finds the minimum of Rosenbrock’s function', () => {
    const { parameters, run } = search(type, rosenbrock, [-1.2, 1], { toleranceChange: 0 });
    const { status, steps } = run(100);
    expect(status).toBe('converged');
    expect(steps).toBeLessThan(50);
    expectClose(parameters, [1, 1], type.dtype === 'float64' ? 1e-8 : 1e-3);
  });

  it.each([1, 2, 3, 7, 17, 40])('finds the minimum of a quadratic in %s variables', (size) => {
    const start = oracle.randomArray(size, 1, -9, 9);
    const { parameters, run } = search(type, bowl, start, { toleranceChange: 0, toleranceGradient: 1e-5 });
    const { status, steps } = run(150);
    expect(status).toBe('converged');
    expect(steps).toBeLessThan(100);
    expectClose(
      parameters,
      start.map((_, i) => i + 1),
      type.dtype === 'float64' ? 1e-4 : 1e-3,
    );
  });

  it.each([1, 2, 5, 30])('remembers %s steps, and goes down with each', (historySize) => {
    const { parameters, run, step } = search(type, bowl, new Array(20).fill(0), { historySize });
    let value = bowl(parameters)[0];
    for (let i = 0; i < 12; i++) {
      if (step().status !== 'stepped') break;
      expect(bowl(parameters)[0]).toBeLessThan(value);
      [value] = bowl(parameters);
    }
    expect(run(300).status).toBe('converged');
  });

  it('takes the first step along the gradient, no longer than its sum of sizes allows', () => {
    // (x - 4)^2 / 2 from 0: the gradient is -4, and a quarter of it leads to 1. There the gradient is -3,
    // less than 0.9 times the first one, so the step is long enough.
    const { parameters, step } = search(type, (x) => [((x[0] ?? 0) - 4) ** 2 / 2, [(x[0] ?? 0) - 4]], [0]);
    expect(step()).toEqual({ status: 'stepped', evaluations: 2 });
    expect([...parameters]).toEqual([1]);
    // Then it takes Newton's step exactly, because the curvature is known.
    expect(step()).toEqual({ status: 'stepped', evaluations: 2 });
    expect([...parameters]).toEqual([4]);
    expect(step()).toEqual({ status: 'converged', evaluations: 1 });
  });

  it('leaves the parameters of the last whole step when it is stopped, and goes on as if it had not been', () => {
    const [stopped, whole] = [search(type, rosenbrock, [-1.2, 1]), search(type, rosenbrock, [-1.2, 1])];
    for (let i = 0; i < 20; i++) {
      const before = stopped.parameters.slice();
      for (const after of [0, 1]) {
        expect(stopped.step(after).status).toBe('stopped');
        expectSameBits(stopped.parameters, before);
      }
      expect(stopped.step()).toEqual(whole.step());
      expectSameBits(stopped.parameters, whole.parameters);
    }
  });

  it('shortens steps to where values are finite', () => {
    // x - log(x) has no value below 0. The first step, from 3 with a gradient of 2/3, times 100, leads there.
    const barrier: Objective = (x) => [(x[0] ?? 0) - Math.log(x[0] ?? 0), [1 - 1 / (x[0] ?? 0)]];
    const { parameters, run, seen } = search(type, barrier, [3], { learningRate: 100 });
    expect(run(50).status).toBe('converged');
    expect(seen.some(Number.isNaN)).toBe(true);
    expectClose(parameters, [1], type.dtype === 'float64' ? 1e-6 : 1e-3);
  });

  it('gives up where no value is finite, and leaves the parameters', () => {
    const objective: Objective = (x) => [x[0] === 3 ? 1 : Number.NaN, [1]];
    const found = search(type, objective, [3], { maxEvaluations: 4 });
    expect(found.step()).toEqual({ status: 'diverged', evaluations: 5 });
    expect([...found.parameters]).toEqual([3]);
    for (const [value, gradient] of [
      [Number.NaN, 1],
      [Number.POSITIVE_INFINITY, 1],
      [1, Number.NaN],
      [1, Number.POSITIVE_INFINITY],
    ] as const) {
      const lost = search(type, () => [value, [0, gradient]], [3, 4]);
      expect(lost.step()).toEqual({ status: 'diverged', evaluations: 1 });
      expect([...lost.parameters]).toEqual([3, 4]);
    }
  });

  it('ends at once where the gradient is zero', () => {
    expect(search(type, bowl, [1, 2, 3]).step()).toEqual({ status: 'converged', evaluations: 1 });
  });

  it('ends where the direction of descent leads nowhere lower', () => {
    // This gradient is wrong.
    const found = search(type, (x) => [Math.abs((x[0] ?? 0) - 1), [1]], [1]);
    expect(found.step().status).toBe('converged');
    expect([...found.parameters]).toEqual([1]);
  });

  it('evaluates no more often than it may', () => {
    for (const maxEvaluations of [1, 2, 3, 10]) {
      const found = search(type, rosenbrock, [-1.2, 1], { maxEvaluations, learningRate: 1000 });
      for (let i = 0; i < 5; i++) expect(found.step().evaluations).toBeLessThanOrEqual(maxEvaluations + 1);
    }
  });
});

it('L-BFGS in float32 and L-BFGS in float64 differ in rounding alone', () => {
  const [a, b] = [search(float64, rosenbrock, [-1.2, 1]), search(float32, rosenbrock, [-1.2, 1])];
  for (let i = 0; i < 5; i++) expect(a.step()).toEqual(b.step());
  expectClose(a.parameters, b.parameters, 1e-4);
});
