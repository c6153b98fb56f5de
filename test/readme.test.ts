// The README is true: its snippets run as they stand, print what their comments say, and its commands exist.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { activationNames } from '../lib/layers/activations';
import { lossNames } from '../lib/layers/losses';
import { metricNames } from '../lib/metrics/metric';
import * as optimizers from '../lib/optimizers/optimizers';
import * as schedules from '../lib/schedules';
import { newFolder } from './support/scratch';

const root = join(__dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, body]) => body as string,
  );
}

/** A user's folder, with the package of this checkout as its dependency. */
function project(): string {
  const folder = newFolder();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/blasnet'), 'junction');
  return folder;
}

describe('snippets', () => {
  const snippets = blocks('js');

  test('there are some', () => expect(snippets.length).toBeGreaterThan(5));

  test.each(snippets.map((code, i) => [i + 1, code] as const))('snippet %i', (_, code) => {
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

  test('every snippet promises something that it prints', () => {
    for (const code of snippets) expect(promised(code), code).not.toEqual([]);
  });
});

describe('tables and lists', () => {
  const factories = { ...optimizers };

  test.each([
    ['activations', activationNames],
    ['losses', lossNames],
    ['metrics', metricNames],
    ['schedules', Object.keys(schedules)],
  ])('all %s are named', (_, names) => {
    const code = [...readme.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text as string);
    const named = new Set(code.flatMap((text) => text.replace(/^schedules\./, '').replace(/\(.*/, '')));
    expect(names.filter((name) => !named.has(name))).toEqual([]);
  });

  test('the optimisers have the defaults that they say', () => {
    const rows = [...readme.matchAll(/^\| (`\w+`(?:, `\w+`)*) \| (\w+ [\d.e-]+(?:, \w+ [\w.-]+)*).*\|$/gm)];
    const told = rows.flatMap(([, names = '', defaults = '']) =>
      names.split(', ').map((name) => [name.slice(1, -1), defaults.split(', ')] as const),
    );
    expect(told.map(([name]) => name).sort()).toEqual(Object.keys(optimizers).sort());
    for (const [name, defaults] of told) {
      const made = factories[name as keyof typeof factories]() as unknown as Record<string, unknown>;
      for (const text of defaults) {
        const [option = '', value = ''] = text.split(' ');
        expect(made[option], `${name}'s ${option}`).toEqual(JSON.parse(value));
      }
    }
  });
});

test('blasnet/functional is importable by its name', () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      "import { Network } from 'blasnet'; import * as f from 'blasnet/functional'; new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }]); if (!f.initLayers) throw 0;",
    ],
    { cwd: root, encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
});

test('every npm command of the README is one of package.json', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  const commands = [...readme.matchAll(/npm (start|test|run ([\w:-]+))/g)].map(
    ([, short, run]) => run ?? short,
  );
  expect(commands).toContain('start');
  for (const command of commands) expect(Object.keys(scripts)).toContain(command);
});

test('every file that the README and CONTRIBUTING link to is there', () => {
  const contributing = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
  const links = [...`${readme}${contributing}`.matchAll(/\]\(([^)#:]+)\)/g)].map(
    ([, path]) => path as string,
  );
  expect(links).not.toEqual([]);
  for (const link of links) expect(() => readFileSync(join(root, link)), link).not.toThrow();
});

/** What the comments behind console.log calls say is printed. */
function promised(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\)\)?; \/\/ (.+)$/gm)].map(([, text]) => text as string);
}
