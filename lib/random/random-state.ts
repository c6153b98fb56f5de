import { native } from '../addon/binding';
import { nodeCrypto } from '../base/lazy-modules';
import { type FloatArray, isFloatArray } from '../base/matrix';
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

/**
 * A generator of random numbers that equals NumPy's `np.random.RandomState(seed)` bit for bit. It is the Mersenne
 * Twister MT19937 (Matsumoto and Nishimura, 1998), seeded by Knuth's 32-bit recurrence. Doubles, normals and
 * permutations come from its words as in NumPy's legacy generator. Use it for simulation and training, never for
 * secrets.
 */
export class RandomState {
  readonly #key = new Uint32Array(words);
  #position = words;
  #spareNormal: number | null = null;

  /**
   * @param seed an integer from 0 to 2^32 - 1. @default a new one from the system's entropy
   * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE
   */
  constructor(seed: number = freshSeed()) {
    check('seed', seed, seedConstraint);
    const key = this.#key;
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
    for (let i = 0; i < out.length; i++) out[i] = low + (high - low) * this.random();
  }

  /**
   * Returns a standard normal number, by Marsaglia's polar form of the Box-Muller method. The method makes two numbers
   * at a time; the second is kept for the next call.
   */
  randn(): number {
    const spare = this.#spareNormal;
    if (spare !== null) {
      this.#spareNormal = null;
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
    this.#spareNormal = f * x1;
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
    for (let i = 0; i < out.length; i++) out[i] = mean + std * this.randn();
  }

  /**
   * Returns the numbers 0 to n - 1 in a random order.
   *
   * @param n an integer from 0 to 2^32 - 1
   * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE
   */
  permutation(n: number): Uint32Array<ArrayBuffer> {
    check('n', n, integerBetween(0, 0xffffffff));
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    this.#shuffleWords(order);
    return order;
  }

  /**
   * Puts an array into a random order, in place.
   *
   * @throws TypeError ERR_BLASNET_ARG_TYPE unless it is an array or a typed array
   */
  shuffle(array: Shuffleable): void {
    check('array', array, shuffleable);
    if (array instanceof Uint32Array) {
      this.#shuffleWords(array);
      return;
    }
    const order = this.permutation(array.length);
    const values = Array.from(array);
    for (let i = 0; i < values.length; i++) array[i] = values[order[i] as number];
  }

  /** Returns a copy of the generator's state. */
  getState(): GeneratorState {
    return { key: this.#key.slice(), position: this.#position, spareNormal: this.#spareNormal };
  }

  /**
   * Continues from a state that `getState` returned. If it throws, this generator is unchanged.
   *
   * @throws TypeError ERR_BLASNET_ARG_TYPE or ERR_BLASNET_UNKNOWN_OPTION, RangeError ERR_BLASNET_ARG_VALUE
   */
  setState(state: GeneratorState): void {
    checkOptions('state', state, stateConstraints);
    this.#key.set(state.key);
    this.#position = state.position;
    this.#spareNormal = state.spareNormal;
  }

  // 32 random bits, as a signed integer.
  #next(): number {
    if (this.#position === words) {
      twist(this.#key);
      this.#position = 0;
    }
    let word = this.#key[this.#position++] as number;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return word ^ (word >>> 18);
  }

  // The Fisher-Yates shuffle, from the end. Every shuffle uses this loop, with one type of array: that is seven times
  // faster than a loop that has seen several types.
  #shuffleWords(array: Uint32Array): void {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.#upTo(i);
      const word = array[i] as number;
      array[i] = array[j] as number;
      array[j] = word;
    }
  }

  // An integer from 0 to max. A word is cut to the bits of max, and drawn again while it is larger.
  #upTo(max: number): number {
    const mask = 0xffffffff >>> Math.clz32(max);
    let value: number;
    do {
      value = (this.#next() & mask) >>> 0;
    } while (value > max);
    return value;
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
  accepts: (value) => Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView)),
};

const stateConstraints: Readonly<Record<keyof GeneratorState, Constraint>> = {
  key: {
    rule: `a Uint32Array of ${words} words, not all zero`,
    accepts: (value) => value instanceof Uint32Array,
    holds: (key: Uint32Array) => key.length === words && !isStuck(key),
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
