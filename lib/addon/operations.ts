// What all native objects with operations have: see native/binding/operations.h.

export type Callback = (error: Error | undefined) => void;

/** A native object with operations: see native/binding/operations.h. */
export interface NativeOperations {
  /**
   * Sets how many threads the next operations may use (0: all that setThreads allows), and whether those that run on other
   * threads have the lowest priority. @default low: false
   */
  limitThreads(threads: number, low?: boolean): void;
  /** Ends the running operation, and each later one until clearStop, after its current step. */
  stop(): void;
  clearStop(): void;
}

/** One operation of a native object, which must be idle. With a callback, `start` returns at once. */
export interface NativeCall {
  readonly object: NativeOperations;
  readonly start: (callback?: Callback) => void;
  /**
   * Whether the operation takes less than a millisecond. Then it runs on this thread in any case, since another one
   * would take longer to wake.
   */
  readonly brief?: boolean;
}
