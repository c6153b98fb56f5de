// The copies of the best parameters: those of a large network are made on other threads.

import { describe, expect, it } from 'vitest';
import type { Dtype, Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import { sgd } from '../../lib/optimizers/optimizers';
import type { FitOptions } from '../../lib/training/options';
import { layers, randomLabels, randomMatrix, underWay } from '../network/helpers';

/** The bytes of the parameters and the running moments. */
const stateOf = ({ parameters, statistics }: Network) =>
  Buffer.concat(
    Object.values({ ...parameters, ...statistics } as Record<string, Matrix>).map(({ data }) =>
      Buffer.from(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer),
    ),
  );

const samplesOf = (dtype: Dtype) => ({
  X: randomMatrix(30, 20, 1, dtype),
  Y: randomLabels(30, 1, 2, dtype),
});

/** With a large step the loss rises and falls; the best epoch is rarely the last. */
const options = (more: Partial<FitOptions> = {}): FitOptions => ({
  ...{ epochs: 12, batchSize: 7, seed: 5 },
  optimizer: sgd({ learningRate: 2 }),
  earlyStopping: { monitor: 'loss', patience: 100, restoreBest: true },
  ...more,
});

describe.each([
  ['small', 4, 'float64'],
  ['large', 300, 'float64'],
  ['large', 400, 'float32'],
] as const)('in a %s network (%i units, %s)', (_, units, dtype) => {
  const network = (type: Dtype = dtype) => {
    const [first, ...others] = layers([20, units, units, 1], 'tanh', 'sigmoid');
    return new Network([{ ...first, normalization: 'batch' } as never, ...others], { dtype: type, seed: 1 });
  };
  const { X, Y } = samplesOf(dtype);

  /** The state after each epoch, the last epoch that is worse than one before, and the best one until then. */
  function course(): { states: Buffer[]; stop: number; best: number } {
    const net = network();
    const states = [stateOf(net)];
    const { earlyStopping: _, ...plain } = options();
    const onEpochEnd = () => void states.push(stateOf(net));
    const { loss } = net.fitSync(X, Y, { ...plain, callbacks: { onEpochEnd } });
    const stop = 1 + loss.findLastIndex((value, i) => value > Math.min(...loss.slice(0, i)));
    const until = loss.slice(0, stop);
    return { states, stop, best: 1 + until.indexOf(Math.min(...until)) };
  }
  const { states, stop, best } = course();

  it('fit and fitSync restore the best epoch', async () => {
    expect(best).toBeLessThan(stop);
    const [one, other] = [network(), network()];
    await one.fit(X, Y, options({ epochs: stop }));
    other.fitSync(X, Y, options({ epochs: stop }));
    expect(stateOf(one).equals(states[best] as Buffer)).toBe(true);
    expect(stateOf(other).equals(states[best] as Buffer)).toBe(true);
  });

  it('leaving a loop early, and a callback that ends the training, restore the best epoch so far', async () => {
    const [one, other] = [network(), network()];
    for await (const { epoch } of one.epochs(X, Y, options())) if (epoch === stop) break;
    expect(stateOf(one).equals(states[best] as Buffer)).toBe(true);
    const onEpochEnd = ({ epoch }: { epoch: number }) => epoch < stop;
    await other.fit(X, Y, options({ callbacks: { onEpochEnd } }));
    expect(stateOf(other).equals(states[best] as Buffer)).toBe(true);
    // Both may be trained again.
    await Promise.all([one.fit(X, Y, { epochs: 1 }), other.fit(X, Y, { epochs: 1 })]);
  });

  it('an error, or an abort between epochs, restores the best epoch', async () => {
    const [one, other] = [network(), network()];
    const failing = ({ epoch }: { epoch: number }) => {
      if (epoch === stop) throw new Error('mine');
    };
    await expect(one.fit(X, Y, options({ callbacks: { onEpochEnd: failing } }))).rejects.toThrow(/^mine$/);
    expect(stateOf(one).equals(states[best] as Buffer)).toBe(true);
    const controller = new AbortController();
    const aborting = ({ epoch }: { epoch: number }) => {
      if (epoch === stop) controller.abort();
    };
    const { signal } = controller;
    await expect(
      other.fit(X, Y, options({ signal, callbacks: { onEpochEnd: aborting } })),
    ).rejects.toMatchObject({ name: 'AbortError' });
    expect(stateOf(other).equals(states[best] as Buffer)).toBe(true);
  });

  it('a loop that is left after an abort restores the best epoch as a whole', async () => {
    const net = network();
    const controller = new AbortController();
    for await (const { epoch } of net.epochs(X, Y, options({ signal: controller.signal }))) {
      if (epoch !== stop) continue;
      controller.abort();
      break;
    }
    expect(stateOf(net).equals(states[best] as Buffer)).toBe(true);
  });
});

it('predictions that wait while the best epoch is restored see it as a whole', async () => {
  const { X, Y } = samplesOf('float64');
  const net = new Network(layers([20, 300, 300, 1], 'tanh', 'sigmoid'), { seed: 1 });
  const fit = net.fit(X, Y, options({ epochs: 40 }));
  const seen: Promise<Matrix>[] = [];
  for (let i = 0; i < 5; i++) {
    await underWay(net);
    seen.push(net.predict(X));
  }
  await fit;
  const last = net.predict(X);
  for (const prediction of await Promise.all(seen)) expect(prediction.rows).toBe(30);
  expect((await last).data).toEqual(net.predictSync(X).data);
});
