// Installs the package of `npm pack` into a folder outside the checkout, without a network and without a compiler, and
// uses it there from Node and from TypeScript.

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileTrace } from '@vercel/nft';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mostBytes } from '../scripts/release/inspect.mjs';
import { recordFile } from '../scripts/release/record.mjs';
import { hostTarget, prebuiltFile, targets } from '../scripts/release/targets.mjs';
import { checkout, modules, pack, run as runIn } from './support/packed.mjs';
import { newFolder } from './support/scratch.js';

const home = realpathSync(mkdtempSync(join(tmpdir(), 'blasnet-package-')));
const installed = join(home, 'node_modules/blasnet');
afterAll(() => rmSync(home, { recursive: true }));

let tarball: string;
let packed: string[];

beforeAll(() => {
  tarball = pack(home);
  const paths = run('tar', ['-tzf', tarball]).trim().split('\n');
  packed = paths.map((path) => path.replace(/^package\//, ''));

  writeFileSync(join(home, 'package.json'), '{ "name": "user", "private": true }');
  // The one dependency comes from the checkout, since there is no network to ask.
  const dependency = join(modules, 'node-gyp-build');
  run('npm', ['install', '--offline', '--install-links', '--no-audit', '--no-fund', tarball, dependency]);
});

function run(command: string, args: string[]): string {
  return runIn(command, args, home);
}

test('the package holds the library, this platform’s addon, its sources, and nothing else', () => {
  const prebuilt = packed.filter((path) => path.startsWith('prebuilds/')).sort();
  const built = targets.filter((target) => existsSync(join(checkout, prebuiltFile(target))));
  expect(built).toContain(hostTarget());
  expect(prebuilt).toEqual(built.flatMap((target) => [recordFile(target), prebuiltFile(target)]).sort());
  for (const path of [
    'index.js',
    'index.mjs',
    'index.d.ts',
    'functional.js',
    'functional.mjs',
    'functional.d.ts',
  ]) {
    expect(packed).toContain(`dist/${path}`);
  }
  const scripts = ['install', 'requirements', 'run'].map((name) => `scripts/${name}.mjs`);
  const texts = ['README.md', 'LICENSE', 'CHANGELOG.md', 'THIRD-PARTY-NOTICES.md'];
  for (const path of ['CMakeLists.txt', 'native/addon.cc', 'native/exports.map', ...texts, ...scripts]) {
    expect(packed).toContain(path);
  }
  const expected =
    /^(dist\/.*\.(m?js|d\.ts)|native\/.*\.(cc|h|map)|prebuilds\/.*|CMakeLists\.txt|[A-Z-]+\.md|LICENSE|package\.json)$/;
  expect(packed.filter((path) => !expected.test(path)).sort()).toEqual(scripts);
});

test('the package is small, and takes one package at run time', () => {
  const addons = packed.filter((path) => path.endsWith('.node'));
  const sizes = addons.map((path) => statSync(join(installed, path)).size);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(mostBytes);
  expect(statSync(tarball).size).toBeLessThanOrEqual(6e6);

  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  expect(Object.keys(dependencies)).toEqual(['node-gyp-build']);
  const { packages } = JSON.parse(readFileSync(join(home, 'node_modules/.package-lock.json'), 'utf8'));
  expect(Object.keys(packages)).toEqual(['node_modules/blasnet', 'node_modules/node-gyp-build']);
  expect(existsSync(join(installed, 'build'))).toBe(false);
});

test('packing again gives the same bytes', () => {
  expect(readFileSync(pack(newFolder())).equals(readFileSync(tarball))).toBe(true);
});

test('publint finds nothing', () => {
  // Its exit status reports only errors.
  expect(run(process.execPath, [join(modules, 'publint/src/cli.js'), tarball])).toContain('All good!');
});

test('the types are right by are-the-types-wrong', () => {
  run(process.execPath, [join(modules, '@arethetypeswrong/cli/dist/index.js'), tarball]);
});

// A network of 2-3-1 that trains for one epoch; prints the loss, and where the addon came from.
const use = `
  const { X, Y } = makeMoons({ samples: 20, noise: 0.2, seed: 100 });
  const net = new Network(
    [
      { inputDim: 2, outputDim: 3, activation: 'relu' },
      { inputDim: 3, outputDim: 1, activation: 'sigmoid' },
    ],
    { seed: 2 },
  );
  const loss: number | undefined = net.fitSync(X, Y, { epochs: 1, optimizer: sgd({ learningRate: 0.1 }) }).loss[0];
  const W1: Float64Array | Float32Array = initLayers(net.architecture, 2).W1.data;
`;
const javascript = use.replace(/(const \w+): [^=]+=/g, '$1 =');
const print = 'console.log(JSON.stringify({ finite: Number.isFinite(loss), weights: W1.length, same }));';

const works = { finite: true, weights: 6, same: true };

const commonJs = `
  const { Network, functional, makeMoons, sgd } = require('blasnet');
  const { initLayers } = require('blasnet/functional');
  const same = functional.initLayers === initLayers;`;

const esm = `
  import { functional, makeMoons, Network, sgd } from 'blasnet';
  import { initLayers } from 'blasnet/functional';
  const same = functional.initLayers === initLayers;`;

test.each([
  { what: 'require', file: 'user.cjs', imports: commonJs },
  { what: 'import', file: 'user.mjs', imports: esm },
  {
    what: 'the default import',
    file: 'user-default.mjs',
    imports: `import blasnet from 'blasnet';
     import { Network as sameNetwork } from 'blasnet';
     const { functional: { initLayers }, makeMoons, Network, sgd } = blasnet;
     const same = Network === sameNetwork;`,
  },
])('$what gives a library that works', ({ file, imports }) => {
  writeFileSync(join(home, file), `${imports}\n${javascript}\n${print}`);
  expect(JSON.parse(run(process.execPath, [file]))).toEqual(works);
});

test('the addon that runs is the one in the package', () => {
  const script = "console.log(require('node-gyp-build').path('node_modules/blasnet'))";
  const loaded = run(process.execPath, ['-e', script]).trim();
  expect(loaded).toContain(join(installed, 'prebuilds'));
});

describe('a bundle by esbuild', () => {
  const bundle = (app: string, external: string[]) =>
    build({
      stdin: { contents: `${esm}\n${javascript}\n${print}`, resolveDir: home },
      bundle: true,
      platform: 'node',
      logLevel: 'silent',
      outfile: join(app, 'dist/app.cjs'),
      external,
    });

  test('runs with blasnet outside', async () => {
    await bundle(home, ['blasnet']);
    expect(JSON.parse(run(process.execPath, ['dist/app.cjs']))).toEqual(works);
  });

  test('runs with nothing outside but the addon', async () => {
    const app = newFolder();
    await bundle(app, []);
    cpSync(join(installed, 'prebuilds'), join(app, 'prebuilds'), { recursive: true });
    expect(JSON.parse(runIn(process.execPath, ['dist/app.cjs'], app))).toEqual(works);
  });
});

test('the files that a file tracer finds run in another folder', async () => {
  writeFileSync(join(home, 'traced.cjs'), `${commonJs}\n${javascript}\n${print}`);
  const { fileList } = await nodeFileTrace([join(home, 'traced.cjs')], { base: home });
  expect([...fileList].filter((file) => file.endsWith('.node'))).toHaveLength(1);
  const service = newFolder();
  for (const file of fileList) cpSync(join(home, file), join(service, file), { recursive: true });
  expect(JSON.parse(runIn(process.execPath, ['traced.cjs'], service))).toEqual(works);
});

test('what package.json does not export cannot be reached', () => {
  const script = "require('blasnet/dist/native.js')";
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: home, encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
});

describe('TypeScript', () => {
  const imports = `import { makeMoons, Network, sgd } from 'blasnet';\nimport { initLayers } from 'blasnet/functional';`;

  beforeAll(() => {
    symlinkSync(join(modules, '@types'), join(home, 'node_modules/@types'));
    symlinkSync(join(modules, 'undici-types'), join(home, 'node_modules/undici-types'));
  });

  // Without skipLibCheck, TypeScript also checks the packed declarations, under stricter rules than ours.
  const compileBy = (version: string, file: string, ...options: string[]) =>
    spawnSync(
      process.execPath,
      [join(modules, version, 'bin/tsc'), '--strict', '--target', 'es2022', ...options, file],
      { cwd: home, encoding: 'utf8' },
    );

  const compile = (file: string, ...options: string[]) =>
    compileBy('typescript', file, '--types', 'node', ...options);

  test.each(['typescript-5.0', 'typescript-5.4'])('%s compiles a program, too', (version) => {
    writeFileSync(join(home, 'user.mts'), `${imports}\n${use}\nexport { loss, W1 };\n`);
    const { status, stdout } = compileBy(
      version,
      'user.mts',
      '--noEmit',
      '--module',
      'node16',
      '--types',
      'node',
    );
    expect(status, stdout).toBe(0);
  });

  test.each([
    { what: 'a CommonJS module', file: 'user.cts', options: ['--module', 'node16'] },
    { what: 'an ES module', file: 'user.mts', options: ['--module', 'node16'] },
    {
      what: 'what a bundler takes',
      file: 'user.ts',
      options: ['--module', 'esnext', '--moduleResolution', 'bundler'],
    },
  ])('compiles $what with the right types', ({ file, options }) => {
    writeFileSync(join(home, file), `${imports}\n${use}\nexport { loss, W1 };\n`);
    const { status, stdout } = compile(file, '--noEmit', ...options);
    expect(status, stdout).toBe(0);
  });

  test('refuses wrong types', () => {
    writeFileSync(join(home, 'wrong.mts'), `${imports}\nnew Network('2-3-1');\n`);
    const { status, stdout } = compile('wrong.mts', '--noEmit', '--module', 'node16');
    expect(status).not.toBe(0);
    expect(stdout).toMatch(/wrong\.mts\(3,\d+\): error TS2345/);
  });
});
