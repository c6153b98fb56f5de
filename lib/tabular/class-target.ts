// A column of classes, as the target of a Classifier.

import { inSlices, type Work } from '../addon/work';
import { argumentError, type BlasnetError, blasnetError } from '../base/errors';
import { newSharedArray } from '../base/memory';
import { cellError } from '../tables/build';
import type { Column } from '../tables/column';

/** The name of a class: the text, number or truth value that the target's column has. */
export type ClassName = string | number | boolean;

/** The classes of a column, in the order of their numbers. */
export interface ClassTarget {
  readonly name: string;
  readonly classes: readonly ClassName[];
  /**
   * The temperature that the logits are divided by; undefined without calibration. The weights of the network's output
   * layer have it in them.
   */
  readonly temperature?: number;
}

/** The class number of a row whose target is missing. */
export const noClass = -1;

/**
 * Learns the classes of a column, in ascending order.
 *
 * @param positive the class of two that becomes the second one
 * @throws TypeError or RangeError that names the column for one class alone, numbers that are no classes, and times
 */
export function* learnClasses(name: string, column: Column, positive?: ClassName): Work<ClassTarget> {
  const classes = yield* classesIn(name, column);
  const place = `column ${JSON.stringify(name)}`;
  if (classes.length < 2) {
    const got = classes.length === 0 ? 'missing values alone' : `${JSON.stringify(classes[0])} alone`;
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      `Expected ${place}, the target, to have at least 2 classes, got ${got}`,
    );
  }
  if (positive === undefined) return { name, classes };
  if (!classes.includes(positive) || classes.length !== 2) {
    const shown = classes.slice(0, 5).map((text) => JSON.stringify(text));
    const rule =
      classes.length === 2
        ? `one of the classes of ${place}: ${shown.join(' and ')}`
        : `left out, since ${place} has ${classes.length} classes`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'positive', rule, positive);
  }
  return { name, classes: [classes.find((each) => each !== positive) as ClassName, positive] };
}

/** The classes of a column, in ascending order. @throws like learnClasses() for what is no class */
export function* classesIn(name: string, column: Column): Work<ClassName[]> {
  const { kind, values, categories } = column;
  if (kind === 'time') {
    const hint = '; a Classifier predicts texts, truth values or whole numbers';
    throw argumentError('ERR_BLASNET_ARG_TYPE', `column ${JSON.stringify(name)}`, 'classes', 'times', hint);
  }
  const found = new Set<number>();
  yield* inSlices(values.length, (from, to) => {
    for (let row = from; row < to; row++) {
      const value = values[row] as number;
      if (kind !== 'number') {
        if (value >= 0) found.add(value);
        continue;
      }
      if (Number.isNaN(value)) continue;
      if (!Number.isSafeInteger(value)) throw notWhole(name, row, value);
      found.add(value);
    }
  });
  if (kind === 'category') return [...found].map((code) => categories[code] as string).sort(byCodeUnits);
  const numbers = [...found].sort((a, b) => a - b);
  return kind === 'boolean' ? numbers.map((code) => code === 1) : numbers;
}

function notWhole(name: string, row: number, value: number): BlasnetError {
  const hint = '; a Regressor predicts numbers';
  return cellError(row, name, 'a class: a text, a truth value or a whole number', value, hint);
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * The class numbers of the rows of a column; `noClass` where the value is missing.
 *
 * @throws TypeError or RangeError that names row and column for a value that is no class
 */
export function* classNumbers({ name, classes }: ClassTarget, column: Column): Work<Int32Array> {
  const { kind, values, categories } = column;
  const numbers = newSharedArray(Int32Array, values.length);
  const numberOf = new Map<ClassName, number>(classes.map((value, i) => [value, i]));
  // By the raw value: a code, 0 and 1, or the number itself.
  const known = new Map<number, number>();
  if (kind === 'category') {
    categories.forEach((text, code) => {
      const number = numberOf.get(text);
      if (number !== undefined) known.set(code, number);
    });
  } else if (kind === 'boolean') {
    for (const value of [false, true]) {
      const number = numberOf.get(value);
      if (number !== undefined) known.set(Number(value), number);
    }
  } else if (kind === 'number') {
    for (const [value, number] of numberOf) if (typeof value === 'number') known.set(value, number);
  }
  const isCode = kind === 'category' || kind === 'boolean';
  yield* inSlices(values.length, (from, to) => {
    for (let row = from; row < to; row++) {
      const value = values[row] as number;
      const number = known.get(value);
      if (number !== undefined) numbers[row] = number;
      else if (isCode ? value < 0 : Number.isNaN(value)) numbers[row] = noClass;
      else throw unknownClass(row, name, classes, column.at(row));
    }
  });
  return numbers;
}

function unknownClass(
  row: number,
  name: string,
  classes: readonly ClassName[],
  value: unknown,
): BlasnetError {
  const shown = classes.slice(0, 5).map((each) => JSON.stringify(each));
  const more = classes.length > 5 ? ', ...' : '';
  return cellError(row, name, `one of the ${classes.length} classes (${shown.join(', ')}${more})`, value);
}
