import { type NativeVersions, native } from '../addon/binding';
import { newOutcome, readOutcome } from '../addon/outcome';
import type { Work } from '../addon/work';
import type { FloatArray } from '../base/matrix';

// Numbers that are copied within half a millisecond.
const briefNumbers = 2 ** 15;

/** How many elements each part of a version has. */
export interface VersionSizes {
  readonly parameters: number;
  readonly statistics: number;
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
  // A native object runs one operation at a time. This thread copies while another one publishes.
  readonly #publisher: Native;
  readonly #copier: Native;

  constructor(control: Int32Array, memory: FloatArray, sizes: VersionSizes) {
    this.control = control;
    this.memory = memory;
    this.sizes = sizes;
    this.#publisher = this.#make();
    this.#copier = this.#make();
  }

  /** The number of the current version: 1, 2, ... */
  get current(): number {
    return this.#copier.object.current();
  }

  /** Makes a version of these arrays the current one, and returns its number. */
  *publish(parameters: FloatArray, statistics: FloatArray): Work<number> {
    const { object, outcome } = this.#publisher;
    yield { object, start: (callback) => object.publish({ parameters, statistics }, callback) };
    return readOutcome(outcome).index;
  }

  /** Copies the current version to these arrays. */
  *copy(parameters: FloatArray, statistics: FloatArray): Work<void> {
    const { object } = this.#copier;
    const brief = parameters.length + statistics.length <= briefNumbers;
    yield { object, start: (callback) => object.copy({ parameters, statistics }, callback), brief };
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
