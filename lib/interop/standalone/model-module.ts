// The standalone module of a Classifier or a Regressor: records in, answers out.

import { orderedParts, widthOf } from '../../addon/encoder-parts';
import type { Work } from '../../addon/work';
import { recordType } from '../../base/typescript';
import type { ColumnSchema } from '../../tables/schema';
import type { Chain } from '../chain';
import type { ModelTable } from '../model-table';
import { answersOf } from './answers';
import { encoderOf } from './encodings';
import { list, literal, object } from './literals';
import { type CodeBlock, madeBy, moduleText, type Standalone } from './module';
import { networkCode } from './network-code';
import { readerOf } from './records';

/** A model: the chain of its network, and its table. */
export interface ChainOfModel {
  readonly chain: Chain;
  readonly table: ModelTable;
}

/** The module of a model. @throws like moduleText() */
export function* modelModule({ chain, table }: ChainOfModel): Work<Standalone> {
  const answers = answersOf(table.targets);
  const columns = columnsOf(table);
  const { facts, code, arrays } = outputsCode(chain, table);
  const module = yield* moduleText({
    head: [
      madeBy(),
      `${titleOf(table)}: predict(record) gives its answer, predict(records) those of each record.`,
    ],
    facts: [...answers.facts, `export ${columnsFact(columns)}`, ...facts],
    code: [...answers.code, code].join('\n\n'),
    arrays,
  });
  return { module, types: typesOf(columns, answers.types) };
}

/** The module of a bag: of several models, whose outputs it averages. @throws like moduleText() */
export function* bagModule(bag: readonly ChainOfModel[]): Work<Standalone> {
  const [{ table }] = bag as [ChainOfModel];
  const answers = answersOf(table.targets, true);
  const columns = columnsOfAll(bag.map((each) => columnsOf(each.table)));
  const module = yield* moduleText({
    head: [
      madeBy(),
      `A bag of ${bag.length} models: predict(record) gives its answer, predict(records) those of each record.`,
    ],
    facts: [...answers.facts, `export ${columnsFact(columns)}`],
    code: [
      ...answers.code,
      `const models = [${bag.map((_, i) => `model${i + 1}()`).join(', ')}];`,
      `// The mean of the models' outputs
function outputsOf(record, row) {
  return meanOf(models.map((outputsOfModel) => outputsOfModel(record, row)));
}`,
    ].join('\n\n'),
    arrays: [],
    models: bag.map(({ chain, table: own }) => {
      const { facts, ...others } = outputsCode(chain, own);
      return { ...others, facts: [columnsFact(columnsOf(own)), ...facts] };
    }),
  });
  return { module, types: typesOf(columns, answers.types) };
}

function titleOf({ targets }: ModelTable): string {
  return targets.kind === 'classifier' ? 'A Classifier' : 'A Regressor';
}

// From a record to the outputs of the network. It reads the constant `columns`.
function outputsCode(chain: Chain, table: ModelTable): CodeBlock {
  const { lines, functions, arrays } = networkCode(chain);
  const code = [
    `// A record -> (${chain.outputs})
function outputsOf(record, row) {
  const { x, codes } = inputsOf(record, row);
${lines.map((line) => `  ${line}`).join('\n')}
}`,
    ...functions,
    inputsCode(table, chain),
    `const readers = [${columnsOf(table)
      .map(({ kind }) => readerOf[kind])
      .join(', ')}];`,
    partsCode(table),
  ];
  const known = table.schema.columns.map(({ name }) => name);
  const refuses = table.inputs.additional === 'error';
  return {
    facts: [placesCode, ...(refuses ? [`const knownColumns = ${list(known)};`] : [])],
    code: code.join('\n\n'),
    arrays,
  };
}

// The columns that the model reads, with the categories that it knows.
function columnsOf({ schema, inputs }: ModelTable): readonly ColumnSchema[] {
  const byName = new Map(schema.columns.map((column) => [column.name, column]));
  return inputs.columns.map(({ name, categories }) => ({
    ...(byName.get(name) as ColumnSchema),
    ...(categories === undefined ? {} : { categories }),
  }));
}

// Those of several models: each column once, with everything that is known about it.
function columnsOfAll(models: readonly (readonly ColumnSchema[])[]): readonly ColumnSchema[] {
  const byName = new Map<string, ColumnSchema>();
  for (const column of models.flat()) {
    const before = byName.get(column.name);
    byName.set(column.name, before === undefined ? column : bothOf(before, column));
  }
  return [...byName.values()];
}

function bothOf(a: ColumnSchema, b: ColumnSchema): ColumnSchema {
  const { categories, least = Number.POSITIVE_INFINITY, greatest = Number.NEGATIVE_INFINITY } = b;
  return {
    ...a,
    missing: Math.max(a.missing, b.missing),
    ...(a.categories && { categories: [...new Set([...a.categories, ...(categories ?? [])])] }),
    ...(a.least !== undefined && { least: Math.min(a.least, least) }),
    ...(a.greatest !== undefined && { greatest: Math.max(a.greatest, greatest) }),
  };
}

function columnsFact(columns: readonly ColumnSchema[]): string {
  return `const columns = [\n${columns.map((column) => `  ${columnFact(column)},`).join('\n')}\n];`;
}

function columnFact({ name, kind, missing, categories, least, greatest }: ColumnSchema): string {
  return object({
    name: literal(name),
    kind: literal(kind),
    missing: literal(missing),
    categories: categories && list(categories),
    least: least === undefined ? undefined : literal(least),
    greatest: greatest === undefined ? undefined : literal(greatest),
  });
}

const placesCode = `// The place of each category, by column
const places = columns.map(({ categories = [] }) => new Map(categories.map((text, i) => [text, i])));`;

// How a record becomes the inputs of the network.
function inputsCode({ inputs, schema }: ModelTable, { dtype, stages }: Chain): string {
  const width = orderedParts(inputs.columns, inputs.numbersFirst).reduce(
    (sum, part) => sum + widthOf(part),
    0,
  );
  const array = dtype === 'float32' ? 'Float32Array' : 'Float64Array';
  const kinds = new Set(schema.columns.map(({ kind }) => kind));
  const refuses = inputs.unseen === 'error' && kinds.has('category');
  const embeds = stages.some(({ kind }) => kind === 'embed');
  return `// A record -> x (${width})${embeds ? ', and the codes of its embedded categories' : ''}
function inputsOf(record, row) {
  checkRecord(record, row);${inputs.additional === 'error' ? '\n  checkNames(record, knownColumns, row);' : ''}
  const values = columns.map(({ name }, i) => readers[i](valueOf(record, name, row), name, row, places[i]));
  columns.forEach((column, i) => {
    if (Math.abs(values[i]) === Infinity) refuseInput(row, column.name, record[column.name]);${
      refuses
        ? "\n    if (values[i] === -1 && column.kind === 'category') refuseUnknown(row, column, record[column.name]);"
        : ''
    }
  });
  const x = new ${array}(${width});
  for (const { column, encode, numbers, from, to } of parts) {
    encode(values[column], numbers, x, from);
    if (x.subarray(from, to).every(Number.isFinite)) continue;
    refuseInput(row, columns[column].name, record[columns[column].name]);
  }
  return { x${embeds ? ', codes: embedded.map(({ column, numbers }) => codeOf(values[column], numbers))' : ''} };
}`;
}

// The parts of all encodings as tables of the module: those that give inputs, and those that give codes.
function partsCode({ inputs }: ModelTable): string {
  let from = 0;
  const rows: string[] = [];
  const embedded: string[] = [];
  for (const part of orderedParts(inputs.columns, inputs.numbersFirst)) {
    const { column, type, numbers } = part;
    const own = { column: literal(column), numbers: list(numbers) };
    if (type === 'code') embedded.push(`  ${object(own)},`);
    else {
      const places = { from: literal(from), to: literal(from + widthOf(part)) };
      rows.push(
        `  ${object({ column: own.column, encode: encoderOf[type], numbers: own.numbers, ...places })},`,
      );
      from += widthOf(part);
    }
  }
  const tables = [`// How columns become inputs\nconst parts = [\n${rows.join('\n')}\n];`];
  if (embedded.length > 0)
    tables.push(`// The columns that are embedded\nconst embedded = [\n${embedded.join('\n')}\n];`);
  return tables.join('\n\n');
}

function typesOf(columns: readonly ColumnSchema[], answers: readonly string[]): string {
  return `${[
    `// ${madeBy()}`,
    `/** A record. It may have other members. */\n${recordType('Row', columns)}`,
    ...answers,
    `/** What is known about a column that the model reads. */
export interface Column {
  readonly name: string;
  readonly kind: 'number' | 'category' | 'boolean' | 'time';
  /** The share of missing values in the training data. */
  readonly missing: number;
  /** The known texts of a category. */
  readonly categories?: readonly string[];
  /** The least and the greatest number, or time in milliseconds since 1970, in the training data. */
  readonly least?: number;
  readonly greatest?: number;
}`,
    'export const columns: readonly Column[];',
  ].join('\n\n')}\n`;
}
