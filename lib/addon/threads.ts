import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { check, positiveInteger } from '../base/validate';
import { native } from './binding';

// More threads would only wait for each other.
const mostThreads = 1024;

// The limit is one for the process: worker threads that load the library later do not change it.
if (native.threads() === 0) native.setThreads(defaultThreads());

/**
 * Sets how many threads this process may compute with at once, over all networks and worker threads. The number takes
 * effect with the next step, and results do not depend on it. A call's `threads` option may ask for fewer. The default
 * is the number of processors that the process may use, by its affinity and its container's quota.
 *
 * @param threads a positive integer
 * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE
 */
export function setThreads(threads: number): void {
  check('threads', threads, positiveInteger);
  native.setThreads(Math.min(threads, mostThreads));
}

/** Returns how many threads this process may compute with at once. */
export function getThreads(): number {
  return native.threads();
}

/**
 * The number of processors that this process may use: those that its affinity allows, limited by its cgroup's quota,
 * which is rounded up.
 */
export function defaultThreads(root = '/'): number {
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(quota(root))));
}

// The processors that the cgroup may use at a time, from version 2 or version 1; Infinity without a limit.
function quota(root: string): number {
  const [limit, period] = read(`${root}sys/fs/cgroup/cpu.max`).split(' ');
  if (limit !== '' && limit !== undefined) return ratio(limit, period);
  const folder = `${root}sys/fs/cgroup/cpu`;
  return ratio(read(`${folder}/cpu.cfs_quota_us`), read(`${folder}/cpu.cfs_period_us`));
}

function ratio(limit: string, period: string | undefined): number {
  const processors = Number(limit) / Number(period);
  return processors > 0 ? processors : Number.POSITIVE_INFINITY;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
