// Parquet and Arrow: a thread of JavaScript reads them, since the packages that decode them run where they are called.

import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { packageRoot } from '../addon/package-root';
import { onAbort, throwIfAborted } from '../base/aborts';
import { blasnetError } from '../base/errors';
import { nodeWorkerThreads } from '../base/lazy-modules';
import { type Column, columnOf, encodedCategories } from './column';
import type { PlainColumn } from './column-parts';
import type {
  ColumnarAnswer,
  ColumnarFormat,
  ColumnarMessage,
  ColumnarPart,
  ColumnarRequest,
} from './columnar-request';
import type { Columns, PartRequest, Request } from './request';
import type { Source } from './source';

type Worker = import('node:worker_threads').Worker;

/** Reads Parquet or Arrow. A file is read by its path, only where the columns are; other sources as a whole. */
export async function readColumnar(
  format: ColumnarFormat,
  source: Source,
  request: Request,
): Promise<Columns> {
  const { types, columns } = request;
  const { path, name } = source;
  const given = answers({ format, name, path, types, columns, parts: undefined }, source, request);
  for await (const { columns: whole } of given) return tableColumns(whole);
  throw new Error('A thread has answered nothing');
}

/** Reads it part by part: the file group by group of its rows, if it has a path. */
export async function* columnarParts(
  format: ColumnarFormat,
  source: Source,
  request: PartRequest,
): AsyncGenerator<Columns> {
  const { types, columns, partRows, onRows } = request;
  const { path, name } = source;
  const parts = { rows: partRows };
  let rows = 0;
  for await (const part of answers({ format, name, path, types, columns, parts }, source, request)) {
    const table = tableColumns(part.columns);
    if (table.rows === 0) continue;
    rows += table.rows;
    onRows(rows);
    yield table;
  }
}

async function* answers(
  request: ColumnarRequest,
  source: Source,
  { signal, onBytes, onRows }: Request,
): AsyncGenerator<ColumnarPart> {
  const worker = started(request);
  const unlisten = onAbort(signal, () => void worker.terminate());
  try {
    const next = answersOf(worker, request, onBytes, onRows);
    if (request.path === undefined) await sendBlocks(worker, source, onBytes, signal);
    for (let isLast = false; !isLast; ) {
      worker.postMessage('next' satisfies ColumnarMessage);
      const part = await next();
      isLast = part.isLast;
      yield part;
    }
  } catch (error) {
    throwIfAborted(signal);
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

async function sendBlocks(
  worker: Worker,
  source: Source,
  onBytes: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const block of source.blocks(onBytes, signal)) {
    // The block is the user's, so a copy moves to the other thread.
    const copy = Uint8Array.from(block);
    worker.postMessage(copy satisfies ColumnarMessage, [copy.buffer]);
    await setImmediate();
  }
  worker.postMessage(null satisfies ColumnarMessage);
}

/** The next part, or the error that comes instead. */
function answersOf(
  worker: Worker,
  request: ColumnarRequest,
  onBytes: (bytes: number) => void,
  onRows: (rows: number) => void,
): () => Promise<ColumnarPart> {
  const come: (() => ColumnarPart)[] = [];
  let wake = () => {};
  const put = (part: () => ColumnarPart) => {
    come.push(part);
    wake();
  };
  const fail = (error: unknown) =>
    put(() => {
      throw error;
    });
  worker.on('message', (answer: ColumnarAnswer) => {
    // What a user's callback throws ends the reading.
    try {
      if ('bytes' in answer) onBytes(answer.bytes);
      else if ('rows' in answer) onRows(answer.rows);
      else if ('columns' in answer) put(() => answer);
      else {
        const { code, message, ...place } = answer;
        fail(Object.assign(blasnetError(code, message), place));
      }
    } catch (error) {
      fail(error);
    }
  });
  worker.on('error', (cause) => fail(threadError(request, cause)));
  worker.on('exit', (code) => fail(threadError(request, new Error(`it ended with code ${code}`))));
  return async () => {
    while (come.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return (come.shift() as () => ColumnarPart)();
  };
}

function tableColumns(plain: readonly PlainColumn[]): Columns {
  const columns = new Map<string, Column>();
  for (const { name, kind, values, texts } of plain) {
    columns.set(name, columnOf(kind, values, texts && encodedCategories(texts.bytes, texts.ends)));
  }
  return { columns, rows: plain[0]?.values.length ?? 0 };
}
