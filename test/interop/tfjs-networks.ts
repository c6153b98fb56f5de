// Random networks, exported and run by TensorFlow.js, and read again.

import { join } from 'node:path';
import { expect } from 'vitest';
import { Network } from '../../lib/index';
import { lackingActivations } from '../../lib/interop/tfjs/layers';
import { activationNames } from '../../lib/layers/activations';
import { newFolder } from '../support/scratch';
import { expectClose } from './plain-modules';
import { forCases, inputsOf } from './random-networks';
import { tensorflow } from './tfjs-runtime';

const without = [
  'embeddings',
  'numericEmbeddings',
  'activationMix',
  'imputer',
  'oneHotEncoder',
  'minMaxScaler',
] as const;

/** Compares the answers of so many networks with those of a backend, and with those of the file that is read again. */
export async function compareNetworks(backend: 'cpu' | 'wasm', runs: number): Promise<void> {
  const tf = await tensorflow(backend);
  const path = join(newFolder(), 'model.json');
  const activations = activationNames.filter((name) => !lackingActivations.includes(name));
  await forCases(runs, { without, activations, dtypes: ['float32'] }, async (given) => {
    const { network } = given;
    if (
      network.architecture.some(({ activation }) => typeof activation === 'object' && 'alpha' in activation)
    )
      return;
    await network.export(path);
    const expected = network.predictSync(inputsOf(given)).toArray();
    const model = await tf.load(path);
    expectClose(await tf.predict(model, given.numbers), expected, 2e-6);
    model.dispose();
    const copy = await Network.import(path);
    expectClose(copy.predictSync(inputsOf(given)).toArray(), expected, 2e-6);
    expect(copy.labels?.classes).toEqual(network.labels?.classes);
  });
}
