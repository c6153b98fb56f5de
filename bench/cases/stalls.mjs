// The longest stall of the event loop while 2 million rows, or 20 million parameters, are worked on; and how soon an abort
// ends the work.

import { compare } from '../harness/comparison.mjs';
import { time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */

export const id = 'stalls';
export const title = 'The longest stall of the event loop, and the end after an abort';

const calls = [
  'fit, shuffled',
  'fit with validationSplit',
  'fit with validationSplit and stratify',
  'fit with sampleWeight and classWeight',
  'fit with standardScaler',
  'fit with imputer(median) and robustScaler',
  'fit on plain arrays',
  'fit on names',
  'LabelEncoder.fitAsync and oneHotAsync',
  'predict on plain arrays',
  'classify',
  'evaluate with rocAuc',
  'predict with standardScaler',
  'Preprocessing.fitTransformAsync',
  'trainTestSplitAsync',
  'making a network of many parameters',
  'saving a network of many parameters',
  'loading a network of many parameters',
];

/** What is measured, the words for it, and the most milliseconds. */
const measures = [
  { measure: 'stall', words: 'stall', atMost: 10 },
  { measure: 'abort', words: 'end after an abort', atMost: 50 },
];

export async function run(/** @type {Bench} */ bench) {
  const rows = bench.quick ? 20_000 : 2_000_000;
  for (const { measure, words, atMost } of measures) {
    const contestants = calls.map((what) => ({
      key: what,
      measure: () => bench.probe('stall.mjs', { measure, what, rows, folder: bench.folder }),
    }));
    const progress = (/** @type {string} */ line) => bench.log(`${id}, ${words}: ${line}`);
    const outcomes = await takeTurns(contestants, bench.rounds, progress);
    for (const what of calls) {
      const size = what.includes('parameters') ? '' : `, ${rows.toLocaleString('en-US')} x 10`;
      const row = { case: id, variant: `${words}: ${what}${size}`, threads: '', quantity: time('') };
      bench.rows.push(compare({ ...row, must: { atMost } }, /** @type {Outcome} */ (outcomes.get(what))));
    }
  }
}
