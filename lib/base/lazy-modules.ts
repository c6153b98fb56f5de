// Modules of Node that few calls need and that take milliseconds to load: loaded when they are needed.

export function nodeCrypto(): typeof import('node:crypto') {
  return require('node:crypto');
}

export function nodeWorkerThreads(): typeof import('node:worker_threads') {
  return require('node:worker_threads');
}
