import { join } from 'node:path';
import { native } from './native';
import { getThreads } from './threads';

/** What this copy of the library is and runs on. */
export interface BuildInfo {
  /** The version in package.json. */
  readonly version: string;
  /** The BLAS that large products are left to, as it describes itself, its core type included. */
  readonly blas: string;
  /** The instruction set that the library's own kernels run on, by Highway's name. */
  readonly simd: string;
  /** As `getThreads` says. */
  readonly threads: number;
}

/** For bug reports and start-up logs: which build this is, and what it found on this machine. */
export function buildInfo(): BuildInfo {
  // Read when asked for: at start-up it would only cost time.
  const { version } = require(join(__dirname, '..', 'package.json')) as { version: string };
  return Object.freeze({ version, blas: native.blas, simd: native.simd, threads: getThreads() });
}
