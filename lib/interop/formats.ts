// All formats of other tools.

import type { Format } from './format';
import { standalone } from './standalone';

/** By name. */
export const formats: readonly Format[] = [standalone];
