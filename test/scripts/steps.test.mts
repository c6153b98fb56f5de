import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { dueSteps, foldersWithPackages, packagesDue, perform } from '../../scripts/steps.mjs';
import { newFolder, write } from '../support/scratch.js';

const checkout = fileURLToPath(new URL('../..', import.meta.url));

describe('a step', () => {
  const step = {
    title: 'Copying',
    script: 'copy',
    inputs: ['from', 'one.txt'],
    output: 'to/all.txt',
    needs: [],
  };
  let root: string;
  const build = () => write(root, step.output);
  const due = () => dueSteps(root, [step]).length === 1;

  beforeEach(() => {
    root = newFolder();
    write(root, 'one.txt', '1');
    write(root, 'from/two.txt', '2');
    write(root, 'from/deeper/three.txt', '3');
    expect(due()).toBe(true);
    perform(root, step, build);
    expect(due()).toBe(false);
  });

  test.each([
    ['an edited file', () => write(root, 'from/deeper/three.txt', '4')],
    ['a new file', () => write(root, 'from/deeper/new.txt')],
    ['a removed file', () => rmSync(join(root, 'from/two.txt'))],
    ['a removed folder', () => rmSync(join(root, 'from'), { recursive: true })],
    ['a missing output', () => rmSync(join(root, step.output))],
    ['a forgotten stamp', () => rmSync(join(root, 'build'), { recursive: true })],
  ])('is due after %s', (_name, change) => {
    change();
    expect(due()).toBe(true);
  });

  test('is not due after the same content was written again, nor after a build wrote among its inputs', () => {
    write(root, 'from/two.txt', '2');
    write(root, 'from/dist/bundle.js');
    expect(due()).toBe(false);
  });

  test('is due after another commit when the commit is in its output', () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@b.c', ...args], { cwd: root });
    git('init', '--quiet');
    git('commit', '--quiet', '--allow-empty', '-m', 'one');
    const naming = { ...step, namesCommit: true };
    perform(root, naming, build);
    perform(root, { ...step, script: 'other' }, build);
    git('commit', '--quiet', '--allow-empty', '-m', 'two');
    const due = dueSteps(root, [naming, { ...step, script: 'other' }]).map(({ script }) => script);
    expect(due).toEqual(['copy']);
  });

  test('builds an edit during the build the next time', () => {
    perform(root, step, () => {
      build();
      write(root, 'one.txt', 'later');
    });
    expect(due()).toBe(true);
  });

  test('leaves nothing that counts as done when its build fails half-way, not even of the sources before', () => {
    write(root, 'one.txt', 'broken');
    const failing = () => {
      write(root, step.output, 'half');
      throw new Error('interrupted');
    };
    expect(() => perform(root, step, failing)).toThrow('interrupted');
    write(root, 'one.txt', '1');
    expect(due()).toBe(true);
  });

  test('has its old output removed while it runs', () => {
    perform(root, step, () => {
      expect(existsSync(join(root, step.output))).toBe(false);
      build();
    });
  });
});

describe('npm ci', () => {
  const locked = {
    '': { version: '1.0.0' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/b': { version: '1.0.0', integrity: 'sha512-b', optional: true },
  };
  const dueWith = (installed?: object) => {
    const root = newFolder();
    write(root, 'package-lock.json', JSON.stringify({ packages: locked }));
    if (installed) write(root, 'node_modules/.package-lock.json', JSON.stringify({ packages: installed }));
    return packagesDue(root);
  };
  const { '': _self, ...all } = locked;
  const { 'node_modules/b': b, ...required } = all;

  test.each([
    { what: 'nothing is installed', installed: undefined, due: true },
    { what: 'all is installed', installed: all, due: false },
    { what: 'an optional package is made for another platform', installed: required, due: false },
    { what: 'a package is missing', installed: { 'node_modules/b': b }, due: true },
    {
      what: 'a version differs',
      installed: { ...all, 'node_modules/a': { ...all['node_modules/a'], version: '1.0.1' } },
      due: true,
    },
    {
      what: 'a content differs',
      installed: { ...all, 'node_modules/a': { ...all['node_modules/a'], integrity: 'x' } },
      due: true,
    },
    {
      what: 'an optional version differs',
      installed: { ...required, 'node_modules/b': { ...b, version: '2.0.0' } },
      due: true,
    },
  ])('is due: $due, when $what', ({ installed, due }) => {
    expect(dueWith(installed)).toBe(due);
  });

  test('is not due in this checkout and its examples, whose tests are running', () => {
    const examples = foldersWithPackages(checkout);
    expect(examples).toContain('examples/server');
    expect(['.', ...examples].filter((folder) => packagesDue(join(checkout, folder)))).toEqual([]);
  });

  test('is not due for another version of the checkout, to which an example has a link', () => {
    const root = newFolder();
    const link = { 'node_modules/blasnet': { resolved: '../..', link: true } };
    const at = (version: string) => JSON.stringify({ packages: { '../..': { version }, ...link } });
    write(root, 'package-lock.json', at('1.0.0'));
    write(root, 'node_modules/.package-lock.json', at('1.1.0'));
    expect(packagesDue(root)).toBe(false);
  });
});
