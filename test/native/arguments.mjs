/**
 * Kinds of arguments of native functions and methods: right values and, for each, wrong ones that have to be refused. A
 * .mjs without types, so that a bare Node process can read it, too.
 *
 * @typedef {typeof Float64Array | typeof Float32Array} Float
 * @typedef {object} Argument
 * @property {(Float: Float) => unknown} make a right value
 * @property {(Float: Float) => unknown[]} wrong values that have to be refused
 */

export const notNumbers = [null, '3', true, 3n, {}, [3], Symbol('3'), () => 3];
const notSizes = [...notNumbers, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 53, -(2 ** 31)];
export const notArrays = [null, 3, 'x', {}, [0, 0], new ArrayBuffer(800), new DataView(new ArrayBuffer(800))];
export const otherArrays = [
  new Uint8Array(800),
  new Float64Array(0),
  new BigInt64Array(100),
  new Int16Array(100),
];

/** @template {Float64Array | Float32Array | Int32Array | Uint32Array} T @param {T} array @returns {T} */
export function detached(array) {
  structuredClone(array, { transfer: [/** @type {ArrayBuffer} */ (array.buffer)] });
  return array;
}

/** @param {boolean} value @param {{ optional?: boolean }} [options] @returns {Argument} */
export const flag = (value, { optional = false } = {}) => ({
  make: () => value,
  wrong: () => [...(optional ? [] : [undefined, null]), 0, 1, 'true', {}, Symbol('x')],
});

/** The arguments of limitThreads: how many threads, and whether they have the lowest priority. */
export const limits = () => [size(2), flag(false, { optional: true })];

/** @param {number} value @returns {Argument} */
export const number = (value) => ({ make: () => value, wrong: () => [undefined, ...notNumbers] });

/** @param {number} value @returns {Argument} */
export const size = (value) => ({ make: () => value, wrong: () => [undefined, ...notSizes] });

/** A count that may exceed 32 bits. @param {number} value @returns {Argument} */
export const steps = (value) => ({
  make: () => value,
  wrong: () => [
    undefined,
    ...notSizes.filter((wrong) => typeof wrong !== 'number' || wrong < 2 ** 31),
    2 ** 54,
  ],
});

/** @param {number} value @returns {Argument} */
export const positive = (value) => ({ make: () => value, wrong: () => [undefined, 0, ...notSizes] });

/** The distance between padded rows of 3; writes would pass the end of shorter rows. @returns {Argument} */
export const padded = () => ({ make: () => 16, wrong: () => [undefined, 0, 3, 7, ...notSizes] });

/** @param {number} value @param {number} last @returns {Argument} */
export const code = (value, last) => ({ make: () => value, wrong: () => [undefined, last + 1, ...notSizes] });

/**
 * An array of the call's type. If the call takes its length (anyLength) or type (anyType) from this array, no
 * other length or type is invalid.
 *
 * @param {number} length @param {{ anyLength?: boolean, anyType?: boolean, optional?: boolean }} [but]
 * @returns {Argument}
 */
export const floats = (length, but = {}) => ({
  make: (Float) => new Float(length).fill(0.5),
  wrong: (Float) => [
    ...[...notArrays, undefined].filter((value) => !but.optional || (value !== null && value !== undefined)),
    ...otherArrays.filter((array) => !(but.anyLength && array instanceof Float64Array)),
    ...(but.anyLength ? [] : [new Float(length - 1), detached(new Float(length))]),
    ...(but.anyType ? [] : [Float === Float64Array ? new Float32Array(length) : new Float64Array(length)]),
  ],
});

/** @param {number} length @param {{ optional?: boolean, anyLength?: boolean }} [but] @returns {Argument} */
export const doubles = (length, but = {}) => {
  const { wrong } = floats(length, but);
  return { make: () => new Float64Array(length), wrong: () => wrong(Float64Array) };
};

/** @param {number[]} values @returns {Argument} */
export const order = (...values) => ({
  make: () => Uint32Array.from(values),
  wrong: () => [
    ...notArrays.filter((value) => value !== null),
    ...otherArrays,
    ...[Int32Array.from(values), Uint32Array.from(values.slice(1)), detached(Uint32Array.from(values))],
    // An index beyond the rows, first and last.
    ...[[5, ...values.slice(1)], [...values.slice(1), 5], values.map(() => 2 ** 32 - 1)].map((indices) =>
      Uint32Array.from(indices),
    ),
  ],
});

/** @param {number} length @param {boolean} [isDouble] @param {boolean} [anyLength] @returns {Argument} */
export const shared = (length, isDouble = false, anyLength = false) => {
  /** @param {Float} Float @param {number} count */
  const make = (Float, count) => {
    const buffer = new SharedArrayBuffer(count * Float.BYTES_PER_ELEMENT);
    return Float === Float64Array ? new Float64Array(buffer) : new Float32Array(buffer);
  };
  return {
    make: (Float) => make(isDouble ? Float64Array : Float, length),
    wrong: (Float) => [
      ...[undefined, ...notArrays, ...otherArrays],
      ...(anyLength ? [] : [make(isDouble ? Float64Array : Float, length - 1)]),
      new Float64Array(length), // not shared: could be detached
      new Float32Array(length),
    ],
  };
};

/** @returns {Argument} */
export const callback = () => ({
  make: () => undefined,
  wrong: () => [3, 'x', {}, [], true, Symbol('x'), new Float64Array(3)],
});

/** The invalid property of an object that `properties` made. */
export const wrongProperty = Symbol('wrong property');

/**
 * An object with these properties. Its invalid values are objects with one invalid property, and values that
 * are not objects.
 *
 * @param {Record<string, Argument>} of
 * @returns {Argument & { readonly of: Record<string, Argument> }}
 */
export const properties = (of) => {
  /** @param {Float} Float */
  const make = (Float) =>
    Object.fromEntries(Object.entries(of).map(([name, each]) => [name, each.make(Float)]));
  return {
    of,
    make,
    wrong: (Float) => [
      ...[undefined, null, 3, 'x', true, Symbol('x')],
      ...Object.entries(of).flatMap(([name, each]) =>
        each.wrong(Float).map((value) => ({ ...make(Float), [name]: value, [wrongProperty]: name })),
      ),
    ],
  };
};

/** A word of 32 bits. @param {number} value @returns {Argument} */
export const size32 = (value) => ({
  make: () => value,
  wrong: () => [undefined, ...notSizes.filter((wrong) => wrong !== 2 ** 31), 2 ** 32],
});
export const key = () => [size32(5), size32(2 ** 32 - 1)];
/** @returns {Argument} */
export const even = () => ({ make: () => 6, wrong: () => [undefined, 3, ...notSizes] });
/** @returns {Argument} */
export const rate = () => ({
  make: () => 0.5,
  wrong: () => [undefined, ...notNumbers, -0.1, 1, 7, Number.NaN],
});
/** @param {number} length @returns {Argument} */
export const words = (length) => ({
  make: () => new Uint32Array(length),
  wrong: () => [undefined, ...notArrays, ...otherArrays, new Int32Array(length), new Uint32Array(length - 1)],
});
/** Zeros on a SharedArrayBuffer. @param {number} length */
export const sharedWords = (length) => new Int32Array(new SharedArrayBuffer(4 * length));
/** Arguments for rows of 3 that are 4 apart, and for padded columns. */
export const rows = () => [
  positive(2),
  positive(3),
  { make: () => 4, wrong: () => [undefined, 0, 2, ...notSizes] },
];
export const columns = () => [positive(2), positive(3), padded()];

/**
 * Doubles, some of which must be in a range; `refused` lists invalid values by index.
 *
 * @param {number[]} values @param {Record<number, number[]>} refused
 * @param {{ anyLength?: boolean, mayBeEmpty?: boolean }} [but]
 * @returns {Argument}
 */
export const numbers = (values, refused, but = {}) => ({
  make: () => Float64Array.from(values),
  wrong: () => [
    ...[undefined, ...notArrays],
    ...otherArrays.filter((array) => !(but.mayBeEmpty && array instanceof Float64Array)),
    ...[new Float32Array(values), Int32Array.from(values)],
    // A detached array is empty.
    ...(but.mayBeEmpty ? [] : [detached(Float64Array.from(values))]),
    ...(but.anyLength ? [] : [Float64Array.from(values.slice(0, -1))]),
    ...Object.entries(refused).flatMap(([i, wrong]) =>
      wrong.map((value) => Float64Array.from(values).fill(value, Number(i), Number(i) + 1)),
    ),
  ],
});

export const noSizes = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 54, -(2 ** 31)];
/** @param {number} last */
export const noCodes = (last) => [last + 1, ...noSizes];

/** Codes of the samples. @param {(Int: typeof Int32Array, length: number) => Int32Array} [make] @returns {Argument} */
export const codes = (make = (Int, length) => new Int(length)) => ({
  make: () => make(Int32Array, 5),
  wrong: () => [
    ...[undefined, ...notArrays, ...otherArrays],
    ...[new Uint32Array(5), make(Int32Array, 4), detached(new Int32Array(5))],
  ],
});

/** @param {readonly Argument[]} list @param {Float} Float */
export function rightArguments(list, Float) {
  return list.map(({ make }) => make(Float));
}
