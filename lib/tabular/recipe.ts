// The networks that the presets train: their layers, their optimiser and their schedules.
//
// They follow RealMLP (Holzmüller, Grinsztajn and Steinwart, 2024), with narrower layers and fewer epochs: on the tables of
// bench/cases/tabular.mjs these score better and take a tenth of the time.

import type { LayerOptions } from '../layers/architecture';
import { initializers } from '../layers/initializers';
import type { NetworkOptions } from '../network/network-options';
import { adam } from '../optimizers/optimizers';
import { coslog, flatCosine } from '../schedules/schedule';
import type { FitOptions } from '../training/options';
import { rowsIn, type TargetValues } from './labels';
import type { Preset } from './presets';
import type { TrainOptions } from './train-options';

/** How many folds of the rows are trained without before the last training. */
export function foldsOf(preset: Preset, options: TrainOptions, values: TargetValues): number | undefined {
  const { validationData, validationSplit, shuffle, maxSeconds } = options;
  const rows = rowsIn(values);
  const folds =
    preset !== 'fast' &&
    [validationData, validationSplit, maxSeconds].every((option) => option === undefined) &&
    shuffle !== false &&
    rows >= fewest &&
    (rows <= most || preset === 'best');
  if (!folds) return undefined;
  // A network that misses a fourth of few rows says little about one that has them all.
  return preset === 'best' || rows < 1_000 ? 8 : 4;
}

// With fewer rows, a fold says little. With more, one part to hold out says enough.
const fewest = 20;
const most = 60_000;

/** What a preset trains. */
export interface Recipe {
  /** The length of the schedules, in epochs. */
  readonly epochs: number;
  /** The epochs after which the training ends, at most `epochs`. */
  readonly end: number;
  /** Whether the network has no hidden layers. */
  readonly linear: boolean;
  /** How many folds of the rows were trained without, to learn where the training ends; undefined for none. */
  readonly folds?: number;
  /** The temperatures of the trained network, if other trainings have told them. */
  readonly temperatures?: readonly number[];
}

/** Whether a value of a file is a recipe. */
export function isRecipe(value: unknown): value is Recipe {
  const { epochs, end, linear, folds = 2, temperatures = [] } = (value ?? {}) as Partial<Recipe>;
  const isCount = (count: unknown) => Number.isSafeInteger(count) && (count as number) > 0;
  return (
    isCount(epochs) &&
    isCount(end) &&
    isCount(folds) &&
    (end as number) <= (epochs as number) &&
    typeof linear === 'boolean' &&
    Array.isArray(temperatures) &&
    temperatures.every((each) => typeof each === 'number' && each > 0 && each < Number.POSITIVE_INFINITY)
  );
}

/** The epochs of the preset 'fast', unless the options have others. */
export const fastEpochs = 32;

const width = 128;
const depth = 3;

/** Below this number of rows, a linear network may be better. */
const fewRows = 2_000;

/** The recipes that suit these targets: the first one is usual, another one may be better. */
export function recipesFor(
  preset: Preset,
  { epochs: given }: TrainOptions,
  values: TargetValues,
): readonly [Recipe, ...Recipe[]] {
  const usual = preset !== 'fast' && values.kind !== 'numbers' ? 64 : fastEpochs;
  const epochs = given ?? usual;
  const recipe = { epochs, end: epochs, linear: false };
  const rows = rowsIn(values);
  if (rows >= fewRows) return [recipe];
  // A linear network has no minimum to miss, and a step costs little.
  const long = given ?? Math.max(usual, Math.ceil((1_000 * usualBatch(rows)) / rows));
  return [recipe, { epochs: long, end: long, linear: true }];
}

/** The epochs at which the waves of the learning rate end: there a training may stop. */
export function waveEnds({ epochs }: Recipe): readonly number[] {
  const ends = [1, 3, 7, 15].map((share) => Math.max(1, Math.round((epochs * share) / 15)));
  return [...new Set(ends)];
}

/** The hidden layers. @param inputs the numbers that the first one gets */
export function hiddenLayers({ linear }: Recipe, inputs: number, { kind }: TargetValues): LayerOptions[] {
  if (linear) return [];
  return Array.from({ length: depth }, (_, i) => ({
    outputDim: width,
    activation: kind === 'numbers' ? 'mish' : 'selu',
    ...(i === 0 && { inputScale: true }),
    ...(kind !== 'numbers' && { dropout: 0.15 }),
    // The step of a weight in the parametrisation of the neural tangent kernel (Jacot et al., 2018).
    learningRateFactors: { W: 1 / Math.sqrt(i === 0 ? inputs : width), b: 0.1, ...(i === 0 && { s: 6 }) },
  }));
}

/** The options of the network. */
export function networkOptions({ linear }: Recipe): NetworkOptions {
  if (linear) return { initializer: 'zeros' };
  const hidden = Array.from({ length: depth }, () => initializers.normal({ biasDeviation: 1 }));
  return { initializer: initializers.byLayer([...hidden, 'zeros']) };
}

/** The batch size by the number of rows that train, so that few rows make some hundred steps, too. */
function usualBatch(rows: number): number {
  const sizes = [16, 32, 64, 128, 256] as const;
  const limits = [100, 300, 1_000, 2_000, Number.POSITIVE_INFINITY];
  return sizes[limits.findIndex((limit) => rows < limit)] as number;
}

/** The options of fit. @param rows that train */
export function fitOptions(
  { epochs, end, linear }: Recipe,
  rows: number,
  { kind }: TargetValues,
  { batchSize: given }: TrainOptions,
): Partial<FitOptions> {
  const batchSize =
    given === 'full' ? rows : Math.min((given as number | undefined) ?? usualBatch(rows), rows);
  const over = epochs * Math.floor(rows / batchSize);
  const learningRate = linear ? 0.05 : kind === 'numbers' ? 0.1 : 0.01;
  return {
    ...{ epochs: end, batchSize, dropLast: true },
    // The penalty of scikit-learn's LogisticRegression and Ridge.
    optimizer: adam({ learningRate, beta1: 0.9, beta2: 0.95, ...(linear && { weightDecay: 1 / rows }) }),
    schedule: coslog({ over }),
    ...(!linear && kind !== 'numbers' && { dropoutSchedule: flatCosine({ over }) }),
  };
}
