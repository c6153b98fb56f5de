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
import { madeBy, moduleText, type Standalone } from './module';
import { networkCode } from './network-code';
import { readerOf } from './records';

/** The module of a model. @throws like moduleText() */
export function* modelModule(chain: Chain, table: ModelTable): Work<Standalone> {
  const { targets, inputs } = table;
  const answers = answersOf(targets);
  const { lines, functions, arrays } = networkCode(chain);
  const columns = columnsOf(table);
  const code = [
    ...answers.code,
    `// A record -> (${chain.outputs})
function outputsOf(record, row) {
  const { x, codes } = inputsOf(record, row);
${lines.map((line) => `  ${line}`).join('\n')}
}`,
    ...functions,
    inputsCode(table, chain),
    `const readers = [${columns.map(({ kind }) => readerOf[kind]).join(', ')}];`,
    partsCode(table),
  ];
  const known = table.schema.columns.map(({ name }) => name);
  const facts = [
    ...answers.facts,
    `export const columns = [\n${columns.map((column) => `  ${columnFact(column)},`).join('\n')}\n];`,
    placesCode,
    ...(inputs.additional === 'error' ? [`const knownColumns = ${list(known)};`] : []),
  ];
  const kind = targets.kind === 'classifier' ? 'A Classifier' : 'A Regressor';
  const head = [
    madeBy(),
    `${kind}: predict(record) gives its answer, predict(records) those of each record.`,
  ];
  return {
    module: yield* moduleText({ head, facts, code: code.join('\n\n'), arrays, dtype: chain.dtype }),
    types: typesOf(columns, answers.types),
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
