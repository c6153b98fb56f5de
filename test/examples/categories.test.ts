// Runs examples/categories/ like `npm run example:categories`.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(__dirname, '../..');
const program = join(root, 'examples/categories/main.mjs');
const run = () => spawnSync(process.execPath, [program], { encoding: 'utf8' });

describe('the example of categories', () => {
  const { status, stdout, stderr } = run();

  it('ends well, and tells nothing but its result', () => {
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('prints how much better embeddings do than numbers alone, and than codes as numbers', () => {
    const errors = Array.from(stdout.matchAll(/^ {2}(from|with) .*?(\d+)$/gm), ([, , euros]) =>
      Number(euros),
    );
    const [plain = 0, coded = 0, embedded = 0] = errors;
    expect(errors).toHaveLength(3);
    expect(embedded).toBeLessThan(plain / 3);
    expect(embedded).toBeLessThan(coded / 3);
    // The noise of the rents has a mean size of 24.
    expect(embedded).toBeGreaterThan(20);
  });

  it('shows the tables, and predicts a flat of an unknown district', () => {
    expect(stdout).toContain('embeddings 40 x 13 + 5 x 4');
    const [, euros] = /^60 square metres in an unknown district: (\d+)$/m.exec(stdout) ?? [];
    expect(Number(euros)).toBeGreaterThan(300);
    expect(Number(euros)).toBeLessThan(1500);
  });

  it('prints the same every time', () => {
    expect(run().stdout).toBe(stdout);
  });

  it('is what its npm script runs, after the setup', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts['example:categories']).toBe(
      'node scripts/setup.mjs start && node examples/categories/main.mjs',
    );
  });

  it('has 80 lines at most', () => {
    expect(readFileSync(program, 'utf8').split('\n').length).toBeLessThanOrEqual(80);
  });
});
