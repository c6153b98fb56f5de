import { expect, test } from 'vitest';
import { Matrix, Network, RandomState } from '../../lib';

test.each([
  ['float32', [20, 64, 3]],
  ['float64', [20, 64, 3]],
  ['float32', [300, 37, 1]],
  ['float64', [300, 37, 1]],
  ['float32', [5, 1]],
  ['float32', [1500, 9, 5]],
] as const)(
  'The outputs of a row are equal in every batch of two rows and more, to the last bit: %s, %j.',
  (dtype, dims) => {
    const [inputDim, ...units] = dims;
    const layers = units.map((outputDim, i) => ({
      outputDim,
      activation: i === units.length - 1 ? 'sigmoid' : 'relu',
      ...(i === 0 && { inputDim }),
    }));
    const net = new Network(layers, { dtype, seed: 1 });
    const rows = 203;
    const Numbers = dtype === 'float32' ? Float32Array : Float64Array;
    const random = new RandomState(2);
    const X = new Matrix(
      new Numbers(rows * inputDim).map(() => random.normal()),
      rows,
      inputDim,
    );
    const whole = net.predictSync(X).data;
    const cols = units.at(-1) as number;
    for (const batch of [2, 3, 4, 5, 7, 8, 31, 64, 101]) {
      for (let row = 0; row + batch <= rows; row += batch) {
        const part = X.data.slice(row * inputDim, (row + batch) * inputDim);
        const outputs = net.predictSync(new Matrix(part, batch, inputDim)).data;
        expect(outputs, `${batch} rows from ${row}`).toEqual(whole.slice(row * cols, (row + batch) * cols));
      }
    }
  },
);
