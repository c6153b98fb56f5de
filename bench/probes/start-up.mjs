// Times require('blasnet') in a process that has loaded nothing else, and prints { value }, in milliseconds.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const start = performance.now();
require('../../dist/index.js');
console.log(JSON.stringify({ value: performance.now() - start }));
