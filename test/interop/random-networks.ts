// Networks of every kind that a network can be, for the tests of all formats.

import fc from 'fast-check';
import {
  type ActivationName,
  batchNorm,
  elu,
  imputer,
  type LayerOptions,
  labelEncoder,
  layerNorm,
  leakyRelu,
  type Matrix,
  minMaxScaler,
  Network,
  type NetworkOptions,
  oneHotEncoder,
  type Preprocessing,
  preprocessing,
  RandomState,
  robustScaler,
  standardScaler,
} from '../../lib/index';
import { activationNames } from '../../lib/layers/activations';
import { contentOf } from '../../lib/network/savable';

/** What a random network may have. */
export interface Wanted {
  readonly dtypes?: readonly ('float64' | 'float32')[];
  readonly activations?: readonly ActivationName[];
  /** Names of what no network is to have. */
  readonly without?: readonly Part[];
}

type Part = keyof typeof parts;

/** The parts that a network may have or lack, each with a chance of about one in three. */
const parts = {
  batchNorm: true,
  layerNorm: true,
  skip: true,
  dropout: true,
  noise: true,
  inputScale: true,
  activationMix: true,
  numericEmbeddings: true,
  embeddings: true,
  standardScaler: true,
  minMaxScaler: true,
  robustScaler: true,
  imputer: true,
  oneHotEncoder: true,
  targetScaler: true,
  labels: true,
} as const;

/** A network, and rows that it takes: numbers, or numbers and categories. */
export interface Case {
  readonly network: Network;
  readonly numbers: number[][];
  readonly categories: number[][] | undefined;
}

/** Calls a check with random cases. A case follows from one seed, which a failure shows. */
export async function forCases(
  runs: number,
  wanted: Wanted,
  check: (given: Case) => void | Promise<void>,
): Promise<void> {
  const seeds = fc.noShrink(fc.integer({ min: 0, max: 2 ** 31 - 1 }));
  const property = fc.asyncProperty(seeds, async (seed) => check(caseOf(seed, wanted)));
  await fc.assert(property, { numRuns: runs, seed: 1 });
}

/** Makes the case of a seed. */
export function caseOf(seed: number, wanted: Wanted = {}, rows = 5): Case {
  const random = new RandomState(seed);
  const chance = (share = 1 / 3) => random.uniform() < share;
  const has = (part: Part, share?: number) => chance(share) && !(wanted.without ?? []).includes(part);
  const whole = (low: number, high: number) => low + Math.floor(random.uniform() * (high - low + 1));
  const pick = <T>(values: readonly T[]) => values[whole(0, values.length - 1)] as T;
  const activations = wanted.activations ?? activationNames;
  const columns = whole(1, 6);
  const numbers = Array.from({ length: 12 }, () =>
    Array.from({ length: columns }, (_, c) => (c === 0 ? whole(0, 3) : random.normal())),
  );
  const before = pipelineOf(has, columns, numbers);
  const width = before?.outputColumns ?? columns;
  const tables = has('embeddings') ? [{ categories: 3, outputDim: 2 }, { categories: 2 }] : undefined;
  const count = whole(1, 6);
  const layers: LayerOptions[] = [];
  for (let i = 0; i < count; i++) {
    const last = i === count - 1;
    const name = pick(activations);
    const all = name === 'softmax' || name === 'logSoftmax';
    const outputDim = last && !all && chance() ? 1 : whole(2, 5);
    const hidden: Partial<LayerOptions> = last
      ? {}
      : {
          ...(has('batchNorm') ? { normalization: batchNorm({ epsilon: 0.01 }) } : {}),
          ...(has('layerNorm') ? { normalization: layerNorm({ epsilon: 0.02 }) } : {}),
          ...(has('dropout') && { dropout: 0.25 }),
          ...(has('activationMix') && !all && { activationMix: true }),
        };
    layers.push({
      ...(i === 0 && { inputDim: width }),
      name: `layer-${i}`,
      outputDim,
      activation:
        chance() && name === 'elu'
          ? elu({ alpha: 0.7 })
          : name === 'leakyRelu'
            ? leakyRelu({ negativeSlope: 0.2 })
            : name,
      ...(i === 0 && tables !== undefined && { embeddings: tables }),
      ...(i === 0 && has('numericEmbeddings') && { numericEmbeddings: pick(['pbld', 'plr']) }),
      ...(has('inputScale') && { inputScale: true }),
      ...(has('noise') && { noise: 0.1 }),
      ...hidden,
    });
    const before = layers[i - 1];
    if (!last && i > 0 && has('skip', 0.5)) {
      // The layer right before is what `true` adds.
      const older = layers[whole(0, Math.max(0, i - 2))] as LayerOptions;
      const skip =
        before?.outputDim === outputDim && chance(0.5)
          ? true
          : i > 1 && older.outputDim === outputDim && (older.name as string);
      layers[i] = { ...(layers[i] as LayerOptions), ...(skip !== false && { skip }) };
    }
  }
  const outputs = (layers.at(-1) as LayerOptions).outputDim;
  const named = has('labels');
  const options: NetworkOptions = {
    dtype: pick(wanted.dtypes ?? ['float64', 'float32']),
    seed: whole(0, 1000),
    ...(before !== undefined && { preprocessing: before }),
    ...(named && {
      labels: labelEncoder({ classes: Array.from({ length: Math.max(2, outputs) }, (_, i) => `class ${i}`) }),
    }),
    ...(!named && has('targetScaler') && { targetScaler: scalerOf(random, outputs, chance(0.5)) }),
  };
  const network = new Network(layers, options);
  randomise(network, random);
  return {
    network,
    numbers: numbers.slice(0, rows),
    categories: tables && Array.from({ length: rows }, () => [whole(-1, 2), whole(-1, 1)]),
  };
}

/** The X of a case. */
export function inputsOf({ numbers, categories }: Case) {
  return categories === undefined ? numbers : { numbers, categories };
}

function pipelineOf(
  has: (part: Part) => boolean,
  columns: number,
  numbers: readonly number[][],
): Preprocessing | undefined {
  const steps = [
    ...(has('imputer') ? [imputer({ indicators: true })] : []),
    ...(has('oneHotEncoder') ? [oneHotEncoder({ columns: [0] })] : []),
    ...(has('standardScaler') ? [standardScaler()] : []),
    ...(has('robustScaler') ? [robustScaler({ columns: [0] })] : []),
    ...(has('minMaxScaler') ? [minMaxScaler({ range: [-1, 2], clip: columns > 2 })] : []),
  ];
  if (steps.length === 0) return undefined;
  const holes = steps[0]?.name === 'imputer' && columns > 1;
  if (holes) (numbers[1] as number[])[1] = Number.NaN;
  return preprocessing(steps).fit(numbers);
}

function scalerOf(random: RandomState, outputs: number, ranges: boolean): Preprocessing {
  const Y = Array.from({ length: 9 }, () => Array.from({ length: outputs }, () => 3 + 2 * random.normal()));
  const steps = [standardScaler({ columns: [0] }), ...(ranges ? [minMaxScaler({ range: [-1, 1] })] : [])];
  return preprocessing(steps).fit(Y);
}

// Initial parameters are 0 or 1 in many places, which hides what is left out.
function randomise(network: Network, random: RandomState): void {
  for (const [name, { data }] of Object.entries(contentOf(network).arrays as Record<string, Matrix>)) {
    if (name.startsWith('W') || name.startsWith('F') || name.startsWith('E')) continue;
    const positive = name.startsWith('variance') || name.startsWith('gamma') || name.startsWith('s');
    for (let i = 0; i < data.length; i++) {
      data[i] = positive ? 0.5 + random.uniform() : random.normal() / 4;
    }
  }
}
