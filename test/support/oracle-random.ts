// Random numbers from a counter, in plain arithmetic on words of 32 bits: Threefry-2x32 with 20 rounds (Salmon, Moraes,
// Dror and Shaw, 2011), and the masks and noise that its words give.

import { build, type Grid } from './oracle-matrices';

export type Words = readonly [low: number, high: number];

const rotations = [13, 15, 26, 6, 17, 29, 16, 24];

export function threefry(key: Words, counter: Words): Words {
  const keys = [...key, (0x1bd11bda ^ key[0] ^ key[1]) >>> 0];
  const injected = (i: number) => keys[i % 3] as number;
  let [low, high] = [(counter[0] + injected(0)) >>> 0, (counter[1] + injected(1)) >>> 0];
  for (let round = 0; round < 20; round++) {
    const bits = rotations[round % 8] as number;
    low = (low + high) >>> 0;
    high = (((high << bits) | (high >>> (32 - bits))) ^ low) >>> 0;
    if (round % 4 < 3) continue;
    const i = (round + 1) / 4;
    low = (low + injected(i)) >>> 0;
    high = (high + injected(i + 1) + i) >>> 0;
  }
  return [low, high];
}

/** The key of a place at a time. */
export function subKey(key: Words, time: number, place: number): Words {
  return threefry(threefry(key, [time >>> 0, Math.floor(time / 2 ** 32)]), [place, 0]);
}

/** The keys of a batch, for layer l's dropout and for the noise on its inputs; l from 1. */
export function layerKeys(key: Words, batch: number, l: number): { mask: Words; noise: Words } {
  const moment = subKey(key, batch, 0);
  return { mask: subKey(moment, 0, 2 * (l - 1)), noise: subKey(moment, 0, 2 * (l - 1) + 1) };
}

function word(key: Words, row: number, i: number): number {
  return threefry(key, [Math.floor(i / 2), row])[i % 2] as number;
}

/** Element i of a row: 0 with the probability `rate`, otherwise `scale`. */
export function maskElement(key: Words, row: number, i: number, rate: number, scale: number): number {
  return word(key, row, i) < Math.floor(rate * 2 ** 32 + 0.5) ? 0 : scale;
}

/** Element i of a row, from the standard normal distribution (Box and Muller). */
export function normalElement(key: Words, row: number, i: number): number {
  const [low, high] = threefry(key, [Math.floor(i / 2), row]);
  const [radius, angle] = [Math.sqrt(-2 * Math.log((low + 0.5) / 2 ** 32)), (high / 2 ** 32) * 2 * Math.PI];
  return radius * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
}

/** A layer's mask for the samples of a batch (m, units): units are the generator's rows. */
export function maskOf(key: Words, m: number, units: number, rate: number): Grid {
  return build(m, units, (r, c) => maskElement(key, c, r, rate, 1 / (1 - rate)));
}

export function noiseOf(key: Words, m: number, units: number, deviation: number): Grid {
  return build(m, units, (r, c) => deviation * normalElement(key, c, r));
}
