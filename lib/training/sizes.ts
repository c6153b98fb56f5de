import { argumentError } from '../base/errors';
import { validationRows } from './split';

/** How a training goes through its samples. */
export interface TrainingSizes {
  readonly heldRows: number;
  /** The number of samples that an epoch trains with. */
  readonly trainedRows: number;
  readonly batchSize: number;
  readonly accumulate: number;
  readonly dropLast: boolean;
  readonly shuffle: boolean;
  /** The number of samples in an epoch's batches: trainedRows without those that dropLast leaves out. */
  readonly epochRows: number;
}

/** The options of `fit` that the sizes follow from. */
export interface SizeOptions {
  readonly batchSize?: number | 'full' | undefined;
  readonly accumulate?: number | undefined;
  readonly dropLast?: boolean | undefined;
  readonly shuffle?: boolean | undefined;
  readonly stratify?: boolean | undefined;
  readonly validationSplit?: number | undefined;
  readonly validationData?: unknown;
}

/** The sizes for `rows` samples. */
export function sizesOf(options: SizeOptions, optimizer: string, rows: number): TrainingSizes {
  const heldRows = heldRowsOf(options, rows);
  const trainedRows = rows - heldRows;
  const size = options.batchSize ?? (optimizer === 'lbfgs' ? 'full' : 32);
  const fullBatch = size === 'full' || size >= trainedRows;
  const dropLast = options.dropLast ?? false;
  const epochRows = fullBatch || !dropLast ? trainedRows : trainedRows - (trainedRows % size);
  return {
    heldRows,
    trainedRows,
    batchSize: fullBatch ? trainedRows : size,
    // At most all batches of an epoch.
    accumulate: Math.min(options.accumulate ?? 1, fullBatch ? 1 : Math.ceil(epochRows / size)),
    dropLast,
    epochRows,
    // In a full batch the order changes only the rounding.
    shuffle: (options.shuffle ?? true) && !fullBatch,
  };
}

function heldRowsOf(options: SizeOptions, rows: number): number {
  if (options.validationSplit === undefined) {
    if (options.stratify === true) {
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'stratify', 'left out without validationSplit', true);
    }
    return 0;
  }
  if (options.stratify === true && options.shuffle === false) {
    const rule = 'left out with shuffle: false, which holds out the last rows';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'stratify', rule, true);
  }
  if (options.validationData !== undefined) {
    const rule = 'left out when validationData is given';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'validationSplit', rule, options.validationSplit);
  }
  return validationRows(rows, options.validationSplit);
}
