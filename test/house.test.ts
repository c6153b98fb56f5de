// The rules of the house that a program can check: `npm run check`, who may import what, and how long a file gets.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(__dirname, '..');

describe('npm run check', () => {
  test.each(['check:types', 'check:style', 'check:native'])('%s', { timeout: 120_000 }, (script) => {
    const { status, stdout, stderr } = spawnSync('npm', ['run', script], { cwd: root, encoding: 'utf8' });
    expect(status, stdout + stderr).toBe(0);
  });
});

describe('who imports what', () => {
  const nodeHeaders = /#include [<"](napi|node_api|js_native_api|node|uv|v8)\.h|\bNapi::|\bnapi_/;

  test('kernels and engine know nothing of Node', () => {
    expect(linesWith(nodeHeaders, filesUnder('native/kernels', 'native/engine'))).toEqual([]);
  });

  test('nothing in native/ includes what is above it', () => {
    expect(linesWith(/#include "(engine|binding)\//, filesUnder('native/kernels'))).toEqual([]);
    expect(linesWith(/#include "binding\//, filesUnder('native/engine'))).toEqual([]);
  });

  test('lib/load.ts alone loads the addon, for lib/native.ts alone', () => {
    const users = filesUnder('lib').filter((file) => importsOf(file).includes('lib/load.ts'));
    expect(users).toEqual(['lib/native.ts']);
    const others = filesUnder('lib').filter((file) => file !== 'lib/load.ts');
    expect(linesWith(/from 'node-gyp-build'|dlopen|require\(.*\.node'/, others)).toEqual([]);
  });

  test('no module of lib/ depends on itself through others', () => {
    const imports = new Map(filesUnder('lib').map((file) => [file, importsOf(file)]));
    const cycles: string[] = [];
    const done = new Set<string>();
    const visit = (file: string, path: string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (path.includes(file) || done.has(file)) return;
      for (const next of imports.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of imports.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });
});

test('package-lock.json holds what every platform needs, or npm ci stops on the others', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
    Object.keys(optionalDependencies),
  );
  const locked = Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, ''));
  expect(wanted.filter((name) => !locked.includes(name))).toEqual([]);
});

test('a file has one subject: 450 lines at most', () => {
  const files = filesUnder('lib', 'native', 'scripts', 'test', 'examples');
  expect(files.filter((file) => read(file).split('\n').length > 450)).toEqual([]);
});

/** The source files below some folders, by their path from the root. */
function filesUnder(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return ['dist', 'fixtures'].includes(entry.name) ? [] : filesUnder(path);
      return /\.(ts|mts|mjs|cc|h|css|html)$/.test(entry.name) ? [path] : [];
    }),
  );
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

function linesWith(pattern: RegExp, files: string[]): string[] {
  expect(files).not.toEqual([]); // a folder that moved would pass
  return files.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
  );
}

/** The modules of lib/ that a module of lib/ needs when it runs; types are needed by the compiler only. */
function importsOf(file: string): string[] {
  const statements = read(file).matchAll(/^(?:import|export) (?!type )(?:[^;]*? from )?'(\.[^']*)'/gm);
  return [...statements].map(([statement, specifier = '']) => {
    const path = relative(root, join(root, dirname(file), specifier));
    const found = [`${path}.ts`, `${path}/index.ts`].find((candidate) => existsSync(join(root, candidate)));
    if (found === undefined) throw new Error(`${file}: ${statement} names no file`);
    return found;
  });
}
