// Columns of numbers, as the targets of a Regressor.

import { inSlices, type Work, workElsewhere } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import type { Json } from '../formats/json';
import { quantile } from '../layers/losses';
import { standardScaler } from '../preprocessing';
import { cellError } from '../tables/build';
import type { Table } from '../tables/table';
import { labelsFor, rowsIn, type TargetValues } from './labels';
import type { TargetsOf } from './model-file';
import { targetsOf } from './prepare';
import { withMedian } from './quantiles';
import { rangesOf, type TargetRange } from './ranges';
import type { Task } from './task';
import type { RegressorOptions } from './train-options';

/** The targets of a Regressor, as its file has them. */
export type NumberTargets = TargetsOf<'regressor'>;

/** What the options say about the targets. */
export function numberTargets(options: Pick<RegressorOptions, 'target' | 'quantiles'>): NumberTargets {
  const single = typeof options.target === 'string';
  const targets = { kind: 'regressor', single, columns: targetsOf(options) } as const;
  return options.quantiles === undefined ? targets : { ...targets, quantiles: withMedian(options.quantiles) };
}

/** What the training of a Regressor is about. */
export function regressorTask(
  options: Pick<RegressorOptions, 'target' | 'quantiles' | 'clamp' | 'loss'>,
): Task {
  return taskOf(numberTargets(options), options);
}

/** The targets with what a training has learned about them. */
export function learnedTargets(targets: NumberTargets, values: TargetValues): NumberTargets {
  if (values.kind !== 'numbers' || values.ranges === undefined) return targets;
  const copies = targets.quantiles?.length ?? 1;
  return { ...targets, ranges: targets.columns.map((_, i) => values.ranges?.[i * copies] as TargetRange) };
}

/** The loss of rows that a training did not learn from, and their weight. */
interface HeldLoss {
  readonly loss: number;
  readonly weight: number;
}

/** What a training with these targets is about. */
export function taskOf(
  targets: NumberTargets,
  { clamp = false, loss }: Pick<RegressorOptions, 'clamp' | 'loss'> = {},
): Task {
  const { quantiles: levels } = targets;
  const own = loss === undefined ? {} : { loss };
  const fit = levels === undefined ? own : { loss: quantile({ levels }) };
  const copies = levels?.length ?? 1;
  const read = (table: Table): TargetValues => ({
    kind: 'numbers',
    // Each quantile is an output, and compared with the same numbers.
    values: targets.columns.flatMap((name) => new Array(copies).fill(numbersIn(name, table))),
  });
  return {
    classes: false,
    *learn(table) {
      for (const name of targets.columns) yield* checkNumbers(name, numbersIn(name, table));
      return read(table);
    },
    read: () =>
      // biome-ignore lint/correctness/useYield: the numbers need no work
      function* (table) {
        return read(table);
      },
    ...(clamp && {
      *settle(values) {
        if (values.kind !== 'numbers') return values;
        return { ...values, ranges: yield* rangesOf(values.values) };
      },
    }),
    describe: (values) => learnedTargets(targets, values) as unknown as Json,
    network: () => ({ targetScaler: standardScaler() }),
    fit: () => fit,
    async observe(network, { X, values, weights }, how) {
      const Y = await workElsewhere(labelsFor(values, undefined, network.dtype), how);
      const { loss: own } = await network.evaluate(X, Y, {
        ...{ ...how, ...fit },
        ...(weights && { sampleWeight: weights }),
      });
      return { loss: own, weight: rowsIn(values) } satisfies HeldLoss;
    },
    async judge(observed) {
      const parts = observed as readonly HeldLoss[];
      const whole = parts.reduce((sum, { weight }) => sum + weight, 0);
      return { loss: parts.reduce((sum, part) => sum + part.loss * (part.weight / whole), 0) };
    },
  };
}

/** The numbers of a target column. NaN stands for a missing one. */
export function numbersIn(name: string, table: Table): Float64Array {
  const column = table.column(name);
  if (column.kind === 'number') return column.values as Float64Array;
  const row = column.toArray().findIndex((value) => value !== null);
  const hint = '; a Classifier predicts texts and truth values';
  throw cellError(Math.max(0, row), name, 'a number', row < 0 ? null : column.at(row), hint);
}

/** Throws for infinities, and for a column whose numbers are all equal. */
function* checkNumbers(name: string, values: Float64Array): Work<void> {
  let first: number | undefined;
  let differ = false;
  yield* inSlices(values.length, (from, to) => {
    for (let row = from; row < to; row++) {
      const value = values[row] as number;
      if (Number.isNaN(value)) continue;
      if (!Number.isFinite(value)) throw cellError(row, name, 'a finite number', value);
      first ??= value;
      differ ||= value !== first;
    }
  });
  if (differ) return;
  const got = first === undefined ? 'missing values alone' : `${first} alone`;
  throw blasnetError(
    'ERR_BLASNET_ARG_VALUE',
    `Expected column ${JSON.stringify(name)}, the target, to have at least 2 different numbers, got ${got}`,
  );
}

/** Checks that a resumed training clamps as it did, if it says so. */
export function checkSameClamp(given: boolean | undefined, { ranges }: NumberTargets): void {
  const own = ranges !== undefined;
  if (given === undefined || given === own) return;
  throw argumentError('ERR_BLASNET_ARG_VALUE', 'clamp', `${own}, as in the checkpoint`, given);
}

/** Checks that a resumed training states the quantiles that it had, if it states any. */
export function checkSameQuantiles(
  given: readonly number[] | undefined,
  own: readonly number[] | undefined,
): void {
  if (given === undefined || JSON.stringify(withMedian(given)) === JSON.stringify(own)) return;
  const rule = `${JSON.stringify(own) ?? 'left out'}, as in the checkpoint`;
  throw argumentError('ERR_BLASNET_ARG_VALUE', 'quantiles', rule, given);
}
