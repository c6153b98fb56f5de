// Few calls need these modules of Node, and they take milliseconds to load. So they are loaded on first use.

export function nodeCrypto(): typeof import('node:crypto') {
  return require('node:crypto');
}

export function nodeWorkerThreads(): typeof import('node:worker_threads') {
  return require('node:worker_threads');
}
