// The thread that reads a Parquet or an Arrow file: scripts/bundle.mjs makes dist/columnar-worker.js of it. It opens the
// file, or gets the bytes in messages, and answers with columns, whose memory moves to the other thread.

import { parentPort, workerData } from 'node:worker_threads';
import { type BlasnetError, blasnetError } from '../base/errors';
import { readArrow } from './arrow';
import { wholeBytes } from './blocks';
import { type Bytes, bytesOf, memoryBytes } from './bytes';
import type { ColumnarAnswer, ColumnarBlock, ColumnarRequest } from './columnar-request';
import { readParquet } from './parquet';
import { sourceOf } from './source';

const port = parentPort as NonNullable<typeof parentPort>;
const request = workerData as ColumnarRequest;

const answer = (message: ColumnarAnswer, memory: readonly ArrayBuffer[] = []) =>
  port.postMessage(message, memory as ArrayBuffer[]);
const onBytes = (bytes: number) => answer({ bytes });

void main();

async function main(): Promise<void> {
  try {
    const bytes = await opened();
    try {
      if (bytes.size === 0)
        throw blasnetError('ERR_BLASNET_FILE', `Cannot read ${request.name}: it is empty`);
      const read = { parquet: readParquet, arrow: readArrow }[request.format];
      const columns = await read(bytes, request, (rows) => answer({ rows }));
      const memory = columns.flatMap(({ values, texts }) => [
        values.buffer as ArrayBuffer,
        ...(texts === undefined ? [] : [texts.bytes.buffer as ArrayBuffer, texts.ends.buffer as ArrayBuffer]),
      ]);
      answer({ columns }, memory);
    } finally {
      await bytes.close();
    }
  } catch (error) {
    answer(errorOf(error));
  }
  port.close();
}

function errorOf(error: unknown): ColumnarAnswer {
  const { code, message, row, column } = error as BlasnetError & { row?: number; column?: string };
  const known = String(code).startsWith('ERR_BLASNET_');
  // Memory that the system does not give is a RangeError of V8.
  const memory = /allocation failed|Invalid (typed )?array (buffer )?length/i.test(message);
  return {
    code: known ? code : memory ? 'ERR_BLASNET_MEMORY' : 'ERR_BLASNET_FILE',
    message: known ? message : `Cannot read ${request.name}: ${message}`,
    ...(row !== undefined && { row }),
    ...(column !== undefined && { column }),
  };
}

async function opened(): Promise<Bytes> {
  const { path, name } = request;
  if (path === undefined) return memoryBytes(await wholeBytes(received()), name);
  return bytesOf(sourceOf(path), onBytes);
}

async function* received(): AsyncGenerator<Uint8Array> {
  const blocks: ColumnarBlock[] = [];
  let wake = () => {};
  port.on('message', (block: ColumnarBlock) => {
    blocks.push(block);
    wake();
  });
  for (;;) {
    while (blocks.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const block = blocks.shift() as ColumnarBlock;
    if (block === null) return;
    yield block;
  }
}
