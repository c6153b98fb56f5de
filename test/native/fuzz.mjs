/**
 * Calls every function and method of both addons with arbitrary values, some of them valid. border.test.mts
 * runs this. If each call returns or throws an Error, the process ends with status 0 and prints counts.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { rightArguments } from './arguments.mjs';
import { arrayClasses, hashCalls } from './array-calls.mjs';
import { callsOf } from './calls.mjs';
import { mappedClasses } from './mapped-calls.mjs';
import { metricCallsOf } from './metric-calls.mjs';
import { preprocessingCalls } from './preprocessing-calls.mjs';
import { rankClasses } from './rank-calls.mjs';
import { rowClasses } from './row-calls.mjs';
import { encoderClasses, jsonArguments, tableColumnClasses, textClasses } from './text-calls.mjs';
import { versionClasses } from './version-calls.mjs';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('../..', import.meta.url));
const native = require('node-gyp-build')(root);
const built = join(process.env.BLASNET_PREBUILD ?? root, 'build/Release/blasnet_test.node');
const kernels = require(process.env.BLASNET_TEST_ADDON ?? built);
const { functions, kernelFunctions, methods, planArguments } = callsOf(native);
const counts = { returned: 0, threw: 0 };

const lengths = fc.integer({ min: 0, max: 40 });
const numbers = fc.oneof(
  fc.integer({ min: -2, max: 9 }),
  fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY),
  fc.double(),
);
const arrays = fc
  .record({
    kind: fc.constantFrom(Float64Array, Float32Array, Int32Array, Uint32Array, Uint8Array),
    length: lengths,
    offset: fc.integer({ min: 0, max: 3 }),
    memory: fc.constantFrom('own', 'shared', 'resizable', 'detached'),
    value: numbers,
  })
  .map(({ kind, length, offset, memory, value }) => {
    const bytes = (length + offset) * kind.BYTES_PER_ELEMENT;
    const buffer =
      memory === 'shared' ? new SharedArrayBuffer(bytes) : makeBuffer(bytes, memory === 'resizable');
    const array = new kind(buffer, offset * kind.BYTES_PER_ELEMENT, length).fill(value);
    if (memory === 'detached') structuredClone(array, { transfer: [/** @type {ArrayBuffer} */ (buffer)] });
    if (memory === 'resizable') /** @type {any} */ (buffer).resize(bytes / 2);
    return array;
  });
const anything = fc.oneof(
  { arbitrary: numbers, weight: 3 },
  { arbitrary: arrays, weight: 3 },
  { arbitrary: fc.anything({ withBigInt: true, withTypedArray: true, withNullPrototype: true }), weight: 1 },
  {
    arbitrary: fc.constantFrom(
      undefined,
      null,
      Symbol('x'),
      () => {},
      new Proxy({}, {}),
      new Proxy(new Float64Array(9), {}),
      { valueOf: () => fc.assert },
      native,
      native.Plan,
      native.Metrics,
      native.Columns,
      native.Pipeline,
    ),
    weight: 1,
  },
);

/** @param {number} bytes @param {boolean} resizable */
function makeBuffer(bytes, resizable) {
  const Buffer = /** @type {any} */ (ArrayBuffer);
  return resizable ? new Buffer(bytes, { maxByteLength: bytes + 64 }) : new Buffer(bytes);
}

/**
 * Arguments for a call: valid ones, but up to three are replaced, and some are left out or added.
 *
 * @param {import('./arguments.mjs').Argument[]} list
 */
function argumentsFor(list) {
  return fc
    .record({
      Float: fc.constantFrom(Float64Array, Float32Array),
      replaced: fc.array(fc.tuple(fc.nat({ max: list.length }), anything), { maxLength: 3 }),
      properties: fc.array(fc.tuple(fc.nat(), anything), { maxLength: 3 }),
      length: fc.oneof(
        { arbitrary: fc.constant(list.length), weight: 4 },
        { arbitrary: fc.nat({ max: 12 }), weight: 1 },
      ),
    })
    .map(({ Float, replaced, properties, length }) => {
      const args = rightArguments(list, Float);
      // If the argument is an object, its properties are replaced, and the object itself only rarely.
      const [first] = args;
      if (isPlain(first)) {
        const names = Object.keys(first);
        for (const [i, value] of properties) first[names[i % names.length] ?? ''] = value;
      }
      for (const [i, value] of replaced.slice(isPlain(first) ? 2 : 0)) args[i] = value;
      args.length = length;
      return args;
    });
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isPlain(value) {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** @param {() => unknown} call */
function attempt(call) {
  try {
    call();
    counts.returned++;
  } catch (error) {
    if (!(error instanceof Error)) throw new Error('something was thrown that is no Error', { cause: error });
    counts.threw++;
  }
}

const settings = { seed: 20_240_229, numRuns: 1500 };

for (const [addon, tested] of [
  [native, functions],
  [kernels, { ...kernelFunctions, ...hashCalls }],
]) {
  for (const [name, list] of Object.entries(tested)) {
    fc.assert(
      fc.property(argumentsFor(list), (args) => attempt(() => addon[name](...args))),
      settings,
    );
  }
}

// Several calls on one object of a class. A call with a function as its last argument is asynchronous.
for (const [name, of] of Object.entries({
  Plan: { constructorArguments: planArguments, methods },
  Metrics: metricCallsOf(native),
  ...arrayClasses,
  ...preprocessingCalls,
  ...rowClasses,
  ...textClasses,
  ...encoderClasses,
  ...tableColumnClasses,
  ...versionClasses,
  ...rankClasses,
  ...mappedClasses,
})) {
  fc.assert(
    fc.property(argumentsFor(of.constructorArguments), (args) => attempt(() => new native[name](...args))),
    settings,
  );
  const step = fc.oneof(
    ...Object.entries(of.methods).map(([method, list]) =>
      fc.record({
        method: fc.constant(method),
        args: argumentsFor(list),
        isAsync: fc.boolean(),
        receiver: fc.oneof(
          { arbitrary: fc.constant('object'), weight: 9 },
          { arbitrary: anything, weight: 1 },
        ),
        waits: fc.boolean(),
      }),
    ),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(Float64Array, Float32Array),
      fc.array(step, { minLength: 1, maxLength: 8 }),
      async (Float, steps) => {
        const object = new native[name](...rightArguments(of.constructorArguments, Float));
        if ('prepare' in of) of.prepare(object);
        /** Functions that methods returned. @type {((...args: unknown[]) => unknown)[]} */
        const returned = [];
        for (const { method, args, isAsync, receiver, waits } of steps) {
          const callbackIndex = (of.methods[method]?.length ?? 0) - 1;
          if (isAsync && callbackIndex > 0) args[callbackIndex] = () => {};
          attempt(() => {
            const result = Reflect.apply(object[method], receiver === 'object' ? object : receiver, args);
            if (typeof result === 'function') returned.push(result);
          });
          for (const call of returned) attempt(() => Reflect.apply(call, receiver, args));
          if (waits) await new Promise(setImmediate);
        }
      },
    ),
    { ...settings, numRuns: 4000 },
  );
}

fc.assert(
  fc.property(argumentsFor(jsonArguments), (args) => attempt(() => new native.TextReader(...args))),
  settings,
);

// Plans with arbitrary layers and losses, trained with arbitrary numbers. The arrays have valid types and
// lengths, so that the calls reach the arithmetic.
const double = fc.oneof(
  { arbitrary: fc.constantFrom(0, 0.1, 0.5, 1, 2), weight: 3 },
  { arbitrary: numbers, weight: 1 },
);
/** @param {number} length @param {fc.Arbitrary<number>} [of] */
const doubles = (length, of = double) =>
  fc.array(of, { minLength: length, maxLength: length }).map((values) => Float64Array.from(values));
const small = (/** @type {number} */ max) => fc.nat({ max });
// All fields of a layer's record except the first, its outputs.
const layer = fc
  .tuple(
    ...[small(16), double, small(2), double, double, double, double],
    // The inputs may be scaled, and the activations mixed.
    ...[small(1), fc.constantFrom(0, 0, 0, 1)],
    fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, { arbitrary: small(3), weight: 1 }),
    ...[double, double, double, double],
  )
  .map((values) => values.map(Number));
const network = fc.record({
  Float: fc.constantFrom(Float64Array, Float32Array),
  // There are few sizes, so that skips often fit.
  sizes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 }),
  tables: fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3 })), {
    maxLength: 2,
  }),
  // None, or (kind, columns, frequencies, outputs).
  numeric: fc.oneof(
    fc.constant([]),
    fc.tuple(
      small(1),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 2, max: 5 }),
    ),
  ),
  code: fc.oneof(fc.integer({ min: -2, max: 6 }), fc.constantFrom(2 ** 31 - 1, -(2 ** 31))),
  layers: fc.array(layer, { minLength: 3, maxLength: 3 }),
  members: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 4 })),
  // None, or two for each of at most 25 parameters.
  factors: fc.oneof(fc.constant(new Float64Array(0)), doubles(50)),
  loss: fc.tuple(small(Object.keys(native.losses).length - 1), double, double),
  rows: fc.integer({ min: 1, max: 40 }),
  value: double,
  label: fc.oneof(fc.integer({ min: -2, max: 9 }), fc.constantFrom(2 ** 31 - 1, -(2 ** 31))),
});
const training = fc.record({
  optimizer: small(8),
  options: doubles(8),
  rates: fc.integer({ min: 1, max: 4 }).chain((length) => doubles(length)),
  decays: fc.integer({ min: 1, max: 4 }).chain((length) => doubles(length)),
  dropouts: fc.integer({ min: 1, max: 4 }).chain((length) => doubles(length)),
  state: double,
  epochs: small(3),
  from: small(3),
  sizes: fc.tuple(
    fc.integer({ min: 1, max: 50 }),
    fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(2 ** 31 - 1)),
  ),
  counts: fc.tuple(fc.constantFrom(0, 1, 2 ** 53), fc.constantFrom(0, 7, 2 ** 53)),
  clipping: fc.tuple(double, double),
  key: fc.tuple(fc.constantFrom(0, 5, 2 ** 32 - 1), fc.constantFrom(0, 5, 2 ** 32 - 1)),
  check: small(1),
  before: fc.tuple(double, fc.constantFrom(0, 7, 2 ** 53)),
  ranks: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1, 2),
  shuffled: fc.boolean(),
  weighted: fc.boolean(),
});

fc.assert(
  fc.property(network, fc.array(training, { maxLength: 3 }), (net, trainings) => {
    const { Float, sizes, tables, numeric, factors, code, layers, members, loss, rows, value, label } = net;
    /** @param {typeof Float64Array | typeof Float32Array} kind @param {number} length */
    const shared = (kind, length) => {
      const buffer = new SharedArrayBuffer(length * kind.BYTES_PER_ELEMENT);
      const array = kind === Float64Array ? new Float64Array(buffer) : new Float32Array(buffer);
      for (let i = 0; i < length; i++) array[i] = Math.sin(i) / 2 + 0.6;
      return array;
    };
    const [inputs = 1, outputs = 1] = [sizes[0], sizes.at(-1)];
    const used = layers.slice(0, sizes.length - 1);
    const [kind = 0, columns = 0, frequencies = 0, numericOutputs = 0] = numeric;
    const linear = numericOutputs - (kind === 0 ? 1 : 0);
    const numericSize =
      kind === 0
        ? columns * (2 * frequencies + linear * (frequencies + 1))
        : columns * (frequencies + linear * (2 * frequencies + 1));
    const embedded = columns * (numericOutputs - 1) + tables.reduce((sum, [, outputs]) => sum + outputs, 0);
    const parameters = used.reduce(
      (sum, [, , normalization = 0, , , , , scales = 0, mixes = 0], l) => {
        const features = (sizes[l] ?? 0) + (l === 0 ? embedded : 0);
        const columns = features + (normalization > 0 ? 3 : 1) + mixes;
        const heads = l === used.length - 1 ? Math.max(1, members) : 1;
        const own = (heads - 1) * (features + 1) * (sizes[l + 1] ?? 0) + (l === 0 ? members * features : 0);
        return sum + columns * (sizes[l + 1] ?? 0) + scales * features + own;
      },
      tables.reduce((sum, [categories, outputs]) => sum + (categories + 1) * outputs, numericSize),
    );
    const codes = new Int32Array(rows * tables.length).fill(code, 0, 1);
    const records = Float64Array.from(used.flatMap((layer, l) => [sizes[l + 1] ?? 0, ...layer]));
    const X = new Float(rows * inputs).map((_, i) => Math.cos(i));
    X[0] = value;
    const isSparse = loss[0] === 3;
    const Y = isSparse ? new Int32Array(rows).fill(label, 0, 1) : new Float(rows * outputs).fill(value, 0, 1);
    attempt(() => {
      const plan = new native.Plan({
        inputs: sizes[0],
        numeric: Float64Array.from(numeric),
        embeddings: Float64Array.from(tables.flat()),
        layers: records,
        members,
        factors: Float64Array.from(factors),
        loss: loss[0],
        lossOptions: Float64Array.from(loss.slice(1)),
        lossLevels: new Float64Array(inputs % 2),
        parameters: shared(Float, parameters),
        statistics: shared(Float, 60),
        versions: null,
        outcome: shared(Float64Array, 8),
      });
      const weights = new Float(rows).fill(0.5, 1);
      attempt(() => plan.predict(X, codes, rows, new Float(rows * outputs)));
      attempt(() => plan.evaluate(X, codes, Y, weights, rows));
      attempt(() => plan.evaluateAndPredict(X, codes, Y, weights, rows, new Float(rows * outputs)));
      attempt(() => plan.gradients(X, codes, Y, null, rows, new Float(parameters)));
      attempt(() => plan.inputGradients(X, codes, null, outputs - 1, rows, new Float(rows * inputs)));
      attempt(() => plan.inputGradients(X, codes, Y, 0, rows, new Float(rows * inputs)));
      for (const { optimizer, options, rates, epochs, from, sizes: batches, ...rest } of trainings) {
        const order = new Uint32Array(epochs * rows).map((_, i) => (7 * i) % rows);
        const size = native.optimizerStateSize(optimizer, options, parameters);
        const numbers = [
          rows,
          epochs,
          from,
          rows,
          ...batches,
          optimizer,
          ...rest.counts,
          ...rest.clipping,
          ...rest.key,
          rest.check,
          ...rest.before,
          rest.ranks,
        ];
        attempt(() =>
          plan.train({
            X,
            codes,
            Y,
            weights: rest.weighted ? weights : null,
            order: rest.shuffled ? order : null,
            numbers: Float64Array.from(numbers),
            options,
            state: new Float(size).fill(rest.state),
            learningRates: rates,
            decayFactors: rest.decays,
            dropoutFactors: rest.dropouts,
            losses: new Float64Array(epochs),
            hitShares: new Float64Array(epochs),
          }),
        );
      }
    });
  }),
  { ...settings, numRuns: 3000 },
);

console.log(`${counts.returned} calls returned, ${counts.threw} threw`);
