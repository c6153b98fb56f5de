// The moments that batch normalisation takes from batches.

import { describe, expect, it } from 'vitest';
import { type Dtype, Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import { sgd } from '../../lib/optimizers/optimizers';

const still = sgd({ learningRate: 1e-9 });

describe.each(['float64', 'float32'] as const)('the moments of batches (%s)', (dtype) => {
  // The units of the first layer are the inputs.
  function network(): Network {
    const net = new Network(
      [
        { inputDim: 1, outputDim: 1, activation: 'linear', normalization: 'batch' },
        { outputDim: 1, activation: 'linear' },
      ],
      { seed: 1, dtype: dtype as Dtype, initializer: 'zeros' },
    );
    (net.parameters.W1 as Matrix).data[0] = 1;
    (net.parameters.W2 as Matrix).data[0] = 1;
    return net;
  }
  const column = (values: readonly number[]) => {
    const matrix = Matrix.zeros(values.length, 1, dtype as Dtype);
    matrix.data.set(values);
    return matrix;
  };
  const variance = (net: Network) => net.statistics.variance1?.data[0] as number;

  it('make equal rows 0, however far they are from it', () => {
    const net = network();
    const [X, Y] = [column(Array(1000).fill(10000.3)), column(Array(1000).fill(0))];
    // The outputs are the normalised inputs, so their mean square is the loss.
    expect(net.gradients(X, Y).loss).toBe(0);
  });

  it('come from batches of at least two rows: a last batch of one row leaves the running moments alone', () => {
    const values = Array.from({ length: 33 }, (_, i) => Math.sin(i));
    const net = network();
    const options = { epochs: 50, batchSize: 32, shuffle: false, optimizer: still } as const;
    net.fitSync(column(values), column(values), options);
    const first = values.slice(0, 32);
    const mean = first.reduce((sum, x) => sum + x, 0) / 32;
    const unbiased = first.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 31;
    // 50 steps towards it, each by a tenth of the way from 1.
    expect(variance(net)).toBeCloseTo(unbiased + (1 - unbiased) * 0.9 ** 50, 5);
  });

  it('are left alone by trainOnBatch of one row', () => {
    const net = network();
    const before = JSON.stringify(net.statistics);
    net.trainOnBatch(column([7]), column([1]), { optimizer: still });
    expect(JSON.stringify(net.statistics)).toBe(before);
  });
});
