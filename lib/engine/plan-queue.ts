import { AbortError, blasnetError } from '../base/errors';
import type { FloatArray, LabelArray } from '../base/matrix';
import { pin } from '../base/pinning';
import type { Architecture } from '../layers/architecture';
import type { ResolvedLoss } from '../layers/losses';
import { type Operation, type Outcome, Plan } from './plan';

export interface OperationOptions {
  readonly signal?: AbortSignal | undefined;
  readonly threads?: number | undefined;
}

/** A network's native plans, and whose turn it is to use them. */
export class PlanQueue {
  /** From a training's start to its end. */
  fitting = false;
  #architecture: Architecture;
  readonly #parameters: FloatArray;
  readonly #statistics: FloatArray;
  // By loss: one for calls on this thread, one for those on others; each has a workspace of its own. They are
  // kept, since Node frees what is dropped only when the event loop turns.
  readonly #inlinePlans = new Map<string, Plan>();
  readonly #threadPlans = new Map<string, Plan>();
  // The last that ran on this thread.
  #inlinePlan: Plan | undefined;
  // The asynchronous operations, one after another.
  #lastOperation: Promise<unknown> = Promise.resolve();
  // Whether a step is being taken on another thread; and operations under way there that read the parameters.
  #writing = false;
  #reading = 0;

  constructor(architecture: Architecture, parameters: FloatArray, statistics: FloatArray) {
    this.#architecture = architecture;
    this.#parameters = parameters;
    this.#statistics = statistics;
  }

  /** Takes an architecture of the same shapes instead. */
  rebuild(architecture: Architecture): void {
    this.#architecture = architecture;
    this.#inlinePlan = undefined;
    this.#inlinePlans.clear();
    this.#threadPlans.clear();
  }

  /** A plan of its own, for a predictor. */
  make(loss: ResolvedLoss): Plan {
    return new Plan(this.#architecture, loss, this.#parameters, this.#statistics);
  }

  /** The plan for operations on this thread that the loss matters to. */
  inline(loss: ResolvedLoss): Plan {
    if (this.#inlinePlan?.loss !== loss) this.#inlinePlan = this.#from(this.#inlinePlans, loss);
    return this.#inlinePlan;
  }

  /** Any plan for this thread, where the loss does not matter. */
  inlineOfAny(loss: () => ResolvedLoss): Plan {
    return this.#inlinePlan ?? this.inline(loss());
  }

  /** Changes the parameters on another thread, in its turn. */
  write(loss: ResolvedLoss, operation: Operation, { signal, threads }: OperationOptions): Promise<Outcome> {
    return this.#inTurn(async () => {
      this.#writing = true;
      try {
        return await this.#from(this.#threadPlans, loss).runAsync(operation, signal, threads);
      } finally {
        this.#writing = false;
      }
    }, signal);
  }

  /** Reads the parameters on another thread, in its turn; the arrays stay where they are meanwhile. */
  async read(
    arrays: readonly LabelArray[],
    loss: ResolvedLoss,
    operation: Operation,
    { signal, threads }: OperationOptions,
  ): Promise<Outcome> {
    const unpin = pin(arrays);
    this.#reading++;
    try {
      return await this.#inTurn(
        () => this.#from(this.#threadPlans, loss).runAsync(operation, signal, threads),
        signal,
      );
    } finally {
      this.#reading--;
      unpin();
    }
  }

  checkFree(method: string): void {
    if (this.fitting) {
      throw blasnetError(
        'ERR_BLASNET_BUSY',
        `Expected ${method} to be called on a network that is not being trained; wait for the fit under way, ` +
          'or end the loop over its epochs',
      );
    }
  }

  // Reads on this thread are safe beside reads on another, not beside training.
  checkAtRest(method: string, allowed: 'readers' | 'nothing'): void {
    if (this.#writing || (allowed === 'nothing' && this.#reading > 0)) {
      throw blasnetError(
        'ERR_BLASNET_BUSY',
        `Expected ${method} to be called while no other thread works on the network; ` +
          'await the call under way, use the asynchronous form, or call it between epochs',
      );
    }
  }

  // Runs the operation after those before it. An abort ends the wait; what happens later is the operation's.
  #inTurn<T>(operation: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(new AbortError(signal?.reason));
      if (signal?.aborted) return giveUp();
      signal?.addEventListener('abort', giveUp);
      const result = this.#lastOperation.then(() => {
        signal?.removeEventListener('abort', giveUp);
        return operation();
      });
      result.then(resolve, reject);
      this.#lastOperation = result.catch(() => {});
    });
  }

  #from(plans: Map<string, Plan>, loss: ResolvedLoss): Plan {
    const key = JSON.stringify(loss);
    const plan = plans.get(key) ?? this.make(loss);
    plans.set(key, plan);
    return plan;
  }
}
