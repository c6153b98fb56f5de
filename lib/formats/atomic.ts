import type { Stats } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { type BlasnetError, blasnetError } from '../base/errors';
import { nodeCrypto, nodeFs } from '../base/lazy-modules';
import { check, filePath } from '../base/validate';
import { type Calls, call, rest, unlessAborted } from './file-calls';
import { quote } from './file-error';

// Linux follows at most 40 links; more are a circle.
const mostLinks = 40;
// In milliseconds.
const day = 86_400_000;

/** Whether there is a folder at a path. @throws like readCalls() */
export function* isFolderCalls(path: string): Calls<boolean> {
  check('path', path, filePath);
  try {
    return (yield* statsOf(path))?.isDirectory() === true;
  } catch (error) {
    throw systemError('read', path, error);
  }
}

/** What writes the content of a file. */
export type WriteContent = (file: NewFile) => Calls<void>;

/**
 * Writes a file so that its path always leads to a complete file, old or new, even if the process is killed or the
 * power fails. It writes a temporary file in the file's folder, flushes it to the disk, and renames it.
 *
 * - If the path is a symbolic link, the link stays and its target is replaced. If the file has hard links, the other
 *   names keep the old content.
 * - The new file has the permissions of the old file, or without an old file, those that the umask leaves. A file that
 *   the process may not write to is not replaced, even if the folder would allow it.
 * - A write that fails or is aborted removes its temporary file. If a process was killed, the next write to this path
 *   on the same machine (in the same container) removes it, unless another process has its number by then. A file of
 *   another machine is removed when it is a day old.
 * - A file that is a mount of its own (`docker -v` of a single file, subPath in Kubernetes) cannot be replaced, and is
 *   refused.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE for an invalid path
 * @throws Error ERR_BLASNET_FILE, with Node's own error as its cause
 */
export function* writeCalls(path: string, content: WriteContent): Calls<void> {
  check('path', path, filePath);
  try {
    const target = yield* finalTarget(path);
    const old = yield* statsOf(target);
    if (old !== undefined) {
      checkIsFile(path, old);
      yield* call('access', target, nodeFs().constants.W_OK);
    }
    const folder = dirname(target);
    yield* leftoverCalls(folder, basename(target));
    const temporary = join(folder, temporaryName(basename(target)));
    yield* writeNew(temporary, content, old === undefined ? undefined : old.mode & 0o777);
    try {
      yield* renameCalls(temporary, target, path);
    } catch (error) {
      yield* call('rm', temporary, { force: true });
      throw error;
    }
    yield* flushFolder(folder);
  } catch (error) {
    throw systemError('write', path, error);
  }
}

// On Windows, a virus scanner may hold one of the files for a moment. So the call is repeated for about a second.
function* renameCalls(from: string, to: string, path: string): Calls<void> {
  const windows = process.platform === 'win32';
  for (let pause = 10; ; pause *= 2) {
    try {
      return yield* call('rename', from, to);
    } catch (cause) {
      const code = codeOf(cause);
      if (code === 'EBUSY' && !windows) {
        const message = `Cannot write ${quote(path)}: it is a mount of its own, which cannot be replaced; mount its folder`;
        throw blasnetError('ERR_BLASNET_FILE', message, { cause });
      }
      if (!windows || pause > 640 || !['EACCES', 'EBUSY', 'EPERM'].includes(code)) throw cause;
      yield* rest(pause);
    }
  }
}

function* writeNew(path: string, content: WriteContent, mode: number | undefined): Calls<void> {
  const file = yield* call('open', path, 'wx', mode ?? 0o666);
  try {
    try {
      if (mode !== undefined) {
        // The umask may have removed some bits. A system without permissions refuses chmod, so check first.
        const stats = yield* call('fstat', file);
        if ((stats.mode & 0o777) !== mode) yield* call('fchmod', file, mode);
      }
      yield* content(new NewFile(file));
      yield* call('fsync', file);
      yield* unlessAborted();
    } finally {
      yield* call('close', file);
    }
  } catch (error) {
    yield* call('rm', path, { force: true });
    throw error;
  }
}

/** A file that is being written, from its start to its end. */
export class NewFile {
  readonly #file: number;

  constructor(file: number) {
    this.#file = file;
  }

  /** Writes the bytes of the parts after those before. */
  *write(parts: readonly Uint8Array[]): Calls<void> {
    for (let rest = parts; rest.length > 0; ) {
      let done = yield* call('writev', this.#file, rest);
      const at = rest.findIndex(({ byteLength }) => {
        if (done < byteLength) return true;
        done -= byteLength;
        return false;
      });
      rest = at === -1 ? [] : [(rest[at] as Uint8Array).subarray(done), ...rest.slice(at + 1)];
    }
  }

  /** Replaces bytes that are written. */
  *replace(bytes: Uint8Array, position: number): Calls<void> {
    for (let done = 0; done < bytes.byteLength; ) {
      done += yield* call('write', this.#file, bytes, done, bytes.byteLength - done, position + done);
    }
  }

  /** Sends what is written to the disk. */
  *flush(): Calls<void> {
    yield* call('fdatasync', this.#file);
  }
}

/** A file that is being read, from its start to its end. */
export class OldFile {
  readonly #file: number;
  /** How many bytes it had when it was opened. */
  readonly size: number;

  constructor(file: number, size: number) {
    this.#file = file;
    this.size = size;
  }

  /** Reads the next bytes. Returns how many there were; fewer than asked for only at the file's end. */
  *read(into: Uint8Array): Calls<number> {
    let done = 0;
    while (done < into.byteLength) {
      const count = yield* call('read', this.#file, into, done, into.byteLength - done, null);
      if (count === 0) break;
      done += count;
    }
    return done;
  }
}

// A rename is on the disk only when its folder is. Some systems cannot flush folders, or do not let this user open one;
// then the file is still complete.
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

// The end of the symbolic links at a path, whether or not a file is there.
function* finalTarget(path: string): Calls<string> {
  let target = path;
  for (let links = 0; links < mostLinks; links++) {
    // A link is relative to its real folder.
    const folder = yield* call('realpath', dirname(target));
    target = join(folder, basename(resolve(target)));
    let link: string;
    try {
      link = yield* call('readlink', target);
    } catch {
      return target; // not a link, or missing; the next call reports any other fault
    }
    target = resolve(folder, link);
  }
  throw blasnetError('ERR_BLASNET_FILE', `Cannot write ${quote(path)}: too many symbolic links in a row`);
}

/**
 * Opens a file, and closes it when `read` has ended.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE for an invalid path
 * @throws Error ERR_BLASNET_FILE when it is not a file or cannot be read, with Node's own error as its cause
 */
export function* readCalls<T>(path: string, read: (file: OldFile) => Calls<T>): Calls<T> {
  check('path', path, filePath);
  try {
    // Checked before it is opened, since opening a pipe waits for its other end.
    checkIsFile(path, yield* call('stat', path));
    const file = yield* call('open', path, 'r');
    try {
      const { size } = yield* call('fstat', file);
      return yield* read(new OldFile(file, size));
    } finally {
      yield* call('close', file);
    }
  } catch (error) {
    throw systemError('read', path, error);
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

// A process number is unique only on its machine and within its container, but several of them may share a folder.
let machine: string | undefined;

function thisMachine(): string {
  machine ??= tagOf(hostname(), namespaceOfProcesses());
  return machine;
}

// The length is fixed, so a long file name cannot make the temporary name too long.
function temporaryName(base: string): string {
  return `.blasnet.${tagOf(base)}.${thisMachine()}.${process.pid}.${nodeCrypto().randomBytes(6).toString('hex')}.tmp`;
}

const temporaryPattern = /^\.blasnet\.([0-9a-f]{12})\.([0-9a-f]{12})\.([1-9][0-9]*)\.[0-9a-f]{12}\.tmp$/;

/**
 * Removes the temporary files that killed processes left in a folder: those for the file `base`, or all. A file of
 * another machine, such as a pod that is gone, is removed when it is a day old. Files that cannot be removed (another
 * user's, for example) stay; that is not an error.
 */
export function* leftoverCalls(folder: string, base?: string): Calls<void> {
  try {
    for (const name of yield* call('readdir', folder)) {
      const [, owner, maker, pid] = temporaryPattern.exec(name) ?? [];
      if (maker === undefined || (base !== undefined && owner !== tagOf(base))) continue;
      const file = join(folder, name);
      const isLeft = maker === thisMachine() ? isGone(Number(pid)) : yield* isOld(file);
      if (isLeft) yield* call('rm', file, { force: true });
    }
  } catch {}
}

function* isOld(file: string): Calls<boolean> {
  const stats = yield* statsOf(file);
  return stats !== undefined && Date.now() - stats.mtimeMs > day;
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH'; // EPERM: another user's process has the number
  }
}

function namespaceOfProcesses(): string {
  try {
    return nodeFs().readlinkSync('/proc/self/ns/pid');
  } catch {
    return ''; // only Linux has it
  }
}

function tagOf(...parts: string[]): string {
  return nodeCrypto().createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 12);
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code);
}

/**
 * Turns a system error into a BlasnetError. The message names the caller's path, since Node's own message may name a
 * temporary file.
 */
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
