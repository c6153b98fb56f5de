// What writes operators of a graph and what recognises them: the formulas of activations are written once, for both.

import type { Dtype } from '../../base/matrix';

/** The attributes of an operator. A number is a float, a bigint an integer. */
export type Attributes = Readonly<
  Record<string, number | bigint | string | readonly number[] | readonly bigint[] | readonly string[]>
>;

/** Makes expressions of operators: nodes of a graph, or patterns of nodes. */
export interface Ops<E> {
  /** The version of the operators. */
  readonly opset: number;
  readonly dtype: Dtype;
  /** The result of an operator of ONNX. */
  op(type: string, inputs: readonly E[], attributes?: Attributes): E;
  /** A number of the network's dtype. */
  number(value: number): E;
  /** Integers, such as the numbers of axes. */
  integers(values: readonly number[]): E;
}
