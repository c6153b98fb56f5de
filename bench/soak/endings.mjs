// Processes and worker threads that end in the middle of something: with Node's exit status, in time, and with no half file.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Network } from '../rivals/library.mjs';

const program = fileURLToPath(new URL('./middle.mjs', import.meta.url));

/** What is under way. */
export const middles = /** @type {const} */ (['training', 'prediction', 'swap', 'saving']);

/** How it ends, and the exit status or signal that Node gives. */
export const ends = /** @type {const} */ ({
  SIGTERM: { status: null, signal: 'SIGTERM' },
  uncaught: { status: 1, signal: null },
  exit: { status: 7, signal: null },
  terminate: { status: 0, signal: null },
});

/** Two at once, so that an end may come at any point of the other's work. */
const atOnce = 2;
const mostSeconds = 60;

/**
 * @param {{ times: number, log: (line: string) => void }} options   times: how often each end comes in the middle of each
 * @returns {Promise<{ ends: number, faults: string[] }>}
 */
export async function endings({ times, log }) {
  const folder = mkdtempSync(join(tmpdir(), 'blasnet-ends-'));
  const faults = /** @type {string[]} */ ([]);
  let count = 0;
  try {
    for (const middle of middles) {
      for (const end of /** @type {(keyof typeof ends)[]} */ (Object.keys(ends))) {
        const jobs = Array.from({ length: times }, (_, i) => i);
        const before = faults.length;
        const work = async () => {
          for (let i = jobs.shift(); i !== undefined; i = jobs.shift()) {
            const fault = await endOnce(middle, end, join(folder, `${middle}-${end}-${i}.safetensors`), i);
            count++;
            if (fault !== undefined) faults.push(`${middle}, ${end}, ${i}: ${fault}`);
          }
        };
        await Promise.all(Array.from({ length: atOnce }, work));
        log(`${end} in the middle of ${middle}: ${times} times, ${faults.length - before} faults`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  for (const fault of faults) log(fault);
  return { ends: count, faults };
}

/** @returns {Promise<string | undefined>} what is wrong */
async function endOnce(
  /** @type {typeof middles[number]} */ middle,
  /** @type {keyof typeof ends} */ end,
  /** @type {string} */ file,
  /** @type {number} */ index,
) {
  // From nothing to more than the time of a save, in steps that are the same in each run.
  const delay = (index * 7) % 23;
  const child = spawn(
    process.execPath,
    [program, JSON.stringify({ middle, end, file, delay, sync: index % 2 === 1 })],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => {
    out += text;
    if (end === 'SIGTERM' && String(text).includes('begun')) setTimeout(() => child.kill('SIGTERM'), delay);
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  const ended = await new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      resolve('it hung');
    }, 1000 * mostSeconds);
    child.once('close', (status, signal) => {
      clearTimeout(timer);
      resolve({ status, signal });
    });
  });
  if (typeof ended === 'string') return ended;
  const { status, signal } = ended;
  const expected = ends[end];
  if (!out.includes('begun')) return `it did not begin: ${status} ${signal} ${err.slice(0, 500)}`;
  if (status !== expected.status || signal !== expected.signal) {
    return `it ended with ${signal ?? status}, not ${expected.signal ?? expected.status}: ${err.slice(-500)}`;
  }
  if (end === 'uncaught' && !err.includes('Error: on purpose')) return `another error: ${err.slice(0, 500)}`;
  if (middle !== 'saving') return undefined;
  // The file has been saved once before, so it is there, and it is one or the other.
  return Network.load(file).then(
    (/** @type {any} */ net) =>
      Number.isFinite(net.parameters.W1.data[0]) ? undefined : 'the file has other numbers',
    (/** @type {Error} */ error) => `half a file: ${error.message}`,
  );
}
