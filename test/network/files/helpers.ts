// Networks of every kind, their data for comparisons, a reader of safetensors files that shares no code with the
// library's, and false files.

import { readFileSync } from 'node:fs';
import { workHere } from '../../../lib/addon/work';
import type { Matrix } from '../../../lib/base/matrix';
import type { Tensor } from '../../../lib/formats/safetensors';
import { activationNames, elu, leakyRelu } from '../../../lib/layers/activations';
import type { LayerOptions } from '../../../lib/layers/architecture';
import { batchNorm, layerNorm } from '../../../lib/layers/normalization';
import type { Network } from '../../../lib/network/network';
import { encodeNetwork, type NetworkContent } from '../../../lib/network/network-file';
import { parse, serialized } from '../../formats/helpers';

const hidden = (layer: Partial<LayerOptions>): LayerOptions[] => [
  { inputDim: 3, outputDim: 5, activation: 'tanh', ...layer },
  { outputDim: 4, activation: 'relu' },
  { outputDim: 1, activation: 'sigmoid' },
];

const residual: readonly LayerOptions[] = [
  { inputDim: 3, outputDim: 5, activation: 'tanh', name: 'body "ü"' },
  { outputDim: 5, activation: 'relu', skip: true, normalization: 'batch' },
  { outputDim: 5, activation: 'gelu', skip: 'body "ü"', dropout: 0.3 },
  { outputDim: 1, activation: 'sigmoid', name: 'head' },
];
const embeddings = [{ categories: 6, outputDim: 3 }, { categories: 3 }];

/** Layers of every kind, each for samples as `inputsFor` makes them and labels (m, 1). */
export const kinds: readonly (readonly [what: string, layers: readonly LayerOptions[]])[] = [
  ...activationNames.map((activation) => [activation, hidden({ activation })] as const),
  ['leakyRelu({ negativeSlope })', hidden({ activation: leakyRelu({ negativeSlope: 0.3 }) })],
  ['elu({ alpha })', hidden({ activation: elu({ alpha: 0.7 }) })],
  ['batch', hidden({ normalization: 'batch' })],
  ['batchNorm({ ... })', hidden({ normalization: batchNorm({ momentum: 0.3, epsilon: 1e-3 }) })],
  ['layer', hidden({ normalization: 'layer' })],
  ['layerNorm({ epsilon })', hidden({ normalization: layerNorm({ epsilon: 1e-3 }) })],
  ['dropout', hidden({ dropout: 0.4 })],
  ['noise', hidden({ noise: 0.2 })],
  ['l1 and l2', hidden({ l1: 0.01, l2: 0.1 })],
  ['maxNorm', hidden({ maxNorm: 0.5 })],
  ['trainable: false', hidden({ trainable: false })],
  ['trainable: false, of batches', hidden({ trainable: false, normalization: 'batch' })],
  ['residual connections', residual],
  ['embeddings', hidden({ embeddings })],
  ['embeddings alone', hidden({ inputDim: 0, outputDim: 6, embeddings, skip: true })],
  ['embeddings that are frozen', hidden({ embeddings, trainable: false })],
  ['one layer', [{ inputDim: 3, outputDim: 1, activation: 'linear' }]],
];

/** All numbers of a network by name, as bytes, so that only identical bits are equal. */
export function bits({ parameters, statistics }: Network): Record<string, string> {
  const arrays = Object.entries({ ...parameters, ...statistics } as Record<string, Matrix>);
  return Object.fromEntries(
    arrays.map(([name, { data }]) => [name, Buffer.from(data.slice().buffer).toString('hex')]),
  );
}

export interface ReadTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Reads a file by the format's documentation; the file may have doubles, floats and 32-bit integers. */
export function readSafetensors(path: string) {
  const bytes = readFileSync(path);
  const dataStart = 8 + Number(bytes.readBigUInt64LE());
  const { __metadata__: metadata, ...entries } = JSON.parse(bytes.toString('utf8', 8, dataStart)) as {
    __metadata__: Record<string, string>;
    [name: string]:
      | { dtype: string; shape: number[]; data_offsets: [number, number] }
      | Record<string, string>;
  };
  const tensors: Record<string, ReadTensor> = {};
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, data_offsets: offsets } = entry as Exclude<typeof entry, Record<string, string>>;
    const part = bytes.subarray(dataStart + offsets[0], dataStart + offsets[1]);
    const size = dtype === 'F64' ? 8 : 4;
    const values = Array.from({ length: part.length / size }, (_, i) => {
      if (dtype === 'F64') return part.readDoubleLE(8 * i);
      return dtype === 'F32' ? part.readFloatLE(4 * i) : part.readUInt32LE(4 * i);
    });
    tensors[name] = { dtype, shape, values };
  }
  return { metadata, tensors };
}

/** The bytes of a file with this network. */
export function bytesOf(content: NetworkContent): Buffer {
  const { tensors, metadata } = workHere(encodeNetwork(content));
  return serialized(tensors, metadata);
}

/** Changes a file's tensors and metadata, and writes them with a correct digest. */
export function forged(
  bytes: Uint8Array,
  change: (tensors: Tensor[], metadata: Record<string, string>) => unknown,
): Buffer {
  const { tensors, metadata } = parse(bytes);
  const [list, lines] = [[...tensors], { ...metadata }];
  change(list, lines);
  return serialized(list, lines);
}
