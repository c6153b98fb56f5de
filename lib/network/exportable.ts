import { type AsyncOptions, asyncConstraints } from '../addon/work';
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
      await exportNetwork(this, path, options, false);
    },
    async exportBytes(options) {
      return exportNetworkBytes(this, options, false);
    },
  };
  giveMethods(prototype, methods);
}

/** @param whole whether what the network carries about the columns of a table is exported, too */
export async function exportNetwork(
  network: SavableNetwork,
  path: FilePath,
  options: ExportOptions,
  whole: boolean,
): Promise<void> {
  const content = begunSnapshot(network, options);
  const { exportFile } = await interop();
  await exportFile(path, options, { content, whole });
}

/** Like `exportNetwork`, to bytes. */
export async function exportNetworkBytes(
  network: SavableNetwork,
  options: ExportOptions,
  whole: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = begunSnapshot(network, options);
  const { exportBytes } = await interop();
  return exportBytes(options, { content, whole });
}

// It begins at once, so that no later call of the user's comes before it.
function begunSnapshot(network: SavableNetwork, options: unknown): Promise<NetworkContent> {
  checkObject('options', options);
  const { signal, threads } = options;
  checkOptions('', { signal, threads }, asyncConstraints);
  const snapshot = snapshotOf(network, options as AsyncOptions);
  // If the export is refused for its options, nobody waits for it.
  snapshot.catch(() => {});
  return snapshot;
}

/** The room of the formats, which most programs never need. It is loaded on first use. */
// The type is stated: in the declarations TypeScript would write `../interop`, which is dist/interop.js, the bundle.
export function interop(): Promise<typeof import('../interop/index.js')> {
  return import('../interop/index.js');
}
