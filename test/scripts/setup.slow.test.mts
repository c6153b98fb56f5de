// scripts/setup.mjs, run on small checkouts: the real scripts, npm and files, with builds that take no compiler.
// Programs on a PATH that holds nothing else replace the system's tools.

import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { executable, thisMachine } from '../../scripts/requirements.mjs';
import { buildSteps, prebuiltSteps, type Step, sanitizerSteps } from '../../scripts/steps.mjs';
import { newFolder, write } from '../support/scratch.js';

const machine = thisMachine();
const isRoot = process.getuid?.() === 0;

class Checkout {
  readonly root = newFolder();
  readonly bin = join(this.root, 'bin');

  constructor({ tools = ['cmake', 'c++', 'make'] } = {}) {
    cpSync(fileURLToPath(new URL('../../scripts', import.meta.url)), join(this.root, 'scripts'), {
      recursive: true,
    });
    const steps = [...buildSteps, ...prebuiltSteps, ...sanitizerSteps];
    const scripts = steps.map(({ script, output }) => [script, `node build.cjs ${script} ${output}`]);
    const dependencies = { dependency: 'file:dependency' };
    const itself = { name: 'scratch', version: '1.0.0', devDependencies: dependencies };
    this.write('package.json', JSON.stringify({ ...itself, scripts: Object.fromEntries(scripts) }));
    this.write('dependency/package.json', JSON.stringify({ name: 'dependency', version: '1.0.0' }));
    const packages = {
      '': itself,
      dependency: { version: '1.0.0', dev: true },
      'node_modules/dependency': { resolved: 'dependency', link: true },
    };
    this.write('package-lock.json', JSON.stringify({ ...itself, lockfileVersion: 3, packages }));
    this.write('native/addon.cc');
    this.write('lib/index.ts');
    this.write('build.cjs', builder);

    mkdirSync(this.bin);
    this.link('node', process.execPath);
    for (const name of ['npm', 'sh', 'env']) this.link(name, executable(machine, name) ?? '');
    for (const name of tools) this.tool(name, '');
  }

  write(file: string, content = ''): void {
    write(this.root, file, content);
  }

  read(file: string): string {
    return existsSync(join(this.root, file)) ? readFileSync(join(this.root, file), 'utf8') : '';
  }

  link(name: string, target: string): void {
    symlinkSync(target, join(this.bin, name));
  }

  /** Puts an executable on the path. */
  tool(name: string, program: string): void {
    write(this.bin, name, `#!${process.execPath}\n${program}`, 0o755);
  }

  /** Adds an example with packages of its own, which has a link to this checkout. */
  addExample(name: string): void {
    const itself = { name, version: '1.0.0', dependencies: { scratch: 'file:../..' } };
    const packages = {
      '': itself,
      '../..': { name: 'scratch', version: '1.0.0' },
      'node_modules/scratch': { resolved: '../..', link: true },
    };
    this.write(`examples/${name}/package.json`, JSON.stringify(itself));
    this.write(
      `examples/${name}/package-lock.json`,
      JSON.stringify({ ...itself, lockfileVersion: 3, packages }),
    );
  }

  setUp({
    goal = 'start',
    folders = [],
    env = {},
    uid,
  }: {
    goal?: string;
    folders?: string[];
    env?: NodeJS.ProcessEnv;
    uid?: number;
  } = {}) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/setup.mjs', goal, ...folders], {
      cwd: this.root,
      encoding: 'utf8',
      env: { PATH: this.bin, HOME: this.root, npm_config_offline: 'true', CI: 'true', ...env },
      ...(uid === undefined ? {} : { uid }),
    });
    const titles = stdout.split('\n').map((line) => line.replace(/( \.\.\. \.*\d+\.\d s|:)$/, ''));
    return { status, did: titles.filter(Boolean), stderr };
  }
}

/** Replaces cmake-js, tsc and esbuild; it fails half-way in the script that the file `broken` names. */
const builder = `
  const { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
  const [script, output] = process.argv.slice(2);
  mkdirSync(require('node:path').dirname(output), { recursive: true });
  writeFileSync(output, 'half');
  if (existsSync('broken') && readFileSync('broken', 'utf8') === script) {
    console.log('addon.cc:7: error: what the compiler said');
    process.exit(3);
  }
  writeFileSync(output, 'whole');
`;

const all = [
  'Installing the npm packages',
  'Building the native addon',
  'Building the library',
  'Building the examples',
];

test('a fresh checkout is installed and built, and then nothing is due', () => {
  const checkout = new Checkout();
  expect(checkout.setUp()).toEqual({ status: 0, did: all, stderr: '' });
  expect(existsSync(join(checkout.root, 'node_modules/dependency'))).toBe(true);
  expect(buildSteps.map(({ output }) => checkout.read(output))).toEqual(['whole', 'whole', 'whole']);

  rmSync(checkout.bin, { recursive: true }); // then no process can start
  expect(checkout.setUp()).toEqual({ status: 0, did: [], stderr: '' });
});

test('NODE_ENV=production installs what the builds need all the same', () => {
  const checkout = new Checkout();
  expect(checkout.setUp({ env: { NODE_ENV: 'production' } }).status).toBe(0);
  expect(existsSync(join(checkout.root, 'node_modules/dependency'))).toBe(true);
});

test('an edit of one part builds that part', () => {
  const checkout = new Checkout();
  checkout.setUp();
  checkout.write('lib/index.ts', 'export {};');
  expect(checkout.setUp()).toEqual({ status: 0, did: ['Building the library'], stderr: '' });
});

test('a new lock file installs and builds everything', () => {
  const checkout = new Checkout();
  checkout.setUp();
  checkout.write('dependency/package.json', JSON.stringify({ name: 'dependency', version: '1.0.1' }));
  checkout.write(
    'package-lock.json',
    checkout
      .read('package-lock.json')
      .replace(/"dependency":\{"version":"1.0.0"/, '"dependency":{"version":"1.0.1"'),
  );
  expect(checkout.setUp()).toEqual({ status: 0, did: all, stderr: '' });
});

test('a build that fails shows what it said, stops, and is due again', () => {
  const checkout = new Checkout();
  checkout.write('broken', 'build:native');
  const first = checkout.setUp();
  expect(first.status).toBe(1);
  expect(first.did).toEqual(['Installing the npm packages', 'Building the native addon ... failed']);
  expect(first.stderr).toContain('addon.cc:7: error: what the compiler said');
  expect(first.stderr).toContain('run build:native: exit status');

  rmSync(join(checkout.root, 'broken'));
  expect(checkout.setUp()).toEqual({ status: 0, did: all.slice(1), stderr: '' });
});

test('npm ci that fails shows what it said', () => {
  const checkout = new Checkout();
  checkout.write('package.json', checkout.read('package.json').replace('"dependency"', '"unlocked"'));
  const { status, did, stderr } = checkout.setUp();
  expect({ status, did }).toEqual({ status: 1, did: ['Installing the npm packages ... failed'] });
  expect(stderr).toContain('Missing: unlocked@');
});

test('the addon that is built needs no compiler any more', () => {
  const checkout = new Checkout();
  checkout.setUp();
  for (const name of ['cmake', 'c++', 'make']) rmSync(join(checkout.bin, name));
  checkout.write('lib/index.ts', 'export {};');
  expect(checkout.setUp()).toEqual({ status: 0, did: ['Building the library'], stderr: '' });
});

/** What the tests need. */
const tools = ['cmake', 'c++', 'make', 'xz', 'chromium', 'curl'];

describe('the goal', () => {
  const titles = (...steps: (readonly Step[])[]) => steps.flat().map(({ title }) => title);

  test.each([
    { goal: 'test', built: titles(buildSteps) },
    { goal: 'test:slow', built: titles(buildSteps, prebuiltSteps, sanitizerSteps) },
    { goal: 'pack', built: ['Building the library', ...titles(prebuiltSteps)] },
  ])('$goal has built what it needs, and nothing else', ({ goal, built }) => {
    const did = ['Installing the npm packages', ...built];
    expect(new Checkout({ tools }).setUp({ goal })).toEqual({ status: 0, did, stderr: '' });
  });
});

test('the packages of an example are installed when it starts, and those of all examples for tests', () => {
  const checkout = new Checkout({ tools });
  checkout.addExample('server');
  const title = 'Installing the npm packages of examples/server';
  expect(checkout.setUp().did).not.toContain(title);
  expect(checkout.setUp({ folders: ['examples/server'] })).toEqual({ status: 0, did: [title], stderr: '' });
  expect(existsSync(join(checkout.root, 'examples/server/node_modules/scratch'))).toBe(true);
  expect(checkout.setUp({ goal: 'test' })).toEqual({ status: 0, did: [], stderr: '' });
  rmSync(join(checkout.root, 'examples/server/node_modules'), { recursive: true });
  expect(checkout.setUp({ goal: 'test' })).toEqual({ status: 0, did: [title], stderr: '' });
});

test.each(['strat', 'toString', ''])('the unknown goal "%s" prints the usage', (goal) => {
  const { status, stderr } = new Checkout().setUp({ goal });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: 'Usage: node scripts/setup.mjs start | test | test:slow | pack [folders]\n',
  });
});

// The test needs a user without rights to write: root becomes nobody, if nobody can run this Node.
const other = isRoot ? { uid: 65534 } : {};
const canRun = spawnSync(process.execPath, ['--version'], other).status === 0;

test.skipIf(process.platform === 'win32' || !canRun)(
  'a checkout that cannot be written to is left alone',
  () => {
    const checkout = new Checkout();
    chmodSync(checkout.root, 0o555);
    const { status, did, stderr } = checkout.setUp(other);
    chmodSync(checkout.root, 0o755);
    expect({ status, did }).toEqual({ status: 1, did: [] });
    expect(stderr).toBe(`blasnet has to be built, but ${checkout.root}/ cannot be written to.\n`);
  },
);

describe.runIf(existsSync('/etc/debian_version'))('on Debian without the tools, the setup', () => {
  const update = 'env DEBIAN_FRONTEND=noninteractive apt-get update';
  const install =
    'env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends cmake g++ make';
  const sudo = isRoot ? '' : 'sudo -n ';

  function bareCheckout(aptGet: string): Checkout {
    const checkout = new Checkout({ tools: [] });
    checkout.tool('apt-get', `const { writeFileSync } = require('node:fs');\n${aptGet}`);
    checkout.tool(
      'sudo',
      `const [, command, ...args] = process.argv.slice(2);
       const { status } = require('node:child_process').spawnSync(command, args, { stdio: 'inherit' });
       process.exitCode = status;`,
    );
    return checkout;
  }

  test('installs them, then does the rest', () => {
    const checkout = bareCheckout(`
      if (process.argv[2] === 'install')
        for (const name of ['cmake', 'g++', 'make']) writeFileSync(__dirname + '/' + name, '', { mode: 0o755 });`);
    expect(checkout.setUp()).toEqual({ status: 0, did: [sudo + update, sudo + install, ...all], stderr: '' });
  });

  test('shows what apt-get said from its start when that fails, and builds nothing', () => {
    const checkout = bareCheckout(`
      const installs = process.argv[2] === 'install';
      console.error(installs ? 'E: Unable to locate package cmake' : 'W: Temporary failure resolving');
      process.exitCode = installs ? 100 : 0;`);
    const { status, did, stderr } = checkout.setUp();
    expect({ status, did }).toEqual({ status: 1, did: [sudo + update, `${sudo}${install} ... failed`] });
    expect(stderr).toBe(
      `W: Temporary failure resolving\nE: Unable to locate package cmake\n\n${sudo}${install}: exit status 100\n`,
    );
  });

  test('notices a success that installed nothing', () => {
    const { status, did, stderr } = bareCheckout('').setUp();
    expect({ status, did }).toEqual({ status: 1, did: [sudo + update, sudo + install] });
    expect(stderr).toBe('Installed, but still not found: CMake, a C++ compiler, Make.\n');
  });

  test('prints the command and runs nothing without the right to', () => {
    const checkout = bareCheckout('');
    checkout.tool('sudo', 'process.exitCode = 1;'); // it asks for a password
    if (isRoot) rmSync(join(checkout.bin, 'apt-get'));
    const { status, did, stderr } = checkout.setUp();
    expect({ status, did }).toEqual({ status: 1, did: [] });
    const by = isRoot ? '' : 'sudo ';
    expect(stderr).toBe(
      'Not found on this machine: CMake, a C++ compiler, Make.\nInstall with:\n\n' +
        `  ${by}apt-get update && ${by}apt-get install -y --no-install-recommends cmake g++ make\n\n` +
        'Then run the command again. (With --ignore-scripts npm skips this check.)\n',
    );
  });
});
