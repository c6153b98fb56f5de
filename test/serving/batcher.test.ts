// How a batcher waits, ends and counts.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Network, standardScaler } from '../../lib';
import { blasnetError } from '../../lib/base/errors';
import { type Served, served } from '../../lib/network/served-model';
import { servedNetwork } from '../../lib/network/served-network';
import { preprocessing } from '../../lib/preprocessing';
import {
  Batcher,
  type BatcherFigures,
  checkRecord,
  httpStatus,
  ModelSlot,
  type ServedModel,
} from '../../lib/serving';
import { Classifier } from '../../lib/tabular';

const net = new Network(
  [
    { inputDim: 2, outputDim: 5, activation: 'tanh' },
    { outputDim: 1, activation: 'sigmoid' },
  ],
  { seed: 1 },
);
const row = [0.5, -1];
const [answer] = net.predictSync([row, row]).toArray() as [number[]];

describe('a batcher', () => {
  test('lets a signal serve thousands of calls', async () => {
    const warnings: Error[] = [];
    const listener = (warning: Error) => void warnings.push(warning);
    process.on('warning', listener);
    const controller = new AbortController();
    const { signal } = controller;
    const batcher = new Batcher(net, { atOnce: 0 });
    const answers = await Promise.all(Array.from({ length: 3000 }, () => batcher.predict(row, { signal })));
    expect(new Set(answers.map(([first]) => first))).toEqual(new Set(answer));
    const calls = Array.from({ length: 3000 }, () =>
      batcher.predict(row, { signal }).catch((error) => error),
    );
    const other = batcher.predict(row);
    controller.abort('reason');
    const errors = await Promise.all(calls);
    expect(new Set(errors.map(({ code, cause }) => `${code} ${cause}`))).toEqual(
      new Set(['ABORT_ERR reason']),
    );
    expect([...(await other)]).toEqual(answer);
    await expect(batcher.predict(row, { signal })).rejects.toMatchObject({ code: 'ABORT_ERR' });
    expect(batcher.figures()).toMatchObject({ requests: 6002, answered: 3001, aborted: 3001, queued: 0 });
    await new Promise(setImmediate);
    process.off('warning', listener);
    expect(warnings).toEqual([]);
  });

  test('waits for a full batch if it has a delay, and no longer', async () => {
    const batcher = new Batcher(net, { atOnce: 0, maxDelay: 60_000, maxBatch: 3 });
    const calls = [1, 2, 3].map(() => batcher.predict(row));
    await Promise.all(calls);
    expect(batcher.figures()).toMatchObject({ batches: 1, rows: 3 });
    // The rest of a batch that the end of another one does not start.
    const last = batcher.predict(row);
    await new Promise(setImmediate);
    expect(batcher.figures()).toMatchObject({ batches: 1, queued: 1 });
    await batcher.close();
    expect([...(await last)]).toEqual(answer);
  });

  test('ends its wait by itself if it has a delay', async () => {
    const batcher = new Batcher(net, { atOnce: 0, maxDelay: 1 });
    await batcher.predict(row);
    const controller = new AbortController();
    const call = batcher.predict(row, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'ABORT_ERR' });
    await batcher.close();
    expect(batcher.figures()).toMatchObject({ batches: 1, answered: 1, aborted: 1, queued: 0 });
  });

  test('answers what waits when it is closed, and refuses what comes', async () => {
    const batcher = new Batcher(net, { atOnce: 0, maxBatch: 2 });
    const calls = Array.from({ length: 5 }, () => batcher.predict(row));
    const closed = batcher.close();
    await expect(batcher.predict(row)).rejects.toMatchObject({ code: 'ERR_BLASNET_CLOSED' });
    expect(batcher.close()).toBe(closed);
    await closed;
    expect(batcher.figures()).toMatchObject({ requests: 6, answered: 5, rejected: 1, queued: 0, running: 0 });
    for (const call of calls) expect([...(await call)]).toEqual(answer);
  });

  test.skipIf(Symbol.asyncDispose === undefined)('is closed by await using', async () => {
    const batcher = new Batcher(net, { atOnce: 0 });
    const call = batcher.predict(row);
    await batcher[Symbol.asyncDispose]();
    expect([...(await call)]).toEqual(answer);
    await expect(batcher.predict(row)).rejects.toMatchObject({ code: 'ERR_BLASNET_CLOSED' });
  });

  test('counts in cumulative histograms, at once and in batches', async () => {
    const batcher = new Batcher(net, { atOnce: 0, maxBatch: 6 });
    for (const size of [1, 2, 3, 6])
      await Promise.all(Array.from({ length: size }, () => batcher.predict(row)));
    const { batchSize, latencySeconds } = batcher.figures();
    expect(batchSize).toEqual({ bounds: [1, 2, 4, 6], counts: [1, 2, 3, 4], sum: 12, count: 4 });
    expect(latencySeconds.count).toBe(12);
    expect(latencySeconds.sum).toBeGreaterThan(0);
    expect([...latencySeconds.bounds].sort((a, b) => a - b)).toEqual(latencySeconds.bounds);
    expect([...latencySeconds.counts].sort((a, b) => a - b)).toEqual(latencySeconds.counts);
    const quick = new Batcher(net);
    await Promise.all([quick.predict(row), quick.predict(row)]);
    expect(quick.figures()).toMatchObject({ batches: 2, rows: 2, answered: 2, requests: 2 });
  });

  test('answers while its network trains, between the epochs', async () => {
    const own = net.clone();
    const X = Array.from({ length: 2000 }, (_, i) => [Math.sin(i), Math.cos(i)]);
    const Y = X.map(([a = 0]) => [a > 0 ? 1 : 0]);
    for (const atOnce of [0, 1e6]) {
      const batcher = new Batcher(own, { atOnce });
      const training = own.fit(X, Y, { epochs: 300, batchSize: 10 });
      const figures: BatcherFigures[] = [];
      for (let i = 0; i < 20; i++) {
        const [share = 0] = await batcher.predict(row);
        expect(share).toBeGreaterThan(0);
        figures.push(batcher.figures());
        await new Promise(setImmediate);
      }
      expect(figures.at(-1)).toMatchObject({ answered: 20, failed: 0 });
      await training;
      expect([...(await batcher.predict(row))]).toEqual([...own.predictSync([row, row]).row(0)]);
    }
  });

  test.each([0, 1e6])(
    'answers from shared memory by what was published last (atOnce: %i)',
    async (atOnce) => {
      const own = net.clone();
      const attached = Network.attach(own.share());
      const batcher = new Batcher(attached, { atOnce });
      expect([...(await batcher.predict(row))]).toEqual(answer);
      own.parameters.b2?.data.fill(1);
      expect([...(await batcher.predict(row))]).toEqual(answer);
      expect(await own.publish()).toBe(2);
      const [first] = own.predictSync([row, row]).toArray();
      expect(first).not.toEqual(answer);
      expect([...(await batcher.predict(row))]).toEqual(first);
    },
  );

  test('gives the error of a batch that fails to its callers alone', async () => {
    const real = servedNetwork(net);
    let runs = 0;
    // Memory that the system does not give, for one batch.
    const model = {
      [served]: (): Served => ({
        ...real,
        door(rules) {
          const door = real.door(rules);
          return {
            take: (each) => door.take(each),
            batch(rows) {
              const batch = door.batch(rows);
              const run = batch.run.bind(batch);
              const memory = blasnetError('ERR_BLASNET_MEMORY', 'There is not enough memory');
              batch.run = (...given) => (++runs === 1 ? Promise.reject(memory) : run(...given));
              return batch;
            },
          };
        },
      }),
    };
    const batcher = new Batcher(model as never as ServedModel, { atOnce: 0, maxBatch: 2 });
    const calls = await Promise.allSettled([1, 2, 3].map(() => batcher.predict(row)));
    expect(calls.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    const { reason } = calls[0] as PromiseRejectedResult;
    expect([reason.code, httpStatus(reason)]).toEqual(['ERR_BLASNET_MEMORY', 500]);
    expect(batcher.figures()).toMatchObject({ answered: 1, failed: 2, batches: 2, queued: 0, running: 0 });
    expect([...((await batcher.predict(row)) as Float64Array)]).toEqual(answer);
  });

  test('refuses bad options, and probabilities of what has none', async () => {
    const made = (options: object) => () => new Batcher(net, options);
    expect(made({ maxBatch: 0 })).toThrow(
      'Expected maxBatch to be an integer from 1 to 65536, got 0 (number)',
    );
    expect(made({ maxDelay: -1 })).toThrow(
      'Expected maxDelay to be a number from 0 to 60000, got -1 (number)',
    );
    expect(made({ maxQueu: 1 })).toThrow('Unknown option "maxQueu"; did you mean "maxQueue"?');
    expect(made({ input: { missing: 'ignore' } })).toThrow(
      "Expected input.missing to be one of 'reject', 'accept'",
    );
    expect(made({ input: { nan: 'reject' } })).toThrow('Unknown option "nan" in input');
    expect(made({ input: null })).toThrow('Expected input to be an object, got null');
    expect(() => new Batcher({} as never)).toThrow(
      'Expected source to be a Network, a Classifier or a Regressor',
    );
    const batcher = new Batcher(net);
    await expect(batcher.probabilities(row)).rejects.toMatchObject({
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected the model to be a Classifier for probabilities, got a Network',
    });
    await expect(batcher.predict(row, { signl: 1 } as never)).rejects.toMatchObject({
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
    });
    const unfitted = new Network([{ inputDim: 2, outputDim: 1, activation: 'linear' }], {
      preprocessing: preprocessing([standardScaler()]),
    });
    expect(() => new Batcher(unfitted)).toThrow(expect.objectContaining({ code: 'ERR_BLASNET_NOT_FITTED' }));
  });
});

describe('the bundle', () => {
  const dist = join(__dirname, '../../dist');
  test('serves models of another copy of the library, and they serve its networks', async () => {
    const built: typeof import('../../lib/serving') = require(join(dist, 'serving.js'));
    const index: typeof import('../../lib') = require(join(dist, 'index.js'));
    const tables: typeof import('../../lib/tabular') = require(join(dist, 'tables.js'));
    const records = Array.from({ length: 40 }, (_, i) => ({ x: i, y: i > 20 }));
    const options = { target: 'y', hidden: [3], epochs: 1, seed: 1 } as const;
    const foreign = await tables.Classifier.train(records, options);
    const own = await Classifier.train(records, options);
    expect(await new Batcher(foreign, { atOnce: 0 }).predict({ x: 3 })).toBe(own.predict({ x: 3 }));
    expect(await new built.Batcher(own, { atOnce: 0 }).predict({ x: 3 })).toBe(own.predict({ x: 3 }));
    const layers = net.architecture;
    const copy = new index.Network(layers, { seed: 1 });
    expect([...(await new Batcher(copy, { atOnce: 0 }).predict(row))]).toEqual(answer);
    expect(await new built.ModelSlot(net).swap(net.clone())).toBe(2);
    checkRecord(copy, row);
  });

  test('is loaded without tables', () => {
    const code = `
      require(${JSON.stringify(join(dist, 'serving.js'))});
      console.log(Object.keys(require.cache).map((file) => require('path').basename(file)).join());`;
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' });
    expect(stdout.trim().split(','), stderr).toEqual(expect.arrayContaining(['serving.js', 'index.js']));
    expect(stdout).not.toMatch(/tables|interop/);
  });
});

test('a slot knows its batchers until they are closed, and gets them ready for the next model', async () => {
  const slot = new ModelSlot(net);
  const batcher = new Batcher(slot, { atOnce: 0, maxBatch: 4 });
  expect(await slot.swap(net.clone())).toBe(2);
  expect([...(await batcher.predict(row))]).toEqual(answer);
  await batcher.close();
  expect(await slot.swap(net.clone())).toBe(3);
  expect(batcher.figures()).toMatchObject({ batches: 1, rows: 1 });
});
