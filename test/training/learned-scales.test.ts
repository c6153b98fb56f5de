// Learned factors of inputs and learned shares of activations, in whole networks. test/native/plan-layers.test.ts compares
// their gradients with plain loops.

import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../lib/base/matrix';
import type { LayerOptions } from '../../lib/layers/architecture';
import { Network } from '../../lib/network/network';
import { adam, lbfgs } from '../../lib/optimizers/optimizers';
import { randomLabels, randomMatrix, snapshot } from '../network/helpers';
import { centralDifferences, maxRelativeError } from '../support/oracle';
import { network, X, Y } from './helpers';
import { expectResumable, random } from './resume/helpers';

const options = { inputScale: true, activationMix: true } as const;

const layers: readonly LayerOptions[] = [
  { inputDim: 3, outputDim: 8, activation: 'mish', ...options },
  { outputDim: 6, activation: 'gelu', normalization: 'layer', ...options, skip: false },
  { outputDim: 1, activation: 'sigmoid', inputScale: true },
];

describe('scaled inputs and mixed activations', () => {
  it('begin at 1, where they change nothing', () => {
    const [net, plain] = [network(options), network()];
    expect(Array.from(net.parameters.s1?.data ?? [])).toEqual([1, 1, 1]);
    expect(Array.from(net.parameters.a1?.data ?? [])).toEqual([1, 1, 1, 1, 1]);
    const [found, expected] = [net.predictSync(X).data, plain.predictSync(X).data];
    expect(maxRelativeError(found, expected)).toBeLessThan(1e-14);
  });

  it('are 1 for every initialiser', () => {
    for (const initializer of ['zeros', 'article', 'heNormal'] as const) {
      const { s1, a1 } = network(options, { initializer }).parameters;
      for (const { data } of [s1, a1] as Matrix[]) expect(data.every((value) => value === 1)).toBe(true);
    }
  });

  it('compute z + a (f(z) - z) of the scaled inputs', () => {
    const net = new Network(
      [
        { inputDim: 2, outputDim: 2, activation: 'relu', ...options },
        { outputDim: 2, activation: 'linear' },
      ],
      { initializer: 'zeros' },
    );
    const { W1, s1, a1, W2 } = net.parameters;
    W1.data.set([1, 0, 0, 1]);
    s1?.data.set([2, 3]);
    a1?.data.set([0.25, 0.5]);
    W2?.data.set([1, 0, 0, 1]);
    // z = (2, -3) and (-4, 6)
    expect(
      net
        .predictSync([
          [1, -1],
          [-2, 2],
        ])
        .toArray(),
    ).toEqual([
      [2, -1.5],
      [-3, 6],
    ]);
    expect(net.predictSync([[1, -1]]).toArray()).toEqual([[2, -1.5]]);
  });

  it('have the gradients of central differences', () => {
    const net = new Network(layers, { seed: 2 });
    for (const [i, name] of ['s1', 's2', 's3', 'a1', 'a2'].entries()) {
      const { data } = (net.parameters as Record<string, Matrix>)[name] as Matrix;
      data.forEach((_, j) => {
        data[j] = 0.5 + Math.abs(Math.sin(3 * i + j));
      });
    }
    const gradients = net.gradients(X, Y) as unknown as Record<string, Matrix>;
    for (const [name, { data }] of Object.entries(net.parameters as Record<string, Matrix>)) {
      const differences = centralDifferences(() => net.evaluateSync(X, Y).loss, data as Float64Array);
      expect(maxRelativeError(gradients[`d${name}`]?.data ?? [], differences, 1e-3), name).toBeLessThan(1e-6);
    }
  });

  it('are trained by every kind of optimiser', () => {
    for (const optimizer of [adam({ learningRate: 0.02 }), lbfgs()]) {
      const net = new Network(layers, { seed: 2 });
      const { loss } = net.fitSync(X, Y, { epochs: 20, optimizer });
      expect(loss.at(-1)).toBeLessThan(loss[0] as number);
      for (const name of ['s1', 's2', 's3', 'a1', 'a2'] as const)
        expect(net.parameters[name]?.data.every((value) => value !== 1)).toBe(true);
    }
  });

  it('stay in files, clones and summaries', () => {
    const net = new Network(layers, { seed: 2 });
    net.fitSync(X, Y, { epochs: 3 });
    const loaded = Network.fromBytesSync(net.toBytesSync());
    expect(loaded.architecture).toEqual(net.architecture);
    for (const copy of [loaded, net.clone()]) {
      expect(snapshot(copy)).toEqual(snapshot(net));
      expect(copy.predictSync(X)).toEqual(net.predictSync(X));
    }
    expect(net.summary()).toContain('scaled inputs, mixed activation');
  });

  it.each(['float64', 'float32'] as const)('resume without a trace in %s', async (dtype) => {
    const own = random.map((layer, l) => ({ ...layer, inputScale: true, activationMix: l < 2 }));
    const optimizer = adam({ learningRate: 0.01 });
    await expectResumable({ dtype, layers: own, options: () => ({ epochs: 6, batchSize: 16, optimizer }) });
  });

  it.each([20, 600])('have the same bits on any number of threads, with %i units', async (width) => {
    const [x, y] = [randomMatrix(500, 3, 3), randomLabels(500, 1, 4)];
    const trained = async (threads: number) => {
      const net = network({ ...options, outputDim: width }, { seed: 4 });
      await net.fit(x, y, { epochs: 2, batchSize: 200, threads });
      return snapshot(net);
    };
    expect(await trained(2)).toEqual(await trained(1));
  });
});
