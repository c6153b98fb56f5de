// The project's rules that a program can check: `npm run check`, the allowed imports, the names of tests, and the
// length of files.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(__dirname, '..');

const contributing = read('CONTRIBUTING.md');

/** The floor of each room of lib/, from the table in CONTRIBUTING.md; index.ts is a room, too. */
const floorOf = new Map(
  [...contributing.matchAll(/^\| (\d+) \| `(\w+)(?:\.ts)?` \|/gm)].map(([, floor, room = '']) => [
    room,
    Number(floor),
  ]),
);

describe('npm run check', () => {
  test.each(['check:types', 'check:style', 'check:native'])('%s finds nothing', (script) => {
    const { status, stdout, stderr } = spawnSync('npm', ['run', script], { cwd: root, encoding: 'utf8' });
    expect(status, stdout + stderr).toBe(0);
  });
});

describe('the imports', () => {
  const nodeHeaders = /#include [<"](napi|node_api|js_native_api|node|uv|v8)\.h|\bNapi::|\bnapi_/;

  test('kernels and engine know nothing of Node', () => {
    expect(linesWith(nodeHeaders, filesUnder('native/kernels', 'native/engine'))).toEqual([]);
  });

  test('nothing in native/ includes a layer above its own', () => {
    expect(linesWith(/#include "(engine|binding)\//, filesUnder('native/kernels'))).toEqual([]);
    expect(linesWith(/#include "binding\//, filesUnder('native/engine'))).toEqual([]);
  });

  test('lib/addon/load.ts alone loads the addon, for lib/addon/binding.ts alone', () => {
    const users = filesUnder('lib').filter((file) => importsOf(file).includes('lib/addon/load.ts'));
    expect(users).toEqual(['lib/addon/binding.ts']);
    const others = filesUnder('lib').filter((file) => file !== 'lib/addon/load.ts');
    expect(linesWith(/from 'node-gyp-build'|dlopen|require\(.*\.node'/, others)).toEqual([]);
  });

  test('no module of lib/ depends on itself through others, types included', () => {
    expect(circles(new Map(filesUnder('lib').map((file) => [file, importsOf(file)])))).toEqual([]);
  });

  test('every room of lib/ imports only from floors below its own', () => {
    const files = filesUnder('lib');
    expect([...new Set(files.map(roomOf))].sort()).toEqual([...floorOf.keys()].sort());
    const upward = files.flatMap((file) =>
      importsOf(file)
        .filter((other) => roomOf(other) !== roomOf(file))
        .filter((other) => (floorOf.get(roomOf(other)) as number) >= (floorOf.get(roomOf(file)) as number))
        .map((other) => `${file} imports ${other}`),
    );
    expect(upward).toEqual([]);
  });

  test('every room of lib/ has its tests in a folder of its name', () => {
    const rooms = new Set(filesUnder('lib').map(roomOf));
    expect([...rooms].filter((room) => room !== 'index' && !existsSync(join(root, 'test', room)))).toEqual(
      [],
    );
  });
});

describe('CONTRIBUTING.md', () => {
  test('every path that it names exists', () => {
    const paths = [
      ...contributing.matchAll(/`((?:lib|native|test|docs|bench|scripts|examples)\/[\w./-]*)`/g),
    ];
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.map(([, path = '']) => path).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('every stop of fit is in the file that is named with it', () => {
    const stops = [
      ...contributing.matchAll(/\b(\w+)(?:(?:::|\.|, )(\w+))? +((?:lib|native)\/[\w/-]+\.(?:ts|cc))/g),
    ];
    expect(stops.length).toBeGreaterThan(9);
    const missing = stops.filter(([, first = '', second = '', file = '']) => {
      const words = new Set(read(file).match(/\w+/g));
      return !words.has(first) || (second !== '' && !words.has(second));
    });
    expect(missing.map(([stop]) => stop)).toEqual([]);
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

describe('the names of tests', () => {
  const files = filesUnder('test').filter((file) => /\.test\.m?ts$/.test(file));
  const named = files.flatMap((file) =>
    namesOf(read(file)).map(({ name, line }) => ({ name, where: `${file}:${line}: ${name}` })),
  );

  test('are all found by this check', () => {
    const tests = files.flatMap((file) => [...read(file).matchAll(/^ *(test|it)\b[.(]/gm)]);
    expect(named.length).toBe(tests.length);
  });

  test('do not go on from another name or from that of their group', () => {
    const goesOn = /^(and|but|nor|so|or|that|which|whose|who|of|by|with|without|from|also|too)\b/i;
    expect(named.filter(({ name }) => goesOn.test(name)).map(({ where }) => where)).toEqual([]);
  });

  test('have three words at least, or a value of their row and a word', () => {
    const short = named.filter(({ name }) => {
      const words = name.split(/\s+/);
      const values = words.filter((word) => /^["(]?[%$]\w/.test(word)).length;
      return values === 0 ? words.length < 3 : words.length - values < 1;
    });
    expect(short.map(({ where }) => where)).toEqual([]);
  });
});

test('no file has more than 450 lines, since it has one subject', () => {
  const files = filesUnder('lib', 'native', 'scripts', 'test', 'examples');
  expect(files.filter((file) => read(file).split('\n').length > 450)).toEqual([]);
});

/** Lists the source files below some folders, by their path from the root. */
function filesUnder(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory())
        return ['dist', 'fixtures', 'node_modules'].includes(entry.name) ? [] : filesUnder(path);
      return /\.(ts|mts|mjs|cc|h|css|html)$/.test(entry.name) ? [path] : [];
    }),
  );
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** Finds the names of a file's tests, as written: those of tables contain placeholders. */
function namesOf(text: string): { name: string; line: number }[] {
  const call = /(?:\b(?:test|it)|\))\(\s*(['"`])((?:\\.|(?!\1).)*)\1,\s*(?:async\b|\(|\{)/g;
  return [...text.matchAll(call)].flatMap(({ 2: name = '', index }) => {
    const before = text.slice(0, index);
    // A name after a table or a condition belongs to the last of these words.
    const [, subject] = [...text.slice(0, index + 4).matchAll(/^ *(describe|test|it)\b/gm)].at(-1) ?? [];
    if (subject === undefined || subject === 'describe') return [];
    return [{ name: name.replace(/\\(.)/g, '$1'), line: before.split('\n').length }];
  });
}

function linesWith(pattern: RegExp, files: string[]): string[] {
  expect(files).not.toEqual([]); // otherwise the test would pass for a folder that moved
  return files.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
  );
}

/** The modules of lib/ that a module of lib/ imports, for values or for types. */
function importsOf(file: string): string[] {
  const statements = read(file).matchAll(/^(?:import|export) (?:[^;]*? from )?'(\.[^']*)'/gm);
  return [...statements].map(([statement, specifier = '']) => {
    const path = relative(root, join(root, dirname(file), specifier));
    const found = [`${path}.ts`, `${path}/index.ts`].find((candidate) => existsSync(join(root, candidate)));
    if (found === undefined) throw new Error(`${file}: ${statement} names no file`);
    return found;
  });
}

/** The room of lib/network/network.ts is network, that of lib/index.ts is index. */
function roomOf(file: string): string {
  const [, room = ''] = file.split('/');
  return room.replace(/\.ts$/, '');
}

/** Finds the circles in a graph, as paths that end where they start. */
function circles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (node: string, path: string[]): void => {
    if (path.includes(node)) found.push([...path.slice(path.indexOf(node)), node].join(' -> '));
    if (path.includes(node) || done.has(node)) return;
    for (const next of edges.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of edges.keys()) visit(node, []);
  return found;
}

test('the bundle has ASCII alone: with one other letter, V8 would scan it as text of twice the size', () => {
  const bundle = readFileSync(join(root, 'dist/index.js'), 'latin1');
  expect(bundle.split('\n').filter((line) => /[\x80-\xff]/.test(line))).toEqual([]);
});
