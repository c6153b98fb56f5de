// What ranks compare before their first task, so that they train the same.

import type { SplitData } from '../../datasets/split';
import { freshSeed } from '../../random/random-state';
import type { Table } from '../../tables/table';
import type { Distribution } from '../../training/distribution';
import type { FileArray } from './arrays-file';
import { packTable } from './packed-table';

/** What must be equal on all ranks, under the names that errors use. */
export interface Agreement {
  readonly facts: Record<string, unknown>;
  readonly arrays: Record<string, readonly ArrayBufferView[]>;
}

/** Options that may differ, since they say how a rank computes, and functions that rank 0 alone calls. */
const own = ['distributed', 'threads', 'priority', 'signal', 'onFoldEnd', 'onTrialEnd'];

/** @param others names of options that are compared in another form */
export function agreementOn(call: string, options: object, others: readonly string[] = []): Agreement {
  const left = [...own, ...others];
  const given = Object.entries(options).filter(([name]) => !left.includes(name));
  return { facts: { 'the call': call, ...Object.fromEntries(given) }, arrays: {} };
}

export function addTable({ facts, arrays }: Agreement, name: string, table: Table): void {
  const all: FileArray[] = [];
  const { rows, columns } = packTable(table, all);
  facts[`the columns of ${name}`] = columns.map((column) => [column.name, column.kind]);
  facts[`the number of ${name}`] = rows;
  arrays[name] = all;
}

export function addSamples({ facts, arrays }: Agreement, { rows, parts }: SplitData): void {
  facts['the number of rows'] = rows;
  for (const [name, part] of parts) {
    if (part.form === 'matrix') {
      facts[`the width of ${name}`] = part.matrix.cols;
      arrays[name] = [part.matrix.data];
    } else if (part.form === 'typed') arrays[name] = [part.values as unknown as ArrayBufferView];
    else facts[name] = part.values;
  }
}

/** The seed of a call: that of rank 0, unless this rank was given one. */
export async function agreedSeed(
  group: Distribution | undefined,
  given: number | undefined,
): Promise<number> {
  const seed = given ?? freshSeed();
  if (group === undefined) return seed;
  const [first] = await group.gather(seed);
  return given ?? (first as number);
}
