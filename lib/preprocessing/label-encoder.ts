import { decideClasses, encodeClasses } from '../addon/rows';
import {
  type AsyncOptions,
  asyncConstraints,
  inSlices,
  pinnedWork,
  readInSlices,
  type Work,
  workElsewhere,
  workHere,
} from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { type Dtype, dtypeName, type FloatArray, Matrix, matrixOf } from '../base/matrix';
import { rowsInput } from '../base/matrix-input';
import { newArray, newSharedArray } from '../base/memory';
import { countOf, type NumbersLike } from '../base/number-kinds';
import { checkBuffer } from '../base/pinning';
import {
  anything,
  boolean,
  check,
  checkNames,
  checkObject,
  checkOptions,
  finite,
  integerBetween,
  optional,
} from '../base/validate';
import {
  checkList,
  classNumbers,
  isArrayLike,
  type KnownClasses,
  knownClasses,
  type Label,
  learnClasses,
  namesOf,
  statedClasses,
} from './class-names';

export type { Label } from './class-names';

type LabelArray<T extends Label> = readonly T[] | (T extends number ? ArrayLike<number> : never);

/** The JSON of a fitted encoder. */
export interface LabelEncoderJSON {
  readonly name: 'labelEncoder';
  readonly version: 1;
  readonly classes: readonly Label[];
  /** Whether the classes were stated. They need not be in ascending order then. */
  readonly stated?: true;
}

export interface LabelEncoderOptions<T extends Label = Label> {
  /**
   * The classes, in the order of their numbers: for labels that come in parts, of which one may lack a class. At least
   * one, each once, all strings or all numbers. @default `fit` learns the classes, and puts them in ascending order
   */
  readonly classes?: readonly T[];
}

export interface DecodeOptions {
  /**
   * If two classes share one column of outputs: an output above this means the second class. Use 0 with `signs`.
   * @default 0.5, for `binary`
   */
  readonly threshold?: number;
}

const decodeConstraints = { threshold: optional(finite) };

/** The options of the asynchronous methods that make labels. */
export interface EncodeAsyncOptions extends AsyncOptions {
  /** The dtype of the labels. @default 'float64' */
  readonly dtype?: Dtype;
}

export interface DecodeAsyncOptions extends DecodeOptions, AsyncOptions {}

/**
 * Converts class names to the numbers that networks learn, and back. The classes are in ascending order, strings by
 * their code points, like in scikit-learn's `LabelEncoder`, unless they are stated: see `LabelEncoderOptions`. `oneHot` and `signs` are its `LabelBinarizer`.
 *
 *     const classes = labelEncoder().fit(['cat', 'dog', 'cow']);
 *     const Y = classes.oneHot(['dog', 'dog', 'cat']);       // (3, 3)
 *     classes.decode(await net.predict(X));                  // ['dog', ...]
 *
 * Each method has an asynchronous twin, which takes `signal`, `threads` and `priority`. Names are JavaScript values, so the calling
 * thread reads them in either form: the twin does so in slices of some milliseconds, and the event loop turns between
 * them. Until the promise settles, do not change the labels.
 */
export class LabelEncoder<T extends Label = Label> {
  #known: KnownClasses | undefined;
  readonly #stated: boolean;

  /** @internal Use `labelEncoder`. */
  constructor(known?: KnownClasses, stated = false) {
    this.#known = known;
    this.#stated = stated;
  }

  /**
   * Makes an encoder from the result of `toJSON`. Everything in it is checked.
   *
   * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE,
   *   ERR_BLASNET_SHAPE
   */
  static fromJSON(value: unknown): LabelEncoder {
    return workHere(LabelEncoder.fromJSONWork(value));
  }

  /** @internal Does the work of `fromJSON`. */
  static *fromJSONWork(value: unknown): Work<LabelEncoder> {
    checkObject('labelEncoder', value);
    checkNames('labelEncoder', value, ['name', 'version', 'classes', 'stated']);
    if (value.name !== 'labelEncoder') {
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'labelEncoder.name', "'labelEncoder'", value.name);
    }
    if (value.version !== 1) {
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'labelEncoder.version', '1', value.version);
    }
    check('labelEncoder.stated', value.stated, optional(boolean));
    const stated = value.stated === true;
    const read = stated ? statedClasses : knownClasses;
    return new LabelEncoder(yield* read('labelEncoder.classes', value.classes), stated);
  }

  /** Whether the encoder knows its classes. */
  get fitted(): boolean {
    return this.#known !== undefined;
  }

  /** The classes in the order of their numbers. @throws Error ERR_BLASNET_NOT_FITTED */
  get classes(): readonly T[] {
    return this.#learned().classes as readonly T[];
  }

  /**
   * Learns the classes from labels. A second call replaces the classes of the first. An error changes nothing. If the
   * classes are stated, they stay, and `fit` only checks that the labels are among them.
   *
   * @throws TypeError ERR_BLASNET_ARG_TYPE; RangeError ERR_BLASNET_SHAPE, ERR_BLASNET_NOT_FINITE,
   *   ERR_BLASNET_ARG_VALUE for a label that is none of the stated classes
   */
  fit<U extends T>(labels: LabelArray<U>): LabelEncoder<Widened<U>> {
    workHere(this.fitWork(labels));
    return this as unknown as LabelEncoder<Widened<U>>;
  }

  /** Like `fit`, without blocking the calling thread. @throws like fit(); AbortError */
  async fitAsync<U extends T>(
    labels: LabelArray<U>,
    options: AsyncOptions = {},
  ): Promise<LabelEncoder<Widened<U>>> {
    checkOptions('', options, asyncConstraints);
    await workElsewhere(this.fitWork(labels), options);
    return this as unknown as LabelEncoder<Widened<U>>;
  }

  /** @internal Learns the classes from labels. */
  *fitWork(labels: unknown): Work<void> {
    if (this.#stated) {
      yield* this.#indices(labels);
      return;
    }
    this.#known = yield* learnClasses('labels', labels);
  }

  /** Returns an encoder of its own, which knows the classes that this one knows by now. */
  copy(): LabelEncoder<T> {
    return new LabelEncoder<T>(this.#known, this.#stated);
  }

  /** @internal Forgets what it learned from data that were refused later. */
  forget(): void {
    this.#known = undefined;
  }

  /**
   * Returns the index of each label's class, from 0.
   *
   * @throws RangeError ERR_BLASNET_ARG_VALUE for an unknown label; like fit()
   */
  indices(labels: LabelArray<T>): Int32Array {
    return workHere(this.#indices(labels));
  }

  /** Like `indices`, without blocking the calling thread. @throws like indices(); AbortError */
  async indicesAsync(labels: LabelArray<T>, options: AsyncOptions = {}): Promise<Int32Array> {
    checkOptions('', options, asyncConstraints);
    return workElsewhere(this.#indices(labels), options);
  }

  /**
   * Returns one row for each label, (m, classes): 1 in the column of its class, 0 elsewhere. For a softmax output.
   *
   * @throws like indices()
   */
  oneHot(labels: LabelArray<T>, dtype: Dtype = 'float64'): Matrix {
    return workHere(this.#columns(labels, dtype, 'oneHot'));
  }

  /** Like `oneHot`, without blocking the calling thread. @throws like oneHot(); AbortError */
  async oneHotAsync(labels: LabelArray<T>, options: EncodeAsyncOptions = {}): Promise<Matrix> {
    return this.#columnsAsync(labels, options, 'oneHot');
  }

  /**
   * Returns one column, (m, 1): 1 for the second of two classes, 0 for the first. For a sigmoid output.
   *
   * @throws like indices(); RangeError ERR_BLASNET_SHAPE unless there are two classes
   */
  binary(labels: LabelArray<T>, dtype: Dtype = 'float64'): Matrix {
    return workHere(this.#columns(labels, dtype, 'binary'));
  }

  /** Like `binary`, without blocking the calling thread. @throws like binary(); AbortError */
  async binaryAsync(labels: LabelArray<T>, options: EncodeAsyncOptions = {}): Promise<Matrix> {
    return this.#columnsAsync(labels, options, 'binary');
  }

  /**
   * Like `oneHot`, but with -1 instead of 0. Two classes share one column, (m, 1). For a tanh or linear output.
   *
   * @throws like indices()
   */
  signs(labels: LabelArray<T>, dtype: Dtype = 'float64'): Matrix {
    return workHere(this.#columns(labels, dtype, 'signs'));
  }

  /** Like `signs`, without blocking the calling thread. @throws like signs(); AbortError */
  async signsAsync(labels: LabelArray<T>, options: EncodeAsyncOptions = {}): Promise<Matrix> {
    return this.#columnsAsync(labels, options, 'signs');
  }

  /**
   * Returns the class names of indices, or of a network's outputs (m, classes). The largest output of a row decides; of
   * equal ones, the first. For two classes, outputs may be (m, 1): see `DecodeOptions`.
   *
   * @throws Error ERR_BLASNET_NOT_FITTED; TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_DETACHED; RangeError
   *   ERR_BLASNET_SHAPE, ERR_BLASNET_ARG_VALUE, ERR_BLASNET_NOT_FINITE
   */
  decode(outputs: Matrix | ArrayLike<number> | readonly NumbersLike[], options: DecodeOptions = {}): T[] {
    checkOptions('', options, decodeConstraints);
    return workHere(this.decodeWork(outputs, options.threshold));
  }

  /** Like `decode`, without blocking the calling thread. @throws like decode(); AbortError */
  async decodeAsync(
    outputs: Matrix | ArrayLike<number> | readonly NumbersLike[],
    options: DecodeAsyncOptions = {},
  ): Promise<T[]> {
    checkOptions('', options, { ...decodeConstraints, ...asyncConstraints });
    const matrix = matrixOf('outputs', outputs);
    const arrays = matrix === undefined ? [] : [matrix.data];
    return pinnedWork(this.decodeWork(matrix ?? outputs, options.threshold), arrays, options);
  }

  /** @internal The class names of outputs or indices. */
  *decodeWork(outputs: Matrix | ArrayLike<number> | readonly NumbersLike[], threshold = 0.5): Work<T[]> {
    const { classes } = this;
    const matrix = matrixOf('outputs', outputs);
    if (matrix !== undefined) {
      return yield* namesOf(yield* decided(matrix, classes.length, threshold), classes);
    }
    if (!isArrayLike(outputs)) {
      const rule = 'a Matrix, an array of rows or an array of indices';
      throw argumentError('ERR_BLASNET_ARG_TYPE', 'outputs', rule, outputs);
    }
    if (Array.isArray(outputs) && isArrayLike(outputs[0])) {
      const rows = rowsInput('outputs', outputs, 'float64');
      if (rows.unread !== undefined) yield* readInSlices(rows.unread);
      return yield* namesOf(yield* decided(rows.matrix, classes.length, threshold), classes);
    }
    return yield* namesOf(yield* checkedIndices(outputs, classes.length - 1), classes);
  }

  /** The classes, as plain JSON. @throws Error ERR_BLASNET_NOT_FITTED */
  toJSON(): LabelEncoderJSON {
    const classes = [...this.classes];
    return { name: 'labelEncoder', version: 1, classes, ...(this.#stated && { stated: true }) };
  }

  /** @internal Writes the index of each label's class to `out`. */
  *indicesWork(labels: unknown, out: Int32Array): Work<void> {
    yield* classNumbers(labels, this.#learned(), out);
  }

  /** @internal Writes labels to `out` (m, cols): 1 for a row's class, otherwise `off`. See `encodeClasses`. */
  *columnsWork(labels: unknown, cols: number, off: number, out: FloatArray): Work<void> {
    const known = this.#learned();
    const rows = out.length / cols;
    const numbers = newSharedArray(Int32Array, rows);
    yield* classNumbers(labels, known, numbers);
    yield* encodeClasses({ numbers, rows, classes: known.classes.length, cols, off, on: 1, out });
  }

  *#indices(labels: unknown): Work<Int32Array> {
    const known = this.#learned();
    const out = newArray(Int32Array, checkList('labels', labels).length);
    yield* classNumbers(labels, known, out);
    return out;
  }

  *#columns(labels: unknown, dtype: Dtype, form: Form): Work<Matrix> {
    const { length } = this.classes;
    if (form === 'binary' && length !== 2) {
      throw blasnetError(
        'ERR_BLASNET_SHAPE',
        `Expected binary to be used with 2 classes, got ${length}; oneHot takes any number`,
      );
    }
    check('dtype', dtype, dtypeName, 'ERR_BLASNET_UNKNOWN_NAME');
    const cols = form === 'oneHot' || length !== 2 ? length : 1;
    const out = Matrix.zeros(checkList('labels', labels).length, cols, dtype);
    yield* this.columnsWork(labels, cols, form === 'signs' ? -1 : 0, out.data);
    return out;
  }

  async #columnsAsync(labels: unknown, options: EncodeAsyncOptions, form: Form): Promise<Matrix> {
    checkOptions('', options, { ...asyncConstraints, dtype: optional(dtypeName) });
    const { dtype = 'float64', ...rest } = options;
    return workElsewhere(this.#columns(labels, dtype, form), rest);
  }

  #learned(): KnownClasses {
    if (this.#known !== undefined) return this.#known;
    throw blasnetError('ERR_BLASNET_NOT_FITTED', 'Expected fit to be called before the encoder is used');
  }
}

type Form = 'oneHot' | 'binary' | 'signs';

type Widened<T extends Label> = T extends string ? string : number;

/**
 * Makes an encoder of class names, which learns the classes in `fit`, or has stated ones: see `LabelEncoder`.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE for a class that
 *   comes twice, ERR_BLASNET_SHAPE for no class, ERR_BLASNET_NOT_FINITE
 */
export function labelEncoder<T extends Label>(
  options: LabelEncoderOptions<T> = {},
): LabelEncoder<Widened<T>> {
  checkOptions('', options, { classes: anything });
  const { classes } = options;
  if (classes === undefined) return new LabelEncoder();
  return new LabelEncoder(workHere(statedClasses('classes', classes)), true);
}

// The class numbers of outputs (m, classes), or (m, 1) for two classes.
function* decided({ data: outputs, rows, cols }: Matrix, classes: number, least: number): Work<Int32Array> {
  const threshold = cols === 1 && classes === 2 ? least : null;
  if (threshold === null && cols !== classes) {
    const or = classes === 2 ? ' or 1' : '';
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected outputs to have ${classes}${or} columns, one for each class, got ${cols}`,
    );
  }
  checkBuffer('outputs', outputs);
  const numbers = newSharedArray(Int32Array, rows);
  const bad = yield* decideClasses({ outputs, rows, cols, threshold, numbers });
  if (bad === undefined) return numbers;
  const place = `row ${Math.floor(bad / cols)}, column ${bad % cols}`;
  throw blasnetError('ERR_BLASNET_NOT_FINITE', `Expected outputs to hold numbers, got NaN at ${place}`);
}

function* checkedIndices(outputs: ArrayLike<unknown>, most: number): Work<Int32Array> {
  const numbers = newArray(Int32Array, countOf(outputs));
  yield* inSlices(numbers.length, (from, to) => {
    for (let i = from; i < to; i++) {
      const index = outputs[i] as number;
      if (!(Number.isInteger(index) && index >= 0 && index <= most)) {
        check(`outputs[${i}]`, index, integerBetween(0, most));
      }
      numbers[i] = index;
    }
  });
  return numbers;
}
