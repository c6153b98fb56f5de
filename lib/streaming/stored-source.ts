import { type BlasnetError, blasnetError } from '../base/errors';
import {
  anything,
  type Constraint,
  check,
  checkOptions,
  integerBetween,
  integerFrom,
} from '../base/validate';
import { quote } from '../formats/file-error';
import type { EpochPart } from '../training/window';
import type { FeedState } from './feed';

/** Where a training from a source stood, in a checkpoint. */
export interface StoredSource {
  readonly state: FeedState;
  readonly part: EpochPart;
}

const count = integerFrom(0);
const number: Constraint = { rule: 'a number', accepts: (value) => typeof value === 'number' };
const word = integerBetween(0, 2 ** 32 - 1);

/** Checks what a checkpoint has of a source; undefined for a training with samples in memory. @throws Error ERR_BLASNET_FILE */
export function storedSource(value: unknown, file: string): StoredSource | undefined {
  if (value === null) return undefined;
  try {
    checkOptions('training.source', value, { part: anything, rows: anything, splitKey: anything });
    const { part, rows, splitKey } = value as unknown as Record<'part' | 'rows' | 'splitKey', unknown>;
    checkOptions('training.source.part', part, { rows: count, loss: number, hits: count });
    if (rows !== null) check('training.source.rows', rows, count);
    const key = splitKey === null ? [] : (splitKey as readonly unknown[]);
    for (const [i, item] of [...key].entries()) check(`training.source.splitKey[${i}]`, item, word);
    const [low, high] = key as readonly number[];
    return {
      part: part as unknown as EpochPart,
      state: {
        rows: (rows ?? undefined) as number | undefined,
        splitKey: low === undefined || high === undefined ? undefined : [low, high],
      },
    };
  } catch (cause) {
    const { message } = cause as BlasnetError;
    throw blasnetError('ERR_BLASNET_FILE', `In blasnet.training of ${quote(file)}: ${message}`, { cause });
  }
}
