// The benchmark suite: npm run bench. README.md says how it works.

import { fileURLToPath } from 'node:url';
import { cases } from './cases/index.mjs';
import { Bench } from './harness/bench.mjs';
import { describeMachine, isBusy } from './harness/machine.mjs';
import { readOptions, UsageError, usage } from './harness/options.mjs';
import { number } from './harness/quantities.mjs';
import { reportPage, summary, writeResults } from './harness/report.mjs';
import { judge } from './harness/rows.mjs';

/** @import { Results } from './harness/report.mjs' */

const resultsFolder = fileURLToPath(new URL('results/', import.meta.url));
const names = cases.map(({ id }) => id);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}

async function main(/** @type {string[]} */ args) {
  const options = readOptions(args, names);
  if (options.list) {
    for (const { id, title } of cases) console.log(`${id.padEnd(18)}${title}`);
    return 0;
  }

  const log = (/** @type {string} */ line) => console.error(line);
  if (isBusy()) log('The machine is busy with something else, so the figures will not be reliable.');
  const machine = describeMachine();
  const bench = new Bench(options, log);
  process.once('exit', () => bench.remove());
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
    process.once(signal, () => process.exit(1));
  await bench.probeRivals();
  await bench.probeLibraries();
  const limits = await describeLimits(bench);
  for (const { id, title, run } of cases.filter(({ id }) => options.only.includes(id))) {
    log(`\n${id}: ${title}`);
    const start = performance.now();
    await run(bench);
    log(`${id} took ${inWords(performance.now() - start)}`);
  }

  const { rows, verified, tables, pictures } = bench;
  const { quick, rounds } = options;
  const took = inWords(performance.now());
  /** @type {Results} */
  const results = {
    date: new Date().toISOString(),
    took,
    quick,
    rounds,
    machine,
    versions: bench.versions(),
    limits,
    rows,
    verified,
    tables,
    pictures,
  };
  // A partial run must not replace the results of a complete one.
  const name = options.name ?? (quick || options.only.length < names.length ? 'partial' : 'latest');
  console.log(reportPage(results, name));
  writeResults(resultsFolder, name, results);
  log(summary(rows));
  return rows.some((row) => judge(row).verdict === 'wrong') ? 1 : 0;
}

/** @returns {Promise<Record<string, string>>} */
async function describeLimits(/** @type {Bench} */ bench) {
  const rates = [];
  for (const dtype of /** @type {const} */ (['float64', 'float32'])) {
    const answer = await bench.limit(dtype);
    rates.push('unavailable' in answer ? answer.unavailable : describeRate(dtype, answer));
  }
  return { 'FMA limit of a core': rates.join(', ') };
}

/** 95 s, 19 minutes */
function inWords(/** @type {number} */ milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} minutes`;
}

function describeRate(
  /** @type {string} */ dtype,
  /** @type {{ gflops: number, bits: number }} */ { gflops, bits },
) {
  return `${number(gflops)} GFLOP/s ${dtype} (${bits}-bit vectors)`;
}
