// Worker threads on one model: how much memory its parameters take.

import { join } from 'node:path';
import { compare } from '../harness/comparison.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { Network } from '../rivals/library.mjs';

/** @import { Bench } from '../harness/bench.mjs' */

export const id = 'serving-memory';
export const title = 'Worker threads on one model of 20 million parameters';

const workers = 8;

export async function run(/** @type {Bench} */ bench) {
  const side = bench.quick ? 1000 : 4472;
  const file = join(bench.folder, 'large.safetensors');
  const layers = [{ inputDim: side, outputDim: side, activation: 'relu' }];
  const net = new Network(layers, { dtype: 'float32', seed: 1 });
  await net.save(file);
  const megabytes = (4 * net.parameterCount) / 1e6;

  const rss = async (/** @type {'shared' | 'loaded' | 'none'} */ way) =>
    (await bench.probe('serving-memory.mjs', { way, file, workers, inputs: side })).value;
  const above = (/** @type {'shared' | 'loaded'} */ way) => async () => ({
    value: ((await rss(way)) - (await rss('none'))) / megabytes,
  });
  const outcomes = await takeTurns(
    [
      { key: 'shared', measure: above('shared') },
      { key: 'loaded', measure: above('loaded') },
    ],
    bench.rounds,
    (line) => bench.log(`${id}: ${line}`),
  );
  const missing = { unavailable: 'not run' };
  bench.rows.push(
    compare(
      {
        ...{ case: id, threads: String(workers) },
        variant: `resident memory over ${workers} workers with a model of one weight, in times of the ${Math.round(megabytes)} MB of parameters`,
        quantity: { unit: 'times', of: (value) => value, better: 'lower' },
        must: { atMost: 1.1 },
      },
      outcomes.get('shared') ?? missing,
      { title: 'each worker loads the file', outcome: outcomes.get('loaded') ?? missing },
    ),
  );
}
