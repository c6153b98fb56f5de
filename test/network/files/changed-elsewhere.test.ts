// Files whose numbers another program changed.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Network } from '../../../lib/network/network';
import { rejectionOf, thrownBy } from '../../support/bad-input';
import { newFolder } from '../../support/scratch';
import { layers, randomLabels, randomMatrix, snapshot } from '../helpers';
import { bits } from './helpers';

const architecture = layers([2, 3, 1], 'relu', 'sigmoid');
const [X, Y] = [randomMatrix(10, 2, 1), randomLabels(10, 1, 2)];
const dtypes = ['float64', 'float32'] as const;

interface Written {
  readonly path: string;
  readonly net: Network;
}

function written(dtype: (typeof dtypes)[number]): Written {
  const path = join(newFolder(), 'model.safetensors');
  const net = new Network(architecture, { seed: 1, dtype });
  net.saveSync(path);
  return { path, net };
}

type Header = Record<string, { data_offsets: [number, number]; dtype: string; shape: number[] }> & {
  __metadata__: Record<string, string>;
};

function partsOf(bytes: Buffer): { header: Header; data: Buffer } {
  const start = 8 + Number(bytes.readBigUInt64LE());
  return { header: JSON.parse(bytes.toString('utf8', 8, start)), data: bytes.subarray(start) };
}

/** Doubles b1, as a program does that knows the format alone: it reads everything, and writes the file anew. */
function rewritten(bytes: Buffer): Buffer {
  const { header, data } = partsOf(bytes);
  const { __metadata__: metadata, ...tensors } = header;
  const chunks: Buffer[] = [];
  let offset = 0;
  // Like Hugging Face's library: the metadata come in an order of their own, and the fields begin with the dtype.
  const entries = Object.keys(tensors)
    .sort()
    .map((name) => {
      const { dtype, shape, data_offsets: at } = tensors[name] as Header[string];
      const chunk = Buffer.from(data.subarray(...at));
      if (name === 'b1') double(chunk, dtype);
      chunks.push(chunk);
      offset += chunk.length;
      return [name, { dtype, shape, data_offsets: [offset - chunk.length, offset] }] as const;
    });
  const lines = Object.fromEntries(Object.entries(metadata).reverse());
  const text = Buffer.from(JSON.stringify({ __metadata__: lines, ...Object.fromEntries(entries) }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...chunks]);
}

/** Doubles b1 in place, as a program does that maps the file into its memory. */
function patched(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const { header, data } = partsOf(copy);
  const { dtype, data_offsets: at } = header.b1 as Header[string];
  double(data.subarray(...at), dtype);
  return copy;
}

function double(bytes: Buffer, dtype: string): void {
  const size = dtype === 'F64' ? 8 : 4;
  for (let i = 0; i < bytes.length; i += size) {
    if (size === 8) bytes.writeDoubleLE(2 * bytes.readDoubleLE(i) + 1, i);
    else bytes.writeFloatLE(2 * bytes.readFloatLE(i) + 1, i);
  }
}

const way = '; with verifyChecksum: false, Network.load reads it anyway';
const changes = [
  {
    what: 'wrote it anew',
    change: rewritten,
    why: `another program has written the file anew, and kept the old SHA-256${way}`,
  },
  {
    what: 'changed it in place',
    change: patched,
    why: `the file is damaged, or another program has changed it${way}`,
  },
];

describe.each(dtypes)('a file of %s', (dtype) => {
  it.each(changes)(
    'is refused with the reason, and taken on demand, if another program $what',
    async (row) => {
      const { path, net } = written(dtype);
      const bytes = row.change(readFileSync(path));
      writeFileSync(path, bytes);
      const errors = [
        thrownBy(() => Network.loadSync(path)),
        await rejectionOf(Network.load(path, { verifyChecksum: true })),
        thrownBy(() => Network.fromBytesSync(bytes)),
        await rejectionOf(Network.fromBytes(bytes)),
      ];
      for (const error of errors) {
        expect(error).toMatchObject({ code: 'ERR_BLASNET_FILE' });
        expect((error as Error).message.endsWith(`": ${row.why}`)).toBe(true);
      }

      net.parameters.b1?.data.set(net.parameters.b1.data.map((value) => 2 * value + 1));
      const options = { verifyChecksum: false };
      for (const loaded of [
        Network.loadSync(path, options),
        await Network.load(path, options),
        Network.fromBytesSync(bytes, options),
        await Network.fromBytes(bytes, options),
      ]) {
        expect(bits(loaded)).toEqual(bits(net));
        // What this library writes has the right SHA-256 again.
        expect(snapshot(Network.fromBytesSync(loaded.toBytesSync()))).toEqual(snapshot(net));
      }
    },
  );

  it('is checked in all else, also without its SHA-256', () => {
    const { path } = written(dtype);
    const bytes = readFileSync(path);
    const load = (changed: Buffer) =>
      thrownBy(() => Network.fromBytesSync(changed, { verifyChecksum: false }));
    expect(load(bytes.subarray(0, -8))).toMatchObject({ code: 'ERR_BLASNET_FILE' });
    const other = Buffer.from(bytes);
    other.fill(0xff, other.length - 8); // NaN
    expect(load(other)).toMatchObject({ message: expect.stringContaining('to be a finite number, got NaN') });
    const renamed = Buffer.from(bytes);
    renamed.write('b9', renamed.indexOf('"b1"') + 1);
    expect(load(renamed)).toMatchObject({
      message: expect.stringContaining('Expected tensor "b1" of "bytes" to be present'),
    });
  });

  it('is taken on demand if another program dropped its SHA-256', () => {
    const { path, net } = written(dtype);
    const bytes = readFileSync(path);
    const { header, data } = partsOf(bytes);
    const { 'blasnet.sha256': _, ...metadata } = header.__metadata__;
    const text = Buffer.from(JSON.stringify({ ...header, __metadata__: metadata }));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    const without = Buffer.concat([length, text, data]);
    expect(thrownBy(() => Network.fromBytesSync(without))).toMatchObject({
      message:
        'Expected "blasnet.sha256" of __metadata__ of "bytes" to be present, as in every file of blasnet, got none' +
        way,
    });
    expect(bits(Network.fromBytesSync(without, { verifyChecksum: false }))).toEqual(bits(net));
  });
});

it('a checkpoint that another program changed is loaded on demand, and is not resumed', async () => {
  const directory = newFolder();
  const net = new Network(architecture, { seed: 1 });
  net.fitSync(X, Y, { epochs: 1, checkpoint: { directory } });
  const path = join(directory, 'checkpoint-000001.safetensors');
  writeFileSync(path, rewritten(readFileSync(path)));
  const error = await rejectionOf(Network.resume(directory, X, Y, { epochs: 2 }));
  expect(error.message).toContain('another program has written the file anew');
  const loaded = Network.loadSync(path, { verifyChecksum: false });
  expect(loaded.parameters.b1?.data).toEqual(net.parameters.b1?.data.map((value) => 2 * value + 1));
});

const python = spawnSync('python3', ['-c', 'import numpy'], { stdio: 'ignore' });

it.runIf(python.status === 0)('a file that NumPy changed is taken on demand', () => {
  const { path, net } = written('float64');
  const script = `
import json, struct, sys, numpy
with open(sys.argv[1], 'rb') as file: data = file.read()
length, = struct.unpack('<Q', data[:8])
header = json.loads(data[8:8 + length])
metadata = header.pop('__metadata__')
tensors = {name: numpy.frombuffer(data[8 + length:][slice(*info['data_offsets'])]).reshape(info['shape']) for name, info in header.items()}
tensors['W1'] = tensors['W1'] * 0.5
offset, entries = 0, {'__metadata__': metadata}
for name, tensor in tensors.items():
    entries[name] = {'dtype': 'F64', 'shape': tensor.shape, 'data_offsets': [offset, offset + tensor.nbytes]}
    offset += tensor.nbytes
text = json.dumps(entries).encode()
with open(sys.argv[1], 'wb') as file: file.write(struct.pack('<Q', len(text)) + text + b''.join(t.tobytes() for t in tensors.values()))
`;
  const { status, stderr } = spawnSync('python3', ['-c', script, path], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  expect(() => Network.loadSync(path)).toThrow('another program has written the file anew');
  const loaded = Network.loadSync(path, { verifyChecksum: false });
  expect(loaded.parameters.W1?.data).toEqual(net.parameters.W1?.data.map((value) => value / 2));
});
