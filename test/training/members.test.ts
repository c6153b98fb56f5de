// Members that share the layers of a network. test/native/plan-layers.test.ts compares their gradients with plain loops.

import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import type { LayerOptions } from '../../lib/layers/architecture';
import type { LossName } from '../../lib/layers/losses';
import { Network } from '../../lib/network/network';
import { adam, adamW, lbfgs } from '../../lib/optimizers/optimizers';
import { randomLabels, randomMatrix, snapshot } from '../network/helpers';
import { at, centralDifferences, maxRelativeError } from '../support/oracle';
import { network, oneHot, randomClasses, X, Y } from './helpers';
import { expectResumable, plain, random } from './resume/helpers';

type Named = Record<string, Matrix>;

const classes = randomClasses(40, 3, 3);
const sizes = { samples: 40, members: 3 };

/** 3-5-4-3 with these outputs. */
function classifier(
  activation: 'softmax' | 'logSoftmax' | 'linear' | 'exponential',
  members = sizes.members,
) {
  const layers = [
    { inputDim: 3, outputDim: 5, activation: 'tanh', members },
    { outputDim: 4, activation: 'gelu' },
    { outputDim: 3, activation },
  ] as const;
  return new Network(layers, { seed: 2 });
}

/** Makes the plain network of one member: its factors are multiplied into the first weights. */
function alone(net: Network, member: number): Network {
  const layers = net.architecture.map(({ members: _, ...layer }) => layer);
  const own = new Network(layers as LayerOptions[], { seed: 1 });
  const last = layers.length;
  for (const [name, to] of Object.entries(own.parameters as Named)) {
    const { data } = (net.parameters as Named)[name] as Matrix;
    const heads = name === `W${last}` || name === `b${last}`;
    const from = heads ? member * to.data.length : 0;
    to.data.set(data.subarray(from, from + to.data.length));
    if (name === 'W1')
      to.data.forEach((value, i) => {
        to.data[i] = value * at(net.parameters.R1 as Matrix, member, i % to.cols);
      });
  }
  return own;
}

/** A network with a lone member, and a plain one with the same parameters. */
function twins(first: Partial<LayerOptions> = {}) {
  const [own, twin] = [network({ ...first, members: 1 }), network(first)];
  for (const [name, { data }] of Object.entries(twin.parameters as Named))
    (own.parameters as Named)[name]?.data.set(data);
  own.parameters.R1?.data.fill(1);
  return { own, twin };
}

describe('the parameters of members', () => {
  it('begin as signs that differ, normal behind embeddings, and 1 with zeros', () => {
    const factors = (first: Partial<LayerOptions>, options = {}) =>
      Array.from(network({ members: 400, ...first }, options).parameters.R1?.data ?? []);
    const signs = factors({});
    expect(signs).toHaveLength(1200);
    expect(new Set(signs)).toEqual(new Set([-1, 1]));
    // Six standard deviations.
    expect(Math.abs(signs.reduce((sum, sign) => sum + sign, 0))).toBeLessThan(6 * Math.sqrt(1200));
    for (const embedded of [{ numericEmbeddings: 'pbld' }, { embeddings: [{ categories: 3 }] }] as const) {
      const normal = factors(embedded);
      const square = normal.reduce((sum, value) => sum + value * value, 0) / normal.length;
      expect(Math.abs(square - 1)).toBeLessThan(6 * Math.sqrt(2 / normal.length));
      expect(new Set(normal.map(Math.abs)).size).toBeGreaterThan(1000);
    }
    expect(new Set(factors({}, { initializer: 'zeros' }))).toEqual(new Set([1]));
  });

  it('have an initial layer of their own each, as wide as a plain one', () => {
    const net = classifier('softmax', 2);
    const { W3, b3, R1 } = net.parameters as Named;
    expect([W3?.rows, W3?.cols, b3?.rows, R1?.rows, R1?.cols]).toEqual([6, 4, 6, 2, 3]);
    const orthogonal = new Network(net.architecture as LayerOptions[], {
      seed: 1,
      initializer: 'orthogonal',
    });
    const W = orthogonal.parameters.W3 as Matrix;
    for (let r = 0; r < 6; r++) {
      for (let s = 0; s < 6; s++) {
        const product = [0, 1, 2, 3].reduce((sum, c) => sum + at(W, r, c) * at(W, s, c), 0);
        if (r === s || Math.floor(r / 3) === Math.floor(s / 3))
          expect(product).toBeCloseTo(Number(r === s), 12);
      }
    }
    expect(net.parameterCount).toBe(2 * 3 + (3 + 1) * 5 + (5 + 1) * 4 + 2 * (4 + 1) * 3);
    expect(net.summary()).toMatch(/1 +3 +5 {2}tanh +26 {2}2 members\n.*24\n.*30\n80 parameters/);
  });

  it('have the gradients of central differences', () => {
    const first = {
      inputDim: 3,
      outputDim: 5,
      activation: 'mish',
      members: 3,
      noise: 0,
      skip: false,
    } as const;
    const net = new Network(
      [
        { ...first, numericEmbeddings: 'pbld', embeddings: [{ categories: 3 }], inputScale: true },
        { outputDim: 5, activation: 'tanh', normalization: 'batch', skip: true },
        { outputDim: 2, activation: 'sigmoid', l2: 0.01 },
      ],
      { seed: 3 },
    );
    const samples = { numbers: X, categories: Int32Array.from({ length: 40 }, (_, i) => (i % 4) - 1) };
    const labels = randomLabels(40, 2, 2);
    const { loss: _, ...gradients } = net.gradients(samples, labels);
    for (const [name, { data }] of Object.entries(net.parameters as Named)) {
      const loss = () => net.gradients(samples, labels).loss;
      const differences = centralDifferences(loss, data as Float64Array);
      const found = (gradients as unknown as Named)[`d${name}`]?.data ?? [];
      expect(maxRelativeError(found, differences, 1e-3), name).toBeLessThan(1e-6);
    }
  });
});

describe('the answer of members', () => {
  it.each(['softmax', 'linear', 'exponential', 'logSoftmax'] as const)(
    'is the mean of %s outputs',
    (outputs) => {
      const net = classifier(outputs);
      const own = Array.from({ length: 3 }, (_, j) => alone(net, j).predictSync(X).data);
      const isLog = outputs === 'logSoftmax';
      const expected = Array.from(own[0] ?? [], (__, i) => {
        const values = own.map((data) => (isLog ? Math.exp(data[i] as number) : (data[i] as number)));
        const mean = values.reduce((sum, value) => sum + value, 0) / 3;
        return isLog ? Math.log(mean) : mean;
      });
      expect(maxRelativeError(net.predictSync(X).data, expected)).toBeLessThan(1e-12);
      const row = X.data.slice(3, 6);
      expect(maxRelativeError(net.predictSync([row]).data, expected.slice(3, 6))).toBeLessThan(1e-12);
    },
  );

  it('does not depend on the other rows of a batch, nor on the threads', async () => {
    const x = randomMatrix(700, 3, 5);
    for (const width of [5, 700]) {
      const net = network({ members: 7, outputDim: width }, { dtype: 'float32' });
      const all = await net.predict(x, { threads: 1 });
      expect(await net.predict(x, { threads: 2 })).toEqual(all);
      for (const [from, to] of [
        [0, 2],
        [331, 398],
      ] as const) {
        const part = net.predictSync(new Matrix(x.data.slice(3 * from, 3 * to), to - from, 3));
        expect(part.data).toEqual(all.data.slice(from, to));
      }
    }
  });

  it.each([
    ['binaryCrossEntropy', 'softmax'],
    ['sparseCategoricalCrossEntropy', 'softmax'],
    ['categoricalCrossEntropy', 'logSoftmax'],
    ['meanSquaredError', 'linear'],
    ['poisson', 'exponential'],
  ] as const)('is what evaluate and the validation judge by %s', (loss, outputs) => {
    const net = loss === 'binaryCrossEntropy' ? network({ members: 3 }) : classifier(outputs);
    const dense = oneHot(classes, 3);
    const labels: Partial<Record<LossName, Matrix | Int32Array>> = {
      binaryCrossEntropy: Y,
      sparseCategoricalCrossEntropy: classes,
    };
    const given = labels[loss] ?? dense;
    const p = net.predictSync(X);
    const logarithm = (r: number, c: number) =>
      outputs === 'logSoftmax' ? at(p, r, c) : Math.log(at(p, r, c));
    const losses: Record<string, (r: number) => number> = {
      binaryCrossEntropy: (r) => -Math.log(at(Y, r, 0) === 1 ? at(p, r, 0) : 1 - at(p, r, 0)),
      meanSquaredError: (r) =>
        [0, 1, 2].reduce((s, c) => s + (at(p, r, c) - (dense[r]?.[c] as number)) ** 2 / 3, 0),
      poisson: (r) =>
        [0, 1, 2].reduce(
          (s, c) => s + (at(p, r, c) - (dense[r]?.[c] as number) * Math.log(at(p, r, c) + 1e-7)) / 3,
          0,
        ),
    };
    const lossOf = losses[loss] ?? ((r: number) => -logarithm(r, classes[r] as number));
    const expected =
      Array.from({ length: 40 }, (_, r) => lossOf(r)).reduce((sum, value) => sum + value, 0) / 40;
    const evaluated = net.evaluateSync(X, given, { loss });
    expect(evaluated.loss / expected).toBeCloseTo(1, 12);
    const rows = { X, Y: given };
    const { valLoss } = net.fitSync(X, given, {
      epochs: 1,
      loss,
      validationData: rows,
      optimizer: adam({ learningRate: 1e-300 }),
    });
    expect(valLoss?.[0]).toBe(evaluated.loss);
  });

  it('has a finite loss where all probabilities round to 0 or 1', () => {
    for (const net of [network({ members: 2 }), classifier('softmax', 2)]) {
      const last = net.architecture.length;
      for (const name of [`W${last}`, `b${last}`]) {
        const { data } = (net.parameters as Named)[name] as Matrix;
        data.forEach((value, i) => {
          data[i] = 1e6 * value;
        });
      }
      const { loss } = net.evaluateSync(X, last === 3 && net.architecture[2]?.outputDim === 3 ? classes : Y);
      expect(loss).toBeGreaterThan(1e4);
      expect(Number.isFinite(loss)).toBe(true);
    }
  });

  it.each(['softmax', 'logSoftmax', 'linear'] as const)(
    'has the input gradients of differences: %s',
    (outputs) => {
      const net = classifier(outputs);
      const x = randomMatrix(9, 3, 8);
      for (const output of [0, 2]) {
        const found = net.inputGradientsSync(x, { output });
        for (let j = 0; j < 3; j++) {
          const moved = (by: number) => {
            const data = x.data.map((value, i) => (i % 3 === j ? value + by : value));
            return net.predictSync(new Matrix(data, 9, 3));
          };
          const [above, below] = [moved(1e-5), moved(-1e-5)];
          for (let r = 0; r < 9; r++)
            expect(at(found, r, j)).toBeCloseTo((at(above, r, output) - at(below, r, output)) / 2e-5, 8);
        }
      }
    },
  );

  it('has the mean of its members as the input gradient of the loss', () => {
    const net = classifier('softmax');
    const found = net.inputGradientsSync(X, { Y: classes });
    const own = Array.from({ length: 3 }, (_, j) => alone(net, j).inputGradientsSync(X, { Y: classes }).data);
    const expected = Array.from(
      own[0] ?? [],
      (__, i) => own.reduce((sum, data) => sum + (data[i] as number), 0) / 3,
    );
    expect(maxRelativeError(found.data, expected, 1e-9)).toBeLessThan(1e-9);
  });
});

describe('a lone member whose factors are 1', () => {
  it('is a plain network, to the last bit', () => {
    const first = { dropout: 0.3, noise: 0.1, normalization: 'batch' } as const;
    const { own, twin } = twins(first);
    // Its factors stay.
    const frozen = new Network(
      own.architecture.map((layer, l) =>
        l === 0 ? { ...layer, learningRateFactors: { R: 0 } } : layer,
      ) as never,
      { seed: 1 },
    );
    for (const [name, { data }] of Object.entries(own.parameters as Named))
      (frozen.parameters as Named)[name]?.data.set(data);
    const options = {
      epochs: 3,
      batchSize: 7,
      seed: 4,
      optimizer: adamW({ learningRate: 0.01 }),
      clipNorm: 0.5,
    };
    expect(frozen.fitSync(X, Y, options)).toEqual(twin.fitSync(X, Y, options));
    for (const [name, { data }] of Object.entries(twin.parameters as Named))
      expect((frozen.parameters as Named)[name]?.data, name).toEqual(data);
    expect(frozen.parameters.R1?.data.every((value) => value === 1)).toBe(true);
    expect(frozen.predictSync(X)).toEqual(twin.predictSync(X));
    expect(frozen.predictSync([[1, 2, 3]])).toEqual(twin.predictSync([[1, 2, 3]]));
    expect(frozen.evaluateSync(X, Y)).toEqual(twin.evaluateSync(X, Y));
  });
});

describe('a training of members', () => {
  it('takes the step that the members would take together', () => {
    const net = classifier('softmax');
    const { loss, ...gradients } = net.gradients(X, classes);
    const own = Array.from({ length: 3 }, (_, j) => alone(net, j).gradients(X, classes));
    expect(loss).toBeCloseTo(own.reduce((sum, other) => sum + other.loss, 0) / 3, 12);
    const mean = own.reduce<number[]>(
      (sum, { dW2 }) => Array.from(dW2?.data ?? [], (value, i) => (sum[i] ?? 0) + value / 3),
      [],
    );
    expect(maxRelativeError((gradients as unknown as Named).dW2?.data ?? [], mean, 1e-9)).toBeLessThan(1e-9);
  });

  it('goes down by every kind of optimiser and in a partialFit, and reports the accuracy of the answers', async () => {
    for (const optimizer of [adam({ learningRate: 0.02 }), lbfgs()]) {
      const net = classifier('softmax');
      const { loss, accuracy } = net.fitSync(X, classes, { epochs: 20, batchSize: 'full', optimizer });
      expect(loss.at(-1)).toBeLessThan(loss[0] as number);
      const untrained = classifier('softmax');
      expect(accuracy?.[0]).toBe(untrained.evaluateSync(X, classes).accuracy);
    }
    const net = classifier('softmax');
    const before = net.gradients(X, classes).loss;
    await net.partialFit(X, classes, { optimizer: adam({ learningRate: 0.02 }) });
    expect(net.gradients(X, classes).loss).toBeLessThan(before);
  });

  it('draws dropout and noise for each member', () => {
    for (const own of [{ dropout: 0.5 }, { noise: 0.5 }]) {
      const net = network({ members: 2, ...own });
      const { R1, W3, b3 } = net.parameters as Named;
      for (const { data } of [R1, W3, b3] as Matrix[]) data.copyWithin(data.length / 2, 0);
      // Then they are equal, until their draws differ.
      net.fitSync(X, Y, { epochs: 1, batchSize: 'full', optimizer: adam() });
      const { data } = W3 as Matrix;
      expect(data.slice(0, data.length / 2)).not.toEqual(data.slice(data.length / 2));
    }
  });

  it('takes a sample of weight 0 as one that is not there', () => {
    const weights = Float64Array.from({ length: 40 }, (_, i) => (i < 25 ? 1 + (i % 3) : 0));
    const part = (matrix: Matrix) => new Matrix(matrix.data.slice(0, 25 * matrix.cols), 25, matrix.cols);
    const net = network({ members: 3, normalization: 'batch' });
    const [all, present] = [
      net.gradients(X, Y, { sampleWeight: weights }),
      net.gradients(part(X), part(Y), { sampleWeight: weights.slice(0, 25) }),
    ];
    expect(all).toEqual(present);
  });

  it.each([20, 600])('has the same bits on any number of threads, with %i units', async (width) => {
    const [x, y] = [randomMatrix(300, 3, 3), randomLabels(300, 1, 4)];
    const trained = async (threads: number) => {
      const net = network({ members: 5, outputDim: width, dropout: 0.2 }, { seed: 4 });
      await net.fit(x, y, { epochs: 2, batchSize: 150, threads });
      return snapshot(net);
    };
    expect(await trained(2)).toEqual(await trained(1));
  });

  it('stays in files, clones and JSON', () => {
    const net = network({ members: 3, learningRateFactors: { R: 2 } });
    net.fitSync(X, Y, { epochs: 3 });
    const loaded = Network.fromBytesSync(net.toBytesSync());
    expect(loaded.architecture).toEqual(net.architecture);
    for (const copy of [loaded, net.clone()]) {
      expect(snapshot(copy)).toEqual(snapshot(net));
      expect(copy.predictSync(X)).toEqual(net.predictSync(X));
    }
    const again = new Network(JSON.parse(JSON.stringify(net.architecture)), { seed: 1 });
    expect(again.architecture).toEqual(net.architecture);
  });

  it('resumes without a trace', async () => {
    const withMembers = (layers: readonly LayerOptions[]) =>
      layers.map((layer, l) => (l === 0 ? { ...layer, members: 3 } : layer));
    const optimizer = adam({ learningRate: 0.01 });
    await expectResumable({
      layers: withMembers(random),
      options: () => ({ epochs: 6, batchSize: 16, optimizer }),
    });
    await expectResumable({
      layers: withMembers(plain),
      options: () => ({ epochs: 6, batchSize: 'full', optimizer: lbfgs() }),
    });
  });

  it('takes every loss', () => {
    const losses: Partial<Record<LossName, 'linear' | 'softmax'>> = {
      ...{ meanAbsoluteError: 'linear', huber: 'linear', logCosh: 'linear', quantile: 'linear' },
      klDivergence: 'softmax',
    };
    for (const [loss, outputs] of Object.entries(losses)) {
      const net = classifier(outputs);
      const labels = oneHot(classes, 3);
      const { data } = net.parameters.W2 as Matrix;
      const { dW2 } = net.gradients(X, labels, { loss: loss as LossName });
      const differences = centralDifferences(
        () => net.gradients(X, labels, { loss: loss as LossName }).loss,
        data as Float64Array,
      );
      expect(maxRelativeError(dW2?.data ?? [], differences, 1e-3), loss).toBeLessThan(1e-5);
    }
  });
});
