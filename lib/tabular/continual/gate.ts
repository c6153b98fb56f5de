// Whether a model is better than another one: the loss of both on the same rows. Neither learned from the new ones that were held
// out, and both learned from those that are remembered, so that the comparison is fair.

import { type AsyncOptions, inSlices, pinnedWork, type Work, workElsewhere } from '../../addon/work';
import type { Matrix } from '../../base/matrix';
import { labelsFor, rowsIn } from '../labels';
import type { Part } from '../prepare';
import { arraysOf, inputsOf, type RowNetwork } from '../row-network';
import type { Task } from '../task';

/** The loss of some rows. */
export interface HeldLoss {
  readonly rows: number;
  /** The mean: the log loss of classes, otherwise the loss of the training. */
  readonly loss: number;
}

/** How good a model is with new rows, and with old ones. */
export interface GateScore {
  /** What the gate compares: the mean of both. */
  readonly loss: number;
  /** That of the new rows that were held out. */
  readonly newRows: HeldLoss;
  /** That of the remembered rows: it rises if a model forgets. */
  readonly oldRows: HeldLoss;
}

/** The score of a model with the new and the old rows. */
export async function gateScore(
  model: RowNetwork,
  held: Part,
  old: Part,
  task: Task,
  how: AsyncOptions,
): Promise<GateScore> {
  const newRows = await heldLoss(model, held, task, how);
  const oldRows = await heldLoss(model, old, task, how);
  return { loss: (newRows.loss + oldRows.loss) / 2, newRows, oldRows };
}

async function heldLoss(model: RowNetwork, part: Part, task: Task, how: AsyncOptions): Promise<HeldLoss> {
  const { table, values, weights } = part;
  const rows = rowsIn(values);
  const { inputs, network } = model;
  const encoded = await pinnedWork(inputs.encode(table, network.dtype), arraysOf(table), how);
  const X = inputsOf(encoded, inputs);
  if (values.kind === 'numbers') {
    const Y = await workElsewhere(labelsFor(values, undefined, network.dtype), how);
    const { loss } = task.fit(values);
    const given = { ...how, ...(loss !== undefined && { loss }), ...(weights && { sampleWeight: weights }) };
    return { rows, loss: (await network.evaluate(X, Y, given)).loss };
  }
  const outputs = await network.predict(X, how);
  const columns = values.kind === 'classes' ? [values.numbers] : values.numbers;
  const known = values.kind === 'classes' ? values.target.classes.length : 2;
  return { rows, loss: await workElsewhere(logLoss(outputs, columns, known, weights), how) };
}

/**
 * The mean log loss. A class that the model does not know counts as if it had given all classes the same probability: it
 * can say nothing about such a row.
 *
 * @param classes how many there are now
 */
function* logLoss(
  { data, rows, cols }: Matrix,
  columns: readonly Int32Array[],
  classes: number,
  weights: Float64Array | undefined,
): Work<number> {
  const single = columns.length === 1;
  const known = cols === 1 ? 2 : cols;
  let [sum, whole] = [0, 0];
  const probability = (row: number, column: number, number: number): number => {
    if (single && number >= known) return 1 / classes;
    if (single && cols > 1) return data[row * cols + number] as number;
    const yes = data[row * cols + column] as number;
    return number === 1 ? yes : 1 - yes;
  };
  yield* inSlices(
    rows,
    (from, to) => {
      for (let row = from; row < to; row++) {
        let loss = 0;
        columns.forEach((numbers, column) => {
          const share = probability(row, column, numbers[row] as number);
          loss -= Math.log(Math.max(share, Number.EPSILON)) / columns.length;
        });
        const weight = weights?.[row] ?? 1;
        sum += weight * loss;
        whole += weight;
      }
    },
    8 * columns.length,
  );
  return sum / whole;
}
