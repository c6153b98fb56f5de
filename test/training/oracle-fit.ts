// Trains with the oracle's loops, as the options of fit describe.

import type { Matrix } from '../../lib/base/matrix';
import type { Network } from '../../lib/network/network';
import { plainLayers } from '../network/helpers';
import * as oracle from '../support/oracle';

/** New parameters from the old and their gradients, for step t (from 1). */
export type Step = (params: oracle.Tensors, grads: oracle.Tensors, t: number) => oracle.Tensors;

export interface OracleFit {
  readonly loss: oracle.Loss;
  /** A rule, or the learning rate of plain gradient descent. */
  readonly step: Step | number;
  readonly batchSize: number;
  /** Leaves out a last batch that is not full. */
  readonly dropLast?: boolean;
  /** The order of the samples in each epoch. */
  readonly orders: readonly ArrayLike<number>[];
}

/** Returns the history and the parameters that the network must end with; does not change the network. */
export function oracleFit(net: Network, X: Matrix, Y: Matrix, options: OracleFit) {
  const { loss: name, step: take, batchSize, dropLast = false, orders } = options;
  const rows = dropLast ? X.rows - (X.rows % batchSize) : X.rows;
  const history = { loss: [] as number[], accuracy: [] as number[] };
  let params: oracle.Tensors = Object.fromEntries(
    Object.entries(net.parameters as Record<string, Matrix>).map(([key, matrix]) => [
      key,
      { data: Array.from(matrix.data), rows: matrix.rows, cols: matrix.cols },
    ]),
  );
  const count = name === 'categoricalCrossEntropy' ? oracle.argmaxAccuracy : oracle.accuracy;
  let t = 0;
  for (const order of orders) {
    let [loss, hits] = [0, 0];
    for (let start = 0; start < rows; start += batchSize) {
      const batch = Array.from(order).slice(start, Math.min(start + batchSize, rows));
      const [x, y] = [pick(X, batch), pick(Y, batch)];
      const step = oracle.gradients(plainLayers(net), params, x, y, name);
      loss += step.loss * batch.length;
      hits += count(oracle.forward(plainLayers(net), params, x).yHat, y) * batch.length;
      t++;
      params =
        typeof take === 'number' ? oracle.descend(params, step.grads, take) : take(params, step.grads, t);
    }
    history.loss.push(loss / rows);
    history.accuracy.push(hits / rows);
  }
  return { history, parameters: Object.values(params).flatMap(({ data }) => Array.from(data)) };
}

function pick(matrix: oracle.Dense, rows: readonly number[]): oracle.Grid {
  return oracle.build(rows.length, matrix.cols, (r, c) => oracle.at(matrix, rows[r] as number, c));
}
