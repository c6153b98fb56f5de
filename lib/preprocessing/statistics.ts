/** The mean and the variance (over n, like scikit-learn's scaler), in two passes with a correction. */
export function meanAndVariance(values: Float64Array): { mean: number; variance: number } {
  const n = values.length;
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / n;
  let squares = 0;
  let rest = 0;
  for (const value of values) {
    squares += (value - mean) ** 2;
    rest += value - mean;
  }
  // Corrects the rounding of the mean: Chan, Golub and LeVeque (1983).
  return { mean, variance: (squares - rest ** 2 / n) / n };
}

/** The middle of sorted values, or the mean of the two middle ones. */
export function median(sorted: Float64Array): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** The q-th percentile of sorted values, linear between neighbours: np.percentile's 'linear'. */
export function percentile(sorted: Float64Array, q: number): number {
  const place = (q / 100) * (sorted.length - 1);
  const index = Math.floor(place);
  const low = sorted[index] as number;
  const high = sorted[Math.min(index + 1, sorted.length - 1)] as number;
  return low + (high - low) * (place - index);
}

/** The most frequent of sorted values; of equally frequent ones, the smallest. */
export function mostFrequent(sorted: Float64Array): number {
  let best = sorted[0] as number;
  let most = 0;
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    if (end - start > most) {
      most = end - start;
      best = sorted[start] as number;
    }
    start = end;
  }
  return best;
}
