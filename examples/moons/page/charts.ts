import * as Plot from '@observablehq/plot';
import * as format from '../format';
import type { Frame, ModelResult, Point, Results } from '../results';

export type Chart = ReturnType<typeof Plot.plot>;

export const style = { fontSize: '12px', overflow: 'visible' };
export const margins = { marginTop: 8, marginRight: 16, marginBottom: 28, marginLeft: 36 };

/** The bands of probability, drawn from the lowest; the stylesheet has their colours, --band-0 to --band-9. */
const bands = Array.from({ length: 10 }, (_, band) => band);
const bandStarts = bands.map((band) => (band === 0 ? -1e9 : logit(band / bands.length)));

export function dataChart(train: readonly Point[], test: readonly Point[], width: number): Chart {
  return Plot.plot({
    width,
    aspectRatio: 1,
    ...margins,
    style,
    ariaLabel: 'The data: two interleaving half moons of points, class 0 above, class 1 below',
    x: { domain: [-1.5, 2.5], label: null, ticks: 5 },
    y: { domain: [-1.1, 1.6], label: null, ticks: 5 },
    marks: [
      Plot.dot(train, {
        x: '0',
        y: '1',
        r: 2.25,
        fill: classColor,
        fillOpacity: 0.6,
        ariaLabel: 'training points',
      }),
      Plot.dot(test, testPoint()),
      Plot.text(
        [
          ['class 0', 1.15, 1.2, 0],
          ['class 1', -0.2, -0.6, 1],
        ],
        {
          x: '1',
          y: '2',
          text: '0',
          fill: ([, , , label]: [string, number, number, number]) => `var(--class-${label})`,
          fontSize: 14,
          fontWeight: 600,
        },
      ),
    ],
  });
}

export function boundaryChart(
  { name, frames }: ModelResult,
  frame: number,
  field: Float32Array,
  { view, grid, test }: Pick<Results, 'view' | 'grid' | 'test'>,
  width: number,
): Chart {
  const { epoch, wrong } = frames[frame] as Frame;
  // A dense grid needs no interpolation (Plot's default would find each cell's nearest neighbour).
  const area = { ...grid, value: Plot.identity, interpolate: null, clip: true } as const;
  return Plot.plot({
    width,
    aspectRatio: 1,
    ...margins,
    style,
    ariaLabel: `Decision boundary, ${name}, after ${format.count(epoch)} epochs`,
    x: { domain: [...view.x], label: null, ticks: 5 },
    y: { domain: [...view.y], label: null, ticks: 4 },
    marks: [
      Plot.contour(field, {
        ...area,
        className: 'probability',
        thresholds: bandStarts,
        fill: ({ value }: { value: number }) => `var(--band-${bandStarts.indexOf(value)})`,
        stroke: 'none',
      }),
      Plot.contour(field, {
        ...area,
        className: 'half-line',
        thresholds: [0],
        stroke: 'var(--ink)',
        strokeWidth: 1.75,
      }),
      Plot.dot(test, { ...testPoint(), clip: true }),
      Plot.dot(
        wrong.map((i) => test[i] as Point),
        {
          x: '0',
          y: '1',
          r: 6.5,
          stroke: 'var(--ink)',
          strokeWidth: 1.5,
          className: 'wrong-points',
          clip: true,
        },
      ),
    ],
  });
}

/** One line of a curve chart: the value that it reads from a frame, and its class in the stylesheet. */
export interface Series {
  readonly className: string;
  readonly value: (frame: Frame) => number;
}

export interface CurveAxis {
  readonly label: string;
  readonly domain: [number, number];
  readonly tickFormat: (value: number) => string;
}

/** Draws curves over the epochs: strong up to the frame that is shown, faint after it. */
export function curveChart(
  { name, frames }: ModelResult,
  frame: number,
  series: readonly Series[],
  { label, domain, tickFormat }: CurveAxis,
  width: number,
): Chart {
  const now = frames[frame] as Frame;
  const last = frames.at(-1) as Frame;
  return Plot.plot({
    width,
    height: 132,
    ...margins,
    style,
    ariaLabel: `${label} of ${name} over ${format.count(last.epoch)} epochs`,
    x: { domain: [0, last.epoch], label: null, ticks: 5, tickFormat: format.count },
    y: { domain, label: null, ticks: 3, tickFormat, grid: true },
    marks: [
      Plot.ruleX([now.epoch], { stroke: 'var(--ink)', strokeOpacity: 0.35 }),
      ...series.flatMap(({ className, value }) => {
        const line = {
          x: ({ epoch }: Frame) => epoch,
          y: value,
          stroke: `var(--${className})`,
          strokeWidth: 1.75,
        };
        return [
          Plot.line(frames, { ...line, strokeOpacity: 0.28 }),
          Plot.line(frames.slice(0, frame + 1), { ...line, className }),
          Plot.dot([now], { x: line.x, y: value, r: 3.5, fill: line.stroke, stroke: 'var(--surface)' }),
        ];
      }),
    ],
  });
}

function testPoint() {
  return {
    x: '0',
    y: '1',
    r: 3.5,
    fill: classColor,
    stroke: 'var(--surface)',
    strokeWidth: 1,
    className: 'test-points',
  };
}

function classColor([, , label]: Point): string {
  return `var(--class-${label})`;
}

function logit(probability: number): number {
  return Math.log(probability / (1 - probability));
}
