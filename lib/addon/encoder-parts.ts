// The parts of encodings, of which the native encoder knows how to write each: see native/tables/encoder.h.

import type { EncoderPartType } from './table-encoder';

/** One part of an encoding. */
export interface Part {
  readonly type: EncoderPartType;
  readonly numbers: readonly number[];
}

/** The number of inputs that a part gives. */
export function widthOf({ type, numbers }: Part): number {
  switch (type) {
    case 'code':
      return 0;
    case 'cyclic':
      return 2;
    case 'oneHot':
      return placesOf(numbers);
    case 'piecewise':
      return numbers.length - 2;
    default:
      return 1;
  }
}

/** Whether a part is a scaled number, which a network can embed. */
export function isScaled({ type }: Part): boolean {
  return type === 'scale' || type === 'smoothClip';
}

/** The places of known categories, and 1 if missing values have a place of their own. */
export function placesOf([known = 0, missing = 0]: readonly number[]): number {
  return known + missing;
}

/** All parts in the order of the inputs that they give, each with the place of its column. */
export function orderedParts(
  columns: readonly { readonly parts: readonly Part[] }[],
  numbersFirst: boolean,
): (Part & { readonly column: number })[] {
  const parts = columns.flatMap((own, column) => own.parts.map((part) => ({ ...part, column })));
  return numbersFirst ? [...parts.filter(isScaled), ...parts.filter((part) => !isScaled(part))] : parts;
}
