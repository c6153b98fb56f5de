// Many calls may share one signal. If each added its listener, Node would warn from eleven on. So the library has one
// listener for each signal.

import { AbortError } from './errors';

interface Listening {
  readonly callbacks: Set<() => void>;
  readonly end: () => void;
}

const listeningTo = new WeakMap<AbortSignal, Listening>();

/** Calls back once, when the signal is aborted, unless the returned function was called before. */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => {};
  const { callbacks, end } = listeningTo.get(signal) ?? listenTo(signal);
  // An object of its own: the same function may be given twice.
  const own = () => callback();
  callbacks.add(own);
  return () => {
    if (callbacks.delete(own) && callbacks.size === 0) end();
  };
}

function listenTo(signal: AbortSignal): Listening {
  const callbacks = new Set<() => void>();
  const end = () => {
    signal.removeEventListener('abort', callAll);
    listeningTo.delete(signal);
  };
  const callAll = () => {
    end();
    const all = [...callbacks];
    callbacks.clear();
    for (const callback of all) callback();
  };
  signal.addEventListener('abort', callAll);
  const listening = { callbacks, end };
  listeningTo.set(signal, listening);
  return listening;
}

/** @throws AbortError if the signal is aborted */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortError(signal.reason);
}
