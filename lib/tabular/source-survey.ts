// What a training from a source of tables must know before its first step, from a pass of its own.

import { type AsyncOptions, inSlices, pinnedWork, type Work, workElsewhere } from '../addon/work';
import { blasnetError } from '../base/errors';
import type { RandomState } from '../random/random-state';
import type { Source } from '../samples/source';
import type { Column } from '../tables/column';
import type { Table } from '../tables/table';
import { joinedTables, TableSample } from './continual/table-sample';
import { presentRowsOf, targetsOf } from './prepare';
import type { TargetRange } from './ranges';
import { arraysOf } from './row-network';
import { eachTable } from './table-source';
import type { TrainOptions } from './train-options';

/** The most rows from which schema, inputs and classes are learned. */
export const sampledRows = 2 ** 17;

/** Whether a row is held out, by its place among the rows that have a target and a weight above 0. */
export type IsHeld = (place: number) => boolean;

/** What a pass has found. */
export interface SourceSurvey {
  /** The rows that have a target and a weight above 0. */
  readonly rows: number;
  /** Those among them that train. */
  readonly trained: number;
  /** A uniform sample of the rows that train; all of them, if they are few. */
  readonly sample: Table;
  /** The first row of each class, held out or not; undefined for targets that are no classes. */
  readonly firsts: Table | undefined;
  /** The range of each target among the rows that train; undefined unless it was asked for. */
  readonly ranges: readonly TargetRange[] | undefined;
}

/** What is asked of the targets. */
export interface Wish {
  readonly classes: boolean;
  readonly ranges: boolean;
}

/** Goes through a source, and learns what must be known of all rows. */
export async function surveySource(
  source: Source<Table>,
  options: TrainOptions,
  isHeld: IsHeld | undefined,
  wish: Wish,
  random: RandomState,
  how: AsyncOptions,
): Promise<SourceSurvey> {
  const targets = targetsOf(options);
  const sample = new TableSample(sampledRows, random);
  const seen = targets.map(() => new Set<unknown>());
  const ranges = targets.map(() => [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as [number, number]);
  let names: readonly string[] | undefined;
  let firsts: Table | undefined;
  let rows = 0;
  const survey = async (table: Table): Promise<void> => {
    names ??= table.names;
    for (const name of names) table.column(name);
    const present = await presentRowsOf(table, options, how);
    const trained = await workElsewhere(chosen(present, rows, isHeld, false), how);
    rows += present.length;
    await sample.add(table, trained, how);
    for (const [i, name] of targets.entries()) {
      const column = table.column(name);
      if (wish.ranges)
        await pinnedWork(widen(ranges[i] as [number, number], column, trained), arraysOf(table), how);
      if (!wish.classes) continue;
      const found = await workElsewhere(newClasses(column, present, seen[i] as Set<unknown>), how);
      if (found.length === 0) continue;
      const taken = table.take(found);
      firsts = firsts === undefined ? taken : await joinedTables(firsts, taken, how);
    }
  };
  for await (const _ of eachTable(source, survey, how));
  if (sample.table === undefined) {
    const message = 'Expected the source to give at least one row with a target to train with, got none';
    throw blasnetError('ERR_BLASNET_SOURCE', message);
  }
  return {
    rows,
    trained: sample.seen,
    sample: sample.table,
    firsts,
    ranges: wish.ranges ? ranges : undefined,
  };
}

/** Counts the rows of a source that have a target and a weight above 0. */
export async function countPresent(
  source: Source<Table>,
  options: TrainOptions,
  how: AsyncOptions,
): Promise<number> {
  let rows = 0;
  const count = async (table: Table): Promise<void> => {
    rows += (await presentRowsOf(table, options, how)).length;
  };
  for await (const _ of eachTable(source, count, how));
  return rows;
}

/** The rows that are held out, or the others. @param before how many rows that count came before */
export function* chosen(
  present: Uint32Array,
  before: number,
  isHeld: IsHeld | undefined,
  held: boolean,
): Work<Uint32Array> {
  if (isHeld === undefined) return held ? present.subarray(0, 0) : present;
  const rows = new Uint32Array(present.length);
  let count = 0;
  yield* inSlices(present.length, (from, to) => {
    for (let i = from; i < to; i++) if (isHeld(before + i) === held) rows[count++] = present[i] as number;
  });
  return rows.subarray(0, count);
}

function* widen(range: [number, number], { values }: Column, rows: Uint32Array): Work<void> {
  yield* inSlices(rows.length, (from, to) => {
    for (let i = from; i < to; i++) {
      const value = values[rows[i] as number] as number;
      if (value < range[0]) range[0] = value;
      if (value > range[1]) range[1] = value;
    }
  });
}

// More different values are those of no classes.
const mostClasses = 1000;

/** The first rows of values of a column that were not seen before. */
function* newClasses({ kind, values, categories }: Column, rows: Uint32Array, seen: Set<unknown>) {
  const found: number[] = [];
  const known = new Set<number>();
  yield* inSlices(rows.length, (from, to) => {
    for (let i = from; i < to && seen.size < mostClasses; i++) {
      const row = rows[i] as number;
      const value = values[row] as number;
      if (known.has(value)) continue;
      known.add(value);
      const name = kind === 'category' ? categories[value] : value;
      if (seen.has(name)) continue;
      seen.add(name);
      found.push(row);
    }
  });
  return found;
}
