// What is learned about columns of texts and of truth values.

import { inSlices, type Work } from '../addon/work';
import { argumentError } from '../base/errors';
import type { Column } from '../tables/column';
import type { ColumnSchema } from '../tables/schema';
import type { EmbeddingEncoding, Encoding, OneHotEncoding } from './encodings';
import type { LearnedColumn, Part } from './part';

/**
 * Learns how a column of texts is encoded. With one category alone it has no parts.
 *
 * @param ownPlace whether missing values are a category of their own
 */
export function* learnCategories(
  place: string,
  schema: ColumnSchema,
  column: Column,
  encoding: Encoding,
  ownPlace: boolean,
): Work<Omit<LearnedColumn, 'name'>> {
  const categories = schema.categories ?? [];
  if (encoding.encode === 'ordinal') {
    const { order } = encoding;
    const unknown = categories.find((text) => !order.includes(text));
    if (unknown !== undefined) {
      const rule = `all categories of column ${JSON.stringify(schema.name)}`;
      const lack = `; it lacks ${JSON.stringify(unknown)}`;
      throw argumentError('ERR_BLASNET_ARG_VALUE', `${place}.order`, rule, order, lack);
    }
    const half = (order.length - 1) / 2;
    return {
      categories: order,
      parts: categories.length < 2 ? [] : [{ type: 'place', numbers: [half, half, 0] }],
    };
  }
  const { encode } = encoding as OneHotEncoding | EmbeddingEncoding;
  const { known, places } = yield* commonFirst(
    categories,
    column,
    encoding as OneHotEncoding | EmbeddingEncoding,
  );
  const missing = ownPlace ? 1 : 0;
  if (places + missing < 2) return { categories, parts: [] };
  if (encode === 'embedding') {
    const { outputDim = 8 } = encoding as EmbeddingEncoding;
    return { categories: known, parts: [{ type: 'code', numbers: [places, missing] }], outputDim };
  }
  const signs = categories.length === 2 && places === 2 && missing === 0;
  const part: Part = signs ? { type: 'signs', numbers: [] } : { type: 'oneHot', numbers: [places, missing] };
  return { categories: known, parts: [part] };
}

/**
 * How many places the categories get. If rare ones share the last place, the most frequent ones come first: all from the
 * last place on are one.
 */
function* commonFirst(
  categories: readonly string[],
  column: Column,
  { most = Number.POSITIVE_INFINITY, least = 1 }: OneHotEncoding | EmbeddingEncoding,
): Work<{ readonly known: readonly string[]; readonly places: number }> {
  if (categories.length <= most && least === 1) return { known: categories, places: categories.length };
  const ofCode = new Float64Array(column.categories.length);
  const { values } = column;
  yield* inSlices(values.length, (from, to) => {
    for (let i = from; i < to; i++) {
      const code = values[i] as number;
      if (code >= 0) (ofCode[code] as number)++;
    }
  });
  const counts = new Map(column.categories.map((text, code) => [text, ofCode[code] as number]));
  const countOf = (text: string) => counts.get(text) ?? 0;
  const common = categories.filter((text) => countOf(text) >= least).length;
  if (common === categories.length && common <= most) return { known: categories, places: common };
  const known = [...categories].sort((a, b) => countOf(b) - countOf(a));
  return { known, places: Math.min(most, common + 1) };
}

/** Learns how a column of truth values is encoded. If all are equal, it has no parts. */
export function* learnFlags({ values }: Column): Work<Part[]> {
  const seen = [false, false];
  yield* inSlices(values.length, (from, to) => {
    for (let i = from; i < to && !(seen[0] && seen[1]); i++) {
      const flag = values[i] as number;
      if (flag >= 0) seen[flag] = true;
    }
  });
  return seen[0] && seen[1] ? [{ type: 'signs', numbers: [] }] : [];
}
