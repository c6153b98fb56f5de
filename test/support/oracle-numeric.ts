// Periodic embeddings of numbers as plain loops over rows of samples.

import type { Tensors } from './oracle';
import { at, build, type Dense, type Grid } from './oracle-matrices';

export interface NumericLayer {
  readonly kind: 'pbld' | 'plr';
  /** The first columns of X that are embedded. */
  readonly columns: number;
  readonly frequencies: number;
  readonly outputs: number;
}

const linearOf = ({ kind, outputs }: NumericLayer) => (kind === 'pbld' ? outputs - 1 : outputs);
const wavesOf = ({ kind, frequencies }: NumericLayer) => (kind === 'pbld' ? frequencies : 2 * frequencies);

/** The names and sizes of the parameters, in order. */
export function numericSizes({
  numeric,
}: {
  readonly numeric?: NumericLayer;
}): (readonly [name: string, rows: number, cols: number])[] {
  if (numeric === undefined) return [];
  const { kind, columns, frequencies } = numeric;
  const rows = columns * linearOf(numeric);
  return [
    ['F1', columns, frequencies],
    ...(kind === 'pbld' ? [['P1', columns, frequencies] as const] : []),
    ['V1', rows, wavesOf(numeric)],
    ['c1', rows, 1],
  ];
}

/** The angle of wave k of a column, and the wave. */
function wave(numeric: NumericLayer, params: Tensors, x: number, column: number, k: number) {
  const own = k % numeric.frequencies;
  const phase = numeric.kind === 'pbld' ? at(params.P1 as Dense, column, own) : 0;
  const angle = 2 * Math.PI * at(params.F1 as Dense, column, own) * x + phase;
  const isCosine = k < numeric.frequencies;
  return {
    value: isCosine ? Math.cos(angle) : Math.sin(angle),
    slope: isCosine ? -Math.sin(angle) : Math.cos(angle),
  };
}

function linear(numeric: NumericLayer, params: Tensors, x: number, column: number, o: number): number {
  const row = column * linearOf(numeric) + o;
  let sum = at(params.c1 as Dense, row, 0);
  for (let k = 0; k < wavesOf(numeric); k++)
    sum += at(params.V1 as Dense, row, k) * wave(numeric, params, x, column, k).value;
  return sum;
}

/** The embedded columns, then the others. */
export function embedNumbers(numeric: NumericLayer | undefined, params: Tensors, X: Dense): Dense {
  if (numeric === undefined) return X;
  const { kind, columns, outputs } = numeric;
  return build(X.rows, X.cols + columns * (outputs - 1), (r, c) => {
    const column = Math.floor(c / outputs);
    if (column >= columns) return at(X, r, c - columns * (outputs - 1));
    const x = at(X, r, column);
    if (kind === 'plr') return Math.max(0, linear(numeric, params, x, column, c % outputs));
    return c % outputs === 0 ? x : linear(numeric, params, x, column, (c % outputs) - 1);
  });
}

/** dF1, dP1, dV1 and dc1 from the gradients of the features; zeros if they are frozen. */
export function numericGradients(
  numeric: NumericLayer | undefined,
  params: Tensors,
  X: Dense,
  delta: Dense,
  frozen: boolean,
): Record<string, Grid> {
  if (numeric === undefined) return {};
  const grads: Record<string, Grid> = {};
  for (const [name, rows, cols] of numericSizes({ numeric })) grads[`d${name}`] = build(rows, cols, () => 0);
  if (frozen) return grads;
  const add = (name: string, r: number, c: number, value: number) => {
    const grid = grads[name];
    if (grid !== undefined) grid.data[r * grid.cols + c] = (grid.data[r * grid.cols + c] as number) + value;
  };
  const { kind, columns, frequencies, outputs } = numeric;
  const kept = outputs - linearOf(numeric);
  for (let r = 0; r < X.rows; r++) {
    for (let column = 0; column < columns; column++) {
      const x = at(X, r, column);
      for (let o = 0; o < linearOf(numeric); o++) {
        const row = column * linearOf(numeric) + o;
        let d = at(delta, r, column * outputs + kept + o);
        if (kind === 'plr' && linear(numeric, params, x, column, o) <= 0) d = 0;
        add('dc1', row, 0, d);
        for (let k = 0; k < wavesOf(numeric); k++) {
          const { value, slope } = wave(numeric, params, x, column, k);
          add('dV1', row, k, d * value);
          const through = d * at(params.V1 as Dense, row, k) * slope;
          add('dF1', column, k % frequencies, 2 * Math.PI * x * through);
          add('dP1', column, k % frequencies, through);
        }
      }
    }
  }
  return grads;
}
