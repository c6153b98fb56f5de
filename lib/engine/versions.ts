import { type NativeVersions, native } from '../addon/binding';
import { newOutcome, readOutcome, statusCodes } from '../addon/outcome';
import { Idle, settled, type Work, type WorkOptions } from '../addon/work';
import { AbortError } from '../base/errors';
import type { FloatArray } from '../base/matrix';

// Numbers that are copied within half a millisecond.
const briefNumbers = 2 ** 15;

/** How many elements each part of a version has. */
export interface VersionSizes {
  readonly parameters: number;
  readonly statistics: number;
}

/** The elements of a version. */
export interface VersionArrays {
  readonly parameters: FloatArray;
  readonly statistics: FloatArray;
}

/** The elements from the beginning of one place to that of the next: whole cache lines. */
export function strideOf({ parameters, statistics }: VersionSizes): number {
  return Math.ceil((parameters + statistics) / 16) * 16;
}

/** The elements of the memory that versions of these sizes need. */
export function memorySize(sizes: VersionSizes): number {
  return 2 * strideOf(sizes);
}

/** The integers of their control block. */
export const controlSize: number = native.versionControl;

/**
 * The versions of a network's parameters and running moments, in memory that all threads of the process share: see
 * native/engine/versions.h. The memory has two places; in each, the running moments follow the parameters.
 */
export class Versions {
  /** (controlSize) zeros at first: then the first place has version 1. */
  readonly control: Int32Array;
  /** (memorySize) the places. */
  readonly memory: FloatArray;
  readonly sizes: VersionSizes;
  // A native object runs one operation at a time. Copies may be made while another thread publishes or copies.
  readonly #publisher: Native;
  readonly #copiers = new Idle(() => this.#make());

  constructor(control: Int32Array, memory: FloatArray, sizes: VersionSizes) {
    this.control = control;
    this.memory = memory;
    this.sizes = sizes;
    this.#publisher = this.#make();
  }

  /** The number of the current version: 1, 2, ... */
  get current(): number {
    return this.#publisher.object.current();
  }

  /**
   * Makes a version of these arrays the current one, on threads of the addon, and returns its number.
   * @throws AbortError if the signal came before the version was complete; then the old one stays
   */
  async publish(parts: VersionArrays, { signal, threads = 0, priority }: WorkOptions): Promise<number> {
    if (signal?.aborted) throw new AbortError(signal.reason);
    const { object, outcome } = this.#publisher;
    object.limitThreads(threads, priority === 'low');
    await settled(object, (callback) => object.publish(parts, callback), signal);
    const { status, index } = readOutcome(outcome);
    if (status === statusCodes.stopped) throw new AbortError(signal?.reason);
    return index;
  }

  /** Like `publish`, but blocks the calling thread. */
  publishHere(parts: VersionArrays, threads = 0): number {
    const { object, outcome } = this.#publisher;
    object.limitThreads(threads);
    object.publish(parts);
    return readOutcome(outcome).index;
  }

  /** Copies the current version to these arrays. */
  *copy(parts: VersionArrays): Work<void> {
    const copier = this.#copiers.take();
    const { object } = copier;
    const brief = parts.parameters.length + parts.statistics.length <= briefNumbers;
    try {
      yield { object, start: (callback) => object.copy(parts, callback), brief };
    } finally {
      this.#copiers.giveBack(copier);
    }
  }

  #make(): Native {
    const { control, memory, sizes } = this;
    const outcome = newOutcome();
    const object = new native.Versions({ control, memory, ...sizes, stride: strideOf(sizes), outcome });
    return { object, outcome };
  }
}

interface Native {
  readonly object: NativeVersions;
  readonly outcome: Float64Array;
}
