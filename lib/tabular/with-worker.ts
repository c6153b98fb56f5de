// The entry of dist/tables.js. Beside the public names it has the program of a worker process, which
// dist/trial-worker.js starts.

import { serveTasks } from './processes/worker';

export * from './index';

Object.defineProperty(module.exports, Symbol.for('blasnet.trialWorker'), { value: serveTasks });
