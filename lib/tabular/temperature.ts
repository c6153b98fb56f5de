// Temperature scaling: the logits are divided by one number, so that probabilities agree with what comes true.

import { type AsyncOptions, pinnedWork, type Work, workAnywhere } from '../addon/work';
import type { FloatArray } from '../base/matrix';
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
 */
export function* fitTemperature(comparison: Comparison): Work<number> {
  const { rows, indices } = comparison;
  const smoothing = 1 / (rows + 1);
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
  const logits = await logitsNetwork(network).predict(X, options);
  const { data, rows, cols } = logits;
  const temperatureFor = (labels: Int32Array, predictions: FloatArray, width: number) => {
    const indices = width > 1;
    const comparison = { rows, cols: width, labels, indices, predictions, weights: weights ?? null };
    return pinnedWork(fitTemperature(comparison), arraysOf(comparison), options);
  };
  if (values.kind === 'classes') {
    const temperature = await temperatureFor(values.numbers, data, cols);
    scaleLogits(network, new Array(cols).fill(1 / temperature));
    return { ...values, target: { ...values.target, temperature } };
  }
  const columns = await workAnywhere(columnsOf(logits), options);
  const temperatures: number[] = [];
  for (const [i, labels] of values.numbers.entries()) {
    temperatures.push(await temperatureFor(labels, columns[i] as Float64Array, 1));
  }
  scaleLogits(
    network,
    temperatures.map((temperature) => 1 / temperature),
  );
  const targets = values.targets.map((target, i) => ({ ...target, temperature: temperatures[i] as number }));
  return { ...values, targets };
}
