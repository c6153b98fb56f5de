import type { WorkOptions } from '../addon/work';
import type { FloatArray } from '../base/matrix';
import type { Network } from './network';
import { type Predictor, runElsewhere } from './predictor';

/** Buffers for rows of a network's inputs, preprocessed already, that are predicted together. */
export class NetworkBatch {
  /** (at least rows x cols) */
  readonly outputs: FloatArray;
  readonly cols: number;
  readonly #predictor: Predictor;
  readonly #width: number;
  readonly #embeddings: number;

  constructor(network: Network, rows: number) {
    // The kernel for one row sums in another order than that for several. So each row has a neighbour.
    const maxBatch = Math.max(2, rows);
    this.#predictor = network.predictor({ maxBatch, preprocessed: true });
    const { input, categories, output } = this.#predictor;
    this.outputs = output.data;
    this.cols = output.cols;
    this.#width = input.cols;
    this.#embeddings = categories.length / maxBatch;
  }

  /** @param numbers (inputDim) @param codes (embeddings) */
  put(place: number, numbers: FloatArray, codes: Int32Array): void {
    const { input, categories } = this.#predictor;
    input.data.set(numbers, place * this.#width);
    if (this.#embeddings > 0) categories.set(codes, place * this.#embeddings);
  }

  move(from: number, to: number): void {
    const { input, categories } = this.#predictor;
    moveRow(input.data, this.#width, from, to);
    moveRow(categories, this.#embeddings, from, to);
  }

  runHere(rows: number): void {
    this.#predictor.run(Math.max(2, rows));
  }

  run(rows: number, options: WorkOptions): Promise<void> {
    return this.#predictor[runElsewhere](Math.max(2, rows), options);
  }
}

function moveRow(data: FloatArray | Int32Array, width: number, from: number, to: number): void {
  data.copyWithin(to * width, from * width, (from + 1) * width);
}
