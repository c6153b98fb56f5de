import { argumentError } from '../base/errors';
import type { Dtype } from '../base/number-kinds';
import { anything, checkOptions, optional, positiveInteger } from '../base/validate';
import { type Architecture, embeddingsIn, inputDimOf, outputLayerOf } from '../layers/architecture';
import type { ResolvedLoss } from '../layers/losses';
import { resolveOptimizer } from '../optimizers/resolve';
import { isSource } from '../samples/source';
import type { CompletedFitOptions } from '../training/completed-options';
import { completeFitOptions, type FitOptions, fitConstraints } from '../training/options';
import type { SourceFitOptions } from '../training/source-options';
import { checkSource } from './run';

const sourceConstraints = { ...fitConstraints, windowRows: optional(positiveInteger) };

/** Checks the names and types of the options, and refuses those that need all rows at once. */
export function checkSourceOptions(options: unknown): asserts options is SourceFitOptions {
  checkOptions('', options, sourceConstraints);
  const given = options as FitOptions & SourceFitOptions;
  const refuse = (name: keyof FitOptions, rule: string) => {
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, rule, given[name]);
  };
  if (given.sampleWeight !== undefined)
    refuse('sampleWeight', 'left out with a source, whose chunks have it: { X, Y, sampleWeight }');
  if (given.stratify !== undefined)
    refuse('stratify', 'left out with a source, whose rows are held out one by one');
  if ((given.batchSize as unknown) === 'full')
    refuse('batchSize', 'a number with a source, whose rows are not all in memory');
  if (resolveOptimizer(given.optimizer).name === 'lbfgs')
    refuse('optimizer', 'another one than lbfgs with a source, since it needs all rows in each step');
  const { validationData } = given;
  if (validationData === undefined) {
    if (given.metrics !== undefined && given.validationSplit === undefined)
      refuse('metrics', 'left out with a source and without validationData or validationSplit');
    return;
  }
  if (given.validationSplit !== undefined) refuse('validationSplit', 'left out when validationData is given');
  if (isSource(validationData)) checkSource('validationData', validationData);
  else checkOptions('validationData', validationData, { X: anything, Y: anything, sampleWeight: anything });
}

// The rows of a source whose length is not known: more than it has.
const manyRows = Number.MAX_SAFE_INTEGER;

/** The options of fit, with the defaults filled in, for a source whose rows have not been counted. */
export function completeSourceOptions(
  { windowRows: _, validationSplit, validationData, ...options }: SourceFitOptions,
  architecture: Architecture,
  loss: ResolvedLoss,
): CompletedFitOptions {
  const validated = validationSplit !== undefined || validationData !== undefined;
  const given = { ...options, ...(validated && { validationData: {} }) } as FitOptions;
  const completed = completeFitOptions(given, architecture, manyRows, loss);
  return { ...completed, split: options.shuffle === false ? 'inOrder' : 'random' };
}

const mostRows = 2 ** 18;
const windowBytes = 2 ** 24;

/** The rows of a window: whole steps. */
export function windowRowsOf(
  { windowRows }: SourceFitOptions,
  { batchSize, accumulate }: CompletedFitOptions,
  architecture: Architecture,
  dtype: Dtype,
): number {
  const rows = windowRows ?? defaultWindowRows(architecture, dtype);
  const step = batchSize * accumulate;
  return Math.max(1, Math.ceil(rows / step)) * step;
}

/** The rows that take the memory of a window. */
export function defaultWindowRows(architecture: Architecture, dtype: Dtype): number {
  const numbers = inputDimOf(architecture) + outputLayerOf(architecture).outputDim + 1;
  const rowBytes = numbers * (dtype === 'float64' ? 8 : 4) + 4 * embeddingsIn(architecture).length;
  return Math.max(1, Math.min(mostRows, Math.floor(windowBytes / rowBytes)));
}
