// One training by two ranks of one thread each, beside one process of one thread and of two. The picture has what was
// measured, and beside it what the arithmetic of docs/machines.md says of several machines.

import { drawChart } from '../harness/chart.mjs';
import { compare } from '../harness/comparison.mjs';
import { machineCounts, speedUp } from '../harness/paper.mjs';
import { runJson } from '../harness/processes.mjs';
import { rate } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Line, Panel } from '../harness/chart.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */

export const id = 'machines';
export const title = 'Two ranks by MPI, batches of 2,048';

const probe = new URL('../probes/machines.mjs', import.meta.url).pathname;

const launchers = {
  'Open MPI': ['mpirun.openmpi', '-n', '2', '--bind-to', 'none'],
  MPICH: ['mpirun.mpich', '-n', '2'],
};

export async function run(/** @type {Bench} */ bench) {
  const batchSize = 2048;
  const rows = (bench.quick ? 1 : 4) * batchSize;
  /** @type {Panel[]} */
  const panels = [];
  for (const shape of ['wide', 'higgs-shape']) {
    const question = { shape, rows, batchSize, epochs: bench.quick ? 4 : 14 };
    const alone = (/** @type {number} */ threads) => ({
      key: `1 x ${threads}`,
      measure: () => bench.probe('machines.mjs', { ...question, threads, ranks: 1 }),
    });
    const ranks = Object.entries(launchers).map(([name, command]) => ({
      key: name,
      measure: () => launched(command, { ...question, threads: 1, ranks: 2 }),
    }));
    const outcomes = await takeTurns([alone(1), alone(2), ...ranks], bench.rounds, (line) =>
      bench.log(`${id}: ${shape}: ${line}`),
    );
    const outcomeOf = (/** @type {string} */ key) => /** @type {Outcome} */ (outcomes.get(key));
    for (const name of Object.keys(launchers)) {
      const what = { case: id, threads: '2 x 1', quantity: rate('rows', rows) };
      for (const threads of [2, 1]) {
        bench.rows.push(
          compare(
            { ...what, variant: `${shape}, ${name}`, ...(threads === 2 && { must: { ratio: 0.9 } }) },
            outcomeOf(name),
            { title: `1 x ${threads}`, outcome: outcomeOf(`1 x ${threads}`) },
          ),
        );
      }
    }
    panels.push({
      title: `${shape}, batches of ${batchSize.toLocaleString('en-US')}`,
      lines: [
        ...Object.keys(launchers).map((name) => ({
          name: `measured, ${name}`,
          points: measured(outcomeOf('1 x 1'), outcomeOf(name)),
        })),
        ...onPaper(batchSize),
      ],
      limits: [],
    });
  }
  panels.push({ title: 'any network, batches of 32,768', lines: onPaper(32_768), limits: [] });
  const title = 'Speed of N ranks beside one: measured on two cores; on paper for N machines of eight cores';
  bench.pictures.push({
    name: 'ranks',
    title,
    svg: drawChart({
      ...{ title, xTitle: 'ranks; on paper: machines', yTitle: 'times the speed of one' },
      ...{ xTicks: machineCounts, panels },
    }),
  });
}

/** @returns {[number, number][]} of one process with one thread, and of two ranks */
function measured(/** @type {Outcome} */ alone, /** @type {Outcome} */ ranks) {
  if (!('values' in alone && 'values' in ranks)) return [];
  return [
    [1, 1],
    [2, median(alone.values) / median(ranks.values)],
  ];
}

/** @returns {Line[]} */
function onPaper(/** @type {number} */ batchRows) {
  return [10, 100].map((gigabits) => ({
    name: `on paper, ${gigabits} Gb/s`,
    points: machineCounts.map((machines) => [machines, speedUp({ machines, batchRows, gigabits })]),
  }));
}

/** @param {readonly string[]} command @param {object} question @returns {Promise<{ value: number }>} */
function launched([program = '', ...args], question) {
  const env = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };
  return runJson(program, [...args, process.execPath, probe, JSON.stringify(question)], { env });
}
