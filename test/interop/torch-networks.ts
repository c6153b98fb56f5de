// Random networks, exported for PyTorch, and what their modules compute by plain formulas.

import { activationNames } from '../../lib/layers/activations';
import { expectClose } from './plain-modules';
import { forCases } from './random-networks';
import { readTensors, sequential } from './torch-files';

/** What the modules of PyTorch lack, and what is told apart from them. */
export const unlikeTorch = [
  ...(['embeddings', 'numericEmbeddings', 'skip', 'activationMix', 'imputer', 'oneHotEncoder'] as const),
  // Some of them limit their results, for which no module is written.
  'minMaxScaler',
] as const;
export const torchActivations = activationNames.filter((name) => name !== 'exponential');

/** Compares the answers of so many networks with the formulas. */
export async function compareWithFormulas(runs: number): Promise<void> {
  await forCases(
    runs,
    { without: unlikeTorch, activations: torchActivations },
    async ({ network, numbers }) => {
      const file = readTensors(await network.exportBytes({ format: 'safetensors' }));
      const expected = network.predictSync(numbers).toArray();
      expectClose(sequential(file, numbers), expected, network.dtype === 'float64' ? 1e-12 : 2e-6);
    },
  );
}
