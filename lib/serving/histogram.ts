/** A cumulative histogram, as Prometheus and OpenTelemetry take it. */
export interface Histogram {
  /** The upper bounds, ascending. */
  readonly bounds: readonly number[];
  /** For each bound, how many values are at most as great. */
  readonly counts: readonly number[];
  /** The sum of all values. */
  readonly sum: number;
  /** How many values there are, also beyond the last bound. */
  readonly count: number;
}

/** Counts values in bins. */
export class Counter {
  readonly #bounds: readonly number[];
  // Of each bin alone; the last has what is beyond all bounds.
  readonly #bins: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#bins = new Float64Array(bounds.length + 1);
  }

  add(value: number): void {
    const bounds = this.#bounds;
    let bin = 0;
    while (bin < bounds.length && value > (bounds[bin] as number)) bin++;
    this.#bins[bin] = (this.#bins[bin] as number) + 1;
    this.#sum += value;
  }

  get histogram(): Histogram {
    const counts: number[] = [];
    let count = 0;
    for (const inBin of this.#bins) {
      count += inBin;
      counts.push(count);
    }
    return { bounds: [...this.#bounds], counts: counts.slice(0, -1), sum: this.#sum, count };
  }
}
