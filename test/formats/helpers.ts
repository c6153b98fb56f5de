import { createHash } from 'node:crypto';
import type { Work } from '../../lib/addon/work';
import { runCallsSync } from '../../lib/formats/file-calls';
import {
  encodeSafetensors,
  type Metadata,
  type Safetensors,
  type Tensor,
} from '../../lib/formats/safetensors';
import { parseSafetensors } from '../../lib/formats/safetensors-reader';

/** The bytes of a safetensors file with this header and this data; `headerLength` replaces the true one. */
export function fileOf(
  header: string | Uint8Array | object,
  data: Uint8Array = new Uint8Array(0),
  headerLength?: bigint,
): Buffer {
  const text = typeof header === 'string' || header instanceof Uint8Array ? header : JSON.stringify(header);
  const bytes = Buffer.from(text as string);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(headerLength ?? BigInt(bytes.length));
  return Buffer.concat([length, bytes, data]);
}

/** The bytes of a file with these tensors; Node computes the digest. */
export function serialized(tensors: readonly Tensor[], metadata: Metadata = {}): Buffer {
  const { header, chunks } = encodeSafetensors(tensors, metadata);
  const bytes = Buffer.concat([header, ...chunks]);
  bytes.write(createHash('sha256').update(bytes).digest('hex'), bytes.indexOf('0'.repeat(64)), 'latin1');
  return bytes;
}

/** Parses the bytes of a file of this name. */
export function parse(bytes: Uint8Array, file = 'model.safetensors'): Safetensors {
  let position = 0;
  const source = {
    size: bytes.length,
    *read(into: Uint8Array) {
      yield* [];
      const part = bytes.subarray(position, position + into.length);
      into.set(part);
      position += part.length;
      return part.length;
    },
  };
  return runCallsSync(parseSafetensors(source, file));
}

/** Work that is done. */
export function* done<T>(value: T): Work<T> {
  yield* [];
  return value;
}

/** The text of a file's header, with the spaces at its end. */
export function headerOf(file: Buffer): string {
  return file.toString('utf8', 8, 8 + Number(file.readBigUInt64LE()));
}

/** Little-endian bytes of doubles. */
export function doubles(...values: number[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, i) => {
    bytes.writeDoubleLE(value, 8 * i);
  });
  return bytes;
}
