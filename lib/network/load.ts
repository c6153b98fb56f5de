import { types } from 'node:util';
import { type AsyncOptions, asyncConstraints } from '../addon/work';
import { argumentError, type BlasnetError, blasnetError } from '../base/errors';
import { type FilePath, pathOf } from '../base/file-path';
import { checkBuffer } from '../base/pinning';
import { checkOptions } from '../base/validate';
import { isFolderCalls } from '../formats/atomic';
import { type Calls, call, runCalls, runCallsSync, unlessAborted, working } from '../formats/file-calls';
import { quote } from '../formats/file-error';
import { BytesSource } from '../formats/hashed-bytes';
import type { Safetensors } from '../formats/safetensors';
import { type ParseOptions, parseSafetensors, readSafetensors } from '../formats/safetensors-reader';
import { checkLoadOptions } from '../preprocessing/pipeline';
import { decodeContent, MemoryOfNetwork, type StoredNetwork } from './network-file';
import { loadConstraints, type NetworkLoadOptions } from './network-options';

/** The content of a file: as a Uint8Array, such as a Buffer, or as an ArrayBuffer. */
export type FileBytes = Uint8Array | ArrayBuffer | SharedArrayBuffer;

/** Reads the network in a file. @throws Error ERR_BLASNET_FILE */
export async function loadNetwork(
  path: FilePath,
  options: NetworkLoadOptions & AsyncOptions,
): Promise<StoredNetwork> {
  return loadElsewhere(options, (others) => fileCalls(path, others));
}

/** Like `loadNetwork`, but blocks the calling thread. */
export function loadNetworkSync(path: FilePath, options: NetworkLoadOptions): StoredNetwork {
  checkOptions('', options, loadConstraints);
  return runCallsSync(fileCalls(path, options));
}

/** Reads the network in the bytes of a file. @throws Error ERR_BLASNET_FILE */
export async function networkFrom(
  bytes: FileBytes,
  options: NetworkLoadOptions & AsyncOptions,
): Promise<StoredNetwork> {
  return loadElsewhere(options, (others) => bytesCalls(bytes, others));
}

/** Like `networkFrom`, but blocks the calling thread. */
export function networkFromSync(bytes: FileBytes, options: NetworkLoadOptions): StoredNetwork {
  checkOptions('', options, loadConstraints);
  return runCallsSync(bytesCalls(bytes, options));
}

async function loadElsewhere(
  options: NetworkLoadOptions & AsyncOptions,
  calls: (others: NetworkLoadOptions) => Calls<StoredNetwork>,
): Promise<StoredNetwork> {
  checkOptions('', options, { ...loadConstraints, ...asyncConstraints });
  const { signal, threads, priority, ...others } = options;
  return runCalls(calls(others), { signal, threads, priority });
}

function* fileCalls(place: FilePath, options: NetworkLoadOptions): Calls<StoredNetwork> {
  const path = pathOf('path', place);
  return yield* loadCalls(options, function* (how) {
    return { file: path, content: yield* readContent(path, how) };
  });
}

/** Reads a file. If it is a folder, the error says what that seems to hold. @throws Error ERR_BLASNET_FILE */
export function* readContent(path: string, how: ParseOptions): Calls<Safetensors> {
  try {
    return yield* readSafetensors(path, how);
  } catch (error) {
    throw (yield* folderError(path, error)) ?? error;
  }
}

// A folder may hold what is looked for.
function* folderError(path: string, error: unknown): Calls<unknown> {
  if ((error as Partial<BlasnetError>).code !== 'ERR_BLASNET_FILE' || !(yield* isFolderCalls(path)))
    return undefined;
  let names: string[] = [];
  try {
    names = yield* call('readdir', path);
  } catch {} // it is a folder in any case
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
  const got = has(/^checkpoint-\d+\.safetensors$/)
    ? 'a directory of checkpoints; Network.loadBest reads its best one, and Network.resume continues its training'
    : has(/^saved_model\.pb$/)
      ? 'a directory with what looks like a SavedModel of TensorFlow; tf.saved_model.load reads it in Python'
      : 'a directory';
  return blasnetError('ERR_BLASNET_FILE', `Expected ${quote(path)} to be a file, got ${got}`, {
    cause: error,
  });
}

function* bytesCalls(bytes: FileBytes, options: NetworkLoadOptions): Calls<StoredNetwork> {
  const source = bytesIn(bytes);
  return yield* loadCalls(options, function* (how) {
    return { file: 'bytes', content: yield* parseSafetensors(source, 'bytes', how) };
  });
}

/** The bytes of a file, to be read. @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_DETACHED */
export function bytesIn(bytes: FileBytes): BytesSource {
  return new BytesSource(checkedBytes(bytes));
}

/** The calls that load the network that `read` reads. */
export function* loadCalls(
  { verifyChecksum = true, ...options }: NetworkLoadOptions,
  read: (how: ParseOptions) => Calls<{ readonly file: string; readonly content: Safetensors }>,
): Calls<StoredNetwork> {
  checkLoadOptions(options);
  yield* unlessAborted();
  const memory = new MemoryOfNetwork();
  const { file, content } = yield* read({ choose: memory.choose, verify: verifyChecksum });
  return yield* working(decodeContent(content, file, options, memory));
}

function checkedBytes(bytes: unknown): Uint8Array {
  const view = types.isAnyArrayBuffer(bytes) ? viewOf(bytes) : bytes;
  if (!types.isUint8Array(view)) {
    const hint =
      typeof bytes === 'string' || bytes instanceof URL ? '; Network.load reads a file at a path' : '';
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'bytes', 'a Uint8Array or an ArrayBuffer', bytes, hint);
  }
  checkBuffer('bytes', view);
  return view;
}

function viewOf(buffer: ArrayBufferLike): Uint8Array {
  try {
    return new Uint8Array(buffer);
  } catch {
    throw argumentError('ERR_BLASNET_DETACHED', 'bytes', 'an ArrayBuffer that is not detached', buffer);
  }
}
