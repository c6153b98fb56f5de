// `evaluate` and `predict` with sources, and validation sets that come from sources: arrays are the oracle.

import { describe, expect, test } from 'vitest';
import { labelEncoder, Matrix, Network, standardScaler } from '../../lib';
import { chunksOf, cuts, rowsOf, smallNet, someData } from './samples';

const data = someData(130);

describe('evaluate', () => {
  test('gives the numbers of arrays when the rows fit in a window, and those up to rounding otherwise', async () => {
    const net = smallNet();
    const metrics = ['meanAbsoluteError', 'r2'] as const;
    const expected = await net.evaluate(data.X, data.Y, { metrics });
    expect(await net.evaluate(chunksOf(data, [40, 7]), { metrics })).toEqual(expected);
    const inParts = await net.evaluate(chunksOf(data, [40, 7]), { metrics, windowRows: 30 });
    expect(inParts.loss).toBeCloseTo(expected.loss, 14);
    expect(inParts.r2).toBe(expected.r2);
    expect(inParts.meanAbsoluteError).toBe(expected.meanAbsoluteError);
  });

  test('leaves out rows of weight 0, and takes class names and a targetScaler', async () => {
    const weights = Float64Array.from({ length: 130 }, (_, row) => row % 3);
    const weighted = chunksOf(data, [40], (from, to) => ({ sampleWeight: weights.subarray(from, to) }));
    const scaled = new Network([{ inputDim: 3, outputDim: 2, activation: 'linear' }], {
      seed: 1,
      targetScaler: standardScaler(),
    });
    await scaled.fit(data.X, data.Y, { epochs: 1 });
    const options = { metrics: ['meanAbsoluteError'] } as const;
    const expected = await scaled.evaluate(data.X, data.Y, { ...options, sampleWeight: weights });
    expect(await scaled.evaluate(weighted, options)).toEqual(expected);

    const names = Array.from({ length: 130 }, (_, row) => ['no', 'yes'][row % 2] as string);
    const named = new Network([{ inputDim: 3, outputDim: 1, activation: 'sigmoid' }], {
      seed: 1,
      labels: labelEncoder({ classes: ['no', 'yes'] }),
    });
    const source = function* () {
      for (const [from, to] of cuts(130, [50]))
        yield { X: rowsOf(data.X, from, to), Y: names.slice(from, to) };
    };
    expect(await named.evaluate(source, { metrics: ['rocAuc'] })).toEqual(
      await named.evaluate(data.X, names, { metrics: ['rocAuc'] }),
    );
  });

  test.each([
    [{ sampleWeight: [1] }, 'Unknown option "sampleWeight"'],
    [{ windowRows: 0.5 }, 'Expected windowRows to be a positive integer'],
  ])('refuses %o', async (options, message) => {
    await expect(smallNet().evaluate(chunksOf(data, [9]), options as never)).rejects.toThrow(message);
  });
});

describe('predict', () => {
  test('yields the outputs of each chunk, and asks for no more than one chunk ahead', async () => {
    const net = smallNet();
    const expected = net.predictSync(data.X);
    let asked = 0;
    const source = async function* () {
      for (const { X } of chunksOf(data, [50])()) {
        asked++;
        yield asked % 2 === 0 ? X : { X };
      }
    };
    const parts: Matrix[] = [];
    for await (const outputs of net.predict(source)) {
      parts.push(outputs);
      expect(asked).toBeLessThanOrEqual(parts.length + 1);
    }
    expect(parts.map(({ rows }) => rows)).toEqual([50, 50, 30]);
    expect(parts.flatMap((part) => [...part.data])).toEqual([...expected.data]);
  });

  test('names the chunk that is wrong, and closes the source of a loop that is left', async () => {
    const net = smallNet();
    const wrong = [{ X: rowsOf(data.X, 0, 2) }, { X: new Matrix(new Float64Array(4), 2, 2) }];
    const all = async () => {
      for await (const _ of net.predict(wrong));
    };
    await expect(all()).rejects.toThrow('In chunk 2 of the source: Expected X to have 3 columns');
    let closed = 0;
    const source = function* () {
      try {
        for (;;) yield rowsOf(data.X, 0, 5);
      } finally {
        closed++;
      }
    };
    for await (const _ of net.predict(source)) break;
    expect(closed).toBe(1);
  });
});

describe('validationData', () => {
  const held = someData(45, 'float64', 8);
  const arrays = { X: held.X, Y: held.Y };
  const options = { epochs: 3, shuffle: false, metrics: ['meanAbsoluteError'] } as const;

  test('may be a source or arrays: the history is that of arrays', async () => {
    const expected = await smallNet().fit(data.X, data.Y, { ...options, validationData: arrays });
    for (const validationData of [chunksOf(held, [20]), arrays]) {
      const history = await smallNet().fit(chunksOf(data, [30]), { ...options, validationData });
      expect({ ...history }).toEqual({ ...expected });
    }
  });

  test('is read after each epoch if it does not fit in a window', async () => {
    let runs = 0;
    const validationData = function* () {
      runs++;
      yield* chunksOf(held, [20])();
    };
    const expected = await smallNet().fit(data.X, data.Y, { ...options, validationData: arrays });
    const history = await smallNet().fit(chunksOf(data, [30]), {
      ...options,
      validationData,
      windowRows: 32,
    });
    expect(runs).toBe(1 + 3);
    expect(history.valMeanAbsoluteError).toEqual(expected.valMeanAbsoluteError);
    for (const [i, loss] of history.valLoss.entries())
      expect(loss).toBeCloseTo(expected.valLoss[i] as number, 14);
  });

  test('holds out a share of the rows: the same ones in each epoch, about that many', async () => {
    const many = someData(5000);
    const seen: number[] = [];
    const metric = { name: 'rows', compute: (Y: Matrix) => Y.rows };
    const net = smallNet();
    const history = await net.fit(chunksOf(many, [700]), {
      ...{ epochs: 2, seed: 3, windowRows: 512, validationSplit: 0.2, metrics: [metric] },
    });
    seen.push(...(history.valRows as unknown as number[]));
    expect(new Set(seen).size).toBe(1);
    // Four standard deviations of the binomial distribution.
    expect(Math.abs((seen[0] as number) - 1000)).toBeLessThan(4 * Math.sqrt(5000 * 0.2 * 0.8));
  });
});
