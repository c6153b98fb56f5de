// Trains with large batches, alone or as one of several ranks.
//
//   [mpirun -n 2 ...] node machines.mjs '{"shape": "wide" | "higgs-shape", "rows": ..., "batchSize": ..., "epochs": ..., "threads": ...,
//     "ranks": ...}'
//
// Rank 0 prints { value }: the median of the milliseconds of an epoch.

import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);
const { Matrix, Network, sgd } = load('../../dist/index.js');
const { mpi } = load('../../dist/distributed.js');
const { shape, rows, batchSize, epochs, threads, ranks } = JSON.parse(process.argv[2] ?? '');

const sizes = { wide: [784, 512, 256, 10], 'higgs-shape': [28, 300, 300, 300, 300, 300, 1] }[
  /** @type {'wide'} */ (shape)
];
const [inputDim, ...outputs] = /** @type {[number, ...number[]]} */ (sizes);
const group = await mpi();
if (group.size !== ranks) throw new Error(`${group.size} ranks were started, not ${ranks}`);

const values = (/** @type {number} */ count) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898) * 0.5);
const X = new Matrix(values(rows * inputDim), rows, inputDim);
const last = /** @type {number} */ (outputs.at(-1));
const Y = new Matrix(
  values(rows * last).map((value) => (value > 0 ? 1 : 0)),
  rows,
  last,
);
const net = new Network(
  outputs.map((outputDim, i) => ({
    outputDim,
    ...(i === 0 && { inputDim }),
    activation: i === outputs.length - 1 ? 'sigmoid' : 'relu',
  })),
  { seed: 1, dtype: 'float32' },
);
/** @type {number[]} */
const times = [];
let before = performance.now();
await net.fit(X, Y, {
  epochs,
  batchSize,
  threads,
  shuffle: false,
  optimizer: sgd({ learningRate: 0.001 }),
  ...(ranks > 1 && { distributed: group }),
  callbacks: () => {
    const now = performance.now();
    times.push(now - before);
    before = now;
  },
});
const measured = times.slice(2).sort((a, b) => a - b);
if (group.rank === 0) console.log(JSON.stringify({ value: measured[measured.length >> 1] }));
