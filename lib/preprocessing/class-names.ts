// Names of classes: which there are in labels, their order, and their numbers. Names are JavaScript values, which only
// the calling thread can read; so it does, with pauses for the event loop.

import { inSlices, pause, type Work } from '../addon/work';
import { argumentError, type BlasnetError, blasnetError } from '../base/errors';
import { elementHint } from '../base/hints';
import { kindOf } from '../base/number-kinds';

/** The name of a class. A set of labels has strings or numbers, not both. */
export type Label = string | number;

/** Classes in their order, and the place of each. */
export interface KnownClasses {
  readonly classes: readonly Label[];
  readonly places: ReadonlyMap<Label, number>;
}

// Far more classes than a network learns in practice.
const mostClasses = 2 ** 20;

export function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || kindOf(value) !== undefined;
}

/** @throws TypeError ERR_BLASNET_ARG_TYPE; RangeError ERR_BLASNET_SHAPE, ERR_BLASNET_NOT_FINITE */
export function* learnClasses(name: string, labels: unknown): Work<KnownClasses> {
  const { distinct, places, surrogates } = yield* distinctLabels(name, labels);
  checkCount('labels', distinct.length);
  const classes = yield* sorted(distinct, surrogates ? compareLabels : compareUnits);
  yield* inSlices(classes.length, (from, to) => {
    for (let place = from; place < to; place++) places.set(classes[place] as Label, place);
  });
  return { classes: Object.freeze(classes), places };
}

function checkCount(name: string, count: number): void {
  if (count <= mostClasses) return;
  const message = `Expected ${name} to have at most ${mostClasses} classes, got ${count}`;
  throw blasnetError('ERR_BLASNET_SHAPE', message);
}

/** Checks classes that are in ascending order. @throws like learnClasses(); RangeError ERR_BLASNET_ARG_VALUE */
export function* knownClasses(name: string, labels: unknown): Work<KnownClasses> {
  const { distinct, places } = yield* distinctLabels(name, labels);
  const list = labels as ArrayLike<Label>;
  yield* inSlices(list.length, (from, to) => {
    for (let i = Math.max(1, from); i < to; i++) {
      if (compareLabels(list[i - 1] as Label, list[i] as Label) < 0) continue;
      const rule = 'greater than the class before it';
      throw argumentError('ERR_BLASNET_ARG_VALUE', `${name}[${i}]`, rule, list[i]);
    }
  });
  return { classes: Object.freeze(distinct), places };
}

/** Checks classes that are stated in the order in which they count. @throws like learnClasses(); RangeError ERR_BLASNET_ARG_VALUE */
export function* statedClasses(name: string, labels: unknown): Work<KnownClasses> {
  const { distinct, places } = yield* distinctLabels(name, labels);
  const list = labels as ArrayLike<Label>;
  checkCount(name, distinct.length);
  if (distinct.length === list.length) return { classes: Object.freeze(distinct), places };
  const again = Array.from(list).findIndex((label, i) => places.get(label) !== i);
  throw argumentError(
    'ERR_BLASNET_ARG_VALUE',
    `${name}[${again}]`,
    'unlike the classes before it',
    list[again],
  );
}

/** Writes the number of each label's class. @throws like learnClasses(); RangeError ERR_BLASNET_ARG_VALUE */
export function* classNumbers(
  labels: unknown,
  { classes, places }: KnownClasses,
  out: Int32Array,
): Work<void> {
  const list = checkList('labels', labels);
  yield* inSlices(out.length, (from, to) => {
    let last: unknown;
    let place: number | undefined;
    for (let i = from; i < to; i++) {
      const label = labelAt(list, i);
      if (label !== last || place === undefined) {
        place = places.get(label as Label);
        if (place === undefined) throw unknownLabel(list, i, classes);
        last = label;
      }
      out[i] = place;
    }
  });
}

/** The names of class numbers, which must be in range. */
export function* namesOf<T>(numbers: Int32Array, classes: readonly T[]): Work<T[]> {
  const names = new Array<T>(numbers.length);
  yield* inSlices(numbers.length, (from, to) => {
    for (let i = from; i < to; i++) names[i] = classes[numbers[i] as number] as T;
  });
  return names;
}

export function checkList(name: string, labels: unknown): ArrayLike<unknown> {
  if (!isArrayLike(labels)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'an array of strings or of numbers', labels);
  }
  if (labels.length === 0) throw argumentError('ERR_BLASNET_SHAPE', name, 'a non-empty array', labels);
  return labels;
}

// A label may stand in a row of its own, as in a table of one column.
function labelAt(labels: ArrayLike<unknown>, i: number): unknown {
  const label = labels[i];
  return Array.isArray(label) && label.length === 1 ? label[0] : label;
}

interface DistinctLabels {
  /** The labels that differ, as they come. */
  readonly distinct: Label[];
  /** The place of each in `distinct`. */
  readonly places: Map<Label, number>;
  /** Whether a label has surrogates, so that its units are not in the order of its characters. */
  readonly surrogates: boolean;
}

function* distinctLabels(name: string, labels: unknown): Work<DistinctLabels> {
  const list = checkList(name, labels);
  const kind = typeof labelAt(list, 0);
  const distinct: Label[] = [];
  const places = new Map<Label, number>();
  let surrogates = false;
  yield* inSlices(list.length, (from, to) => {
    let last: unknown;
    for (let i = from; i < to; i++) {
      const label = labelAt(list, i) as Label;
      if (label === last && i > from) continue;
      if (typeof label !== kind || (kind !== 'string' && !Number.isFinite(label))) {
        throw wrongLabel(name, label, i, kind) as BlasnetError;
      }
      last = label;
      if (places.has(label)) continue;
      places.set(label, distinct.length);
      // -0 is the class 0.
      distinct.push(label === 0 ? 0 : label);
      surrogates ||= typeof label === 'string' && /[\ud800-\udfff]/.test(label);
    }
  });
  return { distinct, places, surrogates };
}

function wrongLabel(name: string, label: unknown, i: number, kind: string): BlasnetError | undefined {
  const where = `${name}[${i}]`;
  if (typeof label !== 'string' && typeof label !== 'number') {
    const hint = elementHint(label, 'labels');
    return argumentError('ERR_BLASNET_ARG_TYPE', where, 'a string or a number', label, hint);
  }
  if (typeof label !== kind)
    return argumentError('ERR_BLASNET_ARG_TYPE', where, `a ${kind} like ${name}[0]`, label);
  if (typeof label === 'string' || Number.isFinite(label)) return undefined;
  return argumentError('ERR_BLASNET_NOT_FINITE', where, 'a string or a finite number', label);
}

function unknownLabel(labels: ArrayLike<unknown>, i: number, classes: readonly Label[]): BlasnetError {
  const label = labelAt(labels, i);
  const wrong = wrongLabel('labels', label, i, typeof labelAt(labels, 0));
  if (wrong !== undefined) return wrong;
  const some = classes.slice(0, 10).map((name) => JSON.stringify(name));
  const rule = `one of the classes ${some.join(', ')}${classes.length > 10 ? ', ...' : ''}`;
  return argumentError('ERR_BLASNET_ARG_VALUE', `labels[${i}]`, rule, label);
}

// Labels that are sorted at a stretch, within a millisecond.
const shortRun = 2 ** 10;

type Order = (a: Label, b: Label) => number;

/** Sorts labels by merging sorted runs, since a long sort cannot pause. */
function* sorted(labels: Label[], order: Order): Work<Label[]> {
  const { length } = labels;
  if (length <= shortRun) return labels.sort(order);
  let [from, to] = [new Array<Label>(length), new Array<Label>(length)];
  for (let start = 0; start < length; start += shortRun) {
    const run = labels.slice(start, start + shortRun).sort(order);
    for (let i = 0; i < run.length; i++) from[start + i] = run[i] as Label;
    yield pause;
  }
  for (let size = shortRun; size < length; size *= 2) {
    for (let start = 0; start < length; start += 2 * size) {
      const merge = new Merge(from, to, start, start + size, order);
      yield* inSlices(Math.min(length, start + 2 * size) - start, (first, last) => merge.run(last - first));
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Merges the sorted parts [start, middle) and [middle, 2 * middle - start) of `from` into the same place of `to`. */
class Merge {
  readonly #from: readonly Label[];
  readonly #to: Label[];
  readonly #order: Order;
  readonly #middle: number;
  readonly #end: number;
  #left: number;
  #right: number;

  constructor(from: readonly Label[], to: Label[], start: number, middle: number, order: Order) {
    this.#from = from;
    this.#to = to;
    this.#order = order;
    this.#left = start;
    this.#middle = Math.min(middle, from.length);
    this.#right = this.#middle;
    this.#end = Math.min(2 * middle - start, from.length);
  }

  /** Writes the next labels. */
  run(count: number): void {
    const [from, to, order, middle, end] = [this.#from, this.#to, this.#order, this.#middle, this.#end];
    let [left, right] = [this.#left, this.#right];
    // As many labels are written as are taken from both parts.
    const last = left + right - middle + count;
    for (let place = last - count; place < last; place++) {
      const takeLeft =
        right === end || (left < middle && order(from[left] as Label, from[right] as Label) < 0);
      to[place] = from[takeLeft ? left++ : right++] as Label;
    }
    [this.#left, this.#right] = [left, right];
  }
}

// The order of numbers, and of strings without surrogates.
function compareUnits(a: Label, b: Label): number {
  return a < b ? -1 : Number(a > b);
}

/** Orders numbers by size, and strings by their code points. Less than 0 if `a` comes first. */
export function compareLabels(a: Label, b: Label): number {
  if (typeof a === 'number' || typeof b === 'number') return Number(a) - Number(b);
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    return isSurrogate(x) || isSurrogate(y) ? compareCodePoints(a, b) : x - y;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000;
}

// JavaScript orders strings by UTF-16 units, which puts some characters of the BMP after those beyond it.
function compareCodePoints(a: string, b: string): number {
  const [left, right] = [a[Symbol.iterator](), b[Symbol.iterator]()];
  for (;;) {
    const [x, y] = [left.next(), right.next()];
    if (x.done || y.done) return Number(!x.done) - Number(!y.done);
    const difference = (x.value.codePointAt(0) as number) - (y.value.codePointAt(0) as number);
    if (difference !== 0) return difference;
  }
}
