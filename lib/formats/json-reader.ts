import { isUtf8 } from 'node:buffer';
import type { BlasnetError } from '../base/errors';
import { fileError, quote } from './file-error';

const [quotationMark, backslash] = [0x22, 0x5c];
const whitespace = [0x20, 0x09, 0x0a, 0x0d];
const delimiters = ',:[]{}" \t\r\n';

/**
 * Reads JSON of a known structure from untrusted bytes. It stops at the first byte that does not fit, and builds only
 * the values that it is asked for. So the number of bytes limits time and memory. It reports duplicate keys, which
 * JSON.parse hides, and treats a key such as __proto__ like any other.
 */
export class JsonReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #file: string;
  #position: number;

  /** @param bytes the file; the JSON is the part from `start` to `end` */
  constructor(bytes: Uint8Array, start: number, end: number, file: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = start;
    this.#end = end;
    this.#file = file;
  }

  /** The index of the byte that is read next. */
  get position(): number {
    return this.#position;
  }

  /**
   * Reads an object. `entry` must read the value of the key that it is given.
   *
   * @param keys exactly the keys that the object must have; without them, any are allowed
   */
  object(place: string, entry: (key: string) => void, keys?: readonly string[]): void {
    const found = new Set<string>();
    this.#expect('{', place, 'a JSON object');
    const start = this.#position - 1;
    if (!this.#take('}')) {
      do {
        const key = this.#key(place, keys);
        if (found.has(key.text))
          throw this.#errorAt(key.byte, `a key of ${place}`, 'unique', `${quote(key.text)} again`);
        found.add(key.text);
        this.#expect(':', `the text after the key ${quote(key.text)} of ${place}`, 'a colon');
        entry(key.text);
      } while (this.#take(','));
      this.#expect('}', `the text after an entry of ${place}`, 'a comma or a closing brace');
    }
    const missing = keys?.find((key) => !found.has(key));
    if (missing !== undefined)
      throw this.#errorAt(start, place, `an object with ${missing}`, 'one without it');
  }

  /** Reads an array. `element` must read the element of the index that it is given. */
  array(place: string, element: (index: number) => void): void {
    this.#expect('[', place, 'a JSON array');
    if (this.#take(']')) return;
    let index = 0;
    do element(index++);
    while (this.#take(','));
    this.#expect(']', `the text after an element of ${place}`, 'a comma or a closing bracket');
  }

  string(place: string): string {
    this.#skipWhitespace();
    const start = this.#position;
    // In UTF-8, no byte of a character beyond ASCII equals a quotation mark or a backslash.
    if (this.#bytes[start] !== quotationMark || start >= this.#end) throw this.error(place, 'a JSON string');
    let end = start + 1;
    while (end < this.#end && this.#bytes[end] !== quotationMark) {
      end += this.#bytes[end] === backslash ? 2 : 1;
    }
    if (end >= this.#end) throw this.#errorAt(start, place, 'a JSON string', 'one without an end');
    const raw = this.#bytes.subarray(start, end + 1);
    if (!isUtf8(raw)) throw this.#errorAt(start, place, 'a string in UTF-8', 'other bytes');
    let text: string;
    try {
      text = JSON.parse(raw.toString('utf8')) as string;
    } catch (cause) {
      throw this.#errorAt(start, place, 'a JSON string', quote(raw.toString('utf8')), { cause });
    }
    if (/\p{Surrogate}/u.test(text)) {
      throw this.#errorAt(start, place, 'a string without lone surrogates', quote(text));
    }
    this.#position = end + 1;
    return text;
  }

  /** Reads a string that must be one of `names`. */
  oneOf<Name extends string>(place: string, names: readonly Name[]): Name {
    this.#skipWhitespace();
    const start = this.#position;
    const text = this.string(place);
    if (!names.includes(text as Name)) {
      throw this.#errorAt(start, place, `one of ${names.join(', ')}`, quote(text));
    }
    return text as Name;
  }

  /** Reads an integer from 0 to 2^53 - 1, without a fraction or an exponent. */
  unsigned(place: string): number {
    this.#skipWhitespace();
    const token = this.#token();
    const value = Number(token);
    if (!/^(0|[1-9][0-9]*)$/.test(token) || !Number.isSafeInteger(value)) {
      throw this.error(place, 'an integer from 0 to 2^53 - 1');
    }
    this.#position += token.length;
    return value;
  }

  /** Throws unless only whitespace follows. */
  end(place: string): void {
    this.#skipWhitespace();
    if (this.#position < this.#end) throw this.error(`the text after ${place}`, 'only spaces');
  }

  /** The error for the value that is read next. */
  error(place: string, rule: string): BlasnetError {
    this.#skipWhitespace();
    return this.#errorAt(this.#position, place, rule, this.#next());
  }

  #next(): string {
    if (this.#position >= this.#end) return 'the end of the header';
    const byte = this.#bytes[this.#position] as number;
    if (byte === quotationMark) return 'a string';
    const character = String.fromCharCode(byte);
    const token = delimiters.includes(character) ? character : this.#token();
    return /^[!-~]+$/.test(token) ? token : `byte 0x${byte.toString(16).padStart(2, '0')}`;
  }

  #errorAt(byte: number, place: string, rule: string, got: string, options?: ErrorOptions): BlasnetError {
    return fileError(this.#file, `${place} (byte ${byte})`, rule, got, options);
  }

  #key(place: string, keys: readonly string[] | undefined): { text: string; byte: number } {
    this.#skipWhitespace();
    const byte = this.#position;
    const name = `a key of ${place}`;
    return { text: keys === undefined ? this.string(name) : this.oneOf(name, keys), byte };
  }

  #expect(character: string, place: string, rule: string): void {
    if (!this.#take(character)) throw this.error(place, rule);
  }

  #take(character: string): boolean {
    this.#skipWhitespace();
    const found = this.#position < this.#end && this.#bytes[this.#position] === character.charCodeAt(0);
    if (found) this.#position++;
    return found;
  }

  #skipWhitespace(): void {
    while (this.#position < this.#end && whitespace.includes(this.#bytes[this.#position] as number)) {
      this.#position++;
    }
  }

  // The text up to the next delimiter, limited to more bytes than a valid number has.
  #token(): string {
    const text = this.#bytes.toString('latin1', this.#position, Math.min(this.#position + 32, this.#end));
    let length = 0;
    while (length < text.length && !delimiters.includes(text[length] as string)) length++;
    return text.slice(0, length);
  }
}
