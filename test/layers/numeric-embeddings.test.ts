// Embeddings of numbers: how they are written, completed, counted, initialised, shown and refused.
// test/native/plan-layers.test.ts compares their gradients with plain loops.

import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../lib/base/matrix';
import { completeArchitecture, featuresOf, type LayerOptions } from '../../lib/layers/architecture';
import { numericEmbeddings } from '../../lib/layers/numeric-embeddings';
import { parameterCount } from '../../lib/layers/parameters';
import { Network } from '../../lib/network/network';
import { adam } from '../../lib/optimizers/optimizers';
import { preprocessing, standardScaler } from '../../lib/preprocessing';
import { randomLabels, randomMatrix, snapshot } from '../network/helpers';
import { type BadCall, itRejects } from '../support/bad-input';
import { centralDifferences, maxRelativeError } from '../support/oracle';
import { expectResumable } from '../training/resume/helpers';

const { pbld, plr } = numericEmbeddings;
const complete = (...layers: unknown[]) => completeArchitecture(layers as LayerOptions[]);
const first = { inputDim: 3, outputDim: 5, activation: 'relu' } as const;
const last = { outputDim: 1, activation: 'sigmoid' } as const;
const made = (value: unknown, others: object = {}) =>
  complete({ ...first, numericEmbeddings: value, ...others }, last)[0]?.numericEmbeddings;

describe('completeArchitecture', () => {
  it('fills in the defaults of names and of objects from JSON', () => {
    const realMlp = { name: 'pbld', frequencies: 16, outputDim: 4, standardDeviation: 0.1 };
    const periodic = { name: 'plr', frequencies: 48, outputDim: 24, standardDeviation: 0.01 };
    expect(made('pbld')).toEqual(realMlp);
    expect(made('plr')).toEqual(periodic);
    expect(made({ name: 'plr', frequencies: 7 })).toEqual({ ...periodic, frequencies: 7 });
    expect(made(pbld({ columns: 2 }))).toEqual({ ...realMlp, columns: 2 });
    const architecture = complete({ ...first, numericEmbeddings: pbld({ columns: 2 }) }, last);
    expect(complete(...JSON.parse(JSON.stringify(architecture)))).toEqual(architecture);
  });

  it('counts features and parameters', () => {
    const embeddings = [{ categories: 4, outputDim: 2 }];
    const [layer] = complete({ ...first, numericEmbeddings: pbld({ columns: 2 }), embeddings }, last);
    expect(featuresOf(layer ?? expect.fail())).toBe(2 * 4 + 1 + 2);
    // The table; frequencies and phases; the linear maps; the two layers.
    const count = 5 * 2 + 2 * 2 * 16 + 2 * 3 * 17 + 12 * 5 + 6;
    expect(
      parameterCount(complete({ ...first, numericEmbeddings: pbld({ columns: 2 }), embeddings }, last)),
    ).toBe(count);
    const wide = { ...first, outputDim: 1, numericEmbeddings: plr({ frequencies: 1, outputDim: 1 }) };
    // For each column 1 frequency, 2 + 1 numbers of the linear map and 1 weight; then 3 more.
    const most = (2 ** 31 - 1 - 3) / 5;
    expect(complete({ ...wide, inputDim: Math.floor(most) }, last)).toHaveLength(2);
    expect(() => complete({ ...wide, inputDim: Math.floor(most) + 1 }, last)).toThrow(
      'at most 2147483647 parameters',
    );
  });
});

const layers: readonly LayerOptions[] = [
  { ...first, activation: 'mish', numericEmbeddings: pbld({ columns: 2, standardDeviation: 0.5 }) },
  last,
];
const periodic: readonly LayerOptions[] = [
  {
    ...first,
    activation: 'tanh',
    numericEmbeddings: plr({ frequencies: 5, outputDim: 3, standardDeviation: 1 }),
  },
  last,
];
const [X, Y] = [randomMatrix(40, 3, 1), randomLabels(40, 1, 2)];

describe('a network with embedded numbers', () => {
  it('computes x, and linear maps of cos(2 pi w x + beta)', () => {
    const net = new Network(
      [
        {
          inputDim: 1,
          outputDim: 2,
          activation: 'linear',
          numericEmbeddings: pbld({ frequencies: 2, outputDim: 2 }),
        },
        { outputDim: 2, activation: 'linear' },
      ],
      { initializer: 'zeros' },
    );
    const { F1, P1, V1, c1, W1, W2 } = net.parameters;
    F1?.data.set([0.5, 2]);
    P1?.data.set([0, Math.PI / 2]);
    V1?.data.set([3, 5]);
    c1?.data.set([0.25]);
    for (const identity of [W1, W2]) identity?.data.set([1, 0, 0, 1]);
    const x = 0.3;
    const [[a, b] = []] = net.predictSync([[x]]).toArray();
    expect(a).toBe(x);
    expect(b).toBeCloseTo(0.25 + 3 * Math.cos(Math.PI * x) - 5 * Math.sin(4 * Math.PI * x), 13);
    expect(net.predictSync([[x], [1]]).get(0, 1)).toBeCloseTo(b as number, 14);
  });

  it('computes relu of linear maps of cosines and sines', () => {
    const net = new Network(
      [
        {
          inputDim: 1,
          outputDim: 2,
          activation: 'linear',
          numericEmbeddings: plr({ frequencies: 1, outputDim: 2 }),
        },
        { outputDim: 2, activation: 'linear' },
      ],
      { initializer: 'zeros' },
    );
    const { F1, P1, V1, W1, W2 } = net.parameters;
    expect(P1).toBeUndefined();
    F1?.data.set([0.5]);
    V1?.data.set([1, 2, -1, -2]);
    for (const identity of [W1, W2]) identity?.data.set([1, 0, 0, 1]);
    const [[a, b] = []] = net.predictSync([[0.3]]).toArray();
    expect(a).toBeCloseTo(Math.cos(0.3 * Math.PI) + 2 * Math.sin(0.3 * Math.PI), 13);
    expect(b).toBe(0);
  });

  it('begins with the distributions of its initialiser', () => {
    const wide = [{ ...first, inputDim: 400, numericEmbeddings: 'pbld' }, last] as const;
    const { F1, P1, V1, c1 } = new Network(wide, { seed: 1 }).parameters as Record<string, Matrix>;
    const mean = (of: Matrix | undefined, f: (value: number) => number) =>
      Array.from(of?.data ?? []).reduce((sum, value) => sum + f(value), 0) / (of?.data.length ?? 0);
    const square = (value: number) => value * value;
    // 6400 numbers: 6 % is at least three standard deviations of the mean square.
    expect(Math.abs(mean(F1, square) / 0.01 - 1)).toBeLessThan(0.06);
    expect(Math.abs(mean(P1, square) / (Math.PI ** 2 / 3) - 1)).toBeLessThan(0.06);
    for (const linear of [V1, c1]) {
      expect(Math.abs(mean(linear, square) / (1 / 48) - 1)).toBeLessThan(0.1);
      expect(linear?.data.every((value) => Math.abs(value) <= 0.25)).toBe(true);
    }
    const zeros = new Network(wide, { initializer: 'zeros' });
    expect(snapshot(zeros).every((value) => value === 0)).toBe(true);
  });

  it.each([
    { what: 'pbld', given: layers },
    { what: 'plr', given: periodic },
  ])('has the gradients of central differences with $what', ({ given }) => {
    const net = new Network(given, { seed: 2 });
    const gradients = net.gradients(X, Y) as unknown as Record<string, Matrix>;
    for (const [name, { data }] of Object.entries(net.parameters as Record<string, Matrix>)) {
      const differences = centralDifferences(() => net.evaluateSync(X, Y).loss, data as Float64Array);
      expect(maxRelativeError(gradients[`d${name}`]?.data ?? [], differences, 1e-3), name).toBeLessThan(1e-5);
    }
  });

  it('learns what a network of equal size without them cannot', () => {
    const x = Array.from({ length: 200 }, (_, i) => [i / 100 - 1]);
    const y = x.map(([value = 0]) => [Math.sin(20 * value)]);
    const train = (numeric: object) => {
      const net = new Network(
        [
          { inputDim: 1, outputDim: 16, activation: 'relu', ...numeric },
          { outputDim: 1, activation: 'linear' },
        ],
        { seed: 1 },
      );
      const { loss } = net.fitSync(x, y, { epochs: 150, optimizer: adam({ learningRate: 0.01 }) });
      return loss.at(-1) as number;
    };
    const embedded = train({ numericEmbeddings: pbld({ standardDeviation: 2 }) });
    expect(embedded).toBeLessThan(0.05);
    expect(train({})).toBeGreaterThan(4 * embedded);
  });

  it('freezes the embeddings with the first layer', () => {
    const net = new Network(layers, { seed: 2 });
    net.setTrainable(1, false);
    const before = net.parameters.F1?.data.slice();
    net.fitSync(X, Y, { epochs: 3 });
    expect(net.parameters.F1?.data).toEqual(before);
  });

  it('has factors for its own kinds of parameters', () => {
    const factors = { learningRateFactors: { F: 0, P: 0, V: 1, c: 1 } };
    const net = new Network([{ ...layers[0], ...factors } as LayerOptions, last], { seed: 2 });
    const before = snapshot(net);
    net.fitSync(X, Y, { epochs: 3 });
    const kept = 2 * 2 * 16;
    expect(snapshot(net).slice(0, kept)).toEqual(before.slice(0, kept));
    expect(snapshot(net).slice(kept, kept + 6)).not.toEqual(before.slice(kept, kept + 6));
  });

  it('infers its columns from preprocessing', () => {
    const { inputDim: _, ...without } = layers[0] as LayerOptions;
    const net = new Network([without, last], { seed: 1, preprocessing: preprocessing([standardScaler()]) });
    net.fitSync(X, Y, { epochs: 2 });
    expect(net.architecture[0]).toMatchObject({ inputDim: 3, numericEmbeddings: { columns: 2 } });
  });

  it('stays in files, clones and summaries', () => {
    const net = new Network(layers, { seed: 2, dtype: 'float32' });
    const loaded = Network.fromBytesSync(net.toBytesSync());
    for (const copy of [loaded, net.clone()]) {
      expect(snapshot(copy)).toEqual(snapshot(net));
      expect(copy.architecture).toEqual(net.architecture);
    }
    expect(net.summary()).toContain('pbld 2 x 4');
  });

  it.each(['float64', 'float32'] as const)('resumes without a trace in %s', async (dtype) => {
    const optimizer = adam({ learningRate: 0.01 });
    await expectResumable({ dtype, layers, options: () => ({ epochs: 6, batchSize: 16, optimizer }) });
  });

  it.each([20, 600])('has the same bits on any number of threads, with %i units', async (width) => {
    const [x, y] = [randomMatrix(500, 3, 3), randomLabels(500, 1, 4)];
    const trained = async (threads: number) => {
      const net = new Network([{ ...layers[0], outputDim: width } as LayerOptions, last], { seed: 4 });
      await net.fit(x, y, { epochs: 2, batchSize: 200, threads });
      return snapshot(net);
    };
    expect(await trained(2)).toEqual(await trained(1));
  });
});

const range = { error: RangeError, code: 'ERR_BLASNET_ARG_VALUE' } as const;
const where = 'layers[0].numericEmbeddings';
const rule = "'pbld', 'plr', numericEmbeddings.pbld() or numericEmbeddings.plr()";
const rows: BadCall[] = [
  {
    ...{ what: 'an unknown name', call: () => made('plb') },
    ...{ error: RangeError, code: 'ERR_BLASNET_UNKNOWN_NAME' },
    message: `Expected ${where} to be ${rule}, got "plb" (string)`,
  },
  {
    ...{ what: 'a number', call: () => made(3) },
    ...{ error: TypeError, code: 'ERR_BLASNET_ARG_TYPE' },
    message: `Expected ${where} to be ${rule}, got 3 (number)`,
  },
  {
    ...{ what: 'pbld with one output', call: () => pbld({ outputDim: 1 }), ...range },
    message: 'Expected outputDim to be an integer from 2 to 10000, got 1 (number)',
  },
  {
    ...{ what: 'no frequencies', call: () => made({ name: 'plr', frequencies: 0 }), ...range },
    message: `Expected ${where}.frequencies to be an integer from 1 to 10000, got 0 (number)`,
  },
  {
    ...{ what: 'more columns than there are', call: () => made(pbld({ columns: 4 })) },
    ...{ error: RangeError, code: 'ERR_BLASNET_SHAPE' },
    message: `Expected ${where}.columns to be at most 3, the columns of numbers, got 4 (number)`,
  },
  {
    ...{ what: 'columns where there are none' },
    call: () => made('pbld', { inputDim: 0, embeddings: [{ categories: 2 }] }),
    ...{ error: RangeError, code: 'ERR_BLASNET_SHAPE' },
    message: `Expected ${where}.columns to be at most 0, the columns of numbers, got 1 (number)`,
  },
  {
    ...{
      what: 'a second layer',
      call: () => complete(first, { ...last, numericEmbeddings: 'plr' }),
      ...range,
    },
    message:
      'Expected layers[1].numericEmbeddings to be left out in all layers except the first, got "plr" (string)',
  },
  {
    ...{ what: 'a misspelt option', call: () => pbld({ frequency: 3 } as never) },
    ...{ error: TypeError, code: 'ERR_BLASNET_UNKNOWN_OPTION' },
    message: 'Unknown option "frequency"; did you mean "frequencies"?',
  },
];
itRejects(rows);
