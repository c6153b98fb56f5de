// Many names, plain arrays and weights that are wrong, change, or are given up while they are read.

import { describe, expect, it } from 'vitest';
import { AbortError } from '../../lib/base/errors';
import { Matrix } from '../../lib/base/matrix';
import { trainTestSplitAsync } from '../../lib/datasets';
import { metrics } from '../../lib/metrics';
import type { Network } from '../../lib/network/network';
import { labelEncoder, preprocessing, standardScaler } from '../../lib/preprocessing';
import type { InputsLike } from '../../lib/samples/inputs';
import type { LabelsLike } from '../../lib/samples/labels';
import type { FitOptions } from '../../lib/training/options';
import { rejectionOf, thrownBy } from '../support/bad-input';
import { stateOf } from '../training/helpers';
import { classes, inputs, named, network, options, rows, watched, weights } from './plain-samples';

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

describe('among many values', () => {
  const with9000 = <T>(values: readonly T[], wrong: unknown) => {
    const copy: unknown[] = [...values];
    copy[9000] = wrong;
    return copy as T[];
  };

  it.each<{ what: string; given: Partial<Data>; message: string }>([
    {
      what: 'a name in X',
      given: { X: with9000(plainX, [1, 'x', 2]) },
      message:
        'Expected X[9000][1] to be a number, got "x" (string); number the names of a column with ' +
        'labelEncoder().fit(names).indices(names), and preprocess with oneHotEncoder()',
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
  ])('$what is refused, and nothing is changed', async ({ given, message }) => {
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

  it('stay in place like its labels, while an evaluation reads plain rows', async () => {
    const y = new Float64Array(4 * rows);
    for (const [row, label] of classes.entries()) y[4 * row + label] = 1;
    const expected = network().evaluateSync(X, y);
    const evaluated = network().evaluate(plainX, y);
    try {
      structuredClone(y.buffer, { transfer: [y.buffer] });
    } catch {
      // Newer versions of Node throw; older ones copy.
    }
    expect(y.length).toBe(4 * rows);
    expect(await evaluated).toEqual(expected);
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
