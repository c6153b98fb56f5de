// A uniform sample of the rows of tables that come one after another.

import { type AsyncOptions, pinnedWork, workElsewhere } from '../../addon/work';
import type { RandomState } from '../../random/random-state';
import type { Table } from '../../tables/table';
import { arraysOf } from '../row-network';
import { joinTables } from './join-tables';
import { sampleOn } from './reservoir';

/** The rows of the first table, then those of the second one, which has these columns, too. */
export async function joinedTables(first: Table, second: Table, how: AsyncOptions): Promise<Table> {
  for (const name of first.names) second.column(name);
  const arrays = [...arraysOf(first), ...arraysOf(second)];
  return pinnedWork(joinTables(first, second, first.names), arrays, how);
}

export class TableSample {
  /** The sample so far: copies of rows, since a source may fill its arrays again. */
  table: Table | undefined;
  /** How many rows came. */
  seen = 0;
  readonly #capacity: number;
  readonly #random: RandomState;

  constructor(capacity: number, random: RandomState) {
    this.#capacity = capacity;
    this.#random = random;
  }

  /** Goes on with rows of a table: all of them, or these. */
  async add(table: Table, given: Uint32Array | undefined, how: AsyncOptions): Promise<void> {
    const kept = this.table?.rows ?? 0;
    const rows = given?.length ?? table.rows;
    const sizes = { seen: this.seen, kept, capacity: this.#capacity, rows };
    const index = await workElsewhere(sampleOn(sizes, this.#random), how);
    this.seen += rows;
    // Those that come into the sample, in its order.
    const fresh: number[] = [];
    const places = index.map((place) =>
      place < kept ? place : kept + fresh.push(given?.[place - kept] ?? place - kept) - 1,
    );
    if (fresh.length === 0) return;
    const taken = await table.takeAsync(fresh, how);
    if (this.table === undefined) {
      this.table = taken;
      return;
    }
    const joined = await joinedTables(this.table, taken, how);
    this.table = places.length === joined.rows ? joined : await joined.takeAsync(places, how);
  }
}
