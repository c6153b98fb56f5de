// The longest time for which a call keeps the event loop from turning.
//
//   node stall.mjs '{"what": "fit, shuffled", "rows": 2000000}'
//
// prints { value }, in milliseconds.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { blasnet, Matrix, Network, RandomState } from '../rivals/library.mjs';

const cols = 10;
const { what, rows, folder } = JSON.parse(process.argv[2] ?? '');
console.log(JSON.stringify({ value: await longestStall(callOf(what)) }));

// A timer of its own, which goes on after the call, sees every stall.
async function longestStall(/** @type {() => Promise<unknown>} */ call) {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  await sleep(20);
  longest = 0;
  await call();
  await sleep(20);
  clearInterval(timer);
  return longest;
}

/** @returns {() => Promise<unknown>} */
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

  /** @type {Record<string, () => () => Promise<unknown>>} */
  const calls = {
    'fit, shuffled': () => () => fit(net()),
    'fit with validationSplit': () => () => fit(net(), { validationSplit: 0.1 }),
    'fit with validationSplit and stratify': () => () => fit(net(), { validationSplit: 0.1, stratify: true }),
    'fit with sampleWeight and classWeight': () => {
      const sampleWeight = new Float32Array(rows).fill(0.5);
      return () => fit(net(), { sampleWeight, classWeight: 'balanced' });
    },
    'fit with standardScaler': () => () => fit(net(standardScaler())),
    'fit with imputer(median) and robustScaler': () => () =>
      fit(net(imputer({ strategy: 'median' }), robustScaler())),
    'fit on plain arrays': () => {
      const [rowsOfX, labels] = [plain(), Array.from(Y.data)];
      return () => net().fit(rowsOfX, labels, { epochs: 3, batchSize: 1024 });
    },
    'fit on names': () => {
      const labels = names();
      const network = new Network([{ inputDim: cols, outputDim: 1, activation: 'sigmoid' }], {
        dtype: 'float32',
        labels: blasnet.labelEncoder(),
      });
      return () => network.fit(X, labels, { epochs: 3, batchSize: 1024 });
    },
    'evaluate with rocAuc': () => {
      const network = net();
      return () => network.evaluate(X, Y, { metrics: ['rocAuc'] });
    },
    'predict with standardScaler': () => {
      const network = net(standardScaler());
      network.fitSync(X, Y, { epochs: 1, batchSize: 1024 });
      return () => network.predict(X);
    },
    'Preprocessing.fitTransformAsync': () => () =>
      preprocessing([imputer({ strategy: 'median' }), robustScaler()]).fitTransformAsync(X),
    trainTestSplitAsync: () => () => blasnet.trainTestSplitAsync(X, Y, { testSize: 0.25 }),
  };
  return /** @type {() => () => Promise<unknown>} */ (calls[name])();
}

// A network of 4472 x 4472 = 20 million parameters.
/** @returns {() => Promise<unknown>} */
function networkCall(/** @type {string} */ name) {
  const width = Math.round(Math.sqrt(rows * cols));
  const layers = [{ inputDim: width, outputDim: width, activation: 'relu' }];
  const options = { dtype: 'float32', seed: 1 };
  if (name.startsWith('making')) return () => Network.create(layers, options);
  const net = new Network(layers, { ...options, initializer: 'zeros' });
  const path = join(folder, 'stall.safetensors');
  rmSync(path, { force: true });
  if (name.startsWith('saving')) return () => net.save(path);
  net.saveSync(path);
  return () => Network.load(path);
}
