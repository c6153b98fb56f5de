// Damages files, and checks that a reader refuses them by its own errors, or makes a whole network of them.

import { expect } from 'vitest';
import { workHere } from '../../lib/addon/work';
import { type LayerOptions, Network, RandomState } from '../../lib/index';
import type { Format } from '../../lib/interop/format';
import { networkOf } from '../../lib/interop/to-network';

/** A file, those beside it, and how to read it. */
export interface Victim {
  readonly format: Format;
  readonly bytes: Uint8Array;
  readonly own?: Readonly<Record<string, unknown>>;
  readonly neighbours?: Readonly<Record<string, Uint8Array>>;
}

/** Whether the reader took the damaged bytes. It must refuse them otherwise. */
export async function survives(
  { format, own = {}, neighbours = {} }: Victim,
  bytes: Uint8Array,
): Promise<boolean> {
  const read = format.in?.read as NonNullable<Format['in']>['read'];
  const source = {
    file: 'damaged',
    bytes: new Uint8Array(bytes),
    async neighbour(name: string) {
      if (Object.hasOwn(neighbours, name)) return new Uint8Array(neighbours[name] as Uint8Array);
      throw Object.assign(new Error(`damaged needs ${name}`), { code: 'ERR_BLASNET_FILE' });
    },
  };
  try {
    const { architecture, options } = workHere(
      networkOf(await read(source, { own }), 'damaged', { seed: 1 }),
    );
    expect(new Network(architecture as readonly LayerOptions[], options).parameterCount).toBeGreaterThan(0);
    return true;
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    const allowed =
      code === 'ERR_BLASNET_FILE' || (own.activations !== undefined && code === 'ERR_BLASNET_SHAPE');
    if (!allowed) throw error;
    expect(message).toContain('damaged');
    return false;
  }
}

/** The file cut off behind each byte, or behind one in `step`. */
export function* truncations(bytes: Uint8Array, step = 1): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length += step) yield bytes.subarray(0, length);
}

/** The file with each bit flipped, or one in `step`. */
export function* flips(bytes: Uint8Array, step = 1): Generator<Uint8Array> {
  for (let bit = 0; bit < 8 * bytes.length; bit += step) {
    const copy = new Uint8Array(bytes);
    copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
    yield copy;
  }
}

/** So many copies of the file, each with a few bytes changed, numbers replaced, or pieces moved, removed or repeated. */
export function* damages(bytes: Uint8Array, count: number): Generator<Uint8Array> {
  const random = new RandomState(1);
  const below = (limit: number) => Math.floor(random.uniform() * limit);
  const numbers = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff];
  for (let i = 0; i < count; i++) {
    const copy = Buffer.from(bytes);
    for (let n = 1 + below(3); n > 0; n--) {
      const at = below(copy.length - 8);
      const kind = below(4);
      if (kind === 0) copy[at] = below(256);
      else if (kind === 1) copy.writeUInt32LE(numbers[below(numbers.length)] as number, at);
      else if (kind === 2) copy.copyWithin(at, below(copy.length), copy.length);
      else copy.fill(below(2) * 255, at, at + 1 + below(8));
    }
    yield copy;
  }
}
