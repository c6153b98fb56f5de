// The asynchronous twins of the label encoder, at sizes that are read in slices.

import { describe, expect, it } from 'vitest';
import { AbortError } from '../../lib/base/errors';
import { Matrix } from '../../lib/base/matrix';
import { type Label, labelEncoder } from '../../lib/preprocessing';
import { endedWell, inChild, type Library } from '../network/child';
import { rejectionOf } from '../support/bad-input';
import { ascending, expectSameBits } from '../support/oracle-splits';

/** The order of code points, in a plain loop. */
function byCodePoints(a: Label, b: Label): number {
  if (typeof a === 'number' || typeof b === 'number') return Number(a) - Number(b);
  const points = (text: string) => Array.from(text, (character) => character.codePointAt(0) as number);
  const [left, right] = [points(a), points(b)];
  for (const [i, point] of left.entries()) {
    if (point !== right[i]) return point - (right[i] ?? -1);
  }
  return left.length - right.length;
}

const characters = ['a', 'z', '\u00e9', '\ud7ff', '\ue000', '\uffff', '\u{1f600}', '\u{10ffff}', '\ud800'];

/** Names of many classes; some have characters that UTF-16 orders otherwise. */
function oddNames(count: number): string[] {
  return ascending(count).map((i) => {
    const pick = (place: number) => characters[Math.floor(i / place) % characters.length] as string;
    return `${pick(1)}${pick(81)}${i % 5 === 0 ? '' : pick(9)}${pick(729)}`;
  });
}

const sets: { what: string; labels: (count: number) => Label[]; dtype: 'float64' | 'float32' }[] = [
  {
    what: 'two names',
    labels: (count) => ascending(count).map((i) => (i % 3 === 0 ? 'no' : 'yes')),
    dtype: 'float32',
  },
  { what: 'names of odd characters', labels: oddNames, dtype: 'float64' },
  {
    what: 'many names',
    labels: (count) => ascending(count).map((i) => `name ${(i * 7919) % 5003}`),
    dtype: 'float32',
  },
  {
    what: 'numbers',
    labels: (count) => ascending(count).map((i) => ((i * 31) % 17) / 4 - 2),
    dtype: 'float64',
  },
];

describe.each(sets)('$what', ({ labels: make, dtype }) => {
  it.each([2, 4096, 4097, 20_001])(
    '%d of them have the results of plain loops, in both forms',
    async (count) => {
      const labels = make(count);
      const classes = [...new Set(labels)].sort(byCodePoints);
      const places = new Map(classes.map((label, place) => [label, place]));
      const indices = Int32Array.from(labels, (label) => places.get(label) as number);
      const encoder = labelEncoder().fit(labels);
      const later = await labelEncoder().fitAsync(labels, { threads: 2 });
      expect(encoder.classes).toEqual(classes);
      expect(later.classes).toEqual(classes);
      expectSameBits(encoder.indices(labels), indices);
      expectSameBits(await later.indicesAsync(labels), indices);
      expect(encoder.decode(indices)).toEqual(labels);
      expect(await later.decodeAsync(Array.from(indices))).toEqual(labels);
      const width = classes.length;
      if (count * width > 2e7) return;
      const rows = Matrix.zeros(count, width, dtype);
      for (const [row, index] of indices.entries()) rows.set(row, index, 1);
      const signs = width === 2 ? Matrix.zeros(count, 1, dtype) : Matrix.zeros(count, width, dtype);
      signs.data.fill(-1);
      for (const [row, index] of indices.entries()) {
        if (width !== 2) signs.set(row, index, 1);
        else if (index === 1) signs.set(row, 0, 1);
      }
      for (const threads of [1, 3]) {
        const oneHot = await later.oneHotAsync(labels, { dtype, threads });
        expect([oneHot.rows, oneHot.cols]).toEqual([count, width]);
        expectSameBits(oneHot.data, rows.data);
        expectSameBits((await later.signsAsync(labels, { dtype, threads })).data, signs.data);
        expect(await later.decodeAsync(oneHot, { threads })).toEqual(labels);
      }
      expectSameBits(encoder.oneHot(labels, dtype).data, rows.data);
      expectSameBits(encoder.signs(labels, dtype).data, signs.data);
      expect(encoder.decode(rows)).toEqual(labels);
      if (width !== 2) return;
      const binary = encoder.binary(labels, dtype);
      expectSameBits((await later.binaryAsync(labels, { dtype })).data, binary.data);
      expectSameBits(
        binary.data,
        signs.data.map((sign) => (sign + 1) / 2),
      );
      expect(await later.decodeAsync(signs, { threshold: 0 })).toEqual(labels);
    },
  );
});

/** Names whose element `place` calls this when it is read. */
function watched(count: number, place: number, read: (names: string[]) => void): string[] {
  const names = ascending(count).map((i) => `name ${i % 7}`);
  Object.defineProperty(names, place, {
    get: () => {
      read(names);
      return 'name 3';
    },
  });
  return names;
}

const methods = ['fitAsync', 'indicesAsync', 'oneHotAsync', 'signsAsync'] as const;

describe.each(methods)('%s', (method) => {
  const known = () => labelEncoder().fit(ascending(7).map((i) => `name ${i}`));

  it('ends at an abort while it reads, and changes nothing', async () => {
    const encoder = known();
    const controller = new AbortController();
    let reads = 0;
    const names = watched(50_000, 10_000, () => {
      controller.abort('enough');
      reads++;
    });
    Object.defineProperty(names, 40_000, { get: () => expect.fail('read after the abort') });
    const error = await rejectionOf(encoder[method](names as never[], { signal: controller.signal }));
    expect(error).toBeInstanceOf(AbortError);
    expect(error.cause).toBe('enough');
    expect(reads).toBe(1);
    expect(encoder.classes).toHaveLength(7);
  });

  it('refuses an array that becomes shorter while it is read', async () => {
    const encoder = known();
    const names = watched(50_000, 10_000, (array) => {
      array.length = 20_000;
    });
    expect(await rejectionOf(encoder[method](names as never[]))).toMatchObject({
      code: 'ERR_BLASNET_ARG_TYPE',
      message:
        'Expected labels[20000] to be a string or a number, got undefined; leave out samples without a label',
    });
    expect(encoder.classes).toHaveLength(7);
  });

  it('begins nothing when its signal is aborted before, and refuses wrong arguments', async () => {
    const encoder = known();
    const call = (labels: unknown, options?: unknown) =>
      rejectionOf(encoder[method](labels as never, options as never));
    const names = watched(10, 0, () => expect.fail('read'));
    expect(await call(names, { signal: AbortSignal.abort() })).toBeInstanceOf(AbortError);
    expect(await call(['name 1'], { thread: 1 })).toMatchObject({ code: 'ERR_BLASNET_UNKNOWN_OPTION' });
    expect(await call(['name 1'], { signal: 3 })).toMatchObject({ code: 'ERR_BLASNET_ARG_TYPE' });
    expect(await call(7)).toMatchObject({ code: 'ERR_BLASNET_ARG_TYPE' });
    expect(await call([])).toMatchObject({ code: 'ERR_BLASNET_SHAPE' });
    expect(await call([...ascending(9000).map(() => 'name 1'), 4])).toMatchObject({
      message: 'Expected labels[9000] to be a string like labels[0], got 4 (number)',
    });
  });
});

describe('decodeAsync', () => {
  const encoder = labelEncoder().fit(['a', 'b', 'c']);

  it('refuses what decode refuses', async () => {
    const outputs = Matrix.zeros(100_000, 3);
    outputs.set(70_000, 1, Number.NaN);
    expect(await rejectionOf(encoder.decodeAsync(outputs))).toMatchObject({
      code: 'ERR_BLASNET_NOT_FINITE',
      message: 'Expected outputs to hold numbers, got NaN at row 70000, column 1',
    });
    const indices = new Int32Array(100_000);
    indices[60_000] = 3;
    expect(await rejectionOf(encoder.decodeAsync(indices))).toMatchObject({
      message: 'Expected outputs[60000] to be an integer from 0 to 2, got 3 (number)',
    });
    const { data } = new Matrix(new Float64Array(6), 2, 3);
    const gone = new Matrix(data, 2, 3);
    structuredClone(data, { transfer: [data.buffer as ArrayBuffer] });
    expect(await rejectionOf(encoder.decodeAsync(gone))).toMatchObject({ code: 'ERR_BLASNET_DETACHED' });
    expect(await rejectionOf(labelEncoder().decodeAsync([0]))).toMatchObject({
      code: 'ERR_BLASNET_NOT_FITTED',
    });
  });

  it('ends at an abort', async () => {
    const controller = new AbortController();
    const decoded = encoder.decodeAsync(Matrix.zeros(300_000, 3), { signal: controller.signal });
    controller.abort();
    expect(await rejectionOf(decoded)).toBeInstanceOf(AbortError);
  });
});

it('a worker that ends while it learns classes leaves the others alone', async () => {
  const ended = await inChild(async (path) => {
    const { Worker } = require('node:worker_threads');
    const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      const { labelEncoder } = require(workerData);
      const names = Array.from({ length: 1_000_000 }, (_, i) => 'name ' + (i % 70_000));
      labelEncoder().fitAsync(names).then((encoder) => encoder.oneHotAsync(names));
      parentPort.postMessage('under way');
    `;
    for (let round = 0; round < 2; round++) {
      const worker = new Worker(program, { eval: true, workerData: path });
      await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      await worker.terminate();
    }
    const { labelEncoder }: Library = require(path);
    console.log((await labelEncoder().fitAsync(['b', 'a'])).classes.join());
  }, null);
  expect(ended).toEqual(endedWell('a,b'));
});
