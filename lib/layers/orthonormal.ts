import { native } from '../addon/binding';
import type { Matrix } from '../base/matrix';

// The number of rows per block. Rows are made orthogonal to earlier blocks together, by matrix products, and to each
// other within a block one by one.
const block = 32;

/**
 * Makes the rows of A (k, n), k at most n and float64, orthonormal in place: the result is Q^T of A^T = Q R with a
 * positive diagonal of R. It uses Gram-Schmidt and projects twice, which leaves only rounding errors (Giraud et al.,
 * 2005).
 */
export function orthonormalRows({ data, rows, cols: n }: Matrix): void {
  for (let start = 0; start < rows; start += block) {
    const count = Math.min(block, rows - start);
    const rest = data.subarray(start * n, (start + count) * n);
    for (let pass = 0; pass < 2 && start > 0; pass++) {
      const done = data.subarray(0, start * n);
      const shares = new Float64Array(count * start);
      native.gemm(false, true, count, start, n, 1, rest, done, 0, shares);
      native.gemm(false, false, count, n, start, -1, shares, done, 1, rest);
    }
    for (let r = 0; r < count; r++) {
      const row = rest.subarray(r * n, (r + 1) * n);
      for (let pass = 0; pass < 2; pass++) {
        for (let other = 0; other < r; other++) {
          const before = rest.subarray(other * n, (other + 1) * n);
          const share = dot(row, before);
          for (let c = 0; c < n; c++) row[c] = (row[c] as number) - share * (before[c] as number);
        }
      }
      const length = Math.sqrt(dot(row, row));
      for (let c = 0; c < n; c++) row[c] = (row[c] as number) / length;
    }
  }
}

function dot(a: Matrix['data'], b: Matrix['data']): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
