import { type Dtype, type FloatArray, Matrix } from '../../lib/base/matrix';
import type { ActivationName } from '../../lib/layers/activations';
import type { LayerOptions } from '../../lib/layers/architecture';
import type { Network } from '../../lib/network/network';
import type { InputsLike } from '../../lib/samples/inputs';
import moons from '../fixtures/moons.json';
import { type Layer, randomArray } from '../support/oracle';

/** Layers of these sizes, inputs first. */
export function layers(
  sizes: readonly number[],
  hidden: ActivationName,
  output: ActivationName,
): LayerOptions[] {
  return sizes.slice(1).map((outputDim, i) => ({
    inputDim: sizes[i] as number,
    outputDim,
    activation: i === sizes.length - 2 ? output : hidden,
  }));
}

/** Returns a network's layers for the oracle: only sizes, and activations by name. */
export function plainLayers({ architecture }: Network): Layer[] {
  return architecture.map(({ inputDim, outputDim, activation }) => {
    if (typeof activation !== 'string') throw new Error('the oracle knows names alone');
    return { inputDim, outputDim, activation };
  });
}

/** The article's two networks. */
export const example = layers([2, 4, 6, 6, 4, 1], 'relu', 'sigmoid');
export const demonstration = layers([2, 25, 50, 50, 25, 1], 'relu', 'sigmoid');

/** The article's points: 900 to train on, 100 to test. */
export function articleSamples() {
  const pick = (index: readonly number[]) => ({
    X: Matrix.from(index.map((i) => moons.X[i] as number[])),
    Y: Matrix.from(index.map((i) => [moons.y[i] as number])),
  });
  return { train: pick(moons.trainIndex), test: pick(moons.testIndex) };
}

/** Numbers from -1 to 1, determined by the seed. */
export function randomMatrix(rows: number, cols: number, seed: number, dtype: Dtype = 'float64'): Matrix {
  const matrix = Matrix.zeros(rows, cols, dtype);
  matrix.data.set(randomArray(rows * cols, seed));
  return matrix;
}

/** Samples for these layers: a matrix, or numbers and categories if the first layer has embeddings. */
export function inputsFor(
  [first]: readonly LayerOptions[],
  rows: number,
  seed: number,
  dtype: Dtype = 'float64',
): InputsLike {
  const { inputDim = 0, embeddings = [] } = first ?? {};
  const numbers = randomMatrix(rows, inputDim, seed, dtype);
  if (embeddings.length === 0) return numbers;
  const categories = randomCodes(
    rows,
    embeddings.map((embedding) => embedding.categories),
    seed,
  );
  return inputDim === 0 ? { categories } : { numbers, categories };
}

/** Codes for columns with these numbers of categories. Some are unknown; no row has a column's last category. */
export function randomCodes(rows: number, categories: readonly number[], seed: number): Int32Array {
  const columns = categories.length;
  return Int32Array.from(randomArray(rows * columns, seed + 7, 0, 1), (share, i) => {
    const count = categories[i % columns] as number;
    return Math.floor(share * Math.max(2, count)) - 1;
  });
}

/** Labels 0 and 1, determined by the seed; several columns are not one-hot. */
export function randomLabels(rows: number, cols: number, seed: number, dtype: Dtype = 'float64'): Matrix {
  const matrix = randomMatrix(rows, cols, seed, dtype);
  matrix.data.forEach((value, i) => {
    matrix.data[i] = value > 0 ? 1 : 0;
  });
  return matrix;
}

/** Sets one label of each row to 1, so that each has a class. */
export function withClasses(labels: Matrix): Matrix {
  for (let row = 0; row < labels.rows; row++) labels.set(row, row % labels.cols, 1);
  return labels;
}

/** Copies all parameters, one after another. */
export function snapshot(net: Network): number[] {
  return Object.values(net.parameters).flatMap(({ data }: { data: FloatArray }) => Array.from(data));
}

/** Whether two networks have bit-identical parameters; it stops at the first difference. */
export function areAlike(net: Network, other: Network): boolean {
  const arrays = Object.values(other.parameters).map(({ data }: { data: FloatArray }) => data);
  return Object.values(net.parameters).every(({ data }: { data: FloatArray }, i) =>
    data.every((value, j) => Object.is(value, arrays[i]?.[j])),
  );
}

/** Sets the network's parameters. */
export function restore(net: Network, values: readonly number[]): void {
  let offset = 0;
  for (const { data } of Object.values(net.parameters) as Matrix[]) {
    data.set(values.slice(offset, offset + data.length));
    offset += data.length;
  }
}

/** The next turn of the event loop. */
export function immediate(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Samples and options for one epoch of a million steps. It takes longer than everything that a test awaits, so that the
 * test decides when the training ends.
 */
export function longEpoch() {
  const rows = 2 ** 20;
  return {
    X: randomMatrix(rows, 2, 1),
    Y: randomLabels(rows, 1, 2),
    options: { epochs: 1, batchSize: 1, shuffle: false },
  };
}

/** Resolves when the network's parameters have changed, since the training has begun. */
export async function underWay(net: Network): Promise<void> {
  const bias = net.parameters[`b${net.architecture.length}`]?.data;
  if (bias === undefined) throw new Error('no bias');
  for (const before = bias[0]; bias[0] === before; ) await immediate();
}
