// The README is true: its snippets run as they stand, print what their comments say, and its commands exist.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(__dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, body]) => body as string,
  );
}

describe('snippets', () => {
  const snippets = blocks('js');

  test('there are some', () => expect(snippets.length).toBeGreaterThan(5));

  test.each(snippets.map((code, i) => [i + 1, code] as const))('snippet %i', (_, code) => {
    // Standard input is a file of this folder, so that 'blasnet' is the package around it.
    const type = /^import /m.test(code) ? 'module' : 'commonjs';
    const { status, stdout, stderr } = spawnSync(process.execPath, [`--input-type=${type}`, '-'], {
      cwd: root,
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
