// Random tables with a random declaration of their inputs.

import fc from 'fast-check';
import type { ColumnKind } from '../../lib/tables/column';
import type { Encoding } from '../../lib/tabular/encodings';
import type { OracleColumn, Value } from '../support/oracle-encodings';

export interface RandomColumn extends OracleColumn {
  readonly name: string;
  /** Its own encoding; undefined: by its kind. */
  readonly encoding: Encoding | undefined;
}

export interface RandomTable {
  readonly rows: number;
  readonly columns: readonly RandomColumn[];
  readonly missing: 'indicator' | 'fill';
}

const texts = ['a', 'b', 'c', 'ü', 'constructor', '__proto__', ' '];

const values: Readonly<Record<ColumnKind, fc.Arbitrary<Value>>> = {
  number: fc.oneof(
    fc.integer({ min: -2, max: 2 }),
    fc.integer({ min: -80_000, max: 80_000 }).map((k) => k / 8),
  ),
  category: fc.constantFrom(...texts),
  boolean: fc.boolean(),
  time: fc.oneof(
    fc.integer({ min: -20_000, max: 20_000 }).map((day) => day * 86_400_000),
    fc.integer({ min: -1e12, max: 2e12 }),
  ),
};

/** Leaves out what is undefined, as a user would. */
function record(model: Record<string, fc.Arbitrary<unknown>>, always: object): fc.Arbitrary<Encoding> {
  return fc.record(model, { requiredKeys: [] }).map((options) => ({ ...always, ...options }) as Encoding);
}

const missing = fc.constantFrom('indicator', 'fill');
const filled = (encode: string, model: Record<string, fc.Arbitrary<unknown>> = {}) =>
  fc.oneof(
    record({ ...model, missing, strategy: fc.constantFrom('mean', 'median', 'mostFrequent') }, { encode }),
    record({ ...model, missing, value: fc.integer({ min: -9, max: 9 }) }, { encode, strategy: 'constant' }),
  );
const flags = { center: fc.boolean(), scale: fc.boolean() };
const gathered = {
  most: fc.integer({ min: 2, max: 5 }),
  least: fc.integer({ min: 1, max: 4 }),
  missing: fc.constantFrom('indicator', 'fill', 'category'),
};
const ofNumbers = fc.oneof(
  filled('standard', flags),
  filled('minMax', { range: fc.constantFrom([-1, 1], [0, 5]), clip: fc.boolean() }),
  filled('robust', { ...flags, percentiles: fc.constantFrom([10, 90], [0, 50]), clip: fc.boolean() }),
  filled('raw'),
  filled('piecewise', { bins: fc.integer({ min: 1, max: 20 }) }),
);
const encodings: Readonly<Record<ColumnKind, fc.Arbitrary<Encoding>>> = {
  number: ofNumbers,
  category: fc.oneof(
    record(gathered, { encode: 'oneHot' }),
    record({ ...gathered, outputDim: fc.integer({ min: 1, max: 9 }) }, { encode: 'embedding' }),
    record({ missing }, { encode: 'ordinal', order: [...texts, 'more'] }),
  ),
  boolean: record({ missing }, { encode: 'signs' }),
  time: fc.oneof(
    ofNumbers,
    record(
      { missing, periods: fc.shuffledSubarray(['day', 'week', 'year'], { minLength: 1 }) },
      { encode: 'cyclic' },
    ),
  ),
};

const names = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', '', 'a b', '0', '7', 'ü'),
  fc.string({ maxLength: 4 }),
);

const column = (rows: number): fc.Arbitrary<RandomColumn> =>
  fc.constantFrom<ColumnKind>('number', 'category', 'boolean', 'time').chain((kind) =>
    fc.record({
      name: names,
      kind: fc.constant(kind),
      values: fc.array(fc.option(values[kind], { freq: 6 }), { minLength: rows, maxLength: rows }),
      encoding: fc.option(
        fc.oneof(fc.constant<Encoding>({ encode: 'ignore' }), encodings[kind], encodings[kind]),
        {
          nil: undefined,
          freq: 3,
        },
      ),
    }),
  );

export const randomTables: fc.Arbitrary<RandomTable> = fc.integer({ min: 1, max: 24 }).chain((rows) =>
  fc.record({
    rows: fc.constant(rows),
    columns: fc.uniqueArray(column(rows), { minLength: 1, maxLength: 6, selector: ({ name }) => name }),
    missing: fc.constantFrom('indicator', 'fill'),
  }),
);
