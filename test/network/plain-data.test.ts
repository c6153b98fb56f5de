// Many names and plain arrays, which are read in slices, do what typed arrays do, in every asynchronous method.

import { describe, expect, it } from 'vitest';
import { AbortError } from '../../lib/base/errors';
import { Matrix } from '../../lib/base/matrix';
import { trainTestSplit, trainTestSplitAsync } from '../../lib/datasets';
import { metrics } from '../../lib/metrics';
import { Network } from '../../lib/network/network';
import { labelEncoder, preprocessing, standardScaler } from '../../lib/preprocessing';
import type { InputsLike } from '../../lib/samples/inputs';
import type { LabelsLike } from '../../lib/samples/labels';
import type { FitOptions } from '../../lib/training/options';
import { rejectionOf, thrownBy } from '../support/bad-input';
import { newFolder } from '../support/scratch';
import { stateOf } from '../training/helpers';
import { endedWell, inChild, type Library } from './child';
import { classes, inputs, named, names, network, options, rows, watched, weights } from './plain-samples';

describe.each(['float64', 'float32'] as const)('in %s', (dtype) => {
  const X = inputs(dtype);
  const plainX = X.toArray();

  async function expectAlike(
    make: () => Network,
    [x, y, more = {}]: [InputsLike, LabelsLike, Partial<FitOptions>?],
    [plain, plainY, plainMore = {}]: [InputsLike, LabelsLike, Partial<FitOptions>?],
    makeExpected = make,
  ): Promise<void> {
    const expected = makeExpected();
    const history = expected.fitSync(x, y, { ...options, ...more });
    for (const threads of [1, 3]) {
      const net = make();
      expect(await net.fit(plain, plainY, { ...options, ...plainMore, threads })).toEqual(history);
      expect(stateOf(net)).toEqual(stateOf(expected));
    }
    const [here, steps] = [make(), make()];
    expect(here.fitSync(plain, plainY, { ...options, ...plainMore })).toEqual(history);
    expect(stateOf(here)).toEqual(stateOf(expected));
    const losses: number[] = [];
    for await (const { loss } of steps.epochs(plain, plainY, { ...options, ...plainMore })) losses.push(loss);
    expect(losses).toEqual(history.loss);
    const { sampleWeight } = more;
    const evaluation = expected.evaluateSync(x, y, { ...(sampleWeight && { sampleWeight }) });
    const evaluated = { ...(plainMore.sampleWeight && { sampleWeight: plainMore.sampleWeight }) };
    expect(await here.evaluate(plain, plainY, evaluated)).toEqual(evaluation);
    expect(here.evaluateSync(plain, plainY, evaluated)).toEqual(evaluation);
    expect((await here.predict(plain)).data).toEqual(expected.predictSync(x).data);
  }

  it.each([
    ['names', named],
    ['a Uint8Array', Uint8Array.from(classes)],
    ['a Uint16Array', Uint16Array.from(classes)],
    ['a Uint32Array', Uint32Array.from(classes)],
    ['plain class numbers', Array.from(classes)],
  ])('Y of %s and plain rows train like typed arrays, to the last bit', async (what, Y) => {
    const make = () => network({ dtype, ...(what === 'names' && { labels: labelEncoder() }) });
    await expectAlike(
      make,
      [X, what === 'names' ? named : classes, { sampleWeight: weights, classWeight: 'balanced' }],
      [plainX, Y, { sampleWeight: Array.from(weights), classWeight: 'balanced' }],
    );
  });

  it.each(['sigmoid', 'tanh'] as const)(
    'one number or name for a %s output is its column',
    async (output) => {
      const low = output === 'tanh' ? -1 : 0;
      const without = () => network({ dtype }, output);
      const column = Matrix.zeros(rows, 1, dtype);
      column.data.set(classes.map((label) => (label > 1 ? 1 : low)));
      const typed = low === 0 ? Uint8Array.from(column.data) : Int32Array.from(column.data);
      for (const Y of [typed, Array.from(column.data), column.toArray()]) {
        await expectAlike(() => network({ dtype }, output), [X, column], [plainX, Y]);
      }
      const withLabels = () => network({ dtype, labels: labelEncoder() }, output);
      const binary = Array.from(classes, (label) => (label > 1 ? 'yes' : 'no'));
      await expectAlike(withLabels, [X, column], [X, binary], without);
    },
  );

  it('preprocessing learns from plain rows what it learns from doubles', async () => {
    const make = () =>
      network({ dtype, labels: labelEncoder(), preprocessing: preprocessing([standardScaler()]) });
    const doubles = Matrix.from(plainX);
    const validation = { X: doubles, Y: named, sampleWeight: weights };
    const plainValidation = { X: plainX, Y: [...named], sampleWeight: Array.from(weights) };
    await expectAlike(
      make,
      [doubles, named, { validationData: validation }],
      [plainX, named, { validationData: plainValidation }],
    );
  });

  it('classify names the rows that predict decides', async () => {
    const net = network({ dtype, labels: labelEncoder().fit(names) });
    const expected = net
      .predictSync(X)
      .toArray()
      .map((row) => names[row.indexOf(Math.max(...row))]);
    expect(await net.classify(plainX)).toEqual(expected);
    expect(net.classifySync(X)).toEqual(expected);
  });

  it('embeddings take many plain codes', async () => {
    const codes = Array.from(classes, (label) => [label, 3 - label]);
    const flat = Int32Array.from(codes.flat());
    const first = { inputDim: 3, embeddings: [2, 3].map((outputDim) => ({ categories: 5, outputDim })) };
    const make = () => new Network([{ ...first, outputDim: 4, activation: 'softmax' }], { dtype, seed: 1 });
    await expectAlike(
      make,
      [{ numbers: X, categories: flat }, classes],
      [{ numbers: plainX, categories: codes }, classes],
    );
    const wrong = watched(codes, 0, () => {});
    wrong[11_000] = [1, 0.5];
    expect(await rejectionOf(make().predict({ numbers: X, categories: wrong }))).toMatchObject({
      message:
        'Expected X.categories[11000][1] to be a code, an integer from -1 to 2^31 - 1, got 0.5 (number)',
    });
  });
});

const X = inputs('float64');
const plainX = X.toArray();

describe('a training with many weights', () => {
  it('is resumed with equal weights, and refused with others', async () => {
    const folder = newFolder();
    const { labels, ...more } = {
      labels: labelEncoder(),
      sampleWeight: weights,
      classWeight: 'balanced',
    } as const;
    const expected = network({ labels: labelEncoder() });
    const history = await expected.fit(X, named, { ...options, epochs: 4, ...more });
    const cut = network({ labels });
    await cut.fit(X, named, { ...options, ...more, checkpoint: { directory: folder } });
    const again = { ...options, epochs: 4, checkpoint: { directory: folder } };
    const resumed = (given: Partial<FitOptions>) =>
      Network.resume(folder, plainX, named, { ...again, ...given });
    const other = Array.from(weights).with(7, 9);
    for (const given of [
      {},
      { sampleWeight: other, classWeight: 'balanced' },
      { sampleWeight: weights },
    ] as const) {
      expect(await rejectionOf(resumed(given))).toMatchObject({
        code: 'ERR_BLASNET_ARG_VALUE',
        message: expect.stringMatching(
          /^Expected (sampleWeight|classWeight) to be "as given: [0-9a-f]{64}", as in the/,
        ),
      });
    }
    const { network: net, history: whole } = await resumed({ ...more, sampleWeight: Array.from(weights) });
    expect(whole).toEqual(history);
    expect(stateOf(net)).toEqual(stateOf(expected));
  });
});

describe('other asynchronous calls', () => {
  it('give the same for many plain values', async () => {
    const split = { testSize: 0.3, seed: 1 };
    const column = Array.from(classes, (label) => [label]);
    expect(await trainTestSplitAsync(plainX, column, split)).toEqual(
      trainTestSplit(X, Matrix.from(column), split),
    );
    const steps = () => preprocessing([standardScaler()]);
    const fitted = await steps().fitAsync(plainX);
    expect(fitted.toJSON()).toEqual(steps().fit(X).toJSON());
    expect((await fitted.transformAsync(plainX)).data).toEqual(fitted.transform(X).data);
    expect((await fitted.inverseAsync(plainX)).data).toEqual(fitted.inverse(X).data);
    expect((await steps().fitTransformAsync(plainX)).data).toEqual(fitted.transform(X).data);
    const [truth, predicted] = [Array.from(classes), plainX.map((row) => [...row, 0.1])];
    const weighed = { sampleWeight: Array.from(weights) };
    expect(await metrics.async.f1(truth, predicted, weighed)).toBe(
      metrics.f1(classes, Matrix.from(predicted), { sampleWeight: weights }),
    );
    expect(metrics.f1(truth, predicted, weighed)).toBe(await metrics.async.f1(classes, predicted, weighed));
  });

  it('end at an abort while they read', async () => {
    const cases: ((X: number[][], signal: AbortSignal) => Promise<unknown>)[] = [
      (x, signal) => trainTestSplitAsync(x, x, { signal }),
      (x, signal) => metrics.async.f1(classes, x, { signal }),
      (x, signal) => preprocessing([standardScaler()]).fitAsync(x, { signal }),
      (x, signal) => preprocessing([standardScaler()]).fit(X).transformAsync(x, { signal }),
      (x, signal) => network().predict(x, { signal }),
      (x, signal) => network().evaluate(x, classes, { signal }),
      (x, signal) => network({ labels: labelEncoder().fit(names) }).classify(x, { signal }),
      (x, signal) => network().partialFit(x, classes, { signal }),
    ];
    for (const call of cases) {
      const controller = new AbortController();
      let read = 0;
      const x = watched(plainX, 6000, () => {
        read++;
        controller.abort();
      });
      expect(await rejectionOf(call(x, controller.signal)), `${call}`).toBeInstanceOf(AbortError);
      expect(read, `${call}`).toBe(1);
    }
  });

  it('refuse weights of metrics that are wrong among many', async () => {
    const wrong = {
      code: 'ERR_BLASNET_ARG_VALUE',
      message: expect.stringContaining('an array of length 12000'),
    };
    for (const weight of [-1, Number.NaN, '1', undefined]) {
      const sampleWeight: unknown[] = Array.from(weights);
      sampleWeight[9000] = weight;
      const given = { sampleWeight } as never;
      expect(await rejectionOf(metrics.async.accuracy(classes, classes, given))).toMatchObject(wrong);
      expect(thrownBy(() => metrics.accuracy(classes, classes, given))).toMatchObject(wrong);
    }
    const mixed = [...Array.from(classes), [1]] as never;
    expect(await rejectionOf(metrics.async.accuracy(mixed, classes))).toMatchObject({
      code: 'ERR_BLASNET_SHAPE',
    });
  });
});

it('a worker that ends while it reads plain arrays leaves the others alone', async () => {
  const ended = await inChild(async (path) => {
    const { Worker } = require('node:worker_threads');
    const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      const { Network, labelEncoder } = require(workerData);
      const X = Array.from({ length: 300_000 }, (_, i) => [i, 1]);
      const names = X.map((_, i) => 'name ' + (i % 3));
      const layers = [{ inputDim: 2, outputDim: 3, activation: 'softmax' }];
      new Network(layers, { labels: labelEncoder() }).fit(X, names, { epochs: 1, sampleWeight: X.map(() => 1) });
      parentPort.postMessage('under way');
    `;
    for (let round = 0; round < 2; round++) {
      const worker = new Worker(program, { eval: true, workerData: path });
      await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      await worker.terminate();
    }
    const { Network }: Library = require(path);
    const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'sigmoid' }], { initializer: 'zeros' });
    console.log((await net.predict([[1], [2]])).toArray().join());
  }, null);
  expect(ended).toEqual(endedWell('0.5,0.5'));
});
