// Small trainings, and the data that tests compare.

import { expect } from 'vitest';
import type { Matrix } from '../../lib/base/matrix';
import type { LayerOptions } from '../../lib/layers/architecture';
import { Network } from '../../lib/network/network';
import type { NetworkOptions } from '../../lib/network/network-options';
import type { FitOptions } from '../../lib/training/options';
import { randomLabels, randomMatrix, snapshot } from '../network/helpers';

/** 40 samples of 3 inputs, with labels 0 and 1. */
export const X = randomMatrix(40, 3, 1);
export const Y = randomLabels(40, 1, 2);

/** 3-5-4-1 with sigmoid outputs, and options for its first layer. */
export function network(first: Partial<LayerOptions> = {}, options: NetworkOptions = {}): Network {
  return new Network(
    [
      { inputDim: 3, outputDim: 5, activation: 'tanh', ...first },
      { outputDim: 4, activation: 'tanh' },
      { outputDim: 1, activation: 'sigmoid' },
    ],
    { seed: 1, ...options },
  );
}

/** One-hot rows, or their classes in an Int32Array, determined by the seed. */
export function randomClasses(rows: number, classes: number, seed: number): Int32Array {
  const numbers = randomMatrix(rows, 1, seed).data;
  return Int32Array.from(numbers, (value) => Math.floor(((value + 1) / 2) * classes));
}

export function oneHot(labels: Int32Array, classes: number): number[][] {
  return Array.from(labels, (label) => Array.from({ length: classes }, (_, c) => Number(c === label)));
}

/** Returns some rows of a matrix as arrays. */
export function rowsOf(matrix: Matrix, rows: Iterable<number>): number[][] {
  const all = matrix.toArray();
  return Array.from(rows, (row) => all[row] ?? expect.fail(`no row ${row}`));
}

/** All that a training changes in a network. */
export function stateOf(net: Network): { parameters: number[]; statistics: number[] } {
  const statistics = (Object.values(net.statistics) as Matrix[]).flatMap(({ data }) => Array.from(data));
  return { parameters: snapshot(net), statistics };
}

/** Expects two networks to continue alike: equal parameters, moments and random numbers. */
export function expectAlike(net: Network, twin: Network, x: Matrix = X, y: Matrix = Y): void {
  expect(stateOf(net)).toEqual(stateOf(twin));
  const options: FitOptions = { epochs: 2, batchSize: 8 };
  expect(net.fitSync(x, y, options)).toEqual(twin.fitSync(x, y, options));
  expect(stateOf(net)).toEqual(stateOf(twin));
}
