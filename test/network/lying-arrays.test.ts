// Typed arrays and matrices that lie about themselves. Every call gives the right result, or throws an error with a code; and
// no memory is taken away while native code works on it. (A crash ends this file's process.)

import { describe, expect, it } from 'vitest';
import {
  functional,
  Matrix,
  metrics,
  Network,
  Preprocessing,
  standardScaler,
  trainTestSplit,
} from '../../lib/index';

const dtypes = ['float64', 'float32'] as const;
type Dtype = (typeof dtypes)[number];
type Floats = Float64Array | Float32Array;

const rows = 6;
const classOf = (dtype: Dtype) => (dtype === 'float64' ? Float64Array : Float32Array);

/** Numbers on a buffer that is larger than they need, so that a lie about the place is one. */
function honest(dtype: Dtype, length: number): Floats {
  const Float = classOf(dtype);
  const array = new Float(new ArrayBuffer(8 * (length + 4)), 16, length);
  return array.map((_, i) => ((i * 7) % 5) / 4);
}

function own(array: Floats, properties: Record<PropertyKey, unknown>): Floats {
  for (const key of Reflect.ownKeys(properties)) {
    Object.defineProperty(array, key, { value: properties[key as string], configurable: true });
  }
  return array;
}

const hasResizable = 'resizable' in ArrayBuffer.prototype;

const lies: Record<string, (array: Floats) => Floats> = {
  'a length of its own that is too large': (array) => own(array, { length: 10 * array.length }),
  'a length of its own that is too small': (array) => own(array, { length: 1 }),
  'a length of its own that is no number': (array) => own(array, { length: 'x' }),
  'a buffer of its own that is shared': (array) => own(array, { buffer: new SharedArrayBuffer(8) }),
  'a buffer of its own that is none': (array) => own(array, { buffer: null }),
  'a place of its own': (array) => own(array, { byteOffset: 2 ** 40, byteLength: -1 }),
  'a class of its own': (array) => own(array, { constructor: Array }),
  'methods of its own': (array) =>
    own(array, { subarray: () => [], set: () => {}, slice: () => [], map: () => [], fill: () => {} }),
  'no prototype': (array) => Object.setPrototypeOf(array, null),
  'the prototype of another kind': (array) => Object.setPrototypeOf(array, Int8Array.prototype),
  'the prototype of plain arrays': (array) => Object.setPrototypeOf(array, Array.prototype),
  'inherited getters': (array) =>
    Object.setPrototypeOf(array, {
      get length() {
        return 1e9;
      },
      get buffer() {
        return new SharedArrayBuffer(8);
      },
    }),
  'a species that is no typed array': (array) => {
    const Kind = array.constructor as Float64ArrayConstructor;
    class Species extends Kind {
      static get [Symbol.species]() {
        return Array as never;
      }
    }
    return new Species(array.buffer as ArrayBuffer, array.byteOffset, array.length);
  },
  'a buffer with the prototype of shared memory': (array) => {
    Object.setPrototypeOf(array.buffer, SharedArrayBuffer.prototype);
    return array;
  },
  'a getter that throws': (array) => {
    const get = (): never => {
      throw new RangeError('from a getter');
    };
    return Object.defineProperties(array, { length: { get }, buffer: { get }, constructor: { get } });
  },
};

const network = (dtype: Dtype, hidden = 3) =>
  new Network(
    [
      { inputDim: 2, outputDim: hidden, activation: 'tanh' },
      { outputDim: 1, activation: 'sigmoid' },
    ],
    { seed: 1, dtype },
  );

type Call = (net: Network, X: Floats, Y: Floats, weights: Floats, dtype: Dtype) => unknown;

/** The results of calls, as plain numbers. */
const calls: Record<string, Call> = {
  predictSync: (net, X) => Array.from(net.predictSync(X).data),
  predict: async (net, X) => Array.from((await net.predict(X)).data),
  'predictSync of a matrix': (net, X) => Array.from(net.predictSync(new Matrix(X, rows, 2)).data),
  evaluateSync: (net, X, Y, sampleWeight) => net.evaluateSync(X, Y, { sampleWeight }),
  evaluate: (net, X, Y, sampleWeight) => net.evaluate(X, Y, { sampleWeight }),
  gradients: (net, X, Y) => net.gradients(X, Y).loss,
  fitSync: (net, X, Y, sampleWeight) => net.fitSync(X, Y, { epochs: 2, batchSize: 4, sampleWeight }).loss,
  fit: async (net, X, Y, sampleWeight) =>
    (await net.fit(X, Y, { epochs: 2, batchSize: 4, sampleWeight })).loss,
  'fit with validation data': async (net, X, Y) =>
    (await net.fit(X, Y, { epochs: 2, validationData: { X, Y } })).valLoss,
  trainOnBatch: (net, X, Y) => net.trainOnBatch(X, Y).loss,
  'a metric': (_, __, Y, weights) => metrics.meanSquaredError(Y, Y, { sampleWeight: weights }),
  'an asynchronous metric': (_, __, Y, weights) =>
    metrics.async.rocAuc([0, 1, 1, 0, 1, 0], Y, { sampleWeight: weights }),
  preprocessing: (_, X) => {
    const scaler = new Preprocessing([standardScaler()]).fit(new Matrix(X, rows, 2));
    return Array.from(scaler.transform(new Matrix(X, rows, 2)).data);
  },
  'asynchronous preprocessing': async (_, X) => {
    const scaler = new Preprocessing([standardScaler()]);
    return Array.from((await scaler.fitTransformAsync(new Matrix(X, rows, 2))).data);
  },
  trainTestSplit: (_, X, Y) =>
    Array.from(
      trainTestSplit(new Matrix(X, rows, 2), new Matrix(Y, rows, 1), { testSize: 2, seed: 1 }).test.X.data,
    ),
  functional: (_, X) => Array.from(functional.sigmoid(new Matrix(X, rows, 2)).data),
};

async function answer(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    return error;
  }
}

function isCoded(value: unknown): boolean {
  return value instanceof Error && /^ERR_BLASNET_[A-Z_]+$/.test(String((value as { code?: string }).code));
}

describe.each(dtypes)('a typed array (%s)', (dtype) => {
  const given = () => [honest(dtype, 2 * rows), honest(dtype, rows), honest(dtype, rows)] as const;

  it.each(Object.entries(lies))(
    'gives the right result or an error with a code, also with %s',
    async (_, lie) => {
      for (const [name, call] of Object.entries(calls)) {
        const [X, Y, weights] = given();
        const right = await answer(() => call(network(dtype), X, Y, weights, dtype));
        expect(right, name).not.toBeInstanceOf(Error);
        for (const lying of [0, 1, 2]) {
          const arrays = given().map((array, i) => (i === lying ? lie(array) : array)) as [
            Floats,
            Floats,
            Floats,
          ];
          const got = await answer(() => call(network(dtype), ...arrays, dtype));
          if (!isCoded(got)) expect(got, `${name}, argument ${lying}`).toEqual(right);
        }
      }
    },
  );

  it('keeps its memory while native code works on it, whatever it says of its buffer', async () => {
    const long = 40_000;
    // So wide that a prediction goes to another thread.
    const wide = network(dtype, 200);
    for (const [name, lie] of Object.entries(lies)) {
      const X = honest(dtype, long);
      const { buffer } = X;
      const bytes = buffer.byteLength;
      const right = wide.predictSync(X.slice());
      const prediction = answer(() => wide.predict(lie(X)));
      try {
        structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
      } catch {
        // Newer versions of Node say that it cannot be transferred.
      }
      const got = await prediction;
      if (isCoded(got)) continue;
      expect((got as Matrix).data, name).toEqual(right.data);
      Object.setPrototypeOf(buffer, ArrayBuffer.prototype);
      expect(buffer.byteLength, name).toBe(bytes);
    }
  });

  it.skipIf(!hasResizable)(
    'on a buffer that can shrink is refused, even if the buffer denies it',
    async () => {
      for (const disguise of [
        (buffer: ArrayBuffer) => Object.defineProperty(buffer, 'resizable', { value: false }),
        (buffer: ArrayBuffer) => Object.setPrototypeOf(buffer, SharedArrayBuffer.prototype),
        (buffer: ArrayBuffer) => Object.setPrototypeOf(buffer, null),
      ]) {
        const buffer = Reflect.construct(ArrayBuffer, [8 * 12, { maxByteLength: 800 }]);
        const X = new (classOf(dtype))(buffer, 0, 12);
        disguise(buffer);
        for (const call of [() => network(dtype).predictSync(X), () => network(dtype).predict(X)]) {
          expect(await answer(call)).toMatchObject({ code: 'ERR_BLASNET_RESIZABLE' });
        }
      }
    },
  );

  it('is refused if it is detached, even if it denies it', async () => {
    const X = honest(dtype, 12);
    structuredClone(X.buffer, { transfer: [X.buffer as ArrayBuffer] });
    own(X, { length: 12, byteLength: 12 * X.BYTES_PER_ELEMENT });
    Object.defineProperties(X.buffer, { byteLength: { value: 200 }, detached: { value: false } });
    for (const call of [() => network(dtype).predictSync(X), () => network(dtype).predict(X)]) {
      expect(await answer(call)).toMatchObject({ code: 'ERR_BLASNET_DETACHED' });
    }
  });
});

/** A matrix that answers otherwise at each question. */
function fickle(matrix: Matrix): Matrix {
  let asked = 0;
  return new Proxy(matrix, {
    get(target, key) {
      asked++;
      if (asked > 3 && key === 'data') return new Float64Array(1);
      if (asked > 3 && (key === 'rows' || key === 'cols')) return 1e6;
      return Reflect.get(target, key, target);
    },
  });
}

const matrixLies: Record<string, (matrix: Matrix) => unknown> = {
  'whose rows were changed': (matrix) => Object.assign(matrix, { rows: 1000 }),
  'whose columns were changed': (matrix) => Object.assign(matrix, { rows: 3, cols: 1e9 }),
  'whose rows are a fraction': (matrix) => Object.assign(matrix, { rows: 1.5 }),
  'whose rows are negative': (matrix) => Object.assign(matrix, { rows: -6, cols: -2 }),
  'whose data were replaced by fewer': (matrix) => Object.assign(matrix, { data: new Float64Array(1) }),
  'whose data are a plain array': (matrix) => Object.assign(matrix, { data: [1, 2] }),
  'that a proxy stands for': (matrix) => new Proxy(matrix, {}),
  'that answers otherwise each time': fickle,
  'with a getter': (matrix) => {
    let asked = 0;
    const { data } = matrix;
    const get = () => (asked++ === 0 ? data : new Float64Array(1));
    return Object.defineProperty(matrix, 'data', { get });
  },
};

describe.each(dtypes)('a matrix (%s)', (dtype) => {
  const make = (cols: number) => new Matrix<Floats>(honest(dtype, cols * rows), rows, cols);
  const uses: Record<string, (net: Network, X: Matrix, Y: Matrix, out: Matrix) => unknown> = {
    predictSync: (net, X) => Array.from(net.predictSync(X).data),
    predict: async (net, X) => Array.from((await net.predict(X)).data),
    'predictSync into it': (net, X, _, out) => {
      const { data } = out;
      net.predictSync(X, out);
      return Array.from(data);
    },
    evaluateSync: (net, X, Y) => net.evaluateSync(X, Y),
    evaluate: (net, X, Y) => net.evaluate(X, Y),
    gradients: (net, X, Y) => net.gradients(X, Y).loss,
    fitSync: (net, X, Y) => net.fitSync(X, Y, { epochs: 1 }).loss,
    fit: async (net, X, Y) => (await net.fit(X, Y, { epochs: 1 })).loss,
    'a metric': (_, __, Y, out) => metrics.meanSquaredError(Y, out),
    trainTestSplit: (_, X, Y) => Array.from(trainTestSplit(X, Y, { testSize: 2, seed: 1 }).train.X.data),
    functional: (_, X) => Array.from(functional.sigmoid(X).data),
    fitTransform: (_, X) => Array.from(new Preprocessing([standardScaler()]).fitTransform(X).data),
    'fitTransformAsync into it': async (_, X) =>
      Array.from((await new Preprocessing([standardScaler()]).fitTransformAsync(X)).data),
  };

  it.each(Object.entries(matrixLies))('%s gives the right result or an error with a code', async (_, lie) => {
    for (const [name, use] of Object.entries(uses)) {
      const given = () => [make(2), make(1), make(1)] as const;
      const right = await answer(() => use(network(dtype), ...given()));
      expect(right, name).not.toBeInstanceOf(Error);
      for (const lying of [0, 1, 2]) {
        const matrices = given().map((matrix, i) => (i === lying ? lie(matrix) : matrix));
        const got = await answer(() => use(network(dtype), ...(matrices as [Matrix, Matrix, Matrix])));
        if (!isCoded(got)) expect(got, `${name}, argument ${lying}`).toEqual(right);
      }
    }
  });
});

it('a changed Symbol.hasInstance makes no buffer shared', async () => {
  const X = honest('float64', 40_000);
  // So wide that a prediction goes to another thread.
  const wide = network('float64', 200);
  const right = wide.predictSync(X.slice());
  for (const kind of [SharedArrayBuffer, ArrayBuffer, Matrix, Float64Array]) {
    Object.defineProperty(kind, Symbol.hasInstance, { value: () => true, configurable: true });
  }
  let prediction: Promise<Matrix>;
  try {
    prediction = wide.predict(X);
    try {
      structuredClone(X.buffer, { transfer: [X.buffer as ArrayBuffer] });
    } catch {}
  } finally {
    for (const kind of [SharedArrayBuffer, ArrayBuffer, Matrix, Float64Array]) {
      Reflect.deleteProperty(kind, Symbol.hasInstance);
    }
  }
  expect((await prediction).data).toEqual(right.data);
  expect(X.length).toBe(40_000);
});
