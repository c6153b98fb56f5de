// A network as a dictionary of arrays, under the names that its parameters and running moments have in this library:
// W1, b1, gamma1, mean1, W2, ...

import type { FloatArray } from '../../base/matrix';
import type { Chain, Numbers } from '../chain';
import { productOf } from '../plain-stages';

/** An array of the dictionary, row-major: (rows x cols). */
export type Dictionary = ReadonlyMap<string, Numbers>;

/** The arrays of a chain. Those of the stages are not copied. */
export function dictionaryOf({ stages }: Chain): Dictionary {
  const arrays = new Map<string, Numbers>();
  const column = (name: string, data: FloatArray) => arrays.set(name, { rows: data.length, cols: 1, data });
  // The layer of the last dense stage.
  let layer = 0;
  for (const stage of stages) {
    switch (stage.kind) {
      case 'embed':
        for (const [i, table] of stage.tables.entries()) arrays.set(`E${i + 1}`, table);
        break;
      case 'waves': {
        const { F, P, V, c } = stage.waves;
        for (const [name, numbers] of Object.entries({ F1: F, P1: P, V1: V })) {
          if (numbers !== undefined) arrays.set(name, numbers);
        }
        column('c1', c);
        break;
      }
      case 'scale':
        column(`s${layer + 1}`, productOf(arrays.get(`s${layer + 1}`)?.data, stage.factors));
        break;
      case 'dense':
        layer++;
        arrays.set(`W${layer}`, { rows: stage.outputs, cols: stage.inputs, data: stage.W });
        column(`b${layer}`, stage.b);
        break;
      case 'batchNorm':
        column(`mean${layer}`, stage.mean);
        column(`variance${layer}`, stage.variance);
        column(`gamma${layer}`, stage.gamma);
        column(`beta${layer}`, stage.beta);
        break;
      case 'layerNorm':
        column(`gamma${layer}`, stage.gamma);
        column(`beta${layer}`, stage.beta);
        break;
      case 'activation':
        if (stage.mix !== undefined) column(`a${layer}`, stage.mix);
        break;
      default: // what has no parameters
        break;
    }
  }
  return arrays;
}
