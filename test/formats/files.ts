// Whole files, written and read as lib/ does.

import { readCalls, writeCalls } from '../../lib/formats/atomic';
import { type Calls, runCalls, runCallsSync } from '../../lib/formats/file-calls';

const writing = (path: string, chunks: Iterable<Uint8Array>) =>
  writeCalls(path, function* (file) {
    for (const chunk of chunks) yield* file.write([chunk]);
  });

function reading(path: string): Calls<Uint8Array> {
  return readCalls(path, function* (file) {
    const bytes = new Uint8Array(file.size);
    return bytes.subarray(0, yield* file.read(bytes));
  });
}

export const writeFileAtomically = (path: string, chunks: Iterable<Uint8Array>, signal?: AbortSignal) =>
  runCalls(writing(path, chunks), { signal });
export const writeFileAtomicallySync = (path: string, chunks: Iterable<Uint8Array>) =>
  runCallsSync(writing(path, chunks));
export const readFileBytes = (path: string) => runCalls(reading(path));
export const readFileBytesSync = (path: string) => runCallsSync(reading(path));
