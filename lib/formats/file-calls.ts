import type fs from 'node:fs';
import { promisify } from 'node:util';
import { nodeFs } from '../base/lazy-modules';

// A file operation is written once, as a generator of calls. It runs in two ways: with Node's synchronous functions, or
// with its callback functions, which take equal arguments.

interface Synchronous {
  access: typeof fs.accessSync;
  close: typeof fs.closeSync;
  fchmod: typeof fs.fchmodSync;
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
  write(file: number, bytes: Uint8Array, offset: number, length: number): number;
}

type Name = keyof Synchronous;

interface Call {
  readonly name: Name;
  readonly args: readonly unknown[];
}

/** A file operation that returns a Result. */
export type Calls<Result> = Generator<Call, Result, unknown>;

/** Calls one function of node:fs; use it with `yield*`. */
export function* call<N extends Name>(
  name: N,
  ...args: Parameters<Synchronous[N]>
): Calls<ReturnType<Synchronous[N]>> {
  return (yield { name, args }) as ReturnType<Synchronous[N]>;
}

/** Runs the calls one after another on the calling thread. */
export function runCallsSync<Result>(calls: Calls<Result>): Result {
  let step = calls.next();
  while (!step.done) {
    const { name, args } = step.value;
    let result: unknown;
    try {
      result = (nodeFs()[`${name}Sync`] as (...args: readonly unknown[]) => unknown)(...args);
    } catch (error) {
      step = calls.throw(error);
      continue;
    }
    step = calls.next(result);
  }
  return step.value;
}

/** Runs the calls one after another on libuv's threads. */
export async function runCalls<Result>(calls: Calls<Result>): Promise<Result> {
  let step = calls.next();
  while (!step.done) {
    const { name, args } = step.value;
    let result: unknown;
    try {
      result = await (promisify(nodeFs()[name]) as (...args: readonly unknown[]) => Promise<unknown>)(
        ...args,
      );
    } catch (error) {
      step = calls.throw(error);
      continue;
    }
    step = calls.next(countOf(result));
  }
  return step.value;
}

// promisify turns the two results of fs.read and fs.write into an object.
function countOf(result: unknown): unknown {
  const { bytesRead, bytesWritten } = (result ?? {}) as { bytesRead?: number; bytesWritten?: number };
  return bytesRead ?? bytesWritten ?? result;
}
