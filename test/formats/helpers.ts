import type { Metadata, Tensor } from '../../lib/formats/safetensors';
import { parseSafetensors, serializeSafetensors } from '../../lib/formats/safetensors';

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

export function serialized(tensors: readonly Tensor[], metadata: Metadata = {}): Buffer {
  return Buffer.concat(serializeSafetensors(tensors, metadata));
}

export function parse(bytes: Uint8Array) {
  return parseSafetensors(bytes, 'model.safetensors');
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
