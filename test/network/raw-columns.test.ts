// The columns of X before a network's preprocessing: they stay as they came, and are rounded once.

import { describe, expect, it } from 'vitest';
import { Matrix, Network } from '../../lib';
import { oneHotEncoder, preprocessing, robustScaler, standardScaler } from '../../lib/preprocessing';
import { expectError, rejectionOf } from '../support/bad-input';

const dtypes = ['float64', 'float32'] as const;

describe('a network’s raw columns', () => {
  const layers = [{ inputDim: 2, outputDim: 1, activation: 'linear' }] as const;

  it('stay double until the preprocessing is done, so that a float32 network tells dates apart', () => {
    const dates = [[20_231_105], [20_231_107], [20_231_105]];
    const networks = dtypes.map((dtype) => {
      const net = new Network([...layers], {
        seed: 1,
        dtype,
        preprocessing: preprocessing([oneHotEncoder()]),
      });
      net.fitSync(dates, [[1], [2], [1]], { epochs: 2 });
      return net;
    });
    const [double, single] = networks.map((net) => net.predictSync(dates).toArray().flat());
    for (const [i, value] of (double as number[]).entries()) expect(single?.[i]).toBeCloseTo(value, 5);
    expect(single?.[0]).not.toBe(single?.[1]);
  });

  it('are rounded once, after the scaling: scikit-learn’s numbers', () => {
    const X = [0, 1, 2, 3, 4, 5].map((i) => [1.7e12 + 10_000 * i]);
    const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }], {
      dtype: 'float32',
      initializer: 'zeros',
      preprocessing: preprocessing([standardScaler()]),
    });
    net.fitSync(
      X,
      X.map(() => [0]),
      { epochs: 1 },
    );
    (net.parameters.W1 as Matrix).data[0] = 1;
    (net.parameters.b1 as Matrix).data[0] = 0;
    const scaled = net.predictSync(X).toArray().flat();
    // StandardScaler on float64, cast afterwards.
    const right = [-1.4638501, -0.8783101, -0.29277, 0.29277, 0.8783101, 1.4638501];
    for (const [i, value] of right.entries()) expect(scaled[i]).toBeCloseTo(value, 6);
  });

  it.each(dtypes)('may be of another dtype than the network (%s)', async (dtype) => {
    const other = dtype === 'float64' ? 'float32' : 'float64';
    const X = Matrix.from(
      Array.from({ length: 60 }, (_, i) => [Math.sin(i), i % 4]),
      other,
    );
    const net = () =>
      new Network([{ inputDim: 5, outputDim: 1, activation: 'tanh' }], {
        seed: 1,
        dtype,
        preprocessing: preprocessing([robustScaler(), oneHotEncoder({ columns: [1] })]),
      });
    const Y = Matrix.zeros(60, 1, dtype);
    const [there, here] = [net(), net()];
    await there.fit(X, Y, { epochs: 2, validationData: { X, Y } });
    here.fitSync(X, Y, { epochs: 2, validationData: { X, Y } });
    expect(await there.predict(X)).toEqual(here.predictSync(X));
    const own = here.preprocessing?.transform(X) as Matrix;
    expect(own.dtype).toBe(other);
  });

  it('leave the network and the preprocessing as they were when they are refused', async () => {
    const net = new Network([...layers], { seed: 3, preprocessing: preprocessing([standardScaler()]) });
    const before = JSON.stringify([net.parameters, net.seed]);
    const bad = [
      [1, 2],
      [3, Number.NaN],
    ];
    const Y = [[1], [2]];
    const message = 'Expected X to hold finite numbers (an imputer replaces NaN), got NaN at row 1, column 1';
    expectError(() => net.fitSync(bad, Y, { epochs: 1 }), RangeError, 'ERR_BLASNET_NOT_FINITE', message);
    expect((await rejectionOf(net.fit(bad, Y, { epochs: 1 }))).message).toBe(message);
    expect(net.preprocessing?.fitted).toBe(false);
    expect(JSON.stringify([net.parameters, net.seed])).toBe(before);
    const good = [
      [1, 2],
      [3, 4],
    ];
    const validationData = { X: bad, Y };
    expect((await rejectionOf(net.fit(good, Y, { epochs: 1, validationData }))).message).toBe(
      `In validationData: ${message}`,
    );
    expect(net.preprocessing?.fitted).toBe(false);
    const controller = new AbortController();
    const many = Matrix.zeros(20_000, 2);
    const fit = net.fit(many, Matrix.zeros(20_000, 1), { epochs: 1, signal: controller.signal });
    controller.abort();
    expect(await rejectionOf(fit)).toMatchObject({ name: 'AbortError' });
    expect(net.preprocessing?.fitted).toBe(false);
    expect(JSON.stringify([net.parameters, net.seed])).toBe(before);
  });
});
