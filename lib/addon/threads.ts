import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { check, positiveInteger } from '../base/validate';
import { native } from './binding';

// More can only wait for one another.
const mostThreads = 1024;

// The budget is the process's: worker threads that load the library later leave it as it is.
if (native.threads() === 0) native.setThreads(defaultThreads());

/**
 * Sets how many threads this process may compute with at once, over all networks and worker threads; each
 * call's `threads` option may ask for fewer. Results do not depend on it. Takes effect with the next step.
 * In the beginning it is the number of processors that the process may use: by its affinity and its
 * container's quota.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE unless a positive integer
 */
export function setThreads(threads: number): void {
  check('threads', threads, positiveInteger);
  native.setThreads(Math.min(threads, mostThreads));
}

/** How many threads this process may compute with at once. */
export function getThreads(): number {
  return native.threads();
}

/**
 * The processors of this process: those that its affinity allows, and no more than its cgroup's quota pays
 * for, rounded up.
 */
export function defaultThreads(root = '/'): number {
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(quota(root))));
}

// Processors that the control group may use at a time: version 2, then version 1; Infinity without a limit.
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
