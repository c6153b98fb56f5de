import type { NativeStep } from '../addon/binding';
import type { Work } from '../addon/work';
import {
  above,
  anything,
  boolean,
  type Constraint,
  check,
  checkOptions,
  finite,
  optional,
} from '../base/validate';
import { type LearnedColumns, learnExtremes, learnMoments, learnOrders } from './learn';
import {
  checkColumns,
  checkLearned,
  checkNumbers,
  columnCount,
  columnsConstraint,
  type FittedStep,
  type LearnedMatrix,
  type LibraryStep,
  type PartialLearner,
  PreprocessingStep,
  selectColumns,
} from './step';
import { type ColumnSummary, checkPresent, scaled } from './summary';

interface ColumnsOptions {
  /** The columns to scale, from 0. The others stay as they are. @default all */
  readonly columns?: readonly number[];
}

export interface StandardScalerOptions extends ColumnsOptions {
  /** Whether to subtract the mean. @default true */
  readonly center?: boolean;
  /** Whether to divide by the standard deviation. @default true */
  readonly scale?: boolean;
}

export interface MinMaxScalerOptions extends ColumnsOptions {
  /** The results for the smallest and the largest learned value. @default [0, 1] */
  readonly range?: readonly [low: number, high: number];
  /** Limits the results to the range, also for values beyond the learned ones. @default false */
  readonly clip?: boolean;
}

export interface RobustScalerOptions extends ColumnsOptions {
  /** Whether to subtract the median. @default true */
  readonly center?: boolean;
  /** Whether to divide by the distance between two percentiles. @default true */
  readonly scale?: boolean;
  /** The two percentiles, from 0 to 100. @default [25, 75] */
  readonly percentiles?: readonly [low: number, high: number];
}

type ScalerName = 'standardScaler' | 'minMaxScaler' | 'robustScaler';

/** The numbers learned from one column. */
interface Scale {
  readonly center: number;
  readonly scale: number;
}

const flags = { columns: columnsConstraint, center: optional(boolean), scale: optional(boolean) };

/**
 * Scales columns to mean 0 and standard deviation 1: (x - mean) / sqrt(variance), the variance over n. A column that is
 * constant, up to rounding, is not divided. Like scikit-learn's `StandardScaler`.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function standardScaler(options: StandardScalerOptions = {}): PreprocessingStep {
  checkOptions('', options, flags);
  const { center = true, scale = true } = options;
  const scaleOf = (mean: number, variance: number, n: number): Scale => {
    const rounding = n * Number.EPSILON * variance + (n * mean * Number.EPSILON) ** 2;
    return {
      center: center ? mean : 0,
      scale: scale && !(variance <= rounding) ? Math.sqrt(variance) : 1,
    };
  };
  function* learn(from: LearnedColumns): Work<Scale[]> {
    const { means, variances } = yield* learnMoments(from);
    return Array.from(means, (mean, i) => scaleOf(mean, variances[i] as number, from.X.rows));
  }
  return scaler('standardScaler', options, learn, {
    asks: 'moments',
    scaleOf: ({ mean, squares, rows }) => scaleOf(mean, squares / rows, rows),
  });
}

/**
 * Scales columns to a range: (x - min) / (max - min) * (high - low) + low. A constant column becomes `low`. Like
 * scikit-learn's `MinMaxScaler`.
 *
 * @throws like standardScaler()
 */
export function minMaxScaler(options: MinMaxScalerOptions = {}): PreprocessingStep {
  checkOptions('', options, {
    columns: columnsConstraint,
    range: optional(rising(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)),
    clip: optional(boolean),
  });
  // JSON has no negative zero.
  const [low = 0, high = 1] = (options.range ?? [0, 1]).map((value) => value + 0);
  const scaleOf = (least: number, most: number): Scale => ({
    center: least,
    scale: notZero(most - least) / (high - low),
  });
  function* learn(from: LearnedColumns): Work<Scale[]> {
    const { least, most } = yield* learnExtremes(from);
    return Array.from(least, (center, i) => scaleOf(center, most[i] as number));
  }
  const ofParts: OfParts = { asks: 'extremes', scaleOf: ({ least, most }) => scaleOf(least, most) };
  const clip = options.clip === true ? ([low, high] as const) : null;
  return scaler('minMaxScaler', options, learn, ofParts, low, clip);
}

/**
 * Scales columns to median 0 and to a distance of 1 between two percentiles: (x - median) / (p75 - p25). Outliers
 * hardly change the scale. If the percentiles are equal, the column is not divided. Like scikit-learn's `RobustScaler`.
 *
 * @throws like standardScaler()
 */
export function robustScaler(options: RobustScalerOptions = {}): PreprocessingStep {
  checkOptions('', options, { ...flags, percentiles: optional(rising(0, 100)) });
  const { center = true, scale = true } = options;
  const percentiles = options.percentiles ?? ([25, 75] as const);
  function* learn(from: LearnedColumns): Work<Scale[]> {
    const orders = yield* learnOrders(from, percentiles);
    return orders.map(({ median, low, high }) => ({
      center: center ? median : 0,
      scale: scale ? notZero(high - low) : 1,
    }));
  }
  const why = 'robustScaler, whose percentiles need all rows at once: use fit, or another scaler';
  return scaler('robustScaler', options, learn, why);
}

/** How a scaler learns from the summary of a column. */
interface OfParts {
  readonly asks: PartialLearner['asks'];
  scaleOf(summary: ColumnSummary): Scale;
}

function scaler(
  name: ScalerName,
  options: StandardScalerOptions | MinMaxScalerOptions | RobustScalerOptions,
  learn: (from: LearnedColumns) => Work<Scale[]>,
  ofParts: OfParts | string,
  offset = 0,
  clip: readonly [number, number] | null = null,
): PreprocessingStep {
  const kept = options.columns?.slice();
  const make = (input: string, cols: number, selected: readonly number[], learned: readonly Scale[]) => {
    const scales = learned.map(({ center, scale }, i) => {
      // A divisor so small that its inverse is infinite is refused.
      checkLearned(input, selected[i] as number, center, scale, 1 / scale);
      return { center: center + 0, scale };
    });
    return new Scaler(name, cols, selected, scales, offset, clip);
  };
  function* fit(from: LearnedMatrix): Work<Scaler> {
    const { cols } = from.X;
    const selected = selectColumns(kept, cols);
    return make(from.name, cols, selected, yield* learn({ ...from, columns: selected, skipMissing: false }));
  }
  if (typeof ofParts === 'string') return new PreprocessingStep(name, options, fit, ofParts);
  const { asks, scaleOf } = ofParts;
  return new PreprocessingStep(name, options, fit, {
    columns: kept,
    asks,
    skipsMissing: false,
    learn(input, columns) {
      const selected = selectColumns(kept, columns.length);
      const summaries = selected.map((column) => columns[column] as ColumnSummary);
      for (const [i, column] of selected.entries())
        checkPresent(input, column, summaries[i] as ColumnSummary);
      const step = make(input, columns.length, selected, summaries.map(scaleOf));
      const output = [...columns];
      for (const [i, column] of selected.entries()) {
        output[column] = scaled(summaries[i] as ColumnSummary, step.scales[i] as Scale, offset);
      }
      return { step, output };
    },
  });
}

/** (x - center) / scale + offset, column by column: the fitted step of all three scalers. */
class Scaler implements LibraryStep {
  readonly outputColumns: number;
  readonly native: Extract<NativeStep, { center: unknown }>;

  constructor(
    readonly name: ScalerName,
    readonly inputColumns: number,
    readonly columns: readonly number[],
    readonly scales: readonly Scale[],
    readonly offset: number,
    readonly clip: readonly [number, number] | null,
  ) {
    this.outputColumns = inputColumns;
    this.native = {
      columns: Uint32Array.from(columns),
      center: Float64Array.from(scales, ({ center }) => center),
      scale: Float64Array.from(scales, ({ scale }) => scale),
      offset,
      clip: clip === null ? null : Float64Array.from(clip),
    };
  }

  toJSON() {
    const { name, inputColumns, columns, scales, offset, clip } = this;
    return {
      name,
      inputColumns,
      columns: [...columns],
      center: scales.map(({ center }) => center),
      scale: scales.map(({ scale }) => scale),
      offset,
      clip: clip === null ? null : [...clip],
    };
  }
}

/** Makes a scaler from JSON. Everything is checked. */
export function scalerFromJSON(where: string, value: Record<string, unknown>): FittedStep {
  checkOptions(where, value, {
    name: anything,
    inputColumns: columnCount,
    columns: anything,
    center: anything,
    scale: anything,
    offset: finite,
    clip: anything,
  });
  const { name, inputColumns, offset } = value as { name: ScalerName; inputColumns: number; offset: number };
  const columns = checkColumns(`${where}.columns`, value.columns, inputColumns);
  const center = checkNumbers(`${where}.center`, value.center, columns.length);
  const scale = checkNumbers(`${where}.scale`, value.scale, columns.length, above(0));
  if (value.clip !== null) check(`${where}.clip`, value.clip, rising(-Infinity, Infinity));
  const scales = center.map((c, i) => ({ center: c, scale: scale[i] as number }));
  return new Scaler(name, inputColumns, columns, scales, offset, value.clip as [number, number] | null);
}

/** Two numbers within limits, the first one smaller. */
export function rising(least: number, most: number): Constraint {
  const within = most === Number.POSITIVE_INFINITY ? '' : ` from ${least} to ${most}`;
  return {
    rule: `two finite numbers${within}, the first one smaller`,
    accepts: Array.isArray,
    holds: (value: number[]) => {
      const [low = Number.NaN, high = Number.NaN] = value;
      const numbers = value.length === 2 && value.every(Number.isFinite);
      return numbers && low < high && low >= least && high <= most && Number.isFinite(high - low);
    },
  };
}

// scikit-learn's limit: a divisor that is nearly 0 would magnify rounding errors.
function notZero(scale: number): number {
  return scale < 10 * Number.EPSILON ? 1 : scale;
}
