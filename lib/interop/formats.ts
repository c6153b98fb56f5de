// All formats of other tools.

import type { Format } from './format';
import { keras } from './keras';
import { npz } from './npz';
import { onnx } from './onnx/onnx';
import { pytorch } from './pytorch';
import { standalone } from './standalone';
import { tfjs } from './tfjs';

/** By name. */
export const formats: readonly Format[] = [onnx, tfjs, keras, pytorch, npz, standalone];
