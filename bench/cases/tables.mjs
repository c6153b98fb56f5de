// A CSV file of 100 MB to typed columns: time beside udsv, memory, and how long the event loop waits. The same for a
// Parquet file of a million rows, beside hyparquet alone; and for a larger CSV file in parts, beside the whole.

import { compare } from '../harness/comparison.mjs';
import { microseconds, rate, time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */

export const id = 'tables';
export const title = 'Reading tables';

export async function run(/** @type {Bench} */ bench) {
  const megabytes = bench.quick ? 10 : 100;
  const rows = bench.quick ? 100_000 : 1_000_000;
  const probe = (/** @type {string} */ reader, /** @type {string} */ measure) => async () => {
    try {
      return await bench.probe('tables.mjs', { reader, measure, folder: bench.folder, megabytes, rows });
    } catch (error) {
      if (reader === 'udsv') return { unavailable: 'udsv is not installed: npm install --prefix bench' };
      throw error;
    }
  };
  const parquet = (/** @type {string} */ reader, /** @type {string} */ measure) => () =>
    bench.probe('parquet.mjs', { reader, measure, folder: bench.folder, rows });
  const large = bench.quick ? 100 : 300;
  const ofLarge = (/** @type {string} */ reader, /** @type {string} */ measure) => () =>
    bench.probe('tables.mjs', { reader, measure, folder: bench.folder, megabytes: large, rows });
  const contestants = [
    { key: 'time', measure: probe('blasnet', 'time') },
    { key: 'udsv', measure: probe('udsv', 'time') },
    { key: 'stall', measure: probe('blasnet', 'stall') },
    { key: 'memory', measure: probe('blasnet', 'memory') },
    { key: 'parts', measure: ofLarge('parts', 'time') },
    { key: 'whole', measure: ofLarge('blasnet', 'time') },
    { key: 'partsStall', measure: ofLarge('parts', 'stall') },
    { key: 'partsMemory', measure: ofLarge('parts', 'memory') },
    { key: 'encode', measure: probe('blasnet', 'encode') },
    { key: 'classify', measure: () => bench.probe('records.mjs', { kind: 'Classifier' }) },
    { key: 'regress', measure: () => bench.probe('records.mjs', { kind: 'Regressor' }) },
    { key: 'parquet', measure: parquet('blasnet', 'time') },
    { key: 'hyparquet', measure: parquet('hyparquet', 'time') },
    { key: 'parquetStall', measure: parquet('blasnet', 'stall') },
    { key: 'hyparquetStall', measure: parquet('hyparquet', 'stall') },
    { key: 'parquetMemory', measure: parquet('blasnet', 'memory') },
    { key: 'hyparquetMemory', measure: parquet('hyparquet', 'memory') },
  ];
  const outcomes = await takeTurns(contestants, bench.rounds, (line) => bench.log(`${id}: ${line}`));
  const outcomeOf = (/** @type {string} */ key) => /** @type {Outcome} */ (outcomes.get(key));
  const what = { case: id, threads: '' };
  const variant = `CSV of ${megabytes} MB, 7 columns of numbers and 3 of texts`;
  bench.rows.push(
    compare({ ...what, variant, quantity: time(''), must: { ratio: 1 } }, outcomeOf('time'), {
      title: 'udsv',
      outcome: outcomeOf('udsv'),
    }),
    compare(
      {
        ...what,
        variant: `${variant}: longest stall of the event loop`,
        quantity: time(''),
        must: { atMost: 10 },
      },
      outcomeOf('stall'),
    ),
    compare(
      {
        ...what,
        variant: `${variant}: peak memory, in times of the typed columns`,
        quantity: { unit: 'times', of: (value) => value, better: 'lower' },
        must: { atMost: 3 },
      },
      outcomeOf('memory'),
    ),
    compare(
      {
        ...what,
        threads: '2',
        variant: `${rows.toLocaleString('en-US')} rows of 10 columns as inputs of a network, float32`,
        quantity: rate('cells', 10 * rows),
        must: { atLeast: 5_000_000 },
      },
      outcomeOf('encode'),
    ),
    ...['classify', 'regress'].map((key) =>
      compare(
        {
          ...what,
          variant: `one record of 20 columns, from the object to the answer: ${key}`,
          quantity: microseconds('a call'),
          must: { atMost: 10 },
        },
        outcomeOf(key),
      ),
    ),
  );
  const inParts = `CSV of ${large} MB in parts, by scanTable`;
  bench.rows.push(
    // The kinds of columns take a pass of their own.
    compare({ ...what, variant: inParts, quantity: time(''), must: { ratio: 0.4 } }, outcomeOf('parts'), {
      title: 'readTable',
      outcome: outcomeOf('whole'),
    }),
    compare(
      {
        ...what,
        variant: `${inParts}: longest stall of the event loop`,
        quantity: time(''),
        must: { atMost: 10 },
      },
      outcomeOf('partsStall'),
    ),
    compare(
      {
        ...what,
        variant: `${inParts}: peak memory`,
        quantity: { unit: 'MB', of: (value) => value, better: 'lower' },
        must: { atMost: 96 },
      },
      outcomeOf('partsMemory'),
    ),
  );
  const file = `Parquet of ${rows.toLocaleString('en-US')} rows, 7 columns of numbers and 3 of texts`;
  const besideHyparquet = (/** @type {string} */ measured) => ({
    title: 'hyparquet alone',
    outcome: outcomeOf(`hyparquet${measured}`),
  });
  bench.rows.push(
    compare(
      { ...what, variant: file, quantity: time(''), must: { ratio: 1 } },
      outcomeOf('parquet'),
      besideHyparquet(''),
    ),
    compare(
      {
        ...what,
        variant: `${file}: longest stall of the event loop`,
        quantity: time(''),
        must: { atMost: 10 },
      },
      outcomeOf('parquetStall'),
      besideHyparquet('Stall'),
    ),
    compare(
      {
        ...what,
        variant: `${file}: peak memory, in times of the typed columns`,
        quantity: { unit: 'times', of: (value) => value, better: 'lower' },
        must: { atMost: 3 },
      },
      outcomeOf('parquetMemory'),
      besideHyparquet('Memory'),
    ),
  );
}
