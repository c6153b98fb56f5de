// What the properties of readers have in common: bytes in random blocks, damaged bytes, and the answers allowed.

import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect } from 'vitest';
import { type ReadTableOptions, readTable, type Table } from '../../../lib/tables';
import { expectEqual } from '../../support/equal';

/** A property of a reader, for so many cases. */
export type Property = (parameters: fc.Parameters<unknown>) => Promise<void>;

/** How the bytes of a source are cut and packed. */
export interface Packing {
  readonly size: number;
  readonly gzip: boolean;
}

export const packing: fc.Arbitrary<Packing> = fc.record({
  size: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(2 ** 30)),
  gzip: fc.boolean(),
});

/** Into how many blocks packed bytes are cut at most: zlib goes to another thread and back for each. */
const mostPacked = 16;

export function sourceOf(bytes: Uint8Array, { size, gzip }: Packing): Uint8Array | Uint8Array[] {
  const packed = gzip ? gzipSync(bytes, { level: 1 }) : bytes;
  if (size >= packed.length) return packed;
  const count = Math.min(Math.ceil(packed.length / size), gzip ? mostPacked : packed.length);
  return Array.from({ length: count }, (_, i) =>
    packed.subarray(i * size, i < count - 1 ? (i + 1) * size : packed.length),
  );
}

/** Names that are keys of Object.prototype, or odd otherwise. */
export const oddName = fc.constantFrom(
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  ' ',
  'a,b',
  'é',
  '\u{1F600}',
);

/** A change of bytes: a bit turned, bytes cut off, left out, doubled, or replaced. */
const change = fc.record({
  type: fc.constantFrom('bit', 'end', 'cut', 'double', 'bytes', 'zero', 'ones'),
  at: fc.nat(),
  length: fc.integer({ min: 1, max: 12 }),
  bytes: fc.uint8Array({ maxLength: 8 }),
});
export const changes = fc.array(change, { minLength: 1, maxLength: 4 });
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

export function changed(bytes: Uint8Array, list: readonly Change[]): Buffer {
  let now: Buffer = Buffer.from(bytes);
  for (const { type, at, length, bytes: added } of list) {
    if (now.length === 0) break;
    const place = at % now.length;
    const parts: Readonly<Record<string, () => Buffer>> = {
      bit: () => {
        (now[place] as number) ^= 1 << (length % 8);
        return now;
      },
      end: () => now.subarray(0, place),
      cut: () => Buffer.concat([now.subarray(0, place), now.subarray(place + length)]),
      double: () => Buffer.concat([now.subarray(0, place + length), now.subarray(place)]),
      bytes: () => Buffer.concat([now.subarray(0, place), added, now.subarray(place)]),
      zero: () => now.fill(0, place, Math.min(now.length, place + length)),
      ones: () => now.fill(0xff, place, Math.min(now.length, place + length)),
    };
    now = (parts[type] as () => Buffer)();
  }
  return now;
}

const prototypes = [Object.prototype, Array.prototype, Function.prototype, Map.prototype];
const before = prototypes.map((prototype) => Reflect.ownKeys(prototype).map(String).join());

/** No reader has added anything to a prototype. */
export function expectPrototypes(): void {
  expectEqual(
    prototypes.map((prototype) => Reflect.ownKeys(prototype).map(String).join()),
    before,
  );
  expectEqual(Object.keys(Object.getPrototypeOf({})), []);
}

/** The table, or the error, which must be one that is documented and names the source. */
export async function tableOrFault(
  source: Uint8Array | Uint8Array[],
  options: ReadTableOptions,
  codes = ['ERR_BLASNET_FILE'],
): Promise<
  | Table
  | (Error & {
      readonly code: string;
      readonly line?: number;
      readonly row?: number;
      readonly column?: string;
    })
> {
  try {
    const table = await readTable(source, options);
    expectEqual(
      table.names.filter((name) => table.column(name).length !== table.rows),
      [],
    );
    table.toRecords();
    return table;
  } catch (error) {
    const fault = error as Error & { readonly code: string };
    if (!codes.includes(fault.code)) throw error;
    expect(fault.message).toMatch(/the data|Unknown column|header/);
    return fault;
  } finally {
    expectPrototypes();
  }
}
