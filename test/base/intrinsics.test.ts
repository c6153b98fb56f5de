import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  bufferOf,
  copyNumbers,
  isDetached,
  isResizable,
  isShared,
  kindOf,
  lengthOf,
  partOf,
  placeOf,
} from '../../lib/base/intrinsics';

/** An array that answers every question about itself with a lie. */
function liar(): Float64Array {
  const array = Float64Array.of(1, 2, 3, 4).subarray(1);
  const lies = {
    length: 99,
    buffer: new SharedArrayBuffer(800),
    byteOffset: 0,
    byteLength: 800,
    constructor: Array,
    [Symbol.toStringTag]: 'Int8Array',
  };
  for (const key of Reflect.ownKeys(lies)) {
    Object.defineProperty(array, key, { value: lies[key as keyof typeof lies] });
  }
  return Object.setPrototypeOf(array, null);
}

describe('the intrinsic getters', () => {
  it('tell what a typed array is, whatever its properties and its prototype say', () => {
    const array = liar();
    expect(kindOf(array)).toBe('Float64Array');
    expect(lengthOf(array)).toBe(3);
    expect(placeOf(array)).toEqual({ start: 8, end: 32 });
    expect(bufferOf(array).byteLength).toBe(32);
    expect(isShared(bufferOf(array))).toBe(false);
  });

  it('take nothing else for a typed array, a proxy of one neither', () => {
    for (const value of [null, undefined, 3, 'Float64Array', [], {}, new DataView(new ArrayBuffer(8))]) {
      expect(kindOf(value)).toBeUndefined();
    }
    expect(kindOf(new Proxy(new Float64Array(3), {}))).toBeUndefined();
    expect(kindOf({ [Symbol.toStringTag]: 'Float64Array' })).toBeUndefined();
  });

  it('stay what they are when the getters and Function.prototype.call are replaced', () => {
    const arrays = Object.getPrototypeOf(Uint8Array.prototype);
    const length = Object.getOwnPropertyDescriptor(arrays, 'length') as PropertyDescriptor;
    const call = Function.prototype.call;
    try {
      Object.defineProperty(arrays, 'length', { ...length, get: () => 99 });
      Function.prototype.call = () => 99;
      const read = lengthOf(new Float64Array(3));
      Function.prototype.call = call;
      expect(read).toBe(3);
    } finally {
      Function.prototype.call = call;
      Object.defineProperty(arrays, 'length', length);
    }
  });

  it('know a shared buffer, also if it has the other prototype or comes from another realm', () => {
    const disguised = Object.setPrototypeOf(new ArrayBuffer(8), SharedArrayBuffer.prototype);
    const plain = Object.setPrototypeOf(new SharedArrayBuffer(8), ArrayBuffer.prototype);
    expect([disguised, plain].map(isShared)).toEqual([false, true]);
    const realm = ['new ArrayBuffer(8)', 'new SharedArrayBuffer(8)'].map((code) => runInNewContext(code));
    expect(realm.map(isShared)).toEqual([false, true]);
    expect([new ArrayBuffer(0), new SharedArrayBuffer(0)].map(isShared)).toEqual([false, true]);
  });

  it('know a buffer that is detached, and one that can shrink, whatever it says', () => {
    const buffer = new ArrayBuffer(8);
    structuredClone(buffer, { transfer: [buffer] });
    Object.defineProperties(buffer, { byteLength: { value: 8 }, detached: { value: false } });
    expect([buffer, new ArrayBuffer(0), new ArrayBuffer(8)].map(isDetached)).toEqual([true, false, false]);
    if (!('resizable' in ArrayBuffer.prototype)) return;
    const resizable = Reflect.construct(ArrayBuffer, [8, { maxByteLength: 16 }]);
    Object.defineProperty(resizable, 'resizable', { value: false });
    expect([resizable, new ArrayBuffer(8)].map(isResizable)).toEqual([true, false]);
  });

  it('make a part of an array as a view of its kind, without its class', () => {
    class Species extends Float64Array {
      static get [Symbol.species](): never {
        return Array as never;
      }
    }
    const array = new Species(Float64Array.of(1, 2, 3, 4, 5).buffer, 8);
    const part = partOf(array, 1, 3);
    expect(Array.from(part)).toEqual([3, 4]);
    expect(part.constructor).toBe(Float64Array);
    expect(part.buffer).toBe(array.buffer);
    copyNumbers(Float64Array.of(7, 8), part);
    expect(Array.from(array)).toEqual([2, 7, 8, 5]);
    for (const Kind of [Int8Array, Uint8ClampedArray, Uint16Array, Float32Array]) {
      expect(partOf(Kind.of(1, 2, 3), 1, 3)).toEqual(Kind.of(2, 3));
    }
  });
});
