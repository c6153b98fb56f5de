// The messages of systems that the tests do not run on: musl, macOS, Windows, file systems without execution, other
// runtimes. Each test has such a message, and the fix that the error suggests.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { native, nativeFile, nativeNames } from '../../lib/addon/binding';
import { loadError } from '../../lib/addon/load-error';
import { thisMachine } from '../../lib/addon/machine';
import { newFolder } from '../support/scratch';

const musl = thisMachine().libc === 'musl';

/** Returns the last part of the error's message if the system says this about an intact addon. */
function fixOf(said: (file: string) => string, file = nativeFile): string {
  const root = newFolder();
  writeFileSync(join(root, 'package.json'), '{ "name": "blasnet" }');
  const { message } = loadError(root, file, new Error(said(file)));
  return message.slice(message.indexOf('\nPrebuilt binaries')).split('\n').slice(2).join('\n');
}

test.each([
  {
    what: 'a file system without execution',
    said: (file: string) => `${file}: failed to map segment from shared object: Operation not permitted`,
    fix: 'mounted with `noexec`',
  },
  {
    what: 'musl without libstdc++',
    said: (file: string) =>
      `Error loading shared library libstdc++.so.6: No such file or directory (needed by ${file})`,
    fix: 'The system has no libstdc++.so.6, the C++ run-time library: ',
  },
  {
    what: 'the other C library',
    said: () =>
      musl
        ? 'Error loading shared library ld-linux-x86-64.so.2: No such file or directory'
        : 'libc.musl-x86_64.so.1: cannot open shared object file: No such file or directory',
    fix: `The file was made for ${musl ? 'glibc' : 'musl'}, but this system has`,
  },
  {
    what: 'a damaged file on Windows',
    said: (file: string) => `\\\\?\\${file} is not a valid Win32 application.`,
    fix: 'is damaged',
  },
  {
    what: 'a missing library on Windows',
    said: (file: string) => `The specified module could not be found.\r\n\\\\?\\${file}`,
    fix: 'A library that the addon was built with is missing: install it again.',
  },
  {
    what: 'a damaged file on macOS',
    said: (file: string) => `dlopen(${file}, 0x0001): truncated mach-o error`,
    fix: 'is damaged',
  },
  {
    what: 'a missing library on macOS',
    said: (file: string) => `dlopen(${file}, 0x0001): Library not loaded: /opt/homebrew/lib/libhwy.1.dylib`,
    fix: 'A library that the addon was built with is missing: install it again.',
  },
  {
    what: 'Node’s permissions',
    said: () => 'Cannot load native addon because loading addons is disabled.',
    fix: 'run it with --allow-addons',
  },
  {
    what: 'Deno’s permissions',
    said: (file: string) => `Requires ffi access to "${file}", run again with the --allow-ffi flag`,
    fix: 'run it with --allow-',
  },
  { what: 'what nobody foresaw', said: () => 'the moon is full', fix: 'Build it on this machine: node "' },
])('the message tells what to do about $what', ({ said, fix }) => {
  expect(fixOf(said)).toContain(fix);
});

test('the message has the system’s words after the file, without its path', () => {
  const { message } = loadError(newFolder(), nativeFile, new Error(`${nativeFile}: the moon is full`));
  expect(message).toContain(`\n  ${nativeFile}: the moon is full\n`);
});

test('the addon exports what lib/addon/binding.ts says, by which others are told from it', () => {
  expect([...nativeNames].sort()).toEqual(Object.keys(native).sort());
});
