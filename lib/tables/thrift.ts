// Thrift's compact protocol, as far as the headers of Parquet's pages need it:
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md

/** A struct: its fields by their numbers. Lists and texts are skipped. */
export interface Struct {
  readonly fields: ReadonlyMap<number, number | boolean | Struct>;
}

const deepest = 16;

/** Reads structs one after another. @throws RangeError when the bytes end early, or for what a header cannot have */
export class ThriftReader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  struct(depth = 0): Struct {
    const fields = new Map<number, number | boolean | Struct>();
    for (let id = 0; ; ) {
      const byte = this.#byte();
      const type = byte & 15;
      if (type === 0) return { fields };
      id = byte >> 4 === 0 ? this.#integer() : id + (byte >> 4);
      const value = this.#value(type, depth, false);
      if (value !== undefined) fields.set(id, value);
    }
  }

  #value(type: number, depth: number, inList: boolean): number | boolean | Struct | undefined {
    if (depth > deepest) throw new RangeError('it is nested too deeply');
    switch (type) {
      case 1:
      case 2:
        // A field has its truth value in its type, an element of a list in a byte.
        return inList ? this.#byte() === 1 : type === 1;
      case 3:
        return (this.#byte() << 24) >> 24;
      case 4:
      case 5:
      case 6:
        return this.#integer();
      case 7:
        this.#skip(8);
        return undefined;
      case 8:
        this.#skip(this.unsigned());
        return undefined;
      case 9: {
        const byte = this.#byte();
        const size = byte >> 4 === 15 ? this.unsigned() : byte >> 4;
        // Each element takes a byte at least, so that the bytes bound this loop.
        for (let i = 0; i < size; i++) this.#value(byte & 15, depth + 1, true);
        return undefined;
      }
      case 12:
        return this.struct(depth + 1);
      default:
        throw new RangeError(`it has a value of the unknown type ${type}`);
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new RangeError('it ends too early');
    return byte;
  }

  #skip(count: number): void {
    this.at += count;
    if (this.at > this.#bytes.length) throw new RangeError('it ends too early');
  }

  /** Reads an unsigned integer in groups of seven bits. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new RangeError('it has an integer that is too long');
  }

  #integer(): number {
    const zigzag = this.unsigned();
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }
}
