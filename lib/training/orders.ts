import type { Work } from '../addon/work';
import { newSharedArray } from '../base/memory';
import { drawOrders, type RandomState } from '../random/random-state';

export interface OrderOptions {
  readonly shuffle: boolean;
  /** The number of all samples, with those that take no part in an epoch. */
  readonly rows: number;
  /** The number of samples that an epoch trains with. */
  readonly trainedRows: number;
}

/** Draws the order in which each epoch goes through the samples. */
export class EpochOrders {
  readonly #options: OrderOptions;
  readonly #random: RandomState;
  #drawn: Uint32Array | null = null;
  /** The training rows, then the other rows; undefined if all rows train. */
  split: Uint32Array | undefined;

  constructor(options: OrderOptions, random: RandomState) {
    this.#options = options;
    this.#random = random;
  }

  get rows(): number {
    return this.#options.rows;
  }

  get shuffle(): boolean {
    return this.#options.shuffle;
  }

  /** (epochs * rows) the orders of the last `draw`, on a SharedArrayBuffer; null: the order of the samples. */
  get drawn(): Uint32Array | null {
    return this.#drawn;
  }

  /** Draws the orders of the next epochs, one by one, so that the number of epochs in a call changes no order. */
  *draw(epochs: number): Work<void> {
    const { shuffle, rows, trainedRows } = this.#options;
    if (!shuffle && this.split === undefined) return;
    const numbers = epochs * rows;
    if (this.#drawn === null || this.#drawn.length < numbers) {
      this.#drawn = newSharedArray(Uint32Array, numbers);
    }
    const options = { from: this.split ?? null, count: shuffle ? trainedRows : 0 };
    yield* drawOrders(this.#random, this.#drawn.subarray(0, numbers), rows, options);
  }
}
