// Training by L-BFGS: PyTorch's trajectories, and fit with one step per epoch.

import { describe, expect, it } from 'vitest';
import { Network } from '../../lib/network/network';
import { lbfgs } from '../../lib/optimizers/optimizers';
import golden from '../fixtures/pytorch-lbfgs.json';
import train from '../fixtures/train.json';
import { expectClose } from '../native/helpers';
import {
  articleSamples,
  demonstration,
  layers,
  randomLabels,
  randomMatrix,
  restore,
  snapshot,
  underWay,
} from '../network/helpers';
import { itRejects } from '../support/bad-input';
import { maxRelativeError } from '../support/oracle';

const { train: moons } = articleSamples();
const exact = { toleranceGradient: 0, toleranceChange: 0 };

describe('the trajectory of L-BFGS', () => {
  it('is PyTorch’s on a convex problem, to the minimum', async () => {
    const { X, Y, loss, parameters } = golden.logistic;
    const net = new Network(layers([8, 1], 'linear', 'sigmoid'));
    restore(net, new Array(9).fill(0));
    const options = { epochs: loss.length, optimizer: lbfgs({ ...exact, toleranceGradient: 1e-9 }) };
    const history = await net.fit(
      X,
      Y.map((y) => [y]),
      options,
    );
    // Near the minimum, rounding decides which of the two stops first.
    expect(history.loss.length).toBeGreaterThan(100);
    expectClose(history.loss, loss.slice(0, history.loss.length), 1e-9);
    expect(maxRelativeError(snapshot(net), parameters)).toBeLessThan(1e-4);
  });

  it('is PyTorch’s on the article’s network, while rounding is small', async () => {
    const net = new Network(demonstration, { seed: 2, initializer: 'article' });
    const { loss } = await net.fit(moons.X, moons.Y, { epochs: 25, optimizer: lbfgs(exact) });
    // Each epoch magnifies the rounding of those before.
    expectClose(loss.slice(0, 4), golden.moons.slice(0, 4), 1e-12);
    expectClose(loss.slice(0, 10), golden.moons.slice(0, 10), 1e-9);
    expectClose(loss, golden.moons.slice(0, 25), 1e-7);
  });
});

it.each([
  [1, 'float64'],
  [2, 'float64'],
  [3, 'float64'],
  [2, 'float32'],
] as const)(
  '50 epochs of L-BFGS do more than 10,000 of gradient descent, with seed %s in %s',
  async (seed, dtype) => {
    const last = train.cost.at(-1) as number;
    expect(last).toBeCloseTo(0.0743, 4);
    const net = new Network(demonstration, { seed, dtype });
    const [X, Y] = [moons.X.toArray(), moons.Y.toArray()];
    const { loss } = await net.fit(X, Y, { epochs: 50, optimizer: lbfgs() });
    expect(loss.length).toBe(50);
    expect(loss.at(-1)).toBeLessThan(last);
    expect(net.evaluateSync(X, Y).loss).toBeLessThan(loss.at(-1) as number);
  },
);

describe('an epoch of L-BFGS', () => {
  const X = randomMatrix(700, 3, 1);
  const Y = randomLabels(700, 2, 2);
  const start = () => new Network(layers([3, 7, 5, 2], 'tanh', 'sigmoid'), { seed: 1 });
  const optimizer = lbfgs();

  it('reports the loss and accuracy before its step', async () => {
    for await (const { epoch, loss, accuracy } of start().epochs(X, Y, { epochs: 5, optimizer })) {
      const copy = start();
      if (epoch > 1) copy.fitSync(X, Y, { epochs: epoch - 1, optimizer });
      expect(copy.evaluateSync(X, Y).loss).toBeCloseTo(loss, 12);
      expect(copy.evaluateSync(X, Y).accuracy).toBe(accuracy);
    }
  });

  it('takes the same step to the last bit, however epochs are grouped, on any number of threads', async () => {
    const [whole, apart, threads] = [start(), start(), start()];
    const history = whole.fitSync(X, Y, { epochs: 40, optimizer, threads: 1 });
    const losses: number[] = [];
    for await (const { loss } of apart.epochs(X, Y, { epochs: 40, optimizer })) losses.push(loss);
    expect(losses).toEqual(history.loss);
    expect(snapshot(apart)).toEqual(snapshot(whole));
    expect(await threads.fit(X, Y, { epochs: 40, optimizer, threads: 3 })).toEqual(history);
    expect(snapshot(threads)).toEqual(snapshot(whole));
  });

  it('is left whole by an abort', async () => {
    const net = start();
    const many = { X: randomMatrix(20_000, 3, 1), Y: randomLabels(20_000, 2, 2) };
    const controller = new AbortController();
    const options = { epochs: 1_000_000, optimizer: lbfgs(exact), signal: controller.signal };
    const aborted = expect(net.fit(many.X, many.Y, options)).rejects.toMatchObject({ code: 'ABORT_ERR' });
    await underWay(net);
    controller.abort();
    await aborted;
    const again = start();
    const same = () => snapshot(again).every((value, i) => value === snapshot(net)[i]);
    // The abort may have come during the first step, so 0 epochs count too.
    for (let epochs = 0; epochs < 100 && !same(); epochs++) {
      restore(again, snapshot(start()));
      again.resetOptimizer();
      if (epochs > 0) again.fitSync(many.X, many.Y, { epochs, optimizer: lbfgs(exact) });
    }
    expect(same()).toBe(true);
  });

  it('is the last where a tolerance is met', async () => {
    // A line through three points: a few steps find the exact minimum.
    const net = new Network(layers([1, 1], 'linear', 'linear'), { seed: 1 });
    const options = { epochs: 100, optimizer: lbfgs() };
    const { loss } = await net.fit([[0], [1], [2]], [[1], [3], [5]], options);
    expect(loss.length).toBeLessThan(15);
    expectClose(snapshot(net), [2, 1], 1e-5);
    const reports = [];
    for await (const { epoch } of net.epochs([[0], [1], [2]], [[1], [3], [5]], options)) reports.push(epoch);
    expect(reports.length).toBeLessThan(5);
  });

  it('changes nothing where no loss is finite', async () => {
    const net = new Network(layers([1, 1], 'linear', 'linear'), { seed: 1 });
    const before = snapshot(net);
    const options = { epochs: 3, optimizer: lbfgs({ learningRate: 1e300, maxEvaluations: 3 }) };
    await expect(net.fit([[1], [2]], [[1], [3]], options)).rejects.toMatchObject({
      code: 'ERR_BLASNET_DIVERGED',
    });
    expect(snapshot(net)).toEqual(before);
  });
});

describe('the options of L-BFGS', () => {
  const net = () => new Network(layers([1, 1], 'linear', 'linear'), { seed: 1 });
  const once = (batchSize: number | 'full') =>
    net().fitSync([[1], [2]], [[1], [3]], { epochs: 1, batchSize, optimizer: lbfgs() });

  it('take full batches alone, which are the default', () => {
    expect(once('full')).toEqual(once(2));
    expect(net().fitSync([[1], [2]], [[1], [3]], { epochs: 1, optimizer: lbfgs() })).toEqual(once('full'));
  });

  it('have the defaults that are documented, and are frozen', () => {
    expect(lbfgs()).toEqual({
      ...{ name: 'lbfgs', learningRate: 1, historySize: 10, maxEvaluations: 25 },
      ...{ toleranceGradient: 1e-7, toleranceChange: 1e-9 },
    });
    expect(Object.isFrozen(lbfgs({ historySize: 3 }))).toBe(true);
  });

  itRejects([
    {
      what: 'a smaller batch',
      call: () => once(1),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: "Expected batchSize to be 'full' with lbfgs, got 1 (number)",
    },
    {
      what: 'no history',
      call: () => lbfgs({ historySize: 0 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected historySize to be an integer from 1 to 1000, got 0 (number)',
    },
    {
      what: 'half an evaluation',
      call: () => lbfgs({ maxEvaluations: 0.5 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected maxEvaluations to be an integer from 1 to 1000, got 0.5 (number)',
    },
    {
      what: 'a negative tolerance',
      call: () => lbfgs({ toleranceChange: -1 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected toleranceChange to be a finite number of at least 0, got -1 (number)',
    },
    {
      what: 'PyTorch’s spelling',
      call: () => lbfgs({ tolerance_grad: 1e-9 } as never),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "tolerance_grad"; did you mean "toleranceGradient"?',
    },
  ]);
});
