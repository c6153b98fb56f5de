// The encodings of columns by their definitions, in plain loops.

import type { Encoding } from '../../lib/tabular/encodings';

export type Value = number | string | boolean | null;

export interface OracleColumn {
  readonly kind: 'number' | 'category' | 'boolean' | 'time';
  /** Times in milliseconds. */
  readonly values: readonly Value[];
}

export interface Encoded {
  readonly numbers: number[];
  readonly codes: number[];
}

/** Encodes one value; undefined if the column gives no inputs. */
export type EncodeValue = ((value: Value) => Encoded) | undefined;

export function encodeBy(column: OracleColumn, encodings: readonly Encoding[], missing: string): EncodeValue {
  const present = column.values.filter((value) => value !== null);
  const gaps = present.length < column.values.length && present.length > 0;
  const [first] = encodings as [Encoding];
  if (first.encode === 'ignore') return undefined;
  const answer = first.missing ?? missing;
  const parts = encodings.map((encoding) => partBy(present, encoding, gaps && answer === 'category'));
  const found = parts.filter((part) => part !== undefined);
  if (gaps && answer === 'indicator')
    found.push((value) => ({ numbers: [value === null ? 1 : 0], codes: [] }));
  if (found.length === 0) return undefined;
  return (value) => {
    const all = found.map((part) => part(value));
    return { numbers: all.flatMap(({ numbers }) => numbers), codes: all.flatMap(({ codes }) => codes) };
  };
}

function partBy(present: readonly Value[], encoding: Encoding, ownPlace: boolean): EncodeValue {
  const distinct = [...new Set(present)];
  const numbers = (encode: (x: number | null) => number[]) => (value: Value) => ({
    numbers: encode(value as number | null),
    codes: [],
  });
  switch (encoding.encode) {
    case 'oneHot':
    case 'embedding':
      return categoriesBy(present as string[], encoding, ownPlace);
    case 'ordinal': {
      const { order } = encoding;
      if (distinct.length < 2) return undefined;
      return (value) => {
        const place = order.indexOf(value as string);
        return { numbers: [place < 0 ? 0 : (2 * place) / (order.length - 1) - 1], codes: [] };
      };
    }
    case 'signs':
      if (distinct.length < 2) return undefined;
      return (value) => ({ numbers: [value === null ? 0 : value ? 1 : -1], codes: [] });
    case 'ignore':
      return undefined;
    default: {
      const encode = distinct.length < 2 ? undefined : numbersBy(present as number[], encoding);
      return encode === undefined ? undefined : numbers(encode);
    }
  }
}

function categoriesBy(
  present: readonly string[],
  encoding: Extract<Encoding, { encode: 'oneHot' | 'embedding' }>,
  ownPlace: boolean,
): EncodeValue {
  const { most = Number.POSITIVE_INFINITY, least = 1 } = encoding;
  const counts = new Map<string, number>();
  for (const text of present) counts.set(text, (counts.get(text) ?? 0) + 1);
  const categories = [...counts.keys()];
  const common = categories.filter((text) => (counts.get(text) as number) >= least);
  let places = categories.length;
  if (common.length < places || places > most) {
    categories.sort((a, b) => (counts.get(b) as number) - (counts.get(a) as number));
    places = Math.min(most, common.length + 1);
  }
  const all = places + (ownPlace ? 1 : 0);
  if (all < 2) return undefined;
  const placeOf = (value: Value) => {
    if (value === null) return ownPlace ? places : -1;
    const index = categories.indexOf(value as string);
    return Math.min(index, places - 1);
  };
  if (encoding.encode === 'embedding') return (value) => ({ numbers: [], codes: [placeOf(value)] });
  if (categories.length === 2 && places === 2 && !ownPlace) {
    return (value) => ({ numbers: [[0, -1, 1][placeOf(value) + 1] as number], codes: [] });
  }
  return (value) => ({
    numbers: Array.from({ length: all }, (_, place) => (place === placeOf(value) ? 1 : 0)),
    codes: [],
  });
}

const lengths = { day: 86_400_000, week: 604_800_000, year: 31_556_952_000 };

function numbersBy(
  present: readonly number[],
  encoding: Exclude<Encoding, { encode: 'oneHot' | 'embedding' | 'ordinal' | 'signs' | 'ignore' }>,
): ((x: number | null) => number[]) | undefined {
  const sorted = [...present].sort((a, b) => a - b);
  const [min, max] = [sorted[0] as number, sorted.at(-1) as number];
  const quantile = (percent: number) => {
    const place = (percent / 100) * (sorted.length - 1);
    const [a, b] = [sorted[Math.floor(place)] as number, sorted[Math.ceil(place)] as number];
    return a + (b - a) * (place - Math.floor(place));
  };
  const mean = present.reduce((sum, x) => sum + x, 0) / present.length;
  if (encoding.encode === 'cyclic') {
    const rest = (x: number, length: number, offset: number) => (((x - offset) % length) + length) % length;
    const all = (['day', 'week', 'year'] as const).map((name) => ({ name, length: lengths[name] }));
    const used = all.flatMap(({ name, length }) => {
      const offset = name === 'week' ? 4 * lengths.day : 0;
      const first = rest(present[0] as number, length, offset);
      const differs = present.some((x) => Math.abs(rest(x, length, offset) - first) > length / 1000);
      return (encoding.periods?.includes(name) ?? differs) ? [{ name, length, offset }] : [];
    });
    const ordered = encoding.periods?.map((name) => used.find((each) => each.name === name)) ?? used;
    if (ordered.length === 0) return undefined;
    return (x) =>
      ordered.flatMap((period) => {
        if (x === null || period === undefined) return [0, 0];
        const angle = (2 * Math.PI * rest(x, period.length, period.offset)) / period.length;
        return [Math.sin(angle), Math.cos(angle)];
      });
  }
  const counts = new Map<number, number>();
  for (const x of sorted) counts.set(x, (counts.get(x) ?? 0) + 1);
  const mostFrequent = [...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
  const usual = encoding.encode === 'robust' || encoding.encode === 'piecewise' ? 'median' : 'mean';
  const fills = { mean, median: quantile(50), mostFrequent, constant: encoding.value ?? 0 };
  const fill = fills[encoding.strategy ?? usual];
  const filled = (encode: (x: number) => number[]) => (x: number | null) => encode(x ?? fill);
  switch (encoding.encode) {
    case 'standard': {
      const variance = present.reduce((sum, x) => sum + (x - mean) ** 2, 0) / present.length;
      const { center = true, scale = true } = encoding;
      return filled((x) => [(x - (center ? mean : 0)) / (scale ? Math.sqrt(variance) : 1)]);
    }
    case 'minMax': {
      const { range: [low, high] = [0, 1], clip = false } = encoding;
      return filled((x) => {
        const value = low + ((x - min) / (max - min)) * (high - low);
        return [clip ? Math.min(Math.max(value, low), high) : value];
      });
    }
    case 'robust': {
      const { center = true, scale = true, percentiles: [p, q] = [25, 75], clip = true } = encoding;
      const width = quantile(q) - quantile(p) || (max - min) / 2;
      return filled((x) => {
        const s = (x - (center ? quantile(50) : 0)) / (scale ? width : 1);
        return [clip ? s / Math.sqrt(1 + (s / 3) ** 2) : s];
      });
    }
    case 'raw':
      return filled((x) => [x]);
    default: {
      const { bins = 16 } = encoding;
      const all = Array.from({ length: bins + 1 }, (_, i) => quantile((100 * i) / bins));
      const edges = [...new Set(all)];
      return filled((x) =>
        edges.slice(1).map((high, t) => {
          const low = edges[t] as number;
          if (t > 0 && x <= low) return 0;
          if (t < edges.length - 2 && x >= high) return 1;
          return (x - low) / (high - low);
        }),
      );
    }
  }
}
