// Watches the calls of node:fs that lib/ makes, and does something at one of them.

import fs from 'node:fs';
import { onTestFinished, vi } from 'vitest';

const names =
  'access close fchmod fdatasync fstat fsync mkdir open read readdir readlink realpath rename rm stat write writev'.split(
    ' ',
  ) as 'access'[];

interface Watched {
  /** The calls so far, in order. */
  readonly calls: string[];
  stop(): void;
}

/**
 * Calls `at` before each asynchronous call of node:fs, with the call's name and its number, from 1. If `at` returns an
 * error, the call fails with it.
 */
export function watchFs(at: (name: string, number: number) => NodeJS.ErrnoException | undefined): Watched {
  const calls: string[] = [];
  const spies = names.map((name) => {
    const real = fs[name] as (...args: unknown[]) => void;
    return vi.spyOn(fs, name).mockImplementation(((...args: unknown[]) => {
      calls.push(name);
      const error = at(name, calls.length);
      if (error) (args.at(-1) as (error: Error) => void)(error);
      else real(...args);
    }) as never);
  });
  const stop = () => {
    for (const spy of spies) spy.mockRestore();
  };
  onTestFinished(stop);
  return { calls, stop };
}

/** The error of a full disk. */
export function diskFull(): NodeJS.ErrnoException {
  return Object.assign(new Error('ENOSPC: no space left on device'), { errno: -28, code: 'ENOSPC' });
}
