// Checks the core of the library with only node:assert, so that Node, Bun and Deno can all run it:
//
//   node core.mjs [the package's folder]
//
// Prints one line of JSON: the checks that passed, a digest of the numbers (equal in all runtimes on a machine), and
// the checks that failed.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const root = resolve(process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url)));
/** @type {typeof import('../../lib/index.js')} */
const library = createRequire(import.meta.url)(root);
const { Network, Matrix, adam, buildInfo, functional, makeMoons, sgd } = library;

const fixture = (/** @type {string} */ name) =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'blasnet-runtimes-'));

const { X, Y } = makeMoons({ samples: 400, noise: 0.2, seed: 1 });
/** @type {import('../../lib/index.js').LayerOptions[]} */
const layers = [
  { inputDim: 2, outputDim: 32, activation: 'relu', dropout: 0.1 },
  { outputDim: 16, activation: 'tanh' },
  { outputDim: 1, activation: 'sigmoid' },
];
/** @type {import('../../lib/index.js').LayerOptions[]} */
const article = [2, 25, 50, 50, 25].map((inputDim, i, sizes) => ({
  inputDim,
  outputDim: sizes[i + 1] ?? 1,
  activation: i === 4 ? 'sigmoid' : 'relu',
}));

/** @param {import('../../lib/index.js').Network} net */
const numbers = (net) => Object.values(net.parameters).flatMap(({ data }) => Array.from(data));
const train = async (/** @type {number} */ seed, epochs = 5) => {
  const net = new Network(layers, { seed });
  await net.fit(X, Y, { epochs, optimizer: adam() });
  return net;
};
const digest = createHash('sha256');
const near = (/** @type {number} */ actual, /** @type {number} */ expected, /** @type {number} */ error) =>
  assert.ok(Math.abs(actual - expected) <= error * Math.abs(expected), `${actual} is not ${expected}`);

/** A worker that trains a seed's network and posts its parameters, or reports its start and trains without end. */
function worker(/** @type {{ seed: number, endless?: boolean }} */ options) {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { root, layers, seed, endless } = workerData;
    const { Network, adam, makeMoons } = require(root);
    const { X, Y } = makeMoons({ samples: 400, noise: 0.2, seed: 1 });
    const net = new Network(layers, { seed });
    const numbers = () => Object.values(net.parameters).flatMap(({ data }) => Array.from(data));
    if (endless) {
      const before = String(numbers());
      net.fit(X, Y, { epochs: 1e9 });
      (function wait() {
        if (String(numbers()) === before) setImmediate(wait);
        else parentPort.postMessage('under way');
      })();
    } else {
      net.fit(X, Y, { epochs: 5, optimizer: adam() }).then(() => parentPort.postMessage(numbers()));
    }`;
  const worker = new Worker(source, { eval: true, workerData: { root, layers, ...options } });
  const message = new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return { worker, message };
}

/** @type {Record<string, () => unknown>} */
const checks = {
  'buildInfo says what runs': () => {
    const info = buildInfo();
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    assert.equal(info.version, version);
    assert.match(info.file, /\.node$/);
    assert.ok(info.threads >= 1);
  },

  'the article’s initial weights, to the last bit where the C library is NumPy’s': () => {
    const net = new Network(article, { seed: 2, initializer: 'article' });
    const rows = Object.fromEntries(
      Object.entries(net.parameters).map(([name, matrix]) => [name, matrix.toArray()]),
    );
    const expected = fixture('init')['demo-25-50-50-25-1-seed2'];
    if (process.platform === 'linux') assert.deepEqual(rows, expected);
    else
      Object.entries(expected).forEach(([name, matrix]) => {
        matrix.flat().forEach((/** @type {number} */ weight, /** @type {number} */ i) => {
          near(rows[name]?.flat()[i] ?? Number.NaN, weight, 1e-14);
        });
      });
  },

  'the article’s cost for 2,000 epochs, to 1e-9': async () => {
    const moons = fixture('moons');
    const golden = fixture('train');
    const rows = moons.trainIndex;
    const net = new Network(article, { seed: 2, initializer: 'article' });
    const history = await net.fit(
      rows.map((/** @type {number} */ i) => moons.X[i]),
      rows.map((/** @type {number} */ i) => [moons.y[i]]),
      { epochs: 2000, batchSize: 'full', optimizer: sgd({ learningRate: 0.01 }) },
    );
    const compared = golden.epoch.filter((/** @type {number} */ epoch) => epoch < 2000);
    assert.ok(compared.length > 100);
    compared.forEach((/** @type {number} */ epoch, /** @type {number} */ i) => {
      near(history.loss[epoch] ?? Number.NaN, golden.cost[i], 1e-9);
    });
    digest.update(String(numbers(net)));
  },

  'the article’s functions': () => {
    const { params, costHistory } = functional.train(
      X.transpose(),
      Y.transpose(),
      [
        { inputDim: 2, outputDim: 4, activation: 'relu' },
        { inputDim: 4, outputDim: 1, activation: 'sigmoid' },
      ],
      50,
      0.1,
    );
    assert.equal(costHistory.length, 50);
    const cost = /** @type {number[]} */ (costHistory);
    assert.ok(/** @type {number} */ (cost[49]) < /** @type {number} */ (cost[0]));
    digest.update(String([...costHistory, ...Object.values(params).flatMap(({ data }) => [...data])]));
  },

  'fit, fitSync, epochs and every number of threads make the same network': async () => {
    const expected = numbers(await train(3));
    digest.update(String(expected));
    const sync = new Network(layers, { seed: 3 });
    sync.fitSync(X, Y, { epochs: 5, optimizer: adam() });
    assert.deepEqual(numbers(sync), expected);
    const loop = new Network(layers, { seed: 3 });
    for await (const { epoch } of loop.epochs(X, Y, { epochs: 5, optimizer: adam(), threads: 1 }))
      assert.ok(epoch < 6);
    assert.deepEqual(numbers(loop), expected);
  },

  'predict, evaluate, predictor, gradients': async () => {
    const net = await train(4);
    const sync = net.predictSync(X);
    assert.deepEqual((await net.predict(X)).data, sync.data);
    assert.deepEqual(await net.evaluate(X, Y), net.evaluateSync(X, Y));
    const predictor = net.predictor({ maxBatch: 4 });
    predictor.input.data.set(X.data.subarray(0, 8));
    predictor.run(4);
    assert.deepEqual([...predictor.output.data.subarray(0, 4)], [...sync.data.subarray(0, 4)]);
    assert.ok(Number.isFinite(net.gradients(X, Y).loss));
    const single = new Network(layers, { seed: 4, dtype: 'float32' });
    single.fitSync(new Float32Array(X.data), new Float32Array(Y.data), { epochs: 2 });
    assert.ok(single.parameters.W1?.data instanceof Float32Array);
    digest.update(String([...sync.data, ...numbers(single)]));
  },

  'categories and residual connections: in place, sync and async, and through a file': async () => {
    /** @type {import('../../lib/index.js').LayerOptions[]} */
    const mixed = [
      { inputDim: 2, outputDim: 9, activation: 'relu', name: 'first', embeddings: [{ categories: 5 }] },
      { outputDim: 9, activation: 'tanh', skip: true },
      { outputDim: 9, activation: 'relu', skip: 'first' },
      { outputDim: 1, activation: 'sigmoid' },
    ];
    const categories = Int32Array.from({ length: 400 }, (_, i) => (i % 6) - 1);
    const samples = { numbers: X, categories };
    const [net, twin] = [new Network(mixed, { seed: 5 }), new Network(mixed, { seed: 5 })];
    const history = await net.fit(samples, Y, { epochs: 4, optimizer: adam() });
    assert.deepEqual(twin.fitSync(samples, Y, { epochs: 4, optimizer: adam() }), history);
    assert.deepEqual(numbers(net), numbers(twin));
    const path = join(folder, 'categories.safetensors');
    await net.save(path);
    const outputs = (await Network.load(path)).predictSync(samples);
    assert.deepEqual(outputs.data, net.predictSync(samples).data);
    assert.throws(() => net.predictSync({ numbers: X, categories: categories.map((code) => code + 1) }), {
      code: 'ERR_BLASNET_ARG_VALUE',
    });
    digest.update(String([...outputs.data, ...numbers(net)]));
  },

  'the event loop goes on while fit trains': async () => {
    let turns = 0;
    let training = true;
    const turn = () => {
      turns++;
      if (training) setImmediate(turn);
    };
    const net = new Network(article, { seed: 1 });
    const fit = net.fit(X, Y, { epochs: 400 });
    setImmediate(turn);
    await fit;
    training = false;
    assert.ok(turns > 5, `${turns} turns`);
  },

  'callbacks, early stopping, validation': async () => {
    const seen = /** @type {number[]} */ ([]);
    const history = await new Network(layers, { seed: 5 }).fit(X, Y, {
      epochs: 50,
      validationSplit: 0.2,
      earlyStopping: { patience: 3 },
      callbacks: async ({ epoch }) => {
        seen.push(epoch);
        return seen.length < 7;
      },
    });
    assert.ok(history.valLoss?.length === seen.length && seen.length <= 7);
  },

  'an AbortSignal ends a training': async () => {
    const controller = new AbortController();
    const net = new Network(layers, { seed: 1 });
    const fit = net.fit(X, Y, { epochs: 1e9, signal: controller.signal });
    setImmediate(() => controller.abort());
    await assert.rejects(fit, { name: 'AbortError', code: 'ABORT_ERR' });
    assert.ok(numbers(net).every(Number.isFinite));
  },

  'a network that trains refuses other work': async () => {
    const net = new Network(layers, { seed: 1 });
    const fit = net.fit(X, Y, { epochs: 300 });
    assert.throws(() => net.fitSync(X, Y, { epochs: 1 }), { code: 'ERR_BLASNET_BUSY' });
    await fit;
  },

  'save and load': async () => {
    const net = await train(6);
    const file = join(folder, 'net.safetensors');
    await net.save(file);
    assert.deepEqual(numbers(await Network.load(file)), numbers(net));
    net.saveSync(file);
    assert.deepEqual(Network.loadSync(file).predictSync(X).data, net.predictSync(X).data);
    await assert.rejects(Network.load(join(folder, 'nothing')), { code: 'ERR_BLASNET_FILE' });
  },

  'a training that goes on from a checkpoint ends as if uninterrupted': async () => {
    const directory = join(folder, 'checkpoints');
    const options = { optimizer: adam(), checkpoint: { directory, everyEpochs: 2, keepLast: 2 } };
    await new Network(layers, { seed: 7 }).fit(X, Y, { ...options, epochs: 4 });
    const { network, history } = await Network.resume(directory, X, Y, { ...options, epochs: 10 });
    assert.equal(history.loss.length, 10);
    const whole = new Network(layers, { seed: 7 });
    await whole.fit(X, Y, { optimizer: adam(), epochs: 10 });
    assert.deepEqual(numbers(network), numbers(whole));
  },

  'bad input is an error with a code': () => {
    const net = new Network(layers, { seed: 1 });
    /** @type {[() => unknown, object][]} */
    const table = [
      [
        () => new Network([{ inputDim: 2, outputDim: 0, activation: 'relu' }]),
        {
          name: 'RangeError',
          code: 'ERR_BLASNET_ARG_VALUE',
          message: 'Expected layers[0].outputDim to be a positive integer, got 0 (number)',
        },
      ],
      [() => net.fitSync(X, Y, /** @type {any} */ ({ epoch: 1 })), { code: 'ERR_BLASNET_UNKNOWN_OPTION' }],
      [() => net.fitSync(X, Matrix.zeros(3, 1), { epochs: 1 }), { code: 'ERR_BLASNET_SHAPE' }],
      [() => net.predictSync([[Number.NaN, 1]]), { name: 'RangeError', code: 'ERR_BLASNET_NOT_FINITE' }],
      [() => net.predictSync(new Float64Array(3)), { name: 'RangeError', code: 'ERR_BLASNET_SHAPE' }],
      [() => net.predictSync(/** @type {any} */ ('2')), { name: 'TypeError', code: 'ERR_BLASNET_ARG_TYPE' }],
    ];
    for (const [call, error] of table) assert.throws(call, error);
    const gone = new Float64Array(2);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    assert.throws(() => net.predictSync(gone), { code: 'ERR_BLASNET_DETACHED' });
  },

  'samples on a SharedArrayBuffer': async () => {
    const shared = new Float64Array(new SharedArrayBuffer(X.data.byteLength));
    shared.set(X.data);
    const net = new Network(layers, { seed: 3 });
    await net.fit(shared, Y, { epochs: 5, optimizer: adam() });
    assert.deepEqual(numbers(net), numbers(await train(3)));
    assert.ok(net.parameters.W1?.data.buffer instanceof SharedArrayBuffer);
  },

  'samples stay where they are while they are trained on': async () => {
    /** @type {((buffer: ArrayBuffer & { transfer?: () => unknown }) => unknown)[]} */
    const ways = [
      (buffer) => structuredClone(buffer, { transfer: [buffer] }),
      (buffer) => new MessageChannel().port1.postMessage(buffer, [buffer]),
      (buffer) => buffer.transfer?.(), // Node 22
    ];
    for (const transfer of ways) {
      const samples = Float64Array.from(X.data);
      const net = new Network(layers, { seed: 3 });
      const fit = net.fit(samples, Y, { epochs: 5, optimizer: adam() });
      try {
        transfer(samples.buffer);
      } catch {
        // Node 20 makes a copy; other versions throw.
      }
      assert.equal(samples.length, X.data.length);
      await fit;
      assert.deepEqual(numbers(net), numbers(await train(3)));
    }
  },

  'workers train at the same time, each what it would train alone': async () => {
    const seeds = [1, 2, 3];
    const trained = await Promise.all(seeds.map((seed) => worker({ seed }).message));
    assert.deepEqual(trained, await Promise.all(seeds.map(async (seed) => numbers(await train(seed)))));
  },

  'workers that are terminated amid a training leave others as they are': async () => {
    for (let round = 0; round < 3; round++) {
      const both = [worker({ seed: 1, endless: true }), worker({ seed: 2, endless: true })];
      for (const { message } of both) assert.equal(await message, 'under way');
      for (const { worker } of both) await worker.terminate();
    }
    assert.deepEqual(numbers(await train(3)), numbers(await train(3)));
  },
};

const { versions } = process;
const runtime = versions.bun
  ? `Bun ${versions.bun}`
  : versions.deno
    ? `Deno ${versions.deno}`
    : `Node ${versions.node}`;
const only = process.argv[3];
/** @type {Record<string, string>} */
const failed = {};
/** @type {string[]} */
const passed = [];
for (const [name, check] of Object.entries(checks)) {
  if (only !== undefined && !name.includes(only)) continue;
  if (process.env.BLASNET_VERBOSE) console.error(name);
  try {
    await check();
    passed.push(name);
  } catch (error) {
    failed[name] = error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 500) : String(error);
  }
}
rmSync(folder, { recursive: true });
console.log(JSON.stringify({ runtime, digest: digest.digest('hex'), passed, failed }));
if (Object.keys(failed).length > 0) process.exitCode = 1;
