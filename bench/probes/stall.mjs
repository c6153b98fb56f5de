// The longest time for which a call keeps the event loop from turning, or the time that it takes to end at an abort.
//
//   node stall.mjs '{"measure": "stall" | "abort", "what": "fit, shuffled", "rows": 2000000, "folder": ...}'
//
// prints { value }, in milliseconds.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { blasnet, Matrix, Network, RandomState } from '../rivals/library.mjs';
import { longestStall } from './longest-stall.mjs';

const cols = 10;
const { measure, what, rows, folder } = JSON.parse(process.argv[2] ?? '');
const call = callOf(what);
console.log(JSON.stringify({ value: await (measure === 'stall' ? longestStall(call) : slowestEnd(call)) }));

/** @typedef {(signal?: AbortSignal) => Promise<unknown>} Call */

// The slowest of the ends when the call is aborted after one turn of the event loop, two turns, four, and so on.
async function slowestEnd(/** @type {Call} */ call) {
  let slowest = 0;
  for (let turns = 1; ; turns *= 2) {
    const controller = new AbortController();
    let ended = false;
    const end = call(controller.signal).then(
      () => true,
      (/** @type {Error} */ error) => {
        if (error.name !== 'AbortError') throw error;
        return false;
      },
    );
    end.finally(() => {
      ended = true;
    });
    for (let turn = 0; turn < turns && !ended; turn++) await sleep(1);
    const start = performance.now();
    controller.abort();
    if (await end) return slowest;
    slowest = Math.max(slowest, performance.now() - start);
  }
}

/** @returns {Call} */
function callOf(/** @type {string} */ name) {
  if (name.includes('parameters')) return networkCall(name);
  const { imputer, preprocessing, robustScaler, standardScaler } = blasnet;
  const random = new RandomState(1);
  const X = new Matrix(
    new Float32Array(rows * cols).map(() => random.random()),
    rows,
    cols,
  );
  const Y = new Matrix(
    new Float32Array(rows).map(() => Math.round(random.random())),
    rows,
    1,
  );
  const net = (/** @type {unknown[]} */ ...steps) =>
    new Network(
      [
        { inputDim: cols, outputDim: 16, activation: 'relu' },
        { outputDim: 1, activation: 'sigmoid' },
      ],
      {
        seed: 1,
        dtype: 'float32',
        ...(steps.length > 0 && { preprocessing: preprocessing(steps) }),
      },
    );
  const fit = (/** @type {any} */ network, options = {}) =>
    network.fit(X, Y, { epochs: 3, batchSize: 1024, ...options });
  const names = () => Array.from(Y.data, (label) => (label === 1 ? 'yes' : 'no'));
  const plain = () =>
    Array.from({ length: rows }, (_, row) => [...X.data.subarray(row * cols, (row + 1) * cols)]);

  /** @type {Record<string, () => Call>} */
  const calls = {
    'fit, shuffled': () => (signal) => fit(net(), { signal }),
    'fit with validationSplit': () => (signal) => fit(net(), { validationSplit: 0.1, signal }),
    'fit with validationSplit and stratify': () => (signal) =>
      fit(net(), { validationSplit: 0.1, stratify: true, signal }),
    'fit with sampleWeight and classWeight': () => {
      const sampleWeight = new Float32Array(rows).fill(0.5);
      return (signal) => fit(net(), { sampleWeight, classWeight: 'balanced', signal });
    },
    'fit with standardScaler': () => (signal) => fit(net(standardScaler()), { signal }),
    'fit with imputer(median) and robustScaler': () => (signal) =>
      fit(net(imputer({ strategy: 'median' }), robustScaler()), { signal }),
    'fit on plain arrays': () => {
      const [rowsOfX, labels] = [plain(), Array.from(Y.data)];
      return (signal) => net().fit(rowsOfX, labels, { epochs: 3, batchSize: 1024, signal });
    },
    'fit on names': () => {
      const labels = names();
      const network = new Network([{ inputDim: cols, outputDim: 1, activation: 'sigmoid' }], {
        dtype: 'float32',
        labels: blasnet.labelEncoder(),
      });
      return (signal) => network.fit(X, labels, { epochs: 3, batchSize: 1024, signal });
    },
    'LabelEncoder.fitAsync and oneHotAsync': () => {
      const labels = names();
      return async (signal) => {
        const encoder = await blasnet.labelEncoder().fitAsync(labels, { signal });
        return encoder.oneHotAsync(labels, { dtype: 'float32', signal });
      };
    },
    'predict on plain arrays': () => {
      const rowsOfX = plain();
      const network = net();
      return (signal) => network.predict(rowsOfX, { signal });
    },
    classify: () => {
      const labels = blasnet.labelEncoder().fit(['no', 'yes']);
      const network = new Network([{ inputDim: cols, outputDim: 1, activation: 'sigmoid' }], {
        dtype: 'float32',
        labels,
      });
      return (signal) => network.classify(X, { signal });
    },
    'evaluate with rocAuc': () => {
      const network = net();
      return (signal) => network.evaluate(X, Y, { metrics: ['rocAuc'], signal });
    },
    'predict with standardScaler': () => {
      const network = net(standardScaler());
      network.fitSync(X, Y, { epochs: 1, batchSize: 1024 });
      return (signal) => network.predict(X, { signal });
    },
    'Preprocessing.fitTransformAsync': () => (signal) =>
      preprocessing([imputer({ strategy: 'median' }), robustScaler()]).fitTransformAsync(X, { signal }),
    trainTestSplitAsync: () => (signal) => blasnet.trainTestSplitAsync(X, Y, { testSize: 0.25, signal }),
  };
  return /** @type {() => Call} */ (calls[name])();
}

// A network of 4472 x 4472 = 20 million parameters.
/** @returns {Call} */
function networkCall(/** @type {string} */ name) {
  const width = Math.round(Math.sqrt(rows * cols));
  const layers = [{ inputDim: width, outputDim: width, activation: 'relu' }];
  const options = { dtype: 'float32', seed: 1 };
  if (name.startsWith('making')) return (signal) => Network.create(layers, { ...options, signal });
  const net = new Network(layers, { ...options, initializer: 'zeros' });
  const path = join(folder, 'stall.safetensors');
  rmSync(path, { force: true });
  if (name.startsWith('saving')) return (signal) => net.save(path, { signal });
  net.saveSync(path);
  return (signal) => Network.load(path, { signal });
}
