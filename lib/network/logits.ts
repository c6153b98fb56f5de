// A sigmoid or softmax output layer without its activation.

import type { LayerOptions } from '../layers/architecture';
import { Network } from './network';
import { withMemory } from './network-file';
import { contentOf, memoryIn } from './savable';

/**
 * A network whose outputs are the logits of this one. Both have the same parameters, in the same memory. Several members
 * have no common logits: it is then for one of them.
 */
export function logitsNetwork(network: Network): Network {
  const { architecture, dtype, seed } = contentOf(network);
  const layers = architecture.map((layer, i) =>
    i === architecture.length - 1 ? { ...layer, activation: 'linear' } : layer,
  );
  return new Network(layers as readonly LayerOptions[], withMemory({ dtype, seed }, memoryIn(network)));
}

/**
 * Multiplies the logits of each output by its factor: the weights and the bias of the output layer, of every member if
 * there are some.
 */
export function scaleLogits(network: Network, factors: readonly number[]): void {
  const { architecture, arrays } = contentOf(network);
  const last = architecture.length;
  for (const name of [`W${last}`, `b${last}`]) {
    const { data, cols } = arrays[name] as (typeof arrays)[string];
    for (let i = 0; i < data.length; i++) {
      data[i] = (data[i] as number) * (factors[Math.floor(i / cols) % factors.length] as number);
    }
  }
}
