import { argumentError, blasnetError } from '../base/errors';
import { allocate, type Dtype, dtypeName, Matrix } from '../base/matrix';
import {
  check,
  checkNames,
  checkObject,
  checkOptions,
  finite,
  integerBetween,
  optional,
} from '../base/validate';

/** The name of a class. A set of labels has strings or numbers, not both. */
export type Label = string | number;

type LabelArray<T extends Label> = readonly T[] | (T extends number ? ArrayLike<number> : never);

/** The JSON of a fitted encoder. */
export interface LabelEncoderJSON {
  readonly name: 'labelEncoder';
  readonly version: 1;
  readonly classes: readonly Label[];
}

export interface DecodeOptions {
  /**
   * If two classes share one column of outputs: an output above this means the second class. Use 0 with `signs`.
   * @default 0.5, for `binary`
   */
  readonly threshold?: number;
}

// Far more classes than a network learns in practice.
const mostClasses = 2 ** 20;

/**
 * Converts class names to the numbers that networks learn, and back. The classes are in ascending order, strings by
 * their code points, like in scikit-learn's `LabelEncoder`. `oneHot` and `signs` are its `LabelBinarizer`.
 *
 *     const classes = labelEncoder().fit(['cat', 'dog', 'cow']);
 *     const Y = classes.oneHot(['dog', 'dog', 'cat']);       // (3, 3)
 *     classes.decode(await net.predict(X));                  // ['dog', ...]
 */
export class LabelEncoder<T extends Label = Label> {
  #classes: readonly T[] | undefined;
  #places: ReadonlyMap<Label, number> = new Map();

  /**
   * Makes an encoder from the result of `toJSON`. Everything in it is checked.
   *
   * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE,
   *   ERR_BLASNET_SHAPE
   */
  static fromJSON(value: unknown): LabelEncoder {
    checkObject('labelEncoder', value);
    checkNames('labelEncoder', value, ['name', 'version', 'classes']);
    if (value.name !== 'labelEncoder') {
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'labelEncoder.name', "'labelEncoder'", value.name);
    }
    if (value.version !== 1) {
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'labelEncoder.version', '1', value.version);
    }
    const classes = checkLabels('labelEncoder.classes', value.classes);
    for (let i = 1; i < classes.length; i++) {
      if (compare(classes[i - 1] as Label, classes[i] as Label) >= 0) {
        const rule = 'greater than the class before it';
        throw argumentError('ERR_BLASNET_ARG_VALUE', `labelEncoder.classes[${i}]`, rule, classes[i]);
      }
    }
    const encoder = new LabelEncoder();
    encoder.#learn(classes);
    return encoder;
  }

  /** Whether the encoder knows its classes. */
  get fitted(): boolean {
    return this.#classes !== undefined;
  }

  /** The classes in ascending order. @throws Error ERR_BLASNET_NOT_FITTED */
  get classes(): readonly T[] {
    if (this.#classes !== undefined) return this.#classes;
    throw blasnetError('ERR_BLASNET_NOT_FITTED', 'Expected fit to be called before the encoder is used');
  }

  /**
   * Learns the classes from labels. A second call replaces the classes of the first.
   *
   * @throws TypeError ERR_BLASNET_ARG_TYPE; RangeError ERR_BLASNET_SHAPE, ERR_BLASNET_NOT_FINITE
   */
  fit<U extends T>(labels: LabelArray<U>): LabelEncoder<Widened<U>> {
    const distinct = [...new Set(checkLabels('labels', labels))];
    if (distinct.length > mostClasses) {
      throw blasnetError(
        'ERR_BLASNET_SHAPE',
        `Expected labels to have at most ${mostClasses} classes, got ${distinct.length}`,
      );
    }
    this.#learn(distinct.sort(compare) as T[]);
    return this as unknown as LabelEncoder<Widened<U>>;
  }

  /** @internal Forgets what it learned from data that were refused later. */
  forget(): void {
    this.#classes = undefined;
    this.#places = new Map();
  }

  /**
   * Returns the index of each label's class, from 0.
   *
   * @throws RangeError ERR_BLASNET_ARG_VALUE for an unknown label; like fit()
   */
  indices(labels: LabelArray<T>): Int32Array {
    const { classes } = this;
    const checked = checkLabels('labels', labels);
    return Int32Array.from(checked, (label, i) => {
      const place = this.#places.get(label);
      if (place !== undefined) return place;
      const some = classes.slice(0, 10).map((name) => JSON.stringify(name));
      const rule = `one of the classes ${some.join(', ')}${classes.length > 10 ? ', ...' : ''}`;
      throw argumentError('ERR_BLASNET_ARG_VALUE', `labels[${i}]`, rule, label);
    });
  }

  /**
   * Returns one row for each label, (m, classes): 1 in the column of its class, 0 elsewhere. For a softmax output.
   *
   * @throws like indices()
   */
  oneHot(labels: LabelArray<T>, dtype: Dtype = 'float64'): Matrix {
    return this.#columns(labels, dtype, this.classes.length, 0);
  }

  /**
   * Returns one column, (m, 1): 1 for the second of two classes, 0 for the first. For a sigmoid output.
   *
   * @throws like indices(); RangeError ERR_BLASNET_SHAPE unless there are two classes
   */
  binary(labels: LabelArray<T>, dtype: Dtype = 'float64'): Matrix {
    if (this.classes.length !== 2) {
      throw blasnetError(
        'ERR_BLASNET_SHAPE',
        `Expected binary to be used with 2 classes, got ${this.classes.length}; oneHot takes any number`,
      );
    }
    return this.#columns(labels, dtype, 1, 0);
  }

  /**
   * Like `oneHot`, but with -1 instead of 0. Two classes share one column, (m, 1). For a tanh or linear output.
   *
   * @throws like indices()
   */
  signs(labels: LabelArray<T>, dtype: Dtype = 'float64'): Matrix {
    const { length } = this.classes;
    return this.#columns(labels, dtype, length === 2 ? 1 : length, -1);
  }

  /**
   * Returns the class names of indices, or of a network's outputs (m, classes). The largest output of a row decides; of
   * equal ones, the first. For two classes, outputs may be (m, 1): see `DecodeOptions`.
   *
   * @throws Error ERR_BLASNET_NOT_FITTED; TypeError ERR_BLASNET_ARG_TYPE; RangeError ERR_BLASNET_SHAPE,
   *   ERR_BLASNET_ARG_VALUE, ERR_BLASNET_NOT_FINITE
   */
  decode(outputs: Matrix | ArrayLike<number>, options: DecodeOptions = {}): T[] {
    checkOptions('', options, { threshold: optional(finite) });
    const { classes } = this;
    if (outputs instanceof Matrix) return decodeRows(outputs, classes, options.threshold ?? 0.5);
    if (!isArrayLike(outputs)) {
      throw argumentError('ERR_BLASNET_ARG_TYPE', 'outputs', 'a Matrix or an array of indices', outputs);
    }
    const most = classes.length - 1;
    return Array.from(outputs, (index, i) => {
      check(`outputs[${i}]`, index, integerBetween(0, most));
      return classes[index] as T;
    });
  }

  /** The classes, as plain JSON. @throws Error ERR_BLASNET_NOT_FITTED */
  toJSON(): LabelEncoderJSON {
    return { name: 'labelEncoder', version: 1, classes: [...this.classes] };
  }

  #learn(classes: readonly Label[]): void {
    this.#classes = Object.freeze([...classes]) as readonly T[];
    this.#places = new Map(classes.map((label, place) => [label, place]));
  }

  #columns(labels: LabelArray<T>, dtype: Dtype, cols: number, off: number): Matrix {
    check('dtype', dtype, dtypeName, 'ERR_BLASNET_UNKNOWN_NAME');
    const indices = this.indices(labels);
    const data = allocate(indices.length * cols, dtype);
    if (off !== 0) data.fill(off);
    for (const [row, index] of indices.entries()) {
      if (cols > 1 || this.classes.length === 1) data[row * cols + index] = 1;
      else if (index === 1) data[row] = 1;
    }
    return new Matrix(data, indices.length, cols);
  }
}

type Widened<T extends Label> = T extends string ? string : number;

/** Makes an encoder of class names that is not fitted yet: see `LabelEncoder`. */
export function labelEncoder(): LabelEncoder {
  return new LabelEncoder();
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function checkLabels(name: string, labels: unknown): Label[] {
  if (!isArrayLike(labels)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'an array of strings or of numbers', labels);
  }
  if (labels.length === 0) throw argumentError('ERR_BLASNET_SHAPE', name, 'a non-empty array', labels);
  const kind = typeof labels[0];
  return Array.from(labels, (label, i) => {
    const where = `${name}[${i}]`;
    if (typeof label !== 'string' && typeof label !== 'number') {
      throw argumentError('ERR_BLASNET_ARG_TYPE', where, 'a string or a number', label);
    }
    if (typeof label !== kind)
      throw argumentError('ERR_BLASNET_ARG_TYPE', where, `a ${kind} like ${name}[0]`, label);
    if (typeof label === 'string') return label;
    if (!Number.isFinite(label)) {
      throw argumentError('ERR_BLASNET_NOT_FINITE', where, 'a string or a finite number', label);
    }
    return label + 0;
  });
}

function decodeRows<T>({ data, rows, cols }: Matrix, classes: readonly T[], threshold: number): T[] {
  const single = cols === 1 && classes.length === 2;
  if (!single && cols !== classes.length) {
    const or = classes.length === 2 ? ' or 1' : '';
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected outputs to have ${classes.length}${or} columns, one for each class, got ${cols}`,
    );
  }
  return Array.from({ length: rows }, (_, row) => {
    let best = 0;
    for (let c = 0; c < cols; c++) {
      const value = data[row * cols + c] as number;
      if (Number.isNaN(value)) {
        throw blasnetError(
          'ERR_BLASNET_NOT_FINITE',
          `Expected outputs to hold numbers, got NaN at row ${row}, column ${c}`,
        );
      }
      if (value > (data[row * cols + best] as number)) best = c;
    }
    return classes[single ? Number((data[row] as number) > threshold) : best] as T;
  });
}

// JavaScript orders strings by UTF-16 units, which puts some characters of the BMP after those beyond it.
function compare(a: Label, b: Label): number {
  if (typeof a === 'number' || typeof b === 'number') return Number(a) - Number(b);
  const [left, right] = [a[Symbol.iterator](), b[Symbol.iterator]()];
  for (;;) {
    const [x, y] = [left.next(), right.next()];
    if (x.done || y.done) return Number(!x.done) - Number(!y.done);
    const difference = (x.value.codePointAt(0) as number) - (y.value.codePointAt(0) as number);
    if (difference !== 0) return difference;
  }
}
