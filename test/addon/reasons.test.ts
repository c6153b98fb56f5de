// What systems say that the tests cannot be made to run on: musl, macOS, Windows, file systems without execution,
// other runtimes. Their words, and the fix that follows.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { native, nativeFile, nativeNames } from '../../lib/addon/binding';
import { loadError } from '../../lib/addon/load-error';
import { thisMachine } from '../../lib/addon/machine';
import { newFolder } from '../support/scratch';

const musl = thisMachine().libc === 'musl';

/** The message's last part for a sound addon about which the system said this. */
function fixOf(said: (file: string) => string, file = nativeFile): string {
  const root = newFolder();
  writeFileSync(join(root, 'package.json'), '{ "name": "blasnet" }');
  const { message } = loadError(root, file, new Error(said(file)));
  return message.slice(message.indexOf('\nPrebuilt binaries')).split('\n').slice(2).join('\n');
}

test.each([
  [
    'a file system without execution',
    (file: string) => `${file}: failed to map segment from shared object: Operation not permitted`,
    'mounted with `noexec`',
  ],
  [
    'musl without libstdc++',
    (file: string) =>
      `Error loading shared library libstdc++.so.6: No such file or directory (needed by ${file})`,
    'The system has no libstdc++.so.6, the C++ run-time library: ',
  ],
  [
    'the other C library',
    () =>
      musl
        ? 'Error loading shared library ld-linux-x86-64.so.2: No such file or directory'
        : 'libc.musl-x86_64.so.1: cannot open shared object file: No such file or directory',
    `The file was made for ${musl ? 'glibc' : 'musl'}, this system has`,
  ],
  [
    'Windows, a damaged file',
    (file: string) => `\\\\?\\${file} is not a valid Win32 application.`,
    'is damaged',
  ],
  [
    'Windows, without a library',
    (file: string) => `The specified module could not be found.\r\n\\\\?\\${file}`,
    'A library that the addon was built with is not there any more.',
  ],
  [
    'macOS, a damaged file',
    (file: string) => `dlopen(${file}, 0x0001): truncated mach-o error`,
    'is damaged',
  ],
  [
    'macOS, without a library',
    (file: string) => `dlopen(${file}, 0x0001): Library not loaded: /opt/homebrew/lib/libhwy.1.dylib`,
    'A library that the addon was built with is not there any more.',
  ],
  [
    'Node’s permissions',
    () => 'Cannot load native addon because loading addons is disabled.',
    'run it with --allow-addons',
  ],
  [
    'Deno’s permissions',
    (file: string) => `Requires ffi access to "${file}", run again with the --allow-ffi flag`,
    'run it with --allow-',
  ],
  ['what nobody foresaw', () => 'the moon is full', 'Build it on this machine: node "'],
])('%s', (_, said, fix) => {
  expect(fixOf(said)).toContain(fix);
});

test('the system’s words stand beside the file, without its path', () => {
  const { message } = loadError(newFolder(), nativeFile, new Error(`${nativeFile}: the moon is full`));
  expect(message).toContain(`\n  ${nativeFile}: the moon is full\n`);
});

test('the addon exports what lib/addon/binding.ts says, by which others are told from it', () => {
  expect([...nativeNames].sort()).toEqual(Object.keys(native).sort());
});
