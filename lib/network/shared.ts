// A network in memory that several threads read: `share` makes the memory and its handle, `Network.attach` reads by a
// handle, `publish` replaces what all readers read.

import { randomUUID } from 'node:crypto';
import { types } from 'node:util';
import { buildInfo } from '../addon/build-info';
import { type AsyncOptions, asyncConstraints, type Work, workElsewhere, workHere } from '../addon/work';
import { AbortError, argumentError, type BlasnetError, blasnetError } from '../base/errors';
import { allocateShared, type Dtype, type FloatArray } from '../base/matrix';
import { newSharedArray } from '../base/memory';
import { giveMethods } from '../base/methods';
import { checkOptions } from '../base/validate';
import type { PlanQueue } from '../engine/plan-queue';
import { controlSize, memorySize, type VersionSizes, Versions } from '../engine/versions';
import type { Metadata } from '../formats/safetensors';
import type { Architecture } from '../layers/architecture';
import { parameterCount, statisticShapes } from '../layers/parameters';
import type { LoadOptions } from '../preprocessing';
import { checkLoadOptions } from '../preprocessing/pipeline';
import {
  decodeHeader,
  encodeNetwork,
  type NetworkContent,
  type StoredNetwork,
  withMemory,
} from './network-file';

/**
 * A handle of a network that several threads of a process read. It is a plain object: send it by `postMessage` or
 * `workerData`. The memory is shared, not copied.
 */
export interface SharedNetwork {
  readonly format: 'blasnet.shared';
  /** The version of the library. Other versions refuse the handle. */
  readonly version: string;
  /** A name of the shared memory. All copies of a handle have the same. */
  readonly id: string;
  /** What a file of the network says about it: its layers, dtype, preprocessing, labels and so on. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The parameters and running moments. */
  readonly memory: SharedArrayBuffer;
  /** Which version is current, and how many read it. */
  readonly control: SharedArrayBuffer;
  /** The bytes of one version. There is a second one from the first `publish` on. */
  readonly bytes: number;
}

/** A network whose parameters several threads can read. */
export interface SharableNetwork {
  /**
   * Copies the parameters into memory that all threads of the process can read, as version 1, and returns a handle:
   * see `Network.attach`. Each further call returns the same handle. The network itself stays as it is. Its training
   * changes nothing for the readers, until `publish`.
   *
   * @throws Error ERR_BLASNET_BUSY while a step is being taken; Error ERR_BLASNET_NOT_FITTED for preprocessing, labels or a
   *   targetScaler before fit; RangeError ERR_BLASNET_NOT_FINITE; Error ERR_BLASNET_MEMORY
   */
  share(): SharedNetwork;
  /**
   * Makes what was trained the version that all readers read, from their next call on. A call that runs meanwhile keeps
   * the old version to its end: no prediction sees a mixture. Readers never wait. This call does: for the end of the
   * calls that still read the version before the old one. While `fit` trains, it waits for the current epochs. A network
   * that is not shared yet is shared, as version 1.
   *
   * @returns the number of the version. The first one, of `share`, is 1
   * @throws Error ERR_BLASNET_READ_ONLY for a network of `Network.attach`; RangeError ERR_BLASNET_NOT_FINITE;
   *   ERR_BLASNET_ARG_VALUE if the preprocessing has changed since `share`; AbortError; like share(). Then the old version
   *   stays
   */
  publish(options?: AsyncOptions): Promise<number>;
  /** The number of the version that is current for all readers; undefined before `share`. */
  readonly version: number | undefined;
}

/** The parts of a network that sharing uses. */
interface Source {
  readonly queue: PlanQueue;
  readonly content: NetworkContent;
  readonly parameters: FloatArray;
  readonly statistics: FloatArray;
  readonly attached: Versions | undefined;
  checkWritable(): void;
}

interface Sharing {
  readonly handle: SharedNetwork;
  readonly versions: Versions;
}

const sharings = new WeakMap<object, Sharing>();

/** Gives the networks of a class these members. */
export function makeSharable<Network extends SharableNetwork>(
  prototype: Network,
  partsOf: (network: Network) => Source,
): void {
  sources.set(prototype, partsOf);
  const methods: Pick<SharableNetwork, 'share' | 'publish'> & ThisType<Network> = {
    share() {
      return sharingOf(partsOf(this)).handle;
    },
    async publish(options = {}) {
      checkOptions('', options, asyncConstraints);
      const parts = partsOf(this);
      parts.checkWritable();
      if (options.signal?.aborted) throw new AbortError(options.signal.reason);
      // A training on this thread does not wait for a turn.
      if (parts.queue.training === 'here') return publishHere(parts, options.threads);
      const turn = await parts.queue.turnToRead(options.signal);
      try {
        return await publishElsewhere(parts, options);
      } finally {
        turn.end();
      }
    },
  };
  giveMethods(prototype, methods);
  Object.defineProperty(prototype, 'version', {
    get(this: Network) {
      const { queue, attached } = partsOf(this);
      return (attached ?? sharings.get(queue)?.versions)?.current;
    },
    configurable: true,
  });
}

function sharingOf(parts: Source): Sharing {
  const known = sharings.get(parts.queue);
  if (known !== undefined) return known;
  parts.queue.checkAtRest('share', 'readers');
  const { content } = parts;
  const { architecture, dtype } = content;
  const { metadata } = workHere(encodeNetwork(content));
  const sizes = sizesOf(architecture);
  const memory = allocateShared(memorySize(sizes), dtype);
  const { parameters, statistics } = parts;
  memory.set(parameters);
  memory.set(statistics, parameters.length);
  const control = newSharedArray(Int32Array, controlSize);
  const handle: SharedNetwork = Object.freeze({
    format: 'blasnet.shared',
    version: buildInfo().version,
    id: randomUUID(),
    metadata: Object.freeze({ format: 'blasnet', ...metadata }),
    memory: memory.buffer as ArrayBufferLike as SharedArrayBuffer,
    control: control.buffer as ArrayBufferLike as SharedArrayBuffer,
    bytes: (parameters.length + statistics.length) * memory.BYTES_PER_ELEMENT,
  });
  const sharing = { handle, versions: new Versions(control, memory, sizes) };
  sharings.set(parts.queue, sharing);
  return sharing;
}

function publishHere(parts: Source, threads: number | undefined): number {
  const sharing = sharings.get(parts.queue);
  if (sharing === undefined) return sharingOf(parts).versions.current;
  workHere(checking(parts, sharing), threads);
  const { parameters, statistics } = parts;
  return sharing.versions.publishHere({ parameters, statistics }, threads);
}

async function publishElsewhere(parts: Source, options: AsyncOptions): Promise<number> {
  const sharing = sharings.get(parts.queue);
  if (sharing === undefined) return sharingOf(parts).versions.current;
  await workElsewhere(checking(parts, sharing), options);
  const { parameters, statistics } = parts;
  return sharing.versions.publish({ parameters, statistics }, options);
}

/** Checks that the network may be the next version. */
function* checking(parts: Source, { handle }: Sharing): Work<void> {
  // Checks that all numbers are finite, too.
  const { metadata } = yield* encodeNetwork(parts.content);
  for (const key of ['blasnet.preprocessing', 'blasnet.table']) {
    if (metadata[key] === handle.metadata[key]) continue;
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      'Expected the preprocessing, the labels and the targetScaler to be those of the time when the network was ' +
        'shared; share a clone() of the network, and give its handle to the readers',
    );
  }
}

function sizesOf(architecture: Architecture): VersionSizes {
  const statistics = statisticShapes(architecture).reduce((sum, { rows, cols }) => sum + rows * cols, 0);
  return { parameters: parameterCount(architecture), statistics };
}

/**
 * What a network is made from that reads the memory of a handle.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE for what is no handle; Error ERR_BLASNET_VERSION for a handle of another version
 *   of the library; RangeError ERR_BLASNET_SHAPE for a memory of another size
 */
export function attachedNetwork(handle: unknown, options: LoadOptions = {}, name = 'handle'): StoredNetwork {
  checkLoadOptions(options);
  const { metadata, memory, control } = checkedHandle(handle, name);
  const { architecture, options: own } = workHere(decodeHeader(metadata, name, options));
  const sizes = sizesOf(architecture);
  const array = arrayOn(memory, own.dtype);
  if (array.length !== memorySize(sizes) || control.byteLength !== 4 * controlSize) {
    const rule = `of ${memorySize(sizes)} numbers, as its layers say`;
    throw argumentError('ERR_BLASNET_SHAPE', `${name}.memory`, rule, array);
  }
  const versions = new Versions(new Int32Array(control), array, sizes);
  return { architecture, options: withMemory(own, versions), training: undefined };
}

const sources = new WeakMap<object, (network: never) => Source>();

/** Lets a network that was made by a handle give this handle to others. */
export function keepHandle(network: SharableNetwork, handle: SharedNetwork): void {
  const partsOf = sources.get(Object.getPrototypeOf(network)) as (from: SharableNetwork) => Source;
  const { queue, attached } = partsOf(network);
  sharings.set(queue, { handle, versions: attached as Versions });
}

/** The error for a handle that another class attaches. */
export function handleElsewhere(name: string, wanted: string, got: string, takenBy: string): BlasnetError {
  const message = `Expected ${name} to be a handle of ${wanted}, got one of ${got}; attach of ${takenBy} takes it`;
  return blasnetError('ERR_BLASNET_ARG_TYPE', message);
}

function checkedHandle(handle: unknown, name: string): SharedNetwork {
  const { format, version, metadata, memory, control } = (handle ?? {}) as Partial<SharedNetwork>;
  if (format === ('blasnet.shared-model' as string)) {
    throw handleElsewhere(name, 'a network', 'a model of tables', 'Classifier or Regressor');
  }
  if (format !== 'blasnet.shared') {
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'a handle of a network, from share()', handle);
  }
  const own = buildInfo().version;
  if (version !== own) {
    throw blasnetError(
      'ERR_BLASNET_VERSION',
      `Expected ${name} to come from blasnet ${own}, like this thread's library, got one of blasnet ${String(version)}`,
    );
  }
  const texts = typeof metadata === 'object' && metadata !== null ? Object.values(metadata) : [undefined];
  if (!texts.every((text) => typeof text === 'string')) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', `${name}.metadata`, 'an object of strings', metadata);
  }
  for (const [key, buffer] of Object.entries({ memory, control })) {
    if (types.isSharedArrayBuffer(buffer)) continue;
    throw argumentError('ERR_BLASNET_ARG_TYPE', `${name}.${key}`, 'a SharedArrayBuffer', buffer);
  }
  return handle as SharedNetwork & { readonly metadata: Metadata };
}

function arrayOn(memory: SharedArrayBuffer, dtype: Dtype): FloatArray {
  const { byteLength } = memory;
  return dtype === 'float64'
    ? new Float64Array(memory, 0, Math.floor(byteLength / 8))
    : new Float32Array(memory, 0, Math.floor(byteLength / 4));
}
