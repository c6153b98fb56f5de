import { argumentError, blasnetError } from './errors';
import { nodeWorkerThreads } from './lazy-modules';
import type { NumberArray } from './matrix';

// The number of operations that hold each buffer.
const pins = new WeakMap<ArrayBuffer, number>();

const transfers = ['transfer', 'transferToFixedLength'] as const;

/**
 * Throws for a typed array that native code must not touch: its buffer is detached, or it is resizable and could
 * shrink while native code reads it.
 */
export function checkBuffer(name: string, array: ArrayBufferView): void {
  const { buffer } = array;
  if (isShared(buffer)) return;
  if (isDetached(buffer)) {
    throw argumentError('ERR_BLASNET_DETACHED', name, 'an array whose buffer is not detached', array);
  }
  if ((buffer as { resizable?: boolean }).resizable === true) {
    throw argumentError('ERR_BLASNET_RESIZABLE', name, 'an array on a buffer of fixed length', array);
  }
}

/**
 * Keeps the arrays' memory in place while native code reads it on another thread. Call the returned function when the
 * operation has ended.
 *
 * A SharedArrayBuffer cannot be detached. An ArrayBuffer can: then its memory gets a new owner, which this library
 * cannot keep alive. So the buffer is marked untransferable for postMessage and structuredClone, and its own transfer()
 * throws until the operation has ended. Node cannot remove the mark; from Node 24, the mark also blocks transfer().
 */
export function pin(arrays: readonly NumberArray[]): () => void {
  const buffers = arrays.map(({ buffer }) => buffer).filter((buffer) => !isShared(buffer));
  for (const buffer of buffers) {
    const count = pins.get(buffer) ?? 0;
    pins.set(buffer, count + 1);
    if (count > 0) continue;
    nodeWorkerThreads().markAsUntransferable(buffer);
    for (const name of transfers) {
      if (name in buffer && Object.isExtensible(buffer))
        Object.defineProperty(buffer, name, { value: refuseTransfer, configurable: true });
    }
  }
  return () => {
    for (const buffer of buffers) {
      const count = (pins.get(buffer) as number) - 1;
      pins.set(buffer, count);
      if (count > 0) continue;
      for (const name of transfers)
        delete (buffer as { [name in (typeof transfers)[number]]?: unknown })[name];
    }
  };
}

// A buffer from another realm counts as one that can be detached. (Jest's tests have an ArrayBuffer and typed arrays
// from different realms.)
function isShared(buffer: ArrayBufferLike): buffer is SharedArrayBuffer {
  return buffer instanceof SharedArrayBuffer;
}

function refuseTransfer(): never {
  throw blasnetError(
    'ERR_BLASNET_BUSY',
    'A buffer cannot be transferred while blasnet works on it: wait until the operation has ended',
  );
}

// `detached` exists only from Node 21; in all versions, a view of a detached buffer throws.
function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
