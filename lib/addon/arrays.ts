// Native work with whole arrays of numbers. Results do not depend on the number of threads.

import type { FloatArray } from '../base/matrix';
import { type Callback, type NativeArrays, native } from './binding';
import { newOutcome, readOutcome } from './outcome';
import { Idle, type Work } from './work';

// Elements that an operation goes through within half a millisecond.
const briefElements = 2 ** 18;

interface Worker {
  readonly object: NativeArrays;
  readonly outcome: Float64Array;
}

const workers = new Idle<Worker>(() => {
  const outcome = newOutcome();
  return { object: new native.Arrays({ outcome }), outcome };
});

/** Sets all elements of `out` to one number. */
export function* fillArray(out: FloatArray, value: number): Work<void> {
  yield* run(out.length, (object, callback) => object.fill({ value, out }, callback));
}

/** Copies `from` to the beginning of `out`, which may have the other type. */
export function* copyArray(from: FloatArray, out: FloatArray): Work<void> {
  yield* run(from.length, (object, callback) => object.copy({ from, out }, callback));
}

/** The index of the first element that is NaN or infinite, or the length. */
export function* findNonFinite(data: FloatArray): Work<number> {
  return yield* run(data.length, (object, callback) => object.findNonFinite(data, callback));
}

function* run(elements: number, start: (object: NativeArrays, callback?: Callback) => void): Work<number> {
  const worker = workers.take();
  const { object, outcome } = worker;
  try {
    yield { object, start: (callback) => start(object, callback), brief: elements <= briefElements };
    return readOutcome(outcome).index;
  } finally {
    workers.giveBack(worker);
  }
}
