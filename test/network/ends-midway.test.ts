// Work with rows that ends in the middle: at an abort, wherever it comes, and with its worker. Nothing is half changed.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import {
  imputer,
  labelEncoder,
  Matrix,
  metrics,
  Network,
  oneHotEncoder,
  preprocessing,
  robustScaler,
  trainTestSplitAsync,
} from '../../lib';
import { RandomState } from '../../lib/random/random-state';
import { newFolder } from '../support/scratch';
import { endedWell, inChild, type Library } from './child';
import { immediate, layers } from './helpers';

const rows = 60_000;

function samples() {
  const random = new RandomState(1);
  const X = Matrix.zeros(rows, 4);
  const names: string[] = [];
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < 3; col++) X.set(row, col, random.random() < 0.1 ? Number.NaN : random.random());
    X.set(row, 3, row % 5);
    names.push(row % 3 === 0 ? 'yes' : 'no');
  }
  return { X, names };
}

const { X, names } = samples();
const labels = Float64Array.from(names, (name) => (name === 'yes' ? 1 : 0));
const column = new Matrix(labels, rows, 1);
const outputs = labels.map((label, row) => (label + (row % 7)) / 8);
const weights = labels.map((_, row) => 1 + (row % 2));
const steps = () =>
  preprocessing([
    imputer({ strategy: 'median', columns: [0, 1, 2] }),
    oneHotEncoder({ columns: [3] }),
    robustScaler({ columns: [0, 1, 2] }),
  ]);
const fitted = steps().fit(X);
const transformed = fitted.transform(X);

function network(): Network {
  return new Network(
    [
      { inputDim: fitted.outputColumns, outputDim: 8, activation: 'relu' },
      { outputDim: 1, activation: 'sigmoid' },
    ],
    { seed: 3, preprocessing: steps(), labels: labelEncoder() },
  );
}

const fitOptions = {
  epochs: 2,
  batchSize: 512,
  validationSplit: 0.2,
  stratify: true,
  sampleWeight: weights,
  classWeight: 'balanced',
  metrics: ['rocAuc'],
} as const;

/** What a call works with. */
interface Subject {
  /** The call. Its result is compared with that of another subject. */
  run(signal?: AbortSignal): Promise<unknown>;
  /** What an abort leaves unchanged; undefined if it may have changed. */
  state(): unknown;
}

const trained = network();
const many = Array.from({ length: 200_000 }, (_, i) => `class ${(i * 7919) % 100_000}`);
const wide = layers([400, 900, 900, 1], 'relu', 'sigmoid');
trained.fitSync(X, names, { epochs: 1, batchSize: 512 });

const subjects: Record<string, () => Subject> = {
  fit() {
    const net = network();
    return {
      run: async (signal) => {
        const history = await net.fit(X, names, { ...fitOptions, ...(signal && { signal }) });
        return [history, net.parameters, net.preprocessing, net.labels];
      },
      // When the training has begun, its steps stay. Until then, there is no trace of it.
      state: () => [net.preprocessing?.fitted, net.labels?.fitted],
    };
  },
  evaluate: () => ({
    run: (signal) =>
      trained.evaluate(X, names, { metrics: ['rocAuc'], sampleWeight: weights, ...(signal && { signal }) }),
    state: () => trained.parameters,
  }),
  predict: () => ({
    run: (signal) => trained.predict(X, { ...(signal && { signal }) }),
    state: () => trained.parameters,
  }),
  classify: () => ({
    run: (signal) => trained.classify(X, { ...(signal && { signal }) }),
    state: () => trained.labels,
  }),
  'Preprocessing.fitAsync'() {
    const learning = steps().fit(
      Matrix.from([
        [1, 2, 3, 0],
        [2, 3, 4, 1],
      ]),
    );
    return {
      run: (signal) => learning.fitAsync(X, { ...(signal && { signal }) }).then((result) => result.toJSON()),
      state: () => learning.toJSON(),
    };
  },
  'Preprocessing.fitTransformAsync'() {
    const learning = steps();
    return {
      run: (signal) => learning.fitTransformAsync(X, { ...(signal && { signal }) }),
      state: () => learning.fitted,
    };
  },
  'Preprocessing.transformAsync': () => ({
    run: (signal) => fitted.transformAsync(X, { ...(signal && { signal }) }),
    state: () => fitted.toJSON(),
  }),
  'Preprocessing.inverseAsync': () => ({
    run: (signal) => fitted.inverseAsync(transformed, { ...(signal && { signal }) }),
    state: () => fitted.toJSON(),
  }),
  trainTestSplitAsync: () => ({
    run: (signal) => trainTestSplitAsync(X, column, { seed: 1, ...(signal && { signal }) }),
    state: () => undefined,
  }),
  'LabelEncoder.fitAsync'() {
    const encoder = labelEncoder();
    return {
      run: (signal) => encoder.fitAsync(many, { ...(signal && { signal }) }).then(({ classes }) => classes),
      state: () => encoder.fitted,
    };
  },
  'Network.create': () => ({
    run: (signal) =>
      Network.create(wide, { seed: 1, ...(signal && { signal }) }).then(({ parameters }) => parameters),
    state: () => undefined,
  }),
  save() {
    const [net, path] = [new Network(wide, { seed: 1 }), join(newFolder(), 'model')];
    trained.saveSync(path);
    return {
      run: (signal) => net.save(path, { ...(signal && { signal }) }).then(() => readFileSync(path)),
      state: () => [readdirSync(dirname(path)), readFileSync(path)],
    };
  },
  load() {
    const path = join(newFolder(), 'model');
    new Network(wide, { seed: 1 }).saveSync(path);
    return {
      run: (signal) => Network.load(path, { ...(signal && { signal }) }).then(({ parameters }) => parameters),
      state: () => readFileSync(path),
    };
  },
  'metrics.async.rocAuc': () => ({
    run: (signal) =>
      metrics.async.rocAuc(labels, outputs, { sampleWeight: weights, ...(signal && { signal }) }),
    state: () => undefined,
  }),
  'metrics.async.confusionMatrix': () => ({
    run: (signal) => metrics.async.confusionMatrix(labels, outputs, { ...(signal && { signal }) }),
    state: () => undefined,
  }),
};

/** Runs the call, and aborts it after some turns of the event loop. Returns whether it had ended before. */
async function endedBefore(subject: Subject, turns: number): Promise<boolean> {
  const controller = new AbortController();
  let settled = false;
  const call = subject.run(controller.signal).then(
    () => true,
    (error) => {
      expect(error).toMatchObject({ name: 'AbortError' });
      return false;
    },
  );
  call.finally(() => {
    settled = true;
  });
  for (let turn = 0; turn < turns && !settled; turn++) await immediate();
  controller.abort();
  return call;
}

it.each(Object.keys(subjects))(
  '%s leaves no trace of a call that an abort ends, wherever it comes',
  async (name) => {
    const make = subjects[name] as () => Subject;
    const expected = await make().run();
    let aborts = 0;
    for (let turns = 0; ; turns = Math.max(1, 2 * turns)) {
      const subject = make();
      const before = structuredClone(subject.state());
      if (await endedBefore(subject, turns)) break;
      aborts++;
      const after = structuredClone(subject.state());
      const trainingBegan = name === 'fit' && (after as boolean[])[0] === true;
      if (trainingBegan) expect(after).toEqual([true, true]);
      else {
        // Much faster than toEqual for large arrays.
        expect(isDeepStrictEqual(after, before)).toBe(true);
        expect(isDeepStrictEqual(await subject.run(), expected)).toBe(true);
      }
    }
    expect(aborts).toBeGreaterThan(0);
  },
);

/** A worker's program: repeats one kind of call without end. */
const program = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { Matrix, Network, imputer, labelEncoder, metrics, preprocessing, robustScaler, trainTestSplitAsync } =
    require(workerData.path);
  const rows = 100_000;
  const X = Matrix.zeros(rows, 4);
  for (let i = 0; i < X.data.length; i++) X.data[i] = (i * 7919) % 1000;
  const y = new Matrix(Float64Array.from({ length: rows }, (_, i) => i % 2), rows, 1);
  const names = Array.from(y.data, (label) => (label === 1 ? 'yes' : 'no'));
  const steps = () => preprocessing([imputer({ strategy: 'median' }), robustScaler()]);
  const layers = [{ inputDim: 4, outputDim: 1, activation: 'sigmoid' }];
  const network = () => new Network(layers, { seed: 1, preprocessing: steps(), labels: labelEncoder() });
  const options = { epochs: 1, validationSplit: 0.1, stratify: true, classWeight: 'balanced', metrics: ['rocAuc'] };
  const wide = [400, 900, 900, 1].slice(1).map((outputDim, i) => ({
    inputDim: [400, 900, 900][i], outputDim, activation: 'relu',
  }));
  const large = new Network(wide, { seed: 1 });
  if (workerData.name === 'load') large.saveSync(workerData.file);
  const trained = network();
  trained.fitSync(X.toArray().slice(0, 100), names.slice(0, 100), { epochs: 1 });
  const calls = {
    fit: () => network().fit(X, names, options),
    evaluate: () => trained.evaluate(X, names, { metrics: ['rocAuc'] }),
    classify: () => trained.classify(X),
    learning: () => steps().fitTransformAsync(X),
    split: () => trainTestSplitAsync(X, y),
    encoder: () => labelEncoder().fitAsync(names),
    create: () => Network.create(wide, { seed: 1 }),
    save: () => large.save(workerData.file),
    load: () => Network.load(workerData.file),
    metrics: () => Promise.all([metrics.async.rocAuc(y, y), metrics.async.confusionMatrix(y, y)]),
  };
  (async () => {
    for (let turn = 0; ; turn++) {
      const call = calls[workerData.name]();
      if (turn === workerData.turn) parentPort.postMessage('under way');
      await call;
    }
  })();
`;

const workerCalls = [
  'fit',
  'evaluate',
  'classify',
  'learning',
  'split',
  'encoder',
  'create',
  'save',
  'load',
  'metrics',
];
it.each(workerCalls)('a worker may be terminated in the middle of %s, and others go on', async (name) => {
  const ended = await inChild(
    async (path, { program, name, file }) => {
      const { Worker } = require('node:worker_threads');
      const { preprocessing, robustScaler }: Library = require(path);
      const codes = new Set();
      for (let turn = 0; turn < 3; turn++) {
        const worker = new Worker(program, { eval: true, workerData: { path, name, turn, file } });
        await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
        codes.add(await worker.terminate());
      }
      const Z = await preprocessing([robustScaler()]).fitTransformAsync([[1], [2], [3]]);
      console.log(JSON.stringify([...codes, Z.toArray()]));
    },
    { program, name, file: join(newFolder(), 'model') },
  );
  expect(ended).toEqual(endedWell('[1,[[-1],[0],[1]]]'));
});
