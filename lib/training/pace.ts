// A native call runs so long that its own cost does not matter, and so briefly that drawing its shuffles does not delay
// the event loop.
const mostOrders = 2 ** 18;
const mostEpochs = 1024;
const aimedMilliseconds = 20;

/** Says how many epochs a native call runs, so that it takes about 20 ms. */
export class Pace {
  readonly #most: number;
  #epochs = 1;

  /** @param rows the length of an epoch's order, held-out rows included */
  constructor(rows: number) {
    this.#most = Math.min(mostEpochs, Math.max(1, Math.floor(mostOrders / rows)));
  }

  get epochs(): number {
    return this.#epochs;
  }

  /** Adapts to the time that a call of `epochs` epochs took. */
  adjust(epochs: number, milliseconds: number): void {
    const aimed = Math.floor((epochs * aimedMilliseconds) / Math.max(milliseconds, 0.01));
    this.#epochs = Math.max(1, Math.min(aimed, 2 * epochs, this.#most));
  }
}
