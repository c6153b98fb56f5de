// Buffers that native code must not be given.

import { Matrix } from '../../lib/base/matrix';

export function detached<T extends { readonly buffer: ArrayBufferLike }>(view: T): T {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}

export function detachedMatrix(rows: number, cols: number): Matrix {
  const result = new Matrix(new Float64Array(rows * cols), rows, cols);
  detached(result.data);
  return result;
}

export const hasResizable = 'resizable' in ArrayBuffer.prototype;
export const resizable = (bytes: number): ArrayBuffer =>
  Reflect.construct(ArrayBuffer, [bytes, hasResizable ? { maxByteLength: 2 * bytes } : undefined]);
