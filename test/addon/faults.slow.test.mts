// Packages that cannot be loaded throw an error that explains why, and do not end the process.

import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { musl } from '../../scripts/release/targets.mjs';
import { newFolder } from '../support/scratch.js';
import { addon, addonFile, installed, messageOf, replaced } from './helpers.mjs';

const { platform, arch } = process;
const linux = platform === 'linux';
const glibc = linux && !musl;
const here = `${platform}-${arch}`;
const own = `${here}${linux ? ` (${musl ? 'musl' : 'glibc'})` : ''}`;

test('the message names the machine, the paths that were tried, the prebuilt addons, and the way to build the addon', () => {
  const root = installed({ addon: null });
  mkdirSync(join(root, 'prebuilds/sunos-x64'), { recursive: true });
  writeFileSync(join(root, 'prebuilds/sunos-x64/blasnet.node'), '');
  const [first, ...others] = messageOf(root).split('\n');
  expect(first).toMatch(/^blasnet's native addon could not be loaded on .*\.$/);
  expect(first).toContain(` on ${here}, `);
  expect(first).toContain(`, Node ${process.versions.node}.`);
  if (glibc) expect(first).toMatch(/, glibc 2\.\d+,/);
  expect(others).toEqual([
    `Tried in ${root}:`,
    '  build/Release/blasnet.node: not there',
    '  build/Debug/blasnet.node: not there',
    `  prebuilds/${here}/: not there`,
    'Prebuilt binaries there: sunos-x64.',
    expect.stringMatching(
      /^There is no prebuilt binary for .*\. Build it on this machine: node ".*scripts.install\.mjs"$/,
    ),
    expect.stringMatching(
      /^This needs CMake, .*OpenBLAS.*Highway.*fast_float.*cmake-js and node-addon-api\.$/,
    ),
  ]);
});

test('the message says so when nothing is prebuilt', () => {
  const root = installed({ addon: null });
  const message = messageOf(root);
  expect(message).toContain('Prebuilt binaries there: none.');
  expect(message).toContain('The folder prebuilds/, which every release has, is missing or empty');
  expect(message).toContain(`node "${join(root, 'scripts/install.mjs')}"`);
});

test('the message says so when nothing is built in a checkout', () => {
  const root = installed({ addon: null });
  mkdirSync(join(root, 'lib'));
  writeFileSync(join(root, 'lib/index.ts'), '');
  expect(messageOf(root)).toContain('a checkout that has not been built yet: npm run build');
});

test.runIf(linux)('the message says so when the addon was built for the other C library alone', () => {
  const [own, other] = musl ? ['musl', 'glibc'] : ['glibc', 'musl'];
  const at = addonFile.replace(own, other);
  const message = messageOf(installed({ at }));
  expect(message).toContain(`\n  ${at}: for another system or runtime\n`);
  expect(message).toContain(`Prebuilt binaries there: ${here} (${other}).`);
  expect(message).toContain(`There is no prebuilt binary for ${here} with ${own}.`);
});

test('PREBUILDS_ONLY leaves out what was built', () => {
  const root = installed({ at: 'build/Release/blasnet.node' });
  expect(messageOf(root, { env: { PREBUILDS_ONLY: '1' } })).toContain(
    '\n  build/Release: skipped, since PREBUILDS_ONLY is set\n',
  );
});

test('a build that is broken hides the prebuilt addon', () => {
  const root = installed();
  mkdirSync(join(root, 'build/Release'), { recursive: true });
  writeFileSync(join(root, 'build/Release/blasnet.node'), 'not an addon');
  const message = messageOf(root);
  expect(message).toMatch(/\n {2}build\/Release\/blasnet\.node: .+\n/);
  expect(message).toContain(`\n  ${addonFile}: not tried, since an earlier file was found\n`);
  expect(message).toContain('The file is damaged');
});

describe('the message about a damaged file', () => {
  const half = addon.length >> 1;
  const zeroed = (from: number) =>
    Buffer.concat([addon.subarray(0, from), Buffer.alloc(addon.length - from)]);

  // The loaders of other systems check by themselves whether a file is complete.
  test.runIf(linux).each([0, 1, 63, 64, 100, 1000, 4096, half, addon.length - 4096, addon.length - 1])(
    'says that it is damaged when it is cut off after %i bytes',
    (length) => {
      const message = messageOf(installed({ addon: addon.subarray(0, length) }));
      expect(message).toContain('The file is damaged');
      expect(message).toContain('Remove node_modules/blasnet, and install it again.');
    },
  );

  test.runIf(linux)('counts the bytes of a file that is cut off', () => {
    const message = messageOf(installed({ addon: addon.subarray(0, half) }));
    expect(message).toContain(
      `\n  ${addonFile}: file cut off: it has ${half} of at least ${addon.length} bytes\n`,
    );
  });

  test.runIf(linux).each([64, 4096, half, addon.length - 20_000])(
    'says that it is damaged when it is empty after %i bytes',
    (from) => {
      expect(messageOf(installed({ addon: zeroed(from) }))).toContain('The file is damaged');
    },
  );

  test.each([
    ['text', '<!DOCTYPE html><title>404</title>'.repeat(9)],
    ['zeros', new Uint8Array(5000)],
  ])('says that it is damaged when it consists of %s', (_, bytes) => {
    expect(messageOf(installed({ addon: bytes }))).toContain('The file is damaged');
  });
});

describe.runIf(linux)('the message about a file for another machine', () => {
  const patched = (offset: number, ...bytes: number[]) => {
    const copy = Buffer.from(addon);
    copy.set(bytes, offset);
    return copy;
  };
  const mach = Buffer.alloc(4096);
  mach.writeUInt32BE(0xcffaedfe, 0);
  mach.writeUInt32LE(0x0100000c, 4);
  const windows = Buffer.alloc(4096);
  windows.write('MZ');
  windows.writeUInt32LE(128, 60);
  windows.write('PE\0\0\x64\x86', 128, 'latin1');

  test.each([
    {
      what: 'another processor',
      bytes: patched(18, arch === 'x64' ? 183 : 62, 0),
      target: arch === 'x64' ? 'linux-arm64' : 'linux-x64',
    },
    {
      what: 'a 32-bit processor',
      bytes: patched(4, 1, 1, 1, ...Array(9).fill(0), 3, 0, 40, 0),
      target: 'linux-arm',
    },
    { what: 'a processor nobody knows', bytes: patched(18, 1, 1), target: 'linux-another processor' },
    { what: 'macOS', bytes: mach, target: 'darwin-arm64' },
    { what: 'Windows', bytes: windows, target: 'win32-x64' },
  ])('names its machine and asks for an installation on this one: $what', ({ bytes, target }) => {
    const message = messageOf(installed({ addon: bytes }));
    expect(message).toContain(
      `The file was made for ${target}: node_modules was copied from another machine`,
    );
    expect(message).toContain('Install on this machine: remove node_modules, then run npm ci');
  });
});

describe.runIf(glibc)('the message about libraries of the system', () => {
  test.each([
    { name: 'libstdc++.so.6', other: 'libstdc++.so.9' },
    { name: 'libgcc_s.so.1', other: 'libgcc_s.so.9' },
  ])('names $name when it is not there', ({ name, other }) => {
    const message = messageOf(installed({ addon: replaced(addon, name, other) }));
    expect(message).toContain(`\n  ${addonFile}: ${other}: cannot open shared object file`);
    expect(message).toContain(
      `The system has no ${other}, the C++ run-time library: apt-get install libstdc++6`,
    );
  });

  test('says that another library is not there', () => {
    const message = messageOf(installed({ addon: replaced(addon, 'libm.so.6', 'libz.so.0') }));
    expect(message).toContain('A library that the addon was built with is missing: install it again.');
  });

  test.each([
    { library: 'glibc', pattern: /GLIBC_2\.\d\d/, version: 'GLIBC_2.99' },
    { library: 'libstdc++', pattern: /GLIBCXX_3\.4\.\d\d/, version: 'GLIBCXX_3.4.99' },
    { library: 'libstdc++', pattern: /CXXABI_1\.3\.\d/, version: 'CXXABI_9.9.9' },
  ])(
    'says that $library is older than the binary when it lacks $version',
    ({ library, pattern, version }) => {
      const [needed = ''] = pattern.exec(addon.toString('latin1')) ?? [];
      const message = messageOf(installed({ addon: replaced(addon, needed, version) }));
      expect(message).toContain(
        `The binary needs ${version}, but this system's ${library} is older. Build it on this machine:`,
      );
    },
  );
});

const compiler = spawnSync('cc', ['--version']).status === 0;

describe.runIf(linux && compiler)('the message about another addon', () => {
  /** Compiles an addon without Node's headers, and returns its bytes. */
  function compiled(source: string): Buffer {
    const folder = newFolder();
    writeFileSync(join(folder, 'addon.c'), source);
    const { status, stderr } = spawnSync('cc', ['-shared', '-fPIC', '-o', 'addon.node', 'addon.c'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    return readFileSync(join(folder, 'addon.node'));
  }
  const register = 'void *napi_register_module_v1(void *env, void *exports) { return exports; }';

  test.each([
    {
      what: 'one with other exports',
      source: register,
      reason: /: not the addon of this version of blasnet: it does not export log, sin, cos and \d+ more\n/,
    },
    { what: 'one that is none', source: 'int nothing;', reason: /\.node: .+\n/ },
    {
      what: 'one that lacks a function',
      source: `extern int blasnet_nowhere(void); ${register} int f(void) { return blasnet_nowhere(); }`,
      reason: /\n/,
    },
  ])('says that it does not belong to this version: $what', ({ source, reason }) => {
    const message = messageOf(installed({ addon: compiled(source) }));
    expect(message).toMatch(reason);
    expect(message).toMatch(/not the one of this version of blasnet|lacks/);
  });
});

test.runIf(linux)('the message says so when the file may not be read', () => {
  const root = installed();
  chmodSync(join(root, addonFile), 0o600);
  // Runs as another user if the tests run as root, since root may read every file.
  if (process.getuid?.() !== 0) chmodSync(join(root, addonFile), 0);
  const message = messageOf(root, { nobody: true });
  expect(message).toContain(`\n  ${addonFile}: EACCES`);
  expect(message).toContain('The user of this process may not read the file');
});

test('the message names the flag that allows addons when they are not allowed', () => {
  const message = messageOf(installed(), { flags: ['--no-addons'] });
  expect(message).toContain('--allow-addons, and without --no-addons');
});

describe('a bundle', () => {
  function bundle(external: string[]): string {
    const root = installed();
    const app = dirname(dirname(root));
    writeFileSync(join(app, 'main.js'), `require('blasnet');`);
    const outfile = join(app, 'out/main.js');
    buildSync({ entryPoints: [join(app, 'main.js')], outfile, bundle: true, platform: 'node', external });
    return outfile;
  }

  test('says to mark blasnet as external when the addon is not next to it', () => {
    const file = bundle([]);
    rmSync(join(dirname(dirname(file)), 'node_modules/blasnet'), { recursive: true });
    const message = messageOf(file);
    expect(message).toContain('a bundler has put it into another file. Mark `blasnet` as external');
  });

  test('says to mark blasnet as external when its project has another addon', () => {
    const file = bundle([]);
    const project = dirname(dirname(file));
    writeFileSync(join(project, 'package.json'), '{ "name": "mine" }');
    cpSync(join(project, 'node_modules/blasnet/prebuilds'), join(project, 'prebuilds'), { recursive: true });
    writeFileSync(join(project, addonFile), 'mine');
    expect(messageOf(file)).toContain('a bundler has put it into another file. Mark `blasnet` as external');
  });

  test('works when it leaves blasnet out', () => {
    const file = bundle(['blasnet']);
    const script = `require(${JSON.stringify(file)}); console.log(require('node:fs').existsSync(${JSON.stringify(file)}))`;
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: 'true\n', stderr: '' });
  });
});

test('the message names the prebuilt addon that the environment names', () => {
  const root = installed({ addon: null });
  const elsewhere = installed({ addon: 'not an addon' });
  const message = messageOf(root, { env: { BLASNET_PREBUILD: elsewhere } });
  expect(message).toContain(`\n  ${join(elsewhere, addonFile)}: `);
  rmSync(join(root, 'package.json'));
  renameSync(elsewhere, join(dirname(elsewhere), 'moved'));
  expect(messageOf(join(root, 'dist'))).toContain('Mark `blasnet` as external');
});

test('the message names the prebuilt addons that there are', () => {
  const message = messageOf(installed({ addon: 'not an addon' }));
  expect(message).toContain(`Prebuilt binaries there: ${own}.`);
});
