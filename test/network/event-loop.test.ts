// Asynchronous operations leave the event loop free.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Network } from '../../lib/network/network';
import { newFolder } from '../support/scratch';
import { immediate, layers, longEpoch, snapshot, underWay } from './helpers';

const { X, Y, options } = longEpoch();
const network = () => new Network(layers([2, 8, 1], 'relu', 'sigmoid'), { seed: 1 });

/** Waits for a hundred turns of the event loop; returns whether the promise is still pending. */
async function openAfterTurns(promise: Promise<unknown>): Promise<boolean> {
  let open = true;
  const close = () => {
    open = false;
  };
  promise.then(close, close);
  for (let turn = 0; turn < 100; turn++) await immediate();
  return open;
}

describe('the event loop', () => {
  it('turns while one epoch is being trained', async () => {
    const net = network();
    const controller = new AbortController();
    const fit = net.fit(X, Y, { ...options, signal: controller.signal });
    await underWay(net);
    expect(await openAfterTurns(fit)).toBe(true);
    await underWay(net); // the training continues
    controller.abort();
    await expect(fit).rejects.toThrow('The operation was aborted');
  });

  it('turns while brief predictions are awaited without end', async () => {
    const net = network();
    const row = Float64Array.of(0.1, 0.2);
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    let predicted = 0;
    while (!turned) {
      await net.predict(row);
      predicted++;
    }
    // Without a thread, a prediction takes microseconds, and the loop turned in their midst.
    expect(predicted).toBeGreaterThan(1);
  });

  it('turns while one epoch of a loop over epochs is being trained', async () => {
    const net = network();
    const controller = new AbortController();
    const epoch = net.epochs(X, Y, { ...options, signal: controller.signal }).next();
    await underWay(net);
    expect(await openAfterTurns(epoch)).toBe(true);
    controller.abort();
    await expect(epoch).rejects.toThrow('The operation was aborted');
  });

  it.each([
    ['predictions are made', (net: Network, signal: AbortSignal) => net.predict(X, { signal })],
    ['samples are evaluated', (net: Network, signal: AbortSignal) => net.evaluate(X, Y, { signal })],
  ])('turns while %s', async (_, call) => {
    const controller = new AbortController();
    const wide = new Network(layers([2, 256, 256, 1], 'relu', 'sigmoid'), { seed: 1 });
    const result = call(wide, controller.signal);
    for (let turn = 0; turn < 3; turn++) await immediate();
    controller.abort();
    await expect(result).rejects.toThrow('The operation was aborted');
  });

  it.each([
    ['saved', (net: Network, path: string, signal: AbortSignal) => net.save(path, { signal })],
    ['loaded', (_: Network, path: string, signal: AbortSignal) => Network.load(path, { signal })],
  ] as const)('turns while a network is being %s', async (_, call) => {
    const path = join(newFolder(), 'model');
    const controller = new AbortController();
    const wide = new Network(layers([1000, 2000, 1], 'relu', 'sigmoid'), { seed: 1 });
    wide.saveSync(path);
    const result = call(wide, path, controller.signal);
    for (let turn = 0; turn < 5; turn++) await immediate();
    controller.abort();
    await expect(result).rejects.toThrow('The operation was aborted');
  });

  it('turns while several networks are being trained, each to what it becomes alone', async () => {
    const [few, labels] = [X.data.slice(0, 2000), Y.data.slice(0, 1000)];
    const nets = [1, 2, 3, 4, 5].map((seed) => new Network(network().architecture, { seed }));
    const histories = await Promise.all(nets.map((net) => net.fit(few, labels, { epochs: 20 })));
    for (const [i, net] of nets.entries()) {
      const alone = new Network(network().architecture, { seed: net.seed });
      expect(alone.fitSync(few, labels, { epochs: 20 })).toEqual(histories[i]);
      expect(snapshot(alone)).toEqual(snapshot(net));
    }
  });
});
