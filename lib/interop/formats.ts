// All formats of other tools.

import type { Format } from './format';
import { npz } from './npz';
import { pytorch } from './pytorch';
import { standalone } from './standalone';

/** By name. */
export const formats: readonly Format[] = [pytorch, npz, standalone];
