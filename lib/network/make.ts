import { pinnedWork, type Work, type WorkOptions, workHere } from '../addon/work';
import { AbortError, argumentError, blasnetError } from '../base/errors';
import type { Dtype, FloatArray } from '../base/matrix';
import type { ReadArrays } from '../base/matrix-input';
import { pin } from '../base/pinning';
import { checkOptions } from '../base/validate';
import { PlanQueue } from '../engine/plan-queue';
import { Versions } from '../engine/versions';
import type { Json } from '../formats/json';
import type { TrainingContent } from '../formats/model';
import type { Metadata, Safetensors } from '../formats/safetensors';
import {
  type Architecture,
  completeArchitecture,
  featuresOf,
  type LayerOptions,
  outputLayerOf,
} from '../layers/architecture';
import { type Initialization, initialization } from '../layers/initialization';
import { type InitializerOption, resolveInitializer } from '../layers/initializers';
import type { LabelEncoder, Preprocessing } from '../preprocessing';
import { freshSeed, RandomState } from '../random/random-state';
import type { SampleKind } from '../samples/samples';
import { OptimizerMemory } from '../training/optimizer-state';
import type { TrainedNetwork } from '../training/trained-network';
import {
  arraysOf,
  encodeNetwork,
  memoryOf,
  type NetworkContent,
  type NetworkMemory,
  newMemory,
  tableOf,
} from './network-file';
import { type NetworkOptions, networkConstraints } from './network-options';
import { ownLabels, ownPreprocessing, ownTargetScaler, preprocessingOption } from './own-parts';

/**
 * The parts of a network. If its inputDim was left out, it is undecided until the preprocessing has learned: it then has
 * no parameters, and a stand-in for its architecture, from which everything except inputDim can be read.
 */
export class NetworkParts implements TrainedNetwork {
  readonly dtype: Dtype;
  readonly seed: number;
  readonly preprocessing: Preprocessing | undefined;
  readonly labels: LabelEncoder | undefined;
  readonly targetScaler: Preprocessing | undefined;
  /** What was learned about the columns of a table, if the network is that of a Classifier or a Regressor. */
  table: Json | undefined;
  readonly random: RandomState;
  readonly optimizer = new OptimizerMemory();
  readonly queue: PlanQueue;
  // With the stand-in of a network that was undecided when it was made.
  readonly #standIn: Architecture | undefined;
  #architecture: Architecture;
  readonly #attached: Versions | undefined;
  #memory: NetworkMemory | undefined;
  #initializer: InitializerOption | undefined;
  // Whether other threads draw the first parameters.
  #building = false;

  /** Makes the parts. The parameters and the running moments are those of the file that the options come from, or drawn. */
  constructor(layers: readonly LayerOptions[], options: NetworkOptions) {
    const stated = infersInputDim(layers, options) ? undefined : completeArchitecture(layers);
    checkOptions('', options, networkConstraints);
    this.dtype = (options.dtype as Dtype | undefined) ?? 'float64';
    this.seed = options.seed ?? freshSeed();
    this.preprocessing = ownPreprocessing(options.preprocessing);
    this.labels = ownLabels(options.labels);
    if (this.labels !== undefined && options.targetScaler !== undefined) {
      const rule = 'left out of a network with labels, whose targets are classes';
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'targetScaler', rule, options.targetScaler);
    }
    this.table = tableOf(options);
    const undecided = stated === undefined && this.preprocessing?.fitted === false;
    this.#architecture = undecided ? standInFor(layers) : (stated ?? this.#inferred(layers));
    this.targetScaler = ownTargetScaler(options.targetScaler, outputLayerOf(this.outline).outputDim);
    this.random = new RandomState(this.seed);
    this.#initializer = options.initializer;
    if (undecided) {
      // Refused now, if it is wrong.
      resolveInitializer(options.initializer);
      this.#standIn = this.#architecture;
      this.queue = new PlanQueue(this.#architecture, nothing);
      return;
    }
    const stored = memoryOf(options);
    if (stored instanceof Versions) {
      this.#attached = stored;
      this.queue = new PlanQueue(this.#architecture, { ...nothing, versions: stored });
      return;
    }
    this.#memory = stored ?? newMemory(this.#architecture, this.dtype);
    this.queue = new PlanQueue(this.#architecture, this);
    if (stored === undefined) workHere(this.#firstValues(this.memory, this.random).work);
  }

  /** Fills the parameters and the running moments on threads of the addon. @throws AbortError */
  async initialize(initializer: InitializerOption | undefined, options: WorkOptions): Promise<void> {
    resolveInitializer(initializer);
    this.#initializer = initializer;
    if (this.undecided) {
      if (options.signal?.aborted) throw new AbortError(options.signal.reason);
      return;
    }
    const { work, arrays } = this.#firstValues(this.memory, this.random);
    await pinnedWork(work, arrays, options);
  }

  /** Whether fit still has to infer inputDim. */
  get undecided(): boolean {
    return this.#memory === undefined && this.#attached === undefined;
  }

  /** The shared memory that the network reads, and never changes; undefined if it has its own. */
  get attached(): Versions | undefined {
    return this.#attached;
  }

  /**
   * The memory of the network; if it is attached to shared memory, a copy of the version that is current now.
   * @throws Error ERR_BLASNET_NOT_FITTED while inputDim is not known
   */
  get memory(): NetworkMemory {
    if (this.#attached !== undefined) return copyOfCurrent(this.#attached, this.#architecture, this.dtype);
    this.decide();
    return this.#memory as NetworkMemory;
  }

  /** The arrays that the network alone reads and writes; undefined if it is attached to shared memory. */
  get own(): ReadArrays | undefined {
    return this.#attached === undefined ? this : undefined;
  }

  /** @throws Error ERR_BLASNET_READ_ONLY for a network that is attached to shared memory */
  checkWritable(): void {
    if (this.#attached === undefined) return;
    throw blasnetError(
      'ERR_BLASNET_READ_ONLY',
      'Expected a network with parameters of its own, got one that Network.attach made, which reads those that others ' +
        'share: train a clone() of it, or the network that shares them, and publish() what was trained',
    );
  }

  /** @throws like memory */
  get architecture(): Architecture {
    if (this.undecided) this.decide();
    return this.#architecture;
  }

  set architecture(architecture: Architecture) {
    this.checkWritable();
    this.#architecture = architecture;
    this.queue.rebuild(architecture);
  }

  /** The architecture, or its stand-in. */
  get outline(): Architecture {
    return this.#architecture;
  }

  get parameters(): FloatArray {
    return this.memory.parameters.flat;
  }

  get statistics(): FloatArray {
    return this.memory.statistics.flat;
  }

  /** For what needs the parameters. @throws like memory */
  get decidedKind(): SampleKind {
    const { architecture, dtype, preprocessing, labels, targetScaler } = this;
    return { architecture, dtype, preprocessing, labels, targetScaler };
  }

  /** For a training, which may decide inputDim. @throws like checkWritable */
  get kind(): SampleKind {
    this.checkWritable();
    if (!this.undecided || this.preprocessing?.fitted === true) return this.decidedKind;
    const { outline: architecture, dtype, preprocessing, labels, targetScaler } = this;
    return { architecture, dtype, preprocessing, labels, targetScaler, undecided: true };
  }

  /** Makes the parameters, if the preprocessing has learned without them. @throws like memory */
  decide(): void {
    if (!this.undecided) return;
    const { preprocessing } = this;
    if (preprocessing?.fitted !== true || this.#building) {
      throw blasnetError(
        'ERR_BLASNET_NOT_FITTED',
        'Expected fit to be called before the network is used: its inputDim was left out, and follows from what its ' +
          'preprocessing learns',
      );
    }
    workHere(this.build(preprocessing.outputColumns));
  }

  #inferred(layers: readonly LayerOptions[]): Architecture {
    const { outputColumns } = this.preprocessing as Preprocessing;
    return completeArchitecture(withInputDim(layers, outputColumns));
  }

  /** Makes the parameters for this inputDim: those that the network would have if it had been stated. */
  *build(inputDim: number): Work<void> {
    this.#building = true;
    let unpin = () => {};
    try {
      this.#architecture = completeArchitecture(withInputDim(this.outline, inputDim));
      const memory = newMemory(this.#architecture, this.dtype);
      const random = new RandomState(this.seed);
      const { work, arrays } = this.#firstValues(memory, random);
      unpin = pin(arrays);
      yield* work;
      this.random.setState(random.getState());
      this.#memory = memory;
      this.queue.rebuild(this.#architecture, this);
    } finally {
      unpin();
      this.#building = false;
      if (this.#memory === undefined) this.unbuild();
    }
  }

  /** Undoes `build`, after a training that was refused. */
  unbuild(): void {
    const standIn = this.#standIn as Architecture;
    this.#architecture = standIn;
    this.#memory = undefined;
    this.random.setState(new RandomState(this.seed).getState());
    this.optimizer.state = undefined;
    this.queue.rebuild(standIn, nothing);
  }

  /** What a file holds. @throws like memory */
  get content(): NetworkContent {
    return { ...this.decidedKind, seed: this.seed, table: this.table, arrays: arraysOf(this.memory) };
  }

  *encode(training: TrainingContent, metadata: Metadata): Work<Safetensors> {
    return yield* encodeNetwork(this.content, training, metadata);
  }

  #firstValues({ parameters, statistics }: NetworkMemory, random: RandomState): Initialization {
    const resolved = resolveInitializer(this.#initializer);
    return initialization(resolved, random, this.#architecture, parameters.named, statistics.named);
  }
}

const nothing = { parameters: new Float64Array(0), statistics: new Float64Array(0) };

function copyOfCurrent(versions: Versions, architecture: Architecture, dtype: Dtype): NetworkMemory {
  const memory = newMemory(architecture, dtype);
  workHere(versions.copy({ parameters: memory.parameters.flat, statistics: memory.statistics.flat }));
  return memory;
}

// Only preprocessing says, in time, how many columns there are.
function infersInputDim(layers: unknown, options: unknown): boolean {
  const { preprocessing } = (options ?? {}) as { readonly preprocessing?: unknown };
  if (!preprocessingOption.accepts(preprocessing) || !Array.isArray(layers)) return false;
  const first: unknown = layers[0];
  return typeof first === 'object' && first !== null && (first as LayerOptions).inputDim === undefined;
}

function withInputDim([first, ...others]: readonly LayerOptions[], inputDim: number): LayerOptions[] {
  return [{ ...(first as LayerOptions), inputDim }, ...others];
}

// A first layer needs the columns that it embeds; if it adds its inputs, it needs as many as it has units.
function standInFor(layers: readonly LayerOptions[]): Architecture {
  const [first] = layers as [LayerOptions];
  const { columns = 1 } = (first.numericEmbeddings ?? {}) as { columns?: number };
  const least = Number.isSafeInteger(columns) ? Math.max(1, columns) : 1;
  if (first.skip !== true) return completeArchitecture(withInputDim(layers, least));
  const [plain] = completeArchitecture([{ ...first, skip: false, inputDim: least }, ...layers.slice(1)]);
  const embedded = plain === undefined ? 0 : featuresOf(plain) - least;
  return completeArchitecture(withInputDim(layers, Math.max(least, first.outputDim - embedded)));
}
