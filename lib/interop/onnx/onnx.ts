// ONNX, which most tools write and most runtimes run: https://onnx.ai.

import { integerBetween, optional } from '../../base/validate';
import type { Chain } from '../chain';
import { type ExportedFile, type Format, oneMember, type Rule, rulesBy, type WriteOptions } from '../format';
import { opsets } from './graph-writer';
import { readChain } from './read-model';
import { writeModel } from './write-model';

const rules = rulesBy((feature): Rule => {
  if (feature === 'members') return oneMember;
  if (feature === 'gelu') return 'float32';
  return feature === 'noise' ? 'training' : true;
});

export const onnx: Format = {
  name: 'onnx',
  title: 'ONNX',
  extensions: ['.onnx'],
  // The version of the format is the first field, and the producer or the graph follows. A safetensors file may begin like
  // that, too, but it has a brace after its first 8 bytes.
  looksLike: ({ 0: field, 1: version = 0, 8: ninth }) =>
    field === 0x08 && version > 2 && version < 32 && ninth !== 0x7b,
  out: {
    rules,
    dtypes: ['float32', 'float64'],
    options: { opset: optional(integerBetween(opsets.least, opsets.most)) },
    async write(chain: Chain, { own }: WriteOptions): Promise<readonly ExportedFile[]> {
      const { opset = opsets.usual } = own as { readonly opset?: number };
      return [{ parts: writeModel(chain, opset) }];
    },
  },
  in: {
    // Noise has no operator, and a table has inputs of its own.
    rules: rulesBy(
      (feature) => feature !== 'noise' && feature !== 'members' && feature !== 'table' && feature !== 'clamp',
    ),
    dtypes: ['float32', 'float64'],
    options: {},
    read: readChain,
  },
};
