import { isUtf8 } from 'node:buffer';
import { pause, type Work } from '../addon/work';
import type { BlasnetError } from '../base/errors';
import { fileError, quote } from './file-error';
import { deepest, type Json, mostParts } from './json';

const [quotationMark, backslash] = [0x22, 0x5c];
const delimiters = ',:[]{}" \t\r\n';
const isDelimiter = Uint8Array.from({ length: 256 }, (_, byte) =>
  delimiters.includes(String.fromCharCode(byte)) ? 1 : 0,
);
const literals = new Map<string, Json>([
  ['true', true],
  ['false', false],
  ['null', null],
]);
// Bytes that are read within a millisecond or two.
const slice = 2 ** 16;

/** The name of a place in the file. A function makes it only for an error. */
export type Place = string | (() => string);

/**
 * Reads JSON from untrusted bytes. It stops at the first byte that does not fit, and builds only the values that it is
 * asked for. It counts lists, objects and fields, which need far more memory than their text, and refuses too many. So the
 * number of bytes limits time and memory. It pauses between slices, reports duplicate keys, which JSON.parse hides, and
 * treats a key such as __proto__ like any other.
 */
export class JsonReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #file: string;
  readonly #most: number;
  #position: number;
  #nextPause: number;
  #parts = 0;

  /**
   * @param bytes the file; the JSON is the part from `start` to `end`
   * @param most how many lists, objects and fields it may have
   */
  constructor(bytes: Uint8Array, start: number, end: number, file: string, most: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = start;
    this.#nextPause = start + slice;
    this.#end = end;
    this.#file = file;
    this.#most = most;
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
  *object(place: Place, entry: (key: string) => Work<void>, keys?: readonly string[]): Work<void> {
    const found = new Set<string>();
    this.#expect('{', place, 'a JSON object');
    this.#count(place);
    const start = this.#position - 1;
    if (!this.#take('}')) {
      do {
        const byte = this.#skipWhitespace();
        const key = this.plainString() ?? (yield* this.string(() => `a key of ${textOf(place)}`));
        if (keys?.includes(key) === false) {
          throw this.#errorAt(byte, `a key of ${textOf(place)}`, `one of ${keys.join(', ')}`, quote(key));
        }
        if (found.has(key)) throw this.#duplicate(byte, key, place);
        found.add(key);
        this.#count(place);
        this.#expect(':', () => `the text after the key ${quote(key)} of ${textOf(place)}`, 'a colon');
        yield* entry(key);
        if (this.#isPauseDue()) yield pause;
      } while (this.#take(','));
      this.#expect('}', `the text after an entry of ${textOf(place)}`, 'a comma or a closing brace');
    }
    const missing = keys?.find((key) => !found.has(key));
    if (missing !== undefined)
      throw this.#errorAt(start, place, `an object with ${missing}`, 'one without it');
  }

  /** Reads an array. `element` must read the element of the index that it is given. */
  *array(place: Place, element: (index: number) => void): Work<void> {
    this.#expect('[', place, 'a JSON array');
    this.#count(place);
    if (this.#take(']')) return;
    let index = 0;
    do {
      element(index++);
      if (this.#isPauseDue()) yield pause;
    } while (this.#take(','));
    this.#expect(']', `the text after an element of ${textOf(place)}`, 'a comma or a closing bracket');
  }

  /** Reads a value of any kind. An object with the key __proto__ is refused: a copy of it could get another prototype. */
  *value(place: Place, depth = 0): Work<Json> {
    if (depth > deepest) throw this.error(place, `at most ${deepest} lists and objects deep`);
    if (this.#isPauseDue()) yield pause;
    const byte = this.#bytes[this.#skipWhitespace()];
    if (byte === 0x5b) return yield* this.#list(place, depth);
    if (byte === 0x7b) return yield* this.#record(place, depth);
    if (byte === quotationMark) return this.plainString() ?? (yield* this.string(place));
    return this.#literal(place);
  }

  *#list(place: Place, depth: number): Work<Json> {
    const list: Json[] = [];
    this.#position++;
    this.#count(place);
    if (this.#take(']')) return list;
    do {
      const simple = this.#simple(place);
      list.push(simple === undefined ? yield* this.value(place, depth + 1) : simple);
      if (this.#isPauseDue()) yield pause;
    } while (this.#take(','));
    this.#expect(']', `the text after an element of ${textOf(place)}`, 'a comma or a closing bracket');
    return list;
  }

  *#record(place: Place, depth: number): Work<Json> {
    const record: Record<string, Json> = {};
    this.#position++;
    this.#count(place);
    if (this.#take('}')) return record;
    do {
      const byte = this.#skipWhitespace();
      const key = this.plainString() ?? (yield* this.string(() => `a key of ${textOf(place)}`));
      if (Object.hasOwn(record, key)) throw this.#duplicate(byte, key, place);
      if (key === '__proto__') {
        throw this.#errorAt(byte, `a key of ${textOf(place)}`, 'another one than __proto__', quote(key));
      }
      this.#count(place);
      this.#expect(':', () => `the text after the key ${quote(key)} of ${textOf(place)}`, 'a colon');
      const simple = this.#simple(place);
      record[key] = simple === undefined ? yield* this.value(place, depth + 1) : simple;
      if (this.#isPauseDue()) yield pause;
    } while (this.#take(','));
    this.#expect('}', `the text after an entry of ${textOf(place)}`, 'a comma or a closing brace');
    return record;
  }

  /** A value that needs no generator, since there may be millions of them; undefined, and nothing is read, for others. */
  #simple(place: Place): Json | undefined {
    const byte = this.#bytes[this.#skipWhitespace()];
    if (byte === quotationMark) return this.plainString();
    return byte === 0x5b || byte === 0x7b ? undefined : (this.#digits() ?? this.#literal(place));
  }

  /** A short integer; undefined, and nothing is read, for any other value. */
  #digits(): number | undefined {
    const bytes = this.#bytes;
    const start = this.#position;
    let [at, value] = [start, 0];
    for (; at < this.#end && at < start + 15; at++) {
      const digit = (bytes[at] as number) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      value = 10 * value + digit;
    }
    const next = bytes[at];
    const ends = at < this.#end && (next === 0x2c || next === 0x5d || next === 0x7d);
    if (!ends || at === start || (bytes[start] === 0x30 && at > start + 1)) return undefined;
    this.#position = at;
    return value;
  }

  #literal(place: Place): Json {
    const token = this.#token();
    const known = literals.get(token);
    if (known === undefined && !/^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(token)) {
      throw this.error(place, 'a JSON value');
    }
    const value = known === undefined ? Number(token) : known;
    if (typeof value === 'number' && !Number.isFinite(value)) throw this.error(place, 'a finite number');
    this.#position += token.length;
    return value;
  }

  /** Reads a string, piece by piece. */
  *string(place: Place): Work<string> {
    const start = this.#skipWhitespace();
    // In UTF-8, no byte of a character beyond ASCII equals a quotation mark or a backslash.
    if (this.#bytes[start] !== quotationMark || start >= this.#end) throw this.error(place, 'a JSON string');
    let text = '';
    let hasCodes = false;
    for (let from = start + 1; ; ) {
      const { to, withCodes } = this.#piece(from);
      hasCodes ||= withCodes;
      if (to >= this.#end) throw this.#errorAt(start, place, 'a JSON string', 'one without an end');
      text += this.#decoded(from, to, start, place);
      from = to;
      this.#position = to + 1;
      if (this.#bytes[to] === quotationMark) break;
      if (this.#isPauseDue()) yield pause;
    }
    // UTF-8 has no lone surrogates, but escapes may make one.
    if (hasCodes && /\p{Surrogate}/u.test(text)) {
      throw this.#errorAt(start, place, 'a string without lone surrogates', quote(text));
    }
    return text;
  }

  /**
   * Where a string's next piece ends: at its closing mark, or after a slice, behind a whole character. And whether it has
   * escapes such as \u00fc.
   */
  #piece(from: number): { to: number; withCodes: boolean } {
    const [bytes, limit] = [this.#bytes, Math.min(from + slice, this.#end)];
    let [to, code, withCodes] = [from, -6, false];
    while (to < limit && bytes[to] !== quotationMark) {
      if (bytes[to] !== backslash) to++;
      else {
        if (bytes[to + 1] === 0x75) [code, withCodes] = [to, true];
        to += 2;
      }
    }
    if (bytes[to] === quotationMark) return { to, withCodes };
    // The four digits of an escape belong to it.
    to = Math.max(to, code + 6);
    while (to < this.#end && ((bytes[to] as number) & 0xc0) === 0x80) to++;
    return { to, withCodes };
  }

  #decoded(from: number, to: number, start: number, place: Place): string {
    const raw = this.#bytes.subarray(from, to);
    if (!isUtf8(raw)) throw this.#errorAt(start, place, 'a string in UTF-8', 'other bytes');
    const text = `"${raw.toString('utf8')}"`;
    try {
      return JSON.parse(text) as string;
    } catch (cause) {
      throw this.#errorAt(start, place, 'a JSON string', quote(text), { cause });
    }
  }

  /** A short string of ASCII characters without escapes; undefined, and nothing is read, for any other value. */
  plainString(): string | undefined {
    const bytes = this.#bytes;
    const start = this.#skipWhitespace();
    if (bytes[start] !== quotationMark) return undefined;
    const limit = Math.min(start + 256, this.#end);
    for (let end = start + 1; end < limit; end++) {
      const byte = bytes[end] as number;
      if (byte === quotationMark) {
        this.#position = end + 1;
        return bytes.toString('latin1', start + 1, end);
      }
      if (byte === backslash || byte < 0x20 || byte >= 0x80) return undefined;
    }
    return undefined;
  }

  /** Reads a string that must be one of `names`. */
  *oneOf<Name extends string>(place: Place, names: readonly Name[]): Work<Name> {
    const start = this.#skipWhitespace();
    const text = yield* this.string(place);
    if (!names.includes(text as Name)) {
      throw this.#errorAt(start, place, `one of ${names.join(', ')}`, quote(text));
    }
    return text as Name;
  }

  /** Reads an integer from 0 to 2^53 - 1, without a fraction or an exponent. */
  unsigned(place: Place): number {
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
  end(place: Place): void {
    this.#skipWhitespace();
    if (this.#position < this.#end) throw this.error(`the text after ${textOf(place)}`, 'only spaces');
  }

  /** The error for the value that is read next. */
  error(place: Place, rule: string): BlasnetError {
    return this.#errorAt(this.#skipWhitespace(), place, rule, this.#next());
  }

  #next(): string {
    if (this.#position >= this.#end) return 'the end';
    const byte = this.#bytes[this.#position] as number;
    if (byte === quotationMark) return 'a string';
    const character = String.fromCharCode(byte);
    const token = delimiters.includes(character) ? character : this.#token();
    return /^[!-~]+$/.test(token) ? token : `byte 0x${byte.toString(16).padStart(2, '0')}`;
  }

  #errorAt(byte: number, place: Place, rule: string, got: string, options?: ErrorOptions): BlasnetError {
    return fileError(this.#file, `${textOf(place)} (byte ${byte})`, rule, got, options);
  }

  #duplicate(byte: number, key: string, place: Place): BlasnetError {
    return this.#errorAt(byte, `a key of ${textOf(place)}`, 'unique', `${quote(key)} again`);
  }

  // Lists, objects and fields count.
  #count(place: Place): void {
    if (++this.#parts <= this.#most) return;
    throw this.#errorAt(this.#position, place, `of at most ${this.#most} lists, objects and fields`, 'more');
  }

  #isPauseDue(): boolean {
    if (this.#position < this.#nextPause) return false;
    this.#nextPause = this.#position + slice;
    return true;
  }

  #expect(character: string, place: Place, rule: string): void {
    if (!this.#take(character)) throw this.error(place, rule);
  }

  #take(character: string): boolean {
    const at = this.#skipWhitespace();
    const found = at < this.#end && this.#bytes[at] === character.charCodeAt(0);
    if (found) this.#position++;
    return found;
  }

  #skipWhitespace(): number {
    const [bytes, end] = [this.#bytes, this.#end];
    let at = this.#position;
    for (; at < end; at++) {
      const byte = bytes[at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
    }
    this.#position = at;
    return at;
  }

  // The text up to the next delimiter, limited to more bytes than a valid number has.
  #token(): string {
    const [bytes, start] = [this.#bytes, this.#position];
    const limit = Math.min(start + 32, this.#end);
    let end = start;
    while (end < limit && isDelimiter[bytes[end] as number] === 0) end++;
    return bytes.toString('latin1', start, end);
  }
}

/** Parses JSON from a file, as checkJson allows it. @throws Error ERR_BLASNET_FILE */
export function* parseJson(text: string, place: string, file: string): Work<Json> {
  const bytes = Buffer.from(text);
  const reader = new JsonReader(bytes, 0, bytes.length, file, mostParts);
  try {
    const value = yield* reader.value(place);
    reader.end(place);
    return value;
  } catch (cause) {
    throw fileError(file, place, 'JSON as this library writes it', quote(text), { cause });
  }
}

function textOf(place: Place): string {
  return typeof place === 'string' ? place : place();
}
