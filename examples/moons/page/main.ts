import { unpackFields } from '../fields';
import * as format from '../format';
import type { Frame, ModelResult, Results } from '../results';
import { boundaryChart, type CurveAxis, curveChart, dataChart, type Series } from './charts';
import { connectPlayer } from './player';
import { describeRace, raceChart } from './race';

const results = JSON.parse(byId('results').textContent) as Results;
const { train, test, models, race } = results;

// Both models have the same number of frames.
const lastFrame = (models[0] as ModelResult).frames.length - 1;

const costSeries: Series[] = [{ className: 'train', value: ({ cost }) => cost }];
const accuracySeries: Series[] = [
  { className: 'train', value: ({ trainAccuracy }) => trainAccuracy },
  { className: 'test', value: testAccuracy },
];

// One scale for both models, so that their curves compare at a glance.
const frames = models.flatMap((model) => model.frames);
const costAxis: CurveAxis = {
  label: 'Cost',
  domain: [0, Math.max(...frames.map(({ cost }) => cost))],
  tickFormat: (value) => value.toFixed(1),
};
const accuracyAxis: CurveAxis = {
  label: 'Accuracy',
  domain: [Math.min(...frames.flatMap((frame) => [frame.trainAccuracy, testAccuracy(frame)])), 1],
  tickFormat: (value) => `${Math.round(100 * value)}%`,
};

start();

async function start(): Promise<void> {
  byId('summary-rows').append(...models.map(summaryRow));
  describeRace(race);
  byId('data-caption').textContent =
    `${train.length} points to train on (small) and ${test.length} to test on (large): ` +
    'scikit-learn’s make_moons with a noise of 0.2.';
  byId('foot').textContent =
    `Trained on ${results.machine}. Seconds count only the training, not these pictures. ` +
    'The final cost is that of the last epoch, computed before its updates, as in the article.';

  const views = await Promise.all(models.map(modelView));
  byId('models').append(...views.map(({ element }) => element));

  let frame = lastFrame;
  const drawFrame = (): void => {
    for (const { draw } of views) draw(frame);
    describePosition(frame);
  };
  connectPlayer(byId('play'), byId('frame'), lastFrame, (next) => {
    frame = next;
    drawFrame();
  });
  // Reports the first size too, so this also draws for the first time.
  let width = 0;
  new ResizeObserver(([entry]) => {
    const now = entry?.contentRect.width ?? 0;
    // A window that closes has width 0, and charts would have a negative one.
    if (now === 0 || now === width) return;
    width = now;
    replace(byId('data'), (space) => dataChart(train, test, space));
    replace(byId('race-chart'), (space) => raceChart(race, space));
    drawFrame();
  }).observe(byId('page'));
}

function summaryRow({ name, summary }: ModelResult): HTMLTableRowElement {
  const row = document.createElement('tr');
  const heading = document.createElement('th');
  heading.scope = 'row';
  heading.textContent = name;
  row.append(heading);
  for (const text of [
    format.cost(summary.cost),
    format.percent(summary.trainAccuracy),
    format.percent(summary.testAccuracy),
    format.seconds(summary.seconds),
    format.count(summary.epochs / summary.seconds),
  ]) {
    row.insertCell().textContent = text;
  }
  return row;
}

/** Makes the figures of one model, and a function that draws them at a frame. */
async function modelView(model: ModelResult): Promise<{ element: Element; draw: (frame: number) => void }> {
  const fields = await unpackFields(model.fields);
  const copy = byId<HTMLTemplateElement>('model').content.cloneNode(true) as DocumentFragment;
  const element = copy.firstElementChild as Element;
  const part = (selector: string) => element.querySelector(selector) as HTMLElement;
  part('h3').textContent = model.name;
  part('.description').textContent = model.description;

  const draw = (frame: number): void => {
    const field = fields[frame] as Float32Array;
    part('.state').replaceChildren(...stateOf(model.frames[frame] as Frame).flatMap((entry) => [entry, ' ']));
    replace(part('.boundary'), (width) => boundaryChart(model, frame, field, results, width));
    replace(part('.cost'), (width) => curveChart(model, frame, costSeries, costAxis, width));
    replace(part('.accuracy'), (width) => curveChart(model, frame, accuracySeries, accuracyAxis, width));
  };
  return { element, draw };
}

function stateOf(frame: Frame): Element[] {
  const entries = [
    ['epoch', format.count(frame.epoch)],
    ['cost', format.cost(frame.cost)],
    ['train', format.percent(frame.trainAccuracy)],
    ['test', format.percent(testAccuracy(frame))],
  ] as const;
  return entries.map(([name, text]) => {
    const value = document.createElement('b');
    value.textContent = text;
    const entry = document.createElement('span');
    entry.append(`${name} `, value);
    return entry;
  });
}

function describePosition(frame: number): void {
  byId('position').textContent = `${frame} / ${lastFrame}`;
  const epochs = models.map(
    ({ name, frames }) => `${name} at epoch ${format.count((frames[frame] as Frame).epoch)}`,
  );
  byId('frame').setAttribute('aria-valuetext', epochs.join(', '));
}

function testAccuracy({ wrong }: Frame): number {
  return 1 - wrong.length / test.length;
}

/** Replaces the chart in a place by one that is as wide as the place. */
function replace(place: HTMLElement, chart: (width: number) => Element): void {
  place.replaceChildren(chart(place.clientWidth));
}

function byId<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}
