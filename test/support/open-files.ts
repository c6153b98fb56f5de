import { readdirSync, readlinkSync } from 'node:fs';

/** How many descriptors this process has open for the file. On Linux only. */
export function openOf(path: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  }).length;
}
