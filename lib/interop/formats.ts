// All formats of other tools.

import type { Format } from './format';
import { keras } from './keras/keras';
import { npz } from './npz/npz';
import { onnx } from './onnx/onnx';
import { pytorch } from './pytorch/pytorch';
import { standalone } from './standalone';
import { tfjs } from './tfjs/tfjs';

/** By name. */
export const formats: readonly Format[] = [onnx, tfjs, keras, pytorch, npz, standalone];
