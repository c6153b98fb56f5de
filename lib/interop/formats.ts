// All formats of other tools.

import type { Format } from './format';

/** By name. */
export const formats: readonly Format[] = [];
