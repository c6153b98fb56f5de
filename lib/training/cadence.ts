import { above, checkOptions, optional, positiveInteger } from '../base/validate';

export interface CadenceOptions {
  /**
   * Writes after each epoch whose number is a multiple of this. At least 1.
   *
   * @default 1, or never if everySeconds is given
   */
  readonly everyEpochs?: number;
  /**
   * Writes after an epoch if this many seconds have passed since the last time; in a training from a source also within an
   * epoch, between two windows. Above 0. @default never
   */
  readonly everySeconds?: number;
}

/** Tells after which epochs to write: after some epochs, after some seconds, or after the first of the two. */
export class Cadence {
  readonly #epochs: number;
  readonly #milliseconds: number;
  #last: number;

  /**
   * @param now the clock, in milliseconds from any start
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

  /** Whether to write after this epoch (from 1). If so, the seconds start again at `now`. */
  due(epoch: number, now: number): boolean {
    // Uses the epoch's number, so that a resumed training keeps the rhythm of the original one.
    const due = epoch % this.#epochs === 0 || now - this.#last >= this.#milliseconds;
    if (due) this.#last = now;
    return due;
  }

  /** Whether to write within an epoch. If so, the seconds start again at `now`. */
  dueWithin(now: number): boolean {
    const due = now - this.#last >= this.#milliseconds;
    if (due) this.#last = now;
    return due;
  }
}
