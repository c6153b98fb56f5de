// If the numbers of a training overflow, it ends with an error that says where, before a step makes the parameters NaN.

import { describe, expect, it } from 'vitest';
import { Network } from '../../lib/network/network';
import { sgd } from '../../lib/optimizers/optimizers';
import { thrownBy } from '../support/bad-input';
import { layers, randomMatrix, snapshot } from './helpers';

const diverged = (epoch: number, batch: number, layer: string) =>
  `Training diverged: the loss of epoch ${epoch}, batch ${batch} is not finite, and the first values that are ` +
  `not finite come from layer ${layer}. That step was not taken. A smaller learning rate may help`;

function expectDiverged(error: unknown, message: string): void {
  expect(error).toMatchObject({ code: 'ERR_BLASNET_DIVERGED', message });
  expect((error as Error).constructor).toBe(RangeError);
}

/** y = W x with W = 1: the error grows by a factor of 1 - 2 learningRate x^2 in every step. */
function line(dtype: 'float64' | 'float32' = 'float64') {
  const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }], {
    dtype,
    initializer: 'zeros',
  });
  (net.parameters.W1 ?? expect.fail()).data[0] = 1;
  return net;
}

describe.each(['fit', 'fitSync', 'epochs'] as const)('%s', (method) => {
  async function train(
    net: Network,
    X: number[][],
    Y: number[][],
    learningRate: number,
    batchSize: 1 | 'full',
  ) {
    const options = { epochs: 1000, batchSize, shuffle: false, optimizer: sgd({ learningRate }) };
    const run = async (): Promise<unknown> => {
      if (method !== 'epochs') return net[method](X, Y, options);
      for await (const _ of net.epochs(X, Y, options));
      return undefined;
    };
    return run().catch((error) => error);
  }

  it('names the epoch, and leaves the parameters of the step before', async () => {
    const [net, twin] = [line(), line()];
    const error = await train(net, [[1]], [[0]], 1e50, 'full');
    // dW = db = 2 e, and the error becomes e (1 - 4e50): 1, 4e50, 1.6e101, 6.4e151; the fourth squared is 4e303,
    // the next overflows.
    expectDiverged(error, diverged(5, 1, '1 of 1 (linear)'));
    const options = { epochs: 4, batchSize: 'full', optimizer: sgd({ learningRate: 1e50 }) } as const;
    twin.fitSync([[1]], [[0]], options);
    expect(snapshot(net)).toEqual(snapshot(twin));
  });

  it('tells of parameters that overflow in the last step, which no loss shows', async () => {
    const net = line();
    const options = { epochs: 1, batchSize: 'full', optimizer: sgd({ learningRate: 1e308 }) } as const;
    const run = async (): Promise<unknown> => {
      if (method !== 'epochs') return net[method]([[100]], [[0]], options);
      for await (const _ of net.epochs([[100]], [[0]], options));
      return undefined;
    };
    expectDiverged(
      await run().catch((error) => error),
      'Training diverged: after epoch 1 the parameters are not finite; the first is element 0 of the flat buffer. ' +
        'A smaller learning rate may help',
    );
  });

  it('names the batch in which the loss overflows', async () => {
    const net = line();
    const error = await train(net, [[0], [1], [1e200]], [[0], [0], [0]], 1e-3, 1);
    expectDiverged(error, diverged(1, 3, '1 of 1 (linear)'));
    expect(snapshot(net).every(Number.isFinite)).toBe(true);
  });

  it('names the layer where it began', async () => {
    const net = new Network(layers([1, 2, 2, 1], 'linear', 'linear'), { seed: 1 });
    (net.parameters.W2 ?? expect.fail()).data.fill(1e308);
    const before = snapshot(net);
    expectDiverged(await train(net, [[1e10]], [[0]], 0.1, 'full'), diverged(1, 1, '2 of 3 (linear)'));
    expect(snapshot(net)).toEqual(before);
  });

  it('names the layer whose parameters were no numbers to begin with', async () => {
    const net = new Network(layers([1, 2, 1], 'relu', 'sigmoid'), { seed: 1 });
    (net.parameters.b1 ?? expect.fail()).data[1] = Number.NaN;
    const before = snapshot(net);
    expectDiverged(await train(net, [[1]], [[0]], 0.1, 'full'), diverged(1, 1, '1 of 2 (relu)'));
    expect(snapshot(net)).toEqual(before);
  });

  it('leaves a network that can be trained on', async () => {
    const net = line();
    await train(net, [[1]], [[0]], 1e50, 'full');
    (net.parameters.W1 ?? expect.fail()).data[0] = 1;
    (net.parameters.b1 ?? expect.fail()).data[0] = 0;
    expect(await net.fit([[1]], [[0]], { epochs: 1 })).toEqual({ loss: [1] });
  });
});

it('float32 diverges by its own range', () => {
  const net = line('float32');
  const options = { epochs: 100, batchSize: 'full', optimizer: sgd({ learningRate: 1e6 }) } as const;
  // The errors are 1, 4e6, 1.6e13, 6.4e19: the fourth squared is 4e39, beyond float32.
  expectDiverged(
    thrownBy(() => net.fitSync([[1]], [[0]], options)),
    diverged(4, 1, '1 of 1 (linear)'),
  );
  expect(snapshot(net).every(Number.isFinite)).toBe(true);
});

it('a loss that is large but finite is no divergence', () => {
  const net = line();
  const history = net.fitSync([[1e150]], [[0]], { epochs: 1, optimizer: sgd({ learningRate: 1e-300 }) });
  expect(history.loss).toEqual([1e150 ** 2]);
});

it('saturated sigmoids and softmaxes do not diverge', () => {
  for (const output of ['sigmoid', 'softmax'] as const) {
    const net = new Network(layers([2, 4, 2], 'relu', output), { seed: 1 });
    const options = { epochs: 200, optimizer: sgd({ learningRate: 1e6 }) };
    const Y = Array.from({ length: 20 }, (_, i) => [i % 2, 1 - (i % 2)]);
    const history = net.fitSync(randomMatrix(20, 2, 1), Y, options);
    expect(history.loss.every(Number.isFinite)).toBe(true);
    expect(snapshot(net).every(Number.isFinite)).toBe(true);
  }
});
