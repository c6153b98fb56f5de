// ONNX, which most tools write and most runtimes run: https://onnx.ai.

import { integerBetween, optional } from '../../base/validate';
import type { Chain } from '../chain';
import type { ExportedFile, Feature, Format, Rule, WriteOptions } from '../format';
import { features } from '../format';
import { opsets } from './graph-writer';
import { writeModel } from './write-model';

const rules = Object.fromEntries(
  features.map((feature): [Feature, Rule] => {
    if (feature === 'gelu') return [feature, 'float32'];
    return [feature, feature === 'noise' ? 'training' : true];
  }),
) as Record<Feature, Rule>;

export const onnx: Format = {
  name: 'onnx',
  title: 'ONNX',
  extensions: ['.onnx'],
  // The version of the format is the first field, and the producer or the graph follows.
  looksLike: ([field, version = 0]) => field === 0x08 && version > 2 && version < 32,
  out: {
    rules,
    dtypes: ['float32', 'float64'],
    options: { opset: optional(integerBetween(opsets.least, opsets.most)) },
    async write(chain: Chain, { own }: WriteOptions): Promise<readonly ExportedFile[]> {
      const { opset = opsets.usual } = own as { readonly opset?: number };
      return [{ parts: writeModel(chain, opset) }];
    },
  },
};
