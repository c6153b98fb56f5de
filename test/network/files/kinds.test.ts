// A network of every kind is unchanged when it is saved and loaded.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { labelEncoder } from '../../../lib';
import { Matrix } from '../../../lib/base/matrix';
import { Network } from '../../../lib/network/network';
import { adam } from '../../../lib/optimizers/optimizers';
import {
  imputer,
  minMaxScaler,
  oneHotEncoder,
  preprocessing,
  robustScaler,
  standardScaler,
} from '../../../lib/preprocessing';
import { newFolder } from '../../support/scratch';
import { inputsFor, randomLabels, randomMatrix } from '../helpers';
import { bits, kinds } from './helpers';

async function throughFile(net: Network): Promise<Network[]> {
  const path = join(newFolder(), 'model.safetensors');
  await net.save(path);
  const loaded = [await Network.load(path), Network.loadSync(path)];
  net.saveSync(path);
  return [...loaded, Network.loadSync(path)];
}

describe.each(['float64', 'float32'] as const)('%s', (dtype) => {
  const Y = randomLabels(40, 1, 2, dtype);
  const options = { epochs: 2, batchSize: 8, optimizer: adam({ learningRate: 0.01 }), seed: 7 };

  it.each(kinds)('a network with %s comes back whole', async (_, layers) => {
    const X = inputsFor(layers, 40, 1, dtype);
    const net = new Network(layers, { dtype, seed: 2 ** 32 - 1 });
    net.fitSync(X, Y, options);
    const copies = await throughFile(net);
    const predictions = Buffer.from(net.predictSync(X).data.slice().buffer);
    for (const copy of copies) {
      expect([copy.dtype, copy.seed]).toEqual([dtype, 2 ** 32 - 1]);
      expect(copy.architecture).toEqual(net.architecture);
      expect(copy.summary()).toBe(net.summary());
      expect(bits(copy)).toEqual(bits(net));
      expect(Buffer.from(copy.predictSync(X).data.slice().buffer).equals(predictions)).toBe(true);
      expect(copy.evaluateSync(X, Y)).toEqual(net.evaluateSync(X, Y));
    }
    // All train to equal results. A file has no state of the optimiser, with which the network would go on.
    net.resetOptimizer();
    const history = net.fitSync(X, Y, options);
    for (const copy of copies) {
      expect(copy.fitSync(X, Y, options)).toEqual(history);
      expect(bits(copy)).toEqual(bits(net));
    }
  });
});

it('layers that were frozen, or set free, later come back as they were', async () => {
  const net = new Network(kinds[0]?.[1] ?? expect.fail(), { seed: 1 });
  net.setTrainable([1, 3], false);
  const [frozen] = (await throughFile(net)) as [Network];
  expect(frozen.architecture.map(({ trainable = true }) => trainable)).toEqual([false, true, false]);
  frozen.setTrainable(1, true);
  const [free] = (await throughFile(frozen)) as [Network];
  expect(free.architecture.map(({ trainable = true }) => trainable)).toEqual([true, true, false]);
});

it('numbers at the ends of their range, and -0, come back as they were', async () => {
  const net = new Network([{ inputDim: 4, outputDim: 1, activation: 'linear' }]);
  const extremes = [Number.MIN_VALUE, -Number.MAX_VALUE, -0, 2 ** -1074];
  net.parameters.W1?.data.set(extremes);
  for (const copy of await throughFile(net)) expect(bits(copy)).toEqual(bits(net));
});

it('the random numbers of a loaded network begin again from its seed', async () => {
  const X = randomMatrix(40, 3, 1);
  const Y = randomLabels(40, 1, 2);
  const net = new Network(kinds[0]?.[1] ?? expect.fail(), { seed: 5 });
  const [one, two] = (await throughFile(net)) as [Network, Network];
  const history = one.fitSync(X, Y, { epochs: 2 });
  expect(two.fitSync(X, Y, { epochs: 2, seed: 5 })).toEqual(history);
  // The first network's generator has drawn the parameters already.
  expect(net.fitSync(X, Y, { epochs: 2 })).not.toEqual(history);
});

describe('a network with preprocessing and labels', () => {
  // Two columns of numbers with gaps, one of three categories.
  const table = Array.from({ length: 30 }, (_, i) => [
    i % 7 === 0 ? Number.NaN : Math.sin(i),
    i * i,
    i % 3,
    Math.cos(i),
  ]);
  const names = table.map((_, i) => (i % 3 === 0 ? 'ü"\\' : 'b'));
  const make = (dtype: 'float64' | 'float32' = 'float64') =>
    new Network(
      [
        { inputDim: 7, outputDim: 4, activation: 'relu' },
        { outputDim: 2, activation: 'softmax' },
      ],
      {
        dtype,
        seed: 1,
        preprocessing: preprocessing([
          imputer({ indicators: true }),
          oneHotEncoder({ columns: [2] }),
          standardScaler({ columns: [0] }),
          minMaxScaler({ columns: [1], clip: true }),
          robustScaler({ columns: [5] }),
        ]),
        labels: labelEncoder(),
      },
    );

  it.each(['float64', 'float32'] as const)(
    'comes back with preprocessing of every step, and labels, for %s',
    async (dtype) => {
      const net = make(dtype);
      const X = Matrix.from(table, dtype);
      await net.fit(X, names, { epochs: 3 });
      for (const copy of await throughFile(net)) {
        expect(copy.preprocessing?.toJSON()).toEqual(net.preprocessing?.toJSON());
        expect(copy.labels?.toJSON()).toEqual(net.labels?.toJSON());
        expect(copy.predictSync(X).data).toEqual(net.predictSync(X).data);
        expect(copy.classifySync(X)).toEqual(net.classifySync(X));
        expect(copy.evaluateSync(X, names)).toEqual(net.evaluateSync(X, names));
        expect(await copy.fit(X, names, { epochs: 2, seed: 1 })).toBeDefined();
      }
    },
  );

  it('cannot be written before it has learned', async () => {
    const path = join(newFolder(), 'model.safetensors');
    const net = make();
    await expect(net.save(path)).rejects.toMatchObject({ code: 'ERR_BLASNET_NOT_FITTED' });
    const named = new Network([{ inputDim: 1, outputDim: 1, activation: 'sigmoid' }], {
      labels: labelEncoder(),
    });
    expect(() => named.saveSync(path)).toThrow('Expected fit to be called before the encoder is used');
    await expect(Network.load(path)).rejects.toThrow(/no such file/);
  });
});
