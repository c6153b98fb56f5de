// Buffers of the caller that native code works on: some are refused, and none can be taken away during the work.

import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { checkBuffer, pin } from '../../lib/base/pinning';
import { Network } from '../../lib/network/network';
import { layers, longEpoch, snapshot, underWay } from '../network/helpers';
import { type BadCall, itRejects, thrownBy } from '../support/bad-input';

/** Takes the buffer's memory away, in a way that also works in Node 18. */
function detach(buffer: ArrayBuffer): void {
  structuredClone(buffer, { transfer: [buffer] });
}

const detached = (array: Float64Array | Float32Array) => {
  detach(array.buffer as ArrayBuffer);
  return array;
};

// This version of TypeScript's library lacks resizable buffers.
const resizable = (bytes: number): ArrayBuffer =>
  Reflect.construct(ArrayBuffer, [bytes, { maxByteLength: 2 * bytes }]);
const hasResizable = 'resizable' in ArrayBuffer.prototype;
const hasTransfer = 'transfer' in ArrayBuffer.prototype;

describe('checkBuffer', () => {
  it.each([
    ['an ordinary buffer', new Float64Array(3)],
    ['an empty one', new Float64Array(0)],
    ['a view', new Float32Array(new ArrayBuffer(40), 8, 2)],
    ['shared memory', new Float64Array(new SharedArrayBuffer(8))],
    ['empty shared memory', new Float64Array(new SharedArrayBuffer(0))],
  ])('takes %s', (_, array) => {
    expect(() => checkBuffer('X', array)).not.toThrow();
  });

  it('takes shared memory that can grow, since it cannot shrink', () => {
    const buffer = Reflect.construct(SharedArrayBuffer, [8, { maxByteLength: 16 }]);
    expect(() => checkBuffer('X', new Float64Array(buffer))).not.toThrow();
  });

  itRejects([
    {
      what: 'a detached buffer',
      call: () => checkBuffer('X', detached(new Float64Array(3))),
      error: TypeError,
      code: 'ERR_BLASNET_DETACHED',
      message: 'Expected X to be an array whose buffer is not detached, got a Float64Array of length 0',
    },
    {
      what: 'a view of a detached buffer',
      call: () => checkBuffer('Y', detached(new Float32Array(new ArrayBuffer(40), 8, 2))),
      error: TypeError,
      code: 'ERR_BLASNET_DETACHED',
      message: 'Expected Y to be an array whose buffer is not detached, got a Float32Array of length 0',
    },
    ...(hasResizable
      ? [
          {
            what: 'a buffer that can shrink',
            call: () => checkBuffer('out', new Float64Array(resizable(16))),
            error: TypeError,
            code: 'ERR_BLASNET_RESIZABLE',
            message:
              'Expected out to be an array on a buffer of fixed length, got a Float64Array of length 2',
          } as BadCall,
        ]
      : []),
  ]);
});

/** Every way to take a buffer away; each must leave its bytes where they are. */
type Theft = [string, (buffer: ArrayBuffer) => unknown];
const thefts: Theft[] = [
  ['structuredClone', (buffer) => structuredClone(buffer, { transfer: [buffer] })],
  [
    'postMessage',
    (buffer) => {
      const { port1, port2 } = new MessageChannel();
      try {
        port1.postMessage(buffer, [buffer]);
        return receiveMessageOnPort(port2);
      } finally {
        port1.close();
      }
    },
  ],
  ...(hasTransfer
    ? (['transfer', 'transferToFixedLength'] as const).map(
        (name): [string, (buffer: ArrayBuffer) => unknown] => [
          name,
          (buffer) => (buffer as unknown as Record<string, () => unknown>)[name]?.(),
        ],
      )
    : []),
  ...(hasTransfer
    ? (['transfer', 'transferToFixedLength'] as const).flatMap((name): Theft[] => {
        const method = () => (ArrayBuffer.prototype as unknown as Record<string, () => unknown>)[name];
        return [
          [
            `${name} of the prototype, with a length`,
            (buffer) => method()?.call(buffer, ...([8] as unknown as [])),
          ],
          [
            `${name}, with a length that is an object`,
            (buffer) => method()?.call(buffer, ...([{ valueOf: () => 8 }] as unknown as [])),
          ],
        ];
      })
    : []),
];

describe('a pinned buffer', () => {
  it.each(thefts)('is not taken away by %s', (_, steal) => {
    const array = Float64Array.of(1, 2, 3);
    const unpin = pin([array]);
    try {
      steal(array.buffer);
    } catch {
      // Node 21 and newer throw; older versions send a copy.
    }
    expect(Array.from(array)).toEqual([1, 2, 3]);
    unpin();
  });

  it.each(thefts)('is not taken away by %s if it is frozen', (_, steal) => {
    for (const close of [Object.freeze, Object.seal, Object.preventExtensions]) {
      const array = Float64Array.of(1, 2, 3);
      close(array.buffer);
      const unpin = pin([array]);
      try {
        steal(array.buffer);
      } catch {
        // As above.
      }
      expect(Array.from(array)).toEqual([1, 2, 3]);
      unpin();
    }
  });

  it('is refused if it has lost its memory since it was checked', () => {
    const array = detached(new Float64Array(3));
    expect(thrownBy(() => pin([new Float64Array(1), array]))).toMatchObject({
      code: 'ERR_BLASNET_DETACHED',
      message:
        'Expected each array of the call to be an array whose buffer is not detached, got a Float64Array of length 0',
    });
  });

  it.skipIf(!hasTransfer)('says why it cannot be transferred, until all have let go', () => {
    const array = Float64Array.of(1, 2, 3);
    const call = () => (array.buffer as unknown as { transfer: () => ArrayBuffer }).transfer();
    const [first, second] = [pin([array, array.subarray(1)]), pin([array])];
    for (const unpin of [first, second]) {
      const message =
        'A buffer cannot be transferred while blasnet works on it: wait until the operation has ended';
      // From Node 24, Node itself refuses.
      const busy = Number.parseInt(process.versions.node, 10) < 24;
      expect(thrownBy(call)).toMatchObject(
        busy ? { code: 'ERR_BLASNET_BUSY', message } : { name: 'TypeError' },
      );
      unpin();
    }
    // blasnet has released the buffer. (Since Node 24, a buffer that was once untransferable refuses transfer(), too.)
    expect(Object.getOwnPropertyNames(array.buffer)).toEqual([]);
  });

  it('gets no lasting property', () => {
    const array = new Float64Array(3);
    pin([array])();
    expect(Object.getOwnPropertyNames(array.buffer)).toEqual([]);
  });

  it('may be frozen, or in shared memory', () => {
    const frozen = new Float64Array(3);
    Object.freeze(frozen.buffer);
    pin([frozen, new Float64Array(new SharedArrayBuffer(8))])();
  });
});

it('the memory of WebAssembly may grow after a call that read it', async () => {
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: { Memory: new (size: object) => { buffer: ArrayBuffer; grow(pages: number): number } };
  };
  const memory = new WebAssembly.Memory({ initial: 1 });
  const X = new Float64Array(memory.buffer, 0, 200).fill(0.3);
  const net = new Network(layers([2, 4, 1], 'tanh', 'sigmoid'), { seed: 1 });
  const expected = net.predictSync(X);
  expect(await net.predict(X)).toEqual(expected);
  expect(await net.predict(X)).toEqual(expected);
  // Node 24 would end the process here if the buffer were marked.
  memory.grow(1);
  expect(X.length).toBe(0);
});

describe('while a network works on another thread', () => {
  const long = longEpoch();
  const network = () => new Network(layers([2, 4, 1], 'tanh', 'sigmoid'), { seed: 1 });
  // Ordinary buffers can be transferred.
  const ordinary = (rows: number) => ({
    X: new Float64Array(long.X.data.subarray(0, 2 * rows)),
    Y: new Float64Array(long.Y.data.subarray(0, rows)),
  });
  const tryAll = (...arrays: (Float64Array | Int32Array)[]) => {
    for (const { buffer } of arrays) {
      for (const [, steal] of thefts) {
        try {
          steal(buffer as ArrayBuffer);
        } catch {}
      }
    }
  };

  it('X and Y of a fit stay where they are, between its steps too, and the result is right', async () => {
    const { X, Y } = ordinary(20_000);
    const [net, twin] = [network(), network()];
    const options = { epochs: 3, batchSize: 100 };
    const fit = net.fit(X, Y, options);
    await underWay(net);
    tryAll(X, Y);
    expect(await fit).toEqual(twin.fitSync(long.X.data.slice(0, 40_000), Y, options));
    expect(snapshot(net)).toEqual(snapshot(twin));
    expect([X.length, Y.length]).toEqual([40_000, 20_000]);
  });

  it('X and Y stay where they are in the body of a loop over epochs', async () => {
    const { X, Y } = ordinary(100);
    const [net, twin] = [network(), network()];
    for await (const _ of net.epochs(X, Y, { epochs: 3 })) tryAll(X, Y);
    twin.fitSync(X, Y, { epochs: 3 });
    expect(snapshot(net)).toEqual(snapshot(twin));
  });

  it('X and Y of predict and evaluate stay where they are while they wait and while they are read', async () => {
    const { X, Y } = ordinary(20_000);
    const net = network();
    const calls = [net.predict(X), net.evaluate(X, Y), net.predict(X)] as const;
    tryAll(X, Y);
    const results = await Promise.all(calls);
    expect(results[1]).toEqual(net.evaluateSync(X, Y));
    expect(Buffer.from(results[0].data.buffer).equals(Buffer.from(results[2].data.buffer))).toBe(true);
    expect(results[0].get(19_999, 0)).toBe(net.predictSync(X).get(19_999, 0));
  });

  it('codes of a fit, and of predictions, stay as well, and are free again afterwards', async () => {
    const { X: numbers, Y } = ordinary(20_000);
    const categories = Int32Array.from({ length: 20_000 }, (_, i) => (i % 9) - 1);
    const make = () =>
      new Network(
        [
          { inputDim: 2, outputDim: 4, activation: 'tanh', embeddings: [{ categories: 8 }] },
          { outputDim: 1, activation: 'sigmoid' },
        ],
        { seed: 1 },
      );
    const [net, twin] = [make(), make()];
    const options = { epochs: 3, batchSize: 100 };
    const X = { numbers, categories };
    const expected = twin.fitSync({ numbers: numbers.slice(), categories: categories.slice() }, Y, options);
    const fit = net.fit(X, Y, { ...options, validationData: { X, Y } });
    await underWay(net);
    tryAll(categories, numbers);
    expect((await fit).loss).toEqual(expected.loss);
    const prediction = net.predict(X);
    tryAll(categories, numbers);
    expect(await prediction).toEqual(twin.predictSync(X));
    expect([categories.length, numbers.length]).toEqual([20_000, 40_000]);
    for (const { buffer } of [categories, numbers]) expect(Object.getOwnPropertyNames(buffer)).toEqual([]);
  });

  it.skipIf(!hasTransfer)(
    'X and Y are free again after a fit that ended, failed or was aborted',
    async () => {
      const net = network();
      const endings = [
        { epochs: 1 },
        { epochs: 1, signal: AbortSignal.abort() },
        { epochs: 1, loss: 'meanSquaredError' as const },
      ];
      for (const [i, options] of endings.entries()) {
        const { X, Y } = ordinary(100);
        if (i === 2) X[7] = Number.NaN;
        await Promise.allSettled([net.fit(X, Y, options), net.predict(X), net.evaluate(X, Y)]);
        for (const { buffer } of [X, Y]) expect(Object.getOwnPropertyNames(buffer)).toEqual([]);
      }
    },
  );
});
