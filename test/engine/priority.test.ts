// The option `priority`: which threads compute, and that results are equal to the last bit.

import { afterEach, describe, expect, it } from 'vitest';
import { getThreads, setThreads } from '../../lib/addon/threads';
import type { AsyncOptions, Priority } from '../../lib/addon/work';
import type { Matrix } from '../../lib/base/matrix';
import { trainTestSplitAsync } from '../../lib/datasets/index';
import { metrics } from '../../lib/metrics/index';
import { Network } from '../../lib/network/network';
import { adam } from '../../lib/optimizers/optimizers';
import { preprocessing, standardScaler } from '../../lib/preprocessing/index';
import { Classifier, crossValidate, search } from '../../lib/tabular/index';
import { choice } from '../../lib/tabular/space';
import type { FitOptions } from '../../lib/training/options';
import { bits } from '../native/helpers';
import { inChild, type Library } from '../network/child';
import { layers, randomLabels, randomMatrix, snapshot } from '../network/helpers';
import { itRejects, rejectionOf } from '../support/bad-input';

const processors = getThreads();
afterEach(() => setThreads(processors));

const rows = 300;
const X = randomMatrix(rows, 40, 1, 'float32');
const Y = randomLabels(rows, 1, 2, 'float32');

const newNetwork = () =>
  new Network(layers([40, 100, 1], 'relu', 'sigmoid'), {
    ...{ seed: 1, dtype: 'float32', preprocessing: preprocessing([standardScaler()]) },
  });

/** Trains and predicts, and returns the bits of all results. */
async function results(how: { readonly threads: number; readonly priority?: Priority }) {
  const net = newNetwork();
  const options = {
    ...{ epochs: 2, batchSize: 150, optimizer: adam(), validationSplit: 0.2 },
    ...{ metrics: ['rocAuc'] },
    ...how,
  } as const satisfies FitOptions;
  const history = await net.fit(X, Y, options);
  const part = await net.partialFit(X, Y, { batchSize: 150, ...how });
  const copy = await net.cloneAsync(how);
  const predicted = await copy.predict(X, how);
  return {
    ...{ loss: history.loss, valLoss: history.valLoss, valRocAuc: history.valRocAuc, part },
    ...{ parameters: bits(Float32Array.from(snapshot(net))), predicted: bits(predicted.data) },
    ...{ evaluation: await net.evaluate(X, Y, { metrics: ['f1'], ...how }) },
    bytes: Buffer.from(await net.toBytes(how)).toString('base64'),
  };
}

describe('the results', () => {
  it.each([1, 2, 3])('both priorities give equal bits on %i threads', async (threads) => {
    setThreads(4);
    expect(await results({ threads, priority: 'low' })).toEqual(await results({ threads }));
  });

  it('stay what they are while trainings of both priorities run at one time', async () => {
    setThreads(3);
    const alone = await results({ threads: 3 });
    const both = await Promise.all([
      results({ threads: 3, priority: 'low' }),
      results({ threads: 3 }),
      results({ threads: 2, priority: 'low' }),
    ]);
    for (const each of both) expect(each).toEqual(alone);
  });

  it('stay what they are in models of tables, in cross-validations and searches', async () => {
    const table = Array.from({ length: 60 }, (_, i) => ({
      x: i,
      city: i % 3 ? 'Paris' : 'Rome',
      buys: i > 30,
    }));
    const own = { target: 'buys', seed: 1, hidden: [8], epochs: 3, optimizer: adam() } as const;
    const all = async (how: { readonly priority?: Priority }) => {
      const model = await Classifier.train(table, { ...own, ...how });
      const best = await Classifier.train(table, { target: 'buys', preset: 'fast', seed: 1, ...how });
      const folds = await crossValidate(Classifier, table, { ...own, folds: 3, ...how });
      const space = { hidden: choice([[4], [8]]), epochs: 2 };
      const found = await search(Classifier, table, {
        target: 'buys',
        space,
        trials: 2,
        folds: 2,
        seed: 1,
        ...how,
      });
      return {
        models: [model, best].map(({ network }) => bits(Float32Array.from(snapshot(network)))),
        scores: [folds.scores, found.trials.map(({ scores }) => scores)],
      };
    };
    expect(await all({ priority: 'low' })).toEqual(await all({}));
  });
});

describe('a bad priority', () => {
  const net = newNetwork();
  const high = { priority: 'high' } as unknown as AsyncOptions;
  const calls: Record<string, () => Promise<unknown>> = {
    fit: () => net.fit(X, Y, { epochs: 1, ...high }),
    partialFit: () => net.partialFit(X, Y, { ...high }),
    predict: () => net.predict(X, high),
    evaluate: () => net.evaluate(X, Y, high),
    cloneAsync: () => net.cloneAsync(high),
    toBytes: () => net.toBytes(high),
    create: () => Network.create([{ inputDim: 1, outputDim: 1, activation: 'linear' }], high),
    fromBytes: () => Network.fromBytes(new Uint8Array(8), high),
    'a metric': () => metrics.async.rocAuc(Y, Y, high),
    'a pipeline': () => preprocessing([standardScaler()]).fitAsync(X, high),
    'a split': () => trainTestSplitAsync(X as Matrix, Y, high),
    'a model of a table': () => Classifier.train([{ x: 1, y: 'a' }], { target: 'y', ...high }),
  };

  it.each(Object.entries(calls))('is refused by %s', async (_, call) => {
    expect(await rejectionOf((async () => call())())).toMatchObject({
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Expected priority to be one of 'normal', 'low', got "high" (string)`,
    });
  });

  const low = { priority: 'low' } as object;
  itRejects([
    {
      what: 'any priority in fitSync, which waits',
      call: () => net.fitSync(X, Y, { epochs: 1, ...low }),
      ...{ error: TypeError, code: 'ERR_BLASNET_UNKNOWN_OPTION' },
      message: expect.stringMatching(/^Unknown option "priority"; known: (?!.*priority)/),
    },
    {
      what: 'any priority in trainOnBatch',
      call: () => net.trainOnBatch(X, Y, low),
      ...{ error: TypeError, code: 'ERR_BLASNET_UNKNOWN_OPTION' },
      message:
        'Unknown option "priority"; known: optimizer, loss, sampleWeight, classWeight, clipValue, clipNorm, threads',
    },
    {
      what: 'any priority in evaluateSync',
      call: () => net.evaluateSync(X, Y, low),
      ...{ error: TypeError, code: 'ERR_BLASNET_UNKNOWN_OPTION' },
      message: 'Unknown option "priority"; known: loss, metrics, sampleWeight',
    },
  ]);
});

describe.runIf(process.platform === 'linux')('the threads that compute', () => {
  // How long a thread has computed, in nanoseconds, is in /proc/self/task/*/schedstat. Only shares are compared: a
  // thread that computes nothing also takes some time, to start and to wait, and a sanitizer makes that time long.
  const used = async (priority: Priority) => {
    const ended = await inChild(async (path, own) => {
      const { readdirSync, readFileSync } = require('node:fs');
      const { adam, Matrix, Network, preprocessing, setThreads, standardScaler }: Library = require(path);
      const threads = () =>
        new Map<string, { nice: number; spent: number }>(
          readdirSync('/proc/self/task').flatMap((id: string) => {
            try {
              const stat: string = readFileSync(`/proc/self/task/${id}/stat`, 'utf8');
              const [spent] = readFileSync(`/proc/self/task/${id}/schedstat`, 'utf8').split(' ');
              const nice = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
              return [[id, { nice, spent: Number(spent) }]];
            } catch (error) {
              // It has ended since the folder was read.
              if (['ENOENT', 'ESRCH'].includes((error as { code: string }).code)) return [];
              throw error;
            }
          }),
        );
      setThreads(3);
      const rows = 1000;
      const X = Matrix.zeros(rows, 100, 'float32');
      for (let i = 0; i < X.data.length; i++) X.data[i] = Math.sin(i);
      const Y = Matrix.zeros(rows, 1, 'float32');
      for (let i = 0; i < rows; i++) Y.data[i] = i % 2;
      const net = new Network(
        [
          { inputDim: 100, outputDim: 200, activation: 'relu' },
          { outputDim: 1, activation: 'sigmoid' },
        ],
        { seed: 1, dtype: 'float32', preprocessing: preprocessing([standardScaler()]) },
      );
      const before = threads();
      // The times of the threads that are new, by their priority.
      const ofNew = () => {
        const times: { low: number[]; normal: number[] } = { low: [], normal: [] };
        for (const [id, { nice, spent }] of threads()) {
          if (!before.has(id)) times[nice === 19 ? 'low' : 'normal'].push(spent);
        }
        return times;
      };
      const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
      // Until two threads have computed for 50 milliseconds each.
      for await (const _ of net.epochs(X, Y, {
        ...{ epochs: 1_000_000, batchSize: 500, optimizer: adam(), validationSplit: 0.2 },
        ...{ metrics: ['rocAuc'], threads: 2, priority: own },
      })) {
        const { low, normal } = ofNew();
        if ([...low, ...normal].filter((spent) => spent >= 5e7).length >= 2) break;
      }
      const trained = ofNew();
      // Predictions of normal priority, until they have taken 100 milliseconds.
      for (const end = sum(ofNew().normal) + 1e8; sum(ofNew().normal) < end; ) {
        await net.predict(X, { threads: 2 });
      }
      const predicted = ofNew();
      console.log(
        JSON.stringify({
          low: trained.low.length,
          shareOfLow: sum(trained.low) / (sum(trained.low) + sum(trained.normal)),
          lowBesidePredictions: (sum(predicted.low) - sum(trained.low)) / 1e8,
          main: threads().get(String(process.pid))?.nice,
          old: [...before.keys()].map((id) => threads().get(id)?.nice ?? 0),
        }),
      );
    }, priority);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    return JSON.parse(ended.stdout) as {
      readonly old: number[];
    } & Record<'low' | 'main' | 'shareOfLow' | 'lowBesidePredictions', number>;
  };

  it('have the lowest priority in a training of low priority, and no other threads have it', async () => {
    const { low, shareOfLow, lowBesidePredictions, main, old } = await used('low');
    expect(shareOfLow).toBeGreaterThan(0.75);
    expect(low).toBeGreaterThanOrEqual(2);
    expect(main).toBe(0);
    expect(new Set(old)).toEqual(new Set([0]));
    // These threads sleep: they may wake to see that nothing is to be done.
    expect(lowBesidePredictions).toBeLessThan(0.25);
  });

  it('have the priority of the process otherwise', async () => {
    const { low, shareOfLow, main } = await used('normal');
    expect({ low, shareOfLow, main }).toEqual({ low: 0, shareOfLow: 0, main: 0 });
  });
});

// Trains at low priority, without an end, and calls `begun` after each epoch.
const training = `
  const { Matrix, Network } = require(path);
  const X = Matrix.zeros(1000, 50, 'float32');
  const Y = Matrix.zeros(1000, 1, 'float32');
  const net = new Network([{ inputDim: 50, outputDim: 100, activation: 'relu' }, { outputDim: 1, activation: 'sigmoid' }]);
  net.fit(X, Y, { epochs: 1e9, threads: 2, priority: 'low', callbacks: begun });`;

describe('a training of low priority', () => {
  it('ends with its process, whose exit code stays', async () => {
    const ended = await inChild((path, body) => {
      new Function('require', 'path', 'begun', body)(require, path, () =>
        setImmediate(() => process.exit(7)),
      );
    }, training);
    expect(ended).toEqual({ code: 7, signal: null, stdout: '', stderr: '' });
  });

  it('ends with its worker', async () => {
    const ended = await inChild(async (path, body) => {
      const { Worker } = require('node:worker_threads');
      const program = `const { parentPort, workerData: path } = require('node:worker_threads');
        const begun = () => void parentPort.postMessage('');
        ${body}`;
      for (let i = 0; i < 3; i++) {
        const worker = new Worker(program, { eval: true, workerData: path });
        await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
        await worker.terminate();
      }
    }, training);
    expect(ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  });
});
