// Training with rows that are not in memory: rows a second beside training from arrays, in the same rounds, and the memory
// that it needs.

import { rmSync } from 'node:fs';
import { compare } from '../harness/comparison.mjs';
import { bytesOfPoint, pointFiles, writePoints } from '../harness/points.mjs';
import { rate } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { moonsLayers } from './moons-full.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { PointFormat } from '../harness/points.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */

export const id = 'sources';
export const title = 'Rows that are not in memory';

/** @type {import('../harness/quantities.mjs').Quantity} */
const megabytes = { unit: 'MB', of: (value) => value, better: 'lower' };

/** The ways to read the files of each format. */
const ways = /** @type {const} */ ({
  csv: { csv: 'CSV' },
  parquet: { parquet: 'Parquet' },
  npy: { npy: 'NPY, by scanTable', map: 'NPY, by Matrix.map' },
});

const mostRowsInMemory = 2 ** 24;

export async function run(/** @type {Bench} */ bench) {
  const rows = bench.quick ? 20_000 : 4_000_000;
  const outcomes = await measured(bench, rows, [{ way: 'made', work: 'train' }]);
  const row = { case: id, threads: '', quantity: rate('rows', 1) };
  const arrays = (/** @type {Measured} */ { rates }) => ({
    title: 'from arrays',
    outcome: outcomeOf(rates, 'arrays train'),
  });
  const made = 'chunks that are made as they are asked for';
  bench.rows.push(
    compare({ ...row, variant: made }, outcomeOf(outcomes.rates, 'made train'), arrays(outcomes)),
  );
  for (const format of /** @type {PointFormat[]} */ (Object.keys(ways))) await runFormat(bench, format);

  async function runFormat(/** @type {Bench} */ bench, /** @type {PointFormat} */ format) {
    const files = pointFiles(bench.folder, format);
    const rows = await writePoints(
      bench.folder,
      format,
      Math.round((1e9 * bench.gigabytes) / bytesOfPoint[format]),
    );
    const names = Object.entries(ways[format]);
    const jobs = names.flatMap(([way]) =>
      (way === 'map' ? ['train', 'source'] : ['train', 'source', 'parser']).map((work) => ({
        ...{ way, work, files },
      })),
    );
    const outcomes = await measured(bench, Math.min(rows, mostRowsInMemory), jobs);
    for (const file of files) rmSync(file);
    for (const [way, name] of names) {
      const of = (/** @type {string} */ work) => outcomeOf(outcomes.rates, `${way} ${work}`);
      const what = `${name} (${rows.toLocaleString('en-US')} rows)`;
      bench.rows.push(
        compare({ ...row, variant: what, must: { ratio: 0.8 } }, of('train'), arrays(outcomes)),
        ...(way === 'map' ? [] : [compare({ ...row, variant: `${name}: the parser alone` }, of('parser'))]),
        compare({ ...row, variant: `${name}: the source alone` }, of('source')),
        compare(
          {
            ...row,
            variant: `${name}: most memory over Node, while it trains`,
            quantity: megabytes,
            must: { atMost: 300 },
          },
          outcomeOf(outcomes.peaks, `${way} train`),
        ),
      );
    }
  }
}

/** @typedef {{ rates: Map<string, Outcome>, peaks: Map<string, Outcome> }} Measured   by way and work */

function outcomeOf(/** @type {Map<string, Outcome>} */ outcomes, /** @type {string} */ key) {
  return /** @type {Outcome} */ (outcomes.get(key));
}

/**
 * Milliseconds a row, and the most memory, of training from arrays and of these jobs, in turns.
 *
 * @param {Bench} bench
 * @param {number} rows   those in memory
 * @param {readonly { way: string, work: string, files?: string[] }[]} jobs
 * @returns {Promise<Measured>}
 */
async function measured(bench, rows, jobs) {
  /** @type {Measured['peaks']} */
  const peaks = new Map();
  const contestants = [{ way: 'arrays', work: 'train' }, ...jobs].map((job) => {
    const key = `${job.way} ${job.work}`;
    const values = /** @type {number[]} */ ([]);
    peaks.set(key, { values });
    const measure = async () => {
      const figures = await bench.figures('sources.mjs', { rows, layers: moonsLayers, ...job });
      values.push(figures.peak ?? Number.NaN);
      return { value: (figures.milliseconds ?? Number.NaN) / (figures.rows ?? Number.NaN) };
    };
    return { key, measure };
  });
  const rates = await takeTurns(contestants, bench.rounds, (line) => bench.log(`${id}: ${line}`));
  return { rates, peaks };
}
