import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { native } from '../../lib/addon/binding.js';
import { packRecord, recordPlaces } from '../../lib/addon/records.js';
import { joined } from '../../lib/engine/plan.js';
import { thrownBy } from '../support/bad-input.js';
import { type Argument, rightArguments, wrongProperty } from './arguments.mjs';
import { arrayClasses, hashCalls } from './array-calls.mjs';
import { callsOf } from './calls.mjs';
import { kernels } from './kernels.js';
import { mappedClasses } from './mapped-calls.mjs';
import { metricCallsOf } from './metric-calls.mjs';
import { preprocessingCalls } from './preprocessing-calls.mjs';
import { rankClasses } from './rank-calls.mjs';
import { rowClasses } from './row-calls.mjs';
import { encoderClasses, jsonArguments, tableColumnClasses, textClasses } from './text-calls.mjs';
import { versionClasses } from './version-calls.mjs';

type AnyFunction = (...args: unknown[]) => unknown;
type Exports = Record<string, AnyFunction>;
const { functions, kernelFunctions, methods, planArguments } = callsOf(native);
const addons = {
  library: { exported: native as unknown as Exports, functions },
  tests: { exported: kernels as unknown as Exports, functions: { ...kernelFunctions, ...hashCalls } },
};
const floats = [Float64Array, Float32Array] as const;
/** The classes of the library's addon. */
const classes: Record<
  string,
  {
    constructorArguments: Argument[];
    methods: Record<string, Argument[]>;
    /** What an object needs before its methods take their right arguments. */
    prepare?: (object: unknown) => void;
  }
> = {
  ...arrayClasses,
  ...preprocessingCalls,
  ...rowClasses,
  ...textClasses,
  ...encoderClasses,
  ...tableColumnClasses,
  ...versionClasses,
  ...rankClasses,
  ...mappedClasses,
  Metrics: metricCallsOf(native),
  Plan: { constructorArguments: planArguments, methods },
};
type PlanArguments = [never];

const plainLayer = {
  activation: 0,
  alpha: 0,
  normalization: 0,
  epsilon: 0,
  momentum: 0,
  dropout: 0,
  noise: 0,
  scalesInputs: 0,
  mixes: 0,
  skip: 0,
  trainable: 1,
  l1: 0,
  l2: 0,
  maxNorm: 0,
};

function make(name: string, args: unknown[]): Record<string, AnyFunction> {
  return Reflect.construct((native as unknown as Exports)[name] as AnyFunction, args) as never;
}

function makePlan(Float: (typeof floats)[number]): Record<string, AnyFunction> {
  return make('Plan', rightArguments(planArguments, Float));
}

/** Makes calls with one invalid argument each. Every call must throw a TypeError and write nothing. */
function refusesEveryWrongArgument(
  list: Argument[],
  Float: (typeof floats)[number],
  call: (args: unknown[]) => unknown,
): void {
  for (const [i, { wrong }] of list.entries()) {
    for (const value of wrong(Float)) {
      const args = rightArguments(list, Float);
      args[i] = value;
      const error = thrownBy(() => call(args));
      const what = `argument ${i}: ${typeof value === 'object' ? Object.prototype.toString.call(value) : String(value)}`;
      expect(error, what).toBeInstanceOf(TypeError);
      expect((error as Error).message, what).toMatch(
        /^(blasnet native: argument \d+ (\(\w+\) )?must be [^\n]+|A number was expected)$/,
      );
      const right = rightArguments(list, Float);
      args[i] = repaired(args[i], right[i]);
      expect(args, what).toEqual(right);
    }
  }
}

/** Replaces an invalid argument by the valid one; in an object, replaces the invalid property only. */
function repaired(wrong: unknown, right: unknown): unknown {
  const name = (wrong as { [wrongProperty]?: string } | null | undefined)?.[wrongProperty];
  if (name === undefined) return right;
  const { [wrongProperty]: _, ...others } = wrong as Record<PropertyKey, unknown>;
  return { ...others, [name]: (right as Record<string, unknown>)[name] };
}

it('every export of both addons has its test here', () => {
  for (const { exported, functions: tested } of Object.values(addons)) {
    const names = Object.keys(exported).filter(
      (name) => typeof exported[name] === 'function' && !(name in classes),
    );
    expect(names.sort()).toEqual(Object.keys(tested).sort());
  }
  for (const [name, of] of Object.entries(classes)) {
    const { prototype } = (native as unknown as Exports)[name] as AnyFunction;
    expect(Object.getOwnPropertyNames(prototype).sort()).toEqual(
      [...Object.keys(of.methods), 'constructor'].sort(),
    );
  }
});

describe.each(floats)('given a %o', (Float) => {
  const tested = Object.values(addons).flatMap(({ exported, functions: of }) =>
    Object.entries(of).map(([name, list]) => ({ name, list, exported })),
  );
  it.each(tested)('$name refuses every wrong argument', ({ name, list, exported }) => {
    const call = (args: unknown[]) => exported[name]?.(...args);
    expect(() => call(rightArguments(list, Float))).not.toThrow();
    refusesEveryWrongArgument(list, Float, call);
    for (let count = 0; count < list.length; count++) {
      const optional = { lossFromOutputs: 2, addPenalty: 1 }[name] ?? 0;
      const isOptional = count >= list.length - optional;
      const args = rightArguments(list, Float).slice(0, count);
      if (!isOptional)
        expect(
          thrownBy(() => call(args)),
          `${count} arguments`,
        ).toBeInstanceOf(TypeError);
    }
  });

  it.each(Object.keys(classes))('%s refuses every wrong argument', (name) => {
    const { constructorArguments } = classes[name] as (typeof classes)[string];
    expect(() => make(name, rightArguments(constructorArguments, Float))).not.toThrow();
    refusesEveryWrongArgument(constructorArguments, Float, (args) => make(name, args));
  });

  const tables = Object.entries(classes).flatMap(([type, { methods: of }]) =>
    Object.entries(of).map(([name, list]) => ({ type, name, list })),
  );
  it.each(tables)('$name of $type refuses every wrong argument', ({ type, name, list }) => {
    const object = make(type, rightArguments(classes[type]?.constructorArguments ?? [], Float));
    classes[type]?.prepare?.(object);
    expect(() => object[name]?.(...rightArguments(list, Float))).not.toThrow();
    object.clearStop?.();
    refusesEveryWrongArgument(list, Float, (args) => object[name]?.(...args));
    // The object still works.
    expect(() => object[name]?.(...rightArguments(list, Float))).not.toThrow();
    for (const receiver of [undefined, {}, native, Object.create(object)]) {
      const wrong = () => Reflect.apply(object[name] as AnyFunction, receiver, rightArguments(list, Float));
      expect(wrong).toThrow(TypeError);
    }
  });
});

it('a reader of JSON refuses every wrong argument', () => {
  expect(() => make('TextReader', rightArguments(jsonArguments, Float64Array))).not.toThrow();
  refusesEveryWrongArgument(jsonArguments, Float64Array, (args) => make('TextReader', args));
});

it('sizes whose product is too large are refused, not wrapped around', () => {
  const most = 2 ** 31 - 1;
  const a = new Float64Array(8);
  const tooLarge = /^blasnet native: argument \d must be (smaller|a typed array of at least \d+ elements)$/;
  for (const call of [
    () => native.gemm(false, false, most, most, most, 1, a, a, 0, a),
    () => native.gemm(false, false, most, 1, 1, 1, a, a, 0, a),
    () => native.gemm(false, false, 2 ** 16, 2 ** 16, 2 ** 16, 1, a, a, 0, a),
    () => native.activationForward(1, 0, 0, most, most, a, a),
    () => native.activationBackward(1, 0, 0, 2 ** 30, 2 ** 30, a, a, a, a),
    () => native.layerForward(0, most, most, most, a, a, a, a),
    () => native.layerGradients(0, 2 ** 20, 2 ** 24, 2 ** 20, 1, a, a, a, a),
    () => native.layerInputGradient(1, most, 1, most, a, a, a),
    () => kernels.lossFromOutputs(0, a, most, most, most, a, a, null, 1, a),
    () => native.countBinaryHits(most, most, a, a, 0),
    () => kernels.countHits(1, a, 1, most, most, a, a),
  ]) {
    expect(thrownBy(call)).toMatchObject({ message: expect.stringMatching(tooLarge) });
  }

  // The counts are (2^31 - 1 + 1) * (2^31 - 1), four times, and 2^31 * 4. Their sum is 2^64, which is 0 in 64
  // bits.
  const none = { numeric: new Float64Array(0), embeddings: new Float64Array(0) };
  const sizes = [most, most, most, most, most, 4];
  for (const [inputs = 1, ...outputs] of [sizes, sizes.slice(0, 2), [2 ** 16, 2 ** 16]]) {
    const layers = joined(outputs.map((size) => packRecord('layer', { ...plainLayer, outputs: size })));
    const [right] = rightArguments(planArguments, Float64Array) as [object];
    const error = thrownBy(() => new native.Plan({ ...right, ...none, inputs, layers } as never));
    expect(error).toMatchObject({ message: expect.stringContaining('fewer than 2^31 parameters') });
  }
  // Members have as many last layers.
  const heads = packRecord('layer', { ...plainLayer, outputs: 2 ** 14 });
  const [args] = rightArguments(planArguments, Float64Array) as [object];
  const wide = { ...args, ...none, inputs: 2 ** 14, layers: heads, members: 10_000 };
  expect(thrownBy(() => new native.Plan(wide as never))).toMatchObject({
    message: expect.stringContaining('so few that there are fewer than 2^31 parameters'),
  });
  const plan = makePlan(Float64Array);
  for (const rows of [most, 2 ** 30]) {
    expect(() => plan.predict?.(a, new Int32Array(8), rows, a)).toThrow(TypeError);
    expect(() => plan.evaluate?.(a, new Int32Array(8), a, null, rows)).toThrow(TypeError);
    const [right] = rightArguments(methods.train as Argument[], Float64Array) as [{ numbers: Float64Array }];
    const train = (changes: object, places: Record<string, number>) => {
      const numbers = right.numbers.slice();
      for (const [field, value] of Object.entries(places)) {
        numbers[recordPlaces('train')[field as 'rows']] = value;
      }
      plan.train?.({ ...right, numbers, ...changes });
    };
    expect(() => train({}, { rows })).toThrow(
      /argument 0 \((X|Y|codes)\) must be a typed array of at least \d+ elements/,
    );
    expect(() => train({}, { epochs: rows })).toThrow(
      /argument 0 \(order\) must be a typed array of at least/,
    );
    expect(() => train({ order: null }, { epochs: rows })).toThrow(/argument 0 \(losses\) must be/);
  }
});

it('Plan refuses a call without new, and its methods a receiver that is no plan', () => {
  expect(() => (native.Plan as unknown as AnyFunction)()).toThrow(TypeError);
  expect(() => Reflect.apply(native.Plan as never, {}, rightArguments(planArguments, Float64Array))).toThrow(
    TypeError,
  );
  const plan = makePlan(Float64Array);
  for (const [name, list] of Object.entries(methods)) {
    for (const receiver of [
      undefined,
      null,
      3,
      {},
      native,
      Object.create(plan),
      new Float64Array(9),
      native.Plan,
    ]) {
      const call = () =>
        Reflect.apply(plan[name] as AnyFunction, receiver, rightArguments(list, Float64Array));
      expect(call, name).toThrow(TypeError);
    }
  }
});

it('Plan may be extended by a subclass', () => {
  class Extended extends native.Plan {
    extra = 1;
  }
  const args = rightArguments(planArguments, Float64Array) as PlanArguments;
  const plan = new Extended(...args);
  expect(() => plan.predict(new Float64Array(15), new Int32Array(5), 5, new Float64Array(10))).not.toThrow();
});

// Runs in its own process, so that a crash is visible as one; the seed is fixed.
it('the addon survives calls with arguments of every kind', { timeout: 120_000 }, () => {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL('fuzz.mjs', import.meta.url))],
    {
      encoding: 'utf8',
    },
  );
  expect({ status, signal }, stdout + stderr).toEqual({ status: 0, signal: null });
  expect(stdout).toMatch(/^\d+ calls returned, \d+ threw$/m);
  const [returned = 0, threw = 0] = (stdout.match(/\d+/g) ?? []).map(Number);
  // Both valid and invalid calls were tested.
  expect(returned).toBeGreaterThan(10_000);
  expect(threw).toBeGreaterThan(20_000);
});
