// Runs examples/trials/ like `npm run example:trials`.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(__dirname, '../..');
const run = (...args: string[]) =>
  spawnSync(process.execPath, [join(root, 'examples/trials/main.mjs'), ...args], { encoding: 'utf8' });

describe('the example of a search', () => {
  it('prints its trials and the score of the bag, the same for one worker and for three', () => {
    const last = (stdout: string) => stdout.trim().split('\n').at(-1);
    const [one, three] = [run('1'), run('3')];
    expect([one.status, one.stderr, three.status, three.stderr]).toEqual([0, '', 0, '']);
    expect(three.stdout.match(/^trial \d: (stopped|finished) after \d+ epochs/gm)?.length).toBe(9);
    expect(Number(/^ROC AUC with other rows: (0\.\d+) by the bag/m.exec(three.stdout)?.[1])).toBeGreaterThan(
      0.8,
    );
    expect(last(three.stdout)).toMatch(/^the trials and the answers have the hash [\da-f]{16}$/);
    expect(last(three.stdout)).toBe(last(one.stdout));
  });

  it('is what its npm script runs, after the setup, and is short', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts['example:trials']).toBe('node scripts/setup.mjs start && node examples/trials/main.mjs');
    const lines = readFileSync(join(root, 'examples/trials/main.mjs'), 'utf8').split('\n').length;
    expect(lines).toBeLessThanOrEqual(60);
  });
});
