// A refused fit changes nothing, not even the generator, so the next fit gives the usual result.

import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import { labelEncoder, preprocessing, standardScaler } from '../../lib/preprocessing';
import type { FitOptions } from '../../lib/training/options';
import { newFolder } from '../support/scratch';
import { layers, randomMatrix, snapshot } from './helpers';

it('data that a fit refuses draw no shuffles, so that the next fit is as if they had not been', async () => {
  const fitted = async (spoil: boolean) => {
    const net = new Network(layers([2, 3, 1], 'relu', 'sigmoid'), { seed: 1 });
    const [X, Y] = [randomMatrix(70, 2, 1), Matrix.zeros(70, 1)];
    if (spoil) {
      X.set(69, 1, Number.NaN);
      expect(() => net.fitSync(X, Y, { epochs: 1 })).toThrow('at row 69, column 1');
      await expect(net.fit(X, Y, { epochs: 1 })).rejects.toThrow('at row 69, column 1');
    }
    X.set(69, 1, 0.5);
    net.fitSync(X, Y, { epochs: 2 });
    return snapshot(net);
  };
  expect(await fitted(true)).toEqual(await fitted(false));
});

it('refused data draw no shuffles where a share is held out, whichever part they are in', () => {
  const make = () => new Network(layers([2, 3, 1], 'relu', 'sigmoid'), { seed: 1 });
  const Y = Matrix.zeros(70, 1);
  for (const row of Array(70).keys()) {
    const X = randomMatrix(70, 2, 1);
    X.set(row, 1, Number.NaN);
    const [net, twin] = [make(), make()];
    const options = { epochs: 2, validationSplit: 0.5 };
    expect(() => net.fitSync(X, Y, options)).toThrow(`got NaN at row ${row}, column 1`);
    X.set(row, 1, 0.5);
    expect(net.fitSync(X, Y, options)).toEqual(twin.fitSync(X, Y, options));
    expect(snapshot(net)).toEqual(snapshot(twin));
  }
});

describe('categories that a fit refuses', () => {
  const rows = 70;
  const names = Array.from({ length: rows }, (_, i) => (i % 3 === 0 ? 'a' : 'b'));
  const make = () =>
    new Network(
      [
        { inputDim: 2, outputDim: 3, activation: 'relu', embeddings: [{ categories: 4 }, { categories: 2 }] },
        { outputDim: 2, activation: 'softmax' },
      ],
      { seed: 1, preprocessing: preprocessing([standardScaler()]), labels: labelEncoder() },
    );
  const samples = (spoil = -1) => ({
    numbers: randomMatrix(rows, 2, 1),
    categories: Int32Array.from({ length: 2 * rows }, (_, i) => (i === spoil ? 4 : (i % 3) - 1)),
  });

  /** Expects the fit to refuse the code 4, and the network, its preprocessing and its labels to be unchanged. */
  async function expectNoTrace(spoil: number, X: ReturnType<typeof samples>, options: FitOptions) {
    const [net, twin] = [make(), make()];
    const place = `got 4 at row ${spoil >> 1}, column ${spoil & 1}`;
    expect(() => net.fitSync(X, names, options)).toThrow(place);
    await expect(net.fit(X, names, options)).rejects.toThrow(place);
    expect([net.preprocessing?.fitted, net.labels?.fitted]).toEqual([false, false]);
    const next = { epochs: 2, validationSplit: 0.3, stratify: true };
    expect(net.fitSync(samples(), names, next)).toEqual(twin.fitSync(samples(), names, next));
    expect(snapshot(net)).toEqual(snapshot(twin));
    expect(net.preprocessing?.toJSON()).toEqual(twin.preprocessing?.toJSON());
  }

  it('leave no trace, wherever they stand', async () => {
    for (const spoil of [1, 9, 2 * rows - 1]) await expectNoTrace(spoil, samples(spoil), { epochs: 2 });
  });

  it('leave no trace in a share held out, of whichever part', async () => {
    const options = { epochs: 2, validationSplit: 0.5 };
    for (let row = 0; row < rows; row += 3) await expectNoTrace(2 * row + 1, samples(2 * row + 1), options);
  });

  it('leave no trace in validation data', async () => {
    const validationData = { X: samples(7), Y: names };
    await expectNoTrace(7, samples(), { epochs: 2, validationData });
  });
});

it('neither do numbers of validation data that native code refuses: labels forget what they learned', async () => {
  const net = new Network(layers([2, 3, 2], 'relu', 'softmax'), { seed: 1, labels: labelEncoder() });
  const bad = { X: [[Number.NaN, 1]], Y: ['b'] };
  const call = () =>
    net.fitSync(
      [
        [1, 2],
        [3, 4],
      ],
      ['a', 'b'],
      { epochs: 1, validationData: bad },
    );
  expect(call).toThrow('In validationData: Expected X to hold finite numbers, got NaN at row 0, column 0');
  expect(net.labels?.fitted).toBe(false);
});

it('neither does a folder of checkpoints that another training has', async () => {
  const checkpoint = { directory: newFolder() };
  const make = () => new Network(layers([2, 3, 2], 'relu', 'softmax'), { seed: 1, labels: labelEncoder() });
  const X = [
    [1, 2],
    [3, 4],
  ];
  await make().fit(X, ['a', 'b'], { epochs: 2, checkpoint });
  const net = make();
  await expect(net.fit(X, ['a', 'c'], { epochs: 2, checkpoint })).rejects.toThrow('checkpoint');
  expect(net.labels?.fitted).toBe(false);
});
