// The samples of a network from tables: for sources of files, of scans and of other tables.

import { type AsyncOptions, inSlices, type Work, workElsewhere } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { Matrix, sharedZeros } from '../base/matrix';
import { type Constraint, checkOptions, optional } from '../base/validate';
import type { LabelsLike } from '../samples/labels';
import type { SampleChunk } from '../samples/source';
import type { Column } from '../tables/column';
import type { Table } from '../tables/table';
import { eachTable, isTableSource, type TableChunks, tablesOf } from './table-source';

/** Which columns become what. */
export interface SamplesOptions {
  /** The columns that become X, in this order: numbers and truth values. @default all others */
  readonly inputs?: readonly string[];
  /** The column that becomes Y, or several: numbers and truth values, or one of texts, which are class names. @default none */
  readonly target?: string | readonly string[];
  /** A column with a weight for each row. It is no input. @default none */
  readonly weight?: string;
}

const name: Constraint = { rule: "a column's name", accepts: (value) => typeof value === 'string' };
const names: Constraint = {
  rule: "an array of columns' names",
  accepts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
  holds: (value: readonly string[]) => value.length > 0,
};
const target: Constraint = {
  rule: "a column's name, or an array of them",
  accepts: (value) => name.accepts(value) || names.accepts(value),
  holds: (value: string | readonly string[]) => value.length > 0,
};
const constraints = { inputs: optional(names), target: optional(target), weight: optional(name) };

/**
 * Makes the source of a network from a source of tables: from files that `scanTable` reads one after another, the result of
 * `scanTable`, an array of tables, or a function that makes tables anew. Each table becomes a chunk `{ X, Y }`. Truth values
 * become 0 and 1, and missing ones NaN, which an `imputer` fills. See docs/large-data.md.
 *
 * @throws TypeError or RangeError for bad arguments. In the training: such errors that name the chunk and the column, for texts that are
 *   no target
 *
 * @example
 * await net.fit(samplesFrom(['may.csv', 'june.csv'], { target: 'price' }), { epochs: 20 });
 */
export function samplesFrom(
  tables: TableChunks,
  options: SamplesOptions & { readonly target: string | readonly string[] },
): () => AsyncGenerator<SampleChunk & { readonly X: Matrix }, void, undefined>;
/** The same without a target, for `predict`. */
export function samplesFrom(
  tables: TableChunks,
  options?: SamplesOptions,
): () => AsyncGenerator<{ readonly X: Matrix }, void, undefined>;
export function samplesFrom(
  tables: TableChunks,
  options: SamplesOptions = {},
): () => AsyncGenerator<Partial<SampleChunk> & { readonly X: Matrix }, void, undefined> {
  if (!isTableSource(tables)) {
    const rule = 'files, the result of scanTable, an array of tables or a function that makes tables anew';
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'tables', rule, tables);
  }
  checkOptions('', options, constraints);
  const source = tablesOf(tables);
  const targets = options.target === undefined ? [] : [options.target].flat();
  const others = new Set([...targets, ...(options.weight === undefined ? [] : [options.weight])]);
  let inputs = options.inputs;
  const how: AsyncOptions = {};
  const chunkOf = (table: Table) => {
    inputs ??= table.names.filter((each) => !others.has(each));
    return workElsewhere(samplesOf(table, inputs, targets, options.weight), how);
  };
  return () => eachTable(source, chunkOf, how);
}

function* samplesOf(
  table: Table,
  inputs: readonly string[],
  targets: readonly string[],
  weight: string | undefined,
): Work<Partial<SampleChunk> & { readonly X: Matrix }> {
  const X = yield* matrixOf(table, inputs);
  const sampleWeight = weight === undefined ? undefined : table.column(weight, 'number').values;
  return {
    X,
    ...(targets.length > 0 && { Y: yield* labelsOf(table, targets) }),
    ...(sampleWeight && { sampleWeight }),
  };
}

function* labelsOf(table: Table, targets: readonly string[]): Work<LabelsLike> {
  const [first, ...others] = targets as [string];
  const column = table.column(first);
  if (others.length > 0 || column.kind !== 'category') {
    const Y = yield* matrixOf(table, targets);
    return others.length > 0 ? Y : Y.data;
  }
  const { values, categories } = column;
  const texts = new Array<string>(values.length);
  yield* inSlices(values.length, (from, to) => {
    for (let row = from; row < to; row++) texts[row] = categories[values[row] as number] as string;
  });
  return texts;
}

/** A matrix with these columns (rows x names). */
function* matrixOf(table: Table, from: readonly string[]): Work<Matrix> {
  const { rows } = table;
  const columns = from.map((each) => numbersOf(each, table.column(each)));
  const cols = columns.length;
  const { data } = sharedZeros(rows, cols, 'float64');
  yield* inSlices(
    rows,
    (start, end) => {
      for (let col = 0; col < cols; col++) {
        const { values, isFlag } = columns[col] as (typeof columns)[0];
        for (let row = start; row < end; row++) {
          const value = values[row] as number;
          data[row * cols + col] = isFlag && value < 0 ? Number.NaN : value;
        }
      }
    },
    cols / 8,
  );
  return new Matrix(data, rows, cols);
}

function numbersOf(column: string, { kind, values }: Column) {
  if (kind === 'number' || kind === 'boolean') return { values, isFlag: kind === 'boolean' };
  const hint = 'name other columns as inputs, or train a Classifier or a Regressor, which take all kinds';
  const place = `Expected column ${JSON.stringify(column)} to hold numbers or truth values`;
  throw blasnetError('ERR_BLASNET_ARG_TYPE', `${place}, got one of the kind '${kind}'; ${hint}`);
}
