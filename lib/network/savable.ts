import type { AsyncOptions } from '../addon/work';
import type { FilePath } from '../base/file-path';
import { giveMethods } from '../base/methods';
import type { PlanQueue } from '../engine/plan-queue';
import type { Json } from '../formats/json';
import {
  type NetworkContent,
  type NetworkMemory,
  networkBytes,
  networkBytesSync,
  saveNetwork,
  saveNetworkSync,
} from './network-file';

/** A network that can be written to a file, or to bytes. */
export interface SavableNetwork {
  /**
   * Writes the network to a file in the safetensors format. It holds every parameter and running moment under its name,
   * and in the metadata the layers, dtype, seed, preprocessing, labels and targetScaler. Only W, E, F, P and V have two
   * dimensions. The state of a training is not in it: see fit's option `checkpoint`. An older file is replaced as a whole
   * or not at all. The parameters are read when the operations before it have ended, so do not change them until the
   * promise settles. A callback of fitSync gets them copied at once.
   *
   * @throws Error ERR_BLASNET_FILE; RangeError ERR_BLASNET_NOT_FINITE; Error ERR_BLASNET_NOT_FITTED for preprocessing,
   *   labels or a targetScaler before fit; AbortError when the signal ends the call, and the older file stays; like load()
   */
  save(path: FilePath, options?: AsyncOptions): Promise<void>;
  /** Like `save`, but blocks the calling thread. @throws like save(); Error ERR_BLASNET_BUSY while a step is being taken */
  saveSync(path: FilePath): void;
  /**
   * Returns the bytes of the file that `save` writes, for example for an object store.
   * @throws like save(); Error ERR_BLASNET_MEMORY
   */
  toBytes(options?: AsyncOptions): Promise<Uint8Array<ArrayBuffer>>;
  /** Like `toBytes`, but blocks the calling thread. @throws like toBytes(); like saveSync() */
  toBytesSync(): Uint8Array<ArrayBuffer>;
}

/** What is written, and the queue of the operations that use it. */
interface Source {
  readonly content: NetworkContent;
  readonly queue: PlanQueue;
  readonly memory: NetworkMemory;
  /** What was learned about the columns of a table. */
  table: Json | undefined;
}

const sources = new WeakMap<object, (network: never) => Source>();

/** What a network writes, and the queue of the operations that use it. */
export function sourceOf(network: SavableNetwork): Source {
  return (sources.get(Object.getPrototypeOf(network)) as (from: SavableNetwork) => Source)(network);
}

/** What the file of a network holds. Its arrays are the network's own memory. */
export function contentOf(network: SavableNetwork): NetworkContent {
  return sourceOf(network).content;
}

/** The network's own parameters and running moments. */
export function memoryIn(network: SavableNetwork): NetworkMemory {
  return sourceOf(network).memory;
}

/** Lets a network carry this from now on into its files and copies, as `withTable` does from its beginning. */
export function carryTable(network: SavableNetwork, table: Json): void {
  sourceOf(network).table = table;
}

/** Gives the networks of a class these methods. */
export function makeSavable<Network extends SavableNetwork>(
  prototype: Network,
  partsOf: (network: Network) => Source,
): void {
  sources.set(prototype, partsOf);
  const methods: SavableNetwork & ThisType<Network> = {
    async save(path, options = {}) {
      const { content, queue } = partsOf(this);
      await saveNetwork(path, content, queue, options);
    },
    saveSync(path) {
      const { content, queue } = partsOf(this);
      queue.checkAtRest('saveSync', 'readers');
      saveNetworkSync(path, content);
    },
    async toBytes(options = {}) {
      const { content, queue } = partsOf(this);
      return networkBytes(content, queue, options);
    },
    toBytesSync() {
      const { content, queue } = partsOf(this);
      queue.checkAtRest('toBytesSync', 'readers');
      return networkBytesSync(content);
    },
  };
  giveMethods(prototype, methods);
}
