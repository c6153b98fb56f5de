// The thread that reads a Parquet or an Arrow file: scripts/bundle.mjs makes dist/columnar-worker.js of it. It opens the
// file, or gets the bytes in messages, and answers with columns, whose memory moves to the other thread.

import { parentPort, workerData } from 'node:worker_threads';
import { type BlasnetError, blasnetError, isBlasnetError } from '../base/errors';
import { openArrow } from './arrow';
import { wholeBytes } from './blocks';
import { type Bytes, bytesOf, memoryBytes } from './bytes';
import type { ColumnParts } from './column-parts';
import type { ColumnarAnswer, ColumnarFile, ColumnarMessage, ColumnarRequest } from './columnar-request';
import { openParquet } from './parquet';
import { rowsOfPart } from './request';
import { sourceOf } from './source';

const port = parentPort as NonNullable<typeof parentPort>;
const request = workerData as ColumnarRequest;

// What has been received: blocks, and how many parts are wanted.
const blocks: (Uint8Array | null)[] = [];
let wanted = 0;
let wake = () => {};

port.on('message', (message: ColumnarMessage) => {
  if (message === 'next') wanted++;
  else blocks.push(message);
  wake();
});

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
      await answerParts(await { parquet: openParquet, arrow: openArrow }[request.format](bytes, request));
    } finally {
      await bytes.close();
    }
  } catch (error) {
    answer(errorOf(error));
  }
  port.close();
}

async function answerParts({ columns, groups }: ColumnarFile): Promise<void> {
  const { parts } = request;
  const pending = () => columns[0]?.pending ?? 0;
  let rows = 0;
  for await (const more of groups) {
    rows += more;
    if (parts === undefined) {
      answer({ rows });
      continue;
    }
    const size = rowsOfPart({ partRows: parts.rows }, columns.length);
    while (pending() >= size) await giveRows(columns, size, false);
    for (const column of columns) column.forget();
  }
  await giveRows(columns, pending(), true);
}

async function giveRows(columns: readonly ColumnParts[], rows: number, isLast: boolean): Promise<void> {
  if (request.parts !== undefined) {
    while (wanted === 0) await nextMessage();
    wanted--;
  }
  const given = columns.map((column) => column.take(rows, request.types.get(column.name)));
  const memory = given.flatMap(({ values, texts }) => [
    values.buffer as ArrayBuffer,
    ...(texts === undefined ? [] : [texts.bytes.buffer as ArrayBuffer, texts.ends.buffer as ArrayBuffer]),
  ]);
  answer({ columns: given, isLast }, memory);
}

function nextMessage(): Promise<void> {
  return new Promise<void>((resolve) => {
    wake = resolve;
  });
}

function errorOf(error: unknown): ColumnarAnswer {
  const { code, message, row, column } = error as BlasnetError & { row?: number; column?: string };
  const known = isBlasnetError(error);
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
  for (;;) {
    while (blocks.length === 0) await nextMessage();
    const block = blocks.shift() as Uint8Array | null;
    if (block === null) return;
    yield block;
  }
}
