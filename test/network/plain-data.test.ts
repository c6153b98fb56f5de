// Many names and plain arrays, which are read in slices, and weights, which wait until a training begins.

import { describe, expect, it } from 'vitest';
import { AbortError } from '../../lib/base/errors';
import { type Dtype, Matrix } from '../../lib/base/matrix';
import { trainTestSplit, trainTestSplitAsync } from '../../lib/datasets';
import { metrics } from '../../lib/metrics';
import { Network } from '../../lib/network/network';
import type { NetworkOptions } from '../../lib/network/network-options';
import { labelEncoder, preprocessing, standardScaler } from '../../lib/preprocessing';
import type { InputsLike } from '../../lib/samples/inputs';
import type { LabelsLike } from '../../lib/samples/labels';
import type { FitOptions } from '../../lib/training/options';
import { rejectionOf, thrownBy } from '../support/bad-input';
import { newFolder } from '../support/scratch';
import { randomClasses, stateOf } from '../training/helpers';
import { endedWell, inChild, type Library } from './child';
import { layers, randomMatrix } from './helpers';

const rows = 12_000;
const names = ['ant', 'bee', 'cat', 'dog'];
const classes = randomClasses(rows, 4, 2);
const named = Array.from(classes, (label) => names[label] as string);
const weights = randomMatrix(rows, 1, 3).data.map((weight) => weight + 1.5) as Float64Array;
const options = { epochs: 2, batchSize: 500, seed: 3 } satisfies FitOptions;

const inputs = (dtype: Dtype) => randomMatrix(rows, 3, 1, dtype);
const network = (more: NetworkOptions = {}, outputs: 'softmax' | 'sigmoid' | 'tanh' = 'softmax') =>
  new Network(layers([3, 5, outputs === 'softmax' ? 4 : 1], 'tanh', outputs), { seed: 1, ...more });

/** The array, which calls this when element `place` is read. */
function watched<T>(array: readonly T[], place: number, read: (copy: T[]) => void): T[] {
  const copy = [...array];
  const value = copy[place] as T;
  Object.defineProperty(copy, place, {
    get: () => {
      read(copy);
      return value;
    },
  });
  return copy;
}

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

/** What a training must leave as it was. */
function untouched() {
  const net = network({ labels: labelEncoder(), preprocessing: preprocessing([standardScaler()]) });
  const before = JSON.stringify(stateOf(net));
  return {
    net,
    expectUntouched: () => {
      expect(JSON.stringify(stateOf(net))).toBe(before);
      expect([net.labels?.fitted, net.preprocessing?.fitted]).toEqual([false, false]);
    },
  };
}

type Data = { X: InputsLike; Y: LabelsLike } & Partial<FitOptions>;

/** Data with an element that calls this when it is read. */
const places: { what: string; data: (read: (array: unknown[]) => void) => Partial<Data> }[] = [
  { what: 'X', data: (read) => ({ X: watched(plainX, 9000, read) }) },
  { what: 'Y', data: (read) => ({ Y: watched(named, 9000, read) }) },
  { what: 'sampleWeight', data: (read) => ({ sampleWeight: watched(Array.from(weights), 9000, read) }) },
  {
    what: 'the X of validationData',
    data: (read) => ({ validationData: { X: watched(plainX, 9000, read), Y: named } }),
  },
  {
    what: 'the Y of validationData',
    data: (read) => ({ validationData: { X, Y: watched(named, 9000, read) } }),
  },
];

describe.each(places)('while a training reads $what', ({ what, data }) => {
  const train = (net: Network, given: Partial<Data>, signal?: AbortSignal) => {
    const { X: x = X, Y: y = named, ...more } = given;
    return net.fit(x, y, { ...options, ...more, ...(signal && { signal }) });
  };

  it('an abort ends it, and nothing is changed', async () => {
    const { net, expectUntouched } = untouched();
    const controller = new AbortController();
    const error = await rejectionOf(
      train(
        net,
        data(() => controller.abort('enough')),
        controller.signal,
      ),
    );
    expect(error).toBeInstanceOf(AbortError);
    expect(error.cause).toBe('enough');
    expectUntouched();
    const again = network({ labels: labelEncoder(), preprocessing: preprocessing([standardScaler()]) });
    expect(await net.fit(X, named, options)).toEqual(await again.fit(X, named, options));
    expect(stateOf(net)).toEqual(stateOf(again));
  });

  it('an array that becomes shorter is refused, and nothing is changed', async () => {
    const { net, expectUntouched } = untouched();
    const shorten = (array: unknown[]) => {
      array.length = 10_000;
    };
    const error = await rejectionOf(train(net, data(shorten)));
    expect(error.message).toContain('[10000] to be');
    expect(error.message).toContain('got undefined');
    expect(error.message.startsWith('In validationData: ')).toBe(what.endsWith('validationData'));
    expect(error).toMatchObject({ code: 'ERR_BLASNET_ARG_TYPE' });
    expectUntouched();
  });

  it('the error of a getter reaches the caller, and nothing is changed', async () => {
    const { net, expectUntouched } = untouched();
    const fail = () => {
      throw new RangeError('mine');
    };
    expect((await rejectionOf(train(net, data(fail)))).message).toContain('mine');
    expectUntouched();
    expect(
      thrownBy(() =>
        net.fitSync(X, named, { ...options, sampleWeight: watched(Array.from(weights), 9000, fail) }),
      ),
    ).toBeInstanceOf(Error);
    expectUntouched();
  });
});

describe('what is wrong in many values is refused', () => {
  const with9000 = <T>(values: readonly T[], wrong: unknown) => {
    const copy: unknown[] = [...values];
    copy[9000] = wrong;
    return copy as T[];
  };

  it.each<{ what: string; given: Partial<Data>; message: string }>([
    {
      what: 'a name in X',
      given: { X: with9000(plainX, [1, 'x', 2]) },
      message: 'Expected X[9000][1] to be a number, got "x" (string)',
    },
    {
      what: 'a row of X that is too long',
      given: { X: with9000(plainX, [1, 2, 3, 4]) },
      message: 'Expected X[9000] to be of length 3, like the first row, got an array of length 4',
    },
    {
      what: 'a number among the names',
      given: { Y: with9000(named, 3) },
      message: 'Expected labels[9000] to be a string like labels[0], got 3 (number)',
    },
    {
      what: 'a fifth name',
      given: { Y: with9000(named, 'eel') },
      message: "Expected labels to have 4 classes, since the network's outputDim is 4, got 5",
    },
    {
      what: 'a name of validationData that is unknown',
      given: { validationData: { X, Y: with9000(named, 'eel') } },
      message:
        'In validationData: Expected labels[9000] to be one of the classes "ant", "bee", "cat", "dog", ' +
        'got "eel" (string)',
    },
    {
      what: 'a negative weight',
      given: { sampleWeight: with9000(Array.from(weights), -1) },
      message: 'Expected sampleWeight[9000] to be a finite number of at least 0, got -1 (number)',
    },
    {
      what: 'a weight that is no number',
      given: { sampleWeight: with9000(Array.from(weights), '1') },
      message: 'Expected sampleWeight[9000] to be a finite number of at least 0, got "1" (string)',
    },
    {
      what: 'a NaN in a typed array of weights',
      given: { sampleWeight: Float64Array.from(with9000(Array.from(weights), Number.NaN)) },
      message: 'Expected sampleWeight[9000] to be a finite number of at least 0, got NaN (number)',
    },
  ])('$what', async ({ given, message }) => {
    const { X: x = X, Y: y = named, ...more } = given;
    const { net, expectUntouched } = untouched();
    expect(await rejectionOf(net.fit(x, y, { ...options, ...more }))).toMatchObject({ message });
    expectUntouched();
    expect(thrownBy(() => net.fitSync(x, y, { ...options, ...more }))).toMatchObject({ message });
    expectUntouched();
    const epochs = net.epochs(x, y, { ...options, ...more });
    expect(await rejectionOf(epochs.next())).toMatchObject({ message });
    expectUntouched();
  });

  it.each([
    ['a fraction', 1.5],
    ['a class that is too large', 2 ** 31],
    ['a negative class', -1],
  ])('%s among class numbers', async (_, wrong) => {
    const message = `Expected Y[9000] to be a class, an integer from 0 to 2^31 - 1, got ${wrong} (number)`;
    const Y = with9000(Array.from(classes), wrong);
    expect(await rejectionOf(network().fit(X, Y, options))).toMatchObject({ message });
    expect(thrownBy(() => network().evaluateSync(X, Y))).toMatchObject({ message });
    if (wrong !== 2 ** 31) return;
    const typed = await rejectionOf(network().evaluate(X, Uint32Array.from(Y)));
    expect(typed).toMatchObject({ message });
  });
});

it('a wrong option, or a wrong number of rows, is refused before many values are read', async () => {
  const unread = watched(plainX, 1, () => expect.fail('read'));
  const { net, expectUntouched } = untouched();
  const refused = async (y: LabelsLike, more: object, message: string) => {
    const error = await rejectionOf(net.fit(unread, y, { ...options, ...more }));
    expect(error.message).toContain(message);
    expectUntouched();
  };
  await refused(named.slice(1), {}, 'Expected Y to have as many rows as X (12000), got 11999');
  await refused(named, { batchSize: 0.5 }, 'Expected batchSize to be');
  await refused(named, { sampleWeight: [1] }, 'Expected sampleWeight to be of length 12000');
  await refused(named, { classWeight: [1, -1] }, 'Expected classWeight[1] to be');
  await refused(
    named,
    { classWeight: { 4: 1 } },
    'Expected the keys of classWeight to be classes from 0 to 3',
  );
  const split = trainTestSplitAsync(unread, plainX, { testSize: rows });
  expect((await rejectionOf(split)).message).toContain('Expected testSize to be');
  expect((await rejectionOf(metrics.async.f1([0, 1], unread))).message).toContain('as many rows');
});

describe('the weights of a caller', () => {
  it('stay in place until the training has read them', async () => {
    const own = new Float64Array(100_000).fill(1);
    const x = Matrix.zeros(own.length, 3);
    const net = network();
    const fit = net.fit(x, new Int32Array(own.length), { ...options, sampleWeight: own });
    try {
      structuredClone(own.buffer, { transfer: [own.buffer] });
    } catch {
      // Newer versions of Node throw; older ones copy.
    }
    expect(own.length).toBe(100_000);
    const evaluated = net.evaluate(x, new Int32Array(own.length), { sampleWeight: own });
    if ('transfer' in own.buffer) {
      expect(thrownBy(() => (own.buffer as unknown as { transfer(): void }).transfer())).toMatchObject({
        code: 'ERR_BLASNET_BUSY',
      });
    }
    await Promise.all([fit, evaluated]);
  });

  it('are refused when their buffer is detached, or that of class numbers is', async () => {
    const gone = <T extends ArrayBufferView>(array: T): T => {
      structuredClone(array, { transfer: [array.buffer as ArrayBuffer] });
      return array;
    };
    const code = 'ERR_BLASNET_DETACHED';
    const sampleWeight = gone(new Float64Array(rows));
    expect(await rejectionOf(network().fit(X, classes, { ...options, sampleWeight }))).toMatchObject({
      code,
    });
    expect(await rejectionOf(network().evaluate(X, classes, { sampleWeight }))).toMatchObject({ code });
    expect(await rejectionOf(network().fit(X, gone(new Uint8Array(rows)), options))).toMatchObject({ code });
  });
});

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
          /^Expected (sampleWeight|classWeight) to be "[0-9a-f]{64}", as in the/,
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
