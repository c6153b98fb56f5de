// A CSV file of 100 MB to typed columns: time beside udsv, memory, and how long the event loop waits. The same for a
// Parquet file of a million rows, beside hyparquet alone; and for a larger CSV file in parts, beside the whole.

import { compare } from '../harness/comparison.mjs';
import { microseconds, rate, time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Contestant, Outcome } from '../harness/rounds.mjs' */

export const id = 'tables';
export const title = 'Reading tables';

/** @typedef {Parameters<typeof compare>[0]} Row */

/**
 * A measured row, and its rival.
 * @typedef {object} Measured
 * @property {Omit<Row, 'case' | 'threads'> & { threads?: string }} row
 * @property {Contestant['measure']} ours
 * @property {{ title: string, measure: Contestant['measure'] }} [rival]
 */

export async function run(/** @type {Bench} */ bench) {
  const measured = rowsOf(bench);
  const contestants = measured.flatMap(({ row: { variant }, ours, rival }) => [
    { key: variant, measure: ours },
    ...(rival === undefined ? [] : [{ key: `${variant}, ${rival.title}`, measure: rival.measure }]),
  ]);
  const outcomes = await takeTurns(contestants, bench.rounds, (line) => bench.log(`${id}: ${line}`));
  const outcomeOf = (/** @type {string} */ key) => /** @type {Outcome} */ (outcomes.get(key));
  bench.rows.push(
    ...measured.map(({ row, rival }) => {
      const { variant } = row;
      return compare(
        { case: id, threads: '', ...row },
        outcomeOf(variant),
        rival && { title: rival.title, outcome: outcomeOf(`${variant}, ${rival.title}`) },
      );
    }),
  );
}

/** @returns {Measured[]} */
function rowsOf(/** @type {Bench} */ bench) {
  const megabytes = bench.quick ? 10 : 100;
  const large = bench.quick ? 100 : 300;
  const rows = bench.quick ? 100_000 : 1_000_000;
  const { folder } = bench;
  const csv =
    (/** @type {string} */ reader, /** @type {string} */ measure, size = megabytes) =>
    () =>
      bench.probe('tables.mjs', { reader, measure, folder, megabytes: size, rows });
  const parquet = (/** @type {string} */ reader, /** @type {string} */ measure) => () =>
    bench.probe('parquet.mjs', { reader, measure, folder, rows });
  const hyparquet = (/** @type {string} */ measure) => ({
    rival: { title: 'hyparquet alone', measure: parquet('hyparquet', measure) },
  });
  const stall = (/** @type {string} */ what) => ({
    variant: `${what}: longest stall of the event loop`,
    quantity: time(''),
    must: { atMost: 10 },
  });
  const memory = (/** @type {string} */ what) => ({
    variant: `${what}: peak memory, in times of the typed columns`,
    quantity: {
      unit: 'times',
      of: (/** @type {number} */ value) => value,
      better: /** @type {const} */ ('lower'),
    },
    must: { atMost: 3 },
  });
  const record = (/** @type {string} */ kind) => ({
    row: {
      variant: `one record of 20 columns, from the object to the answer of a ${kind}`,
      quantity: microseconds('a call'),
      must: { atMost: 10 },
    },
    ours: () => bench.probe('records.mjs', { kind }),
  });
  const columns = '7 columns of numbers and 3 of texts';
  const ofCsv = `CSV of ${megabytes} MB, ${columns}`;
  const inParts = `CSV of ${large} MB in parts, by scanTable`;
  const ofParquet = `Parquet of ${rows.toLocaleString('en-US')} rows, ${columns}`;
  return [
    {
      row: { variant: ofCsv, quantity: time(''), must: { ratio: 1 } },
      ours: csv('blasnet', 'time'),
      rival: { title: 'udsv', measure: csv('udsv', 'time') },
    },
    { row: stall(ofCsv), ours: csv('blasnet', 'stall') },
    { row: memory(ofCsv), ours: csv('blasnet', 'memory') },
    {
      // The kinds of columns take a pass of their own.
      row: { variant: inParts, quantity: time(''), must: { ratio: 0.4 } },
      ours: csv('parts', 'time', large),
      rival: { title: 'readTable', measure: csv('blasnet', 'time', large) },
    },
    { row: stall(inParts), ours: csv('parts', 'stall', large) },
    {
      row: {
        variant: `${inParts}: peak memory`,
        quantity: { unit: 'MB', of: (value) => value, better: 'lower' },
        must: { atMost: 96 },
      },
      ours: csv('parts', 'memory', large),
    },
    {
      row: {
        threads: '2',
        variant: `${rows.toLocaleString('en-US')} rows of 10 columns as inputs of a network, float32`,
        quantity: rate('cells', 10 * rows),
        must: { atLeast: 5_000_000 },
      },
      ours: csv('blasnet', 'encode'),
    },
    record('Classifier'),
    record('Regressor'),
    {
      row: { variant: ofParquet, quantity: time(''), must: { ratio: 1 } },
      ours: parquet('blasnet', 'time'),
      ...hyparquet('time'),
    },
    { row: stall(ofParquet), ours: parquet('blasnet', 'stall'), ...hyparquet('stall') },
    { row: memory(ofParquet), ours: parquet('blasnet', 'memory'), ...hyparquet('memory') },
  ];
}
