// All formats of other tools.

import type { Format } from './format';
import { keras } from './keras';
import { npz } from './npz';
import { onnx } from './onnx/onnx';
import { pytorch } from './pytorch';
import { standalone } from './standalone';

/** By name. */
export const formats: readonly Format[] = [keras, pytorch, npz, standalone, onnx];
