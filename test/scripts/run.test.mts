// What scripts/run.mjs shows while a program runs.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { newFolder } from '../support/scratch.js';

const script = pathToFileURL(fileURLToPath(new URL('../../scripts/run.mjs', import.meta.url))).href;

/** Runs a module that imports `run` and `runShown`, and gives what it prints to `seen` as it grows. */
async function printed(code: string, seen: (text: string) => void = () => {}): Promise<string> {
  const module = `import { run, runShown } from ${JSON.stringify(script)};\n${code}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', module], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    seen(text);
  });
  expect(await once(child, 'close')).toEqual([0, null]);
  return text;
}

test('dots show that a program goes on, and its output stays hidden', async () => {
  const end = join(newFolder(), 'end');
  // Runs until the file is there: until dots were seen.
  const waits = `console.log('hidden'); setInterval(() => fs.existsSync(${JSON.stringify(end)}) && process.exit(), 5);`;
  const code = `run('Waiting', process.execPath, ['-e', ${JSON.stringify(waits)}], { cwd: '.', dotEvery: 5 });`;
  const text = await printed(code, (soFar) => {
    if (/^Waiting \.\.\. \.{3}/.test(soFar)) writeFileSync(end, '');
  });
  expect(text).toMatch(/^Waiting \.\.\. \.{3,}\d+\.\d s\n$/);
});

test('a program that says how far it is is shown', async () => {
  const said = `console.log('half')`;
  const text = await printed(
    `runShown('Building', process.execPath, ['-e', ${JSON.stringify(said)}], { cwd: '.' });`,
  );
  expect(text).toBe('Building:\nhalf\n');
});

test('a program that fails is an error with its exit status', async () => {
  const code = `
    try {
      runShown('Building', process.execPath, ['-e', 'process.exit(3)'], { cwd: '.' });
    } catch (error) {
      console.log(error.constructor.name, error.message.endsWith('exit status 3'));
    }`;
  expect(await printed(code)).toBe('Building:\nRunError true\n');
});
