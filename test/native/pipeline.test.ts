// Pipelines of native code, beside plain loops that apply one step after another to whole rows.

import { describe, expect, it } from 'vitest';
import { type NativeStep, native } from '../../lib/addon/binding';
import { newOutcome, readOutcome, statusCodes } from '../../lib/addon/outcome';
import type { FloatArray } from '../../lib/base/matrix';
import { RandomState } from '../../lib/random/random-state';

const floatTypes = [Float64Array, Float32Array] as const;
type FloatType = (typeof floatTypes)[number];
type Rows = number[][];

const scale: NativeStep = {
  columns: Uint32Array.of(0, 2),
  center: Float64Array.of(0.5, -3),
  scale: Float64Array.of(0.7, 11),
  offset: 0.25,
  clip: null,
};
const clipped: NativeStep = { ...scale, clip: Float64Array.of(-0.5, 1) };
const fill: NativeStep = {
  columns: Uint32Array.of(1, 3),
  fill: Float64Array.of(9, -9),
  indicators: Uint32Array.of(1),
};
const encode: NativeStep = {
  columns: Uint32Array.of(1, 2),
  categories: [Float64Array.of(-2, 0, 1, 5), Float64Array.of(3)],
  refuseUnknown: false,
};

function apply(step: NativeStep, rows: Rows): Rows {
  return rows.map((row) => {
    if ('center' in step) {
      const [low = -Infinity, high = Infinity] = step.clip ?? [];
      return row.map((x, c) => {
        const i = step.columns.indexOf(c);
        if (i < 0) return x;
        const scaled = (x - (step.center[i] as number)) / (step.scale[i] as number) + step.offset;
        return Math.min(Math.max(scaled, low), high);
      });
    }
    if ('fill' in step) {
      const filled = row.map((x, c) => {
        const i = step.columns.indexOf(c);
        return i >= 0 && Number.isNaN(x) ? (step.fill[i] as number) : x;
      });
      return [...filled, ...Array.from(step.indicators, (c) => (Number.isNaN(row[c]) ? 1 : 0))];
    }
    return row.flatMap((x, c) => {
      const i = step.columns.indexOf(c);
      return i < 0 ? [x] : Array.from(step.categories[i] as Float64Array, (known) => (known === x ? 1 : 0));
    });
  });
}

function undo(step: NativeStep, rows: Rows, width: number): Rows {
  return rows.map((row) => {
    if ('center' in step) {
      return row.map((x, c) => {
        const i = step.columns.indexOf(c);
        return i < 0 ? x : (x - step.offset) * (step.scale[i] as number) + (step.center[i] as number);
      });
    }
    if ('fill' in step) {
      return row.slice(0, width).map((x, c) => {
        const i = step.indicators.indexOf(c);
        return i >= 0 && (row[width + i] as number) > 0.5 ? Number.NaN : x;
      });
    }
    const out: number[] = [];
    let at = 0;
    for (let c = 0; c < width; c++) {
      const known = step.categories[step.columns.indexOf(c)];
      if (known === undefined) {
        out.push(row[at++] as number);
        continue;
      }
      const shares = row.slice(at, at + known.length);
      const largest = Math.max(...shares);
      out.push(largest > 0 ? (known[shares.indexOf(largest)] as number) : Number.NaN);
      at += known.length;
    }
    return out;
  });
}

/** The number of columns before each step, and after the last one. */
function widths(columns: number, steps: readonly NativeStep[]): number[] {
  const list = [columns];
  for (const step of steps) list.push((apply(step, [Array(list.at(-1)).fill(0)])[0] as number[]).length);
  return list;
}

function setUp(steps: readonly NativeStep[], columns = 4) {
  const outcome = newOutcome();
  const pipeline = new native.Pipeline({ columns, steps, outcome });
  return { pipeline, outcome: () => readOutcome(outcome), width: widths(columns, steps).at(-1) as number };
}

const rowsOf = (data: FloatArray, width: number): Rows =>
  Array.from({ length: data.length / width }, (_, r) =>
    Array.from(data.subarray(r * width, (r + 1) * width)),
  );

const pipelines = [
  { what: 'a scale', steps: [scale] },
  { what: 'a scale that clips', steps: [clipped] },
  { what: 'a fill', steps: [fill] },
  { what: 'an encoding', steps: [encode] },
  { what: 'a fill, an encoding and a scale', steps: [fill, encode, scale] },
  { what: 'two scales', steps: [scale, clipped] },
];
const types = floatTypes.flatMap((In) => floatTypes.map((Out) => ({ In, Out, from: In.name, to: Out.name })));
const rowCounts = [1, 2, 255, 1031];

describe.each(pipelines)('$what', ({ steps }) => {
  // A fill takes NaN in columns 1 and 3; integers, so that categories are met.
  const missing = steps[0] === fill;
  function inputs(rows: number, In: FloatType): FloatArray {
    const random = new RandomState(rows);
    const numbers = Array.from({ length: rows * 4 }, (_, i) =>
      missing && i % 2 === 1 && random.random() < 0.3 ? Number.NaN : Math.round(random.random() * 8 - 3),
    );
    return In.from(numbers);
  }

  it.each(types)('transforms like the loops, from $from to $to', ({ In, Out }) => {
    for (const rows of rowCounts) {
      const { pipeline, outcome, width } = setUp(steps);
      const X = inputs(rows, In);
      const out = new Out(rows * width).fill(77);
      pipeline.transform(X, rows, out);
      expect(outcome().status).toBe(statusCodes.done);
      const expected = steps.reduce((current, step) => apply(step, current), rowsOf(X, 4));
      expect(rowsOf(out, width)).toEqual(rowsOf(Out.from(expected.flat()), width));
    }
  });

  it.each(types)('goes back like the loops, from $from to $to', ({ In, Out }) => {
    const list = widths(4, steps);
    for (const rows of rowCounts) {
      const { pipeline, outcome, width } = setUp(steps);
      const random = new RandomState(rows);
      const X = In.from(Array.from({ length: rows * width }, () => random.random() * 2 - 1));
      const out = new Out(rows * 4).fill(77);
      pipeline.inverse(X, rows, out);
      expect(outcome().status).toBe(statusCodes.done);
      const expected = steps.reduceRight(
        (current, step, i) => undo(step, current, list[i] as number),
        rowsOf(X, width),
      );
      expect(rowsOf(out, 4)).toEqual(rowsOf(Out.from(expected.flat()), 4));
    }
  });

  it('has results that do not depend on the number of threads', () => {
    const rows = 20_011;
    const X = inputs(rows, Float64Array);
    const results = [1, 2, 3].map((threads) => {
      const { pipeline, width } = setUp(steps);
      pipeline.limitThreads(threads);
      const out = new Float64Array(rows * width);
      pipeline.transform(X, rows, out);
      return out;
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});

describe('a refused element', () => {
  it.each([
    { what: 'NaN for a scale', steps: [scale], column: 2, value: Number.NaN, layer: 0, index: 2 },
    { what: 'NaN for two scales', steps: [scale, scale], column: 2, value: Number.NaN, layer: 0, index: 2 },
    { what: 'an infinity for a fill', steps: [fill], column: 3, value: Infinity, layer: 0, index: 3 },
    {
      what: 'an infinity for the second step',
      steps: [fill, scale],
      column: 0,
      value: -Infinity,
      layer: 1,
      index: 0,
    },
    { what: 'NaN for an encoding', steps: [encode], column: 1, value: Number.NaN, layer: 0, index: 1 },
  ])('is reported with its step, place and value: $what', ({ steps, column, value, layer, index }) => {
    const rows = 5000;
    const row = 4001;
    const { pipeline, outcome, width } = setUp(steps);
    const X = new Float64Array(rows * 4);
    X[row * 4 + column] = value;
    const between = widths(4, steps)[layer] as number;
    for (const threads of [1, 2, 3]) {
      pipeline.limitThreads(threads);
      pipeline.transform(X, rows, new Float64Array(rows * width));
      expect(outcome()).toEqual(
        expect.objectContaining({
          status: statusCodes.inputNotFinite,
          index: row * between + index,
          layer,
          loss: value,
        }),
      );
    }
  });

  it('is the first of several, on any number of threads', () => {
    const { pipeline, outcome } = setUp([scale]);
    const X = new Float64Array(40_000);
    for (const row of [9999, 7, 8, 5000]) X[row * 4] = Number.NaN;
    for (const threads of [1, 2, 3]) {
      pipeline.limitThreads(threads);
      pipeline.transform(X, 10_000, new Float64Array(40_000));
      expect(outcome().index).toBe(28);
    }
  });

  it('is an unknown category where the encoding refuses those', () => {
    const { pipeline, outcome } = setUp([{ ...encode, refuseUnknown: true }]);
    pipeline.transform(Float64Array.of(0, 1, 4, 0), 1, new Float64Array(7));
    expect(outcome()).toMatchObject({ status: statusCodes.categoryUnknown, index: 2, loss: 4 });
  });
});

it('columns that no step takes keep their bits, -0 and NaN among them', () => {
  for (const steps of [[scale], [scale, scale], [fill], [encode]]) {
    const { pipeline, width } = setUp(steps as NativeStep[]);
    const out = new Float64Array(2 * width);
    const first = 'categories' in (steps[0] as object) ? 0 : 1;
    const X = new Float64Array(8);
    X[first] = -0;
    X[4 + first] = first === 1 && steps[0] === fill ? -0 : Number.NaN;
    pipeline.transform(X, 2, out);
    expect(out[first]).toBe(-0);
    expect(out[width + first]).toBe(X[4 + first]);
  }
});
