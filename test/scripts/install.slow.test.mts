// Runs scripts/install.mjs in the package that `npm pack` makes, as package managers do. One test compiles; in the
// others a program replaces cmake-js.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostTarget, prebuiltFile } from '../../scripts/release/targets.mjs';
import { modules, pack, run } from '../support/packed.mjs';
import { newFolder, write } from '../support/scratch.js';

const host = hostTarget();
const prebuilt = host ? prebuiltFile(host) : '';

const home = mkdtempSync(join(tmpdir(), 'blasnet-install-'));
afterAll(() => rmSync(home, { recursive: true }));

let tarball: string;
beforeAll(() => {
  tarball = pack(home);
});

/** The program copies the prebuilt addon to the place where cmake-js leaves the addon that it built. */
const standIn = `
  const { copyFileSync, mkdirSync } = require('node:fs');
  const out = process.argv[process.argv.indexOf('--out') + 1];
  require('node:module').createRequire(out).resolve('node-addon-api');
  mkdirSync(out + '/Release', { recursive: true });
  copyFileSync(__dirname + '/../addon.node', out + '/Release/blasnet.node');`;

/** A project whose package manager hides the packages from one another, in folders with spaces. */
class Project {
  readonly home = realpathSync(newFolder());
  readonly folder = join(this.home, 'my project');
  readonly store = join(this.home, 'the store/node_modules');
  readonly package = join(this.store, 'blasnet');
  readonly bin = join(this.home, 'bin');
  readonly prefix = join(this.home, 'prefix');

  constructor({ tools = ['cmake', 'c++', 'make'] } = {}) {
    mkdirSync(this.package, { recursive: true });
    run('tar', ['-xzf', tarball, '-C', this.package, '--strip-components=1'], this.home);
    cpSync(join(modules, 'node-gyp-build'), join(this.store, 'node-gyp-build'), { recursive: true });
    mkdirSync(this.folder);
    for (const name of tools) write(this.bin, name, '', 0o755);
  }

  /** Puts a cmake-js and a node-addon-api into a folder's node_modules. */
  stubCmakeJs(root: string, program = standIn): void {
    const files = join(root, 'node_modules');
    write(files, 'node-addon-api/package.json', '{}');
    write(files, 'node-addon-api/index.js');
    write(files, 'cmake-js/bin/cmake-js', program);
    copyFileSync(join(this.package, prebuilt), join(files, 'cmake-js/addon.node'));
  }

  removePrebuilt(): void {
    rmSync(join(this.package, 'prebuilds'), { recursive: true });
  }

  runScript({ env = {}, uid }: { env?: NodeJS.ProcessEnv; uid?: number } = {}) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/install.mjs'], {
      cwd: this.package,
      encoding: 'utf8',
      env: { PATH: this.bin, INIT_CWD: this.folder, npm_config_global_prefix: this.prefix, ...env },
      ...(uid === undefined ? {} : { uid }),
    });
    return { status, stdout: stdout.replace(/\.*\d+\.\d s/, '0.0 s'), stderr };
  }

  /** The files in build/, from which the library now takes the addon. */
  get built(): string[] {
    const build = join(this.package, 'build');
    return existsSync(build) ? readdirSync(build, { recursive: true, encoding: 'utf8' }).sort() : [];
  }

  use(): string {
    const script = "console.log(require('blasnet').makeMoons({ samples: 4, seed: 1 }).X.rows)";
    return run(process.execPath, ['-e', script], this.folder, { NODE_PATH: this.store });
  }
}

/** A program that CMake calls with each compiler's command. */
function oneTarget(project: Project): string {
  write(project.bin, 'one-target', '#!/bin/sh\nexec "$@" -DHWY_COMPILE_ONLY_STATIC\n', 0o755);
  return join(project.bin, 'one-target');
}

const silent = { status: 0, stdout: '', stderr: '' };
const compiled = { status: 0, stdout: 'Compiling blasnet ... 0.0 s\n', stderr: '' };
const whatIsBuilt = ['Release', 'Release/blasnet.node'];

/** Every failure begins with this. */
const headline = `blasnet could not be installed on ${process.platform}-${process.arch}`;

test('where the prebuilt addon loads, nothing is said and nothing compiled', () => {
  const project = new Project({ tools: [] });
  expect(project.runScript()).toEqual(silent);
  expect(project.built).toEqual([]);
  expect(project.use()).toBe('4\n');
});

test('nothing is done in a checkout', () => {
  const project = new Project();
  project.removePrebuilt();
  mkdirSync(join(project.package, 'lib'));
  expect(project.runScript({ env: { npm_config_build_from_source: 'true' } })).toEqual(silent);
  expect(project.built).toEqual([]);
});

test('the addon that cmake-js compiles works where none is prebuilt', { timeout: 600_000 }, () => {
  const project = new Project();
  project.removePrebuilt();
  const mine = join(project.folder, 'node_modules');
  mkdirSync(mine);
  for (const name of ['cmake-js', 'node-addon-api']) symlinkSync(join(modules, name), join(mine, name));
  const { PATH, CXX, CMAKE_PREFIX_PATH } = process.env;
  // For one kind of processor: npm run build:native compiles these sources for the others.
  const launcher = process.platform === 'win32' ? {} : { CMAKE_CXX_COMPILER_LAUNCHER: oneTarget(project) };
  expect(project.runScript({ env: { PATH, CXX, CMAKE_PREFIX_PATH, ...launcher } })).toEqual(compiled);
  expect(project.built).toEqual(whatIsBuilt);
  expect(project.use()).toBe('4\n');
});

describe('cmake-js', () => {
  test.each([
    ['beside the package', (project: Project) => dirname(project.store)],
    ['in the project that installs', (project: Project) => project.folder],
    [
      'among what is installed globally',
      (project: Project) => (process.platform === 'win32' ? project.prefix : join(project.prefix, 'lib')),
    ],
  ])('is found %s', (_name, place) => {
    const project = new Project();
    project.stubCmakeJs(place(project));
    project.removePrebuilt();
    expect(project.runScript()).toEqual(compiled);
    expect(project.built).toEqual(whatIsBuilt);
  });
});

test.each(['true', 'blasnet', 'sharp,blasnet'])('build_from_source=%s compiles in any case', (value) => {
  const project = new Project();
  project.stubCmakeJs(project.folder);
  expect(project.runScript({ env: { npm_config_build_from_source: value } })).toEqual(compiled);
  expect(project.built).toEqual(whatIsBuilt);
});

test('build_from_source of another package is not ours', () => {
  const project = new Project();
  project.stubCmakeJs(project.folder);
  expect(project.runScript({ env: { npm_config_build_from_source: 'sharp' } })).toEqual(silent);
});

describe('an addon that does not load', () => {
  test('is replaced when it is no addon', () => {
    const project = new Project();
    project.stubCmakeJs(project.folder);
    write(project.package, prebuilt, 'not a library');
    expect(project.runScript()).toEqual(compiled);
    expect(project.use()).toBe('4\n');
  });

  test.runIf(process.platform === 'linux')('is replaced when it kills the process that loads it', () => {
    const project = new Project();
    project.stubCmakeJs(project.folder);
    const source = '#include <cstdlib>\n__attribute__((constructor)) static void crash() { abort(); }\n';
    write(project.home, 'crash.cc', source);
    const args = ['-shared', '-fPIC', '-o', join(project.package, prebuilt), 'crash.cc'];
    run(process.env.CXX ?? 'c++', args, project.home);
    expect(project.runScript()).toEqual(compiled);
    expect(project.use()).toBe('4\n');

    const without = new Project({ tools: [] });
    copyFileSync(join(project.package, prebuilt), join(without.package, prebuilt));
    expect(without.runScript().stderr).toContain(
      '\nThe prebuilt addon does not load: SIGABRT ended the process that loaded it.\n',
    );
  });
});

describe('the message about a missing addon', () => {
  test('says that the tools are missing', () => {
    const project = new Project({ tools: [] });
    project.removePrebuilt();
    const { status, stdout, stderr } = project.runScript();
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    const lines = stderr.split('\n');
    const libc = process.platform === 'linux' ? ' \\((glibc \\d+\\.\\d+|musl)\\)' : '';
    expect(lines[0]).toMatch(new RegExp(`^${headline}${libc}, Node ${process.version}\\.$`));
    expect(lines[1]).toMatch(
      new RegExp(
        `^The prebuilt addon does not load: No native build was found for platform=${process.platform} `,
      ),
    );
    const tools = process.platform === 'win32' ? 'CMake' : 'CMake, a C\\+\\+ compiler, Make';
    expect(lines[2]).toMatch(
      new RegExp(`^To compile it, this is missing: ${tools}, cmake-js, node-addon-api\\.$`),
    );
    expect(stderr).toMatch(/ npm install cmake-js node-addon-api\n\nThen install blasnet again\.\n$/);
    if (existsSync('/etc/debian_version')) {
      expect(stderr).toContain(
        'apt-get update && apt-get install -y --no-install-recommends cmake g++ make\n',
      );
    }
    expect(project.built).toEqual([]);
  });

  test('says that only npm packages are missing', () => {
    const project = new Project();
    const { status, stderr } = project.runScript({ env: { npm_config_build_from_source: 'true' } });
    expect(status).toBe(1);
    expect(stderr.split('\n').slice(1)).toEqual([
      'The option build_from_source asks to compile it.',
      'To compile it, this is missing: cmake-js, node-addon-api.',
      'Add to the project, or with -g to the machine:',
      '',
      '  npm install cmake-js node-addon-api',
      '',
      'Then install blasnet again.',
      '',
    ]);
  });

  test('says what the compiler said when it fails', () => {
    const project = new Project();
    project.stubCmakeJs(project.folder, "console.log('addon.cc:7: error: no'); process.exit(3);");
    project.removePrebuilt();
    const { status, stdout, stderr } = project.runScript();
    expect({ status, stdout }).toEqual({ status: 1, stdout: 'Compiling blasnet ... failed\n' });
    expect(stderr).toMatch(/\nCompiling it failed:\n\naddon\.cc:7: error: no\n.*: exit status 3\n$/s);
    expect(stderr).toMatch(new RegExp(`^${headline}`));
    expect(project.built).toEqual([]);
  });

  test('says that the compiled addon does not load', () => {
    const project = new Project();
    project.stubCmakeJs(project.folder);
    write(project.folder, 'node_modules/cmake-js/addon.node', 'not a library');
    const { status, stderr } = project.runScript({ env: { npm_config_build_from_source: 'true' } });
    expect(status).toBe(1);
    expect(stderr).toContain('\nThe compiled addon does not load either: ');
    expect(project.built).toEqual([]);
    expect(project.use()).toBe('4\n'); // from the prebuilt addon: build/ would take precedence
  });
});

// npm usually runs as another user than root.
const other = process.getuid?.() === 0 ? 65534 : undefined;
const canRun = spawnSync(process.execPath, ['--version'], other ? { uid: other } : {}).status === 0;

test.skipIf(process.platform === 'win32' || !canRun)('compiling takes no rights', () => {
  const project = new Project();
  project.stubCmakeJs(project.folder);
  project.removePrebuilt();
  chmodSync(project.home, 0o755);
  if (other) run('chown', ['-R', String(other), project.home], project.home);
  expect(project.runScript(other ? { uid: other } : {})).toEqual(compiled);
});

test('the prebuilt addon serves where --ignore-scripts leaves the script out', () => {
  const project = new Project({ tools: [] });
  write(project.folder, 'package.json', '{ "private": true }');
  const packages = [tarball, join(modules, 'node-gyp-build')];
  const options = ['--offline', '--install-links', '--ignore-scripts', '--no-audit', '--no-fund'];
  run('npm', ['install', ...options, ...packages], project.folder);
  expect(run(process.execPath, ['-p', "typeof require('blasnet').Network"], project.folder)).toBe(
    'function\n',
  );
});
