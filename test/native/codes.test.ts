import { expect, it } from 'vitest';
import { type NumericRecords, native } from '../../lib/addon/binding';
import { packFields, packRecord, recordPlaces } from '../../lib/addon/records';
import { activationNames } from '../../lib/layers/activations';
import { lossNames } from '../../lib/layers/losses';
import { nativeOptimizer } from '../../lib/optimizers/make';
import * as optimizers from '../../lib/optimizers/optimizers';
import { expectClose, float64, ulp } from './helpers';

it('native code and lib/ have rows for the same activations', () => {
  expect(Object.keys(native.activations).sort()).toEqual([...activationNames].sort());
});

it('native code and lib/ have rows for the same losses', () => {
  expect(Object.keys(native.losses).sort()).toEqual([...lossNames].sort());
});

it('lib/ has a factory for every optimiser of native code, and packs its options', () => {
  const used = Object.values(optimizers).map((make) => nativeOptimizer(make()));
  const codes = Object.values(native.optimizers).map(({ code }) => code);
  expect([...new Set(used.map(({ code }) => code))].sort()).toEqual(codes.sort());
  for (const { code, options } of used) {
    const row = Object.values(native.optimizers).find((candidate) => candidate.code === code);
    expect(options.length).toBe(row?.options.length);
    expect([...options].every(Number.isFinite)).toBe(true);
  }
});

// The fields of each record in lib/, in any order. The type makes the compiler compare them with
// NumericRecords.
const fields: { readonly [Name in keyof NumericRecords]: Readonly<Record<NumericRecords[Name], true>> } = {
  layer: {
    outputs: true,
    activation: true,
    alpha: true,
    normalization: true,
    epsilon: true,
    momentum: true,
    dropout: true,
    noise: true,
    scalesInputs: true,
    mixes: true,
    skip: true,
    trainable: true,
    l1: true,
    l2: true,
    maxNorm: true,
  },
  numeric: { kind: true, columns: true, frequencies: true, outputs: true },
  factors: { learningRate: true, weightDecay: true },
  embedding: { categories: true, outputs: true },
  lossOptions: { labelSmoothing: true, delta: true },
  train: {
    rows: true,
    epochs: true,
    from: true,
    to: true,
    batchSize: true,
    accumulate: true,
    optimizer: true,
    steps: true,
    batches: true,
    clipValue: true,
    clipNorm: true,
    keyLow: true,
    keyHigh: true,
    check: true,
    lossBefore: true,
    hitsBefore: true,
    ranks: true,
  },
  comparison: {
    ...{ rows: true, cols: true, indices: true, value: true },
    ...{ classes: true, threshold: true, k: true, epsilon: true, scale: true },
  },
  deviation: { residual: true, spread: true, differ: true },
  count: { hits: true, predicted: true, actual: true, occurs: true },
  bin: { weight: true, predicted: true, observed: true },
  ranking: { positives: true, negatives: true, area: true, precisions: true },
  outcome: {
    status: true,
    index: true,
    epoch: true,
    batch: true,
    layer: true,
    loss: true,
    hits: true,
    rows: true,
  },
};

it.each(Object.entries(fields))(
  'the record "%s" has the same fields on both sides of the border',
  (name, known) => {
    expect([...native.records[name as keyof NumericRecords]].sort()).toEqual(Object.keys(known).sort());
  },
);

it('a record is packed in native order, whatever the order of its values', () => {
  const [first = 'delta', second = 'delta'] = native.records.lossOptions;
  expect([...packFields('x', [first, second], { [second]: 2, [first]: true })]).toEqual([1, 2]);
  expect(recordPlaces('lossOptions')).toEqual({ [first]: 0, [second]: 1 });
});

it('a record with a field too few or too many is refused', () => {
  expect(() => packRecord('lossOptions', { delta: 1 } as never)).toThrow(
    'the record "lossOptions" has a field "labelSmoothing", which has no value',
  );
  expect(() => packRecord('lossOptions', { labelSmoothing: 0, delta: 1, gamma: 2 } as never)).toThrow(
    'the record "lossOptions" has no field "gamma"',
  );
});

it.each(['log', 'sin', 'cos'] as const)('native %s differs from that of Math by one ulp at most', (name) => {
  const { [name]: ours } = native;
  for (const x of [1e-300, 0.1, 0.5, 1, 2, 3.25, 100, 1e10]) {
    const expected = Math[name](x);
    expectClose([ours(x)], [expected], ulp(float64, expected));
  }
  expect(ours(Number.NaN)).toBe(Number.NaN);
  expect([native.log(0), native.log(-1), native.sin(-0), native.cos(0)]).toEqual([
    Number.NEGATIVE_INFINITY,
    Number.NaN,
    -0,
    1,
  ]);
});
