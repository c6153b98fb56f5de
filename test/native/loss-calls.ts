import { packRecord } from '../../lib/addon/records';
import type { FloatArray } from '../../lib/base/matrix';
import type { ActivationName } from '../../lib/layers/activations';
import { activationNames } from '../../lib/layers/activations';
import { type LossName, lossEntry } from '../../lib/layers/losses';
import * as oracle from '../support/oracle';
import { expectSameBits, type FloatType, guarded } from './helpers';
import { kernels } from './kernels';

/** Turns samples in rows into samples in columns, or back: (rows x cols) to (cols x rows). */
export function turned(type: FloatType, values: FloatArray, rows: number, cols: number): FloatArray {
  return type.array(oracle.transpose(oracle.dense(values, rows, cols)).data);
}

/** The options for losses without options. */
export const noOptions = packRecord('lossOptions', { labelSmoothing: 0, delta: 1 });

/** The number of labels per sample. */
export function labelsOf(name: LossName, outputs: number): number {
  return name === 'sparseCategoricalCrossEntropy' ? 1 : outputs;
}

export interface LossCall extends oracle.LossOptions {
  readonly scale?: number;
}

/**
 * Returns the loss, summed over the samples, which are rows here, and dZ times `scale`. Expects equal results
 * in place, without a gradient, and with gaps between the rows.
 */
export function lossOf(
  type: FloatType,
  name: LossName,
  Z: FloatArray,
  Y: FloatArray,
  outputs: number,
  { scale = 1, smoothing = 0, delta = 1, levels, weights }: LossCall = {},
): { loss: number; dZ: FloatArray } {
  const m = Z.length / outputs;
  const [columnsZ, columnsY] = [turned(type, Z, m, outputs), turned(type, Y, m, labelsOf(name, outputs))];
  const given = weights === undefined ? null : type.array(weights);
  const run = (ld: number, z: FloatArray, y: FloatArray, dZ: FloatArray | null | undefined) => {
    const { code } = lossEntry(name);
    const options = packRecord('lossOptions', { labelSmoothing: smoothing, delta });
    const sizes = [m, outputs, ld] as const;
    const ofOutputs = levels === undefined ? null : Float64Array.from(levels);
    return kernels.lossFromOutputs(code, options, ...sizes, z, y, given, scale, dZ as null, ofOutputs);
  };
  const dZ = guarded(type, Z.length);
  const loss = run(m, columnsZ, columnsY, dZ.data);
  dZ.intact();
  for (const none of [null, undefined]) expectSame(run(m, columnsZ, columnsY, none), loss);
  const inPlace = columnsZ.slice();
  expectSame(run(m, inPlace, columnsY, inPlace), loss);
  expectSameBits(inPlace, dZ.data, 'dZ = Z');

  // The gaps between rows must not be used or changed.
  const ld = m + 3;
  const apart = (columns: FloatArray) => {
    const array = type.array((columns.length / (m || 1)) * ld).fill(Number.NaN);
    for (let i = 0; i * m < columns.length; i++) array.set(columns.subarray(i * m, (i + 1) * m), i * ld);
    return array;
  };
  if (m > 0) {
    const padded = type.array(outputs * ld).fill(7);
    expectSame(run(ld, apart(columnsZ), apart(columnsY), padded), loss);
    for (let i = 0; i < outputs; i++) {
      expectSameBits(padded.subarray(i * ld, i * ld + m), dZ.data.subarray(i * m, (i + 1) * m), 'apart');
      expectSameBits(padded.subarray(i * ld + m, (i + 1) * ld), type.array(3).fill(7), 'padding');
    }
  }
  return { loss, dZ: turned(type, dZ.data, outputs, m) };
}

function expectSame(actual: number, expected: number): void {
  if (!Object.is(actual, expected)) throw new Error(`${actual} is not ${expected}`);
}

/** The number of samples, which are rows here, that the loss counts as predicted right. */
export function hitsOf(
  type: FloatType,
  name: LossName,
  Z: FloatArray,
  Y: FloatArray,
  outputs: number,
): number {
  const m = Z.length / outputs;
  const [columnsZ, columnsY] = [turned(type, Z, m, outputs), turned(type, Y, m, labelsOf(name, outputs))];
  return kernels.countHits(lossEntry(name).code, noOptions, m, outputs, m, columnsZ, columnsY);
}

/** Labels of each kind that a loss accepts, one row per sample. */
export function labelsFor(type: FloatType, name: LossName, m: number, outputs: number): FloatArray[] {
  const random = oracle.randomArray(m * outputs, 11);
  const oneHot = oracle.build(m, outputs, (r, c) => (c === (r * 7) % outputs ? 1 : 0)).data;
  const binary = random.map((x) => (x > 0 ? 1 : 0));
  const between = oracle.randomArray(m * outputs, 12, 0, 1);
  const kinds: Partial<Record<LossName, number[][]>> = {
    sparseCategoricalCrossEntropy: [Array.from({ length: m }, (_, r) => (r * 7) % outputs)],
    poisson: [binary, between, random.map((x) => Math.round(4 + 4 * x))],
    hinge: [binary.map((y) => 2 * y - 1)],
  };
  return (kinds[name] ?? [oneHot, binary, between]).map((values) => type.array(values));
}

/** Numbers that a loss can be computed from: logits or any outputs, rates, or probabilities. */
export function outputsFor(type: FloatType, name: LossName, size: number, seed = 1): FloatArray {
  const [low, high] = { poisson: [0.01, 8], klDivergence: [0.01, 0.99] }[name as string] ?? [-8, 8];
  return type.array(oracle.randomArray(size, seed, low, high));
}

/** The output activations that a loss works with. */
export function activationsOf(name: LossName): readonly ActivationName[] {
  return lossEntry(name).outputs ?? activationNames;
}
