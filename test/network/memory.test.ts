// Training leaks no memory per batch or per network. The tests measure in a new process that can run the garbage
// collector; the bounds are far from both the noise and the size of a leak.

import { expect, it } from 'vitest';
import { inChild, type Library } from './child';

const MiB = 2 ** 20;
const withCollector = { flags: ['--expose-gc'] };

// The growth is the mean of several runs. When Node begins a page of young objects, it counts all 0.25 MiB as used, and
// the engine compiles code once: in a single run either would look like a leak.
const runs = 8;

/** Growth per run, except rss. */
interface Growth {
  readonly heapUsed: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly rss: number;
}

it.each(['fitSync', 'fit', 'evaluateSync', 'evaluate', 'gradients'] as const)(
  '%s takes no memory by the sample',
  async (method) => {
    const { stdout, stderr } = await inChild(
      async (path, { method, runs }) => {
        const { Network, Matrix }: Library = require(path);
        const collect = globalThis.gc as () => void;
        const sizes = [2, 25, 50, 50, 25, 1];
        const net = new Network(
          sizes.slice(1).map((outputDim, i) => ({
            inputDim: sizes[i] as number,
            outputDim,
            activation: i === 4 ? ('sigmoid' as const) : ('relu' as const),
          })),
          { seed: 1 },
        );
        const growth: Record<number, Growth> = {};
        for (const rows of [1000, 100_000]) {
          const X = Matrix.zeros(rows, 2);
          const Y = Matrix.zeros(rows, 1);
          X.data.fill(0.5);
          Y.data.fill(1);
          const run = () => {
            const options = { epochs: 1, batchSize: 'full' } as const;
            if (method === 'fit' || method === 'fitSync') return net[method](X, Y, options);
            return net[method](X, Y);
          };
          if (rows === 1000) for (let i = 0; i < 20; i++) await run();
          await new Promise((resolve) => setImmediate(resolve));
          collect();
          const before = process.memoryUsage();
          for (let i = 0; i < runs; i++) await run();
          const after = process.memoryUsage();
          growth[rows] = {
            heapUsed: (after.heapUsed - before.heapUsed) / runs,
            external: (after.external - before.external) / runs,
            arrayBuffers: (after.arrayBuffers - before.arrayBuffers) / runs,
            rss: after.rss - before.rss,
          };
        }
        console.log(JSON.stringify(growth));
      },
      { method, runs },
      withCollector,
    );
    expect(stderr).toBe('');
    const growth: Record<string, Growth> = JSON.parse(stdout);
    for (const rows of ['1000', '100000']) {
      const { heapUsed, external, arrayBuffers, rss } = growth[rows] as Growth;
      // One number per sample would take 0.8 MB; the activations of all layers take 120 MB.
      expect(heapUsed).toBeLessThan(0.25 * MiB);
      expect(external).toBeLessThan(0.25 * MiB);
      expect(arrayBuffers).toBeLessThan(0.25 * MiB);
      expect(rss).toBeLessThan(16 * MiB);
    }
  },
);

it.each([
  { what: 'shuffled mini-batches', batchSize: 32, bytes: 4 },
  { what: 'mini-batches in order', batchSize: 32, bytes: 0 },
])('$what take $bytes bytes a sample for their order', async ({ batchSize, bytes }) => {
  const { stdout, stderr } = await inChild(
    async (path, { batchSize, shuffle, runs }) => {
      const { Network, Matrix }: Library = require(path);
      const collect = globalThis.gc as () => void;
      const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], { seed: 1 });
      const [X, Y] = [Matrix.zeros(100_000, 2), Matrix.zeros(100_000, 1)];
      const options = { epochs: 3, batchSize, shuffle };
      for (let i = 0; i < 20; i++) net.fitSync(X.data.subarray(0, 2000), Y.data.subarray(0, 1000), options);
      let buffers = 0; // the largest use of a run
      for (let i = 0; i < 3; i++) {
        collect();
        const before = process.memoryUsage();
        net.fitSync(X, Y, options);
        buffers = Math.max(buffers, process.memoryUsage().arrayBuffers - before.arrayBuffers);
      }
      collect();
      const before = process.memoryUsage();
      for (let i = 0; i < runs; i++) net.fitSync(X, Y, options);
      const heap = (process.memoryUsage().heapUsed - before.heapUsed) / runs;
      console.log(JSON.stringify([heap, buffers]));
    },
    { batchSize, shuffle: bytes > 0, runs },
    withCollector,
  );
  expect(stderr).toBe('');
  const [heap = Number.NaN, buffers = Number.NaN] = JSON.parse(stdout);
  expect(heap).toBeLessThan(0.25 * MiB);
  // At most two orders: those of the first call, and of twice its number of epochs.
  expect(buffers).toBeLessThanOrEqual(3 * bytes * 100_000 + 0.25 * MiB);
});

it('networks that are trained and dropped are freed', async () => {
  const { stdout, stderr } = await inChild(
    async (path) => {
      const { Network }: Library = require(path);
      const X = new Float64Array(1000).fill(0.5);
      const Y = new Float64Array(500);
      const some = async (count: number) => {
        for (let i = 0; i < count; i++) {
          const net = new Network(
            [
              { inputDim: 2, outputDim: 200, activation: 'relu' },
              { inputDim: 200, outputDim: 1, activation: 'sigmoid' },
            ],
            { seed: 1 },
          );
          const options = { epochs: 1, batchSize: 'full' } as const;
          await Promise.all([net.fit(X, Y, options), net.predict(X), net.evaluate(X, Y)]);
          net.fitSync(X, Y, options);
          if (i % 25 === 24) {
            (globalThis.gc as () => void)();
            await new Promise((resolve) => setImmediate(resolve));
          }
        }
        return process.memoryUsage().rss;
      };
      const before = await some(100);
      console.log((await some(400)) - before);
    },
    undefined,
    withCollector,
  );
  expect(stderr).toBe('');
  // A network's two workspaces are 1.5 MB.
  expect(Number(stdout)).toBeLessThan(100 * MiB);
});

it('another loss for every call takes no new workspace', async () => {
  const { stdout, stderr } = await inChild((path) => {
    const { Network }: Library = require(path);
    const X = new Float64Array(1000).fill(0.5);
    const Y = new Float64Array(500);
    const net = new Network(
      [
        { inputDim: 2, outputDim: 200, activation: 'relu' },
        { inputDim: 200, outputDim: 1, activation: 'sigmoid' },
      ],
      { seed: 1 },
    );
    // The event loop does not turn, since Node would then free the dropped memory.
    const rounds = (count: number) => {
      for (let i = 0; i < count; i++) {
        net.fitSync(X, Y, { epochs: 1, batchSize: 'full' });
        net.evaluateSync(X, Y, { loss: 'meanSquaredError' });
      }
      return process.memoryUsage().rss;
    };
    const before = rounds(10);
    console.log(rounds(200) - before);
  }, undefined);
  expect(stderr).toBe('');
  expect(Number(stdout)).toBeLessThan(100 * MiB);
});

it('the collector may run during operations whose arrays and networks nothing else holds', async () => {
  const { stdout, stderr, code } = await inChild(
    async (path) => {
      const { Network }: Library = require(path);
      const collect = globalThis.gc as () => void;
      const make = () =>
        new Network(
          [
            { inputDim: 2, outputDim: 16, activation: 'tanh' },
            { inputDim: 16, outputDim: 1, activation: 'sigmoid' },
          ],
          { seed: 1 },
        );
      // Ordinary buffers, which the collector frees.
      const inputs = () => new Float64Array(20_000).map((_, i) => Math.sin(i));
      const labels = () => new Float64Array(10_000).map((_, i) => i % 2);
      const expected = make();
      const { loss } = expected.fitSync(inputs(), labels(), { epochs: 3 });
      const [prediction] = make().predictSync(inputs()).data;

      const found = [];
      for (let round = 0; round < 6; round++) {
        const pending = Promise.all([
          make().fit(inputs(), labels(), { epochs: 3 }),
          make().predict(inputs()),
          make().evaluate(inputs(), labels()),
          make().epochs(inputs(), labels(), { epochs: 3 }).next(),
        ]);
        for (let turn = 0; turn < 8; turn++) {
          collect();
          new Float64Array(40_000).fill(Number.NaN); // overwrites memory that may have been freed
          await new Promise((resolve) => setImmediate(resolve));
        }
        const [history, predictions, evaluation, epoch] = await pending;
        found.push([
          JSON.stringify(history.loss) === JSON.stringify(loss),
          predictions.data[0] === prediction,
          evaluation.loss === make().evaluateSync(inputs(), labels()).loss,
          epoch.value?.loss === loss[0],
        ]);
      }
      console.log(found.flat().every(Boolean), found.flat().length);
    },
    undefined,
    withCollector,
  );
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'true 24\n', stderr: '' });
});

it('the workspaces of networks dropped in code that never yields do not pile up', async () => {
  const { stdout, stderr } = await inChild(async (path) => {
    const { Network, Matrix, adam }: Library = require(path);
    const [X, Y] = [Matrix.zeros(2048, 40), Matrix.zeros(2048, 1)];
    X.data.forEach((_, i) => {
      X.data[i] = Math.sin(i);
    });
    const rss: number[] = [];
    for (let i = 0; i < 60; i++) {
      const net = new Network(
        [
          { inputDim: 40, outputDim: 500, activation: 'relu' },
          { outputDim: 1, activation: 'sigmoid' },
        ],
        { seed: 1 },
      );
      net.fitSync(X, Y, { epochs: 1, batchSize: 256, optimizer: adam() });
      net.evaluateSync(X, Y);
      rss.push(process.memoryUsage().rss);
    }
    console.log(JSON.stringify(rss));
  }, {});
  expect(stderr).toBe('');
  const rss: number[] = JSON.parse(stdout);
  // Each network has a workspace of 3.5 MiB, and 0.5 MiB of parameters and moments until the collector runs.
  expect((rss[59] as number) - (rss[9] as number)).toBeLessThan(60 * MiB);
});
