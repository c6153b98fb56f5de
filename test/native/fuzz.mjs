/**
 * Throws arbitrary values at every function and method of the addon, right ones among them; border.test.ts
 * runs it. Ends with status 0 and a line of counts when each call returned or threw an Error.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { functions, methods, planArguments, rightArguments } from './calls.mjs';

const require = createRequire(import.meta.url);
const native = require('node-gyp-build')(fileURLToPath(new URL('../..', import.meta.url)));
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
 * A call's arguments: right ones, with up to three in other hands, and some left out or added.
 *
 * @param {import('./calls.mjs').Argument[]} list
 */
function argumentsFor(list) {
  return fc
    .record({
      Float: fc.constantFrom(Float64Array, Float32Array),
      replaced: fc.array(fc.tuple(fc.nat({ max: list.length }), anything), { maxLength: 3 }),
      length: fc.oneof(
        { arbitrary: fc.constant(list.length), weight: 4 },
        { arbitrary: fc.nat({ max: 12 }), weight: 1 },
      ),
    })
    .map(({ Float, replaced, length }) => {
      const args = rightArguments(list, Float);
      for (const [i, value] of replaced) args[i] = value;
      args.length = length;
      return args;
    });
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

for (const [name, list] of Object.entries(functions)) {
  fc.assert(
    fc.property(argumentsFor(list), (args) => attempt(() => native[name](...args))),
    settings,
  );
}

fc.assert(
  fc.property(argumentsFor(planArguments), (args) => attempt(() => new native.Plan(...args))),
  settings,
);

// Some calls on one plan; a function among their arguments makes a call asynchronous.
const step = fc.oneof(
  ...Object.entries(methods).map(([name, list]) =>
    fc.record({
      name: fc.constant(name),
      args: argumentsFor(list),
      isAsync: fc.boolean(),
      receiver: fc.oneof({ arbitrary: fc.constant('plan'), weight: 9 }, { arbitrary: anything, weight: 1 }),
      waits: fc.boolean(),
    }),
  ),
);
await fc.assert(
  fc.asyncProperty(
    fc.constantFrom(Float64Array, Float32Array),
    fc.array(step, { minLength: 1, maxLength: 8 }),
    async (Float, steps) => {
      const plan = new native.Plan(...rightArguments(planArguments, Float));
      for (const { name, args, isAsync, receiver, waits } of steps) {
        const callbackIndex = (methods[name]?.length ?? 0) - 1;
        if (isAsync && callbackIndex > 0) args[callbackIndex] = () => {};
        attempt(() => Reflect.apply(plan[name], receiver === 'plan' ? plan : receiver, args));
        if (waits) await new Promise(setImmediate);
      }
    },
  ),
  { ...settings, numRuns: 4000 },
);

console.log(`${counts.returned} calls returned, ${counts.threw} threw`);
