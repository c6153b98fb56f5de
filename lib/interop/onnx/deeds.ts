// What the nodes of a graph do, in the order of a network.

import type { FloatArray } from '../../base/matrix';
import type { Stage } from '../chain';
import type { Node } from './model';
import type { FoundStep } from './read-columns';

/** One thing that a graph does. */
export type Deed = { readonly node: Node } & (
  | { readonly kind: 'stage'; readonly stage: Exclude<Stage, { kind: 'add' }> }
  /** Arithmetic with a number for each column, or one for all. `From` is the constant minus the value. */
  | {
      readonly kind: 'arithmetic';
      readonly by: 'Add' | 'Sub' | 'Mul' | 'Div' | 'From';
      readonly values: FloatArray;
      /** Whether there is a number for each column, even if there is one column. */
      readonly vector: boolean;
    }
  /** Keeps numbers from `low` to `high`. */
  | { readonly kind: 'limit'; readonly low: FloatArray | undefined; readonly high: FloatArray | undefined }
  | { readonly kind: 'step'; readonly step: FoundStep }
  /** Changes the type or the form of numbers. `columns` is how many columns the form has, if the graph says it. */
  | { readonly kind: 'cast'; readonly columns?: number }
  /** Adds the value that was there after the first `from` deeds. */
  | { readonly kind: 'add'; readonly from: number }
);

/** Adds another value: see `add`. */
export interface AddOf {
  readonly kind: 'addOf';
  readonly node: Node;
  readonly other: string;
}

/** What a node does, and the value that it does it to; undefined for what only changes the form. */
export interface Before {
  readonly deed: Deed | AddOf | undefined;
  /** undefined: nothing, since the network begins here. */
  readonly of: string | undefined;
}
