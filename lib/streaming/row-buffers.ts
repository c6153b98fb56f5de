import { copyArrays } from '../addon/arrays';
import { takeRowsOf } from '../addon/rows';
import { type AsyncOptions, pinnedWork, type Work } from '../addon/work';
import { allocateShared, type FloatArray, type LabelArray, Matrix } from '../base/matrix';
import { newSharedArray } from '../base/memory';
import type { LabelledSamples } from '../samples/samples';
import type { Piece } from './pieces';

/** An array of rows, with its number of columns. */
interface Rows {
  readonly data: LabelArray;
  readonly cols: number;
}

const names = ['X', 'codes', 'Y', 'targets', 'weights'] as const;
type Name = (typeof names)[number];
type Parts = Readonly<Partial<Record<Name, Rows>>>;

/** Rows that came from the same chunk one after another. */
interface Origin {
  readonly from: number;
  readonly piece: Piece;
  readonly first: number;
}

/** Where a row came from: its chunk, from 1, and its row there, from 0. */
export interface Place {
  readonly chunk: number;
  readonly row: number;
}

// The rows that are reserved at first; then memory doubles.
const leastRows = 1024;

/** Memory for rows of samples, which is used again and again. */
export class RowBuffers {
  /** The rows in it. */
  rows = 0;
  readonly #most: number;
  #capacity = 0;
  #parts: Parts = {};
  #origins: Origin[] = [];

  /** @param most the most rows that it holds */
  constructor(most: number) {
    this.#most = most;
  }

  /** Appends `count` rows that are wanted of a chunk, beginning with the one at `first`. */
  async append(piece: Piece, first: number, count: number, how: AsyncOptions): Promise<void> {
    const parts = partsOf(piece.samples);
    await this.#reserve(parts, this.rows + count, how);
    this.#origins.push({ from: this.rows, piece: withoutRows(piece), first });
    const from = Object.values(parts).map(({ data }) => data);
    await pinnedWork(this.#copy(parts, piece, first, count), from, how);
    this.rows += count;
  }

  /** Moves the rows from `first` on to the beginning of others, which are empty. */
  async moveTo(others: RowBuffers, first: number, how: AsyncOptions): Promise<void> {
    const count = this.rows - first;
    if (count > 0) {
      await others.#reserve(this.#parts, count, how);
      await pinnedWork(copyAll(this.#parts, first, count, others.#parts, 0), [], how);
      others.#origins = this.#origins
        .map((origin, i) => ({ origin, end: this.#origins[i + 1]?.from ?? this.rows }))
        .filter(({ end }) => end > first)
        .map(({ origin: { from, piece, first: row } }) => ({
          piece,
          from: Math.max(0, from - first),
          first: row + Math.max(0, first - from),
        }));
    }
    others.rows = count;
  }

  clear(): void {
    this.rows = 0;
    this.#origins = [];
  }

  /** The first rows, as samples. */
  view(rows: number): LabelledSamples {
    const of = (name: Name) => {
      const part = this.#parts[name];
      return part && { data: part.data.subarray(0, rows * part.cols), rows, cols: part.cols };
    };
    const [X, codes, Y, targets, weights] = names.map(of);
    return {
      X: new Matrix(X?.data as FloatArray, rows, X?.cols as number),
      codes: (codes?.data as Int32Array | undefined) ?? null,
      Y: Y as NonNullable<typeof Y>,
      ...(targets && { targets }),
      ...(weights && { weights: weights.data as FloatArray }),
    };
  }

  placeOf(row: number): Place {
    const origin = this.#origins.findLast(({ from }) => from <= row) as Origin;
    const place = origin.first + row - origin.from;
    const { index, chunk } = origin.piece;
    return { chunk, row: index === undefined ? place : (index[place] as number) };
  }

  *#copy(parts: Parts, { samples, index }: Piece, first: number, count: number): Work<void> {
    if (index === undefined) return yield* copyAll(parts, first, count, this.#parts, this.rows);
    const rows = index.subarray(first, first + count);
    for (const [name, { data, cols }] of Object.entries(parts) as [Name, Rows][]) {
      const out = this.#parts[name]?.data.subarray(this.rows * cols, (this.rows + count) * cols);
      yield* takeRowsOf(data, samples.X.rows, cols, rows, out as LabelArray);
    }
  }

  async #reserve(like: Parts, rows: number, how: AsyncOptions): Promise<void> {
    if (rows <= this.#capacity) return;
    this.#capacity = Math.min(this.#most, Math.max(leastRows, rows, 2 * this.#capacity));
    const entries = Object.entries(like).map(([name, { data, cols }]) => [
      name,
      { data: newLike(data, this.#capacity * cols), cols },
    ]);
    const parts = Object.fromEntries(entries) as Parts;
    if (this.rows > 0) await pinnedWork(copyAll(this.#parts, 0, this.rows, parts, 0), [], how);
    this.#parts = parts;
  }
}

function partsOf({ X, codes, Y, targets, weights }: LabelledSamples): Parts {
  return {
    X,
    ...(codes && { codes: { data: codes, cols: codes.length / X.rows } }),
    Y,
    ...(targets && { targets }),
    ...(weights && { weights: { data: weights, cols: 1 } }),
  };
}

function* copyAll(from: Parts, first: number, count: number, to: Parts, at: number): Work<void> {
  const pairs = Object.entries(from).map(([name, { data, cols }]) => [
    data.subarray(first * cols, (first + count) * cols),
    (to[name as Name] as Rows).data.subarray(at * cols, (at + count) * cols),
  ]);
  yield* copyArrays(
    pairs.map(([data]) => data as LabelArray),
    pairs.map(([, data]) => data as LabelArray),
  );
}

function newLike(data: LabelArray, length: number): LabelArray {
  if (data instanceof Int32Array) return newSharedArray(Int32Array, length);
  return allocateShared(length, data instanceof Float64Array ? 'float64' : 'float32');
}

// What says where rows came from needs not their numbers.
function withoutRows(piece: Piece): Piece {
  return { ...piece, samples: undefined as unknown as LabelledSamples };
}
