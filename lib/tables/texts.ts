import { isUtf8 } from 'node:buffer';

// FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv
const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;

/** Texts as UTF-8, one behind the other; `ends` says where each ends. */
export interface EncodedTexts {
  readonly bytes: Uint8Array;
  readonly ends: Float64Array;
}

/**
 * Gives each different text a code: 0, 1, 2, ... Texts are told apart by their bytes, so that none is decoded. It is a
 * hash table with open addressing.
 */
export class TextCodes {
  #bytes = new Uint8Array(2 ** 12);
  #ends = new Float64Array(2 ** 6);
  #hashes = new Int32Array(2 ** 6);
  #size = 0;
  // A code + 1, or 0. At most half of the places are taken.
  #places = new Int32Array(2 ** 7);

  /** How many texts have a code. */
  get size(): number {
    return this.#size;
  }

  /** The text's code; -1 for an empty text, which is a missing value; undefined if the bytes are no UTF-8. */
  codeOf(text: Uint8Array): number | undefined {
    const { length } = text;
    if (length === 0) return -1;
    let hash = offsetBasis;
    let all = 0;
    for (let i = 0; i < length; i++) {
      const byte = text[i] as number;
      all |= byte;
      hash = Math.imul(hash ^ byte, prime);
    }
    const mask = this.#places.length - 1;
    let place = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const code = (this.#places[place] as number) - 1;
      if (code < 0) break;
      if (this.#hashes[code] === hash && this.#holds(code, text)) return code;
      place = (place + 1) & mask;
    }
    if (all > 127 && !isUtf8(text)) return undefined;
    return this.#add(text, hash, place);
  }

  #holds(code: number, text: Uint8Array): boolean {
    const start = this.#startOf(code);
    if ((this.#ends[code] as number) - start !== text.length) return false;
    for (let i = 0; i < text.length; i++) {
      if (this.#bytes[start + i] !== text[i]) return false;
    }
    return true;
  }

  #add(text: Uint8Array, hash: number, place: number): number {
    const code = this.#size++;
    const start = this.#startOf(code);
    const end = start + text.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    if (code === this.#ends.length) {
      const ends = new Float64Array(2 * code);
      ends.set(this.#ends);
      this.#ends = ends;
      const hashes = new Int32Array(2 * code);
      hashes.set(this.#hashes);
      this.#hashes = hashes;
    }
    this.#bytes.set(text, start);
    this.#ends[code] = end;
    this.#hashes[code] = hash;
    this.#places[place] = code + 1;
    if (2 * this.#size > this.#places.length) this.#rehash();
    return code;
  }

  #rehash(): void {
    const places = new Int32Array(2 * this.#places.length);
    const mask = places.length - 1;
    for (let code = 0; code < this.#size; code++) {
      const hash = this.#hashes[code] as number;
      let place = (hash ^ (hash >>> 15)) & mask;
      while (places[place] !== 0) place = (place + 1) & mask;
      places[place] = code + 1;
    }
    this.#places = places;
  }

  /**
   * The texts that the codes name, in the order in which they first come. The codes change accordingly, and texts that
   * they do not name are left out: a dictionary may have another order, and more texts.
   */
  inOrder(codes: Int32Array): EncodedTexts {
    const codeOf = new Int32Array(this.#size).fill(-1);
    const used: number[] = [];
    let length = 0;
    for (let row = 0; row < codes.length; row++) {
      const old = codes[row] as number;
      if (old < 0) continue;
      let code = codeOf[old] as number;
      if (code < 0) {
        code = used.push(old) - 1;
        codeOf[old] = code;
        length += (this.#ends[old] as number) - this.#startOf(old);
      }
      codes[row] = code;
    }
    const bytes = new Uint8Array(length);
    let end = 0;
    const ends = Float64Array.from(used, (old) => {
      const text = this.#bytes.subarray(this.#startOf(old), this.#ends[old]);
      bytes.set(text, end);
      end += text.length;
      return end;
    });
    return { bytes, ends };
  }

  #startOf(code: number): number {
    return code === 0 ? 0 : (this.#ends[code - 1] as number);
  }
}
