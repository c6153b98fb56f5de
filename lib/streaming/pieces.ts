import type { AsyncOptions } from '../addon/work';
import { inSlices, type Work, workAnywhere } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { checkObject } from '../base/validate';
import type { LossName } from '../layers/losses';
import {
  fillElsewhere,
  type LabelledSamples,
  labelledSamples,
  type SampleKind,
  type Weigh,
} from '../samples/samples';
import { isFileOrTable, type SampleChunk } from '../samples/source';
import { presentRows } from '../samples/weights';
import { inChunk, type Run } from './run';

/** The rows of a chunk, in the form that native code takes. */
export interface Piece {
  readonly samples: LabelledSamples;
  /** The number of the chunk, from 1. */
  readonly chunk: number;
  /** The rows that are wanted, ascending; undefined if these are all. */
  readonly index: Uint32Array | undefined;
  readonly count: number;
}

/** Whether a row is wanted, by its place among the rows of the source that have a weight other than 0. */
export type Wanted = (place: number) => boolean;

/** How chunks become samples. */
export interface Conversion {
  readonly kind: SampleKind;
  readonly loss: LossName;
  /** Makes the weights of a chunk, from its own and from those of the classes. */
  readonly weigher: (sampleWeight: unknown) => Weigh;
  readonly how: AsyncOptions;
}

/** Goes through the chunks of a source, and converts them. */
export class Pieces {
  /** The rows so far that have a weight other than 0. */
  rows = 0;
  readonly run: Run<SampleChunk>;
  readonly #conversion: Conversion;
  readonly #wanted: Wanted | undefined;
  readonly #own: boolean;
  #weighted: boolean | undefined;

  /** @param own whether the samples have their own weights alone, without those of the classes */
  constructor(run: Run<SampleChunk>, conversion: Conversion, wanted?: Wanted, own = false) {
    this.run = run;
    this.#own = own;
    this.#conversion = conversion;
    this.#wanted = wanted;
  }

  /** The next chunk that has rows that are wanted; undefined at the end. */
  async next(): Promise<Piece | undefined> {
    for (;;) {
      const chunk = await this.run.next();
      if (chunk === undefined) return undefined;
      const samples = await this.#converted(chunk);
      const { rows } = samples.X;
      const choosing = choose(rows, samples.weights, this.rows, this.#wanted);
      const { index, count, total } = await workAnywhere(choosing, this.#conversion.how);
      this.rows += total;
      if (count > 0)
        return {
          samples: this.#own ? withOwnWeights(samples) : samples,
          index,
          count,
          chunk: this.run.chunks,
        };
    }
  }

  async #converted(chunk: SampleChunk): Promise<LabelledSamples> {
    try {
      checkChunk(chunk);
      this.#checkWeights(chunk);
      const { kind, loss, weigher, how } = this.#conversion;
      const { X, Y, sampleWeight } = chunk;
      const samples = labelledSamples(kind, X, Y, loss, weigher(sampleWeight));
      if (samples.pending !== undefined) await fillElsewhere(samples, samples.pending, how);
      return samples;
    } catch (error) {
      throw inChunk(this.run, error);
    }
  }

  #checkWeights({ sampleWeight }: SampleChunk): void {
    const weighted = sampleWeight !== undefined;
    this.#weighted ??= weighted;
    if (this.#weighted === weighted) return;
    const rule = weighted ? 'left out, as in the chunks before' : 'there, as in the chunks before';
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'sampleWeight', rule, sampleWeight);
  }
}

/** The rows of a chunk that count and are wanted; `before` rows that count came before it. */
export function* choose(
  rows: number,
  weights: LabelledSamples['weights'],
  before: number,
  wanted: Wanted | undefined,
): Work<Pick<Piece, 'index' | 'count'> & { readonly total: number }> {
  const present = yield* presentRows(weights);
  const total = present?.count ?? rows;
  if (wanted === undefined) return { index: present?.order.subarray(0, total), count: total, total };
  const index = new Uint32Array(new SharedArrayBuffer(4 * total));
  let count = 0;
  yield* inSlices(total, (from, to) => {
    for (let i = from; i < to; i++) {
      if (wanted(before + i)) index[count++] = present === undefined ? i : (present.order[i] as number);
    }
  });
  return { index: count === rows ? undefined : index.subarray(0, count), count, total };
}

function withOwnWeights({ weights: _, ownWeights, ...samples }: LabelledSamples): LabelledSamples {
  return ownWeights === undefined ? samples : { ...samples, weights: ownWeights };
}

function checkChunk(chunk: unknown): void {
  if (isFileOrTable(chunk)) {
    const hint = '; samplesFrom of blasnet/tables makes such chunks of files and tables';
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'the chunk', 'an object with X and Y', chunk, hint);
  }
  checkObject('the chunk', chunk);
  for (const name of ['X', 'Y'] as const) {
    if (chunk[name] !== undefined) continue;
    const rule = 'an object with X and Y, and sampleWeight if rows have weights';
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'the chunk', rule, chunk);
  }
}

/** The error for a source that has other rows than in its first epoch. */
export function changedRows(name: string, before: number, got: string, epoch: number): Error {
  return blasnetError(
    'ERR_BLASNET_SOURCE',
    `Expected ${name} to give ${before} rows each time, got ${got} in epoch ${epoch}; a source must begin anew each time`,
  );
}
