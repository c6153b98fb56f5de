import { argumentError, blasnetError } from './errors';
import { bufferOf, isDetached, isResizable, isShared } from './intrinsics';
import { nodeWorkerThreads } from './lazy-modules';
import type { NumberArray } from './number-kinds';

// The number of operations that hold each buffer.
const pins = new WeakMap<ArrayBuffer, number>();

/**
 * Throws for a typed array that native code must not touch: its buffer is detached, or it is resizable and could
 * shrink while native code reads it.
 */
export function checkBuffer(name: string, array: ArrayBufferView): void {
  const buffer = bufferOf(array);
  if (isShared(buffer)) return;
  if (isDetached(buffer)) {
    throw argumentError('ERR_BLASNET_DETACHED', name, 'an array whose buffer is not detached', array);
  }
  if (isResizable(buffer)) {
    throw argumentError('ERR_BLASNET_RESIZABLE', name, 'an array on a buffer of fixed length', array);
  }
}

/**
 * Keeps the arrays' memory in place while native code reads it on another thread. Call the returned function when the
 * operation has ended.
 *
 * A SharedArrayBuffer cannot be detached. An ArrayBuffer can: then its memory gets a new owner, which this library
 * cannot keep alive. So the buffer is marked untransferable for postMessage and structuredClone, and the methods that
 * transfer a buffer look into the pins. Node cannot remove the mark; from Node 24, the mark also blocks those methods.
 *
 * @throws TypeError ERR_BLASNET_DETACHED, ERR_BLASNET_RESIZABLE for an array that has lost its memory since its check
 */
export function pin(arrays: readonly (NumberArray | Int8Array)[]): () => void {
  for (const array of arrays) checkBuffer('each array of the call', array);
  const buffers = arrays.map(bufferOf).filter((buffer) => !isShared(buffer)) as ArrayBuffer[];
  for (const buffer of buffers) {
    const count = pins.get(buffer) ?? 0;
    if (count === 0 && !markEndsProcess(buffer)) nodeWorkerThreads().markAsUntransferable(buffer);
    pins.set(buffer, count + 1);
  }
  return () => {
    for (const buffer of buffers) pins.set(buffer, (pins.get(buffer) as number) - 1);
  };
}

// In Node 24, a WebAssembly.Memory that grows ends the process if its buffer has the mark. No code can transfer such a buffer
// anyway, and neither one that has the mark already.
function markEndsProcess(buffer: ArrayBuffer): boolean {
  if (!markHolds) return false;
  try {
    // There is no memory for this length, so that nothing is transferred: a RangeError.
    Reflect.apply(prototypeTransfer as Transfer, buffer, [Number.MAX_SAFE_INTEGER]);
    return false;
  } catch (error) {
    return error instanceof TypeError;
  }
}

type Transfer = (this: ArrayBuffer, ...lengths: number[]) => ArrayBuffer;

// In Node 21 to 23, and in other runtimes, these methods of all buffers take no notice of the mark. They are replaced when the
// library is loaded. A method that was saved before, or that of another realm (node:vm), still takes a buffer away.
const { node, bun, deno } = process.versions;
const markHolds = Number.parseInt(node, 10) >= 24 && bun === undefined && deno === undefined;
const prototypeTransfer = (ArrayBuffer.prototype as { transfer?: Transfer }).transfer;
if (!markHolds) {
  guard('transfer');
  guard('transferToFixedLength');
}

function guard(name: 'transfer' | 'transferToFixedLength'): void {
  const transfer = (ArrayBuffer.prototype as { [method in typeof name]?: Transfer })[name];
  if (transfer === undefined) return;
  const guarded: Transfer = function (...lengths) {
    // A length may be an object. Its valueOf must run before the check.
    const numbers = lengths.slice(0, 1).map((length) => (length === undefined ? length : Number(length)));
    if ((pins.get(this) ?? 0) > 0) throw busyError();
    return Reflect.apply(transfer, this, numbers);
  };
  Object.defineProperty(guarded, 'name', { value: name });
  Object.defineProperty(guarded, 'length', { value: 0 });
  Object.defineProperty(ArrayBuffer.prototype, name, { value: guarded, writable: true, configurable: true });
}

function busyError(): Error {
  return blasnetError(
    'ERR_BLASNET_BUSY',
    'A buffer cannot be transferred while blasnet works on it: wait until the operation has ended',
  );
}
