import { describe, expect, it } from 'vitest';
import type { Callback } from '../../lib/addon/binding';
import { bits, expectSameBits, float64, floatTypes, guarded } from './helpers';
import { finished, makePlan, network, samplesFor, train } from './plans';

const architecture = network([3, 17, 5, 2], ['tanh', 'relu', 'sigmoid']);
const loss = 'binaryCrossEntropy';
// Far more epochs than can run before the main thread's next turn.
const manyEpochs = 200_000;

function longTraining(rows = 65) {
  const made = makePlan(float64, architecture, loss);
  const { X, Y } = samplesFor(made, loss, rows);
  const run = (epochs: number, callback?: Callback) =>
    train(made, { X, Y }, { rows, epochs, batchSize: rows, learningRate: 0.1 }, callback);
  return { ...made, X, Y, train: run };
}

describe.each(floatTypes)('operations on another thread, $dtype', (type) => {
  it('write the same bits into the same arrays as on this thread', async () => {
    for (const rows of [1, 64, 513, 1000]) {
      const made = makePlan(type, architecture, loss);
      const { plan, flat, outcome } = made;
      const { X, Y } = samplesFor(made, loss, rows);
      const here = { out: type.array(rows * 2), gradients: type.array(flat.length) };
      const there = { out: guarded(type, rows * 2), gradients: guarded(type, flat.length) };

      plan.predict(X, null, rows, here.out);
      await finished((callback) => plan.predict(X, null, rows, there.out.data, callback));
      there.out.intact();
      expectSameBits(there.out.data, here.out);

      plan.evaluate(X, null, Y, null, rows);
      const evaluated = outcome();
      expect(evaluated.loss).toBeGreaterThan(0);
      await finished((callback) => plan.evaluate(X, null, Y, null, rows, callback));
      expect(outcome()).toEqual(evaluated);

      here.out.fill(0);
      plan.evaluateAndPredict(X, null, Y, null, rows, here.out);
      expect(outcome()).toEqual(evaluated);
      expectSameBits(here.out, there.out.data);
      there.out.data.fill(0);
      await finished((callback) => plan.evaluateAndPredict(X, null, Y, null, rows, there.out.data, callback));
      there.out.intact();
      expect(outcome()).toEqual(evaluated);
      expectSameBits(there.out.data, here.out);

      plan.gradients(X, null, Y, null, rows, here.gradients);
      await finished((callback) => plan.gradients(X, null, Y, null, rows, there.gradients.data, callback));
      there.gradients.intact();
      expectSameBits(there.gradients.data, here.gradients);
      expect(outcome()).toEqual(evaluated);
    }
  });

  it('report what is wrong with the data', async () => {
    const made = makePlan(type, architecture, loss);
    const { X, Y } = samplesFor(made, loss, 5);
    X[4] = Number.NaN;
    await finished((callback) => made.plan.evaluate(X, null, Y, null, 5, callback));
    expect(made.outcome()).toMatchObject({ status: 'inputNotFinite', index: 4 });
  });
});

describe('operations on another thread', () => {
  it('call back later, once, with undefined', async () => {
    const { plan, X, Y } = longTraining();
    const calls: unknown[][] = [];
    const done = finished((callback) => {
      plan.evaluate(X, null, Y, null, 65, (...args) => {
        calls.push(args);
        callback(undefined);
      });
      expect(calls).toEqual([]);
    });
    await done;
    expect(calls).toEqual([[undefined]]);
  });

  it('come one at a time: another is refused until the first has called back', async () => {
    const { plan, X, Y, train, flat } = longTraining();
    const done = finished((callback) => train(manyEpochs, callback));
    const busy = /the plan is busy/;
    expect(() => plan.predict(X, null, 65, new Float64Array(130))).toThrow(busy);
    expect(() => plan.evaluate(X, null, Y, null, 65)).toThrow(busy);
    expect(() => plan.evaluate(X, null, Y, null, 65, () => {})).toThrow(busy);
    expect(() => plan.gradients(X, null, Y, null, 65, new Float64Array(flat.length))).toThrow(busy);
    expect(() => train(1)).toThrow(busy);
    expect(() => train(1, () => {})).toThrow(busy);
    plan.stop();
    await done;
    plan.clearStop();
    plan.evaluate(X, null, Y, null, 65);
    // A callback may start operations, too.
    await finished((callback) =>
      plan.evaluate(X, null, Y, null, 65, () => {
        plan.evaluate(X, null, Y, null, 65);
        plan.evaluate(X, null, Y, null, 65, callback);
      }),
    );
  });

  it('end after a whole step when they are stopped', async () => {
    const { plan, train, flat, outcome } = longTraining();
    let losses: Float64Array = new Float64Array();
    const done = finished((callback) => {
      losses = train(manyEpochs, callback).loss;
    });
    while (Number.isNaN(losses[20])) await new Promise(setImmediate);
    plan.stop();
    await done;
    const { status, epoch, batch } = outcome();
    expect(status).toBe('stopped');
    expect(epoch).toBeGreaterThan(20);
    expect(epoch).toBeLessThan(manyEpochs);
    expect(batch).toBe(0);
    expect(losses.findIndex(Number.isNaN)).toBe(epoch);

    // Exactly the steps of these epochs have been taken.
    const until = longTraining();
    until.train(epoch);
    expectSameBits(flat, until.flat);
  });

  it('do not start while the stop flag of the plan is up', () => {
    const { plan, train, X, Y, flat, outcome } = longTraining();
    const before = Buffer.from(bits(flat));
    plan.stop();
    for (const operation of [
      () => train(3),
      () => plan.predict(X, null, 65, new Float64Array(130)),
      () => plan.evaluate(X, null, Y, null, 65),
      () => plan.gradients(X, null, Y, null, 65, new Float64Array(flat.length)),
    ]) {
      operation();
      expect(outcome()).toMatchObject({ status: 'stopped', epoch: 0 });
    }
    expect(bits(flat).equals(before)).toBe(true);
    plan.clearStop();
    train(3);
    expect(outcome()).toMatchObject({ status: 'done', epoch: 3 });
    expect(bits(flat).equals(before)).toBe(false);
  });

  it('run side by side when they belong to several plans', async () => {
    const runs = Array.from({ length: 8 }, () => longTraining());
    await Promise.all(runs.map(({ train }) => finished((callback) => train(50, callback))));
    const alone = longTraining();
    alone.train(50);
    for (const { flat, outcome } of runs) {
      expect(outcome()).toMatchObject({ status: 'done', epoch: 50 });
      expectSameBits(flat, alone.flat);
    }
  });
});
