/**
 * Arithmetic on pairs of float64 whose sum is the value: about 106 bits, so that references for float64
 * kernels are right far beyond the last bit. The algorithms are Dekker's and Knuth's (T. J. Dekker, "A
 * floating-point technique for extending the available precision", 1971). Arguments must be below 2^500.
 */
export type Pair = readonly [high: number, low: number];

// log(2) to 106 bits
const ln2: Pair = [Math.LN2, 2.3190468138462996e-17];

// 1 / sqrt(2 pi) to 106 bits
export const inverseRootOf2Pi: Pair = [0.3989422804014327, -2.49232720227773e-17];

export function pair(x: number): Pair {
  return [x, 0];
}

export function add([a, aLow]: Pair, [b, bLow]: Pair): Pair {
  const [sum, error] = exactSum(a, b);
  return quickSum(sum, error + aLow + bLow);
}

export function negate([high, low]: Pair): Pair {
  return [-high, -low];
}

export function multiply([a, aLow]: Pair, [b, bLow]: Pair): Pair {
  const [product, error] = exactProduct(a, b);
  return quickSum(product, error + (a * bLow + aLow * b));
}

export function divide(a: Pair, b: Pair): Pair {
  const first = a[0] / b[0];
  const rest = add(a, negate(multiply(b, pair(first))));
  const second = rest[0] / b[0];
  const last = add(rest, negate(multiply(b, pair(second))));
  return add(quickSum(first, second), pair(last[0] / b[0]));
}

/** exp(x) * 2^scale, for |x| up to 745. The scale keeps results precise that would be subnormal. */
export function exp(x: Pair, scale = 0): Pair {
  const halvings = Math.round(x[0] / ln2[0]);
  const [high, low] = add(expm1Near0(add(x, negate(multiply(pair(halvings), ln2)))), pair(1));
  // In two steps, because 2^1024 is not a float64.
  const half = Math.trunc((halvings + scale) / 2);
  const rest = halvings + scale - half;
  return [high * 2 ** half * 2 ** rest, low * 2 ** half * 2 ** rest];
}

/** exp(x) - 1, also precise around 0. */
export function expm1(x: Pair): Pair {
  return Math.abs(x[0]) < 0.4 ? expm1Near0(x) : add(exp(x), pair(-1));
}

/** log(1 + x) for x >= 0, by one step of Newton from the float64 result, which doubles its digits. */
export function log1p(x: Pair): Pair {
  const near = pair(Math.log1p(x[0]));
  const excess = expm1(near);
  return add(near, divide(add(x, negate(excess)), add(excess, pair(1))));
}

/** log(x) for x > 0. */
export function log(x: Pair): Pair {
  // 1 / x would be above 2^500.
  if (x[0] < 2 ** -500) return add(log(multiply(x, pair(2 ** 700))), multiply(pair(-700), ln2));
  const near = pair(Math.log(x[0]));
  return add(near, add(multiply(x, exp(negate(near))), pair(-1)));
}

/**
 * The probability that a standard normal variable is above t, times 2^scale, for t >= 0. Below 5, it sums the
 * series of the integral from 0, whose cancellation leaves 80 bits; above, it uses Laplace's continued
 * fraction.
 */
export function normalTail(t: Pair, scale = 0): Pair {
  const square = multiply(t, t);
  const density = multiply(exp(multiply(square, pair(-0.5)), scale), inverseRootOf2Pi);
  if (t[0] < 5) {
    let term = t;
    let sum = t;
    for (let k = 3; k < 160; k += 2) {
      term = divide(multiply(term, square), pair(k));
      sum = add(sum, term);
    }
    return add(pair(2 ** scale / 2), negate(multiply(density, sum)));
  }
  let fraction = t;
  for (let k = 60; k >= 1; k--) fraction = add(t, divide(pair(k), fraction));
  return divide(density, fraction);
}

// The series of exp(x / 8) - 1, then (1 + p)^2 - 1 = p (2 + p) three times.
function expm1Near0(x: Pair): Pair {
  const eighth = multiply(x, pair(1 / 8));
  let sum = pair(0);
  for (let n = 18; n >= 1; n--) sum = divide(multiply(eighth, add(sum, pair(1))), pair(n));
  for (let i = 0; i < 3; i++) sum = multiply(sum, add(sum, pair(2)));
  return sum;
}

function exactSum(a: number, b: number): Pair {
  const sum = a + b;
  const bPart = sum - a;
  return [sum, a - (sum - bPart) + (b - bPart)];
}

// |a| >= |b|
function quickSum(a: number, b: number): Pair {
  const sum = a + b;
  return [sum, b - (sum - a)];
}

function exactProduct(a: number, b: number): Pair {
  const product = a * b;
  const [aHigh, aLow] = split(a);
  const [bHigh, bLow] = split(b);
  return [product, aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow];
}

// Splits a number into two halves of 26 bits.
function split(a: number): Pair {
  const factor = (2 ** 27 + 1) * a;
  const high = factor - (factor - a);
  return [high, a - high];
}
