import { afterEach, describe, expect, it, vi } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import * as functional from '../../lib/functional';
import type { LayerOptions } from '../../lib/layers/architecture';
import { itRejects } from '../support/bad-input';
import { randomArray } from '../support/oracle';

const architecture: LayerOptions[] = [
  { inputDim: 2, outputDim: 3, activation: 'relu' },
  { inputDim: 3, outputDim: 1, activation: 'sigmoid' },
];

const X = new Matrix(Float64Array.from(randomArray(8, 1)), 2, 4);
const Y = Matrix.from([[0, 1, 1, 0]]);
const Z = Matrix.zeros(3, 4);

/** Copies the matrix, and replaces one element. */
function withElement(matrix: Matrix, index: number, value: number): Matrix {
  const copy = new Matrix(matrix.data.slice(), matrix.rows, matrix.cols);
  copy.data[index] = value;
  return copy;
}

describe('train', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('goes forward, takes cost and accuracy, goes backward and updates, from the parameters of seed 2', () => {
    const { params, costHistory, accuracyHistory } = functional.train(X, Y, architecture, 3, 0.5);
    const ours = functional.initLayers(architecture, 2);
    for (let epoch = 0; epoch < 3; epoch++) {
      const { yHat, memory } = functional.fullForwardPropagation(X, ours, architecture);
      expect(costHistory[epoch]).toBe(functional.getCostValue(yHat, Y));
      expect(accuracyHistory[epoch]).toBe(functional.getAccuracyValue(yHat, Y));
      const grads = functional.fullBackwardPropagation(yHat, Y, memory, ours, architecture);
      functional.update(ours, grads, architecture, 0.5);
    }
    expect(params).toEqual(ours);
    expect([costHistory.length, accuracyHistory.length]).toEqual([3, 3]);
  });

  it('is silent unless told otherwise, and then prints every 50th epoch as the article does', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    functional.train(X, Y, architecture, 101, 0.1);
    functional.train(X, Y, architecture, 101, 0.1, { verbose: false });
    expect(log).not.toHaveBeenCalled();
    const { costHistory, accuracyHistory } = functional.train(X, Y, architecture, 101, 0.1, {
      verbose: true,
    });
    const line = (epoch: number) => {
      const [cost, accuracy] = [costHistory[epoch], accuracyHistory[epoch]] as [number, number];
      return `Iteration: ${String(epoch).padStart(5, '0')} - cost: ${cost.toFixed(5)} - accuracy: ${accuracy.toFixed(5)}`;
    };
    expect(log.mock.calls).toEqual([[line(0)], [line(50)], [line(100)]]);
    expect(line(50)).toMatch(/^Iteration: 00050 - cost: 0\.\d{5} - accuracy: 0\.\d{5}$/);
  });

  it('calls back every 50 epochs, with the parameters after the update', () => {
    const seen: [number, number][] = [];
    const { params } = functional.train(X, Y, architecture, 102, 0.1, {
      callback: (epoch, current) => seen.push([epoch, current.b2?.data[0] as number]),
    });
    expect(seen.map(([epoch]) => epoch)).toEqual([0, 50, 100]);
    for (const [epoch, bias] of seen) {
      const until = functional.train(X, Y, architecture, epoch + 1, 0.1).params;
      expect(bias).toBe(until.b2?.data[0]);
    }
    expect(params.b2?.data[0]).not.toBe(seen[2]?.[1]);
  });

  it('lets an error of the callback through', () => {
    const callback = () => {
      throw new Error('enough');
    };
    expect(() => functional.train(X, Y, architecture, 60, 0.1, { callback })).toThrow('enough');
  });
});

describe('train, given bad arguments,', () => {
  const train = (over: {
    X?: Matrix;
    Y?: Matrix;
    epochs?: number;
    rate?: number;
    options?: object | null;
  }) => {
    const { X: samples = X, Y: labels = Y, epochs = 2, rate = 0.1 } = over;
    return functional.train(samples, labels, architecture, epochs, rate, over.options as never);
  };
  const wrongEpochs = (epochs: number) =>
    ({
      what: `${epochs} epochs`,
      call: () => train({ epochs }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: `Expected epochs to be a positive integer, got ${epochs} (number)`,
    }) as const;
  const notFinite = (value: number) =>
    ({
      what: `${value} in X`,
      call: () => train({ X: withElement(X, 6, value) }),
      error: RangeError,
      code: 'ERR_BLASNET_NOT_FINITE',
      message: `Expected X to hold finite numbers, got ${value} at row 1, column 2`,
    }) as const;
  itRejects([
    ...[0, -1, 1.5, Number.NaN, Infinity].map(wrongEpochs),
    ...[Number.NaN, Infinity, -Infinity].map(notFinite),
    {
      what: 'epochs in words',
      call: () => train({ epochs: '3' as never }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected epochs to be a positive integer, got "3" (string)',
    },
    {
      what: 'a learning rate of NaN',
      call: () => train({ rate: Number.NaN }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected learningRate to be a positive finite number, got NaN (number)',
    },
    {
      what: 'a label above 1',
      call: () => train({ Y: withElement(Y, 3, 2) }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected Y to hold numbers from 0 to 1, got 2 at row 0, column 3',
    },
    {
      what: 'a label below 0',
      call: () => train({ Y: withElement(Y, 0, -0.5) }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected Y to hold numbers from 0 to 1, got -0.5 at row 0, column 0',
    },
    {
      what: 'a label of NaN',
      call: () => train({ Y: withElement(Y, 1, Number.NaN) }),
      error: RangeError,
      code: 'ERR_BLASNET_NOT_FINITE',
      message: 'Expected Y to hold numbers from 0 to 1, got NaN at row 0, column 1',
    },
    {
      what: 'X of other features',
      call: () => train({ X: Z }),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected X to be (2 x 4), got (3 x 4)',
    },
    {
      what: 'Y of other samples',
      call: () => train({ Y: Matrix.zeros(1, 5) }),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected Y to be (1 x 4), got (1 x 5)',
    },
    {
      what: 'Y of other outputs',
      call: () => train({ Y: Matrix.zeros(2, 4) }),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected Y to be (1 x 4), got (2 x 4)',
    },
    {
      what: 'float32 samples',
      call: () => train({ X: Matrix.zeros(2, 4, 'float32' as 'float64') }),
      error: TypeError,
      code: 'ERR_BLASNET_DTYPE',
      message: "Expected X to be of dtype 'float64', like the other matrices, got a Float32Array of length 8",
    },
    {
      what: 'detached samples',
      call: () => {
        const lost = withElement(X, 0, 0);
        structuredClone(lost.data, { transfer: [lost.data.buffer as ArrayBuffer] });
        train({ X: lost });
      },
      error: TypeError,
      code: 'ERR_BLASNET_DETACHED',
      message: 'Expected X to be an array whose buffer is not detached, got a Float64Array of length 0',
    },
    {
      what: 'an unknown option',
      call: () => train({ options: { verbos: true } }),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "verbos"; did you mean "verbose"?',
    },
    {
      what: 'options that are no object',
      call: () => train({ options: null }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected options to be an object, got null',
    },
    {
      what: 'verbose in words',
      call: () => train({ options: { verbose: 'yes' } }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected verbose to be true or false, got "yes" (string)',
    },
    {
      what: 'a callback that is no function',
      call: () => train({ options: { callback: 50 } }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected callback to be a function, got 50 (number)',
    },
  ]);
});
