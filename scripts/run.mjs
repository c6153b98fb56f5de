// Runs the programs of a build, and shows their output only if they fail. Meanwhile dots show that they go on.

import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program failed; the message holds the program's output. */
export class RunError extends Error {}

/**
 * The command that starts npm. When npm runs a script, it sets npm_execpath; that path starts without a shell, also on
 * Windows.
 * @type {readonly [string, ...string[]]}
 */
export const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];

/** Prints a dot from time to time until its input ends, which also happens when its parent is killed. */
const ticker = `
  setInterval(() => process.stdout.write('.'), Number(process.argv[1]));
  process.stdin.resume().on('end', () => process.exit());
`;

/**
 * Runs a program without showing its output, and returns that output; if the program fails, throws it.
 * @param {string} title   printed with the seconds that the program took
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, before?: string, dotEvery?: number }} options   before: output to
 *   prepend; dotEvery: the milliseconds from dot to dot
 */
export function run(title, command, args, { cwd, env = {}, before = '', dotEvery = 10_000 }) {
  process.stdout.write(`${title} ... `);
  const start = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'blasnet-run-'));
  const log = join(folder, 'log');
  const output = openSync(log, 'w');
  // A process of its own, since this one waits for the program.
  const dots = spawn(process.execPath, ['-e', ticker, String(dotEvery)], {
    stdio: ['pipe', 'inherit', 'ignore'],
  });
  try {
    const { status, signal, error } = spawnSync(command, args, {
      cwd,
      stdio: ['ignore', output, output],
      // Unlike Ninja, Make uses one processor by default.
      env: { CMAKE_BUILD_PARALLEL_LEVEL: String(cpus().length), ...process.env, ...env },
    });
    // At once, so that no dot comes after the result.
    dots.kill('SIGKILL');
    const said = before + readFileSync(log, 'utf8');
    if (status === 0) {
      console.log(`${((performance.now() - start) / 1000).toFixed(1)} s`);
      return said;
    }
    console.log('failed');
    const reason = error?.message ?? (signal ? `ended by ${signal}` : `exit status ${status}`);
    throw new RunError(`${said}\n${[command, ...args].join(' ')}: ${reason}`);
  } finally {
    dots.kill();
    closeSync(output);
    rmSync(folder, { recursive: true });
  }
}

/**
 * Runs a program that says itself how far it is, and shows what it says.
 * @param {string} title
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string }} options
 */
export function runShown(title, command, args, { cwd }) {
  console.log(`${title}:`);
  const { status, signal, error } = spawnSync(command, args, {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status === 0) return;
  const reason = error?.message ?? (signal ? `ended by ${signal}` : `exit status ${status}`);
  throw new RunError(`${[command, ...args].join(' ')}: ${reason}`);
}
