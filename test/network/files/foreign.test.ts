// Files of other programs: the error says what they look like, and what reads them.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foreignFormat } from '../../../lib/formats/foreign';
import { Network } from '../../../lib/network/network';
import { labelEncoder, preprocessing, standardScaler } from '../../../lib/preprocessing';
import { rejectionOf, thrownBy } from '../../support/bad-input';
import { newFolder } from '../../support/scratch';
import { layers, randomLabels, randomMatrix } from '../helpers';

const net = new Network(layers([2, 3, 1], 'relu', 'sigmoid'), { seed: 1 });
const own = net.toBytesSync();

/** The start of a zip archive whose first entry has this name. */
function zip(name: string): Buffer {
  const header = Buffer.alloc(30);
  header.write('PK\x03\x04', 'latin1');
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, Buffer.from(name), Buffer.alloc(100, 7)]);
}

const bytes = (...start: (number | string)[]) =>
  Buffer.concat([
    ...start.map((each) => (typeof each === 'string' ? Buffer.from(each) : Buffer.of(each))),
    Buffer.alloc(90, 9),
  ]);

const rows: [file: string, content: Buffer, told: string][] = [
  [
    'PyTorch.onnx',
    bytes(0x08, 0x07, 0x12, 0x07, 'pytorch', 0x1a, 0x05, '2.1.0', 0x3a),
    'an ONNX model; Network.import reads a dense network',
  ],
  [
    'skl2onnx.onnx',
    bytes(0x08, 0x0a, 0x3a, 0x80, 0x02),
    'an ONNX model; Network.import reads a dense network',
  ],
  ['state.pt', zip('archive/data.pkl'), 'a checkpoint of PyTorch; torch.load reads it in Python'],
  ['state.pth', zip('state/data.pkl'), 'a checkpoint of PyTorch; torch.load reads it in Python'],
  [
    'old.pt',
    bytes(0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9),
    'a pickle, such as an old checkpoint of PyTorch or a model of scikit-learn; torch.load or joblib.load reads it in Python',
  ],
  [
    'sklearn.pkl',
    bytes(0x80, 0x04, 0x95, 0x20, 0x01, 0x00, 0x00, 0x00),
    'a pickle, such as an old checkpoint of PyTorch or a model of scikit-learn; torch.load or joblib.load reads it in Python',
  ],
  ['model.keras', zip('metadata.json'), 'a model of Keras; Network.import reads a dense network'],
  [
    'model.h5',
    bytes(0x89, 'HDF\r\n', 0x1a, '\n'),
    'an HDF5 file, such as a model of Keras (h5); Network.import reads a dense network',
  ],
  [
    'weights.npz',
    zip('arr_0.npy'),
    "a file of NumPy's arrays (npz); Network.import reads the parameters of a network, and numpy.load any arrays in Python",
  ],
  ['other.zip', zip('readme.txt'), 'a zip archive; unpack it first'],
  ['W1.npy', bytes(0x93, 'NUMPY', 1, 0), 'an array of NumPy (npy); numpy.load reads it in Python'],
  [
    'model.json',
    Buffer.from('{\n  "format": "layers-model", "generatedBy": "keras v2", "modelTopology": {}}'),
    'a model of TensorFlow.js (model.json); Network.import reads a layers model',
  ],
  [
    'topology.json',
    Buffer.from('{"modelTopology": {"class_name": "Sequential"}, "weightsManifest": []}'),
    'a model of TensorFlow.js (model.json); Network.import reads a layers model',
  ],
  [
    'brain.json',
    Buffer.from('{"type":"NeuralNetwork","sizes":[2,3,1]}'),
    'a network of brain.js; its fromJSON reads it',
  ],
  ['pipeline.json', pipelineJson(), 'the JSON of a pipeline; Preprocessing.fromJSON reads it'],
  [
    'labels.json',
    Buffer.from(JSON.stringify(labelEncoder().fit(['a', 'b']))),
    'the JSON of a label encoder; LabelEncoder.fromJSON reads it',
  ],
  [
    'net.json',
    Buffer.from(JSON.stringify(net)),
    'the JSON of a network, which has no parameters; new Network(layers) makes a new one from its layers',
  ],
  ['list.json', Buffer.from('[1, 2, 3, 4, 5]'), 'JSON; JSON.parse reads it'],
  ['model.tflite', bytes(0x1c, 0, 0, 0, 'TFL3'), 'a model of TensorFlow Lite; TensorFlow Lite runs it'],
  [
    'saved_model.pb',
    bytes(0x08, 0x01, 0x12, 0xa0, 0x05, 0x0a),
    'a SavedModel of TensorFlow; tf.saved_model.load reads it in Python',
  ],
  [
    'lfs',
    Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n'),
    'a pointer of Git LFS; git lfs pull gets the file itself',
  ],
  [
    '404',
    Buffer.from('<!DOCTYPE html><title>Not found</title>'),
    'a page in HTML; the download of the file may have failed',
  ],
  ['model.gz', gzipSync(own), 'a file that gzip compressed; gunzip of node:zlib unpacks it'],
];

function pipelineJson(): Buffer {
  return Buffer.from(JSON.stringify(preprocessing([standardScaler()]).fit([[1], [2]])));
}

describe('what reads a network', () => {
  it.each(rows)('says what %s looks like, and what reads that', async (name, content, told) => {
    const path = join(newFolder(), name);
    writeFileSync(path, content);
    const [X, Y] = [randomMatrix(10, 2, 1), randomLabels(10, 1, 2)];
    const message = (file: string) =>
      `Expected the content of ${JSON.stringify(file)} to be what save or fit wrote, got what looks like ${told}`;
    for (const error of [
      thrownBy(() => Network.loadSync(path)),
      await rejectionOf(Network.load(path, { verifyChecksum: false })),
      await rejectionOf(Network.resume(path, X, Y, { epochs: 1 })),
    ]) {
      expect(error).toMatchObject({ code: 'ERR_BLASNET_FILE', message: message(path) });
    }
    expect(thrownBy(() => Network.fromBytesSync(content))).toMatchObject({ message: message('bytes') });
    expect(await rejectionOf(Network.fromBytes(content))).toMatchObject({ message: message('bytes') });
  });

  it('never takes a damaged file of its own for one of another program', () => {
    const damage = fc.record({
      byte: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: own.length - 1 })),
      bit: fc.integer({ min: 0, max: 7 }),
      end: fc.integer({ min: 0, max: own.length }),
    });
    fc.assert(
      fc.property(damage, ({ byte, bit, end }) => {
        const damaged = Buffer.from(own);
        damaged[byte] = (damaged[byte] as number) ^ (1 << bit);
        const got = thrownBy(() => Network.fromBytesSync(damaged.subarray(0, end)));
        expect((got as Error).message).not.toContain('looks like');
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it('finds nothing in bytes at random', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 40 }), (start) => {
        const found = foreignFormat(start);
        return found === undefined || found.startsWith('what looks like');
      }),
      { seed: 1, numRuns: 5000 },
    );
    expect(foreignFormat(Buffer.from('no format at all, only words'))).toBeUndefined();
    expect(foreignFormat(new Uint8Array(0))).toBeUndefined();
  });

  it('says so for a safetensors file of another program', () => {
    const file = (metadata: object) => {
      const header = { ...metadata, 'fc.weight': { dtype: 'F32', shape: [1], data_offsets: [0, 4] } };
      const text = Buffer.from(JSON.stringify(header));
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(text.length));
      return Buffer.concat([length, text, Buffer.alloc(4)]);
    };
    const expected = (got: string) =>
      `Expected "format" of the metadata of "bytes" to be "blasnet", as in a model file of this library, got ${got}: ` +
      'it looks like a safetensors file of another program; Network.import reads one of PyTorch';
    expect(() => Network.fromBytesSync(file({ __metadata__: { format: 'pt' } }))).toThrow(expected('"pt"'));
    expect(() => Network.fromBytesSync(file({}))).toThrow(expected('none'));
  });

  it('says which method reads a folder of checkpoints, and what else a folder holds', async () => {
    const folder = newFolder();
    const told = async (inner: string, got: string) => {
      const path = join(folder, inner);
      const message = `Expected ${JSON.stringify(path)} to be a file, got ${got}`;
      expect(thrownBy(() => Network.loadSync(path))).toMatchObject({ code: 'ERR_BLASNET_FILE', message });
      expect(await rejectionOf(Network.load(path))).toMatchObject({ code: 'ERR_BLASNET_FILE', message });
    };
    const directory = join(folder, 'checkpoints');
    net.clone().fitSync([[1, 2]], [[1]], { epochs: 1, checkpoint: { directory } });
    await told(
      'checkpoints',
      'a directory of checkpoints; Network.loadBest reads its best one, and Network.resume continues its training',
    );
    mkdirSync(join(folder, 'tf'));
    writeFileSync(join(folder, 'tf', 'saved_model.pb'), '');
    await told(
      'tf',
      'a directory with what looks like a SavedModel of TensorFlow; tf.saved_model.load reads it in Python',
    );
    mkdirSync(join(folder, 'empty'));
    await told('empty', 'a directory');
  });

  const python = spawnSync('python3', ['-c', 'import numpy'], { stdio: 'ignore' });

  it.runIf(python.status === 0)('recognises what NumPy and pickle write', () => {
    const folder = newFolder();
    const script = `
import numpy, pickle, os, sys
os.chdir(sys.argv[1])
numpy.save('a.npy', numpy.ones(3))
numpy.savez('a.npz', W1=numpy.ones(3))
numpy.savez_compressed('b.npz', W1=numpy.ones(3))
for protocol in range(2, 6):
    with open(f'{protocol}.pkl', 'wb') as file: pickle.dump({'weight': numpy.ones(300)}, file, protocol)
`;
    expect(spawnSync('python3', ['-c', script, folder]).status).toBe(0);
    const told = (name: string) => foreignFormat(readFileSync(join(folder, name)));
    expect(told('a.npy')).toContain('an array of NumPy');
    expect([told('a.npz'), told('b.npz')].join()).toMatch(/NumPy's arrays.*NumPy's arrays/);
    for (const protocol of [2, 3, 4, 5]) expect(told(`${protocol}.pkl`)).toContain('a pickle');
  });
});
