// Runs examples/workers/ like `npm run example:workers`.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'examples/workers');

describe('the example of workers', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'main.mjs')], {
    encoding: 'utf8',
  });
  /** The numbers in the line with this text. */
  const numbersIn = (text: string) => {
    const line = stdout.split('\n').find((each) => each.includes(text)) ?? '';
    return (line.match(/\d+/g) ?? []).map(Number);
  };

  it('ends well, and tells nothing but its result', () => {
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('answers in all threads as in the main thread, by each model, and while they are swapped', () => {
    expect(numbersIn('answers of the first model')).toEqual([1114, 0]);
    expect(numbersIn('answers of the second model')).toEqual([1114, 0]);
    const [answers = 0, wrong] = numbersIn('while the second was trained and swapped');
    expect([answers % 1114, wrong]).toEqual([0, 0]);
    expect(answers).toBeGreaterThan(0);
  });

  it('has the parameters once in shared memory, in float32, and prints the memory of the process', () => {
    const [threads, parameters = 0] = numbersIn('threads answer by one model');
    expect(threads).toBe(4);
    expect(numbersIn('bytes in shared memory')).toEqual([4 * parameters]);
    const [before = 0, after = 0] = numbersIn('MB of memory before');
    expect(before).toBeGreaterThan(0);
    expect(after).toBeGreaterThan(before);
  });

  it('is what its npm script runs, after the setup', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts['example:workers']).toBe(
      'node scripts/setup.mjs start examples/workers && node examples/workers/main.mjs',
    );
  });

  it('has short programs', () => {
    const lines = (name: string) => readFileSync(join(folder, name), 'utf8').split('\n').length;
    expect(lines('main.mjs')).toBeLessThanOrEqual(80);
    expect(lines('worker.mjs')).toBeLessThanOrEqual(30);
  });
});
