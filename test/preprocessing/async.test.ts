// The asynchronous twins of a pipeline's methods.

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib';
import {
  imputer,
  minMaxScaler,
  oneHotEncoder,
  preprocessing,
  robustScaler,
  standardScaler,
} from '../../lib/preprocessing';
import { RandomState } from '../../lib/random/random-state';
import { rejectionOf, thrownBy } from '../support/bad-input';

const dtypes = ['float64', 'float32'] as const;
const steps = () => [
  imputer({ strategy: 'median', indicators: true, columns: [0, 1] }),
  oneHotEncoder({ columns: [2] }),
  robustScaler({ columns: [0, 1] }),
  standardScaler(),
  minMaxScaler({ clip: true }),
];

function table(rows: number, dtype: (typeof dtypes)[number]): Matrix {
  const random = new RandomState(5);
  const X = Matrix.zeros(rows, 3, dtype);
  for (let r = 0; r < rows; r++) {
    X.set(r, 0, random.random() < 0.1 ? Number.NaN : random.random());
    X.set(r, 1, random.random() * 100 - 50);
    X.set(r, 2, Math.floor(random.random() * 4));
  }
  return X;
}

const bytes = ({ data }: Matrix) =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');

describe.each(dtypes)('the asynchronous twins (%s)', (dtype) => {
  it.each([1, 2, 3])('learn and transform like the methods that block, on %d threads', async (threads) => {
    const X = table(1500, dtype);
    const here = preprocessing(steps()).fit(X);
    const there = await preprocessing(steps()).fitAsync(X, { threads });
    expect(there.toJSON()).toEqual(here.toJSON());
    const Z = here.transform(X);
    expect(bytes(await there.transformAsync(X, { threads }))).toBe(bytes(Z));
    expect(bytes(await preprocessing(steps()).fitTransformAsync(X, { threads }))).toBe(bytes(Z));
    expect(bytes(preprocessing(steps()).fitTransform(X))).toBe(bytes(Z));
    expect(bytes(await there.inverseAsync(Z, { threads }))).toBe(bytes(here.inverse(Z)));
  });

  it('write to the matrix that they are given', async () => {
    const X = table(9, dtype);
    const fitted = preprocessing(steps()).fit(X);
    const out = Matrix.zeros(9, fitted.outputColumns, dtype);
    expect(await fitted.transformAsync(X, { out })).toBe(out);
    expect(bytes(out)).toBe(bytes(fitted.transform(X)));
    const back = Matrix.zeros(9, 3, dtype);
    expect(await fitted.inverseAsync(out, { out: back })).toBe(back);
  });

  it('run several at once, of one pipeline', async () => {
    const X = table(700, dtype);
    const fitted = preprocessing(steps()).fit(X);
    const results = await Promise.all([1, 2, 3, 4].map(() => fitted.transformAsync(X)));
    for (const result of results) expect(bytes(result)).toBe(bytes(fitted.transform(X)));
  });
});

describe('an asynchronous fit that fails', () => {
  const bad = Matrix.from([[1, Number.NaN, 0]]);

  it('leaves what was learned before', async () => {
    const scaler = preprocessing([standardScaler()]).fit([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const before = scaler.toJSON();
    const error = await rejectionOf(scaler.fitAsync(bad));
    expect(error).toMatchObject({ code: 'ERR_BLASNET_NOT_FINITE' });
    expect(error.message).toBe((thrownBy(() => scaler.fit(bad)) as Error).message);
    expect(scaler.toJSON()).toEqual(before);
  });

  it('leaves a pipeline that has not learned as it was', async () => {
    const scaler = preprocessing([standardScaler()]);
    await rejectionOf(scaler.fitAsync(bad));
    expect(scaler.fitted).toBe(false);
  });
});

describe('an abort', () => {
  it('before the call refuses it', async () => {
    const signal = AbortSignal.abort();
    const X = table(9, 'float64');
    const fitted = preprocessing(steps()).fit(X);
    const before = fitted.toJSON();
    for (const call of [
      fitted.fitAsync(X, { signal }),
      fitted.fitTransformAsync(X, { signal }),
      fitted.transformAsync(X, { signal }),
      fitted.inverseAsync(fitted.transform(X), { signal }),
    ]) {
      expect(await rejectionOf(call)).toMatchObject({ name: 'AbortError' });
    }
    expect(fitted.toJSON()).toEqual(before);
  });

  it('during the call ends it, and the pipeline goes on as before', async () => {
    const X = table(200_000, 'float64');
    const fitted = preprocessing(steps()).fit(table(100, 'float64'));
    const before = fitted.toJSON();
    const controller = new AbortController();
    const call = fitted.fitAsync(X, { signal: controller.signal });
    controller.abort('enough');
    expect(await rejectionOf(call)).toMatchObject({ name: 'AbortError', cause: 'enough' });
    expect(fitted.toJSON()).toEqual(before);
    expect(fitted.transform(table(9, 'float64')).rows).toBe(9);
  });
});

describe('arrays of a call under way', () => {
  it('stay in place until it has ended', async () => {
    const X = new Matrix(
      Float64Array.from({ length: 30_000 }, (_, i) => i % 7),
      10_000,
      3,
    );
    const call = preprocessing([standardScaler()]).fitTransformAsync(X);
    // Some versions of Node throw, the others copy.
    try {
      structuredClone(X.data, { transfer: [X.data.buffer as ArrayBuffer] });
    } catch {}
    const Z = await call;
    expect(X.data.length).toBe(30_000);
    expect(Z.rows).toBe(10_000);
  });

  it('are refused when they are detached before', async () => {
    const X = new Matrix(new Float64Array(6), 2, 3);
    structuredClone(X.data, { transfer: [X.data.buffer as ArrayBuffer] });
    const fitted = preprocessing([standardScaler()]).fit(table(9, 'float64'));
    for (const call of [
      () => preprocessing([standardScaler()]).fitAsync(X),
      () => fitted.transformAsync(X),
    ]) {
      expect(await rejectionOf(call())).toMatchObject({ code: 'ERR_BLASNET_DETACHED' });
    }
  });
});

describe('bad arguments of the asynchronous twins', () => {
  const X = table(9, 'float64');
  const fitted = preprocessing(steps()).fit(X);
  it.each([
    {
      what: 'an unknown option',
      call: () => fitted.fitAsync(X, { thread: 2 } as never),
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
    },
    {
      what: 'no threads',
      call: () => fitted.transformAsync(X, { threads: 0 }),
      code: 'ERR_BLASNET_ARG_VALUE',
    },
    {
      what: 'no signal',
      call: () => fitted.inverseAsync(fitted.transform(X), { signal: 3 as never }),
      code: 'ERR_BLASNET_ARG_TYPE',
    },
    {
      what: 'a result of the wrong dtype',
      call: () => fitted.transformAsync(X, { out: Matrix.zeros(9, fitted.outputColumns, 'float32') }),
      code: 'ERR_BLASNET_DTYPE',
    },
    {
      what: 'a pipeline that has not learned',
      call: () => preprocessing(steps()).transformAsync(X),
      code: 'ERR_BLASNET_NOT_FITTED',
    },
    { what: 'X of the wrong width', call: () => fitted.transformAsync([[1]]), code: 'ERR_BLASNET_SHAPE' },
  ])('$what is refused', async ({ call, code }) => {
    expect(await rejectionOf(call())).toMatchObject({ code });
  });
});

it('a worker that is terminated while it preprocesses ends, and the others go on', async () => {
  const code = `
    const { Matrix, preprocessing, robustScaler } = require(${JSON.stringify(join(__dirname, '../../dist'))});
    const X = Matrix.zeros(300_000, 4);
    for (let i = 0; i < X.data.length; i++) X.data[i] = (i * 7919) % 1000;
    const scaler = preprocessing([robustScaler()]);
    (async () => { for (;;) { await scaler.fitTransformAsync(X); } })();
    require('node:worker_threads').parentPort.postMessage('started');`;
  for (let i = 0; i < 4; i++) {
    const worker = new Worker(code, { eval: true });
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
  }
  expect(
    preprocessing([robustScaler()])
      .fitTransform([[1], [2], [3]])
      .toArray(),
  ).toEqual([[-1], [0], [1]]);
});
