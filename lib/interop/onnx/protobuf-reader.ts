// Reads messages in the wire format of Protocol Buffers: see protobuf-writer.ts. A file may lie about every length.

import { fileError } from '../../formats/file-error';

/** What limits a file: its fields need some 100 bytes of memory each. */
export const mostFields = 2 ** 21;

/** Where a reader is, and how much it has read. */
export interface FileState {
  readonly file: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  fields: number;
}

/** One field of a message. */
export interface Field {
  readonly number: number;
  /** Of an integer; undefined for other kinds. */
  readonly integer: bigint | undefined;
  /** Where its bytes are: all kinds have some. */
  readonly from: number;
  readonly to: number;
  readonly kind: 'integer' | 'bytes' | 'fixed32' | 'fixed64';
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Goes through the fields of the message in bytes from..to.
 * @param what how errors call the message
 * @throws Error ERR_BLASNET_FILE with the byte
 */
export function* fieldsOf(state: FileState, from: number, to: number, what: string): Generator<Field> {
  let at = from;
  const wrong = (place: number, rule: string, got: string | number | bigint) =>
    fileError(state.file, `byte ${place}, in ${what},`, rule, got);
  const varint = (): bigint => {
    const start = at;
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      if (at >= to) throw wrong(start, 'the begin of a number', 'the end of the message');
      if (shift > 63n) throw wrong(start, 'a number of at most 64 bits', 'a longer one');
      const byte = state.bytes[at++] as number;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
  };
  while (at < to) {
    if (++state.fields > mostFields) throw wrong(at, `one of at most ${mostFields} fields`, 'one more');
    const start = at;
    const tag = varint();
    const number = Number(tag >> 3n);
    if (number < 1 || number >= 2 ** 29)
      throw wrong(start, 'the number of a field, from 1 to 2^29 - 1', number);
    const wire = Number(tag & 7n);
    if (wire === 0) {
      const begin = at;
      const integer = BigInt.asIntN(64, varint());
      yield { number, integer, from: begin, to: at, kind: 'integer' };
      continue;
    }
    const kind = wire === 1 ? 'fixed64' : wire === 2 ? 'bytes' : wire === 5 ? 'fixed32' : undefined;
    if (kind === undefined) throw wrong(start, 'a field of the wire type 0, 1, 2 or 5', wire);
    const length = kind === 'bytes' ? varint() : kind === 'fixed64' ? 8n : 4n;
    if (length > BigInt(to - at)) {
      throw wrong(start, `a field of at most ${to - at} bytes, as many as there are`, length);
    }
    const begin = at;
    at += Number(length);
    yield { number, integer: undefined, from: begin, to: at, kind };
  }
}

/** Reads fields by their numbers. */
export class FieldReader {
  readonly #state: FileState;
  readonly #what: string;

  constructor(state: FileState, what: string) {
    this.#state = state;
    this.#what = what;
  }

  text(field: Field): string {
    this.#expect(field, 'bytes');
    try {
      return decoder.decode(this.#state.bytes.subarray(field.from, field.to));
    } catch {
      throw this.#wrong(field, 'a text in UTF-8', 'other bytes');
    }
  }

  /** An integer that a double holds. */
  integer(field: Field): number {
    this.#expect(field, 'integer');
    const value = Number(field.integer);
    if (Number.isSafeInteger(value)) return value;
    throw this.#wrong(field, 'an integer within 53 bits', field.integer as bigint);
  }

  float(field: Field): number {
    this.#expect(field, 'fixed32');
    return this.#view(field).getFloat32(0, true);
  }

  message(field: Field): { readonly from: number; readonly to: number } {
    this.#expect(field, 'bytes');
    return field;
  }

  /** Repeated integers: one a field, or many together. */
  integers(field: Field): number[] {
    if (field.kind === 'integer') return [this.integer(field)];
    this.#expect(field, 'bytes');
    const numbers: number[] = [];
    for (let at = field.from; at < field.to; ) {
      const start = at;
      let value = 0;
      let factor = 1;
      for (let more = true; more; factor *= 128) {
        if (at === field.to) throw this.#wrong(field, 'whole numbers', 'a part of one at its end');
        if (at - start === 10) throw this.#wrong(field, 'numbers of at most 64 bits', 'a longer one');
        const byte = this.#state.bytes[at++] as number;
        value += (byte & 127) * factor;
        more = byte >= 128;
      }
      // Seven bytes have 49 bits. Longer numbers are negative, or too large for a double.
      numbers.push(at - start <= 7 ? value : this.#long(field, start, at));
    }
    return numbers;
  }

  #long(field: Field, from: number, to: number): number {
    let value = 0n;
    for (let at = to - 1; at >= from; at--) {
      value = (value << 7n) | BigInt((this.#state.bytes[at] as number) & 127);
    }
    const number = Number(BigInt.asIntN(64, value));
    if (Number.isSafeInteger(number)) return number;
    throw this.#wrong(field, 'integers within 53 bits', number);
  }

  /** Repeated floats of 32 or 64 bits: one a field, or many together. */
  floats(field: Field, bits: 32 | 64): number[] {
    const size = bits / 8;
    const alone = bits === 32 ? 'fixed32' : 'fixed64';
    if (field.kind !== alone) this.#expect(field, 'bytes');
    const length = field.to - field.from;
    if (length % size !== 0) throw this.#wrong(field, `numbers of ${size} bytes`, `${length} bytes`);
    const view = this.#view(field);
    return Array.from({ length: length / size }, (_, i) =>
      bits === 32 ? view.getFloat32(4 * i, true) : view.getFloat64(8 * i, true),
    );
  }

  #view({ from, to }: Field): DataView {
    return new DataView(this.#state.bytes.buffer, this.#state.bytes.byteOffset + from, to - from);
  }

  #expect(field: Field, kind: Field['kind']): void {
    if (field.kind !== kind) throw this.#wrong(field, `a value of the kind ${kind}`, field.kind);
  }

  #wrong({ number, from }: Field, rule: string, got: string | number | bigint): Error {
    const place = `field ${number} (byte ${from}) of ${this.#what}`;
    return fileError(this.#state.file, place, rule, got);
  }
}
