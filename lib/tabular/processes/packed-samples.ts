// X and Y of networks in a form that goes to another process.

import { argumentError } from '../../base/errors';
import { Matrix } from '../../base/matrix';
import type { SplitData } from '../../datasets/split';
import type { FileArray } from './arrays-file';

/** A part of the samples. `array` is a number of an array. */
export type PackedPart = { readonly name: string } & (
  | { readonly form: 'matrix'; readonly rows: number; readonly cols: number; readonly array: number }
  | { readonly form: 'typed'; readonly array: number }
  | { readonly form: 'list'; readonly values: readonly unknown[] }
);

/** Adds the arrays of samples, which have been read, to others. */
export function packSamples({ parts }: SplitData, arrays: FileArray[]): PackedPart[] {
  const add = (array: unknown) => arrays.push(array as FileArray) - 1;
  return parts.map(([name, part]): PackedPart => {
    if (part.form === 'typed') return { name, form: 'typed', array: add(part.values) };
    if (part.form === 'list') return { name, form: 'list', values: checkedList(name, part.values) };
    const { rows, cols, data } = part.matrix;
    return { name, form: 'matrix', rows, cols, array: add(data) };
  });
}

// JSON has no other values.
function checkedList(name: string, values: readonly unknown[]): readonly unknown[] {
  const i = values.findIndex(
    (value) => !['string', 'boolean'].includes(typeof value) && !Number.isFinite(value),
  );
  if (i === -1) return values;
  const rule = 'a text, a finite number, true or false with workers';
  throw argumentError('ERR_BLASNET_ARG_TYPE', `${name}[${i}]`, rule, values[i]);
}

export function unpackSamples(
  parts: readonly PackedPart[],
  arrays: readonly FileArray[],
): { X: unknown; Y: unknown } {
  const made = new Map(
    parts.map((part): [string, unknown] => {
      if (part.form === 'list') return [part.name, part.values];
      const array = arrays[part.array];
      return [
        part.name,
        part.form === 'typed' ? array : new Matrix(array as Float64Array, part.rows, part.cols),
      ];
    }),
  );
  const numbers = made.get('X.numbers');
  const categories = made.get('X.categories');
  const mixed = numbers === undefined ? { categories } : { numbers, categories };
  return { X: made.get('X') ?? mixed, Y: made.get('Y') };
}
