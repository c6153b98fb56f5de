// What typed arrays and buffers are, by the language's own getters. An object can answer its properties as it likes: it can
// have a `length` or a `buffer` of its own, or another prototype. These getters read what native code reads, and are saved
// before other code can replace them. They know objects of every realm.

type Reader<T> = (of: unknown) => T;

const prototypeOf = Object.getPrototypeOf;
const call = Function.prototype.call;

// `getter.call(of)`, with a `call` that nobody can replace.
function reader<T>(prototype: object, name: PropertyKey): Reader<T> | undefined {
  const getter = Object.getOwnPropertyDescriptor(prototype, name)?.get;
  return getter && (call.bind(getter) as Reader<T>);
}

const arrays = prototypeOf(Uint8Array.prototype) as object;
const own = ArrayBuffer.prototype;
const shared = SharedArrayBuffer.prototype;

const readTag = reader<string | undefined>(arrays, Symbol.toStringTag) as Reader<string | undefined>;
const readLength = reader<number>(arrays, 'length') as Reader<number>;
const readBuffer = reader<ArrayBufferLike>(arrays, 'buffer') as Reader<ArrayBufferLike>;
const readOffset = reader<number>(arrays, 'byteOffset') as Reader<number>;
const readBytes = reader<number>(arrays, 'byteLength') as Reader<number>;
const ownBytes = reader<number>(own, 'byteLength') as Reader<number>;
const sharedBytes = reader<number>(shared, 'byteLength') as Reader<number>;
// Not in all versions of Node.
const readResizable = reader<boolean>(own, 'resizable');

const Bytes = Uint8Array;

/** The kind of a typed array, such as 'Int8Array'; undefined for anything else. */
export function kindOf(value: unknown): string | undefined {
  return readTag(value);
}

/** The number of elements of a typed array; 0 if its buffer is detached. */
export function lengthOf(array: ArrayBufferView): number {
  return readLength(array);
}

export function bufferOf(array: ArrayBufferView): ArrayBufferLike {
  return readBuffer(array);
}

/** The place in the buffer: the bytes [start, end). */
export function placeOf(array: ArrayBufferView): { readonly start: number; readonly end: number } {
  const start = readOffset(array);
  return { start, end: start + readBytes(array) };
}

export function isShared(buffer: ArrayBufferLike): buffer is SharedArrayBuffer {
  // The prototype is a guess: it saves an exception, which takes long.
  const guess = prototypeOf(buffer) === shared;
  try {
    if (guess) sharedBytes(buffer);
    else ownBytes(buffer);
    return guess;
  } catch {
    return !guess;
  }
}

/** Whether an ArrayBuffer can shrink. */
export function isResizable(buffer: ArrayBuffer): boolean {
  return readResizable?.(buffer) === true;
}

/** Whether an ArrayBuffer is detached. (Its property `detached` exists only from Node 21.) */
export function isDetached(buffer: ArrayBuffer): boolean {
  if (ownBytes(buffer) > 0) return false;
  try {
    new Bytes(buffer);
    return false;
  } catch {
    return true;
  }
}

const set = call.bind((arrays as Float64Array).set) as (
  to: ArrayBufferView,
  from: ArrayBufferView,
  place: number,
) => void;

/** Copies the numbers of a typed array to `to`, from `place` on. */
export function copyNumbers(from: ArrayBufferView, to: ArrayBufferView, place = 0): void {
  set(to, from, place);
}

type Kind = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => ArrayBufferView;

// The constructors of the typed arrays that this version of Node has.
const kinds = new Map<string | undefined, Kind>();
for (const name of Object.getOwnPropertyNames(globalThis)) {
  if (!/^(Float|Int|Uint)\d+(Clamped)?Array$/.test(name)) continue;
  kinds.set(name, (globalThis as unknown as Record<string, Kind>)[name] as Kind);
}

/** The elements [from, to) of a typed array, as a view of its kind. A class of its own has no say in it, as in `subarray`. */
export function partOf<T extends ArrayBufferView>(array: T, from: number, to: number): T {
  const View = kinds.get(kindOf(array)) as Kind;
  const length = lengthOf(array);
  const each = length === 0 ? 0 : readBytes(array) / length;
  return new View(bufferOf(array), readOffset(array) + from * each, to - from) as T;
}
