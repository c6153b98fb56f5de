import * as Plot from '@observablehq/plot';
import * as format from '../format';
import type { Race, Racer } from '../results';
import { type Chart, margins, style } from './charts';

const colorOf = (racer: number) => `var(--racer-${racer})`;

/** Fills in the answer to the question, the table and the notes. */
export function describeRace({ goal, racers }: Race): void {
  const place = (id: string) => document.getElementById(id) as HTMLElement;
  const cost = format.cost(goal.cost);
  const epochs = format.count(goal.epochs);
  place('race-answer').textContent = answer(racers);
  place('race-caption').textContent =
    `A dot shows where a run is as good as gradient descent after ${epochs} epochs: cost ${cost} (dashed) and ` +
    `${format.percent(goal.trainAccuracy)} right on the training set. Epochs grow tenfold from mark to mark.`;
  place('race-note').textContent =
    'Learning rates: 0.01 with and without momentum, 0.001 (the default) with Adam. An epoch is one step on all ' +
    'points; in batches of 32 it is 29 steps, and with L-BFGS it is one line search of a few evaluations. He’s ' +
    'weights are the library’s default for this network; the article’s are 0.1 · randn.';
  place('race-rows').append(...racers.map(tableRow));
}

/** Compares, in words, the fewest epochs and the least time with gradient descent's. */
function answer(racers: readonly Racer[]): string {
  const [descent, ...others] = racers as readonly [Racer, ...Racer[]];
  const there = others.filter(({ article }) => article.epochs !== null);
  if (there.length === 0 || descent.article.epochs === null) {
    return 'No other optimiser is as good after this number of epochs.';
  }
  const best = there.reduce((best, racer) => (epochsOf(racer) < epochsOf(best) ? racer : best));
  const { epochs, seconds } = best.article;
  return (
    `From the same weights, ${best.name} needs ${format.epochs(epochs as number)} and ` +
    `${format.seconds(seconds)}\u00a0s. Gradient descent needs ${format.epochs(descent.article.epochs)} and ` +
    `${format.seconds(descent.article.seconds)}\u00a0s to be as good.`
  );
}

function epochsOf({ article }: Racer): number {
  return article.epochs ?? Number.POSITIVE_INFINITY;
}

function tableRow({ name, article, he }: Racer, racer: number): HTMLTableRowElement {
  const row = document.createElement('tr');
  const heading = document.createElement('th');
  heading.scope = 'row';
  const swatch = document.createElement('i');
  swatch.className = 'swatch';
  swatch.style.background = colorOf(racer);
  const label = document.createElement('span');
  label.textContent = name;
  const both = document.createElement('div');
  both.append(swatch, label);
  heading.append(both);
  row.append(heading);
  for (const text of [...format.runCells(article), ...format.runCells(he)]) {
    row.insertCell().textContent = text;
  }
  return row;
}

/** Every optimiser's cost from the article's weights, up to the goal. */
export function raceChart({ goal, racers }: Race, width: number): Chart {
  const ends = racers.map(({ article }) => article.curve.at(-1) as readonly [epoch: number, cost: number]);
  const highest = Math.max(...racers.flatMap(({ article }) => article.curve.map(([, cost]) => cost)));
  return Plot.plot({
    width,
    height: 260,
    ...margins,
    marginBottom: 34,
    style,
    ariaLabel: `Cost of five optimisers by epoch, down to ${format.cost(goal.cost)}; the table has the epochs`,
    x: {
      type: 'symlog',
      domain: [0, goal.epochs],
      label: null,
      ticks: [0, ...powersOfTen(goal.epochs)],
      tickFormat: format.count,
    },
    y: { domain: [0, highest], label: null, ticks: 4, tickFormat: (value) => value.toFixed(1), grid: true },
    marks: [
      Plot.ruleY([goal.cost], { stroke: 'var(--muted)', strokeDasharray: '4 3' }),
      ...racers.map(({ article }, racer) =>
        Plot.line(article.curve, {
          x: '0',
          y: '1',
          stroke: colorOf(racer),
          strokeWidth: 1.75,
          className: 'racer',
        }),
      ),
      ...ends.map((end, racer) =>
        Plot.dot(racers[racer]?.article.epochs === null ? [] : [end], {
          x: '0',
          y: '1',
          r: 4,
          fill: colorOf(racer),
          stroke: 'var(--surface)',
        }),
      ),
    ],
  });
}

function powersOfTen(most: number): number[] {
  const powers: number[] = [];
  for (let power = 1; power <= most; power *= 10) powers.push(power);
  return powers;
}
