import { type NativeCall, type NativeGenerator, native } from '../addon/binding';
import { newOutcome } from '../addon/outcome';
import { Idle, type Work } from '../addon/work';
import { nodeCrypto } from '../base/lazy-modules';
import { newArray } from '../base/memory';
import { countOf, type FloatArray, isFloatArray, isUint32, kindOf, lengthOf } from '../base/number-kinds';
import {
  atLeast,
  type Constraint,
  check,
  checkOptions,
  finite,
  integerBetween,
  seed as seedConstraint,
} from '../base/validate';

/**
 * The complete state of a generator. The fields are elements 1, 2 and 4 of the state that NumPy's `get_state()`
 * returns.
 */
export interface GeneratorState {
  /** The 624 words of the Mersenne Twister. */
  readonly key: Uint32Array;
  /** How many of the words are used, from 0 to 624. */
  readonly position: number;
  /** The second normal of a pair, until `randn` returns it; otherwise null. */
  readonly spareNormal: number | null;
}

/** An array, or any typed array. */
export interface Shuffleable {
  readonly length: number;
  [index: number]: unknown;
}

// MT19937: the number of words, and the distance from a word to the later word that is mixed into it.
const words = 624;
const lead = 397;

/** Numbers that native code draws within half a millisecond. */
export const briefDraws = 2 ** 16;

const generators = new Idle(() => new native.Generator({ outcome: newOutcome() }));

/** What native code reads and writes of a generator. */
interface NativeState {
  /** (625) the key, then the position */
  readonly state: Uint32Array;
  /** (1) the spare normal, or NaN */
  readonly spare: Float64Array;
}

// Only this module reaches into a generator.
let insideOf: (random: RandomState) => NativeState;

/**
 * A generator of random numbers that equals NumPy's `np.random.RandomState(seed)` bit for bit. It is the Mersenne
 * Twister MT19937 (Matsumoto and Nishimura, 1998), seeded by Knuth's 32-bit recurrence. Doubles, normals and
 * permutations come from its words as in NumPy's legacy generator. Use it for simulation and training, never for
 * secrets.
 */
export class RandomState {
  static {
    insideOf = (random) => ({ state: random.#state, spare: random.#spare });
  }

  readonly #state = new Uint32Array(words + 1);
  readonly #spare = new Float64Array(1).fill(Number.NaN);

  /**
   * @param seed an integer from 0 to 2^32 - 1. @default a new one from the system's entropy
   * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE
   */
  constructor(seed: number = freshSeed()) {
    check('seed', seed, seedConstraint);
    const key = this.#state;
    key[words] = words;
    key[0] = seed;
    for (let i = 1; i < words; i++) {
      const previous = key[i - 1] as number;
      key[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
  }

  /** Returns a double in [0, 1), a multiple of 2^-53, like NumPy's `random_sample()`. */
  random(): number {
    const high = this.#next() >>> 5;
    const low = this.#next() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /**
   * Returns a double in [low, high): low + (high - low) * random(). Rounding may give `high` itself.
   *
   * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE when a bound is not finite,
   *   high is below low, or high - low overflows
   */
  uniform(low = 0, high = 1): number {
    checkBounds(low, high);
    return low + (high - low) * this.random();
  }

  /** Fills `out` with numbers of uniform(low, high), in the order of its elements. @throws like uniform() */
  fillUniform(out: FloatArray, low = 0, high = 1): void {
    check('out', out, floatArray);
    checkBounds(low, high);
    drawHere((generator) => generator.uniform({ state: this.#state, low, range: high - low, out }));
  }

  /**
   * Returns a standard normal number, by Marsaglia's polar form of the Box-Muller method. The method makes two numbers
   * at a time; the second is kept for the next call.
   */
  randn(): number {
    const spare = this.#spare[0] as number;
    if (!Number.isNaN(spare)) {
      this.#spare[0] = Number.NaN;
      return spare;
    }
    let x1: number;
    let x2: number;
    let r2: number;
    do {
      x1 = 2 * this.random() - 1;
      x2 = 2 * this.random() - 1;
      r2 = x1 * x1 + x2 * x2;
    } while (r2 >= 1 || r2 === 0);
    const f = Math.sqrt((-2 * native.log(r2)) / r2);
    this.#spare[0] = f * x1;
    return f * x2;
  }

  /**
   * Returns a normal number with this mean and standard deviation: mean + std * randn().
   *
   * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE when either is not finite or
   *   std is negative
   */
  normal(mean = 0, std = 1): number {
    checkMoments(mean, std);
    return mean + std * this.randn();
  }

  /** Fills `out` with numbers of normal(mean, std), in the order of its elements. @throws like normal() */
  fillNormal(out: FloatArray, mean = 0, std = 1): void {
    check('out', out, floatArray);
    checkMoments(mean, std);
    drawHere((generator) => {
      generator.normal({ ...insideOf(this), mean, deviation: std, limit: Number.POSITIVE_INFINITY, out });
    });
  }

  /**
   * Returns the numbers 0 to n - 1 in a random order.
   *
   * @param n an integer from 0 to 2^32 - 1
   * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE
   */
  permutation(n: number): Uint32Array<ArrayBuffer> {
    check('n', n, integerBetween(0, 0xffffffff));
    const order = newArray<Uint32Array<ArrayBuffer>>(Uint32Array, n);
    this.#draw(order, null);
    return order;
  }

  /**
   * Puts an array into a random order, in place.
   *
   * @throws TypeError ERR_BLASNET_ARG_TYPE unless it is an array or a typed array
   */
  shuffle(array: Shuffleable): void {
    check('array', array, shuffleable);
    if (isUint32(array)) {
      this.#draw(array, array);
      return;
    }
    const order = this.permutation(countOf(array));
    const values = Array.from(array);
    for (let i = 0; i < values.length; i++) array[i] = values[order[i] as number];
  }

  /** Returns a copy of the generator's state. */
  getState(): GeneratorState {
    const normal = this.#spare[0] as number;
    return {
      key: this.#state.slice(0, words),
      position: this.#state[words] as number,
      spareNormal: Number.isNaN(normal) ? null : normal,
    };
  }

  /**
   * Continues from a state that `getState` returned. If it throws, this generator is unchanged.
   *
   * @throws TypeError ERR_BLASNET_ARG_TYPE or ERR_BLASNET_UNKNOWN_OPTION, RangeError ERR_BLASNET_ARG_VALUE
   */
  setState(state: GeneratorState): void {
    checkOptions('state', state, stateConstraints);
    this.#state.set(state.key);
    this.#state[words] = state.position;
    this.#spare[0] = state.spareNormal ?? Number.NaN;
  }

  // 32 random bits, as a signed integer.
  #next(): number {
    const state = this.#state;
    let position = state[words] as number;
    if (position === words) {
      twist(state);
      position = 0;
    }
    let word = state[position] as number;
    state[words] = position + 1;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return word ^ (word >>> 18);
  }

  // Shuffles `from`, or the ascending numbers without it, into `order`.
  #draw(order: Uint32Array, from: Uint32Array | null): void {
    const size = order.length;
    const state = this.#state;
    drawHere((generator) => generator.orders({ state, from, size, count: size, orders: order }));
  }
}

/**
 * Draws several orders of `size` rows, one after another, into `orders`. Each begins as a copy of `from`, or as 0, 1,
 * 2, ... without it; then its first `count` elements are shuffled, like by `shuffle`. If the work ends early, the
 * generator is unchanged.
 */
export function* drawOrders(
  random: RandomState,
  orders: Uint32Array,
  size: number,
  { from = null, count = size }: { readonly from?: Uint32Array | null; readonly count?: number } = {},
): Work<void> {
  yield* draw(random, orders.length, ({ state }) => (generator, callback) => {
    generator.orders({ state, from, size, count, orders }, callback);
  });
}

/**
 * Fills `out` like `fillNormal`. Normals whose absolute value is above `limit`, which is at least 1, are left out. If
 * the work ends early, the generator is unchanged.
 */
export function* drawNormal(
  random: RandomState,
  out: FloatArray,
  { mean = 0, deviation = 1, limit = Number.POSITIVE_INFINITY } = {},
): Work<void> {
  yield* draw(random, out.length, (inside) => (generator, callback) => {
    generator.normal({ ...inside, mean, deviation, limit, out }, callback);
  });
}

/**
 * Fills `out` (rows x cols) with a matrix whose rows, or columns if there are fewer, are orthogonal and of length
 * `gain`. If the work ends early, the generator is unchanged.
 */
export function* drawOrthogonal(
  random: RandomState,
  out: FloatArray,
  rows: number,
  cols: number,
  gain: number,
): Work<void> {
  // A number of the shorter side takes as long as some draws.
  const draws = (rows * cols * Math.min(rows, cols)) / 4;
  yield* draw(random, draws, (inside) => (generator, callback) => {
    generator.orthogonal({ ...inside, rows, cols, gain, out }, callback);
  });
}

/** Fills `out` like `fillUniform`. If the work ends early, the generator is unchanged. */
export function* drawUniform(random: RandomState, out: FloatArray, low = 0, high = 1): Work<void> {
  yield* draw(random, out.length, ({ state }) => (generator, callback) => {
    generator.uniform({ state, low, range: high - low, out }, callback);
  });
}

type Draw = (generator: NativeGenerator, callback?: Parameters<NativeCall['start']>[0]) => void;

// On another thread, draws from a copy of the state, which the generator gets when the draw has ended.
function* draw(random: RandomState, numbers: number, drawFrom: (state: NativeState) => Draw): Work<void> {
  const inside = insideOf(random);
  let copy: NativeState | undefined;
  const generator = generators.take();
  try {
    yield {
      object: generator,
      start: (callback) => {
        if (callback !== undefined) copy = { state: inside.state.slice(), spare: inside.spare.slice() };
        drawFrom(copy ?? inside)(generator, callback);
      },
      brief: numbers <= briefDraws,
    };
  } finally {
    generators.giveBack(generator);
  }
  if (copy === undefined) return;
  inside.state.set(copy.state);
  inside.spare.set(copy.spare);
}

function drawHere(start: Draw): void {
  const generator = generators.take();
  try {
    start(generator);
  } finally {
    generators.giveBack(generator);
  }
}

/** A seed from the system's entropy. A caller that keeps it can repeat its run. */
export function freshSeed(): number {
  return nodeCrypto().randomInt(2 ** 32);
}

// The next 624 words from the last, in place.
function twist(key: Uint32Array): void {
  for (let i = 0; i < words; i++) {
    const next = key[i + 1 < words ? i + 1 : 0] as number;
    const ahead = key[i + lead < words ? i + lead : i + lead - words] as number;
    const mixed = ((key[i] as number) & 0x80000000) | (next & 0x7fffffff);
    key[i] = ahead ^ (mixed >>> 1) ^ (-(mixed & 1) & 0x9908b0df);
  }
}

function checkBounds(low: number, high: number): void {
  check('low', low, finite);
  check('high', high, finite);
  check('high - low', high - low, atLeast(0));
}

function checkMoments(mean: number, std: number): void {
  check('mean', mean, finite);
  check('std', std, atLeast(0));
}

const floatArray: Constraint = { rule: 'a Float64Array or Float32Array', accepts: isFloatArray };

const shuffleable: Constraint = {
  rule: 'an array or a typed array',
  accepts: (value) => Array.isArray(value) || kindOf(value) !== undefined,
};

const stateConstraints: Readonly<Record<keyof GeneratorState, Constraint>> = {
  key: {
    rule: `a Uint32Array of ${words} words, not all zero`,
    accepts: isUint32,
    holds: (key: Uint32Array) => lengthOf(key) === words && !isStuck(key),
  },
  position: integerBetween(0, words),
  spareNormal: {
    rule: 'a finite number or null',
    accepts: (value) => value === null || typeof value === 'number',
    holds: (value: number | null) => value === null || Number.isFinite(value),
  },
};

// Only the highest bit of the first word counts. If that bit and all other words are zero, all later words are zero,
// and randn() would never end.
function isStuck(key: Uint32Array): boolean {
  return (key[0] as number) < 0x80000000 && key.every((word, i) => i === 0 || word === 0);
}
