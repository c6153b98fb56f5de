import { pinnedWork, type WorkOptions, workHere } from '../addon/work';
import type { Dtype } from '../base/matrix';
import { checkOptions } from '../base/validate';
import { type Architecture, completeArchitecture, type LayerOptions } from '../layers/architecture';
import {
  type Initialization,
  type InitializerOption,
  initialization,
  resolveInitializer,
} from '../layers/initializers';
import type { Parameters, Statistics } from '../layers/parameters';
import { freshSeed, RandomState } from '../random/random-state';
import type { TrainedNetwork } from '../training/trained-network';
import { memoryOf, newMemory } from './network-file';
import { type NetworkOptions, networkConstraints } from './network-options';

/** The parts of a new network. */
export interface NetworkParts {
  readonly architecture: Architecture;
  readonly dtype: Dtype;
  readonly seed: number;
  readonly parameters: Parameters;
  readonly statistics: Statistics;
  /** The flat arrays of the parameters and of the running moments, and the generator. */
  readonly trained: Pick<TrainedNetwork, 'parameters' | 'statistics' | 'random'>;
}

/**
 * Makes the parts. The parameters and the running moments are those of the file that the options come from, or else
 * zero until they are initialised.
 */
export function newParts(layers: readonly LayerOptions[], options: NetworkOptions): NetworkParts {
  const architecture = completeArchitecture(layers);
  checkOptions('', options, networkConstraints);
  const dtype = (options.dtype as Dtype | undefined) ?? 'float64';
  const seed = options.seed ?? freshSeed();
  const { parameters, statistics } = memoryOf(options) ?? newMemory(architecture, dtype);
  const random = new RandomState(seed);
  return {
    ...{ architecture, dtype, seed, parameters: parameters.named, statistics: statistics.named },
    trained: { parameters: parameters.flat, statistics: statistics.flat, random },
  };
}

/** Fills the parameters and the running moments on the calling thread, unless they come from a file. */
export function initializeHere(parts: NetworkParts, options: NetworkOptions): void {
  if (memoryOf(options) === undefined) workHere(firstValues(parts, options.initializer).work);
}

/** Fills them on threads of the addon. @throws AbortError */
export async function initializeElsewhere(
  parts: NetworkParts,
  initializer: InitializerOption | undefined,
  options: WorkOptions,
): Promise<void> {
  const { work, arrays } = firstValues(parts, initializer);
  await pinnedWork(work, arrays, options);
}

function firstValues(parts: NetworkParts, initializer: InitializerOption | undefined): Initialization {
  const { architecture, parameters, statistics, trained } = parts;
  const resolved = resolveInitializer(initializer);
  return initialization(resolved, trained.random, architecture, parameters, statistics);
}
