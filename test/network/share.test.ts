// Networks that several threads read. Each case with threads runs in a process of its own.

import { describe, expect, it } from 'vitest';
import {
  labelEncoder,
  Matrix,
  Network,
  preprocessing,
  type SharedNetwork,
  setThreads,
  standardScaler,
} from '../../lib';
import type { LayerOptions } from '../../lib/layers/architecture';
import { thrownBy } from '../support/bad-input';
import { newFolder } from '../support/scratch';
import { endedWell, inChild, type Library } from './child';
import { inputsFor, layers, randomLabels, randomMatrix } from './helpers';

const plain = layers([3, 8, 2], 'tanh', 'linear');
const deep = plain.map((layer, i) => ({ ...layer, ...(i === 0 && { normalization: 'batch' as const }) }));
const embedded: LayerOptions[] = [
  { inputDim: 2, outputDim: 6, activation: 'relu', embeddings: [{ categories: 5, outputDim: 2 }] },
  { outputDim: 1, activation: 'sigmoid' },
];
const wide = layers([40, 300, 2], 'relu', 'linear');

/** The handle as another thread gets it. */
const sent = (handle: SharedNetwork): SharedNetwork => structuredClone(handle);

describe('a network that reads a handle', () => {
  it.each([
    { name: 'plain', architecture: plain, dtype: 'float64' as const },
    { name: 'normalised', architecture: deep, dtype: 'float32' as const },
    { name: 'with embeddings', architecture: embedded, dtype: 'float64' as const },
    { name: 'wide', architecture: wide, dtype: 'float32' as const },
  ])('answers as the one that was shared, to the last bit: $name', async ({ architecture, dtype }) => {
    const net = new Network(architecture, { seed: 3, dtype });
    const X = inputsFor(architecture, 70, 1, dtype);
    const Y = randomLabels(70, architecture.at(-1)?.outputDim as number, 2, dtype);
    net.fitSync(X, Y, { epochs: 2 });
    const attached = Network.attach(sent(net.share()));
    const right = net.predictSync(X);
    expect(attached.predictSync(X)).toEqual(right);
    expect(await attached.predict(X)).toEqual(right);
    expect(await attached.evaluate(X, Y)).toEqual(await net.evaluate(X, Y));
    expect(attached.gradients(X, Y)).toEqual(net.gradients(X, Y));
    expect(attached.inputGradientsSync(X)).toEqual(net.inputGradientsSync(X));
    expect(attached.parameters).toEqual(net.parameters);
    expect(attached.summary()).toBe(net.summary());
    expect(attached.toBytesSync()).toEqual(net.toBytesSync());
    const [own, others] = [net.predictor({ maxBatch: 2 }), attached.predictor({ maxBatch: 2 })];
    for (const predictor of [own, others]) {
      predictor.input.data.fill(0.3);
      predictor.run(1);
    }
    expect(others.output).toEqual(own.output);
  });

  it('has the preprocessing, the labels and the classes of the one that was shared', async () => {
    const net = new Network(
      [
        { outputDim: 4, activation: 'relu' },
        { outputDim: 3, activation: 'softmax' },
      ],
      {
        seed: 1,
        preprocessing: preprocessing([standardScaler()]),
        labels: labelEncoder(),
      },
    );
    const X = randomMatrix(60, 2, 1);
    const names = Array.from({ length: 60 }, (_, i) => ['low', 'middle', 'high'][i % 3] as string);
    expect(() => net.share()).toThrow(expect.objectContaining({ code: 'ERR_BLASNET_NOT_FITTED' }));
    net.fitSync(X, names, { epochs: 3 });
    const attached = Network.attach(sent(net.share()));
    expect(attached.classifySync(X)).toEqual(net.classifySync(X));
    expect(attached.labels?.classes).toEqual(net.labels?.classes);
    expect(await attached.evaluate(X, names)).toEqual(await net.evaluate(X, names));
  });

  it('reads what was published, from the next call on, and nothing that was not', async () => {
    const net = new Network(deep, { seed: 1 });
    const [X, Y] = [randomMatrix(50, 3, 1), randomLabels(50, 2, 2)];
    expect(net.version).toBeUndefined();
    const attached = Network.attach(net.share());
    const predictor = attached.predictor();
    predictor.input.data.fill(1);
    for (let version = 1; version <= 5; version++) {
      expect([net.version, attached.version]).toEqual([version, version]);
      const [before, right] = [attached.predictSync(X), net.predictSync(X)];
      expect(before).toEqual(right);
      predictor.run();
      expect(predictor.version).toBe(version);
      expect([...predictor.output.data]).toEqual([...net.predictSync([[1, 1, 1]]).data]);
      await net.fit(X, Y, { epochs: 1 });
      expect(attached.predictSync(X)).toEqual(before);
      expect(net.predictSync(X)).not.toEqual(before);
      expect(await net.publish()).toBe(version + 1);
    }
  });

  it('is published between the epochs of a training, and in the callbacks of one on this thread', async () => {
    const net = new Network(plain, { seed: 1 });
    const [X, Y] = [randomMatrix(50, 3, 1), randomLabels(50, 2, 2)];
    const attached = Network.attach(net.share());
    const published: Promise<number>[] = [];
    const waits = async () => {
      published.push(net.publish());
      await published.at(-1);
    };
    await net.fit(X, Y, { epochs: 2, callbacks: { onEpochEnd: waits } });
    await net.fit(X, Y, { epochs: 1, callbacks: { onEpochEnd: () => void published.push(net.publish()) } });
    expect(await Promise.all(published)).toEqual([2, 3, 4]);
    const onEpochEnd = () => void published.push(net.publish());
    net.fitSync(X, Y, { epochs: 2, callbacks: { onEpochEnd } });
    expect(await Promise.all(published)).toEqual([2, 3, 4, 5, 6]);
    expect(attached.predictSync(X)).toEqual(net.predictSync(X));
  });

  it('refuses what would change it, and its clone does not', async () => {
    const net = new Network(plain, { seed: 1 });
    const attached = Network.attach(net.share());
    const [X, Y] = [randomMatrix(20, 3, 1), randomLabels(20, 2, 2)];
    const readOnly = expect.objectContaining({ code: 'ERR_BLASNET_READ_ONLY' });
    const options = { epochs: 1 };
    for (const call of [
      () => attached.fitSync(X, Y, options),
      () => attached.trainOnBatch(X, Y),
      () => attached.setTrainable(1, false),
      () => attached.epochs(X, Y, options),
    ]) {
      expect(call).toThrow(readOnly);
    }
    await expect(attached.fit(X, Y, options)).rejects.toEqual(readOnly);
    await expect(attached.partialFit(X, Y)).rejects.toEqual(readOnly);
    await expect(attached.publish()).rejects.toEqual(readOnly);
    attached.parameters.W1.data.fill(7);
    expect(attached.predictSync(X)).toEqual(net.predictSync(X));
    for (const clone of [attached.clone(), await attached.cloneAsync()]) {
      expect(clone.fitSync(X, Y, options)).toEqual(net.clone().fitSync(X, Y, options));
    }
  });

  it('is saved, exported and shared again', async () => {
    const net = new Network(deep, { seed: 1 });
    const handle = net.share();
    expect(net.share()).toBe(handle);
    const attached = Network.attach(handle);
    expect(attached.share()).toBe(handle);
    const path = `${newFolder()}/net.safetensors`;
    await attached.save(path);
    expect(Network.loadSync(path).parameters).toEqual(net.parameters);
    expect(await attached.exportBytes({ format: 'onnx' })).toEqual(await net.exportBytes({ format: 'onnx' }));
  });
});

describe('publish', () => {
  it('refuses parameters that are not finite, and readers keep the version before', async () => {
    const net = new Network(plain, { seed: 1 });
    const attached = Network.attach(net.share());
    const before = attached.predictSync([[1, 2, 3]]);
    (net.parameters.W2 as Matrix).data[3] = Number.NaN;
    await expect(net.publish()).rejects.toThrow(expect.objectContaining({ code: 'ERR_BLASNET_NOT_FINITE' }));
    expect([attached.version, attached.predictSync([[1, 2, 3]])]).toEqual([1, before]);
    (net.parameters.W2 as Matrix).data[3] = 0;
    expect(await net.publish()).toBe(2);
  });

  it('shares a network that is not shared yet, and ends at an abort', async () => {
    const net = new Network(plain, { seed: 1 });
    expect(await net.publish()).toBe(1);
    await expect(net.publish({ signal: AbortSignal.abort() })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    );
    expect(net.version).toBe(1);
  });

  it('waits for a reader of the version before the old one, and an abort ends the wait', async () => {
    const net = new Network(plain, { seed: 1 });
    const handle = net.share();
    // A reader that never leaves: the count of the place that the next version would take.
    const control = new Int32Array(handle.control);
    control[32] = 1;
    const controller = new AbortController();
    const publishing = net.publish({ signal: controller.signal });
    controller.abort();
    await expect(publishing).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(net.version).toBe(1);
    control[32] = 0;
    expect(await net.publish()).toBe(2);
  });
});

it('whoever has awaited a call that reads may train at once', async () => {
  const net = new Network(plain, { seed: 1 });
  const [X, Y] = [randomMatrix(20, 3, 1), randomLabels(20, 2, 2)];
  net.share();
  for (const call of [
    () => net.publish(),
    () => net.cloneAsync(),
    () => net.toBytes(),
    () => net.save(`${newFolder()}/net.safetensors`),
    () => net.exportBytes({ format: 'npz' }),
    () => net.predict(X),
  ]) {
    await call();
    expect(net.fitSync(X, Y, { epochs: 1 }).loss).toHaveLength(1);
  }
});

describe('Network.attach', () => {
  const handle = new Network(plain, { seed: 1 }).share();
  const shorter = new SharedArrayBuffer(handle.memory.byteLength - 8);
  it.each([
    { what: 'nothing', given: undefined, code: 'ERR_BLASNET_ARG_TYPE' },
    { what: 'a network', given: new Network(plain), code: 'ERR_BLASNET_ARG_TYPE' },
    { what: 'a model handle', given: { format: 'blasnet.shared-model' }, code: 'ERR_BLASNET_ARG_TYPE' },
    { what: 'another version', given: { ...handle, version: '0.0.9' }, code: 'ERR_BLASNET_VERSION' },
    { what: 'JSON', given: JSON.parse(JSON.stringify(handle)), code: 'ERR_BLASNET_ARG_TYPE' },
    { what: 'no texts', given: { ...handle, metadata: { a: 1 } }, code: 'ERR_BLASNET_ARG_TYPE' },
    { what: 'no metadata', given: { ...handle, metadata: {} }, code: 'ERR_BLASNET_FILE' },
    {
      what: 'a buffer that is not shared',
      given: { ...handle, memory: new ArrayBuffer(8) },
      code: 'ERR_BLASNET_ARG_TYPE',
    },
    { what: 'another size', given: { ...handle, memory: shorter }, code: 'ERR_BLASNET_SHAPE' },
    { what: 'other counters', given: { ...handle, control: shorter }, code: 'ERR_BLASNET_SHAPE' },
  ])('refuses $what', ({ given, code }) => {
    expect(thrownBy(() => Network.attach(given as SharedNetwork))).toMatchObject({ code });
  });

  it('fails, and does not crash, when somebody overwrites the counters', async () => {
    const net = new Network(plain, { seed: 1 });
    const own = net.share();
    const attached = Network.attach(own);
    const predictor = attached.predictor();
    new Int32Array(own.control)[0] = 99;
    const message = /control block of shared parameters was overwritten/;
    expect(() => attached.predictSync([[1, 2, 3]])).toThrow(message);
    expect(() => predictor.run()).toThrow(message);
    await expect(attached.predict(randomMatrix(500, 3, 1))).rejects.toThrow(message);
    await expect(net.publish()).rejects.toThrow(message);
    new Int32Array(own.control)[0] = 0;
    expect(attached.predictSync([[1, 2, 3]])).toEqual(net.predictSync([[1, 2, 3]]));
  });
});

/**
 * A worker's program: predicts without end, and checks that each answer is that of one version. All parameters of
 * version v are v, so that the answer to ones tells v, and to no mixture.
 */
const reader = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { Network, Matrix } = require(workerData.path);
  const net = Network.attach(workerData.handle);
  const inputs = net.architecture[0].inputDim;
  const known = new Map(workerData.answers.map((answer, i) => [answer, i + 1]));
  const X = new Matrix(new Float64Array(200 * inputs).fill(1), 200, inputs);
  const predictor = net.predictor();
  predictor.input.data.fill(1);
  const stop = new Int32Array(workerData.stop);
  let last = 0, count = 0;
  const check = (answer) => {
    const version = known.get(answer);
    if (version === undefined) throw new Error('a mixture: ' + answer);
    if (version < last) throw new Error('an older version: ' + version + ' after ' + last);
    last = version;
    count++;
  };
  (async () => {
    parentPort.postMessage('ready');
    while (Atomics.load(stop, 0) === 0) {
      predictor.run();
      check(predictor.output.data[0]);
      for (const out of [net.predictSync(X), await net.predict(X)]) {
        if (out.data.some((value) => value !== out.data[0])) throw new Error('rows differ');
        check(out.data[0]);
      }
    }
    parentPort.postMessage(count);
  })();
`;

it.each([
  { name: 'a small network', sizes: [3, 6, 1], versions: 300 },
  { name: 'a wide one', sizes: [200, 400, 1], versions: 60 },
])('threads that read while versions are published see each version whole: $name', async (given) => {
  const ended = await inChild(
    async (path, { reader, sizes, versions }) => {
      const { Worker } = require('node:worker_threads');
      const { Network }: Library = require(path);
      const [inputDim = 1, outputDim = 1] = sizes;
      const net = new Network(
        [
          { inputDim, outputDim, activation: 'relu' },
          { outputDim: 1, activation: 'linear' },
        ],
        { seed: 1 },
      );
      // Small integers, whose sums are exact in any order.
      const set = (version: number) => {
        for (const { data } of Object.values(net.parameters)) data.fill(version);
      };
      const answers = Array.from({ length: versions }, (_, i) => {
        set(i + 1);
        return net.predictSync([new Array(inputDim).fill(1)]).get(0, 0);
      });
      set(1);
      const stop = new SharedArrayBuffer(4);
      const workerData = { path, handle: net.share(), answers, stop };
      const workers = [1, 2, 3].map(() => new Worker(reader, { eval: true, workerData }));
      const messages = workers.map((worker) => {
        const received: unknown[] = [];
        const waiting: ((value: unknown) => void)[] = [];
        worker.on('message', (value: unknown) => {
          const next = waiting.shift();
          if (next) next(value);
          else received.push(value);
        });
        worker.on('error', (error: Error) => {
          console.log(error.message);
          process.exit(1);
        });
        return () =>
          received.length > 0
            ? Promise.resolve(received.shift())
            : new Promise((resolve) => waiting.push(resolve));
      });
      await Promise.all(messages.map((next) => next()));
      for (let version = 2; version <= versions; version++) {
        set(version);
        if ((await net.publish()) !== version) throw new Error('another number');
      }
      Atomics.store(new Int32Array(stop), 0, 1);
      const counts = await Promise.all(messages.map((next) => next()));
      console.log(net.version === versions && counts.every((count) => (count as number) > 2));
    },
    { reader, ...given },
  );
  expect(ended).toEqual(endedWell('true'));
});

it('a worker that is terminated in the middle of a prediction leaves no claim behind', async () => {
  const ended = await inChild(async (path) => {
    const { Worker } = require('node:worker_threads');
    const { Network }: Library = require(path);
    const net = new Network(
      [
        { inputDim: 300, outputDim: 300, activation: 'relu' },
        { outputDim: 1, activation: 'linear' },
      ],
      { seed: 1 },
    );
    const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      const { Network, Matrix } = require(workerData.path);
      const net = Network.attach(workerData.handle);
      const X = Matrix.zeros(4000, 300);
      const endless = () => net.predict(X).then(endless);
      endless();
      parentPort.postMessage('ready');
      if (workerData.here) for (;;) net.predictSync(X);
    `;
    const handle = net.share();
    for (let i = 0; i < 12; i++) {
      const worker = new Worker(program, { eval: true, workerData: { path, handle, here: i % 2 === 1 } });
      await new Promise((resolve) => worker.once('message', resolve));
      await worker.terminate();
    }
    // Each place is written once: a claim left behind would keep one of them for ever.
    console.log(await net.publish(), await net.publish(), await net.publish());
  }, undefined);
  expect(ended).toEqual(endedWell('2 3 4'));
});

it('a share costs the memory of one version, whatever the number of readers, until the first publish', async () => {
  const net = new Network(wide, { seed: 1 });
  const bytes = 8 * net.parameterCount;
  const handle = net.share();
  expect(handle.bytes).toBe(bytes);
  const attached = [1, 2, 3].map(() => Network.attach(handle));
  for (const each of attached) expect(each.predictSync(Matrix.zeros(3, 40)).rows).toBe(3);
  expect(attached.map((each) => each.share().memory)).toEqual([handle.memory, handle.memory, handle.memory]);
});

it('results are equal for any number of threads', async () => {
  const net = new Network(wide, { seed: 2 });
  const attached = Network.attach(net.share());
  const X = randomMatrix(3000, 40, 4);
  const right = net.predictSync(X);
  for (const threads of [1, 2, 3]) {
    setThreads(threads);
    expect(await attached.predict(X)).toEqual(right);
  }
  setThreads(2);
});
