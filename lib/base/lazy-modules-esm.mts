// Replaces lazy-modules.ts in dist/index.mjs, which bundlers take: see scripts/bundle.mjs. A bundle in the format of ES
// modules has no `require`.

import childProcess from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import workerThreads from 'node:worker_threads';
import zlib from 'node:zlib';

export const nodeChildProcess = () => childProcess;
export const nodeCrypto = () => crypto;
export const nodeFs = () => fs;
export const nodeWorkerThreads = () => workerThreads;
export const nodeZlib = () => zlib;
