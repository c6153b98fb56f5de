// Runs the programs that builds are made of, in silence.

import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program failed; its message holds what it said, for the person who has to mend it. */
export class RunError extends Error {}

/**
 * How npm is started: it names itself when it runs a script, and by that path it starts without a shell, on Windows
 * too.
 * @type {readonly [string, ...string[]]}
 */
export const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];

/**
 * Runs a program in silence and returns what was said up to its end, or throws that if it fails.
 * @param {string} title   printed, with the seconds that it took
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, before?: string }} options   before: what was said before
 */
export function run(title, command, args, { cwd, env = {}, before = '' }) {
  process.stdout.write(`${title} ... `);
  const start = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'blasnet-run-'));
  const log = join(folder, 'log');
  const output = openSync(log, 'w');
  try {
    const { status, signal, error } = spawnSync(command, args, {
      cwd,
      stdio: ['ignore', output, output],
      // Ninja uses all processors by itself, Make does not.
      env: { CMAKE_BUILD_PARALLEL_LEVEL: String(cpus().length), ...process.env, ...env },
    });
    const said = before + readFileSync(log, 'utf8');
    if (status === 0) {
      console.log(`${((performance.now() - start) / 1000).toFixed(1)} s`);
      return said;
    }
    console.log('failed');
    const reason = error?.message ?? (signal ? `ended by ${signal}` : `exit status ${status}`);
    throw new RunError(`${said}\n${[command, ...args].join(' ')}: ${reason}`);
  } finally {
    closeSync(output);
    rmSync(folder, { recursive: true });
  }
}
