// A network with a targetScaler does what its user would do by hand: it scales Y, trains, and takes the outputs back.

import { describe, expect, it } from 'vitest';
import { type Dtype, Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import type { NetworkOptions } from '../../lib/network/network-options';
import { minMaxScaler, preprocessing, robustScaler, standardScaler } from '../../lib/preprocessing';
import type { FitOptions } from '../../lib/training/options';
import { randomArray } from '../support/oracle';
import { inputsFor, randomMatrix, snapshot } from './helpers';

const rows = 60;
const held = 15;
const training = { epochs: 4, batchSize: 8, seed: 3 } as const;

/** Targets around a large number, each column in a scale of its own. */
function prices(cols: number, seed = 5): Matrix {
  const noise = randomArray(rows * cols, seed);
  return new Matrix(
    Float64Array.from(noise, (x, i) => 250_000 + 40_000 * x * 100 ** (i % cols)),
    rows,
    cols,
  );
}

const scalers = [
  { what: 'a standardScaler', make: () => standardScaler() },
  { what: 'a minMaxScaler', make: () => minMaxScaler({ range: [-1, 1] }) },
  { what: 'a robustScaler', make: () => robustScaler() },
  { what: 'a pipeline of two', make: () => preprocessing([robustScaler(), minMaxScaler()]) },
  { what: 'one of some columns', make: () => standardScaler({ columns: [0] }) },
] as const;

/** The same scaler as a pipeline, which the test applies itself. */
function byHand(make: () => NetworkOptions['targetScaler']) {
  const made = make() as never;
  return 'steps' in made ? made : preprocessing([made]);
}

function inDtype(matrix: Matrix, dtype: Dtype): Matrix {
  const out = Matrix.zeros(matrix.rows, matrix.cols, dtype);
  out.data.set(matrix.data);
  return out;
}

function firstRows({ data, cols }: Matrix, from: number, to: number): Matrix {
  return new Matrix(data.slice(from * cols, to * cols), to - from, cols);
}

function meanSquare(a: Matrix, b: Matrix): number {
  const squares = Array.from(a.data, (x, i) => (x - (b.data[i] as number)) ** 2);
  return squares.reduce((sum, square) => sum + square, 0) / squares.length;
}

describe.each(['float64', 'float32'] as const)('a targetScaler (%s)', (dtype) => {
  const X = randomMatrix(rows, 3, 1, dtype);
  const layers = (outputDim: number) => [
    { inputDim: 3, outputDim: 5, activation: 'tanh' } as const,
    { outputDim, activation: 'linear' } as const,
  ];
  const network = (outputDim: number, targetScaler?: NetworkOptions['targetScaler']) =>
    new Network(layers(outputDim), { dtype, seed: 1, ...(targetScaler && { targetScaler }) });

  describe.each([1, 2])('for %i outputs', (outputs) => {
    const Y = prices(outputs);

    it.each(scalers)('trains and predicts as if scaled by hand, with $what', async ({ make }) => {
      const scaler = byHand(make);
      const before = Y.data.slice();
      const twin = network(outputs);
      const expected = twin.fitSync(X, inDtype(scaler.fitTransform(Y), dtype), training);
      const nets = [0, 1, 2].map(() => network(outputs, make()));
      const [there, here, loop] = nets as [Network, Network, Network];
      const histories = [await there.fit(X, Y, training), here.fitSync(X, Y, training)];
      for await (const _ of loop.epochs(X, Y, training));
      for (const net of nets) {
        expect(snapshot(net)).toEqual(snapshot(twin));
        expect(net.targetScaler?.toJSON()).toEqual(scaler.toJSON());
      }
      expect(Y.data).toEqual(before);
      expect(histories[0]).toEqual(histories[1]);
      // In the targets' own units, if there is one output.
      const unit = outputs === 1 ? (there.targetScaler?.inverse([[1]]).get(0, 0) as number) : 1;
      const zero = outputs === 1 ? (there.targetScaler?.inverse([[0]]).get(0, 0) as number) : 0;
      for (const [i, loss] of expected.loss.entries()) {
        const own = histories[0]?.loss[i] as number;
        expect(Math.abs(own / (loss * (unit - zero) ** 2) - 1)).toBeLessThan(1e-12);
      }

      const outputsByHand = scaler.inverse(twin.predictSync(X));
      expect(there.predictSync(X)).toEqual(outputsByHand);
      expect(await there.predict(X)).toEqual(outputsByHand);
      const out = Matrix.zeros(rows, outputs, dtype);
      expect(there.predictSync(X, out)).toBe(out);
      expect(out).toEqual(outputsByHand);
      const predictor = there.predictor({ maxBatch: rows });
      predictor.input.data.set(X.data);
      predictor.run();
      expect([...predictor.output.data]).toEqual([...outputsByHand.data]);
    });

    it('evaluates in the targets’ own units, with metrics in doubles', async () => {
      const net = network(outputs, standardScaler());
      net.fitSync(X, Y, training);
      const metrics = ['meanSquaredError', 'r2'] as const;
      const result = net.evaluateSync(X, Y, { metrics });
      expect(await net.evaluate(X, Y, { metrics })).toEqual(result);
      const twin = new Network(layers(outputs), { dtype, seed: 1 });
      const scaler = preprocessing([standardScaler()]);
      const scaled = inDtype(scaler.fitTransform(Y), dtype);
      twin.fitSync(X, scaled, training);
      const predictions = scaler.inverse(inDtype(twin.predictSync(X), 'float64'));
      const expected = meanSquare(predictions, Y);
      expect(Math.abs(result.meanSquaredError / expected - 1)).toBeLessThan(1e-12);
      const loss = outputs === 1 ? expected : twin.evaluateSync(X, scaled).loss;
      expect(Math.abs(result.loss / loss - 1)).toBeLessThan(dtype === 'float64' ? 1e-12 : 1e-5);
    });
  });

  const splits: { what: string; more: Partial<FitOptions> }[] = [
    { what: 'the last rows', more: { validationSplit: held / rows, shuffle: false } },
    {
      what: 'a validation set',
      more: {
        shuffle: false,
        validationData: { X: firstRows(X, rows - held, rows), Y: firstRows(prices(1), rows - held, rows) },
      },
    },
  ];
  it.each(splits)('learns from the rows that train, and validates on $what', async ({ more }) => {
    const Y = prices(1);
    const isSet = more.validationData !== undefined;
    const [trainX, trainY] = isSet ? [firstRows(X, 0, rows - held), firstRows(Y, 0, rows - held)] : [X, Y];
    const options = { ...training, ...more, metrics: ['meanAbsoluteError'] as const };
    const net = network(1, standardScaler());
    const history = await net.fit(trainX, trainY, options);
    expect(network(1, standardScaler()).fitSync(trainX, trainY, options)).toEqual(history);
    const scaler = preprocessing([standardScaler()]).fit(firstRows(Y, 0, rows - held));
    expect(net.targetScaler?.toJSON()).toEqual(scaler.toJSON());
    const last = { X: firstRows(X, rows - held, rows), Y: firstRows(Y, rows - held, rows) };
    const { loss, meanAbsoluteError } = net.evaluateSync(last.X, last.Y, { metrics: ['meanAbsoluteError'] });
    expect(history.valLoss?.at(-1)).toBe(loss);
    expect(history.valMeanAbsoluteError?.at(-1)).toBe(meanAbsoluteError);
  });
});

it('takes inputs for embeddings', () => {
  const layers = [
    { inputDim: 2, outputDim: 4, activation: 'tanh', embeddings: [{ categories: 5, outputDim: 2 }] },
    { outputDim: 1, activation: 'linear' },
  ] as const;
  const X = inputsFor(layers, rows, 4);
  const [net, twin] = [
    new Network(layers, { seed: 1, targetScaler: standardScaler() }),
    new Network(layers, { seed: 1 }),
  ];
  const scaler = preprocessing([standardScaler()]);
  net.fitSync(X, prices(1), training);
  twin.fitSync(X, scaler.fitTransform(prices(1)), training);
  expect(net.predictSync(X)).toEqual(scaler.inverse(twin.predictSync(X)));
});
