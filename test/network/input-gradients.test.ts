// Gradients by the inputs, compared with central differences of predictions and losses.

import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../lib/base/matrix';
import type { LayerOptions } from '../../lib/layers/architecture';
import { numericEmbeddings } from '../../lib/layers/numeric-embeddings';
import { Network } from '../../lib/network/network';
import { preprocessing, standardScaler } from '../../lib/preprocessing';
import { rejectionOf, thrownBy } from '../support/bad-input';
import { maxRelativeError } from '../support/oracle';
import { randomLabels, randomMatrix } from './helpers';

const { pbld, plr } = numericEmbeddings;
const embeddings = [{ categories: 4, outputDim: 3 }] as const;
const last = { outputDim: 2, activation: 'sigmoid' } as const;

const networks: readonly { readonly what: string; readonly layers: readonly LayerOptions[] }[] = [
  { what: 'one layer', layers: [{ inputDim: 3, ...last }] },
  {
    what: 'relu, dropout and noise, which do not act',
    layers: [
      { inputDim: 3, outputDim: 7, activation: 'relu', dropout: 0.5, noise: 0.3 },
      { outputDim: 6, activation: 'relu' },
      last,
    ],
  },
  {
    what: 'both normalisations and softmax',
    layers: [
      { inputDim: 3, outputDim: 7, activation: 'tanh', normalization: 'batch' },
      { outputDim: 6, activation: 'gelu', normalization: 'layer' },
      { outputDim: 3, activation: 'softmax' },
    ],
  },
  {
    what: 'frozen layers and residual connections',
    layers: [
      { inputDim: 3, outputDim: 3, activation: 'tanh', skip: true, trainable: false, normalization: 'batch' },
      { outputDim: 3, activation: 'relu', skip: true, name: 'middle' },
      { outputDim: 3, activation: 'mish', skip: 'middle', trainable: false },
      last,
    ],
  },
  {
    what: 'scaled inputs and mixed activations',
    layers: [
      { inputDim: 3, outputDim: 3, activation: 'selu', inputScale: true, activationMix: true, skip: true },
      { outputDim: 5, activation: 'relu', inputScale: true, activationMix: true },
      last,
    ],
  },
  {
    what: 'embedded numbers and categories',
    layers: [
      {
        ...{ inputDim: 3, outputDim: 6, activation: 'tanh', inputScale: true, embeddings },
        numericEmbeddings: pbld({ columns: 2, standardDeviation: 0.5 }),
      } as const,
      last,
    ],
  },
  {
    what: 'periodic embeddings',
    layers: [
      {
        ...{ inputDim: 3, outputDim: 6, activation: 'tanh' },
        numericEmbeddings: plr({ frequencies: 4, outputDim: 5, standardDeviation: 0.5 }),
      } as const,
      last,
    ],
  },
  { what: 'a wide input', layers: [{ inputDim: 120, outputDim: 6, activation: 'tanh' }, last] },
  {
    what: 'wide layers, which are swept in training',
    layers: [
      { inputDim: 3, outputDim: 400, activation: 'tanh' },
      { outputDim: 400, activation: 'mish' },
      last,
    ],
  },
];

function prepared(layers: readonly LayerOptions[], rows: number) {
  const net = new Network(layers, { seed: 3 });
  const { inputDim = 0, embeddings: tables } = layers[0] as LayerOptions;
  const numbers = randomMatrix(rows, inputDim, 1);
  const categories = Int32Array.from({ length: rows }, (_, i) => (i % 5) - 1);
  const X = tables === undefined ? numbers : { numbers, categories };
  const Y = randomLabels(rows, layers.at(-1)?.outputDim as number, 2);
  // Moves the running moments, the factors and the shares.
  net.fitSync(X, Y, { epochs: 2, batchSize: 16, loss: 'meanSquaredError' });
  return { net, X, Y, numbers };
}

/** (samples x inputDim) the differences of a number of each sample, which depends on that sample alone. */
function differences(numbers: Matrix, valuesOf: () => ArrayLike<number>, h = 1e-5): number[] {
  const out = new Array<number>(numbers.data.length);
  const given = numbers.data.slice();
  for (let j = 0; j < numbers.cols; j++) {
    const at = (by: number) => {
      for (let i = 0; i < numbers.rows; i++) {
        const place = i * numbers.cols + j;
        numbers.data[place] = (given[place] as number) + by;
      }
      return Array.from(valuesOf());
    };
    const [above, below] = [at(h), at(-h)];
    for (const [i, value] of above.entries())
      out[i * numbers.cols + j] = (value - (below[i] as number)) / (2 * h);
    numbers.data.set(given);
  }
  return out;
}

describe.each(networks)('a network with $what', ({ layers }) => {
  it.each([1, 2, 37, 300])('has the gradients of central differences for %i samples', async (rows) => {
    const { net, X, Y, numbers } = prepared(layers, rows);
    const outputs = net.architecture.at(-1)?.outputDim as number;
    for (const output of [0, outputs - 1]) {
      const column = () => net.predictSync(X).data.filter((_, i) => i % outputs === output);
      const found = await net.inputGradients(X, { output });
      expect([found.rows, found.cols]).toEqual([rows, numbers.cols]);
      expect(maxRelativeError(found.data, differences(numbers, column), 1e-2)).toBeLessThan(1e-5);
      expect(net.inputGradientsSync(X, { output })).toEqual(found);
    }
    // Of the loss of each sample, by its own prediction.
    const losses = () => {
      const predicted = net.predictSync(X);
      return Array.from({ length: rows }, (_, i) => {
        const errors = Array.from({ length: outputs }, (__, o) => (predicted.get(i, o) - Y.get(i, o)) ** 2);
        return errors.reduce((sum, error) => sum + error, 0) / outputs;
      });
    };
    const found = net.inputGradientsSync(X, { Y, loss: 'meanSquaredError' });
    expect(maxRelativeError(found.data, differences(numbers, losses), 1e-2)).toBeLessThan(1e-5);
  });
});

describe('inputGradients', () => {
  const layers = networks[5]?.layers as readonly LayerOptions[];

  it('has the same bits on any number of threads, and those of float32 next to them', async () => {
    const { net, X } = prepared(layers, 700);
    const one = await net.inputGradients(X, { threads: 1 });
    expect(await net.inputGradients(X, { threads: 2 })).toEqual(one);
    const single = new Network(layers, { seed: 3, dtype: 'float32' });
    const double = new Network(layers, { seed: 3 });
    const found = single.inputGradientsSync(X);
    expect(found.data).toBeInstanceOf(Float32Array);
    expect(maxRelativeError(found.data, double.inputGradientsSync(X).data, 1e-1)).toBeLessThan(1e-4);
  });

  it('takes the logits of a cross-entropy, where a probability is rounded to 1', () => {
    const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'sigmoid' }], { initializer: 'zeros' });
    net.parameters.W1.data.fill(2);
    // The gradient by the logit is p - y.
    const found = net.inputGradientsSync([[100], [-100], [0]], { Y: [0, 1, 1] });
    expect(found.toArray()).toEqual([[2], [-2], [-1]]);
    expect(net.inputGradientsSync([[100]]).get(0, 0)).toBe(0);
  });

  it('changes neither parameters nor what a training does next', async () => {
    const [{ net, X, Y }, twin] = [prepared(layers, 50), prepared(layers, 50)];
    await net.inputGradients(X, { Y });
    const options = { epochs: 2, batchSize: 8 } as const;
    expect(net.fitSync(X, Y, options)).toEqual(twin.net.fitSync(X, Y, options));
    expect(net.parameters).toEqual(twin.net.parameters);
  });

  it('is by the numbers that preprocessing gives', () => {
    const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'linear' }], {
      seed: 1,
      preprocessing: preprocessing([standardScaler()]),
    });
    net.fitSync(
      [
        [1, 100],
        [2, 300],
        [3, 200],
      ],
      [1, 2, 3],
      { epochs: 2 },
    );
    const [row] = net.inputGradientsSync([[5, 7]]).toArray();
    expect(row).toEqual(Array.from(net.parameters.W1.data));
  });

  it('refuses bad options and data, and a network of categories alone', async () => {
    const { net, X } = prepared(networks[0]?.layers as readonly LayerOptions[], 5);
    const calls = [
      [{ output: 2 }, 'Expected output to be an integer from 0 to 1, got 2 (number)'],
      [{ output: 0, Y: [[1, 1]] }, 'Expected output to be left out with Y, got 0 (number)'],
      [{ loss: 'huber' }, 'Expected loss to be left out without Y, got "huber" (string)'],
      [{ outputs: 1 }, 'Unknown option "outputs"; did you mean "output"?'],
    ] as const;
    for (const [options, message] of calls) {
      expect(thrownBy(() => net.inputGradientsSync(X, options as never))).toMatchObject({ message });
      expect(await rejectionOf(net.inputGradients(X, options as never))).toMatchObject({ message });
    }
    const bad = randomMatrix(300, 3, 1);
    bad.data[500] = Number.NaN;
    for (const options of [{}, { Y: randomLabels(300, 2, 2) }])
      expect(() => net.inputGradientsSync(bad, options)).toThrow(
        'Expected X to hold finite numbers, got NaN at row 166, column 2',
      );
    const codes = new Network([{ outputDim: 1, activation: 'linear', embeddings }]);
    expect(() => codes.inputGradientsSync({ categories: [[1]] })).toThrow(
      'Expected layers[0].inputDim to be above 0, since gradients are by numbers, and not by categories, got 0 (number)',
    );
    await expect(net.inputGradients(X, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  });
});
