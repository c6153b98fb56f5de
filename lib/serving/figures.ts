import { Counter, type Histogram } from './histogram';

/** What a batcher has done. Every request is in one of the first six numbers. */
export interface BatcherFigures {
  /** Rows that wait. */
  readonly queued: number;
  /** Rows of the batch that runs. */
  readonly running: number;
  readonly answered: number;
  /** Calls with a row that does not fit, and those of a batch that failed. */
  readonly failed: number;
  readonly aborted: number;
  /** Calls that met a full queue, a closed batcher or slot, or a slot without a model. */
  readonly rejected: number;
  /** All calls. */
  readonly requests: number;
  /** Batches that were started. An answer at once is a batch of one row. */
  readonly batches: number;
  /** The rows of these batches. */
  readonly rows: number;
  /** How many rows the batches had. */
  readonly batchSize: Histogram;
  /** The time from a call to its answer, of the calls that were answered. */
  readonly latencySeconds: Histogram;
}

const latencyBounds = [
  ...[0.000_01, 0.000_025, 0.000_05, 0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01],
  ...[0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
];

/** Counts what a batcher does. */
export class BatcherCounts {
  requests = 0;
  failed = 0;
  aborted = 0;
  rejected = 0;
  readonly #sizes: Counter;
  readonly #latencies = new Counter(latencyBounds);

  constructor(maxBatch: number) {
    const bounds: number[] = [];
    for (let size = 1; size < maxBatch; size *= 2) bounds.push(size);
    this.#sizes = new Counter([...bounds, maxBatch]);
  }

  batch(rows: number): void {
    this.#sizes.add(rows);
  }

  /** @param start when the call came, by performance.now() */
  answer(start: number): void {
    this.#latencies.add((performance.now() - start) / 1000);
  }

  figures(queued: number, running: number): BatcherFigures {
    const { requests, failed, aborted, rejected } = this;
    const batchSize = this.#sizes.histogram;
    const latencySeconds = this.#latencies.histogram;
    return {
      ...{ queued, running, answered: latencySeconds.count, failed, aborted, rejected, requests },
      ...{ batches: batchSize.count, rows: batchSize.sum, batchSize, latencySeconds },
    };
  }
}
