import fs, { type Stats } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { type BlasnetError, blasnetError } from '../base/errors';
import { nodeCrypto } from '../base/lazy-modules';
import { check, filePath } from '../base/validate';
import { type Calls, call, runCalls, runCallsSync } from './file-calls';
import { quote } from './file-error';

// More than the system follows (40 on Linux) is a circle.
const mostLinks = 40;
const largestWrite = 2 ** 30;

/**
 * Writes a file so that it is whole at every moment, the old one or the new one, even when the process is
 * killed or the power fails: into a temporary file beside it, onto the disk, and then renamed over it.
 *
 * - A symbolic link stays, and the file that it points to is replaced. A hard link does not: the other
 *   names keep the old content.
 * - The new file has the old one's permissions, otherwise those that the umask leaves; a file that may not
 *   be written to is not replaced, though the folder would allow it.
 * - What fails removes its temporary file. One that a killed process left is removed by the next write to
 *   the same path on the same machine (in the same container), unless another process has its number now.
 *
 * @param chunks the content; nothing may write to it until the promise settles
 * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE for what is no path
 * @throws Error ERR_BLASNET_FILE, with Node's own error as its cause
 */
export function writeFileAtomically(path: string, chunks: Iterable<Uint8Array>): Promise<void> {
  return runCalls(writeCalls(path, chunks));
}

/** The same, when it returns. @throws as writeFileAtomically() */
export function writeFileAtomicallySync(path: string, chunks: Iterable<Uint8Array>): void {
  runCallsSync(writeCalls(path, chunks));
}

/**
 * A file's bytes.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE for what is no path
 * @throws Error ERR_BLASNET_FILE when it is not a file or cannot be read, with Node's own error as its cause
 */
export function readFileBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return runCalls(readCalls(path));
}

/** The same, when it returns. @throws as readFileBytes() */
export function readFileBytesSync(path: string): Uint8Array<ArrayBuffer> {
  return runCallsSync(readCalls(path));
}

/** Whether there is a folder at a path. @throws as readFileBytes() */
export function isFolder(path: string): Promise<boolean> {
  return runCalls(isFolderCalls(path));
}

function* isFolderCalls(path: string): Calls<boolean> {
  check('path', path, filePath);
  try {
    return (yield* statsOf(path))?.isDirectory() === true;
  } catch (error) {
    throw systemError('read', path, error);
  }
}

/** writeFileAtomically's calls. */
export function* writeCalls(path: string, chunks: Iterable<Uint8Array>): Calls<void> {
  check('path', path, filePath);
  try {
    const target = yield* finalTarget(path);
    const old = yield* statsOf(target);
    if (old !== undefined) {
      checkIsFile(path, old);
      yield* call('access', target, fs.constants.W_OK);
    }
    const folder = dirname(target);
    yield* leftoverCalls(folder, basename(target));
    const temporary = join(folder, temporaryName(basename(target)));
    yield* writeNew(temporary, chunks, old === undefined ? undefined : old.mode & 0o777);
    try {
      yield* call('rename', temporary, target);
    } catch (error) {
      yield* call('rm', temporary, { force: true });
      throw error;
    }
    yield* flushFolder(folder);
  } catch (error) {
    throw systemError('write', path, error);
  }
}

function* writeNew(path: string, chunks: Iterable<Uint8Array>, mode: number | undefined): Calls<void> {
  const file = yield* call('open', path, 'wx', mode ?? 0o666);
  try {
    try {
      if (mode !== undefined) {
        // The umask may have taken some; a system without permissions refuses to set them.
        const stats = yield* call('fstat', file);
        if ((stats.mode & 0o777) !== mode) yield* call('fchmod', file, mode);
      }
      for (const chunk of chunks) {
        for (let done = 0; done < chunk.byteLength; ) {
          done += yield* call('write', file, chunk, done, Math.min(chunk.byteLength - done, largestWrite));
        }
      }
      yield* call('fsync', file);
    } finally {
      yield* call('close', file);
    }
  } catch (error) {
    yield* call('rm', path, { force: true });
    throw error;
  }
}

// A rename is on the disk when its folder is. Some systems cannot flush folders, or do not let this user open
// one; the file is whole without it, too.
function* flushFolder(folder: string): Calls<void> {
  if (process.platform === 'win32') return;
  try {
    const file = yield* call('open', folder, 'r');
    try {
      yield* call('fsync', file);
    } finally {
      yield* call('close', file);
    }
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP'].includes(codeOf(error))) throw error;
  }
}

// Where the links at a path end, whether a file is there or not.
function* finalTarget(path: string): Calls<string> {
  let target = path;
  for (let links = 0; links < mostLinks; links++) {
    // A link is relative to the folder that it really lies in.
    const folder = yield* call('realpath', dirname(target));
    target = join(folder, basename(resolve(target)));
    let link: string;
    try {
      link = yield* call('readlink', target);
    } catch {
      return target; // no link, or nothing at all; what is wrong with it otherwise, the next call says
    }
    target = resolve(folder, link);
  }
  throw blasnetError('ERR_BLASNET_FILE', `Cannot write ${quote(path)}: too many symbolic links in a row`);
}

/** readFileBytes's calls. */
export function* readCalls(path: string): Calls<Uint8Array<ArrayBuffer>> {
  check('path', path, filePath);
  try {
    // Before it is opened, since opening a pipe waits for its other end.
    checkIsFile(path, yield* call('stat', path));
    const file = yield* call('open', path, 'r');
    try {
      const { size } = yield* call('fstat', file);
      const bytes = allocate(path, size);
      let done = 0;
      while (done < size) {
        const length = Math.min(size - done, largestWrite);
        const count = yield* call('read', file, bytes, done, length, null);
        if (count === 0) break;
        done += count;
      }
      return bytes.subarray(0, done);
    } finally {
      yield* call('close', file);
    }
  } catch (error) {
    throw systemError('read', path, error);
  }
}

// A file may claim any size without having it on the disk.
function allocate(path: string, size: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size);
  } catch (cause) {
    const message = `Cannot read ${quote(path)}: there is no memory for its ${size} bytes`;
    throw blasnetError('ERR_BLASNET_FILE', message, { cause });
  }
}

function* statsOf(path: string): Calls<Stats | undefined> {
  try {
    return yield* call('stat', path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function checkIsFile(path: string, stats: Stats): void {
  if (stats.isFile()) return;
  const got = stats.isDirectory() ? 'a directory' : 'a device, pipe or socket';
  throw blasnetError('ERR_BLASNET_FILE', `Expected ${quote(path)} to be a file, got ${got}`);
}

// A process's number says who it is only on its own machine, and there only among the processes that its
// container sees; a folder may be shared by several.
let machine: string | undefined;

function thisMachine(): string {
  machine ??= tagOf(hostname(), namespaceOfProcesses());
  return machine;
}

// Of a fixed length, so that it fits wherever the file's own name does.
function temporaryName(base: string): string {
  return `.blasnet.${tagOf(base)}.${thisMachine()}.${process.pid}.${nodeCrypto().randomBytes(6).toString('hex')}.tmp`;
}

const temporaryPattern = /^\.blasnet\.([0-9a-f]{12})\.([0-9a-f]{12})\.([1-9][0-9]*)\.[0-9a-f]{12}\.tmp$/;

/**
 * Removes the temporary files that killed processes left in a folder: those that were to become `base`, or all.
 * In passing: what cannot be removed (another user's, say) stays, and keeps nobody from writing.
 */
export function* leftoverCalls(folder: string, base?: string): Calls<void> {
  try {
    for (const name of yield* call('readdir', folder)) {
      const [, owner, maker, pid] = temporaryPattern.exec(name) ?? [];
      if (maker !== thisMachine() || (base !== undefined && owner !== tagOf(base))) continue;
      if (isGone(Number(pid))) yield* call('rm', join(folder, name), { force: true });
    }
  } catch {}
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH'; // EPERM: it lives, as another user's
  }
}

function namespaceOfProcesses(): string {
  try {
    return fs.readlinkSync('/proc/self/ns/pid');
  } catch {
    return ''; // Linux alone has them
  }
}

function tagOf(...parts: string[]): string {
  return nodeCrypto().createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 12);
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code);
}

/** An error of the system's as one of ours: Node's message, but for its path, which may be a temporary file's. */
export function systemError(
  verb: 'list' | 'read' | 'remove' | 'write',
  path: string,
  cause: unknown,
): unknown {
  const { errno, code } = cause as NodeJS.ErrnoException;
  const text = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  if (text === undefined) return cause;
  const message = `Cannot ${verb} ${quote(path)}: ${text} (${code})`;
  return blasnetError('ERR_BLASNET_FILE', message, { cause }) satisfies BlasnetError;
}
