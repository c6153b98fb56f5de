// Samples in memory, and the same samples as sources of chunks.

import { Matrix, Network, RandomState } from '../../lib';
import type { SampleChunk } from '../../lib/samples/source';

export interface Data {
  readonly X: Matrix;
  readonly Y: Matrix;
  readonly rows: number;
}

/** Rows of three numbers, and two targets that follow from them. */
export function someData(rows: number, dtype: 'float64' | 'float32' = 'float64', seed = 5): Data {
  const random = new RandomState(seed);
  const X = Matrix.zeros(rows, 3, dtype);
  const Y = Matrix.zeros(rows, 2, dtype);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < 3; c++) X.data[3 * row + c] = random.uniform(-1, 1);
    const [a, b, c] = X.data.subarray(3 * row, 3 * row + 3) as unknown as [number, number, number];
    Y.data[2 * row] = a * b - c;
    Y.data[2 * row + 1] = Math.abs(a + c);
  }
  return { X, Y, rows };
}

/** The rows of a matrix from `from` to `to`, copied. */
export function rowsOf({ data, cols }: Matrix, from: number, to: number): Matrix {
  return new Matrix(data.slice(from * cols, to * cols), to - from, cols);
}

/** Cuts numbers of rows into chunks of these sizes, again and again. */
export function* cuts(rows: number, sizes: readonly number[]): Generator<readonly [number, number]> {
  for (let from = 0, i = 0; from < rows; i++) {
    const to = Math.min(rows, from + (sizes[i % sizes.length] as number));
    yield [from, to];
    from = to;
  }
}

/** A source of data, in chunks of these sizes. */
export function chunksOf(
  { X, Y, rows }: Data,
  sizes: readonly number[],
  more: (from: number, to: number) => Partial<SampleChunk> = () => ({}),
): () => Generator<SampleChunk> {
  return function* () {
    for (const [from, to] of cuts(rows, sizes))
      yield { X: rowsOf(X, from, to), Y: rowsOf(Y, from, to), ...more(from, to) };
  };
}

/** The parameters and running moments of a network, as bytes. */
export function bitsOf(net: Network): string {
  return [...Object.values(net.parameters), ...Object.values(net.statistics)]
    .map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'))
    .join(' ');
}

export function smallNet(dtype: 'float64' | 'float32' = 'float64', layer: object = {}): Network {
  return new Network(
    [
      { inputDim: 3, outputDim: 8, activation: 'tanh', ...layer },
      { outputDim: 2, activation: 'linear' },
    ],
    { seed: 4, dtype },
  );
}
