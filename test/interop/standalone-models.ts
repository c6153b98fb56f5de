// What holds for the module of every Classifier and Regressor: records get the answers and the errors that they get here, in
// a process without this package.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { Classifier, type InputsOptions, inputs, Regressor, Table } from '../../lib/tabular';
import { newFolder } from '../support/scratch';
import { type RandomTable, randomTables } from '../tabular/random-tables';
import { inPlainNode, type ModuleCall, type ModuleResult } from './plain-node';

type Model = Classifier | Regressor;
type RecordOf = Record<string, unknown>;

const outputsMayDiffer = { float64: 1e-12, float32: 1e-5 };

const classes = ['"', "it's </script>\n", '__proto__'];
const numbers = ['target', 'other target'];

/** The kinds of models, by how they train on records. */
const kinds: readonly ((table: Table, options: object) => Promise<Model>)[] = [
  (table, options) =>
    Classifier.train(table.without(['of three', ...numbers]), { ...options, target: 'of two' }),
  (table, options) =>
    Classifier.train(table.without(['of two', ...numbers]), { ...options, target: 'of three' }),
  (table, options) =>
    Classifier.train(table.without(['of three', ...numbers]), {
      ...options,
      target: ['of two', 'is third'],
    }) as unknown as Promise<Model>,
  (table, options) =>
    Regressor.train(table.without(['of two', 'of three', 'other target']), { ...options, target: 'target' }),
  (table, options) =>
    Regressor.train(table.without(['of two', 'of three']), {
      ...options,
      target: numbers,
    }) as unknown as Promise<Model>,
  async (table, options) => {
    const given = table.without(['of two', 'of three', 'other target']);
    const model = await Regressor.train(given, { ...options, target: 'target', quantiles: [0.1, 0.9] });
    await model.conformal(given, { coverage: 0.5 });
    return model;
  },
];

function recordsOf({ rows, columns }: RandomTable): RecordOf[] {
  return Array.from({ length: rows }, (_, row) => {
    const cells = columns.map(({ name, kind, values }) => {
      const value = values[row] as unknown;
      if (kind !== 'time' || value === null) return [name, value] as const;
      const date = new Date(value as number);
      return [name, [date, date.toISOString(), value][row % 3]] as const;
    });
    return Object.fromEntries([
      ...cells,
      ['of two', classes[row % 2]],
      ['of three', classes[row % 3]],
      ['is third', row % 3 === 0],
      ['target', row * row - 3],
      ['other target', 7 - row],
    ]);
  });
}

/** Records that are wrong, or unlike those of the training, each by one of its values. */
function strangeRecords(records: readonly RecordOf[]): RecordOf[] {
  const strange = [
    ...[
      'never seen',
      '',
      'NaN',
      '2024-02-30',
      '2024-02-29T24:00',
      '2023-01-01 10:20:30,25+01:30',
      '0099-12-31Z',
    ],
    ...[
      0,
      -1,
      1e300,
      -1e300,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      12n,
      2n ** 60n + 1n,
      10n ** 400n,
      true,
      null,
      undefined,
    ],
    ...[new Date(0), new Date(Number.NaN), [1], {}],
  ];
  const [first = {}] = records;
  const places = Object.keys(first);
  const changed = strange.map((value, i) => ({ ...first, [places[i % places.length] as string]: value }));
  // A computed key makes an own property also of "__proto__"; a spread copies it.
  const shortened = places.slice(0, 3).map((name) => {
    const { [name]: _, ...rest } = first;
    return rest;
  });
  return [...changed, ...shortened];
}

interface Told {
  readonly name: string;
  readonly argument: unknown;
  readonly here: ModuleResult;
  /** What was added to an output. */
  readonly margin: number;
}

/** What a model says about records and their errors, and how its module is asked for it. */
function toldBy(model: Model, records: readonly RecordOf[]): Told[] {
  const methods =
    model instanceof Classifier
      ? ['predict', 'probabilities']
      : ['predict', ...(model.levels ? ['quantiles'] : []), ...(model.intervals ? ['interval'] : [])];
  return methods.flatMap((name) =>
    [...records, ...strangeRecords(records)].map((argument) => ({
      name,
      argument,
      margin: name === 'interval' && model instanceof Regressor ? Math.abs(model.intervals?.margin ?? 0) : 0,
      here: attempt(() =>
        (model as unknown as Record<string, (record: object) => unknown>)[name]?.(argument),
      ),
    })),
  );
}

function attempt(call: () => unknown): ModuleResult {
  try {
    return { value: call() };
  } catch (error) {
    const { name, code, message } = error as Error & { code: unknown };
    return { error: { name, code, message } };
  }
}

/** The numbers of an answer; of a class none. */
function numbersOf(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).filter((each) => typeof each === 'number');
}

/** Compares an answer of a module with that of the model. Errors have equal codes and, up to the value, equal words. */
function compare(
  { name, argument, here, margin }: Told,
  there: ModuleResult,
  bound: number,
  close: boolean,
): void {
  const about = () => `${name}(${JSON.stringify(argument, (_, v) => (typeof v === 'bigint' ? `${v}n` : v))})`;
  if (here.error !== undefined) {
    const words = ({ message = '' }: { message?: string } = {}) =>
      message.replace(/(, got |; did you|; known).*/s, '');
    expect({ ...there.error, message: words(there.error) }, about()).toEqual({
      ...here.error,
      message: words(here.error),
    });
    return;
  }
  expect(there.error, about()).toBeUndefined();
  const [ours, theirs] = [numbersOf(here.value), numbersOf(there.value)];
  expect(theirs.length).toBe(ours.length);
  for (const [i, number] of ours.entries()) {
    const difference = Math.abs((theirs[i] as number) - number) / Math.max(1, margin, Math.abs(number));
    if (!(difference <= bound)) expect.fail(`${about()}: ${theirs[i]}, not ${number}`);
  }
  if (ours.length > 0 && typeof here.value === 'object') {
    expect(Object.keys(there.value as object)).toEqual(Object.keys(here.value as object));
  }
  // Where two classes are equally probable, rounding decides.
  if (ours.length === 0 && !close) expect(there.value, about()).toEqual(here.value);
}

/** Whether two classes of a record are nearly equally probable. */
function isClose(model: Model, argument: unknown): boolean {
  if (!(model instanceof Classifier)) return false;
  const shares = Object.values(model.probabilities(argument as object));
  const sorted = [...shares].sort((a, b) => b - a);
  const single = typeof model.predict(argument as object) !== 'object';
  if (!single) return shares.some((share) => Math.abs(share - 0.5) < 1e-5);
  return (sorted[0] as number) - (sorted[1] as number) < 1e-5;
}

/** Compares the modules of models of random tables with the models. @returns how many there were */
export async function compareModels(runs: number, seed: number): Promise<number> {
  const folder = newFolder();
  const made: { model: Model; file: string; told: Told[] }[] = [];
  for (const [i, table] of fc.sample(randomTables, { numRuns: runs, seed }).entries()) {
    const model = await modelOf(table, i);
    if (model === undefined) continue;
    const file = join(folder, `${i}.mjs`);
    // Unlike `export`, without waiting for the disk.
    writeFileSync(file, await model.exportBytes({ format: 'module' }));
    const all = recordsOf(table);
    // Others are refused by a model that takes no additional columns.
    const known = new Set(model.schema.columns.map(({ name }) => name));
    const own = all.map((record) =>
      Object.fromEntries(Object.entries(record).filter(([name]) => known.has(name))),
    );
    made.push({ model, file, told: toldBy(model, [...own, ...all.slice(0, 1)]) });
  }
  const calls: ModuleCall[] = made.flatMap(({ file, told }) =>
    told.map(({ name, argument }) => ({ file, name, argument })),
  );
  const results = await inPlainNode(folder, calls);
  for (const { model, told } of made) {
    const bound = outputsMayDiffer[model.network.dtype];
    for (const each of told) {
      const close = each.here.error === undefined && isClose(model, each.argument);
      compare(each, results.shift() as ModuleResult, bound, close);
    }
  }
  return made.length;
}

// Undefined for a table that nothing can be learned from.
async function modelOf(table: RandomTable, i: number): Promise<Model | undefined> {
  const { columns, missing } = table;
  const types = Object.fromEntries(columns.map(({ name, kind }) => [name, kind]));
  const own = columns.flatMap(({ name, encoding }) => (encoding === undefined ? [] : [[name, encoding]]));
  const how: InputsOptions = {
    ...{ columns: Object.fromEntries(own), missing },
    ...{ unseen: i % 4 === 0 ? 'error' : 'zeros', additional: i % 7 === 0 ? 'error' : 'ignore' },
  };
  const options = {
    ...{ inputs: inputs(how), epochs: 1, seed: i, validationSplit: 0, hidden: [3], batchSize: 8 },
    dtype: i % 2 === 0 ? 'float64' : 'float32',
    ...(i % 3 === 0 && { numericEmbeddings: 'pbld' }),
    ...(i % 4 === 1 && { members: 2 }),
  };
  const train = kinds[i % kinds.length] as (typeof kinds)[number];
  try {
    return await train(Table.from(recordsOf(table), { types }), options);
  } catch (error) {
    // Too few rows, or columns that do not differ.
    if (/^Expected (the table|column|at least|layers)/.test((error as Error).message)) return undefined;
    throw error;
  }
}
