// Other forms of what a chain does, for tools that lack it.

import { inSlices, type Work } from '../addon/work';
import { argumentError } from '../base/errors';
import { allocate, type Dtype, type FloatArray } from '../base/matrix';
import type { Back, BatchNormStage, Chain, ScalerStep, Stage } from './chain';

// Both numbers of float32 have few digits in binary, so that their sum is 1 in every dtype.
const epsilon = 2 ** -20;
const variance = 1 - epsilon;

/**
 * The chain with its scalers, before and after the network, as normalisations with fixed moments, which subtract, and
 * others, which multiply. So the difference is taken before anything is rounded. They must not be trained.
 *
 * @throws RangeError ERR_BLASNET_ARG_VALUE for a scaler that limits its results
 */
export function withScalersAsStages(chain: Chain, title: string): Chain {
  const { before, after, dtype, stages } = chain;
  const first = before.flatMap((step) => stagesOfScaler(step as ScalerStep, dtype, title));
  const last = after.flatMap((back) => stagesOfBack(back, dtype));
  const moved = stages.map(
    (stage): Stage => (stage.kind === 'add' ? { ...stage, from: stage.from + first.length } : stage),
  );
  return { ...chain, before: [], after: [], stages: [...first, ...moved, ...last] };
}

function stagesOfScaler(step: ScalerStep, dtype: Dtype, title: string): Stage[] {
  const { inputColumns, columns, center, scale, offset, clip } = step;
  if (clip !== null) {
    const hint = `; ${title} has no layer that limits its inputs`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', `clip of ${step.name}`, 'false', true, hint);
  }
  const all = affine(inputColumns, dtype);
  for (const [i, column] of columns.entries()) {
    all.center[column] = center[i] as number;
    all.factor[column] = 1 / (scale[i] as number);
    all.offset[column] = offset;
  }
  return stagesOfAffine(all, dtype);
}

function stagesOfBack({ offset, scale, center }: Back, dtype: Dtype): Stage[] {
  const all = affine(offset.length, dtype);
  all.center.set(offset);
  all.factor.set(scale);
  all.offset.set(center);
  return stagesOfAffine(all, dtype);
}

/** (x - center) * factor + offset */
interface Affine {
  readonly center: FloatArray;
  readonly factor: FloatArray;
  readonly offset: FloatArray;
}

function affine(width: number, dtype: Dtype): Affine {
  const factor = allocate(width, dtype).fill(1);
  return { center: allocate(width, dtype), factor, offset: allocate(width, dtype) };
}

function stagesOfAffine({ center, factor, offset }: Affine, dtype: Dtype): Stage[] {
  const { length } = center;
  const difference = fixed(center, allocate(length, dtype).fill(1), allocate(length, dtype), dtype);
  return [difference, fixed(allocate(length, dtype), factor, offset, dtype)];
}

function scaled(factors: FloatArray, dtype: Dtype): Stage {
  const { length } = factors;
  return fixed(allocate(length, dtype), factors, allocate(length, dtype), dtype);
}

/** (x - mean) * gamma + beta */
function fixed(mean: FloatArray, gamma: FloatArray, beta: FloatArray, dtype: Dtype): BatchNormStage {
  const moments = { variance: allocate(mean.length, dtype).fill(variance), epsilon, momentum: 0 };
  return { kind: 'batchNorm', ...{ mean, gamma, beta }, ...moments };
}

/** The factors of inputs that are multiplied twice: a single member has factors of its own in front of the layer's. */
export function productOf(before: FloatArray | undefined, factors: FloatArray): FloatArray {
  return before === undefined ? factors : factors.map((factor, i) => factor * (before[i] as number));
}

/** The stages with the factors of inputs as a part of the weights that they are multiplied by. */
export function* withFactorsInWeights(stages: readonly Stage[], dtype: Dtype): Work<Stage[]> {
  const plain: Stage[] = [];
  let factors: FloatArray | undefined;
  const added = new Set(stages.flatMap((stage) => (stage.kind === 'add' ? [stage.from] : [])));
  // By the number of stages: how many of them are left.
  const left: number[] = [];
  for (const stage of stages) {
    left.push(plain.length);
    // What is added elsewhere must be there by itself.
    if (stage.kind === 'scale' && added.has(left.length)) plain.push(scaled(stage.factors, dtype));
    else if (stage.kind === 'scale') factors = productOf(factors, stage.factors);
    else if (stage.kind === 'add') plain.push({ ...stage, from: left[stage.from] as number });
    else if (stage.kind !== 'dense' || factors === undefined) plain.push(stage);
    else {
      const { inputs, outputs, W } = stage;
      const product = allocate(W.length, dtype);
      const scales = factors;
      const multiply = (from: number, to: number) => {
        for (let i = from * inputs; i < to * inputs; i++) {
          product[i] = (W[i] as number) * (scales[i % inputs] as number);
        }
      };
      yield* inSlices(outputs, multiply, inputs);
      plain.push({ ...stage, W: product });
      factors = undefined;
    }
  }
  return plain;
}
