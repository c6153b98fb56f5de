import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findMissing, managersOf, planInstall, requirements } from '../../scripts/requirements.mjs';
import { newFolder, write } from '../support/scratch.js';

const named = (...names: string[]) => requirements.filter(({ name }) => names.includes(name));

describe('the package managers', () => {
  test.each([
    {
      system: 'Debian',
      platform: 'linux',
      osRelease: 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
      managers: ['apt'],
    },
    {
      system: 'Raspberry Pi OS',
      platform: 'linux',
      osRelease: 'ID=raspbian\nID_LIKE=debian\n',
      managers: ['apt'],
    },
    {
      system: 'Mint',
      platform: 'linux',
      osRelease: 'NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n',
      managers: ['apt'],
    },
    {
      system: 'Ubuntu',
      platform: 'linux',
      osRelease: 'ID=ubuntu\nID_LIKE=debian\n',
      managers: ['snap', 'apt'],
    },
    { system: 'Fedora', platform: 'linux', osRelease: 'ID=fedora\nVERSION_ID=42\n', managers: ['dnf'] },
    {
      system: 'Rocky',
      platform: 'linux',
      osRelease: 'ID="rocky"\nID_LIKE="rhel centos fedora"\n',
      managers: ['dnf'],
    },
    { system: 'Alpine', platform: 'linux', osRelease: 'ID=alpine\n', managers: ['apk'] },
    { system: 'Manjaro', platform: 'linux', osRelease: 'ID=manjaro\nID_LIKE=arch\n', managers: ['pacman'] },
    { system: 'an unknown Linux', platform: 'linux', osRelease: 'ID=plan9\n', managers: [] },
    { system: 'a system that does not tell', platform: 'freebsd', osRelease: '', managers: [] },
    { system: 'macOS', platform: 'darwin', osRelease: '', managers: ['brew'] },
    { system: 'Windows', platform: 'win32', osRelease: '', managers: ['vcpkg'] },
  ] as const)('$system has $managers', ({ platform, osRelease, managers }) => {
    expect(managersOf(platform, osRelease)).toEqual(managers);
  });
});

describe('missing tools', () => {
  const everything = () => true;
  const except = (name: string) => (other: string) => other !== name;
  const update = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'update'];
  const install = [
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    'install',
    '-y',
    '--no-install-recommends',
  ];

  test('have a package for apt-get each, on Debian and on Ubuntu', () => {
    for (const from of [['apt'], ['snap', 'apt']] as const) {
      expect(planInstall({ missing: requirements, from, rights: 'root', onPath: everything })).toHaveProperty(
        'commands',
      );
    }
  });

  test('are installed by apt-get on Debian, as root', () => {
    const missing = named('CMake', 'OpenBLAS');
    expect(planInstall({ missing, from: ['apt'], rights: 'root', onPath: except('sudo') })).toEqual({
      commands: [update, [...install, 'cmake', 'libopenblas-dev']],
    });
  });

  test('are installed by sudo on Debian, when it asks for no password', () => {
    const missing = named('Google Highway');
    expect(planInstall({ missing, from: ['apt'], rights: 'sudo', onPath: everything })).toEqual({
      commands: [
        ['sudo', '-n', ...update],
        ['sudo', '-n', ...install, 'libhwy-dev'],
      ],
    });
  });

  test('are installed on Ubuntu by apt-get, and Chromium by snap', () => {
    const missing = named('Make', 'Chromium');
    expect(planInstall({ missing, from: ['snap', 'apt'], rights: 'root', onPath: everything })).toEqual({
      commands: [update, [...install, 'make'], ['snap', 'install', 'chromium']],
    });
  });

  const told = (command: string) => `:\n\n  ${command}\n\nThen run the command again.`;
  test.each([
    {
      where: 'Debian without the right',
      situation: { missing: named('CMake'), from: ['apt'], rights: 'none', onPath: everything },
      message: `Install with${told(
        'sudo apt-get update && sudo apt-get install -y --no-install-recommends cmake',
      )}`,
    },
    {
      where: 'Debian without the right and without sudo',
      situation: { missing: named('CMake'), from: ['apt'], rights: 'none', onPath: except('sudo') },
      message: `Install with (as root)${told(
        'apt-get update && apt-get install -y --no-install-recommends cmake',
      )}`,
    },
    {
      where: 'Ubuntu without snap, as in a container',
      situation: {
        missing: named('Chromium'),
        from: ['snap', 'apt'],
        rights: 'root',
        onPath: except('snap'),
      },
      message:
        'Install with:\n\n  snap install chromium\n\n' +
        'If a browser is not on the PATH, set CHROMIUM=/path/to/browser.\nThen run the command again.',
    },
    {
      where: 'Fedora, even as root',
      situation: {
        missing: named('a C++ compiler', 'Google Highway'),
        from: ['dnf'],
        rights: 'root',
        onPath: everything,
      },
      message: `Install with${told('dnf install -y gcc-c++ highway-devel')}`,
    },
    {
      where: 'Alpine',
      situation: {
        missing: named('CMake', 'OpenBLAS'),
        from: ['apk'],
        rights: 'sudo',
        onPath: everything,
      },
      message: `Install with${told('sudo apk add cmake openblas-dev')}`,
    },
    {
      where: 'macOS',
      situation: {
        missing: named('CMake', 'Google Highway'),
        from: ['brew'],
        rights: 'none',
        onPath: everything,
      },
      message: `Install with${told('brew install cmake highway')}`,
    },
    {
      where: 'Windows, where CMake has an installer of its own',
      situation: { missing: named('CMake', 'OpenBLAS'), from: ['vcpkg'], rights: 'none', onPath: everything },
      message:
        'Install with:\n\n  vcpkg install openblas\n\n' +
        'Install by hand (no package is known for this system): CMake.\nThen run the command again.',
    },
    {
      where: 'an unknown system',
      situation: { missing: named('CMake', 'OpenBLAS'), from: [], rights: 'root', onPath: everything },
      message:
        'Not found on this machine: CMake, OpenBLAS.\n' +
        'Install by hand (no package is known for this system): CMake, OpenBLAS.\nThen run the command again.',
    },
  ] as const)('are told to a person on $where', ({ situation, message }) => {
    const plan = planInstall(situation);
    expect(plan).toHaveProperty('message', expect.stringContaining(message));
    expect(plan).toHaveProperty('message', expect.stringMatching(/^Not found on this machine: /));
  });
});

describe('the tools of a machine', () => {
  const files = {
    CMake: ['bin/cmake'],
    'a C++ compiler': ['bin/g++'],
    Make: ['bin/make'],
    OpenBLAS: ['include/x86_64-linux-gnu/openblas-pthread/cblas.h', 'lib/x86_64-linux-gnu/libopenblas.so'],
    'Google Highway': ['include/hwy/highway.h', 'lib/libhwy.a'],
    fast_float: ['include/fast_float/fast_float.h'],
    xz: ['bin/xz'],
    Chromium: ['bin/chromium'],
    curl: ['bin/curl'],
  };
  const machine = (root: string) => ({
    platform: 'linux' as const,
    path: [join(root, 'bin')],
    prefixes: [root],
    triplet: 'x86_64-linux-gnu',
    env: {},
  });
  const missingIn = (root: string) =>
    findMissing(machine(root), ['compile', 'libraries', 'archives', 'test']).map(({ name }) => name);

  test('are all found where all are there', () => {
    const root = newFolder();
    for (const file of Object.values(files).flat()) write(root, file, '', 0o755);
    expect(missingIn(root)).toEqual([]);
  });

  test('are all missing where none is there', () => {
    expect(missingIn(newFolder())).toEqual(Object.keys(files));
  });

  test.each(Object.entries(files).flatMap(([name, list]) => list.map((file) => [name, file] as const)))(
    'lack %s without %s',
    (name, absent) => {
      const root = newFolder();
      for (const file of Object.values(files).flat()) if (file !== absent) write(root, file, '', 0o755);
      expect(missingIn(root)).toEqual([name]);
    },
  );

  test('do not include a file that cannot be executed', () => {
    const root = newFolder();
    for (const file of Object.values(files).flat())
      write(root, file, '', file === 'bin/cmake' ? 0o644 : 0o755);
    expect(missingIn(root)).toEqual(['CMake']);
  });

  test('need no OpenBLAS on macOS and no compiler on Windows', () => {
    const on = (platform: NodeJS.Platform) =>
      findMissing({ ...machine(newFolder()), platform }, ['compile', 'libraries']).map(({ name }) => name);
    expect(on('darwin')).not.toContain('OpenBLAS');
    expect(on('win32')).toEqual(['CMake', 'OpenBLAS', 'Google Highway', 'fast_float']);
  });

  test('include a browser or a compiler that the environment names', () => {
    const root = newFolder();
    write(root, 'chrome', '', 0o755);
    const env = { CXX: 'nvc++', CHROMIUM: join(root, 'chrome') };
    const missing = findMissing({ ...machine(root), env }, ['compile', 'libraries', 'archives', 'test']).map(
      ({ name }) => name,
    );
    expect(missing).toEqual(['CMake', 'Make', 'OpenBLAS', 'Google Highway', 'fast_float', 'xz', 'curl']);
  });
});
