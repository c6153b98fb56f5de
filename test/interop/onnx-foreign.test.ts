// Networks that other programs wrote as ONNX answer what they answered there.

import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { adam, Network } from '../../lib/index';
import { GraphWriter } from '../../lib/interop/onnx/graph-writer';

const folder = join(__dirname, '../fixtures/interop');
const answers = JSON.parse(readFileSync(join(folder, 'onnx.json'), 'utf8')) as Record<string, number[][]>;
const X = answers.X as number[][];

function expectClose(got: number[][], expected: number[][], margin: number): void {
  expect(got.length).toBe(expected.length);
  for (const [r, row] of expected.entries()) {
    for (const [c, value] of row.entries()) {
      expect(Math.abs((got[r]?.[c] as number) - value)).toBeLessThan(margin);
    }
  }
}

describe('PyTorch', () => {
  test.each([
    ['usual', 13],
    ['usual', 17],
    ['residual', 13],
    ['activations', 13],
    ['activations', 17],
    ['double', 13],
  ] as const)('the network "%s", of the operators of version %i, answers as there', async (name, opset) => {
    const network = await Network.import(join(folder, `onnx-torch-${name}-${opset}.onnx`), { seed: 1 });
    expect(network.dtype).toBe(name === 'double' ? 'float64' : 'float32');
    const margin = name === 'double' ? 1e-12 : 1e-6;
    expectClose(network.predictSync(X).toArray(), answers[name] as number[][], margin);
  });
});

describe('scikit-learn and Keras, by graphs in the form that their converters write', () => {
  const W1 = Float32Array.of(1, -1, 0.5, 0.25, 2, -0.5); // (2 inputs, 3 units)
  const b1 = Float32Array.of(0.5, -0.25, 1);
  const W2 = Float32Array.of(1, -2, 0.5); // (3, 1)
  const b2 = Float32Array.of(0.125);
  const rows = [
    [1, 2],
    [-3, 0.5],
  ];
  const hidden = (row: readonly number[]) =>
    [0, 1, 2].map((j) =>
      Math.max(
        0,
        (row[0] as number) * (W1[j] as number) +
          (row[1] as number) * (W1[3 + j] as number) +
          (b1[j] as number),
      ),
    );
  const sum = (row: readonly number[]) =>
    hidden(row).reduce((total, value, j) => total + value * (W2[j] as number), b2[0] as number);
  const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
  const bytesOf = (graph: GraphWriter) => Buffer.concat(graph.file('1', {}));

  /** A layer as both write it: MatMul, and Add of a bias of one row. */
  function layer(graph: GraphWriter, x: string, W: Float32Array, inputs: number, b: Float32Array): string {
    const product = graph.op('MatMul', [x, graph.tensor('coefficient', W, [inputs, b.length])]);
    return graph.op('Add', [product, graph.tensor('intercepts', b, [1, b.length])]);
  }

  function network(graph: GraphWriter, x: string): string {
    return layer(graph, graph.op('Relu', [layer(graph, x, W1, 2, b1)]), W2, 3, b2);
  }

  test('an MLPClassifier of two classes has names and one output', async () => {
    const graph = new GraphWriter(18, 'float32');
    for (const name of ['label', 'probabilities']) graph.reserve(name);
    const X = graph.op('Cast', [graph.input('X', 'int64', 2)], { to: 1n });
    const p = graph.op('Sigmoid', [network(graph, X)]);
    const first = graph.op('Sub', [graph.numbers('unity', [1]), p]);
    const both = graph.op('Concat', [first, p], { axis: 1n });
    const best = graph.op('ArgMax', [both], { axis: 1n });
    const taken = graph.ml('ArrayFeatureExtractor', [graph.strings('classes', ['no', 'yes']), best], {});
    graph.output(graph.op('Reshape', [taken, graph.integers([-1])]), 'label', 'string');
    graph.output(both, 'probabilities', 'float32', 2);
    const read = await Network.import(bytesOf(graph));
    expect(read.labels?.classes).toEqual(['no', 'yes']);
    expectClose(
      read.predictSync(rows).toArray(),
      rows.map((row) => [sigmoid(sum(row))]),
      1e-6,
    );
    expect(read.classifySync(rows)).toEqual(rows.map((row) => (sum(row) > 0 ? 'yes' : 'no')));
  });

  test('an MLPClassifier of three classes with a map of probabilities has names', async () => {
    const graph = new GraphWriter(18, 'float32');
    for (const name of ['output_label', 'output_probability']) graph.reserve(name);
    const z = layer(graph, graph.input('X', 'float32', 2), W1, 2, b1);
    const p = graph.op('Softmax', [z], { axis: 1n });
    const best = graph.op('ArgMax', [p], { axis: 1n });
    const classes = graph.numbers('classes', [10, 20, 30], undefined, 'int64');
    graph.output(graph.ml('ArrayFeatureExtractor', [classes, best], {}), 'output_label', 'int64');
    graph.output(
      graph.ml('ZipMap', [p], { classlabels_int64s: [10n, 20n, 30n] }),
      'output_probability',
      'float32',
    );
    const read = await Network.import(bytesOf(graph));
    expect(read.labels?.classes).toEqual([10, 20, 30]);
    expect(read.architecture.map(({ activation }) => activation)).toEqual(['softmax']);
    expect(
      read
        .predictSync(rows)
        .toArray()
        .map((row) => row.reduce((a, b) => a + b)),
    ).toEqual([expect.closeTo(1, 6), expect.closeTo(1, 6)]);
  });

  test('an MLPRegressor behind an imputer and a scaler has them as preprocessing', async () => {
    const graph = new GraphWriter(18, 'float32');
    graph.reserve('variable');
    const X = graph.input('X', 'float32', 2);
    const filled = graph.ml('Imputer', [X], {
      imputed_value_floats: [1, 2],
      replaced_value_float: Number.NaN,
    });
    const scaled = graph.ml('Scaler', [filled], { offset: [1, -1], scale: [0.5, 4] });
    graph.output(
      graph.op('Reshape', [network(graph, scaled), graph.integers([-1, 1])]),
      'variable',
      'float32',
      1,
    );
    const read = await Network.import(bytesOf(graph));
    const steps = read.preprocessing?.toJSON().steps.map(({ name }) => name);
    expect(steps).toEqual(['imputer', 'standardScaler']);
    const scale = ([a, b]: readonly number[]) => [((a as number) - 1) * 0.5, ((b as number) + 1) * 4];
    const gaps = [...rows, [Number.NaN, 3]];
    expectClose(
      read.predictSync(gaps).toArray(),
      [...rows, [1, 3]].map((row) => [sum(scale(row))]),
      1e-5,
    );
  });

  test('a column of numbers that an encoder spreads is a step of preprocessing', async () => {
    const graph = new GraphWriter(18, 'float32');
    graph.reserve('variable');
    const X = graph.input('X', 'float32', 2);
    const column = (i: number) => graph.ml('ArrayFeatureExtractor', [X, graph.integers([i])], {});
    const places = graph.ml('OneHotEncoder', [graph.op('Cast', [column(0)], { to: 7n })], {
      cats_int64s: [1n, 3n],
      zeros: 1n,
    });
    const flat = graph.op('Reshape', [places, graph.integers([-1, 2])]);
    const all = graph.op('Concat', [flat, column(1)], { axis: 1n });
    graph.output(layer(graph, all, W2, 3, b2), 'variable', 'float32', 1);
    const read = await Network.import(bytesOf(graph));
    const X2 = [
      [1, 4],
      [3, 0],
      [2, 2],
    ];
    expectClose(read.predictSync(X2).toArray(), [[3.125], [-1.875], [1.125]], 1e-6);
  });

  test('a Keras network with Rescaling and a normalisation behind its activation trains on', async () => {
    const graph = new GraphWriter(17, 'float32');
    graph.reserve('dense_1');
    const x = graph.op('Mul', [graph.input('input', 'float32', 2), graph.number(0.5)]);
    const shifted = graph.op('Add', [x, graph.number(-1)]);
    const h = graph.op('Relu', [layer(graph, shifted, W1, 2, b1)]);
    const vector = (name: string, values: readonly number[]) =>
      graph.tensor(name, Float32Array.from(values), [3]);
    const moments = [
      vector('gamma', [1, 2, 3]),
      vector('beta', [0, 1, 0]),
      vector('mean', [1, 0, 2]),
      vector('variance', [1, 2, 3]),
    ];
    const normal = graph.op('BatchNormalization', [h, ...moments], { epsilon: 0.001 });
    graph.output(layer(graph, graph.op('Identity', [normal]), W2, 3, b2), 'dense_1', 'float32', 1);
    const read = await Network.import(bytesOf(graph), { seed: 1 });
    const [gamma, beta, mean, variance] = [
      [1, 2, 3],
      [0, 1, 0],
      [1, 0, 2],
      [1, 2, 3],
    ] as const;
    const expected = rows.map((row) => {
      const scaled = row.map((value) => value * 0.5 - 1);
      const normalised = hidden(scaled).map(
        (value, j) =>
          (gamma[j as 0] * (value - mean[j as 0])) / Math.sqrt(variance[j as 0] + 0.001) + beta[j as 0],
      );
      return [normalised.reduce((total, value, j) => total + value * (W2[j] as number), b2[0] as number)];
    });
    expectClose(read.predictSync(rows).toArray(), expected, 1e-5);
    const { loss } = read.fitSync(rows, [[1], [0]], { epochs: 20, optimizer: adam({ learningRate: 0.01 }) });
    expect(loss[19]).toBeLessThan(loss[0] as number);
  });
});

describe('old operators, whose numbers are attributes', () => {
  const identity = (graph: GraphWriter) => graph.tensor('W', Float32Array.of(1, 0, 0, 1), [2, 2]);
  const read = (make: (graph: GraphWriter, x: string) => string) => {
    const graph = new GraphWriter(13, 'float32');
    graph.reserve('Y');
    graph.output(make(graph, graph.input('X', 'float32', 2)), 'Y', 'float32', 2);
    return Network.import(Buffer.concat(graph.file('1', {})));
  };

  test('Clip limits the inputs', async () => {
    const network = await read((graph, x) =>
      graph.op('MatMul', [graph.op('Clip', [x], { min: -1, max: 2 }), identity(graph)]),
    );
    expect(network.predictSync([[-3, 5]]).toArray()).toEqual([[-1, 2]]);
  });

  test('Dropout has its rate', async () => {
    const network = await read((graph, x) => {
      const hidden = graph.op('Relu', [graph.op('MatMul', [x, identity(graph)])]);
      return graph.op('MatMul', [graph.op('Dropout', [hidden], { ratio: 0.2 }), identity(graph)]);
    });
    expect(network.architecture[0]?.dropout).toBe(0.2);
  });
});
