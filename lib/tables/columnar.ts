// Parquet and Arrow: a thread of JavaScript reads them, since the packages that decode them run where they are called.

import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { packageRoot } from '../addon/package-root';
import { onAbort } from '../base/aborts';
import { AbortError, blasnetError } from '../base/errors';
import { nodeWorkerThreads } from '../base/lazy-modules';
import { type Column, columnOf, encodedCategories } from './column';
import type { PlainColumn } from './column-parts';
import type { ColumnarAnswer, ColumnarBlock, ColumnarFormat, ColumnarRequest } from './columnar-request';
import type { Columns, Request } from './request';
import type { Source } from './source';

type Worker = import('node:worker_threads').Worker;

/** Reads Parquet or Arrow. A file is read by its path, only where the columns are; other sources as a whole. */
export async function readColumnar(
  format: ColumnarFormat,
  source: Source,
  { types, columns, signal, onBytes, onRows }: Request,
): Promise<Columns> {
  const { path, name } = source;
  const request: ColumnarRequest = { format, name, path, types, columns };
  const worker = started(request);
  const unlisten = onAbort(signal, () => void worker.terminate());
  try {
    const answered = answerOf(worker, request, onBytes, onRows);
    // An error of the source is thrown first.
    answered.catch(() => {});
    if (path === undefined) await sendBlocks(worker, source, onBytes);
    return await answered;
  } catch (error) {
    if (signal?.aborted) throw new AbortError(signal.reason);
    throw error;
  } finally {
    unlisten();
    await worker.terminate();
  }
}

function started(request: ColumnarRequest): Worker {
  const { Worker } = nodeWorkerThreads();
  // The package's folder is known for the addon, too, also when this code is in a bundle.
  const file = join(packageRoot, 'dist/columnar-worker.js');
  try {
    // Without the flags of this process, which may load programs first.
    return new Worker(file, { workerData: request, execArgv: [] });
  } catch (cause) {
    throw threadError(request, cause as Error);
  }
}

function threadError({ name }: ColumnarRequest, cause: Error & { code?: string }): Error {
  const isMemory = cause.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return blasnetError(
    isMemory ? 'ERR_BLASNET_MEMORY' : 'ERR_BLASNET_THREAD',
    `Cannot read ${name}: ${isMemory ? 'it needs more memory than a thread has' : `the thread that reads it failed: ${cause.message}`}`,
    { cause },
  );
}

async function sendBlocks(worker: Worker, source: Source, onBytes: (bytes: number) => void): Promise<void> {
  for await (const block of source.blocks(onBytes)) {
    // The block is the user's, so a copy moves to the other thread.
    const copy = Uint8Array.from(block);
    worker.postMessage(copy satisfies ColumnarBlock, [copy.buffer]);
    await setImmediate();
  }
  worker.postMessage(null satisfies ColumnarBlock);
}

function answerOf(
  worker: Worker,
  request: ColumnarRequest,
  onBytes: (bytes: number) => void,
  onRows: (rows: number) => void,
): Promise<Columns> {
  return new Promise((resolve, reject) => {
    worker.on('message', (answer: ColumnarAnswer) => {
      // What a user's callback throws ends the reading.
      try {
        if ('bytes' in answer) onBytes(answer.bytes);
        else if ('rows' in answer) onRows(answer.rows);
        else if ('columns' in answer) resolve(tableColumns(answer.columns));
        else {
          const { code, message, ...place } = answer;
          reject(Object.assign(blasnetError(code, message), place));
        }
      } catch (error) {
        reject(error);
      }
    });
    worker.on('error', (cause) => reject(threadError(request, cause)));
    worker.on('exit', (code) => reject(threadError(request, new Error(`it ended with code ${code}`))));
  });
}

function tableColumns(plain: readonly PlainColumn[]): Columns {
  const columns = new Map<string, Column>();
  for (const { name, kind, values, texts } of plain) {
    columns.set(name, columnOf(kind, values, texts && encodedCategories(texts.bytes, texts.ends)));
  }
  return { columns, rows: plain[0]?.values.length ?? 0 };
}
