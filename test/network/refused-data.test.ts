// What a fit refuses changes nothing: not even the generator, and so not the next fit.

import { expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
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
