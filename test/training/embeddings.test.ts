// Steps update all rows of the tables, also those that no sample picked.

import { describe, expect, it } from 'vitest';
import type { LayerOptions } from '../../lib/layers/architecture';
import { Network } from '../../lib/network/network';
import {
  adagrad,
  adam,
  adamW,
  lbfgs,
  lion,
  nadam,
  type Optimizer,
  rmsProp,
  sgd,
} from '../../lib/optimizers/optimizers';
import type { FitOptions } from '../../lib/training/options';
import { randomLabels, randomMatrix, snapshot } from '../network/helpers';

const rows = 24;
const embeddings = [
  { categories: 5, outputDim: 3 },
  { categories: 2, outputDim: 2 },
] as const;

function network(first: Partial<LayerOptions> = {}): Network {
  return new Network(
    [
      { inputDim: 2, outputDim: 6, activation: 'tanh', embeddings, ...first },
      { outputDim: 1, activation: 'sigmoid' },
    ],
    { seed: 3 },
  );
}

const Y = randomLabels(rows, 1, 2);
/** Samples with the categories 0 to 2 of the first table and the first of the second; no sample has others. */
const X = {
  numbers: randomMatrix(rows, 2, 1),
  categories: Int32Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 0 ? (i / 2) % 3 : 0)),
};
const step = { epochs: 1, batchSize: 'full', shuffle: false } as const;

/** The rows of E1 that no sample picks, and those that samples pick. */
const unseen = ({ parameters }: Network) => [3, 4, 5].map((r) => Array.from(parameters.E1?.row(r) ?? []));
const seen = ({ parameters }: Network) => [0, 1, 2].map((r) => Array.from(parameters.E1?.row(r) ?? []));
const tablesOf = ({ parameters }: Network) => [parameters.E1, parameters.E2].map((table) => table?.toArray());

function trained(options: Omit<FitOptions, 'epochs'>, first?: Partial<LayerOptions>, epochs = 1): Network {
  const net = network(first);
  // The row of unknown categories is zero at first, so that a step could not move it.
  net.parameters.E1?.row(5).fill(0.5);
  net.fitSync(X, Y, { ...step, epochs, ...options });
  return net;
}

const before = trained({ optimizer: sgd({ learningRate: 1e-300 }) });

describe('a row that no sample picks', () => {
  it('stays where it is without decay and momentum, to the last bit', () => {
    const after = trained({ optimizer: sgd({ learningRate: 0.5 }) }, {}, 5);
    expect(unseen(after)).toEqual(unseen(before));
    for (const [r, row] of seen(after).entries()) expect(row).not.toEqual(seen(before)[r]);
  });

  it.each<{ what: string; optimizer: Optimizer }>([
    { what: 'sgd', optimizer: sgd({ learningRate: 0.1, weightDecay: 0.5 }) },
    { what: 'sgd, decoupled', optimizer: sgd({ learningRate: 0.1, weightDecay: 0.5, decoupled: true }) },
    { what: 'adamW', optimizer: adamW({ learningRate: 0.1, weightDecay: 0.5 }) },
  ])('shrinks by the weight decay of $what', ({ optimizer }) => {
    const after = unseen(trained({ optimizer }));
    for (const [r, row] of unseen(before).entries()) {
      for (const [c, value] of row.entries()) expect(after[r]?.[c]).toBeCloseTo(0.95 * value, 14);
    }
  });

  it.each<{ what: string; optimizer: Optimizer }>([
    { what: 'adam', optimizer: adam({ learningRate: 0.1, weightDecay: 0.5 }) },
    { what: 'rmsProp', optimizer: rmsProp({ weightDecay: 0.5 }) },
    { what: 'adagrad', optimizer: adagrad({ weightDecay: 0.5 }) },
    { what: 'nadam', optimizer: nadam({ weightDecay: 0.5 }) },
    { what: 'lion', optimizer: lion({ weightDecay: 0.5 }) },
  ])('comes closer to 0 by the weight decay of $what', ({ optimizer }) => {
    const after = unseen(trained({ optimizer })).flat();
    for (const [i, value] of unseen(before).flat().entries()) {
      expect(Math.abs(after[i] as number)).toBeLessThan(Math.abs(value));
    }
  });

  it('continues to move by its momentum after it was picked', () => {
    const net = network();
    const optimizer = sgd({ learningRate: 0.25, momentum: 0.5 });
    const one = { numbers: [[1, -1]], categories: [[4, 1]] };
    const other = { numbers: [[1, -1]], categories: [[0, 0]] };
    const start = Array.from(net.parameters.E1?.row(4) ?? []);
    net.trainOnBatch(one, [1], { optimizer });
    const first = Array.from(net.parameters.E1?.row(4) ?? []);
    net.trainOnBatch(other, [1], { optimizer });
    net.trainOnBatch(other, [1], { optimizer });
    for (const [c, value] of (net.parameters.E1?.row(4) ?? []).entries()) {
      const move = (first[c] as number) - (start[c] as number);
      expect(Math.abs(move)).toBeGreaterThan(1e-4);
      expect(value).toBeCloseTo((first[c] as number) + (0.5 + 0.25) * move, 14);
    }
  });
});

describe('the first layer’s penalties and limits', () => {
  it.each([
    { what: 'l1', options: { l1: 0.1 } },
    { what: 'l2', options: { l2: 0.1 } },
  ])('$what acts on W and not on the tables', ({ options }) => {
    const [plain, penalised] = [network(), network(options)].map((net) => net.gradients(X, Y)) as [
      ReturnType<Network['gradients']>,
      ReturnType<Network['gradients']>,
    ];
    expect(penalised.dE1).toEqual(plain.dE1);
    expect(penalised.dE2).toEqual(plain.dE2);
    expect(penalised.dW1).not.toEqual(plain.dW1);
    const weights = network().parameters.W1?.data ?? expect.fail();
    const sum = Array.from(weights).reduce((total, w) => total + ('l1' in options ? Math.abs(w) : w * w), 0);
    expect(penalised.loss).toBeCloseTo(plain.loss + 0.1 * sum, 13);
  });

  it('maxNorm limits W and not the tables', () => {
    const net = network({ maxNorm: 0.1 });
    net.parameters.E1?.data.fill(9);
    net.fitSync(X, Y, { ...step, optimizer: sgd({ learningRate: 1e-6 }) });
    for (const value of net.parameters.E1?.data ?? []) expect(value).toBeCloseTo(9, 4);
    for (let unit = 0; unit < 6; unit++) {
      expect(Math.hypot(...(net.parameters.W1?.row(unit) ?? []))).toBeLessThanOrEqual(0.1 + 1e-15);
    }
  });
});

describe('clipping', () => {
  it('limits the norm of all gradients, those of the tables included', () => {
    const [net, start] = [trained({ optimizer: sgd({ learningRate: 1 }), clipNorm: 0.01 }), snapshot(before)];
    const moves = snapshot(net).map((value, i) => value - (start[i] as number));
    expect(Math.hypot(...moves)).toBeCloseTo(0.01, 14);
    const table = moves.slice(0, 18);
    expect(Math.hypot(...table)).toBeGreaterThan(1e-4);
  });

  it('limits every element of the tables’ gradients when it is by value', () => {
    const net = trained({ optimizer: sgd({ learningRate: 1 }), clipValue: 1e-4 });
    const moves = snapshot(net).map((value, i) => Math.abs(value - (snapshot(before)[i] as number)));
    expect(Math.max(...moves.slice(0, 18))).toBeCloseTo(1e-4, 12);
  });
});

describe.each<{ what: string; optimizer: Optimizer }>([
  { what: 'sgd with momentum and decay', optimizer: sgd({ momentum: 0.9, weightDecay: 0.1 }) },
  { what: 'adamW', optimizer: adamW() },
  { what: 'L-BFGS', optimizer: lbfgs() },
])('tables and $what', ({ optimizer }) => {
  it('are frozen with the first layer, and free with it', () => {
    const [made, set] = [network({ trainable: false }), network()];
    set.setTrainable(1, false);
    expect(set.architecture).toEqual(made.architecture);
    const start = tablesOf(made);
    const last = made.parameters.W2?.data.slice();
    for (const net of [made, set]) net.fitSync(X, Y, { epochs: 3, optimizer });
    expect(tablesOf(made)).toEqual(start);
    expect(snapshot(set)).toEqual(snapshot(made));
    expect(made.parameters.W2?.data).not.toEqual(last);
    made.setTrainable(1, true);
    made.fitSync(X, Y, { epochs: 1, optimizer });
    for (const [e, table] of tablesOf(made).entries()) expect(table).not.toEqual(start[e]);
  });

  it('learn what depends on the categories alone', () => {
    const net = network({ inputDim: 0 });
    const { categories } = X;
    const labels = Float64Array.from({ length: rows }, (_, r) => (categories[2 * r] === 1 ? 1 : 0));
    const { loss } = net.fitSync({ categories }, labels, { epochs: 300, batchSize: 'full', optimizer });
    expect(loss.at(-1)).toBeLessThan(0.5 * (loss[0] as number));
  });
});
