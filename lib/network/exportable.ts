import { asyncConstraints, howOf } from '../addon/work';
import type { FilePath } from '../base/file-path';
import { giveMethods } from '../base/methods';
import { checkObject, checkOptions } from '../base/validate';
import type { ExportOptions } from './interop-options';
import type { NetworkContent } from './network-file';
import type { SavableNetwork } from './savable';
import { snapshotOf } from './snapshot';

/** A network that can be written for other tools. */
export interface ExportableNetwork {
  /**
   * Writes the network for another tool: as ONNX, for TensorFlow.js, for PyTorch, for NumPy, or as a module of JavaScript
   * that needs no library. The extension of the path says which: see docs/interchange.md. The preprocessing and the
   * targetScaler are in the file where the format can have them. What a format cannot hold is refused by name, and nothing
   * is written. An older file is replaced as a whole or not at all. `save` keeps everything for this library.
   *
   * @throws RangeError ERR_BLASNET_ARG_VALUE for what the format cannot hold, with what to do; ERR_BLASNET_UNKNOWN_NAME;
   *   RangeError ERR_BLASNET_NOT_FINITE; Error ERR_BLASNET_FILE; Error ERR_BLASNET_NOT_FITTED for preprocessing, labels
   *   or a targetScaler before fit; TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; AbortError
   */
  export(path: FilePath, options?: ExportOptions): Promise<void>;
  /**
   * Returns the bytes of the file that `export` writes. The option `format` is needed.
   * @throws like export(); RangeError ERR_BLASNET_ARG_VALUE for a format of several files
   */
  exportBytes(options: ExportOptions): Promise<Uint8Array<ArrayBuffer>>;
}

/** Gives the networks of a class these methods. */
export function makeExportable(prototype: SavableNetwork): void {
  const methods: ExportableNetwork & ThisType<SavableNetwork> = {
    async export(path, options = {}) {
      await exportNetwork({ network: this, whole: false }, path, options);
    },
    async exportBytes(options) {
      return exportNetworkBytes({ network: this, whole: false }, options);
    },
  };
  giveMethods(prototype, methods);
}

/** What is exported. */
export interface ExportedNetwork {
  readonly network: SavableNetwork;
  /** Whether what the network carries about the columns of a table is exported, too. */
  readonly whole: boolean;
  /** The networks of the other models of a bag; undefined if it is none. */
  readonly others?: readonly SavableNetwork[];
}

/** Writes a network, or several, for another tool: see `ExportableNetwork.export`. */
export async function exportNetwork(
  exported: ExportedNetwork,
  path: FilePath,
  options: ExportOptions,
): Promise<void> {
  const content = contentsOf(exported, options);
  const { exportFile } = await interop();
  await exportFile(path, options, content);
}

/** Like `exportNetwork`, to bytes. */
export async function exportNetworkBytes(
  exported: ExportedNetwork,
  options: ExportOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = contentsOf(exported, options);
  const { exportBytes } = await interop();
  return exportBytes(options, content);
}

function contentsOf({ network, whole, others }: ExportedNetwork, options: ExportOptions) {
  return {
    content: begunSnapshot(network, options),
    whole,
    ...(others !== undefined && { others: others.map((other) => begunSnapshot(other, options)) }),
  };
}

// It begins at once, so that no later call of the user's comes before it.
function begunSnapshot(network: SavableNetwork, options: unknown): Promise<NetworkContent> {
  checkObject('options', options);
  const how = howOf(options);
  checkOptions('', how, asyncConstraints);
  const snapshot = snapshotOf(network, how);
  // If the export is refused for its options, nobody waits for it.
  snapshot.catch(() => {});
  return snapshot;
}

/** The room of the formats, which most programs never need. It is loaded on first use. */
// The type is stated: in the declarations TypeScript would write `../interop`, which is dist/interop.js, the bundle.
export function interop(): Promise<typeof import('../interop/index.js')> {
  return import('../interop/index.js');
}
