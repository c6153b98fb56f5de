// What the encodings learn from a column, as parts of the native encoder: see native/tables/encoder.h.

import type { EncoderPartType } from '../addon/table-encoder';
import type { Work } from '../addon/work';
import { argumentError } from '../base/errors';
import { Matrix } from '../base/matrix';
import {
  type LearnedColumns,
  learnExtremes,
  learnMoments,
  learnOrders,
  learnQuantiles,
} from '../preprocessing/learn';
import type { Column } from '../tables/column';
import type { ColumnSchema } from '../tables/schema';
import type { CyclicEncoding, Encoding, OneHotEncoding, Period } from './encodings';

/** One part of an encoding. */
export interface Part {
  readonly type: EncoderPartType;
  readonly numbers: readonly number[];
}

/** What is learned about one column. */
export interface LearnedColumn {
  readonly name: string;
  /** The categories that are known: their place is the raw value. Of a category only. */
  readonly categories?: readonly string[];
  readonly parts: readonly Part[];
  /** The length of a category's vector, if it has one. */
  readonly outputDim?: number;
}

/** Milliseconds. The year is the mean year of the Gregorian calendar; a week begins on a Monday. */
const periods: Readonly<Record<Period, { readonly length: number; readonly offset: number }>> = {
  day: { length: 86_400_000, offset: 0 },
  week: { length: 7 * 86_400_000, offset: 4 * 86_400_000 },
  year: { length: 365.2425 * 86_400_000, offset: 0 },
};

const middle = 0;

/** Learns how a column of numbers or times is encoded. A column without numbers, or with one alone, has no parts. */
export function* learnNumbers(schema: ColumnSchema, column: Column, encoding: Encoding): Work<Part[]> {
  const { least, greatest } = schema;
  if (least === undefined || greatest === undefined || least === greatest) return [];
  const from = columnOf(schema.name, column.values as Float64Array);
  switch (encoding.encode) {
    case 'standard': {
      const { means, variances } = yield* learnMoments(from);
      const deviation = Math.sqrt(variances[0] as number);
      return [{ type: 'scale', numbers: [means[0] as number, deviation || 1, middle] }];
    }
    case 'minMax': {
      const { means } = yield* learnMoments(from);
      const { least: low, most: high } = yield* learnExtremes(from);
      const [start, width] = [low[0] as number, (high[0] as number) - (low[0] as number)];
      return [{ type: 'scale', numbers: [start, width, ((means[0] as number) - start) / width] }];
    }
    case 'robust': {
      const [order] = yield* learnOrders(from);
      const { median, low, high } = order as NonNullable<typeof order>;
      return [{ type: 'smoothClip', numbers: [median, high - low || (greatest - least) / 2, middle] }];
    }
    case 'raw': {
      const { means } = yield* learnMoments(from);
      return [{ type: 'scale', numbers: [0, 1, means[0] as number] }];
    }
    case 'piecewise': {
      const bins = encoding.bins ?? 16;
      const edges = yield* learnQuantiles(
        from,
        Array.from({ length: bins + 1 }, (_, i) => (100 * i) / bins),
      );
      const [order] = yield* learnOrders(from);
      return [{ type: 'piecewise', numbers: [(order as { median: number }).median, ...new Set(edges)] }];
    }
    case 'cyclic':
      return cyclicParts(column.values as Float64Array, encoding);
    default:
      return [];
  }
}

function columnOf(name: string, values: Float64Array): LearnedColumns {
  const X = new Matrix(values, values.length, 1);
  return { name: `column ${JSON.stringify(name)}`, X, columns: [0], skipMissing: true } as LearnedColumns;
}

function cyclicParts(values: Float64Array, { periods: asked }: CyclicEncoding): Part[] {
  const names = asked ?? (Object.keys(periods) as Period[]).filter((name) => differWithin(values, name));
  return names.map((name) => ({ type: 'cyclic', numbers: [periods[name].length, periods[name].offset] }));
}

// Days without hours have one time of day; a column within one hour has one day.
function differWithin(values: Float64Array, name: Period): boolean {
  const { length, offset } = periods[name];
  let first: number | undefined;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    const rest = (((value - offset) % length) + length) % length;
    first ??= rest;
    if (Math.abs(rest - first) > length / 1000) return true;
  }
  return false;
}

/** Learns how a column of texts is encoded. */
export function learnCategories(
  schema: ColumnSchema,
  column: Column,
  encoding: Encoding,
): Omit<LearnedColumn, 'name'> {
  const categories = schema.categories ?? [];
  if (encoding.encode === 'embedding') {
    return { categories, parts: [{ type: 'code', numbers: [] }], outputDim: encoding.outputDim ?? 8 };
  }
  if (encoding.encode === 'ordinal') {
    const { order } = encoding;
    const unknown = categories.find((text) => !order.includes(text));
    if (unknown !== undefined) {
      const rule = `an order of all categories of column ${JSON.stringify(schema.name)}`;
      throw argumentError(
        'ERR_BLASNET_ARG_VALUE',
        'order',
        rule,
        order,
        `; it lacks ${JSON.stringify(unknown)}`,
      );
    }
    const half = (order.length - 1) / 2;
    return { categories: order, parts: [{ type: 'place', numbers: [half, half, middle] }] };
  }
  const shared = commonFirst(categories, column, encoding as OneHotEncoding);
  if (categories.length < 2) return { categories, parts: [] };
  if (categories.length === 2) return { categories, parts: [{ type: 'signs', numbers: [] }] };
  return { categories: shared.categories, parts: [{ type: 'oneHot', numbers: [shared.inputs] }] };
}

/**
 * The categories with the most frequent ones first, if rare ones share an input: all from the last input on are one.
 */
function commonFirst(
  categories: readonly string[],
  column: Column,
  { most = Number.POSITIVE_INFINITY, least = 1 }: OneHotEncoding,
): { readonly categories: readonly string[]; readonly inputs: number } {
  const counts = new Map(categories.map((text) => [text, 0]));
  for (const code of column.values) {
    const text = code < 0 ? undefined : column.categories[code];
    if (text !== undefined) counts.set(text, (counts.get(text) as number) + 1);
  }
  const common = categories.filter((text) => (counts.get(text) as number) >= least);
  if (common.length === categories.length && categories.length <= most) {
    return { categories, inputs: categories.length };
  }
  const byCount = [...categories].sort((a, b) => (counts.get(b) as number) - (counts.get(a) as number));
  const inputs = Math.min(most, common.length + 1);
  return { categories: byCount, inputs };
}
