// The parts of validationSplit, and the orders of epochs, on this thread and on others.

import { describe, expect, it } from 'vitest';
import { pause, workElsewhere, workHere } from '../../lib/addon/work';
import { AbortError } from '../../lib/base/errors';
import { type FloatArray, Matrix } from '../../lib/base/matrix';
import { resolveLoss } from '../../lib/layers/losses';
import { Network } from '../../lib/network/network';
import { RandomState } from '../../lib/random/random-state';
import type { LabelledSamples } from '../../lib/samples/samples';
import { combineWeights } from '../../lib/samples/weights';
import { EpochRunner } from '../../lib/training/epoch-runner';
import { completeFitOptions } from '../../lib/training/options';
import { EpochOrders } from '../../lib/training/orders';
import { splitRows, takeRows } from '../../lib/training/split';
import { layers } from '../network/helpers';
import { rejectionOf } from '../support/bad-input';
import { ascending, expectSameBits, shuffled, stratified } from '../support/oracle-splits';
import { network, oneHot as oneHotRows, randomClasses, X as someX, stateOf } from './helpers';

const threadCounts = [1, 2, 3];
type Floats = typeof Float64Array | typeof Float32Array;

/** Labels of three classes, in a form that an oracle knows: [form, labels, columns]. */
const forms: [string, (classes: readonly number[]) => FloatArray | Int32Array, number][] = [
  ['class numbers', (classes) => Int32Array.from(classes), 1],
  ['one-hot rows of doubles', (classes) => oneHot(Float64Array, classes), 3],
  ['one-hot rows of floats', (classes) => oneHot(Float32Array, classes), 3],
];

function oneHot(Floats: Floats, classes: readonly number[]): FloatArray {
  const rows = new Floats(3 * classes.length).fill(-1);
  for (const [row, label] of classes.entries()) rows[3 * row + label] = 0.25;
  return rows;
}

/** Half of the rows have class 0, a third class 1, and the others class 2. */
const classesOf = (rows: number) => ascending(rows).map((row) => [0, 1, 0, 2, 0, 1][row % 6] as number);

describe.each(forms)('a split of %s', (_, labelsOf, cols) => {
  it.each([
    { rows: 12, held: 9, quotas: [5, 3, 1] },
    { rows: 12, held: 5, quotas: [2, 2, 1] },
    { rows: 601, held: 60, quotas: [30, 20, 10] },
    { rows: 600, held: 300, quotas: [150, 100, 50] },
  ])('has the order of plain loops, for $held of $rows rows', ({ rows, held, quotas }) => {
    const classes = classesOf(rows);
    const labels = { data: labelsOf(classes), rows, cols };
    const order = shuffled(new RandomState(7), ascending(rows));
    const plain = workHere(splitRows(labels, 3, held, 'random', new RandomState(7)));
    expect(Array.from(plain)).toEqual(order);
    const random = new RandomState(7);
    // 9 of 12 rows are 4.5, 3 and 1.5 rows, and each class keeps one. 5 are 2.5, 1.67 and 0.83 rows: the largest
    // remainders are rounded up.
    const split = workHere(splitRows(labels, 3, held, 'stratified', random));
    expect(Array.from(split)).toEqual(stratified(order, classes, quotas));
  });

  it('is the same on other threads', async () => {
    const rows = 90_001;
    const labels = { data: labelsOf(classesOf(rows)), rows, cols };
    const expected = workHere(splitRows(labels, 3, 30_000, 'stratified', new RandomState(2)));
    for (const threads of threadCounts) {
      const split = splitRows(labels, 3, 30_000, 'stratified', new RandomState(2));
      expectSameBits(await workElsewhere(split, { threads }), expected);
    }
  });
});

describe.each([Float64Array, Float32Array])('the parts of samples of a %o', (Floats) => {
  /** Samples with weights, of which the rows with an even number have a class weight of 3. */
  function samplesOf(rows: number, cols: number): LabelledSamples {
    const own = new Floats(ascending(rows).map((row) => 0.3 + (row % 7)));
    return {
      X: new Matrix(new Floats(ascending(rows * cols).map(Math.sin)) as FloatArray, rows, cols),
      codes: Int32Array.from({ length: 2 * rows }, (_, i) => i % 5),
      Y: { data: new Floats(ascending(rows).map((row) => row % 2)), rows, cols: 1 },
      ownWeights: own,
      weights: own.map((weight, row) => weight * (row % 2 === 0 ? 3 : 1)),
    };
  }

  it.each([
    [1, 1, 1],
    [33, 3, 5],
    [33, 0, 32],
    [70_001, 4, 70_001],
    [100_003, 3, 80_000],
  ])(
    '(%d, %d) are those of plain loops, for %d rows, on any number of threads',
    async (rows, cols, count) => {
      const samples = samplesOf(rows, cols);
      const index = new RandomState(1).permutation(rows).subarray(0, count);
      const pick = (values: ArrayLike<number>) => Array.from(index, (row) => values[row] as number);
      const rowsOf = (values: ArrayLike<number>, width: number) =>
        Array.from(index).flatMap((row) => ascending(width).map((c) => values[row * width + c] as number));
      const weights = samples.weights as FloatArray;
      const expected = {
        X: Floats.from(rowsOf(samples.X.data, cols)),
        codes: Int32Array.from(rowsOf(samples.codes as Int32Array, 2)),
        Y: Floats.from(pick(samples.Y.data)),
        held: Floats.from(pick(samples.ownWeights as FloatArray)),
      };
      for (const threads of threadCounts) {
        const taken = await workElsewhere(takeRows(samples, index), { threads });
        expect([taken.X.rows, taken.X.cols, taken.Y.rows, taken.Y.cols]).toEqual([count, cols, count, 1]);
        expectSameBits(taken.X.data, expected.X);
        expectSameBits(taken.codes as Int32Array, expected.codes);
        expectSameBits(taken.Y.data, expected.Y);
        expectSameBits(taken.weights as FloatArray, expected.held);
      }
      // The samples themselves are as before.
      expectSameBits(weights, samplesOf(rows, cols).weights as FloatArray);
    },
  );
});

describe('orders of epochs', () => {
  it.each([{ held: 0 }, { held: 40 }])(
    'are those of plain loops, with $held of 100 rows held out',
    ({ held }) => {
      const [random, twin] = [new RandomState(4), new RandomState(4)];
      const orders = new EpochOrders({ shuffle: true, rows: 100, trainedRows: 100 - held }, random);
      const split = held === 0 ? ascending(100) : shuffled(new RandomState(9), ascending(100));
      if (held > 0) orders.split = Uint32Array.from(split);
      // Fewer epochs than before use the same memory.
      for (const epochs of [3, 2]) {
        workHere(orders.draw(epochs));
        const expected = ascending(epochs).flatMap(() => shuffled(twin, split, 100 - held));
        expect(Array.from(orders.drawn?.subarray(0, 100 * epochs) ?? [])).toEqual(expected);
      }
      expect(random.getState()).toEqual(twin.getState());
    },
  );
});

describe('a training of many rows', () => {
  const rows = 2 ** 18 + 1;
  const X = new Matrix(new Float64Array(3 * rows), rows, 3);
  const Y = new Matrix(new Float64Array(rows), rows, 1);
  new RandomState(1).fillNormal(X.data);
  for (let row = 0; row < rows; row++) Y.data[row] = (X.data[3 * row] as number) > 0.4 ? 1 : 0;
  const sampleWeight = Float64Array.from(Y.data, (_, row) => 1 + (row % 3));
  const options = { epochs: 2, batchSize: 4096, validationSplit: 0.2, stratify: true, sampleWeight } as const;

  it('is the same on this thread and on others', async () => {
    const [net, twin] = [network(), network()];
    expect(await net.fit(X, Y, options)).toEqual(twin.fitSync(X, Y, options));
    expect(stateOf(net)).toEqual(stateOf(twin));
  });

  /** The work before the first step of this training. */
  function firstCall(random: RandomState) {
    const { architecture } = network({ dropout: 0.5 });
    const completed = completeFitOptions(options, architecture, rows, resolveLoss(undefined, 'sigmoid'));
    const { work, weights } = combineWeights(Y, 2, 'float64', sampleWeight, 'balanced') ?? expect.fail();
    workHere(work);
    const runner = new EpochRunner(architecture, { X, codes: null, Y, ...weights }, completed, random);
    return runner.next('epoch');
  }

  it('leaves the generator as it was wherever its first draws and copies end early', () => {
    const before = new RandomState(3).getState();
    let calls = 0;
    for (let done = false; !done; calls++) {
      const random = new RandomState(3);
      const work = firstCall(random);
      // Runs some calls, and then gives up.
      let step = work.next();
      for (let call = 0; call < calls && step.done !== true; call++) {
        if (step.value !== pause) step.value.start();
        step = work.next();
      }
      done = step.done === true;
      work.return(undefined as never);
      expect(JSON.stringify(random.getState()) === JSON.stringify(before)).toBe(!done);
    }
    // An order, the counts of classes, quotas; X, Y and weights of the held-out rows; the other weights; the order of
    // the epoch. The last turn ran all eight.
    expect(calls).toBe(9);
  });

  it('leaves the generator as it was when its signal is aborted during the first draw', async () => {
    const [random, controller] = [new RandomState(3), new AbortController()];
    const call = workElsewhere(firstCall(random), { signal: controller.signal });
    controller.abort();
    expect(await rejectionOf(call)).toBeInstanceOf(AbortError);
    expect(random.getState()).toEqual(new RandomState(3).getState());
  });

  it('is refused, and leaves no trace, when a row belongs to several classes', async () => {
    const softmax = () => new Network(layers([3, 4, 2], 'tanh', 'softmax'), { seed: 1 });
    const pairs = new Matrix(new Float64Array(2 * rows), rows, 2);
    for (let row = 0; row < rows; row++) pairs.data[2 * row + (row % 2)] = 1;
    for (const row of [260_000, 70_001, 200_000]) pairs.data.fill(0.5, 2 * row, 2 * row + 2);
    const net = softmax();
    for (const threads of threadCounts) {
      expect(await rejectionOf(net.fit(X, pairs, { ...options, threads }))).toMatchObject({
        code: 'ERR_BLASNET_ARG_VALUE',
        message: 'Expected Y to hold one largest label in each row, got several at row 70001',
      });
    }
    const few = [someX, oneHotRows(randomClasses(40, 2, 5), 2), { epochs: 2, batchSize: 8 }] as const;
    expect(await net.fit(...few)).toEqual(softmax().fitSync(...few));
  });
});
