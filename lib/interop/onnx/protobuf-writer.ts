// Messages in the wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding/): a field is a tag,
// its number and its kind of value, and then the value; a message within a message begins with its length.

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment

const kinds = { varint: 0, bytes: 2, fixed32: 5 } as const;

// Parts up to this many bytes are put together.
const small = 2 ** 14;

/** A message that is being written. Large byte arrays are not copied. */
export class Message {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** The bytes so far, in parts. */
  get parts(): readonly Uint8Array[] {
    return this.#parts;
  }

  get length(): number {
    return this.#length;
  }

  /** An integer of 64 bits, or one of an enumeration. */
  integer(field: number, value: number | bigint): this {
    return this.#add([tag(field, kinds.varint), varint(BigInt(value))]);
  }

  /** A float of 32 bits. */
  float(field: number, value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    return this.#add([tag(field, kinds.fixed32), bytes]);
  }

  text(field: number, value: string): this {
    return this.bytes(field, [Buffer.from(value)]);
  }

  bytes(field: number, parts: readonly Uint8Array[]): this {
    const length = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
    return this.#add([tag(field, kinds.bytes), varint(BigInt(length))]).#add(parts);
  }

  /** A message within this one. It must be complete. */
  message(field: number, inner: Message): this {
    return this.bytes(field, inner.parts);
  }

  #add(parts: readonly Uint8Array[]): this {
    for (const part of parts) {
      if (part.byteLength === 0) continue;
      this.#length += part.byteLength;
      this.#parts.push(part);
    }
    return this;
  }
}

/** Parts with neighbours put together, so that a file is written in few calls. */
export function gathered(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const result: Uint8Array[] = [];
  let waiting: Uint8Array[] = [];
  const flush = () => {
    if (waiting.length > 0) result.push(Buffer.concat(waiting));
    waiting = [];
  };
  for (const part of parts) {
    if (part.byteLength <= small) waiting.push(part);
    else {
      flush();
      result.push(part);
    }
  }
  flush();
  return result;
}

function tag(field: number, kind: number): Uint8Array {
  return varint(BigInt(field * 8 + kind));
}

// Seven bits a byte, the lowest ones first. Negative numbers have all 64 bits.
function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
