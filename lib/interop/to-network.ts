// From a chain that was read to a network.

import { copyArrays, firstNotFinite } from '../addon/arrays';
import { inSlices, type Work } from '../addon/work';
import { blasnetError } from '../base/errors';
import type { Dtype, FloatArray, Matrix } from '../base/matrix';
import { fileError, quote } from '../formats/file-error';
import { arraysOf, newMemory, type StoredNetwork, withMemory } from '../network/network-file';
import { LabelEncoder, Preprocessing } from '../preprocessing';
import { freshSeed } from '../random/random-state';
import type { Back, Chain, ScalerStep } from './chain';
import { layersOf, type Source } from './layers-of';

/** The options of `Network.import` that concern every format. */
export interface NewNetworkOptions {
  readonly dtype?: Dtype;
  readonly seed?: number;
}

/**
 * Makes the network that computes what a chain does. It has memory of its own, and trains on like one that was made here
 * with these parameters.
 *
 * @param file the name of the file, for errors
 * @throws Error ERR_BLASNET_FILE for numbers that are not finite, negative variances, sizes that do not fit together, or
 *   stages that no network of this library has
 */
export function* networkOf(chain: Chain, file: string, options: NewNetworkOptions): Work<StoredNetwork> {
  const { dtype = chain.dtype, seed = freshSeed() } = options;
  const parts = partsOf(chain, file);
  const columns = parts.preprocessing?.outputColumns ?? chain.inputs;
  const { architecture, sources } = refusing(file, () => layersOf(chain, columns));
  const memory = newMemory(architecture, dtype);
  const arrays = arraysOf(memory);
  for (const [name, matrix] of Object.entries(arrays)) {
    const source = sources.get(name) ?? { fill: 0 };
    yield* fill(name, matrix, source, file);
    const bad = yield* firstNotFinite(matrix.data);
    if (bad < 0) continue;
    const rule = `finite numbers in ${dtype}`;
    throw fileError(file, `element ${bad} of ${quote(name)}`, rule, matrix.data[bad] as number);
  }
  checkVariances(arrays, file);
  return { architecture, options: withMemory({ dtype, seed, ...parts }, memory), training: undefined };
}

function partsOf({ before, after, classes }: Chain, file: string) {
  const json = (steps: readonly object[]) => ({ name: 'preprocessing', version: 1, steps });
  return refusing(file, () => ({
    ...(before.length > 0 && { preprocessing: Preprocessing.fromJSON(json(before)) }),
    ...(after.length > 0 && { targetScaler: Preprocessing.fromJSON(json(scalersOf(after))) }),
    ...(classes !== undefined && {
      labels: LabelEncoder.fromJSON({ name: 'labelEncoder', version: 1, classes, stated: true }),
    }),
  }));
}

// A scaler has one offset, so columns with different offsets have scalers of their own. The last way back is that of the
// first scaler.
function scalersOf(after: readonly Back[]): readonly ScalerStep[] {
  return [...after].reverse().flatMap(({ offset, scale, center }) => {
    const inputColumns = offset.length;
    return [...new Set(offset)].map((each) => {
      const columns = [...offset.keys()].filter((column) => offset[column] === each);
      return {
        name: each === 0 ? 'standardScaler' : 'minMaxScaler',
        inputColumns,
        columns,
        center: columns.map((column) => center[column] as number),
        scale: columns.map((column) => scale[column] as number),
        offset: each,
        clip: null,
      };
    });
  });
}

// What the library's own checks say about layers and steps is said about the file.
function refusing<T>(file: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const code = (cause as { code?: unknown }).code;
    if (code === 'ERR_BLASNET_FILE' || code === 'ERR_BLASNET_MEMORY') throw cause;
    const text = `Expected ${quote(file)} to have a network that this library computes, got one of which it says: `;
    throw blasnetError('ERR_BLASNET_FILE', `${text}${message}`, { cause });
  }
}

// Numbers that are copied at a stretch, within a fraction of a millisecond.
const block = 2 ** 14;
const tile = 32;

function* fill(name: string, { data: out, rows, cols }: Matrix, source: Source, file: string): Work<void> {
  if (source === 'identity') {
    for (let i = 0; i < rows; i++) out[i * cols + i] = 1;
    return;
  }
  if ('fill' in source) {
    out.fill(source.fill);
    return;
  }
  const { data, transposed = false } = source;
  if (data.length !== out.length) {
    throw fileError(file, `the length of ${quote(name)}`, String(out.length), data.length);
  }
  if (transposed) yield* transpose(data, rows, cols, out);
  else if (data.constructor === out.constructor) yield* copyArrays([data], [out]);
  else {
    const copy = (from: number, to: number) => out.set(data.subarray(from * block, to * block), from * block);
    yield* inSlices(Math.ceil(out.length / block), copy, block);
  }
}

/** from (cols x rows) -> out (rows x cols), tile by tile, since a column of a large matrix misses every cache. */
export function* transpose(from: FloatArray, rows: number, cols: number, out: FloatArray): Work<void> {
  const strip = (first: number, last: number) => {
    for (let top = first * tile; top < Math.min(rows, last * tile); top += tile) {
      const bottom = Math.min(rows, top + tile);
      for (let left = 0; left < cols; left += tile) {
        const right = Math.min(cols, left + tile);
        for (let c = left; c < right; c++) {
          for (let r = top; r < bottom; r++) out[r * cols + c] = from[c * rows + r] as number;
        }
      }
    }
  };
  yield* inSlices(Math.ceil(rows / tile), strip, Math.max(1, tile * cols));
}

function checkVariances(arrays: Readonly<Record<string, Matrix>>, file: string): void {
  for (const [name, { data }] of Object.entries(arrays)) {
    if (!name.startsWith('variance')) continue;
    const bad = data.findIndex((value) => value < 0);
    if (bad < 0) continue;
    const place = `element ${bad} of ${quote(name)}`;
    throw fileError(file, place, 'at least 0, as variances are', data[bad] as number);
  }
}

/** The arrays of a chain, to keep them in place while native code reads them. */
export function arraysIn({ stages, members }: Chain): readonly FloatArray[] {
  const found = new Set<FloatArray>();
  const collect = (part: unknown) => {
    if (typeof part !== 'object' || part === null) return;
    if (ArrayBuffer.isView(part)) found.add(part as FloatArray);
    else for (const value of Object.values(part)) collect(value);
  };
  collect([stages, members]);
  return [...found];
}
