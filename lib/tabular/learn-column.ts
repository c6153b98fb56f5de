// Which encoding a column has, and what is learned about it.

import type { Work } from '../addon/work';
import type { SplitTarget } from '../preprocessing/learn';
import type { Column, ColumnKind } from '../tables/column';
import type { ColumnSchema } from '../tables/schema';
import { checkKind, type Encoding, type EncodingOption, encodingOf } from './encodings';
import { type InputsOptions, placeOfColumn } from './inputs';
import { learnCategories, learnFlags } from './learn-categories';
import { learnNumbers } from './learn-numbers';
import type { LearnedColumn, Part } from './part';

/** More categories are embedded. */
const mostOneHot = 9;

/** What is learned about a column; undefined if it gives no inputs. */
export function* learnColumn(
  schema: ColumnSchema,
  column: Column,
  options: InputsOptions,
  target: SplitTarget | undefined,
): Work<LearnedColumn | undefined> {
  const { place, encodings } = encodingFor(schema, options);
  const [first] = encodings as [Encoding];
  if (first.encode === 'ignore') return undefined;
  const missing = first.missing ?? options.missing ?? 'indicator';
  const gaps = schema.missing > 0 && schema.missing < 1;
  const learned = yield* learn(place, schema, column, encodings, gaps && missing === 'category', target);
  const indicator: Part[] = gaps && missing === 'indicator' ? [{ type: 'missing', numbers: [] }] : [];
  const parts = [...learned.parts, ...indicator];
  return parts.length > 0 ? { name: schema.name, ...learned, parts } : undefined;
}

/** Whether a column gives no inputs, whatever it holds. */
export function isIgnored(schema: Pick<ColumnSchema, 'name' | 'kind'>, options: InputsOptions): boolean {
  const { encodings } = encodingFor(schema, options);
  return (encodings[0] as Encoding).encode === 'ignore';
}

function* learn(
  place: string,
  schema: ColumnSchema,
  column: Column,
  encodings: readonly Encoding[],
  ownPlace: boolean,
  target: SplitTarget | undefined,
): Work<Omit<LearnedColumn, 'name'>> {
  if (schema.kind === 'category') {
    return yield* learnCategories(place, schema, column, encodings[0] as Encoding, ownPlace);
  }
  if (schema.kind === 'boolean') return { parts: yield* learnFlags(column) };
  const parts: Part[] = [];
  for (const encoding of encodings) {
    parts.push(...(yield* learnNumbers(place, schema, column, encoding, target)));
  }
  return { parts };
}

const optionOfKind = {
  number: 'numbers',
  category: 'categories',
  boolean: 'booleans',
  time: 'times',
} as const satisfies Record<ColumnKind, keyof InputsOptions>;

/** The encodings of a column. */
export function encodingsFor(
  schema: Pick<ColumnSchema, 'name' | 'kind' | 'categories'>,
  options: InputsOptions,
): readonly Encoding[] {
  return encodingFor(schema, options).encodings;
}

/** The encodings of a column, and the name of the option that says so. */
function encodingFor(
  schema: Pick<ColumnSchema, 'name' | 'kind' | 'categories'>,
  options: InputsOptions,
): { readonly place: string; readonly encodings: readonly Encoding[] } {
  const { name, kind } = schema;
  const { columns = {} } = options;
  const own = Object.hasOwn(columns, name) ? columns[name] : undefined;
  const place = own === undefined ? `inputs.${optionOfKind[kind]}` : placeOfColumn(name);
  const option = own ?? options[optionOfKind[kind]];
  if (option === undefined) return { place, encodings: usual(schema).map((each) => encodingOf(place, each)) };
  const encoding = encodingOf(place, option);
  checkKind(place, encoding, schema);
  return { place, encodings: [encoding] };
}

function usual({
  kind,
  categories = [],
}: Pick<ColumnSchema, 'kind' | 'categories'>): readonly EncodingOption[] {
  switch (kind) {
    case 'number':
      return ['robust'];
    case 'time':
      return ['robust', 'cyclic'];
    case 'boolean':
      return ['signs'];
    default:
      return [categories.length > mostOneHot ? 'embedding' : 'oneHot'];
  }
}
