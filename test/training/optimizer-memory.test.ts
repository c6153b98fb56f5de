// What an optimiser keeps goes on from one training of a network to the next.

import { describe, expect, it } from 'vitest';
import { Network } from '../../lib/network/network';
import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  lbfgs,
  lion,
  nadam,
  type Optimizer,
  rmsProp,
  sgd,
} from '../../lib/optimizers/optimizers';
import type { FitOptions } from '../../lib/training/options';
import { areAlike, layers, longEpoch, randomMatrix, underWay } from '../network/helpers';
import { expectError } from '../support/bad-input';
import { newFolder } from '../support/scratch';
import { network, stateOf, X, Y } from './helpers';

/** Makes each optimiser anew. */
const makers: Record<Optimizer['name'], () => Optimizer> = {
  sgd: () => sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  rmsProp: () => rmsProp({ centered: true, momentum: 0.5 }),
  adagrad: () => adagrad({ initialAccumulator: 0.1, learningRateDecay: 0.01 }),
  adadelta: () => adadelta(),
  adam: () => adam({ learningRate: 0.05, amsgrad: true }),
  adamW: () => adamW({ learningRate: 0.05 }),
  adamax: () => adamax(),
  nadam: () => nadam(),
  lion: () => lion({ learningRate: 0.01 }),
  lbfgs: () => lbfgs({ toleranceGradient: 0, toleranceChange: 0 }),
};

const plain = { batchSize: 'full' } as const;
/** Networks of random numbers and running moments; lbfgs takes none of the former. */
const networkFor = (optimizer: Optimizer, dtype: 'float64' | 'float32' = 'float64') =>
  network({ normalization: 'batch', ...(optimizer.name !== 'lbfgs' && { dropout: 0.3 }) }, { dtype });

const samplesOf = (dtype: 'float64' | 'float32') =>
  dtype === 'float64' ? [X, Y] : [X.toArray(), Y.toArray()];

/** Trains some epochs by each method, with options made anew. */
const methods: Record<
  string,
  (net: Network, epochs: number, options: () => Partial<FitOptions>) => Promise<unknown>
> = {
  fit: (net, epochs, options) =>
    net.fit(...(samplesOf(net.dtype) as [never, never]), { ...plain, ...options(), epochs }),
  fitSync: async (net, epochs, options) =>
    net.fitSync(...(samplesOf(net.dtype) as [never, never]), { ...plain, ...options(), epochs }),
  epochs: async (net, epochs, options) => {
    const loop = net.epochs(...(samplesOf(net.dtype) as [never, never]), {
      ...plain,
      ...options(),
      epochs: 100,
    });
    for await (const { epoch } of loop) if (epoch === epochs) break;
  },
  partialFit: async (net, epochs, options) => {
    for (let epoch = 0; epoch < epochs; epoch++)
      await net.partialFit(...(samplesOf(net.dtype) as [never, never]), { ...plain, ...options() });
  },
  trainOnBatch: async (net, epochs, options) => {
    for (let epoch = 0; epoch < epochs; epoch++)
      net.trainOnBatch(...(samplesOf(net.dtype) as [never, never]), options());
  },
};

describe.each(Object.keys(makers) as Optimizer['name'][])('%s made anew for each call', (name) => {
  const make = makers[name];

  it.each(['float64', 'float32'] as const)(
    'takes the steps of one long training, to the last bit (%s)',
    async (dtype) => {
      const [net, twin] = [networkFor(make(), dtype), networkFor(make(), dtype)];
      for (const train of Object.values(methods)) await train(net, 2, () => ({ optimizer: make() }));
      twin.fitSync(...(samplesOf(dtype) as [never, never]), { ...plain, optimizer: make(), epochs: 10 });
      expect(stateOf(net)).toEqual(stateOf(twin));
    },
  );
});

describe.each(Object.entries(methods))('after %s', (_, first) => {
  const options = () => ({ optimizer: adam({ learningRate: 0.05 }) });

  it.each(Object.entries(methods))('%s goes on', async (_, second) => {
    const [net, twin] = [network(), network()];
    await first(net, 3, options);
    await second(net, 2, options);
    await methods.fitSync?.(twin, 5, options);
    expect(stateOf(net)).toEqual(stateOf(twin));
  });
});

it('mini-batches in their order go on from one fit to the next', () => {
  const [net, twin] = [network({ dropout: 0.4 }), network({ dropout: 0.4 })];
  const options = () => ({ batchSize: 7, accumulate: 2, shuffle: false, optimizer: nadam() });
  for (const epochs of [3, 1, 2]) net.fitSync(X, Y, { ...options(), epochs });
  twin.fitSync(X, Y, { ...options(), epochs: 6 });
  expect(stateOf(net)).toEqual(stateOf(twin));
});

describe('an optimiser', () => {
  /** Trains with one optimiser, then with another, and says whether the second one goes on. */
  function goesOn(one: Optimizer, other: Optimizer, between: (net: Network) => void = () => {}): boolean {
    const [net, anew] = [network(), network()];
    for (const own of [net, anew]) own.fitSync(X, Y, { ...plain, epochs: 3, optimizer: one });
    between(net);
    anew.resetOptimizer();
    for (const own of [net, anew]) own.fitSync(X, Y, { ...plain, epochs: 2, optimizer: other });
    return JSON.stringify(stateOf(net)) !== JSON.stringify(stateOf(anew));
  }

  it.each([
    { what: 'equal settings', one: adam(), other: adam(), expected: true },
    { what: 'the default given and left to be', one: adam({ beta1: 0.9 }), other: adam(), expected: true },
    { what: 'another learning rate', one: adam(), other: adam({ learningRate: 0.1 }), expected: true },
    { what: 'another beta1', one: adam(), other: adam({ beta1: 0.8 }), expected: false },
    { what: 'amsgrad', one: adam(), other: adam({ amsgrad: true }), expected: false },
    { what: 'another convention', one: adam(), other: adam({ convention: 'keras' }), expected: false },
    { what: 'another name', one: adam(), other: adamW({ weightDecay: 0 }), expected: false },
    { what: 'a shorter history', one: lbfgs(), other: lbfgs({ historySize: 3 }), expected: false },
  ])('goes on or starts anew by its settings: $what', ({ one, other, expected }) => {
    expect(goesOn(one, other)).toBe(expected);
  });

  it.each([
    { what: 'adam', make: (learningRate: number) => adam({ learningRate }) },
    // A single evaluation takes the first step that the line search tries.
    {
      what: 'lbfgs',
      make: (learningRate: number) =>
        lbfgs({ learningRate, maxEvaluations: 1, toleranceGradient: 0, toleranceChange: 0 }),
    },
  ])('goes on at another learning rate when it is given one ($what)', ({ make }) => {
    const nets = [network(), network()];
    for (const net of nets) net.fitSync(X, Y, { ...plain, epochs: 3, optimizer: make(0.01) });
    const before = stateOf(network());
    const [whole = [], tenth = []] = nets.map((net, i) => {
      before.parameters = stateOf(net).parameters;
      net.fitSync(X, Y, { ...plain, epochs: 1, optimizer: make(0.02 / 10 ** i) });
      return stateOf(net).parameters.map((value, j) => value - (before.parameters[j] as number));
    });
    expect(whole.some((step) => step !== 0)).toBe(true);
    for (const [i, step] of whole.entries()) expect(tenth[i]).toBeCloseTo(step / 10, 12);
  });

  it('starts anew when another one trained in between', () => {
    expect(
      goesOn(adam(), adam(), (net) =>
        net.fitSync(X, Y, { epochs: 1, optimizer: sgd({ learningRate: 1e-300 }) }),
      ),
    ).toBe(false);
  });

  it('goes on with another loss, limits of the gradients, weights and batches', () => {
    const [net, twin, anew] = [network(), network(), network()];
    const options = {
      ...{ epochs: 1, batchSize: 10, shuffle: false },
      loss: 'meanSquaredError',
      clipNorm: 0.1,
    } as const;
    const optimizer = adam();
    for (const own of [net, twin, anew]) own.fitSync(X, Y, { ...plain, epochs: 3, optimizer });
    anew.resetOptimizer();
    net.fitSync(X, Y, { ...options, optimizer: adam() });
    for (const own of [twin, anew]) {
      for (let row = 0; row < 40; row += 10) {
        const part = { X: X.toArray().slice(row, row + 10), Y: Y.toArray().slice(row, row + 10) };
        own.trainOnBatch(part.X, part.Y, { loss: 'meanSquaredError', clipNorm: 0.1, optimizer });
      }
    }
    expect(stateOf(net)).toEqual(stateOf(twin));
    expect(stateOf(net)).not.toEqual(stateOf(anew));
  });

  it('goes on in a clone, and starts anew in a network that is loaded', () => {
    const path = `${newFolder()}/model`;
    const net = network();
    const optimizer = adam();
    net.fitSync(X, Y, { ...plain, epochs: 3, optimizer });
    net.saveSync(path);
    const [clone, loaded] = [net.clone(), Network.loadSync(path)];
    const reset = net.clone();
    reset.resetOptimizer();
    for (const own of [net, clone, loaded, reset]) own.fitSync(X, Y, { ...plain, epochs: 2, optimizer });
    expect(stateOf(clone)).toEqual(stateOf(net));
    expect(stateOf(loaded)).toEqual(stateOf(reset));
    expect(stateOf(loaded)).not.toEqual(stateOf(net));
  });

  it('goes on after a training that is resumed from a checkpoint', async () => {
    const directory = newFolder();
    const options = { ...plain, optimizer: adam() };
    const [net, twin] = [network(), network()];
    net.fitSync(X, Y, { ...options, epochs: 2, checkpoint: { directory } });
    const { network: resumed } = await Network.resume(directory, X, Y, { ...options, epochs: 4 });
    resumed.fitSync(X, Y, { ...options, epochs: 3 });
    twin.fitSync(X, Y, { ...options, epochs: 7 });
    expect(stateOf(resumed)).toEqual(stateOf(twin));
  });

  it('draws the random numbers anew when it is given a seed', () => {
    // Two networks with different pasts, but one state: the rates of the past are too small to change anything.
    const nets = [1, 3].map((epochs) => {
      const net = network({ dropout: 0.5 });
      net.fitSync(X, Y, { ...plain, epochs, optimizer: sgd({ learningRate: 1e-300 }) });
      net.fitSync(X, Y, { epochs: 2, batchSize: 8, seed: 5, optimizer: sgd() });
      return stateOf(net);
    });
    expect(nets[0]).toEqual(nets[1]);
  });
});

describe('after a training that did not end well, an optimiser', () => {
  const optimizer = adam({ learningRate: 0.05 });
  const big = { X: randomMatrix(4000, 3, 1), Y: randomMatrix(4000, 1, 2) };
  const net = () => new Network(layers([3, 40, 1], 'tanh', 'linear'), { seed: 1 });

  it.each([
    { what: 'Adam', own: { ...plain, optimizer } },
    { what: 'L-BFGS', own: { optimizer: lbfgs({ toleranceGradient: 0, toleranceChange: 0 }) } },
  ])('goes on where the signal stopped it ($what)', async ({ own }) => {
    const [aborted, twin] = [net(), net()];
    const controller = new AbortController();
    const fit = aborted.fit(big.X, big.Y, { ...own, epochs: 1_000_000, signal: controller.signal });
    const failure = fit.then(
      () => expect.fail('Expected the fit to be aborted'),
      (error) => error,
    );
    for (let change = 0; change < 8; change++) await underWay(aborted);
    controller.abort();
    const { loss } = (await failure).history;
    await aborted.fit(big.X, big.Y, { ...own, epochs: 3 });
    twin.fitSync(big.X, big.Y, { ...own, epochs: loss.length + 3 });
    expect(stateOf(aborted)).toEqual(stateOf(twin));
  });

  it('goes on in the middle of an epoch, with its own number of steps', async () => {
    const samples = longEpoch();
    const batchSize = 10_000;
    const noisy = () =>
      new Network(
        layers([2, 16, 1], 'tanh', 'sigmoid').map((layer, i) => ({ ...layer, dropout: i === 0 ? 0.3 : 0 })),
        { seed: 1 },
      );
    const [aborted, twin] = [noisy(), noisy()];
    const controller = new AbortController();
    const options = { epochs: 1, batchSize, shuffle: false, optimizer, signal: controller.signal };
    const fit = aborted.fit(samples.X, samples.Y, options).catch((error) => error);
    await underWay(aborted);
    controller.abort();
    expect(await fit).toMatchObject({ name: 'AbortError' });
    const batch = (start: number) =>
      [
        samples.X.data.subarray(2 * start, 2 * (start + batchSize)),
        samples.Y.data.subarray(start, start + batchSize),
      ] as const;
    let start = 0;
    for (; start < samples.X.rows && !areAlike(aborted, twin); start += batchSize)
      twin.trainOnBatch(...batch(start), { optimizer });
    expect(areAlike(aborted, twin)).toBe(true);
    for (const own of [aborted, twin]) own.trainOnBatch(...batch(0), { optimizer });
    expect(stateOf(aborted)).toEqual(stateOf(twin));
  });

  it('goes on after refused data and a callback that throws', async () => {
    const [own, twin] = [network({ dropout: 0.3 }), network({ dropout: 0.3 })];
    const throwing = () => {
      throw new Error('mine');
    };
    own.fitSync(X, Y, { ...plain, epochs: 2, optimizer });
    // Another optimiser and a seed, which would begin anew, are refused with their data.
    for (const other of [optimizer, sgd()]) {
      const refused = () =>
        own.fitSync([[Number.NaN, 0, 0]], [[1]], { epochs: 1, seed: 3, optimizer: other });
      expect(refused).toThrow('finite numbers');
      await expect(own.fit([[Number.NaN, 0, 0]], [[1]], { epochs: 1, optimizer: other })).rejects.toThrow(
        'finite',
      );
    }
    expect(() => own.fitSync(X, Y, { ...plain, epochs: 2, optimizer, callbacks: throwing })).toThrow('mine');
    own.fitSync(X, Y, { ...plain, epochs: 2, optimizer });
    twin.fitSync(X, Y, { ...plain, epochs: 5, optimizer });
    expect(stateOf(own)).toEqual(stateOf(twin));
  });
});

describe('resetOptimizer', () => {
  it('starts the optimiser anew', () => {
    const [own, twin] = [network(), network()];
    const optimizer = adam();
    for (let fit = 0; fit < 2; fit++) {
      own.fitSync(X, Y, { ...plain, epochs: 2, optimizer });
      own.resetOptimizer();
      // Different settings start anew as well.
      twin.fitSync(X, Y, { ...plain, epochs: 2, optimizer: adam({ weightDecay: fit * 1e-300 }) });
    }
    expect(stateOf(own)).toEqual(stateOf(twin));
  });

  it('is refused while the network is being trained', async () => {
    const own = network();
    const message =
      'Expected resetOptimizer to be called on a network that is not being trained; wait for the fit under way, or ' +
      'end the loop over its epochs';
    for await (const _ of own.epochs(X, Y, { epochs: 1 })) {
      expectError(() => own.resetOptimizer(), Error, 'ERR_BLASNET_BUSY', message);
    }
    own.resetOptimizer();
  });
});
