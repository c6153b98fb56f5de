import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { leftoverCalls } from '../../lib/formats/atomic';
import { runCallsSync } from '../../lib/formats/file-calls';
import { endedWell, inChild } from '../network/child';
import { bundled } from '../support/bundle';
import { watchFs } from '../support/fs-calls';
import { newFolder, write } from '../support/scratch';
import { readFileBytes, readFileBytesSync, writeFileAtomically, writeFileAtomicallySync } from './files';

const bytes = (text: string) => [Buffer.from(text)];
const text = (path: string) => readFileSync(path, 'utf8');
const permissions = (path: string) => statSync(path).mode & 0o777;

describe.each([
  ['writeFileAtomically', writeFileAtomically],
  [
    'writeFileAtomicallySync',
    async (...args: Parameters<typeof writeFileAtomicallySync>) => writeFileAtomicallySync(...args),
  ],
] as const)('%s', (_, writeFile) => {
  const rejects = async (path: string, message: string, cause?: object) => {
    const error = await writeFile(path, bytes('new')).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_BLASNET_FILE', message, ...(cause && { cause }) });
    expect((error as Error).constructor).toBe(Error);
  };

  it('writes the chunks, one after another, over the old file or as a new one', async () => {
    const folder = newFolder();
    const path = join(folder, 'model.safetensors');
    const shared = new Uint8Array(new SharedArrayBuffer(3)).fill(0x61);
    await writeFile(path, [Buffer.from('old, '), new Uint8Array(0), shared, Buffer.alloc(2 ** 20, 'x')]);
    expect(text(path)).toBe(`old, aaa${'x'.repeat(2 ** 20)}`);
    await writeFile(path, bytes('new'));
    expect(text(path)).toBe('new');
    await writeFile(path, []);
    expect(text(path)).toBe('');
    expect(readdirSync(folder)).toEqual(['model.safetensors']);
  });

  it('takes a name as long as the system does, and one of a folder that it is in', async () => {
    const folder = newFolder();
    const name = `${'m'.repeat(251)}.bin`;
    await writeFile(join(folder, name), bytes('new'));
    expect(readdirSync(folder)).toEqual([name]);
  });

  it('gives a new file what the umask leaves, and leaves an old one its permissions', async () => {
    const folder = newFolder();
    const [fresh, old] = [join(folder, 'fresh'), join(folder, 'old')];
    await writeFile(fresh, bytes('new'));
    expect(permissions(fresh)).toBe(0o666 & ~process.umask());
    for (const mode of [0o600, 0o640, 0o666, 0o777]) {
      write(folder, 'old', 'old', mode);
      await writeFile(old, bytes('new'));
      expect(permissions(old)).toBe(mode);
    }
  });

  it('writes through symbolic links, also to a file that is not there yet', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'a/b'), { recursive: true });
    symlinkSync('a/b', join(folder, 'folder'));
    symlinkSync('../target', join(folder, 'a/b/second'));
    symlinkSync('folder/second', join(folder, 'first'));
    // The second link is relative to its real folder, a/b, so the file is in a.
    for (const content of ['one', 'two']) {
      await writeFile(join(folder, 'first'), bytes(content));
      expect(text(join(folder, 'a/target'))).toBe(content);
    }
    expect(readlinkSync(join(folder, 'first'))).toBe('folder/second');
    expect(lstatSync(join(folder, 'a/target')).isFile()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['a', 'first', 'folder']);
    expect(readdirSync(join(folder, 'a')).sort()).toEqual(['b', 'target']);
  });

  it('parts from the other names of a file', async () => {
    const folder = newFolder();
    write(folder, 'one', 'old');
    linkSync(join(folder, 'one'), join(folder, 'two'));
    await writeFile(join(folder, 'one'), bytes('new'));
    expect([text(join(folder, 'one')), text(join(folder, 'two'))]).toEqual(['new', 'old']);
  });

  it('leaves the old file and nothing else when the content fails', async () => {
    const folder = newFolder();
    const path = join(folder, 'file');
    write(folder, 'file', 'old');
    const failing = function* () {
      yield Buffer.from('half');
      throw new Error('mine');
    };
    await expect(writeFile(path, failing())).rejects.toThrow(/^mine$/);
    expect([text(path), readdirSync(folder)]).toEqual(['old', ['file']]);
  });

  it('the error names the fault of a path, and the reason', async () => {
    const folder = newFolder();
    const inside = (name: string) => join(folder, name);
    write(folder, 'file');
    symlinkSync('circle', inside('circle'));
    await rejects(folder, `Expected ${JSON.stringify(folder)} to be a file, got a directory`);
    await rejects('/dev/null', 'Expected "/dev/null" to be a file, got a device, pipe or socket');
    await rejects(
      inside('none/file'),
      `Cannot write ${JSON.stringify(inside('none/file'))}: no such file or directory (ENOENT)`,
      { code: 'ENOENT' },
    );
    await rejects(
      inside('file/file'),
      `Cannot write ${JSON.stringify(inside('file/file'))}: not a directory (ENOTDIR)`,
      {
        code: 'ENOTDIR',
      },
    );
    await rejects(
      inside('circle'),
      `Cannot write ${JSON.stringify(inside('circle'))}: too many symbolic links in a row`,
    );
    const long = inside('m'.repeat(256));
    await rejects(long, `Cannot write "${long.slice(0, 197)}...": name too long (ENAMETOOLONG)`, {
      code: 'ENAMETOOLONG',
    });
    expect(readdirSync(folder).sort()).toEqual(['circle', 'file']);
  });
});

// Runs as another user, since root may write everywhere.
it.each([
  { what: 'a folder that takes no files', folderMode: 0o755, fileMode: 0o666 },
  { what: 'a file that takes no writes', folderMode: 0o777, fileMode: 0o444 },
])('a write says so when it is refused $what', async ({ folderMode, fileMode }) => {
  const folder = newFolder();
  write(folder, 'file', 'old', fileMode);
  chmodSync(folder, folderMode);
  const ended = await inChild(
    async (_, { atomic, path }) => {
      const { writeFileAtomically, writeFileAtomicallySync } = require(atomic);
      if (process.getuid?.() === 0) process.setuid?.(65534);
      const failures: string[] = [];
      const note = ({ code, message, cause }: Error & { code: string }) =>
        failures.push(`${code} ${message} ${(cause as { code: string }).code}`);
      await writeFileAtomically(path, [Buffer.from('new')]).catch(note);
      try {
        writeFileAtomicallySync(path, [Buffer.from('new')]);
      } catch (error) {
        note(error as never);
      }
      console.log(JSON.stringify(failures));
    },
    { atomic: bundled('../test/formats/files'), path: join(folder, 'file') },
  );
  const failure = `ERR_BLASNET_FILE Cannot write ${JSON.stringify(join(folder, 'file'))}: permission denied (EACCES) EACCES`;
  // The folder belongs to the user of the tests, so that its mode matters only if that user is root.
  if (process.getuid?.() === 0 || folderMode === 0o777) {
    expect(ended).toEqual(endedWell(JSON.stringify([failure, failure])));
    expect([text(join(folder, 'file')), readdirSync(folder)]).toEqual(['old', ['file']]);
  }
});

it('a write leaves the old file and nothing else when the disk takes no more', () => {
  const folder = newFolder();
  write(folder, 'file', 'old');
  const path = join(folder, 'file');
  const script = `
    const { writeFileAtomicallySync } = require(${JSON.stringify(bundled('../test/formats/files'))});
    try {
      writeFileAtomicallySync(${JSON.stringify(path)}, [Buffer.alloc(2 ** 20)]);
    } catch ({ code, message, cause }) {
      console.log(code, message, cause.code);
    }`;
  // A limit of some KB per file fails in the code that handles a full disk.
  const output = execFileSync('sh', ['-c', 'ulimit -f 8 && exec "$0" -e "$1"', process.execPath, script], {
    encoding: 'utf8',
  });
  expect(output).toBe(
    `ERR_BLASNET_FILE Cannot write ${JSON.stringify(path)}: file too large (EFBIG) EFBIG\n`,
  );
  expect([text(path), readdirSync(folder)]).toEqual(['old', ['file']]);
});

describe('renames', () => {
  /** Runs with another value of process.platform. */
  const on = (platform: NodeJS.Platform) => {
    const real = process.platform;
    Object.defineProperty(process, 'platform', { value: platform });
    onTestFinished(() => {
      Object.defineProperty(process, 'platform', { value: real });
    });
  };
  const held = (code: string, errno: number) => Object.assign(new Error(code), { code, errno });

  it('a rename that another program blocks for a moment is repeated on Windows', async () => {
    on('win32');
    const path = join(newFolder(), 'file');
    let renames = 0;
    watchFs((name) => (name === 'rename' && ++renames < 4 ? held('EPERM', -1) : undefined));
    await writeFileAtomically(path, bytes('new'));
    expect([renames, text(path)]).toEqual([4, 'new']);
  });

  it('a rename that stays blocked is refused after about a second, and nothing is left', async () => {
    on('win32');
    const folder = newFolder();
    watchFs((name) => (name === 'rename' ? held('EACCES', -13) : undefined));
    const path = join(folder, 'file');
    await expect(writeFileAtomically(path, bytes('new'))).rejects.toMatchObject({
      code: 'ERR_BLASNET_FILE',
      message: `Cannot write ${JSON.stringify(path)}: permission denied (EACCES)`,
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('no rename is repeated on other systems', async () => {
    on('linux');
    let renames = 0;
    watchFs((name) => (name === 'rename' && ++renames > 0 ? held('EPERM', -1) : undefined));
    await expect(writeFileAtomically(join(newFolder(), 'file'), bytes('new'))).rejects.toMatchObject({
      code: 'ERR_BLASNET_FILE',
    });
    expect(renames).toBe(1);
  });

  it('a rename onto a mount of its own is refused, with what to do', async () => {
    on('linux');
    const folder = newFolder();
    const path = join(folder, 'file');
    write(folder, 'file', 'old');
    watchFs((name) => (name === 'rename' ? held('EBUSY', -16) : undefined));
    await expect(writeFileAtomically(path, bytes('new'))).rejects.toMatchObject({
      code: 'ERR_BLASNET_FILE',
      message: `Cannot write ${JSON.stringify(path)}: it is a mount of its own, which cannot be replaced; mount its folder`,
    });
    expect([readdirSync(folder), text(path)]).toEqual([['file'], 'old']);
  });
});

describe('a process that was killed while it wrote', () => {
  /** Leaves a temporary file for `name`, and returns the name of that file. */
  const die = async (folder: string, name: string) => {
    const before = readdirSync(folder);
    const ended = await inChild(
      (_, { atomic, path }) => {
        const { writeFileAtomicallySync } = require(atomic);
        const chunks = function* () {
          yield Buffer.from('half');
          process.kill(process.pid, 'SIGKILL');
          for (;;) yield Buffer.from('not reached');
        };
        writeFileAtomicallySync(path, chunks());
      },
      { atomic: bundled('../test/formats/files'), path: join(folder, name) },
    );
    expect(ended.signal).toBe('SIGKILL');
    const left = readdirSync(folder).filter((file) => !before.includes(file));
    expect(left.length).toBe(1);
    return left[0] as string;
  };

  it('leaves the old file, and a temporary one that the next write removes', async () => {
    const folder = newFolder();
    write(folder, 'file', 'old');
    const left = await die(folder, 'file');
    expect([text(join(folder, 'file')), text(join(folder, left))]).toEqual(['old', 'half']);
    await writeFileAtomically(join(folder, 'other'), bytes('x'));
    expect(existsSync(join(folder, left))).toBe(true);
    await writeFileAtomically(join(folder, 'file'), bytes('new'));
    expect(readdirSync(folder).sort()).toEqual(['file', 'other']);
  });

  it('is told from a process that lives, or on another machine', async () => {
    const folder = newFolder();
    const left = await die(folder, 'file');
    const parts = left.split('.');
    const renamed = (index: number, part: string | number) =>
      parts.map((old, i) => (i === index ? part : old)).join('.');
    const others = [renamed(4, process.pid), renamed(4, 1), renamed(3, '0'.repeat(12)), renamed(1, 'other')];
    for (const name of others) write(folder, name);
    await writeFileAtomically(join(folder, 'file'), bytes('new'));
    expect(readdirSync(folder).sort()).toEqual([...others, 'file'].sort());
  });

  it('is taken for gone when it was on another machine and its file is a day old', async () => {
    const folder = newFolder();
    const [, , owner] = (await die(folder, 'file')).split('.');
    const nameOf = (digit: string) => `.blasnet.${owner}.${'0'.repeat(12)}.7.${digit.repeat(12)}.tmp`;
    const hours = (age: number) => new Date(Date.now() - age * 3_600_000);
    for (const [name, age] of [
      [nameOf('a'), 25],
      [nameOf('b'), 23],
      ['other.tmp', 100],
    ] as const) {
      write(folder, name);
      utimesSync(join(folder, name), hours(age), hours(age));
    }
    await writeFileAtomically(join(folder, 'file'), bytes('new'));
    expect(readdirSync(folder).sort()).toEqual([nameOf('b'), 'file', 'other.tmp'].sort());
  });

  it('is cleared away after when a whole folder is cleared', async () => {
    const folder = newFolder();
    await die(folder, 'one');
    await die(folder, 'two');
    write(folder, 'mine.tmp');
    runCallsSync(leftoverCalls(folder));
    expect(readdirSync(folder)).toEqual(['mine.tmp']);
    runCallsSync(leftoverCalls(join(folder, 'none')));
  });
});

describe.each([
  ['readFileBytes', readFileBytes],
  ['readFileBytesSync', async (path: string) => readFileBytesSync(path)],
] as const)('%s', (_, readFile) => {
  it('reads a whole file, into new memory', async () => {
    const folder = newFolder();
    for (const size of [0, 1, 8192, 100_000]) {
      const content = Buffer.alloc(size, 'abc');
      writeFileSync(join(folder, 'file'), content);
      const read = await readFile(join(folder, 'file'));
      expect([Buffer.from(read).equals(content), read.buffer.byteLength]).toEqual([true, size]);
    }
  });

  it('the error names the fault of the file', async () => {
    const folder = newFolder();
    const rejects = async (path: string, message: string) =>
      expect(await readFile(path).catch((error: unknown) => error)).toMatchObject({
        code: 'ERR_BLASNET_FILE',
        message,
      });
    const [none, pipe] = ['none', 'pipe'].map((name) => join(folder, name)) as [string, string];
    execFileSync('mkfifo', [pipe]);
    await rejects(none, `Cannot read ${JSON.stringify(none)}: no such file or directory (ENOENT)`);
    await rejects(folder, `Expected ${JSON.stringify(folder)} to be a file, got a directory`);
    await rejects(pipe, `Expected ${JSON.stringify(pipe)} to be a file, got a device, pipe or socket`);
    await rejects('/dev/zero', 'Expected "/dev/zero" to be a file, got a device, pipe or socket');
  });
});
