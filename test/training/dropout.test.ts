// Dropout and noise act only in training; they depend on the seed, and not on the number of threads.

import { afterEach, describe, expect, it } from 'vitest';
import { getThreads, setThreads } from '../../lib/addon/threads';
import type { LayerOptions } from '../../lib/layers/architecture';
import { Network } from '../../lib/network/network';
import { sgd } from '../../lib/optimizers/optimizers';
import { randomLabels, randomMatrix } from '../network/helpers';
import { network, stateOf, X, Y } from './helpers';

const threads = getThreads();
afterEach(() => setThreads(threads));

describe.each([
  ['dropout', { dropout: 0.5 }],
  ['noise', { noise: 0.5 }],
] as const)('%s', (_, options) => {
  const fit = { epochs: 5, batchSize: 8 };

  it('acts in training, and not in predictions, evaluations and gradients', async () => {
    const [net, plain] = [network(options), network()];
    expect(net.predictSync(X)).toEqual(plain.predictSync(X));
    expect(await net.evaluate(X, Y)).toEqual(plain.evaluateSync(X, Y));
    expect(net.gradients(X, Y)).toEqual(plain.gradients(X, Y));
    const full = { epochs: 1, batchSize: 'full' } as const;
    expect(net.fitSync(X, Y, full).loss).not.toEqual(plain.fitSync(X, Y, full).loss);
  });

  it('is drawn again in every epoch and every batch', () => {
    const net = network(options);
    // These steps are too small to change a parameter.
    const optimizer = sgd({ learningRate: Number.MIN_VALUE });
    const { loss } = net.fitSync(X, Y, { epochs: 20, batchSize: 'full', optimizer });
    expect(new Set(loss).size).toBe(20);
    const same = Array.from({ length: 40 }, () => [1, -1, 0.5]);
    const losses: number[] = [];
    const callbacks = { onBatchEnd: ({ loss }: { loss: number }) => void losses.push(loss) };
    net.fitSync(same, Array(40).fill([1]), { epochs: 1, batchSize: 8, optimizer, callbacks });
    expect(new Set(losses).size).toBe(5);
  });

  it('is the same for the same seed, whether the network’s or fit’s', async () => {
    const [first, second] = [network(options), network(options)];
    expect(second.fitSync(X, Y, fit)).toEqual(await first.fit(X, Y, fit));
    expect(stateOf(second)).toEqual(stateOf(first));
    // Each fit draws new numbers; with a seed, each fit draws equal numbers.
    const optimizer = sgd({ learningRate: Number.MIN_VALUE });
    const still = { epochs: 1, batchSize: 'full', optimizer } as const;
    expect(first.fitSync(X, Y, still)).not.toEqual(first.fitSync(X, Y, still));
    const seeded = { ...still, seed: 5 };
    expect(first.fitSync(X, Y, seeded)).toEqual(second.fitSync(X, Y, seeded));
    expect(first.fitSync(X, Y, seeded)).toEqual(second.fitSync(X, Y, seeded));
  });

  it.each(['row tiles', 'layers'])('has the same bits for any number of threads, by %s', async (way) => {
    const width = way === 'layers' ? 600 : 20;
    const [x, y] = [randomMatrix(600, 3, 3), randomLabels(600, 1, 4)];
    const run = async (count: number) => {
      setThreads(count);
      const net = network({ ...options, outputDim: width });
      const { loss } = await net.fit(x, y, { epochs: 2, batchSize: 300 });
      return { loss, ...stateOf(net) };
    };
    const single = await run(1);
    expect(await run(2)).toEqual(single);
    expect(await run(3)).toEqual(single);
  });
});

describe('over many draws', () => {
  const rows = 20_000;

  /** The training loss of a network without bias whose hidden units are its inputs, all 1, on labels 0. */
  function meanSquare(hidden: Partial<LayerOptions>, inputDim: number): number {
    const net = new Network(
      [
        { inputDim, outputDim: inputDim, activation: 'linear', ...hidden },
        { outputDim: 1, activation: 'linear' },
      ],
      { seed: 1, initializer: 'zeros' },
    );
    for (let i = 0; i < inputDim; i++) net.parameters.W1?.set(i, i, 1);
    net.parameters.W2?.data.fill(1);
    const x = Array.from({ length: rows }, () => Array<number>(inputDim).fill(1));
    const y = Array.from({ length: rows }, () => [0]);
    const options = {
      epochs: 1,
      batchSize: 'full',
      optimizer: sgd({ learningRate: Number.MIN_VALUE }),
    } as const;
    return net.fitSync(x, y, options).loss[0] as number;
  }

  // The output is a sum of n terms of mean 1 and variance v: its mean square is n^2 + n v. The bounds are six
  // standard deviations of that mean, roughly.
  it.each([0.1, 0.5, 0.9])(
    'a dropout of %d keeps the mean, as each unit is 0 or 1 / (1 - dropout)',
    (dropout) => {
      const variance = dropout / (1 - dropout);
      expect(meanSquare({ dropout }, 1)).toBeCloseTo(1 + variance, dropout === 0.9 ? 0 : 1);
      const expected = 16 + 4 * variance;
      expect(Math.abs(meanSquare({ dropout }, 4) / expected - 1)).toBeLessThan(0.1);
    },
  );

  it('noise has its deviation, and no mean', () => {
    // Of (1 + e1 + 1 + e2)^2, with deviations of 0.5: 4 + 2 * 0.25.
    expect(Math.abs(meanSquare({ noise: 0.5 }, 2) - 4.5)).toBeLessThan(0.15);
  });
});
