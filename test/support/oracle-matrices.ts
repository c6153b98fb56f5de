/** The part of oracle.ts that does not depend on networks: matrices, comparison and test data. */

/** The matrices that the oracle reads, row-major; a Matrix of the library is one. */
export interface Dense {
  readonly data: ArrayLike<number>;
  readonly rows: number;
  readonly cols: number;
}

/** The matrices that the oracle returns. */
export interface Grid extends Dense {
  readonly data: number[];
}

/** Whether a sample is a row, or a column (the article). */
export type Samples = 'rows' | 'columns';

// Matrices

export function dense(data: ArrayLike<number>, rows: number, cols: number): Dense {
  if (data.length !== rows * cols) throw new Error(`${data.length} elements are not ${rows} * ${cols}`);
  return { data, rows, cols };
}

export function at(A: Dense, r: number, c: number): number {
  if (!(r < A.rows && c < A.cols)) throw new Error(`(${r}, ${c}) is outside ${A.rows} x ${A.cols}`);
  return A.data[r * A.cols + c] as number;
}

export function build(rows: number, cols: number, element: (r: number, c: number) => number): Grid {
  const data: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) data.push(element(r, c));
  }
  return { data, rows, cols };
}

export function transpose(A: Dense): Grid {
  return build(A.cols, A.rows, (r, c) => at(A, c, r));
}

/** op(A) op(B), where op transposes or not. */
export function matmul(A: Dense, B: Dense, transposeA = false, transposeB = false): Grid {
  const inner = transposeA ? A.rows : A.cols;
  if (inner !== (transposeB ? B.cols : B.rows)) throw new Error('matmul: the inner sizes differ');
  return build(transposeA ? A.cols : A.rows, transposeB ? B.rows : B.cols, (r, c) => {
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      sum += (transposeA ? at(A, k, r) : at(A, r, k)) * (transposeB ? at(B, c, k) : at(B, k, c));
    }
    return sum;
  });
}

export function zip(A: Dense, B: Dense, f: (a: number, b: number) => number): Grid {
  if (A.rows !== B.rows || A.cols !== B.cols) {
    throw new Error(`${A.rows} x ${A.cols} is not ${B.rows} x ${B.cols}`);
  }
  return build(A.rows, A.cols, (r, c) => f(at(A, r, c), at(B, r, c)));
}

export function map(A: Dense, f: (a: number) => number): Grid {
  return build(A.rows, A.cols, (r, c) => f(at(A, r, c)));
}

export function total(A: Dense): number {
  return Array.from(A.data).reduce((sum, value) => sum + value, 0);
}

/** f of the values of each sample of some matrices, as a matrix of the first one's shape. */
export function perSample(samples: Samples, inputs: Dense[], f: (values: number[][]) => number[]): Grid {
  if (samples === 'columns') return transpose(perSample('rows', inputs.map(transpose), f));
  const [{ rows, cols }] = inputs as [Dense];
  const results = Array.from({ length: rows }, (_, r) => f(inputs.map((A) => row(A, r))));
  return { data: results.flat(), rows, cols };
}

export function row(A: Dense, r: number): number[] {
  return Array.from({ length: A.cols }, (_, c) => at(A, r, c));
}

// Comparison

/** df/dparams by (f(p + h) - f(p - h)) / 2h; f reads `params`, which is changed and restored in place. */
export function centralDifferences(f: () => number, params: number[] | Float64Array, h = 1e-5): number[] {
  return Array.from(params, (value, i) => {
    params[i] = value + h;
    const above = f();
    params[i] = value - h;
    const below = f();
    params[i] = value;
    return (above - below) / (2 * h);
  });
}

/** |a - b| / max(|a|, |b|, floor): below the floor the difference counts as absolute. NaN equals NaN. */
export function relativeDifference(a: number, b: number, floor = 1e-12): number {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  const difference = Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), floor);
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}

export function maxRelativeError(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  floor?: number,
): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} elements, not ${expected.length}`);
  return Array.from(actual).reduce(
    (worst, value, i) => Math.max(worst, relativeDifference(value, expected[i] as number, floor)),
    0,
  );
}

/** The values as float32 holds them. */
export function toFloat32(values: ArrayLike<number>): number[] {
  return Array.from(values, Math.fround);
}

// Deterministic test data

/** Numbers spread evenly over [low, high), determined by the seed (mulberry32). */
export function randomArray(length: number, seed: number, low = -1, high = 1): number[] {
  let state = seed >>> 0;
  return Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return low + (((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * (high - low);
  });
}

export function randomDense(rows: number, cols: number, seed: number, low?: number, high?: number): Grid {
  return { data: randomArray(rows * cols, seed, low, high), rows, cols };
}
