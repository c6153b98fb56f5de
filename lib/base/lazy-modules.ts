// Few calls need these modules of Node. They are loaded on first use: some take milliseconds, and a default import of
// node:fs copies all its functions.

export function nodeChildProcess(): typeof import('node:child_process') {
  return require('node:child_process');
}

export function nodeCrypto(): typeof import('node:crypto') {
  return require('node:crypto');
}

export function nodeFs(): typeof import('node:fs') {
  return require('node:fs');
}

export function nodeV8(): typeof import('node:v8') {
  return require('node:v8');
}

export function nodeWorkerThreads(): typeof import('node:worker_threads') {
  return require('node:worker_threads');
}

export function nodeZlib(): typeof import('node:zlib') {
  return require('node:zlib');
}
