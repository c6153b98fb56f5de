/**
 * Makes the rows of A (rows x cols), or its columns if they are fewer, orthonormal, one after another: Gram-Schmidt
 * with two projections, in plain loops.
 */
export function orthogonal(data: Float64Array, rows: number, cols: number): Float64Array {
  const wide = rows <= cols;
  const [count, size] = wide ? [rows, cols] : [cols, rows];
  const vectors = Array.from({ length: count }, (_, v) =>
    Float64Array.from({ length: size }, (_, i) => data[wide ? v * cols + i : i * cols + v] as number),
  );
  for (const [v, vector] of vectors.entries()) {
    for (let pass = 0; pass < 2; pass++) {
      for (const before of vectors.slice(0, v)) {
        const share = dot(vector, before);
        for (let i = 0; i < size; i++) vector[i] = (vector[i] as number) - share * (before[i] as number);
      }
    }
    const length = Math.sqrt(dot(vector, vector));
    for (let i = 0; i < size; i++) vector[i] = (vector[i] as number) / length;
  }
  return Float64Array.from(data, (_, at) => {
    const [row, col] = [Math.floor(at / cols), at % cols];
    return (wide ? vectors[row]?.[col] : vectors[col]?.[row]) as number;
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
