/**
 * Every function of both addons and every method of Plan, with their arguments.
 *
 * @typedef {import('./arguments.mjs').Argument} Argument
 */
import {
  callback,
  code,
  codes,
  columns,
  doubles,
  even,
  flag,
  floats,
  key,
  limits,
  noCodes,
  noSizes,
  notArrays,
  notNumbers,
  number,
  numbers,
  order,
  padded,
  positive,
  properties,
  rate,
  rows,
  shared,
  sharedWords,
  size,
  size32,
  steps,
  words,
} from './arguments.mjs';

/** @param {object} table */
const count = (table) => Object.keys(table).length;

/** @template Row @param {Readonly<Record<string, Row>>} table @param {string} name @returns {Row} */
function rowOf(table, name) {
  const row = table[name];
  if (row === undefined) throw new Error(`The addon has no ${name}`);
  return row;
}

/**
 * The calls of both addons. The native tables say which codes are wrong.
 *
 * @param {typeof import('../../lib/addon/binding.js').native} native
 */
export function callsOf({ activations, losses, optimizers, normalizations, records }) {
  const one = () => 1;
  const axis = () => code(0, 1);
  const activation = (name = 'softmax') => code(rowOf(activations, name).code, count(activations) - 1);
  const loss = (name = 'categoricalCrossEntropy') => code(rowOf(losses, name).code, count(losses) - 1);
  const lossOptions = () => doubles(records.lossOptions.length);
  const adam = rowOf(optimizers, 'adam');
  const firstOrder = Object.keys(optimizers).filter((name) => name !== 'lbfgs');
  /** The arguments of the loss functions, up to Y. */
  const lossArguments = () => [
    ...[loss(), lossOptions(), size(2), positive(3), size(2), floats(6), floats(6)],
  ];

  /** What the addon of the library exports's addon. @type {Record<string, Argument[]>} */
  const functions = {
    log: [number(2)],
    sin: [number(2)],
    cos: [number(2)],
    gemm: [
      ...[flag(false), flag(true), size(2), size(3), size(4)],
      ...[number(1), floats(8), floats(12), number(0), floats(6)],
    ],
    activationForward: [activation(), number(0.1), axis(), size(2), positive(3), floats(6), floats(6)],
    activationBackward: [
      ...[activation('gelu'), number(0.1), axis(), size(2), positive(3)],
      ...[floats(6), floats(6), floats(6), floats(6)],
    ],
    layerForward: [axis(), size(2), size(3), size(4), floats(6), floats(12), floats(4), floats(8)],
    layerGradients: [
      ...[axis(), size(2), size(3), size(4), number(1)],
      ...[floats(8), floats(6), floats(12), floats(4)],
    ],
    layerInputGradient: [axis(), size(2), size(3), size(4), floats(8), floats(12), floats(6)],
    binaryCrossEntropy: [floats(5, { anyLength: true }), floats(5)],
    binaryCrossEntropyBackward: [floats(5, { anyLength: true }), floats(5), floats(5)],
    countBinaryHits: [size(2), positive(3), floats(6), floats(6), number(0.5)],
    gradientDescent: [floats(5, { anyLength: true }), floats(5), number(0.1)],
    optimizerStateSize: [code(adam.code, count(optimizers) - 1), doubles(adam.options.length), size(5)],
    setThreads: [positive(2)],
    threads: [],
    firstNonFinite: [floats(5, { anyLength: true, anyType: true })],
    forgetPages: [{ make: () => new Float32Array(5), wrong: () => [undefined, ...notArrays] }],
    firstOutside: [floats(5, { anyLength: true, anyType: true }), number(0), number(1)],
  };

  /** The exports of the tests' addon. @type {Record<string, Argument[]>} */
  const kernelFunctions = {
    product: [
      properties({
        rows: positive(4),
        n: positive(3),
        k: positive(2),
        L: floats(8),
        lRowStride: size(2),
        lKStride: size(1),
        R: floats(32),
        ldr: padded(),
        bias: floats(4, { optional: true }),
        accumulate: flag(false),
        epilogue: code(2, 2),
        relu: floats(64),
        C: floats(64, { anyType: true }),
        ldc: padded(),
      }),
    ],
    productUnpadded: [positive(4), positive(3), positive(2), floats(8), floats(6), floats(12), flag(true)],
    productTransposed: [positive(4), positive(3), positive(2), floats(8), floats(6), floats(12), flag(true)],
    wideProduct: [
      ...[positive(4), positive(3), positive(2), floats(8), size(2), size(1), floats(32)],
      ...[floats(4, { optional: true }), flag(false), code(2, 2), floats(64), floats(64), padded()],
    ],
    wideProductTransposed: [
      ...[positive(4), positive(3), positive(2), floats(8), floats(6), floats(12), size(3), flag(true)],
    ],
    copyTransposed: [size(2), size(3), floats(6), floats(6), size(2)],
    dotProducts: [
      ...[positive(4), positive(3), positive(2), floats(8), floats(6), floats(4, { optional: true })],
      ...[flag(false), flag(true), floats(12)],
    ],
    rowForward: [
      ...[size(3), size(4), size(2), floats(3), floats(12), floats(4), flag(true)],
      ...[floats(8), floats(2), floats(4), floats(2)],
    ],
    rowSums: [size(4), size(3), floats(12), flag(false), floats(4)],
    lossFromOutputs: [
      ...lossArguments(),
      ...[floats(2, { optional: true }), number(1), floats(6, { optional: true })],
      doubles(3, { optional: true }),
    ],
    countHits: lossArguments(),
    updateParameters: [
      ...[code(adam.code, firstOrder.length - 1), doubles(adam.options.length), number(0.1), steps(1)],
      ...[floats(5, { anyLength: true }), floats(5), floats(10)],
    ],
    dot: [floats(5, { anyLength: true }), floats(5)],
    sumOfSizes: [floats(5, { anyLength: true, anyType: true })],
    largestSize: [floats(5, { anyLength: true, anyType: true })],
    addScaled: [floats(5, { anyLength: true }), number(2), floats(5), floats(5)],
    scale: [floats(5, { anyLength: true }), number(2), floats(5)],
    logMeanExp: [positive(2), floats(10), floats(5, { anyLength: true, anyType: true })],
    waves: [number(2), number(0.25), floats(5, { anyLength: true }), floats(5), floats(5)],
    waveGradients: [floats(5, { anyLength: true }), floats(5), floats(5), floats(5), floats(5)],
    lbfgsStep: [
      // With a history of one step, the state is 8 arrays of 5, and 4 numbers.
      ...[doubles(5), shared(5, false, true), shared(5), shared(44)],
      {
        make: () => one,
        wrong: () => [undefined, 3, ...notNumbers.filter((value) => typeof value !== 'function')],
      },
    ],
    threefry: [...key(), size32(7), size32(2 ** 32 - 1), words(2)],
    dropoutMask: [
      ...key(),
      size32(3),
      even(),
      rate(),
      number(2),
      floats(5, { anyLength: true, anyType: true }),
    ],
    addNoise: [...key(), size32(3), even(), number(2), floats(5, { anyLength: true }), floats(5)],
    rowMoments: [...rows(), floats(8), floats(2), floats(2), floats(2)],
    inverseDeviations: [floats(3, { anyLength: true }), number(1e-5), floats(3)],
    normalizeRows: [
      ...[...rows(), floats(8), floats(2), floats(2, { optional: true }), floats(2), floats(2), floats(2)],
      ...[floats(8), floats(8)],
    ],
    normalizeRowsBackward: [
      ...[...rows(), floats(8), floats(2), floats(2), flag(true), flag(false)],
      ...[floats(8), floats(2), floats(2)],
    ],
    normalizeColumns: [
      ...[...columns(), floats(32), number(1e-5), floats(2), floats(2)],
      ...[floats(32), floats(16), floats(32)],
    ],
    normalizeColumnsBackward: [
      ...[...columns(), floats(32), floats(16), floats(2), flag(false)],
      ...[floats(32), floats(2), floats(2)],
    ],
    addPenalty: [
      ...[floats(5, { anyLength: true }), number(0.1), number(0.2), floats(5, { optional: true })],
    ],
    clipByValue: [floats(5, { anyLength: true, anyType: true }), number(0.1)],
    limitRowNorms: [size(2), size(3), number(1), floats(6, { anyType: true })],
    externalMemory: [],
    firstBadLabel: [floats(5, { anyLength: true, anyType: true }), code(1, 4), positive(3)],
  };

  // The fields are (outputs, activation, alpha, normalization, epsilon, momentum, dropout, noise, scalesInputs,
  // mixes, skip, trainable, l1, l2, maxNorm). The relu layer uses every feature except skips, the other none.
  const fields = records.layer.length;
  const layerRecords = [
    ...[4, 2, 0, 1, 1e-5, 0.1, 0.5, 0.1, 1, 1, 0, 1, 1e-3, 1e-3, 2],
    ...[2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0],
  ];

  /**
   * A plan with 3 numbers, of which one becomes 3 features by 2 waves, a table of 3 categories and 2 outputs, 4 hidden units with batch normalisation, and
   * 2 output units, with 2 members: 103 parameters.
   */
  const planArguments = [
    properties({
      inputs: size(3),
      numeric: numbers(
        [0, 1, 2, 3],
        {
          0: noCodes(1),
          1: [...noSizes, 0, 4],
          2: [...noSizes, 0, 10_001],
          3: [...noSizes, 0, 1, 10_001],
        },
        { mayBeEmpty: true },
      ),
      embeddings: numbers(
        [3, 2],
        { 0: [...noSizes, 0, 2 ** 31], 1: [...noSizes, 0, 2 ** 31] },
        { anyLength: true, mayBeEmpty: true },
      ),
      layers: numbers(
        layerRecords,
        {
          0: [...noSizes, 0, 2 ** 31],
          1: noCodes(count(activations) - 1),
          3: noCodes(count(normalizations) - 1),
          // The layer's own input has another width, and later layers do not exist yet.
          10: [...noSizes, 1, 2, 3],
          [fields]: [...noSizes, 0, 2 ** 31],
          [fields + 1]: noCodes(count(activations) - 1),
          [fields + 3]: noCodes(count(normalizations) - 1),
          // The outputs are not mixed.
          [fields + 9]: [1],
          [fields + 10]: [...noSizes, 1, 2],
        },
        { anyLength: true },
      ),
      members: code(2, 10_000),
      // Of E1, F1, P1, V1, c1, R1, W1, b1, gamma1, beta1, s1, a1, W2 and b2.
      factors: numbers(
        [1, 1, 0.5, 1, 1, 0, 0, 2, 1, 1, 3, 0.5, 1, 1, 1, 1, 0.1, 0, 6, 1, 0, 2, 1, 1, 0.5, 0.5, 1, 0],
        {},
        { mayBeEmpty: true },
      ),
      loss: loss('binaryCrossEntropy'),
      lossOptions: lossOptions(),
      lossLevels: {
        make: () => new Float64Array(1),
        wrong: () => [...notArrays, undefined, new Float32Array(1), new Float64Array(7)],
      },
      parameters: shared(103),
      statistics: shared(8),
      versions: {
        make: () => null,
        wrong: () => [
          ...[3, 'x', true, {}, { control: sharedWords(48), stride: 110 }],
          ...[
            { control: sharedWords(48), stride: 2 ** 31 },
            { control: sharedWords(47), stride: 111 },
          ],
        ],
      },
      outcome: shared(8, true),
    }),
  ];

  /**
   * (rows, epochs, from, to, batchSize, accumulate, optimizer, steps, batches, clipValue, clipNorm, keyLow, keyHigh, check,
   * lossBefore, hitsBefore, ranks)
   */
  const trainNumbers = numbers([5, 2, 1, 5, 3, 2, 4, 3, 4, 0.1, 0.1, 7, 2 ** 32 - 1, 1, 0.5, 2, 0], {
    0: [...noSizes, 0, 2 ** 31],
    1: [...noSizes, 2 ** 31],
    2: [...noSizes, 5],
    3: [...noSizes, 0, 1, 6],
    4: [...noSizes, 0, 2 ** 31],
    5: [...noSizes, 0, 2 ** 31],
    6: noCodes(count(optimizers) - 1),
    7: noSizes,
    8: noSizes,
    11: [...noSizes, 2 ** 32],
    12: [...noSizes, 2 ** 32],
    15: noSizes,
    // On this thread, it cannot call MPI.
    16: [...noSizes, 1, 2, 3],
  });

  const sharedCodes = codes((Int, length) => new Int(new SharedArrayBuffer(4 * length)));

  const samples = () => [floats(15), codes(), floats(10), floats(5, { optional: true }), positive(5)];

  /** @type {Record<string, Argument[]>} */
  const methods = {
    predict: [floats(15), codes(), size(5), floats(10), callback()],
    evaluate: [...samples(), callback()],
    evaluateAndPredict: [...samples(), floats(10), callback()],
    gradients: [...samples(), floats(103), callback()],
    inputGradients: [
      ...[floats(15), codes(), floats(10, { optional: true }), code(1, 1), positive(5), floats(15)],
      callback(),
    ],
    train: [
      properties({
        X: floats(15),
        codes: codes(),
        Y: floats(10),
        weights: floats(5, { optional: true }),
        order: order(0, 1, 2, 3, 4, 4, 3, 2, 1, 0),
        numbers: trainNumbers,
        options: doubles(adam.options.length),
        state: floats(206),
        learningRates: numbers([0.1, 0.05], {}, { anyLength: true }),
        decayFactors: numbers([1, 0.5], {}, { anyLength: true }),
        dropoutFactors: numbers([0.5, 1], {}, { anyLength: true }),
        losses: doubles(2),
        hitShares: doubles(2),
      }),
      callback(),
    ],
    limitThreads: limits(),
    pin: [size(5), shared(15), sharedCodes, shared(10)],
    rowsOfRank: [
      ...[positive(5), code(1, 1)],
      { make: () => 2, wrong: (Float) => [...positive(2).wrong(Float), 3, 32] },
    ],
    version: [],
    release: [],
    stop: [],
    clearStop: [],
  };

  return { functions, kernelFunctions, methods, planArguments };
}
