import { describe, expect, it } from 'vitest';
import { type FloatArray, Matrix } from '../../lib/base/matrix';
import type { LayerOptions } from '../../lib/layers/architecture';
import { Network } from '../../lib/network/network';
import { detachedMatrix, hasResizable, resizable } from './bad-buffers';
import { layers, randomMatrix } from './helpers';
import { expectRejected, type Rejection } from './rejections';

describe('predictSync', () => {
  const X = randomMatrix(2, 2, 1);
  const wrongOut: Rejection<() => unknown>[] = [
    {
      what: 'a typed array',
      wrong: () => Float64Array.from([0, 0]),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected out to be a Matrix, got a Float64Array of length 2',
    },
    {
      what: 'null',
      wrong: () => null,
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected out to be a Matrix, got null',
    },
    {
      what: 'an object of options',
      wrong: () => ({ signal: undefined }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected out to be a Matrix, got an object (Object)',
    },
    {
      what: 'a matrix of fewer rows',
      wrong: () => Matrix.zeros(1, 1),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected out to have as many rows as X (2), got 1',
    },
    {
      what: 'a matrix of more rows',
      wrong: () => Matrix.zeros(3, 1),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected out to have as many rows as X (2), got 3',
    },
    {
      what: 'a matrix without rows',
      wrong: () => Matrix.zeros(0, 1),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected out to have at least one row, got 0',
    },
    {
      what: 'a matrix of other columns',
      wrong: () => Matrix.zeros(2, 2),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: "Expected out to have 1 columns (the network's outputDim), got 2",
    },
    {
      what: 'a matrix of the other dtype',
      wrong: () => Matrix.zeros(2, 1, 'float32'),
      error: TypeError,
      code: 'ERR_BLASNET_DTYPE',
      message:
        "Expected out to be a Float64Array (the network's dtype is 'float64'), got a Float32Array of length 2",
    },
    {
      what: 'a matrix on a detached buffer',
      wrong: () => detachedMatrix(2, 1),
      error: TypeError,
      code: 'ERR_BLASNET_DETACHED',
      message: 'Expected out to be an array whose buffer is not detached, got a Float64Array of length 0',
    },
    {
      what: 'a part of X',
      wrong: () => new Matrix(X.data.subarray(1, 3), 2, 1),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected out to be a matrix that shares no memory with X, got an object (Matrix)',
    },
  ];
  if (hasResizable) {
    wrongOut.push({
      what: 'a matrix on a resizable buffer',
      wrong: () => new Matrix(new Float64Array(resizable(16)), 2, 1),
      error: TypeError,
      code: 'ERR_BLASNET_RESIZABLE',
      message: 'Expected out to be an array on a buffer of fixed length, got a Float64Array of length 2',
    });
  }

  it.each(wrongOut)('rejects $what for out', async ({ wrong, ...rejection }) => {
    const net = new Network(layers([2, 3, 1], 'relu', 'sigmoid'), { seed: 1 });
    const before = X.toArray();
    await expectRejected('predictSync', net, () => net.predictSync(X, wrong() as Matrix), rejection);
    expect(X.toArray()).toEqual(before);
  });

  it.each([
    {
      what: 'weights',
      out: (net: Network) => new Matrix(net.parameters.W1?.data.subarray(0, 2) as FloatArray, 2, 1),
    },
    {
      what: 'a bias',
      out: (net: Network) => new Matrix(net.parameters.b1?.data.subarray(1, 3) as FloatArray, 2, 1),
    },
    {
      what: 'running moments',
      out: (net: Network) => new Matrix(net.statistics.mean1?.data.subarray(0, 2) as FloatArray, 2, 1),
    },
  ])('rejects $what of the network for out', async ({ out }) => {
    const [hidden, output] = layers([2, 3, 1], 'relu', 'sigmoid');
    const net = new Network([{ ...hidden, normalization: 'batch' } as LayerOptions, output as LayerOptions], {
      seed: 1,
    });
    await expectRejected('predictSync', net, () => net.predictSync(X, out(net)), {
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message:
        'Expected out to be a matrix that shares no memory with the parameters of the network, got an object (Matrix)',
    });
    // The parameters of another network are not its own.
    const other = new Network(layers([2, 3, 1], 'relu', 'sigmoid'), { seed: 2 });
    expect(other.predictSync(X, out(net)).rows).toBe(2);
  });
});
