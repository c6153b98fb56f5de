// Replaces lazy-modules.ts in dist/index.mjs, which bundlers take: see scripts/bundle.mjs. A bundle in the format of ES
// modules has no `require`.

import childProcess from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import v8 from 'node:v8';
import workerThreads from 'node:worker_threads';
import zlib from 'node:zlib';

export const nodeChildProcess = () => childProcess;
export const nodeCrypto = () => crypto;
export const nodeFs = () => fs;
export const nodeV8 = () => v8;
export const nodeWorkerThreads = () => workerThreads;
export const nodeZlib = () => zlib;
