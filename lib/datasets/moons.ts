import { native } from '../addon/binding';
import { allocate, type Dtype, dtypeName, type FloatArray, Matrix } from '../base/matrix';
import { atLeast, boolean, checkOptions, optional, positiveInteger, seed } from '../base/validate';
import { RandomState } from '../random/random-state';
import type { Dataset } from './dataset';

export interface MoonsOptions {
  /**
   * The number of points of both moons together. If it is odd, the second moon has one more. At least 1. @default 100
   */
  readonly samples?: number;
  /** The standard deviation of the normal noise on both coordinates. At least 0. @default no noise */
  readonly noise?: number;
  /** Whether to mix the moons; otherwise the points of the first moon come first. @default true */
  readonly shuffle?: boolean;
  /** An integer from 0 to 2^32 - 1. @default a new one on every call, from the system's entropy */
  readonly seed?: number;
  /** 'float32' gives the numbers of 'float64', rounded. @default 'float64' */
  readonly dtype?: Dtype;
}

const constraints = {
  samples: optional(positiveInteger),
  noise: optional(atLeast(0)),
  shuffle: optional(boolean),
  seed: optional(seed),
  dtype: optional(dtypeName),
};

/**
 * Makes two interleaving half circles. X (samples, 2) holds the points, Y (samples, 1) the moon of each point, 0 or 1.
 *
 * The numbers are those of scikit-learn's `make_moons(n_samples, noise=..., shuffle=..., random_state=seed)`, to the
 * last bit if NumPy takes its cosines from the C library. (NumPy's AVX-512 loops can differ in the last bit.)
 *
 * @throws TypeError ERR_BLASNET_UNKNOWN_OPTION, ERR_BLASNET_ARG_TYPE
 * @throws RangeError ERR_BLASNET_ARG_VALUE, ERR_BLASNET_UNKNOWN_NAME (of a dtype)
 */
export function makeMoons(options?: MoonsOptions & { readonly dtype?: 'float64' }): Dataset<Float64Array>;
export function makeMoons(options: MoonsOptions): Dataset;
export function makeMoons(options: MoonsOptions = {}): Dataset {
  checkOptions('', options, constraints);
  const { samples = 100, noise, shuffle = true, dtype = 'float64' } = options;
  const X = Matrix.zeros(samples, 2);
  const Y = Matrix.zeros(samples, 1);
  const generator = new RandomState(options.seed);
  const order = shuffle ? generator.permutation(samples) : undefined;
  const outer = Math.floor(samples / 2);

  for (let row = 0; row < samples; row++) {
    const point = order?.[row] ?? row;
    if (point < outer) {
      const angle = halfTurn(point, outer);
      X.data[2 * row] = native.cos(angle);
      X.data[2 * row + 1] = native.sin(angle);
    } else {
      const angle = halfTurn(point - outer, samples - outer);
      X.data[2 * row] = 1 - native.cos(angle);
      X.data[2 * row + 1] = 1 - native.sin(angle) - 0.5;
      Y.data[row] = 1;
    }
  }
  if (noise !== undefined) {
    for (let i = 0; i < X.data.length; i++) X.data[i] = (X.data[i] as number) + noise * generator.randn();
  }
  return dtype === 'float64' ? { X, Y } : { X: toFloat32(X), Y: toFloat32(Y) };
}

// np.linspace(0, pi, count)[i]. It sets the last point to pi itself.
function halfTurn(i: number, count: number): number {
  if (count === 1) return 0;
  return i === count - 1 ? Math.PI : i * (Math.PI / (count - 1));
}

function toFloat32({ data, rows, cols }: Matrix): Matrix {
  const rounded: FloatArray = allocate(data.length, 'float32');
  rounded.set(data);
  return new Matrix(rounded, rows, cols);
}
