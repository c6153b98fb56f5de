// Factors of the learning rate and of the weight decay: each parameter is trained with numbers of its own.

import { describe, expect, it } from 'vitest';
import type { Dtype, Matrix } from '../../lib/base/matrix';
import type { LayerOptions } from '../../lib/layers/architecture';
import { Network } from '../../lib/network/network';
import {
  adagrad,
  adam,
  adamW,
  lion,
  nadam,
  type Optimizer,
  rmsProp,
  sgd,
} from '../../lib/optimizers/optimizers';
import { RandomState } from '../../lib/random/random-state';
import { cosine } from '../../lib/schedules/schedule';
import { randomLabels, randomMatrix, snapshot } from '../network/helpers';
import * as oracle from '../support/oracle';
import { type Options, optimizerStep, type State } from '../support/oracle-optimizers';
import { network, X, Y } from './helpers';
import { oracleFit, type Step } from './oracle-fit';
import { expectResumable, random as randomLayers } from './resume/helpers';

/** By the name of a parameter: the factors of its learning rate and of its weight decay. */
const factors: Readonly<Record<string, readonly [rate: number, decay: number]>> = {
  W1: [1, 2],
  b1: [0.1, 0],
  W2: [0.25, 0.5],
  b2: [0.25, 0.5],
  W3: [3, 1],
  b3: [0, 1],
};

const layers: readonly LayerOptions[] = [
  {
    inputDim: 3,
    outputDim: 5,
    activation: 'tanh',
    learningRateFactors: { b: 0.1 },
    weightDecayFactors: { W: 2, b: 0 },
  },
  { outputDim: 4, activation: 'tanh', learningRateFactors: 0.25, weightDecayFactors: 0.5 },
  { outputDim: 2, activation: 'sigmoid', learningRateFactors: { W: 3, b: 0 }, weightDecayFactors: {} },
];

/** The optimiser's formula, with the numbers of each parameter. */
function formula(optimizer: Optimizer): Step {
  const states = new Map<string, State>();
  const { learningRate, weightDecay } = optimizer as unknown as { learningRate: number; weightDecay: number };
  return (params, grads, t) => {
    const updated = Object.entries(params).map(([name, p]) => {
      const [rate, decay] = factors[name] as [number, number];
      const own = { ...optimizer, learningRate: learningRate * rate, weightDecay: weightDecay * decay };
      const g = grads[`d${name}`] as oracle.Dense;
      const step = (r: number, c: number) => {
        const key = `${name} ${r} ${c}`;
        const state = states.get(key) ?? {};
        states.set(key, state);
        return optimizerStep(own as unknown as Options, oracle.at(p, r, c), oracle.at(g, r, c), state, t);
      };
      return [name, rate === 0 ? p : oracle.build(p.rows, p.cols, step)] as const;
    });
    return Object.fromEntries(updated);
  };
}

const optimizers: readonly (readonly [string, Optimizer])[] = [
  ['sgd', sgd({ learningRate: 0.25, weightDecay: 0.1 })],
  ['decoupled momentum', sgd({ learningRate: 0.05, momentum: 0.9, weightDecay: 0.1, decoupled: true })],
  ['rmsProp', rmsProp({ epsilon: 1e-4, weightDecay: 0.01 })],
  ['adagrad', adagrad({ epsilon: 1e-4, weightDecay: 0.01 })],
  ['adam', adam({ weightDecay: 0.1 })],
  ['adamW', adamW({ learningRate: 0.02, weightDecay: 0.3 })],
  ['nadam', nadam({ epsilon: 1e-4, weightDecay: 0.1 })],
  ['lion', lion({ weightDecay: 0.5 })],
];

it.each(
  optimizers.flatMap((row) =>
    ([['float64', 1e-9] as const, ['float32', 2e-3] as const] satisfies [Dtype, number][]).map(
      ([dtype, tolerance]) => [...row, dtype, tolerance] as const,
    ),
  ),
)(
  '%s takes the steps of its formula with each parameter’s own numbers',
  async (_, optimizer, dtype, tolerance) => {
    const rows = 37;
    const [x, y] = [randomMatrix(rows, 3, 1, dtype), randomLabels(rows, 2, 2, dtype)];
    const net = new Network(layers, { seed: 1, dtype });
    const random = new RandomState(3);
    const expected = oracleFit(net, x, y, {
      loss: 'binaryCrossEntropy',
      step: formula(optimizer),
      batchSize: 8,
      orders: Array.from({ length: 6 }, () => random.permutation(rows)),
    });
    const history = await net.fit(x, y, { epochs: 6, batchSize: 8, seed: 3, optimizer });
    expect(oracle.maxRelativeError(history.loss, expected.history.loss)).toBeLessThan(tolerance);
    expect(oracle.maxRelativeError(snapshot(net), expected.parameters, 0.01)).toBeLessThan(tolerance);
  },
);

type Named = Readonly<Record<string, Matrix>>;

describe('factors', () => {
  const embeddings = [{ categories: 4, outputDim: 2 }];
  const first = {
    ...{ normalization: 'layer', embeddings, inputScale: true, activationMix: true },
    members: 2,
  } as const;
  const samples = { numbers: X, categories: Int32Array.from({ length: 40 }, (_, i) => (i % 5) - 1) };

  /** How far one step of gradient descent moves each parameter. */
  function moves(learningRateFactors?: LayerOptions['learningRateFactors']): Record<string, number[]> {
    const made = (rate: number) => {
      const net = network({ ...first, ...(learningRateFactors !== undefined && { learningRateFactors }) });
      net.fitSync(samples, Y, { epochs: 1, batchSize: 'full', optimizer: sgd({ learningRate: rate }) });
      return net.parameters as Named;
    };
    const [from, to] = [made(1e-300), made(0.5)];
    return Object.fromEntries(
      Object.entries(from).map(([name, { data }]) => [
        name,
        Array.from(data, (value, i) => (to[name]?.data[i] as number) - value),
      ]),
    );
  }

  it.each(['W', 'b', 'gamma', 'beta', 's', 'a', 'E', 'R'] as const)(
    'act on the parameter %s alone',
    (kind) => {
      const plain = moves();
      const found = moves({ [kind]: 0.125 });
      for (const [name, values] of Object.entries(plain)) {
        expect(values.some((value) => Math.abs(value) > 1e-6)).toBe(true);
        const factor = name === `${kind}1` ? 0.125 : 1;
        for (const [i, value] of values.entries()) expect(found[name]?.[i]).toBeCloseTo(factor * value, 14);
      }
    },
  );

  it('act on all parameters of a layer if they are one number', () => {
    const plain = moves();
    const found = moves(0.125);
    for (const [name, values] of Object.entries(plain)) {
      const factor = name.endsWith('1') ? 0.125 : 1;
      for (const [i, value] of values.entries()) expect(found[name]?.[i]).toBeCloseTo(factor * value, 14);
    }
  });

  it('freeze a parameter if they are 0: no decay, no penalty, no gradient', () => {
    const options = { l2: 0.5, maxNorm: 1e-3 } as const;
    const net = network({ ...options, learningRateFactors: { W: 0 } });
    const before = net.parameters.W1.data.slice();
    expect(net.gradients(X, Y).loss).toBe(network().gradients(X, Y).loss);
    expect(net.gradients(X, Y).dW1.data.every((value) => value === 0)).toBe(true);
    net.fitSync(X, Y, { epochs: 3, optimizer: adamW({ learningRate: 0.1, weightDecay: 0.5 }) });
    expect(net.parameters.W1.data).toEqual(before);
    expect(net.parameters.b1.data).not.toEqual(network().parameters.b1.data);
  });

  it('change no bit if they are 1', () => {
    const [plain, factored] = [
      network(),
      network({ learningRateFactors: { W: 1, b: 1 }, weightDecayFactors: 1 }),
    ];
    const optimizer = adamW({ learningRate: 0.05 });
    for (const net of [plain, factored]) net.fitSync(X, Y, { epochs: 5, optimizer, batchSize: 8 });
    expect(snapshot(factored)).toEqual(snapshot(plain));
    expect(factored.architecture).toEqual(plain.architecture);
  });

  it('multiply the rate of a schedule', () => {
    const trained = (learningRate: number, factor: number) => {
      const net = network({ learningRateFactors: factor });
      net.setTrainable([2, 3], false);
      net.fitSync(X, Y, { epochs: 6, optimizer: sgd({ learningRate }), schedule: cosine(), batchSize: 8 });
      return snapshot(net);
    };
    expect(trained(0.5, 0.25)).toEqual(trained(0.125, 1));
  });

  it('stay in files', async () => {
    const net = network({ learningRateFactors: { b: 0.1 }, weightDecayFactors: { W: 2 } });
    const loaded = Network.fromBytesSync(net.toBytesSync());
    expect(loaded.architecture).toEqual(net.architecture);
    expect(loaded.architecture[0]).toMatchObject({
      learningRateFactors: { b: 0.1 },
      weightDecayFactors: { W: 2 },
    });
    expect(net.summary()).toContain('learning rate x 0.1 (b), weight decay x 2 (W)');
  });
});

describe.each(['float64', 'float32'] as const)('a training in %s with factors', (dtype) => {
  const some: readonly LayerOptions[] = randomLayers.map((layer, l) => ({
    ...layer,
    learningRateFactors: l === 1 ? { W: 0.5, gamma: 6 } : { b: 0.1 },
    weightDecayFactors: { b: 0 },
  }));

  it('continues as if it had never been interrupted', async () => {
    const optimizer = adamW({ learningRate: 0.01 });
    await expectResumable({
      dtype,
      layers: some,
      options: () => ({ epochs: 6, batchSize: 16, optimizer, threads: 1 }),
    });
  });

  it('has the same bits on any number of threads', () => {
    const trained = (threads: number) => {
      const wide: LayerOptions[] = [
        { inputDim: 3, outputDim: 300, activation: 'relu', learningRateFactors: { b: 0.1 } },
        { outputDim: 200, activation: 'relu', learningRateFactors: 0.5 },
        { outputDim: 1, activation: 'sigmoid', weightDecayFactors: { b: 0 } },
      ];
      const net = new Network(wide, { dtype, seed: 4 });
      const [x, y] = [randomMatrix(700, 3, 1, dtype), randomLabels(700, 1, 2, dtype)];
      net.fitSync(x, y, { epochs: 2, batchSize: 256, optimizer: adamW(), threads });
      return snapshot(net);
    };
    expect(trained(2)).toEqual(trained(1));
    expect(trained(3)).toEqual(trained(1));
  });
});
