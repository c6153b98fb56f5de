import { statusCodes } from '../addon/outcome';
import type { AsyncOptions } from '../addon/work';
import { type BlasnetError, blasnetError } from '../base/errors';
import { type Outcome, outcomeError } from '../engine/plan';
import type { Architecture } from '../layers/architecture';
import type { ResolvedLoss } from '../layers/losses';
import type { LabelledSamples, Samples } from '../samples/samples';
import type { Window } from '../training/window';
import type { Piece, Pieces } from './pieces';
import { type Place, RowBuffers } from './row-buffers';
import { inChunk } from './run';

/** Two windows in memory: one is used while the other is filled. */
export type WindowMemory = readonly [RowBuffers, RowBuffers];

export interface WindowSizes {
  /** The rows of a window, but of the last one. */
  readonly rows: number;
  /** Those of the first window. */
  readonly firstRows: number;
  /** With dropLast the size of a batch: fewer rows at the end do not train. Otherwise 1. */
  readonly least: number;
}

/** @param rows the rows of a window */
export function windowMemory(rows: number, least: number): WindowMemory {
  return [new RowBuffers(rows + least), new RowBuffers(rows + least)];
}

/** Cuts the rows of one pass through a source into windows. */
export class Windows {
  readonly #pieces: Pieces;
  readonly #memory: WindowMemory;
  readonly #sizes: WindowSizes;
  readonly #kind: { readonly architecture: Architecture; readonly loss: ResolvedLoss };
  readonly #how: AsyncOptions;
  // The chunk whose rows are not all in a window yet, and how many of them are.
  #piece: Piece | undefined;
  #taken = 0;
  #count = 0;
  // The rows of the windows so far.
  #rows = 0;
  #used = 0;

  /** @param before the rows of the epoch that trained before, which are left out */
  constructor(
    pieces: Pieces,
    memory: WindowMemory,
    sizes: WindowSizes,
    kind: { readonly architecture: Architecture; readonly loss: ResolvedLoss },
    how: AsyncOptions,
  ) {
    this.#pieces = pieces;
    this.#memory = memory;
    this.#sizes = sizes;
    this.#kind = kind;
    this.#how = how;
  }

  /** All rows of the windows so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Leaves out the first rows: those of a part of an epoch that has been trained. */
  async skip(rows: number): Promise<void> {
    while (this.#rows < rows) {
      const piece = await this.#current();
      if (piece === undefined) return;
      const count = Math.min(piece.count - this.#taken, rows - this.#rows);
      this.#taken += count;
      this.#rows += count;
    }
  }

  /** The next window; undefined at the end. It stays as it is until the call after the next one. */
  async next(): Promise<Window | undefined> {
    const { rows: most, firstRows, least } = this.#sizes;
    const size = this.#count === 0 ? firstRows : most;
    const [before, memory] = [this.#memory[(this.#count + 1) % 2], this.#memory[this.#count % 2]] as [
      RowBuffers,
      RowBuffers,
    ];
    memory.clear();
    if (this.#count > 0) await before.moveTo(memory, this.#used, this.#how);
    let ended = false;
    while (memory.rows < size + least) {
      const piece = await this.#current();
      if (piece === undefined) {
        ended = true;
        break;
      }
      const count = Math.min(piece.count - this.#taken, size + least - memory.rows);
      await memory.append(piece, this.#taken, count, this.#how);
      this.#taken += count;
    }
    if (memory.rows === 0) return undefined;
    this.#count++;
    this.#used = ended ? memory.rows : size;
    return this.#window(memory, ended);
  }

  #window(memory: RowBuffers, last: boolean): Window {
    const { least } = this.#sizes;
    const first = this.#rows;
    const rows = this.#used;
    this.#rows += rows;
    const samples = memory.view(rows);
    // A single batch that is not full is not left out.
    const dropped = rows > least || first > 0 ? rows % least : 0;
    return {
      samples,
      first,
      rows: rows - dropped,
      last,
      refusal: (outcome) => this.#refusal(outcome, samples, memory),
    };
  }

  async #current(): Promise<Piece | undefined> {
    if (this.#piece === undefined || this.#taken === this.#piece.count) {
      this.#piece = await this.#pieces.next();
      this.#taken = 0;
    }
    return this.#piece;
  }

  #refusal(outcome: Outcome, samples: LabelledSamples, memory: RowBuffers): BlasnetError | undefined {
    const cols = columnsOf(outcome, samples);
    if (cols === undefined) return undefined;
    const place = memory.placeOf(Math.floor(outcome.index / cols));
    const { architecture, loss } = this.#kind;
    const error = outcomeError(
      { ...outcome, index: place.row * cols + (outcome.index % cols) },
      inItsChunk(samples, outcome.index, cols, place),
      architecture,
      loss,
    );
    const { name } = this.#pieces.run;
    return error && (inChunk({ name, chunks: place.chunk }, error) as BlasnetError);
  }
}

/** The columns of the array that an outcome refuses an element of. */
function columnsOf({ status }: Outcome, { X, codes, Y }: LabelledSamples): number | undefined {
  if (status === statusCodes.inputNotFinite) return X.cols;
  if (status === statusCodes.codeOutside) return (codes as Int32Array).length / X.rows;
  if (status === statusCodes.labelOutside) return Y.cols;
  return status === statusCodes.noClass ? 1 : undefined;
}

// The samples as the error sees them: it reads the refused element, at the place that it has in its chunk.
function inItsChunk(samples: LabelledSamples, index: number, cols: number, { row }: Place): Samples {
  const at = row * cols + (index % cols);
  const moved = <T extends { readonly length: number }>(data: T) =>
    ({ [at]: data[index as keyof T], length: data.length }) as unknown as T;
  const { X, codes, Y } = samples;
  return {
    ...samples,
    X: { ...X, data: moved(X.data) } as typeof X,
    codes: codes && moved(codes),
    Y: { ...Y, data: moved(Y.data) },
  };
}

/** @throws Error ERR_BLASNET_SOURCE */
export function noRows(name: string): BlasnetError {
  return blasnetError(
    'ERR_BLASNET_SOURCE',
    `Expected ${name} to give at least one row with a weight above 0, got none`,
  );
}
