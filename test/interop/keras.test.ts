// Models of Keras, read from files that Keras wrote.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workHere } from '../../lib/addon/work';
import { Network } from '../../lib/index';
import { filesIn } from '../../lib/interop/archive';
import { zipOf } from '../../lib/interop/npz/zip-writer';
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

test('what acts in training alone is kept for a training that goes on', async () => {
  const { architecture } = await Network.import(join(folder, 'keras3-sequential.keras'));
  expect(architecture[0]).toMatchObject({ noise: 0.1, dropout: 0.25, activation: 'gelu' });
  const { normalization } = architecture[0] as { normalization: { momentum: number; epsilon: number } };
  expect(normalization).toMatchObject({ name: 'batch', epsilon: 0.001 });
  // Keras has the share that stays, 0.99.
  expect(normalization.momentum).toBeCloseTo(0.01, 15);
});

// Those of latest have the newest format of HDF5, and the archive is compressed.
test.each(['sequential.h5', 'functional.h5', 'latest.h5', 'functional.keras'])(
  'the model %s of Keras 2 answers as it did there',
  async (name) => {
    const { X, answers } = answersOf('keras2.json');
    const network = await Network.import(readFileSync(join(folder, `keras2-${name}`)));
    expectClose(network.predictSync(X).toArray(), answers, 1e-6);
  },
);

/** A file of Keras with a part of its bytes replaced by as many others. */
function changed(name: string, from: string, to: string): Uint8Array {
  const bytes = readFileSync(join(folder, name));
  expect(to.length).toBe(from.length);
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from)) bytes.write(to, at, 'latin1');
  return bytes;
}

/** An archive of Keras whose files are changed. */
async function archive(change: (files: Map<string, Uint8Array>) => void): Promise<Uint8Array> {
  const bytes = new Uint8Array(readFileSync(join(folder, 'keras2-functional.keras')));
  const files: Map<string, Uint8Array> = await filesIn({ bytes, file: 'archive' }, () => true);
  change(files);
  return Buffer.concat(workHere(zipOf([...files].map(([name, content]) => ({ name, parts: [content] })))));
}
const edited = (edit: (text: string) => string, name = 'config.json') =>
  archive((files) =>
    files.set(name, Buffer.from(edit(Buffer.from(files.get(name) as Uint8Array).toString()))),
  );
const sequential = 'keras2-sequential.h5';

/** An HDF5 file of groups, each with the next one as its only member. */
function nestedGroups(depth: number): Uint8Array {
  const name = 'normalization';
  const parts = [Buffer.alloc(48)];
  const [head] = parts as [Buffer];
  head.write('\x89HDF\r\n\x1a\n\x02\x08\x08', 0, 'latin1');
  head.writeBigUInt64LE(48n, 36);
  let at = 48;
  for (let i = 0; i < depth; i++) {
    const member = Buffer.from(i === 0 ? 'layers' : name);
    // A header of version 2 with one message, a link: its version and flags, the length of the name, the name, the address.
    const link = Buffer.concat([Buffer.of(1, 0, member.length), member, Buffer.alloc(8)]);
    const header = Buffer.from(`OHDR\x02\x00`, 'latin1');
    const group = Buffer.concat([header, Buffer.of(4 + link.length, 6, link.length, 0, 0), link]);
    at += group.length;
    group.writeBigUInt64LE(BigInt(at), group.length - 8);
    parts.push(group);
  }
  return Buffer.concat(parts);
}

test.each<[string, () => Uint8Array | Promise<Uint8Array>, string]>([
  [
    'weights alone',
    () => changed(sequential, 'model_config', 'model_c0nfig'),
    'Expected the attribute model_config of "bytes" to be present, got a file of weights alone has none: in Keras, model.save writes a whole model',
  ],
  ['a weight that is not there', () => changed(sequential, 'kernel:0', 'kernal:0'), 'to be there once'],
  [
    'another version of Keras',
    () => changed(sequential, '2.15.0', 'newest'),
    'Expected the version of Keras of "bytes" to be present, such as 3.8.0, got "newest"',
  ],
  ['no HDF5', () => Buffer.from('HDF'), 'to be that of one of the formats'],
  [
    'JSON that ends early',
    () => edited((text) => text.slice(0, -2)),
    'Expected the text after an entry of config.json (byte 2212) of "bytes" to be a comma or a closing brace',
  ],
  [
    'an archive without config.json',
    () => archive((files) => files.delete('config.json')),
    'Expected the file config.json in the archive of "bytes" to be present, as in a model of Keras',
  ],
  [
    'an archive without weights',
    () => archive((files) => files.delete('model.weights.h5')),
    'Expected the file model.weights.h5 in the archive',
  ],
  [
    'an archive with another file as weights',
    () => archive((files) => files.set('model.weights.h5', new Uint8Array(99))),
    'Expected the content of "model.weights.h5 of bytes" to be HDF5',
  ],
  [
    'groups within groups without end',
    () => archive((files) => files.set('model.weights.h5', nestedGroups(20_000))),
    '/normalization" of "model.weights.h5 of bytes" to be in at most 100 groups, got more',
  ],
  [
    'an archive without a version',
    () => archive((files) => files.delete('metadata.json')),
    'Expected the version of Keras',
  ],
  [
    'a layer without weights',
    () => edited((text) => text.replaceAll('"LeakyReLU"', '"LayerNormalization"')),
    'Expected the weights of layer "leaky_re_lu" (LayerNormalization) of "bytes" to be present',
  ],
  [
    'another axis',
    () => edited((text) => text.replace('"axis": [1]', '"axis": [0]')),
    'Expected axis of layer "batch_normalization" (BatchNormalization) of "bytes" to be -1 or 1, the axis of the units, got [0]',
  ],
  [
    'preprocessing that is inverted',
    () => edited((text) => text.replace('"mean": null', '"invert": true')),
    'Expected invert of layer "normalization" (Normalization) of "bytes" to be false, got true',
  ],
  [
    'more layers than there are weights',
    () => edited((text) => text.replaceAll('"Dropout"', '"Dense"').replace('"rate": 0.2', '"units": 4')),
    'Expected the weights of layer "dense_2" (Dense) of "bytes" to be present',
  ],
  [
    'models within models without end',
    () =>
      edited(
        (text) => `${'{"class_name":"Sequential","config":{"layers":['.repeat(12)}${text}${']}}'.repeat(12)}`,
      ),
    'in at most 10 models',
  ],
])('%s is refused', async (_, make, message) => {
  const error = await Network.import(await make()).catch((reason) => reason);
  expect(error).toMatchObject({ code: 'ERR_BLASNET_FILE' });
  expect(error.message).toContain(message);
});
