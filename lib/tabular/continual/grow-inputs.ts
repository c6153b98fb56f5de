// How the inputs of a model go on with more rows: scales follow the moments of all rows, new categories get places.

import { pause, type Work } from '../../addon/work';
import { type ColumnSchema, Schema } from '../../tables/schema';
import type { EmbeddingEncoding, Encoding, OneHotEncoding } from '../encodings';
import { encodingsFor } from '../learn-column';
import { LearnedInputs } from '../learned-inputs';
import { isScaled, type LearnedColumn, type Part, widthOf } from '../part';
import type { Memory } from './memory';
import { type ColumnSummary, deviationOf } from './summary';

/** Where an input of a grown network comes from. */
export interface Origin {
  /** The old input; undefined: a new one. */
  readonly from: number | undefined;
  /** The old input is `factor` times the new one, plus `offset`. */
  readonly factor: number;
  readonly offset: number;
}

/** For each row of a grown table of embeddings, the old row. New categories begin as the one for unknown ones. */
export type GrownTable = readonly number[];

export interface GrownInputs {
  readonly inputs: LearnedInputs;
  readonly schema: Schema;
  /** For each new input, in order. */
  readonly origins: readonly Origin[];
  readonly tables: readonly GrownTable[];
  /** The categories that are new, by column. */
  readonly categories: ReadonlyMap<string, readonly string[]>;
}

/** What a network takes. */
export interface WaysToGrow {
  /** Whether scales follow; without, they stay as they are, as a network needs that embeds numbers. */
  readonly scales: boolean;
  /** Whether there may be more inputs; without, new categories stay unknown, unless they have vectors. */
  readonly width: boolean;
}

/** The new categories of a column. */
interface FreshTexts {
  /** Those that get places of their own come first. */
  readonly texts: readonly string[];
  /** How many places there are more: from the last place on, all share it. */
  readonly places: number;
}

const same = { factor: 1, offset: 0 };

/** A part of a column: how it was, how it is now, and where its inputs come from (counted from the part's first one). */
interface GrownPart {
  readonly part: Part;
  readonly origins: readonly Origin[];
}

/**
 * Lets inputs go on.
 *
 * @param memory of all rows, the new ones included
 */
export function* growInputs(
  old: LearnedInputs,
  schema: Schema,
  memory: Pick<Memory, 'columns' | 'inputs'>,
  ways: WaysToGrow,
): Work<GrownInputs> {
  const { columns: learned, ...others } = old.toJSON();
  const categories = new Map<string, readonly string[]>();
  const tables: GrownTable[] = [];
  const partsOf: GrownPart[][] = [];
  const columns: LearnedColumn[] = [];
  // A column may have many texts, so the event loop turns between steps.
  for (const column of learned) {
    const summary = memory.columns.get(column.name) as ColumnSummary;
    const encodings = encodingsFor(schema.column(column.name), memory.inputs);
    const fresh = yield* freshTexts(column, summary, encodings, ways);
    yield pause;
    const scales = ways.scales ? encodings : [];
    const grown = column.parts.map((part) => growPart(part, column, summary, fresh, scales));
    partsOf.push(grown);
    const code = column.parts.find(({ type }) => type === 'code');
    if (code !== undefined) tables.push(grownTable(code, fresh.places));
    if (fresh.texts.length > 0) categories.set(column.name, fresh.texts);
    columns.push({
      ...column,
      ...(column.categories && { categories: [...column.categories, ...fresh.texts] }),
      parts: grown.map(({ part }) => part),
    });
    yield pause;
  }
  const described: ColumnSchema[] = [];
  for (const column of schema.columns) {
    const summary = memory.columns.get(column.name);
    described.push(summary === undefined ? column : withSummary(column, summary));
    yield pause;
  }
  const next = Schema.fromJSON({ ...schema.toJSON(), columns: described });
  yield pause;
  const inputs = LearnedInputs.fromJSON({ ...others, columns }, next);
  return { inputs, schema: next, origins: originsOf(old, inputs, partsOf), tables, categories };
}

function* freshTexts(
  { categories = [], parts }: LearnedColumn,
  summary: ColumnSummary,
  [encoding]: readonly Encoding[],
  { width }: WaysToGrow,
): Work<FreshTexts> {
  const part = parts.find(({ type }) => type === 'oneHot' || type === 'signs' || type === 'code');
  const takes = part !== undefined && (width || part.type === 'code');
  if (summary.kind !== 'category' || !takes) return { texts: [], places: 0 };
  const counts = new Map(summary.texts.map((text, i) => [text, summary.counts[i] as number]));
  yield pause;
  const countOf = (text: string) => counts.get(text) ?? 0;
  const known = new Set(categories);
  const texts = summary.texts.filter((text) => !known.has(text));
  yield pause;
  const { most = Number.POSITIVE_INFINITY, least = 1 } = encoding as OneHotEncoding | EmbeddingEncoding;
  const places = part.type === 'signs' ? 2 : (part.numbers[0] as number);
  // One rare category alone has the place that the rare ones share.
  const shared = places < categories.length || countOf(categories[places - 1] as string) < least;
  if (shared) return { texts, places: 0 };
  const common = texts.filter((text) => countOf(text) >= least).length;
  const wanted = common + (common < texts.length ? 1 : 0);
  const more = Math.min(wanted, Math.max(0, most - places));
  if (more < texts.length) texts.sort((a, b) => countOf(b) - countOf(a));
  return { texts, places: more };
}

function growPart(
  part: Part,
  column: LearnedColumn,
  summary: ColumnSummary,
  fresh: FreshTexts,
  encodings: readonly Encoding[],
): GrownPart {
  const { type, numbers } = part;
  const kept = (width: number, start = 0) =>
    Array.from({ length: width }, (_, i): Origin => ({ from: start + i, ...same }));
  const news = Array.from({ length: fresh.places }, (): Origin => ({ from: undefined, ...same }));
  switch (type) {
    case 'oneHot': {
      const [places = 0, missing = 0] = numbers;
      return {
        part: { type, numbers: [places + fresh.places, missing] },
        origins: [...kept(places), ...news, ...kept(missing, places)],
      };
    }
    case 'signs': {
      // -1 and 1 of one input become two inputs of their own; of truth values there are no others.
      if (column.categories === undefined || fresh.texts.length === 0) return { part, origins: kept(1) };
      return {
        part: { type: 'oneHot', numbers: [2 + fresh.places, 0] },
        origins: [{ from: 0, factor: -1, offset: 0 }, { from: 0, ...same }, ...news],
      };
    }
    case 'code': {
      const [places = 0, missing = 0] = numbers;
      return {
        part: { type, numbers: [places + fresh.places, missing] },
        origins: [],
      };
    }
    case 'scale':
      return rescaled(part, summary, encodings) ?? { part, origins: kept(1) };
    default:
      return { part, origins: kept(widthOf(part)) };
  }
}

// Only what moments and extremes decide goes on: other scales would need all numbers again.
function rescaled(
  { type, numbers }: Part,
  summary: ColumnSummary,
  encodings: readonly Encoding[],
): GrownPart | undefined {
  if (summary.kind === 'category' || summary.kind === 'boolean') return undefined;
  const [center = 0, width = 1, fill = 0, start = 0, ...bounds] = numbers;
  const encoding = encodings.find(({ encode }) => encode === 'standard' || encode === 'minMax');
  let next: readonly [center: number, width: number];
  if (encoding?.encode === 'standard') {
    const { center: centers = true, scale = true } = encoding;
    next = [centers ? summary.mean : 0, (scale && deviationOf(summary)) || 1];
  } else if (encoding?.encode === 'minMax') {
    const { range: [from, to] = [0, 1] } = encoding;
    next = [summary.least, (summary.greatest - summary.least) / (to - from)];
  } else return undefined;
  const [nextCenter, nextWidth] = next;
  if (!(Number.isFinite(nextCenter) && Number.isFinite(nextWidth) && nextWidth > 0)) return undefined;
  const offset = start + (nextCenter - center - start * nextWidth) / width;
  return {
    part: { type, numbers: [nextCenter, nextWidth, fill, ...(numbers.length > 3 ? [start, ...bounds] : [])] },
    origins: [{ from: 0, factor: nextWidth / width, offset }],
  };
}

function grownTable({ numbers }: Part, more: number): GrownTable {
  const [places = 0, missing = 0] = numbers;
  const unknown = places + missing;
  return Array.from({ length: unknown + more + 1 }, (_, row) => {
    if (row < places) return row;
    return row < places + more ? unknown : row - more;
  });
}

// From the places within parts to those among all inputs.
function originsOf(old: LearnedInputs, next: LearnedInputs, grown: readonly GrownPart[][]): Origin[] {
  const starts = old.columns.map(() => [] as number[]);
  let start = 0;
  // The parts of a column stay in their order, whatever comes between.
  for (const part of old.parts) {
    const { parts } = old.columns[part.column] as LearnedColumn;
    const place = parts.findIndex(
      (own, i) =>
        own.type === part.type && own.numbers === part.numbers && starts[part.column]?.[i] === undefined,
    );
    (starts[part.column] as number[])[place] = start;
    start += widthOf(part);
  }
  const inOrder = (first: boolean) =>
    grown.flatMap((parts, column) =>
      parts.flatMap(({ part, origins }, i) => {
        if (next.numbersFirst && isScaled(part) !== first) return [];
        const begin = starts[column]?.[i] as number;
        return origins.map((origin) =>
          origin.from === undefined ? origin : { ...origin, from: begin + origin.from },
        );
      }),
    );
  return next.numbersFirst ? [...inOrder(true), ...inOrder(false)] : inOrder(true);
}

function withSummary(column: ColumnSchema, summary: ColumnSummary): ColumnSchema {
  const { present, missing } = summary;
  const common = { ...column, missing: missing / (present + missing) };
  if (present === 0 || summary.kind !== column.kind) return common;
  switch (summary.kind) {
    case 'category': {
      if (column.categories === undefined) return common;
      const known = new Set(column.categories);
      const fresh = summary.texts.filter((text) => !known.has(text));
      return { ...common, categories: [...column.categories, ...fresh] };
    }
    case 'boolean':
      return common;
    default:
      return { ...common, least: summary.least + 0, greatest: summary.greatest + 0 };
  }
}
