// The asynchronous twins of the metrics: the results of the plain functions, at sizes that are cut into pieces.

import { describe, expect, it } from 'vitest';
import { type Dtype, type FloatArray, Matrix, type NumberArray } from '../../lib/base/matrix';
import { metrics } from '../../lib/metrics';
import { type MetricName, metricNames } from '../../lib/metrics/metric';
import { rejectionOf } from '../support/bad-input';
import { confusions, metricOracle, type Table } from '../support/oracle-metrics';

type Options = Record<string, unknown>;
type Call = (y: unknown, p: unknown, options: Options) => number;
type AsyncCall = (y: unknown, p: unknown, options: Options) => Promise<number>;

const kinds = { Int32Array, Uint32Array, Uint16Array, Uint8Array } as const;

/** Numbers in [0, 1) that do not depend on anything but the seed. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Set {
  readonly rows: number;
  readonly cols: number;
  readonly dtype: Dtype;
  /** The distance between predictions; 0: they hardly ever tie. */
  readonly grain: number;
  readonly weighted: boolean;
}

/** Classes, their one-hot rows (labels, if there is one column), predictions and weights. */
function make({ rows, cols, dtype, grain, weighted }: Set) {
  const Float = dtype === 'float64' ? Float64Array : Float32Array;
  const next = uniform(rows + cols);
  const classes = Int32Array.from({ length: rows }, () => Math.floor(next() * Math.max(2, cols)));
  const y = new Float(rows * cols);
  for (const [row, index] of classes.entries()) {
    if (cols === 1) y[row] = index;
    else y[row * cols + index] = 1;
  }
  const p = new Float(rows * cols);
  for (let i = 0; i < p.length; i++) {
    const value = 0.6 * next() + 0.4 * Number(y[i]) * next();
    // 0 and -0 are equal predictions.
    p[i] = grain === 0 ? value : Math.round(value / grain) * grain * (value < grain / 4 ? -1 : 1);
  }
  const w: FloatArray | undefined = weighted ? new Float(rows) : undefined;
  if (w !== undefined) for (let row = 0; row < rows; row++) w[row] = next() < 0.2 ? 0 : 3 * next();
  const epsilon = dtype === 'float64' ? 2 ** -52 : 2 ** -23;
  // Without weights, each row counts once.
  const table: Table = { rows, cols, y, p, w: w ?? new Uint8Array(rows).fill(1), epsilon };
  return { classes, table, labels: new Matrix(y, rows, cols), predictions: new Matrix(p, rows, cols), w };
}

const sets: Set[] = [
  ...[1, 2, 255, 4097, 65_537, 150_001].map((rows) => ({ rows, cols: 1 })),
  ...[1, 1025, 50_001].map((rows) => ({ rows, cols: 3 })),
  { rows: 40, cols: 300 },
].flatMap((size, i) =>
  (['float64', 'float32'] as const).flatMap((dtype, j) => [
    { ...size, dtype, grain: (i + j) % 2 === 0 ? 0 : 1 / 64, weighted: false },
    { ...size, dtype, grain: (i + j) % 2 === 0 ? 1 / 64 : 0, weighted: true },
  ]),
);

describe.each(sets)('of $rows rows and $cols columns, $dtype, grain $grain, weights $weighted', (set) => {
  const { table, labels, predictions, w } = make(set);
  const weights = w === undefined ? {} : { sampleWeight: w };
  const names = metricNames.filter((name) => set.cols > 1 || name !== 'topKAccuracy');

  it('every metric has the bits of the oracle, on any number of threads', async () => {
    for (const name of names) {
      const expected = metricOracle[name]?.(table);
      expect((metrics[name] as Call)(labels, predictions, weights), name).toBe(expected);
      for (const threads of [1, 2, 3]) {
        const result = await (metrics.async[name] as AsyncCall)(labels, predictions, { ...weights, threads });
        expect(result, `${name}, ${threads} threads`).toBe(expected);
      }
    }
  });

  it('the confusion matrix has the bits of the oracle, on any number of threads', async () => {
    const expected = confusions(table);
    expect(metrics.confusionMatrix(labels, predictions, weights).toArray()).toEqual(expected);
    for (const threads of [1, 2, 3]) {
      const matrix = await metrics.async.confusionMatrix(labels, predictions, { ...weights, threads });
      expect(matrix.toArray()).toEqual(expected);
    }
  });
});

describe('labels of every form', () => {
  it('class indices in any typed array count like one-hot rows', async () => {
    for (const rows of [1, 5000]) {
      const { classes, labels, predictions } = make({
        rows,
        cols: 3,
        dtype: 'float32',
        grain: 0,
        weighted: false,
      });
      const forms: unknown[] = [
        [...classes],
        Float32Array.from(classes),
        ...Object.values(kinds).map((Kind): NumberArray => Kind.from(classes)),
      ];
      for (const name of metricNames) {
        if (/error|r2/i.test(name)) continue;
        const expected = (metrics[name] as Call)(labels, predictions, {});
        for (const form of forms) {
          expect(await (metrics.async[name] as AsyncCall)(form, predictions, {}), name).toBe(expected);
        }
      }
    }
  });

  it('labels, predictions and weights may have different types', async () => {
    const { classes, predictions } = make({
      rows: 4099,
      cols: 1,
      dtype: 'float32',
      grain: 0,
      weighted: false,
    });
    const w = Float64Array.from(classes, (_, row) => row % 3);
    const expected = metrics.rocAuc(Float64Array.from(classes), predictions, { sampleWeight: w });
    for (const Kind of Object.values(kinds)) {
      const sampleWeight = Float32Array.from(w);
      expect(await metrics.async.rocAuc(Kind.from(classes), predictions, { sampleWeight })).toBe(expected);
    }
    expect(await metrics.async.meanSquaredError(Uint8Array.of(1, 0, 1), Int32Array.of(1, 0, -2))).toBe(3);
  });

  it('labels that are separate are averaged in every way', async () => {
    const { table, predictions } = make({ rows: 3001, cols: 4, dtype: 'float64', grain: 0, weighted: true });
    const next = uniform(5);
    // As classes, too: each row has a label.
    const y = Float64Array.from(table.y, (_, i) => (i % 4 === (i >> 2) % 4 ? 1 : Math.round(next())));
    const labels = new Matrix(y, 3001, 4);
    const sampleWeight = table.w as Float64Array;
    for (const average of ['macro', 'micro', 'weighted'] as const) {
      for (const multiLabel of [true, false]) {
        const options = { average, multiLabel, sampleWeight };
        for (const name of ['precision', 'recall', 'f1'] as const) {
          const expected = metricOracle[name]?.({ ...table, y, average, multiLabel });
          expect(await metrics.async[name](labels, predictions, options)).toBe(expected);
        }
      }
    }
    for (const name of ['accuracy', 'logLoss'] as const) {
      const expected = metricOracle[name]?.({ ...table, y, multiLabel: true });
      expect(await metrics.async[name](labels, predictions, { multiLabel: true, sampleWeight })).toBe(
        expected,
      );
    }
  });
});

describe('bad numbers among many', () => {
  const rows = 70_001;
  const last = rows - 1;
  const fresh = () => make({ rows, cols: 1, dtype: 'float32', grain: 0, weighted: true });

  it('are found wherever they are, with the error of the plain function', async () => {
    for (const row of [0, 4096, last]) {
      const { classes, table, w } = fresh();
      const y = Float32Array.from(classes);
      const p = table.p as Float32Array;
      const sampleWeight = w as Float32Array;
      sampleWeight[row] = -1;
      expect(await rejectionOf(metrics.async.f1(y, p, { sampleWeight }))).toMatchObject({
        code: 'ERR_BLASNET_ARG_VALUE',
        message: `Expected sampleWeight to be an array of finite numbers, none of them negative, got a Float32Array of length ${rows}`,
      });
      sampleWeight[row] = Number.NaN;
      expect(await rejectionOf(metrics.async.f1(y, p, { sampleWeight }))).toBeInstanceOf(RangeError);
      p[row] = 1.25;
      expect(await rejectionOf(metrics.async.brier(y, p))).toMatchObject({
        code: 'ERR_BLASNET_ARG_VALUE',
        message: `Expected yPredicted to hold numbers from 0 to 1, got 1.25 at row ${row}, column 0`,
      });
      p[row] = Number.NaN;
      expect(await metrics.async.rocAuc(y, p)).toBeNaN();
      expect((await rejectionOf(metrics.async.confusionMatrix(y, p))).code).toBe('ERR_BLASNET_NOT_FINITE');
      const indices = classes.slice();
      indices[row] = 2;
      expect(await rejectionOf(metrics.async.accuracy(indices, Matrix.zeros(rows, 2)))).toMatchObject({
        code: 'ERR_BLASNET_ARG_VALUE',
        message: `Expected yTrue to hold class indices from 0 to 1, got 2 at row ${row}`,
      });
    }
  });

  it('are no holes in an array of weights', () => {
    const sampleWeight = [1, 1];
    sampleWeight.length = 3;
    expect(() => metrics.accuracy([0, 1, 1], [0, 1, 1], { sampleWeight })).toThrow(
      /^Expected sampleWeight to be/,
    );
  });
});

describe('bad arguments', () => {
  const y = Float64Array.of(0, 1);

  it.each<[string, Options, string]>([
    ['an unknown option', { thread: 1 }, 'ERR_BLASNET_UNKNOWN_OPTION'],
    ['no thread at all', { threads: 0 }, 'ERR_BLASNET_ARG_VALUE'],
    ['a signal that is none', { signal: {} }, 'ERR_BLASNET_ARG_TYPE'],
    ['too few weights', { sampleWeight: [1] }, 'ERR_BLASNET_SHAPE'],
  ])('reject the promise: %s', async (_, options, code) => {
    for (const name of Object.keys(metrics.async) as MetricName[]) {
      expect((await rejectionOf((metrics.async[name] as AsyncCall)(y, y, options))).code, name).toBe(code);
    }
  });

  it('are options of the twins alone, too', () => {
    expect(() => metrics.f1(y, y, { threads: 1 } as never)).toThrow(/^Unknown option "threads"/);
  });

  it('are arrays whose memory could vanish', async () => {
    const detached = Uint8Array.of(0, 1);
    structuredClone(detached, { transfer: [detached.buffer] });
    expect((await rejectionOf(metrics.async.f1(detached, y))).code).toBe('ERR_BLASNET_DETACHED');
    const Resizable = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer;
    const resizable = new Float64Array(new Resizable(16, { maxByteLength: 32 }));
    for (const call of [
      () => metrics.async.f1(resizable, y),
      () => metrics.async.f1(y, resizable),
      () => metrics.async.f1(y, y, { sampleWeight: resizable }),
    ]) {
      // Node 18 has no such buffers.
      if ((resizable.buffer as { resizable?: boolean }).resizable !== true) return;
      expect((await rejectionOf(call())).code).toBe('ERR_BLASNET_RESIZABLE');
    }
  });
});

describe('a metric on another thread', () => {
  const { labels, predictions } = make({
    rows: 300_001,
    cols: 1,
    dtype: 'float32',
    grain: 0,
    weighted: false,
  });
  const all = Object.keys(metrics.async).filter((name) => name !== 'topKAccuracy') as MetricName[];

  it('ends when it is aborted, and the next one is right', async () => {
    for (const name of all) {
      const compute = metrics.async[name] as AsyncCall;
      const controller = new AbortController();
      const running = compute(labels, predictions, { signal: controller.signal });
      controller.abort(new Error('enough'));
      expect(await rejectionOf(running)).toMatchObject({ name: 'AbortError', cause: { message: 'enough' } });
      const late = rejectionOf(compute(labels, predictions, { signal: AbortSignal.abort() }));
      expect((await late).name).toBe('AbortError');
      // The native object that was stopped serves the next call, on this thread or on others.
      const expected = (metrics[name] as Call)(labels, predictions, {});
      expect(await compute(labels, predictions, {})).toEqual(expected);
    }
  });

  it('keeps its arrays in place until it has ended', async () => {
    const y = Float32Array.from(labels.data);
    const running = metrics.async.rocAuc(y, predictions);
    try {
      // Node throws, or it copies the buffer; that depends on its version.
      structuredClone(y, { transfer: [y.buffer] });
    } catch {}
    expect(await running).toBe(metrics.rocAuc(labels, predictions));
    expect(y.length).toBe(300_001);
  });

  it('runs beside others of its kind', async () => {
    const expected = metrics.prAuc(labels, predictions);
    const results = Array.from({ length: 8 }, () => metrics.async.prAuc(labels, predictions));
    expect(metrics.prAuc(labels, predictions)).toBe(expected);
    expect(await Promise.all(results)).toEqual(new Array(8).fill(expected));
  });
});
