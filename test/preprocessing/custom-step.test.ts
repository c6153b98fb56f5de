// Steps that users write: in a pipeline, in JSON, in a network's file, in a resumed training.

import { describe, expect, it, vi } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import {
  type CustomStep,
  type FittedCustomStep,
  imputer,
  Preprocessing,
  preprocessing,
  standardScaler,
} from '../../lib/preprocessing';
import { expectError, itRejects, rejectionOf, thrownBy } from '../support/bad-input';
import { newFolder } from '../support/scratch';
import { range, shape, type, unknownOption } from './rows';

/** log(x + shift) of every number; the shift is learned, so that the smallest number becomes log(1). */
class Logarithm implements CustomStep {
  readonly name = 'logarithm';

  fit(X: Matrix): FittedCustomStep {
    return this.#fitted(1 - Math.min(...X.data));
  }

  fromJSON(state: unknown): FittedCustomStep {
    const { shift } = state as { shift: unknown };
    if (typeof shift !== 'number') throw new TypeError('Expected shift to be a number');
    return this.#fitted(shift);
  }

  #fitted(shift: number): FittedCustomStep {
    const map = (X: Matrix, f: (x: number) => number) => X.toArray().map((row) => row.map(f));
    return {
      transform: (X) => map(X, (x) => Math.log(x + shift)),
      inverse: (X) => map(X, (x) => Math.exp(x) - shift),
      toJSON: () => ({ shift }),
    };
  }
}

/** Adds the sum of each row as a last column. */
const rowSum: CustomStep = {
  name: 'rowSum',
  fit: (X) => ({
    outputColumns: X.cols + 1,
    transform(input) {
      const out = Matrix.zeros(input.rows, input.cols + 1, input.dtype);
      for (let r = 0; r < input.rows; r++) {
        const row = input.data.subarray(r * input.cols, (r + 1) * input.cols);
        out.data.set(row, r * out.cols);
        out.data[(r + 1) * out.cols - 1] = [...row].reduce((sum, value) => sum + value, 0);
      }
      return out;
    },
  }),
};

const table = [
  [1, 5],
  [2, 3],
  [7, 4],
];

describe('a step of the user’s own', () => {
  it('learns from what the step before it puts out, and hands on what it makes', () => {
    const pipeline = preprocessing([imputer(), new Logarithm(), rowSum, standardScaler({ columns: [2] })]);
    const X = pipeline.fitTransform([...table, [Number.NaN, 4]]);
    expect([pipeline.inputColumns, pipeline.outputColumns, X.rows, X.cols]).toEqual([2, 3, 4, 3]);
    const logs = [...table, [10 / 3, 4]].map((row) => row.map((x) => Math.log(x)));
    for (const [r, row] of logs.entries()) {
      for (const [c, value] of row.entries()) expect(X.get(r, c)).toBeCloseTo(value, 14);
    }
    const sums = logs.map(([a = 0, b = 0]) => a + b);
    const mean = sums.reduce((a, b) => a + b) / 4;
    const deviation = Math.sqrt(sums.reduce((a, b) => a + (b - mean) ** 2, 0) / 4);
    for (const [r, sum] of sums.entries()) expect(X.get(r, 2)).toBeCloseTo((sum - mean) / deviation, 12);
  });

  it('goes the way back where it has an inverse', () => {
    const pipeline = preprocessing([new Logarithm()]);
    const back = pipeline.inverse(pipeline.fitTransform(table));
    for (const [r, row] of table.entries()) {
      for (const [c, value] of row.entries()) expect(back.get(r, c)).toBeCloseTo(value, 12);
    }
  });

  it('works in the dtype of what comes in', () => {
    const pipeline = preprocessing([new Logarithm(), rowSum]);
    const X = new Matrix(Float32Array.of(1, 5, 2, 3), 2, 2);
    const out = pipeline.fitTransform(X);
    expect(out.dtype).toBe('float32');
    expect(out.get(0, 1)).toBe(Math.fround(Math.log(5)));
  });

  it('may hand back its input, which the pipeline then copies', () => {
    const identity: CustomStep = { name: 'identity', fit: () => ({ transform: (X) => X }) };
    const X = new Matrix(Float64Array.from(table.flat()), 3, 2);
    const out = preprocessing([identity]).fitTransform(X);
    expect(out).toEqual(X);
    expect(out.data).not.toBe(X.data);
  });

  it('may stand in a pipeline twice, each time with what it learned there', () => {
    const step = new Logarithm();
    const pipeline = preprocessing([step, step]).fit(table);
    const states = pipeline.toJSON().steps.map((one) => (one as unknown as { state: unknown }).state);
    expect(states).toEqual([{ shift: 0 }, { shift: 1 }]);
    const copy = Preprocessing.fromJSON(JSON.parse(JSON.stringify(pipeline)), { steps: [step] });
    expect(copy.transform(table)).toEqual(pipeline.transform(table));
  });

  it('leaves the pipeline as it was when its fit or its transform throws', () => {
    let fails: 'fit' | 'transform' | undefined;
    const step: CustomStep = {
      name: 'moody',
      fit() {
        if (fails === 'fit') throw new Error('no fit today');
        return {
          transform(X) {
            if (fails === 'transform') throw new Error('no transform today');
            return X;
          },
        };
      },
    };
    const pipeline = preprocessing([standardScaler(), step]).fit(table);
    const before = pipeline.transform(table);
    for (fails of ['fit', 'transform'] as const) {
      expect(thrownBy(() => pipeline.fitTransform([[0, 0]]))).toMatchObject({ message: `no ${fails} today` });
    }
    fails = undefined;
    expect(pipeline.transform(table)).toEqual(before);
  });
});

describe('JSON with a step of the user’s own', () => {
  const whole = preprocessing([new Logarithm(), standardScaler()]).fit(table);

  it('brings the step back by its fromJSON', () => {
    const json = JSON.stringify(whole);
    expect(JSON.parse(json).steps[0]).toEqual({ name: 'logarithm', inputColumns: 2, state: { shift: 0 } });
    const copy = Preprocessing.fromJSON(JSON.parse(json), { steps: [rowSumWithJson, new Logarithm()] });
    expect(copy.transform(table)).toEqual(whole.transform(table));
    expect(JSON.stringify(copy)).toBe(json);
  });

  const rowSumWithJson: CustomStep = {
    ...rowSum,
    fromJSON: () => ({ transform: (X) => X, outputColumns: 3 }),
  };
  const json = () => JSON.parse(JSON.stringify(whole));
  const read = (change: (value: ReturnType<typeof json>) => void, steps: unknown = [new Logarithm()]) => {
    const value = json();
    change(value);
    return () => Preprocessing.fromJSON(value, { steps } as never);
  };
  const nothing = () => {};

  itRejects([
    {
      what: 'a step that it is not told of',
      call: () => Preprocessing.fromJSON(json()),
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message:
        'Unknown step "logarithm" in preprocessing.steps[0]; known: standardScaler, minMaxScaler, robustScaler, ' +
        'imputer, oneHotEncoder. Pass your own steps in the option steps',
    },
    type('steps in an object', read(nothing, {}), 'steps to be an array of steps, got an object (Object)'),
    type('a hole', read(nothing, Array(1)), 'steps[0] to be an object, got undefined'),
    type(
      'a step that has no fromJSON',
      read(nothing, [rowSum]),
      'steps[0].fromJSON to be a function, got undefined',
    ),
    range(
      'the name of a step of the library',
      read(nothing, [{ ...rowSumWithJson, name: 'imputer' }]),
      'steps[0].name to be a name other than that of a step of the library, got "imputer" (string)',
    ),
    range(
      'two steps of one name',
      read(nothing, [new Logarithm(), new Logarithm()]),
      'steps[1].name to be a name other than that of steps[0], got "logarithm" (string)',
    ),
    unknownOption(
      'an unknown option',
      () => Preprocessing.fromJSON(json(), { step: [] } as never),
      '"step"; did you mean "steps"?',
    ),
    range(
      'no columns',
      read((value) => {
        value.steps[0].inputColumns = 0;
      }),
      'preprocessing.steps[0].inputColumns to be an integer from 1 to 1048576, got 0 (number)',
    ),
    unknownOption(
      'a field that no step of the user’s has',
      read((value) => {
        value.steps[0].fill = [];
      }),
      '"fill" in preprocessing.steps[0]; known: name, inputColumns, state',
    ),
    shape(
      'columns that do not fit',
      read((value) => {
        value.steps[0].inputColumns = 5;
      }),
      'preprocessing.steps[1].inputColumns to be 5, the output columns of the step before it, got 2 (number)',
    ),
    type(
      'a fromJSON that makes nothing',
      read(nothing, [{ ...new Logarithm(), name: 'logarithm', fit: () => {}, fromJSON: () => null }]),
      'the result of fromJSON of the step "logarithm" to be an object, got null',
    ),
  ]);

  it('hands on what fromJSON throws', () => {
    const call = read((value) => {
      value.steps[0].state = { shift: '0' };
    });
    expect(thrownBy(call)).toEqual(new TypeError('Expected shift to be a number'));
  });
});

describe('preprocessing, given a step of the user’s own,', () => {
  const fitted: FittedCustomStep = { transform: (X) => X };
  const make = (changes: object) => () =>
    preprocessing([standardScaler(), { name: 'own', fit: () => fitted, ...changes } as CustomStep]);
  const learn = (result: unknown) => () =>
    preprocessing([{ name: 'own', fit: () => result } as never]).fit(table);
  const transformed = (result: unknown) => () =>
    preprocessing([{ name: 'own', fit: () => ({ transform: () => result }) } as never]).fitTransform(table);
  const of = (method: string) => `the result of ${method} of the step "own"`;

  itRejects([
    type(
      'a number for its name',
      make({ name: 3 }),
      'steps[1].name to be a name of 1 to 100 characters, got 3 (number)',
    ),
    range(
      'no name',
      make({ name: '' }),
      'steps[1].name to be a name of 1 to 100 characters, got "" (string)',
    ),
    type('no fit', make({ fit: undefined }), 'steps[1].fit to be a function, got undefined'),
    type(
      'JSON for fromJSON',
      make({ fromJSON: {} }),
      'steps[1].fromJSON to be a function, got an object (Object)',
    ),
    range(
      'the name of a step of the library',
      make({ name: 'oneHotEncoder' }),
      'steps[1].name to be a name other than that of a step of the library, got "oneHotEncoder" (string)',
    ),
    range(
      'two steps of one name',
      () => preprocessing([rowSum, { ...rowSum }]),
      'steps[1].name to be a name other than that of steps[0], got "rowSum" (string)',
    ),
    type('a fit that returns nothing', learn(undefined), `${of('fit')} to be an object, got undefined`),
    type(
      'a promise of a fit',
      learn(Promise.resolve(fitted)),
      `${of('fit')}.transform to be a function, got undefined`,
    ),
    type('no transform', learn({}), `${of('fit')}.transform to be a function, got undefined`),
    type(
      'an inverse of 1',
      learn({ ...fitted, inverse: 1 }),
      `${of('fit')}.inverse to be a function, got 1 (number)`,
    ),
    type(
      'a toJSON of 1',
      learn({ ...fitted, toJSON: 1 }),
      `${of('fit')}.toJSON to be a function, got 1 (number)`,
    ),
    range(
      'no columns',
      learn({ ...fitted, outputColumns: 0 }),
      `${of('fit')}.outputColumns to be an integer from 1 to 1048576, got 0 (number)`,
    ),
    type(
      'a transform that returns nothing',
      transformed(undefined),
      `${of('transform')} to be a Matrix, a typed array of numbers or an array of rows, got undefined`,
    ),
    type(
      'a promise of a transform',
      transformed(Promise.resolve(table)),
      `${of('transform')} to be a Matrix, a typed array of numbers or an array of rows, got an object (Promise)`,
    ),
    shape('a row too few', transformed(table.slice(1)), `${of('transform')} to have 3 rows, got 2`),
    shape(
      'a column too many',
      transformed(table.map((row) => [...row, 1])),
      `${of('transform')} to have 2 columns, got 3`,
    ),
    {
      what: 'a result of another dtype',
      call: transformed(new Matrix(new Float32Array(6), 3, 2)),
      error: TypeError,
      code: 'ERR_BLASNET_DTYPE',
      message: `Expected ${of('transform')} to be a Float64Array, like its input, got a Float32Array of length 6`,
    },
    type(
      'inverse where it has none',
      () =>
        preprocessing([rowSum])
          .fit(table)
          .inverse([[1, 2, 3]]),
      'inverse of the step "rowSum" to be a function, got undefined',
    ),
    type(
      'toJSON where it has none',
      () => preprocessing([rowSum]).fit(table).toJSON(),
      'toJSON of the step "rowSum" to be a function, got undefined',
    ),
  ]);

  it('refuses a result whose memory was taken away', () => {
    const gone = new Matrix(new Float64Array(6), 3, 2);
    structuredClone(gone.data.buffer, { transfer: [gone.data.buffer as ArrayBuffer] });
    expectError(
      transformed(gone),
      TypeError,
      'ERR_BLASNET_DETACHED',
      `Expected ${of('transform')} to be an array whose buffer is not detached, got a Float64Array of length 0`,
    );
  });
});

describe('a network with a step of the user’s own', () => {
  const X = [
    [1, 5],
    [2, 3],
    [7, 4],
    [9, 9],
  ];
  const Y = [[0], [0], [1], [1]];
  const make = (step: CustomStep = new Logarithm()) =>
    new Network(
      [
        { inputDim: 2, outputDim: 4, activation: 'tanh' },
        { outputDim: 1, activation: 'sigmoid' },
      ],
      {
        seed: 1,
        preprocessing: preprocessing([step, standardScaler()]),
      },
    );
  const options = { epochs: 6, batchSize: 2 };
  const steps = [new Logarithm()];

  it('comes back from a file, given the step', async () => {
    const net = make();
    net.fitSync(X, Y, options);
    const path = `${newFolder()}/net.safetensors`;
    await net.save(path);
    for (const loaded of [await Network.load(path, { steps }), Network.loadSync(path, { steps })]) {
      expect(loaded.predictSync(X)).toEqual(net.predictSync(X));
    }
    for (const error of [await rejectionOf(Network.load(path)), thrownBy(() => Network.loadSync(path))]) {
      expect(error).toMatchObject({
        code: 'ERR_BLASNET_FILE',
        message: expect.stringMatching(
          /^In blasnet\.preprocessing of ".*": Unknown step "logarithm" in .* Pass your own steps in the option steps$/,
        ),
      });
    }
  });

  it('is told of bad steps before it looks for the file', async () => {
    const message = 'Expected steps to be an array of steps, got 3 (number)';
    const none = '/nowhere/at/all';
    expect((await rejectionOf(Network.load(none, { steps: 3 as never }))).message).toBe(message);
    expect(thrownBy(() => Network.loadSync(none, { steps: 3 as never }))).toMatchObject({ message });
    const resumed = Network.resume(none, X, Y, { ...options, steps: 3 as never });
    expect((await rejectionOf(resumed)).message).toBe(message);
  });

  it('continues from a checkpoint to the last bit, given the step', async () => {
    const directory = newFolder();
    const whole = make();
    const history = whole.fitSync(X, Y, options);
    await make().fit(X, Y, { ...options, epochs: 2, checkpoint: { directory } });
    const resumed = await Network.resume(directory, X, Y, { ...options, steps });
    expect(resumed.history).toEqual(history);
    expect(resumed.network.predictSync(X)).toEqual(whole.predictSync(X));
  });

  it('refuses checkpoints of what no file can hold before its first step, and forgets what it learned', async () => {
    const directory = newFolder();
    const onBatchEnd = vi.fn();
    const withNaN: CustomStep = {
      name: 'nan',
      fit: () => ({ transform: (input) => input, toJSON: () => ({ mean: Number.NaN }) }),
    };
    const { fit, name } = new Logarithm();
    const silent: CustomStep = {
      name,
      fit: (input) => ({ transform: fit.call(new Logarithm(), input).transform }),
    };
    for (const { step, message } of [
      { step: silent, message: 'Expected toJSON of the step "logarithm" to be a function, got undefined' },
      {
        step: withNaN,
        message: 'Expected preprocessing.steps[0].state.mean to be a finite number, got NaN (number)',
      },
    ]) {
      const net = make(step);
      const fitting = net.fit(X, Y, { ...options, callbacks: { onBatchEnd }, checkpoint: { directory } });
      expect((await rejectionOf(fitting)).message).toBe(message);
      expect(net.preprocessing?.fitted).toBe(false);
    }
    expect(onBatchEnd).not.toHaveBeenCalled();
  });
});
