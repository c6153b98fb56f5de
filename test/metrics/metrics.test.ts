import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import { metrics } from '../../lib/metrics';
import { itRejects } from '../support/bad-input';

const { accuracy, topKAccuracy, precision, recall, f1, rocAuc, prAuc, confusionMatrix, logLoss, brier } =
  metrics;

describe('metrics of one column', () => {
  // Two of three positive predictions are right, and two of four positives are found.
  const y = [1, 1, 0, 1, 0, 1, 0];
  const p = [0.9, 0.6, 0.8, 0.5, 0.1, 0.2, 0.3];

  it('count right and wrong answers', () => {
    expect(accuracy(y, p)).toBe(4 / 7);
    expect(precision(y, p)).toBe(2 / 3);
    expect(recall(y, p)).toBe(1 / 2);
    expect(f1(y, p)).toBe(4 / 7);
    expect(confusionMatrix(y, p).toArray()).toEqual([
      [2, 1],
      [2, 2],
    ]);
  });

  it('take an output at the threshold for a no', () => {
    expect(recall(y, p, { threshold: 0.499 })).toBe(3 / 4);
    expect(confusionMatrix(y, p, { threshold: 0.2 }).toArray()).toEqual([
      [1, 2],
      [1, 3],
    ]);
    expect(accuracy(y, p, { threshold: 0.2 })).toBe(4 / 7);
  });

  it('count the pairs in order: 8 of 12', () => {
    expect(rocAuc(y, p)).toBe(8 / 12);
    // Positives at ranks 1, 3, 4 and 6.
    expect(prAuc(y, p)).toBeCloseTo((1 / 1 + 2 / 3 + 3 / 4 + 4 / 6) / 4, 15);
  });

  it('take a tie for half a pair, and for one threshold', () => {
    expect(rocAuc([1, 0], [0.5, 0.5])).toBe(0.5);
    expect(prAuc([1, 0], [0.5, 0.5])).toBe(0.5);
    expect(rocAuc([1, 0, 0, 1], [3, 3, 1, 2])).toBe(2.5 / 4);
    // 0 and -0 are equal.
    expect(rocAuc([1, 0], [0, -0])).toBe(0.5);
    expect(rocAuc([1, 0], [-0, 0])).toBe(0.5);
  });

  it('count samples more than once by their weights', () => {
    const once = { sampleWeight: Float32Array.of(2, 1, 0, 1, 1, 3, 1) };
    const repeated = [0, 0, 1, 3, 4, 5, 5, 5, 6];
    const [labels, scores] = [repeated.map((i) => y[i] as number), repeated.map((i) => p[i] as number)];
    for (const metric of [accuracy, precision, recall, f1, rocAuc, prAuc, logLoss, brier, metrics.r2]) {
      expect(metric(y, p, once)).toBeCloseTo(metric(labels, scores), 14);
    }
  });

  it('score probabilities by log loss and Brier score', () => {
    expect(logLoss([1, 0], [0.25, 0.5])).toBeCloseTo((Math.log(4) + Math.log(2)) / 2, 15);
    expect(brier([1, 0], [0.25, 0.5])).toBe((0.5625 + 0.25) / 2);
    // Labels between 0 and 1 are probabilities.
    expect(logLoss([0.5], [0.25])).toBeCloseTo(-(Math.log(0.25) + Math.log(0.75)) / 2, 15);
  });

  it('charge for a sure mistake what the epsilon of the dtype leaves', () => {
    expect(logLoss([1], [0])).toBe(-Math.log(2 ** -52));
    expect(logLoss([1], Float32Array.of(0))).toBe(-Math.log(2 ** -23));
  });
});

describe('metrics of several columns', () => {
  const y = [0, 1, 2, 2];
  const p = [
    [0.5, 0.25, 0.25],
    [0.5, 0.25, 0.25],
    [0.25, 0.25, 0.5],
    [0.25, 0.5, 0.25],
  ];

  it('decide by the largest output', () => {
    expect(accuracy(y, p)).toBe(0.5);
    expect(confusionMatrix(y, p).toArray()).toEqual([
      [1, 0, 0],
      [1, 0, 0],
      [0, 1, 1],
    ]);
    // Precisions 1/2, 0 and 1; recalls 1, 0 and 1/2.
    expect(precision(y, p)).toBe(1.5 / 3);
    expect(precision(y, p, { average: 'weighted' })).toBe((0.5 + 0 + 2) / 4);
    expect(precision(y, p, { average: 'micro' })).toBe(0.5);
    expect(recall(y, p, { average: 'macro' })).toBe(1.5 / 3);
    expect(f1(y, p)).toBeCloseTo((2 / 3 + 0 + 2 / 3) / 3, 15);
  });

  it('decide by the first of equals, while top-k prefers the last, as scikit-learn does', () => {
    const tie = [[0.5, 0.5]];
    expect(accuracy([0], tie)).toBe(1);
    expect(topKAccuracy([0], tie, { k: 1 })).toBe(0);
    expect(topKAccuracy([1], tie, { k: 1 })).toBe(1);
    // In the second sample, classes 0 and 2 rank before the true class.
    expect(topKAccuracy(y, p)).toBe(3 / 4);
    expect(topKAccuracy(y, p, { k: 3 })).toBe(1);
  });

  it('leave classes out of the mean that nobody has or guesses', () => {
    const wide = p.map((row) => [...row, 0]);
    expect(f1(y, wide)).toBe(f1(y, p));
  });

  it('sum over the classes of a sample', () => {
    expect(logLoss([0, 1], p.slice(0, 2))).toBeCloseTo((Math.log(2) + Math.log(4)) / 2, 15);
    expect(brier([0], p.slice(0, 1))).toBe(0.25 + 2 * 0.0625);
    // The row does not sum to 1, so it is scaled.
    expect(logLoss([0], [[0.2, 0.2]])).toBeCloseTo(Math.log(2), 15);
  });
});

describe('metrics of columns with separate labels', () => {
  const y = [
    [1, 0],
    [1, 1],
    [0, 0],
  ];
  const p = [
    [0.9, 0.8],
    [0.7, 0.9],
    [0.6, 0.1],
  ];

  it('take a sample for right when all its labels are', () => {
    expect(accuracy(y, p, { multiLabel: true })).toBe(1 / 3);
    expect(accuracy(y, p, { multiLabel: true, threshold: 0.85 })).toBe(2 / 3);
  });

  it('average over all labels', () => {
    expect(precision(y, p, { multiLabel: true })).toBe((2 / 3 + 1 / 2) / 2);
    expect(precision(y, p, { multiLabel: true, average: 'micro' })).toBe(3 / 5);
    expect(recall([[0, 1]], [[0.1, 0.9]], { multiLabel: true })).toBe(0.5);
  });

  it('sum the binary losses', () => {
    expect(logLoss([[1, 0]], [[0.5, 0.75]], { multiLabel: true })).toBeCloseTo(Math.log(2) + Math.log(4), 15);
  });
});

describe('metrics of numbers', () => {
  it('measure the errors of numbers', () => {
    const [y, p] = [
      [1, 2, 3, 6],
      [1, 3, 3, 4],
    ];
    expect(metrics.meanSquaredError(y, p)).toBe(5 / 4);
    expect(metrics.rootMeanSquaredError(y, p)).toBe(Math.sqrt(5 / 4));
    expect(metrics.meanAbsoluteError(y, p)).toBe(3 / 4);
    expect(metrics.r2(y, p)).toBe(1 - 5 / 14);
  });

  it('take the mean over columns', () => {
    const [y, p] = [[[0, 0]], [[3, 4]]];
    expect(metrics.meanSquaredError(y, p)).toBe(12.5);
    expect(metrics.rootMeanSquaredError(y, p)).toBe(3.5);
    expect(metrics.meanAbsoluteError(y, p)).toBe(3.5);
  });

  it('recognise constant labels, even if their mean is rounded', () => {
    const y = Array(3).fill(0.1);
    expect(metrics.r2(y, y)).toBe(1);
    expect(metrics.r2(y, [0.1, 0.1, 0.2])).toBe(0);
  });
});

const { async: _, ...functions } = metrics;
const numbers = Object.entries(functions).filter(
  ([name]) => name !== 'confusionMatrix' && name !== 'calibration',
) as [string, typeof rocAuc][];

describe('metrics without an answer', () => {
  it.each<[string, () => number]>([
    ['one class alone, ranked,', () => rocAuc([1, 1], [0.1, 0.2])],
    ['a class that no sample has, ranked,', () => rocAuc([0, 1], Matrix.zeros(2, 3))],
    ['positives without weight, ranked,', () => rocAuc([1, 0], [0.1, 0.2], { sampleWeight: [0, 1] })],
    ['the spread of a single sample', () => metrics.r2([1], [1])],
    ...(['accuracy', 'rocAuc', 'prAuc', 'logLoss', 'brier', 'meanSquaredError', 'r2'] as const).map(
      (name): [string, () => number] => [
        `${name} without any weight`,
        () => metrics[name]([0, 1], [0, 1], { sampleWeight: [0, 0] }),
      ],
    ),
    ...numbers.flatMap(([name, compute]) =>
      [Number.NaN, Number.POSITIVE_INFINITY].map((bad): [string, () => number] => [
        `${name} of ${bad}`,
        () => compute([[0, 1]], [[0.5, bad]]),
      ]),
    ),
  ])('%s is NaN', (_, call) => {
    expect(call()).toBeNaN();
  });

  it('are those of no columns', () => {
    const none = Matrix.zeros(2, 0);
    expect(confusionMatrix(none, none).toArray()).toEqual([]);
    expect(accuracy(none, none)).toBe(1);
    expect(f1(none, none)).toBe(0);
    for (const compute of [rocAuc, prAuc, metrics.r2, metrics.meanSquaredError]) {
      expect(compute(none, none)).toBeNaN();
    }
  });

  it('are 0 where nothing is found of nothing', () => {
    expect(precision([1, 0], [0, 0])).toBe(0);
    expect(recall([0, 0], [1, 0])).toBe(0);
    expect(f1([0, 0], [0, 0])).toBe(0);
    expect(prAuc([0, 0], [0.5, 0.25])).toBe(0);
    expect(f1([0], [[1, 0]], { average: 'weighted', sampleWeight: [0] })).toBe(0);
  });
});

describe('metrics of any numbers', () => {
  const sets = fc.integer({ min: 1, max: 12 }).chain((rows) =>
    fc.record({
      y: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: rows, maxLength: rows }),
      p: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: rows, maxLength: rows }),
    }),
  );

  it('give the share of pairs in order as the area', () => {
    fc.assert(
      fc.property(sets, ({ y, p }) => {
        let [pairs, ordered] = [0, 0];
        for (const [i, positive] of y.entries()) {
          for (const [j, negative] of y.entries()) {
            if (positive === 0 || negative === 1) continue;
            pairs++;
            ordered += (1 + Math.sign((p[i] as number) - (p[j] as number))) / 2;
          }
        }
        if (pairs === 0) expect(rocAuc(y, p)).toBeNaN();
        else expect(rocAuc(y, p)).toBeCloseTo(ordered / pairs, 13);
      }),
    );
  });

  it('do not depend on the order of the samples', () => {
    fc.assert(
      fc.property(sets, ({ y, p }) => {
        const scaled = p.map((value) => value / 8);
        for (const name of ['accuracy', 'f1', 'rocAuc', 'prAuc', 'logLoss', 'brier', 'r2'] as const) {
          const backwards = metrics[name]([...y].reverse(), [...scaled].reverse());
          const forwards = metrics[name](y, scaled);
          if (Number.isNaN(forwards)) expect(backwards).toBeNaN();
          else expect(backwards).toBeCloseTo(forwards, 13);
        }
      }),
    );
  });

  it('leave their arguments alone', () => {
    const [y, p] = [Float64Array.of(1, 0, 1), Float64Array.of(0.1, 0.9, 0.5)];
    for (const compute of Object.values(functions)) {
      if (compute !== topKAccuracy) (compute as typeof f1)(y, p);
    }
    expect([...y, ...p]).toEqual([1, 0, 1, 0.1, 0.9, 0.5]);
  });
});

const detached = new Float64Array(2);
structuredClone(detached, { transfer: [detached.buffer] });

itRejects([
  {
    what: 'labels in a string',
    call: () => f1('01' as never, [0, 1]),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message:
      'Expected yTrue to be a Matrix, a typed array, an array of rows or an array of numbers, got "01" (string)',
  },
  {
    what: 'no predictions',
    call: () => f1([0, 1], undefined as never),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message:
      'Expected yPredicted to be a Matrix, a typed array, an array of rows or an array of numbers, got undefined',
  },
  {
    what: 'a label in a string',
    call: () => f1([0, '1' as never], [0, 1]),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected yTrue[1] to be a number, got "1" (string); Number(text) converts it',
  },
  {
    what: 'a ragged row',
    call: () => f1([0, 1], [[0, 1], [1]]),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected yPredicted[1] to be of length 2, like the first row, got an array of length 1',
  },
  {
    what: 'an array that was transferred away',
    call: () => f1(detached, [0, 1]),
    error: TypeError,
    code: 'ERR_BLASNET_DETACHED',
    message: 'Expected yTrue to be an array whose buffer is not detached, got a Float64Array of length 0',
  },
  {
    what: 'no samples',
    call: () => accuracy([], []),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected yPredicted to have at least one row, got 0',
  },
  {
    what: 'fewer labels than predictions',
    call: () => rocAuc([1], [0.5, 0.5]),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected yTrue to have as many rows as yPredicted (2), got 1',
  },
  {
    what: 'labels of other columns',
    call: () => accuracy([[1, 0]], [[0.5, 0.25, 0.25]]),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected yTrue to have as many columns as yPredicted (3), or one of class indices, got 2',
  },
  {
    what: 'one column of numbers for several',
    call: () => metrics.r2([1, 0], Matrix.zeros(2, 3)),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected yTrue to have as many columns as yPredicted (3), got 1',
  },
  {
    what: 'a class beyond the columns',
    call: () => accuracy([0, 2], Matrix.zeros(2, 2)),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected yTrue to hold class indices from 0 to 1, got 2 at row 1',
  },
  {
    what: 'NaN for a class',
    call: () => accuracy([Number.NaN], Matrix.zeros(1, 2)),
    error: RangeError,
    code: 'ERR_BLASNET_NOT_FINITE',
    message: 'Expected yTrue to hold class indices from 0 to 1, got NaN at row 0',
  },
  {
    what: 'a probability beyond 1',
    call: () => logLoss([1, 0], [0.5, 1.5]),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected yPredicted to hold numbers from 0 to 1, got 1.5 at row 1, column 0',
  },
  {
    what: 'labels of +-1 as probabilities',
    call: () => brier([1, -1], [0.5, 0.5]),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected yTrue to hold numbers from 0 to 1, got -1 at row 1, column 0',
  },
  {
    what: 'a confusion of NaN',
    call: () => confusionMatrix([1], [Number.NaN]),
    error: RangeError,
    code: 'ERR_BLASNET_NOT_FINITE',
    message: 'Expected yTrue and yPredicted to hold finite numbers',
  },
  {
    what: 'a weight below zero',
    call: () => f1([1], [1], { sampleWeight: [-1] }),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message:
      'Expected sampleWeight to be an array of finite numbers, none of them negative, got an array of length 1',
  },
  {
    what: 'one weight for all',
    call: () => f1([1], [1], { sampleWeight: 2 as never }),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected sampleWeight to be an array of finite numbers, none of them negative, got 2 (number)',
  },
  {
    what: 'too few weights',
    call: () => f1([1, 0], [1, 0], { sampleWeight: [1] }),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected sampleWeight to be of length 2, one weight per row, got an array of length 1',
  },
  {
    what: 'a threshold where the largest output decides',
    call: () => f1([0], [[1, 0]], { threshold: 0.5 }),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message:
      'Expected threshold to be left out, since the largest of several columns decides, got 0.5 (number)',
  },
  {
    what: 'an average of one',
    call: () => f1([0], [1], { average: 'macro' }),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected average to be left out with one column of predictions, got "macro" (string)',
  },
  {
    what: 'an average that does not exist',
    call: () => f1([0], [[1, 0]], { average: 'samples' as never }),
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message: `Expected average to be one of 'macro', 'micro', 'weighted', got "samples" (string)`,
  },
  {
    what: 'k beyond the columns',
    call: () => topKAccuracy([0], [[1, 0]], { k: 3 }),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected k to be at most 2, the number of columns, got 3 (number)',
  },
  {
    what: 'k of one column',
    call: () => topKAccuracy([0], [1]),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected k to be used only with several columns of predictions, got 2 (number)',
  },
  {
    what: 'an option in snake case',
    call: () => f1([0], [1], { sample_weight: [1] } as never),
    error: TypeError,
    code: 'ERR_BLASNET_UNKNOWN_OPTION',
    message: 'Unknown option "sample_weight"; did you mean "sampleWeight"?',
  },
]);
