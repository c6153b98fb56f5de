import { type Work, type WorkOptions, workElsewhere } from '../addon/work';
import { onAbort } from '../base/aborts';
import { AbortError, blasnetError } from '../base/errors';
import type { LabelArray } from '../base/matrix';
import { pin } from '../base/pinning';
import type { Architecture } from '../layers/architecture';
import type { ResolvedLoss } from '../layers/losses';
import { type Operation, type Outcome, Plan, type PlanMemory, statusCodes } from './plan';

/** A time in which the parameters may be read, and nothing changes them. */
export interface Turn {
  /** Whether another operation waits for its end. */
  readonly awaited: boolean;
  /** Ends it, if it has not ended. */
  end(): void;
}

/** A network's native plans, and the queue of the operations that use them. */
export class PlanQueue {
  /** Where a training is running: on the calling thread, or on others. */
  training: 'here' | 'elsewhere' | undefined;
  /** The loss that the last training was given; undefined if it had the default. */
  lastLoss: ResolvedLoss | undefined;
  #architecture: Architecture;
  #memory: PlanMemory;
  // By loss: one plan for calls on this thread, one for calls on others; each plan has its own workspace. They are
  // kept, since Node frees dropped native objects only when the event loop turns.
  readonly #inlinePlans = new Map<string, Plan>();
  readonly #threadPlans = new Map<string, Plan>();
  // The plan that ran last on this thread.
  #inlinePlan: Plan | undefined;
  // The next asynchronous operation starts when this one settles.
  #lastOperation: Promise<unknown> = Promise.resolve();
  // How many operations wait for their turn.
  #waiting = 0;
  // Whether another thread is changing the parameters, and how many operations read them there or wait to do so.
  #writing = false;
  #reading = 0;

  constructor(architecture: Architecture, memory: PlanMemory) {
    this.#architecture = architecture;
    this.#memory = memory;
  }

  /** Replaces the architecture. The parameters and the running moments stay, if it has equal shapes. */
  rebuild(architecture: Architecture, memory: PlanMemory = this.#memory): void {
    this.#architecture = architecture;
    this.#memory = memory;
    this.#inlinePlan = undefined;
    this.#inlinePlans.clear();
    this.#threadPlans.clear();
  }

  /** Frees the workspaces of the plans that are not running. The next operations reserve them again. */
  release(): void {
    for (const plans of [this.#inlinePlans, this.#threadPlans])
      for (const plan of plans.values()) plan.release();
  }

  /** Makes a plan. Each predictor has its own. */
  make(loss: ResolvedLoss): Plan {
    return new Plan(this.#architecture, loss, this.#memory);
  }

  /** The plan of a loss, for operations on this thread. */
  inline(loss: ResolvedLoss): Plan {
    if (this.#inlinePlan?.loss !== loss) this.#inlinePlan = this.#from(this.#inlinePlans, loss);
    return this.#inlinePlan;
  }

  /** Any plan for this thread, for operations that do not depend on the loss. */
  inlineOfAny(loss: () => ResolvedLoss): Plan {
    return this.#inlinePlan ?? this.inline(loss());
  }

  /**
   * Runs an operation that changes the parameters, on another thread, after those before it. An abort during the operation
   * gives it the status `stopped`: it has finished a part.
   */
  write(loss: ResolvedLoss, operation: Operation, options: WorkOptions): Promise<Outcome> {
    return this.#write(
      () => this.#from(this.#threadPlans, loss).runAsync(operation, options),
      options.signal,
    );
  }

  /** Does work that changes the parameters, on other threads, after the operations before it. No abort ends it. */
  change(work: Work<void>, options: Omit<WorkOptions, 'signal'>): Promise<void> {
    return this.#write(() => workElsewhere(work, options), undefined);
  }

  /** Runs an operation that reads the parameters, on another thread, after those before it. Pins the arrays. */
  async read(
    arrays: readonly LabelArray[],
    loss: ResolvedLoss,
    operation: Operation,
    options: WorkOptions,
  ): Promise<Outcome> {
    const { signal } = options;
    const unpin = pin(arrays);
    try {
      const outcome = await this.#read(
        () => this.#from(this.#threadPlans, loss).runAsync(operation, options),
        signal,
      );
      if (outcome.status === statusCodes.stopped) throw new AbortError(signal?.reason);
      return outcome;
    } finally {
      unpin();
    }
  }

  /** Like `read`, with a plan of the caller's, whose arrays are on SharedArrayBuffers. */
  readWith(plan: Plan, operation: Operation, options: WorkOptions): Promise<Outcome> {
    return this.#read(() => plan.runAsync(operation, options), options.signal);
  }

  /** Whether an operation that reads would begin at once: nothing trains, and nothing waits. */
  get free(): boolean {
    return this.training === undefined && !this.#writing && this.#waiting === 0;
  }

  /** Waits for the operations before it. Nothing changes the parameters until the turn is ended. */
  turnToRead(signal: AbortSignal | undefined): Promise<Turn> {
    this.#reading++;
    let reads = true;
    const leave = () => {
      if (reads) this.#reading--;
      reads = false;
    };
    return new Promise((resolve, reject) => {
      const reading = this.#inTurn(async () => {
        // Nobody would end it.
        if (signal?.aborted) return;
        const turn = new ReadingTurn(() => this.#waiting > 0, leave);
        resolve(turn);
        await turn.ended;
      }, signal);
      reading.finally(leave).catch(reject);
    });
  }

  checkFree(method: string): void {
    if (this.training !== undefined) {
      throw blasnetError(
        'ERR_BLASNET_BUSY',
        `Expected ${method} to be called on a network that is not being trained; wait for the fit under way, ` +
          'or end the loop over its epochs',
      );
    }
  }

  // This thread may read while another thread reads, but not while it trains.
  checkAtRest(method: string, allowed: 'readers' | 'nothing'): void {
    if (this.#writing || (allowed === 'nothing' && this.#reading > 0)) {
      throw blasnetError(
        'ERR_BLASNET_BUSY',
        `Expected ${method} to be called while no other thread works on the network; ` +
          'await the call under way, use the asynchronous form, call it between epochs, or use a clone()',
      );
    }
  }

  #write<T>(operation: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return this.#inTurn(async () => {
      this.#writing = true;
      try {
        return await operation();
      } finally {
        this.#writing = false;
      }
    }, signal);
  }

  async #read<T>(operation: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    this.#reading++;
    try {
      return await this.#inTurn(operation, signal);
    } finally {
      this.#reading--;
    }
  }

  // Runs the operation after those before it. An abort ends the wait; a running operation handles its own abort.
  #inTurn<T>(operation: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(new AbortError(signal?.reason));
      if (signal?.aborted) return giveUp();
      const unlisten = onAbort(signal, giveUp);
      this.#waiting++;
      const result = this.#lastOperation.then(() => {
        this.#waiting--;
        unlisten();
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

class ReadingTurn implements Turn {
  readonly #isAwaited: () => boolean;
  readonly #leave: () => void;
  #end: () => void = () => {};
  #over = false;
  readonly ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  /** @param leave is called at the end, before anybody learns of it: who awaited the turn's work may then train at once */
  constructor(isAwaited: () => boolean, leave: () => void) {
    this.#isAwaited = isAwaited;
    this.#leave = leave;
  }

  get awaited(): boolean {
    return !this.#over && this.#isAwaited();
  }

  end(): void {
    this.#over = true;
    this.#leave();
    this.#end();
  }
}
