/** Members of a network, as plain loops: the rows of member 0 come first, then those of member 1, and so on. */

import { sigmoid, softmax } from './oracle-activations';
import { isFromLogits, type Loss, type LossFormula } from './oracle-losses';
import { at, build, type Dense, type Grid, row } from './oracle-matrices';

/** Rows from .. from + count. */
export function rowsFrom(A: Dense, from: number, count: number): Grid {
  return build(count, A.cols, (r, c) => at(A, from + r, c));
}

function below(blocks: readonly Dense[]): Grid {
  const data = blocks.flatMap((block) => Array.from(block.data));
  const { cols } = blocks[0] as Dense;
  return { data, rows: data.length / cols, cols };
}

function blocksOf(A: Dense, count: number): Grid[] {
  const size = A.rows / count;
  return Array.from({ length: count }, (_, j) => rowsFrom(A, j * size, size));
}

/** f of each member's rows, one below another. */
export function byMember(A: Dense, members: number, f: (block: Dense, member: number) => Dense): Grid {
  return below(blocksOf(A, members).map(f));
}

/** Each sample, once for each row of R (members, features), times that row. */
export function expand(X: Dense, R: Dense): Grid {
  return build(R.rows * X.rows, X.cols, (r, c) => at(X, r % X.rows, c) * at(R, Math.floor(r / X.rows), c));
}

/** The gradients by X and by R of `expand`. */
export function expandBackward(d: Dense, X: Dense, R: Dense): { dX: Grid; dR: Grid } {
  const samples = Array.from({ length: X.rows }, (_, r) => r);
  const members = Array.from({ length: R.rows }, (_, j) => j);
  return {
    dX: build(X.rows, X.cols, (r, c) =>
      members.reduce((sum, j) => sum + at(d, j * X.rows + r, c) * at(R, j, c), 0),
    ),
    dR: build(R.rows, R.cols, (j, c) =>
      samples.reduce((sum, r) => sum + at(d, j * X.rows + r, c) * at(X, r, c), 0),
    ),
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The mean over the members of f of their rows' values. */
function average(A: Dense, members: number, f: (values: number[]) => number[]): Grid {
  const rows = A.rows / members;
  const all = Array.from({ length: A.rows }, (_, r) => f(row(A, r)));
  return build(rows, A.cols, (r, c) =>
    mean(Array.from({ length: members }, (_, j) => all[j * rows + r]?.[c] as number)),
  );
}

/** The mean of the members' outputs; that of probabilities, if these are given by their logarithms. */
export function answers(A: Dense, members: number, activation: string): Grid {
  if (activation !== 'logSoftmax') return average(A, members, (values) => values);
  const probabilities = average(A, members, (values) => values.map(Math.exp));
  return build(probabilities.rows, A.cols, (r, c) => Math.log(at(probabilities, r, c)));
}

/** What the loss of the answers is computed from. */
function lossArguments(outputs: Dense, yHat: Dense, members: number, loss: Loss): Dense {
  if (!isFromLogits(loss)) return yHat;
  if (members === 1) return outputs;
  const isBinary = loss === 'binaryCrossEntropy';
  const p = average(outputs, members, (values) => (isBinary ? values.map(sigmoid) : softmax(values)));
  return build(p.rows, p.cols, (r, c) =>
    isBinary ? Math.log(at(p, r, c)) - Math.log(1 - at(p, r, c)) : Math.log(at(p, r, c)),
  );
}

/** The mean of the members' losses, its gradient by their outputs or logits, and the loss of the answers. */
export function membersLoss(
  formula: LossFormula,
  loss: Loss,
  outputs: Dense,
  yHat: Dense,
  members: number,
  Y: Dense,
) {
  const blocks = blocksOf(outputs, members);
  const gradients = below(blocks.map((block) => formula.gradient(block, Y)));
  return {
    value: mean(blocks.map((block) => formula.value(block, Y))),
    gradient: build(outputs.rows, outputs.cols, (r, c) => at(gradients, r, c) / members),
    ofAnswers: formula.value(lossArguments(outputs, yHat, members, loss), Y),
  };
}
