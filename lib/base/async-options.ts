import { abortSignal, optional, positiveInteger } from './validate';

export interface AsyncOptions {
  /** Ends the operation early. It then rejects with an AbortError. @default none */
  readonly signal?: AbortSignal;
  /** The most threads to compute with. At least 1. Results do not depend on it. @default the number of setThreads */
  readonly threads?: number;
}

export const asyncConstraints = { signal: optional(abortSignal), threads: optional(positiveInteger) };
