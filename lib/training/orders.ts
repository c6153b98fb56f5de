import type { RandomState } from '../random/random-state';

export interface OrderOptions {
  readonly shuffle: boolean;
  /** The number of all samples, held-out ones included. */
  readonly rows: number;
  /** The number of samples that an epoch trains with. */
  readonly trainedRows: number;
}

/** Draws the order in which each epoch goes through the samples. */
export class EpochOrders {
  readonly #options: OrderOptions;
  readonly #random: RandomState;
  #drawn: Uint32Array | null = null;
  /** The training rows, then the held-out rows; undefined if no rows are held out. */
  split: Uint32Array | undefined;

  constructor(options: OrderOptions, random: RandomState) {
    this.#options = options;
    this.#random = random;
  }

  /** (epochs * rows) the orders of the last `draw`, on a SharedArrayBuffer; null: the order of the samples. */
  get drawn(): Uint32Array | null {
    return this.#drawn;
  }

  /** Draws the orders of the next epochs, one by one, so that the number of epochs in a call changes no order. */
  draw(epochs: number): void {
    const { shuffle, rows, trainedRows } = this.#options;
    if (!shuffle && this.split === undefined) return;
    if (this.#drawn === null || this.#drawn.length < epochs * rows) {
      this.#drawn = new Uint32Array(new SharedArrayBuffer(4 * epochs * rows));
    }
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = this.#drawn.subarray(epoch * rows, (epoch + 1) * rows);
      if (this.split !== undefined) order.set(this.split);
      else for (let row = 0; row < rows; row++) order[row] = row;
      if (shuffle) this.#random.shuffle(order.subarray(0, trainedRows));
    }
  }
}
