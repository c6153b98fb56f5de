// Kills a process that trains from a source with checkpoints, again and again, at any moment. Each time a new process goes
// on. In the end, its network must equal that of a training without interruption, bit for bit. If a training ends before all
// kills are done, another one begins.
//
//   node bench/soak/kills.mjs         100 kills
//   node bench/soak/kills.mjs 5       5 kills

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blasnet, Network } from '../rivals/library.mjs';

const program = fileURLToPath(import.meta.url);
const [rows, size] = [20_000, 700];

/** The same rows each time, in chunks of 700. */
async function* source() {
  for (let from = 0; from < rows; from += size) {
    const count = Math.min(size, rows - from);
    const X = Float64Array.from({ length: 3 * count }, (_, i) => Math.sin(3 * from + i));
    const Y = Float64Array.from({ length: count }, (_, row) =>
      Number((X[3 * row] ?? 0) > (X[3 * row + 1] ?? 0)),
    );
    yield { X, Y };
  }
}

/** @param {number} epochs @param {string | undefined} directory */
const optionsFor = (epochs, directory) => ({
  ...{ epochs, batchSize: 32, windowRows: 2048, optimizer: blasnet.adam(), validationSplit: 0.1 },
  ...(directory !== undefined && { checkpoint: { directory, everySeconds: 0.02 } }),
});

/** @param {number} epochs @param {string} [directory] */
async function train(epochs, directory) {
  const layers = /** @type {const} */ ([
    { inputDim: 3, outputDim: 32, activation: 'relu', dropout: 0.1, normalization: 'batch' },
    { outputDim: 1, activation: 'sigmoid' },
  ]);
  const begun =
    directory !== undefined && readdirSync(directory).some((name) => name.startsWith('checkpoint-'));
  const options = optionsFor(epochs, directory);
  let network = new Network(layers, { seed: 1 });
  if (begun) ({ network } = await Network.resume(directory, source, options));
  else await network.fit(source, options);
  const hash = createHash('sha256');
  for (const { data } of Object.values(network.parameters))
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest('hex');
}

/**
 * Runs the training in a process of its own, and kills it after some milliseconds. Returns what it printed: the digest, if
 * it came to its end.
 * @param {number} epochs @param {string} directory @param {number} milliseconds
 * @returns {Promise<string>}
 */
function killed(epochs, directory, milliseconds) {
  const child = spawn(process.execPath, [program, 'train', String(epochs), directory]);
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  let [printed, errors] = ['', ''];
  child.stdout.on('data', (text) => {
    printed += text;
  });
  child.stderr.on('data', (text) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.once('close', (_, signal) => {
      clearTimeout(timer);
      if (errors !== '') reject(new Error(`A training did not go on: ${errors}`));
      else resolve(signal === 'SIGKILL' ? '' : printed.trim());
    });
  });
}

/** @param {number} kills */
async function main(kills) {
  // Each process has time for a few windows after it has started.
  const epochs = 2 * kills;
  const folder = mkdtempSync(join(tmpdir(), 'blasnet-kills-'));
  const empty = () => {
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
  };
  try {
    const started = performance.now();
    await killed(1, folder, 60_000);
    const alone = performance.now() - started;
    empty();
    const expected = await train(epochs);
    const ends = /** @type {string[]} */ ([]);
    const counts = { done: 0, within: 0 };
    while (counts.done < kills || ends.length === 0 || readdirSync(folder).length > 0) {
      const digest = await killed(
        epochs,
        folder,
        counts.done < kills ? alone * (0.5 + Math.random()) : 600_000,
      );
      if (digest === '') {
        counts.done++;
        if (readdirSync(folder).some((name) => name.endsWith('-part.safetensors'))) counts.within++;
        continue;
      }
      // The next training begins from nothing.
      ends.push(digest);
      empty();
    }
    const equal = ends.every((digest) => digest === expected);
    const { done, within } = counts;
    console.log(
      `${done} kills, ${within} of them within an epoch, in ${ends.length} trainings: ${equal ? 'equal' : 'DIFFERENT'}`,
    );
    if (!equal) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [command = '100', epochs, directory] = process.argv.slice(2);
if (command === 'train') writeSync(1, `${await train(Number(epochs), directory)}\n`);
else await main(Number(command));
