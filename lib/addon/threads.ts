import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
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
 * The number of processors that this process may use: those that its affinity allows, limited by the least quota of its
 * cgroup and the groups around it, which is rounded up.
 */
export function defaultThreads(root = '/'): number {
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(quota(root))));
}

// The processors that the process's group and each group around it may use at a time: the least number; Infinity without
// a limit. /proc/self/cgroup names the group of version 2 as `0::/path`, and that of version 1 as `4:cpu,cpuacct:/path`. In
// a container, the path may begin outside of what is mounted; then the mounted root is the group of the container.
function quota(root: string): number {
  const groups = read(`${root}proc/self/cgroup`).split('\n');
  const pathOf = (pattern: RegExp) => groups.map((line) => pattern.exec(line)?.[1]).find(Boolean) ?? '/';
  const limits = around(`${root}sys/fs/cgroup`, pathOf(/^0::(\/.*)$/))
    .map((folder) => read(`${folder}/cpu.max`).split(' '))
    .filter(([limit]) => limit !== '');
  if (limits.length > 0) return Math.min(...limits.map(([limit = '', period]) => ratio(limit, period)));
  const quotas = around(`${root}sys/fs/cgroup/cpu`, pathOf(/^\d+:(?:.*,)?cpu(?:,.*)?:(\/.*)$/)).map(
    (folder) => ratio(read(`${folder}/cpu.cfs_quota_us`), read(`${folder}/cpu.cfs_period_us`)),
  );
  return Math.min(...quotas);
}

/** The folders of a group and of those around it, up to the mounted root. */
function around(mounted: string, path: string): string[] {
  const folders = [];
  // A path with `..` lies outside of what is mounted.
  for (let group = path.includes('..') ? '/' : path; ; group = dirname(group)) {
    folders.push(join(mounted, group));
    if (group === '/') return folders;
  }
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
