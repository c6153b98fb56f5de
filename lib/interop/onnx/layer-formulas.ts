// What layers have besides activations, made of operators that all runtimes have in both types.

import type { Ops } from './operators';

/** Layer normalisation: the attribute epsilon of the operator for it has 32 bits. */
export function layerNormFormula<E>(
  { op, opset, integers }: Ops<E>,
  x: E,
  { scale, bias, epsilon }: { readonly scale: E; readonly bias: E; readonly epsilon: E },
  square = (of: E) => op('Mul', [of, of]),
): E {
  const mean = (of: E) =>
    opset >= 18 ? op('ReduceMean', [of, integers([-1])]) : op('ReduceMean', [of], { axes: [-1n] });
  const centered = op('Sub', [x, mean(x)]);
  const variance = mean(square(centered));
  const normal = op('Div', [centered, op('Sqrt', [op('Add', [variance, epsilon])])]);
  return op('Add', [op('Mul', [normal, scale]), bias]);
}

/** The parameters of numericEmbeddings: F and P (columns, frequencies, 1), V (columns, linear, waves), c (columns, linear, 1). */
export interface WaveParameters<E> {
  readonly F: E;
  /** Of pbld alone. */
  readonly P: E | undefined;
  readonly V: E;
  readonly c: E;
}

/**
 * The numericEmbeddings of x (rows, columns): (rows, features). An angle loses its whole turns, so that it is from -pi to
 * pi: a larger one is less exact.
 */
export function wavesFormula<E>(
  { dtype, op, number, integers }: Ops<E>,
  x: E,
  { F, P, V, c }: WaveParameters<E>,
  features: number,
): E {
  // (columns, 1, rows)
  const columns = op('Unsqueeze', [op('Transpose', [x], { perm: [1n, 0n] }), integers([1])]);
  const turns = op('Mul', [columns, F]);
  const angles = op('Mul', [op('Sub', [turns, op('Round', [turns])]), number(2 * Math.PI)]);
  const linear = (waves: E) => op('Add', [op('MatMul', [V, waves]), c]);
  // In float64 runtimes have Sin alone: cos(a) = sin(a + pi / 2).
  const cosine = (angle: E) =>
    dtype === 'float32' ? op('Cos', [angle]) : op('Sin', [op('Add', [angle, number(Math.PI / 2)])]);
  const made =
    P === undefined
      ? op('Relu', [linear(op('Concat', [cosine(angles), op('Sin', [angles])], { axis: 1n }))])
      : op('Concat', [columns, linear(cosine(op('Add', [angles, P])))], { axis: 1n });
  // (columns, outputs, rows) -> (rows, columns, outputs)
  return op('Reshape', [op('Transpose', [made], { perm: [2n, 0n, 1n] }), integers([0, features])]);
}
