// Sources whose chunks are parts of mapped files: memory holds no more of the file than the chunk that is read.

import { readFileSync, truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Matrix, Network } from '../../lib/index';
import { npyFile, waves } from './npy';

const layers = [
  { inputDim: 2, outputDim: 3, activation: 'tanh' as const },
  { outputDim: 1, activation: 'linear' },
];
const newNet = () => new Network(layers, { seed: 1 });
const [rows, chunkRows] = [200_000, 20_000];

/** Chunks that are views of X and Y. */
function* partsOf(X: Matrix, Y: Matrix) {
  for (let from = 0; from < X.rows; from += chunkRows) {
    const to = Math.min(X.rows, from + chunkRows);
    yield {
      X: new Matrix(X.data.subarray(X.cols * from, X.cols * to), to - from, X.cols),
      Y: Y.data.subarray(from, to),
    };
  }
}

/** The kibibytes of a mapped file that the process has in memory. */
function residentOf(path: string): number {
  const maps = readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const kibibytes = maps
    .filter((map) => map.split('\n', 1)[0]?.endsWith(path))
    .map((map) => Number(/^Rss:\s+(\d+) kB$/m.exec(map)?.[1]));
  expect(kibibytes.length).toBeGreaterThan(0);
  return kibibytes.reduce((sum, each) => sum + each, 0);
}

// What memory holds is read from /proc.
describe.skipIf(process.platform !== 'linux')('a source on mapped files', () => {
  it.each(['fit', 'evaluate', 'predict'] as const)(
    'leaves no page of them in memory after %s, but those that were written',
    async (call) => {
      const paths = [
        npyFile({ shape: [rows, 2] }, waves(2 * rows)),
        npyFile({ shape: [rows] }, waves(rows), 'y.npy'),
      ] as const;
      const X = await Matrix.map(paths[0], { dtype: 'float64' });
      const Y = await Matrix.map(paths[1]);
      X.set(rows / 2, 1, -7);
      const net = newNet();
      // It reads all pages.
      expect(X.data.reduce((sum, x) => sum + x)).not.toBe(0);
      const before = residentOf(paths[0]);
      const source = () => partsOf(X, Y);
      if (call === 'fit') await net.fit(source, { epochs: 1, batchSize: 1000 });
      else if (call === 'evaluate') await net.evaluate(source);
      else for await (const _ of net.predict(source));
      const after = paths.map(residentOf);
      expect(before).toBeGreaterThan((16 * rows) / 1024);
      // A page has 4 to 64 kibibytes, by the system.
      expect(after[0]).toBeGreaterThan(0);
      expect(after[0]).toBeLessThanOrEqual(64);
      if (call !== 'predict') expect(after[1]).toBe(0);
      expect(X.get(rows / 2, 1)).toBe(-7);
      const expected = waves(2 * rows);
      expected[rows + 1] = -7;
      expect(Buffer.compare(Buffer.from(X.data.buffer), Buffer.from(expected.buffer))).toBe(0);
    },
  );
});

// Windows lets nobody shorten a file that is mapped.
it.skipIf(process.platform === 'win32')(
  'a training from chunks of a file that becomes shorter ends with an error that names it, and with whole steps',
  async () => {
    const options = { epochs: 1, batchSize: 1000, windowRows: 10_000, shuffle: false } as const;
    const path = npyFile({ shape: [rows, 2] }, waves(2 * rows));
    const X = await Matrix.map(path);
    const Y = new Matrix(waves(rows), rows, 1);
    const net = newNet();
    const training = net.fit(function* () {
      let chunk = 0;
      for (const part of partsOf(X, Y)) {
        if (++chunk === 4) truncateSync(path, 128 + 16 * 3 * chunkRows);
        yield part;
      }
    }, options);
    await expect(training).rejects.toMatchObject({
      code: 'ERR_BLASNET_FILE',
      message: expect.stringMatching(/"[^"]*x\.npy": it became shorter while it was mapped/),
    });
    // The steps are those of the first windows: how many of them had been taken depends on time.
    const states = [newNet()];
    const whole = newNet();
    const read = new Matrix(waves(6 * chunkRows), 3 * chunkRows, 2);
    const { windowRows, ...plain } = options;
    for (let from = 0; from < 3 * chunkRows; from += windowRows) {
      const [x, y] = [2 * from, 2 * (from + windowRows)];
      await whole.fit(
        new Matrix(read.data.subarray(x, y), windowRows, 2),
        Y.data.subarray(from, from + windowRows),
        plain,
      );
      states.push(whole.clone());
    }
    expect(states.map((state) => state.parameters)).toContainEqual(net.parameters);
  },
);
