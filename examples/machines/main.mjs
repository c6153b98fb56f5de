// One training by several processes, which goes on from its checkpoint when it is started again.
//
//   npm run example:machines                          one process
//   mpirun -n 2 node examples/machines/main.mjs       two; the same numbers to the last bit
//
// The folder of checkpoints is the first argument. By default it is new for each training.

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adam, makeMoons, Network } from 'blasnet';
import { mpi } from 'blasnet/distributed';

const group = await mpi();
// All ranks must name one folder. Only rank 0 writes to it.
const directory = process.argv[2] ?? (group.size === 1 ? mkdtempSync(join(tmpdir(), 'blasnet-')) : undefined);

const { X, Y } = makeMoons({ samples: 20_000, noise: 0.2, seed: 1 });
const options = {
  epochs: 10,
  batchSize: 2000,
  optimizer: adam(),
  seed: 1,
  distributed: group,
  ...(directory !== undefined && { checkpoint: { directory } }),
};

const layers = [
  { inputDim: 2, outputDim: 50, activation: 'relu' },
  { outputDim: 50, activation: 'relu' },
  { outputDim: 1, activation: 'sigmoid' },
];

/** Trains, or goes on with a training that was interrupted. */
async function train() {
  if (directory !== undefined && existsSync(directory) && readdirSync(directory).length > 0) {
    return Network.resume(directory, X, Y, options);
  }
  const network = new Network(layers, { seed: 1 });
  return { network, history: await network.fit(X, Y, options) };
}

const { network, history } = await train();
if (group.rank === 0) {
  const hash = createHash('sha256').update(network.parameters.W2.data).digest('hex').slice(0, 16);
  console.log(
    `Loss ${history.loss.at(-1).toFixed(6)} after ${history.loss.length} epochs; W2 has the hash ${hash}.`,
  );
}
