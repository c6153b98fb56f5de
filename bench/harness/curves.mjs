// Rates along a series of sizes, on one thread and on two, in both types: measured in turns with the FMA limit, as a
// picture and as a table.

import { drawChart } from './chart.mjs';
import { keyOf } from './contestants.mjs';
import { number } from './quantities.mjs';
import { takeTurns } from './rounds.mjs';
import { median } from './statistics.mjs';

/** @import { Bench } from './bench.mjs' */
/** @import { Panel } from './chart.mjs' */
/** @import { Job } from './jobs.mjs' */
/** @import { Dtype } from './limits.mjs' */
/** @import { Contestant, Outcome } from './rounds.mjs' */

/** @typedef {'training' | 'prediction'} Work */

/**
 * The work at one size: `flop` of products in an epoch or a call.
 * @typedef {{ size: number, dtype: Dtype, work: Work, job: Job & { batchRows?: number, way?: string }, flop: number }} Point
 */

/**
 * @typedef {object} Curves
 * @property {string} name   of the picture's file
 * @property {string} title
 * @property {string} xTitle
 * @property {readonly number[]} ticks   of the sizes
 * @property {readonly Point[]} points
 */

const dtypes = /** @type {const} */ (['float64', 'float32']);
const threadCounts = /** @type {const} */ ([1, 2]);

/**
 * Measures the curves, and adds their picture and their table to the report.
 *
 * @param {Bench} bench
 * @param {string} id
 * @param {Curves} curves
 * @returns {Promise<(point: Point, threads: number) => Outcome>} milliseconds of the work
 */
export async function measureCurves(bench, id, { name, title, xTitle, ticks, points }) {
  const progress = (/** @type {string} */ line) => bench.log(`${id} ${name}: ${line}`);
  const contestants = [
    ...points.flatMap((point) => threadCounts.map((threads) => contestantAt(bench, point, threads))),
    ...dtypes.map((dtype) => limitOf(bench, dtype)),
  ];
  const outcomes = await takeTurns(contestants, bench.rounds, progress);
  const outcomeAt = (/** @type {Point} */ point, /** @type {number} */ threads) =>
    outcomes.get(keyAt(point, threads)) ?? { unavailable: 'not run' };

  const works = [...new Set(points.map(({ work }) => work))];
  const panels = dtypes.map((dtype) => ({
    title: dtype,
    lines: works.flatMap((work) =>
      threadCounts.map((threads) => ({
        name: `${work}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
        points: points
          .filter((point) => point.dtype === dtype && point.work === work)
          .flatMap((point) => placeOf(point, outcomeAt(point, threads))),
      })),
    ),
    limits: limitLines(outcomes.get(`fma ${dtype}`)),
  }));
  if (panels.some(({ lines }) => lines.some((line) => line.points.length > 0))) {
    const yTitle = 'GFLOP/s of products';
    bench.pictures.push({ name, title, svg: drawChart({ title, xTitle, yTitle, xTicks: ticks, panels }) });
  }
  bench.tables.push(sheet(title, xTitle, panels));
  return outcomeAt;
}

/** @returns {Contestant} */
function contestantAt(/** @type {Bench} */ bench, /** @type {Point} */ point, /** @type {number} */ threads) {
  const task = point.work === 'training' ? 'time-training' : 'time-predictions';
  return {
    key: keyAt(point, threads),
    // There are many points, and the curve smooths them.
    measure: () => bench.time('blasnet', { ...point.job, task, threads, seconds: bench.seconds / 5 }),
  };
}

function keyAt(/** @type {Point} */ { size, dtype, work }, /** @type {number} */ threads) {
  return `${work} at ${size}, ${dtype}, ${keyOf('blasnet', threads)}`;
}

/** @returns {Contestant} */
function limitOf(/** @type {Bench} */ bench, /** @type {Dtype} */ dtype) {
  return {
    key: `fma ${dtype}`,
    measure: async () => {
      const answer = await bench.limit(dtype);
      return 'unavailable' in answer ? answer : { value: answer.gflops };
    },
  };
}

/** @returns {[number, number][]} the point of the curve; none if there is no figure */
function placeOf(/** @type {Point} */ { size, flop }, /** @type {Outcome} */ outcome) {
  return 'values' in outcome ? [[size, flop / median(outcome.values) / 1e6]] : [];
}

function limitLines(/** @type {Outcome | undefined} */ outcome) {
  if (outcome === undefined || 'unavailable' in outcome) return [];
  const y = median(outcome.values);
  return [
    { name: 'FMA limit of a core', y },
    { name: 'of two cores', y: 2 * y },
  ];
}

/** A row for each size, a column for each line, and the limits below. */
function sheet(
  /** @type {string} */ title,
  /** @type {string} */ xTitle,
  /** @type {readonly Panel[]} */ panels,
) {
  const lines = panels.flatMap((panel) => panel.lines.map((line) => ({ panel, line })));
  const sizes = [...new Set(lines.flatMap(({ line }) => line.points.map(([size]) => size)))];
  const rateAt = (/** @type {readonly (readonly [number, number])[]} */ points, /** @type {number} */ size) =>
    points.find(([x]) => x === size)?.[1];
  const cell = (/** @type {number | undefined} */ rate) => (rate === undefined ? '' : number(rate));
  return {
    title: `${title}, GFLOP/s`,
    header: [xTitle, ...lines.map(({ panel, line }) => `${panel.title}, ${line.name}`)],
    body: [
      ...sizes.map((size) => [
        size.toLocaleString('en-US'),
        ...lines.map(({ line }) => cell(rateAt(line.points, size))),
      ]),
      [
        'FMA limit',
        ...lines.map(({ panel, line }) => cell(panel.limits[line.name.endsWith('threads') ? 1 : 0]?.y)),
      ],
    ],
  };
}
