// How much one native call may take on: enough that crossing the border costs nothing, little enough that drawing its
// shuffles does not hold up the event loop.
const mostOrders = 2 ** 18;
const mostEpochs = 1024;
const aimedMilliseconds = 20;

/** How many epochs a native call takes on: as many as take some 20 ms. */
export class Pace {
  readonly #most: number;
  #epochs = 1;

  /** @param rows the samples of an epoch */
  constructor(rows: number) {
    this.#most = Math.min(mostEpochs, Math.max(1, Math.floor(mostOrders / rows)));
  }

  get epochs(): number {
    return this.#epochs;
  }

  /** Learns from a call how long its epochs took. */
  adjust(epochs: number, milliseconds: number): void {
    const aimed = Math.floor((epochs * aimedMilliseconds) / Math.max(milliseconds, 0.01));
    this.#epochs = Math.max(1, Math.min(aimed, 2 * epochs, this.#most));
  }
}
