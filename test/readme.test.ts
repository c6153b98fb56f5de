// README.md and docs/ are true: their snippets run unchanged and print what their comments say, and their commands and
// links exist. The tests in docs/ compare their tables with the library.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as library from '../lib/index';
import { anchorsOf, blocksOf, codeIn, pages, proseOf, read, root } from './docs/markdown';
import { newFolder } from './support/scratch';

const blocks = pages.flatMap((page) =>
  blocksOf(read(page)).map((block, i) => ({ page, number: i + 1, ...block })),
);

/** A user's folder, with the package of this checkout as its dependency, and with the table of the examples. */
function project(): string {
  const folder = newFolder();
  copyFileSync(join(root, 'examples/tables/credit.csv.gz'), join(folder, 'credit.csv.gz'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/blasnet'), 'junction');
  return folder;
}

describe('snippets', () => {
  const snippets = blocks.filter(({ language }) => language === 'js');

  test('every code block is JavaScript or commands, so that none goes untested', () => {
    expect(blocks.filter(({ language }) => !['js', 'sh'].includes(language))).toEqual([]);
  });

  test('every page about the library has one', () => {
    const without = pages.filter((page) => !snippets.some((snippet) => snippet.page === page));
    expect(without).toEqual(['docs/README.md', 'docs/install.md', 'docs/speed.md']);
  });

  test.each(snippets)('$page, block $number runs and prints what its comments say', ({ code }) => {
    const type = /^import /m.test(code) ? 'module' : 'commonjs';
    const { status, stdout, stderr } = spawnSync(process.execPath, [`--input-type=${type}`, '-'], {
      cwd: project(),
      input: code,
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    const printed = stdout.trimEnd().split('\n');
    for (const expected of promised(code)) expect(printed).toContain(expected);
  });

  test.each(snippets)('$page, block $number promises something that it prints', ({ code }) => {
    expect(promised(code)).not.toEqual([]);
  });
});

describe('commands', () => {
  const lines = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.trim().split('\n'))
    .map((line) => line.replace(/ +#.*$/, ''));
  const inline = pages.flatMap((page) => codeIn(proseOf(read(page))));
  const commands = [...lines, ...inline.filter((code) => /^(npm|npx|node|pnpm|deno) /.test(code))];

  test('npm runs scripts of package.json', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: object };
    const names = commands.flatMap(
      (command) => /^npm (?:run ([\w:-]+)|(start|test))/.exec(command)?.slice(1) ?? [],
    );
    expect(names).toContain('start');
    const unknown = names.filter((name) => name !== undefined && !Object.keys(scripts).includes(name));
    expect(unknown).toEqual([]);
  });

  test('node runs files that are there, and expressions that work', () => {
    const ofNode = commands.filter((command) => command.startsWith('node '));
    expect(ofNode).not.toEqual([]);
    for (const command of ofNode) {
      const [, file] = /^node node_modules\/blasnet\/(\S+)$/.exec(command) ?? [];
      if (file !== undefined) {
        expect(existsSync(join(root, file)), command).toBe(true);
        continue;
      }
      const { status, stderr } = spawnSync(command, { cwd: project(), shell: true, encoding: 'utf8' });
      expect(status, command + stderr).toBe(0);
    }
  });

  test('every other command is one that is known', () => {
    const others = commands.filter((command) => !/^(npm (start|test|run) ?|node )/.test(command));
    const known =
      /^(npm (install( blasnet)?|pack)|npx cmake-js compile( --CD\w+=\S+)+|npx blasnet doctor|pnpm approve-builds|deno run .*)$/;
    const { peerDependencies } = JSON.parse(read('package.json')) as { peerDependencies: object };
    const peers = Object.keys(peerDependencies).join('|');
    const optional = new RegExp(`^npm install( (${peers}))+$`);
    expect(others.filter((command) => !known.test(command) && !optional.test(command))).toEqual([]);
  });
});

describe('links', () => {
  const texts = [...pages, 'CONTRIBUTING.md', 'SECURITY.md', 'bench/README.md'];
  const links = texts.flatMap((page) =>
    [...proseOf(read(page)).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link]) => ({ page, link: link as string }))
      .filter(({ link }) => !/^https?:/.test(link)),
  );

  test('every relative link leads to a file of the checkout, and to a heading in it', () => {
    expect(links).not.toEqual([]);
    const dead = links.filter(({ page, link }) => {
      const [path = '', anchor] = link.split('#');
      const file = path === '' ? page : normalize(join(dirname(page), path));
      if (file.startsWith('..') || !existsSync(join(root, file))) return true;
      return anchor !== undefined && !anchorsOf(read(file)).includes(anchor);
    });
    expect(dead).toEqual([]);
  });

  test('the index and the README lead to every page of docs/', () => {
    const subjects = pages.filter((page) => !page.endsWith('README.md'));
    const leads = (from: string, page: string) =>
      links.some(({ page: own, link }) => own === from && normalize(join(dirname(own), link)) === page);
    expect(subjects.filter((page) => !leads('README.md', page))).toEqual([]);
    expect(subjects.filter((page) => !leads('docs/README.md', page))).toEqual([]);
  });
});

describe('what there is', () => {
  const code = pages.flatMap((page) => codeIn(proseOf(read(page))));
  const named = new Set(
    [...code, ...blocks.map((block) => block.code)].flatMap((text) => text.match(/\w+/g) ?? []),
  );

  test('every value that the library exports is named', () => {
    expect(Object.keys(library).filter((name) => !named.has(name))).toEqual([]);
  });

  test('every method of a network is named', () => {
    const { Network } = library;
    const members = [
      ...Object.getOwnPropertyNames(Network),
      ...Object.getOwnPropertyNames(Network.prototype),
    ];
    const names = members.filter((name) => !['length', 'name', 'prototype', 'constructor'].includes(name));
    expect(names.filter((name) => !named.has(name))).toEqual([]);
  });
});

describe('words', () => {
  test('the README has at most 170 lines', () => {
    expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(170);
  });

  test('no word stands for another one that has to be looked up', () => {
    const words = /\b(likewise|so many|whoever|but for|what is|what it|what there was)\b/i;
    const found = pages.flatMap((page) => {
      const lines = proseOf(read(page)).split('\n');
      return lines.filter((line) => words.test(line)).map((line) => `${page}: ${line}`);
    });
    expect(found).toEqual([]);
  });
});

test('the parts of blasnet are importable by their names', () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      "import { Network } from 'blasnet'; import * as f from 'blasnet/functional'; import { Table } from 'blasnet/tables'; import { Batcher, ModelSlot, checkRecord, httpStatus } from 'blasnet/serving'; new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }]); if (!(f.initLayers && Table && Batcher && ModelSlot && checkRecord && httpStatus)) throw 0;",
    ],
    { cwd: root, encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
});

/** The expected output: the comments after the console.log calls. */
function promised(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\)\)?; \/\/ (.+)$/gm)].map(([, text]) => text as string);
}
