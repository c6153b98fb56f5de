// Hashes, copies and checks of whole arrays. Node's hash and plain loops are the oracle.

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { copyArrays, firstNotFinite, Sha256 } from '../../lib/addon/arrays';
import { native } from '../../lib/addon/binding';
import { firstMisplaced } from '../../lib/addon/rows';
import { setThreads } from '../../lib/addon/threads';
import { workElsewhere, workHere } from '../../lib/addon/work';
import { allocateShared } from '../../lib/base/matrix';
import { kernels } from './kernels';

/** Bytes without a short period. */
function pattern(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}

const nodeDigest = (...parts: Uint8Array[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

const start = Uint32Array.of(
  ...[0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a],
  ...[0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19],
);

/** The message with its padding, in whole blocks. */
function padded(message: Uint8Array): Uint8Array {
  const blocks = new Uint8Array(64 * Math.ceil((message.length + 9) / 64));
  blocks.set(message);
  blocks[message.length] = 0x80;
  new DataView(blocks.buffer).setBigUint64(blocks.length - 8, BigInt(8 * message.length));
  return blocks;
}

describe('the SHA-256', () => {
  it.each(Object.entries(kernels.sha256Ways))('is that of Node by the way "%s"', (_, way) => {
    for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 4096, 100_003]) {
      const words = start.slice();
      kernels.sha256Blocks(way, words, padded(pattern(length)));
      const digest = Buffer.alloc(32);
      for (const [i, word] of words.entries()) digest.writeUInt32BE(word, 4 * i);
      expect(digest.toString('hex'), `${length} bytes`).toBe(nodeDigest(pattern(length)));
    }
  });

  it('has a way that every processor has', () => {
    expect(kernels.sha256Ways.portable).toBe(0);
  });

  it('is the same in parts as in a whole, wherever it is cut', () => {
    const message = pattern(300);
    for (let first = 0; first <= 130; first++) {
      for (const second of [first, first + 1, first + 63, first + 64, 300]) {
        const hash = new Sha256();
        for (const part of [
          message.subarray(0, first),
          message.subarray(first, second),
          message.subarray(second),
        ]) {
          workHere(hash.add(part));
        }
        expect(hash.digest()).toBe(nodeDigest(message));
      }
    }
  });

  it('is equal on this thread and on another, and continues after it was asked for', async () => {
    const message = pattern(3_000_001);
    const hash = new Sha256();
    expect(hash.digest()).toBe(nodeDigest());
    await workElsewhere(hash.add(message), {});
    expect(hash.digest()).toBe(nodeDigest(message));
    workHere(hash.add(message));
    expect(hash.digest()).toBe(nodeDigest(message, message));
  });

  it('counts more than 2^32 bits', async () => {
    const part = new Uint8Array(2 ** 26).fill(3);
    const hash = new Sha256();
    for (let i = 0; i < 9; i++) await workElsewhere(hash.add(part), {});
    expect(hash.digest()).toBe(nodeDigest(...Array(9).fill(part)));
  });
});

describe('an order', () => {
  it('has its first element that is no row or repeats another', async () => {
    for (const [order, index] of [
      [[], -1],
      [[0], -1],
      [[1], 0],
      [[2, 0, 1], -1],
      [[2, 0, 3], 2],
      [[2, 0, 0], 2],
      [[2 ** 32 - 1, 0, 0], 0],
    ] as const) {
      expect(workHere(firstMisplaced(Uint32Array.from(order)))).toBe(index);
    }
    const long = Uint32Array.from({ length: 100_003 }, (_, i) => (7 * i) % 100_003);
    expect(await workElsewhere(firstMisplaced(long), {})).toBe(-1);
    long[70_000] = long[69_999] as number;
    expect(await workElsewhere(firstMisplaced(long), {})).toBe(70_000);
  });
});

describe('a copy', () => {
  const cut = (bytes: Uint8Array, ...sizes: number[]) => {
    let at = 0;
    return [...sizes, bytes.length].map((size) => {
      const part = bytes.subarray(at, Math.min(at + size, bytes.length));
      at += part.length;
      return part;
    });
  };

  it('takes the bytes of any arrays to those of others, with any number of threads', async () => {
    const before = native.threads();
    const given = pattern(1_500_001);
    try {
      for (const count of [1, 2, 3]) {
        setThreads(count);
        for (const sizes of [[], [0, 0], [1, 262_143, 0, 1, 262_144], [1_499_999, 1], [1_500_001, 0]]) {
          const [one, two] = [new Uint8Array(given.length), new Uint8Array(given.length)];
          workHere(copyArrays(cut(given, ...sizes), cut(one, 5, 700_000, 0)));
          await workElsewhere(copyArrays(cut(given, 9), cut(two, ...sizes)), {});
          expect([Buffer.compare(one, given), Buffer.compare(two, given)]).toEqual([0, 0]);
        }
      }
    } finally {
      setThreads(before);
    }
  });

  it('takes arrays of every type, on shared memory too, and none', () => {
    const shared = allocateShared(3, 'float32').fill(1.5);
    const out = [new Int8Array(4), new BigUint64Array(1)];
    workHere(copyArrays([shared], out));
    expect(Buffer.concat(out.map((array) => new Uint8Array(array.buffer))).readFloatLE(8)).toBe(1.5);
    workHere(copyArrays([], []));
    workHere(copyArrays([new Float64Array(0)], [new Uint8Array(0), new Uint8Array(0)]));
  });

  it('ends with an AbortError if it is aborted while it runs, and another works afterwards', async () => {
    const controller = new AbortController();
    const [from, to] = [new Uint8Array(2 ** 25), new Uint8Array(2 ** 25)];
    const copied = workElsewhere(copyArrays([from], [to]), { signal: controller.signal });
    controller.abort();
    await expect(copied).rejects.toMatchObject({ name: 'AbortError' });
    from.fill(3);
    await workElsewhere(copyArrays([from], [to]), {});
    expect(Buffer.compare(from, to)).toBe(0);
  });
});

describe.each(['float64', 'float32'] as const)('the first number of %s that is not finite', (dtype) => {
  it('is found where it is, with any number of threads', () => {
    const before = native.threads();
    try {
      for (const count of [1, 2, 3]) {
        setThreads(count);
        for (const length of [0, 1, 7, 300_001]) {
          const data = allocateShared(length, dtype).fill(0.5);
          expect(workHere(firstNotFinite(data))).toBe(-1);
          for (const at of [length - 1, length - 2, 150_000, 3, 0].filter((i) => i >= 0 && i < length)) {
            data[at] = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][at % 3] as number;
            expect(workHere(firstNotFinite(data))).toBe(at);
          }
        }
      }
    } finally {
      setThreads(before);
    }
  });
});

it('what is busy refuses another operation, and keeps its arrays until it has ended', async () => {
  const object = new native.Arrays({ outcome: allocateShared(8, 'float64') });
  const state = new Uint32Array(26);
  object.beginHash(state);
  const done = new Promise<Error | undefined>((resolve) => {
    object.hash({ state, bytes: pattern(2_000_000) }, resolve);
  });
  expect(() => object.copy({ from: [], to: [] })).toThrow('busy');
  expect(await done).toBeUndefined();
  const digest = new Uint8Array(32);
  object.endHash(state, digest);
  expect(Buffer.from(digest).toString('hex')).toBe(nodeDigest(pattern(2_000_000)));
});
