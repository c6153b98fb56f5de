// Native code reads and writes the caller's arrays without copies.

import { describe, expect, it } from 'vitest';
import { type Dtype, Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import { layers, randomMatrix, snapshot } from './helpers';

const architecture = layers([2, 5, 3], 'tanh', 'softmax');
const network = (dtype: Dtype = 'float64') => new Network(architecture, { seed: 1, dtype });

describe.each(['float64', 'float32'] as const)('in %s', (dtype) => {
  const kind = dtype === 'float64' ? Float64Array : Float32Array;
  const bytes = kind.BYTES_PER_ELEMENT;
  const X = randomMatrix(4, 2, 1, dtype);
  const Y = new Matrix(kind.from([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0]), 4, 3);

  it.each([
    ['an ordinary buffer', new ArrayBuffer(40 * bytes)],
    ['shared memory', new SharedArrayBuffer(40 * bytes) as never],
  ] as [string, ArrayBuffer][])('predictSync writes into a view of %s, and nowhere else', (_, buffer) => {
    const whole = new kind(buffer).fill(7);
    const out = new Matrix(new kind(buffer, 5 * bytes, 12), 4, 3);
    const net = network(dtype);
    expect(net.predictSync(X, out)).toBe(out);
    expect(out.toArray()).toEqual(net.predictSync(X).toArray());
    expect(Array.from(whole.subarray(5, 17))).toEqual(Array.from(out.data));
    expect(whole.subarray(0, 5).every((value) => value === 7)).toBe(true);
    expect(whole.subarray(17).every((value) => value === 7)).toBe(true);
  });

  it.each([
    ['an ordinary buffer', new ArrayBuffer(40 * bytes)],
    ['shared memory', new SharedArrayBuffer(40 * bytes) as never],
  ] as [string, ArrayBuffer][])(
    'everything reads X and Y from views of %s as they are at the call',
    async (_, buffer) => {
      new kind(buffer).fill(Number.NaN); // around the views
      const x = new kind(buffer, 3 * bytes, 8);
      const y = new kind(buffer, 14 * bytes, 12);
      const [net, twin] = [network(dtype), network(dtype)];
      for (const factor of [1, -0.5]) {
        x.set(X.data.map((value) => factor * value));
        y.set(Y.data);
        const fresh = x.slice();
        expect(net.predictSync(x)).toEqual(twin.predictSync(fresh));
        expect(await net.predict(x)).toEqual(twin.predictSync(fresh));
        expect(net.evaluateSync(x, y)).toEqual(twin.evaluateSync(fresh, Y));
        expect(await net.evaluate(x, y)).toEqual(twin.evaluateSync(fresh, Y));
        expect(net.gradients(x, y)).toEqual(twin.gradients(fresh, Y));
        expect(await net.fit(x, y, { epochs: 3 })).toEqual(twin.fitSync(fresh, Y, { epochs: 3 }));
      }
    },
  );

  it('the network computes with the numbers that are written into its parameters', () => {
    const [net, twin] = [network(dtype), network(dtype)];
    for (const { data } of Object.values(net.parameters) as Matrix[]) data.fill(0);
    const third = Math.fround(1 / 3);
    for (const p of net.predictSync(X).data) expect(Math.fround(p)).toBe(third);
    for (const [key, { data }] of Object.entries(twin.parameters) as [`W${number}`, Matrix][]) {
      net.parameters[key]?.data.set(data);
    }
    expect(net.predictSync(X)).toEqual(twin.predictSync(X));
  });
});

it('a training reads the caller’s arrays again in every epoch', async () => {
  const [X, Y] = [randomMatrix(8, 2, 1), Matrix.from(Array(8).fill([1, 0, 0]))];
  const [net, twin] = [network(), network()];
  for await (const { epoch } of net.epochs(X, Y, { epochs: 4, batchSize: 'full' })) {
    expect(snapshot(net)).toEqual(snapshot(twin.fitSync(X, Y, { epochs: 1, batchSize: 'full' }) && twin));
    X.data.fill(epoch / 10);
    Y.data.fill(0);
    for (let r = 0; r < 8; r++) Y.set(r, (r + epoch) % 3, 1);
  }
});

it('the parameters are views of one flat buffer in shared memory, in their order', () => {
  const { parameters, parameterCount } = network();
  expect(Object.keys(parameters)).toEqual(['W1', 'b1', 'W2', 'b2']);
  const { buffer } = parameters.W1?.data ?? expect.fail();
  expect(buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(buffer.byteLength).toBe(8 * parameterCount);
  let offset = 0;
  for (const { data } of Object.values(parameters) as Matrix[]) {
    expect(data.buffer).toBe(buffer);
    expect(data.byteOffset).toBe(offset);
    offset += data.byteLength;
  }
  expect(offset).toBe(buffer.byteLength);
});

it('the dictionary of parameters, and a network’s own fields, stay what they are', () => {
  const net = network();
  expect(() => Object.assign(net.parameters, { W1: Matrix.zeros(5, 2) })).toThrow(TypeError);
  expect(net.architecture).toEqual(architecture);
  expect(net.dtype).toBe('float64');
  expect(net.seed).toBe(1);
});

it('predictions are new matrices on ordinary buffers when no other is given', async () => {
  const net = network();
  const X = randomMatrix(3, 2, 1);
  const outputs = [net.predictSync(X), net.predictSync(X), await net.predict(X)];
  expect(new Set(outputs.map(({ data }) => data.buffer)).size).toBe(3);
  for (const { data, rows, cols } of outputs) {
    expect([rows, cols]).toEqual([3, 3]);
    expect(data.buffer).toBeInstanceOf(ArrayBuffer);
  }
});

it('X and Y may lie in one buffer, and out next to them', () => {
  const net = new Network(layers([2, 2], 'relu', 'linear'), { seed: 1 });
  const both = randomMatrix(9, 2, 1).data;
  const [x, y, out] = [0, 6, 12].map((start) => new Matrix(both.subarray(start, start + 6), 3, 2));
  const [copyOfX, copyOfY] = [x, y].map((matrix) => matrix?.toArray() ?? expect.fail());
  expect(net.evaluateSync(x as Matrix, y as Matrix)).toEqual(
    net.evaluateSync(copyOfX as number[][], copyOfY as number[][]),
  );
  expect(net.predictSync(x as Matrix, out).data).toEqual(net.predictSync(copyOfX as number[][]).data);
});
