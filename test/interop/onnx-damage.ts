// Damaged files of ONNX: each gives a network, or an error that names the file.

import { expect } from 'vitest';
import { batchNorm, Network, preprocessing, RandomState, standardScaler } from '../../lib/index';

/** The bytes of a small network with much that a file may have. */
export async function smallFile(): Promise<Uint8Array> {
  const rows = [
    [1, 2],
    [3, 5],
    [0, 1],
  ];
  const network = new Network(
    [
      { outputDim: 2, activation: 'silu', normalization: batchNorm({ epsilon: 0.01 }), name: 'a' },
      { outputDim: 2, activation: 'elu', normalization: 'layer', skip: true, dropout: 0.1 },
      { outputDim: 1, activation: 'sigmoid' },
    ],
    { seed: 1, dtype: 'float32', preprocessing: preprocessing([standardScaler()]).fit(rows) },
  );
  return network.exportBytes({ format: 'onnx' });
}

/** What an import gives: whether there is a network. Anything else than an error about the file fails the test. */
export async function readsDamaged(bytes: Uint8Array): Promise<boolean> {
  try {
    await Network.import(bytes, { format: 'onnx', seed: 1 });
    return true;
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    if (code !== 'ERR_BLASNET_FILE' || !message.includes('"bytes"')) {
      expect.fail(`an error that is none of the file's: ${(error as Error).stack}`);
    }
    return false;
  }
}

/** A copy of the bytes with random damage. */
export function damaged(bytes: Uint8Array, seed: number): Uint8Array {
  const random = new RandomState(seed);
  const below = (n: number) => Math.floor(random.uniform() * n);
  let copy = Array.from(bytes);
  const times = 1 + below(4);
  for (let i = 0; i < times; i++) {
    const at = below(copy.length);
    const length = below(12);
    const kind = below(5);
    if (kind === 0) copy[at] = below(256);
    if (kind === 1) copy.splice(at, length);
    if (kind === 2) copy.splice(at, 0, ...copy.slice(below(copy.length)).slice(0, length));
    // The largest lengths of a varint.
    if (kind === 3) copy.splice(at, 1, ...new Array<number>(below(10)).fill(255), below(128));
    if (kind === 4)
      copy = [...copy.slice(0, at), ...copy.slice(at).map((byte, j) => (j < length ? 0 : byte))];
  }
  return Uint8Array.from(copy);
}
