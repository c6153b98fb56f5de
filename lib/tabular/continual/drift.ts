// How rows differ from those that a model learned from, column by column.

import { sortRows } from '../../addon/table-columns';
import { type AsyncOptions, inSlices, pinnedWork, type Work } from '../../addon/work';
import { newArray } from '../../base/memory';
import type { Column, ColumnKind } from '../../tables/column';
import { Table } from '../../tables/table';
import { arraysOf } from '../row-network';
import type { Memory } from './memory';
import { type ColumnSummary, deviationOf, edgesOf, type NumberSummary, summarize } from './summary';

/**
 * The table of `drift`: one row for each column.
 *
 * - `psi`: the population stability index over the bins of the earlier rows, deciles or categories (Siddiqi 2006; Yurdakul
 *   2018), the sum of (q - p) ln(q / p) over their shares p and q. Half a row is added to each bin, so that it is finite. By
 *   custom, below 0.1 little has changed, and above 0.25 much.
 * - `ks`: the greatest distance between the two distribution functions (Kolmogorov-Smirnov), of the sample and the rows
 *   now; of numbers and times.
 */
export async function driftOf(
  memory: Memory,
  table: Table,
  targets: readonly string[],
  how: AsyncOptions,
): Promise<Table> {
  const { sample } = memory;
  const arrays = [...arraysOf(sample), ...arraysOf(table)];
  const records = await pinnedWork(compareAll(memory, table, targets), arrays, how);
  return Table.from(records, { types: kinds });
}

const numbers = [
  ...(['rowsBefore', 'rowsNow', 'missingBefore', 'missingNow', 'meanBefore', 'meanNow'] as const),
  ...(['deviationBefore', 'deviationNow', 'psi', 'ks', 'newCategories', 'shareOfNew'] as const),
];

const nothing = Object.fromEntries(numbers.map((name) => [name, null]));

// Stated, since a number that no column has would have no kind.
const kinds: Readonly<Record<string, ColumnKind>> = {
  ...{ column: 'category', kind: 'category', role: 'category' },
  ...Object.fromEntries(numbers.map((name) => [name, 'number' as const])),
};

function* compareAll(memory: Memory, table: Table, targets: readonly string[]): Work<object[]> {
  const rows: object[] = [];
  for (const [name, before] of memory.columns) {
    if (name === memory.weight || !table.has(name)) continue;
    const column = table.column(name);
    const now = yield* summarize(name, column, edgesOf(before));
    const role = targets.includes(name) ? 'target' : 'input';
    const sample = memory.sample.column(name);
    rows.push({
      column: name,
      kind: before.kind,
      role,
      ...nothing,
      ...(yield* compare(before, now, sample, column)),
    });
  }
  return rows;
}

function* compare(before: ColumnSummary, now: ColumnSummary, sample: Column, column: Column): Work<object> {
  const size = ({ present, missing }: ColumnSummary) => present + missing;
  const common = {
    ...{ rowsBefore: size(before), rowsNow: size(now) },
    ...{ missingBefore: before.missing / size(before), missingNow: now.missing / size(now) },
  };
  // A column that only has gaps may have any kind.
  if (before.present === 0 || now.present === 0) return common;
  if (before.kind === 'category' && now.kind === 'category') {
    return { ...common, ...compareTexts(before, now) };
  }
  if (before.kind === 'boolean' && now.kind === 'boolean') {
    const [p, q] = [before.truths / before.present, now.truths / now.present];
    const counts = [
      [before.present - before.truths, before.truths],
      [now.present - now.truths, now.truths],
    ] as const;
    return { ...common, meanBefore: p, meanNow: q, psi: stability(...counts) };
  }
  const [one, other] = [before as NumberSummary, now as NumberSummary];
  return {
    ...{ ...common, meanBefore: one.mean, meanNow: other.mean },
    ...{ deviationBefore: deviationOf(one), deviationNow: deviationOf(other) },
    psi: stability(one.counts, other.counts),
    ks: yield* distance(sample.values as Float64Array, column.values as Float64Array),
  };
}

// All new categories together are one more bin.
function compareTexts(
  before: ColumnSummary & { readonly kind: 'category' },
  now: ColumnSummary & { readonly kind: 'category' },
) {
  const places = new Map(before.texts.map((text, i) => [text, i]));
  const counts = new Array<number>(before.texts.length + 1).fill(0);
  let newCategories = 0;
  now.texts.forEach((text, i) => {
    const place = places.get(text);
    if (place === undefined) newCategories++;
    (counts[place ?? before.texts.length] as number) += now.counts[i] as number;
  });
  const fresh = counts[before.texts.length] as number;
  const psi = stability([...before.counts, 0], counts);
  return { psi, newCategories, shareOfNew: fresh / now.present };
}

/** The population stability index of two lists of counts. */
function stability(before: readonly number[], now: readonly number[]): number {
  // A bin that neither has says nothing.
  const bins = before.map((count, i) => [count, now[i] as number] as const).filter(([p, q]) => p + q > 0);
  const sum = (side: 0 | 1) => bins.reduce((total, pair) => total + pair[side] + 0.5, 0);
  const [all, allNow] = [sum(0), sum(1)];
  return bins.reduce((total, [count, countNow]) => {
    const [p, q] = [(count + 0.5) / all, (countNow + 0.5) / allNow];
    return total + (q - p) * Math.log(q / p);
  }, 0);
}

/** The greatest distance between the distribution functions of two arrays, without NaN; null if one has no other. */
function* distance(first: Float64Array, second: Float64Array): Work<number | null> {
  const [a, b] = [yield* ascending(first), yield* ascending(second)];
  if (a.length === 0 || b.length === 0) return null;
  let [i, j, greatest] = [0, 0, 0];
  yield* inSlices(
    a.length + b.length,
    (from, to) => {
      // Each step passes all equal values, so that the last steps have nothing to do.
      for (let step = from; step < to && i < a.length && j < b.length; step++) {
        const value = Math.min(a[i] as number, b[j] as number);
        while (i < a.length && a[i] === value) i++;
        while (j < b.length && b[j] === value) j++;
        greatest = Math.max(greatest, Math.abs(i / a.length - j / b.length));
      }
    },
    4,
  );
  return greatest;
}

function* ascending(values: Float64Array): Work<Float64Array> {
  let count = 0;
  const present = newArray(Float64Array, values.length);
  yield* inSlices(values.length, (from, to) => {
    for (let row = from; row < to; row++) {
      const value = values[row] as number;
      if (!Number.isNaN(value)) present[count++] = value;
    }
  });
  const some = present.subarray(0, count);
  const order = yield* sortRows(some);
  const sorted = newArray(Float64Array, count);
  yield* inSlices(count, (from, to) => {
    for (let i = from; i < to; i++) sorted[i] = some[order[i] as number] as number;
  });
  return sorted;
}
