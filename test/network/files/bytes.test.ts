// The bytes of a network's file, without a file.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Network } from '../../../lib/network/network';
import { labelEncoder, preprocessing, standardScaler } from '../../../lib/preprocessing';
import { type BadCall, itRejects, rejectionOf, thrownBy } from '../../support/bad-input';
import { newFolder } from '../../support/scratch';
import { immediate, layers, longEpoch, randomLabels, randomMatrix, snapshot, underWay } from '../helpers';
import { bits, kinds } from './helpers';

const [X, Y] = [randomMatrix(30, 2, 1), randomLabels(30, 1, 2)];
const network = (sizes = [2, 8, 1]) => new Network(layers(sizes, 'relu', 'sigmoid'), { seed: 1 });

/** What `save` writes. */
function fileOf(net: Network): Buffer {
  const path = join(newFolder(), 'model');
  net.saveSync(path);
  return readFileSync(path);
}

describe.each(['float64', 'float32'] as const)('the bytes of a network of %s', (dtype) => {
  it.each(kinds)('are those that save writes, and make an equal network: %s', async (_, given) => {
    const net = new Network(given, { seed: 3, dtype });
    const file = fileOf(net);
    const bytes = await net.toBytes();
    expect(file.equals(bytes)).toBe(true);
    expect(file.equals(net.toBytesSync())).toBe(true);
    for (const made of [await Network.fromBytes(bytes), Network.fromBytesSync(file)]) {
      expect(bits(made)).toEqual(bits(net));
      expect([made.seed, made.dtype, made.architecture]).toEqual([3, dtype, net.architecture]);
    }
  });
});

it('the bytes hold the preprocessing and the labels', async () => {
  const parts = { preprocessing: preprocessing([standardScaler()]), labels: labelEncoder() };
  const net = new Network(layers([1, 4, 1], 'relu', 'sigmoid'), { seed: 1, ...parts });
  const X = [[1], [5], [9]];
  net.fitSync(X, ['no', 'yes', 'yes'], { epochs: 20 });
  const made = await Network.fromBytes(await net.toBytes());
  expect(made.classifySync(X)).toEqual(net.classifySync(X));
  expect(made.predictSync(X).data).toEqual(net.predictSync(X).data);
});

it('the bytes are on a buffer of their own, which can be hashed, sent and transferred', async () => {
  const net = network();
  for (const bytes of [await net.toBytes(), net.toBytesSync()]) {
    expect(bytes.constructor).toBe(Uint8Array);
    expect(Object.prototype.toString.call(bytes.buffer)).toBe('[object ArrayBuffer]');
    expect([bytes.byteOffset, bytes.byteLength]).toEqual([0, bytes.buffer.byteLength]);
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
    expect(digest).toBe(createHash('sha256').update(fileOf(net)).digest('hex'));
    const sent = await new Response(bytes).arrayBuffer();
    const moved = structuredClone(bytes, { transfer: [bytes.buffer] });
    expect(snapshot(Network.fromBytesSync(moved))).toEqual(snapshot(net));
    expect(snapshot(await Network.fromBytes(sent))).toEqual(snapshot(net));
  }
});

it('the bytes of a checkpoint make the network of its epoch', async () => {
  const directory = newFolder();
  const net = network();
  net.fitSync(X, Y, { epochs: 2, checkpoint: { directory } });
  const bytes = readFileSync(join(directory, 'checkpoint-000002.safetensors'));
  expect(snapshot(await Network.fromBytes(bytes))).toEqual(snapshot(net));
});

describe('bytes to read', () => {
  const net = network();
  const file = net.toBytesSync();
  const shifted = Buffer.concat([Buffer.alloc(13), file, Buffer.alloc(5)]);
  const shared = new SharedArrayBuffer(file.length);
  new Uint8Array(shared).set(file);
  const forms: [string, Uint8Array | ArrayBuffer | SharedArrayBuffer][] = [
    ['a Uint8Array', file],
    ['an ArrayBuffer', file.slice().buffer],
    ['a Buffer in the middle of another', shifted.subarray(13, 13 + file.length)],
    ['a SharedArrayBuffer', shared],
    ['a Uint8Array on a SharedArrayBuffer', new Uint8Array(shared)],
  ];

  it.each(forms)('may be %s, which stays as it is', async (_, bytes) => {
    const before = Buffer.from(new Uint8Array(bytes as ArrayBuffer));
    expect(snapshot(await Network.fromBytes(bytes, { threads: 1 }))).toEqual(snapshot(net));
    expect(snapshot(Network.fromBytesSync(bytes))).toEqual(snapshot(net));
    expect(Buffer.from(new Uint8Array(bytes as ArrayBuffer)).equals(before)).toBe(true);
  });

  it('may be arrays that lie about themselves, or of another class', async () => {
    class Bytes extends Uint8Array {
      static get [Symbol.species](): Uint8ArrayConstructor {
        return Array as never;
      }
    }
    const lying = file.slice();
    for (const name of ['byteLength', 'length', 'byteOffset'])
      Object.defineProperty(lying, name, { value: 1e9 });
    Object.defineProperty(lying, 'buffer', { value: new ArrayBuffer(1) });
    Object.defineProperty(lying, 'subarray', { value: () => expect.fail('called') });
    const bare = Object.setPrototypeOf(file.slice(), null) as Uint8Array;
    for (const bytes of [new Bytes(file), lying, bare]) {
      expect(snapshot(await Network.fromBytes(bytes))).toEqual(snapshot(net));
      expect(snapshot(Network.fromBytesSync(bytes))).toEqual(snapshot(net));
    }
  });

  const detached = new Uint8Array(8);
  structuredClone(detached, { transfer: [detached.buffer] });
  const resizable = new Uint8Array(
    // @ts-expect-error Newer than the library that TypeScript takes for granted.
    new ArrayBuffer(8, { maxByteLength: 16 }),
  );
  const type = (got: string) => `Expected bytes to be a Uint8Array or an ArrayBuffer, got ${got}`;
  const wrong: [string, unknown, typeof Error, BadCall['code'], string][] = [
    ['nothing', undefined, TypeError, 'ERR_BLASNET_ARG_TYPE', type('undefined')],
    ['an array', [1, 2], TypeError, 'ERR_BLASNET_ARG_TYPE', type('an array of length 2')],
    [
      'a Float64Array',
      new Float64Array(3),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      type('a Float64Array of length 3'),
    ],
    [
      'a path',
      'model',
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      `${type('"model" (string)')}; Network.load reads a file at a path`,
    ],
    [
      'a URL',
      new URL('file:///model'),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      `${type('an object (URL)')}; Network.load reads a file at a path`,
    ],
    [
      'a detached array',
      detached,
      TypeError,
      'ERR_BLASNET_DETACHED',
      'Expected bytes to be an array whose buffer is not detached, got a Uint8Array of length 0',
    ],
    [
      'a detached buffer',
      detached.buffer,
      TypeError,
      'ERR_BLASNET_DETACHED',
      'Expected bytes to be an ArrayBuffer that is not detached, got an object (ArrayBuffer)',
    ],
    [
      'a resizable buffer',
      resizable,
      TypeError,
      'ERR_BLASNET_RESIZABLE',
      'Expected bytes to be an array on a buffer of fixed length, got a Uint8Array of length 8',
    ],
    [
      'no bytes',
      new Uint8Array(0),
      Error,
      'ERR_BLASNET_FILE',
      'Expected the length of "bytes" to be at least 8 bytes, got 0 bytes',
    ],
    [
      'bytes without their end',
      file.subarray(0, -8),
      Error,
      'ERR_BLASNET_FILE',
      expect.stringMatching(
        /^Expected the data of "bytes" to be \d+ bytes, as the header says, got \d+ bytes$/,
      ),
    ],
  ];
  const tables = wrong.filter(([what]) => what !== 'a resizable buffer' || 'resize' in ArrayBuffer.prototype);

  it.each(tables)('are refused when they are %s', async (_, bytes, kind, code, message) => {
    const errors = [
      thrownBy(() => Network.fromBytesSync(bytes as never)),
      await rejectionOf(Network.fromBytes(bytes as never)),
    ];
    for (const error of errors) {
      expect(error).toMatchObject({ code, message });
      expect((error as Error).constructor).toBe(kind);
    }
  });

  itRejects([
    {
      what: 'an option that fromBytesSync does not have',
      call: () => Network.fromBytesSync(file, { signal: 1 } as never),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "signal"; known: steps, verifyChecksum',
    },
    {
      what: 'a word for verifyChecksum',
      call: () => Network.fromBytesSync(file, { verifyChecksum: 'no' } as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected verifyChecksum to be true or false, got "no" (string)',
    },
  ]);

  it.each([
    [{ threads: 0 }, 'Expected threads to be a positive integer, got 0 (number)'],
    [{ signal: 1 }, 'Expected signal to be an AbortSignal, got 1 (number)'],
    [{ thread: 1 }, 'Unknown option "thread"; did you mean "threads"?'],
  ])('are not read with the options %j', async (options, message) => {
    await expect(Network.fromBytes(file, options as never)).rejects.toThrow(message);
    await expect(net.toBytes(options as never)).rejects.toThrow(message);
  });
});

describe('bytes of many slices', () => {
  const large = network([2, 1000, 2000, 1]);
  const file = large.toBytesSync();

  it('are refused if their owner changes them meanwhile', async () => {
    const bytes = file.slice();
    const loading = Network.fromBytes(bytes).then(
      (net) => snapshot(net).every((value, i) => value === snapshot(large)[i]),
      ({ code, message }) => [code, /the SHA-256/.test(message)],
    );
    await immediate();
    bytes[bytes.length - 1] = 0x3f;
    expect(await loading).toEqual(['ERR_BLASNET_FILE', true]);
  });

  it('are refused if their owner detaches them meanwhile', async () => {
    const bytes = file.slice();
    const loading = rejectionOf(Network.fromBytes(bytes));
    await immediate();
    structuredClone(bytes, { transfer: [bytes.buffer] });
    expect(await loading).toMatchObject({
      code: 'ERR_BLASNET_FILE',
      message: expect.stringContaining('bytes, as when it was opened'),
    });
  });

  it('end early when their signal says so, in both directions', async () => {
    for (const call of [
      (signal: AbortSignal) => large.toBytes({ signal }),
      (signal: AbortSignal) => Network.fromBytes(file, { signal }),
    ]) {
      await expect(call(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
      const controller = new AbortController();
      const calling = rejectionOf(call(controller.signal) as Promise<unknown>);
      await immediate();
      controller.abort('enough');
      expect(await calling).toMatchObject({ name: 'AbortError', cause: 'enough' });
    }
    expect(Buffer.from(await large.toBytes()).equals(file)).toBe(true);
  });
});

it('bytes made while the network trains are those of a whole step, and the training goes on', async () => {
  const net = network();
  const controller = new AbortController();
  const options = { epochs: 1e9, batchSize: 'full', signal: controller.signal } as const;
  const fit = net.fit(X, Y, options).catch((error) => error);
  await underWay(net);
  const state = snapshot(await Network.fromBytes(await net.toBytes()));
  await underWay(net);
  controller.abort();
  expect(await fit).toMatchObject({ name: 'AbortError' });
  const twin = network();
  while (snapshot(twin).some((value, i) => value !== state[i])) {
    twin.fitSync(X, Y, { epochs: 1, batchSize: 'full' });
  }
});

it('a callback of fitSync gets the bytes of its epoch, however it asks for them', async () => {
  const net = network();
  const made: (Uint8Array | Promise<Uint8Array>)[] = [];
  const states: number[][] = [];
  const onEpochEnd = () => {
    states.push(snapshot(net), snapshot(net));
    made.push(net.toBytes(), net.toBytesSync());
  };
  net.fitSync(X, Y, { epochs: 3, callbacks: { onEpochEnd } });
  const got = (await Promise.all(made)).map((bytes) => snapshot(Network.fromBytesSync(bytes)));
  expect(got).toEqual(states);
});

it('toBytesSync is refused while a step is being taken on another thread', async () => {
  const net = network();
  const long = longEpoch();
  const controller = new AbortController();
  const options = { ...long.options, signal: controller.signal };
  const fit = net.fit(long.X, long.Y, options).catch((error) => error);
  await underWay(net);
  expect(thrownBy(() => net.toBytesSync())).toMatchObject({
    code: 'ERR_BLASNET_BUSY',
    message: expect.stringContaining('Expected toBytesSync to be called while no other thread works'),
  });
  controller.abort();
  await fit;
});

it('a network that no file can hold gives no bytes', async () => {
  const net = network();
  net.parameters.b1?.data.fill(Number.NaN);
  const error = {
    code: 'ERR_BLASNET_NOT_FINITE',
    message: 'Expected b1[0] to be a finite number, got NaN (number)',
  };
  expect(thrownBy(() => net.toBytesSync())).toMatchObject(error);
  expect(await rejectionOf(net.toBytes())).toMatchObject(error);
});

it('bytes that were written to a file by the user load from there', async () => {
  const path = join(newFolder(), 'model');
  const net = network();
  writeFileSync(path, await net.toBytes());
  expect(snapshot(await Network.load(path))).toEqual(snapshot(net));
});
