// Models of Keras, read from files that Keras wrote.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Network } from '../../lib/index';
import { expectClose } from './plain-modules';

const folder = join(__dirname, '../fixtures/interop');
const answersOf = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));

const tolerance = { float64: 1e-12, float32: 1e-6 };

test.each(['sequential.keras', 'sequential.h5', 'functional.keras', 'functional.h5', 'activations.keras'])(
  'the model %s of Keras 3 answers as it did there',
  async (name) => {
    const answers = answersOf('keras3.json');
    const network = await Network.import(join(folder, `keras3-${name}`));
    expect(network.dtype).toBe(name.startsWith('activations') ? 'float64' : 'float32');
    const expected = answers[name.replace(/\..*/, '')];
    expectClose(network.predictSync(answers.X).toArray(), expected, tolerance[network.dtype]);
  },
);

// Those of latest have the newest format of HDF5, and the archive is compressed.
test.each(['sequential.h5', 'functional.h5', 'latest.h5', 'functional.keras'])(
  'the model %s of Keras 2 answers as it did there',
  async (name) => {
    const { X, answers } = answersOf('keras2.json');
    const network = await Network.import(readFileSync(join(folder, `keras2-${name}`)));
    expectClose(network.predictSync(X).toArray(), answers, 1e-6);
  },
);
