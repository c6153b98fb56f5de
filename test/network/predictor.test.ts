// Predictions through pinned buffers.

import { describe, expect, it } from 'vitest';
import type { LayerOptions } from '../../lib/layers/architecture';
import { Network } from '../../lib/network/network';
import { type BadCall, itRejects, thrownBy } from '../support/bad-input';
import { endedWell, inChild, type Library } from './child';
import { immediate, layers, longEpoch, randomCodes, randomMatrix, snapshot, underWay } from './helpers';

describe.each(['float64', 'float32'] as const)('a predictor in %s', (dtype) => {
  const net = new Network(layers([3, 17, 2], 'relu', 'softmax'), { seed: 1, dtype });

  it('predicts what predictSync predicts, to the last bit', () => {
    for (const maxBatch of [1, 2, 33, 300]) {
      const predictor = net.predictor({ maxBatch });
      predictor.input.data.set(randomMatrix(maxBatch, 3, maxBatch).data);
      predictor.run();
      expect(predictor.output).toEqual(net.predictSync(predictor.input));
    }
  });

  it('writes the rows it is asked for and leaves the others', () => {
    const predictor = net.predictor({ maxBatch: 40 });
    predictor.input.data.set(randomMatrix(40, 3, 5).data);
    const expected = net.predictSync(predictor.input);
    for (const rows of [1, 2, 39, 40]) {
      predictor.output.data.fill(7);
      predictor.run(rows);
      // A single row uses other kernels than several rows, with equal sums.
      predictor.output.toArray().forEach((row, r) => {
        row.forEach((value, c) => {
          expect(value).toBeCloseTo(r < rows ? expected.get(r, c) : 7, dtype === 'float64' ? 14 : 6);
        });
      });
    }
  });

  it('predicts one row of every width up to a few vectors', () => {
    for (let inputs = 1; inputs <= 35; inputs++) {
      const outputs = 1 + (inputs % 17);
      const wide = new Network(layers([inputs, outputs], 'relu', 'relu'), { seed: inputs, dtype });
      const predictor = wide.predictor();
      predictor.input.data.set(randomMatrix(1, inputs, inputs).data);
      predictor.run();
      const { W1, b1 } = wide.parameters;
      for (let unit = 0; unit < outputs; unit++) {
        let sum = Number(b1?.data[unit]);
        for (let i = 0; i < inputs; i++) sum += Number(W1?.get(unit, i)) * predictor.input.get(0, i);
        expect(predictor.output.get(0, unit)).toBeCloseTo(Math.max(sum, 0), dtype === 'float64' ? 13 : 5);
      }
    }
  });

  it('has one row by default, in its own shared memory', () => {
    const [first, second] = [net.predictor(), net.predictor({})];
    expect([first.input.rows, first.input.cols, first.output.rows, first.output.cols]).toEqual([1, 3, 1, 2]);
    const buffers = [first, second].flatMap(({ input, output }) => [input.data.buffer, output.data.buffer]);
    expect(new Set(buffers).size).toBe(4);
    for (const buffer of buffers) expect(buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(first.input.dtype).toBe(dtype);
  });

  it('follows the parameters, however they change', () => {
    const trained = new Network(net.architecture, { seed: 2, dtype });
    const predictor = trained.predictor({ maxBatch: 5 });
    predictor.input.data.set(randomMatrix(5, 3, 1).data);
    const [X, Y] = [randomMatrix(9, 3, 2, dtype), Array(9).fill([1, 0])];
    for (let i = 0; i < 3; i++) {
      predictor.run();
      expect(predictor.output).toEqual(trained.predictSync(predictor.input));
      trained.fitSync(X, Y, { epochs: 1 });
    }
    trained.parameters.b2?.data.fill(3);
    predictor.run();
    expect(predictor.output).toEqual(trained.predictSync(predictor.input));
  });
});

describe.each(['float64', 'float32'] as const)('a predictor with categories in %s', (dtype) => {
  const layersOf = (inputDim: number): LayerOptions[] => [
    {
      inputDim,
      outputDim: 8,
      activation: 'relu',
      embeddings: [
        { categories: 6, outputDim: 5 },
        { categories: 3, outputDim: 8 - 5 - inputDim },
      ],
      skip: true,
    },
    { outputDim: 8, activation: 'tanh', skip: true },
    { outputDim: 2, activation: 'softmax' },
  ];
  const make = (inputDim = 2) => new Network(layersOf(inputDim), { seed: 1, dtype });

  it('predicts what predictSync predicts, to the last bit', () => {
    for (const inputDim of [2, 0]) {
      const net = make(inputDim);
      for (const maxBatch of [1, 2, 33, 300]) {
        const predictor = net.predictor({ maxBatch });
        predictor.input.data.set(randomMatrix(maxBatch, inputDim, maxBatch, dtype).data);
        predictor.categories.set(randomCodes(maxBatch, [6, 3], maxBatch));
        predictor.run();
        const X = { numbers: predictor.input, categories: predictor.categories };
        expect(predictor.output).toEqual(net.predictSync(X));
        // Puts other codes into the predictor's memory.
        predictor.categories.reverse();
        for (const i of predictor.categories.keys()) {
          predictor.categories[i] = Math.min(2, predictor.categories[i] as number);
        }
        predictor.run();
        expect(predictor.output).toEqual(net.predictSync(X));
      }
    }
  });

  it('has its own categories in shared memory, unknown ones at first, and none without embeddings', () => {
    const [first, second] = [make().predictor({ maxBatch: 3 }), make().predictor({ maxBatch: 3 })];
    expect(first.categories).toEqual(new Int32Array(6).fill(-1));
    expect(first.categories.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(first.categories.buffer).not.toBe(second.categories.buffer);
    expect(make(0).predictor().input).toMatchObject({ rows: 1, cols: 0 });
    const plain = new Network(layers([3, 17, 2], 'relu', 'softmax'), { seed: 1, dtype });
    expect(plain.predictor({ maxBatch: 3 }).categories).toHaveLength(0);
  });

  it('follows the tables, however they change', () => {
    const net = make();
    const predictor = net.predictor({ maxBatch: 4 });
    predictor.categories.set([0, 1, 2, -1, 5, 0, -1, -1]);
    const X = { numbers: predictor.input, categories: predictor.categories };
    for (let i = 0; i < 3; i++) {
      net.fitSync(X, Int32Array.of(0, 1, 1, 0), { epochs: 1 });
      predictor.run();
      expect(predictor.output).toEqual(net.predictSync(X));
    }
    net.parameters.E2?.data.fill(3);
    predictor.run();
    expect(predictor.output).toEqual(net.predictSync(X));
  });

  it('is told the first code that is in no table, in the rows that it is asked for', () => {
    const net = make();
    const predictor = net.predictor({ maxBatch: 300 });
    for (const { row, column, code, most } of [
      { row: 0, column: 0, code: 6, most: 5 },
      { row: 127, column: 1, code: 3, most: 2 },
      { row: 128, column: 0, code: -2, most: 5 },
      { row: 299, column: 1, code: -(2 ** 31), most: 2 },
    ]) {
      const before = snapshot(net);
      predictor.categories.fill(0);
      predictor.categories[2 * row + column] = code;
      predictor.categories[599] = -3;
      const got = row === 299 ? -3 : code;
      expect(thrownBy(() => predictor.run())).toMatchObject({
        code: 'ERR_BLASNET_ARG_VALUE',
        message:
          `Expected categories to hold codes from 0 to ${most}, or -1 for unknown categories, in this column, ` +
          `got ${got} at row ${row}, column ${column}`,
      });
      expect(snapshot(net)).toEqual(before);
      if (row > 0) predictor.run(row);
    }
    const one = net.predictor();
    one.categories.set([0, 3]);
    expect(thrownBy(() => one.run())).toMatchObject({
      message: expect.stringMatching(
        /^Expected categories to hold codes from 0 to 2, .* got 3 at row 0, column 1$/,
      ),
    });
    one.categories.set([0, 2]);
    one.run();
  });

  it('is told of numbers that are not finite by the name of its input', () => {
    const predictor = make().predictor({ maxBatch: 2 });
    predictor.input.set(1, 0, Number.NaN);
    expect(thrownBy(() => predictor.run())).toMatchObject({
      code: 'ERR_BLASNET_NOT_FINITE',
      message: 'Expected input to hold finite numbers, got NaN at row 1, column 0',
    });
  });
});

it('a predictor keeps its network and its buffers in memory', async () => {
  const ended = await inChild(
    async (path) => {
      const { Network }: Library = require(path);
      const make = () =>
        new Network(
          [
            { inputDim: 3, outputDim: 50, activation: 'tanh' },
            { outputDim: 2, activation: 'softmax' },
          ],
          { seed: 1 },
        );
      const collected = { kept: 0, dropped: 0 };
      const registry = new FinalizationRegistry((which: keyof typeof collected) => collected[which]++);
      const predictors = Array.from({ length: 30 }, (_, i) => {
        const net = make();
        registry.register(net, 'kept');
        const predictor = net.predictor({ maxBatch: i + 1 });
        predictor.input.data.set(predictor.input.data.map((__, k) => Math.sin(k)));
        return predictor;
      });
      // Nothing keeps these predictors: when they are freed, the collector has run.
      for (let i = 0; i < 30; i++) {
        const net = make();
        net.predictor().run();
        registry.register(net, 'dropped');
      }
      while (collected.dropped < 20) {
        (globalThis as { gc?: () => void }).gc?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
      const net = make();
      const alike = predictors.every((predictor) => {
        predictor.run();
        return net.predictSync(predictor.input).data.every((value, k) => value === predictor.output.data[k]);
      });
      console.log(collected.kept, alike);
    },
    undefined,
    { flags: ['--expose-gc'] },
  );
  expect(ended).toEqual(endedWell('0 true'));
});

it('a predictor names the first element that is not finite, however many rows there are', () => {
  const net = new Network(layers([3, 17, 2], 'relu', 'softmax'), { seed: 1 });
  const predictor = net.predictor({ maxBatch: 1000 });
  for (const row of [0, 127, 128, 999]) {
    predictor.input.data.fill(0);
    predictor.input.set(row, 2, Number.NEGATIVE_INFINITY);
    predictor.input.set(999, 2, Number.NaN);
    const value = row === 999 ? Number.NaN : Number.NEGATIVE_INFINITY;
    expect(thrownBy(() => predictor.run())).toMatchObject({
      code: 'ERR_BLASNET_NOT_FINITE',
      message: `Expected input to hold finite numbers, got ${value} at row ${row}, column 2`,
    });
  }
  predictor.run(999);
});

describe('a predictor during other calls', () => {
  const long = longEpoch();
  const architecture = layers([2, 8, 1], 'relu', 'sigmoid');

  it('is refused while a step is being taken on another thread, and works again afterwards', async () => {
    const net = new Network(architecture, { seed: 1 });
    const predictor = net.predictor();
    const controller = new AbortController();
    const fit = net.fit(long.X, long.Y, { ...long.options, signal: controller.signal }).catch(() => {});
    await underWay(net);
    expect(thrownBy(() => predictor.run())).toMatchObject({
      code: 'ERR_BLASNET_BUSY',
      message:
        'Expected run to be called while no other thread works on the network; await the call under way, use ' +
        'the asynchronous form, call it between epochs, or use a clone()',
    });
    controller.abort();
    await fit;
    predictor.run();
    expect(predictor.output.data[0]).toBe(net.predictSync([[0, 0]]).data[0]);
  });

  it('works while predictions are made on another thread, and in the body of a loop over epochs', async () => {
    const net = new Network(layers([2, 256, 256, 1], 'relu', 'sigmoid'), { seed: 1 });
    const predictor = net.predictor();
    const controller = new AbortController();
    const prediction = net.predict(long.X, { signal: controller.signal }).catch((error) => error);
    await immediate();
    predictor.run();
    controller.abort();
    expect(await prediction).toMatchObject({ name: 'AbortError' });
    for await (const _ of net.epochs([[1, 2]], [[1]], { epochs: 2 })) predictor.run();
  });
});

describe('a predictor of four rows', () => {
  const net = new Network(layers([2, 3, 1], 'relu', 'sigmoid'), { seed: 1 });
  const predictor = net.predictor({ maxBatch: 4 });
  const wrong = (errorClass: typeof RangeError | typeof TypeError) =>
    errorClass === RangeError ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_ARG_TYPE';

  itRejects([
    ...(
      [
        { rows: 0, error: RangeError, got: '0 (number)' },
        { rows: 5, error: RangeError, got: '5 (number)' },
        { rows: -1, error: RangeError, got: '-1 (number)' },
        { rows: 1.5, error: RangeError, got: '1.5 (number)' },
        { rows: Number.NaN, error: RangeError, got: 'NaN (number)' },
        { rows: '2', error: TypeError, got: '"2" (string)' },
        { rows: null, error: TypeError, got: 'null' },
      ] as const
    ).map(
      ({ rows, error, got }): BadCall => ({
        what: `${got} for the rows`,
        call: () => predictor.run(rows as never),
        error,
        code: wrong(error),
        message: `Expected rows to be an integer from 1 to 4, got ${got}`,
      }),
    ),
    ...(
      [
        { maxBatch: 0, error: RangeError, got: '0 (number)' },
        { maxBatch: 1.5, error: RangeError, got: '1.5 (number)' },
        { maxBatch: '2', error: TypeError, got: '"2" (string)' },
        { maxBatch: null, error: TypeError, got: 'null' },
      ] as const
    ).map(
      ({ maxBatch, error, got }): BadCall => ({
        what: `${got} for maxBatch`,
        call: () => net.predictor({ maxBatch: maxBatch as never }),
        error,
        code: wrong(error),
        message: `Expected maxBatch to be a positive integer, got ${got}`,
      }),
    ),
    {
      what: 'an option that does not exist',
      call: () => net.predictor({ max_batch: 2 } as never),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "max_batch"; did you mean "maxBatch"?',
    },
    {
      what: 'null for the options',
      call: () => net.predictor(null as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected options to be an object, got null',
    },
    {
      what: 'more rows than an array holds',
      call: () => net.predictor({ maxBatch: 2 ** 32 }),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected rows * cols to be at most 2^32, got 4294967296 * 2',
    },
  ]);

  it.each([
    [0, 'row 0, column 0'],
    [5, 'row 2, column 1'],
  ])('rejects NaN and infinities in the rows it is asked for, as at element %i', (index, place) => {
    const before = snapshot(net);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      predictor.input.data.fill(0);
      predictor.input.data[index] = value;
      for (const rows of [index === 0 ? 1 : 3, 4]) {
        expect(thrownBy(() => predictor.run(rows))).toMatchObject({
          code: 'ERR_BLASNET_NOT_FINITE',
          message: `Expected input to hold finite numbers, got ${value} at ${place}`,
        });
      }
    }
    predictor.input.data.fill(0);
    predictor.input.data[7] = Number.NaN;
    predictor.run(3); // the fourth row is not used
    expect(snapshot(net)).toEqual(before);
  });
});
