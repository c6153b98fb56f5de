// Whether a long life keeps its memory, and whether sudden ends leave nothing broken.
//
//   node --expose-gc bench/soak/main.mjs [--short] [--only long-life | ends]
//
// --short: 1 % of the work, for tests. Prints what it did as JSON on the last line. The exit status is 1 if an end was not as
// Node's, if something hung, or if a file was half; how the memory grew is for the reader to judge.

import { parseArgs } from 'node:util';
import { endings } from './endings.mjs';
import { longLife } from './long-life.mjs';

const { short, only } = parseArgs({
  options: { short: { type: 'boolean', default: false }, only: { type: 'string' } },
}).values;
const log = (/** @type {string} */ line) => console.error(line);

const life = only === 'ends' ? undefined : await longLife({ scale: short ? 0.01 : 1, log });
const ends = only === 'long-life' ? undefined : await endings({ times: short ? 3 : 100, log });
console.log(JSON.stringify({ life, ends }));
process.exitCode = ends !== undefined && ends.faults.length > 0 ? 1 : 0;
