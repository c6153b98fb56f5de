// A file of typed arrays, by which processes of one machine give each other data: a line of JSON, and the arrays behind it. It
// is mapped into memory, so that all workers read one copy.

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { type NativeMappedFile, native } from '../../addon/binding';
import { newOutcome } from '../../addon/outcome';
import { nodeFs } from '../../base/lazy-modules';

const kinds = {
  ...{ Float64Array, Float32Array, Int32Array, Uint32Array, Int16Array, Uint16Array },
  ...{ Int8Array, Uint8Array, Uint8ClampedArray },
};

export type FileArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray;

interface Header {
  readonly content: unknown;
  readonly arrays: readonly { readonly kind: keyof typeof kinds; readonly length: number }[];
}

// Each array begins at a multiple of it.
const alignment = 64;

function padded(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

/** Writes a new file. `content` is JSON. */
export async function writeArrays(
  path: string,
  content: unknown,
  arrays: readonly FileArray[],
): Promise<void> {
  const header: Header = {
    content,
    arrays: arrays.map((array) => ({ kind: array[Symbol.toStringTag], length: array.length })),
  };
  const text = Buffer.from(JSON.stringify(header));
  const lengths = Buffer.alloc(8);
  lengths.writeDoubleLE(text.length);
  const file = await nodeFs().promises.open(path, 'wx', 0o600);
  try {
    const write = async (bytes: Uint8Array) => {
      for (let at = 0; at < bytes.length; ) {
        at += (await file.write(bytes, at, Math.min(bytes.length - at, 2 ** 28))).bytesWritten;
      }
    };
    const fill = (bytes: number) => write(Buffer.alloc(padded(bytes) - bytes));
    await write(lengths);
    await write(text);
    await fill(8 + text.length);
    for (const { buffer, byteOffset, byteLength } of arrays) {
      await write(new Uint8Array(buffer, byteOffset, byteLength));
      await fill(byteLength);
    }
  } finally {
    await file.close();
  }
}

/** Reads a file that `writeArrays` wrote. The arrays stay valid when the file is removed. */
export function readArrays(path: string): {
  readonly content: unknown;
  readonly arrays: readonly FileArray[];
} {
  const buffer = mappedBytes(path) ?? new Uint8Array(nodeFs().readFileSync(path)).buffer;
  const length = new DataView(buffer).getFloat64(0, true);
  const header = JSON.parse(Buffer.from(buffer, 8, length).toString()) as Header;
  let at = padded(8 + length);
  const arrays = header.arrays.map(({ kind, length: count }) => {
    const array = new kinds[kind](buffer, at, count);
    at += padded(array.byteLength);
    return array;
  });
  return { content: header.content, arrays };
}

function mappedBytes(path: string): ArrayBuffer | undefined {
  const mapped: NativeMappedFile = new native.MappedFile({ outcome: newOutcome() });
  try {
    mapped.open({ path });
    // An array of some runtimes is no larger.
    if (mapped.size() >= 2 ** 32) throw new RangeError('The data of a worker are larger than an array');
    return mapped.buffer({ start: 0, bytes: mapped.size() }) ?? undefined;
  } finally {
    mapped.close();
  }
}
