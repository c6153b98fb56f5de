// The machine and the versions that the figures were measured with.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The vector instruction sets that matter here, by the names that the Linux kernel gives them. */
const instructionSets = [
  'sse4_2',
  'avx',
  'fma',
  'avx2',
  'avx512f',
  'avx512_bf16',
  'amx_tile',
  'asimd',
  'sve',
  'sve2',
];

/** @returns {Record<string, string>} */
export function describeMachine() {
  const gibibytes = (totalmem() / 2 ** 30).toFixed(0);
  return {
    Processor: cpus()[0]?.model.trim() ?? 'unknown',
    'Cores to use': String(availableParallelism()),
    'Instruction sets': processorFlags().join(' ') || 'unknown',
    Memory: `${gibibytes} GiB`,
    System: `${type()} ${release()}, ${arch()}`,
    Node: process.version,
    Commit: commit(),
    Load: loadavg()
      .map((load) => load.toFixed(2))
      .join(' '),
  };
}

/** Whether something else keeps the machine busy. */
export function isBusy() {
  return (loadavg()[0] ?? 0) > 0.5;
}

/** The sets that this processor has; none if the system does not list them. */
export function processorFlags() {
  if (!existsSync('/proc/cpuinfo')) return [];
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  const flags = new Set(line.trim().split(/\s+/));
  return instructionSets.filter((name) => flags.has(name));
}

function commit() {
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const changed = git('status', '--porcelain', '--', 'lib', 'native', 'CMakeLists.txt') !== '';
    return git('rev-parse', '--short=10', 'HEAD') + (changed ? ' with changes' : '');
  } catch {
    return 'unknown';
  }
}
