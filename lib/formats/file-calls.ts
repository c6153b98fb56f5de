import type fs from 'node:fs';
import { promisify } from 'node:util';
import { type Work, type WorkOptions, workAnywhere, workHere } from '../addon/work';
import { nodeFs } from '../base/lazy-modules';

// A file operation is written once, as a generator of calls of node:fs and of native work. It runs in two ways: with
// Node's synchronous functions, or with its callback functions, which take equal arguments. Native work then runs on
// threads of the addon.

interface Synchronous {
  access: typeof fs.accessSync;
  close: typeof fs.closeSync;
  fchmod: typeof fs.fchmodSync;
  fdatasync: typeof fs.fdatasyncSync;
  fstat(file: number): fs.Stats;
  fsync: typeof fs.fsyncSync;
  mkdir(path: string, options: { recursive: true }): void;
  open: typeof fs.openSync;
  read(file: number, bytes: Uint8Array, offset: number, length: number, position: null): number;
  readdir(path: string): string[];
  readlink(path: string): string;
  realpath(path: string): string;
  rename: typeof fs.renameSync;
  rm: typeof fs.rmSync;
  stat(path: string): fs.Stats;
  writev(file: number, parts: readonly Uint8Array[]): number;
  write(file: number, bytes: Uint8Array, offset: number, length: number, position?: number | null): number;
}

type Name = keyof Synchronous;

interface Call {
  readonly name: Name;
  readonly args: readonly unknown[];
}

/** A rest between two calls. */
interface Rest {
  readonly milliseconds: number;
}

/** Native work and calls, all of which run at the same time if the operation is asynchronous. */
interface Group {
  readonly works: readonly Work<unknown>[];
  readonly calls: readonly Calls<unknown>[];
}

interface GroupResult {
  readonly works: readonly unknown[];
  readonly calls: readonly unknown[];
}

/**
 * A file operation that returns a Result. An abort ends it at its next work, with an AbortError, never at a call. So
 * what follows an error, such as the removal of a temporary file, always runs to its end.
 */
export type Calls<Result> = Generator<Call | Group | Rest, Result, unknown>;

/** Calls one function of node:fs; use it with `yield*`. */
export function* call<N extends Name>(
  name: N,
  ...args: Parameters<Synchronous[N]>
): Calls<ReturnType<Synchronous[N]>> {
  return (yield { name, args }) as ReturnType<Synchronous[N]>;
}

/** Does each work while the calls run, and returns the results of the calls. If one fails, the others still end. */
export function* together<T extends readonly unknown[]>(
  works: readonly Work<void>[],
  calls: { readonly [I in keyof T]: Calls<T[I]> },
): Calls<T> {
  return ((yield { works, calls }) as GroupResult).calls as T;
}

/** Waits, before something is tried again. */
export function* rest(milliseconds: number): Calls<void> {
  yield { milliseconds };
}

/** Does native work. */
export function* working<T>(work: Work<T>): Calls<T> {
  return ((yield { works: [work], calls: [] }) as GroupResult).works[0] as T;
}

/** Ends an operation that is aborted. */
export function* unlessAborted(): Calls<void> {
  yield* working(nothing());
}

function* nothing(): Generator<never, void, unknown> {}

/** Runs the operation on the calling thread. */
export function runCallsSync<Result>(calls: Calls<Result>): Result {
  let step = calls.next();
  while (!step.done) {
    let result: unknown;
    try {
      result = performSync(step.value);
    } catch (error) {
      step = calls.throw(error);
      continue;
    }
    step = calls.next(result);
  }
  return step.value;
}

function performSync(step: Call | Group | Rest): unknown {
  if ('milliseconds' in step) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, step.milliseconds);
    return undefined;
  }
  if ('works' in step) {
    const works = step.works.map((work) => workHere(work));
    return { works, calls: step.calls.map((calls) => runCallsSync(calls)) } satisfies GroupResult;
  }
  return (nodeFs()[`${step.name}Sync`] as (...args: readonly unknown[]) => unknown)(...step.args);
}

/**
 * Runs the operation on libuv's threads and those of the addon.
 *
 * @throws AbortError if the signal is aborted before the operation is done
 */
export async function runCalls<Result>(calls: Calls<Result>, options: WorkOptions = {}): Promise<Result> {
  let step = calls.next();
  while (!step.done) {
    let result: unknown;
    try {
      result = await perform(step.value, options);
    } catch (error) {
      step = calls.throw(error);
      continue;
    }
    step = calls.next(result);
  }
  return step.value;
}

async function perform(step: Call | Group | Rest, options: WorkOptions): Promise<unknown> {
  if ('milliseconds' in step) return new Promise((resolve) => setTimeout(resolve, step.milliseconds));
  if (!('works' in step)) return callOf(step);
  // The calls begin first, since brief work runs on this thread.
  const calls = step.calls.map((each) => runCalls(each, options));
  const works = step.works.map(async (work) => workAnywhere(work, options));
  const results = (await Promise.allSettled([...calls, ...works])).map((each) => {
    if (each.status === 'rejected') throw each.reason;
    return each.value;
  });
  return { calls: results.slice(0, calls.length), works: results.slice(calls.length) } satisfies GroupResult;
}

async function callOf({ name, args }: Call): Promise<unknown> {
  const result = await (promisify(nodeFs()[name]) as (...args: readonly unknown[]) => Promise<unknown>)(
    ...args,
  );
  return countOf(result);
}

// promisify turns the two results of fs.read and fs.write into an object.
function countOf(result: unknown): unknown {
  const { bytesRead, bytesWritten } = (result ?? {}) as { bytesRead?: number; bytesWritten?: number };
  return bytesRead ?? bytesWritten ?? result;
}
