import { above, checkOptions, optional, positiveInteger } from '../base/validate';

export interface CadenceOptions {
  /** Every so many epochs. At least 1. @default 1, unless everySeconds is given */
  readonly everyEpochs?: number;
  /** Whenever so many seconds have passed since the last time. Above 0. */
  readonly everySeconds?: number;
}

/** When it is time again: by epochs, by the clock, or by whichever of the two comes first. */
export class Cadence {
  readonly #epochs: number;
  readonly #milliseconds: number;
  #last: number;

  /**
   * @param now the clock in milliseconds, from any beginning
   * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
   */
  constructor(options: CadenceOptions, now: number) {
    checkOptions('', options, {
      everyEpochs: optional(positiveInteger),
      everySeconds: optional(above(0)),
    });
    const { everyEpochs, everySeconds } = options;
    this.#epochs = everyEpochs ?? (everySeconds === undefined ? 1 : Number.POSITIVE_INFINITY);
    this.#milliseconds = 1000 * (everySeconds ?? Number.POSITIVE_INFINITY);
    this.#last = now;
  }

  /** Whether it is time after this epoch (from 1); if so, the seconds count from now on. */
  due(epoch: number, now: number): boolean {
    // By the epoch's number, so that a training that goes on keeps the beat of the one before it.
    const due = epoch % this.#epochs === 0 || now - this.#last >= this.#milliseconds;
    if (due) this.#last = now;
    return due;
  }
}
