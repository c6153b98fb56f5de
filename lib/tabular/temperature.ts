// Temperature scaling: the logits are divided by one number, so that probabilities agree with what comes true.

import { copyArrays } from '../addon/arrays';
import { type AsyncOptions, inSlices, pinnedWork, type Work, workAnywhere } from '../addon/work';
import type { FloatArray, Matrix } from '../base/matrix';
import { newArray } from '../base/memory';
import { membersOf } from '../layers/architecture';
import { arraysOf, type Comparison } from '../metrics/comparison';
import { sumsOf } from '../metrics/native';
import { logitsNetwork, scaleLogits } from '../network/logits';
import type { Network } from '../network/network';
import type { InputsLike } from '../samples/inputs';
import { columnsOf } from './answers';
import type { TargetValues } from './labels';

/** The least and the largest temperature. A model that is worse than chance has the largest. */
const least = 1e-2;
const largest = 1e2;

/**
 * The temperature T that minimises the cross-entropy of softmax(logits / T), or of sigmoid(logits / T) with one column
 * (Guo et al. 2017). The labels count as if one more row were of every class alike (Platt 1999 does similarly): without it, rows
 * that are all predicted right would have the temperature 0.
 *
 * The cross-entropy is convex in 1 / T. Newton's method finds the root of its derivative, with bisection where it would
 * leave the interval.
 *
 * @param count how many rows there are, if the comparison has each several times
 */
export function* fitTemperature(comparison: Comparison, count = comparison.rows): Work<number> {
  const { indices } = comparison;
  const smoothing = 1 / (count + 1);
  let [low, high] = [1 / largest, 1 / least];
  let scale = 1;
  for (let step = 0; step < 100; step++) {
    const { sums } = yield* sumsOf(comparison, 'logitSlopes', { classes: indices, scale });
    const [mean, curvature, plain] = sums as unknown as [number, number, number];
    const slope = mean - smoothing * plain;
    if (slope === 0) break;
    if (slope > 0) high = scale;
    else low = scale;
    const newton = scale - slope / curvature;
    const next = newton > low && newton < high ? newton : Math.sqrt(low * high);
    if (Math.abs(next - scale) <= 1e-12 * scale) break;
    scale = next;
  }
  return 1 / scale;
}

/** Rows with the logits of several members, whose probabilities are averaged. */
export interface MembersComparison extends Pick<Comparison, 'rows' | 'cols' | 'indices'> {
  readonly labels: Int32Array;
  /** Those of each member, (rows, cols). */
  readonly logits: readonly FloatArray[];
  readonly weights: FloatArray | null;
}

/**
 * The temperature by which the members' logits are divided before their probabilities are averaged, for the least
 * cross-entropy of this mean. By expectation and maximisation (Dempster et al. 1977): each member of a row weighs as much as
 * its share of the label's probability; one temperature for rows of these weights follows; and so on.
 */
export function* fitMembersTemperature(given: MembersComparison): Work<number> {
  const { rows, cols, indices, labels, logits, weights } = given;
  const [first] = logits as [FloatArray];
  const one: Comparison = { rows, cols, indices, labels, predictions: first, weights };
  if (logits.length === 1) return yield* fitTemperature(one);
  const members = logits.length;
  const predictions = newArray(first.constructor as Float64ArrayConstructor, members * rows * cols);
  const repeated = newArray(Int32Array, members * rows);
  const shares = newArray(Float64Array, members * rows);
  const parts = (all: FloatArray | Int32Array, size: number) =>
    logits.map((_, member) => all.subarray(member * size, (member + 1) * size));
  yield* copyArrays(logits, parts(predictions, rows * cols));
  yield* copyArrays(new Array(members).fill(labels), parts(repeated, rows));
  const all = { rows: members * rows, cols, indices, labels: repeated, predictions, weights: shares };
  let temperature = 1;
  for (let step = 0; step < 100; step++) {
    yield* weigh(given, 1 / temperature, shares);
    const next = yield* fitTemperature(all, rows);
    const settled = Math.abs(next - temperature) <= 1e-9 * temperature;
    temperature = next;
    if (settled) break;
  }
  return temperature;
}

/** Writes each member's share of the probability of each row's label, times the row's weight. */
function* weigh(
  { rows, cols, labels, logits, weights }: MembersComparison,
  scale: number,
  shares: Float64Array,
): Work<void> {
  const own = new Float64Array(logits.length);
  yield* inSlices(
    rows,
    (from, to) => {
      for (let row = from; row < to; row++) {
        for (const [member, z] of logits.entries())
          own[member] = logProbability(z, row * cols, cols, labels[row] as number, scale);
        const top = Math.max(...own);
        let sum = 0;
        for (const value of own) sum += Math.exp(value - top);
        const weight = (weights?.[row] ?? 1) / sum;
        for (const [member, value] of own.entries())
          shares[member * rows + row] = weight * Math.exp(value - top);
      }
    },
    logits.length * cols,
  );
}

/** log(softmax(scale * z)) of the label; with one column, of the logits 0 and z. */
function logProbability(z: FloatArray, start: number, cols: number, label: number, scale: number): number {
  if (cols === 1) {
    const distance = scale * (z[start] as number) * (label === 1 ? -1 : 1);
    return -Math.max(distance, 0) - Math.log1p(Math.exp(-Math.abs(distance)));
  }
  let top = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < cols; c++) top = Math.max(top, z[start + c] as number);
  let sum = 0;
  for (let c = 0; c < cols; c++) sum += Math.exp(scale * ((z[start + c] as number) - top));
  return scale * ((z[start + label] as number) - top) - Math.log(sum);
}

/** The logits of each member; those of the network, if it has no members. */
async function logitsOf(network: Network, X: InputsLike, options: AsyncOptions): Promise<Matrix[]> {
  const members = membersOf(network.architecture);
  if (members === 1) return [await logitsNetwork(network).predict(X, options)];
  const all: Matrix[] = [];
  for (let member = 0; member < members; member++) {
    const lone = logitsNetwork(network.keepMembers([member]));
    try {
      all.push(await lone.predict(X, options));
    } finally {
      lone[Symbol.dispose]();
    }
  }
  return all;
}

/**
 * Fits a temperature to rows that the training did not learn from, one for each of several labels, and divides the logits of
 * the network's output layer by it.
 */
export async function calibrate(
  network: Network,
  X: InputsLike,
  values: TargetValues,
  weights: Float64Array | undefined,
  options: AsyncOptions,
): Promise<TargetValues> {
  if (values.kind === 'numbers') return values;
  const all = await logitsOf(network, X, options);
  const { rows, cols } = all[0] as Matrix;
  const temperatureFor = (labels: Int32Array, logits: readonly FloatArray[], width: number) => {
    const indices = width > 1;
    const given = { rows, cols: width, labels, indices, logits, weights: weights ?? null };
    const arrays = logits.flatMap((predictions) => arraysOf({ ...given, predictions }));
    return pinnedWork(fitMembersTemperature(given), arrays, options);
  };
  if (values.kind === 'classes') {
    const temperature = await temperatureFor(
      values.numbers,
      all.map(({ data }) => data),
      cols,
    );
    scaleLogits(network, new Array(cols).fill(1 / temperature));
    return { ...values, target: { ...values.target, temperature } };
  }
  const columns: Float64Array[][] = [];
  for (const logits of all) columns.push(await workAnywhere(columnsOf(logits), options));
  const temperatures: number[] = [];
  for (const [i, labels] of values.numbers.entries()) {
    const logits = columns.map((own) => own[i] as Float64Array);
    temperatures.push(await temperatureFor(labels, logits, 1));
  }
  scaleLogits(
    network,
    temperatures.map((temperature) => 1 / temperature),
  );
  const targets = values.targets.map((target, i) => ({ ...target, temperature: temperatures[i] as number }));
  return { ...values, targets };
}
