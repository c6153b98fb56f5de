// Native code reports its workspaces to V8, and frees them when a network or a predictor is disposed.

import { expect, it } from 'vitest';
import { Matrix, Network } from '../../lib';
import { kernels } from '../native/kernels';

const layers = [
  { inputDim: 40, outputDim: 500, activation: 'relu' },
  { outputDim: 1, activation: 'sigmoid' },
] as const;

/** The number of bytes by which a call changes what V8 knows of memory outside its heap. */
function growth(call: () => void): number {
  const before = kernels.externalMemory();
  call();
  return kernels.externalMemory() - before;
}

function samples(rows: number): [Matrix, Matrix] {
  const [X, Y] = [Matrix.zeros(rows, 40), Matrix.zeros(rows, 1)];
  X.data.forEach((_, i) => {
    X.data[i] = Math.sin(i);
  });
  return [X, Y];
}

it('V8 knows the workspace of a training, and gets it back when the network is disposed', () => {
  const [X, Y] = samples(2048);
  const net = new Network(layers, { seed: 1 });
  const partialGradients = 8 * net.parameterCount;
  const fitted = growth(() => net.fitSync(X, Y, { epochs: 1, batchSize: 256 }));
  expect(fitted).toBeGreaterThan(partialGradients);
  expect(growth(() => net[Symbol.dispose]())).toBeLessThan(-partialGradients);
});

it('a disposed network goes on as if nothing had happened', async () => {
  const [X, Y] = samples(300);
  const [net, other] = [new Network(layers, { seed: 1 }), new Network(layers, { seed: 1 })];
  for (const [i, network] of [net, other].entries()) {
    network.fitSync(X, Y, { epochs: 2, batchSize: 32 });
    if (i === 0) network[Symbol.dispose]();
    await network.fit(X, Y, { epochs: 2, batchSize: 32 });
    if (i === 0) network[Symbol.dispose]();
  }
  expect(net.predictSync(X)).toEqual(other.predictSync(X));
  expect(net.parameters).toEqual(other.parameters);
});

it('a network that is disposed while it trains ends its training', async () => {
  const [X, Y] = samples(2048);
  const [net, other] = [new Network(layers, { seed: 1 }), new Network(layers, { seed: 1 })];
  const training = net.fit(X, Y, { epochs: 5, batchSize: 64 });
  net[Symbol.dispose]();
  await training;
  other.fitSync(X, Y, { epochs: 5, batchSize: 64 });
  expect(net.parameters).toEqual(other.parameters);
});

it('V8 knows the workspace of a predictor, and gets it back when the predictor is disposed', () => {
  const [X] = samples(256);
  const net = new Network(layers, { seed: 1 });
  const predictor = net.predictor({ maxBatch: 256 });
  predictor.input.data.set(X.data);
  expect(growth(() => predictor.run())).toBeGreaterThan(100_000);
  const before = predictor.output.data.slice();
  expect(growth(() => predictor[Symbol.dispose]())).toBeLessThan(-100_000);
  predictor.run();
  expect(predictor.output.data).toEqual(before);
});

it('idle networks keep at most 32 MiB of workspaces, and those that ran last keep theirs', () => {
  const [X, Y] = samples(2048);
  const nets = Array.from({ length: 40 }, () => new Network(layers, { seed: 1 }));
  const each = growth(() => nets[0]?.fitSync(X, Y, { epochs: 1, batchSize: 256 }));
  const all = growth(() => {
    for (const net of nets) net.fitSync(X, Y, { epochs: 1, batchSize: 256 });
  });
  expect(all + each).toBeLessThanOrEqual(32 * 2 ** 20);
  // The networks of the tests above may have kept some of it until then.
  expect(all + each).toBeGreaterThan(16 * 2 ** 20);
  // Only what the call itself allocates.
  const again = growth(() => nets.at(-1)?.fitSync(X, Y, { epochs: 1, batchSize: 256 }));
  expect(again).toBeLessThan(each / 10);
  for (const net of nets) net[Symbol.dispose]();
});
