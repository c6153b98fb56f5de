// The options of `export` and `import`. The formats themselves are in the room `interop`, which is loaded on first use.

import type { AsyncOptions } from '../addon/work';
import type { Dtype } from '../base/matrix';
import type { AnyName } from '../base/names';
import type { ActivationOption } from '../layers/activations';

/** The formats of other tools that `export` writes. */
export type ExportFormat = 'onnx' | 'tfjs' | 'safetensors' | 'npz' | 'module';

/** The formats of other tools that `Network.import` reads. */
export type ImportFormat = 'onnx' | 'tfjs' | 'keras' | 'safetensors' | 'npz';

/** The options of `export` and `exportBytes`. */
export interface ExportOptions extends AsyncOptions {
  /** @default by the extension of the path: see docs/interchange.md */
  readonly format?: ExportFormat | AnyName;
  /** The dtype of the numbers in the file. @default the dtype of the network */
  readonly dtype?: Dtype | AnyName;
  /** Only for onnx: the version of the operators, from 13 to 26. @default 18 */
  readonly opset?: number;
}

/** The options of `Network.import`. */
export interface ImportOptions extends AsyncOptions {
  /** @default by the extension of the path, or by the content of bytes */
  readonly format?: ImportFormat | AnyName;
  /** The dtype of the network. @default that of the numbers in the file */
  readonly dtype?: Dtype | AnyName;
  /** The seed of the network's random numbers, for what follows, such as shuffles. @default a random seed */
  readonly seed?: number;
  /**
   * Only for safetensors and npz, whose files have numbers alone: the activation of each layer, the last one's too.
   */
  readonly activations?: readonly ActivationOption[];
  /**
   * Only for safetensors: the names of the modules that have tensors, in their order, such as `['fc1', 'bn1', 'out']`.
   * @default by the numbers in the names
   */
  readonly modules?: readonly string[];
}
