import { describe, expect, it } from 'vitest';
import type { LossName } from '../../lib/layers/losses';
import * as oracle from '../support/oracle';
import { bits, expectClose, expectSameBits, type FloatType, floatTypes, guarded } from './helpers';
import { awayFromKinks, hits, makePlan, named, network, parameterCount, pick, samplesFor } from './plans';

const networks: { what: string; architecture: oracle.Layer[]; loss: LossName }[] = [
  { what: '1-1 sigmoid', architecture: network([1, 1], ['sigmoid']), loss: 'binaryCrossEntropy' },
  {
    what: '3-17-65-3 sigmoid',
    architecture: network([3, 17, 65, 3], ['relu', 'tanh', 'sigmoid']),
    loss: 'binaryCrossEntropy',
  },
  { what: '17-5 softmax', architecture: network([17, 5], ['softmax']), loss: 'categoricalCrossEntropy' },
  {
    what: '2-6-6-4-3 softmax',
    architecture: network([2, 6, 6, 4, 3], ['tanh', 'relu', 'sigmoid', 'softmax']),
    loss: 'categoricalCrossEntropy',
  },
  { what: '3-1 linear', architecture: network([3, 1], ['linear']), loss: 'meanSquaredError' },
  {
    what: '3-5-4-2 tanh',
    architecture: network([3, 5, 4, 2], ['softmax', 'linear', 'tanh']),
    loss: 'meanSquaredError',
  },
  {
    what: '4-7-3 sigmoid by squares',
    architecture: network([4, 7, 3], ['sigmoid', 'sigmoid']),
    loss: 'meanSquaredError',
  },
  {
    what: '2-3-3 softmax by squares',
    architecture: network([2, 3, 3], ['relu', 'softmax']),
    loss: 'meanSquaredError',
  },
  // Reads X in rows of samples and does not transpose it.
  {
    what: '97-3-1 sigmoid',
    architecture: network([97, 3, 1], ['relu', 'sigmoid']),
    loss: 'binaryCrossEntropy',
  },
];

// Tiles of these have 100 rows; tiles of the others have up to 128.
const wide = network([3, 1100, 2], ['tanh', 'sigmoid']);
const wider = network([17, 800, 2], ['relu', 'sigmoid']);

const rowCounts = [1, 2, 7, 8, 9, 63, 64, 65, 127, 128, 129, 511, 513, 1000];

/** The error that a value may have after some layers. */
function tolerance(type: FloatType, values: ArrayLike<number>): number {
  return (
    100 * type.epsilon * Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3)
  );
}

describe.each(floatTypes)('a plan of $dtype', (type) => {
  function check(architecture: oracle.Layer[], loss: LossName, rows: number): void {
    const made = makePlan(type, architecture, loss);
    const { plan, flat, outcome } = made;
    const before = Buffer.from(bits(flat));
    const params = named(architecture, flat);
    const { X, Y, denseX, denseY, outputs } = samplesFor(made, loss, rows);
    const { yHat } = oracle.forward(architecture, params, denseX);
    const expected = oracle.gradients(architecture, params, denseX, denseY, loss);

    const out = guarded(type, rows * outputs);
    plan.predict(X, null, rows, out.data);
    out.intact();
    expect(outcome()).toMatchObject({ status: 'done' });
    expectClose(out.data, yHat.data, tolerance(type, yHat.data), `yHat of ${rows}`);

    plan.evaluate(X, null, Y, null, rows);
    expect(outcome()).toMatchObject({ status: 'done', hits: hits(loss, yHat, denseY) });
    expectClose([outcome().loss / rows], [expected.loss], tolerance(type, [1, expected.loss]), 'loss');
    const { loss: total } = outcome();

    const gradients = guarded(type, flat.length);
    plan.gradients(X, null, Y, null, rows, gradients.data);
    gradients.intact();
    expect(outcome()).toMatchObject({ status: 'done', loss: total, hits: hits(loss, yHat, denseY) });
    for (const [name, { data }] of Object.entries(named(architecture, gradients.data, 'd'))) {
      const wanted = expected.grads[name] as oracle.Grid;
      expectClose(data, wanted.data, tolerance(type, wanted.data), `${name} of ${rows}`);
    }
    expect(bits(flat).equals(before)).toBe(true);
  }

  it.each(networks)('has the results of the oracle: $what', ({ architecture, loss }) => {
    for (const rows of rowCounts) check(architecture, loss, rows);
  });

  it('works through wide networks in short tiles, and through many tiles', () => {
    for (const rows of [47, 48, 49, 99, 100, 101]) {
      check(wide, 'binaryCrossEntropy', rows);
      check(wider, 'binaryCrossEntropy', rows);
    }
    // More tiles than lanes.
    check(network([2, 3, 1], ['tanh', 'sigmoid']), 'binaryCrossEntropy', 5000);
  });

  it('predicts nothing for no rows', () => {
    const { plan, outcome } = makePlan(type, wide, 'binaryCrossEntropy');
    plan.predict(type.array(0), null, 0, type.array(0));
    expect(outcome().status).toBe('done');
  });

  it('has the same results whatever it did before', () => {
    const { architecture, loss } = networks[1] as (typeof networks)[number];
    const used = makePlan(type, architecture, loss);
    const large = samplesFor(used, loss, 700, 7);
    used.plan.gradients(large.X, null, large.Y, null, 700, type.array(used.flat.length));
    used.plan.predict(large.X, null, 700, type.array(700 * large.outputs));
    const results = [used, makePlan(type, architecture, loss)].map((made) => {
      const { X, Y, outputs } = samplesFor(made, loss, 33);
      const gradients = guarded(type, made.flat.length).data;
      const out = guarded(type, 33 * outputs).data;
      made.plan.gradients(X, null, Y, null, 33, gradients);
      made.plan.predict(X, null, 33, out);
      return type.array([...gradients, ...out, made.outcome().loss]);
    });
    expectSameBits(results[0] as never, results[1] as never);
  });

  it('reads and writes the first rows of longer arrays', () => {
    const { architecture, loss } = networks[1] as (typeof networks)[number];
    const made = makePlan(type, architecture, loss);
    const { X, Y, outputs } = samplesFor(made, loss, 20);
    X.fill(Number.NaN, 5 * 3);
    Y.fill(Number.NaN, 5 * outputs);
    const out = guarded(type, 20 * outputs).data;
    made.plan.predict(X, null, 5, out);
    expect(made.outcome().status).toBe('done');
    expect(out.findIndex(Number.isNaN)).toBe(5 * outputs);
    made.plan.evaluate(X, null, Y, null, 5);
    expect(made.outcome().status).toBe('done');
  });

  it('finds the first NaN or infinity of X, and the first label out of range', () => {
    const architecture = network([3, 4, 2], ['relu', 'sigmoid']);
    const rows = 1200;
    for (const index of [0, 7, 3 * 511 + 2, 3 * 512, 3 * rows - 1]) {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const made = makePlan(type, architecture, 'binaryCrossEntropy');
        const { X, Y } = samplesFor(made, 'binaryCrossEntropy', rows);
        X[index] = value;
        X[3 * rows - 1] = value;
        const found = { status: 'inputNotFinite', index };
        made.plan.predict(X, null, rows, type.array(2 * rows));
        expect(made.outcome()).toMatchObject(found);
        made.plan.evaluate(X, null, Y, null, rows);
        expect(made.outcome()).toMatchObject(found);
        made.plan.gradients(X, null, Y, null, rows, type.array(made.flat.length));
        expect(made.outcome()).toMatchObject(found);
      }
    }
    // A check looks at a million elements at a time.
    const many = makePlan(type, network([1, 1], ['sigmoid']), 'binaryCrossEntropy');
    const large = { X: type.array(1_100_000), Y: type.array(1_100_000) };
    large.Y[2 ** 20 + 9] = 3;
    many.plan.evaluate(large.X, null, large.Y, null, large.X.length);
    expect(many.outcome()).toMatchObject({ status: 'labelOutside', index: 2 ** 20 + 9 });
    large.X[2 ** 20 + 5] = Number.NaN;
    many.plan.evaluate(large.X, null, large.Y, null, large.X.length);
    expect(many.outcome()).toMatchObject({ status: 'inputNotFinite', index: 2 ** 20 + 5 });

    const judged = (loss: LossName, output: oracle.Activation, label: number) => {
      const made = makePlan(type, network([3, 4, 2], ['relu', output]), loss);
      const { X, Y } = samplesFor(made, loss, rows);
      Y[1501] = label;
      made.plan.evaluate(X, null, Y, null, rows);
      const { status, index } = made.outcome();
      return status === 'done' ? status : `${status} ${index}`;
    };
    for (const label of [-type.least, 1 + type.epsilon, 2, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(judged('binaryCrossEntropy', 'sigmoid', label)).toBe('labelOutside 1501');
      expect(judged('categoricalCrossEntropy', 'softmax', label)).toBe('labelOutside 1501');
      const finite = Number.isFinite(label);
      expect(judged('meanSquaredError', 'linear', label)).toBe(finite ? 'done' : 'labelOutside 1501');
    }
    for (const label of [0, -0, 0.5, 1]) {
      expect(judged('binaryCrossEntropy', 'sigmoid', label)).toBe('done');
    }
  });
});

// Gradients equal central differences.
describe('gradients of a plan', () => {
  const activations = ['linear', 'sigmoid', 'relu', 'tanh', 'softmax'] as const;
  const endings: [output: oracle.Activation, loss: LossName][] = [
    ['sigmoid', 'binaryCrossEntropy'],
    ['softmax', 'categoricalCrossEntropy'],
    ...activations.map((output): [oracle.Activation, LossName] => [output, 'meanSquaredError']),
  ];

  it.each(endings)('equal central differences for every activation before %s with %s', (output, loss) => {
    for (const hidden of activations) {
      for (const rows of [7, 600]) {
        const architecture = network([3, 5, 4, 3], [hidden, 'tanh', output]);
        const made = makePlan(floatTypes[0] as FloatType, architecture, loss, 3);
        const { plan, flat, outcome } = made;
        const all = samplesFor(made, loss, 2 * rows);
        const smooth = awayFromKinks(architecture, named(architecture, flat), all.denseX).slice(0, rows);
        expect(smooth.length).toBe(rows);
        const X = Float64Array.from(pick(all.denseX, smooth).data);
        const Y = Float64Array.from(pick(all.denseY, smooth).data);
        const gradients = new Float64Array(parameterCount(architecture));
        plan.gradients(X, null, Y, null, rows, gradients);
        const numeric = oracle.centralDifferences(
          () => {
            plan.evaluate(X, null, Y, null, rows);
            return outcome().loss / rows;
          },
          flat as Float64Array,
          1e-5,
        );
        // For gradients below 1e-3, the error of the differences, about 1e-11, would matter.
        expect(oracle.maxRelativeError(gradients, numeric, 1e-3), hidden).toBeLessThan(1e-6);
        expect(gradients.some((value) => Math.abs(value) > 1e-3)).toBe(true);
      }
    }
  });
});
