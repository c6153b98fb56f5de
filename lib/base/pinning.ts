import { argumentError, blasnetError } from './errors';
import { nodeWorkerThreads } from './lazy-modules';
import type { LabelArray } from './matrix';

// How many operations hold each buffer.
const pins = new WeakMap<ArrayBuffer, number>();

const transfers = ['transfer', 'transferToFixedLength'] as const;

/**
 * Throws for a typed array that native code must not touch: its buffer was detached, or is resizable and
 * could shrink while native code reads it.
 */
export function checkBuffer(name: string, array: LabelArray): void {
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
 * Keeps the arrays' memory in place while native code reads it on another thread; the result lets go.
 *
 * A SharedArrayBuffer cannot be detached. An ArrayBuffer can, and then its memory goes to a new owner, whom
 * we cannot keep alive. So it is marked untransferable for postMessage and structuredClone (for good: Node
 * has no way back, and from Node 24 on counts transfer() in), and its own transfer() refuses until the
 * operation has ended.
 */
export function pin(arrays: readonly LabelArray[]): () => void {
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

// Asked this way round, what another realm made counts as one that can be detached. (Jest gives its tests the
// ArrayBuffer of another realm than their typed arrays'.)
function isShared(buffer: ArrayBufferLike): buffer is SharedArrayBuffer {
  return buffer instanceof SharedArrayBuffer;
}

function refuseTransfer(): never {
  throw blasnetError(
    'ERR_BLASNET_BUSY',
    'Expected the buffer to stay where it is while blasnet works on it; wait for the operation to end',
  );
}

// `detached` came with Node 21; a view of a detached buffer has always thrown.
function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
