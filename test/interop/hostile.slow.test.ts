// Damaged files of other tools: cut off at each byte, with bits flipped, and changed at random. Readers refuse them by
// errors of their own, or read what is still whole, in the time and memory that the file's size allows.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Network } from '../../lib/index';
import { keras } from '../../lib/interop/keras/keras';
import { npz } from '../../lib/interop/npz/npz';
import { pytorch } from '../../lib/interop/pytorch/pytorch';
import { tfjs } from '../../lib/interop/tfjs/tfjs';
import { newFolder } from '../support/scratch';
import { damages, flips, survives, truncations, type Victim } from './hostile-files';

const fixture = (name: string) => readFileSync(join(__dirname, '../fixtures/interop', name));
const network = new Network(
  [
    { inputDim: 3, outputDim: 4, activation: 'relu', normalization: 'batch', dropout: 0.5, name: 'first' },
    { outputDim: 4, activation: 'tanh', skip: 'first' },
    { outputDim: 1, activation: 'sigmoid' },
  ],
  { dtype: 'float32', seed: 1 },
);
const plain = new Network([{ inputDim: 3, outputDim: 2, activation: 'tanh' }], { seed: 1 });

async function modelOfTfjs(): Promise<Victim> {
  const folder = newFolder();
  await network.export(join(folder, 'model.json'));
  const shard = 'model-shard1of1.bin';
  const neighbours = { [shard]: readFileSync(join(folder, shard)) };
  return { format: tfjs, bytes: readFileSync(join(folder, 'model.json')), neighbours };
}

interface Row {
  readonly name: string;
  readonly victim: () => Victim | Promise<Victim>;
  /** One in so many bits is flipped. */
  readonly step: number;
}

const rows: readonly Row[] = [
  {
    name: 'NumPy (npz)',
    victim: async () => ({
      ...{ format: npz, own: { activations: ['tanh'] } },
      bytes: await plain.exportBytes({ format: 'npz' }),
    }),
    step: 1,
  },
  {
    name: 'PyTorch (safetensors)',
    victim: () => ({
      ...{ format: pytorch, own: { activations: ['relu', 'softmax'] } },
      bytes: fixture('pytorch-named.safetensors'),
    }),
    step: 1,
  },
  { name: 'TensorFlow.js', victim: modelOfTfjs, step: 3 },
  { name: 'Keras (h5)', victim: () => ({ format: keras, bytes: fixture('keras2-sequential.h5') }), step: 61 },
  {
    name: 'Keras (h5, the newest HDF5)',
    victim: () => ({ format: keras, bytes: fixture('keras2-latest.h5') }),
    step: 31,
  },
  {
    name: 'Keras (.keras)',
    victim: () => ({ format: keras, bytes: fixture('keras2-functional.keras') }),
    step: 5,
  },
];

test.each(rows)('$name: damaged files are refused or read whole', async ({ victim: make, step }) => {
  const victim = await make();
  const { bytes } = victim;
  expect(await survives(victim, bytes)).toBe(true);
  let cases = 0;
  for (const cut of truncations(bytes, Math.ceil(bytes.length / 2500))) {
    expect(await survives(victim, cut)).toBe(false);
    cases++;
  }
  for (const damaged of flips(bytes, step)) {
    await survives(victim, damaged);
    cases++;
  }
  for (const damaged of damages(bytes, Math.max(1000, 10_000 - cases))) await survives(victim, damaged);
});
