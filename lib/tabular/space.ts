// What a search draws options from.

import { argumentError } from '../base/errors';
import { above, check, finite, integerFrom } from '../base/validate';
import type { RandomState } from '../random/random-state';

/** What a search draws a value from: `choice`, `uniform`, `logUniform` or `integer` make it. */
export class Distribution<T> {
  readonly #draw: (random: RandomState) => T;
  readonly #text: string;

  /** @internal */
  constructor(draw: (random: RandomState) => T, text: string) {
    this.#draw = draw;
    this.#text = text;
  }

  /** Draws a value. */
  draw(random: RandomState): T {
    return this.#draw(random);
  }

  toString(): string {
    return this.#text;
  }
}

/** What T is when its distributions are drawn. */
export type Drawn<T> =
  T extends Distribution<infer U>
    ? U
    : T extends (...given: never[]) => unknown
      ? T
      : T extends object
        ? { [K in keyof T]: Drawn<T[K]> }
        : T;

// What a factory such as adam() makes may also be described: its name, and the options that differ from the defaults.
type Described<T> = T extends { readonly name: infer N }
  ? { readonly name: N } & Partial<Omit<T, 'name'>>
  : T;

type Within<T> = T extends (...given: never[]) => unknown
  ? never
  : T extends object
    ? { [K in keyof T]: SpaceOf<T[K]> }
    : never;

/**
 * A T in which any value may be a distribution, also inside objects and arrays. An optimiser and the like are described:
 * `{ name: 'adam', learningRate: logUniform(1e-4, 1e-2) }`.
 */
export type SpaceOf<T> = T | Distribution<Described<T>> | Within<Described<T>>;

/**
 * One of these values, each as likely. They may be of any kind; a distribution inside one is drawn if it is chosen.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE unless it is an array with a value
 */
export function choice<const T>(values: readonly T[]): Distribution<Drawn<T>> {
  check('values', values, {
    rule: 'an array of at least one value',
    accepts: Array.isArray,
    holds: ({ length }: readonly T[]) => length > 0,
  });
  const own = [...values];
  return new Distribution(
    (random) => own[Math.floor(own.length * random.random())] as Drawn<T>,
    `one of ${own.length} values`,
  );
}

/** A number from low to high, each as likely. @throws TypeError, RangeError unless both are finite and low is below high */
export function uniform(low: number, high: number): Distribution<number> {
  check('low', low, finite);
  check('high', high, finite);
  checkOrder(low, high);
  return new Distribution((random) => random.uniform(low, high), `uniform from ${low} to ${high}`);
}

/**
 * A number from low to high whose logarithm is uniform: 0.001 to 0.01 is as likely as 0.01 to 0.1. For learning rates.
 * @throws TypeError, RangeError unless both are positive and finite, and low is below high
 */
export function logUniform(low: number, high: number): Distribution<number> {
  check('low', low, above(0));
  check('high', high, above(0));
  checkOrder(low, high);
  const [from, to] = [Math.log(low), Math.log(high)];
  return new Distribution(
    (random) => Math.min(high, Math.max(low, Math.exp(from + (to - from) * random.random()))),
    `log-uniform from ${low} to ${high}`,
  );
}

/** A whole number from low to high, both included, each as likely. @throws TypeError, RangeError unless low is below high */
export function integer(low: number, high: number): Distribution<number> {
  const whole = integerFrom(Number.MIN_SAFE_INTEGER, 'an integer');
  check('low', low, whole);
  check('high', high, whole);
  checkOrder(low, high);
  return new Distribution(
    (random) => Math.min(high, low + Math.floor((high - low + 1) * random.random())),
    `an integer from ${low} to ${high}`,
  );
}

function checkOrder(low: number, high: number): void {
  if (low < high) return;
  throw argumentError('ERR_BLASNET_ARG_VALUE', 'high', `above ${low}`, high);
}

/** Options that were drawn from a space. */
export interface DrawnOptions {
  readonly options: Readonly<Record<string, unknown>>;
  /** What was drawn, by its path: `optimizer.learningRate`. */
  readonly drawn: Readonly<Record<string, unknown>>;
}

/** Draws options: the distributions in the order of the keys. */
export function drawOptions(space: object, random: RandomState): DrawnOptions {
  const drawn = new Map<string, unknown>();
  const options = resolve(space, '', random, drawn) as Readonly<Record<string, unknown>>;
  return { options, drawn: Object.fromEntries(drawn) };
}

function resolve(value: unknown, path: string, random: RandomState, drawn: Map<string, unknown>): unknown {
  if (value instanceof Distribution) {
    const resolved = resolve(value.draw(random), path, random, drawn);
    drawn.set(path, resolved);
    return resolved;
  }
  if (!hasDistribution(value)) return value;
  if (Array.isArray(value)) return value.map((each, i) => resolve(each, `${path}[${i}]`, random, drawn));
  return Object.fromEntries(
    Object.entries(value as object).map(([key, each]) => [
      key,
      resolve(each, path === '' ? key : `${path}.${key}`, random, drawn),
    ]),
  );
}

/** Whether something is drawn in a value. @param within the values that it is in: one may contain itself */
export function hasDistribution(value: unknown, within: readonly unknown[] = []): boolean {
  if (value instanceof Distribution) return true;
  if ((!Array.isArray(value) && !isPlain(value)) || within.includes(value)) return false;
  const around = [...within, value];
  return Object.values(value).some((each) => hasDistribution(each, around));
}

// Tables, schedules of functions and the like are values. So are the factories' objects, unless something is drawn in them.
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
