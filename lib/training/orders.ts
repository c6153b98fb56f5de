import type { RandomState } from '../random/random-state';

export interface OrderOptions {
  readonly shuffle: boolean;
  /** The samples in all, those for validation included. */
  readonly rows: number;
  /** How many of them an epoch trains with. */
  readonly trainedRows: number;
}

/** In which order each epoch goes through the samples. */
export class EpochOrders {
  readonly #options: OrderOptions;
  readonly #random: RandomState;
  #drawn: Uint32Array | null = null;
  /** The rows for training and then those held out; undefined where none are. */
  split: Uint32Array | undefined;

  constructor(options: OrderOptions, random: RandomState) {
    this.#options = options;
    this.#random = random;
  }

  /** (epochs * rows) what `draw` drew last, on a SharedArrayBuffer; null: as the samples come. */
  get drawn(): Uint32Array | null {
    return this.#drawn;
  }

  /** Draws the orders of the next epochs, one after another, so that how many are drawn at a time changes nothing. */
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
