// Draws what each thread does in a few steps of training. The addon must be built for it:
//
//   npx cmake-js compile --out build-timeline/build --CDBLASNET_TIMELINE=ON
//   node bench/probes/timeline.mjs '{"layers": [2, 25, 50, 50, 25, 1], "rows": 900, "dtype": "float64", "threads": 2}'
//
// prints one line for each piece of work: when it began, how long it took (microseconds), and its name in the column of
// its thread. Further fields: batchSize (default: all rows), optimizer (gradient descent), from (50: the first of the steps that are
// drawn), steps (3: how many are drawn). An update ends a step.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const job = JSON.parse(process.argv[2] ?? '{}');

if (process.env.BLASNET_TIMELINE === undefined) draw(record());
else await train();

/** @typedef {{ thread: number, name: string, begin: number, end: number }} Span */

/**
 * Trains in a process of its own, which writes its timeline when it ends.
 * @returns {Span[]}
 */
function record() {
  const folder = mkdtempSync(join(tmpdir(), 'timeline-'));
  try {
    const path = join(folder, 'spans');
    const env = { ...process.env, BLASNET_TIMELINE: path, BLASNET_PREBUILD: join(root, 'build-timeline') };
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), JSON.stringify(job)], { env });
    return readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const [thread, name = '', begin, end] = line.split('\t');
        return { thread: Number(thread), name, begin: Number(begin), end: Number(end) };
      });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function train() {
  const { Matrix, Network, setThreads } = createRequire(import.meta.url)(root);
  const {
    layers,
    rows,
    dtype = 'float64',
    threads = 2,
    batchSize = rows,
    optimizer = { name: 'sgd', learningRate: 0.01 },
  } = job;
  const outputs = layers.at(-1);
  const floats = dtype === 'float64' ? Float64Array : Float32Array;
  const X = new Matrix(floats.from(numbers(rows * layers[0], (i) => Math.sin(i * i))), rows, layers[0]);
  const Y = new Matrix(floats.from(numbers(rows * outputs, (i) => i % 2)), rows, outputs);
  setThreads(threads);
  const net = new Network(
    layers.slice(1).map((/** @type {number} */ outputDim, /** @type {number} */ i) => ({
      inputDim: layers[i],
      outputDim,
      activation: i + 2 === layers.length ? 'sigmoid' : 'relu',
    })),
    { dtype, seed: 1 },
  );
  net.fitSync(X, Y, { epochs: 100, batchSize, shuffle: false, optimizer });
}

/**
 * @param {number} count
 * @param {(i: number) => number} at
 */
function numbers(count, at) {
  return Array.from({ length: count }, (_, i) => at(i));
}

function draw(/** @type {readonly Span[]} */ spans) {
  const { from: first = 50, steps: count = 3 } = job;
  const steps = stepEnds(spans);
  const from = steps[first] ?? 0;
  const to = steps[first + count] ?? Number.POSITIVE_INFINITY;
  for (const { thread, name, begin, end } of spans.toSorted((a, b) => a.begin - b.begin)) {
    if (end < from || begin > to) continue;
    const column = ' '.repeat(14 * thread);
    console.log(
      `${(begin - from).toFixed(1).padStart(9)} ${(end - begin).toFixed(1).padStart(8)}  ${column}${name}`,
    );
  }
}

/**
 * The ends of the updates that are followed by other work.
 * @param {readonly Span[]} spans
 */
function stepEnds(spans) {
  const work = spans
    .filter(({ name }) => /update|tile|forward/.test(name))
    .toSorted((a, b) => a.begin - b.begin);
  return work
    .filter(({ name }, i) => name === 'update' && work[i + 1]?.name !== 'update')
    .map(({ end }) => end);
}
