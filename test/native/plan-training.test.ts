import { describe, expect, it } from 'vitest';
import type { LossName } from '../../lib/layers/losses';
import * as oracle from '../support/oracle';
import { expectClose, expectSameBits, float64, floatTypes } from './helpers';
import { finished, hits, hyperparameters, makePlan, named, network, pick, samplesFor, train } from './plans';

const networks: { what: string; architecture: oracle.Layer[]; loss: LossName }[] = [
  { what: '1-1 sigmoid', architecture: network([1, 1], ['sigmoid']), loss: 'binaryCrossEntropy' },
  {
    what: '3-17-5-2 sigmoid',
    architecture: network([3, 17, 5, 2], ['tanh', 'relu', 'sigmoid']),
    loss: 'binaryCrossEntropy',
  },
  {
    what: '2-6-4-3 softmax',
    architecture: network([2, 6, 4, 3], ['sigmoid', 'tanh', 'softmax']),
    loss: 'categoricalCrossEntropy',
  },
  { what: '3-5-2 linear', architecture: network([3, 5, 2], ['softmax', 'linear']), loss: 'meanSquaredError' },
  // Reads X in rows of samples.
  {
    what: '110-4-1 sigmoid',
    architecture: network([110, 4, 1], ['relu', 'sigmoid']),
    loss: 'binaryCrossEntropy',
  },
];

function copies(tensors: oracle.Tensors): Record<string, oracle.Grid> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, oracle.map(tensor, (x) => x)]),
  );
}

/** Indices of samples for each epoch; each epoch has a different permutation. */
function shuffled(rows: number, epochs: number): Uint32Array {
  return Uint32Array.from({ length: epochs }, (_, epoch) => epoch).reduce(
    (all, epoch) => {
      const keys = oracle.randomArray(rows, 50 + epoch);
      const order = Array.from(keys.keys()).sort((a, b) => (keys[a] as number) - (keys[b] as number));
      all.set(order, epoch * rows);
      return all;
    },
    new Uint32Array(rows * epochs),
  );
}

describe.each(floatTypes)('training in $dtype', (type) => {
  it.each(networks)('takes the steps of the oracle, batch by batch: $what', ({ architecture, loss }) => {
    for (const { rows, batchSize, epochs, ordered } of [
      { rows: 1, batchSize: 1, epochs: 3, ordered: false },
      { rows: 7, batchSize: 7, epochs: 3, ordered: false },
      { rows: 7, batchSize: 1, epochs: 2, ordered: true },
      { rows: 65, batchSize: 32, epochs: 2, ordered: false },
      { rows: 65, batchSize: 32, epochs: 2, ordered: true },
      { rows: 65, batchSize: 1000, epochs: 2, ordered: true },
      { rows: 600, batchSize: 600, epochs: 2, ordered: false },
      { rows: 600, batchSize: 550, epochs: 2, ordered: true },
      { rows: 513, batchSize: 64, epochs: 1, ordered: true },
    ] as const) {
      const made = makePlan(type, architecture, loss);
      const samples = samplesFor(made, loss, rows);
      const order = ordered ? shuffled(rows, epochs) : null;
      let params = copies(named(architecture, made.flat));
      const what = `${rows} by ${batchSize}`;

      const history = train(made, samples, { rows, epochs, batchSize, order });
      expect(made.outcome()).toMatchObject({ status: 'done', epoch: epochs });
      for (let epoch = 0; epoch < epochs; epoch++) {
        let [total, right] = [0, 0];
        for (let start = 0; start < rows; start += batchSize) {
          const index = Array.from({ length: Math.min(batchSize, rows - start) }, (_, i) => start + i).map(
            (i) => order?.[epoch * rows + i] ?? i,
          );
          const [X, Y] = [pick(samples.denseX, index), pick(samples.denseY, index)];
          const step = oracle.gradients(architecture, params, X, Y, loss);
          total += step.loss * index.length;
          right += hits(loss, oracle.forward(architecture, params, X).yHat, Y);
          params = oracle.descend(params, step.grads, 0.3);
        }
        const allowed = 1000 * type.epsilon;
        expectClose([history.loss[epoch] as number], [total / rows], allowed, `loss of ${what}`);
        expect(history.accuracy[epoch]).toBe(right / rows);
      }
      for (const [name, { data }] of Object.entries(named(architecture, made.flat))) {
        expectClose(data, (params[name] as oracle.Dense).data, 1000 * type.epsilon, `${name} of ${what}`);
      }
    }
  });

  it.each(['momentum', 'adam'] as const)('takes the steps of %s, and goes on where it was', (optimizer) => {
    const { architecture, loss } = networks[1] as (typeof networks)[number];
    const { momentum, beta1, beta2, epsilon } = hyperparameters;
    const rate = 0.05;
    const made = makePlan(type, architecture, loss);
    const samples = samplesFor(made, loss, 65);
    const state = type.array(2 * made.flat.length);
    const request = { rows: 65, batchSize: 32, optimizer, learningRate: rate, state };
    train(made, samples, { ...request, epochs: 3 });

    const params = copies(named(architecture, makePlan(type, architecture, loss).flat));
    const [first, second] = [new Map<string, number>(), new Map<string, number>()];
    for (let step = 1; step <= 9; step++) {
      const rows = Array.from({ length: 65 }, (_, i) => i).slice(
        ((step - 1) % 3) * 32,
        ((step - 1) % 3) * 32 + 32,
      );
      const [X, Y] = [pick(samples.denseX, rows), pick(samples.denseY, rows)];
      const { grads } = oracle.gradients(architecture, params, X, Y, loss);
      for (const [name, { data }] of Object.entries(params)) {
        grads[`d${name}`]?.data.forEach((g, i) => {
          const key = `${name} ${i}`;
          const [m = 0, v = 0] = [first.get(key), second.get(key)];
          if (optimizer === 'momentum') {
            first.set(key, momentum * m + g);
            data[i] = (data[i] as number) - rate * (momentum * m + g);
          } else {
            const [mean, square] = [beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g];
            first.set(key, mean);
            second.set(key, square);
            const root = Math.sqrt(square / (1 - beta2 ** step)) + epsilon;
            data[i] = (data[i] as number) - (rate * mean) / (1 - beta1 ** step) / root;
          }
        });
      }
    }
    for (const [name, { data }] of Object.entries(named(architecture, made.flat))) {
      // Adam divides by roots of gradients that may be tiny, so their relative errors matter.
      const allowed = (optimizer === 'adam' ? 20_000 : 1000) * type.epsilon;
      expectClose(data, (params[name] as oracle.Grid).data, allowed, name);
    }

    const resumed = makePlan(type, architecture, loss);
    const kept = type.array(2 * made.flat.length);
    train(resumed, samples, { ...request, state: kept, epochs: 1 });
    train(resumed, samples, { ...request, state: kept, epochs: 2, steps: 3 });
    expectSameBits(resumed.flat, made.flat);
    expectSameBits(kept, state);
  });

  it('takes rows as their order says, one of them twice or never', () => {
    const { architecture, loss } = networks[1] as (typeof networks)[number];
    const order = Array.from({ length: 60 }, (_, i) => (i * i) % 30);
    const request = { rows: 30, epochs: 2, batchSize: 8 };
    const ordered = makePlan(type, architecture, loss);
    const { X, Y, denseX, denseY } = samplesFor(ordered, loss, 30);
    // The order may be longer than necessary.
    train(ordered, { X, Y }, { ...request, order: Uint32Array.of(...order, 99, 99) });

    const copied = makePlan(type, architecture, loss);
    for (const rows of [order.slice(0, 30), order.slice(30)]) {
      const samples = { X: type.array(pick(denseX, rows).data), Y: type.array(pick(denseY, rows).data) };
      train(copied, samples, { ...request, epochs: 1 });
    }
    expectSameBits(ordered.flat, copied.flat);
  });

  it('is the same to the last bit on another thread, and a second time', async () => {
    for (const { architecture, loss } of networks) {
      const request = { rows: 700, epochs: 3, batchSize: 550, order: shuffled(700, 3) };
      const here = makePlan(type, architecture, loss);
      const there = makePlan(type, architecture, loss);
      const samples = samplesFor(here, loss, 700);
      const history = train(here, samples, request);
      let historyThere: unknown;
      await finished((callback) => {
        historyThere = train(there, samples, request, callback);
      });
      expect(historyThere).toEqual(history);
      expectSameBits(there.flat, here.flat);
      expect(there.outcome()).toEqual(here.outcome());

      const again = makePlan(type, architecture, loss);
      expect(train(again, samples, request)).toEqual(history);
      expectSameBits(again.flat, here.flat);
    }
  });

  it('stops before the first step at inputs that are not finite and at labels out of range', () => {
    const architecture = network([3, 4, 1], ['relu', 'sigmoid']);
    const request = { rows: 30, epochs: 2, batchSize: 10 };
    for (const { index, value, label, outcome } of [
      { index: 50, value: Number.NaN, label: 0, outcome: { status: 'inputNotFinite', index: 50 } },
      {
        index: 50,
        value: Number.POSITIVE_INFINITY,
        label: 0,
        outcome: { status: 'inputNotFinite', index: 50 },
      },
      { index: 0, value: 0.5, label: 1.5, outcome: { status: 'labelOutside', index: 29 } },
      { index: 0, value: 0.5, label: Number.NaN, outcome: { status: 'labelOutside', index: 29 } },
    ] as const) {
      const made = makePlan(type, architecture, 'binaryCrossEntropy');
      const samples = samplesFor(made, 'binaryCrossEntropy', 30);
      samples.X[index] = value;
      samples.Y[29] = label;
      const before = made.flat.slice();
      const { loss } = train(made, samples, request);
      expect(made.outcome()).toMatchObject(outcome);
      expectSameBits(made.flat, before);
      expect(loss).toEqual(new Float64Array(2).fill(Number.NaN));
    }
  });

  it('reports the step that diverged, and does not take it', () => {
    const architecture = network([3, 4, 1], ['relu', 'sigmoid']);
    const made = makePlan(type, architecture, 'binaryCrossEntropy');
    const samples = samplesFor(made, 'binaryCrossEntropy', 30);
    samples.X[3 * 25] = Number.NaN; // in the third batch of ten
    const request = { rows: 30, epochs: 2, batchSize: 10, check: false };
    train(made, samples, request);
    expect(made.outcome()).toMatchObject({ status: 'diverged', epoch: 0, batch: 2, layer: 1 });

    const until = makePlan(type, architecture, 'binaryCrossEntropy');
    train(until, samples, { ...request, rows: 20, epochs: 1 });
    expect(until.outcome().status).toBe('done');
    expectSameBits(made.flat, until.flat);
  });

  it('names the first layer whose values are not finite', () => {
    const architecture = network([1, 2, 2, 1], ['linear', 'linear', 'linear']);
    for (const layer of [1, 2, 3]) {
      const made = makePlan(type, architecture, 'meanSquaredError');
      made.flat[[0, 4, 10][layer - 1] as number] = Number.POSITIVE_INFINITY; // the first weight of each layer
      const before = made.flat.slice();
      train(made, { X: type.array([1, 1]), Y: type.array([1, 1]) }, { rows: 2, epochs: 1, batchSize: 2 });
      expect(made.outcome()).toMatchObject({ status: 'diverged', epoch: 0, batch: 0, layer });
      expectSameBits(made.flat, before);
    }
  });

  it('diverges under a learning rate that is too large, with the steps before it taken', () => {
    const architecture = network([3, 5, 1], ['relu', 'linear']);
    const made = makePlan(type, architecture, 'meanSquaredError');
    const samples = samplesFor(made, 'meanSquaredError', 40);
    const request = { rows: 40, epochs: 1000, batchSize: 10, learningRate: 50 };
    const { loss } = train(made, samples, request);
    const { status, epoch, batch } = made.outcome();
    expect(status).toBe('diverged');
    expect(loss.findIndex(Number.isNaN)).toBe(epoch);

    const until = makePlan(type, architecture, 'meanSquaredError');
    if (epoch > 0) train(until, samples, { ...request, epochs: epoch });
    if (batch > 0) train(until, samples, { ...request, epochs: 1, rows: 10 * batch });
    expectSameBits(until.flat, made.flat);
  });

  it('does nothing in no epochs', () => {
    const { architecture, loss } = networks[1] as (typeof networks)[number];
    const made = makePlan(type, architecture, loss);
    const before = made.flat.slice();
    train(made, samplesFor(made, loss, 5), { rows: 5, epochs: 0, batchSize: 2 });
    expect(made.outcome()).toMatchObject({ status: 'done', epoch: 0 });
    expectSameBits(made.flat, before);
  });
});

it('gradient descent on one weight takes the steps that were worked out by hand', () => {
  // a = w x + b, loss = mean of (a - y)^2. It starts from w = 1, b = 0, on (1, 3) and (2, 2), at rate 1/4:
  // a = 1, 2; loss = 2; dw = (-2 * 1 + 0 * 2) = -2, db = -2; then w = 1.5, b = 0.5.
  const made = makePlan(float64, network([1, 1], ['linear']), 'meanSquaredError');
  made.flat.set([1, 0]);
  const samples = { X: Float64Array.of(1, 2), Y: Float64Array.of(3, 2) };
  const history = train(made, samples, { rows: 2, epochs: 2, batchSize: 2, learningRate: 0.25 });
  // a = 2, 3.5; loss = (1 + 2.25) / 2; dw = (-2 + 6) / 2 = 2, db = (-2 + 3) / 2.
  expect(Array.from(history.loss)).toEqual([2, 1.625]);
  expect(Array.from(made.flat)).toEqual([1, 0.375]);
});
